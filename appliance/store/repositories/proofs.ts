import type { ListScope, Page, Paged } from '../../../core/holdings.js';
import type { Instant, Level } from '../../../core/ports.js';
import type { SingleSet } from '../../../core/single-set.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

export interface Certificate { readonly id: string; readonly no: string; readonly record: string; readonly file: string; readonly issuedBy: string; readonly issuedAt: Instant; readonly level: Level; readonly told: { readonly issuedTo: string; readonly purpose: string; readonly sm3: string; readonly bytes: number } }
export interface StoredSingleSet { readonly id: string; readonly batch: string; readonly it: SingleSet; readonly level: Level; readonly version: number }

export interface ProofRepository {
  numbered(no: string): Promise<boolean>;
  addCertificate(one: Certificate): Promise<void>;
  /** The newest first; `visible` is over records. */
  certificates(visible: ListScope, filter: { readonly record: string | null; readonly no: string | null }, page: Page): Promise<Paged<Certificate>>;
  singleSet(batch: string): Promise<StoredSingleSet | undefined>;
  /** @throws ArchiveError E_STALE_VERSION. `seenVersion` 0: not submitted before. */
  saveSingleSet(one: StoredSingleSet, seenVersion: number): Promise<void>;
}

interface CertificateRow { id: string; no: string; record: string; file: string; issued_by: string; issued_at: string; level: Level; sealed: Buffer }
interface SetRow { id: string; batch: string; level: Level; sealed: Buffer; version: number }

/** 出证登记 and 单套归档核验单. */
export function proofRepository(sql: Sql, sealing: Sealing): ProofRepository {
  const of = (row: CertificateRow): Certificate => ({ id: row.id, no: row.no, record: row.record, file: row.file, issuedBy: row.issued_by, issuedAt: row.issued_at, level: row.level, told: sealing.open<Certificate['told']>(row.level, `certificate/${row.id}`, row.sealed) });
  return {
    numbered: async (no) => (await sql.one('SELECT 1 AS there FROM certificate WHERE no = $1', no)) !== undefined,
    addCertificate: async (one) => insert(sql, 'certificate', { id: one.id, no: one.no, record: one.record, file: one.file, issued_by: one.issuedBy, issued_at: one.issuedAt, level: one.level, sealed: sealing.seal(one.level, `certificate/${one.id}`, one.told) }),
    async certificates(visible, { record, no }, { offset, limit }) {
      const values: SqlValue[] = [...(visible.values as readonly SqlValue[])];
      const place = (value: SqlValue): string => `$${String(values.push(value))}`;
      const from = `FROM certificate JOIN record ON record.id = certificate.record WHERE ${[visible.sql, ...(record === null ? [] : [`record.id = ${place(record)}`]), ...(no === null ? [] : [`certificate.no = ${place(no)}`])].join(' AND ')}`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values))?.n ?? 0;
      const rows = await sql.all<CertificateRow>(`SELECT certificate.* ${from} ORDER BY certificate.issued_at DESC, certificate.id LIMIT ${place(limit)} OFFSET ${place(offset)}`, ...values);
      return { rows: rows.map(of), total };
    },
    async singleSet(batch) {
      const row = await sql.one<SetRow>('SELECT id, batch, level, sealed, version FROM single_set WHERE batch = $1', batch);
      return row && { id: row.id, batch: row.batch, level: row.level, version: row.version, it: sealing.open<SingleSet>(row.level, `single-set/${row.id}`, row.sealed) };
    },
    async saveSingleSet({ id, batch, it, level }, seenVersion) {
      const columns: Record<string, SqlValue> = {
        state: it.state, submitted_by: it.submittedBy, submitted_at: it.submittedAt, reviewed_by: it.review?.by ?? null, reviewed_at: it.review?.at ?? null, eligible: it.state === 'approved' && it.electronicOnly ? 1 : 0, level,
        sealed: sealing.seal(level, `single-set/${id}`, it),
      };
      if (seenVersion === 0) await insert(sql, 'single_set', { id, batch, version: 1, ...columns });
      else await saveVersion(sql, 'single_set', id, seenVersion, columns);
    },
  };
}
