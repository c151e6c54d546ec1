import type { Sql, SqlValue } from '../store/sql.js';
import type { LastCheck } from './facts.js';

/** Small questions to the database. */
export interface Ask {
  count(text: string, ...values: readonly SqlValue[]): Promise<number>;
  text(text: string, ...values: readonly SqlValue[]): Promise<string | null>;
  /** Whether this release keeps such a table. */
  has(table: string): Promise<boolean>;
  compiled(option: string): Promise<boolean>;
  /** The last entry of an act, by name or pattern, that was carried out or found something wrong. */
  last(action: string): Promise<LastCheck | null>;
}

export const asker = (sql: Sql): Ask => ({
  count: async (text, ...values) => (await sql.one<{ n: number }>(text, ...values))?.n ?? 0,
  text: async (text, ...values) => (await sql.one<{ text: string | null }>(text, ...values))?.text ?? null,
  has: async (table) => (await sql.one<{ n: number }>("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name = $1", table))?.n === 1,
  compiled: async (option) => (await sql.all<{ compile_options: string }>('PRAGMA compile_options')).some((row) => row.compile_options === option),
  async last(action) {
    const row = await sql.one<{ seq: number; at: string; result: string }>("SELECT seq, at, result FROM audit_entry WHERE action LIKE $1 AND result IN ('ok','failed') ORDER BY seq DESC LIMIT 1", action);
    return row === undefined ? null : { seq: row.seq, at: row.at, ok: row.result === 'ok' };
  },
});
