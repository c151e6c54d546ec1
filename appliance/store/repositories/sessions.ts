import type { Instant, Level } from '../../../core/ports.js';
import type { Sql } from '../sql.js';

export interface SessionRow {
  readonly id: string; readonly person: string; readonly csrf: string; readonly current_level: Level; readonly terminal: string;
  readonly created_at: Instant; readonly seen_at: Instant; readonly absolute_until: Instant; readonly locked: number; readonly ended_at: Instant | null;
  readonly terminal_id: string | null;
}

export interface SessionRepository {
  get(id: string): Promise<SessionRow | undefined>;
  add(row: Omit<SessionRow, 'ended_at'>): Promise<void>;
  seen(id: string, at: Instant): Promise<void>;
  setLevel(id: string, level: Level): Promise<void>;
  setLocked(id: string, locked: boolean): Promise<void>;
  end(id: string, at: Instant): Promise<void>;
  /** Ends every open session of a person, but for the one that asks: leaving a post, a lower clearance, a new password. */
  endAll(person: string, at: Instant, except?: string): Promise<number>;
}

export function sessionRepository(sql: Sql): SessionRepository {
  return {
    get: async (id) => sql.one<SessionRow>('SELECT * FROM session WHERE id = $1 AND ended_at IS NULL', id),
    async add(row) {
      await sql.run(
        'INSERT INTO session (id, person, csrf, current_level, terminal, created_at, seen_at, absolute_until, locked, terminal_id) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)',
        row.id, row.person, row.csrf, row.current_level, row.terminal, row.created_at, row.seen_at, row.absolute_until, row.locked, row.terminal_id,
      );
    },
    seen: async (id, at) => { await sql.run('UPDATE session SET seen_at = $1 WHERE id = $2', at, id); },
    setLevel: async (id, level) => { await sql.run('UPDATE session SET current_level = $1 WHERE id = $2', level, id); },
    setLocked: async (id, locked) => { await sql.run('UPDATE session SET locked = $1 WHERE id = $2', locked ? 1 : 0, id); },
    end: async (id, at) => { await sql.run('UPDATE session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL', at, id); },
    endAll: async (person, at, except = '') => sql.run('UPDATE session SET ended_at = $1 WHERE person = $2 AND ended_at IS NULL AND id <> $3', at, person, except),
  };
}
