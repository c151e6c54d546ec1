import type { Upload } from '../../../core/holdings.js';
import type { Level } from '../../../core/ports.js';
import type { UploadBook } from '../../../core/services/capture.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

interface UploadRow { id: string; batch: string; object: string; level: Level; bytes: number; sealed: Buffer; opened_by: string; opened_at: string }
type Sealed = Pick<Upload, 'fileName' | 'record' | 'role'>;

/** Uploads under way, kept as bookkeeping: the file name is sealed, the rest says how much is to come. */
export function uploadBook(reader: Sql, sealing: Sealing, housekeep: <T>(work: (sql: Sql) => Promise<T>) => Promise<T>): UploadBook {
  const uploadOf = (row: UploadRow): Upload => ({
    id: row.id, batch: row.batch, object: row.object, level: row.level, bytes: row.bytes, openedBy: row.opened_by, openedAt: row.opened_at,
    ...sealing.open<Sealed>(row.level, `upload/${row.id}`, row.sealed),
  });
  return {
    add: async (upload) => housekeep(async (sql) => insert(sql, 'upload', {
      id: upload.id, batch: upload.batch, object: upload.object, level: upload.level, bytes: upload.bytes, state: 'open', opened_by: upload.openedBy, opened_at: upload.openedAt,
      sealed: sealing.seal(upload.level, `upload/${upload.id}`, { fileName: upload.fileName, record: upload.record, role: upload.role } satisfies Sealed),
    })),
    async get(id) {
      const row = await reader.one<UploadRow>("SELECT * FROM upload WHERE id = $1 AND state = 'open'", id);
      return row && uploadOf(row);
    },
    async ofBatch(batch) {
      return (await reader.all<UploadRow>("SELECT * FROM upload WHERE batch = $1 AND state = 'open' ORDER BY opened_at", batch)).map(uploadOf);
    },
    async close(id, state) {
      await housekeep(async (sql) => { await sql.run('UPDATE upload SET state = $1 WHERE id = $2', state, id); });
    },
  };
}
