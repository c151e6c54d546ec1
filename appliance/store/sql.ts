import { ArchiveError } from '../../core/errors.js';
import { QueryTypes } from 'sequelize';
import type { Sequelize } from 'sequelize';

/** A value that SQLite stores as it is. */
export type SqlValue = string | number | bigint | Buffer | null;
export type Row = Readonly<Record<string, unknown>>;

/**
 * One connection as repositories see it. Values are always bound (`$1`, `$2` …), never put into the text.
 */
export interface Sql {
  /** All rows of a query. */
  all<R extends object = Row>(text: string, ...values: readonly SqlValue[]): Promise<R[]>;
  /** The first row, if any. */
  one<R extends object = Row>(text: string, ...values: readonly SqlValue[]): Promise<R | undefined>;
  /** Runs a statement; the number of rows it changed. */
  run(text: string, ...values: readonly SqlValue[]): Promise<number>;
}

export function sqlOn(connection: Sequelize): Sql {
  const all = async <R extends object>(text: string, ...values: readonly SqlValue[]): Promise<R[]> =>
    connection.query<R>(text, { bind: [...values], type: QueryTypes.SELECT, raw: true });
  return {
    all,
    one: async <R extends object>(text: string, ...values: readonly SqlValue[]) => (await all<R>(text, ...values))[0],
    run: async (text, ...values) => connection.query(text, { bind: [...values], type: QueryTypes.BULKUPDATE }),
  };
}

export type Values = Readonly<Record<string, SqlValue>>;

/** Column names are ours, never a user's. */
export async function insert(sql: Sql, table: string, values: Values): Promise<void> {
  const names = Object.keys(values);
  await sql.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, at) => `$${String(at + 1)}`).join(', ')})`, ...Object.values(values));
}

/** Saves a row where its version is still the one that was seen, and counts the version up. @throws ArchiveError E_STALE_VERSION */
export async function saveVersion(sql: Sql, table: string, id: string, seenVersion: number, values: Values): Promise<void> {
  const names = Object.keys(values);
  const sets = names.map((name, at) => `${name} = $${String(at + 1)}`).join(', ');
  const changed = await sql.run(
    `UPDATE ${table} SET ${sets}, version = version + 1 WHERE id = $${String(names.length + 1)} AND version = $${String(names.length + 2)}`,
    ...Object.values(values), id, seenVersion,
  );
  if (changed !== 1) throw new ArchiveError('E_STALE_VERSION', { table, id, seenVersion });
}

/** A list of `count` places from `$from`. */
export const places = (count: number, from = 1): string => Array.from({ length: count }, (_, at) => `$${String(from + at)}`).join(', ');
