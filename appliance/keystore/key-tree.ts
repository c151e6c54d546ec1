/**
 * The keys that live while the box is unlocked, all of them overwritten on `wipe`. The root opens the box file and nothing else:
 * the keys of each 期次 (epoch) are random and rest sealed under it, so that an epoch can be destroyed and the root exchanged.
 * A box of file version 1 derived them: HKDF-SM3(root, salt = box id, info = `shouzang level <0–4> <purpose> epoch 1`), 32 bytes.
 */
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { concat } from '../crypto/der.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { SmallBox } from '../crypto/small-box.js';
import { type Purpose, PURPOSES } from './keystore.js';
import { checkValue, splitRoot } from './shares.js';

const KEY_BYTES = 32;
const LEVELS: readonly Level[] = [0, 1, 2, 3, 4];
/** In the order in which they lie in the 320 bytes of an epoch: each level's, one after the other. */
const EPOCH_PURPOSES = ['meta', 'wrap'] as const;
export const EPOCH_BYTES = LEVELS.length * EPOCH_PURPOSES.length * KEY_BYTES;
export const SEARCH_BYTES = LEVELS.length * KEY_BYTES;
/** Blind words have one key a level for the life of the box: core/DECISIONS.md. */
export const SEARCH_EPOCH = 1;

export class KeyTree {
  readonly #root: Uint8Array;
  readonly #salt: Uint8Array;
  readonly #epochs = new Map<number, Uint8Array>();
  #search = new Uint8Array(SEARCH_BYTES);
  readonly #boxes = new Map<string, SmallBox>();

  /** @param root 32 bytes; copied, the caller wipes its own */
  constructor(private readonly provider: CryptoProvider, root: Uint8Array, boxId: string) {
    this.#root = Uint8Array.from(root);
    this.#salt = new TextEncoder().encode(boxId);
  }

  /** Takes a copy of an epoch's keys in and wipes what was given. @param keys `EPOCH_BYTES`, left out: as file version 1 derived them */
  addEpoch(epoch: number, keys = concat(...LEVELS.flatMap((level) => EPOCH_PURPOSES.map((purpose) => this.#derive(`shouzang level ${level} ${purpose} epoch ${epoch}`))))): void {
    if (keys.length !== EPOCH_BYTES) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'epoch', bytes: keys.length });
    this.#epochs.set(epoch, Uint8Array.from(keys));
    keys.fill(0);
  }

  /** @param keys `SEARCH_BYTES`, left out: as file version 1 derived them */
  setSearch(keys = concat(...LEVELS.map((level) => this.#derive(`shouzang level ${level} search epoch ${SEARCH_EPOCH}`)))): void {
    if (keys.length !== SEARCH_BYTES) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'search', bytes: keys.length });
    this.#search = Uint8Array.from(keys);
    keys.fill(0);
  }

  /** Copies for sealing under another root; the caller wipes them. */
  exportEpoch(epoch: number): Uint8Array {
    return Uint8Array.from(this.#epochOf(epoch));
  }
  exportSearch(): Uint8Array {
    return Uint8Array.from(this.#search);
  }

  /** A copy for another store of the same box; the caller wipes it. */
  exportRoot(): Uint8Array {
    return Uint8Array.from(this.#root);
  }

  knows(epoch: number): boolean {
    return this.#epochs.has(epoch);
  }

  /** Overwrites an epoch's keys; what they had wrapped opens no more. */
  forget(epoch: number): void {
    this.#epochs.get(epoch)?.fill(0);
    this.#epochs.delete(epoch);
    for (const [name, box] of this.#boxes) {
      if (!name.endsWith(` ${epoch}`)) continue;
      box.wipe();
      this.#boxes.delete(name);
    }
  }

  /** The key itself, not a copy. @throws ArchiveError `E_CRYPTO_INPUT`, also for an epoch that is unknown or destroyed */
  levelKey(level: Level, purpose: Purpose, epoch: number): Uint8Array {
    if (!LEVELS.includes(level) || !PURPOSES.includes(purpose)) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'level key' });
    if (purpose === 'search') {
      if (epoch !== SEARCH_EPOCH) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'search epoch' });
      return this.#search.subarray(level * KEY_BYTES, (level + 1) * KEY_BYTES);
    }
    const at = (level * EPOCH_PURPOSES.length + EPOCH_PURPOSES.indexOf(purpose)) * KEY_BYTES;
    return this.#epochOf(epoch).subarray(at, at + KEY_BYTES);
  }

  box(level: Level, purpose: 'meta' | 'wrap', epoch: number): SmallBox {
    return this.#box(`${level} ${purpose} ${epoch}`, () => this.levelKey(level, purpose, epoch));
  }

  /** Seals what the box itself keeps: its private keys. */
  identityBox(): SmallBox {
    return this.#box('identity', () => this.#derive('shouzang box identity'), true);
  }

  /** Seals the keys of the epochs and of the blind words. */
  custodyBox(): SmallBox {
    return this.#box('custody', () => this.#derive('shouzang level keys'), true);
  }

  /** Shares of the root. @param setId hex, random unless given */
  cut(total: number, threshold: number, setId?: string): ReturnType<typeof splitRoot> {
    return splitRoot(this.provider, this.#root, total, threshold, ...(setId === undefined ? [] : [Uint8Array.from(Buffer.from(setId, 'hex'))]));
  }

  /** True when this is the root that the set's check value speaks of. */
  isRootOf(set: { readonly setId: string; readonly check: string }): boolean {
    return this.provider.equal(Buffer.from(checkValue(this.provider, this.#root, set.setId)), Buffer.from(set.check));
  }

  wipe(): void {
    this.#root.fill(0);
    this.#search.fill(0);
    for (const key of this.#epochs.values()) key.fill(0);
    for (const box of this.#boxes.values()) box.wipe();
    this.#epochs.clear();
    this.#boxes.clear();
  }

  /** Every buffer that holds a secret, for the proof that `wipe` overwrites them: `wipe-proof.ts`. */
  secrets(): readonly Uint8Array[] {
    return [this.#root, this.#search, ...this.#epochs.values(), ...[...this.#boxes.values()].flatMap((box) => box.secrets())];
  }

  #epochOf(epoch: number): Uint8Array {
    const keys = this.#epochs.get(epoch);
    if (keys === undefined) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'epoch', epoch });
    return keys;
  }

  #derive(info: string): Uint8Array {
    return this.provider.hkdfSm3(this.#root, this.#salt, info, KEY_BYTES);
  }

  #box(name: string, key: () => Uint8Array, own = false): SmallBox {
    const known = this.#boxes.get(name);
    if (known !== undefined) return known;
    const bytes = key();
    const box = new SmallBox(this.provider, bytes);
    if (own) bytes.fill(0);
    this.#boxes.set(name, box);
    return box;
  }
}
