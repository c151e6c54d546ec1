import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { ClassAuthority } from '../policies/schemas/secrecy.js';
import { checkAuthority, checkOrigin, checkProposal, type MarkingPolicy, type Proposal, type UnitCaps } from './classification-rules.js';
import { ACTIONS, protectiveLevelOf, type Active, type Change, type Classification, type Decided, type DeclassKind, type Declassified, type DeclassReview, type Draft, type Event, type Expired, type LongTerm, type NewTerms, type Proposed, type ProtectedAs, type Ready, type Rejected, type ReviewDue, type ReviewTrigger, type Signed, type TemporarilyProtected, type Terms, type Withdrawn } from './classification-state.js';
import { highest, type Level } from './level.js';
import { markText } from './marking.js';
import { requireScope } from './scope.js';
import { checkApprover, type Holder } from './separation.js';
import { canonical, checkSignature, holderOf, type Json, type Signature, type VerifySignature } from './signing.js';
import type { Step } from './step.js';
import { checkTerm, date, ending, hasEnded, nextReview } from './term.js';

/** What the decision rests on besides the thing itself. */
export interface Ground {
  readonly systemLevel: Level;
  readonly unit: UnitCaps;
  readonly policy: MarkingPolicy;
  readonly today: CalendarDate;
  readonly verify: VerifySignature;
  /** The form the event is decided on; what is signed then holds it whole. */
  readonly case?: CaseRef;
}
export interface CaseRef {
  readonly id: string;
  /** 决定文号 */
  readonly no: string;
  /** The year of review begins anew. */
  readonly renews: boolean;
  readonly text: Json;
}
/** …and, where a 定密责任人 decides, under which authority. */
export interface AuthorityGround extends Ground { readonly authority: ClassAuthority }

/** What a person signs for an event: the whole matter as it would be after it. RFC 8785. */
export function eventStatement(event: Event, proposal: Proposal, signer: Pick<Signature, 'person' | 'certificateSerial'>, opinion: string, more: Json = null): string {
  return canonical({ type: 'shouzang-classification/v1', event, proposal: proposal as unknown as Json, more, person: signer.person, certificateSerial: signer.certificateSerial, opinion });
}

const more = (ground: Pick<Ground, 'case'>, of: Json): Json => (ground.case === undefined ? of : { of, no: ground.case.no, case: ground.case.text });

const entry = (it: Classification, event: Event, by: Signed | null, more: Readonly<Record<string, unknown>> = {}) => ({
  action: `classification.${ACTIONS[event]}`, object: it.id, objectType: 'classification', objectLevel: protectiveLevelOf(it),
  detail: { state: it.state, ...(by === null ? {} : { by: by.person, certificate: by.certificateSerial, signature: by.signature }), ...more },
});
/** 拟定. @throws ArchiveError as `checkProposal` */
export function draft(proposal: Proposal, proposer: Holder, ground: Pick<Ground, 'systemLevel' | 'unit' | 'policy'>): Draft {
  return { state: 'draft', id: proposal.id, proposal: checkProposal(proposal, ground.systemLevel, ground.unit, ground.policy), proposer };
}

/** 承办人签署拟定意见. @see 实施条例(2024)第十七条 */
export function propose(it: Ready<'propose'>, signed: Signed, ground: Ground): Step<Proposed> {
  checkOwn(it.proposer, signed);
  checkSignature(ground.verify, eventStatement('propose', it.proposal, signed, signed.opinion), signed);
  const next: Proposed = { ...it, state: 'proposed', proposed: signed };
  return { next, audit: entry(next, 'propose', signed) };
}

/** 定密责任人审核批准: within the caps, by another person. @see 保密法(2024)第十六、十七条 */
export function approve(it: Ready<'approve'>, signed: Signed, writtenRecordNo: string, ground: AuthorityGround): Step<Active | LongTerm> {
  checkDecider(it, signed, ground);
  checkProposal(it.proposal, ground.systemLevel, ground.unit, ground.policy);
  checkAuthority(it.proposal, ground.authority, ground.unit, ground.today);
  checkSignature(ground.verify, eventStatement('approve', it.proposal, signed, signed.opinion, writtenRecordNo), signed);
  return enter(it, signed, writtenRecordNo, it.proposal, [], ground, 'approve');
}

