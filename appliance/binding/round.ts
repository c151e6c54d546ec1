import type { Clock, Instant } from '../../core/ports.js';
import type { BindingFault } from '../../secrecy/binding.js';
import { places } from '../store/sql.js';
import type { Sql } from '../store/sql.js';
import type { Bindings } from './bindings.js';

const NAME = 'binding';
/** Records held against their bindings in one step; and rows looked through for what was marked from outside. */
const STEP = 50;
const WINDOW = 2000;

/** How far the round is. Counts speak of all that is marked: for who looks after the box. */
export interface RoundState {
  readonly state: 'running' | 'paused' | 'done';
  readonly startedAt: Instant;
  readonly finishedAt: Instant | null;
  readonly checked: number;
  /** Of about so many. */
  readonly total: number;
  readonly faults: number;
}

export interface RoundParts {
  readonly reader: Sql;
  readonly bindings: Bindings;
  readonly clock: Clock;
  housekeep<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Enters what was found: a record that no longer holds, or one that holds again. */
  found(record: string, fault: BindingFault | null): Promise<void>;
  /** Enters the end of a round. */
  finished(state: RoundState): Promise<void>;
}

export interface BindingRound {
  state(): Promise<RoundState | null>;
  /** Begins again from the front. */
  start(): Promise<void>;
  /** @param on true stops after the step under way; false goes on where it stopped */
  pause(on: boolean): Promise<void>;
  /** One bounded step. False when there is nothing to go on with. */
  step(): Promise<boolean>;
}

interface Row { state: RoundState['state']; started_at: string; finished_at: string | null; cursor: string; checked: number; faults: number }

/**
 * 后台校验: first whatever the box ever bound, by id, then every row by number, for what was marked behind its back. A step reads a
 * bounded number of rows; how far it is rests in `box_round`, so that a restart goes on from there.
 */
export function bindingRound(parts: RoundParts): BindingRound {
  const { reader, bindings, clock } = parts;
  const read = async (): Promise<Row | undefined> => reader.one<Row>('SELECT state, started_at, finished_at, cursor, checked, faults FROM box_round WHERE name = $1', NAME);
  const shown = async (row: Row): Promise<RoundState> => ({
    state: row.state, startedAt: row.started_at, finishedAt: row.finished_at, checked: row.checked, faults: row.faults,
    total: Math.max(row.checked, (await reader.one<{ n: number }>('SELECT count(*) AS n FROM mark_binding'))?.n ?? 0),
  });
  const note = async (change: string, ...values: (string | number | null)[]): Promise<void> => {
    await parts.housekeep(async (sql) => { await sql.run(`UPDATE box_round SET ${change} WHERE name = '${NAME}'`, ...values); });
  };

  /** The next records to look at, and where to go on; nothing more to look at is `null`. */
  async function next(cursor: string): Promise<{ readonly ids: readonly string[]; readonly cursor: string } | null> {
    const [phase, at = ''] = cursor.split(':');
    if (phase === 'bound') {
      const rows = await reader.all<{ id: string }>(
        `SELECT id FROM (SELECT record AS id FROM mark_binding WHERE record > $1 UNION SELECT record AS id FROM mark_fault WHERE record > $1
         UNION SELECT object AS id FROM audit_entry WHERE action = 'mark.bind' AND object > $1) ORDER BY id LIMIT ${String(STEP)}`, at,
      );
      const last = rows.at(-1);
      return last === undefined ? { ids: [], cursor: 'rows:0' } : { ids: rows.map(({ id }) => id), cursor: `bound:${last.id}` };
    }
    const from = Number(at);
    const end = (await reader.one<{ last: number | null }>('SELECT max(serial) AS last FROM record'))?.last ?? 0;
    if (from >= end) return null;
    const rows = await reader.all<{ id: string }>(
      `SELECT id FROM record WHERE serial > $1 AND serial <= $2 AND NOT EXISTS (SELECT 1 FROM mark_binding WHERE mark_binding.record = record.id)
       AND (level > 1 OR mark IS NOT NULL OR EXISTS (SELECT 1 FROM computer_file WHERE computer_file.record = record.id AND computer_file.level > record.level))`, from, from + WINDOW,
    );
    return { ids: rows.map(({ id }) => id), cursor: `rows:${String(from + WINDOW)}` };
  }

  async function settle(ids: readonly string[]): Promise<number> {
    const wrong = await bindings.faults(reader, ids, false);
    const aside = ids.length === 0 ? [] : await reader.all<{ record: string }>(`SELECT record FROM mark_fault WHERE record IN (${places(ids.length)})`, ...ids);
    const known = new Set(aside.map(({ record }) => record));
    for (const [record, fault] of wrong) if (!known.has(record)) await parts.found(record, fault);
    for (const record of known) if (!wrong.has(record)) await parts.found(record, null);
    return wrong.size;
  }

  return {
    async state() {
      const row = await read();
      return row === undefined ? null : shown(row);
    },
    async start() {
      await parts.housekeep(async (sql) => {
        await sql.run('DELETE FROM box_round WHERE name = $1', NAME);
        await sql.run("INSERT INTO box_round VALUES ($1, 'running', $2, NULL, 'bound:', 0, 0)", NAME, clock.now());
      });
    },
    async pause(on) {
      await parts.housekeep(async (sql) => { await sql.run(`UPDATE box_round SET state = $1 WHERE name = '${NAME}' AND state = $2`, on ? 'paused' : 'running', on ? 'running' : 'paused'); });
    },
    async step() {
      const row = await read();
      if (row?.state !== 'running') return false;
      const slice = await next(row.cursor);
      if (slice !== null) {
        const faults = await settle(slice.ids);
        await note('cursor = $1, checked = checked + $2, faults = faults + $3', slice.cursor, slice.ids.length, faults);
        return true;
      }
      await note("state = 'done', finished_at = $1", clock.now());
      const ended = await read();
      if (ended !== undefined) await parts.finished(await shown(ended));
      return false;
    },
  };
}
