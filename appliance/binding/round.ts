import type { BindingFault } from '../../secrecy/binding.js';
import { storedRound } from '../rounds/stored-round.js';
import type { Round, RoundParts, RoundState } from '../rounds/stored-round.js';
import { places } from '../store/sql.js';
import type { Bindings } from './bindings.js';

/** Records held against their bindings in one step; and rows looked through for what was marked from outside. */
const STEP = 50;
const WINDOW = 2000;

export interface BindingRoundParts extends RoundParts {
  readonly bindings: Bindings;
  /** Enters what was found: a record that no longer holds, or one that holds again. */
  found(record: string, fault: BindingFault | null): Promise<void>;
  /** Enters the end of a round. */
  finished(state: RoundState): Promise<void>;
}

/**
 * 后台校验: first whatever the box ever bound, by id, then every row by number, for what was marked behind its back. A step reads a
 * bounded number of rows.
 */
export function bindingRound(parts: BindingRoundParts): Round {
  const { reader, bindings } = parts;

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

  return storedRound(parts, {
    name: 'binding', front: 'bound:', next, settle, finished: parts.finished,
    total: async () => (await reader.one<{ n: number }>('SELECT count(*) AS n FROM mark_binding'))?.n ?? 0,
  });
}
