/** Tells the form of an offline package and opens it. Nothing is taken out here: contents flow from where they lie. */
import path from 'node:path';
import { lstat } from 'node:fs/promises';
import { ArchiveError } from '../../core/errors.js';
import type { CatalogueRules } from '../../core/catalogue.js';
import { fileSource } from '../inspection/source.js';
import type { OpenSource } from '../inspection/source.js';
import type { PackageRoom } from '../packages/compose.js';
import type { PackageFinding } from '../packages/port.js';
import { folderSource } from '../packages/store.js';
import type { PackageSource } from '../packages/store.js';
import { isBag, readBag } from './bag-read.js';
import { startsAsEep } from './eep-scan.js';
import { readEep } from './eep-read.js';
import { isFiling, readFiling } from './filing-read.js';
import { readFolder } from './folder-read.js';
import type { ReadList } from './folder-read.js';
import { refused } from './parcel.js';
import type { Parcel, ParcelItem } from './parcel.js';
import { under } from './whole.js';
import { zipPackage } from './zip-source.js';
import type { UnpackLimits } from './zip-source.js';

export interface OpenTools {
  readonly rules: CatalogueRules;
  readonly room: Pick<PackageRoom, 'readPackageFrom'>;
  readonly readList: ReadList;
  readonly limits: UnpackLimits;
}

const HEAD_BYTES = 4096;
const stem = (name: string): string => name.replace(/\.[^.]{1,5}$/u, '');

/** A folder or a file on a medium. */
export async function openParcelAt(tools: OpenTools, place: string): Promise<Parcel> {
  const found = await lstat(place);
  if (found.isDirectory()) return openParcel(tools, folderSource(place), []);
  if (!found.isFile()) return refused('folder', path.basename(place), [{ code: 'E_PKG_PATH', entry: path.basename(place), text: '不是普通文件（链接、设备或管道）' }], [], async () => Promise.resolve());
  return openParcelFile(tools, await fileSource(place), path.basename(place));
}

/** One file: a ZIP of a package, or a 封装包. */
export async function openParcelFile(tools: OpenTools, bytes: OpenSource, name: string): Promise<Parcel> {
  const head = await bytes.read(0, HEAD_BYTES);
  const nothing = (finding: PackageFinding): Parcel => refused('folder', stem(name), [finding], [], async () => bytes.close());
  if (head[0] === 0x50 && head[1] === 0x4b && !/\.(?:xlsx|docx|ofd)$/iu.test(name)) {
    try {
      const { source, findings } = await zipPackage(bytes, stem(name), tools.limits);
      return await openParcel(tools, source, findings);
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      return nothing({ code: error.code, entry: name, text: error.code === 'E_PKG_TOO_LARGE' ? '条目过多' : error.code === 'E_PKG_ENCRYPTED' ? '包的目录已加密' : '没有完整的目录，已损坏或被截断' });
    }
  }
  if (startsAsEep(head)) return openParcel(tools, singleFile(bytes, name), []);
  return nothing({ code: 'E_PKG_UNKNOWN', entry: name, text: '不是 ZIP，也不是电子文件封装包' });
}

const PIECE_BYTES = 1024 * 1024;
const singleFile = (bytes: OpenSource, name: string): PackageSource => ({
  name: stem(name),
  list: async () => Promise.resolve([{ path: name, kind: 'file', bytes: bytes.size }]),
  async *open() { for (let at = 0; at < bytes.size; at += PIECE_BYTES) yield await bytes.read(at, PIECE_BYTES); },
  close: async () => bytes.close(),
});

async function openParcel(tools: OpenTools, source: PackageSource, before: readonly PackageFinding[]): Promise<Parcel> {
  try {
    return await told(tools, source, before);
  } catch (error) {
    if (!(error instanceof ArchiveError)) {
      await source.close();
      throw error;
    }
    return refused('folder', source.name, [...before, { code: error.code, entry: error.details[0]?.at ?? source.name, text: error.details[0]?.message ?? '无法读取' }], [], async () => source.close());
  }
}

