import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';
import { ChangeReason, Term } from './secrecy.js';

const closed = { additionalProperties: false } as const;
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Case = Type.String({ format: 'uuid', description: '办理表' });
const Classification = Type.String({ format: 'uuid', description: '定密事项' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Opinion = Type.String({ minLength: 2, maxLength: 500, description: '意见' });
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' });
const Day = Type.String({ format: 'date', description: '日期' });
const text = (description: string, maxLength = 500, minLength = 2) => Type.String({ minLength, maxLength, description });

/** 变更审批表、解密审核表: what a form is about (国家秘密定密管理规定(2014)第二十九、三十四条). */
export const CaseKind = Type.Union([
  Type.Literal('change'), Type.Literal('extend'), Type.Literal('review'), Type.Literal('partial'), Type.Literal('declassify'), Type.Literal('publish'),
  Type.Literal('confirm_expiry'), Type.Literal('confirm_protection'),
], { description: '变更、延长期限、审核、部分解密、提前解密、正式公布、确认自行解密、确定拟密' });
export type CaseKind = Static<typeof CaseKind>;

export const ReviewTrigger = Type.Union([
  Type.Literal('annual'), Type.Literal('expiry'), Type.Literal('disclosure'), Type.Literal('transfer'), Type.Literal('complaint'), Type.Literal('request'),
], { description: '审核触发' });
export type ReviewTrigger = Static<typeof ReviewTrigger>;

/** 结论 of a 审核, and what the competent body found of a 拟密. */
export const CaseOutcome = Type.Union([
  Type.Literal('continue'), Type.Literal('change'), Type.Literal('extend'), Type.Literal('partial'), Type.Literal('declassify'), Type.Literal('publish'), Type.Literal('confirm'), Type.Literal('not_secret'),
], { description: '结论' });
export type CaseOutcome = Static<typeof CaseOutcome>;

/** 不予提前解密、延期的理由 (本产品决定). */
export const KeepReason = Type.Union([
  Type.Literal('still_sensitive'), Type.Literal('scope_requires'), Type.Literal('source_not_ours'), Type.Literal('aggregation_risk'), Type.Literal('third_party_interest'),
], { description: '继续保密的理由' });
export type KeepReason = Static<typeof KeepReason>;

export const CaseStep = Type.Union([
  Type.Literal('list'), Type.Literal('check'), Type.Literal('propose'), Type.Literal('consult'), Type.Literal('approve'), Type.Literal('origin'), Type.Literal('decide'),
  Type.Literal('mark'), Type.Literal('notify'), Type.Literal('record'),
], { description: '审核步骤' });
export type CaseStep = Static<typeof CaseStep>;

/** `policies/marking-cases.json` */
export const MarkingCasesFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '依据' }),
  /** The ten steps in order. */
  steps: Type.Array(Type.Object({
    step: CaseStep, name: Type.String({ minLength: 1 }), who: Type.String({ minLength: 1, description: '责任' }), product: Type.String({ minLength: 1, description: '产物' }),
  }, closed), { minItems: 10, maxItems: 10 }),
  kinds: Type.Array(Type.Object({
    kind: CaseKind, name: Type.String({ minLength: 1 }), form: Type.String({ minLength: 1, description: '表名' }),
    outcomes: Type.Array(CaseOutcome, { minItems: 1 }),
    numberPrefix: Type.String({ minLength: 1, description: '决定文号字头' }),
    source: Type.String({ minLength: 1 }),
  }, closed), { minItems: 8, maxItems: 8 }),
  /** Which outcomes take new terms, are told to whoever knows, and ask for consultation. */
  outcomes: Type.Array(Type.Object({
    outcome: CaseOutcome, name: Type.String({ minLength: 1 }), terms: Type.Boolean({ description: '须填新密级、期限、知悉范围' }),
    notice: nullable(Type.String({ minLength: 1, description: '通知种类' })), consult: Type.Boolean({ description: '须会商' }), source: Type.String({ minLength: 1 }),
  }, closed), { minItems: 8, maxItems: 8 }),
  triggers: Type.Array(Type.Object({ trigger: ReviewTrigger, name: Type.String({ minLength: 1 }), consult: Type.Boolean({ description: '须会商' }) }, closed), { minItems: 6, maxItems: 6 }),
  keepReasons: Type.Array(Type.Object({ key: KeepReason, name: Type.String({ minLength: 1 }) }, closed), { minItems: 1 }),
  notice: Type.Object({
    numberPrefix: Type.String({ minLength: 1 }), receiptWithinWorkingDays: Type.Integer({ minimum: 1, maximum: 60, description: '回执期限,工作日' }), source: Type.String({ minLength: 1 }),
  }, closed),
}, { $id: 'policies.marking-cases', ...closed });
export type MarkingCasesFile = Static<typeof MarkingCasesFile>;

