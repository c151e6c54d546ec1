import type {
  BatchRepository, CaptureBatch, ComputerFile, FileDescription, FileFinding, FileRepository, Holdings, ObjectRepository, StoredObject,
} from '../../../core/holdings.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import { recordRepository, within } from './records.js';
import type { HoldRows } from './records.js';
import { uploadRepository } from './uploads.js';

interface BatchRow {
  id: string; number: string; fonds: string; department: string; opened_by: string; method: CaptureBatch['method']; sealed: Buffer | null;
  level: Level; state: CaptureBatch['state']; declared: string | null; opened_at: string; closed_at: string | null; version: number;
}

/** The telling part of a batch: free text of the officer, sealed at its level. */
interface BatchDescription { readonly offlineReason: string }

const batchOf = (row: BatchRow, sealing: Sealing): CaptureBatch => ({
  id: row.id, number: row.number, fonds: row.fonds, department: row.department, openedBy: row.opened_by, method: row.method,
  offlineReason: row.sealed === null ? null : sealing.open<BatchDescription>(row.level, `batch/${row.id}`, row.sealed).offlineReason, level: row.level, state: row.state,
  declared: row.declared === null ? null : JSON.parse(row.declared) as CaptureBatch['declared'], openedAt: row.opened_at, closedAt: row.closed_at, version: row.version,
});

const batchColumns = (batch: CaptureBatch, sealing: Sealing): Record<string, SqlValue> => ({
  number: batch.number, fonds: batch.fonds, department: batch.department, opened_by: batch.openedBy, method: batch.method,
  sealed: batch.offlineReason === null ? null : sealing.seal(batch.level, `batch/${batch.id}`, { offlineReason: batch.offlineReason } satisfies BatchDescription),
  level: batch.level, state: batch.state, declared: batch.declared === null ? null : JSON.stringify(batch.declared), opened_at: batch.openedAt, closed_at: batch.closedAt,
});

