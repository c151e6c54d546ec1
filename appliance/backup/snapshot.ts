import { createReadStream } from 'node:fs';
import path from 'node:path';
import sqlite3 from 'sqlite3';
import { makeFolder, removeFolder, wipeFile } from '../content/file-ops.js';
import type { DataPaths } from '../content/paths.js';
import { createSealer } from '../content/seal.js';
import type { SealTools } from '../content/seal.js';
import type { KeyStore } from '../keystore/keystore.js';
import type { Level } from '../../core/ports.js';
import type { SealedPart } from './manifest.js';

export const snapshotFile = (paths: DataPaths, name: 'database' | 'keyring'): string => path.join(paths.snapshots, name);

/** A consistent copy of a database while it is in use, made by SQLite itself. */
export async function vacuumInto(from: string, to: string): Promise<void> {
  const database = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened = new sqlite3.Database(from, sqlite3.OPEN_READONLY, (error) => { if (error) reject(error); else resolve(opened); });
  });
  try {
    await new Promise<void>((resolve, reject) => { database.run('VACUUM INTO $1', [to], (error) => { if (error) reject(error); else resolve(); }); });
  } finally {
    await new Promise<void>((resolve) => { database.close(() => { resolve(); }); });
  }
}

/** Snapshots hold wrapped keys that may be destroyed tomorrow: they are overwritten, not just removed. Absent is success. */
export async function wipeSnapshots(paths: DataPaths): Promise<void> {
  for (const name of ['database', 'keyring'] as const) for (const end of ['', '-journal', '-wal', '-shm']) await wipeFile(`${snapshotFile(paths, name)}${end}`);
  await removeFolder(paths.snapshots);
}

export const openSnapshots = async (paths: DataPaths): Promise<void> => {
  await wipeSnapshots(paths);
  await makeFolder(paths.snapshots);
};

/** What the key of a sealed part is bound to. */
export const aboutPart = (box: string, number: string, name: string): readonly string[] => ['backup', box, number, name];

/** Seals a file whole under a key of its own, which only this box's root opens. */
export async function sealPart(parts: { readonly tools: SealTools; readonly keys: Pick<KeyStore, 'sealUnderLevel'>; readonly objectId: string; readonly keyLevel: Level; readonly about: readonly string[] }, from: string, to: string): Promise<Omit<SealedPart, 'path'>> {
  const secret = parts.tools.provider.random(32);
  try {
    const sealer = await createSealer(parts.tools, { objectId: parts.objectId, secret, path: to });
    try {
      for await (const chunk of createReadStream(from, { highWaterMark: 1024 * 1024 })) await sealer.write(chunk as Buffer);
    } catch (error) {
      await sealer.abort();
      throw error;
    }
    const { bytes, sm3 } = await sealer.finish();
    return { objectId: parts.objectId, key: Buffer.from(parts.keys.sealUnderLevel(parts.keyLevel, secret, parts.about)).toString('base64'), keyLevel: parts.keyLevel, bytes, sm3 };
  } finally {
    secret.fill(0);
  }
}
