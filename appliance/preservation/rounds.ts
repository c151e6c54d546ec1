/**
 * 检测轮次 (办法第三十条): 固定性 reads every sealed byte of what is due, 可读性 opens a sample and draws its first page. A step is bounded and its
 * result is kept with the step, so a round goes on after a pause, a lock or a kill where it was.
 */
import { ArchiveError } from '../../core/errors.js';
import { drawNumber } from '../../core/drawn-number.js';
import type { Level } from '../../core/ports.js';
import { monthsAfter, monthsBefore, roundSize, staleBefore } from '../../core/preservation.js';
import type { PreservationFile, RoundKind } from '../../policies/schemas/preservation.js';
import type { Box } from '../box.js';
import type { Preview } from '../preview/preview.js';
import { preservationRows, type CaseKind, type Due, type RoundRow } from './rows.js';

export type PreservingBox = Pick<Box, 'store' | 'reader' | 'clock' | 'ids' | 'vault' | 'keys' | 'systemCall'>;
export interface RoundsParts {
  readonly box: PreservingBox;
  readonly policy: PreservationFile;
  readonly preview: Pick<Preview, 'pageCount' | 'renderPage'>;
  /** Told of every finding, once it is entered. */
  readonly found: () => Promise<void>;
}

const STEP: Readonly<Record<RoundKind, number>> = { fixity: 16, readable: 4 };
const STEP_BYTES = 128 * 1024 * 1024;
const PAGE_PIXELS = 200;
const ruleOf = (policy: PreservationFile, kind: RoundKind) => policy[kind];

