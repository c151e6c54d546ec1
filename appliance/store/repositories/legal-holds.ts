import type { LegalHold } from '../../../core/appraisal.js';
import type { ListScope, Page, Paged } from '../../../core/holdings.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** `level`: under which its words rest; never below the record's when they were written. */
export interface StoredHold { readonly it: LegalHold; readonly level: Level; readonly version: number }

export interface LegalHoldRepository {
  get(id: string): Promise<StoredHold | undefined>;
  add(one: StoredHold): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredHold, seenVersion: number): Promise<void>;
  /** Of visible records, the newest first; `visible` is over records. */
  list(visible: ListScope, filter: { readonly open: boolean; readonly record: string | null }, page: Page): Promise<Paged<StoredHold>>;
  /** Holds of a record that still stand. */
  standing(record: string): Promise<number>;
}

interface Row { id: string; record: string; kind: string; placed_by: string; placed_at: string; lifted_by: string | null; lifted_at: string | null; level: Level; sealed: Buffer; version: number }
interface Told { readonly requestedBy: string; readonly reason: string; readonly lifted: string | null }

/** 冻结登记. */
export function legalHoldRepository(sql: Sql, sealing: Sealing): LegalHoldRepository {
  const opened = (row: Row): StoredHold => {
    const told = sealing.open<Told>(row.level, `legal-hold/${row.id}`, row.sealed);
    return {
      it: {
        id: row.id, record: row.record, kind: row.kind, requestedBy: told.requestedBy, reason: told.reason, placedBy: row.placed_by, placedAt: row.placed_at,
        lifted: row.lifted_by === null || row.lifted_at === null ? null : { by: row.lifted_by, at: row.lifted_at, reason: told.lifted ?? '' },
      },
      level: row.level, version: row.version,
    };
  };
  const columns = ({ it, level }: StoredHold): Record<string, SqlValue> => ({
    lifted_by: it.lifted?.by ?? null, lifted_at: it.lifted?.at ?? null, level,
    sealed: sealing.seal(level, `legal-hold/${it.id}`, { requestedBy: it.requestedBy, reason: it.reason, lifted: it.lifted?.reason ?? null } satisfies Told),
  });
  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM legal_hold WHERE id = $1', id);
      return row && opened(row);
    },
    add: async (one) => insert(sql, 'legal_hold', { id: one.it.id, record: one.it.record, kind: one.it.kind, placed_by: one.it.placedBy, placed_at: one.it.placedAt, version: one.version, ...columns(one) }),
    save: async (one, seenVersion) => saveVersion(sql, 'legal_hold', one.it.id, seenVersion, columns(one)),
    async list(visible, { open, record }, { offset, limit }) {
      const values = [...(visible.values as readonly SqlValue[]), ...(record === null ? [] : [record])];
      const where = `FROM legal_hold JOIN record ON record.id = legal_hold.record WHERE ${visible.sql}${open ? ' AND legal_hold.lifted_at IS NULL' : ''}${record === null ? '' : ` AND legal_hold.record = $${String(values.length)}`}`;
      const rows = await sql.all<Row>(`SELECT legal_hold.* ${where} ORDER BY legal_hold.placed_at DESC, legal_hold.id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      const count = await sql.one<{ n: number }>(`SELECT count(*) AS n ${where}`, ...values);
      return { rows: rows.map(opened), total: count?.n ?? 0 };
    },
    standing: async (record) => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM legal_hold WHERE record = $1 AND lifted_at IS NULL', record))?.n ?? 0,
  };
}
