import { epochPrefix } from '../keystore/sealed-thing.js';
import type { Sql } from './sql.js';

/** A column that may hold sealed things (`appliance/keystore/sealed-thing.md`). */
export interface SealedColumn { readonly table: string; readonly column: string }

/** Every BLOB there is: which of them hold sealed things is told by their bytes, so that a new table cannot be forgotten. */
export async function sealedColumns(sql: Sql): Promise<readonly SealedColumn[]> {
  return sql.all<SealedColumn>(
    `SELECT m.name AS "table", c.name AS "column" FROM sqlite_schema AS m JOIN pragma_table_list AS l ON l.name = m.name AND l.schema = 'main' JOIN pragma_table_info(m.name) AS c
     WHERE m.type = 'table' AND l.type = 'table' AND l.wr = 0 AND upper(c.type) = 'BLOB' ORDER BY 1, 2`,
  );
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

/**
 * Exchanges the headers of some rows behind `after`, in the caller's transaction. Bodies stay byte for byte.
 * @returns how many, and the row to go on from; null when the column is done
 */
export async function rewrapRows(sql: Sql, { table, column }: SealedColumn, epoch: number, after: number, limit: number, rewrap: (sealed: Buffer) => Uint8Array | null): Promise<{ readonly done: number; readonly last: number | null }> {
  const rows = await sql.all<{ at: number; sealed: Buffer }>(
    `SELECT rowid AS at, "${column}" AS sealed FROM "${table}" WHERE rowid > $1 AND substr("${column}", 1, 8) >= $2 AND substr("${column}", 1, 8) < $3 ORDER BY rowid LIMIT $4`, after, ...range(epoch), limit,
  );
  let done = 0;
  for (const row of rows) {
    const next = rewrap(row.sealed);
    if (next === null) continue;
    await sql.run(`UPDATE "${table}" SET "${column}" = $1 WHERE rowid = $2`, Buffer.from(next), row.at);
    done += 1;
  }
  return { done, last: rows.length < limit ? null : (rows.at(-1)?.at ?? null) };
}