export function preservationRounds({ box, policy, preview, found }: RoundsParts) {
  const { store, reader, clock, ids, vault } = box;
  const rows = () => preservationRows(reader);

  /** What is wrong with an object; undefined for one in order. */
  async function fixity(one: Due): Promise<string | undefined> {
    try {
      const opened = await vault.open(one.id);
      try {
        const whole = await opened.checkAll();
        return whole.sm3 === one.sm3 && whole.bytes === one.bytes ? undefined : 'E_FIXITY_FAILED';
      } finally {
        await opened.close();
      }
    } catch (error) {
      if (error instanceof ArchiveError && error.code === 'E_BOX_LOCKED') throw error;
      return error instanceof ArchiveError ? error.code : (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'E_OBJECT_MISSING' : 'E_FIXITY_FAILED';
    }
  }

  async function readable(one: Due): Promise<string | undefined> {
    const file = await reader.one<{ mime: string }>('SELECT mime FROM computer_file WHERE object = $1 AND replaced_by IS NULL LIMIT 1', one.id);
    try {
      const source = await vault.source(one.id);
      try {
        await source.read(0, Math.min(one.bytes, 1024));
        await preview.pageCount(source, file?.mime ?? '');
        await preview.renderPage(source, file?.mime ?? '', 1, { widthPixels: PAGE_PIXELS });
        return undefined;
      } finally {
        await source.close();
      }
    } catch (error) {
      if (!(error instanceof ArchiveError)) return 'E_FIXITY_FAILED';
      if (error.code === 'E_BOX_LOCKED') throw error;
      // A format without a page view is opened and no more; what has one and does not draw is not readable.
      return error.code === 'E_PREVIEW_UNAVAILABLE' && !policy.readable.views.includes(file?.mime ?? '') ? undefined : error.code;
    }
  }

  /** 处置单 for a finding; one that is open already stays the one. */
  async function open(kind: CaseKind, subject: string, what: { readonly code: string; readonly level: Level; readonly record: string | null }): Promise<void> {
    await store.write(box.systemCall('preservation.start'), async (tx) => {
      await tx.allow();
      const register = preservationRows(tx.sql);
      if ((await register.openCase(kind, subject)) === undefined) {
        const id = ids.uuid();
        const number = await drawNumber(ids, `JC-${clock.today().slice(0, 4)}-`, async (one) => register.caseNumbered(one));
        await register.addCase({ id, number, kind, subject, record: what.record, code: what.code, level: what.level, found_at: clock.now(), state: 'open', handling: null, note: null, handled_by: null, handled_at: null, version: 1 });
      }
      tx.audit({ action: 'preservation.found', object: what.record ?? subject, objectType: what.record === null ? 'preservation' : 'record', objectLevel: what.level, result: 'failed', reason: what.code, detail: { kind, subject } });
    });
    await found();
  }

  async function start(kind: RoundKind, person: string, all: boolean): Promise<RoundRow> {
    const rule = ruleOf(policy, kind);
    const at = clock.now();
    return store.write(box.systemCall('preservation.start'), async (tx) => {
      await tx.allow();
      const register = preservationRows(tx.sql);
      const now = await register.current(kind);
      if (now !== undefined && now.state !== 'done') throw new ArchiveError('E_STATE_INVALID', { state: now.state }, [{ at: '/kind', message: now.state === 'paused' ? '这一轮已暂停，请点继续' : '这一轮正在进行' }]);
      await register.enter(kind);
      const total = await register.count(kind, null);
      const sized = all ? total : roundSize(rule, total, await register.count(kind, staleBefore(at, rule)));
      const wanted = kind === 'readable' ? Math.min(sized, policy.readable.atMost) : sized;
      const row: RoundRow = { id: ids.uuid(), kind, state: 'running', wanted, checked: 0, faults: 0, bytes: 0, started_by: person, started_at: at, finished_at: null };
      await register.begin(row);
      tx.audit({ action: 'preservation.begun', object: row.id, objectType: 'preservation-round', detail: { kind, wanted, total, all } });
      return row;
    });
  }

  /** One bounded step. False when there is nothing to go on with. */
  async function step(kind: RoundKind): Promise<boolean> {
    const round = await rows().current(kind);
    if (round?.state !== 'running') return false;
    const left = round.wanted - round.checked;
    const next = left <= 0 ? [] : await rows().due(kind, round.started_at, Math.min(STEP[kind], left));
    if (next.length === 0) {
      await store.write(box.systemCall('preservation.start'), async (tx) => {
        await tx.allow();
        if ((await preservationRows(tx.sql).finish(round.id, clock.now())) !== 1) return tx.audit({ action: 'preservation.finish', object: round.id, objectType: 'preservation-round', result: 'refused', reason: 'E_STATE_INVALID' });
        tx.audit({ action: 'preservation.finish', object: round.id, objectType: 'preservation-round', ...(round.faults === 0 ? {} : { result: 'failed' as const, reason: 'E_FIXITY_FAILED' }), detail: { kind, wanted: round.wanted, checked: round.checked, faults: round.faults, bytes: round.bytes } });
      });
      return false;
    }
    let [checked, faults, bytes] = [0, 0, 0];
    const seen: string[] = [];
    for (const one of next) {
      const code = await (kind === 'fixity' ? fixity(one) : readable(one));
      // What was destroyed while it was looked at is no finding.
      const there = await reader.one("SELECT 1 AS there FROM stored_object WHERE id = $1 AND state = 'kept'", one.id);
      if (code !== undefined && there !== undefined) {
        faults += 1;
        await open(kind, one.id, { code, level: one.level, record: await rows().recordOf(one.id) });
      }
      seen.push(one.id);
      checked += 1;
      bytes += one.bytes;
      if (bytes >= STEP_BYTES) break;
    }
    await store.housekeep(async (sql) => {
      const register = preservationRows(sql);
      const at = clock.now();
      for (const object of seen) await register.checked(kind, object, at > round.started_at ? at : after(round.started_at));
      await register.note(round.id, checked, faults, bytes);
    });
    return true;
  }

  /** The day by which the next round is to be done: counted from the last one, or from the oldest that is kept. */
  async function dueOn(kind: RoundKind): Promise<string | null> {
    const base = (await rows().lastDone(kind))?.started_at ?? await rows().oldest(kind);
    return base === null ? null : monthsAfter(base, ruleOf(policy, kind).intervalMonths);
  }

  return {
    open, start, step, dueOn,
    pause: async (kind: RoundKind, on: boolean): Promise<boolean> => store.housekeep(async (sql) => (await preservationRows(sql).pause(kind, on)) === 1),
    /** Not looked at within the set period, or the interval gone by. */
    async overdue(kind: RoundKind): Promise<{ readonly overdue: boolean; readonly unseen: number; readonly dueOn: string | null }> {
      const due = await dueOn(kind);
      const unseen = await rows().count(kind, monthsBefore(clock.now(), ruleOf(policy, kind).coverMonths));
      return { overdue: (due !== null && due < clock.today()) || (kind === 'fixity' && unseen > 0), unseen, dueOn: due };
    },
    /** Begins what has come due; the lead lets a round end within its interval. */
    async begun(kind: RoundKind): Promise<boolean> {
      const due = await dueOn(kind);
      if (due === null) return false;
      const from = new Date(Date.parse(`${due}T00:00:00Z`) - ruleOf(policy, kind).leadDays * 86_400_000).toISOString().slice(0, 10);
      const now = await rows().current(kind);
      if (from > clock.today() || (now !== undefined && now.state !== 'done')) return false;
      await start(kind, 'system', false);
      return true;
    },
  };
}
export type PreservationRounds = ReturnType<typeof preservationRounds>;

/** A clock that stands still must not make a round begin again with what it has just seen. */
const after = (instant: string): string => new Date(Date.parse(instant) + 1).toISOString();
