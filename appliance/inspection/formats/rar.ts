import { crc32 } from 'node:zlib';
import type { Observations } from '../examination.js';
import type { ArchiveFacts } from './archive.js';

/** RAR 1.5 to 4 and RAR 5, by their block headers: which are encrypted, which continue in another volume, whether all are there. */
export function rarFacts(bytes: Buffer, observations: Observations): ArchiveFacts {
  const found = bytes[6] === 1 ? walkRar5(bytes) : walkRar4(bytes);
  if (found.volume) observations.add('zip.volume', '');
  if (found.nested) observations.add('zip.nested', '条目');
  return { encrypted: found.encrypted, valid: found.volume ? null : found.valid };
}

interface Walk { encrypted: boolean; volume: boolean; valid: boolean; nested: boolean }

const ARCHIVE_NAME = /\.(zip|rar|7z|tar|gz|tgz|bz2|xz)$/i;

function walkRar4(bytes: Buffer): Walk {
  const walk: Walk = { encrypted: false, volume: false, valid: false, nested: false };
  let at = 7;
  let files = 0;
  while (at + 7 <= bytes.length) {
    const type = bytes[at + 2] ?? 0;
    const flags = bytes.readUInt16LE(at + 3);
    const size = bytes.readUInt16LE(at + 5);
    if (type < 0x72 || type > 0x7b || size < 7 || at + size > bytes.length) return { ...walk, valid: false };
    if ((crc32(bytes.subarray(at + 2, at + headerChecked(type, size))) & 0xffff) !== bytes.readUInt16LE(at) && type !== 0x7b) return { ...walk, valid: false };
    if (type === 0x7b) return { ...walk, valid: true };
    if (type === 0x73) {
      walk.volume = (flags & 0x0001) !== 0;
      if ((flags & 0x0080) !== 0) return { ...walk, encrypted: true, valid: bytes.length > at + size + 16 };
    }
    let data = 0;
    if (type === 0x74 || type === 0x7a) {
      files++;
      data = bytes.readUInt32LE(at + 7);
      if ((flags & 0x0100) !== 0 && size >= 40) data += bytes.readUInt32LE(at + 32) * 2 ** 32;
      if (type === 0x74) {
        if ((flags & 0x04) !== 0) walk.encrypted = true;
        if ((flags & 0x03) !== 0) walk.volume = true;
        const name = bytes.toString('latin1', at + 32, at + 32 + bytes.readUInt16LE(at + 26));
        if (ARCHIVE_NAME.test(name)) walk.nested = true;
      }
    } else if ((flags & 0x8000) !== 0 && size >= 11) {
      data = bytes.readUInt32LE(at + 7);
    }
    at += size + data;
    if (at > bytes.length) return { ...walk, valid: false };
  }
  return { ...walk, valid: files > 0 && at === bytes.length };
}

/** The comment block's checksum covers its fixed part only. */
function headerChecked(type: number, size: number): number {
  return type === 0x75 ? Math.min(size, 13) : size;
}

function walkRar5(bytes: Buffer): Walk {
  const walk: Walk = { encrypted: false, volume: false, valid: false, nested: false };
  let at = 8;
  let files = 0;
  while (at + 7 <= bytes.length) {
    const start = at + 4;
    const size = vint(bytes, start);
    const end = size.next + size.value;
    if (size.value === 0 || end > bytes.length || crc32(bytes.subarray(start, end)) !== bytes.readUInt32LE(at)) return { ...walk, valid: false };
    const type = vint(bytes, size.next);
    const flags = vint(bytes, type.next);
    const extra = (flags.value & 1) !== 0 ? vint(bytes, flags.next) : { value: 0, next: flags.next };
    const data = (flags.value & 2) !== 0 ? vint(bytes, extra.next) : { value: 0, next: extra.next };
    if (type.value === 4) return { ...walk, encrypted: true, valid: bytes.length > end + 16 };
    if (type.value === 5) return { ...walk, valid: (vint(bytes, data.next).value & 1) === 0 || walk.volume };
    if (type.value === 1 && (vint(bytes, data.next).value & 1) !== 0) walk.volume = true;
    if (type.value === 2 || type.value === 3) {
      if (type.value === 2) files++;
      if ((flags.value & 0x18) !== 0) walk.volume = true;
      if (hasEncryption(bytes, end - extra.value, end)) walk.encrypted = true;
    }
    at = end + data.value;
    if (at > bytes.length) return { ...walk, valid: false };
  }
  return { ...walk, valid: files > 0 && at === bytes.length };
}

/** Extra record of type 1 in a file header (RAR 5.0 archive format, file encryption record). */
function hasEncryption(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; ) {
    const size = vint(bytes, at);
    if (vint(bytes, size.next).value === 1) return true;
    at = size.next + Math.max(1, size.value);
  }
  return false;
}

function vint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  for (let step = 0; step < 8 && at + step < bytes.length; step++) {
    const byte = bytes[at + step] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, next: at + step + 1 };
    factor *= 128;
  }
  return { value, next: at + 8 };
}
