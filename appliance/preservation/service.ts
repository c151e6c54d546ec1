import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Clock, ReadTools, WriteTools } from '../../core/ports.js';
import { monthsBefore } from '../../core/preservation.js';
import type { PreservationCases, PreservationFile, PreservationHandle, PreservationMend, PreservationPause, PreservationShow, PreservationStart, RoundKind } from '../../policies/schemas/preservation.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import type { PreservationRounds } from './rounds.js';
import { preservationRows, type CaseRow } from './rows.js';

export interface PreservationParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly policy: PreservationFile;
  readonly rounds: PreservationRounds;
  readonly wake: () => void;
  readonly nameOf: (person: string) => Promise<string>;
  /** Puts a sound copy from this backup in the place of the object. */
  readonly mend: (backup: string, object: string, digest: string) => Promise<string>;
  /** After a finding was handled: the alarm follows what is still open. */
  readonly settled: () => Promise<void>;
}

const KINDS: readonly RoundKind[] = ['fixity', 'readable'];
/** Who looks after the box sees counts of all that it holds; everybody else only what they may know of. */
const OVERSEERS = ['sysadmin', 'secadmin', 'auditadmin'];

/** 保管与检测: rounds and what they found. */
export function preservationService(parts: PreservationParts) {
  const { store, gate, clock, policy, rounds } = parts;

  async function overseer(call: ServerCall): Promise<boolean> {
    const duties = new Set((await gate.subjectOf(call)).grants.map(({ duty }): string => duty));
    return OVERSEERS.some((duty) => duties.has(duty));
  }

  /** A case about a record one may not know of is not there; who looks after the box sees that there is something, not what. */
  async function shownCase(tx: Repositories & (ReadTools | WriteTools), call: ServerCall, row: CaseRow, all: boolean): Promise<{ readonly record: string | null; readonly code: string | null } | undefined> {
    if (row.kind === 'environment') return { record: null, code: row.subject };
    if (row.kind === 'medium') {
      const carrier = await tx.carriers.get(row.subject);
      return carrier === undefined ? undefined : { record: null, code: all || carrier.it.level <= ((await gate.subjectOf(call)).currentLevel ?? 0) ? carrier.it.no : null };
    }
    const record = row.record === null ? undefined : await tx.records.get(row.record);
    if (record !== undefined && (await gate.knows(call, recordTarget(record)))) return { record: record.id, code: record.archivalCode };
    return all ? { record: null, code: null } : undefined;
  }

  async function foundCase(tx: Repositories & (ReadTools | WriteTools), call: ServerCall, id: string): Promise<CaseRow> {
    const row = await preservationRows(tx.sql).caseOf(id);
    if (row === undefined || (await shownCase(tx, call, row, await overseer(call))) === undefined) throw new ArchiveError('E_NOT_FOUND', { case: id });
    if (row.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { state: row.state }, [{ at: '/case', message: '这张处置单已办结' }]);
    return row;
  }

  async function close(tx: Repositories & WriteTools, call: ServerCall, row: CaseRow, seenVersion: number, what: { readonly handling: PreservationHandle['handling']; readonly note: string }, detail: Readonly<Record<string, string>> = {}): Promise<void> {
    const changed = await tx.sql.run(
      "UPDATE preservation_case SET state = 'handled', handling = $1, note = $2, handled_by = $3, handled_at = $4, version = version + 1 WHERE id = $5 AND version = $6", what.handling, what.note, call.person, clock.now(), row.id, seenVersion);
    if (changed !== 1) throw new ArchiveError('E_STALE_VERSION', { case: row.id });
    tx.audit({ action: call.act, object: row.record ?? row.id, objectType: row.record === null ? 'preservation' : 'record', objectLevel: row.level, detail: { number: row.number, handling: what.handling, code: row.code, ...detail } });
    tx.afterCommit(parts.settled);
  }

  return {
    async show(call: ServerCall, _input: PreservationShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const all = await overseer(call);
        const register = preservationRows(tx.sql);
        return {
          kinds: await Promise.all(KINDS.map(async (kind) => {
            const rule = policy[kind];
            const now = await register.current(kind);
            const due = all ? await rounds.overdue(kind) : { overdue: null, unseen: null, dueOn: await rounds.dueOn(kind) };
            const total = all ? await register.count(kind, null) : null;
            return {
              kind, intervalMonths: rule.intervalMonths, coverMonths: rule.coverMonths, sampleRate: rule.sampleRate, ...due, total,
              /** Looked at within the last interval. */
              fresh: total === null ? null : total - await register.count(kind, monthsBefore(clock.now(), rule.intervalMonths)),
              round: now === undefined ? null : { state: now.state, startedAt: now.started_at, finishedAt: now.finished_at, ...(all ? { wanted: now.wanted, checked: now.checked, faults: now.faults, bytes: now.bytes } : { wanted: null, checked: null, faults: null, bytes: null }) },
            };
          })),
          rounds: await Promise.all((await register.rounds()).map(async (row) => ({
            id: row.id, kind: row.kind, state: row.state, startedAt: row.started_at, finishedAt: row.finished_at, startedBy: await parts.nameOf(row.started_by), ...(all ? { wanted: row.wanted, checked: row.checked, faults: row.faults, bytes: row.bytes } : { wanted: null, checked: null, faults: null, bytes: null }),
          }))),
        };
      });
    },

    async start(call: ServerCall, { kind, all = false }: PreservationStart) {
      await store.write(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, objectType: 'preservation-round', detail: { kind, all } });
      });
      const row = await rounds.start(kind, call.person, all);
      parts.wake();
      return { round: row.id };
    },

    async pause(call: ServerCall, { kind, on }: PreservationPause) {
      await store.write(call, async (tx) => {
        await tx.allow();
        const now = await preservationRows(tx.sql).current(kind);
        if (now?.state !== (on ? 'running' : 'paused')) throw new ArchiveError('E_STATE_INVALID', { state: now?.state ?? 'none' });
        tx.audit({ action: call.act, object: now.id, objectType: 'preservation-round', detail: { kind, on } });
        await preservationRows(tx.sql).pause(kind, on);
      });
      if (!on) parts.wake();
      return { kind, on };
    },

    async cases(call: ServerCall, { page = 1, size = 20, open = false }: PreservationCases) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const all = await overseer(call);
        const shown = [];
        for (const row of await preservationRows(tx.sql).cases(open)) {
          const what = await shownCase(tx, call, row, all);
          if (what === undefined) continue;
          shown.push({
            id: row.id, number: row.number, kind: row.kind, ...what, finding: row.code, level: row.level, foundAt: row.found_at, state: row.state, handling: row.handling, note: row.note, handledBy: row.handled_by === null ? null : await parts.nameOf(row.handled_by),
            handledAt: row.handled_at, version: row.version,
          });
        }
        return { page, size, total: shown.length, rows: shown.slice((page - 1) * size, page * size) };
      });
    },

    /** 处置: what was done about it, by whom. */
    async handle(call: ServerCall, input: PreservationHandle) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const row = await foundCase(tx, call, input.case);
        await close(tx, call, row, input.seenVersion, input);
        return { case: row.id, state: 'handled' };
      });
    },

    /** 从备份修复, then the case is closed as restored. The copy is put in its place before the entry: put there twice, it is the same copy. */
    async mend(call: ServerCall, input: PreservationMend) {
      const object = await store.read(call, async (tx) => {
        await tx.allow();
        const row = await foundCase(tx, call, input.case);
        const kept = row.kind === 'fixity' || row.kind === 'readable' ? await tx.sql.one<{ id: string; sm3: string }>("SELECT id, sm3 FROM stored_object WHERE id = $1 AND state = 'kept'", row.subject) : undefined;
        if (kept === undefined) throw new ArchiveError('E_STATE_INVALID', { kind: row.kind }, [{ at: '/case', message: '只有库中内容的问题可以从备份修复' }]);
        if (row.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { case: row.id });
        return kept;
      });
      const number = await parts.mend(input.backup, object.id, object.sm3);
      return store.write(call, async (tx) => {
        await tx.allow();
        const row = await foundCase(tx, call, input.case);
        await close(tx, call, row, input.seenVersion, { handling: 'restored', note: `从备份 ${number} 修复，逐字节校验一致` }, { backup: number });
        return { case: row.id, state: 'handled', backup: number };
      });
    },
  };
}
export type PreservationService = ReturnType<typeof preservationService>;
