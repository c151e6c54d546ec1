/** A package inside a ZIP, read in place: entries are judged by the directory, contents unpacked piece by piece and held to size and CRC. Nothing touches a disk. */
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import iconv from 'iconv-lite';
import { ArchiveError } from '../../core/errors.js';
import { readZipIndex } from '../inspection/containers/zip.js';
import type { ZipEntry } from '../inspection/containers/zip.js';
import type { OpenSource } from '../inspection/source.js';
import type { PackageFinding } from '../packages/port.js';
import type { PackageSource, StoredEntry } from '../packages/store.js';

/** What a package may unpack to. */
export interface UnpackLimits { readonly entries: number; readonly unpackedBytes: number; readonly ratio: number }

/** Ratios of what is small say nothing. */
const SMALL = 16 * 1024 * 1024;
const DIRECTORY_BYTES = 256 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;
const LOCAL_HEADER = 30;
const LOCAL = 0x04034b50;

export interface ZipPackage { readonly source: PackageSource; readonly findings: readonly PackageFinding[] }

/** Names of old Chinese tools are GB 18030 without saying so. */
const nameOf = (entry: ZipEntry): string => (entry.nameAmbiguous && ![...entry.name].some((character) => character > '\u00ff') ? iconv.decode(Buffer.from(entry.name, 'latin1'), 'gb18030') : entry.name);

/**
 * @param name of the file, without extension: the package's name where the ZIP has no folder of its own
 * @throws ArchiveError `E_PKG_BROKEN` for what has no whole directory
 */
export async function zipPackage(bytes: OpenSource, name: string, limits: UnpackLimits): Promise<ZipPackage> {
  const index = await readZipIndex(bytes, { entries: limits.entries, directoryBytes: DIRECTORY_BYTES });
  if (index === null || !index.complete || index.directoryEncrypted) {
    if (index?.directoryEncrypted === true) throw new ArchiveError('E_PKG_ENCRYPTED');
    if (index?.tooMany === true) throw new ArchiveError('E_PKG_TOO_LARGE', { entries: limits.entries });
    throw new ArchiveError('E_PKG_BROKEN');
  }
  const named = index.entries.map((entry) => ({ entry, path: nameOf(entry) }));
  const findings = judged(named, limits);
  const root = commonFolder(named.map(({ path }) => path));
  const inside = named.map(({ entry, path }) => ({ entry, path: path.slice(root.length) })).filter(({ path }) => path !== '');
  const files = new Map(inside.map(({ entry, path }) => [path, entry]));
  return {
    findings,
    source: {
      name: root === '' ? name : root.slice(0, -1),
      list: async () => Promise.resolve(inside.map(({ entry, path }): StoredEntry => ({
        path: entry.directory ? path.replace(/\/$/u, '') : path, kind: entry.symlink ? 'other' : entry.directory ? 'folder' : 'file', bytes: entry.size,
      })).sort((a, b) => (a.path < b.path ? -1 : 1))),
      open(file) {
        const entry = files.get(file);
        if (entry === undefined) throw new ArchiveError('E_PKG_FILE_MISSING');
        return unpacked(bytes, entry);
      },
      close: async () => bytes.close(),
    },
  };
}

/** A single folder that everything lies in, with its slash; a package is often packed with it. */
function commonFolder(paths: readonly string[]): string {
  const [first = ''] = paths;
  const at = first.indexOf('/');
  if (at <= 0) return '';
  const root = first.slice(0, at + 1);
  return root !== './' && root !== '../' && paths.every((path) => path.startsWith(root)) ? root : '';
}

function judged(named: readonly { readonly entry: ZipEntry; readonly path: string }[], limits: UnpackLimits): readonly PackageFinding[] {
  const findings: PackageFinding[] = [];
  const add = (code: PackageFinding['code'], entry: string, text: string): void => { findings.push({ code, entry, text }); };
  let total = 0;
  for (const { entry, path } of named) {
    total += entry.size;
    if (entry.encrypted) add('E_PKG_ENCRYPTED', path, '条目已加密，须先解除');
    if (!entry.directory && entry.method !== 0 && entry.method !== 8) add('E_PKG_BROKEN', path, '压缩方法不受支持，请改用普通 ZIP');
    if (entry.size > SMALL && entry.size > limits.ratio * Math.max(1, entry.compressedSize)) add('E_PKG_TOO_LARGE', path, '解开后异常膨胀，疑为压缩炸弹');
    if (total > limits.unpackedBytes) {
      add('E_PKG_TOO_LARGE', path, '包解开后过大');
      break;
    }
  }
  const byPlace = [...named].sort((a, b) => a.entry.offset - b.entry.offset);
  byPlace.forEach(({ entry, path }, at) => {
    const next = byPlace[at + 1]?.entry.offset;
    if (next !== undefined && entry.offset + LOCAL_HEADER + entry.compressedSize > next) add('E_PKG_BROKEN', path, '与另一条目共用数据，疑为压缩炸弹');
  });
  return findings;
}

async function* packedPieces(bytes: OpenSource, entry: ZipEntry): AsyncGenerator<Buffer, void, void> {
  const header = await bytes.read(entry.offset, LOCAL_HEADER);
  if (header.length < LOCAL_HEADER || header.readUInt32LE(0) !== LOCAL) throw new ArchiveError('E_PKG_BROKEN', { why: 'local header' });
  const start = entry.offset + LOCAL_HEADER + header.readUInt16LE(26) + header.readUInt16LE(28);
  for (let at = 0; at < entry.compressedSize;) {
    const piece = await bytes.read(start + at, Math.min(PIECE_BYTES, entry.compressedSize - at));
    if (piece.length === 0) throw new ArchiveError('E_PKG_BROKEN', { why: 'truncated' });
    at += piece.length;
    yield piece;
  }
}

/** @throws ArchiveError `E_PKG_BROKEN` for content that is not of the size and CRC the directory gives */
async function* unpacked(bytes: OpenSource, entry: ZipEntry): AsyncGenerator<Uint8Array, void, void> {
  if (entry.encrypted) throw new ArchiveError('E_PKG_ENCRYPTED');
  const packed = packedPieces(bytes, entry);
  let seen = 0;
  let crc = 0;
  try {
    for await (const piece of entry.method === 0 ? packed : inflated(packed)) {
      seen += piece.length;
      if (seen > entry.size) break;
      crc = zlib.crc32(piece, crc);
      yield piece;
    }
  } catch (error) {
    throw error instanceof ArchiveError ? error : new ArchiveError('E_PKG_BROKEN', { why: 'deflate' });
  }
  if (seen !== entry.size || crc !== entry.crc) throw new ArchiveError('E_PKG_BROKEN', { why: 'size or checksum' });
}

function inflated(packed: AsyncIterable<Buffer>): AsyncIterable<Uint8Array> {
  const from = Readable.from(packed, { objectMode: false });
  const inflate = zlib.createInflateRaw({ chunkSize: 256 * 1024 });
  from.on('error', (error) => inflate.destroy(error));
  return from.pipe(inflate) as AsyncIterable<Uint8Array>;
}
