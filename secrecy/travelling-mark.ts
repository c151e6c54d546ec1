/**
 * 随件标志: what 标志.json of a transfer package says of a state secret. The decision travels whole, with the signatures of who drew it up
 * and who decided it; the receiving archive checks them and keeps the mark as another body's (办法第四十一条; 定密管理规定第十四条).
 */
import { ArchiveError } from '../core/errors.js';
import { eventStatement } from './classification.js';
import type { Classification, Signed, Terms } from './classification-state.js';
import type { Level } from './level.js';
import { declassificationMark, markHistory } from './mark-history.js';
import { isOrdinary } from './ordinary.js';
import type { Matter } from './ports.js';
import type { Scope } from './scope.js';
import type { Holder } from './separation.js';
import type { Json, VerifySignature } from './signing.js';

export const TRAVELLING_TYPE = 'shouzang-travelling-mark/v1';

/** A matter with a mark, in force or past. */
export type Marked = Extract<Classification, { readonly current: Terms }>;

export interface TravellingMark {
  readonly type: typeof TRAVELLING_TYPE;
  /** 标志 as it stands now; of what was lifted, the words of the lifting. */
  readonly mark: string;
  readonly level: Level;
  /** 保密期限 as text (M39). */
  readonly secrecyPeriod: string | null;
  /** 原定密机关 */
  readonly originOrg: string;
  /** 变更史 in words, oldest first. */
  readonly history: readonly { readonly on: string; readonly old: string; readonly text: string; readonly no: string | null }[];
  readonly matter: Marked;
  /** Certificates of the signers as they were, PEM by serial. */
  readonly certificates: Readonly<Record<string, string>>;
  /** 姓名 by person id of the sending box. */
  readonly names: Readonly<Record<string, string>>;
}

export const isMarked = (it: Matter): it is Marked => !isOrdinary(it) && 'current' in it;

/** Everybody who signed a matter, in order. */
export function signersOf(it: Marked): readonly Signed[] {
  return [it.proposed, it.approved, ...it.changes.map(({ approval }) => approval), ...(it.state === 'declassified' ? [it.declassified] : [])];
}

/** 随件标志 of a matter; null for what never was a state secret. @param period as it stands with the record (M39) */
export function travellingMark(it: Matter, period: string | null, certificates: Readonly<Record<string, string>>, names: Readonly<Record<string, string>>): TravellingMark | null {
  if (!isMarked(it)) return null;
  const lifted = it.state === 'declassified';
  return {
    type: TRAVELLING_TYPE, mark: lifted ? declassificationMark(it) : it.current.mark, level: lifted ? 1 : it.current.level, secrecyPeriod: lifted ? null : period, originOrg: it.proposal.originOrg,
    history: markHistory(it).map(({ on, old, text, no }) => ({ on, old, text, no })), matter: it, certificates, names,
  };
}

/** Field by field: whoever wrote the file may have put them in another order. */
const lines = (history: TravellingMark['history']): string => JSON.stringify(history.map(({ on, old, text, no }) => [on, old, text, no]));

export type TravellingFault = 'level' | 'mark' | 'origin' | 'history' | 'certificate' | 'proposed' | 'approved';

/**
 * Every reason why a mark is not believed; empty for a good one. What was decided on a form later is covered by the package's own signature.
 * @param verifierFor a verifier for one certificate at an instant, against the sending box's authority; may throw
 */
export function travellingFaults(one: TravellingMark, record: { readonly level: Level; readonly mark: string | null }, verifierFor: (certificate: string, at: string) => VerifySignature): readonly TravellingFault[] {
  const { matter } = one;
  const lifted = matter.state === 'declassified';
  const signed = (by: Signed, statement: string): 'ok' | 'certificate' | 'signature' => {
    const certificate = one.certificates[by.certificateSerial];
    if (certificate === undefined) return 'certificate';
    try {
      return verifierFor(certificate, by.at)(statement, by) ? 'ok' : 'signature';
    } catch (error) {
      if (error instanceof ArchiveError) return 'certificate';
      throw error;
    }
  };
  // What began as 先行保密 was signed with other words; its decision is covered by the package's signature like every later one.
  const plain = !('protectedAs' in matter) && !matter.changes.some(({ kind }) => kind === 'confirm');
  const results = plain ? [
    ['proposed', signed(matter.proposed, eventStatement('propose', matter.proposal, matter.proposed, matter.proposed.opinion))] as const,
    ['approved', signed(matter.approved, eventStatement('approve', matter.proposal, matter.approved, matter.approved.opinion, matter.writtenRecordNo as Json))] as const,
  ] : [];
  const wrong = results.flatMap(([name, result]): TravellingFault[] => (result === 'ok' ? [] : [result === 'certificate' ? 'certificate' : name]));
  return [...new Set<TravellingFault>([
    ...(one.level === (lifted ? 1 : matter.current.level) && record.level === one.level ? [] : ['level' as const]),
    ...(one.mark === (lifted ? declassificationMark(matter) : matter.current.mark) && record.mark === one.mark ? [] : ['mark' as const]),
    ...(one.originOrg === matter.proposal.originOrg ? [] : ['origin' as const]),
    ...(lines(one.history) === lines(markHistory(matter)) ? [] : ['history' as const]),
    ...wrong,
  ])];
}

export interface Inheritance {
  readonly id: string;
  readonly record: string;
  readonly archivalCode: string;
  /** Who may know of it here: persons of the sending body mean nothing in this box. */
  readonly scope: Scope;
  /** Who took it in. */
  readonly holder: Holder;
}

/**
 * 沿用: the mark as the receiving archive keeps it. It stays the originating body's (`originOrg`), so that changing or lifting it asks
 * for that body's decision (`E_CLS_NOT_ORIGIN`); level, period, history and signatures are as they came.
 */
export function inheritMark({ matter }: TravellingMark, { id, record, archivalCode, scope, holder }: Inheritance): Marked {
  const proposal = { ...matter.proposal, id, recordIds: [record], type: 'inherited' as const, scope, basis: matter.proposal.basis ?? matter.writtenRecordNo, sources: [] };
  // One number stands once in the register: that of another body carries its name and what it is on.
  const common = { ...matter, id, proposal, proposer: holder, current: { ...matter.current, scope }, writtenRecordNo: `${matter.writtenRecordNo}（${proposal.originOrg} ${archivalCode}）` };
  if (common.state !== 'declass_review') return common;
  // A review under way is the sender's; here the mark stands as it did before it was opened.
  const { trigger: _trigger, openedOn: _openedOn, from, ...rest } = common;
  return { ...rest, state: from } as Marked;
}
