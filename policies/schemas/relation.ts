import { Type, type Static } from '@sinclair/typebox';
import { Confidence } from './metadata.js';

const closed = { additionalProperties: false };
const text = Type.String({ minLength: 1 });
const Uuid = Type.String({ format: 'uuid' });
const STAGES = [Type.Literal('arrangement'), Type.Literal('filing'), Type.Literal('transfer'), Type.Literal('appraisal'), Type.Literal('destruction')] as const;

/** 分开于哪一环节 */
export const PartingStage = Type.Union([...STAGES], { description: '环节' });
export type PartingStage = Static<typeof PartingStage>;

/** `refuse`: never parted; `reason`: only with a stated reason; `free`: not looked at. */
export const PartingRule = Type.Union([Type.Literal('refuse'), Type.Literal('reason'), Type.Literal('free')]);
export type PartingRule = Static<typeof PartingRule>;

export const RelationType = Type.Object({
  key: Type.String({ pattern: '^[a-z][a-z_]+$' }), name: text,
  /** What each end is called. */
  from: text, to: text,
  rules: Type.Object({ arrangement: PartingRule, filing: PartingRule, transfer: PartingRule, appraisal: PartingRule, destruction: PartingRule }, closed),
  /** No record may stand behind itself. */
  acyclic: Type.Boolean(),
  confidence: Confidence, source: text,
}, closed);
export type RelationType = Static<typeof RelationType>;

/** 文件关系 (办法第十九条第二款). */
export const RelationPolicy = Type.Object({
  id: Type.Literal('relations'), version: text, title: text, source: text, notes: Type.Array(text),
  together: Type.Array(Type.Union([Type.Literal('categoryCode'), Type.Literal('archivalYear'), Type.Literal('retentionCode'), Type.Literal('orgOrFunction')]), { uniqueItems: true }),
  stages: Type.Object({ arrangement: text, filing: text, transfer: text, appraisal: text, destruction: text }, closed),
  types: Type.Array(RelationType, { minItems: 1 }),
}, { ...closed, $id: 'policy.relations' });
export type RelationPolicy = Static<typeof RelationPolicy>;

export const RelationList = Type.Object({ record: Uuid }, { ...closed, $id: 'relation.list' });
export type RelationList = Static<typeof RelationList>;

/** Many records against one: attachments of a main text, a reply to what came in. */
export const RelationDeclare = Type.Object({
  type: Type.String({ pattern: '^[a-z][a-z_]+$', description: '关系' }),
  from: Type.Array(Uuid, { minItems: 1, maxItems: 200, uniqueItems: true, description: '附件、批复、复文、转发件' }),
  to: Type.String({ format: 'uuid', description: '正文、请示、来文、被转发件' }),
}, { ...closed, $id: 'relation.declare' });
export type RelationDeclare = Static<typeof RelationDeclare>;

export const RelationEnd = Type.Object({ relation: Uuid, reason: Type.String({ minLength: 2, maxLength: 200, description: '撤销原因' }) }, { ...closed, $id: 'relation.end' });
export type RelationEnd = Static<typeof RelationEnd>;

export const RelationPart = Type.Object({ relation: Uuid, stage: PartingStage, reason: Type.String({ minLength: 2, maxLength: 200, description: '分开的原因' }) }, { ...closed, $id: 'relation.part' });
export type RelationPart = Static<typeof RelationPart>;
