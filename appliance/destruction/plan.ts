import path from 'node:path';
import type { ErasureStep } from '../../core/destruction.js';
import type { Ids } from '../../core/ports.js';
import type { DestructionPlace } from '../../policies/schemas/destruction.js';
import { folderName } from '../backup/manifest.js';
import type { TargetRow } from '../backup/rows.js';
import { places } from '../store/sql.js';
import type { Sql } from '../store/sql.js';
import { backupsIn } from './backups.js';

/** A content that is to go. */
export interface Condemned { readonly object: string; readonly record: string; readonly bytes: number; readonly sm3: string; readonly storedAt: string }

const AT_ONCE = 400;

/** Every content of the records, replaced files and kept signed originals too. */
export async function contentsOf(sql: Sql, records: readonly string[]): Promise<readonly Condemned[]> {
  const found: Condemned[] = [];
  for (let from = 0; from < records.length; from += AT_ONCE) {
    const part = records.slice(from, from + AT_ONCE);
    found.push(...await sql.all<Condemned>(
      `SELECT DISTINCT stored_object.id AS object, computer_file.record AS record, stored_object.bytes AS bytes, stored_object.sm3 AS sm3, stored_object.stored_at AS storedAt
       FROM computer_file JOIN stored_object ON stored_object.id = computer_file.object WHERE computer_file.record IN (${places(part.length)}) AND stored_object.state <> 'gone' ORDER BY stored_object.id`, ...part));
  }
  return found;
}

/** Every place whose copies the box knows of. The keys come first: without them the rest is noise whatever happens next. */
export async function planSteps(sql: Sql, ids: Ids, records: readonly string[], contents: readonly Condemned[], serial: string): Promise<readonly ErasureStep[]> {
  const steps: ErasureStep[] = [];
  const add = (place: DestructionPlace, ref: string, record: string | null = null, before: ErasureStep['before'] = null): void => {
    steps.push({ id: ids.uuid(), seq: steps.length + 1, place, ref, record, state: 'open', before, told: null, at: null, settlement: null });
  };
  for (const { object, record, bytes, sm3 } of contents) add('key', object, record, { bytes, sm3 });
  for (const { object, record, bytes, sm3 } of contents) add('vault', object, record, { bytes, sm3 });
  for (const place of ['memory', 'upload', 'index', 'database', 'report'] as const) add(place, '');
  for (const { place, ref } of await backupCopies(sql, serial, contents)) add(place, ref);
  for (const carrier of await carriersOf(sql, records)) add('carrier', carrier);
  for (const copy of await copiesOf(sql, records)) add('output', copy);
  return steps;
}

/**
 * Backups that may hold a copy: those the register says were made since the first of the contents came in, whether or not their medium is
 * there, and those that lie in a target that is. Named by their folder, which is the same on every medium.
 */
export async function backupCopies(sql: Sql, serial: string, contents: readonly Pick<Condemned, 'storedAt'>[]): Promise<readonly { readonly place: 'backup' | 'backup_keys'; readonly ref: string }[]> {
  const since = contents.map(({ storedAt }) => storedAt).sort()[0] ?? '';
  const rows = await sql.all<{ number: string; key_target: string | null }>("SELECT number, key_target FROM backup WHERE state = 'done' AND coalesce(ended_at, started_at) >= $1 ORDER BY number", since);
  const found = new Map<string, 'backup' | 'backup_keys'>();
  for (const { number, key_target: keys } of rows) {
    found.set(folderName(serial, number, 'content'), 'backup');
    if (keys !== null) found.set(folderName(serial, number, 'keys'), 'backup_keys');
  }
  const running = new Set((await sql.all<{ number: string }>("SELECT number FROM backup WHERE state = 'running'")).map(({ number }) => number));
  for (const target of await targetPaths(sql)) {
    for (const { folder, number, part } of await backupsIn(target, serial) ?? []) if (!running.has(number)) found.set(path.basename(folder), part === 'content' ? 'backup' : 'backup_keys');
  }
  return [...found].map(([ref, place]) => ({ place, ref }));
}

/** Folders of every target that was ever registered. */
export const targetPaths = async (sql: Sql): Promise<readonly string[]> => [...new Set((await sql.all<Pick<TargetRow, 'path'>>('SELECT path FROM backup_target ORDER BY path')).map((row) => row.path))];

async function carriersOf(sql: Sql, records: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let from = 0; from < records.length; from += AT_ONCE) {
    const part = records.slice(from, from + AT_ONCE);
    for (const { carrier } of await sql.all<{ carrier: string }>(`SELECT DISTINCT carrier FROM carrier_content WHERE record IN (${places(part.length)})`, ...part)) found.add(carrier);
  }
  return [...found].sort();
}

/** Copies given out on no carrier of the register: printed ones of what is no state secret. */
async function copiesOf(sql: Sql, records: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let from = 0; from < records.length; from += AT_ONCE) {
    const part = records.slice(from, from + AT_ONCE);
    for (const { id } of await sql.all<{ id: string }>(`SELECT DISTINCT output_copy.id AS id FROM output_copy JOIN output_record ON output_record.output = output_copy.output WHERE output_copy.carrier IS NULL AND output_record.record IN (${places(part.length)})`, ...part)) found.add(id);
  }
  return [...found].sort();
}
