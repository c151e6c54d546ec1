/**
 * DER, strictly: definite minimal lengths, minimal integers, nothing after the end. A lenient reader lets one signature
 * have two codings, so anything that is not the one DER coding is refused.
 * @see ITU-T X.690 (02/2021) clause 10 and 11
 */
import { ArchiveError } from '../../core/errors.js';

const refuse = (why: string): never => {
  throw new ArchiveError('E_CRYPTO_INPUT', { coding: 'DER', why });
};

/** One element: its tag byte, its content and its whole coding (tag and length included). */
export interface Der {
  readonly tag: number;
  readonly value: Uint8Array;
  readonly raw: Uint8Array;
}

export const TAG = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, oid: 0x06, utf8: 0x0c,
  printable: 0x13, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30, set: 0x31,
} as const;

// ---- writing

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const head = [tag];
  if (length < 0x80) head.push(length);
  else {
    const bytes: number[] = [];
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
    head.push(0x80 | bytes.length, ...bytes);
  }
  return concat(Uint8Array.from(head), ...content);
}

export const sequence = (...content: readonly Uint8Array[]): Uint8Array => der(TAG.sequence, ...content);
export const setOf = (...content: readonly Uint8Array[]): Uint8Array => der(TAG.set, ...content);
export const octets = (value: Uint8Array): Uint8Array => der(TAG.octetString, value);
export const bits = (value: Uint8Array): Uint8Array => der(TAG.bitString, Uint8Array.of(0), value);
export const utf8 = (text: string): Uint8Array => der(TAG.utf8, new TextEncoder().encode(text));
export const printable = (text: string): Uint8Array => der(TAG.printable, new TextEncoder().encode(text));
export const boolean = (value: boolean): Uint8Array => der(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
export const nothing = (): Uint8Array => der(TAG.null);
/** Context-specific, constructed: `[n] EXPLICIT` or `[n] IMPLICIT SEQUENCE`. */
export const context = (n: number, ...content: readonly Uint8Array[]): Uint8Array => der(0xa0 | n, ...content);

/** A non-negative INTEGER from big-endian bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const trimmed = bytes.subarray(from);
  if (trimmed.length === 0) return der(TAG.integer, Uint8Array.of(0));
  return (trimmed[0] ?? 0) >= 0x80 ? der(TAG.integer, Uint8Array.of(0), trimmed) : der(TAG.integer, trimmed);
}

export function smallInteger(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return integer(Uint8Array.from(bytes));
}

export function oid(dotted: string): Uint8Array {
  const arcs = dotted.split('.').map(Number);
  const [first = 0, second = 0, ...rest] = arcs;
  const out = [first * 40 + second];
  for (const arc of rest) {
    const base128 = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) base128.unshift((left % 128) | 0x80);
    out.push(...base128);
  }
  return der(TAG.oid, Uint8Array.from(out));
}

// ---- reading

/** The elements of `bytes`, one after the other, to the last byte. @throws ArchiveError `E_CRYPTO_INPUT` */
export function readAll(bytes: Uint8Array): Der[] {
  const found: Der[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = readAt(bytes, at);
    found.push(element);
    at += element.raw.length;
  }
  return found;
}

/** Exactly one element. @param tag what it must be @throws ArchiveError `E_CRYPTO_INPUT` */
export function readOne(bytes: Uint8Array, tag?: number): Der {
  const element = readAt(bytes, 0);
  if (element.raw.length !== bytes.length) refuse('bytes after the end');
  return tag === undefined ? element : expectTag(element, tag);
}

export function expectTag(element: Der | undefined, tag: number): Der {
  if (element === undefined) return refuse('an element is missing');
  if (element.tag !== tag) refuse(`tag ${element.tag} in place of ${tag}`);
  return element;
}

/** The elements inside a constructed element. */
export const children = (element: Der | undefined, tag: number = TAG.sequence): Der[] => readAll(expectTag(element, tag).value);

function readAt(bytes: Uint8Array, at: number): Der {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return refuse('cut short');
  if ((tag & 0x1f) === 0x1f) refuse('tag above 30');
  let length = first;
  let from = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) refuse('indefinite or oversized length');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[from + i] ?? refuse('cut short'));
    if (length < 0x80 || length < 256 ** (count - 1)) refuse('length not minimal');
    from += count;
  }
  if (from + length > bytes.length) refuse('cut short');
  return { tag, value: bytes.subarray(from, from + length), raw: bytes.subarray(at, from + length) };
}

/** A non-negative INTEGER as big-endian bytes without the sign byte. */
export function readUnsigned(element: Der | undefined): Uint8Array {
  const { value } = expectTag(element, TAG.integer);
  const [first, second] = value;
  if (first === undefined) return refuse('empty integer');
  if (first >= 0x80) refuse('negative integer');
  if (first === 0 && second !== undefined && second < 0x80) refuse('integer not minimal');
  return first === 0 && value.length > 1 ? value.subarray(1) : value;
}

/** A non-negative INTEGER padded on the left to `length` bytes. */
export function readFixed(element: Der | undefined, length: number): Uint8Array {
  const value = readUnsigned(element);
  if (value.length > length) refuse('integer too long');
  const out = new Uint8Array(length);
  out.set(value, length - value.length);
  return out;
}

export function readSmall(element: Der | undefined): number {
  const value = readUnsigned(element);
  if (value.length > 6) refuse('integer too long');
  return value.reduce((sum, byte) => sum * 256 + byte, 0);
}

export function readOid(element: Der | undefined): string {
  const { value } = expectTag(element, TAG.oid);
  const arcs: number[] = [];
  let arc = 0;
  for (const [i, byte] of value.entries()) {
    if (arc === 0 && byte === 0x80) refuse('identifier not minimal');
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) refuse('identifier too large');
    if (byte >= 0x80) {
      if (i === value.length - 1) refuse('identifier cut short');
      continue;
    }
    if (arcs.length === 0) {
      const top = Math.min(2, Math.floor(arc / 40));
      arcs.push(top, arc - top * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** The bytes of a BIT STRING that fills whole bytes. */
export function readBits(element: Der | undefined): Uint8Array {
  const { value } = expectTag(element, TAG.bitString);
  if (value[0] !== 0) refuse('bit string with unused bits');
  return value.subarray(1);
}

export const readOctets = (element: Der | undefined): Uint8Array => expectTag(element, TAG.octetString).value;

export function readText(element: Der | undefined): string {
  if (element === undefined) return refuse('text is missing');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(element.value);
  } catch {
    return refuse('text is not UTF-8');
  }
}