/** `policies/holidays.json`: the State Council's yearly notice. A year that is not listed is not known. */
export const HolidaysFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '依据' }),
  years: Type.Array(Type.Object({
    year: Type.Integer({ minimum: 2020, maximum: 2100 }),
    source: Type.String({ minLength: 1, description: '通知文号' }),
    /** 放假, first and last day. */
    off: Type.Array(Type.Tuple([Day, Day]), { minItems: 1, description: '放假' }),
    /** 调休上班. */
    work: Type.Array(Day, { description: '调休上班' }),
  }, closed), { minItems: 1 }),
}, { $id: 'policies.holidays', ...closed });
export type HolidaysFile = Static<typeof HolidaysFile>;

export const NewTerms = Type.Object({
  level: Type.Union([Type.Literal(2), Type.Literal(3), Type.Literal(4)], { description: '密级' }),
  term: Term,
  startOn: nullable(Day),
  scope: Type.Object({
    persons: Type.Array(Type.String({ format: 'uuid' }), { maxItems: 500, uniqueItems: true, description: '知悉人员' }),
    departments: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { maxItems: 100, uniqueItems: true, description: '知悉部门' }),
  }, { ...closed, description: '知悉范围' }),
}, { ...closed, description: '新的密级、期限、知悉范围' });
export type NewTerms = Static<typeof NewTerms>;

/** 原定密机关、其上级或有权机关的决定文书. */
export const OriginDecision = Type.Object({ body: text('决定机关', 100), no: text('文号', 60), on: Day }, { ...closed, description: '有权机关的决定' });
export type OriginDecision = Static<typeof OriginDecision>;

/** 密级变更、延长、解密审核、年度审核表 as it is filled in. Absent and `null` say the same. */
export const CaseForm = Type.Object({
  kind: CaseKind,
  /** 审核 only. */
  trigger: Type.Optional(nullable(ReviewTrigger)),
  /** 审核 and 确定拟密; of the other kinds it follows from the kind. */
  outcome: Type.Optional(nullable(CaseOutcome)),
  /** Where the outcome changes level, term or scope. */
  to: Type.Optional(nullable(NewTerms)),
  changeReason: Type.Optional(nullable(ChangeReason)),
  keepReason: Type.Optional(nullable(KeepReason)),
  reason: text('理由'),
  legalBasis: text('依据', 300),
  /** 核对保密事项范围现行规定与现状. */
  findings: text('核对情况', 1000),
  /** 原定密机关不是本单位的必填;长期、拟密亦须有权机关的决定. */
  origin: Type.Optional(nullable(OriginDecision)),
  /** 解密后拟公开的,须另行保密审查. */
  publicReview: Type.Optional(Type.Boolean({ description: '拟公开，须保密审查' })),
  /** 单位以外须通知的机关、单位. */
  notify: Type.Optional(Type.Array(text('通知单位', 100), { maxItems: 50, uniqueItems: true, description: '外单位' })),
  scopeSaysLongTerm: Type.Optional(Type.Boolean({ description: '保密事项范围明确规定长期' })),
  exceptionBasis: Type.Optional(nullable(text('超过期限上限的依据', 200))),
  /** 条件成就日, for 确认自行解密 of what ends on a condition. */
  metOn: Type.Optional(nullable(Day)),
}, { ...closed, description: '办理表' });
export type CaseForm = Static<typeof CaseForm>;

/** Draws up a form, or amends one not yet signed (or returned). */
export const DraftCase = Type.Object({
  classification: Classification, case: Type.Optional(Case), seenVersion: Type.Optional(Version), form: CaseForm,
}, { $id: 'classification.draft-case', ...closed });
export type DraftCase = Static<typeof DraftCase>;

/** What the form comes to, and the very text that would be signed. Changes nothing. */
export const PreviewCase = Type.Object({
  event: Type.Union([Type.Literal('draft'), Type.Literal('sign'), Type.Literal('decide'), Type.Literal('return'), Type.Literal('withdraw')], { description: '签署事项' }),
  /** For `draft`: the form as it stands on the page. */
  classification: Type.Optional(Classification), form: Type.Optional(CaseForm),
  /** For the others. */
  case: Type.Optional(Case),
  opinion: Type.Optional(Type.String({ maxLength: 500, description: '意见' })),
  decisionNo: Type.Optional(Type.String({ maxLength: 60, description: '决定文号' })),
}, { $id: 'classification.preview-case', ...closed });
export type PreviewCase = Static<typeof PreviewCase>;

