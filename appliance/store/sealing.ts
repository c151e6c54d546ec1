import type { Level } from '../../core/ports.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { KeyStore } from '../keystore/keystore.js';

/**
 * Seals the telling part of a row under a level's metadata key. `context` (`record/<id>`) is bound in, so that a sealed
 * description cannot be moved to another row. Locked box: `E_BOX_LOCKED`.
 */
export interface Sealing {
  seal(level: Level, context: string, value: unknown): Buffer;
  /** @throws ArchiveError E_DECRYPT_FAILED when the bytes were changed or belong to another row */
  open<T>(level: Level, context: string, sealed: Buffer): T;
  /** One blind token a search term (16 hex digits), under the level's search key. */
  tokens(level: Level, terms: readonly string[]): string[];
}

const TOKEN_BYTES = 8;

export function sealingWith(crypto: CryptoProvider, keys: Pick<KeyStore, 'sealUnderLevel' | 'openUnderLevel' | 'levelKey'>): Sealing {
  return {
    seal: (level, context, value) => Buffer.from(keys.sealUnderLevel(level, Buffer.from(JSON.stringify(value)), [context])),
    open: <T>(level: Level, context: string, sealed: Buffer) =>
      JSON.parse(Buffer.from(keys.openUnderLevel(level, sealed, [context])).toString('utf8')) as T,
    tokens(level, terms) {
      // Search words of a level stay under the first epoch: a new one would leave old records unfindable.
      const key = keys.levelKey(level, 'search', 1);
      try {
        return terms.map((term) => Buffer.from(crypto.hmacSm3(key, Buffer.from(term))).toString('hex', 0, TOKEN_BYTES));
      } finally {
        key.fill(0);
      }
    },
  };
}
