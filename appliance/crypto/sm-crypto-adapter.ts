/**
 * The independent second verifier: sm-crypto behind a strict wall. It shares no code with OpenSSL, so an error in one is not an
 * error in both. It is never given a private key (its random numbers and its timing are unfit for one) and never bulk data.
 *
 * What the wall holds back, each seen in 0.5.8: text taken for hex, an unknown mode silently run as ECB, bytes dropped from
 * an incomplete block, an empty answer for a failed decryption, `r ‖ 0000 ‖ s` accepted as a signature.
 */
import smCrypto from 'sm-crypto';
import { ArchiveError } from '../../core/errors.js';
import { checkPublicKey, DEFAULT_ID, type PublicKey, readSignature } from './sm2-curve.js';

const { sm2, sm3, sm4 } = smCrypto;
const SMALL_BYTES = 4 * 1024 * 1024;

export const SECOND_SM4_MODES = ['ecb', 'cbc-raw', 'cbc'] as const;
export type SecondSm4Mode = (typeof SECOND_SM4_MODES)[number];

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const refuse = (facts: Record<string, unknown>): never => {
  throw new ArchiveError('E_CRYPTO_INPUT', { verifier: 'sm-crypto', ...facts });
};

function bytesOf(value: Uint8Array, exactly?: number): number[] {
  if (!(value instanceof Uint8Array)) refuse({ why: 'not bytes' });
  if (exactly !== undefined && value.length !== exactly) refuse({ why: 'length', bytes: value.length });
  if (value.length > SMALL_BYTES) refuse({ why: 'too large for the second verifier', bytes: value.length });
  return Array.from(value);
}

function fromHex(text: string, bytes: number): Uint8Array {
  if (!/^[0-9a-f]*$/.test(text) || text.length !== bytes * 2) refuse({ why: 'unexpected answer' });
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/** What a second opinion can be asked. */
export interface SecondVerifier {
  readonly name: string;
  sm3(message: Uint8Array): Uint8Array;
  hmacSm3(key: Uint8Array, message: Uint8Array): Uint8Array;
  sm4Encrypt(mode: SecondSm4Mode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array;
  sm4Decrypt(mode: SecondSm4Mode, key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Uint8Array;
  /** SM2 over SM3(Z ‖ message); strict DER as in the first verifier. */
  verify(message: Uint8Array, signature: Uint8Array, publicKey: PublicKey, id?: string): boolean;
  /** SM2 over a given 32-byte e. */
  verifyDigest(e: Uint8Array, signature: Uint8Array, publicKey: PublicKey): boolean;
}

export class SmCryptoVerifier implements SecondVerifier {
  readonly name = 'sm-crypto 0.5.8';

  sm3(message: Uint8Array): Uint8Array {
    return fromHex(sm3(bytesOf(message)), 32);
  }

  hmacSm3(key: Uint8Array, message: Uint8Array): Uint8Array {
    return fromHex(sm3(bytesOf(message), { key: bytesOf(key), mode: 'hmac' }), 32);
  }

  sm4Encrypt(mode: SecondSm4Mode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
    const padded = mode === 'cbc' ? pad(plain) : plain;
    return Uint8Array.from(sm4.encrypt(wholeBlocks(padded), bytesOf(key, 16), options(mode, iv)));
  }

  sm4Decrypt(mode: SecondSm4Mode, key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Uint8Array {
    const plain = Uint8Array.from(sm4.decrypt(wholeBlocks(cipher), bytesOf(key, 16), options(mode, iv)));
    if (plain.length !== cipher.length) throw new ArchiveError('E_DECRYPT_FAILED', { verifier: this.name });
    return mode === 'cbc' ? unpad(plain) : plain;
  }

  verify(message: Uint8Array, signature: Uint8Array, publicKey: PublicKey, id: string = DEFAULT_ID): boolean {
    return ask(bytesOf(message), signature, publicKey, { hash: true, userId: id });
  }

  verifyDigest(e: Uint8Array, signature: Uint8Array, publicKey: PublicKey): boolean {
    return ask(bytesOf(e, 32), signature, publicKey, { hash: false });
  }
}

function ask(message: number[], signature: Uint8Array, publicKey: PublicKey, options: { hash: boolean; userId?: string }): boolean {
  const parts = readSignature(signature);
  const key = hexOf(checkPublicKey(publicKey));
  if (parts === undefined) return false;
  return sm2.doVerifySignature(message, hexOf(parts.r) + hexOf(parts.s), key, { ...options, der: false }) === true;
}

function options(mode: SecondSm4Mode, iv: Uint8Array) {
  if (!SECOND_SM4_MODES.includes(mode)) refuse({ why: 'SM4 mode' });
  const common = { padding: 'none', output: 'array' } as const;
  return mode === 'ecb' ? (bytesOf(iv, 0), common) : { ...common, mode: 'cbc' as const, iv: bytesOf(iv, 16) };
}

function wholeBlocks(data: Uint8Array): number[] {
  if (data.length % 16 !== 0) refuse({ why: 'not whole blocks', bytes: data.length });
  return bytesOf(data);
}

function pad(plain: Uint8Array): Uint8Array {
  const count = 16 - (plain.length % 16);
  const out = new Uint8Array(plain.length + count).fill(count);
  out.set(plain);
  return out;
}

function unpad(plain: Uint8Array): Uint8Array {
  const count = plain.at(-1) ?? 0;
  const good = count >= 1 && count <= 16 && plain.subarray(-count).every((byte) => byte === count);
  if (!good) throw new ArchiveError('E_DECRYPT_FAILED', { what: 'padding' });
  return plain.slice(0, -count);
}
