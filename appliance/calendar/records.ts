import { Temporal } from 'temporal-polyfill';
import { addYears } from '../../core/calendar.js';
import type { CalendarDate } from '../../core/ports.js';
import { RECORD_OBLIGATIONS } from '../../policies/schemas/calendar.js';
import type { RecordObligation } from '../../policies/schemas/calendar.js';
import type { Visibility } from '../access/gate.js';
import type { Sql, SqlValue } from '../store/sql.js';

/** A date of a record, and the states in which it still matters. */
interface Period {
  readonly column: string;
  readonly where: string;
  /** Years between the column and the day that is due. */
  readonly years?: number;
  /** Listed only before it is past, or only from its day on: the end of a secret is ahead, what has run out waits to be confirmed. */
  readonly only?: 'ahead' | 'due';
}

/** 满二十五年: the years stand with the transfer rules, and come in from there. */
export const periodsOf = (openAfterYears: number): Readonly<Record<RecordObligation, Period>> => ({
  filing: { column: 'record.filing_deadline', where: "record.state IN ('captured','inspected','arranged','returned')" },
  transfer: { column: 'record.transfer_due_on', where: "record.state = 'filed'" },
  retention: { column: 'record.retention_expires_on', where: "record.state IN ('filed','retained_copy')" },
  opening: { column: 'record.document_date', where: "record.state IN ('filed','retained_copy')", years: openAfterYears },
  secrecy: { column: 'classification.last_secret_day', where: "classification.state IN ('active','review_due','declass_review')", only: 'ahead' },
  confirm: { column: 'classification.declassifies_on', where: "classification.state IN ('active','review_due','declass_review','expired')", only: 'due' },
  review: { column: 'classification.review_due_on', where: "classification.state IN ('active','long_term','review_due')" },
});

const FROM = 'record LEFT JOIN classification ON classification.id = record.classification';
export const later = (day: CalendarDate, days: number): CalendarDate => Temporal.PlainDate.from(day).add({ days }).toString();

/** The last day of the column that is due by a day: 28 February stands for the 29th of a leap year too. */
function columnBy(day: CalendarDate, years: number): CalendarDate {
  if (years === 0) return day;
  const bound = addYears(day, -years);
  const next = later(bound, 1);
  return addYears(next, years) <= day ? next : bound;
}

export interface Counted { readonly overdue: number; readonly today: number; readonly ahead: readonly number[] }
export interface RecordLine { readonly kind: RecordObligation; readonly record: string; readonly dueOn: CalendarDate }

/** What the calendar counts and lists among the records a person may see; the filter is in every statement, so a number tells nothing of the rest. */
export function recordCalendar(periods: Readonly<Record<RecordObligation, Period>>) {
  /** Days the kind's column must not pass, as bounds of the column itself. */
  const bound = (kind: RecordObligation, day: CalendarDate): CalendarDate => columnBy(day, periods[kind].years ?? 0);

  return {
    /** `ahead` within each of the windows given, largest first, today among them. */
    async count(sql: Sql, seen: Visibility, kind: RecordObligation, on: CalendarDate, windows: readonly number[]): Promise<Counted> {
      const { column, where } = periods[kind];
      const yesterday = bound(kind, later(on, -1));
      const ends = windows.map((days) => bound(kind, later(on, days)));
      const values: SqlValue[] = [...seen.values, yesterday, bound(kind, on), ...ends];
      const place = (at: number): string => `$${String(seen.values.length + 1 + at)}`;
      const sum = (condition: string): string => `coalesce(sum(CASE WHEN ${condition} THEN 1 ELSE 0 END), 0)`;
      const row = await sql.one<Readonly<Record<string, number>>>(
        `SELECT ${sum(`${column} <= ${place(0)}`)} AS overdue, ${sum(`${column} > ${place(0)} AND ${column} <= ${place(1)}`)} AS today,
          ${ends.map((_, at) => `${sum(`${column} > ${place(0)} AND ${column} <= ${place(2 + at)}`)} AS w${String(at)}`).join(', ')}
         FROM ${FROM} WHERE ${column} IS NOT NULL AND ${column} <= ${place(2)} AND ${where} AND (${seen.sql})`, ...values,
      );
      const { only } = periods[kind];
      const today = row?.['today'] ?? 0;
      return { overdue: only === 'ahead' ? 0 : row?.['overdue'] ?? 0, today, ahead: ends.map((_, at) => (only === 'due' ? today : row?.[`w${String(at)}`] ?? 0)) };
    },

    /** Lines of these kinds as of a day, due after one day and up to another, the earliest first. */
    async lines(sql: Sql, seen: Visibility, kinds: readonly RecordObligation[], { on, after: from, until: end }: { readonly on: CalendarDate; readonly after: CalendarDate | null; readonly until: CalendarDate }, limit: number): Promise<RecordLine[]> {
      const found: RecordLine[] = [];
      for (const kind of RECORD_OBLIGATIONS.filter((one) => kinds.includes(one))) {
        const { column, where, years = 0, only } = periods[kind];
        const after = only === 'ahead' ? later(on, -1) : from;
        const until = only === 'due' && end > on ? on : end;
        const values: SqlValue[] = [...seen.values, bound(kind, until), ...(after === null ? [] : [bound(kind, after)]), limit];
        const first = seen.values.length + 1;
        const rows = await sql.all<{ id: string; day: string }>(
          `SELECT record.id AS id, ${column} AS day FROM ${FROM} WHERE ${column} IS NOT NULL AND ${column} <= $${String(first)}${after === null ? '' : ` AND ${column} > $${String(first + 1)}`} AND ${where} AND (${seen.sql})
           ORDER BY ${column}, record.id LIMIT $${String(values.length)}`, ...values,
        );
        found.push(...rows.map(({ id, day }): RecordLine => ({ kind, record: id, dueOn: years === 0 ? day : addYears(day, years) })));
      }
      return found.sort((one, other) => (one.dueOn === other.dueOn && one.kind === other.kind ? (one.record < other.record ? -1 : 1) : one.dueOn === other.dueOn ? RECORD_OBLIGATIONS.indexOf(one.kind) - RECORD_OBLIGATIONS.indexOf(other.kind) : one.dueOn < other.dueOn ? -1 : 1)).slice(0, limit);
    },

    /** How many fall due on each day of a stretch. */
    async perDay(sql: Sql, seen: Visibility, kinds: readonly RecordObligation[], from: CalendarDate, until: CalendarDate): Promise<ReadonlyMap<CalendarDate, number>> {
      const found = new Map<CalendarDate, number>();
      for (const kind of kinds) {
        const { column, where, years = 0, only } = periods[kind];
        if (only === 'due') continue;
        const values: SqlValue[] = [...seen.values, bound(kind, later(from, -1)), bound(kind, until)];
        const rows = await sql.all<{ day: string; n: number }>(
          `SELECT ${column} AS day, count(*) AS n FROM ${FROM} WHERE (${seen.sql}) AND ${where} AND ${column} > $${String(values.length - 1)} AND ${column} <= $${String(values.length)} GROUP BY day`, ...values,
        );
        for (const { day, n } of rows) { const due = years === 0 ? day : addYears(day, years); found.set(due, (found.get(due) ?? 0) + n); }
      }
      return found;
    },
  };
}
export type RecordCalendar = ReturnType<typeof recordCalendar>;
