/**
 * 封存格式 version 1: the layout alone, as `envelope.md` has it. Keys and ciphers come in as functions, files stay outside.
 */
import { ArchiveError } from '../core/errors.js';

export const HEADER_BYTES = 128;
export const FOOTER_BYTES = 128;
export const TAG_BYTES = 32;
export const CHUNK_BYTES = 65_536;
export const PREFIX_BYTES = 64;
export const LEAST_BYTES = HEADER_BYTES + TAG_BYTES + FOOTER_BYTES;
const VERSION = 1;
const SUITE = 1;
const HEADER_MAGIC = Uint8Array.of(0x53, 0x5a, 0x45, 0x4e, 0x56, 0x0d, 0x0a, 0x1a);
const FOOTER_MAGIC = new TextEncoder().encode('SZENVEND');
const CHUNK_MAGIC = new TextEncoder().encode('SZC');

/** HKDF info of each key, and its length in bytes. */
export const KEYS = {
  enc: { info: 'shouzang envelope 1 enc', bytes: 16 },
  mac: { info: 'shouzang envelope 1 mac', bytes: 32 },
  hdr: { info: 'shouzang envelope 1 hdr', bytes: 32 },
  dig: { info: 'shouzang envelope 1 dig', bytes: 32 },
} as const;

/** HMAC-SM3 under the header key. */
export type Mac = (...parts: readonly Uint8Array[]) => Uint8Array;
/** In constant time. */
export type Equal = (a: Uint8Array, b: Uint8Array) => boolean;

export interface Header {
  /** UUID, lower case. */
  readonly objectId: string;
  /** 16 bytes, the first counter block. */
  readonly counter: Uint8Array;
}

export interface Footer {
  /** Content length. */
  readonly bytes: number;
  /** SM3 of the tag table. */
  readonly root: Uint8Array;
  /** SM3 of the content, masked. */
  readonly maskedDigest: Uint8Array;
}

/** At least one: an empty content has one chunk of no bytes. */
export const chunkCount = (bytes: number): number => Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
export const sealedSize = (bytes: number): number => HEADER_BYTES + bytes + TAG_BYTES * chunkCount(bytes) + FOOTER_BYTES;

export function encodeHeader(header: Header, mac: Mac): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES);
  const view = new DataView(out.buffer);
  out.set(HEADER_MAGIC, 0);
  view.setUint16(8, VERSION);
  view.setUint16(10, SUITE);
  view.setUint32(12, CHUNK_BYTES);
  out.set(uuidBytes(header.objectId), 16);
  if (header.counter.length !== 16) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'counter' });
  out.set(header.counter, 32);
  out.set(mac(out.subarray(0, 96)), 96);
  return out;
}

/** The object id before the key is known, so that the key can be looked up. Everything but the tag is checked. */
export function peekHeader(bytes: Uint8Array): Header {
  if (bytes.length < HEADER_BYTES) throw new ArchiveError('E_ENVELOPE_TRUNCATED', { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (!startsWith(bytes, HEADER_MAGIC)) throw new ArchiveError('E_ENVELOPE_HEADER', { why: 'magic' });
  if (view.getUint16(8) !== VERSION || view.getUint16(10) !== SUITE || view.getUint32(12) !== CHUNK_BYTES) {
    throw new ArchiveError('E_ENVELOPE_VERSION', { version: view.getUint16(8), suite: view.getUint16(10) });
  }
  if (bytes.subarray(48, 96).some((byte) => byte !== 0)) throw new ArchiveError('E_ENVELOPE_HEADER', { why: 'reserved' });
  return { objectId: uuidText(bytes.subarray(16, 32)), counter: bytes.slice(32, 48) };
}

/** @throws ArchiveError `E_ENVELOPE_TRUNCATED`, `E_ENVELOPE_HEADER`, `E_ENVELOPE_VERSION` */
export function decodeHeader(bytes: Uint8Array, mac: Mac, equal: Equal): Header {
  const header = peekHeader(bytes);
  if (!equal(mac(bytes.subarray(0, 96)), bytes.subarray(96, HEADER_BYTES))) throw new ArchiveError('E_ENVELOPE_HEADER', { why: 'tag' });
  return header;
}

/** The 64 bytes that stand before a chunk in its tag. @param headerDigest SM3 of the whole header */
export function chunkPrefix(objectId: string, headerDigest: Uint8Array, index: number, length: number, last: boolean): Uint8Array {
  const out = new Uint8Array(PREFIX_BYTES);
  const view = new DataView(out.buffer);
  out.set(CHUNK_MAGIC, 0);
  out[3] = last ? 1 : 0;
  view.setUint32(4, length);
  view.setBigUint64(8, BigInt(index));
  out.set(uuidBytes(objectId), 16);
  out.set(headerDigest, 32);
  return out;
}

/** The counter block at which a chunk begins, modulo 2^128. */
export function chunkCounter(first: Uint8Array, index: number): Uint8Array {
  const out = first.slice();
  let carry = BigInt(index) * BigInt(CHUNK_BYTES / 16);
  for (let at = 15; at >= 0 && carry > 0n; at--) {
    const sum = BigInt(out[at] ?? 0) + (carry & 0xffn);
    out[at] = Number(sum & 0xffn);
    carry = (carry >> 8n) + (sum >> 8n);
  }
  return out;
}

export function encodeFooter(footer: Footer, header: Uint8Array, mac: Mac): Uint8Array {
  const out = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(out.buffer);
  out.set(FOOTER_MAGIC, 0);
  view.setBigUint64(8, BigInt(footer.bytes));
  view.setBigUint64(16, BigInt(chunkCount(footer.bytes)));
  out.set(footer.root, 32);
  out.set(footer.maskedDigest, 64);
  out.set(mac(header, out.subarray(0, 96)), 96);
  return out;
}

/** @param size of the whole file @throws ArchiveError `E_ENVELOPE_TRUNCATED`, `E_ENVELOPE_FOOTER` */
export function decodeFooter(bytes: Uint8Array, header: Uint8Array, size: number, mac: Mac, equal: Equal): Footer {
  if (bytes.length !== FOOTER_BYTES || !startsWith(bytes, FOOTER_MAGIC)) throw new ArchiveError('E_ENVELOPE_TRUNCATED', { why: 'no footer' });
  if (!equal(mac(header, bytes.subarray(0, 96)), bytes.subarray(96))) throw new ArchiveError('E_ENVELOPE_FOOTER', { why: 'tag' });
  if (bytes.subarray(24, 32).some((byte) => byte !== 0)) throw new ArchiveError('E_ENVELOPE_FOOTER', { why: 'reserved' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, FOOTER_BYTES);
  const length = view.getBigUint64(8);
  const content = Number(length);
  if (length > BigInt(Number.MAX_SAFE_INTEGER) || view.getBigUint64(16) !== BigInt(chunkCount(content)) || sealedSize(content) !== size) {
    throw new ArchiveError('E_ENVELOPE_TRUNCATED', { size });
  }
  return { bytes: content, root: bytes.slice(32, 64), maskedDigest: bytes.slice(64, 96) };
}

/** Masks a content digest, or takes the mask off. */
export const maskDigest = (digest: Uint8Array, mask: Uint8Array): Uint8Array => digest.map((byte, at) => byte ^ (mask[at] ?? 0));

const startsWith = (bytes: Uint8Array, magic: Uint8Array): boolean => magic.every((byte, at) => bytes[at] === byte);

/** The 16 bytes of a lower-case UUID. @throws ArchiveError `E_CRYPTO_INPUT` */
export function uuidBytes(id: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'object id' });
  return Uint8Array.from(id.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function uuidText(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}
