import { verifyValue, methodName, type Method } from '../algorithms.js';
import { readCertificate } from '../certificate.js';
import { checkCms, UNREADABLE, type Checked } from '../cms.js';
import { instantOf, is, readDer, TAG } from '../der.js';
import type { FoundSignature } from '../report.js';
import type { PdfDocument } from './document.js';
import { looksChangedSince } from './revision.js';
import type { PdfDict, PdfValue } from './values.js';

/** 去除前验签: one signature dictionary against the bytes it says it signs. */
export function verifySignature(document: PdfDocument, signature: PdfDict, visible: boolean): FoundSignature {
  const contents = document.get(signature, 'Contents');
  const range = document.numbersAt(signature, 'ByteRange');
  const claimed = {
    signer: textOf(document.get(signature, 'Name')),
    time: instantOf(textOf(document.get(signature, 'M')) ?? ''),
  };
  const checked = contents.kind !== 'string' || contents.bytes.every((byte) => byte === 0)
    ? { ...UNREADABLE, reason: 'data-missing' as const }
    : check(document, signature, contents.bytes, range);
  return {
    ...checked,
    signer: checked.signer ?? claimed.signer,
    time: checked.time ?? claimed.time,
    visible,
    coversWhole: range === null ? null : coversWhole(document.data, range),
  };
}

function check(document: PdfDocument, signature: PdfDict, value: Buffer, range: readonly number[] | null): Checked {
  const parts = range === null ? null : signedParts(document.data, range, value);
  const plain = document.nameAt(signature, 'SubFilter') === 'adbe.x509.rsa_sha1';
  const found = plain ? checkPlain(document, signature, value, parts ?? []) : checkCms(value, parts ?? []);
  if (parts !== null && range !== null) {
    const since = found.verified === true && !coversWhole(document.data, range) && looksChangedSince(document, endOf(range));
    return since ? { ...found, verified: false, reason: 'changed-since' } : found;
  }
  return { ...found, verified: false, reason: found.reason === 'data-unreadable' ? found.reason : 'range-odd' };
}

/**
 * The signed bytes. The gap must hold the signature value and nothing else, or a stranger's bytes could hide there.
 * @returns null when the range breaks that rule or leaves the file.
 */
function signedParts(data: Buffer, range: readonly number[], value: Buffer): readonly Buffer[] | null {
  const [first, firstLength, second, secondLength] = range;
  if (range.length !== 4 || first !== 0 || firstLength === undefined || second === undefined || secondLength === undefined) return null;
  if (firstLength <= 0 || second < firstLength || secondLength < 0 || second + secondLength > data.length) return null;
  const gap = data.subarray(firstLength, second).toString('latin1').trim();
  if (!/^<[0-9a-fA-F\s]*>$/.test(gap)) return null;
  const digits = gap.slice(1, -1).replace(/\s/g, '');
  if (!Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex').equals(value)) return null;
  return [data.subarray(0, firstLength), data.subarray(second, second + secondLength)];
}

function endOf(range: readonly number[]): number {
  return (range[2] ?? 0) + (range[3] ?? 0);
}

function coversWhole(data: Buffer, range: readonly number[]): boolean {
  const end = endOf(range);
  return range[0] === 0 && end <= data.length && data.subarray(end).toString('latin1').trim() === '';
}

/** adbe.x509.rsa_sha1: an OCTET STRING with a PKCS #1 signature, the certificates in the dictionary. */
function checkPlain(document: PdfDocument, signature: PdfDict, value: Buffer, parts: readonly Buffer[]): Checked {
  const certificates = document.get(signature, 'Cert');
  const own = certificates.kind === 'array' ? document.resolve(certificates.items[0]) : certificates;
  const certificate = own.kind === 'string' ? readCertificate(own.bytes) : null;
  const node = readDer(value);
  const method: Method = { oid: '1.2.840.113549.1.1.5', digest: 'sha1' };
  const common = { signer: certificate?.commonName ?? null, time: null, algorithm: methodName(method) };
  if (node === null || !is(node, TAG.octetString)) return { ...UNREADABLE, signer: common.signer };
  if (certificate === null) return { ...common, verified: null, reason: 'certificate-missing' };
  const message = Buffer.concat([...parts]);
  const good = ['sha1', 'sha256', 'sha384', 'sha512'].map((hash) => verifyValue(certificate.publicKey, { oid: '1.2.840.113549.1.1.1', digest: hash }, message, node.content));
  if (good.includes(true)) return { ...common, verified: true, reason: null };
  return good.every((one) => one === null) ? { ...common, verified: null, reason: 'algorithm-unsupported' } : { ...common, verified: false, reason: 'digest-mismatch' };
}

/** A text string (clause 7.9.2.2): UTF-16 or UTF-8 with its mark, otherwise one byte per character. */
function textOf(value: PdfValue): string | null {
  if (value.kind !== 'string' || value.bytes.length === 0) return null;
  const [first, second] = value.bytes;
  if (first === 0xfe && second === 0xff) return Buffer.from(value.bytes.subarray(2, value.bytes.length & ~1)).swap16().toString('utf16le');
  if (first === 0xff && second === 0xfe) return value.bytes.subarray(2).toString('utf16le');
  if (first === 0xef && second === 0xbb) return value.bytes.subarray(3).toString('utf8');
  return value.bytes.toString('latin1');
}