function batchRepository(sql: Sql, sealing: Sealing): BatchRepository {
  return {
    async get(id) {
      const row = await sql.one<BatchRow>('SELECT * FROM capture_batch WHERE id = $1', id);
      return row && batchOf(row, sealing);
    },
    add: async (batch) => insert(sql, 'capture_batch', { id: batch.id, version: batch.version, ...batchColumns(batch, sealing) }),
    save: async (batch, seenVersion) => saveVersion(sql, 'capture_batch', batch.id, seenVersion, batchColumns(batch, sealing)),
    async list(visible, { offset, limit }) {
      const values = visible.values as readonly SqlValue[];
      const rows = await sql.all<BatchRow>(
        `SELECT * FROM capture_batch WHERE ${visible.sql} ORDER BY opened_at DESC, id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`,
        ...values, limit, offset,
      );
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM capture_batch WHERE ${visible.sql}`, ...values);
      return { rows: rows.map((row) => batchOf(row, sealing)), total: count?.n ?? 0 };
    },
    numbered: async (number) => (await sql.one('SELECT 1 AS there FROM capture_batch WHERE number = $1', number)) !== undefined,
  };
}

interface FileRow {
  id: string; record: string; batch: string; upload: string | null; role: ComputerFile['role']; position: number; object: string; level: Level; bytes: number;
  sm3: string; mime: string; format: string; puid: string | null; verdict: ComputerFile['verdict']; facts: string; findings: string; sealed: Buffer;
  replaced_by: string | null; received_at: string;
}

function fileRepository(sql: Sql, sealing: Sealing, hold?: HoldRows): FileRepository {
  const fileOf = (row: FileRow): ComputerFile => ({
    id: row.id, record: row.record, batch: row.batch, upload: row.upload, role: row.role, position: row.position, object: row.object, level: row.level,
    bytes: row.bytes, sm3: row.sm3, mime: row.mime, format: row.format, puid: row.puid, verdict: row.verdict,
    facts: JSON.parse(row.facts) as Record<string, unknown>, findings: JSON.parse(row.findings) as FileFinding[],
    sealed: sealing.open<FileDescription>(row.level, `file/${row.id}`, row.sealed), replacedBy: row.replaced_by, receivedAt: row.received_at,
  });
  return {
    async get(id) {
      const row = await sql.one<FileRow>('SELECT * FROM computer_file WHERE id = $1', id);
      // A file is read through its record, and is part of what is bound.
      if (typeof row?.record === 'string') await hold?.([row.record], false);
      return row && fileOf(row);
    },
    async ofRecord(record) {
      return (await sql.all<FileRow>('SELECT * FROM computer_file WHERE record = $1 AND replaced_by IS NULL ORDER BY position, id', record)).map(fileOf);
    },
    async ofBatch(batch) {
      return (await sql.all<FileRow>('SELECT * FROM computer_file WHERE batch = $1 AND replaced_by IS NULL ORDER BY received_at, id', batch)).map(fileOf);
    },
    async countOf(batch, visible) {
      const { where, values } = within(batch, visible);
      const rows = await sql.all<{ verdict: ComputerFile['verdict']; n: number; bytes: number }>(
        `SELECT computer_file.verdict, count(*) AS n, sum(computer_file.bytes) AS bytes FROM computer_file JOIN record ON record.id = computer_file.record
         WHERE ${where} AND replaced_by IS NULL AND record.state <> 'withdrawn' GROUP BY computer_file.verdict`, ...values,
      );
      const of = (verdict: ComputerFile['verdict']): number => rows.find((row) => row.verdict === verdict)?.n ?? 0;
      const sum = (pick: (row: { n: number; bytes: number }) => number): number => rows.reduce((total, row) => total + pick(row), 0);
      return { files: sum((row) => row.n), accepted: of('accept'), warned: of('warn'), rejected: of('reject'), bytes: sum((row) => row.bytes) };
    },
    add: async (file) => insert(sql, 'computer_file', {
      id: file.id, record: file.record, batch: file.batch, upload: file.upload, role: file.role, position: file.position, object: file.object, level: file.level,
      bytes: file.bytes, sm3: file.sm3, mime: file.mime, format: file.format, puid: file.puid, verdict: file.verdict, facts: JSON.stringify(file.facts),
      findings: JSON.stringify(file.findings), sealed: sealing.seal(file.level, `file/${file.id}`, file.sealed), replaced_by: file.replacedBy, received_at: file.receivedAt,
    }),
    replace: async (id, by) => { await sql.run('UPDATE computer_file SET replaced_by = $1 WHERE id = $2', by, id); },
    async relevel(record, level) {
      const objects: string[] = [];
      for (const row of await sql.all<FileRow>('SELECT * FROM computer_file WHERE record = $1', record)) {
        const { sealed } = fileOf(row);
        await sql.run('UPDATE computer_file SET level = $1, sealed = $2 WHERE id = $3', level, sealing.seal(level, `file/${row.id}`, sealed), row.id);
        // The note of the upload holds the file name under the level it was taken in at.
        await sql.run("DELETE FROM upload WHERE object = $1 AND state <> 'open'", row.object);
        objects.push(row.object);
      }
      return objects;
    },
    async objectsOf(record) {
      const rows = await sql.all<{ object: string }>(
        "SELECT computer_file.object FROM computer_file JOIN stored_object ON stored_object.id = computer_file.object WHERE record = $1 AND state <> 'gone'", record,
      );
      return rows.map((row) => row.object);
    },
    assign: async (id, record, role, position) => {
      await sql.run('UPDATE computer_file SET record = $1, role = $2, position = $3 WHERE id = $4', record, role, position, id);
      await sql.run(
        `WITH RECURSIVE earlier (id) AS (SELECT id FROM computer_file WHERE replaced_by = $2 UNION SELECT file.id FROM computer_file AS file JOIN earlier ON file.replaced_by = earlier.id)
         UPDATE computer_file SET record = $1 WHERE id IN (SELECT id FROM earlier)`, record, id,
      );
    },
  };
}

interface ObjectRow { id: string; level: Level; bytes: number; sm3: string; stored_at: string }

function objectRepository(sql: Sql): ObjectRepository {
  return {
    async keep(object: StoredObject) {
      await insert(sql, 'stored_object', { id: object.id, level: object.level, bytes: object.bytes, sm3: object.sm3, state: 'staged', stored_at: object.storedAt });
      await insert(sql, 'object_intent', { kind: 'promote', object: object.id, made_at: object.storedAt });
    },
    async get(id) {
      const row = await sql.one<ObjectRow>("SELECT * FROM stored_object WHERE id = $1 AND state <> 'gone'", id);
      return row && { id: row.id, level: row.level, bytes: row.bytes, sm3: row.sm3, storedAt: row.stored_at };
    },
    async erase(id, at) {
      await sql.run("UPDATE stored_object SET state = 'gone' WHERE id = $1", id);
      await insert(sql, 'object_intent', { kind: 'erase', object: id, made_at: at });
    },
    async relevel(id, level, at) {
      const changed = await sql.run("UPDATE stored_object SET level = $1 WHERE id = $2 AND state <> 'gone'", level, id);
      if (changed > 0) await insert(sql, 'object_intent', { kind: 'relevel', object: id, made_at: at });
    },
  };
}

export function holdings(sql: Sql, sealing: Sealing, hold?: HoldRows): Holdings {
  return { batches: batchRepository(sql, sealing), records: recordRepository(sql, sealing, hold), files: fileRepository(sql, sealing, hold), objects: objectRepository(sql), uploads: uploadRepository(sql, sealing) };
}