/** 退回. */
export function reject(it: Ready<'reject'>, signed: Signed, ground: AuthorityGround): Step<Rejected> {
  checkDecider(it, signed, ground);
  checkSignature(ground.verify, eventStatement('reject', it.proposal, signed, signed.opinion), signed);
  const next: Rejected = { ...it, state: 'rejected', rejected: signed };
  return { next, audit: entry(next, 'reject', signed) };
}

export type Claim = Pick<TemporarilyProtected, 'claimed' | 'reportDueOn' | 'why'>;

/** 先行保密. @see 实施条例(2024)第二十五、二十六条 */
export function protect(it: Ready<'protect'>, signed: Signed, claim: Claim, ground: Ground): Step<TemporarilyProtected> {
  const { claimed, why } = claim;
  const reportDueOn = date(claim.reportDueOn).toString();
  checkOwn(it.proposer, signed);
  checkSignature(ground.verify, eventStatement('protect', it.proposal, signed, signed.opinion, { claimed, reportDueOn, why }), signed);
  const open = highest([...claimed, it.proposal.level]);
  if (open > ground.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: open, systemLevel: ground.systemLevel });
  const next: TemporarilyProtected = { ...it, state: 'temporarily_protected', proposed: signed, claimed: [...claimed, it.proposal.level], reportDueOn, reportedOn: null, why, reported: null };
  return { next, audit: entry(next, 'protect', signed, { reportDueOn, why }) };
}

/** 上报, once. */
export function report(it: Ready<'report'>, on: CalendarDate, to: { readonly body: string; readonly no: string } | null = null): Step<TemporarilyProtected> {
  if (it.reportedOn !== null) throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event: 'report', allowed: ['confirm', 'dismiss'] });
  const next: TemporarilyProtected = { ...it, reportedOn: date(on).toString(), reported: to };
  return { next, audit: entry(next, 'report', null, { reportedOn: next.reportedOn }) };
}

/** The competent body's decision on a temporarily protected matter is entered; its document stands in for our authority. */
export function confirm(it: Ready<'confirm'>, to: NewTerms, proposer: Holder, signed: Signed, writtenRecordNo: string, ground: AuthorityGround): Step<Active | LongTerm> {
  checkDecider(it, signed, ground);
  checkApprover(proposer, holderOf(signed));
  checkCompetent(it, to.noticeNo);
  checkSignature(ground.verify, eventStatement('confirm', it.proposal, signed, signed.opinion, more(ground, { ...wire(to), writtenRecordNo })), signed);
  const term = checkTerm({ ...it.proposal, ...to }, ground.policy);
  const [before, after] = [termsOf(it.proposal, ground.policy), termsOf({ ...it.proposal, ...to, term }, ground.policy)];
  return enter(it, signed, writtenRecordNo, after, [{ kind: 'confirm', from: before, to: after, reason: to.reason, noticeNo: to.noticeNo, proposer, approval: signed, ...dated(ground) }], ground, 'confirm');
}

/** The competent body finds that it is no state secret: what guarded the records before guards them again. */
export function dismiss(it: Ready<'dismiss'>, noticeNo: string | null, proposer: Holder, signed: Signed, ground: AuthorityGround): Step<Withdrawn> {
  checkDecider(it, signed, ground);
  checkApprover(proposer, holderOf(signed));
  checkCompetent(it, noticeNo);
  checkSignature(ground.verify, eventStatement('dismiss', it.proposal, signed, signed.opinion, more(ground, noticeNo)), signed);
  const next: Withdrawn = { id: it.id, state: 'withdrawn', proposal: it.proposal, proposer: it.proposer, withdrawn: signed, noticeNo, ...protectedAs(it) };
  return { next, audit: entry(next, 'dismiss', signed) };
}

