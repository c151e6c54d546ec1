import type { Instant, Level, Target } from '../../../core/ports.js';
import type { Page, Paged } from '../../../core/holdings.js';
import type { ReportKind } from '../../../policies/schemas/report.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** A record that a report tells of. */
export interface Told { readonly record: string; readonly level: Level }

/** The telling part of a report's row, sealed under the report's level. */
export interface ReportDescription {
  readonly title: string;
  readonly mark: string;
  readonly conclusion: string | null;
  /** SM3 and size of every file of the set, by ending. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sm3: string }>>;
  /** Secret records whose titles stand in it: whoever reads it knows of them. */
  readonly tells: readonly Told[];
}

export interface StoredReport extends ReportDescription {
  readonly id: string;
  /** `R08-20261123-4071`, drawn: see `drawn-number.ts` */
  readonly number: string;
  readonly kind: ReportKind;
  readonly level: Level;
  /** `*` for a report over the whole box: seen by those whose duty spans every fonds. */
  readonly fonds: string;
  readonly department: string | null;
  readonly owner: string;
  /** Sealed object that holds the set as a zip. */
  readonly object: string;
  readonly bytes: number;
  readonly createdAt: Instant;
}

export interface ReportRepository {
  add(report: StoredReport): Promise<void>;
  get(id: string): Promise<StoredReport | undefined>;
  /** The last of its kind, for comparison. */
  latest(kind: ReportKind): Promise<StoredReport | undefined>;
  list(visible: { readonly sql: string; readonly values: readonly SqlValue[] }, kind: ReportKind | null, page: Page): Promise<Paged<StoredReport>>;
  /** 变更密级, with what it speaks of: the row resealed, the object's level written down. The object, where anything changed. */
  relevel(id: string, level: Level, at: Instant): Promise<string | null>;
  /** Whether a number is in use. */
  numbered(number: string): Promise<boolean>;
}

interface ReportRow {
  id: string; number: string; kind: ReportKind; level: Level; fonds: string; department: string | null; owner: string; object: string; bytes: number;
  created_at: string; sealed: Buffer;
}

export const REPORT_COLUMNS = { id: 'report.id', level: 'report.level', fonds: 'report.fonds', department: 'report.department', state: 'report.state', owner: 'report.owner' } as const;

export function reportRepository(sql: Sql, sealing: Sealing): ReportRepository {
  const reportOf = (row: ReportRow): StoredReport => ({
    id: row.id, number: row.number, kind: row.kind, level: row.level, fonds: row.fonds, department: row.department, owner: row.owner, object: row.object,
    bytes: row.bytes, createdAt: row.created_at, ...sealing.open<ReportDescription>(row.level, `report/${row.id}`, row.sealed),
  });
  return {
    async add({ title, mark, conclusion, files, tells, ...report }) {
      await insert(sql, 'report', {
        id: report.id, number: report.number, kind: report.kind, level: report.level, fonds: report.fonds, department: report.department, owner: report.owner,
        state: 'issued', object: report.object, bytes: report.bytes, created_at: report.createdAt,
        sealed: sealing.seal(report.level, `report/${report.id}`, { title, mark, conclusion, files, tells } satisfies ReportDescription),
      });
    },
    async get(id) {
      const row = await sql.one<ReportRow>('SELECT * FROM report WHERE id = $1', id);
      return row && reportOf(row);
    },
    async latest(kind) {
      const row = await sql.one<ReportRow>('SELECT * FROM report WHERE kind = $1 ORDER BY created_at DESC, number DESC LIMIT 1', kind);
      return row && reportOf(row);
    },
    async list(visible, kind, { offset, limit }) {
      const values = [...visible.values, ...(kind === null ? [] : [kind])];
      const where = `${visible.sql}${kind === null ? '' : ` AND report.kind = $${String(values.length)}`}`;
      const rows = await sql.all<ReportRow>(
        `SELECT * FROM report WHERE ${where} ORDER BY created_at DESC, number DESC LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset,
      );
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM report WHERE ${where}`, ...values);
      return { rows: rows.map(reportOf), total: count?.n ?? 0 };
    },
    async relevel(id, level, at) {
      const row = await sql.one<ReportRow>('SELECT * FROM report WHERE id = $1', id);
      if (row === undefined || row.level === level) return null;
      const description = sealing.open<ReportDescription>(row.level, `report/${id}`, row.sealed);
      await sql.run('UPDATE report SET level = $1, sealed = $2 WHERE id = $3', level, sealing.seal(level, `report/${id}`, description), id);
      const moved = await sql.run("UPDATE stored_object SET level = $1 WHERE id = $2 AND state <> 'gone'", level, row.object);
      if (moved > 0) await insert(sql, 'object_intent', { kind: 'relevel', object: row.object, made_at: at });
      return moved > 0 ? row.object : null;
    },
    numbered: async (number) => (await sql.one('SELECT 1 AS there FROM report WHERE number = $1', number)) !== undefined,
  };
}

/** The report as decisions see it. */
export const reportTarget = (report: Pick<StoredReport, 'id' | 'level' | 'fonds' | 'department' | 'owner'>): Target => ({
  type: 'report', id: report.id, fonds: report.fonds, level: report.level, state: 'issued', department: report.department,
  scope: { persons: [report.owner], departments: [] }, owner: report.owner,
});
