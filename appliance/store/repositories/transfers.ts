import { isUnderWay } from '../../../core/transfer.js';
import type { TransferBatch } from '../../../core/transfer.js';
import { ArchiveError } from '../../../core/errors.js';
import type { Conclusion } from '../../../core/four-natures.js';
import type { FourPropertyContent } from '../../../core/inspection-run.js';
import type { CalendarDate, Instant, Level, Target } from '../../../core/ports.js';
import type { CompanionKind, FoiStatus, OpenOpinion } from '../../../policies/schemas/transfer.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import type { Visible } from './carriers.js';

export interface StoredTransfer { readonly it: TransferBatch; readonly fonds: string; readonly department: string; readonly version: number }

/** 密级变更情况 as confirmed: what the box knew then, and who looked at it. */
export interface ConfirmedChange { readonly facts: Readonly<Record<string, unknown>>; readonly reviewer: string; readonly remark: string; readonly by: string; readonly at: Instant }
/** 三附件 of one record; each empty until it is filled in. */
export interface Attachments { readonly openOpinion: OpenOpinion | null; readonly foiStatus: FoiStatus | null; readonly classificationChange: ConfirmedChange | null }
export interface TransferRecordRow extends Attachments { readonly record: string; readonly position: number; readonly transferredAt: Instant | null; readonly accessionNo: string | null; readonly retainUntil: CalendarDate | null }
export interface CompanionRow { readonly seq: number; readonly kind: CompanionKind; readonly name: string; readonly bytes: number; readonly sm3: string; readonly putBy: string; readonly putAt: Instant }
/** `basis`: SM3 of what was inspected, so that a later change is noticed. */
export interface TransferRun { readonly id: string; readonly reportNo: string; readonly batch: string; readonly run: number; readonly level: Level; readonly conclusion: Conclusion; readonly operator: string; readonly startedAt: Instant; readonly finishedAt: Instant; readonly basis: string; readonly content: FourPropertyContent }
export interface SealOrder {
  readonly directory: string; readonly encoding: 'UTF-8' | 'GB18030'; readonly form: 'folder' | 'eep'; readonly capacity: string; readonly volumeBytes: number | null;
  readonly packageNo: string; readonly handoverNo: string; readonly person: string; readonly duty: string | null;
}
export interface SealJob { readonly batch: string; readonly state: 'running' | 'done' | 'failed'; readonly startedAt: Instant; readonly endedAt: Instant | null; readonly reason: string | null; readonly attempts: number; readonly order: SealOrder }

export interface TransferRepository {
  get(id: string): Promise<StoredTransfer | undefined>;
  list(visible: Visible, state: string | null, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly (StoredTransfer & { readonly records: number })[]; readonly total: number }>;
  /** Ids of filed records that are in no batch under way, the earliest due first; counting ends at a limit. */
  due(visible: Visible, until: CalendarDate | null, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly records: readonly string[]; readonly total: number; readonly more: boolean }>;
  numbered(number: string): Promise<boolean>;
  /** Whether a package or a handover bears this number. */
  named(column: 'package_no' | 'handover_no', no: string): Promise<boolean>;
  add(one: StoredTransfer): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredTransfer, seenVersion: number): Promise<void>;
  /** 密级提高: everything of the batch sealed under the level that it now carries, in the same transaction. */
  follow(id: string, level: Level): Promise<void>;
  records(batch: string): Promise<readonly TransferRecordRow[]>;
  /** @throws ArchiveError `E_TRANSFER_IN_BATCH` for one that is in another batch under way */
  include(batch: string, level: Level, records: readonly string[]): Promise<void>;
  exclude(batch: string, records: readonly string[]): Promise<void>;
  attach(batch: string, level: Level, record: string, given: Attachments): Promise<void>;
  /** 已移交: when, under which 馆编号, and until when the copy left behind is protected. */
  handedOver(batch: string, record: string, at: Instant, accessionNo: string | null, retainUntil: CalendarDate): Promise<void>;
  companions(batch: string): Promise<readonly CompanionRow[]>;
  companionBytes(batch: string, seq: number): Promise<Buffer>;
  addCompanion(batch: string, level: Level, row: Omit<CompanionRow, 'seq'>, content: Buffer): Promise<number>;
  dropCompanion(batch: string, seq: number): Promise<boolean>;
  addRun(run: TransferRun): Promise<void>;
  lastRun(batch: string): Promise<TransferRun | undefined>;
  runNumbered(reportNo: string): Promise<boolean>;
  job(batch: string): Promise<SealJob | undefined>;
  putJob(job: SealJob, level: Level): Promise<void>;
  running(): Promise<readonly SealJob[]>;
  putReceipt(batch: string, level: Level, receiptNo: string, by: string, at: Instant, file: Buffer): Promise<void>;
  receipt(batch: string): Promise<Buffer | undefined>;
  /** Ids of the counterparts that hold any of these records by a handover. */
  holdersOf(records: readonly string[]): Promise<readonly string[]>;
}

