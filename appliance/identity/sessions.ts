import { ArchiveError } from '../../core/errors.js';
import type { Clock, Instant, Level } from '../../core/ports.js';
import type { SessionRow } from '../store/repositories/sessions.js';
import { sessionRepository } from '../store/repositories/sessions.js';
import { peopleRepository } from '../store/repositories/people.js';
import type { Sealing } from '../store/sealing.js';
import type { Sql } from '../store/sql.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { Sessions, SessionView } from '../server/session.js';

/** 会话时限, from the password pack of the box's level (domain/07 §3). */
export interface SessionLimits {
  readonly idleMinutes: number;
  readonly absoluteHours: number;
  /** Days after which a password must be changed; `null` = never. */
  readonly passwordDays: number | null;
}

/** When a session was last seen is written down at most this often: it is bookkeeping, not an act. */
const SEEN_EVERY_MS = 30_000;
/** People are decided on as they stand now: a revoked grant counts at the next request. */
const DAY_MS = 86_400_000;

export interface SessionKeeper extends Sessions {
  /** The cookie's token and the row to store for a new session. */
  mint(person: string, level: Level, terminal: string): { token: string; row: Omit<SessionRow, 'ended_at'> };
  /** Forgets when a session was last seen, e.g. when it ends. */
  forget(id: string): void;
}

export function sessionKeeper(parts: {
  readonly crypto: CryptoProvider; readonly clock: Clock; readonly sealing: Sealing; readonly reader: Sql; readonly limits: SessionLimits;
  housekeep(work: (sql: Sql) => Promise<unknown>): Promise<unknown>;
}): SessionKeeper {
  const { crypto, clock, limits, reader } = parts;
  const seen = new Map<string, { at: number; written: number }>();
  const idOf = (token: string): string => Buffer.from(crypto.sm3(Buffer.from(token))).toString('hex');
  const later = (at: Instant, ms: number): Instant => new Date(Date.parse(at) + ms).toISOString();

  async function touch(row: SessionRow, now: number): Promise<void> {
    const last = seen.get(row.id);
    seen.set(row.id, { at: now, written: last?.written ?? Date.parse(row.seen_at) });
    if (now - (last?.written ?? Date.parse(row.seen_at)) < SEEN_EVERY_MS) return;
    seen.set(row.id, { at: now, written: now });
    await parts.housekeep(async (sql) => sessionRepository(sql).seen(row.id, clock.now()));
  }

  return {
    async resume(token) {
      const row = await sessionRepository(reader).get(idOf(token));
      if (!row) return undefined;
      const now = Date.parse(clock.now());
      const lastSeen = Math.max(seen.get(row.id)?.at ?? 0, Date.parse(row.seen_at));
      if (clock.now() >= row.absolute_until) throw new ArchiveError('E_SESSION_EXPIRED', { absolute: true });
      const person = await peopleRepository(reader, parts.sealing).get(row.person);
      if (person?.status !== 'active') throw new ArchiveError('E_SESSION_EXPIRED', { person: row.person });
      const idle = now - lastSeen >= limits.idleMinutes * 60_000;
      if (idle && row.locked === 0) await parts.housekeep(async (sql) => sessionRepository(sql).setLocked(row.id, true));
      await touch(row, now);
      const grants = (await peopleRepository(reader, parts.sealing).grants(row.person))
        .filter((grant) => grant.revokedAt === null && grant.validFrom <= clock.now() && (grant.validUntil === null || clock.now() < grant.validUntil));
      const view: SessionView = {
        id: row.id, person: row.person, csrf: row.csrf, currentLevel: row.current_level, terminal: row.terminal,
        locked: row.locked === 1 || idle, duties: grants.map(({ duty }) => duty), absoluteUntil: row.absolute_until,
        mustChangePassword: person.mustChange || overdue(person.passwordAt, limits.passwordDays, now),
      };
      return view;
    },
    mint(person, level, terminal) {
      const token = Buffer.from(crypto.random(32)).toString('base64url');
      const now = clock.now();
      return {
        token,
        row: {
          id: idOf(token), person, csrf: Buffer.from(crypto.random(24)).toString('base64url'), current_level: level, terminal,
          created_at: now, seen_at: now, absolute_until: later(now, limits.absoluteHours * 3_600_000), locked: 0,
        },
      };
    },
    forget(id) { seen.delete(id); },
  };
}

function overdue(passwordAt: Instant | null, days: number | null, now: number): boolean {
  return passwordAt !== null && days !== null && now - Date.parse(passwordAt) > days * DAY_MS;
}
