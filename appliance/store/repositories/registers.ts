import type { CalendarDate, Instant, Level } from '../../../core/ports.js';
import type { RegisterReminder } from '../../../core/register-entry.js';
import type { RegisterValues } from '../../../policies/schemas/registers.js';
import type { Sealing } from '../sealing.js';
import { insert, places, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

export interface RegisterEntry {
  readonly id: string;
  readonly kind: string;
  /** 登记号: `ZR-2026-0001`, counted within its register and year. */
  readonly no: string;
  readonly state: 'current' | 'ended';
  readonly values: RegisterValues;
  readonly enteredBy: string;
  readonly enteredAt: Instant;
  readonly ended: { readonly on: CalendarDate; readonly reason: string; readonly by: string } | null;
  readonly version: number;
}

export interface RegisterState { readonly version: number; readonly act: string; readonly at: Instant; readonly by: string; readonly values: RegisterValues; readonly reason: string | null }
export interface DueReminder { readonly entry: string; readonly kind: string; readonly no: string; readonly field: string; readonly dueOn: CalendarDate }

export interface RegisterRepository {
  get(id: string): Promise<RegisterEntry | undefined>;
  list(kind: string, state: RegisterEntry['state'] | null, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: RegisterEntry[]; readonly total: number }>;
  /** Every entry in force of a register. */
  current(kind: string): Promise<RegisterEntry[]>;
  /** How many are in force in each register. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** The number of the next entry of this register and year. */
  next(prefix: string): Promise<string>;
  add(entry: RegisterEntry, state: Omit<RegisterState, 'version' | 'values'>, reminders: readonly RegisterReminder[]): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(entry: RegisterEntry, seenVersion: number, state: Omit<RegisterState, 'version' | 'values'>, reminders: readonly RegisterReminder[]): Promise<void>;
  history(entry: string): Promise<RegisterState[]>;
  /** What entries in force of these registers remind of up to a day, earliest first. */
  due(kinds: readonly string[], until: CalendarDate): Promise<DueReminder[]>;
}

/** Organisational registers are 内部. */
const LEVEL: Level = 1;
interface Told { readonly values: RegisterValues; readonly ended: { readonly reason: string; readonly by: string } | null }
interface Row { id: string; kind: string; no: string; state: RegisterEntry['state']; entered_by: string; entered_at: string; ended_on: string | null; sealed: Buffer; version: number }

export function registerRepository(sql: Sql, sealing: Sealing): RegisterRepository {
  const of = (row: Row): RegisterEntry => {
    const { values, ended } = sealing.open<Told>(LEVEL, `register/${row.id}`, row.sealed);
    return {
      id: row.id, kind: row.kind, no: row.no, state: row.state, values, enteredBy: row.entered_by, enteredAt: row.entered_at,
      ended: ended === null || row.ended_on === null ? null : { on: row.ended_on, ...ended }, version: row.version,
    };
  };
  const columns = ({ id, state, values, ended }: RegisterEntry): Record<string, SqlValue> => ({
    state, ended_on: ended?.on ?? null, sealed: sealing.seal(LEVEL, `register/${id}`, { values, ended: ended === null ? null : { reason: ended.reason, by: ended.by } } satisfies Told),
  });
  async function note(entry: RegisterEntry, version: number, { act, at, by, reason }: Omit<RegisterState, 'version' | 'values'>, reminders: readonly RegisterReminder[]): Promise<void> {
    await insert(sql, 'register_state', { entry: entry.id, version, act, at, by, sealed: sealing.seal(LEVEL, `register/${entry.id}/${String(version)}`, { values: entry.values, reason }) });
    await sql.run('DELETE FROM register_reminder WHERE entry = $1', entry.id);
    if (entry.state === 'current') for (const { field, dueOn } of reminders) await insert(sql, 'register_reminder', { entry: entry.id, field, due_on: dueOn });
  }
  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM register_entry WHERE id = $1', id);
      return row && of(row);
    },
    async list(kind, state, { offset, limit }) {
      const [where, values]: [string, SqlValue[]] = state === null ? ['kind = $1', [kind]] : ['kind = $1 AND state = $2', [kind, state]];
      const rows = await sql.all<Row>(`SELECT * FROM register_entry WHERE ${where} ORDER BY state, no DESC LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(of), total: (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM register_entry WHERE ${where}`, ...values))?.n ?? 0 };
    },
    current: async (kind) => (await sql.all<Row>("SELECT * FROM register_entry WHERE kind = $1 AND state = 'current' ORDER BY no", kind)).map(of),
    counts: async () => new Map((await sql.all<{ kind: string; n: number }>("SELECT kind, count(*) AS n FROM register_entry WHERE state = 'current' GROUP BY kind")).map(({ kind, n }) => [kind, n])),
    async next(prefix) {
      const row = await sql.one<{ n: number }>('SELECT count(*) AS n FROM register_entry WHERE no LIKE $1', `${prefix}-%`);
      return `${prefix}-${String((row?.n ?? 0) + 1).padStart(4, '0')}`;
    },
    async add(entry, state, reminders) {
      await insert(sql, 'register_entry', { id: entry.id, kind: entry.kind, no: entry.no, entered_by: entry.enteredBy, entered_at: entry.enteredAt, version: entry.version, ...columns(entry) });
      await note(entry, entry.version, state, reminders);
    },
    async save(entry, seenVersion, state, reminders) {
      await saveVersion(sql, 'register_entry', entry.id, seenVersion, columns(entry));
      await note(entry, seenVersion + 1, state, reminders);
    },
    async history(entry) {
      const rows = await sql.all<{ version: number; act: string; at: string; by: string; sealed: Buffer }>('SELECT * FROM register_state WHERE entry = $1 ORDER BY version DESC', entry);
      return rows.map(({ sealed, ...row }) => ({ ...row, ...sealing.open<{ values: RegisterValues; reason: string | null }>(LEVEL, `register/${entry}/${String(row.version)}`, sealed) }));
    },
    async due(kinds, until) {
      if (kinds.length === 0) return [];
      return sql.all<{ entry: string; kind: string; no: string; field: string; dueOn: string }>(
        `SELECT register_reminder.entry AS entry, kind, no, field, due_on AS dueOn FROM register_reminder JOIN register_entry ON register_entry.id = register_reminder.entry
         WHERE due_on <= $1 AND kind IN (${places(kinds.length, 2)}) ORDER BY due_on, no, field`, until, ...kinds,
      );
    },
  };
}
