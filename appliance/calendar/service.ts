import { daysBetween } from '../../core/calendar.js';
import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import { RECORD_OBLIGATIONS } from '../../policies/schemas/calendar.js';
import type { CalendarFile, CalendarList, ObligationKind, RecordObligation } from '../../policies/schemas/calendar.js';
import type { AccessGate, Visibility } from '../access/gate.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import type { RegisterService } from '../registers/service.js';
import type { Repositories } from '../store/repositories/index.js';
import { boxSources } from './box.js';
import type { BoxLine } from './box.js';
import { later, periodsOf, recordCalendar } from './records.js';
import type { Counted, RecordLine } from './records.js';

export interface CalendarParts {
  readonly box: Box;
  readonly registers: Pick<RegisterService, 'readableKinds'>;
  readonly dutyName: (duty: string) => string;
}

type Tx = Repositories & ReadTools;
interface Sight { readonly may: ReadonlySet<string>; readonly seen: Visibility | undefined }
/** Lists further back than this are read through their own pages. */
const LINES_MOST = 5000;
/** How far ahead of today the calendar may be looked at. */
const YEARS_AHEAD = 100;

const isRecord = (line: BoxLine | RecordLine): line is RecordLine => 'record' in line;

/** 法定日历: what is due, in one list, of everything a person may see. */
export function calendarService({ box, registers, dutyName }: CalendarParts) {
  const { clock } = box;
  const store: UnitOfWork<Repositories & WriteTools, Tx> = box.store;
  const gate: AccessGate = box.gate;
  const file: CalendarFile = box.policies.content('calendar.json');
  const records = recordCalendar(periodsOf(box.policies.content('transfer.json').openAfterYears));
  const sources = boxSources(box, gate);
  const furthest = Math.max(...file.windows);
  const isRecordKind = (kind: ObligationKind): kind is RecordObligation => (RECORD_OBLIGATIONS as readonly string[]).includes(kind);

  /** Whose lists the person may open, and the records in sight. */
  async function sightOf(call: ServerCall): Promise<Sight> {
    const may = new Set(await gate.abilities(call));
    return { may, seen: may.has('record.show') ? await gate.visible(call, 'record.show', 1) : undefined };
  }

  async function boxLines(tx: Tx, call: ServerCall, may: ReadonlySet<string>, on: CalendarDate, until: CalendarDate): Promise<BoxLine[]> {
    const kinds = may.has('register.list') ? await registers.readableKinds(call) : [];
    const found: BoxLine[] = [];
    for (const source of sources) if (may.has(source.act)) found.push(...(await source.lines({ tx, call, on, until, registers: kinds })).filter(({ dueOn }) => dueOn <= until));
    return found;
  }

  const ownerOf = (owners: readonly string[]): string => owners.map(dutyName).join('、');

  function summary(lines: readonly { readonly dueOn: CalendarDate }[], on: CalendarDate): Counted {
    const of = (holds: (days: number) => boolean): number => lines.filter(({ dueOn }) => holds(daysBetween(on, dueOn))).length;
    return { overdue: of((days) => days < 0), today: of((days) => days === 0), ahead: file.windows.map((window) => of((days) => days >= 0 && days <= window)) };
  }

  /** Every kind the person has to do with, with its numbers, and the lines of the box up to the furthest reminder. */
  async function summaries(tx: Tx, call: ServerCall, { may, seen }: Sight, on: CalendarDate) {
    const lines = await boxLines(tx, call, may, on, later(on, furthest));
    const shown = new Set<ObligationKind>([...(seen === undefined ? [] : RECORD_OBLIGATIONS), ...sources.filter(({ act }) => may.has(act)).flatMap(({ kinds }) => kinds)]);
    const kinds = [];
    for (const one of file.kinds) {
      const key = one.key as ObligationKind;
      if (!shown.has(key)) continue;
      const counts: Counted = isRecordKind(key) && seen !== undefined ? await records.count(tx.sql, seen, key, on, file.windows) : summary(lines.filter((line) => line.kind === key), on);
      kinds.push({ ...one, key, ownerName: ownerOf(one.owners), ...counts });
    }
    return { kinds, lines: lines.sort((one, other) => (one.dueOn === other.dueOn ? 0 : one.dueOn < other.dueOn ? -1 : 1)) };
  }

  return {
    records,
    sightOf,
    summaries,

    /** What is past its day, for the report; that a record may be opened is nobody's delay. */
    async linesFor(tx: Tx, call: ServerCall, on: CalendarDate) {
      const { may, seen } = await sightOf(call);
      const late = { on, after: null, until: later(on, -1) };
      const lines = [
        ...(seen === undefined ? [] : await records.lines(tx.sql, seen, RECORD_OBLIGATIONS.filter((kind) => kind !== 'opening'), late, LINES_MOST)),
        ...(await boxLines(tx, call, may, on, late.until)),
      ].sort((one, other) => (one.dueOn === other.dueOn ? 0 : one.dueOn < other.dueOn ? -1 : 1));
      return Promise.all(lines.map(async (line) => ({ ...(await outward(tx, line, on)), record: isRecord(line) ? await tx.records.get(line.record) ?? null : null })));
    },

    async list(call: ServerCall, input: CalendarList) {
      const { page = 1, size = 50, kind, window = 'all' } = input;
      const today = clock.today();
      const on = input.on ?? today;
      if (on < today || Number(on.slice(0, 4)) - Number(today.slice(0, 4)) > YEARS_AHEAD) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/on', message: '查看日不得早于今日，也不得远于一百年' }]);
      if (page * size > LINES_MOST) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/page', message: '往后的请到各页办理，或按种类查看' }]);
      const { may, seen } = await sightOf(call);
      const until = window === 'overdue' ? later(on, -1) : window === 'today' ? on : later(on, furthest);
      const after = window === 'today' || window === 'ahead' ? later(on, -1) : null;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { kinds, lines: others } = await summaries(tx, call, { may, seen }, on);
        const total = kinds.filter(({ key }) => kind === undefined || key === kind).reduce((sum, { overdue, today: now, ahead: [most = 0] }) => sum + (window === 'overdue' ? overdue : window === 'today' ? now : window === 'ahead' ? most : overdue + most), 0);
        const wanted = RECORD_OBLIGATIONS.filter((one) => kind === undefined || one === kind);
        const lines = [
          ...(seen === undefined ? [] : await records.lines(tx.sql, seen, wanted, { on, after, until }, page * size)),
          ...others.filter((line) => (kind === undefined || line.kind === kind) && line.dueOn <= until && (after === null || line.dueOn > after)),
        ].sort((one, other) => (one.dueOn === other.dueOn ? 0 : one.dueOn < other.dueOn ? -1 : 1)).slice((page - 1) * size, page * size);
        tx.audit({ action: call.act, detail: { on, kind: kind ?? null, rows: lines.length } });
        return { today, on, windows: file.windows, kinds, page, size, total, rows: await Promise.all(lines.map(async (line) => outward(tx, line, on))) };
      });
    },
  };

  async function outward(tx: Tx, line: BoxLine | RecordLine, on: CalendarDate) {
    const days = daysBetween(on, line.dueOn);
    const row = file.kinds.find(({ key }) => key === line.kind);
    const state = days < 0 ? 'overdue' as const : days === 0 ? 'today' as const : 'ahead' as const;
    const common = { kind: line.kind, kindName: row?.name ?? '', article: row?.article ?? '', dueOn: line.dueOn, daysLeft: days, state, ownerName: ownerOf(row?.owners ?? []) };
    if (!isRecord(line)) return { ...common, level: line.level, mark: null, code: null, text: line.text, to: line.to };
    const record = await tx.records.get(line.record);
    return { ...common, level: record?.level ?? 0, mark: record?.mark ?? null, code: record?.archivalCode ?? record?.electronicRecordCode ?? null, text: record?.description.title ?? '', to: `/record/${line.record}` };
  }
}
export type CalendarService = ReturnType<typeof calendarService>;
