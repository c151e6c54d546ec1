import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Level, ReadTools, Target, UnitOfWork, WriteTools } from '../../core/ports.js';
import { highest } from '../../secrecy/level.js';
import { PLACE_FAULTS } from '../../secrecy/mark-places.js';
import type { PlaceFault } from '../../secrecy/mark-places.js';
import type { AccessGate } from '../access/gate.js';
import type { Round, RoundState } from '../rounds/stored-round.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import { reportTarget } from '../store/repositories/reports.js';
import type { Placed } from './places.js';

export interface PlacesServiceParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly gate: AccessGate;
  readonly round: Round;
  /** Wakes the background work. */
  readonly wake: () => void;
}

/** Who answers for the box sees how much there is; everybody else only what they may know of, and no count of the rest. */
const OVERSEERS: readonly string[] = ['secadmin', 'auditadmin'];
const MOST = 500;

interface Shown { readonly aim: Target; readonly code: string; readonly level: Level; readonly mark: string | null }

/** 四处标志核对: what the round found, and the round begun anew. */
export function placesService(parts: PlacesServiceParts) {
  const { store, gate, round } = parts;

  async function thing(tx: Repositories, { kind, id }: Placed): Promise<Shown | undefined> {
    if (kind === 'report') {
      const report = await tx.reports.get(id);
      return report && { aim: reportTarget(report), code: report.number, level: report.level, mark: report.mark };
    }
    const record = await tx.records.get(id);
    return record && { aim: recordTarget(record), code: record.archivalCode ?? record.electronicRecordCode, level: record.level, mark: record.mark };
  }

  return {
    async list(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const duties = new Set((await gate.subjectOf(call)).grants.map(({ duty }): string => duty));
        const overseer = OVERSEERS.some((duty) => duties.has(duty));
        const found = await tx.sql.all<Placed & { places: string; found_at: string }>(
          `SELECT kind, id, places, found_at FROM mark_disagreement WHERE NOT EXISTS (SELECT 1 FROM mark_fault WHERE mark_fault.record = mark_disagreement.id) ORDER BY found_at DESC, kind, id LIMIT ${String(MOST)}`,
        );
        const rows = [];
        for (const { kind, id, places, found_at: foundAt } of found) {
          const it = await thing(tx, { kind, id }).catch(aside);
          const knows = it !== undefined && await gate.knows(call, it.aim);
          if (!overseer && !knows) continue;
          rows.push({
            kind, id, code: knows ? it.code : null, level: knows ? it.level : null, mark: knows ? it.mark : null, foundAt,
            places: (JSON.parse(places) as PlaceFault[]).map((place) => ({ place, text: PLACE_FAULTS[place] })),
          });
        }
        tx.audit({ action: call.act, objectLevel: highest(rows.map(({ level }) => level ?? 0)), detail: { rows: rows.length } });
        return { round: bounded(await round.state(), overseer), total: rows.length, rows };
      });
    },

    /** 立即核对: begins the round again from the front. */
    async check(call: ServerCall) {
      await store.write(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, detail: { started: true } });
      });
      await round.start();
      parts.wake();
      return { started: true };
    },
  };
}

/** What does not hold against its binding is told where bindings are told, and to nobody here. */
function aside(error: unknown): undefined {
  if (!(error instanceof ArchiveError) || error.code !== 'E_MARK_BINDING') throw error;
  return undefined;
}

/** How many there are of what one may not know of stays with the overseers. */
const bounded = (state: RoundState | null, overseer: boolean) => state && { state: state.state, startedAt: state.startedAt, finishedAt: state.finishedAt, counts: overseer ? { checked: state.checked, total: state.total, faults: state.faults } : null };
