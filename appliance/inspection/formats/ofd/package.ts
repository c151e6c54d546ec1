import { crc32, inflateRawSync } from 'node:zlib';
import iconv from 'iconv-lite';
import yauzl, { type Entry } from 'yauzl';
import type { ByteSource, ExamineLimits } from '../../format.js';
import { XmlFault, parseXml, type XmlNode } from './xml.js';

/** Why the package or a part of it cannot be read. */
export class PackageFault extends Error {
  constructor(readonly reason: 'not-zip' | 'missing' | 'encrypted' | 'damaged' | 'too-large' | 'traversal' | 'doctype' | 'malformed') {
    super(reason);
    this.name = 'PackageFault';
  }
}

export interface OfdEntry {
  /** Path from the package root, forward slashes, no leading slash. */
  readonly path: string;
  readonly bytes: number;
  readonly encrypted: boolean;
}

/** OFD 包: the ZIP container with path resolution as GB/T 33190 wants it. Reads are bounded and checked (CRC-32). */
export interface OfdPackage {
  readonly entries: readonly OfdEntry[];
  /** Any entry under a ZIP password. */
  readonly zipPassword: boolean;
  /** Names that try to leave the package (`../`, absolute, drive letters). */
  readonly traversals: number;
  has(path: string): boolean;
  /**
   * Absolute path of a reference found in `from`; leading `/` means the root. Falls back to the document folder, then to
   * another letter case, as readers in the field do. Null when the package has no such entry.
   */
  resolve(reference: string, from: string): string | null;
  /** @throws PackageFault */
  read(path: string): Buffer;
  /** Root element of an XML part. @throws PackageFault */
  xml(path: string): XmlNode;
}

const decodeName = (raw: Buffer): string => {
  const utf8 = raw.toString('utf8');
  return (utf8.includes('\uFFFD') ? iconv.decode(raw, 'gb18030') : utf8).replaceAll('\\', '/');
};

const isTraversal = (path: string): boolean => /^(?:[A-Za-z]:|\/)/.test(path) || path.split('/').includes('..');

function listEntries(bytes: Buffer, limits: ExamineLimits): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: true, decodeStrings: false }, (error, zip) => {
      if (error !== null || zip === undefined) return reject(new PackageFault('not-zip'));
      const found: Entry[] = [];
      zip.on('error', () => reject(new PackageFault('damaged')));
      zip.on('end', () => resolve(found));
      zip.on('entry', (entry: Entry) => {
        found.push(entry);
        if (found.length > limits.entries) reject(new PackageFault('too-large'));
        else zip.readEntry();
      });
      zip.readEntry();
    });
  });
}

function unpack(bytes: Buffer, entry: Entry, ceiling: number): Buffer {
  const at = entry.relativeOffsetOfLocalHeader;
  if (at + 30 > bytes.length || bytes.readUInt32LE(at) !== 0x04034b50) throw new PackageFault('damaged');
  const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  const packed = bytes.subarray(start, start + entry.compressedSize);
  if (packed.length !== entry.compressedSize) throw new PackageFault('damaged');
  let out: Buffer;
  if (entry.compressionMethod === 0) out = packed;
  else if (entry.compressionMethod === 8) {
    try {
      out = inflateRawSync(packed, { maxOutputLength: Math.max(1, Math.min(ceiling, entry.uncompressedSize + 1)) });
    } catch {
      throw new PackageFault('damaged');
    }
  } else throw new PackageFault('damaged');
  if (out.length !== entry.uncompressedSize || crc32(out) !== entry.crc32) throw new PackageFault('damaged');
  return out;
}

/** Join and normalise; null when the reference climbs out of the package. */
function join(folder: string, reference: string): string | null {
  const parts: string[] = [];
  for (const part of `${folder}/${reference}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.length === 0) return null;
      parts.pop();
    } else parts.push(part);
  }
  return parts.join('/');
}

/** @throws PackageFault when the bytes are not a whole ZIP or pass the limits. */
export async function openPackage(source: ByteSource, limits: ExamineLimits): Promise<OfdPackage> {
  let bytes: Buffer;
  try {
    bytes = await source.all(limits.wholeBytes);
  } catch {
    throw new PackageFault('too-large');
  }
  const zipEntries = await listEntries(bytes, limits);
  const byPath = new Map<string, Entry>();
  const byLower = new Map<string, string>();
  let traversals = 0;
  let declared = 0;
  for (const entry of zipEntries) {
    const path = decodeName(entry.fileName as unknown as Buffer);
    if (isTraversal(path)) {
      traversals += 1;
      continue;
    }
    if (path.endsWith('/')) continue;
    declared += entry.uncompressedSize;
    const clean = join('', path) ?? path;
    byPath.set(clean, entry);
    byLower.set(clean.toLowerCase(), clean);
  }
  if (declared > limits.unpackedBytes) throw new PackageFault('too-large');
  const cache = new Map<string, XmlNode>();
  const find = (path: string | null): string | null => (path === null ? null : byPath.has(path) ? path : (byLower.get(path.toLowerCase()) ?? null));
  const pkg: OfdPackage = {
    entries: [...byPath].map(([path, entry]) => ({ path, bytes: entry.uncompressedSize, encrypted: (entry.generalPurposeBitFlag & 1) === 1 })),
    zipPassword: [...byPath.values()].some((entry) => (entry.generalPurposeBitFlag & 1) === 1),
    traversals,
    has: (path) => byPath.has(path),
    resolve(reference, from) {
      const clean = reference.trim().replaceAll('\\', '/');
      if (clean === '') return null;
      if (clean.startsWith('/')) return find(join('', clean));
      const folders = from.split('/').slice(0, -1);
      for (let depth = folders.length; depth >= 0; depth -= 1) {
        const hit = find(join(folders.slice(0, depth).join('/'), clean));
        if (hit !== null) return hit;
      }
      return null;
    },
    read(path) {
      const entry = byPath.get(path);
      if (entry === undefined) throw new PackageFault('missing');
      if ((entry.generalPurposeBitFlag & 1) === 1) throw new PackageFault('encrypted');
      return unpack(bytes, entry, limits.unpackedBytes);
    },
    xml(path) {
      const known = cache.get(path);
      if (known !== undefined) return known;
      try {
        const root = parseXml(pkg.read(path));
        cache.set(path, root);
        return root;
      } catch (error) {
        if (error instanceof XmlFault) throw new PackageFault(error.reason === 'doctype' ? 'doctype' : 'malformed');
        throw error;
      }
    },
  };
  return pkg;
}
