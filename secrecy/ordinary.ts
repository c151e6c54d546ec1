import { ArchiveError } from '../core/errors.js';
import type { MarkingPolicy } from './classification-rules.js';
import type { Signed } from './classification-state.js';
import type { Level } from './level.js';
import { markText } from './marking.js';
import type { Scope } from './scope.js';
import { checkApprover, type Holder } from './separation.js';
import { canonical, checkSignature, holderOf, type Json, type Signature, type VerifySignature } from './signing.js';
import type { Step } from './step.js';

/**
 * 不属于国家秘密: what was taken in at a secret level, or held for one, and is found to be 内部 or 公开. The same two people sign it as
 * a 定密, since it opens what was closed; no ★ ever comes of it.
 *
 * proposed → ordinary / rejected
 * @see 保密法(2024)第十六、二十二条 (确定程序;非国家秘密不得作国家秘密标志); two signatures for it are this product's decision
 */
export interface OrdinaryProposal {
  readonly id: string;
  readonly matterId: string;
  readonly recordIds: readonly string[];
  readonly level: 0 | 1;
  readonly scope: Scope;
  /** Why it is no state secret. */
  readonly basis: string;
}
interface Common { readonly id: string; readonly proposal: OrdinaryProposal; readonly proposer: Holder; readonly proposed: Signed }
export interface OrdinaryProposed extends Common { readonly state: 'proposed'; readonly kind: 'ordinary' }
export interface OrdinaryFound extends Common { readonly state: 'ordinary'; readonly kind: 'ordinary'; readonly approved: Signed; readonly writtenRecordNo: string; readonly mark: string }
export interface OrdinaryRejected extends Common { readonly state: 'rejected'; readonly kind: 'ordinary'; readonly rejected: Signed }
export interface OrdinaryWithdrawn extends Common { readonly state: 'withdrawn'; readonly kind: 'ordinary'; readonly withdrawn: Signed }
export type Ordinary = OrdinaryProposed | OrdinaryFound | OrdinaryRejected | OrdinaryWithdrawn;

export const isOrdinary = (it: { readonly state: string }): it is Ordinary => 'kind' in it && it.kind === 'ordinary';

/** What is signed; RFC 8785. */
export const ordinaryStatement = (event: 'propose' | 'approve' | 'reject' | 'withdraw', proposal: OrdinaryProposal, signer: Pick<Signature, 'person' | 'certificateSerial'>, opinion: string, more: Json = null): string =>
  canonical({ type: 'shouzang-ordinary/v1', event, proposal: proposal as unknown as Json, more, person: signer.person, certificateSerial: signer.certificateSerial, opinion });

/** @throws ArchiveError `E_CLS_MARK_ON_NON_SECRET` for a secret level, `E_CLS_BASIS_REQUIRED` without a reason */
export function ordinaryProposal(proposal: Omit<OrdinaryProposal, 'level' | 'basis'> & { readonly level: Level; readonly basis: string | null }): OrdinaryProposal {
  const { level, basis } = proposal;
  if (level !== 0 && level !== 1) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level });
  if (basis === null || basis.trim() === '') throw new ArchiveError('E_CLS_BASIS_REQUIRED', { id: proposal.id }, [{ at: '/basis', message: '请写明不属于国家秘密的依据' }]);
  return { ...proposal, level, basis };
}

const ordinaryLevel = (proposal: OrdinaryProposal) => ({ object: proposal.id, objectType: 'classification', objectLevel: proposal.level });
const signedBy = (signed: Signed) => ({ by: signed.person, certificate: signed.certificateSerial, signature: signed.signature });

/** @throws ArchiveError `E_DENIED`, `E_SIGNATURE_INVALID` */
export function proposeOrdinary(proposal: OrdinaryProposal, proposer: Holder, signed: Signed, verify: VerifySignature): Step<OrdinaryProposed> {
  if (proposer.person !== signed.person) throw new ArchiveError('E_DENIED', { by: signed.person });
  checkSignature(verify, ordinaryStatement('propose', proposal, signed, signed.opinion), signed);
  const next: OrdinaryProposed = { kind: 'ordinary', state: 'proposed', id: proposal.id, proposal, proposer, proposed: signed };
  return { next, audit: { action: 'classification.propose', ...ordinaryLevel(proposal), detail: { state: next.state, ...signedBy(signed) } } };
}

/** @throws ArchiveError `E_STATE_INVALID`, `E_SOD_SELF_APPROVAL`, `E_SIGNATURE_INVALID` */
export function approveOrdinary(it: Ordinary, signed: Signed, writtenRecordNo: string, verify: VerifySignature, policy: MarkingPolicy): Step<OrdinaryFound> {
  const { id, proposal, proposer, proposed } = decidable(it, signed);
  checkSignature(verify, ordinaryStatement('approve', proposal, signed, signed.opinion, writtenRecordNo), signed);
  const next: OrdinaryFound = { kind: 'ordinary', state: 'ordinary', id, proposal, proposer, proposed, approved: signed, writtenRecordNo, mark: markText(proposal.level, null, policy) };
  return { next, audit: { action: 'classification.approve', ...ordinaryLevel(proposal), detail: { state: next.state, writtenRecordNo, level: proposal.level, ...signedBy(signed) } } };
}

export function rejectOrdinary(it: Ordinary, signed: Signed, verify: VerifySignature): Step<OrdinaryRejected> {
  const { id, proposal, proposer, proposed } = decidable(it, signed);
  checkSignature(verify, ordinaryStatement('reject', proposal, signed, signed.opinion), signed);
  const next: OrdinaryRejected = { kind: 'ordinary', state: 'rejected', id, proposal, proposer, proposed, rejected: signed };
  return { next, audit: { action: 'classification.reject', ...ordinaryLevel(proposal), detail: { state: next.state, ...signedBy(signed) } } };
}

/** 撤回, by who drew it up, before anybody decided. */
export function withdrawOrdinary(it: Ordinary, signed: Signed, verify: VerifySignature): Step<OrdinaryWithdrawn> {
  if (it.state !== 'proposed') throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, allowed: [] });
  if (it.proposer.person !== signed.person) throw new ArchiveError('E_DENIED', { by: signed.person });
  const { id, proposal, proposer, proposed } = it;
  checkSignature(verify, ordinaryStatement('withdraw', proposal, signed, signed.opinion), signed);
  const next: OrdinaryWithdrawn = { kind: 'ordinary', state: 'withdrawn', id, proposal, proposer, proposed, withdrawn: signed };
  return { next, audit: { action: 'classification.withdraw', ...ordinaryLevel(proposal), detail: { state: next.state, ...signedBy(signed) } } };
}

function decidable(it: Ordinary, signed: Signed): OrdinaryProposed {
  if (it.state !== 'proposed') throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, allowed: [] });
  checkApprover(it.proposer, holderOf(signed));
  checkApprover(holderOf(it.proposed), holderOf(signed));
  return it;
}
