import type { Call, Clock, WriteTools, ReadTools, UnitOfWork } from '../../core/ports.js';
import { isUnused } from '../../secrecy/password-pack.js';
import type { PasswordPack } from '../../secrecy/password-pack.js';
import type { PeopleRepository } from '../store/repositories/people.js';
import type { SessionRepository } from '../store/repositories/sessions.js';
import { ALL_PEOPLE, inForceNow, OFFICES } from './offices.js';

type Tx = { readonly people: PeopleRepository; readonly sessions: SessionRepository };

export interface RoundParts {
  readonly store: UnitOfWork<Tx & WriteTools, Tx & ReadTools>;
  readonly clock: Clock;
  readonly pack: () => PasswordPack;
  /** A rehearsal is laid aside for months and taken up again. */
  readonly rehearsal: boolean;
}

/**
 * 长期未登录停用: accounts that nobody used for the days of the pack end with their sessions and duties. An account that holds one of
 * the three offices is left alone: the box would lose its officers with nobody left to appoint others.
 */
export const disableUnused = (parts: RoundParts) => async (call: Call): Promise<number> => {
  const { store, clock } = parts;
  if (parts.rehearsal) return 0;
  const idle = await store.read(call, async (tx) => {
    await tx.allow();
    const { rows } = await tx.people.list({ status: 'active', offset: 0, limit: ALL_PEOPLE });
    const officers = new Set((await tx.people.grants()).filter((grant) => inForceNow(grant, clock.now()) && (OFFICES as readonly string[]).includes(grant.duty)).map(({ person }) => person));
    return rows.filter((person) => !officers.has(person.id) && isUnused(person.lastSignIn ?? person.createdAt, clock.now(), parts.pack()));
  });
  for (const { id } of idle) {
    await store.write(call, async (tx) => {
      await tx.allow();
      const person = await tx.people.get(id);
      const sessions = await tx.sessions.endAll(id, clock.now());
      const held = (await tx.people.grants(id)).filter((grant) => grant.revokedAt === null);
      for (const grant of held) await tx.people.revokeGrant(grant.id, call.person, clock.now());
      if (person?.status === 'active') await tx.people.save({ ...person, status: 'disabled', disabledReason: `连续 ${String(parts.pack().unusedDays)} 日未登录，自动停用` }, person.version);
      tx.audit({ action: 'person.disable', object: id, objectType: 'person', reason: 'unused', detail: { sessions, grants: held.length } });
    });
  }
  return idle.length;
};
