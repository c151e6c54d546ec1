import { fileTypeFromBuffer } from 'file-type';
import { readZipEntry, startsAsZip, zipIndex, ZipError, type ZipEntry, type ZipIndex } from '../containers/zip.js';
import { addInner, examined, format, Observations } from '../examination.js';
import type { ByteSource, Examination, Examiner, ExamineLimits, Identified, Inner } from '../format.js';
import { isTraversal, nameObservations } from '../names.js';
import { bufferSource } from '../source.js';
import { noteBag } from './bag.js';

/** More unpacked bytes per packed byte than any document has, once the result is large enough to matter. */
const BOMB_RATIO = 500;
const BOMB_BYTES = 128 * 1024;
/** Entries looked into one by one; an archive is refused as such anyhow. */
const INNER_ENTRIES = 300;

/** ZIP that is no document of its own: a compressed file (第十七条), described without being unpacked to disk. */
export const zipExaminer: Examiner = {
  claims: (head) => Promise.resolve(startsAsZip(head)),
  async examine(source, _name, limits, inner) {
    const index = await zipIndex(source);
    const volume = await startsVolume(source);
    if (index === null || index.entries.length === 0) {
      if (index?.directoryEncrypted === true) return examined(ZIP, { compressed: true, encrypted: true }, [{ key: 'zip.encrypted', evidence: '条目名已加密' }]);
      const readable = index?.complete === true;
      return examined(ZIP, { compressed: true, valid: readable }, readable ? [] : [{ key: 'zip.broken', evidence: '没有可读的目录' }]);
    }
    return describe(source, index, limits, inner, volume);
  },
};

/** A whole ZIP directory at the very end, behind bytes that are none of its own. */
export async function endsAsZip(source: ByteSource): Promise<boolean> {
  const index = await zipIndex(source);
  return index !== null && index.complete && index.entries.length > 0 && index.prefixBytes > 0 && index.trailingBytes === 0;
}

/** A ZIP behind other bytes: what no other examiner claims, yet ends as an archive (自解压包). */
export const trailingZipExaminer: Examiner = {
  async claims(head, source) {
    return (await endsAsZip(source)) && (await fileTypeFromBuffer(head)) === undefined;
  },
  async examine(source, name, limits, inner) {
    const found = await zipExaminer.examine(source, name, limits, inner);
    return { ...found, identified: format('application/x-sfx', '自解压压缩包') };
  },
};

const ZIP = format('application/zip', 'ZIP 压缩包', 'x-fmt/263');

async function startsVolume(source: ByteSource): Promise<boolean> {
  const head = await source.read(0, 4);
  return head.length === 4 && head.readUInt32LE(0) === 0x08074b50;
}

async function describe(source: ByteSource, index: ZipIndex, limits: ExamineLimits, inner: Inner, volume: boolean): Promise<Examination> {
  const observations = new Observations();
  noteNames(index.entries, observations);
  const encrypted = index.directoryEncrypted || index.entries.some((entry) => entry.encrypted);
  if (encrypted) observations.add('zip.encrypted', index.directoryEncrypted ? '条目名已加密' : `${index.entries.filter((entry) => entry.encrypted).length} 个`);
  const declared = index.entries.reduce((sum, entry) => sum + entry.size, 0);
  const crowded = index.tooMany || index.entries.length > limits.entries;
  if (crowded) observations.add('zip.bomb', '条目数过多');
  if (declared > limits.unpackedBytes) observations.add('zip.bomb', '声明的解压量过大');
  const program = programOf(index.entries);
  const broken = crowded ? false : await readAll(source, index, limits, inner, observations);
  if (!index.complete && !encrypted) observations.add(volume ? 'zip.volume' : 'zip.broken', '目录不完整');
  if (program !== null) {
    observations.add('file.executable', '程序包');
    return examined(program, { activeContent: true, valid: !broken && index.complete, encrypted }, observations.list());
  }
  const bag = encrypted || broken ? null : await noteBag(source, index, observations);
  const unsure = observations.has('zip.bomb') && (broken || declared > limits.unpackedBytes);
  const readable = (index.complete || index.directoryEncrypted) && !broken && bag !== false;
  return examined(ZIP, { compressed: true, encrypted, valid: unsure || volume ? null : readable, activeContent: observations.has('file.eicar') }, observations.list());
}

function noteNames(entries: readonly ZipEntry[], observations: Observations): void {
  const seen = new Map<string, number>();
  for (const [position, entry] of entries.slice(0, 5000).entries()) {
    const place = `条目 ${position + 1}`;
    if (isTraversal(entry.name)) observations.add('zip.traversal', place);
    if (entry.symlink) observations.add('zip.link', place);
    if (entry.nameAmbiguous) observations.add('zip.name', `${place} 编码不明`);
    for (const step of entry.name.replace(/\/$/, '').split('/')) {
      if (nameObservations(step).some((found) => found.key !== 'name.traversal')) observations.add('zip.name', `${place} 字符特殊`);
    }
    const folded = entry.name.normalize('NFC').toLowerCase();
    if (seen.has(folded)) observations.add('zip.name', `${place} 与条目 ${(seen.get(folded) ?? 0) + 1} 同名`);
    seen.set(folded, position);
  }
}

/** @returns true when some entry that could be read proved broken */
async function readAll(source: ByteSource, index: ZipIndex, limits: ExamineLimits, inner: Inner, observations: Observations): Promise<boolean> {
  let budget = limits.unpackedBytes;
  let broken = false;
  for (const [position, entry] of index.entries.entries()) {
    if (entry.directory || entry.encrypted) continue;
    const place = `条目 ${position + 1}`;
    try {
      const content = await readZipEntry(source, index, position, budget);
      budget -= content.length;
      if (content.length > BOMB_BYTES && content.length > entry.compressedSize * BOMB_RATIO) observations.add('zip.bomb', `${place} 压缩比过高`);
      if (position < INNER_ENTRIES && !entry.symlink) await lookInside(content, entry, place, inner, observations);
    } catch (cause) {
      if (!(cause instanceof ZipError)) throw cause;
      if (cause.fault === 'bomb') {
        observations.add('zip.bomb', `${place} 超过声明或限额`);
        broken = true;
      } else if (cause.fault === 'broken') {
        observations.add('zip.broken', place);
        broken = true;
      }
    }
  }
  return broken;
}

async function lookInside(content: Buffer, entry: ZipEntry, place: string, inner: Inner, observations: Observations): Promise<void> {
  if (content.length === 0) return;
  const found = await inner(bufferSource(content), entry.name.split('/').pop() ?? '');
  if (found?.facts.compressed === true) observations.add('zip.nested', place);
  addInner(observations, found, place, 'zip.bomb');
}

/** Program packages: Android and Java. */
function programOf(entries: readonly ZipEntry[]): Identified | null {
  const has = (pattern: RegExp): boolean => entries.some((entry) => pattern.test(entry.name));
  if (has(/^AndroidManifest\.xml$/)) return format('application/vnd.android.package-archive', 'Android 程序包');
  if (has(/^META-INF\/MANIFEST\.MF$/) && has(/\.class$/)) return format('application/java-archive', 'Java 程序包');
  return null;
}
