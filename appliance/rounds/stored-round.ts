import type { Clock, Instant } from '../../core/ports.js';
import type { Sql } from '../store/sql.js';

/** How far a round is. Counts speak of all that the box holds: for who looks after the box. */
export interface RoundState {
  readonly state: 'running' | 'paused' | 'done';
  readonly startedAt: Instant;
  readonly finishedAt: Instant | null;
  readonly checked: number;
  /** Of about so many. */
  readonly total: number;
  readonly faults: number;
}

export interface Round {
  state(): Promise<RoundState | null>;
  /** Begins again from the front. */
  start(): Promise<void>;
  /** @param on true stops after the step under way; false goes on where it stopped */
  pause(on: boolean): Promise<void>;
  /** One bounded step. False when there is nothing to go on with. */
  step(): Promise<boolean>;
}

/** What is walked, and what is done with it. */
export interface Walk {
  /** Its row of `box_round`. */
  readonly name: string;
  /** The cursor at the front. */
  readonly front: string;
  /** The next things to look at, and where to go on; nothing more to look at is `null`. */
  next(cursor: string): Promise<{ readonly ids: readonly string[]; readonly cursor: string } | null>;
  /** Looks at them and enters what it found; how many are wrong. */
  settle(ids: readonly string[]): Promise<number>;
  total(): Promise<number>;
  /** Enters the end of a round. */
  finished(state: RoundState): Promise<void>;
}

export interface RoundParts {
  readonly reader: Sql;
  readonly clock: Clock;
  housekeep<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
}

interface Row { state: RoundState['state']; started_at: string; finished_at: string | null; cursor: string; checked: number; faults: number }

/** A walk whose place rests in `box_round`. */
export function storedRound({ reader, clock, housekeep }: RoundParts, walk: Walk): Round {
  const { name } = walk;
  /** Rounds begun in this run: what a step notes is for the round it was taken in. */
  let begun = 0;
  const read = async (): Promise<Row | undefined> => reader.one<Row>('SELECT state, started_at, finished_at, cursor, checked, faults FROM box_round WHERE name = $1', name);
  const shown = async (row: Row): Promise<RoundState> => ({
    state: row.state, startedAt: row.started_at, finishedAt: row.finished_at, checked: row.checked, faults: row.faults, total: Math.max(row.checked, await walk.total()),
  });
  /** False where the round was begun anew in between. */
  const note = async (of: number, change: string, ...values: (string | number | null)[]): Promise<boolean> => housekeep(async (sql) => {
    if (of !== begun) return false;
    await sql.run(`UPDATE box_round SET ${change} WHERE name = '${name}'`, ...values);
    return true;
  });

  return {
    async state() {
      const row = await read();
      return row === undefined ? null : shown(row);
    },
    async start() {
      await housekeep(async (sql) => {
        begun += 1;
        await sql.run('DELETE FROM box_round WHERE name = $1', name);
        await sql.run("INSERT INTO box_round VALUES ($1, 'running', $2, NULL, $3, 0, 0)", name, clock.now(), walk.front);
      });
    },
    async pause(on) {
      await housekeep(async (sql) => { await sql.run('UPDATE box_round SET state = $1 WHERE name = $2 AND state = $3', on ? 'paused' : 'running', name, on ? 'running' : 'paused'); });
    },
    async step() {
      const of = begun;
      const row = await read();
      if (row?.state !== 'running') return false;
      const slice = await walk.next(row.cursor);
      if (slice !== null) {
        const faults = await walk.settle(slice.ids);
        await note(of, 'cursor = $1, checked = checked + $2, faults = faults + $3', slice.cursor, slice.ids.length, faults);
        return true;
      }
      if (!(await note(of, "state = 'done', finished_at = $1", clock.now()))) return true;
      const ended = await read();
      if (ended !== undefined) await walk.finished(await shown(ended));
      return false;
    },
  };
}
