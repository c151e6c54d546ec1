import { ArchiveError } from '../../../core/errors.js';
import type { CalendarDate, Instant, Level, Target } from '../../../core/ports.js';
import type { CarrierState } from '../../../secrecy/carrier.js';
import type { Output } from '../../../secrecy/output.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import type { Visible } from './carriers.js';

export interface StoredOutput {
  readonly it: Output;
  readonly fonds: string;
  readonly department: string;
  readonly version: number;
}
/** What went onto one copy; sealed. */
export interface CopyFacts { readonly pages: number | null; readonly files: readonly { readonly record: string; readonly name: string; readonly bytes: number; readonly sm3: string }[]; readonly device: string | null; readonly mark: string }
export interface OutputCopy {
  readonly id: string;
  readonly output: string;
  readonly no: number;
  readonly level: Level;
  readonly issuedAt: Instant;
  readonly issuedBy: string;
  readonly holder: string;
  readonly dueOn: CalendarDate | null;
  readonly carrier: string | null;
  readonly facts: CopyFacts;
}
/** A copy with what its carrier says now. */
export interface CopyNow extends OutputCopy { readonly carrierNo: string | null; readonly carrierState: CarrierState | null; readonly carrierDue: CalendarDate | null }
export interface OutputFilter { readonly state: 'requested' | 'approved' | 'refused' | 'lapsed' | 'issued' | 'closed' | 'overdue' | null; readonly kind: string | null; readonly now: Instant; readonly today: CalendarDate }

export interface OutputRepository {
  get(id: string): Promise<StoredOutput | undefined>;
  list(visible: Visible, filter: OutputFilter, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: StoredOutput[]; readonly total: number }>;
  /** How many bear a number of this series. */
  numbered(series: string): Promise<number>;
  add(one: StoredOutput): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredOutput, seenVersion: number): Promise<void>;
  addCopy(copy: OutputCopy): Promise<void>;
  copies(output: string): Promise<CopyNow[]>;
  /** 副本 of records, newest first, up to a level. */
  copiesOf(records: readonly string[], ceiling: Level): Promise<CopyNow[]>;
  /** Whether a carrier carries a copy already. */
  carries(carrier: string): Promise<boolean>;
  /** Whether any copy is past its day. */
  overdue(today: CalendarDate): Promise<boolean>;
}

export const OUTPUT_COLUMNS = { id: 'output_request.id', level: 'output_request.level', fonds: 'output_request.fonds', department: 'output_request.department', state: 'output_request.state', owner: 'output_request.requested_by' } as const;

export function outputTarget({ it, fonds, department }: Pick<StoredOutput, 'it' | 'fonds' | 'department'>): Target {
  return { type: 'output', id: it.id, fonds, level: it.level, state: it.state, department, scope: { persons: [], departments: [] }, owner: it.requestedBy };
}

const COPY = 'SELECT output_copy.*, carrier.no AS carrier_no, carrier.state AS carrier_state, carrier.due_on AS carrier_due FROM output_copy LEFT JOIN carrier ON carrier.id = output_copy.carrier';
const OF_THIS = 'SELECT 1 FROM output_copy LEFT JOIN carrier ON carrier.id = output_copy.carrier WHERE output_copy.output = output_request.id';
const NOT_BACK = "carrier.state IN ('registered','in_use','in_transit','lost','pending_destruction')";
const LATE = "carrier.state IN ('in_use','in_transit') AND carrier.due_on <";
/** No further copy can come: `$now` is today. */
const OVER = (today: string): string => `(output_request.state = 'issued' OR (output_request.state = 'approved' AND output_request.until < ${today} AND EXISTS (${OF_THIS})))`;

interface Row { id: string; no: string; kind: string; fonds: string; department: string; requested_by: string; level: Level; state: string; until: string | null; sealed: Buffer; version: number }
interface CopyRow { id: string; output: string; no: number; level: Level; issued_at: string; issued_by: string; holder: string; due_on: string | null; carrier: string | null; sealed: Buffer; carrier_no: string | null; carrier_state: CarrierState | null; carrier_due: string | null }

