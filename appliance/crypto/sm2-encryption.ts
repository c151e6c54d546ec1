/**
 * SM2 公钥加密 (GB/T 32918.4-2016), ciphertext in the DER of GM/T 0009-2012: wraps shares and keys for a holder's certificate.
 * The point of a ciphertext is checked to be on the curve before the private key touches it (the hole of CVE-2026-23966).
 */
import { ArchiveError } from '../../core/errors.js';
import { type EvpKey, evpRun } from './openssl-evp.js';
import { readCiphertext } from './sm2-curve.js';

const LIMIT_BYTES = 65_536;

export function sm2EncryptWith(key: EvpKey, plain: Uint8Array): Uint8Array {
  if (plain.length === 0 || plain.length > LIMIT_BYTES) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'SM2 plaintext', bytes: plain.length });
  const cipher = evpRun('encrypt', key, plain);
  if (cipher === undefined) throw new ArchiveError('E_CRYPTO_UNAVAILABLE', { what: 'SM2 encryption' });
  return cipher;
}

export function sm2DecryptWith(key: EvpKey, cipher: Uint8Array): Uint8Array {
  const { cipher: c2 } = readCiphertext(cipher);
  const plain = evpRun('decrypt', key, cipher);
  if (plain === undefined || plain.length !== c2.length) throw new ArchiveError('E_DECRYPT_FAILED', { what: 'SM2 ciphertext' });
  return plain;
}
