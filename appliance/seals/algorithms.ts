import { constants, createHash, createPublicKey, getHashes, verify as verifyNative, type KeyObject } from 'node:crypto';
import { NodeProvider } from '../crypto/node-provider.js';
import { writeSignature } from '../crypto/sm2-curve.js';
import type { PublicKeyInfo } from './certificate.js';
import { type Der, intOf, isContext, oidOf, readDer, TAG, is } from './der.js';

/** Digest algorithms by OID or by the name that OFD producers write in `CheckMethod`. */
const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.156.10197.1.401': 'sm3', '1.2.156.10197.1.401.1': 'sm3', sm3: 'sm3',
  '1.3.14.3.2.26': 'sha1', sha1: 'sha1', 'sha-1': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256', sha256: 'sha256', 'sha-256': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384', sha384: 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512', sha512: 'sha512',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.8': 'sha3-256', '2.16.840.1.101.3.4.2.9': 'sha3-384', '2.16.840.1.101.3.4.2.10': 'sha3-512',
  '2.16.840.1.101.3.4.2.11': 'shake128', '2.16.840.1.101.3.4.2.12': 'shake256', '2.16.840.1.101.3.4.2.18': 'shake256',
  '1.2.840.113549.2.5': 'md5', md5: 'md5', '1.3.36.3.2.1': 'ripemd160',
};

/** Digest name of node:crypto; null when this box does not know the algorithm. An empty `CheckMethod` means SM3 by GB/T 38540 practice. */
export function digestName(method: string | null): string | null {
  const name = DIGESTS[(method ?? '').trim().toLowerCase()] ?? null;
  return name !== null && getHashes().includes(name) ? name : null;
}

