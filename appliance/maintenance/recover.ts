import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { removeFile } from '../content/file-ops.js';
import type { DataPaths } from '../content/paths.js';
import type { Level } from '../../core/ports.js';
import type { Vault } from '../content/vault.js';
import type { KeyStore } from '../keystore/keystore.js';
import type { Sql } from '../store/sql.js';

export interface Recovery {
  /** Intents that the last run left open and this one carried out. */
  readonly promoted: number;
  readonly erased: number;
  readonly relevelled: number;
  /** Staged objects that nothing refers to and no upload or import goes on with. */
  readonly discarded: number;
  /** Keys whose object exists nowhere. */
  readonly orphanKeys: number;
}

/**
 * Runs at every start, before anyone is let in: carries out what the ledger's side already says is so, and clears away what was
 * never referred to. Carried out twice, it changes nothing more.
 */
export async function recover(parts: { readonly sql: Sql; readonly vault: Vault; readonly keys: KeyStore; readonly paths: DataPaths }): Promise<Recovery> {
  const { sql, vault, keys, paths } = parts;
  const open = await sql.all<{ kind: 'promote' | 'erase' | 'relevel'; object: string; level: Level }>(
    'SELECT kind, object, level FROM object_intent JOIN stored_object ON stored_object.id = object WHERE closed_at IS NULL ORDER BY object_intent.id',
  );
  const carryOut = { promote: vault.promote, erase: vault.erase, relevel: vault.relevel };
  for (const { kind, object, level } of open) await carryOut[kind](object, level);

  // People may be let in while this runs: what they begin is theirs. First what there is, then what is spoken of: whatever was
  // begun and taken in between is spoken of by then.
  const staged = (await readdir(paths.staging)).filter((name) => !vault.isUnderWay(objectOf(name)));
  const held: string[] = [];
  for await (const object of keys.objects()) if (!vault.isUnderWay(object)) held.push(object);
  const lives = new Set((await sql.all<{ object: string }>("SELECT object FROM upload WHERE state = 'open' UNION SELECT object FROM package_import WHERE object IS NOT NULL UNION SELECT id FROM stored_object WHERE state <> 'gone'")).map((row) => row.object));
  const left = staged.filter((name) => !lives.has(objectOf(name)));
  for (const name of left) {
    await keys.destroy(objectOf(name));
    await removeFile(path.join(paths.staging, name));
  }
  const discarded = left.length;
  const cleared = new Set(left.map(objectOf));
  const orphans = held.filter((object) => !lives.has(object) && !cleared.has(object));
  for (const object of orphans) await keys.destroy(object);
  const orphanKeys = orphans.length;
  const count = (kind: string): number => open.filter((intent) => intent.kind === kind).length;
  return { promoted: count('promote'), erased: count('erase'), relevelled: count('relevel'), discarded, orphanKeys };
}

/** `<object>.part`, `<object>.part.tags`, `<object>` */
const objectOf = (name: string): string => name.split('.')[0] ?? '';
