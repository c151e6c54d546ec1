/**
 * The tar form of a package (POSIX ustar with pax paths): small enough to be strict. The reader takes exactly what the writer makes, and
 * any tar program reads it.
 * @see secrecy/transfer-envelope.md, IEEE Std 1003.1 pax interchange format
 */
import { ArchiveError } from '../../core/errors.js';

export const BLOCK = 512;
const NAME_BYTES = 100;
const PAX_LIMIT = 4096;
/** 11 octal digits; above it the size goes into the pax header. */
const OCTAL_LIMIT = 8 ** 11 - 1;

const refuse = (why: string): ArchiveError => new ArchiveError('E_ENVELOPE_CONTENT', { why });
export const padded = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;

function header(name: string, bytes: number, type: '0' | 'x'): Buffer {
  const out = Buffer.alloc(BLOCK);
  out.write(name, 0, 'latin1');
  out.write('0000600\0', 100);
  out.write('0000000\0', 108);
  out.write('0000000\0', 116);
  out.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  out.write('00000000000\0', 136);
  out.write('        ', 148);
  out.write(type, 156);
  out.write('ustar\u000000', 257, 'latin1');
  const sum = out.reduce((all, byte) => all + byte, 0);
  out.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return out;
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${String(length)} ${key}=${value}\n`);
}

const isPlain = (name: string): boolean => Buffer.byteLength(name) <= NAME_BYTES && /^[\x21-\x7e]+$/u.test(name);

/** What stands before the bytes of a file. */
export function tarHeader(path: string, bytes: number): Buffer {
  if (isPlain(path) && bytes <= OCTAL_LIMIT) return header(path, bytes, '0');
  const pax = Buffer.concat([paxRecord('path', path), ...(bytes > OCTAL_LIMIT ? [paxRecord('size', String(bytes))] : [])]);
  return Buffer.concat([header('pax', pax.length, 'x'), pax, Buffer.alloc(padded(pax.length) - pax.length), header('file', bytes > OCTAL_LIMIT ? 0 : bytes, '0')]);
}
export const tarPadding = (bytes: number): Buffer => Buffer.alloc(padded(bytes) - bytes);
export const TAR_END = Buffer.alloc(2 * BLOCK);

export interface TarEntry { readonly path: string; readonly bytes: number; readonly at: number }

/** Every entry of the tar, found by its headers. @throws ArchiveError `E_ENVELOPE_CONTENT` */
export async function tarEntries(total: number, read: (offset: number, length: number) => Promise<Uint8Array>): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for (let at = 0; ;) {
    const block = await exactly(read, at, BLOCK);
    if (block.every((byte) => byte === 0)) {
      if (at + 2 * BLOCK !== total || (await exactly(read, at + BLOCK, BLOCK)).some((byte) => byte !== 0)) throw refuse('end');
      return entries;
    }
    const first = readHeader(block);
    let [path, bytes, from] = [first.name, first.bytes, at + BLOCK];
    if (first.type === 'x') {
      if (bytes > PAX_LIMIT) throw refuse('pax');
      const pax = readPax(await exactly(read, from, bytes));
      from += padded(bytes);
      const second = readHeader(await exactly(read, from, BLOCK));
      if (second.type !== '0') throw refuse('type');
      [path, bytes, from] = [pax.path, pax.size ?? second.bytes, from + BLOCK];
    }
    if (!tarHeader(path, bytes).equals(await exactly(read, at, from - at))) throw refuse('header');
    if (from + padded(bytes) > total) throw refuse('size');
    entries.push({ path, bytes, at: from });
    at = from + padded(bytes);
  }
}

async function exactly(read: (offset: number, length: number) => Promise<Uint8Array>, at: number, length: number): Promise<Buffer> {
  const found = Buffer.from(await read(at, length));
  if (found.length !== length) throw refuse('end');
  return found;
}

function readHeader(block: Buffer): { readonly name: string; readonly bytes: number; readonly type: string } {
  const type = block.toString('latin1', 156, 157);
  const size = block.toString('latin1', 124, 135);
  if ((type !== '0' && type !== 'x') || !/^[0-7]{11}$/u.test(size)) throw refuse('type');
  return { name: block.toString('latin1', 0, 100).replace(/\0.*$/su, ''), bytes: Number.parseInt(size, 8), type };
}

function readPax(bytes: Buffer): { readonly path: string; readonly size: number | undefined } {
  const [, path = '', size] = /^\d+ path=([^\n]+)\n(?:\d+ size=(\d{1,15})\n)?$/u.exec(bytes.toString('utf8')) ?? [];
  if (path === '') throw refuse('pax');
  return { path, size: size === undefined ? undefined : Number(size) };
}
