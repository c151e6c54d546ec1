import { Type, type Static } from '@sinclair/typebox';
import { Confidence } from './metadata.js';

const closed = { additionalProperties: false };
const text = Type.String({ minLength: 1 });
const day = Type.String({ format: 'date' });

/** One segment of an archival code with the separator before it. */
export const CodePart = Type.Object({
  key: Type.Union([
    Type.Literal('fonds'), Type.Literal('category'), Type.Literal('column'), Type.Literal('sub1'), Type.Literal('sub2'), Type.Literal('project'),
    Type.Literal('year'), Type.Literal('retention'), Type.Literal('org'), Type.Literal('catalogue'), Type.Literal('volume'), Type.Literal('group'),
    Type.Literal('item'), Type.Literal('page'),
  ]),
  label: text,
  before: Type.Optional(Type.Union([Type.Literal('-'), Type.Literal('·')])),
  pattern: Type.Optional(text),
  fixed: Type.Optional(Type.Array(text, { minItems: 1 })),
  /** Running numbers are padded with noughts to so many digits. */
  digits: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
  optional: Type.Optional(Type.Boolean()),
}, closed);
export type CodePart = Static<typeof CodePart>;

export const CodeTemplate = Type.Object({
  id: text, name: text, profile: text,
  unit: Type.Union([Type.Literal('item'), Type.Literal('volume')]),
  parts: Type.Array(CodePart, { minItems: 2 }),
  examples: Type.Array(text, { minItems: 1 }),
  /** Read on import, never used to give numbers. */
  readOnly: Type.Optional(Type.Boolean()),
  confidence: Confidence, source: text,
}, closed);
export type CodeTemplate = Static<typeof CodeTemplate>;

/** 档号模板. @see DA/T 13-2022, DA/T 22-2015 */
export const ArchivalCodeRules = Type.Object({
  id: Type.Literal('archival-codes'), version: text, title: text, source: text, defaultProfile: text, fallback: text,
  profiles: Type.Array(Type.Object({ id: text, name: text, confidence: Confidence }, closed)),
  templates: Type.Array(CodeTemplate, { minItems: 1 }),
}, { ...closed, $id: 'policy.archival-codes' });
export type ArchivalCodeRules = Static<typeof ArchivalCodeRules>;

export const Scheme = Type.Object({
  id: text, name: text,
  levels: Type.Array(Type.Union([Type.Literal('year'), Type.Literal('org'), Type.Literal('question'), Type.Literal('retention')]), { minItems: 2 }),
  codeHasOrg: Type.Boolean(),
  confidence: Confidence,
}, closed);
export type Scheme = Static<typeof Scheme>;

/** 分类方案, 排序 and 件内次序. */
export const Schemes = Type.Object({
  id: Type.Literal('schemes'), version: text, title: text, source: text,
  classifiedOrgSuffix: Type.String({ pattern: '^[A-Z0-9]{1,4}$' }),
  classifiedNote: text,
  withinItemOrder: Type.Array(text, { minItems: 1, uniqueItems: true }),
  sortBy: Type.Array(Type.Union([Type.Literal('documentDate'), Type.Literal('completedOn'), Type.Literal('documentNumber'), Type.Literal('electronicRecordCode')]), { minItems: 1, uniqueItems: true }),
  schemes: Type.Array(Scheme, { minItems: 1 }),
}, { ...closed, $id: 'policy.schemes' });
export type Schemes = Static<typeof Schemes>;

/** 审核: without it a schedule is not in force; `rehearsal` marks the shipped one, which counts in a rehearsal box only. */
export const ScheduleApproval = Type.Object({ approvalNo: text, approvedBy: text, approvedOn: day, rehearsal: Type.Optional(Type.Literal(true)) }, closed);
export type ScheduleApproval = Static<typeof ScheduleApproval>;

const RetentionCode = Type.String({ pattern: '^(Y|D[1-9]\\d{0,2})$' });

export const RetentionItem = Type.Object({
  code: Type.String({ pattern: '^\\d+(\\.\\d+)*$' }), clause: text, category: text,
  otherCategories: Type.Optional(Type.Array(text)),
  retention: RetentionCode,
  /** 建议密级, a hint only. */
  defaultLevel: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })),
  /** 保密事项范围条目, kept by hand. */
  secretMatterRef: Type.Optional(text),
  note: Type.Optional(text),
  confidence: Confidence,
}, closed);
export type RetentionItem = Static<typeof RetentionItem>;

/** 保管期限表, one version. @see 办法第十五条; 档案法实施条例(2024)第十九条; 国家档案局令第 8 号 */
export const RetentionSchedule = Type.Object({
  id: Type.Literal('retention'), scheduleId: text, version: text, title: text, source: text, legalSource: text,
  effectiveFrom: day, effectiveTo: Type.Union([day, Type.Null()]),
  approval: Type.Union([ScheduleApproval, Type.Null()]),
  remindMonthsBefore: Type.Array(Type.Integer({ minimum: 1 })),
  permanentReviewYears: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  terms: Type.Array(Type.Object({ code: RetentionCode, name: text, words: Type.Array(text), years: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]), confidence: Confidence }, closed), { minItems: 1 }),
  items: Type.Array(RetentionItem, { minItems: 1 }),
  exclusions: Type.Array(Type.Object({ id: text, group: text, clause: text, confidence: Confidence }, closed), { minItems: 1 }),
}, { ...closed, $id: 'policy.retention' });
export type RetentionSchedule = Static<typeof RetentionSchedule>;

/** 归档范围, one version; `D` stands for any fixed term. */
export const FilingScope = Type.Object({
  id: Type.Literal('filing-scope'), version: text, title: text, source: text, legalSource: text, scheduleId: text, effectiveFrom: day,
  approval: Type.Union([ScheduleApproval, Type.Null()]),
  classes: Type.Array(Type.Object({ id: text, retention: Type.Union([Type.Literal('Y'), Type.Literal('D')]), clause: text, items: Type.Array(text, { minItems: 1 }), confidence: Confidence }, closed), { minItems: 1 }),
}, { ...closed, $id: 'policy.filing-scope' });
export type FilingScope = Static<typeof FilingScope>;
