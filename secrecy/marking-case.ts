import { ArchiveError } from '../core/errors.js';
import type { CalendarDate, Instant } from '../core/ports.js';
import type { CaseForm as WireForm, CaseKind, CaseOutcome, CaseStep, KeepReason, MarkingCasesFile, OriginDecision, ReviewTrigger } from '../policies/schemas/marking-case.js';
import type { ChangeReason } from '../policies/schemas/secrecy.js';
import type { NewTerms, Signed, Terms } from './classification-state.js';
import { scopeChange, scopeOf } from './scope.js';
import { checkApprover, type Holder } from './separation.js';
import { canonical, checkSignature, holderOf, type Json, type Signature, type VerifySignature } from './signing.js';

export type CasesPolicy = MarkingCasesFile;

/** 密级变更、延长、解密审核、年度审核表, whole: nothing left out, nothing undefined, so that it signs the same for ever. */
export interface Form {
  readonly kind: CaseKind;
  readonly trigger: ReviewTrigger | null;
  readonly outcome: CaseOutcome;
  readonly to: Pick<NewTerms, 'level' | 'term' | 'startOn' | 'scope'> | null;
  readonly changeReason: ChangeReason | null;
  readonly keepReason: KeepReason | null;
  readonly reason: string;
  readonly legalBasis: string;
  readonly findings: string;
  readonly origin: OriginDecision | null;
  readonly publicReview: boolean;
  readonly notify: readonly string[];
  readonly scopeSaysLongTerm: boolean;
  readonly exceptionBasis: string | null;
  readonly metOn: CalendarDate | null;
}

/** One of the ten steps as it was taken: who, when, what. `person: null` is the box itself. */
export interface Entry {
  readonly step: CaseStep;
  readonly at: Instant;
  readonly person: string | null;
  readonly what: string;
  readonly body: string | null;
  readonly no: string | null;
  readonly on: CalendarDate | null;
}

interface Common {
  readonly id: string;
  readonly classification: string;
  readonly form: Form;
  /** As the mark stood when the form was drawn up; `null` for a 拟密, which has none yet. */
  readonly from: Terms | null;
  readonly proposer: Holder;
  readonly openedAt: Instant;
  readonly entries: readonly Entry[];
  /** 退回 of earlier rounds, with the proposer's signature they answered. */
  readonly returns: readonly { readonly proposed: Signed; readonly returned: Signed }[];
}
export interface CaseDraft extends Common { readonly state: 'draft' | 'returned' }
export interface CaseProposed extends Common { readonly state: 'proposed'; readonly proposed: Signed }
export interface CaseWithdrawn extends Common { readonly state: 'withdrawn'; readonly withdrawn: Signed }
export interface CaseDecided extends Common { readonly state: 'decided' | 'closed'; readonly proposed: Signed; readonly decided: Signed; readonly decisionNo: string; readonly decidedOn: CalendarDate }
export type MarkingCase = CaseDraft | CaseProposed | CaseWithdrawn | CaseDecided;
export const OPEN_CASES: readonly string[] = ['draft', 'returned', 'proposed'];

const faulty = (at: string, message: string, rule: string) => new ArchiveError('E_INPUT_INVALID', { rule }, [{ at: `/form/${at}`, message }]);

