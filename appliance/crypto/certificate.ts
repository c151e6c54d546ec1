/**
 * 数字证书: X.509 version 3 with SM2-with-SM3 signatures over Z of the default user id (a certificate that `openssl req`
 * signs without `-sigopt distid:` uses the empty id, looks right and fails everywhere else).
 * @see GB/T 20518-2018 (certificate format), GM/T 0009-2012, RFC 5280
 */
import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import { bits, boolean, children, context, type Der, der, expectTag, integer, octets, oid, printable, readBits, readOctets, readOid, readOne, readSmall, readText, readUnsigned, sequence, setOf, smallInteger, TAG, utf8 } from './der.js';
import { onePem, readPem, toPem } from './pem.js';
import type { CryptoProvider, PrivateKey, PublicKey } from './provider.js';
import { fromSpki, OID, toSpki } from './sm2-curve.js';

const NAME_OIDS = { country: '2.5.4.6', organization: '2.5.4.10', organizationalUnit: '2.5.4.11', commonName: '2.5.4.3', serialNumber: '2.5.4.5' } as const;
/** 主体名称. The product puts ids here, never personal names. */
export type Name = { readonly [part in keyof typeof NAME_OIDS]?: string };

/** Bits of KeyUsage, RFC 5280 clause 4.2.1.3. */
const KEY_USAGES = ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

const EXT = { subjectKeyId: '2.5.29.14', keyUsage: '2.5.29.15', basicConstraints: '2.5.29.19', authorityKeyId: '2.5.29.35' } as const;
/** Extensions whose meaning the verifier applies or may ignore even when critical; any other critical one refuses the certificate. */
const UNDERSTOOD: readonly string[] = Object.values(EXT);

export interface Certificate {
  readonly der: Uint8Array;
  /** The signed bytes. */
  readonly tbs: Uint8Array;
  /** Lower-case hex, no leading zeros but at least two digits. */
  readonly serial: string;
  readonly subject: Name;
  readonly issuer: Name;
  /** Names as coded, to compare subject and issuer byte by byte. */
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly publicKey: PublicKey;
  readonly ca: boolean;
  /** `null` = no limit. */
  readonly pathLength: number | null;
  /** `null` = extension absent. */
  readonly keyUsage: readonly KeyUsage[] | null;
  /** Critical extensions this product does not know. */
  readonly unknownCritical: readonly string[];
  readonly signature: Uint8Array;
}

export interface CertificateRequest {
  readonly subject: Name;
  readonly publicKey: PublicKey;
  /** 1 to 20 bytes, e.g. 16 random ones. */
  readonly serial: Uint8Array;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  /** Given = a certification authority; `pathLength` `null` = no limit. */
  readonly ca?: { readonly pathLength: number | null };
  readonly keyUsage: readonly KeyUsage[];
  /** `self` signs its own certificate. */
  readonly issuer: { readonly certificate: Certificate | 'self'; readonly key: PrivateKey };
  /** 用户标识 of the signature, default `1234567812345678`. */
  readonly id?: string;
}

export const certificatePem = (certificate: Certificate): string => toPem('CERTIFICATE', certificate.der);
export const certificatesOf = (pem: string): Certificate[] => readPem(pem).filter(({ label }) => label === 'CERTIFICATE').map(({ der: bytes }) => parseCertificate(bytes));

const keyId = (provider: CryptoProvider, key: PublicKey): Uint8Array => provider.sm3(key).subarray(0, 20);

export function issueCertificate(provider: CryptoProvider, request: CertificateRequest): Certificate {
  const { issuer, publicKey } = request;
  if (request.serial.length < 1 || request.serial.length > 20) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'serial' });
  const subject = writeName(request.subject);
  const extensions = [
    extension(EXT.basicConstraints, true, sequence(...(request.ca ? [boolean(true), ...(request.ca.pathLength === null ? [] : [smallInteger(request.ca.pathLength)])] : []))),
    extension(EXT.keyUsage, true, writeKeyUsage(request.keyUsage)),
    extension(EXT.subjectKeyId, false, octets(keyId(provider, publicKey))),
    extension(EXT.authorityKeyId, false, sequence(der(0x80, keyId(provider, issuer.key.publicKey)))),
  ];
  const tbs = sequence(
    context(0, smallInteger(2)),
    integer(request.serial),
    sequence(oid(OID.sm2WithSm3)),
    issuer.certificate === 'self' ? subject : issuer.certificate.subjectDer,
    sequence(writeTime(request.notBefore), writeTime(request.notAfter)),
    subject,
    toSpki(publicKey),
    context(3, sequence(...extensions)),
  );
  return parseCertificate(sequence(tbs, sequence(oid(OID.sm2WithSm3)), bits(provider.sign(tbs, issuer.key, request.id))));
}