const signed = { case: Case, seenVersion: Version, opinion: Opinion, signature: Signature };
export const SignCase = Type.Object(signed, { $id: 'classification.sign-case', ...closed });
export type SignCase = Static<typeof SignCase>;
export const DecideCase = Type.Object({ ...signed, decisionNo: text('决定文号', 60) }, { $id: 'classification.decide-case', ...closed });
export type DecideCase = Static<typeof DecideCase>;
export const ReturnCase = Type.Object(signed, { $id: 'classification.return-case', ...closed });
export type ReturnCase = Static<typeof ReturnCase>;
export const WithdrawCase = Type.Object(signed, { $id: 'classification.withdraw-case', ...closed });
export type WithdrawCase = Static<typeof WithdrawCase>;

/** 会商 (step 4), or the letter to and from the 原定密机关 (step 6). */
export const EnterStep = Type.Object({
  case: Case, seenVersion: Version, step: Type.Union([Type.Literal('consult'), Type.Literal('origin')], { description: '步骤' }),
  body: text('会商部门或原定密机关', 100), no: Type.Optional(nullable(text('文号', 60))), on: Day, what: text('意见', 500),
}, { $id: 'classification.enter-step', ...closed });
export type EnterStep = Static<typeof EnterStep>;

export const Cases = Type.Object({
  ...paging,
  classification: Type.Optional(Classification),
  state: Type.Optional(Type.Union([
    Type.Literal('draft'), Type.Literal('proposed'), Type.Literal('returned'), Type.Literal('withdrawn'), Type.Literal('decided'), Type.Literal('closed'),
    /** 在办: draft, proposed, returned. */
    Type.Literal('open'),
    /** 待签: proposed, and by somebody else. */
    Type.Literal('mine'),
  ], { description: '状态' })),
}, { $id: 'classification.cases', ...closed });
export type Cases = Static<typeof Cases>;

export const ShowCase = Type.Object({ case: Case }, { $id: 'classification.case', ...closed });
export type ShowCase = Static<typeof ShowCase>;

export const Forms = Type.Object({}, { $id: 'classification.forms', ...closed });
export type Forms = Static<typeof Forms>;

export const Notices = Type.Object({
  ...paging, classification: Type.Optional(Classification), case: Type.Optional(Case),
  state: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('done')], { description: '待回执、已办结' })),
}, { $id: 'classification.notices', ...closed });
export type Notices = Static<typeof Notices>;

/** 送出、送达、回执 of one recipient. */
export const EnterNotice = Type.Object({
  notice: Type.String({ format: 'uuid', description: '通知' }), seenVersion: Version,
  recipient: Type.Integer({ minimum: 0, maximum: 1000, description: '第几个收件者，自 0 起' }),
  event: Type.Union([Type.Literal('sent'), Type.Literal('delivered'), Type.Literal('receipt')], { description: '送出、送达、回执' }),
  on: Day,
  /** 送达方式 for `sent`; 签收人 for `receipt`. */
  method: Type.Optional(text('送达方式', 40)), by: Type.Optional(text('签收人', 40)),
}, { $id: 'classification.enter-notice', ...closed });
export type EnterNotice = Static<typeof EnterNotice>;

/** 到期台: whatever about marks is due or soon will be, among what the person may see. */
export const Expiring = Type.Object({
  ...paging,
  kind: Type.Optional(Type.Union([
    Type.Literal('expiring'), Type.Literal('expired'), Type.Literal('review'), Type.Literal('source_changed'), Type.Literal('copies'), Type.Literal('report'), Type.Literal('notice'),
  ], { description: '即将届满、待确认解密、年度审核、派生源已变更、升密后副本、先行保密上报、通知回执' })),
  /** Not further off than so many days; past ones always. */
  window: Type.Optional(Type.Integer({ minimum: 0, maximum: 3660, description: '天数' })),
}, { $id: 'classification.expiring', ...closed });
export type Expiring = Static<typeof Expiring>;

export const CloseTask = Type.Object({
  task: Type.String({ format: 'uuid', description: '待办' }), what: text('办理情况', 500),
}, { $id: 'classification.close-task', ...closed });
export type CloseTask = Static<typeof CloseTask>;