/** The form, completed from the kind and held to what the kind asks. @throws ArchiveError `E_INPUT_INVALID` with the place on the form */
export function formOf(wire: WireForm, from: Terms | null, policy: CasesPolicy): Form {
  const kind = policy.kinds.find((one) => one.kind === wire.kind);
  const outcome = wire.outcome ?? (kind?.outcomes.length === 1 ? kind.outcomes[0] : undefined);
  if (kind === undefined || outcome === undefined || !kind.outcomes.includes(outcome)) throw faulty('outcome', '请选择结论', 'outcome');
  const rule = ruleOf(outcome, policy);
  const trigger = wire.trigger ?? null;
  if ((wire.kind === 'review') !== (trigger !== null)) throw faulty('trigger', wire.kind === 'review' ? '请选择审核触发' : '只有审核填写触发', 'trigger');
  const to = wire.to ?? null;
  if (rule.terms && to === null) throw faulty('to', '请填写新的密级、期限和知悉范围', 'to');
  if (!rule.terms && to !== null) throw faulty('to', '该结论不改变密级、期限和知悉范围，请清空', 'to');
  if (outcome === 'change' && (wire.changeReason ?? null) === null) throw faulty('changeReason', '请选择变更理由', 'changeReason');
  if ((outcome === 'continue' || outcome === 'extend') && (wire.keepReason ?? null) === null) throw faulty('keepReason', '请选择继续保密的理由', 'keepReason');
  const form: Form = {
    kind: wire.kind, trigger, outcome, to: to === null ? null : { ...to, scope: scopeOf(to.scope) }, changeReason: wire.changeReason ?? null, keepReason: wire.keepReason ?? null,
    reason: wire.reason, legalBasis: wire.legalBasis, findings: wire.findings, origin: wire.origin ?? null, publicReview: wire.publicReview ?? false, notify: wire.notify ?? [],
    scopeSaysLongTerm: wire.scopeSaysLongTerm ?? false, exceptionBasis: wire.exceptionBasis ?? null, metOn: wire.metOn ?? null,
  };
  if (from !== null && form.to !== null && outcome !== 'confirm' && !differs(from, form.to)) throw faulty('to', '与现行密级、期限和知悉范围相同', 'same');
  return form;
}

/** 变更了什么: level, period, scope. */
export function changed(from: Terms, to: Pick<NewTerms, 'level' | 'term' | 'startOn' | 'scope'>): readonly ('level' | 'period' | 'scope')[] {
  const { added, removed } = scopeChange(from.scope, to.scope);
  const people = [added, removed].some((one) => one.persons.length + one.departments.length + one.requests.length + one.compartments.length > 0);
  return [
    ...(from.level === to.level ? [] : ['level' as const]),
    ...(canonical(from.term as Json) === canonical(to.term as Json) && from.startOn === to.startOn ? [] : ['period' as const]),
    ...(people ? ['scope' as const] : []),
  ];
}
const differs = (from: Terms, to: Pick<NewTerms, 'level' | 'term' | 'startOn' | 'scope'>): boolean => changed(from, to).length > 0;

export function ruleOf(outcome: CaseOutcome, policy: CasesPolicy) {
  const rule = policy.outcomes.find((one) => one.outcome === outcome);
  if (rule === undefined) throw new ArchiveError('E_POLICY_INVALID', { outcome }, [{ at: 'marking-cases.json#/outcomes', message: '缺少该结论的规则' }]);
  return rule;
}

/** Steps that must be entered before the decision, beyond those the case takes by itself. */
export function stepsNeeded(form: Form, foreign: boolean, policy: CasesPolicy): readonly ('consult' | 'origin')[] {
  const consult = ruleOf(form.outcome, policy).consult || policy.triggers.some((one) => one.trigger === form.trigger && one.consult);
  return [...(consult ? ['consult' as const] : []), ...(foreign && form.outcome !== 'continue' && form.kind !== 'confirm_expiry' ? ['origin' as const] : [])];
}

/** Whether whoever knows is told in writing: not of 自行解密, 正式公布 or 继续保密. */
export const noticeKind = (form: Form, policy: CasesPolicy): string | null => (form.kind === 'confirm_expiry' ? null : ruleOf(form.outcome, policy).notice);

/** What the proposer signs, and what the decider has before them: the whole form with what it starts from and what was entered. */
export const caseText = (it: MarkingCase): Json => ({
  id: it.id, classification: it.classification, form: it.form as unknown as Json, from: it.from as unknown as Json,
  entries: it.entries.filter(({ step }) => step === 'consult' || step === 'origin') as unknown as Json,
  proposed: 'proposed' in it ? { person: it.proposed.person, certificateSerial: it.proposed.certificateSerial, opinion: it.proposed.opinion, signature: it.proposed.signature } : null,
});