export const TRANSFER_COLUMNS = { id: 'transfer_batch.id', level: 'transfer_batch.level', fonds: 'transfer_batch.fonds', department: 'transfer_batch.department', state: 'transfer_batch.state', owner: 'transfer_batch.planned_by' } as const;

export function transferTarget({ it, fonds, department }: Pick<StoredTransfer, 'it' | 'fonds' | 'department'>): Target {
  return { type: 'transfer', id: it.id, fonds, level: it.level, state: it.state, department, scope: { persons: [], departments: [] }, owner: it.planned.by };
}

interface Row { id: string; number: string; state: string; level: Level; fonds: string; department: string; sealed: Buffer; version: number }
interface Resealed { readonly table: string; readonly column: string; readonly context: (row: Readonly<Record<string, SqlValue>>) => string; readonly key: readonly string[] }
const BULK = 500;
/** Past this, 「多于」. */
const COUNTED = 2000;

export function transferRepository(sql: Sql, sealing: Sealing): TransferRepository {
  const of = (row: Row): StoredTransfer => {
    const it = sealing.open<TransferBatch>(row.level, `transfer/${row.id}`, row.sealed);
    if (it.state !== row.state || it.level !== row.level || it.number !== row.number) throw new ArchiveError('E_DECRYPT_FAILED', { transfer: row.id });
    return { it, fonds: row.fonds, department: row.department, version: row.version };
  };
  const columns = ({ it }: StoredTransfer): Record<string, SqlValue> => ({
    state: it.state, level: it.level, counterpart: it.plan.counterpart, package_no: 'sealed' in it ? it.sealed.packageNo : null, handover_no: 'sealed' in it ? it.sealed.handoverNo : null,
    sealed: sealing.seal(it.level, `transfer/${it.id}`, it),
  });
  const get = async (id: string): Promise<StoredTransfer | undefined> => {
    const row = await sql.one<Row>('SELECT * FROM transfer_batch WHERE id = $1', id);
    return row && of(row);
  };
  const RESEALED: readonly Resealed[] = [
    { table: 'transfer_record', column: 'sealed', key: ['record'], context: (row) => `transfer-record/${String(row['batch'])}/${String(row['record'])}` },
    { table: 'transfer_companion', column: 'sealed', key: ['seq'], context: (row) => `transfer-companion/${String(row['batch'])}/${String(row['seq'])}` },
    { table: 'transfer_companion', column: 'content', key: ['seq'], context: (row) => `transfer-content/${String(row['batch'])}/${String(row['seq'])}` },
    { table: 'transfer_run', column: 'sealed', key: ['id'], context: (row) => `transfer-run/${String(row['id'])}` },
    { table: 'transfer_job', column: 'sealed', key: [], context: (row) => `transfer-job/${String(row['batch'])}` },
    { table: 'transfer_receipt', column: 'sealed', key: [], context: (row) => `transfer-receipt/${String(row['batch'])}` },
  ];
  interface JobRow { batch: string; state: SealJob['state']; started_at: string; ended_at: string | null; reason: string | null; attempts: number; level: Level; sealed: Buffer }
  const jobOf = (row: JobRow): SealJob => ({ batch: row.batch, state: row.state, startedAt: row.started_at, endedAt: row.ended_at, reason: row.reason, attempts: row.attempts, order: sealing.open<SealOrder>(row.level, `transfer-job/${row.batch}`, row.sealed) });
  const blob = (level: Level, context: string, bytes: Buffer): Buffer => sealing.seal(level, context, bytes.toString('base64'));
  const unblob = (level: Level, context: string, sealed: Buffer): Buffer => Buffer.from(sealing.open<string>(level, context, sealed), 'base64');
  const NOTHING: Attachments = { openOpinion: null, foiStatus: null, classificationChange: null };

  return {
    get,
    async list(visible, state, { offset, limit }) {
      const values: SqlValue[] = [...visible.values, ...(state === null ? [] : [state])];
      const where = state === null ? visible.sql : `${visible.sql} AND transfer_batch.state = $${String(values.length)}`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM transfer_batch WHERE ${where}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row & { records: number }>(
        `SELECT transfer_batch.*, (SELECT count(*) FROM transfer_record WHERE transfer_record.batch = transfer_batch.id) AS records FROM transfer_batch WHERE ${where}
         ORDER BY transfer_batch.planned_at DESC, transfer_batch.id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset,
      );
      return { rows: rows.map((row) => ({ ...of(row), records: row.records })), total };
    },
    async due(visible, until, { offset, limit }) {
      const values: SqlValue[] = [...visible.values, ...(until === null ? [] : [until])];
      const where = `record INDEXED BY record_transfer_due WHERE record.state = 'filed' AND record.transfer_due_on IS NOT NULL AND ${visible.sql}${until === null ? '' : ` AND record.transfer_due_on <= $${String(values.length)}`}
        AND NOT EXISTS (SELECT 1 FROM transfer_record WHERE transfer_record.record = record.id AND transfer_record.under_way = 1)`;
      const rows = await sql.all<{ id: string }>(`SELECT record.id FROM ${where} ORDER BY record.transfer_due_on, record.id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM (SELECT 1 FROM ${where} LIMIT ${String(COUNTED + 1)})`, ...values))?.n ?? 0;
      return { records: rows.map(({ id }) => id), total: Math.min(total, COUNTED), more: total > COUNTED };
    },
    numbered: async (number) => (await sql.one('SELECT 1 AS there FROM transfer_batch WHERE number = $1', number)) !== undefined,
    named: async (column, no) => (await sql.one(`SELECT 1 AS there FROM transfer_batch WHERE ${column} = $1`, no)) !== undefined,
    add: async (one) => insert(sql, 'transfer_batch', { id: one.it.id, number: one.it.number, fonds: one.fonds, department: one.department, planned_by: one.it.planned.by, planned_at: one.it.planned.at, version: one.version, ...columns(one) }),
    async save(one, seenVersion) {
      await saveVersion(sql, 'transfer_batch', one.it.id, seenVersion, columns(one));
      if (!isUnderWay(one.it.state)) await sql.run('UPDATE transfer_record SET under_way = 0 WHERE batch = $1', one.it.id);
    },
    async follow(id, level) {
      const one = await get(id);
      if (one === undefined || level <= one.it.level) return;
      await sql.run('UPDATE transfer_batch SET level = $1, sealed = $2 WHERE id = $3', level, sealing.seal(level, `transfer/${id}`, { ...one.it, level }), id);
      for (const { table, column, key, context } of RESEALED) {
        const rows = await sql.all<{ level: Level } & Record<string, SqlValue>>(`SELECT * FROM ${table} WHERE batch = $1`, id);
        const where = key.map((name, at) => ` AND ${name} = $${String(at + 3)}`).join('');
        for (const row of rows) await sql.run(`UPDATE ${table} SET ${column} = $1 WHERE batch = $2${where}`, sealing.seal(level, context(row), sealing.open<unknown>(row.level, context(row), row[column] as Buffer)), id, ...key.map((name) => row[name] ?? null));
      }
      for (const table of new Set(RESEALED.map((row) => row.table))) await sql.run(`UPDATE ${table} SET level = $1 WHERE batch = $2`, level, id);
    },
    async records(batch) {
      const rows = await sql.all<{ record: string; position: number; level: Level; transferred_at: string | null; accession_no: string | null; retain_until: string | null; sealed: Buffer }>('SELECT * FROM transfer_record WHERE batch = $1 ORDER BY position', batch);
      return rows.map((row) => ({ record: row.record, position: row.position, transferredAt: row.transferred_at, accessionNo: row.accession_no, retainUntil: row.retain_until, ...sealing.open<Attachments>(row.level, `transfer-record/${batch}/${row.record}`, row.sealed) }));
    },
    async include(batch, level, records) {
      let position = (await sql.one<{ last: number | null }>('SELECT max(position) AS last FROM transfer_record WHERE batch = $1', batch))?.last ?? 0;
      for (const record of records) {
        if ((await sql.one('SELECT 1 AS there FROM transfer_record WHERE record = $1 AND under_way = 1', record)) !== undefined) throw new ArchiveError('E_TRANSFER_IN_BATCH', { record });
        await insert(sql, 'transfer_record', { batch, record, position: position += 1, level, under_way: 1, sealed: sealing.seal(level, `transfer-record/${batch}/${record}`, NOTHING) });
      }
    },
    async exclude(batch, records) {
      for (const record of records) {
        await sql.run('DELETE FROM transfer_record WHERE batch = $1 AND record = $2', batch, record);
        await sql.run("DELETE FROM container_item WHERE kind = 'transfer' AND id = $1 AND item_kind = 'record' AND item = $2", batch, record);
      }
    },
    async attach(batch, level, record, { openOpinion, foiStatus, classificationChange }) {
      await sql.run('UPDATE transfer_record SET level = $1, sealed = $2 WHERE batch = $3 AND record = $4', level, sealing.seal(level, `transfer-record/${batch}/${record}`, { openOpinion, foiStatus, classificationChange }), batch, record);
    },
    async handedOver(batch, record, at, accessionNo, retainUntil) {
      await sql.run('UPDATE transfer_record SET transferred_at = $1, accession_no = $2, retain_until = $3 WHERE batch = $4 AND record = $5', at, accessionNo, retainUntil, batch, record);
    },
    async companions(batch) {
      const rows = await sql.all<{ seq: number; kind: CompanionKind; level: Level; bytes: number; sm3: string; put_by: string; put_at: string; sealed: Buffer }>('SELECT seq, kind, level, bytes, sm3, put_by, put_at, sealed FROM transfer_companion WHERE batch = $1 ORDER BY seq', batch);
      return rows.map((row) => ({ seq: row.seq, kind: row.kind, bytes: row.bytes, sm3: row.sm3, putBy: row.put_by, putAt: row.put_at, ...sealing.open<{ name: string }>(row.level, `transfer-companion/${batch}/${String(row.seq)}`, row.sealed) }));
    },
    async companionBytes(batch, seq) {
      const row = await sql.one<{ level: Level; content: Buffer }>('SELECT level, content FROM transfer_companion WHERE batch = $1 AND seq = $2', batch, seq);
      if (row === undefined) throw new ArchiveError('E_NOT_FOUND');
      return unblob(row.level, `transfer-content/${batch}/${String(seq)}`, row.content);
    },
    async addCompanion(batch, level, { kind, name, bytes, sm3, putBy, putAt }, content) {
      const seq = ((await sql.one<{ last: number | null }>('SELECT max(seq) AS last FROM transfer_companion WHERE batch = $1', batch))?.last ?? 0) + 1;
      const at = `${batch}/${String(seq)}`;
      await insert(sql, 'transfer_companion', { batch, seq, kind, level, bytes, sm3, put_by: putBy, put_at: putAt, sealed: sealing.seal(level, `transfer-companion/${at}`, { name }), content: blob(level, `transfer-content/${at}`, content) });
      return seq;
    },
    dropCompanion: async (batch, seq) => (await sql.run('DELETE FROM transfer_companion WHERE batch = $1 AND seq = $2', batch, seq)) === 1,
    addRun: async ({ content, ...run }) => insert(sql, 'transfer_run', {
      id: run.id, report_no: run.reportNo, batch: run.batch, run: run.run, level: run.level, conclusion: run.conclusion, operator: run.operator, started_at: run.startedAt, finished_at: run.finishedAt, basis: run.basis,
      sealed: sealing.seal(run.level, `transfer-run/${run.id}`, content),
    }),
    async lastRun(batch) {
      const row = await sql.one<{ id: string; report_no: string; run: number; level: Level; conclusion: Conclusion; operator: string; started_at: string; finished_at: string; basis: string; sealed: Buffer }>('SELECT * FROM transfer_run WHERE batch = $1 ORDER BY run DESC LIMIT 1', batch);
      return row && {
        id: row.id, reportNo: row.report_no, batch, run: row.run, level: row.level, conclusion: row.conclusion, operator: row.operator, startedAt: row.started_at, finishedAt: row.finished_at, basis: row.basis,
        content: sealing.open<FourPropertyContent>(row.level, `transfer-run/${row.id}`, row.sealed),
      };
    },
    runNumbered: async (reportNo) => (await sql.one('SELECT 1 AS there FROM transfer_run WHERE report_no = $1', reportNo)) !== undefined,
    async job(batch) {
      const row = await sql.one<JobRow>('SELECT * FROM transfer_job WHERE batch = $1', batch);
      return row && jobOf(row);
    },
    async putJob(job, level) {
      await sql.run('DELETE FROM transfer_job WHERE batch = $1', job.batch);
      await insert(sql, 'transfer_job', { batch: job.batch, state: job.state, started_by: job.order.person, started_at: job.startedAt, ended_at: job.endedAt, reason: job.reason, attempts: job.attempts, level, sealed: sealing.seal(level, `transfer-job/${job.batch}`, job.order) });
    },
    running: async () => (await sql.all<JobRow>("SELECT * FROM transfer_job WHERE state = 'running' ORDER BY started_at, batch")).map(jobOf),
    async putReceipt(batch, level, receiptNo, by, at, file) {
      await insert(sql, 'transfer_receipt', { batch, receipt_no: receiptNo, level, imported_by: by, imported_at: at, sealed: blob(level, `transfer-receipt/${batch}`, file) });
    },
    async receipt(batch) {
      const row = await sql.one<{ level: Level; sealed: Buffer }>('SELECT level, sealed FROM transfer_receipt WHERE batch = $1', batch);
      return row && unblob(row.level, `transfer-receipt/${batch}`, row.sealed);
    },
    async holdersOf(records) {
      const found = new Set<string>();
      for (let from = 0; from < records.length; from += BULK) {
        const part = records.slice(from, from + BULK);
        const rows = await sql.all<{ counterpart: string }>(
          `SELECT DISTINCT transfer_batch.counterpart FROM transfer_record JOIN transfer_batch ON transfer_batch.id = transfer_record.batch
           WHERE transfer_record.record IN (${places(part.length)}) AND (transfer_record.transferred_at IS NOT NULL OR transfer_batch.state IN ('dispatched','received'))`, ...part,
        );
        for (const { counterpart } of rows) found.add(counterpart);
      }
      return [...found].sort();
    },
  };
}
