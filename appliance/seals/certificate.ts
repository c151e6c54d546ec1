import { readDer, type Der, is, isContext, oidOf, TAG, textOf } from './der.js';

/** The little of an X.509 certificate that a signature check needs. Read by hand: node:crypto refuses some SM2 certificates. */
export interface Certificate {
  readonly commonName: string | null;
  /** Raw Name of the issuer and contents of the serial number, to match a signer's reference. */
  readonly issuer: Buffer;
  readonly serial: Buffer;
  readonly keyId: Buffer | null;
  readonly publicKey: PublicKeyInfo;
}

export interface PublicKeyInfo {
  /** SubjectPublicKeyInfo. */
  readonly der: Buffer;
  readonly algorithm: string | null;
  /** OID of the named curve, for elliptic keys. */
  readonly curve: string | null;
  /** Key bits: an uncompressed point, for elliptic keys. */
  readonly bits: Buffer;
}

export function readCertificate(bytes: Uint8Array): Certificate | null {
  const node = readDer(bytes);
  return node === null ? null : certificateOf(node);
}

export function certificateOf(node: Der): Certificate | null {
  const body = node.children[0];
  if (!is(node, TAG.sequence) || !is(body, TAG.sequence)) return null;
  const fields = isContext(body.children[0], 0) ? body.children.slice(1) : body.children;
  const [serial, , issuer, , subject, key] = fields;
  if (!is(serial, TAG.integer) || !is(issuer, TAG.sequence) || !is(subject, TAG.sequence) || key === undefined) return null;
  const publicKey = publicKeyOf(key);
  if (publicKey === null) return null;
  return { commonName: commonNameOf(subject), issuer: issuer.raw, serial: serial.content, keyId: keyIdOf(fields), publicKey };
}

function publicKeyOf(node: Der): PublicKeyInfo | null {
  const [algorithm, bits] = node.children;
  if (!is(node, TAG.sequence) || !is(bits, TAG.bitString)) return null;
  return { der: node.raw, algorithm: oidOf(algorithm?.children[0]), curve: oidOf(algorithm?.children[1]), bits: bits.content.subarray(1) };
}

const COMMON_NAME = '2.5.4.3';
const ORGANISATION_UNIT = '2.5.4.11';
const ORGANISATION = '2.5.4.10';

/** CN; where a certificate has none, the unit or organisation. */
function commonNameOf(subject: Der): string | null {
  const pairs = subject.children.flatMap((set) => set.children).map((pair) => [oidOf(pair.children[0]), textOf(pair.children[1])] as const);
  const of = (oid: string): string | null => pairs.findLast(([type]) => type === oid)?.[1] ?? null;
  return of(COMMON_NAME) ?? of(ORGANISATION_UNIT) ?? of(ORGANISATION);
}

function keyIdOf(fields: readonly Der[]): Buffer | null {
  const extensions = fields.find((field) => isContext(field, 3))?.children[0]?.children ?? [];
  const holder = extensions.find((one) => oidOf(one.children[0]) === '2.5.29.14')?.children.at(-1);
  const value = holder === undefined ? null : readDer(holder.content);
  return value === null ? null : value.content;
}
