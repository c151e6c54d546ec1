import { inflateRawSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import type { ByteSource } from '../format.js';

/**
 * ZIP read for examination: nothing is trusted, nothing is written. Ordinary readers refuse the very archives that must be described
 * here (two entries of one name, paths outside the folder, sizes that lie), so the directory is read directly.
 * @see APPNOTE.TXT 6.3.10 (PKWARE)
 */
export interface ZipEntry {
  /** Decoded as UTF-8 where it is valid UTF-8, else byte by byte. Never used as a path. */
  readonly name: string;
  /** Name bytes that are not ASCII and not declared or valid UTF-8. */
  readonly nameAmbiguous: boolean;
  readonly method: number;
  readonly encrypted: boolean;
  readonly compressedSize: number;
  readonly size: number;
  readonly crc: number;
  readonly directory: boolean;
  readonly symlink: boolean;
  /** Offset of the local header in the source. */
  readonly offset: number;
}

export interface ZipIndex {
  readonly entries: readonly ZipEntry[];
  /** Bytes before the first local header, e.g. the stub of a self-extracting archive. */
  readonly prefixBytes: number;
  /** Bytes after the end record and its comment. */
  readonly trailingBytes: number;
  /** Central directory found and read to its end. */
  readonly complete: boolean;
  /** Names themselves are encrypted (strong encryption). */
  readonly directoryEncrypted: boolean;
  /** More entries declared or found than the limit allows to list. */
  readonly tooMany: boolean;
}

export type ZipFault = 'broken' | 'bomb' | 'encrypted' | 'method';

export class ZipError extends Error {
  constructor(readonly fault: ZipFault, readonly entry: number) {
    super(`zip ${fault}`);
    this.name = 'ZipError';
  }
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const MASKED = 0xffffffff;
export interface ZipLimits { readonly entries: number; readonly directoryBytes: number }
const EXAMINED: ZipLimits = { entries: 20_000, directoryBytes: 32 * 1024 * 1024 };

const cache = new WeakMap<ByteSource, Promise<ZipIndex | null>>();

/** The directory of a ZIP, read once per source; `null` when the source holds no ZIP structure at all. */
export function zipIndex(source: ByteSource): Promise<ZipIndex | null> {
  let index = cache.get(source);
  if (index === undefined) cache.set(source, (index = readIndex(source, EXAMINED)));
  return index;
}

/** The directory under other limits than those of an examination; not kept. */
export const readZipIndex = async (source: ByteSource, limits: ZipLimits): Promise<ZipIndex | null> => readIndex(source, limits);

/** True when the first bytes are those of a ZIP (entry, empty archive, or first of several volumes). */
export function startsAsZip(head: Buffer): boolean {
  if (head.length < 4) return false;
  const signature = head.readUInt32LE(0);
  return signature === LOCAL || signature === END || signature === 0x08074b50 || signature === 0x30304b50;
}

async function readIndex(source: ByteSource, limits: ZipLimits): Promise<ZipIndex | null> {
  const end = await findEnd(source);
  if (end !== null) {
    const read = await readDirectory(source, end, limits);
    if (read !== null) return read;
  }
  const entries = await scanLocal(source);
  if (entries.list.length === 0 && end === null) return null;
  return { entries: entries.list, prefixBytes: 0, trailingBytes: 0, complete: false, directoryEncrypted: end?.version2 === true || entries.masked, tooMany: false };
}

interface End { readonly at: number; readonly count: number; readonly size: number; readonly offset: number; readonly trailing: number; readonly version2: boolean }

async function findEnd(source: ByteSource): Promise<End | null> {
  const start = Math.max(0, source.size - 65_557 - 4096);
  const tail = await source.read(start, source.size - start);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== END) continue;
    const trailing = tail.length - at - 22 - tail.readUInt16LE(at + 20);
    if (trailing < 0) continue;
    const plain = { at: start + at, count: tail.readUInt16LE(at + 10), size: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16), trailing, version2: false };
    return (await readEnd64(source, plain)) ?? plain;
  }
  return null;
}

async function readEnd64(source: ByteSource, plain: End): Promise<End | null> {
  const locator = await source.read(plain.at - 20, 20);
  if (plain.at < 20 || locator.length < 20 || locator.readUInt32LE(0) !== END64_LOCATOR) return null;
  const at = Number(locator.readBigUInt64LE(8));
  if (!Number.isSafeInteger(at)) return null;
  const record = await source.read(at, 56);
  if (record.length < 56 || record.readUInt32LE(0) !== END64) return null;
  return {
    ...plain,
    at,
    count: Number(record.readBigUInt64LE(32)),
    size: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
    version2: Number(record.readBigUInt64LE(4)) > 44,
  };
}

async function readDirectory(source: ByteSource, end: End, limits: ZipLimits): Promise<ZipIndex | null> {
  if (end.size > end.at || end.size > limits.directoryBytes) return null;
  let start = end.at - end.size;
  if (start !== end.offset && !(await isCentral(source, start)) && (await isCentral(source, end.offset))) start = end.offset;
  const shift = start - end.offset;
  const directory = await source.read(start, end.at - start);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL && entries.length < limits.entries) {
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    if (extraEnd > directory.length) break;
    entries.push(entryFrom(directory, at, directory.subarray(at + 46, nameEnd), directory.subarray(nameEnd, extraEnd), shift));
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  if (entries.length === 0 && (end.count > 0 || end.size > 0)) return null;
  const first = entries.reduce((least, entry) => Math.min(least, entry.offset), start);
  return {
    entries,
    prefixBytes: first,
    trailingBytes: end.trailing,
    complete: entries.length === end.count || (entries.length & 0xffff) === end.count,
    directoryEncrypted: false,
    tooMany: entries.length >= limits.entries,
  };
}

