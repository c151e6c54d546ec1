/**
 * 密码服务接口: every national-cipher operation of the box goes through this one door, so that a card, a token or faster
 * native code can take its place. A provider is used only after it passed `self-test.ts` in this very process.
 * @see GB/T 32918 (SM2), GB/T 32905 (SM3), GB/T 32907 (SM4), GM/T 0009-2012
 */
import type { PublicKey } from './sm2-curve.js';

export type { PublicKey } from './sm2-curve.js';
export { DEFAULT_ID } from './sm2-curve.js';

/** A private key the provider holds; a card would hold a slot number in it. Only its own provider can use it. */
export interface PrivateKey {
  readonly publicKey: PublicKey;
}

/** `ecb` and `cbc-raw` take whole blocks only; `cbc` pads by PKCS#7; `ctr` counts in 128 bits, big-endian, from `iv`. */
export const SM4_MODES = ['ecb', 'cbc', 'cbc-raw', 'ctr'] as const;
export type Sm4Mode = (typeof SM4_MODES)[number];

/** A digest, signature or check over bytes that come piece by piece; used once. */
export interface Digesting { update(part: Uint8Array): void; digest(): Uint8Array }
export interface Signing { update(part: Uint8Array): void; sign(): Uint8Array }
export interface Verifying { update(part: Uint8Array): void; verify(signature: Uint8Array): boolean }

export interface CryptoProvider {
  /** Shown by `selftest`, e.g. `node:crypto OpenSSL 3.0.19`. */
  readonly name: string;

  /** @returns 32 bytes */
  sm3(...parts: readonly Uint8Array[]): Uint8Array;
  sm3Stream(): Digesting;
  /** @returns 32 bytes */
  hmacSm3(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** Off the main thread; 600 000 iterations take about half a second. */
  pbkdf2Sm3(password: Uint8Array, salt: Uint8Array, iterations: number, lengthBytes: number): Promise<Uint8Array>;
  /** RFC 5869 with SM3. `info` as text is UTF-8. */
  hkdfSm3(secret: Uint8Array, salt: Uint8Array, info: Uint8Array | string, lengthBytes: number): Uint8Array;

  /** @param iv 16 bytes, empty for `ecb` @throws ArchiveError `E_CRYPTO_INPUT` */
  sm4Encrypt(mode: Sm4Mode, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array;
  /** @throws ArchiveError `E_DECRYPT_FAILED` when the padding is wrong, `E_CRYPTO_INPUT` for lengths */
  sm4Decrypt(mode: Sm4Mode, key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Uint8Array;

  generateKeyPair(): PrivateKey;
  /** @param key PKCS#8 or SEC1 DER, or the 32-byte scalar. @throws ArchiveError `E_CRYPTO_INPUT` also when its public half does not fit */
  loadPrivateKey(key: Uint8Array): PrivateKey;
  /** PKCS#8 DER in the clear. The caller wipes it; it must never reach a disk unencrypted. */
  exportPrivateKey(key: PrivateKey): Uint8Array;

  /** SM2 over SM3(Z ‖ message). @returns DER `SEQUENCE { r, s }` @param id 用户标识, default `1234567812345678` */
  sign(message: Uint8Array, key: PrivateKey, id?: string): Uint8Array;
  signer(key: PrivateKey, id?: string): Signing;
  /** False for any signature that is not the one strict DER coding. @throws ArchiveError `E_CRYPTO_INPUT` for a key off the curve */
  verify(message: Uint8Array, signature: Uint8Array, publicKey: PublicKey, id?: string): boolean;
  verifier(publicKey: PublicKey, id?: string): Verifying;

  /** SM2 public-key encryption. @param plain 1 byte to 64 KiB @returns GM/T 0009 DER */
  sm2Encrypt(plain: Uint8Array, publicKey: PublicKey): Uint8Array;
  /** @throws ArchiveError `E_DECRYPT_FAILED` */
  sm2Decrypt(cipher: Uint8Array, key: PrivateKey): Uint8Array;

  /** In constant time; false when the lengths differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  random(lengthBytes: number): Uint8Array;
}
