import type { Upload, UploadRepository } from '../../../core/holdings.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

interface UploadRow { id: string; batch: string; object: string; level: Level; bytes: number; sealed: Buffer; opened_by: string; opened_at: string }
type Sealed = Pick<Upload, 'fileName' | 'record' | 'role'>;

/** Uploads under way: the file name is sealed, the rest says how much is to come. */
export function uploadRepository(sql: Sql, sealing: Sealing): UploadRepository {
  const uploadOf = (row: UploadRow): Upload => ({
    id: row.id, batch: row.batch, object: row.object, level: row.level, bytes: row.bytes, openedBy: row.opened_by, openedAt: row.opened_at,
    ...sealing.open<Sealed>(row.level, `upload/${row.id}`, row.sealed),
  });
  return {
    add: async (upload) => insert(sql, 'upload', {
      id: upload.id, batch: upload.batch, object: upload.object, level: upload.level, bytes: upload.bytes, state: 'open', opened_by: upload.openedBy, opened_at: upload.openedAt,
      sealed: sealing.seal(upload.level, `upload/${upload.id}`, { fileName: upload.fileName, record: upload.record, role: upload.role } satisfies Sealed),
    }),
    async get(id) {
      const row = await sql.one<UploadRow>("SELECT * FROM upload WHERE id = $1 AND state = 'open'", id);
      return row && uploadOf(row);
    },
    async ofBatch(batch) {
      return (await sql.all<UploadRow>("SELECT * FROM upload WHERE batch = $1 AND state = 'open' ORDER BY opened_at", batch)).map(uploadOf);
    },
    openIn: async (batch) => (await sql.one<{ n: number }>("SELECT count(*) AS n FROM upload WHERE batch = $1 AND state = 'open'", batch))?.n ?? 0,
    close: async (id, state) => { await sql.run('UPDATE upload SET state = $1 WHERE id = $2', state, id); },
  };
}
