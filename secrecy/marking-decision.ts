import { ArchiveError } from '../core/errors.js';
import type { AuditDraft } from '../core/audit.js';
import * as steps from './classification.js';
import { ready, type Classification, type NewTerms, type Signed } from './classification-state.js';
import { caseText, checkSteps, type CaseDecided, type CasesPolicy, type Form, type MarkingCase } from './marking-case.js';
import { checkApprover } from './separation.js';
import { holderOf } from './signing.js';
import type { Step } from './step.js';

/** What one decision makes of the form and of the matter it is about. */
export interface Decision {
  readonly next: CaseDecided;
  readonly matter: Classification;
  readonly audit: AuditDraft;
}

/**
 * 定密责任人审批: the step of the matter that the form asks for, signed over matter and form together.
 * @throws ArchiveError `E_STATE_INVALID`, `E_SOD_SELF_APPROVAL`, `E_CLS_STEP_MISSING`, and whatever the step itself refuses
 */
export function decide(it: MarkingCase, matter: Classification, signed: Signed, no: string, ground: steps.AuthorityGround, policy: CasesPolicy): Decision {
  if (it.state !== 'proposed') throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event: 'decide', allowed: ['proposed'] });
  if (no.trim() === '') throw new ArchiveError('E_CLS_BASIS_REQUIRED', { id: it.id, rule: 'decisionNo' }, [{ at: '/decisionNo', message: '请填写决定文号' }]);
  checkApprover(it.proposer, holderOf(signed));
  checkApprover(holderOf(it.proposed), holderOf(signed));
  checkSteps(it, matter.proposal.originOrg !== ground.unit.org, policy);
  const step = stepOf(it, matter, signed, no, { ...ground, case: { id: it.id, no, renews: it.form.kind === 'review', text: caseText(it) } });
  const next: CaseDecided = { ...it, state: 'decided', decided: signed, decisionNo: no, decidedOn: ground.today };
  return { next, matter: step.next, audit: step.audit };
}

function stepOf(it: MarkingCase, matter: Classification, signed: Signed, no: string, ground: steps.AuthorityGround): Step<Classification> {
  const { form, proposer } = it;
  const noticeNo = form.origin?.no ?? null;
  // 届满后提出的延长、变更: it is declassified already, and only waits for a person to confirm it.
  if (matter.state === 'expired' && (form.outcome === 'extend' || form.outcome === 'change' || form.outcome === 'continue')) throw new ArchiveError('E_CLS_EXTEND_AFTER_EXPIRY', { id: matter.id });
  switch (form.kind === 'confirm_expiry' ? 'self' : form.outcome) {
    case 'self': return confirmEnd(it, matter, signed, ground);
    case 'continue': return form.trigger === 'annual' && matter.state !== 'declass_review'
      ? steps.review(ready(matter, 'review'), proposer, signed, ground)
      : steps.continueSecrecy(ready(matter, 'continueSecrecy'), proposer, signed, ground);
    case 'change': return steps.change(ready(matter, 'change'), newTerms(form), proposer, signed, ground);
    case 'extend': return steps.extend(ready(matter, 'extend'), newTerms(form), proposer, signed, ground);
    case 'partial': return steps.declassifyPartly(ready(matter, 'declassifyPartly'), newTerms(form), proposer, signed, ground);
    case 'declassify': return steps.declassify(ready(matter, 'declassify'), 'early', proposer, signed, noticeNo, ground);
    case 'publish': return steps.declassify(ready(matter, 'declassify'), 'published', proposer, signed, noticeNo, ground);
    case 'confirm': return steps.confirm(ready(matter, 'confirm'), newTerms(form), proposer, signed, no, ground);
    case 'not_secret': return steps.dismiss(ready(matter, 'dismiss'), noticeNo, proposer, signed, ground);
  }
}

/** 自行解密: the day has come, or the condition has been met on the day the form says. */
function confirmEnd(it: MarkingCase, matter: Classification, signed: Signed, ground: steps.AuthorityGround): Step<Classification> {
  const ended = matter.state === 'expired' ? matter
    : it.form.metOn === null ? steps.expire(ready(matter, 'expire'), ground.today).next
      : steps.meet(ready(matter, 'meet'), it.form.metOn, ground.today, ground.policy).next;
  return steps.confirmExpiry(ended, it.proposer, signed, ground);
}

function newTerms(form: Form): NewTerms {
  if (form.to === null) throw new ArchiveError('E_INPUT_INVALID', { rule: 'to' }, [{ at: '/form/to', message: '请填写新的密级、期限和知悉范围' }]);
  return { ...form.to, reason: form.changeReason, noticeNo: form.origin?.no ?? null, scopeSaysLongTerm: form.scopeSaysLongTerm, exceptionBasis: form.exceptionBasis };
}
