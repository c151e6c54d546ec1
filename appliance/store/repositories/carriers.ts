import { ArchiveError } from '../../../core/errors.js';
import type { CalendarDate, Instant, Level, Target } from '../../../core/ports.js';
import type { CarrierRegister } from '../../../policies/schemas/carrier.js';
import { relevelCarrier, type Carrier } from '../../../secrecy/carrier.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

/** What stands on the card of a carrier. */
export type CarrierFacts = Omit<CarrierRegister, 'kind' | 'level' | 'cap'>;

export interface StoredCarrier {
  readonly it: Carrier;
  readonly kind: CarrierRegister['kind'];
  readonly facts: CarrierFacts;
  readonly fonds: string;
  readonly department: string;
  readonly registeredBy: string;
  readonly registeredAt: Instant;
  /** 上次盘点; the day of registration until there was one. */
  readonly inventoriedOn: CalendarDate;
  readonly version: number;
}

/** One line of a carrier's history; `told` is sealed under the level that the carrier had then. */
export interface CarrierLine { readonly seq: number; readonly at: Instant; readonly by: string; readonly event: string; readonly approval: string | null; readonly told: Readonly<Record<string, unknown>> }

export interface Visible { readonly sql: string; readonly values: readonly SqlValue[] }
export interface CarrierFilter { readonly state: string | null; readonly kind: string | null; /** Only those last looked at before this day. */ readonly before: CalendarDate | null }

export interface CarrierRepository {
  get(id: string): Promise<StoredCarrier | undefined>;
  byNo(no: string): Promise<StoredCarrier | undefined>;
  list(visible: Visible, filter: CarrierFilter, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: StoredCarrier[]; readonly total: number }>;
  /** How many were registered in a series, so that the next number follows. */
  numbered(series: string): Promise<number>;
  add(one: StoredCarrier): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredCarrier, seenVersion: number): Promise<void>;
  /** After its contents changed: row resealed under the new level, in the same transaction. */
  follow(id: string, level: Level): Promise<void>;
  note(carrier: StoredCarrier, line: Omit<CarrierLine, 'seq'>): Promise<void>;
  /** Newest first; nothing that was written while the carrier stood above the reader. */
  history(id: string, ceiling: Level): Promise<CarrierLine[]>;
  /** @param purpose `use`: a copy of what is kept elsewhere, made for somebody's use; the guard of destruction asks less of it */
  put(carrier: string, records: readonly string[], at: Instant, by: string, purpose?: 'keep' | 'use'): Promise<void>;
  contents(carrier: string): Promise<string[]>;
  /** Records by 档号 or number of the electronic record. */
  recordsOf(codes: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Whether any in our hands was last looked at before this day. */
  overdue(before: CalendarDate): Promise<boolean>;
}

export const CARRIER_COLUMNS = { id: 'carrier.id', level: 'carrier.level', fonds: 'carrier.fonds', department: 'carrier.department', state: 'carrier.state', owner: 'carrier.registered_by' } as const;

export function carrierTarget(one: Pick<StoredCarrier, 'it' | 'fonds' | 'department' | 'registeredBy'>): Target {
  return { type: 'carrier', id: one.it.id, fonds: one.fonds, level: one.it.level, state: one.it.state, department: one.department, scope: { persons: [], departments: [] }, owner: one.registeredBy };
}

/** In our hands, so that an inventory ought to find them. */
const HELD = "('registered','in_custody','pending_destruction')";
interface Row { id: string; no: string; kind: CarrierRegister['kind']; fonds: string; department: string; registered_by: string; registered_at: string; state: string; level: Level; max_level_ever: Level; inventoried_on: string; sealed: Buffer; version: number }
interface Told { readonly it: Carrier; readonly facts: CarrierFacts }

