import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';
import type { Duty } from '../policies/schemas/secrecy.js';
import { samePerson, type Holder } from './separation.js';
import { canonical, checkSignature, holderOf, type Json, type Signature, type VerifySignature } from './signing.js';
import type { Step } from './step.js';

/**
 * 审批: the one primitive for every act that more than one person must answer for. What is decided is fixed as canonical JSON when
 * it is requested; each officer signs it with the verdict; nothing else can be carried out under it.
 *
 * requested → signed × n → granted / refused / lapsed; granted → done / lapsed: one approval lets one act through, once
 */
export interface Seat {
  /** 如「审批」「监销」. */
  readonly name: string;
  readonly duties: readonly Duty[];
}

export type Verdict = 'grant' | 'refuse';

export interface SeatSignature extends Signature {
  readonly seat: number;
  readonly verdict: Verdict;
  readonly opinion: string;
}

interface Common {
  readonly id: string;
  /** `capability.verb` that the approval lets through, once it is granted. */
  readonly act: string;
  readonly object: string;
  /** Canonical JSON of what is decided. */
  readonly decided: string;
  /** The same in words (中文), as the signers read it: part of what they sign. */
  readonly words: readonly string[];
  readonly requestedBy: Holder;
  readonly requestedAt: Instant;
  readonly lapsesAt: Instant;
  /** One signature each, by different people, none of them the requester. */
  readonly seats: readonly Seat[];
  readonly signatures: readonly SeatSignature[];
}
export interface Requested extends Common { readonly state: 'requested' }
export interface Granted extends Common { readonly state: 'granted'; readonly grantedAt: Instant }
/** 已办理: carried out, and good for nothing more. */
export interface Done extends Common { readonly state: 'done'; readonly grantedAt: Instant; readonly doneAt: Instant }
export interface Refused extends Common { readonly state: 'refused'; readonly refusedAt: Instant }
export interface Lapsed extends Common { readonly state: 'lapsed'; readonly lapsedAt: Instant }
export type Approval = Requested | Granted | Done | Refused | Lapsed;

export interface ApprovalRequest {
  readonly id: string;
  readonly act: string;
  readonly object: string;
  readonly decided: Json;
  readonly words: readonly string[];
  readonly requestedBy: Holder;
  readonly at: Instant;
  readonly lapsesAt: Instant;
  readonly seats: readonly Seat[];
}

/** 提请审批. @throws ArchiveError `E_INPUT_INVALID` without a seat, or with a time limit already past */
export function request(input: ApprovalRequest): Step<Requested> {
  const { at, decided, ...rest } = input;
  if (rest.seats.length === 0 || rest.seats.some(({ duties }) => duties.length === 0)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'approval.seats' });
  if (rest.lapsesAt <= at) throw new ArchiveError('E_INPUT_INVALID', { rule: 'approval.lapsesAt' });
  const next: Requested = { ...rest, state: 'requested', decided: canonical(decided), requestedAt: at, signatures: [] };
  return { next, audit: { action: 'approval.request', object: next.id, objectType: 'approval', detail: { act: next.act, of: next.object, seats: next.seats.length } } };
}

/** What one officer signs: the whole matter, the seat, the verdict and the opinion, under the officer's own name. */
export function statement(approval: Approval, signer: Pick<Signature, 'person' | 'certificateSerial'>, seat: number, verdict: Verdict, opinion: string): string {
  const { id, act, object, decided, words, requestedBy, requestedAt, lapsesAt } = approval;
  return canonical({
    type: 'shouzang-approval/v1', id, act, object, decided, words, requestedBy: requestedBy.person, requestedAt, lapsesAt,
    person: signer.person, certificateSerial: signer.certificateSerial, seat: approval.seats[seat]?.name ?? '', verdict, opinion,
  });
}

/** A signature as it comes from the console, with the duties the signer holds where the object is. */
export interface Signing extends SeatSignature { readonly duties: readonly Duty[] }

/**
 * 签署. The last seat to be filled grants; one refusal refuses.
 * @throws ArchiveError `E_STATE_INVALID`, `E_APPROVAL_LAPSED`, `E_DENIED` (no such seat for these duties), `E_SOD_SELF_APPROVAL`,
 * `E_SOD_SAME_PERSON`, `E_SIGNATURE_INVALID`
 */
