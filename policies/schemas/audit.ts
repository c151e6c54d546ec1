import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const Day = Type.String({ format: 'date', description: '日期' });

export const AuditList = Type.Object({
  ...paging,
  action: Type.Optional(Type.String({ pattern: '^[a-z]+(\\.[a-z-]+)?$', maxLength: 60, description: '操作' })),
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: '操作人' })),
  object: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: '客体编号' })),
  result: Type.Optional(Type.Union([Type.Literal('ok'), Type.Literal('refused'), Type.Literal('failed')], { description: '结果' })),
  from: Type.Optional(Day),
  until: Type.Optional(Day),
}, { $id: 'audit.list', additionalProperties: false });
export type AuditList = Static<typeof AuditList>;

export const AuditProve = Type.Object({ seq: Type.Integer({ minimum: 0, description: '序号' }) }, { $id: 'audit.prove', additionalProperties: false });
export type AuditProve = Static<typeof AuditProve>;

export const AuditConsistency = Type.Object({
  older: Type.Integer({ minimum: 0, description: '较早的条数' }),
  newer: Type.Integer({ minimum: 0, description: '较晚的条数' }),
}, { $id: 'audit.consistency', additionalProperties: false });
export type AuditConsistency = Static<typeof AuditConsistency>;

export const AuditCheckpoints = Type.Object({ ...paging }, { $id: 'audit.checkpoints', additionalProperties: false });
export type AuditCheckpoints = Static<typeof AuditCheckpoints>;

export const AuditVerify = Type.Object({
  /** A checkpoint that was kept outside the box, as text. */
  aside: Type.Optional(Type.String({ maxLength: 2000, description: '另行保存的检查点' })),
}, { $id: 'audit.verify', additionalProperties: false });
export type AuditVerify = Static<typeof AuditVerify>;
