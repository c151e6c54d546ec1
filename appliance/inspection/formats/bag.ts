import { createHash } from 'node:crypto';
import { readZipEntry, type ZipIndex } from '../containers/zip.js';
import type { Observations } from '../examination.js';
import type { ByteSource } from '../format.js';
import { isTraversal } from '../names.js';

const ALGORITHMS = new Set(['md5', 'sha1', 'sha256', 'sha512', 'sm3']);
/** Left behind by desktops; a bag may list them and lose them on the way. */
const SYSTEM_FILE = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]+)$/i;
const ENTRY_BYTES = 64 * 1024 * 1024;

/**
 * BagIt (RFC 8493 and its drafts) inside a ZIP: declaration, manifests, digests, completeness, and no path outside the bag.
 * @returns `null` when the archive is no bag, else whether the bag is valid
 */
export async function noteBag(source: ByteSource, index: ZipIndex, observations: Observations): Promise<boolean | null> {
  const files = new Map<string, number>();
  const manifestAt = index.entries.find((entry) => /^([^/]+\/)?(tag)?manifest-[a-z0-9]+\.txt$/i.test(entry.name));
  const declared = index.entries.find((entry) => /^([^/]+\/)?bagit\.txt$/.test(entry.name));
  const anchor = declared ?? manifestAt;
  if (anchor === undefined) return null;
  const root = anchor.name.slice(0, anchor.name.lastIndexOf('/') + 1);
  for (const [position, entry] of index.entries.entries()) if (!entry.directory && entry.name.startsWith(root)) files.set(entry.name.slice(root.length), position);
  if (![...files.keys()].some((name) => name.startsWith('data/')) && declared === undefined) return null;
  const read = (name: string): Promise<Buffer> => readZipEntry(source, index, files.get(name) ?? -1, ENTRY_BYTES);
  const faults = new Set<string>();
  const encoding = declared === undefined ? null : bagEncoding((await read('bagit.txt')).toString('utf8'));
  if (encoding === null) faults.add('缺少或写错 bagit.txt');
  await checkManifests(files, read, encoding ?? 'utf-8', faults, observations);
  for (const fault of faults) observations.add('bag.invalid', fault);
  return faults.size === 0 && !observations.has('bag.path');
}

/** Both lines, spelt as the version asks: from 1.0 on without stray blanks. */
function bagEncoding(text: string): string | null {
  const match = /^BagIt-Version: (\d+\.\d+)\r?\nTag-File-Character-Encoding: (\S+)\s*$/.exec(text.replace(/^\ufeff/, '')) ?? (/^BagIt-Version\s*:\s*0\./.test(text) ? /^BagIt-Version\s*:\s*(\d+\.\d+)\s*\r?\nTag-File-Character-Encoding\s*:\s*(\S+)\s*$/.exec(text) : null);
  return match?.[2] ?? null;
}

async function checkManifests(files: ReadonlyMap<string, number>, read: (name: string) => Promise<Buffer>, encoding: string, faults: Set<string>, observations: Observations): Promise<void> {
  const payload = [...files.keys()].filter((name) => name.startsWith('data/'));
  const manifests = [...files.keys()].filter((name) => /^(tag)?manifest-[a-z0-9]+\.txt$/i.test(name));
  if (!manifests.some((name) => name.startsWith('manifest-'))) faults.add('没有载荷清单');
  const fetched = new Set<string>();
  if (files.has('fetch.txt')) {
    observations.add('bag.warning', '依赖网络补全');
    for (const line of decode(await read('fetch.txt'), encoding).split(/\r\n|\r|\n/)) {
      const path = /^\S+\s+\S+\s+(.+)$/.exec(line)?.[1];
      if (path === undefined) continue;
      if (outside(path)) observations.add('bag.path', 'fetch.txt');
      fetched.add(unescape(path));
    }
  }
  for (const manifest of manifests) {
    const tag = manifest.startsWith('tag');
    const listed = await checkManifest(manifest, files, fetched, read, encoding, faults, observations);
    if (!tag && payload.some((name) => !listed.has(name.normalize('NFC')))) faults.add(`${manifest} 未列全载荷`);
    if (!tag && [...fetched].some((name) => !listed.has(name.normalize('NFC')))) faults.add('fetch.txt 所列不在清单');
  }
}

async function checkManifest(manifest: string, files: ReadonlyMap<string, number>, fetched: ReadonlySet<string>, read: (name: string) => Promise<Buffer>, encoding: string, faults: Set<string>, observations: Observations): Promise<Set<string>> {
  const algorithm = /-([a-z0-9]+)\.txt$/i.exec(manifest)?.[1]?.toLowerCase() ?? '';
  const byNfc = new Map([...files.keys()].map((name) => [name.normalize('NFC'), name]));
  const listed = new Set<string>();
  const folded = new Set<string>();
  for (const line of decode(await read(manifest), encoding).split(/\r\n|\r|\n/)) {
    if (line.trim() === '') continue;
    const match = /^([0-9a-fA-F]+)\s+\*?(.+)$/.exec(line);
    if (match === null) {
      faults.add(`${manifest} 行格式不对`);
      continue;
    }
    const [, digest = '', written = ''] = match;
    if (outside(written)) {
      observations.add('bag.path', manifest);
      continue;
    }
    if (written.startsWith('./')) observations.add('bag.warning', '相对路径写法');
    const path = unescape(written.replace(/^(\.\/)+/, '')).normalize('NFC');
    if (listed.has(path)) faults.add(`${manifest} 重复列出`);
    if (folded.has(path.toLowerCase()) && !listed.has(path)) observations.add('bag.warning', '仅大小写不同的文件');
    if (SYSTEM_FILE.test(path)) observations.add('bag.warning', '系统附带文件');
    listed.add(path);
    folded.add(path.toLowerCase());
    const stored = byNfc.get(path);
    if (stored === undefined) {
      const harmless = SYSTEM_FILE.test(path) || [...byNfc.keys()].some((name) => name.toLowerCase() === path.toLowerCase());
      if (!fetched.has(path) && !harmless) faults.add(`${manifest} 所列文件不存在`);
    } else if (ALGORITHMS.has(algorithm)) {
      const actual = createHash(algorithm).update(await read(stored)).digest('hex');
      if (actual !== digest.toLowerCase()) faults.add('摘要不符');
    }
  }
  return listed;
}

function decode(bytes: Buffer, encoding: string): string {
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

/** Line ends are percent-encoded in manifests (RFC 8493, 2.1.3). */
function unescape(path: string): string {
  return path.replace(/%0d/gi, '\r').replace(/%0a/gi, '\n').replace(/%25/g, '%');
}

function outside(path: string): boolean {
  return isTraversal(path) || path.startsWith('~');
}
