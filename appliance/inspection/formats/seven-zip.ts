import { crc32 } from 'node:zlib';
import type { Observations } from '../examination.js';
import type { ByteSource } from '../format.js';
import type { ArchiveFacts } from './archive.js';
import { lzmaDecode } from './lzma.js';

/** Coder 06F10701: AES-256 with SHA-256 key derivation, the only cipher of the format. */
const AES = Buffer.from('06f10701', 'hex');
const LZMA = Buffer.from('030101', 'hex');
const MAX_HEADER = 16 * 1024 * 1024;

/** The end header tells the coders; it may itself be packed with LZMA, or encrypted when names are hidden. */
export async function sevenZipFacts(source: ByteSource, observations: Observations): Promise<ArchiveFacts> {
  const start = await source.read(0, 32);
  if (start.length < 32 || crc32(start.subarray(12, 32)) !== start.readUInt32LE(8)) return { encrypted: false, valid: false };
  const offset = 32 + Number(start.readBigUInt64LE(12));
  const size = Number(start.readBigUInt64LE(20));
  if (size === 0) return { encrypted: false, valid: true };
  if (offset + size > source.size) {
    observations.add('zip.volume', '');
    return { encrypted: false, valid: null };
  }
  if (size > MAX_HEADER) return { encrypted: false, valid: null };
  const header = await source.read(offset, size);
  if (crc32(header) !== start.readUInt32LE(28)) return { encrypted: false, valid: false };
  if (header[0] === 0x01) return { encrypted: header.includes(AES), valid: true };
  if (header.includes(AES)) return { encrypted: true, valid: true };
  const unpacked = await unpackHeader(source, header);
  return { encrypted: unpacked?.includes(AES) ?? false, valid: unpacked === null ? null : true };
}

/** An encoded header of one LZMA folder: packed position, packed size, properties and unpacked size, in that order. */
async function unpackHeader(source: ByteSource, header: Buffer): Promise<Buffer | null> {
  const at = header.indexOf(LZMA);
  if (at < 0 || header[1] !== 0x06) return null;
  const position = number7z(header, 2);
  const count = number7z(header, position.next);
  if (count.value !== 1 || header[count.next] !== 0x09) return null;
  const packedSize = number7z(header, count.next + 1);
  const properties = header.subarray(at + 4, at + 9);
  const mark = header.indexOf(0x0c, at + 9);
  if (mark < 0 || packedSize.value > MAX_HEADER) return null;
  const unpackedSize = number7z(header, mark + 1).value;
  if (unpackedSize > MAX_HEADER) return null;
  const packed = await source.read(32 + position.value, packedSize.value);
  return lzmaDecode(packed, properties, unpackedSize);
}

/** The format's own number: leading ones of the first byte count the bytes that follow. */
function number7z(bytes: Buffer, at: number): { value: number; next: number } {
  const first = bytes[at] ?? 0;
  let mask = 0x80;
  let value = 0;
  for (let step = 0; step < 8; step++) {
    if ((first & mask) === 0) return { value: value + (first & (mask - 1)) * 256 ** step, next: at + 1 + step };
    value += (bytes[at + 1 + step] ?? 0) * 256 ** step;
    mask >>= 1;
  }
  return { value, next: at + 9 };
}
