/**
 * 小密件: seals a few bytes (a data key, one record's description) under a 32-byte key, encrypt-then-MAC:
 * `01 ‖ iv 16 ‖ SM4-CTR ‖ HMAC-SM3 32`. The MAC covers the context too, so a sealed thing moved to another row does not open.
 */
import { ArchiveError } from '../../core/errors.js';
import { concat } from './der.js';
import type { CryptoProvider } from './provider.js';

const VERSION = 1;
const OVERHEAD_BYTES = 1 + 16 + 32;
/** SM4 key 16 ‖ HMAC key 32 */
export const PAIR_BYTES = 48;

export class SmallBox {
  readonly #enc: Uint8Array;
  readonly #mac: Uint8Array;

  /** @param key 32 bytes, of which only keys derived are kept; or the 48 bytes of both keys themselves, drawn for one thing alone */
  constructor(private readonly provider: CryptoProvider, key: Uint8Array) {
    if (key.length !== 32 && key.length !== PAIR_BYTES) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'key', bytes: key.length });
    // Copies: `slice` of a Buffer would be a view of what the caller wipes.
    this.#enc = key.length === PAIR_BYTES ? Uint8Array.from(key.subarray(0, 16)) : provider.hkdfSm3(key, new Uint8Array(0), 'shouzang small-box enc', 16);
    this.#mac = key.length === PAIR_BYTES ? Uint8Array.from(key.subarray(16)) : provider.hkdfSm3(key, new Uint8Array(0), 'shouzang small-box mac', 32);
  }

  /** @param about the context, e.g. `['data-key', objectId, level]`: opening needs the same words in the same order */
  close(plain: Uint8Array, about: readonly (string | number)[]): Uint8Array {
    const iv = this.provider.random(16);
    const body = concat(Uint8Array.of(VERSION), iv, this.provider.sm4Encrypt('ctr', this.#enc, iv, plain));
    return concat(body, this.#tag(body, about));
  }

  /** @throws ArchiveError `E_DECRYPT_FAILED` for another key, another context or any changed bit */
  open(box: Uint8Array, about: readonly (string | number)[]): Uint8Array {
    const body = box.subarray(0, -32);
    if (box.length < OVERHEAD_BYTES || box[0] !== VERSION || !this.provider.equal(this.#tag(body, about), box.subarray(-32))) {
      throw new ArchiveError('E_DECRYPT_FAILED', { what: 'small box' });
    }
    return this.provider.sm4Decrypt('ctr', this.#enc, body.subarray(1, 17), body.subarray(17));
  }

  wipe(): void {
    for (const one of this.secrets()) one.fill(0);
  }

  /** The keys themselves, for the proof that they are overwritten. */
  secrets(): readonly Uint8Array[] {
    return [this.#enc, this.#mac];
  }

  /** JSON of the words is injective, and its length comes first, so context and body cannot run into each other. */
  #tag(body: Uint8Array, about: readonly (string | number)[]): Uint8Array {
    const words = new TextEncoder().encode(JSON.stringify(about));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, words.length);
    return this.provider.hmacSm3(this.#mac, length, words, body);
  }
}
