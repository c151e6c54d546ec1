/** 变更、延长、解密审核、年度审核表: what the box offers and shows, and what is filled in. The words come from `classification.forms`. */
import type { CaseForm, CaseKind, CaseOutcome, CaseStep, KeepReason, ReviewTrigger } from '../policies/schemas/marking-case.js';
import type { ChangeReason } from '../policies/schemas/secrecy.js';
import type { Problem } from './api.js';
import { termFormOf, termOf, type Previewed, type SignedShown, type Term, type TermForm } from './classification.js';

export interface CaseForms {
  readonly steps: readonly { readonly step: CaseStep; readonly name: string; readonly who: string; readonly product: string }[];
  readonly kinds: readonly { readonly kind: CaseKind; readonly name: string; readonly form: string; readonly outcomes: readonly CaseOutcome[]; readonly source: string }[];
  readonly outcomes: readonly { readonly outcome: CaseOutcome; readonly name: string; readonly terms: boolean; readonly notice: string | null; readonly consult: boolean; readonly source: string }[];
  readonly triggers: readonly { readonly trigger: ReviewTrigger; readonly name: string; readonly consult: boolean }[];
  readonly keepReasons: readonly { readonly key: KeepReason; readonly name: string }[];
  readonly deriveReasons: readonly { readonly key: string; readonly name: string }[];
  readonly changeReasons: readonly { readonly key: ChangeReason; readonly name: string }[];
}
export interface TermsShown {
  readonly level: number; readonly term: Term; readonly startOn: string | null; readonly scope: { readonly persons: readonly string[]; readonly departments: readonly string[] };
  readonly scopeNames?: readonly string[]; readonly mark?: string | null; readonly ending?: Previewed['ending']; readonly periodText?: string;
}
export interface StepEntry { readonly at: string; readonly personName: string; readonly what: string; readonly body: string | null; readonly no: string | null; readonly on: string | null }
export interface StepShown { readonly step: CaseStep; readonly name: string; readonly who: string; readonly product: string; readonly needed: boolean; readonly done: boolean; readonly entries: readonly StepEntry[] }
/** One mark of the past beside the one that followed it; `old` is shown crossed out. */
export interface MarkLine { readonly old: string; readonly text: string; readonly on: string; readonly no: string | null; readonly kind: string }
export interface TaskShown { readonly id: string; readonly kind: string; readonly openedAt: string }
export interface Recipient {
  readonly kind: 'person' | 'department' | 'outside'; readonly ref: string; readonly name: string; readonly method: string | null; readonly sentOn: string | null;
  readonly deliveredOn: string | null; readonly receiptOn: string | null; readonly receiptBy: string | null; readonly late: boolean;
}
export interface NoticeShown {
  readonly id: string; readonly number: string; readonly kind: string; readonly classification: string; readonly case: string; readonly level: number; readonly text: string; readonly madeAt: string;
  readonly dueOn: string; readonly deliverBy: string | null; readonly overdue: boolean; readonly version: number; readonly recipients: readonly Recipient[];
}
export interface CaseRow {
  readonly id: string; readonly classification: string; readonly kind: CaseKind; readonly kindName: string; readonly trigger: ReviewTrigger | null; readonly outcome: CaseOutcome; readonly state: string; readonly version: number;
  readonly level: number; readonly from: string | null; readonly title: string; readonly proposer: string; readonly proposerName: string; readonly openedAt: string; readonly decidedAt: string | null; readonly decisionNo: string | null;
}
export interface CaseShown extends CaseRow {
  readonly formName: string; readonly form: Omit<CaseForm, 'to'> & { readonly to: TermsShown | null }; readonly fromTerms: TermsShown | null; readonly matterState: string; readonly originOrg: string; readonly foreign: boolean;
  readonly changes: readonly ('level' | 'period' | 'scope')[]; readonly steps: readonly StepShown[]; readonly proposed: SignedShown | null; readonly decided: SignedShown | null; readonly withdrawn: SignedShown | null;
  readonly returns: readonly { readonly proposed: SignedShown; readonly returned: SignedShown }[]; readonly notices: readonly NoticeShown[]; readonly nextNo: string | null; readonly history: readonly MarkLine[];
  readonly records: readonly { readonly id: string; readonly title: string; readonly documentNumber: string | null; readonly archivalCode: string | null }[]; readonly tasks: readonly TaskShown[];
}
export interface CasePreviewed {
  readonly problem: ConstructorParameters<typeof Problem>[0] | null; readonly mark: string | null; readonly ending: Previewed['ending']; readonly level: number | null; readonly matterAfter: string | null;
  readonly reviewDueOn: string | null; readonly steps: readonly StepShown[]; readonly statement: string | null; readonly decisionNo: string | null;
}

