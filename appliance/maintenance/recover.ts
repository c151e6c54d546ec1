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
  /** Staged objects that nothing refers to and no upload goes on with. */
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

  const underWay = new Set((await sql.all<{ object: string }>("SELECT object FROM upload WHERE state = 'open'")).map((row) => row.object));
  const referred = new Set((await sql.all<{ id: string }>("SELECT id FROM stored_object WHERE state <> 'gone'")).map((row) => row.id));
  const lives = (object: string): boolean => underWay.has(object) || referred.has(object);
  let discarded = 0;
  for (const name of await readdir(paths.staging)) {
    const [object = ''] = name.split('.');
    if (lives(object)) continue;
    discarded += 1;
    await keys.destroy(object);
    await removeFile(path.join(paths.staging, name));
  }
  let orphanKeys = 0;
  const orphans: string[] = [];
  for await (const object of keys.objects()) if (!lives(object)) orphans.push(object);
  for (const object of orphans) { orphanKeys += 1; await keys.destroy(object); }
  const count = (kind: string): number => open.filter((intent) => intent.kind === kind).length;
  return { promoted: count('promote'), erased: count('erase'), relevelled: count('relevel'), discarded, orphanKeys };
}