async function isCentral(source: ByteSource, at: number): Promise<boolean> {
  const bytes = await source.read(at, 4);
  return at >= 0 && bytes.length === 4 && bytes.readUInt32LE(0) === CENTRAL;
}

function entryFrom(directory: Buffer, at: number, rawName: Buffer, extra: Buffer, shift: number): ZipEntry {
  const flags = directory.readUInt16LE(at + 8);
  const mode = directory.readUInt32LE(at + 38) >>> 16;
  const unix = directory[at + 5] === 3 || directory[at + 5] === 19;
  let size = directory.readUInt32LE(at + 24);
  let compressedSize = directory.readUInt32LE(at + 20);
  let offset = directory.readUInt32LE(at + 42);
  const wide = extraField(extra, 0x0001);
  let used = 0;
  const widen = (value: number): number => {
    if (value !== MASKED || wide === null || used + 8 > wide.length) return value;
    used += 8;
    return Number(wide.readBigUInt64LE(used - 8));
  };
  size = widen(size);
  compressedSize = widen(compressedSize);
  offset = widen(offset);
  return {
    ...decodeName(rawName, (flags & 0x800) !== 0, extra),
    method: directory.readUInt16LE(at + 10),
    encrypted: (flags & 1) !== 0,
    compressedSize,
    size,
    crc: directory.readUInt32LE(at + 16),
    directory: rawName[rawName.length - 1] === 0x2f,
    symlink: unix && (mode & 0o170000) === 0o120000,
    offset: offset + shift,
  };
}

function extraField(extra: Buffer, id: number): Buffer | null {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return null;
}

function decodeName(raw: Buffer, declaredUtf8: boolean, extra: Buffer): { name: string; nameAmbiguous: boolean } {
  const unicode = extraField(extra, 0x7075);
  if (unicode !== null && unicode.length > 5) return { name: unicode.subarray(5).toString('utf8'), nameAmbiguous: false };
  const ascii = raw.every((byte) => byte < 0x80);
  if (ascii) return { name: raw.toString('latin1'), nameAmbiguous: false };
  try {
    return { name: new TextDecoder('utf-8', { fatal: true }).decode(raw), nameAmbiguous: !declaredUtf8 };
  } catch {
    return { name: raw.toString('latin1'), nameAmbiguous: true };
  }
}

/** Entries by their local headers, for an archive whose directory is lost: enough to say what it was. */
async function scanLocal(source: ByteSource): Promise<{ list: ZipEntry[]; masked: boolean }> {
  const list: ZipEntry[] = [];
  let masked = false;
  let at = 0;
  while (list.length < 1000) {
    const header = await source.read(at, 30);
    if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) break;
    const flags = header.readUInt16LE(6);
    const nameLength = header.readUInt16LE(26);
    const extraLength = header.readUInt16LE(28);
    const raw = await source.read(at + 30, nameLength);
    if (raw.length < nameLength || nameLength === 0) break;
    masked ||= (flags & 0x2000) !== 0;
    if (header.readUInt16LE(8) > 99) break;
    const compressedSize = header.readUInt32LE(18);
    list.push({
      ...decodeName(raw, (flags & 0x800) !== 0, Buffer.alloc(0)),
      method: header.readUInt16LE(8),
      encrypted: (flags & 1) !== 0,
      compressedSize,
      size: header.readUInt32LE(22),
      crc: header.readUInt32LE(14),
      directory: raw[raw.length - 1] === 0x2f,
      symlink: false,
      offset: at,
    });
    if ((flags & 8) !== 0 && compressedSize === 0) {
      at = await nextLocal(source, at + 30 + nameLength + extraLength);
      if (at < 0) break;
    } else {
      at += 30 + nameLength + extraLength + compressedSize;
    }
  }
  return { list, masked };
}

async function nextLocal(source: ByteSource, from: number): Promise<number> {
  const bytes = await source.read(from, 4 * 1024 * 1024);
  const found = bytes.indexOf(Buffer.from([0x50, 0x4b, 0x03, 0x04]));
  return found < 0 ? -1 : from + found;
}

/**
 * The content of one entry, checked against its size and CRC-32.
 * @param limitBytes most bytes to unpack
 * @throws ZipError `bomb` past the limit or the declared size, `broken`, `encrypted`, or `method` for a method not read here
 */
export async function readZipEntry(source: ByteSource, index: ZipIndex, position: number, limitBytes: number): Promise<Buffer> {
  const entry = index.entries[position];
  if (entry === undefined) throw new ZipError('broken', position);
  if (entry.encrypted) throw new ZipError('encrypted', position);
  if (entry.size > limitBytes) throw new ZipError('bomb', position);
  const packed = await readPacked(source, entry, position, limitBytes);
  const content = unpack(entry, packed, position);
  if (content.length !== entry.size || zlib.crc32(content) !== entry.crc) throw new ZipError('broken', position);
  return content;
}

/** The bytes as stored, before decompression. */
export async function readPacked(source: ByteSource, entry: ZipEntry, position: number, limitBytes: number): Promise<Buffer> {
  if (entry.compressedSize > limitBytes || entry.offset + entry.compressedSize > source.size) throw new ZipError('broken', position);
  const header = await source.read(entry.offset, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) throw new ZipError('broken', position);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await source.read(start, entry.compressedSize);
  if (packed.length !== entry.compressedSize) throw new ZipError('broken', position);
  return packed;
}

function unpack(entry: ZipEntry, packed: Buffer, position: number): Buffer {
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new ZipError('method', position);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
  } catch (cause) {
    const lies = cause instanceof RangeError;
    throw new ZipError(lies ? 'bomb' : 'broken', position);
  }
}
