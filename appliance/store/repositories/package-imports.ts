import type { ImportState, PackageImport } from '../../../core/package-import.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import type { Visible } from './carriers.js';

export interface PackageImportRepository {
  get(id: string): Promise<PackageImport | undefined>;
  add(one: PackageImport): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: PackageImport, seenVersion: number): Promise<void>;
  /** So many items are in: in the same transaction as the items, and no new version. */
  advance(id: string, done: number): Promise<void>;
  /** Of batches the person may see, newest first. */
  list(visible: Visible, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly PackageImport[]; readonly total: number }>;
  /** What a restart goes on with. */
  underWay(): Promise<readonly PackageImport[]>;
  /** Digests among these whose content was destroyed here. */
  destroyed(digests: readonly string[]): Promise<ReadonlySet<string>>;
}

interface Row {
  id: string; batch: string; state: ImportState; level: Level; object: string | null; bytes: number | null; form: string | null; total: number; done: number; begun_by: string; begun_at: string; ended_at: string | null; sealed: Buffer; version: number;
}
const BULK = 500;

export function packageImportRepository(sql: Sql, sealing: Sealing): PackageImportRepository {
  const of = (row: Row): PackageImport => ({
    id: row.id, batch: row.batch, state: row.state, level: row.level, object: row.object, bytes: row.bytes, form: row.form, total: row.total, done: row.done, begunBy: row.begun_by, begunAt: row.begun_at, endedAt: row.ended_at, version: row.version,
    sealed: sealing.open<PackageImport['sealed']>(row.level, `import/${row.id}`, row.sealed),
  });
  const columns = (one: PackageImport): Record<string, SqlValue> => ({
    state: one.state, object: one.object, form: one.form, total: one.total, done: one.done, ended_at: one.endedAt, sealed: sealing.seal(one.level, `import/${one.id}`, one.sealed),
  });
  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM package_import WHERE id = $1', id);
      return row && of(row);
    },
    add: async (one) => insert(sql, 'package_import', { id: one.id, batch: one.batch, level: one.level, bytes: one.bytes, begun_by: one.begunBy, begun_at: one.begunAt, version: one.version, ...columns(one) }),
    save: async (one, seenVersion) => saveVersion(sql, 'package_import', one.id, seenVersion, columns(one)),
    advance: async (id, done) => { await sql.run('UPDATE package_import SET done = $1 WHERE id = $2', done, id); },
    async list(visible, { offset, limit }) {
      const values = [...visible.values];
      const from = `FROM package_import JOIN capture_batch ON capture_batch.id = package_import.batch WHERE ${visible.sql}`;
      const rows = await sql.all<Row>(`SELECT package_import.* ${from} ORDER BY package_import.begun_at DESC, package_import.id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values);
      return { rows: rows.map(of), total: count?.n ?? 0 };
    },
    underWay: async () => (await sql.all<Row>("SELECT * FROM package_import WHERE state IN ('receiving','checking','taking') ORDER BY begun_at")).map(of),
    async destroyed(digests) {
      const found = new Set<string>();
      for (let from = 0; from < digests.length; from += BULK) {
        const some = digests.slice(from, from + BULK);
        const rows = await sql.all<{ digest: string }>(`SELECT digest FROM destroyed_object WHERE digest IN (${some.map((_, at) => `$${String(at + 1)}`).join(', ')})`, ...some);
        for (const { digest } of rows) found.add(digest);
      }
      return found;
    },
  };
}
