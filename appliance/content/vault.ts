import { Mutex } from 'async-mutex';
import { ArchiveError } from '../../core/errors.js';
import type { Clock, Level } from '../../core/ports.js';
import type { ContentStore } from '../../core/services/content.js';
import { bufferSource, rangedSource } from '../inspection/source.js';
import type { OpenSource } from '../inspection/source.js';
import type { KeyStore } from '../keystore/keystore.js';
import type { Sql } from '../store/sql.js';
import { exists, makeFolder, moveFile, removeFile } from './file-ops.js';
import { openSealed } from './open.js';
import type { SealedReader } from './open.js';
import { stagedPath, vaultPath } from './paths.js';
import type { DataPaths } from './paths.js';
import { createSealer, resumeSealer, tagsPath } from './seal.js';
import type { Sealer, SealTools } from './seal.js';

/** Reads of what is sealed. Every chunk is checked before a byte of it is given out. */
export interface Vault extends ContentStore {
  open(object: string): Promise<SealedReader>;
  /** For examiners and page pictures: from memory while the upload that brought it is fresh, else through the seal. */
  source(object: string): Promise<OpenSource>;
  /** Closes what is open, keeping it to be resumed. */
  close(): Promise<void>;
}

export interface VaultParts {
  readonly paths: DataPaths;
  readonly keys: KeyStore;
  readonly tools: SealTools;
  readonly clock: Clock;
  /** Content up to this size is kept in memory until it was examined, so that each byte is read once. */
  readonly memoryBytes: number;
  readonly housekeep: (work: (sql: Sql) => Promise<void>) => Promise<void>;
}

interface Active {
  readonly sealer: Sealer;
  readonly lock: Mutex;
  /** The content so far, while it is small enough and was seen from its first byte. */
  memory: Uint8Array[] | undefined;
}

export async function openVault(parts: VaultParts): Promise<Vault> {
  const { paths, keys, tools } = parts;
  await makeFolder(paths.staging);
  await makeFolder(paths.vault);
  const active = new Map<string, Active>();
  const fresh = new Map<string, Buffer>();
  const partPath = (object: string): string => `${stagedPath(paths, object)}.part`;

  async function withSecret<T>(object: string, work: (secret: Uint8Array) => Promise<T>): Promise<T> {
    const secret = await keys.dataKey(object);
    try {
      return await work(secret);
    } finally {
      secret.fill(0);
    }
  }

  async function resumed(object: string): Promise<Active> {
    const known = active.get(object);
    if (known) return known;
    const sealer = await withSecret(object, async (secret) => resumeSealer(tools, { objectId: object, secret, path: partPath(object) }));
    const one: Active = { sealer, lock: new Mutex(), memory: sealer.bytes === 0 ? [] : undefined };
    active.set(object, one);
    return one;
  }

  /** Intents of one moment are closed in one small unit: each is true whether it is closed now or by the next start. */
  const promoted: string[] = [];
  let closing: Promise<void> | undefined;
  function promotionDone(object: string): Promise<void> {
    promoted.push(object);
    closing ??= (async () => {
      while (promoted.length > 0) {
        await new Promise((resolve) => { setImmediate(resolve); });
        const some = promoted.splice(0);
        await parts.housekeep(async (sql) => {
          for (const one of some) {
            await sql.run("UPDATE object_intent SET closed_at = $1, outcome = 'kept' WHERE object = $2 AND kind = 'promote' AND closed_at IS NULL", parts.clock.now(), one);
            await sql.run("UPDATE stored_object SET state = 'kept' WHERE id = $1 AND state = 'staged'", one);
          }
        });
      }
    })().finally(() => { closing = undefined; });
    return closing;
  }

  async function closeIntent(object: string, kind: 'erase' | 'relevel', outcome: string): Promise<void> {
    await parts.housekeep(async (sql) => {
      await sql.run('UPDATE object_intent SET closed_at = $1, outcome = $2 WHERE object = $3 AND kind = $4 AND closed_at IS NULL', parts.clock.now(), outcome, object, kind);
    });
  }

  async function openObject(object: string): Promise<SealedReader> {
    const kept = vaultPath(paths, object);
    const file = (await exists(kept)) ? kept : stagedPath(paths, object);
    return withSecret(object, async (secret) => openSealed(tools, file, secret, object));
  }

  return {
    async begin(object: string, level: Level) {
      const secret = await keys.newDataKey(object, level);
      try {
        const sealer = await createSealer(tools, { objectId: object, secret, path: partPath(object) });
        active.set(object, { sealer, lock: new Mutex(), memory: [] });
      } finally {
        secret.fill(0);
      }
    },

    async append(object, offset, body, limitBytes) {
      const one = await resumed(object);
      return one.lock.runExclusive(async () => {
        if (offset !== one.sealer.bytes) throw new ArchiveError('E_UPLOAD_OFFSET', { offset: one.sealer.bytes });
        for await (const piece of body) {
          if (one.sealer.bytes + piece.length > limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes });
          await one.sealer.write(piece);
          if (one.memory && one.sealer.bytes <= parts.memoryBytes) one.memory.push(Uint8Array.from(piece));
          else one.memory = undefined;
        }
        return one.sealer.bytes;
      });
    },

    received: async (object) => (active.has(object) || (await keys.holds(object)) ? (await resumed(object)).sealer.bytes : null),

    async finish(object) {
      const one = await resumed(object);
      return one.lock.runExclusive(async () => {
        const sealed = await one.sealer.finish();
        active.delete(object);
        if (one.memory) fresh.set(object, Buffer.concat(one.memory));
        await moveFile(partPath(object), stagedPath(paths, object));
        return { bytes: sealed.bytes, sm3: sealed.sm3 };
      });
    },

    async discard(object) {
      await active.get(object)?.sealer.abort();
      active.delete(object);
      fresh.delete(object);
      await keys.destroy(object);
      for (const file of [partPath(object), tagsPath(partPath(object)), stagedPath(paths, object)]) await removeFile(file);
    },

    async promote(object) {
      fresh.delete(object);
      await moveFile(stagedPath(paths, object), vaultPath(paths, object));
      await promotionDone(object);
    },

    /** The key first: without it the bytes are noise whatever happens next. */
    async erase(object) {
      fresh.delete(object);
      await keys.destroy(object);
      for (const file of [vaultPath(paths, object), stagedPath(paths, object)]) await removeFile(file);
      await closeIntent(object, 'erase', 'key destroyed, bytes removed');
    },

    /** A key that is gone by now needs none. */
    async relevel(object, level) {
      const holds = await keys.holds(object);
      if (holds) await keys.rewrap(object, level);
      await closeIntent(object, 'relevel', holds ? 'key rewrapped' : 'key destroyed before');
    },

    open: openObject,

    async source(object) {
      const memory = fresh.get(object);
      if (memory) return { ...bufferSource(memory), close: async () => Promise.resolve() };
      const sealed = await openObject(object);
      return { ...rangedSource(sealed.bytes, async (offset, length) => Buffer.from(await sealed.readRange(offset, length))), close: async () => sealed.close() };
    },

    async close() {
      for (const one of active.values()) await one.sealer.suspend();
      active.clear();
      fresh.clear();
    },
  };
}
