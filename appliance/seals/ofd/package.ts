import { zipSync, type Zippable } from 'fflate';
import iconv from 'iconv-lite';
import { fromBuffer, type Entry, type ZipFile } from 'yauzl';
import { ArchiveError } from '../../../core/errors.js';

const LIMITS = { entries: 100_000, unpackedBytes: 1024 * 1024 * 1024 } as const;

/** The files of an OFD (GB/T 33190), in the order of the package. Paths have no leading slash; folders end with one. */
export class OfdPackage {
  private constructor(private readonly files: Map<string, Buffer>) {}

  /** @throws ArchiveError `E_FMT_UNREADABLE`, `E_FMT_ENCRYPTED` (ZIP password) */
  static async read(source: Buffer): Promise<OfdPackage> {
    try {
      return new OfdPackage(await unzip(source));
    } catch (error) {
      if (error instanceof ArchiveError) throw error;
      throw new ArchiveError('E_FMT_UNREADABLE', { format: 'ofd' });
    }
  }

  get paths(): readonly string[] {
    return [...this.files.keys()];
  }

  get(path: string): Buffer | null {
    return this.files.get(path) ?? null;
  }

  set(path: string, content: Buffer): void {
    this.files.set(path, content);
  }

  delete(path: string): void {
    this.files.delete(path);
  }

  /**
   * A location written in a file of the package (ST_Loc): absolute with a leading slash, else beside the file that says it.
   * Producers disagree, so a path from the root and a different case are tried as well.
   * @returns the path of an existing file, or null
   */
  locate(location: string, from: string): string | null {
    const plain = location.trim().replaceAll('\\', '/');
    const beside = from.includes('/') ? from.slice(0, from.lastIndexOf('/') + 1) : '';
    const tries = plain.startsWith('/') ? [normal(plain)] : [normal(beside + plain), normal(plain)];
    for (const path of tries) if (this.files.has(path)) return path;
    const folded = new Map([...this.files.keys()].map((path) => [path.toLowerCase(), path]));
    for (const path of tries) {
      const found = folded.get(path.toLowerCase());
      if (found !== undefined) return found;
    }
    return null;
  }

  /** A new package; the same content gives the same bytes. */
  write(): Buffer {
    const zippable: Zippable = {};
    for (const [path, content] of this.files) zippable[path] = [content, { level: /\.(png|jpe?g|gif|ofd)$/i.test(path) ? 0 : 6 }];
    return Buffer.from(zipSync(zippable, { mtime: new Date(1980, 0, 1) }));
  }
}

export function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
}

async function unzip(source: Buffer): Promise<Map<string, Buffer>> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(source, { lazyEntries: true, decodeStrings: false, validateEntrySizes: true }, (error, file) => (error === null ? resolve(file) : reject(error)));
  });
  const entries = await new Promise<readonly Entry[]>((resolve, reject) => {
    const all: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      all.push(entry);
      if (all.length > LIMITS.entries) reject(new RangeError('too many entries'));
      else zip.readEntry();
    });
    zip.on('end', () => resolve(all));
    zip.on('error', reject);
    zip.readEntry();
  });
  if (entries.some((entry) => entry.isEncrypted())) throw new ArchiveError('E_FMT_ENCRYPTED', { format: 'ofd' });
  if (entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0) > LIMITS.unpackedBytes) throw new RangeError('too many bytes');
  const files = new Map<string, Buffer>();
  for (const entry of entries) {
    const path = pathOf(entry);
    if (path !== '' && path !== '/') files.set(path, path.endsWith('/') ? Buffer.alloc(0) : await contentOf(zip, entry));
  }
  return files;
}

/** Names are UTF-8 when marked or when they read as such, otherwise GB 18030 as Chinese Windows writes them. */
function pathOf(entry: Entry): string {
  const raw = Buffer.from(entry.fileName as unknown as Uint8Array);
  const utf8 = raw.toString('utf8');
  const name = (entry.generalPurposeBitFlag & 0x800) !== 0 || !utf8.includes('\ufffd') ? utf8 : iconv.decode(raw, 'gb18030');
  const slashed = name.replaceAll('\\', '/');
  return `${normal(slashed)}${slashed.endsWith('/') ? '/' : ''}`;
}

async function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => resolve(Buffer.concat(chunks)));
      stream.on('error', reject);
    });
  });
}