function checkCompetent(it: TemporarilyProtected, noticeNo: string | null): void {
  if (noticeNo === null || noticeNo.trim() === '') throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { id: it.id, why: 'no decision of the competent body' }, [{ at: '/form/origin', message: '请填写有权机关的决定文号' }]);
}

/** By who drew it up, before anybody decided; what has been reported waits for the answer. */
export function withdraw(it: Ready<'withdraw'>, signed: Signed, ground: Ground): Step<Withdrawn> {
  checkOwn(it.proposer, signed);
  if (it.state === 'temporarily_protected' && it.reportedOn !== null) throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event: 'withdraw', allowed: ['confirm', 'dismiss'] });
  checkSignature(ground.verify, eventStatement('withdraw', it.proposal, signed, signed.opinion), signed);
  const next: Withdrawn = { id: it.id, state: 'withdrawn', proposal: it.proposal, proposer: it.proposer, withdrawn: signed, noticeNo: null };
  return { next, audit: entry(next, 'withdraw', signed) };
}

function enter(it: Proposed | TemporarilyProtected, signed: Signed, writtenRecordNo: string, to: Pick<Terms, 'level' | 'term' | 'startOn' | 'scope' | 'exceptionBasis'>, changes: readonly Change[], ground: Ground, event: Event): Step<Active | LongTerm> {
  if (writtenRecordNo.trim() === '') throw new ArchiveError('E_CLS_BASIS_REQUIRED', { id: it.id, rule: 'writtenRecordNo' }, [{ at: '/writtenRecordNo', message: '请填写书面记录编号' }]);
  if (to.level > ground.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: to.level, systemLevel: ground.systemLevel });
  const current = termsOf({ ...it.proposal, level: to.level, term: to.term, startOn: to.startOn, scope: to.scope, exceptionBasis: to.exceptionBasis ?? it.proposal.exceptionBasis }, ground.policy);
  const common = { id: it.id, proposal: it.proposal, proposer: it.proposer, proposed: it.proposed, approved: signed, writtenRecordNo, current, changes, reviewDueOn: nextReview(ground.today, ground.policy), ...protectedAs(it) };
  const next: Active | LongTerm = current.term.kind === 'long_term' ? { ...common, state: 'long_term' } : { ...common, state: 'active' };
  return { next, audit: entry(next, event, signed, { writtenRecordNo, level: current.level }) };
}

/** 年度审核到期. @throws ArchiveError `E_STATE_INVALID` before the day */
export function fallDue(it: Ready<'fallDue'>, today: CalendarDate): Step<ReviewDue> {
  if (date(today).toString() < it.reviewDueOn) throw new ArchiveError('E_STATE_INVALID', { id: it.id, event: 'fallDue', reviewDueOn: it.reviewDueOn });
  const next: ReviewDue = { ...it, state: 'review_due' };
  return { next, audit: entry(next, 'fallDue', null) };
}

/** 年度审核,继续保密. @see 保密法(2024)第二十四条 */
export function review(it: Ready<'review'>, proposer: Holder, signed: Signed, ground: AuthorityGround): Step<Active | LongTerm> {
  return resume(it, proposer, signed, ground, 'review');
}

/** 解密审核: the matter is looked at anew; it stays as closed as it was. */
export function openReview(it: Ready<'openReview'>, trigger: ReviewTrigger, on: CalendarDate): Step<DeclassReview> {
  const next: DeclassReview = { ...it, state: 'declass_review', trigger, openedOn: date(on).toString(), from: it.state };
  return { next, audit: entry(next, 'openReview', null, { trigger }) };
}

/** The form was taken back: the matter stands where it stood. */
export function closeReview(it: Ready<'closeReview'>): Step<Active | LongTerm | ReviewDue> {
  const { trigger: _trigger, openedOn: _on, from, ...rest } = it;
  const next: Active | LongTerm | ReviewDue = { ...rest, state: from };
  return { next, audit: entry(next, 'closeReview', null) };
}

