import { ArchiveError } from '../../core/errors.js';
import { epochPrefix } from '../keystore/sealed-thing.js';
import { places } from './sql.js';
import type { Sql, SqlValue } from './sql.js';

/** A column that may hold sealed things (`appliance/keystore/sealed-thing.md`). */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** What names a row: `rowid`, or the columns of the key of a table without one. */
  readonly key: readonly string[];
}

/** Every BLOB there is: which of them hold sealed things is told by their bytes, so that a new table cannot be forgotten. */
export async function sealedColumns(sql: Sql): Promise<readonly SealedColumn[]> {
  const rows = await sql.all<{ table: string; column: string; key: string | null }>(
    `SELECT m.name AS "table", c.name AS "column",
       CASE l.wr WHEN 0 THEN NULL ELSE (SELECT group_concat(k.name, ',' ORDER BY k.pk) FROM pragma_table_info(m.name) AS k WHERE k.pk > 0) END AS key
     FROM sqlite_schema AS m JOIN pragma_table_list AS l ON l.name = m.name AND l.schema = 'main' JOIN pragma_table_info(m.name) AS c
     WHERE m.type = 'table' AND l.type = 'table' AND upper(c.type) = 'BLOB' ORDER BY 1, 2`,
  );
  return rows.map(({ table, column, key }) => ({ table, column, key: key?.split(',') ?? ['rowid'] }));
}

const range = (epoch: number): readonly [Buffer, Buffer] => [epochPrefix(0), epochPrefix(epoch)];
/** Version 1 begins with its epoch, which is below any magic. */
const versionOne = (epoch: number): Buffer => epochPrefix(epoch).subarray(4);

/** Sealed things of an epoch, of both versions. Reads every row of every column: asked for only where an old epoch lives. */
export async function countOfEpoch(sql: Sql, epoch: number): Promise<number> {
  let count = 0;
  for (const { table, column } of await sealedColumns(sql)) {
    const row = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM "${table}" WHERE substr("${column}", 1, 8) = $1 OR substr("${column}", 1, 4) = $2`, epochPrefix(epoch), versionOne(epoch));
    count += row?.n ?? 0;
  }
  return count;
}

/** Every epoch that a sealed thing names, and how many do. */
export async function epochsInRows(sql: Sql): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>();
  for (const { table, column } of await sealedColumns(sql)) {
    const rows = await sql.all<{ prefix: Buffer; n: number }>(`SELECT substr("${column}", 1, 8) AS prefix, count(*) AS n FROM "${table}" WHERE substr("${column}", 1, 4) = $1 GROUP BY 1`, epochPrefix(0).subarray(0, 4));
    for (const { prefix, n } of rows) found.set(prefix.readUInt32BE(4), (found.get(prefix.readUInt32BE(4)) ?? 0) + n);
  }
  return found;
}

/** Sealed things that a rotation to this epoch still has to do. */
export async function countOlder(sql: Sql, epoch: number): Promise<number> {
  let count = 0;
  for (const { table, column } of await sealedColumns(sql)) {
    const row = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM "${table}" WHERE substr("${column}", 1, 8) >= $1 AND substr("${column}", 1, 8) < $2`, ...range(epoch));
    count += row?.n ?? 0;
  }
  return count;
}

/** The row a round goes on behind: the values of its key. */
export type RowKey = readonly SqlValue[];
export interface Rewrapped {
  readonly done: number;
  /** Could not be opened and stay as they are. */
  readonly failed: number;
  /** The row to go on from; null when the column is done. */
  readonly last: RowKey | null;
}

/**
 * Exchanges the headers of some rows behind `after`, in the caller's transaction. Bodies stay byte for byte.
 */
export async function rewrapRows(sql: Sql, { table, column, key }: SealedColumn, epoch: number, after: RowKey | null, limit: number, rewrap: (sealed: Buffer) => Uint8Array | null): Promise<Rewrapped> {
  const names = key.map((name) => `"${name}"`).join(', ');
  const keys = key.map((name, at) => `"${name}" AS key${String(at)}`).join(', ');
  const behind = after === null ? '' : `AND (${names}) > (${places(after.length, 4)})`;
  const rows = await sql.all<{ sealed: Buffer } & Record<string, SqlValue>>(
    `SELECT ${keys}, "${column}" AS sealed FROM "${table}" WHERE substr("${column}", 1, 8) >= $1 AND substr("${column}", 1, 8) < $2 ${behind} ORDER BY ${names} LIMIT $3`, ...range(epoch), limit, ...(after ?? []),
  );
  const keyOf = (row: Readonly<Record<string, SqlValue>>): RowKey => key.map((_, at) => row[`key${String(at)}`] ?? null);
  let [done, failed] = [0, 0];
  for (const row of rows) {
    const next = opened(() => rewrap(row.sealed));
    if (next === undefined) failed += 1;
    if (next == null) continue;
    const where = key.map((name, at) => `"${name}" = $${String(at + 2)}`).join(' AND ');
    await sql.run(`UPDATE "${table}" SET "${column}" = $1 WHERE ${where}`, Buffer.from(next), ...keyOf(row));
    done += 1;
  }
  const last = rows.at(-1);
  return { done, failed, last: rows.length < limit || last === undefined ? null : keyOf(last) };
}

/** `undefined` for a thing that does not open: one damaged row must not hold up a rotation. */
function opened<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ArchiveError && error.code === 'E_DECRYPT_FAILED') return undefined;
    throw error;
  }
}