export function sign(approval: Approval, signing: Signing, verify: VerifySignature): Step<Requested | Granted | Refused> {
  const { duties, ...signature } = signing;
  const open = stillOpen(approval, signature.at);
  const seat = open.seats[signature.seat];
  if (seat === undefined || !seat.duties.some((duty) => duties.includes(duty))) throw new ArchiveError('E_DENIED', { approval: open.id, seat: signature.seat });
  if (samePerson(open.requestedBy, holderOf(signature))) throw new ArchiveError('E_SOD_SELF_APPROVAL', { approval: open.id, by: signature.person });
  const again = open.signatures.some((one) => one.seat === signature.seat || one.certificateSerial === signature.certificateSerial || samePerson(holderOf(one), holderOf(signature)));
  if (again) throw new ArchiveError('E_SOD_SAME_PERSON', { approval: open.id, by: signature.person });
  checkSignature(verify, statement(open, signature, signature.seat, signature.verdict, signature.opinion), signature);
  const signatures = [...open.signatures, signature];
  const audit = (action: string) => ({ action, object: open.id, objectType: 'approval', detail: { act: open.act, of: open.object, seat: seat.name, signed: signatures.length } });
  if (signature.verdict === 'refuse') return { next: { ...open, state: 'refused', signatures, refusedAt: signature.at }, audit: audit('approval.refuse') };
  const complete = signatures.length === open.seats.length;
  return { next: complete ? { ...open, state: 'granted', signatures, grantedAt: signature.at } : { ...open, signatures }, audit: audit('approval.sign') };
}

/** 逾期失效, unsigned or granted and not carried out. @throws ArchiveError `E_STATE_INVALID` before the limit, or once it is done or refused */
export function lapse(approval: Approval, at: Instant): Step<Lapsed> {
  if (!isOpen(approval) || at < approval.lapsesAt) throw new ArchiveError('E_STATE_INVALID', { state: approval.state, event: 'lapse' });
  return { next: { ...approval, state: 'lapsed', lapsedAt: at }, audit: { action: 'approval.lapse', object: approval.id, objectType: 'approval', detail: { act: approval.act, of: approval.object } } };
}

/** Waiting for signatures, or granted and waiting to be carried out. */
export const isOpen = (approval: Approval): approval is Requested | Granted => approval.state === 'requested' || approval.state === 'granted';

/** 办理: the approval is used up. @throws ArchiveError `E_STATE_INVALID` unless granted, `E_APPROVAL_LAPSED` after the limit */
export function carryOut(approval: Approval, at: Instant): Step<Done> {
  if (approval.state !== 'granted') throw new ArchiveError('E_STATE_INVALID', { state: approval.state, event: 'carryOut' });
  if (at >= approval.lapsesAt) throw new ArchiveError('E_APPROVAL_LAPSED', { approval: approval.id });
  return { next: { ...approval, state: 'done', doneAt: at }, audit: { action: 'approval.carry', object: approval.id, objectType: 'approval', detail: { act: approval.act, of: approval.object } } };
}

function stillOpen(approval: Approval, at: Instant): Requested {
  if (approval.state !== 'requested') throw new ArchiveError(approval.state === 'lapsed' ? 'E_APPROVAL_LAPSED' : 'E_STATE_INVALID', { state: approval.state, event: 'sign' });
  if (at >= approval.lapsesAt) throw new ArchiveError('E_APPROVAL_LAPSED', { approval: approval.id });
  return approval;
}

/**
 * Before the act is done: it must be granted, for this act, this object and exactly this, and every signature must still hold.
 * @throws ArchiveError `E_APPROVAL_REQUIRED`, `E_SIGNATURE_INVALID`
 */
export function requireGranted(approval: Approval | null, act: string, object: string, decided: Json, verify: VerifySignature): Granted {
  if (approval?.state !== 'granted' || approval.act !== act || approval.object !== object || approval.decided !== canonical(decided)) {
    throw new ArchiveError('E_APPROVAL_REQUIRED', { act, object, approval: approval?.id ?? null });
  }
  const [fault] = approvalFaults(approval, verify);
  if (fault !== undefined) throw new ArchiveError('E_SIGNATURE_INVALID', { approval: approval.id, fault });
  return approval;
}

/** Everything wrong with a kept approval, years later: in words for the report; empty when it holds. */
export function approvalFaults(approval: Approval, verify: VerifySignature): readonly string[] {
  const faults: string[] = [];
  approval.signatures.forEach((one, n) => {
    if (!verify(statement(approval, one, one.seat, one.verdict, one.opinion), one)) faults.push(`第${n + 1}个签名校验未通过`);
    if (samePerson(approval.requestedBy, holderOf(one))) faults.push(`第${n + 1}个签名为提请人本人`);
    if (approval.seats[one.seat] === undefined) faults.push(`第${n + 1}个签名没有对应席位`);
    const repeated = approval.signatures.slice(0, n).some((other) => other.seat === one.seat || other.certificateSerial === one.certificateSerial || samePerson(holderOf(other), holderOf(one)));
    if (repeated) faults.push(`第${n + 1}个签名与先前签名为同一人或同一席位`);
    if (one.at < approval.requestedAt || one.at >= approval.lapsesAt) faults.push(`第${n + 1}个签名不在有效期内`);
  });
  const grants = approval.signatures.filter(({ verdict }) => verdict === 'grant').length;
  const refusals = approval.signatures.length - grants;
  if ((approval.state === 'granted' || approval.state === 'done') && (grants !== approval.seats.length || refusals > 0)) faults.push('签署不齐而标为已批准');
  if (approval.state === 'refused' && refusals !== 1) faults.push('没有拒绝签署而标为已拒绝');
  return faults;
}
