import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
/** `BOX` is the box itself. */
const No = Type.String({ pattern: '^(?!BOX$)[A-Z0-9][A-Z0-9-]{1,29}$', description: '终端编号' });
const Reason = Type.String({ minLength: 2, maxLength: 200, description: '事由' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });

export const TerminalList = Type.Object({ ...paging }, { $id: 'terminal.list', ...closed });
export type TerminalList = Static<typeof TerminalList>;

/** 登记终端: the key is made on the terminal and only its public half is sent. No level comes with it: that is another officer's. */
export const TerminalRegister = Type.Object({
  no: No,
  publicKey: Type.String({ pattern: '^04[0-9a-f]{128}$', description: '终端公钥,SM2 未压缩点' }),
  location: Type.String({ minLength: 2, maxLength: 100, description: '放置地点' }),
  serial: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: '设备序列号' })),
  mac: Type.Optional(Type.String({ pattern: '^([0-9A-F]{2}:){5}[0-9A-F]{2}$', description: '网卡地址' })),
}, { $id: 'terminal.register', ...closed });
export type TerminalRegister = Static<typeof TerminalRegister>;

/** 核定终端密级 and whom it is bound to; nobody else signs in at a bound terminal. */
export const TerminalClear = Type.Object({
  terminal: Type.String({ format: 'uuid', description: '终端' }),
  level: Type.Integer({ minimum: 0, maximum: 4, description: '终端密级' }),
  person: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], { description: '绑定人员' }),
  reason: Reason, seenVersion: Version,
}, { $id: 'terminal.clear', ...closed });
export type TerminalClear = Static<typeof TerminalClear>;

export const TerminalRetire = Type.Object({ terminal: Type.String({ format: 'uuid', description: '终端' }), reason: Reason, seenVersion: Version }, { $id: 'terminal.retire', ...closed });
export type TerminalRetire = Static<typeof TerminalRetire>;
