import { ArchiveError } from '../../core/errors.js';
import type { KeyStore, Moved } from '../keystore/keystore.js';
import { countOlder, rewrapRows, sealedColumns, type Rewrapped, type RowKey } from '../store/resealing.js';
import type { Sql } from '../store/sql.js';

/** How far the round is; counts only. */
export interface RotationProgress {
  readonly running: boolean;
  /** Moved since the round began. */
  readonly done: number;
  /** Still of an earlier epoch when it was last counted. */
  readonly left: number;
  /** Catalogue code of what stopped the round, which goes on at the next unlocking; `E_DECRYPT_FAILED`: what is left is damaged, see fsck. */
  readonly fault: string | null;
}

export interface Rotation {
  readonly progress: RotationProgress;
  /** Starts the round unless it runs; it ends by itself when nothing is left. */
  wake(): void;
  /** The round as it runs now, to wait for. */
  settled(): Promise<void>;
  /** Ends after the batch under way. */
  stop(): Promise<void>;
}

export interface RotationParts {
  readonly keys: KeyStore;
  readonly reader: Sql;
  readonly housekeep: <T>(work: (sql: Sql) => Promise<T>) => Promise<T>;
  /** Told once nothing refers to an earlier epoch any more. */
  readonly finished: (epoch: number, moved: number) => Promise<void>;
}

/** Rows and keys a batch: writers wait for a few hundredths of a second. */
const BATCH = 200;

/**
 * 换期 in the background: data keys and the headers of sealed descriptions come under the present epoch, batch by batch, while people read and
 * write. Nothing has to be remembered: what is still to be done says so itself, so a round that was killed goes on where it stopped.
 */
export function rotationRound(parts: RotationParts): Rotation {
  const { keys, reader, housekeep } = parts;
  let progress: RotationProgress = { running: false, done: 0, left: 0, fault: null };
  let stopping = false;
  let round: Promise<void> | undefined;
  const pause = async (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
  const moved = (count: number): void => { progress = { ...progress, done: progress.done + count, left: Math.max(0, progress.left - count) }; };
  const keysLeft = async (): Promise<number> => [...await keys.keysByEpoch()].reduce((sum, [epoch, count]) => sum + (epoch < keys.epoch ? count : 0), 0);
  const left = async (): Promise<number> => (await keysLeft()) + (await countOlder(reader, keys.epoch));

  /** One pass over everything. @returns what could not be opened */
  async function once(): Promise<number> {
    let failed = 0;
    for (let after: string | null = ''; after !== null && !stopping;) {
      const batch: Moved = await keys.rewrapOlder(BATCH, after);
      moved(batch.done);
      failed += batch.failed;
      after = batch.last;
      await pause();
    }
    for (const column of await sealedColumns(reader)) {
      let more = true;
      for (let after: RowKey | null = null; more && !stopping; more = after !== null) {
        const from: RowKey | null = after;
        const batch: Rewrapped = await housekeep(async (sql) => rewrapRows(sql, column, keys.epoch, from, BATCH, (sealed) => keys.rewrapSealed(sealed)));
        moved(batch.done);
        failed += batch.failed;
        after = batch.last;
        await pause();
      }
    }
    return failed;
  }

  async function run(): Promise<void> {
    progress = { running: true, done: 0, left: await left(), fault: null };
    const began = progress.left;
    // What was closed under the old epoch just before the change may be committed just behind the round: until a count finds none.
    for (let failed = 0; !stopping && progress.left > failed;) {
      failed = await once();
      if (!stopping) progress = { ...progress, left: await left(), fault: failed > 0 ? 'E_DECRYPT_FAILED' : null };
    }
    if (!stopping && progress.left === 0) await parts.finished(keys.epoch, began);
  }

  return {
    get progress() { return progress; },
    wake() {
      if (round !== undefined || keys.state === 'locked' || keys.epochs.every(({ state }) => state !== 'retiring')) return;
      stopping = false;
      round = run().catch((error: unknown) => {
        progress = { ...progress, fault: error instanceof ArchiveError ? error.code : 'E_INTERNAL' };
      }).finally(() => { round = undefined; progress = { ...progress, running: false }; });
    },
    settled: async () => round ?? Promise.resolve(),
    async stop() {
      stopping = true;
      await round;
    },
  };
}
