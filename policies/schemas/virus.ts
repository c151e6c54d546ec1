import { Type, type Static } from '@sinclair/typebox';

const closed = { additionalProperties: false };
const text = Type.String({ minLength: 1 });

/** 病毒引擎: which are looked for on this machine, and how they are asked. */
export const VirusPolicy = Type.Object({
  id: Type.Literal('virus'), version: text, source: text, notes: Type.Array(text),
  folders: Type.Array(text, { minItems: 1 }),
  /** Where an engine may put what it was handed: memory only. */
  memoryFolder: text,
  /** Settings of the daemon, which say where it puts things. */
  daemonSettings: text,
  seconds: Type.Integer({ minimum: 1, maximum: 3600 }),
  engines: Type.Array(Type.Object({ key: Type.Union([Type.Literal('clamdscan'), Type.Literal('clamscan')]), name: text, arguments: Type.Array(text), daemon: Type.Boolean() }, closed), { minItems: 1 }),
}, { ...closed, $id: 'policy.virus' });
export type VirusPolicy = Static<typeof VirusPolicy>;

export const VirusShow = Type.Object({}, { ...closed, $id: 'virus.show' });
export type VirusShow = Static<typeof VirusShow>;

/** 登记离线病毒库: where no engine on the machine tells it. */
export const VirusRegister = Type.Object({
  on: Type.String({ format: 'date', description: '病毒库日期' }), packageNo: Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z._-]{1,59}$', description: '离线更新包编号' }),
}, { ...closed, $id: 'virus.register' });
export type VirusRegister = Static<typeof VirusRegister>;
