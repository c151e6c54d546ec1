import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { searchedTexts } from '../../core/description.js';
import { searchedKeys } from '../../core/metadata.js';
import { indexTerms } from '../../core/search-terms.js';
import type { Box } from '../../appliance/box.js';
import { vaultPath } from '../../appliance/content/paths.js';
import { openReadOnly } from '../../appliance/store/read-only.js';

/** What would betray that something of a record is left: words of its content, pieces of its ciphertext, its wrapped keys, its search words. */
export interface Traces { readonly objects: readonly string[]; readonly traces: ReadonlyMap<string, Buffer> }

/** Terms that lie together share their beginning on a page, which is stored once. */
const TAIL_FROM = 5;

export async function tracesOf(box: Box, records: readonly string[], canaries: readonly string[]): Promise<Traces> {
  const traces = new Map<string, Buffer>(canaries.map((word) => [`content ${word}`, Buffer.from(word)]));
  const objects: string[] = [];
  const ring = await openReadOnly(box.paths.keyring);
  for (const record of records) {
    for (const { object } of await box.reader.all<{ object: string }>('SELECT object FROM computer_file WHERE record = $1', record)) {
      objects.push(object);
      const sealed = await readFile(vaultPath(box.paths, object));
      for (const part of [0.2, 0.5, 0.8]) traces.set(`ciphertext of ${object} at ${String(part)}`, sealed.subarray(Math.floor(sealed.length * part), Math.floor(sealed.length * part) + 32));
      const key = await ring.sql.one<{ wrapped: Buffer }>('SELECT wrapped FROM data_key WHERE object = $1', object);
      if (key) traces.set(`wrapped key of ${object}`, key.wrapped);
    }
    const stored = await box.store.read(box.systemCall('record.show'), async (tx) => { await tx.allow(); return tx.records.get(record); });
    if (stored === undefined) throw new Error(record);
    const terms = indexTerms(searchedTexts(stored.description, searchedKeys(box.policies.content('metadata.json'))));
    for (const token of new Set(box.sealing.tokens(stored.level, terms))) {
      const others = await box.reader.one<{ n: number }>('SELECT count(*) AS n FROM search WHERE search MATCH $1 AND rowid NOT IN (SELECT serial FROM record WHERE id IN (SELECT value FROM json_each($2)))', `"${token}"`, JSON.stringify(records));
      if (others?.n === 0) traces.set(`search word ${token}`, Buffer.from(token.slice(TAIL_FROM)));
    }
  }
  await ring.close();
  return { objects, traces };
}

export async function filesUnder(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...await filesUnder(file));
    else found.push(file);
  }
  return found;
}

/** Which traces lie in any of the files. */
export async function remainsIn(files: readonly string[], traces: ReadonlyMap<string, Buffer>): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    const bytes = await readFile(file);
    for (const [what, trace] of traces) if (bytes.includes(trace)) found.push(`${path.basename(file)}: ${what}`);
  }
  return found;
}
