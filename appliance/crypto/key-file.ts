/**
 * 密钥文件: a holder's private key under a PIN, the stand-in for a USB key. PKCS#8 `EncryptedPrivateKeyInfo`, PBES2 with
 * SM4-CBC and PBKDF2-HMAC-SM3, beside the holder's certificate in one JSON file that the browser reads as well (README.md).
 * @see RFC 8018 (PBES2), RFC 5958; OIDs: GM/T 0006-2023
 */
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { ArchiveError } from '../../core/errors.js';
import { type Certificate, certificatePem, parseCertificate } from './certificate.js';
import { children, nothing, octets, oid, readOctets, readOid, readOne, readSmall, sequence, smallInteger, TAG } from './der.js';
import { onePem, toPem } from './pem.js';
import type { CryptoProvider, PrivateKey } from './provider.js';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SM4_CBC = '1.2.156.10197.1.104.2';
/** The first is written; GmSSL writes it too. The second is the later registration, the third what OpenSSL writes. */
const PRF: Readonly<Record<string, 'sm3' | 'sha256'>> = {
  '1.2.156.10197.1.401.2': 'sm3', '1.2.156.10197.1.401.3.1': 'sm3', '1.2.840.113549.2.9': 'sha256',
};
const HMAC_SM3 = '1.2.156.10197.1.401.2';
/** About half a second on the machine measured. */
export const ITERATIONS = 600_000;
/** A hostile file must not keep the box busy for minutes. */
const MOST_ITERATIONS = 10_000_000;

export interface KeyFile {
  /** Account, device or system id; no personal name. */
  readonly holder: string;
  readonly certificate: Certificate;
  /** `-----BEGIN ENCRYPTED PRIVATE KEY-----` */
  readonly encryptedPrivateKey: string;
  /** 演练: made with a published PIN; a real box refuses it. */
  readonly rehearsal: boolean;
}

/** A PIN is compared by what a person typed, not by how the keyboard composed it. */
const pinBytes = (pin: string): Uint8Array => new TextEncoder().encode(pin.normalize('NFC'));

export async function encryptPrivateKey(provider: CryptoProvider, key: PrivateKey, pin: string, iterations = ITERATIONS): Promise<string> {
  const salt = provider.random(16);
  const iv = provider.random(16);
  const pkcs8 = provider.exportPrivateKey(key);
  const secret = pinBytes(pin);
  const kek = await provider.pbkdf2Sm3(secret, salt, iterations, 16);
  const cipher = provider.sm4Encrypt('cbc', kek, iv, pkcs8);
  for (const one of [pkcs8, secret, kek]) one.fill(0);
  const derivation = sequence(oid(PBKDF2), sequence(octets(salt), smallInteger(iterations), sequence(oid(HMAC_SM3), nothing())));
  return toPem('ENCRYPTED PRIVATE KEY', sequence(
    sequence(oid(PBES2), sequence(derivation, sequence(oid(SM4_CBC), octets(iv)))),
    octets(cipher),
  ));
}

/** @throws ArchiveError `E_PIN_WRONG`; `E_CRYPTO_INPUT` for another scheme than the ones above */
export async function decryptPrivateKey(provider: CryptoProvider, pem: string, pin: string): Promise<PrivateKey> {
  const { salt, iterations, prf, iv, cipher } = readPbes2(onePem(pem, 'ENCRYPTED PRIVATE KEY').der);
  const secret = pinBytes(pin);
  const kek = prf === 'sm3'
    ? await provider.pbkdf2Sm3(secret, salt, iterations, 16)
    : await promisify(pbkdf2)(secret, salt, iterations, 16, 'sha256');
  try {
    const pkcs8 = provider.sm4Decrypt('cbc', kek, iv, cipher);
    const key = provider.loadPrivateKey(pkcs8);
    pkcs8.fill(0);
    return key;
  } catch (error) {
    throw error instanceof ArchiveError ? new ArchiveError('E_PIN_WRONG', { cause: error.code }) : error;
  } finally {
    secret.fill(0);
    kek.fill(0);
  }
}

function readPbes2(bytes: Uint8Array) {
  const refuse = (why: string): never => {
    throw new ArchiveError('E_CRYPTO_INPUT', { what: 'key file', why });
  };
  const [algorithm, cipher] = children(readOne(bytes));
  const [scheme, parameters] = children(algorithm);
  if (readOid(scheme) !== PBES2) refuse('not PBES2');
  const [derivation, encryption] = children(parameters);
  const [kdf, kdfParameters] = children(derivation);
  const [encryptionId, iv] = children(encryption);
  if (readOid(kdf) !== PBKDF2 || readOid(encryptionId) !== SM4_CBC) refuse('not PBKDF2 with SM4-CBC');
  const [salt, count, ...rest] = children(kdfParameters);
  const prfField = rest.find(({ tag }) => tag === TAG.sequence);
  const prf = prfField === undefined ? undefined : PRF[readOid(children(prfField)[0])];
  const iterations = readSmall(count);
  if (iterations < 1 || iterations > MOST_ITERATIONS) refuse('iterations');
  const keyLength = rest.find(({ tag }) => tag === TAG.integer);
  if (keyLength !== undefined && readSmall(keyLength) !== 16) refuse('key length');
  return { salt: readOctets(salt), iterations, prf: prf ?? refuse('unknown PRF'), iv: readOctets(iv), cipher: readOctets(cipher) };
}

export async function makeKeyFile(provider: CryptoProvider, file: {
  readonly holder: string; readonly certificate: Certificate; readonly key: PrivateKey; readonly pin: string;
  readonly iterations?: number; readonly rehearsal?: boolean;
}): Promise<KeyFile> {
  const { holder, certificate, key, pin, iterations, rehearsal = false } = file;
  return { holder, certificate, rehearsal, encryptedPrivateKey: await encryptPrivateKey(provider, key, pin, iterations) };
}

export const writeKeyFile = (file: KeyFile): string => `${JSON.stringify({
  format: 'shouzang-key-file', version: 1, holder: file.holder, rehearsal: file.rehearsal,
  certificate: certificatePem(file.certificate), encryptedPrivateKey: file.encryptedPrivateKey,
}, null, 2)}\n`;

/** @throws ArchiveError `E_CRYPTO_INPUT` for another shape or an unknown field */
export function readKeyFile(text: string): KeyFile {
  const known = { format: 'string', version: 'number', holder: 'string', rehearsal: 'boolean', certificate: 'string', encryptedPrivateKey: 'string' };
  const file = parseObject(text);
  const fits = Object.keys(file).length === Object.keys(known).length && Object.entries(known).every(([name, type]) => typeof file[name] === type);
  const { format, version, holder, rehearsal, certificate, encryptedPrivateKey } = file;
  if (!fits || format !== 'shouzang-key-file' || version !== 1) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'key file' });
  return { holder: String(holder), rehearsal: rehearsal === true, certificate: parseCertificate(String(certificate)), encryptedPrivateKey: String(encryptedPrivateKey) };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // told below, without the text
  }
  throw new ArchiveError('E_CRYPTO_INPUT', { what: 'key file', why: 'not JSON' });
}

/** The private key, which must be the one of the certificate. @throws ArchiveError `E_PIN_WRONG` */
export async function openKeyFile(provider: CryptoProvider, file: KeyFile, pin: string): Promise<PrivateKey> {
  const key = await decryptPrivateKey(provider, file.encryptedPrivateKey, pin);
  if (!provider.equal(key.publicKey, file.certificate.publicKey)) throw new ArchiveError('E_PIN_WRONG', { cause: 'certificate of another key' });
  return key;
}