export function continueSecrecy(it: Ready<'continueSecrecy'>, proposer: Holder, signed: Signed, ground: AuthorityGround): Step<Active | LongTerm> {
  return resume(it, proposer, signed, ground, 'continueSecrecy');
}

function resume(it: Active | LongTerm | ReviewDue | DeclassReview, proposer: Holder, signed: Signed, ground: AuthorityGround, event: 'review' | 'continueSecrecy'): Step<Active | LongTerm> {
  checkOffice(signed, ground);
  checkApprover(proposer, holderOf(signed));
  checkSignature(ground.verify, eventStatement(event, it.proposal, signed, signed.opinion, more(ground, null)), signed);
  if (hasEnded(it.current.ending, ground.today)) throw new ArchiveError('E_CLS_EXTEND_AFTER_EXPIRY', { id: it.id });
  const change: Change = { kind: 'review', from: it.current, to: it.current, reason: null, noticeNo: null, proposer, approval: signed, ...dated(ground), reviewed: true };
  return inForce(it, it.current, [...it.changes, change], nextReview(ground.today, ground.policy), event, signed);
}

/** 变更密级、期限、知悉范围: by the original body, same two people as 定密. @see 保密法(2024)第二十三条 */
export function change(it: Ready<'change'>, to: NewTerms, proposer: Holder, signed: Signed, ground: AuthorityGround): Step<Active | LongTerm> {
  if (to.reason === null) throw new ArchiveError('E_INPUT_INVALID', { rule: 'reason' }, [{ at: '/reason', message: '请选择变更理由' }]);
  return alter(it, to, proposer, signed, ground, 'change', 'change');
}

/** 部分解密: the rest stays secret under a lower level, shorter term or narrower scope. */
export function declassifyPartly(it: Ready<'declassifyPartly'>, to: NewTerms, proposer: Holder, signed: Signed, ground: AuthorityGround): Step<Active | LongTerm> {
  if (to.level > it.current.level) throw new ArchiveError('E_INPUT_INVALID', { rule: 'partial' }, [{ at: '/level', message: '部分解密不得提高密级' }]);
  if (endsLater(it.current, termsOf({ ...it.proposal, ...to }, ground.policy))) throw new ArchiveError('E_INPUT_INVALID', { rule: 'partial' }, [{ at: '/form/to/term', message: '部分解密不得推迟届满日，确需延长的请办理延长保密期限' }]);
  return alter(it, to, proposer, signed, ground, 'declassifyPartly', 'partial');
}

/**
 * 延长保密期限, before it ends. @throws ArchiveError `E_CLS_EXTEND_AFTER_EXPIRY`; `E_INPUT_INVALID` when the new end is no later
 * @see 保密法(2024)第二十四条
 */
export function extend(it: Ready<'extend'>, to: NewTerms, proposer: Holder, signed: Signed, ground: AuthorityGround): Step<Active | LongTerm> {
  const [before, after] = [it.current.ending, termsOf({ ...it.proposal, ...to }, ground.policy).ending];
  if (!hasEnded(before, ground.today) && before !== null && after !== null && after.lastSecretDay <= before.lastSecretDay) {
    throw new ArchiveError('E_INPUT_INVALID', { rule: 'extend' }, [{ at: '/term', message: '延长后的届满日须晚于原届满日' }]);
  }
  return alter(it, to, proposer, signed, ground, 'extend', 'extend');
}

