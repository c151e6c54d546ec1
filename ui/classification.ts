/** 国家秘密确定审批表: what is filled in, what the box computes of it, and what is shown of a matter already there. */
import type { Problem } from './api.js';
import type { MarkLine, TaskShown } from './marking-case.js';
import type { Reason } from './reasons.js';

export type Term =
  | { readonly kind: 'duration'; readonly years: number; readonly months: number; readonly days: number }
  | { readonly kind: 'date'; readonly on: string }
  | { readonly kind: 'condition'; readonly condition: string; readonly metOn: string | null }
  | { readonly kind: 'long_term' };

export interface Draft {
  readonly recordIds: readonly string[];
  readonly type: 'original' | 'derived' | 'inherited';
  readonly level: number;
  /** `null` for what is no state secret. */
  readonly term: Term | null;
  readonly startOn: string | null;
  readonly scope: { readonly persons: readonly string[]; readonly departments: readonly string[] };
  readonly points: readonly string[];
  readonly basis: string | null;
  readonly scheduleItem: string | null;
  readonly originOrg?: string;
  /** 来源定密事项, for 派生. */
  readonly sources?: readonly string[];
  readonly deriveReason?: string | null;
  readonly pointBasis?: string | null;
  readonly scopeSaysLongTerm?: boolean;
  readonly exceptionBasis?: string | null;
}
/** What the sources of a derived mark make together: highest level, longest term, union of scopes. */
export interface Derived { readonly level: number; readonly term: Term; readonly startOn: string | null; readonly scope: Draft['scope'] }
/** What the box makes of a draft: mark, end, cap and review, the checks, and the very text that would be signed. */
export interface Previewed {
  readonly id: string;
  /** What is to be mended on the form; nothing else is given then. */
  readonly problem: ConstructorParameters<typeof Problem>[0] | null;
  readonly mark: string | null;
  readonly ending: { readonly lastSecretDay: string; readonly declassifiesOn: string } | null;
  readonly maxYears: number | null;
  readonly reviewDueOn: string | null;
  readonly writtenRecordNo: string | null;
  readonly checks: readonly (Reason & { readonly name: string })[];
  readonly statement: string;
  readonly derived?: Derived | null;
  /** 先行保密: by when it must be reported, and whether the holiday table covers every day until then. */
  readonly reportDueOn?: string | null; readonly reportDueCovered?: boolean | null;
}
export interface SignedShown { readonly person?: string; readonly name: string; readonly departmentName?: string; readonly at: string; readonly opinion: string; readonly signature: string }
/** A source as it stood when it was used; `id` is null where it is outside one's 知悉范围. */
export interface SourceShown { readonly id: string | null; readonly title: string; readonly writtenRecordNo: string | null; readonly level: number; readonly mark: string; readonly lastSecretDay: string | null; readonly state: string | null }
export interface ClassificationShown {
  readonly id: string; readonly state: string; readonly version: number; readonly proposal: Draft; readonly mark: string | null;
  /** What guards the matter now: above the proposal's while somebody claims more. */
  readonly level: number;
  readonly ending: Previewed['ending']; readonly maxYears: number | null; readonly reviewDueOn: string | null; readonly writtenRecordNo: string | null;
  /** The number the box would give next, while it waits for approval. */
  readonly nextRecordNo: string | null;
  readonly records: readonly { readonly id: string; readonly title: string; readonly documentNumber: string | null; readonly documentDate: string | null; readonly archivalCode: string | null }[];
  readonly scopeNames: readonly string[]; readonly proposed: SignedShown | null; readonly decided: (SignedShown & { readonly verdict: 'approve' | 'reject' }) | null;
  readonly checks: Previewed['checks']; readonly digest: string | null;
  /** What is in force, where a change made it differ from the proposal. */
  readonly current?: { readonly level: number; readonly term: Term; readonly startOn: string | null; readonly scope: Draft['scope'] } | null;
  readonly protection?: { readonly why: 'unclear' | 'beyond' | 'disputed'; readonly claimed: readonly number[]; readonly reportDueOn: string; readonly reportedOn: string | null; readonly reported: { readonly body: string; readonly no: string } | null } | null;
  readonly sources?: readonly SourceShown[]; readonly derived?: readonly ClassificationRow[];
  readonly history?: readonly MarkLine[]; readonly openCase?: string | null; readonly tasks?: readonly TaskShown[];
}
export interface ClassificationRow { readonly id: string; readonly state: string; readonly level: number; readonly mark: string | null; readonly title: string; readonly writtenRecordNo: string | null; readonly proposerName: string; readonly proposedAt: string | null; readonly lastSecretDay: string | null; readonly reviewDueOn: string | null }

export const TYPES = [{ value: 'original', name: '原始定密' }, { value: 'derived', name: '派生定密' }, { value: 'inherited', name: '来文沿用' }] as const;
export const typeName = (type: string): string => TYPES.find((one) => one.value === type)?.name ?? type;

/** The term as the form writes it: 10 年、6 个月、2030-12-31、启封后、长期. */
export function termText(term: Term | null): string {
  if (term === null) return '不属于国家秘密，无保密期限';
  switch (term.kind) {
    case 'date': return `解密时间 ${term.on}`;
    case 'condition': return `解密条件 ${term.condition}`;
    case 'long_term': return '长期';
    default: return [[term.years, '年'], [term.months, '个月'], [term.days, '日']].filter(([number]) => number !== 0).map(([number, unit]) => `${number} ${unit}`).join('') || '—';
  }
}

export interface TermForm { kind: Term['kind']; amount: string; unit: 'years' | 'months' | 'days'; on: string; condition: string }
export function termFormOf(term: Term | null): TermForm {
  const form: TermForm = { kind: term?.kind ?? 'duration', amount: '10', unit: 'years', on: '', condition: '' };
  if (term?.kind === 'date') return { ...form, on: term.on };
  if (term?.kind === 'condition') return { ...form, condition: term.condition };
  if (term?.kind !== 'duration') return form;
  const unit = term.years !== 0 ? 'years' : term.months !== 0 ? 'months' : 'days';
  return { ...form, unit, amount: String(term[unit]) };
}
/** `null` while the form does not yet say a whole term. */
export function termOf(form: TermForm): Term | null {
  if (form.kind === 'long_term') return { kind: 'long_term' };
  if (form.kind === 'date') return form.on ? { kind: 'date', on: form.on } : null;
  if (form.kind === 'condition') return form.condition.length >= 2 ? { kind: 'condition', condition: form.condition, metOn: null } : null;
  const amount = Number(form.amount);
  if (!Number.isInteger(amount) || amount < 1) return null;
  return { kind: 'duration', years: 0, months: 0, days: 0, [form.unit]: amount };
}
