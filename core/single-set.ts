import { ArchiveError } from './errors.js';
import type { Instant } from './ports.js';

/** 单套归档资格 (办法第五条): 来源可靠、程序规范、要素合规, each with its evidence. */
export interface SingleSetElement { readonly met: boolean; readonly evidence: string }
export interface SingleSetClaim {
  readonly electronicOnly: boolean;
  readonly sourceReliable: SingleSetElement;
  readonly procedureCompliant: SingleSetElement;
  readonly elementsCompliant: SingleSetElement;
  /** Where a law asks for paper beside it. */
  readonly paperRequiredBasis: string | null;
}
export type SingleSetState = 'submitted' | 'approved' | 'returned';
export interface SingleSet extends SingleSetClaim {
  readonly state: SingleSetState;
  readonly submittedBy: string;
  readonly submittedAt: Instant;
  readonly review: { readonly by: string; readonly at: Instant; readonly opinion: string } | null;
}
/** What the box itself sees of the batch. */
export interface BatchSeen { readonly inspected: boolean; readonly rejected: number }

const NAMES = { sourceReliable: '来源可靠', procedureCompliant: '程序规范', elementsCompliant: '要素合规' } as const;
export const missingElements = (claim: SingleSetClaim): readonly string[] => (Object.keys(NAMES) as (keyof typeof NAMES)[]).filter((key) => !claim[key].met).map((key) => NAMES[key]);

/**
 * 只以电子形式归档 needs all three, and no law that asks for paper.
 * @throws ArchiveError `E_SINGLE_SET_NOT_ELIGIBLE` naming what is missing
 */
export function requireEligible(claim: SingleSetClaim): void {
  if (!claim.electronicOnly) return;
  const missing = [...missingElements(claim), ...(claim.paperRequiredBasis === null ? [] : ['法律、行政法规要求保存传统载体'])];
  if (missing.length > 0) throw new ArchiveError('E_SINGLE_SET_NOT_ELIGIBLE', { missing }, missing.map((one) => ({ at: '', message: one })));
}

export function submitSingleSet(claim: SingleSetClaim, by: string, at: Instant): SingleSet {
  requireEligible(claim);
  return { ...claim, state: 'submitted', submittedBy: by, submittedAt: at, review: null };
}

/**
 * 审核, by another person; the box looks itself whether the batch was inspected and nothing of it is refused.
 * @throws ArchiveError `E_STATE_INVALID`, `E_SOD_SELF_APPROVAL`, `E_SINGLE_SET_NOT_ELIGIBLE`
 */
export function reviewSingleSet(it: SingleSet, verdict: 'approve' | 'return', by: string, at: Instant, opinion: string, seen: BatchSeen): SingleSet {
  if (it.state !== 'submitted') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'review' });
  if (it.submittedBy === by) throw new ArchiveError('E_SOD_SELF_APPROVAL', { by });
  if (verdict === 'approve' && it.electronicOnly) {
    requireEligible(it);
    if (!seen.inspected || seen.rejected > 0) throw new ArchiveError('E_SINGLE_SET_NOT_ELIGIBLE', { missing: ['四性检测'] }, [{ at: '', message: seen.inspected ? `四性检测有 ${String(seen.rejected)} 件不合格` : '本批尚未四性检测' }]);
  }
  return { ...it, state: verdict === 'approve' ? 'approved' : 'returned', review: { by, at, opinion } };
}

/** A batch that claims to be kept as electronic files alone is filed only when the claim was approved. @throws ArchiveError `E_SINGLE_SET_NOT_ELIGIBLE` */
export function requireSettled(it: SingleSet | undefined): void {
  if (it?.electronicOnly === true && it.state !== 'approved') throw new ArchiveError('E_SINGLE_SET_NOT_ELIGIBLE', { missing: ['审核'] }, [{ at: '', message: '单套归档核验单尚未审核同意' }]);
}
