import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Reason = Type.String({ minLength: 4, maxLength: 300, description: '事由' });
const Person = Type.String({ format: 'uuid', description: '人员编号' });
const Ceremony = Type.String({ format: 'uuid', description: '仪式记录编号' });

export const KeyRotate = Type.Object({ reason: Reason }, { $id: 'key.rotate', ...closed });
export type KeyRotate = Static<typeof KeyRotate>;

export const KeyDestroyEpoch = Type.Object({
  epoch: Type.Integer({ minimum: 1, maximum: 1_000_000, description: '期次' }), reason: Reason,
}, { $id: 'key.destroy-epoch', ...closed });
export type KeyDestroyEpoch = Static<typeof KeyDestroyEpoch>;

export const KeyReissue = Type.Object({
  holders: Type.Array(Person, { minItems: 3, maxItems: 3, uniqueItems: true, description: '新的分量持有人' }), reason: Reason,
}, { $id: 'key.reissue', ...closed });
export type KeyReissue = Static<typeof KeyReissue>;

export const CeremonyList = Type.Object({ ...paging }, { $id: 'ceremony.list', ...closed });
export type CeremonyList = Static<typeof CeremonyList>;

export const CeremonyShow = Type.Object({ ceremony: Ceremony }, { $id: 'ceremony.show', ...closed });
export type CeremonyShow = Static<typeof CeremonyShow>;

export const CeremonySign = Type.Object({
  ceremony: Ceremony,
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' }),
  seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
}, { $id: 'ceremony.sign', ...closed });
export type CeremonySign = Static<typeof CeremonySign>;

/** 备份 and 恢复 of keys happen beside the box (media, safes): they are entered, and signed like every other ceremony. */
export const CeremonyEnter = Type.Object({
  kind: Type.Union([Type.Literal('backup'), Type.Literal('restore')], { description: '仪式种类' }),
  reason: Reason,
  present: Type.Array(Person, { minItems: 1, maxItems: 8, uniqueItems: true, description: '在场的其他人员' }),
  checks: Type.Array(Type.String({ minLength: 2, maxLength: 200 }), { minItems: 1, maxItems: 20, description: '办理与核对情况，如介质编号、存放地点' }),
}, { $id: 'ceremony.enter', ...closed });
export type CeremonyEnter = Static<typeof CeremonyEnter>;

export const CeremonyPrint = Type.Object({
  ceremony: Ceremony, format: Type.Union([Type.Literal('pdf'), Type.Literal('json')], { description: '文件' }),
}, { $id: 'ceremony.print', ...closed });
export type CeremonyPrint = Static<typeof CeremonyPrint>;