/** The form as one types it: every place a text, so that a place left empty says so. */
export interface CaseFields {
  kind: CaseKind; trigger: ReviewTrigger | ''; outcome: CaseOutcome | ''; level: number; startOn: string; term: TermForm; persons: string[]; departments: string[]; changeReason: ChangeReason | ''; keepReason: KeepReason | '';
  reason: string; legalBasis: string; findings: string; originBody: string; originNo: string; originOn: string; publicReview: boolean; notify: string; scopeSaysLongTerm: boolean; exceptionBasis: string; metOn: string;
}

/** What `from` says now stands in the new terms to begin with; `before` is a form that was saved. */
export function fieldsOf(kind: CaseKind, trigger: ReviewTrigger | '', from: TermsShown | null, before: CaseShown['form'] | null): CaseFields {
  const terms = before?.to ?? from;
  return {
    kind: before?.kind ?? kind, trigger: before?.trigger ?? trigger, outcome: before?.outcome ?? '', level: terms?.level ?? 2, startOn: terms?.startOn ?? '', term: termFormOf(terms?.term ?? null),
    persons: [...terms?.scope.persons ?? []], departments: [...terms?.scope.departments ?? []], changeReason: before?.changeReason ?? '', keepReason: before?.keepReason ?? '', reason: before?.reason ?? '', legalBasis: before?.legalBasis ?? '',
    findings: before?.findings ?? '', originBody: before?.origin?.body ?? '', originNo: before?.origin?.no ?? '', originOn: before?.origin?.on ?? '', publicReview: before?.publicReview ?? false, notify: (before?.notify ?? []).join('\n'),
    scopeSaysLongTerm: before?.scopeSaysLongTerm ?? false, exceptionBasis: before?.exceptionBasis ?? '', metOn: before?.metOn ?? '',
  };
}

export const outcomeOf = (fields: Pick<CaseFields, 'kind' | 'outcome'>, forms: CaseForms): CaseForms['outcomes'][number] | null => {
  const offered = forms.kinds.find((one) => one.kind === fields.kind)?.outcomes ?? [];
  const chosen = fields.outcome === '' || !offered.includes(fields.outcome) ? (offered.length === 1 ? offered[0] : undefined) : fields.outcome;
  return forms.outcomes.find((one) => one.outcome === chosen) ?? null;
};

/** What the box takes of it, or what is still to be filled in. */
export function caseFormOf(fields: CaseFields, forms: CaseForms): { readonly form: CaseForm } | { readonly lacking: readonly string[] } {
  const outcome = outcomeOf(fields, forms);
  const term = outcome?.terms ? termOf(fields.term) : null;
  const origin = [fields.originBody, fields.originNo, fields.originOn];
  const lacking = [
    ...(fields.kind === 'review' && fields.trigger === '' ? ['审核触发'] : []), ...(outcome === null ? ['结论'] : []), ...(outcome?.terms && term === null ? ['新的保密期限'] : []),
    ...(outcome?.outcome === 'change' && fields.changeReason === '' ? ['变更理由'] : []), ...((outcome?.outcome === 'continue' || outcome?.outcome === 'extend') && fields.keepReason === '' ? ['继续保密的理由'] : []),
    ...(fields.findings.length < 2 ? ['核对情况'] : []), ...(fields.reason.length < 2 ? ['理由'] : []), ...(fields.legalBasis.length < 2 ? ['依据'] : []),
    ...(origin.some((one) => one !== '') && (fields.originBody.length < 2 || fields.originNo.length < 2 || fields.originOn === '') ? ['原定密机关决定的机关、文号和日期'] : []),
  ];
  if (lacking.length > 0 || outcome === null) return { lacking };
  const { kind, trigger, changeReason, keepReason, reason, legalBasis, findings, publicReview, scopeSaysLongTerm, exceptionBasis, metOn } = fields;
  return {
    form: {
      kind, outcome: outcome.outcome, reason, legalBasis, findings, publicReview, ...(kind === 'review' && trigger !== '' ? { trigger } : {}),
      ...(term === null ? {} : { to: { level: fields.level as 2 | 3 | 4, term, startOn: fields.startOn || null, scope: { persons: fields.persons, departments: fields.departments } } }),
      ...(outcome.outcome === 'change' && changeReason !== '' ? { changeReason } : {}), ...((outcome.outcome === 'continue' || outcome.outcome === 'extend') && keepReason !== '' ? { keepReason } : {}),
      ...(fields.originNo === '' ? {} : { origin: { body: fields.originBody, no: fields.originNo, on: fields.originOn } }), notify: fields.notify.split('\n').map((one) => one.trim()).filter((one) => one.length >= 2),
      ...(scopeSaysLongTerm ? { scopeSaysLongTerm } : {}), ...(exceptionBasis.length >= 2 ? { exceptionBasis } : {}), ...(metOn === '' ? {} : { metOn }),
    },
  };
}