/** Signed for `sign`, `return` and `withdraw`; a decision is signed over the matter and this text together. RFC 8785. */
export const caseStatement = (event: 'sign' | 'return' | 'withdraw', it: MarkingCase, signer: Pick<Signature, 'person' | 'certificateSerial'>, opinion: string): string =>
  canonical({ type: 'shouzang-marking-case/v1', event, case: caseText(it), person: signer.person, certificateSerial: signer.certificateSerial, opinion });

const refused = (it: MarkingCase, event: string, allowed: readonly string[]) => new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event, allowed });
const own = (it: MarkingCase, signed: Signed): void => {
  if (it.proposer.person !== signed.person) throw new ArchiveError('E_DENIED', { by: signed.person });
};

/** 起草或修改, before it is signed. @throws ArchiveError `E_STATE_INVALID` */
export function amend(it: MarkingCase, form: Form, from: Terms | null): CaseDraft {
  if (it.state !== 'draft' && it.state !== 'returned') throw refused(it, 'amend', ['draft', 'returned']);
  return { ...it, form, from };
}

/** 承办人签署拟定意见. @throws ArchiveError `E_STATE_INVALID`, `E_DENIED`, `E_SIGNATURE_INVALID` */
export function sign(it: MarkingCase, signed: Signed, verify: VerifySignature): CaseProposed {
  if (it.state !== 'draft' && it.state !== 'returned') throw refused(it, 'sign', ['draft', 'returned']);
  own(it, signed);
  checkSignature(verify, caseStatement('sign', it, signed, signed.opinion), signed);
  return { ...it, state: 'proposed', proposed: signed };
}

/** 退回承办人: it may be amended and signed again. @throws ArchiveError `E_STATE_INVALID`, `E_SOD_SELF_APPROVAL`, `E_SIGNATURE_INVALID` */
export function giveBack(it: MarkingCase, signed: Signed, verify: VerifySignature): CaseDraft {
  if (it.state !== 'proposed') throw refused(it, 'return', ['proposed']);
  checkApprover(it.proposer, holderOf(signed));
  checkSignature(verify, caseStatement('return', it, signed, signed.opinion), signed);
  const { proposed, ...rest } = it;
  return { ...rest, state: 'returned', returns: [...it.returns, { proposed, returned: signed }] };
}

/** 撤回, by who drew it up. */
export function takeBack(it: MarkingCase, signed: Signed, verify: VerifySignature): CaseWithdrawn {
  if (!OPEN_CASES.includes(it.state)) throw refused(it, 'withdraw', OPEN_CASES);
  own(it, signed);
  checkSignature(verify, caseStatement('withdraw', it, signed, signed.opinion), signed);
  const { id, classification, form, from, proposer, openedAt, entries, returns } = it;
  return { id, classification, form, from, proposer, openedAt, entries, returns, state: 'withdrawn', withdrawn: signed };
}

/** A step of somebody outside the two: 会商, 征求原定密机关意见. Before the signature of the proposer, who signs over it. */
export function enterStep(it: MarkingCase, entry: Entry): CaseDraft {
  if (it.state !== 'draft' && it.state !== 'returned') throw refused(it, 'enter-step', ['draft', 'returned']);
  return { ...it, entries: [...it.entries, entry] };
}

/** @throws ArchiveError `E_CLS_STEP_MISSING` naming the steps; `E_CLS_NOT_ORIGIN` where the letter of the 原定密机关 is missing */
export function checkSteps(it: MarkingCase, foreign: boolean, policy: CasesPolicy): void {
  const missing = stepsNeeded(it.form, foreign, policy).filter((step) => !it.entries.some((entry) => entry.step === step));
  if (missing.includes('origin') && it.form.origin === null) throw new ArchiveError('E_CLS_NOT_ORIGIN', { id: it.id }, [{ at: '/form/origin', message: '请登记原定密机关的决定机关、文号和日期' }]);
  const still = missing.filter((step) => step !== 'origin');
  if (still.length > 0) throw new ArchiveError('E_CLS_STEP_MISSING', { id: it.id, missing: still }, still.map((step) => ({ at: `/steps/${step}`, message: `${policy.steps.find((one) => one.step === step)?.name ?? step}尚未登记` })));
}
