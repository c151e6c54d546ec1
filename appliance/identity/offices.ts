import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import type { Duty } from '../../policies/schemas/secrecy.js';
import { barredFromAuditing, samePerson } from '../../secrecy/separation.js';
import type { HeldGrant, Holder, Period } from '../../secrecy/separation.js';
import type { Sql } from '../store/sql.js';
import type { Grant, PeopleRepository } from '../store/repositories/people.js';

export const ALL_PEOPLE = 100_000;
export const OFFICES = ['sysadmin', 'secadmin', 'auditadmin'] as const;

type People = { readonly people: PeopleRepository };

/** Every account with its token: two accounts of one token are one person, whatever they are called. */
export async function holders(tx: People): Promise<readonly Holder[]> {
  const { rows } = await tx.people.list({ offset: 0, limit: ALL_PEOPLE });
  return rows.map((person) => ({ person: person.id, tokens: person.token === null ? [] : [person.token] }));
}

/** A revoked grant ends when it was revoked; it still counts for what the person was before. */
export const heldOf = (grant: Grant): HeldGrant => ({
  person: grant.person, duty: grant.duty as Duty, fonds: grant.fonds, from: grant.validFrom, until: grant.revokedAt ?? grant.validUntil,
});

export const inForceNow = (grant: Grant, now: Instant): boolean => grant.revokedAt === null && grant.validFrom <= now && (grant.validUntil === null || now < grant.validUntil);

/** Times that this auditor, by whatever account, was one of the other two officers: never audited by the same person. */
export async function barredPeriods(tx: People, person: string): Promise<readonly Period[]> {
  return barredFromAuditing(await holders(tx), (await tx.people.grants()).map(heldOf), person);
}

/** 建账号、授权由两人分任, over all time: whoever made the account neither clears nor appoints it. @throws ArchiveError `E_SOD_SELF_APPROVAL` */
export async function notItsMaker(tx: People, person: { readonly id: string; readonly createdBy: string }, by: string): Promise<void> {
  const all = await holders(tx);
  const of = (id: string): Holder => all.find((one) => one.person === id) ?? { person: id, tokens: [] };
  if (samePerson(of(person.createdBy), of(by)) || samePerson(of(person.id), of(by))) throw new ArchiveError('E_SOD_SELF_APPROVAL', { person: person.id, by });
}

/** Whether each of the three offices is held now by an active account: without them only the affairs of the box go on. */
export async function officersAppointed(sql: Sql, now: Instant): Promise<boolean> {
  const row = await sql.one<{ n: number }>(
    `SELECT count(DISTINCT duty) AS n FROM duty_grant JOIN person ON person.id = duty_grant.person
     WHERE duty IN ('sysadmin','secadmin','auditadmin') AND person.status = 'active' AND revoked_at IS NULL AND valid_from <= $1 AND (valid_until IS NULL OR valid_until > $1)`, now,
  );
  return row?.n === OFFICES.length;
}
