import type { TableKind } from '../../../core/tables.js';
import type { CalendarDate, Instant } from '../../../core/ports.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

export interface TableApproval { readonly approvalNo: string; readonly approvedBy: string; readonly approvedOn: CalendarDate; readonly rehearsal: boolean; /** Who registered it here; null for what was shipped. */ readonly registeredBy: string | null; readonly registeredAt: Instant | null }

/** One version of one of the 三表; its content is never changed. */
export interface TableVersion {
  readonly id: string;
  readonly kind: TableKind;
  /** `version` of the content. */
  readonly label: string;
  readonly state: 'proposed' | 'approved' | 'in_force' | 'superseded' | 'withdrawn';
  readonly origin: 'shipped' | 'imported';
  readonly effectiveFrom: CalendarDate | null;
  /** Canonical JSON. */
  readonly content: string;
  /** SM3 of it, hex. */
  readonly digest: string;
  readonly approval: TableApproval | null;
  /** The box's, over what was approved (`schemes/shelf.ts`); null for what was shipped. */
  readonly signature: string | null;
  readonly importedBy: string;
  readonly importedAt: Instant;
  readonly rehearsed: { readonly by: string; readonly at: Instant } | null;
  readonly activatedAt: Instant | null;
  readonly version: number;
}

export interface TableRepository {
  get(id: string): Promise<TableVersion | undefined>;
  inForce(kind: TableKind): Promise<TableVersion | undefined>;
  /** Newest first. */
  list(kind: TableKind): Promise<readonly TableVersion[]>;
  labelled(kind: TableKind, label: string): Promise<boolean>;
  add(version: TableVersion): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(version: TableVersion, seenVersion: number): Promise<void>;
  /** Approved versions whose day has come, earliest first. */
  due(today: CalendarDate): Promise<readonly TableVersion[]>;
  /** How many records that the person may see were filed under a version; counting stops one above `most`. */
  filedUnder(version: Pick<TableVersion, 'id' | 'kind'>, visible: { readonly sql: string; readonly values: readonly unknown[] }, most: number): Promise<number>;
}

interface Row {
  id: string; kind: TableKind; label: string; state: TableVersion['state']; origin: TableVersion['origin']; effective_from: string | null; content: string; digest: string; approval_no: string | null; approved_by: string | null; approved_on: string | null;
  registered_by: string | null; registered_at: string | null; signature: string | null; imported_by: string; imported_at: string; rehearsed_by: string | null; rehearsed_at: string | null; activated_at: string | null; version: number;
}

export function tableRepository(sql: Sql): TableRepository {
  const of = (row: Row): TableVersion => ({
    id: row.id, kind: row.kind, label: row.label, state: row.state, origin: row.origin, effectiveFrom: row.effective_from, content: row.content, digest: row.digest, signature: row.signature,
    approval: row.approval_no === null || row.approved_by === null || row.approved_on === null ? null : { approvalNo: row.approval_no, approvedBy: row.approved_by, approvedOn: row.approved_on, rehearsal: row.registered_by === null, registeredBy: row.registered_by, registeredAt: row.registered_at },
    importedBy: row.imported_by, importedAt: row.imported_at, rehearsed: row.rehearsed_by === null || row.rehearsed_at === null ? null : { by: row.rehearsed_by, at: row.rehearsed_at }, activatedAt: row.activated_at, version: row.version,
  });
  const columns = (one: TableVersion): Record<string, SqlValue> => ({
    kind: one.kind, label: one.label, state: one.state, origin: one.origin, effective_from: one.effectiveFrom, content: one.content, digest: one.digest, approval_no: one.approval?.approvalNo ?? null, approved_by: one.approval?.approvedBy ?? null,
    approved_on: one.approval?.approvedOn ?? null, registered_by: one.approval?.registeredBy ?? null, registered_at: one.approval?.registeredAt ?? null, signature: one.signature, imported_by: one.importedBy, imported_at: one.importedAt,
    rehearsed_by: one.rehearsed?.by ?? null, rehearsed_at: one.rehearsed?.at ?? null, activated_at: one.activatedAt,
  });
  const first = async (where: string, ...values: SqlValue[]): Promise<TableVersion | undefined> => {
    const row = await sql.one<Row>(`SELECT * FROM table_version WHERE ${where}`, ...values);
    return row && of(row);
  };
  return {
    get: async (id) => first('id = $1', id),
    inForce: async (kind) => first("kind = $1 AND state = 'in_force'", kind),
    list: async (kind) => (await sql.all<Row>('SELECT * FROM table_version WHERE kind = $1 ORDER BY imported_at DESC, id', kind)).map(of),
    labelled: async (kind, label) => (await first('kind = $1 AND label = $2', kind, label)) !== undefined,
    add: async (version) => insert(sql, 'table_version', { id: version.id, version: version.version, ...columns(version) }),
    save: async (version, seenVersion) => saveVersion(sql, 'table_version', version.id, seenVersion, columns(version)),
    due: async (today) => (await sql.all<Row>("SELECT * FROM table_version WHERE state = 'approved' AND effective_from <= $1 ORDER BY effective_from, registered_at, id", today)).map(of),
    async filedUnder({ id, kind }, visible, most) {
      const place = visible.values.length + 1;
      const row = await sql.one<{ n: number }>(`SELECT count(*) AS n FROM (SELECT 1 FROM record_tables JOIN record ON record.id = record_tables.record WHERE ${visible.sql} AND record_tables.${kind} = $${String(place)} LIMIT ${String(most + 1)})`, ...visible.values as readonly SqlValue[], id);
      return row?.n ?? 0;
    },
  };
}
