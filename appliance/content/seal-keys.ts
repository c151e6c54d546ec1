import { ArchiveError } from '../../core/errors.js';
import { KEYS, type Mac, uuidBytes } from '../../secrecy/envelope.js';
import type { CryptoProvider } from '../crypto/provider.js';

/** The four keys of one sealed object. `wipe` when the object is closed. */
export interface ObjectKeys {
  readonly enc: Uint8Array;
  readonly mac: Uint8Array;
  readonly hdr: Uint8Array;
  readonly dig: Uint8Array;
  /** HMAC-SM3 under the header key. */
  readonly headerMac: Mac;
  wipe(): void;
}

/** @param secret 32 bytes */
export function objectKeys(provider: CryptoProvider, objectId: string, secret: Uint8Array): ObjectKeys {
  if (secret.length !== 32) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'secret', bytes: secret.length });
  const salt = uuidBytes(objectId);
  const derive = (name: keyof typeof KEYS): Uint8Array => provider.hkdfSm3(secret, salt, KEYS[name].info, KEYS[name].bytes);
  const keys = { enc: derive('enc'), mac: derive('mac'), hdr: derive('hdr'), dig: derive('dig') };
  return {
    ...keys,
    headerMac: (...parts) => provider.hmacSm3(keys.hdr, ...parts),
    wipe: () => Object.values(keys).forEach((key) => key.fill(0)),
  };
}

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
