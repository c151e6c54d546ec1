import type { BoundRow, BoundRows, KeptBinding } from '../../secrecy/binding.js';
import { places } from '../store/sql.js';
import type { Sql } from '../store/sql.js';

/** How many records are looked at in one statement. */
export const AT_ONCE = 200;

const PARTS = {
  scope: (ids: string) => `SELECT *, record AS of_record FROM record_scope WHERE record IN (${ids}) ORDER BY kind, ref`,
  files: (ids: string) => `SELECT *, record AS of_record FROM computer_file WHERE record IN (${ids}) ORDER BY position, id`,
  // What becomes of the bytes (staged, kept, gone) is bookkeeping; what they are is not.
  objects: (ids: string) => `SELECT DISTINCT stored_object.id, stored_object.level, stored_object.bytes, stored_object.sm3, stored_object.stored_at, computer_file.record AS of_record
    FROM computer_file JOIN stored_object ON stored_object.id = computer_file.object WHERE computer_file.record IN (${ids}) ORDER BY stored_object.id`,
  events: (ids: string) => `SELECT *, record AS of_record FROM process_event WHERE record IN (${ids}) ORDER BY id`,
  classification: (ids: string) => `SELECT classification.*, classification_record.record AS of_record FROM classification_record
    JOIN classification ON classification.id = classification_record.classification WHERE classification_record.record IN (${ids}) ORDER BY classification.id`,
  classificationScope: (ids: string) => `SELECT classification_scope.*, classification_record.record AS of_record FROM classification_record
    JOIN classification_scope ON classification_scope.classification = classification_record.classification WHERE classification_record.record IN (${ids})
    ORDER BY classification_scope.classification, classification_scope.kind, classification_scope.ref`,
  matters: (ids: string) => `SELECT *, record AS of_record FROM classification_record WHERE record IN (${ids}) ORDER BY classification`,
} as const satisfies Record<Exclude<keyof BoundRows, 'record'>, (ids: string) => string>;

/** Every row that belongs to each of at most `AT_ONCE` records, as it rests. A record that is not there is not in the answer. */
export async function boundRows(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, BoundRows>> {
  const found = new Map<string, { record: BoundRow } & { -readonly [part in keyof typeof PARTS]: BoundRow[] }>();
  if (ids.length === 0) return found;
  const at = places(ids.length);
  for (const record of await sql.all(`SELECT * FROM record WHERE id IN (${at})`, ...ids)) {
    found.set(String(record['id']), { record, scope: [], files: [], objects: [], events: [], classification: [], classificationScope: [], matters: [] });
  }
  for (const [part, query] of Object.entries(PARTS) as [keyof typeof PARTS, (typeof PARTS)[keyof typeof PARTS]][]) {
    for (const { of_record: of, ...row } of await sql.all(query(at), ...ids)) found.get(String(of))?.[part].push(row);
  }
  return found;
}

/** The kept bindings of records. */
export async function keptBindings(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, KeptBinding>> {
  if (ids.length === 0) return new Map();
  const rows = await sql.all<{ record: string; statement: string; signature: Buffer }>(`SELECT * FROM mark_binding WHERE record IN (${places(ids.length)})`, ...ids);
  return new Map(rows.map(({ record, statement, signature }) => [record, { statement, signature }]));
}

/** The digest in the ledger's last entry of binding, for each record that ever had one; `null` where it was lifted. */
export async function enteredBindings(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
  if (ids.length === 0) return new Map();
  const rows = await sql.all<{ object: string; detail: string }>(
    `SELECT object, detail FROM audit_entry WHERE seq IN (SELECT max(seq) FROM audit_entry WHERE action = 'mark.bind' AND object IN (${places(ids.length)}) GROUP BY object)`, ...ids,
  );
  return new Map(rows.map(({ object, detail }) => [object, digestIn(detail)]));
}

function digestIn(detail: string): string | null {
  try {
    const { digest } = JSON.parse(detail) as { readonly digest?: unknown };
    return typeof digest === 'string' ? digest : null;
  } catch {
    // An entry that was edited by hand matches nothing.
    return 'unreadable';
  }
}