export function carrierRepository(sql: Sql, sealing: Sealing): CarrierRepository {
  const of = (row: Row): StoredCarrier => {
    const { it, facts } = sealing.open<Told>(row.level, `carrier/${row.id}`, row.sealed);
    if (it.state !== row.state || it.level !== row.level || it.maxLevelEver !== row.max_level_ever || it.no !== row.no) throw new ArchiveError('E_DECRYPT_FAILED', { carrier: row.id });
    return { it, facts, kind: row.kind, fonds: row.fonds, department: row.department, registeredBy: row.registered_by, registeredAt: row.registered_at, inventoriedOn: row.inventoried_on, version: row.version };
  };
  const columns = ({ it, facts, inventoriedOn }: StoredCarrier): Record<string, SqlValue> => ({
    state: it.state, level: it.level, max_level_ever: it.maxLevelEver, inventoried_on: inventoriedOn, due_on: it.state === 'in_use' || it.state === 'in_transit' ? it.dueOn : null,
    sealed: sealing.seal(it.level, `carrier/${it.id}`, { it, facts } satisfies Told),
  });
  const get = async (id: string): Promise<StoredCarrier | undefined> => {
    const row = await sql.one<Row>('SELECT * FROM carrier WHERE id = $1', id);
    return row && of(row);
  };
  return {
    get,
    async byNo(no) {
      const row = await sql.one<Row>('SELECT * FROM carrier WHERE no = $1', no);
      return row && of(row);
    },
    async list(visible, filter, { offset, limit }) {
      const values: SqlValue[] = [...visible.values];
      const where = [visible.sql];
      const also = (text: string, value: SqlValue): void => { values.push(value); where.push(`${text} $${String(values.length)}`); };
      if (filter.state !== null) also('carrier.state =', filter.state);
      if (filter.kind !== null) also('carrier.kind =', filter.kind);
      if (filter.before !== null) { where.push(`carrier.state IN ${HELD}`); also('carrier.inventoried_on <', filter.before); }
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM carrier WHERE ${where.join(' AND ')}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row>(`SELECT * FROM carrier WHERE ${where.join(' AND ')} ORDER BY carrier.no LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(of), total };
    },
    numbered: async (series) => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM carrier WHERE substr(no, 1, $1) = $2', series.length, series))?.n ?? 0,
    add: async (one) => insert(sql, 'carrier', {
      id: one.it.id, no: one.it.no, kind: one.kind, fonds: one.fonds, department: one.department, registered_by: one.registeredBy, registered_at: one.registeredAt, version: one.version, ...columns(one),
    }),
    save: async (one, seenVersion) => saveVersion(sql, 'carrier', one.it.id, seenVersion, columns(one)),
    async follow(id, level) {
      const one = await get(id);
      if (one === undefined) return;
      const it = relevelCarrier(one.it, level);
      if (it.level !== one.it.level || it.maxLevelEver !== one.it.maxLevelEver) await saveVersion(sql, 'carrier', id, one.version, columns({ ...one, it }));
    },
    async note({ it }, line) {
      const seq = (await sql.one<{ n: number }>('SELECT count(*) AS n FROM carrier_event WHERE carrier = $1', it.id))?.n ?? 0;
      await insert(sql, 'carrier_event', { carrier: it.id, seq, at: line.at, by: line.by, event: line.event, level: it.level, approval: line.approval, sealed: sealing.seal(it.level, `carrier-event/${it.id}/${String(seq)}`, line.told) });
    },
    async history(id, ceiling) {
      const rows = await sql.all<{ seq: number; at: string; by: string; event: string; level: Level; approval: string | null; sealed: Buffer }>('SELECT * FROM carrier_event WHERE carrier = $1 AND level <= $2 ORDER BY seq DESC', id, ceiling);
      return rows.map(({ seq, at, by, event, level, approval, sealed }) => ({ seq, at, by, event, approval, told: sealing.open<Record<string, unknown>>(level, `carrier-event/${id}/${String(seq)}`, sealed) }));
    },
    async put(carrier, records, at, by, purpose = 'keep') {
      // What is put there to be kept, by whomever, is no longer only for use.
      for (const record of records) await sql.run("INSERT INTO carrier_content (carrier, record, put_at, put_by, purpose) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (carrier, record) DO UPDATE SET purpose = CASE WHEN excluded.purpose = 'keep' THEN 'keep' ELSE purpose END, ended_at = NULL, ended_in = NULL", carrier, record, at, by, purpose);
    },
    contents: async (carrier) => (await sql.all<{ record: string }>('SELECT record FROM carrier_content WHERE carrier = $1 AND ended_at IS NULL ORDER BY put_at, record', carrier)).map(({ record }) => record),
    async recordsOf(codes) {
      const rows = await sql.all<{ id: string; a: string | null; e: string }>(`SELECT id, archival_code AS a, electronic_record_code AS e FROM record WHERE archival_code IN (${places(codes.length)}) OR electronic_record_code IN (${places(codes.length)})`, ...codes);
      return new Map(codes.flatMap((code) => { const row = rows.find((one) => one.a === code || one.e === code); return row === undefined ? [] : [[code, row.id] as const]; }));
    },
    overdue: async (before) => (await sql.one(`SELECT 1 AS there FROM carrier WHERE state IN ${HELD} AND inventoried_on < $1 LIMIT 1`, before)) !== undefined,
  };
}