/** @param input DER, or PEM with one certificate @throws ArchiveError `E_CRYPTO_INPUT` when it is not a version 3 SM2-with-SM3 certificate */
export function parseCertificate(input: Uint8Array | string): Certificate {
  const bytes = typeof input === 'string' ? onePem(input, 'CERTIFICATE').der : Uint8Array.from(input);
  const [tbs, algorithm, signature, ...after] = children(readOne(bytes));
  const [version, serial, inner, issuer, validity, subject, spki, ...rest] = children(tbs);
  if (after.length > 0 || readSmall(children(version, 0xa0)[0]) !== 2) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'certificate', why: 'version' });
  for (const one of [algorithm, inner]) {
    if (readOid(children(one)[0]) !== OID.sm2WithSm3) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'certificate', why: 'algorithm' });
  }
  const [notBefore, notAfter] = children(validity).map(readTime);
  if (tbs === undefined || issuer === undefined || subject === undefined || spki === undefined || notBefore === undefined || notAfter === undefined) {
    throw new ArchiveError('E_CRYPTO_INPUT', { what: 'certificate', why: 'a field is missing' });
  }
  return {
    der: bytes, tbs: tbs.raw, serial: hexSerial(readUnsigned(serial)),
    subject: readName(subject), issuer: readName(issuer), subjectDer: subject.raw, issuerDer: issuer.raw,
    notBefore, notAfter, publicKey: fromSpki(spki.raw), signature: readBits(signature),
    ...readExtensions(rest.find(({ tag }) => tag === 0xa3)),
  };
}

const hexSerial = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function readExtensions(block: Der | undefined): Pick<Certificate, 'ca' | 'pathLength' | 'keyUsage' | 'unknownCritical'> {
  const found = { ca: false, pathLength: null as number | null, keyUsage: null as KeyUsage[] | null, unknownCritical: [] as string[] };
  const seen = new Set<string>();
  for (const one of block === undefined ? [] : children(children(block, 0xa3)[0])) {
    const [id, ...parts] = children(one);
    const name = readOid(id);
    if (seen.has(name)) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'certificate', why: 'extension twice' });
    seen.add(name);
    const critical = parts[0]?.tag === TAG.boolean && parts[0].value[0] === 0xff;
    const value = readOctets(parts.at(-1));
    if (critical && !UNDERSTOOD.includes(name)) found.unknownCritical.push(name);
    if (name === EXT.keyUsage) found.keyUsage = readKeyUsage(readOne(value, TAG.bitString));
    if (name === EXT.basicConstraints) {
      const fields = children(readOne(value));
      found.ca = fields[0]?.tag === TAG.boolean && fields[0].value[0] === 0xff;
      const limit = fields.find(({ tag }) => tag === TAG.integer);
      if (found.ca && limit !== undefined) found.pathLength = readSmall(limit);
    }
  }
  return found;
}

function writeKeyUsage(usages: readonly KeyUsage[]): Uint8Array {
  const mask = new Uint8Array(2);
  let last = 0;
  for (const usage of usages) {
    const bit = KEY_USAGES.indexOf(usage);
    mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    last = Math.max(last, bit);
  }
  return der(TAG.bitString, Uint8Array.of(7 - (last & 7)), mask.subarray(0, (last >> 3) + 1));
}

function readKeyUsage(element: Der): KeyUsage[] {
  const mask = element.value.subarray(1);
  return KEY_USAGES.filter((_usage, bit) => ((mask[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

function writeName(name: Name): Uint8Array {
  const parts = Object.entries(NAME_OIDS).flatMap(([part, id]) => {
    const text = name[part as keyof typeof NAME_OIDS];
    if (text === undefined) return [];
    const value = part === 'country' || part === 'serialNumber' ? printable(text) : utf8(text);
    return [setOf(sequence(oid(id), value))];
  });
  return sequence(...parts);
}

function readName(element: Der): Name {
  const found: Record<string, string> = {};
  for (const set of children(element)) {
    const [id, text] = children(children(set, TAG.set)[0]);
    const part = Object.entries(NAME_OIDS).find(([, known]) => known === readOid(id));
    if (part !== undefined) found[part[0]] = readText(text);
  }
  return found;
}

/** UTCTime until 2049, GeneralizedTime after it (RFC 5280 clause 4.1.2.5); whole seconds, rounded down. */
function writeTime(at: Instant): Uint8Array {
  const digits = at.slice(0, 19).replace(/[-:T]/g, '');
  if (!/^\d{14}$/.test(digits) || !at.endsWith('Z')) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'certificate time' });
  const year = Number(digits.slice(0, 4));
  const short = year >= 1950 && year < 2050;
  return der(short ? TAG.utcTime : TAG.generalizedTime, new TextEncoder().encode(`${short ? digits.slice(2) : digits}Z`));
}

function readTime(element: Der): Instant {
  const text = readText(element);
  const utc = element.tag === TAG.utcTime && /^\d{12}Z$/.test(text);
  if (!utc) expectTag(element, TAG.generalizedTime);
  const full = utc ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const instant = full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  if (Number.isNaN(Date.parse(instant)) || instant === full) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'certificate time' });
  return instant;
}

