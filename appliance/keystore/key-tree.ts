/**
 * The keys that live while the box is unlocked: root → level keys, derived on demand and overwritten on `wipe`.
 * HKDF-SM3(root, salt = box id, info = `shouzang level <0–4> <purpose> epoch <n>`), 32 bytes.
 */
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { SmallBox } from '../crypto/small-box.js';
import { type Purpose, PURPOSES } from './keystore.js';
import { splitRoot } from './shares.js';

export class KeyTree {
  readonly #root: Uint8Array;
  readonly #salt: Uint8Array;
  readonly #keys = new Map<string, Uint8Array>();
  readonly #boxes = new Map<string, SmallBox>();

  /** @param root 32 bytes; copied, the caller wipes its own */
  constructor(private readonly provider: CryptoProvider, root: Uint8Array, boxId: string) {
    this.#root = Uint8Array.from(root);
    this.#salt = new TextEncoder().encode(boxId);
  }

  levelKey(level: Level, purpose: Purpose, epoch: number): Uint8Array {
    if (![0, 1, 2, 3, 4].includes(level) || !PURPOSES.includes(purpose) || !Number.isSafeInteger(epoch) || epoch < 1) {
      throw new ArchiveError('E_CRYPTO_INPUT', { what: 'level key' });
    }
    return this.#derive(`shouzang level ${level} ${purpose} epoch ${epoch}`);
  }

  box(level: Level, purpose: Purpose, epoch: number): SmallBox {
    return this.#box(`${level} ${purpose} ${epoch}`, () => this.levelKey(level, purpose, epoch));
  }

  /** Seals what the box itself keeps: its private keys. */
  identityBox(): SmallBox {
    return this.#box('identity', () => this.#derive('shouzang box identity'));
  }

  /** New shares of the same root. */
  cut(total: number, threshold: number): ReturnType<typeof splitRoot> {
    return splitRoot(this.provider, this.#root, total, threshold);
  }

  wipe(): void {
    this.#root.fill(0);
    for (const key of this.#keys.values()) key.fill(0);
    for (const box of this.#boxes.values()) box.wipe();
    this.#keys.clear();
    this.#boxes.clear();
  }

  #derive(info: string): Uint8Array {
    const known = this.#keys.get(info);
    if (known !== undefined) return known;
    const key = this.provider.hkdfSm3(this.#root, this.#salt, info, 32);
    this.#keys.set(info, key);
    return key;
  }

  #box(name: string, key: () => Uint8Array): SmallBox {
    const known = this.#boxes.get(name);
    if (known !== undefined) return known;
    const box = new SmallBox(this.provider, key());
    this.#boxes.set(name, box);
    return box;
  }
}
