import { Temporal } from 'temporal-polyfill';
import type { Clock, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import { RECORD_OBLIGATIONS } from '../../policies/schemas/calendar.js';
import type { AccessGate } from '../access/gate.js';
import { later } from '../calendar/records.js';
import type { CalendarService } from '../calendar/service.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';

export interface DeskParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly calendar: Pick<CalendarService, 'summaries' | 'sightOf' | 'records'>;
  /** 到期台: how many of each kind wait among what the person may see. */
  readonly marks: (call: ServerCall) => Promise<Readonly<Record<string, number>>>;
}

const DAYS = 30;
const RECENT = 8;
/** Lines of the calendar within these days come to the desk. */
const NEAR_DAYS = 7;
const LINES_MOST = 30;
/** Looking is no business concluded. */
const LOOKING = ['record.search', 'record.show', 'record.read', 'audit.list', 'person.list', 'session.current', 'access.explain', 'report.show', 'report.read', 'classification.show', 'calendar.list', 'register.list', 'register.show'];

export function deskService(parts: DeskParts) {
  const { store, gate, clock, calendar } = parts;

  return {
    /** 工作台. Read at every visit, so it is not an act for the ledger. */
    async list(call: ServerCall) {
      const { may, seen } = await calendar.sightOf(call);
      const marks = may.has('classification.expiring') ? await parts.marks(call) : null;
      const today = clock.today();
      // What the person did at a higher level is not shown at this one: the page would carry a mark the session does not have.
      const { ceiling, grants } = await gate.subjectOf(call);
      const duties = new Set(grants.map(({ duty }): string => duty));
      return store.read(call, async (tx) => {
        await tx.allow();
        // The number of an entry tells how much others have done: it is for who may look at the ledger.
        const recent = await tx.sql.all<{ seq: number; at: string; action: string; object_level: number | null; result: string }>(
          `SELECT seq, at, action, object_level, result FROM audit_entry WHERE actor = $1 AND result = 'ok' AND coalesce(object_level, 0) <= $2 AND action NOT IN (${LOOKING.map((act) => `'${act}'`).join(', ')})
           ORDER BY seq DESC LIMIT ${String(RECENT)}`, call.person, ceiling,
        );
        const { kinds, lines } = await calendar.summaries(tx, call, { may, seen }, today);
        const mine = new Set(kinds.filter(({ owners }) => owners.some((duty) => duties.has(duty))).map(({ key }): string => key));
        const perDay = seen === undefined ? new Map<string, number>() : await calendar.records.perDay(tx.sql, seen, RECORD_OBLIGATIONS, today, later(today, DAYS - 1));
        return {
          now: clock.now(), marks,
          periods: kinds.filter(({ overdue, ahead, key }) => (RECORD_OBLIGATIONS as readonly string[]).includes(key) || overdue > 0 || (ahead[0] ?? 0) > 0)
            .map(({ key, name, article, page, overdue, today: now, ahead: [within90 = 0, within30 = 0, within7 = 0] }) => ({ key, name, article, page, within90, within30, within7, today: now, overdue })),
          // What is this person's to deal with: records by kind and number, everything else line by line.
          due: [
            ...kinds.filter(({ key, overdue, today: now }) => (RECORD_OBLIGATIONS as readonly string[]).includes(key) && mine.has(key) && overdue + now > 0)
              .map(({ key, name, article, page, overdue, today: now }) => ({ kind: key, name, article, level: 0, text: [overdue > 0 ? `${String(overdue)} 件已逾期` : '', now > 0 ? `${String(now)} 件今日届满` : ''].filter((one) => one !== '').join('，'), dueOn: null, to: page })),
            ...lines.filter((line) => mine.has(line.kind) && line.dueOn <= later(today, NEAR_DAYS)).slice(0, LINES_MOST)
              .map((line) => ({ kind: line.kind, name: kinds.find(({ key }) => key === line.kind)?.name ?? '', article: kinds.find(({ key }) => key === line.kind)?.article ?? '', level: line.level, text: line.text, dueOn: line.dueOn, to: line.to })),
          ],
          days: seen === undefined ? [] : Array.from({ length: DAYS }, (_, at) => {
            const on = later(today, at);
            return { on, count: perDay.get(on) ?? 0, off: Temporal.PlainDate.from(on).dayOfWeek >= 6 };
          }),
          recent: recent.map((row) => ({ at: row.at, level: row.object_level ?? 0, act: row.action, entry: may.has('audit.list') ? row.seq : null })),
        };
      });
    },
  };
}
