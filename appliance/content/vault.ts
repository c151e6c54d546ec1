import { Mutex } from 'async-mutex';
import { ArchiveError } from '../../core/errors.js';
import type { Clock, Level } from '../../core/ports.js';
import type { ContentStore } from '../../core/services/content.js';
import { bufferSource, rangedSource } from '../inspection/source.js';
import type { OpenSource } from '../inspection/source.js';
import type { KeyStore } from '../keystore/keystore.js';
import type { Sql } from '../store/sql.js';
import { eraseFile } from './erase.js';
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
  /** What of an object is in memory only is let go of; whoever erases it closes it first. */
  forget(object: string): Promise<void>;
  /** Begun since the start and not yet referred to or given up: recovery leaves it alone. */
  isUnderWay(object: string): boolean;
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

/** Objects under way that are held open at once. */
const MOST_OPEN = 128;

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
  const begun = new Set<string>();
  const partPath = (object: string): string => `${stagedPath(paths, object)}.part`;

  async function withSecret<T>(object: string, work: (secret: Uint8Array) => Promise<T>): Promise<T> {
    const secret = await keys.dataKey(object);
    try {
      return await work(secret);
    } finally {
      secret.fill(0);
    }
  }

  /** Takes an unfinished object up again, once, however many ask. @throws ArchiveError E_STATE_INVALID for one that is finished */
  const resuming = new Map<string, Promise<Active>>();
  async function resumed(object: string): Promise<Active> {
    const known = active.get(object) ?? (await resuming.get(object));
    if (known) return known;
    const taken = takeUp(object).finally(() => { resuming.delete(object); });
    resuming.set(object, taken);
    return taken;
  }

  async function takeUp(object: string): Promise<Active> {
    if (await isFinished(object)) throw new ArchiveError('E_STATE_INVALID', { state: 'finished' });
    const sealer = await withSecret(object, async (secret) => resumeSealer(tools, { objectId: object, secret, path: partPath(object) }));
    return keepOpen(object, { sealer, lock: new Mutex(), memory: sealer.bytes === 0 ? [] : undefined });
  }

  /** Every open object holds files and memory: past a number, the one that waited longest is closed and taken up again when asked for. */
  async function keepOpen(object: string, one: Active): Promise<Active> {
    active.set(object, one);
    for (const [name, other] of active) {
      if (active.size <= MOST_OPEN) break;
      if (name === object || other.lock.isLocked()) continue;
      active.delete(name);
      await other.lock.runExclusive(async () => other.sealer.suspend());
    }
    return one;
  }

  /** Works on an open object alone. A sealer that failed is closed, so that the next attempt starts from what is safely on the disk. */
  async function alone<T>(object: string, work: (one: Active) => Promise<T>): Promise<T> {
    const one = await resumed(object);
    const outcome = await one.lock.runExclusive(async () => {
      if (active.get(object) !== one) return undefined;
      return { result: await work(one) };
    });
    return outcome ? outcome.result : alone(object, work);
  }

  async function failed(object: string, one: Active, error: unknown): Promise<never> {
    active.delete(object);
    await one.sealer.suspend().catch(() => undefined);
    throw error;
  }

  const isFinished = async (object: string): Promise<boolean> =>
    !active.has(object) && !(await exists(partPath(object))) && ((await exists(stagedPath(paths, object))) || exists(vaultPath(paths, object)));

  /** What a finished object says of itself: a start or a fault came between its end and its record. */
  async function ofFinished(object: string): Promise<{ readonly bytes: number; readonly sm3: string }> {
    const { bytes, sm3, close } = await openObject(object).then((reader) => ({ bytes: reader.bytes, sm3: reader.sm3, close: async () => reader.close() }));
    await close();
    return { bytes, sm3 };
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
    isUnderWay: (object) => begun.has(object),

    async begin(object: string, level: Level) {
      begun.add(object);
      const secret = await keys.newDataKey(object, level);
      try {
        const sealer = await createSealer(tools, { objectId: object, secret, path: partPath(object) });
        await keepOpen(object, { sealer, lock: new Mutex(), memory: [] });
      } finally {
        secret.fill(0);
      }
    },

    async append(object, offset, body, limitBytes) {
      const after = async (): Promise<number> => {
        const { bytes } = await ofFinished(object);
        if (offset !== bytes) throw new ArchiveError('E_UPLOAD_OFFSET', { offset: bytes });
        return bytes;
      };
      if (await isFinished(object)) return after();
      return alone(object, async (one) => {
        if (offset !== one.sealer.bytes) throw new ArchiveError('E_UPLOAD_OFFSET', { offset: one.sealer.bytes });
        for await (const piece of body) {
          if (one.sealer.bytes + piece.length > limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes });
          await one.sealer.write(piece).catch(async (error: unknown) => failed(object, one, error));
          if (one.memory && one.sealer.bytes <= parts.memoryBytes) one.memory.push(Uint8Array.from(piece));
          else one.memory = undefined;
        }
        return one.sealer.bytes;
      }).catch(async (error: unknown) => {
        // Finished while this one waited for its turn.
        if (error instanceof ArchiveError && error.facts['state'] === 'finished') return after();
        throw error;
      });
    },

    async received(object) {
      if (await isFinished(object)) return (await keys.holds(object)) ? (await ofFinished(object)).bytes : null;
      return active.has(object) || (await keys.holds(object)) ? (await resumed(object)).sealer.bytes : null;
    },

    async finish(object) {
      if (await isFinished(object)) return ofFinished(object);
      return alone(object, async (one) => {
        const sealed = await one.sealer.finish().catch(async (error: unknown) => failed(object, one, error));
        if (one.memory) fresh.set(object, Buffer.concat(one.memory));
        await moveFile(partPath(object), stagedPath(paths, object));
        active.delete(object);
        return { bytes: sealed.bytes, sm3: sealed.sm3 };
      });
    },

    async discard(object) {
      await active.get(object)?.sealer.abort();
      active.delete(object);
      begun.delete(object);
      fresh.delete(object);
      await keys.destroy(object);
      for (const file of [partPath(object), tagsPath(partPath(object)), stagedPath(paths, object)]) await removeFile(file);
    },

    async promote(object) {
      fresh.delete(object);
      begun.delete(object);
      await moveFile(stagedPath(paths, object), vaultPath(paths, object));
      await promotionDone(object);
    },

    async forget(object) {
      fresh.get(object)?.fill(0);
      fresh.delete(object);
      begun.delete(object);
      await active.get(object)?.sealer.abort();
      active.delete(object);
    },

    /** The key first: without it the bytes are noise whatever happens next. */
    async erase(object) {
      fresh.delete(object);
      await keys.destroy(object);
      for (const file of [vaultPath(paths, object), stagedPath(paths, object)]) await eraseFile(file);
      await closeIntent(object, 'erase', 'key destroyed, bytes overwritten and removed');
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