async function told(tools: OpenTools, source: PackageSource, before: readonly PackageFinding[]): Promise<Parcel> {
  const entries = await source.list();
  const name = source.name;
  const close = async (): Promise<void> => source.close();
  if (before.length > 0) return refused('folder', name, [...before, ...(await hostile(source, tools)).filter((one) => !before.some(({ entry }) => entry === one.entry))], [], close);
  if (entries.length === 0) return refused('folder', name, [{ code: 'E_PKG_MANIFEST_MISSING', entry: name, text: '包是空的' }], [], close);
  if (isFiling(entries)) return readFiling(tools.room, source, tools.rules);
  if (isBag(entries)) return openBag(tools, source);
  const xml = entries.filter(({ kind, path: entry }) => kind === 'file' && /\.xml$/iu.test(entry));
  if (xml.length > 0 && xml.length === entries.filter(({ kind }) => kind !== 'folder').length && await allEep(source, xml.map((one) => one.path))) return openEeps(tools, source, xml.map((one) => one.path));
  if (entries.some(({ path: entry }) => /^(?:METS|mets)\.xml$/u.test(entry))) return refused('folder', name, [{ code: 'E_PKG_UNKNOWN', entry: 'METS.xml', text: 'E-ARK（METS）信息包，请由移出方改用归档信息包、封装包或 BagIt' }], [], close);
  return readFolder(source, { form: 'folder', read: tools.readList });
}

const hostile = async (source: PackageSource, tools: OpenTools): Promise<readonly PackageFinding[]> =>
  (await readFolder({ ...source, close: async () => Promise.resolve(), open: () => { throw new ArchiveError('E_PKG_BROKEN'); } }, { form: 'folder', read: tools.readList })).findings.filter(({ code }) => code === 'E_PKG_PATH');

async function allEep(source: PackageSource, files: readonly string[]): Promise<boolean> {
  for (const file of files) {
    let head = Buffer.alloc(0);
    for await (const piece of source.open(file)) {
      head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES)]);
      if (head.length >= HEAD_BYTES) break;
    }
    if (!startsAsEep(head)) return false;
  }
  return true;
}

async function openEeps(tools: OpenTools, source: PackageSource, files: readonly string[]): Promise<Parcel> {
  const findings: PackageFinding[] = [];
  const warnings: PackageFinding[] = [];
  const items: ParcelItem[] = [];
  for (const file of [...files].sort()) {
    const read = await readEep(source, file, tools.rules);
    findings.push(...read.findings);
    warnings.push(...read.warnings);
    if (read.item !== null && read.item.files.length === 0) findings.push({ code: 'E_PKG_FILE_MISSING', entry: file, text: '封装包内没有电子文件的内容，无法导入' });
    else if (read.item !== null) items.push(read.item);
  }
  if (findings.length > 0) return refused('eep', source.name, findings, warnings, async () => source.close());
  return { form: 'eep', name: source.name, findings, warnings, total: items.length, async *items() { yield* await Promise.resolve(items); }, close: async () => source.close() };
}

/** The payload of a bag is a 归档信息包, a folder with a catalogue, or files alone. */
async function openBag(tools: OpenTools, source: PackageSource): Promise<Parcel> {
  const bag = await readBag(source);
  if (bag.findings.length > 0) return refused('bagit', source.name, bag.findings, bag.warnings, async () => source.close());
  const payload = under(source, 'data');
  const inner = await payload.list();
  const root = inner.find(({ path: entry }) => /(?:^|\/)校验\/manifest-sm3\.txt$/u.test(entry))?.path.replace(/\/?校验\/manifest-sm3\.txt$/u, '');
  if (root !== undefined) {
    const parcel = await readFiling(tools.room, root === '' ? payload : under(payload, root), tools.rules);
    return { ...parcel, form: 'bagit', name: source.name, warnings: [...bag.warnings, ...parcel.warnings] };
  }
  const digests = new Map(bag.payload.map(({ path: entry, sm3 }) => [entry.slice('data/'.length), sm3]));
  return readFolder(payload, { form: 'bagit', read: tools.readList, digests, before: { findings: [], warnings: bag.warnings } });
}