export function outputRepository(sql: Sql, sealing: Sealing): OutputRepository {
  const of = (row: Row): StoredOutput => {
    const it = sealing.open<Output>(row.level, `output/${row.id}`, row.sealed);
    if (it.state !== row.state || it.level !== row.level || it.no !== row.no || it.kind !== row.kind || it.requestedBy !== row.requested_by) throw new ArchiveError('E_DECRYPT_FAILED', { output: row.id });
    return { it, fonds: row.fonds, department: row.department, version: row.version };
  };
  const columns = ({ it }: StoredOutput): Record<string, SqlValue> => ({
    state: it.state, level: it.level, until: it.state === 'requested' ? it.lapsesAt : it.state === 'approved' ? it.issueBy : null, approval: it.state === 'requested' ? null : it.approval,
    sealed: sealing.seal(it.level, `output/${it.id}`, it),
  });
  const copyOf = (row: CopyRow): CopyNow => ({
    id: row.id, output: row.output, no: row.no, level: row.level, issuedAt: row.issued_at, issuedBy: row.issued_by, holder: row.holder, dueOn: row.due_on, carrier: row.carrier,
    facts: sealing.open<CopyFacts>(row.level, `output-copy/${row.id}`, row.sealed), carrierNo: row.carrier_no, carrierState: row.carrier_state, carrierDue: row.carrier_due,
  });
  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM output_request WHERE id = $1', id);
      return row && of(row);
    },
    async list(visible, { state, kind, now, today }, { offset, limit }) {
      const values: SqlValue[] = [...visible.values];
      const where = [visible.sql];
      const place = (value: SqlValue): string => { values.push(value); return `$${String(values.length)}`; };
      if (kind !== null) where.push(`output_request.kind = ${place(kind)}`);
      if (state === 'refused') where.push("output_request.state = 'refused'");
      if (state === 'requested') where.push(`output_request.state = 'requested' AND output_request.until > ${place(now)}`);
      if (state === 'approved') where.push(`output_request.state = 'approved' AND output_request.until >= ${place(today)}`);
      if (state === 'lapsed') where.push(`((output_request.state = 'requested' AND output_request.until <= ${place(now)}) OR (output_request.state = 'approved' AND output_request.until < ${place(today)} AND NOT EXISTS (${OF_THIS})))`);
      if (state === 'issued') where.push(`${OVER(place(today))} AND EXISTS (${OF_THIS} AND ${NOT_BACK})`);
      if (state === 'closed') where.push(`${OVER(place(today))} AND NOT EXISTS (${OF_THIS} AND ${NOT_BACK})`);
      if (state === 'overdue') where.push(`EXISTS (${OF_THIS} AND ${LATE} ${place(today)})`);
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM output_request WHERE ${where.join(' AND ')}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row>(`SELECT * FROM output_request WHERE ${where.join(' AND ')} ORDER BY output_request.requested_at DESC, output_request.no DESC LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(of), total };
    },
    numbered: async (series) => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM output_request WHERE substr(no, 1, $1) = $2', series.length, series))?.n ?? 0,
    async add(one) {
      const { it } = one;
      await insert(sql, 'output_request', { id: it.id, no: it.no, kind: it.kind, fonds: one.fonds, department: one.department, requested_by: it.requestedBy, requested_at: it.requestedAt, version: one.version, ...columns(one) });
      for (const { record } of it.records) await insert(sql, 'output_record', { output: it.id, record });
    },
    save: async (one, seenVersion) => saveVersion(sql, 'output_request', one.it.id, seenVersion, columns(one)),
    addCopy: async (copy) => insert(sql, 'output_copy', {
      id: copy.id, output: copy.output, no: copy.no, level: copy.level, issued_at: copy.issuedAt, issued_by: copy.issuedBy, holder: copy.holder, due_on: copy.dueOn, carrier: copy.carrier,
      sealed: sealing.seal(copy.level, `output-copy/${copy.id}`, copy.facts),
    }),
    copies: async (output) => (await sql.all<CopyRow>(`${COPY} WHERE output_copy.output = $1 ORDER BY output_copy.no`, output)).map(copyOf),
    async copiesOf(records, ceiling) {
      if (records.length === 0) return [];
      const rows = await sql.all<CopyRow>(
        `${COPY} WHERE output_copy.level <= $1 AND output_copy.output IN (SELECT output FROM output_record WHERE record IN (${places(records.length, 2)})) ORDER BY output_copy.issued_at DESC, output_copy.no LIMIT 500`, ceiling, ...records,
      );
      return rows.map(copyOf);
    },
    carries: async (carrier) => (await sql.one('SELECT 1 AS there FROM output_copy WHERE carrier = $1 LIMIT 1', carrier)) !== undefined,
    overdue: async (today) => (await sql.one(`SELECT 1 AS there FROM output_copy JOIN carrier ON carrier.id = output_copy.carrier WHERE ${LATE} $1 LIMIT 1`, today)) !== undefined,
  };
}
