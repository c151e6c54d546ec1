import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1, description: '依据' });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Words = (max: number, description: string, min = 2) => Type.String({ minLength: min, maxLength: max, description });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Sm2 = Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' });

/** Where copies of a record may lie, as far as the box knows. */
export const DestructionPlace = Type.Union([
  Type.Literal('key'), Type.Literal('vault'), Type.Literal('memory'), Type.Literal('upload'), Type.Literal('index'), Type.Literal('database'), Type.Literal('report'),
  Type.Literal('backup'), Type.Literal('backup_keys'), Type.Literal('carrier'), Type.Literal('output'),
], { description: '所在' });
export type DestructionPlace = Static<typeof DestructionPlace>;

const Duties = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });

/** `policies/destruction.json` */
export const DestructionPolicy = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Source, { minItems: 1 }),
  minSupervisors: Type.Integer({ minimum: 2, maximum: 8, description: '监销人数' }),
  maxItems: Type.Integer({ minimum: 1, maximum: 1000, description: '一批最多件数' }),
  applicants: Duties, executors: Duties, supervisors: Duties,
  residue: Type.Object({ maxDays: Type.Integer({ minimum: 1, maximum: 1100, description: '残留复核日期最远天数' }), source: Source }, closed),
  /** From this level on, titles are masked on register and certificate. */
  maskTitlesFrom: Type.Integer({ minimum: 0, maximum: 5, description: '清册、证明从此密级起不列题名' }),
  /** File systems that write a block where it lay. On all others an overwrite proves nothing about the old blocks. */
  overwritesInPlace: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  places: Type.Array(Type.Object({ key: DestructionPlace, name: Type.String({ minLength: 1 }), reachable: Type.Boolean({ description: '本机可自行清除' }), cannot: Type.String() }, closed), { minItems: 1 }),
  preconditions: Type.Array(Type.String({ pattern: '^[EW]_[A-Z_]+$' }), { minItems: 1 }),
  bases: Type.Array(Type.Object({ key: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }) }, closed), { minItems: 1 }),
}, { $id: 'policies.destruction', ...closed });
export type DestructionPolicy = Static<typeof DestructionPolicy>;

const State = Type.Union([
  Type.Literal('drafted'), Type.Literal('appraised'), Type.Literal('approved'), Type.Literal('frozen'), Type.Literal('executing'), Type.Literal('partial_failed'), Type.Literal('verified'), Type.Literal('closed'), Type.Literal('cancelled'),
], { description: '状态' });

export const DestructionList = Type.Object({ ...paging, state: Type.Optional(State) }, { $id: 'destruction.list', ...closed });
export type DestructionList = Static<typeof DestructionList>;
/** 可列入销毁的: records with an approved conclusion 销毁, each with its pre-conditions. */
export const DestructionCandidates = Type.Object({ ...paging }, { $id: 'destruction.candidates', ...closed });
export type DestructionCandidates = Static<typeof DestructionCandidates>;
export const DestructionShow = Type.Object({ batch: Id('销毁批次') }, { $id: 'destruction.show', ...closed });
export type DestructionShow = Static<typeof DestructionShow>;

export const DestructionDraft = Type.Object({
  records: Type.Array(Id('档案'), { minItems: 1, maxItems: 1000, uniqueItems: true, description: '档案' }),
  reason: Words(500, '销毁理由'), basis: Type.String({ minLength: 1, maxLength: 40, description: '依据' }), place: Words(100, '销毁地点'),
  executor: Id('销毁执行人'), supervisors: Type.Array(Id('监销人'), { minItems: 0, maxItems: 8, description: '监销人' }),
}, { $id: 'destruction.draft', ...closed });
export type DestructionDraft = Static<typeof DestructionDraft>;

const seen = { batch: Id('销毁批次'), seenVersion: Version };
export const DestructionSubmit = Type.Object(seen, { $id: 'destruction.submit', ...closed });
export type DestructionSubmit = Static<typeof DestructionSubmit>;
export const DestructionFreeze = Type.Object(seen, { $id: 'destruction.freeze', ...closed });
export type DestructionFreeze = Static<typeof DestructionFreeze>;
export const DestructionPreview = Type.Object({ batch: Id('销毁批次') }, { $id: 'destruction.preview', ...closed });
export type DestructionPreview = Static<typeof DestructionPreview>;
/** 监销签字: the order before, the certificate after. */
export const DestructionSign = Type.Object({ ...seen, signature: Sm2 }, { $id: 'destruction.sign', ...closed });
export type DestructionSign = Static<typeof DestructionSign>;
export const DestructionExecute = Type.Object({ ...seen, signature: Sm2 }, { $id: 'destruction.execute', ...closed });
export type DestructionExecute = Static<typeof DestructionExecute>;
export const DestructionResume = Type.Object({ batch: Id('销毁批次') }, { $id: 'destruction.resume', ...closed });
export type DestructionResume = Static<typeof DestructionResume>;

export const Settlement = Type.Object({
  kind: Type.Union([Type.Literal('medium_destroyed'), Type.Literal('removed'), Type.Literal('residue')], { description: '处置' }),
  reference: Words(100, '凭证号、登记号'), note: Words(500, '说明'),
  residueUntil: Type.Union([Type.String({ format: 'date' }), Type.Null()], { description: '残留复核日期' }),
}, closed);
export type Settlement = Static<typeof Settlement>;
export const DestructionSettle = Type.Object({ ...seen, step: Id('副本'), how: Settlement }, { $id: 'destruction.settle', ...closed });
export type DestructionSettle = Static<typeof DestructionSettle>;
export const DestructionCancel = Type.Object({ ...seen, reason: Words(300, '撤销原因') }, { $id: 'destruction.cancel', ...closed });
export type DestructionCancel = Static<typeof DestructionCancel>;
/** 复核: looks again, after years, for what was destroyed and at the tombstones. */
export const DestructionVerify = Type.Object({ batch: Id('销毁批次') }, { $id: 'destruction.verify', ...closed });
export type DestructionVerify = Static<typeof DestructionVerify>;
export const DestructionPrint = Type.Object({
  batch: Id('销毁批次'), paper: Type.Union([Type.Literal('register'), Type.Literal('certificate')], { description: '清册、证明' }),
  format: Type.Union([Type.Literal('pdf'), Type.Literal('json')], { description: '文件' }),
}, { $id: 'destruction.print', ...closed });
export type DestructionPrint = Static<typeof DestructionPrint>;
export const DestructionTombstone = Type.Object({ record: Id('档案') }, { $id: 'destruction.tombstone', ...closed });
export type DestructionTombstone = Static<typeof DestructionTombstone>;
