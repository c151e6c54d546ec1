import * as CFB from 'cfb';

/** One stream or storage of an OLE compound file ([MS-CFB]), by its path without the root. */
export interface OleEntry {
  /** e.g. `ObjectPool/_1234/\u0001Ole10Native`, as stored. */
  readonly path: string;
  readonly size: number;
  readonly storage: boolean;
  readonly content: Buffer;
}

export interface OleFile {
  readonly entries: readonly OleEntry[];
  /** Class of the root storage, upper-case hex, or empty. */
  readonly rootClass: string;
}

export const OLE_MAGIC = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** @returns `null` when the compound file cannot be walked. */
export function readOle(bytes: Buffer): OleFile | null {
  if (bytes.length < 1536 || !soundHeader(bytes)) return null;
  try {
    const container = CFB.read(bytes, { type: 'buffer' });
    const entries = container.FileIndex.map((entry, position) => ({
      path: (container.FullPaths[position] ?? '').split('/').slice(1).join('/').replace(/\/$/, ''),
      size: entry.size,
      storage: entry.type !== 2,
      content: Buffer.isBuffer(entry.content) ? entry.content : Buffer.from(entry.content ?? []),
    }));
    const root = container.FileIndex[0];
    if (root === undefined || entries.length < 2) return null;
    return { entries: entries.slice(1), rootClass: (root.clsid ?? '').toUpperCase() };
  } catch {
    return null;
  }
}

/** Sector shift and table counts that fit the file; anything else sends naive readers astray. */
function soundHeader(bytes: Buffer): boolean {
  const shift = bytes.readUInt16LE(30);
  const tables = bytes.readUInt32LE(44);
  return (shift === 9 || shift === 12) && bytes.readUInt16LE(28) === 0xfffe && (tables << shift) <= bytes.length && tables < 1_000_000;
}

export function stream(file: OleFile, path: string): Buffer | undefined {
  return file.entries.find((entry) => !entry.storage && entry.path.toLowerCase() === path.toLowerCase())?.content;
}
