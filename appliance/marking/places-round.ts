import type { Call } from '../../core/ports.js';
import type { PlaceFault } from '../../secrecy/mark-places.js';
import { storedRound } from '../rounds/stored-round.js';
import type { Round, RoundParts } from '../rounds/stored-round.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Sql } from '../store/sql.js';
import type { Store } from '../store/unit-of-work.js';
import type { Placed, placesOf } from './places.js';

/** Records looked at in one step; reports, each of which is read from the vault; rows looked through for them. */
const STEP = 50;
const REPORTS = 5;

export interface PlacesRoundParts extends Omit<RoundParts, 'housekeep'> {
  readonly store: Store<Repositories>;
  readonly places: ReturnType<typeof placesOf>;
  systemCall(act: string): Call;
}

const named = ({ kind, id }: Placed): string => `${kind}/${id}`;
const placed = (name: string): Placed => ({ kind: name.startsWith('report/') ? 'report' : 'record', id: name.slice(name.indexOf('/') + 1) });

/**
 * 四处核对: what disagreed before, then every record, then every report. Those put aside by the binding round are its own matter.
 * What a fast look finds is looked at again inside the unit of work that enters it, so that an act under way is no disagreement.
 */
export function placesRound(parts: PlacesRoundParts): Round {
  const { reader, store, places, clock } = parts;

  const known = async (sql: Sql, { kind, id }: Placed): Promise<string | undefined> => (await sql.one<{ places: string }>('SELECT places FROM mark_disagreement WHERE kind = $1 AND id = $2', kind, id))?.places;
  const text = (faults: readonly PlaceFault[]): string | undefined => (faults.length === 0 ? undefined : JSON.stringify(faults));

  async function next(cursor: string): Promise<{ readonly ids: readonly string[]; readonly cursor: string } | null> {
    const [phase, at = ''] = cursor.split(':');
    if (phase === 'known') {
      const rows = await reader.all<Placed>("SELECT kind, id FROM mark_disagreement WHERE kind || '/' || id > $1 ORDER BY kind || '/' || id LIMIT $2", at, STEP);
      const last = rows.at(-1);
      return { ids: rows.map(named), cursor: last === undefined ? 'record:0' : `known:${named(last)}` };
    }
    if (phase === 'record') {
      const rows = await reader.all<{ id: string; serial: number; aside: number }>(
        'SELECT id, serial, EXISTS (SELECT 1 FROM mark_fault WHERE mark_fault.record = record.id) AS aside FROM record WHERE serial > $1 ORDER BY serial LIMIT $2', Number(at), STEP,
      );
      const last = rows.at(-1);
      return { ids: rows.filter(({ aside }) => aside === 0).map(({ id }) => named({ kind: 'record', id })), cursor: last === undefined ? 'report:' : `record:${String(last.serial)}` };
    }
    const rows = await reader.all<{ id: string }>('SELECT id FROM report WHERE id > $1 ORDER BY id LIMIT $2', at, REPORTS);
    const last = rows.at(-1);
    return last === undefined ? null : { ids: rows.map(({ id }) => named({ kind: 'report', id })), cursor: `report:${last.id}` };
  }

  async function settle(ids: readonly string[]): Promise<number> {
    let wrong = 0;
    for (const it of ids.map(placed)) {
      const faults = await places.faults(reader, it);
      if (faults.length > 0) wrong += 1;
      if (text(faults) !== await known(reader, it)) await enter(it);
    }
    return wrong;
  }

  async function enter(it: Placed): Promise<void> {
    await store.write(parts.systemCall('mark.check'), async (tx) => {
      await tx.allow();
      const faults = await places.faults(tx.sql, it);
      await tx.sql.run('DELETE FROM mark_disagreement WHERE kind = $1 AND id = $2', it.kind, it.id);
      if (faults.length > 0) await tx.sql.run('INSERT INTO mark_disagreement (kind, id, places, found_at) VALUES ($1, $2, $3, $4)', it.kind, it.id, JSON.stringify(faults), clock.now());
      const [told] = it.kind === 'report' ? (await tx.reports.get(it.id))?.tells ?? [] : [];
      tx.audit({
        action: 'mark.check', object: it.id, objectType: it.kind, detail: { places: faults, ...(told === undefined ? {} : { record: told.record }) },
        ...(faults.length === 0 ? {} : { result: 'failed' as const }),
      });
    });
  }

  return storedRound({ reader, clock, housekeep: async (work) => store.housekeep(work) }, {
    name: 'mark-places', front: 'known:', next, settle,
    total: async () => (await reader.one<{ n: number }>('SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM report) AS n'))?.n ?? 0,
    async finished(state) {
      await store.write(parts.systemCall('mark.check'), async (tx) => {
        await tx.allow();
        tx.audit({ action: 'mark.check', detail: { checked: state.checked, disagree: state.faults } });
      });
    },
  });
}
