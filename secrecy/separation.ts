import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';
import type { Duty } from '../policies/schemas/secrecy.js';
import type { Conflict } from './duties.js';
import type { DatedGrant } from './subject.js';

/** An account and the serials of the tokens (or key files) that ever signed for it. */
export interface Holder { readonly person: string; readonly tokens: readonly string[] }

/** Two accounts of one person (same token) are one person. */
export function samePerson(a: Holder, b: Holder): boolean {
  return a.person === b.person || a.tokens.some((token) => b.tokens.includes(token));
}

/** The natural person behind each account: accounts joined by any chain of shared tokens bear the name that sorts first. */
export function naturalPersons(accounts: readonly Holder[]): ReadonlyMap<string, string> {
  const parent = new Map<string, string>();
  const root = (node: string): string => {
    const up = parent.get(node) ?? node;
    return up === node ? node : root(up);
  };
  for (const { person, tokens } of accounts) {
    for (const token of [`person ${person}`, ...tokens.map((one) => `token ${one}`)]) {
      const [a, b] = [root(`person ${person}`), root(token)].sort();
      if (a !== undefined && b !== undefined && a !== b) parent.set(b, a);
    }
  }
  const first = new Map<string, string>();
  for (const name of [...new Set(accounts.map(({ person }) => person))].sort()) {
    const key = root(`person ${name}`);
    if (!first.has(key)) first.set(key, name);
  }
  return new Map(accounts.map(({ person }) => [person, first.get(root(`person ${person}`)) ?? person]));
}

/** A grant as the register keeps it for ever: revoking sets `until`, it removes nothing. */
export interface HeldGrant extends DatedGrant { readonly person: string }

const meet = (a: DatedGrant, b: DatedGrant) => (a.until === null || b.from < a.until) && (b.until === null || a.from < b.until);
const excludes = ({ a, b }: Conflict, x: Duty, y: Duty) => (a === x && b === y) || (a === y && b === x);

/**
 * 授权互斥: what stands in the way of a grant, over all accounts of the natural person, over every fonds, at any common time.
 * @see 保密法实施条例(2024)第三十四条
 */
export function grantConflicts(conflicts: readonly Conflict[], accounts: readonly Holder[], held: readonly HeldGrant[], candidate: HeldGrant): readonly Conflict[] {
  const natural = naturalPersons(accounts);
  const who = (grant: HeldGrant) => natural.get(grant.person) ?? grant.person;
  const theirs = held.filter((grant) => who(grant) === who(candidate) && meet(grant, candidate));
  return conflicts.filter((one) => one.scope === 'global' && theirs.some((grant) => excludes(one, grant.duty, candidate.duty)));
}

/** @throws ArchiveError `E_SOD_CONFLICT` naming the duties; `E_INPUT_INVALID` for a grant that ends before it begins */
export function checkGrant(conflicts: readonly Conflict[], accounts: readonly Holder[], held: readonly HeldGrant[], candidate: HeldGrant): void {
  if (candidate.until !== null && candidate.until <= candidate.from) throw new ArchiveError('E_INPUT_INVALID', { rule: 'grant' }, [{ at: '/until', message: '授权截止时间须晚于开始时间' }]);
  const [first] = grantConflicts(conflicts, accounts, held, candidate);
  if (first !== undefined) throw new ArchiveError('E_SOD_CONFLICT', { person: candidate.person, duty: candidate.duty, conflict: [first.a, first.b] }, [{ at: '/duty', message: first.reason }]);
}

export interface Period { readonly from: Instant; readonly until: Instant | null }

/** Periods in which the natural person was one of the other two officers, and which that person therefore never audits. */
export function barredFromAuditing(accounts: readonly Holder[], held: readonly HeldGrant[], person: string): readonly Period[] {
  const natural = naturalPersons(accounts);
  const self = natural.get(person) ?? person;
  return held
    .filter((grant) => (grant.duty === 'sysadmin' || grant.duty === 'secadmin') && (natural.get(grant.person) ?? grant.person) === self)
    .map(({ from, until }) => ({ from, until }));
}

/** @throws ArchiveError `E_SOD_CONFLICT` when the span (`from` counts, `until` does not) touches a period of the auditor's own office */
export function checkAuditSpan(accounts: readonly Holder[], held: readonly HeldGrant[], person: string, span: Period): void {
  const touches = (a: Period, b: Period) => (a.until === null || b.from < a.until) && (b.until === null || a.from < b.until);
  const barred = barredFromAuditing(accounts, held, person).find((period) => touches(period, span));
  if (barred !== undefined) throw new ArchiveError('E_SOD_CONFLICT', { person, from: barred.from, until: barred.until }, [{ at: '/from', message: '不得审计本人任系统管理员或安全保密管理员期间的行为' }]);
}

/** A part somebody takes in one matter (同一事项、同一批次). */
export interface Part { readonly holder: Holder; readonly duty: Duty }

/** @throws ArchiveError `E_SOD_CONFLICT` when one person would take two parts that exclude each other */
export function checkMatter(conflicts: readonly Conflict[], parts: readonly Part[]): void {
  for (const [n, one] of parts.entries()) {
    for (const other of parts.slice(n + 1)) {
      const conflict = conflicts.find((row) => excludes(row, one.duty, other.duty));
      if (conflict !== undefined && samePerson(one.holder, other.holder)) {
        throw new ArchiveError('E_SOD_CONFLICT', { person: one.holder.person, conflict: [conflict.a, conflict.b] }, [{ at: '/', message: conflict.reason }]);
      }
    }
  }
}

/** 不得自批。 @throws ArchiveError `E_SOD_SELF_APPROVAL` */
export function checkApprover(drafter: Holder, approver: Holder): void {
  if (samePerson(drafter, approver)) throw new ArchiveError('E_SOD_SELF_APPROVAL', { by: approver.person });
}