/** SHAKE256 in CMS gives 512 bits (RFC 8702, RFC 8419), not OpenSSL's default 256. */
export function digest(name: string, ...parts: readonly Uint8Array[]): Buffer {
  const hash = name === 'shake256' ? createHash(name, { outputLength: 64 }) : createHash(name);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

type Family = 'rsa' | 'rsa-pss' | 'ecdsa' | 'sm2' | 'eddsa' | 'dsa';
interface Scheme {
  readonly family: Family;
  /** Fixed by the OID; null: as the digest algorithm beside it says. */
  readonly digest: string | null;
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  '1.2.840.113549.1.1.1': { family: 'rsa', digest: null },
  '1.2.840.113549.1.1.4': { family: 'rsa', digest: 'md5' },
  '1.2.840.113549.1.1.5': { family: 'rsa', digest: 'sha1' },
  '1.2.840.113549.1.1.11': { family: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { family: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { family: 'rsa', digest: 'sha512' },
  '1.2.840.113549.1.1.14': { family: 'rsa', digest: 'sha224' },
  '1.2.840.113549.1.1.10': { family: 'rsa-pss', digest: null },
  '1.2.840.10045.2.1': { family: 'ecdsa', digest: null },
  '1.2.840.10045.4.1': { family: 'ecdsa', digest: 'sha1' },
  '1.2.840.10045.4.3.1': { family: 'ecdsa', digest: 'sha224' },
  '1.2.840.10045.4.3.2': { family: 'ecdsa', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { family: 'ecdsa', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { family: 'ecdsa', digest: 'sha512' },
  '2.16.840.1.101.3.4.3.10': { family: 'ecdsa', digest: 'sha3-256' },
  '2.16.840.1.101.3.4.3.11': { family: 'ecdsa', digest: 'sha3-384' },
  '2.16.840.1.101.3.4.3.12': { family: 'ecdsa', digest: 'sha3-512' },
  '2.16.840.1.101.3.4.3.14': { family: 'rsa', digest: 'sha3-256' },
  '2.16.840.1.101.3.4.3.15': { family: 'rsa', digest: 'sha3-384' },
  '2.16.840.1.101.3.4.3.16': { family: 'rsa', digest: 'sha3-512' },
  '1.2.840.10040.4.1': { family: 'dsa', digest: null },
  '1.2.840.10040.4.3': { family: 'dsa', digest: 'sha1' },
  '2.16.840.1.101.3.4.3.2': { family: 'dsa', digest: 'sha256' },
  '1.3.101.112': { family: 'eddsa', digest: null },
  '1.3.101.113': { family: 'eddsa', digest: null },
  '1.2.156.10197.1.501': { family: 'sm2', digest: 'sm3' },
  '1.2.156.10197.1.301': { family: 'sm2', digest: 'sm3' },
  '1.2.156.10197.1.301.1': { family: 'sm2', digest: 'sm3' },
  '1.2.156.10197.1.301.3': { family: 'sm2', digest: 'sm3' },
};

/** OIDs of the SM2 curve; GM/T 0006 and OpenSSL write the same one. */
const SM2_CURVE = '1.2.156.10197.1.301';

/** How a signature value was made: OID of the algorithm, its parameters, and the digest named beside it. */
export interface Method {
  readonly oid: string | null;
  readonly parameters?: Der | undefined;
  readonly digest: string | null;
}

/** Name for the report: `SM2withSM3`, `RSA-SHA256`, `ECDSA-SHA384`, `RSA-PSS-SHA256`, `Ed25519`; the OID when unknown. */
export function methodName(method: Method): string | null {
  const scheme = schemeOf(method);
  if (scheme === null) return method.oid;
  if (scheme.family === 'sm2') return 'SM2withSM3';
  if (scheme.family === 'eddsa') return method.oid === '1.3.101.112' ? 'Ed25519' : 'Ed448';
  const hash = scheme.family === 'rsa-pss' ? (pssOf(method)?.digest ?? method.digest) : (scheme.digest ?? method.digest);
  return [scheme.family.toUpperCase(), ...(hash === null ? [] : [hash.toUpperCase()])].join('-');
}

/** GB vendors sometimes write `SM2` where the OID belongs. */
function schemeOf(method: Method): Scheme | null {
  if (method.oid === null) return null;
  if (/^sm2/i.test(method.oid) || /sm3.*sm2/i.test(method.oid)) return { family: 'sm2', digest: 'sm3' };
  return SCHEMES[method.oid] ?? null;
}

/**
 * Checks a signature value over `signed`.
 * @returns null when the algorithm is not known here.
 */
export function verifyValue(key: PublicKeyInfo, method: Method, signed: Buffer, value: Buffer): boolean | null {
  const scheme = schemeOf(method);
  if (key.curve === SM2_CURVE) return verifySm2(key, signed, value);
  if (scheme === null || scheme.family === 'sm2') return null;
  const native = nativeKey(key);
  if (native === null) return null;
  const hash = scheme.digest ?? method.digest;
  try {
    switch (scheme.family) {
      case 'rsa': return hash === null ? null : verifyNative(hash, signed, { key: native, padding: constants.RSA_PKCS1_PADDING }, value);
      case 'rsa-pss': {
        const pss = pssOf(method);
        if (pss?.plain !== true) return null;
        return verifyNative(pss.digest, signed, { key: native, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pss.saltBytes }, value);
      }
      case 'ecdsa': case 'dsa': return hash === null ? null : verifyNative(hash, signed, native, value);
      case 'eddsa': return verifyNative(null, signed, native, value);
    }
  } catch {
    return null;
  }
}

function nativeKey(key: PublicKeyInfo): KeyObject | null {
  try {
    return createPublicKey({ key: key.der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

/** RSASSA-PSS-params (RFC 8017 A.2.3). `plain`: MGF1 with the same hash, the only shape node:crypto takes. */
function pssOf(method: Method): { digest: string; saltBytes: number; plain: boolean } | null {
  const fields = method.parameters?.children ?? [];
  const part = (tag: number): Der | undefined => fields.find((one) => isContext(one, tag))?.children[0];
  const hash = part(0) === undefined ? 'sha1' : digestName(oidOf(part(0)?.children[0]));
  const maskHash = part(1) === undefined ? 'sha1' : digestName(oidOf(part(1)?.children[1]?.children[0]));
  if (hash === null) return null;
  return { digest: hash, saltBytes: part(2) === undefined ? 20 : (intOf(part(2)) ?? 20), plain: hash === maskHash };
}

const nationalCipher = new NodeProvider();

/**
 * SM2 over SM3(Z ‖ message) with the default user id. The value comes as DER, often sloppily coded, or as 64 plain bytes;
 * it is coded anew, because the provider takes strict DER only.
 */
function verifySm2(key: PublicKeyInfo, signed: Buffer, value: Buffer): boolean {
  const pair = sm2Pair(value);
  if (pair === null || key.bits.length !== 65) return false;
  try {
    return nationalCipher.verify(signed, writeSignature(...pair), key.bits);
  } catch {
    return false;
  }
}

function sm2Pair(value: Buffer): [r: Buffer, s: Buffer] | null {
  if (value.length === 64) return [value.subarray(0, 32), value.subarray(32)];
  const [r, s] = readDer(value)?.children ?? [];
  return is(r, TAG.integer) && is(s, TAG.integer) ? [r.content, s.content] : null;
}