function alter(it: Active | ReviewDue | DeclassReview, to: NewTerms, proposer: Holder, signed: Signed, ground: AuthorityGround, event: 'change' | 'extend' | 'declassifyPartly', kind: Change['kind']): Step<Active | LongTerm> {
  if (hasEnded(it.current.ending, ground.today)) throw new ArchiveError('E_CLS_EXTEND_AFTER_EXPIRY', { id: it.id });
  checkOrigin(it.proposal.originOrg, ground.unit, to.noticeNo);
  checkOffice(signed, ground);
  checkApprover(proposer, holderOf(signed));
  if (to.level > ground.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: to.level, systemLevel: ground.systemLevel });
  // The decision of a superior or competent body stands in for our own cap; who enters it must still be in office.
  checkAuthority({ ...it.proposal, level: to.level > it.current.level ? to.level : it.current.level, type: isBlank(to.noticeNo) ? it.proposal.type : 'inherited' }, ground.authority, ground.unit, ground.today);
  checkSignature(ground.verify, eventStatement(event, it.proposal, signed, signed.opinion, more(ground, wire(to))), signed);
  const term = checkTerm({ ...it.proposal, ...to }, ground.policy);
  const current = termsOf({ ...it.proposal, ...to, term }, ground.policy);
  const entered: Change = { kind, from: it.current, to: current, reason: to.reason, noticeNo: to.noticeNo, proposer, approval: signed, ...dated(ground) };
  return inForce(it, current, [...it.changes, entered], ground.case?.renews === true ? nextReview(ground.today, ground.policy) : it.reviewDueOn, event, signed);
}

function protectedAs(it: Classification): { readonly protectedAs?: ProtectedAs } {
  if (it.state === 'temporarily_protected') return { protectedAs: { why: it.why, reportedOn: it.reportedOn, since: it.proposed.at } };
  return 'protectedAs' in it && it.protectedAs !== undefined ? { protectedAs: it.protectedAs } : {};
}

const isBlank = (text: string | null): boolean => text === null || text.trim() === '';
const dated = (ground: Ground) => ({ on: ground.today, case: ground.case?.id ?? null, no: ground.case?.no ?? null, reviewed: ground.case?.renews ?? false });

function inForce(it: Active | LongTerm | ReviewDue | DeclassReview, current: Terms, changes: readonly Change[], reviewDueOn: CalendarDate, event: Event, signed: Signed): Step<Active | LongTerm> {
  const { id, proposal, proposer, proposed, approved, writtenRecordNo } = it;
  const common = { id, proposal, proposer, proposed, approved, writtenRecordNo, current, changes, reviewDueOn, ...protectedAs(it) };
  const next: Active | LongTerm = current.term.kind === 'long_term' ? { ...common, state: 'long_term' } : { ...common, state: 'active' };
  return { next, audit: entry(next, event, signed, { level: current.level, from: it.current.level }) };
}

/**
 * 提前解密 or 正式公布. 长期 is lifted only with the decision of the body competent for it.
 * @throws ArchiveError `E_CLS_LONG_TERM_DECLASSIFY`, `E_CLS_NOT_ORIGIN`
 * @see 保密法(2024)第二十、二十四条
 */
export function declassify(it: Ready<'declassify'>, how: 'early' | 'published', proposer: Holder, signed: Signed, noticeNo: string | null, ground: AuthorityGround): Step<Declassified> {
  if (it.current.term.kind === 'long_term' && (noticeNo === null || noticeNo.trim() === '')) throw new ArchiveError('E_CLS_LONG_TERM_DECLASSIFY', { id: it.id });
  checkOrigin(it.proposal.originOrg, ground.unit, noticeNo);
  checkOffice(signed, ground);
  checkApprover(proposer, holderOf(signed));
  checkAuthority({ ...it.proposal, level: it.current.level }, ground.authority, ground.unit, ground.today);
  checkSignature(ground.verify, eventStatement('declassify', it.proposal, signed, signed.opinion, more(ground, { how, noticeNo })), signed);
  return lift(it, how, signed, noticeNo, ground, 'declassify');
}

