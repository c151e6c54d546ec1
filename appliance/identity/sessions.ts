import { ArchiveError } from '../../core/errors.js';
import type { Clock, Level } from '../../core/ports.js';
import type { SessionRow } from '../store/repositories/sessions.js';
import { sessionRepository } from '../store/repositories/sessions.js';
import { absoluteUntil, passwordDue } from '../../secrecy/password-pack.js';
import type { PasswordPack } from '../../secrecy/password-pack.js';
import { peopleRepository } from '../store/repositories/people.js';
import { terminalRepository } from '../store/repositories/terminals.js';
import type { Sealing } from '../store/sealing.js';
import type { Sql } from '../store/sql.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { Sessions, SessionView } from '../call.js';

/** 会话时限 of the pack in force, asked at every request: what is tightened counts at once. */
export interface SessionLimits {
  pack(): PasswordPack;
  /** Passwords of a rehearsal are published and never age. */
  readonly passwordsAge: boolean;
}

/** When a session was last seen is written down at most this often: it is bookkeeping, not an act. */
const SEEN_EVERY_MS = 30_000;

export interface SessionKeeper extends Sessions {
  /** The cookie's token and the row to store for a new session. */
  mint(person: string, level: Level, terminal: string, terminalId: string | null): { token: string; row: Omit<SessionRow, 'ended_at'> };
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
      const pack = limits.pack();
      const ends = absoluteUntil(row.created_at, pack);
      const until = ends < row.absolute_until ? ends : row.absolute_until;
      if (clock.now() >= until) throw new ArchiveError('E_SESSION_EXPIRED', { absolute: true });
      const person = await peopleRepository(reader, parts.sealing).get(row.person);
      if (person?.status !== 'active') throw new ArchiveError('E_SESSION_EXPIRED', { person: row.person });
      const idle = now - lastSeen >= pack.idleMinutes * 60_000;
      const terminal = row.terminal_id === null ? undefined : await terminalRepository(reader, parts.sealing).get(row.terminal_id);
      if (idle && row.locked === 0) await parts.housekeep(async (sql) => sessionRepository(sql).setLocked(row.id, true));
      await touch(row, now);
      const grants = (await peopleRepository(reader, parts.sealing).grants(row.person))
        .filter((grant) => grant.revokedAt === null && grant.validFrom <= clock.now() && (grant.validUntil === null || clock.now() < grant.validUntil));
      const view: SessionView = {
        id: row.id, person: row.person, csrf: row.csrf, currentLevel: row.current_level, terminal: row.terminal,
        locked: row.locked === 1 || idle, duties: grants.map(({ duty }) => duty), absoluteUntil: until,
        mustChangePassword: person.mustChange || (limits.passwordsAge && person.passwordAt !== null && clock.now() >= passwordDue(person.passwordAt, 'token', pack)),
        // A terminal out of use shows nothing, even before its sessions are gone.
        terminalLevel: row.terminal_id === null ? null : terminal?.state === 'cleared' ? terminal.level : 0,
      };
      return view;
    },
    mint(person, level, terminal, terminalId) {
      const token = Buffer.from(crypto.random(32)).toString('base64url');
      const now = clock.now();
      return {
        token,
        row: {
          id: idOf(token), person, csrf: Buffer.from(crypto.random(24)).toString('base64url'), current_level: level, terminal,
          created_at: now, seen_at: now, absolute_until: absoluteUntil(now, limits.pack()), locked: 0, terminal_id: terminalId,
        },
      };
    },
    forget(id) { seen.delete(id); },
  };
}
