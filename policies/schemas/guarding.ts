import { Type, type Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;

/** 后台校验的暂停与继续 */
export const BindingPause = Type.Object({ paused: Type.Boolean({ description: '真为暂停,假为继续' }) }, { $id: 'binding.pause', ...closed });
export type BindingPause = Static<typeof BindingPause>;

const Day = Type.String({ format: 'date', description: '日期' });
const known = {
  record: Type.Optional(Type.String({ format: 'uuid', description: '件' })),
  person: Type.Optional(Type.String({ format: 'uuid', description: '人员' })),
  from: Type.Optional(Day), until: Type.Optional(Day),
};
/** 知悉登记 */
export const KnowledgeList = Type.Object({ ...paging, ...known }, { $id: 'knowledge.list', ...closed });
export type KnowledgeList = Static<typeof KnowledgeList>;
export const KnowledgeExport = Type.Object(known, { $id: 'knowledge.export', ...closed });
export type KnowledgeExport = Static<typeof KnowledgeExport>;

const Level = Type.Integer({ minimum: 0, maximum: 4, description: '密级' });
/** 访问预演: who would gain or lose a record if its level or 知悉范围 were this. */
export const AccessRehearse = Type.Object({
  record: Type.String({ format: 'uuid', description: '件' }),
  level: Type.Optional(Level),
  scope: Type.Optional(Type.Object({
    persons: Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { maxItems: 500, uniqueItems: true, description: '人员' }),
    departments: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { maxItems: 200, uniqueItems: true, description: '部门' }),
  }, { ...closed, description: '知悉范围' })),
}, { $id: 'access.rehearse', ...closed });
export type AccessRehearse = Static<typeof AccessRehearse>;

/** What a person would gain or lose by another 涉密等级: counts alone. */
export const PersonRehearse = Type.Object({
  person: Type.String({ format: 'uuid', description: '人员' }),
  clearance: Level,
}, { $id: 'person.rehearse', ...closed });
export type PersonRehearse = Static<typeof PersonRehearse>;

/** 溯源: whose reading a code on a page leads back to. */
export const AuditTrace = Type.Object({ code: Type.String({ minLength: 4, maxLength: 40, description: '溯源码' }) }, { $id: 'audit.trace', ...closed });
export type AuditTrace = Static<typeof AuditTrace>;

const Kind = Type.String({ pattern: '^[a-z]+$', maxLength: 20, description: '容器种类' });
const ContainerId = Type.String({ minLength: 1, maxLength: 60, description: '容器编号' });
/** 容器密级: those that wait to be lowered, or one of them. */
export const ContainerList = Type.Object({ kind: Type.Optional(Kind), id: Type.Optional(ContainerId) }, { $id: 'container.list', ...closed });
export type ContainerList = Static<typeof ContainerList>;
export const ContainerLower = Type.Object({
  kind: Kind, id: ContainerId, opinion: Type.String({ minLength: 2, maxLength: 500, description: '理由' }), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
}, { $id: 'container.lower', ...closed });
export type ContainerLower = Static<typeof ContainerLower>;
