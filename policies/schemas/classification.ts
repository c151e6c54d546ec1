import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';
import { DeriveReason, Term } from './secrecy.js';

const Classification = Type.String({ format: 'uuid', description: '定密事项' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Opinion = Type.String({ minLength: 2, maxLength: 500, description: '意见' });
const WrittenRecordNo = Type.String({ minLength: 2, maxLength: 60, description: '书面记录编号' });
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const closed = { additionalProperties: false } as const;

/** 国家秘密确定审批表 as it is filled in. What the box knows by itself (matter, sources as they stand) is not asked for. */
export const ClassificationDraft = Type.Object({
  /** 同一事项的各件. */
  recordIds: Type.Array(Type.String({ format: 'uuid' }), { minItems: 1, maxItems: 200, uniqueItems: true, description: '件' }),
  /** Given where another matter already decided is added to; otherwise the matter is new. */
  matterId: Type.Optional(Type.String({ format: 'uuid', description: '同一事项' })),
  type: Type.Union([Type.Literal('original'), Type.Literal('derived'), Type.Literal('inherited')], { description: '定密方式' }),
  /** 原定密机关; absent: this unit. */
  originOrg: Type.Optional(Type.String({ minLength: 2, maxLength: 100, description: '原定密机关' })),
  /** 2 秘密, 3 机密, 4 绝密; 0 公开 and 1 内部 say that the matter is no state secret. */
  level: Type.Integer({ minimum: 0, maximum: 4, description: '密级' }),
  /** `null` for what is no state secret. */
  term: nullable(Term),
  startOn: nullable(Type.String({ format: 'date', description: '起算日' })),
  scope: Type.Object({
    persons: Type.Array(Type.String({ format: 'uuid' }), { maxItems: 500, uniqueItems: true, description: '知悉人员' }),
    departments: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { maxItems: 100, uniqueItems: true, description: '知悉部门' }),
  }, { ...closed, description: '知悉范围' }),
  points: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 50, description: '密点' }),
  basis: nullable(Type.String({ minLength: 1, maxLength: 200, description: '定密依据' })),
  scheduleItem: nullable(Type.String({ minLength: 1, maxLength: 60, description: '一览表条目' })),
  /** 来源定密事项, for 派生. */
  sources: Type.Optional(Type.Array(Classification, { maxItems: 50, uniqueItems: true, description: '来源事项' })),
  deriveReason: Type.Optional(nullable(DeriveReason)),
  pointBasis: Type.Optional(nullable(Type.String({ minLength: 2, maxLength: 200, description: '密点依据' }))),
  scopeSaysLongTerm: Type.Optional(Type.Boolean({ description: '保密事项范围明确规定长期' })),
  exceptionBasis: Type.Optional(nullable(Type.String({ minLength: 2, maxLength: 200, description: '超过期限上限的依据' }))),
}, closed);
export type ClassificationDraft = Static<typeof ClassificationDraft>;

const claim = {
  /** 主张的密级, of anybody: the highest protects until the competent body decides. */
  claimed: Type.Array(Type.Integer({ minimum: 2, maximum: 4 }), { maxItems: 10, uniqueItems: true, description: '主张密级' }),
  why: Type.Union([Type.Literal('unclear'), Type.Literal('beyond'), Type.Literal('disputed')], { description: '不明确、超权限、有争议' }),
};

/** What the box makes of a form, and the very text that would be signed. Changes nothing. */
export const ClassificationPreview = Type.Object({
  event: Type.Union([Type.Literal('propose'), Type.Literal('protect'), Type.Literal('approve'), Type.Literal('reject'), Type.Literal('withdraw')], { description: '签署事项' }),
  /** For `propose`; `id` as the last preview gave it. */
  draft: Type.Optional(ClassificationDraft),
  id: Type.Optional(Classification),
  /** For `protect`. */
  claimed: Type.Optional(claim.claimed), why: Type.Optional(claim.why),
  /** For `approve`, `reject` and `withdraw`. */
  classification: Type.Optional(Classification),
  opinion: Type.String({ maxLength: 500, description: '意见' }),
  writtenRecordNo: Type.Optional(Type.String({ maxLength: 60, description: '书面记录编号' })),
}, { $id: 'classification.preview', ...closed });
export type ClassificationPreview = Static<typeof ClassificationPreview>;

export const ClassificationPropose = Type.Object({ id: Classification, draft: ClassificationDraft, opinion: Opinion, signature: Signature }, { $id: 'classification.propose', ...closed });
export type ClassificationPropose = Static<typeof ClassificationPropose>;

export const ClassificationApprove = Type.Object({
  classification: Classification, seenVersion: Version, opinion: Opinion, writtenRecordNo: WrittenRecordNo, signature: Signature,
}, { $id: 'classification.approve', ...closed });
export type ClassificationApprove = Static<typeof ClassificationApprove>;

export const ClassificationReject = Type.Object({
  classification: Classification, seenVersion: Version, opinion: Opinion, signature: Signature,
}, { $id: 'classification.reject', ...closed });
export type ClassificationReject = Static<typeof ClassificationReject>;

/** 先行保密. @see 保密法实施条例(2024)第二十五、二十六条 */
export const ClassificationProtect = Type.Object({ id: Classification, draft: ClassificationDraft, ...claim, opinion: Opinion, signature: Signature }, { $id: 'classification.protect', ...closed });
export type ClassificationProtect = Static<typeof ClassificationProtect>;

export const ClassificationWithdraw = Type.Object({ classification: Classification, seenVersion: Version, opinion: Opinion, signature: Signature }, { $id: 'classification.withdraw', ...closed });
export type ClassificationWithdraw = Static<typeof ClassificationWithdraw>;

/** 上报: to which body, under which number, on which day. */
export const ClassificationReport = Type.Object({
  classification: Classification, seenVersion: Version, body: Type.String({ minLength: 2, maxLength: 100, description: '报送机关' }),
  no: Type.String({ minLength: 2, maxLength: 60, description: '文号' }), on: Type.String({ format: 'date', description: '上报日期' }),
}, { $id: 'classification.report', ...closed });
export type ClassificationReport = Static<typeof ClassificationReport>;

export const ClassificationList = Type.Object({
  ...paging,
  state: Type.Optional(Type.Union([
    Type.Literal('proposed'), Type.Literal('rejected'), Type.Literal('active'), Type.Literal('long_term'), Type.Literal('review_due'), Type.Literal('declass_review'),
    Type.Literal('expired'), Type.Literal('declassified'), Type.Literal('withdrawn'), Type.Literal('temporarily_protected'), Type.Literal('ordinary'),
    /** 待签: proposed, and by somebody else. */
    Type.Literal('mine'),
    /** 在期: active, long_term, review_due, declass_review, expired. */
    Type.Literal('in_force'),
  ], { description: '状态' })),
}, { $id: 'classification.list', ...closed });
export type ClassificationList = Static<typeof ClassificationList>;

export const ClassificationShow = Type.Object({ classification: Classification }, { $id: 'classification.show', ...closed });
export type ClassificationShow = Static<typeof ClassificationShow>;

export const ClassificationAuthorities = Type.Object({}, { $id: 'classification.authorities', ...closed });
export type ClassificationAuthorities = Static<typeof ClassificationAuthorities>;
