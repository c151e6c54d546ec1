import { Temporal } from 'temporal-polyfill';
import type { CalendarDate, Clock, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { AccessGate, Visibility } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Sql, SqlValue } from '../store/sql.js';

export interface DeskParts {
  readonly store: UnitOfWork<{ readonly sql: Sql } & WriteTools, { readonly sql: Sql } & ReadTools>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  /** 到期台: how many of each kind wait among what the person may see. */
  readonly marks: (call: ServerCall) => Promise<Readonly<Record<string, number>>>;
}

/** 届满事项: a date of a record, and the states in which it still matters. */
const PERIODS = [
  { name: '归档截止', column: 'record.filing_deadline', where: "record.state IN ('captured','inspected','arranged','returned')" },
  { name: '移交截止', column: 'record.transfer_due_on', where: "record.state = 'filed'" },
  { name: '保管期满', column: 'record.retention_expires_on', where: "record.state IN ('filed','retained_copy')" },
  { name: '保密期限', column: 'classification.last_secret_day', where: "classification.state IN ('active','review_due')" },
  { name: '年度审核', column: 'classification.review_due_on', where: "classification.state IN ('active','long_term')" },
] as const;
type Period = (typeof PERIODS)[number];

const FROM = 'record LEFT JOIN classification ON classification.id = record.classification';
const DAYS = 30;
const RECENT = 8;
/** Looking is no business concluded. */
const LOOKING = ['record.search', 'record.show', 'record.read', 'audit.list', 'person.list', 'session.current', 'access.explain', 'report.show', 'report.read', 'classification.show'];

const later = (day: CalendarDate, days: number): CalendarDate => Temporal.PlainDate.from(day).add({ days }).toString();

export function deskService(parts: DeskParts) {
  const { store, gate, clock } = parts;

  async function counted(sql: Sql, seen: Visibility, period: Period, today: CalendarDate) {
    const first = seen.values.length + 1;
    const place = (at: number): string => `$${String(first + at)}`;
    const sum = (condition: string): string => `coalesce(sum(CASE WHEN ${condition} THEN 1 ELSE 0 END), 0)`;
    const { column } = period;
    const row = await sql.one<{ a: number; b: number; c: number; d: number; e: number }>(
      `SELECT ${sum(`${column} >= ${place(0)} AND ${column} <= ${place(3)}`)} AS a, ${sum(`${column} >= ${place(0)} AND ${column} <= ${place(2)}`)} AS b,
        ${sum(`${column} >= ${place(0)} AND ${column} <= ${place(1)}`)} AS c, ${sum(`${column} = ${place(0)}`)} AS d, ${sum(`${column} < ${place(0)}`)} AS e
       FROM ${FROM} WHERE (${seen.sql}) AND ${period.where} AND ${column} IS NOT NULL AND ${column} <= ${place(3)}`,
      ...seen.values, today, later(today, 7), later(today, 30), later(today, 90),
    );
    return { name: period.name, within90: row?.a ?? 0, within30: row?.b ?? 0, within7: row?.c ?? 0, today: row?.d ?? 0, overdue: row?.e ?? 0 };
  }

  async function perDay(sql: Sql, seen: Visibility, today: CalendarDate) {
    const found = new Map<string, number>();
    for (const { column, where } of PERIODS) {
      const values: SqlValue[] = [...seen.values, today, later(today, DAYS - 1)];
      const rows = await sql.all<{ day: string; n: number }>(
        `SELECT ${column} AS day, count(*) AS n FROM ${FROM} WHERE (${seen.sql}) AND ${where} AND ${column} BETWEEN $${String(values.length - 1)} AND $${String(values.length)} GROUP BY day`, ...values,
      );
      for (const { day, n } of rows) found.set(day, (found.get(day) ?? 0) + n);
    }
    return Array.from({ length: DAYS }, (_, at) => {
      const on = later(today, at);
      return { on, count: found.get(on) ?? 0, off: Temporal.PlainDate.from(on).dayOfWeek >= 6 };
    });
  }

  return {
    /** 工作台. Read at every visit, so it is not an act for the ledger. */
    async list(call: ServerCall) {
      const may = new Set(await gate.abilities(call));
      const seen = may.has('record.show') ? await gate.visible(call, 'record.show', 1) : undefined;
      const marks = may.has('classification.expiring') ? await parts.marks(call) : null;
      const today = clock.today();
      // What the person did at a higher level is not shown at this one: the page would carry a mark the session does not have.
      const { ceiling } = await gate.subjectOf(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        // The number of an entry tells how much others have done: it is for who may look at the ledger.
        const recent = await tx.sql.all<{ seq: number; at: string; action: string; object_level: number | null; result: string }>(
          `SELECT seq, at, action, object_level, result FROM audit_entry WHERE actor = $1 AND result = 'ok' AND coalesce(object_level, 0) <= $2 AND action NOT IN (${LOOKING.map((act) => `'${act}'`).join(', ')})
           ORDER BY seq DESC LIMIT ${String(RECENT)}`, call.person, ceiling,
        );
        return {
          now: clock.now(), marks, periods: seen === undefined ? [] : await Promise.all(PERIODS.map(async (period) => counted(tx.sql, seen, period, today))),
          days: seen === undefined ? [] : await perDay(tx.sql, seen, today),
          recent: recent.map((row) => ({ at: row.at, level: row.object_level ?? 0, act: row.action, entry: may.has('audit.list') ? row.seq : null })),
        };
      });
    },
  };
}
