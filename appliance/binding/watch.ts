import type { Sql } from '../store/sql.js';

/**
 * Which records a unit of work touched, whatever statement touched them. The triggers are temporary: they live on the box's own writing
 * connection and nowhere in the file, so an edit made from outside leaves nothing behind that would later be signed as the box's own.
 */
const WATCHED: readonly (readonly [table: string, events: readonly string[], touched: (row: 'NEW' | 'OLD') => string])[] = [
  ['record', ['INSERT', 'UPDATE', 'DELETE'], (row) => `SELECT ${row}.id`],
  ...['record_scope', 'computer_file', 'process_event', 'classification_record'].map((table) =>
    [table, ['INSERT', 'UPDATE', 'DELETE'], (row: 'NEW' | 'OLD') => `SELECT ${row}.record WHERE ${row}.record IS NOT NULL`] as const),
  ['stored_object', ['UPDATE OF id, level, bytes, sm3, stored_at'], (row) => `SELECT record FROM computer_file WHERE object = ${row}.id AND record IS NOT NULL`],
  ['classification', ['INSERT', 'UPDATE', 'DELETE'], (row) => `SELECT record FROM classification_record WHERE classification = ${row}.id`],
  ['classification_scope', ['INSERT', 'UPDATE', 'DELETE'], (row) => `SELECT record FROM classification_record WHERE classification = ${row}.classification`],
];

/** Begins to watch a writing connection. After the schema stands: a step that rebuilds a table would drop its trigger. */
export async function watch(writer: Sql): Promise<void> {
  await writer.run('CREATE TEMP TABLE mark_touched (id TEXT PRIMARY KEY) WITHOUT ROWID');
  for (const [table, events, ids] of WATCHED) {
    for (const [at, event] of events.entries()) {
      const rows: readonly ('NEW' | 'OLD')[] = event === 'INSERT' ? ['NEW'] : event === 'DELETE' ? ['OLD'] : ['OLD', 'NEW'];
      const steps = rows.map((row) => `INSERT OR IGNORE INTO mark_touched ${ids(row)};`).join(' ');
      await writer.run(`CREATE TEMP TRIGGER mark_watch_${table}_${String(at)} AFTER ${event} ON main.${table} BEGIN ${steps} END`);
    }
  }
}

export const touched = async (writer: Sql): Promise<string[]> => (await writer.all<{ id: string }>('SELECT id FROM temp.mark_touched ORDER BY id')).map(({ id }) => id);

/** The records touched since the last call, which are then forgotten. */
export async function takeTouched(writer: Sql): Promise<string[]> {
  const ids = await touched(writer);
  if (ids.length > 0) await writer.run('DELETE FROM temp.mark_touched');
  return ids;
}