/** 自行解密: the day has come. Access stays closed until a person confirms. @throws ArchiveError `E_STATE_INVALID` before the day */
export function expire(it: Ready<'expire'>, today: CalendarDate): Step<Expired> {
  if (it.current.ending === null || !hasEnded(it.current.ending, today)) throw new ArchiveError('E_STATE_INVALID', { id: it.id, event: 'expire', on: it.current.ending?.declassifiesOn ?? null });
  const next: Expired = { ...it, state: 'expired', expiredOn: it.current.ending.declassifiesOn };
  return { next, audit: entry(next, 'expire', null, { expiredOn: next.expiredOn }) };
}

/** 解密条件成就: from the day after, as any other end. @throws ArchiveError `E_INPUT_INVALID` for what ends on no condition, or a day not yet come */
export function meet(it: Ready<'meet'>, metOn: CalendarDate, today: CalendarDate, policy: MarkingPolicy): Step<Expired> {
  const { term, startOn, level } = it.current;
  if (term.kind !== 'condition') throw new ArchiveError('E_INPUT_INVALID', { rule: 'metOn' }, [{ at: '/form/metOn', message: '该事项不以条件解密' }]);
  const met = { ...term, metOn: date(metOn).toString() };
  const end = ending(met, startOn, level, policy);
  return expire({ ...it, current: { ...it.current, term: met, ending: end } }, today);
}

/** 确认自行解密: only now is what has run out open. @see 保密法(2024)第二十四条; that a person confirms it is this product's decision */
export function confirmExpiry(it: Ready<'confirmExpiry'>, proposer: Holder, signed: Signed, ground: AuthorityGround): Step<Declassified> {
  checkOffice(signed, ground);
  checkApprover(proposer, holderOf(signed));
  checkSignature(ground.verify, eventStatement('confirmExpiry', it.proposal, signed, signed.opinion, more(ground, it.expiredOn)), signed);
  return lift(it, 'self', signed, null, { ...ground, today: it.expiredOn }, 'confirmExpiry');
}

function lift(it: Ready<'declassify'> | Expired, how: DeclassKind, signed: Signed, noticeNo: string | null, ground: Ground, event: Event): Step<Declassified> {
  const { id, proposal, proposer, proposed, approved, writtenRecordNo, current, changes, reviewDueOn } = it;
  const { on, case: markingCase, no } = dated(ground);
  const next: Declassified = { id, proposal, proposer, proposed, approved, writtenRecordNo, current, changes, reviewDueOn, state: 'declassified', how, on, noticeNo, declassified: signed, case: markingCase, no, ...protectedAs(it) };
  return { next, audit: entry(next, event, signed, { how, on: next.on }) };
}

export function termsOf(it: Pick<Proposal, 'level' | 'term' | 'startOn' | 'scope'> & { readonly exceptionBasis?: string | null }, policy: MarkingPolicy): Terms {
  const { level, term, startOn, scope, exceptionBasis = null } = it;
  requireScope(level, scope);
  return { level, term, startOn, scope, mark: markText(level, term, policy), ending: ending(term, startOn, level, policy), exceptionBasis };
}

/** 届满日推迟: a later last day, or no fixed one any more. */
export function endsLater(from: Pick<Terms, 'ending'> | null, to: Pick<Terms, 'ending'> | null): boolean {
  const before = from?.ending?.lastSecretDay;
  return before !== undefined && to !== null && (to.ending === null || to.ending.lastSecretDay > before);
}

const wire = (to: NewTerms): { readonly [name: string]: Json } => ({ ...to, term: { ...to.term }, scope: { ...to.scope } });

function checkOwn(proposer: Holder, signed: Signed): void {
  if (proposer.person !== signed.person) throw new ArchiveError('E_DENIED', { by: signed.person });
}

function checkOffice(signed: Signed, ground: AuthorityGround): void {
  if (ground.authority.person !== signed.person) throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { by: signed.person, why: 'not the authority' });
}

function checkDecider(it: Decided, signed: Signed, ground: AuthorityGround): void {
  checkOffice(signed, ground);
  checkApprover(it.proposer, holderOf(signed));
  checkApprover(holderOf(it.proposed), holderOf(signed));
}
