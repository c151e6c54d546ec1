import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { Duty } from './secrecy.js';

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });

/** 鉴定结论 (办法第三十八条). */
export const Opinion = Type.Union([
  Type.Literal('retain_permanent'), Type.Literal('retain_extended'), Type.Literal('destroy'), Type.Literal('hold_legal'), Type.Literal('hold_secrecy'), Type.Literal('transfer_to_archive'),
], { description: '鉴定意见' });
export type Opinion = Static<typeof Opinion>;

/** 在鉴定小组中的身份. */
export const PanelPart = Type.Union([Type.Literal('archives'), Type.Literal('business'), Type.Literal('secrecy'), Type.Literal('legal')], { description: '身份' });
export type PanelPart = Static<typeof PanelPart>;

/** 冻结缘由 (本产品决定). */
export const HoldKind = Type.Union([Type.Literal('litigation'), Type.Literal('audit'), Type.Literal('petition'), Type.Literal('disclosure'), Type.Literal('other')], { description: '缘由' });
export type HoldKind = Static<typeof HoldKind>;

export const AppraisalBasis = Type.Union([Type.Literal('regulation'), Type.Literal('archives_law')], { description: '鉴定依据' });
export type AppraisalBasis = Static<typeof AppraisalBasis>;

/** 鉴定规则: `policies/appraisal.json`. */
export const AppraisalPolicy = Type.Object({
  id: Type.Literal('appraisal'), version: text, title: text, source: Type.Array(text, { minItems: 1 }),
  panel: Type.Object({
    minMembers: Type.Integer({ minimum: 3, maximum: 15 }),
    /** Members who must be able to see an item, so that nothing is condemned by one pair of eyes. */
    minPerItem: Type.Integer({ minimum: 1, maximum: 15 }),
    source: text,
    parts: Type.Array(Type.Object({ key: PanelPart, name: text, duties: Type.Array(Duty, { minItems: 1 }), required: Type.Boolean() }, closed), { minItems: 1 }),
  }, closed),
  /** The most protective first: of differing opinions on one item the first of these stands. */
  precedence: Type.Object({ order: Type.Array(Opinion, { minItems: 6, maxItems: 6, uniqueItems: true }), source: text }, closed),
  holdKinds: Type.Array(Type.Object({ key: HoldKind, name: text }, closed), { minItems: 1 }),
  maxItems: Type.Integer({ minimum: 1, maximum: 2000 }),
  /** 移交后留存年数 (办法第二十二条三款). */
  retainedCopyYears: Type.Integer({ minimum: 5 }),
  /** Periods whose records go to an archive: not destroyed before they went. */
  transferObliged: Type.Array(Type.String({ pattern: '^(Y|D[1-9]\\d{0,2})$' })),
  transferSource: text,
  bases: Type.Array(Type.Object({ key: AppraisalBasis, name: text }, closed), { minItems: 1 }),
  opinions: Type.Array(Type.Object({ key: Opinion, name: text, term: Type.Union([Type.Literal('none'), Type.Literal('permanent'), Type.Literal('required')]) }, closed), { minItems: 6, maxItems: 6 }),
}, { ...closed, $id: 'policy.appraisal' });
export type AppraisalPolicy = Static<typeof AppraisalPolicy>;
