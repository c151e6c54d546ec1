/**
 * The SM2 curve and the codings of its keys. Numbers only; no secret is computed with here.
 * @see GB/T 32918.5-2017 (recommended curve), GM/T 0009-2012 (codings and the default user id)
 */
import { ArchiveError } from '../../core/errors.js';
import { bits, children, context, integer, octets, oid, readBits, readFixed, readOctets, readOid, readOne, readSmall, sequence, smallInteger, TAG } from './der.js';

export const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  sm2: '1.2.156.10197.1.301',
  sm2WithSm3: '1.2.156.10197.1.501',
  sm3: '1.2.156.10197.1.401',
} as const;

/** 默认用户标识 when the parties agreed on none (GM/T 0009-2012 clause 10). */
export const DEFAULT_ID = '1234567812345678';

const hex = (text: string): bigint => BigInt(`0x${text}`);
const A = 'FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC';
const B = '28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93';
const GX = '32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7';
const GY = 'BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0';
export const CURVE = {
  p: hex('FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF'),
  n: hex('FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123'),
  a: hex(A), b: hex(B),
} as const;
/** a ‖ b ‖ Gx ‖ Gy, the constant part of Z. */
export const CURVE_BYTES: Uint8Array = Uint8Array.from(Buffer.from(A + B + GX + GY, 'hex'));

export const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);

/** A public key: `04 ‖ x ‖ y`, 65 bytes, on the curve. */
export type PublicKey = Uint8Array;

const refuse = (why: string): never => {
  throw new ArchiveError('E_CRYPTO_INPUT', { what: 'SM2 key', why });
};

/** @throws ArchiveError `E_CRYPTO_INPUT` unless the point is uncompressed, in the field and on the curve. */
export function checkPublicKey(key: PublicKey): PublicKey {
  if (key.length !== 65 || key[0] !== 4) return refuse('expected 04 and 64 bytes');
  const x = toNumber(key.subarray(1, 33));
  const y = toNumber(key.subarray(33));
  const { p, a, b } = CURVE;
  if (x >= p || y >= p || (y * y - (x * x * x + a * x + b)) % p !== 0n) return refuse('not on the curve');
  return key;
}

/** n − 1 has no signature, because 1 + d has then no inverse: 1 ≤ d ≤ n − 2. */
export function checkScalar(d: Uint8Array): Uint8Array {
  const value = d.length === 32 ? toNumber(d) : 0n;
  return value >= 1n && value <= CURVE.n - 2n ? d : refuse('private key out of range');
}

const algorithm = (): Uint8Array => sequence(oid(OID.ecPublicKey), oid(OID.sm2));

/** SubjectPublicKeyInfo. */
export const toSpki = (key: PublicKey): Uint8Array => sequence(algorithm(), bits(checkPublicKey(key)));

export function fromSpki(spki: Uint8Array): PublicKey {
  const [head, point] = children(readOne(spki, TAG.sequence));
  const [kind, curve] = children(head);
  if (readOid(kind) !== OID.ecPublicKey || readOid(curve) !== OID.sm2) return refuse('not an SM2 key');
  return checkPublicKey(Uint8Array.from(readBits(point)));
}

/** PKCS#8 of the scalar, with the public half where it is known. */
export function toPkcs8(d: Uint8Array, publicKey?: PublicKey): Uint8Array {
  const inner = [smallInteger(1), octets(checkScalar(d)), ...(publicKey ? [context(1, bits(publicKey))] : [])];
  return sequence(smallInteger(0), algorithm(), octets(sequence(...inner)));
}

/** The scalar of a PKCS#8 or SEC1 key (`openssl pkey -outform DER` writes SEC1). @throws ArchiveError `E_CRYPTO_INPUT` */
export function scalarOf(key: Uint8Array): Uint8Array {
  const parts = children(readOne(key, TAG.sequence));
  if (readSmall(parts[0]) === 1) {
    const curve = parts.find(({ tag }) => tag === 0xa0);
    if (curve !== undefined && readOid(children(curve, 0xa0)[0]) !== OID.sm2) return refuse('not an SM2 key');
    return checkScalar(readOctets(parts[1]).slice());
  }
  const [kind, curve] = children(parts[1]);
  if (readOid(kind) !== OID.ecPublicKey || readOid(curve) !== OID.sm2) return refuse('not an SM2 key');
  const [, d] = children(readOne(readOctets(parts[2]), TAG.sequence));
  return checkScalar(readOctets(d).slice());
}

/** Signature DER `SEQUENCE { r, s }`, both in [1, n − 1]; `undefined` for any other coding. */
export function readSignature(signature: Uint8Array): { r: Uint8Array; s: Uint8Array } | undefined {
  try {
    const [r, s, ...more] = children(readOne(signature, TAG.sequence));
    const found = { r: readFixed(r, 32), s: readFixed(s, 32) };
    const inRange = [found.r, found.s].map(toNumber).every((value) => value >= 1n && value < CURVE.n);
    return more.length === 0 && inRange ? found : undefined;
  } catch {
    return undefined;
  }
}

export const writeSignature = (r: Uint8Array, s: Uint8Array): Uint8Array => sequence(integer(r), integer(s));

/** Ciphertext of GM/T 0009-2012 clause 7.2: `SEQUENCE { x, y, C3 hash, C2 cipher }`. @throws ArchiveError `E_CRYPTO_INPUT` */
export function readCiphertext(der: Uint8Array): { point: Uint8Array; hash: Uint8Array; cipher: Uint8Array } {
  const [x, y, hash, cipher, ...more] = children(readOne(der, TAG.sequence));
  const found = { x: readFixed(x, 32), y: readFixed(y, 32), hash: readOctets(hash), cipher: readOctets(cipher) };
  if (more.length > 0 || found.hash.length !== 32 || found.cipher.length === 0) refuse('ciphertext has the wrong parts');
  const point = checkPublicKey(Uint8Array.of(4, ...found.x, ...found.y));
  return { point, hash: found.hash, cipher: found.cipher };
}

export const writeCiphertext = (point: Uint8Array, hash: Uint8Array, cipher: Uint8Array): Uint8Array =>
  sequence(integer(point.subarray(1, 33)), integer(point.subarray(33)), octets(hash), octets(cipher));
