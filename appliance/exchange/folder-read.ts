/** 文件夹与目录 → 件: one catalogue (XLSX, CSV, JSON Lines) beside the files its rows name, by their path or, where that is clear, by name alone. */
import { createHash } from 'node:crypto';
import { judgeName } from '../../core/computer-file-name.js';
import { ArchiveError } from '../../core/errors.js';
import type { CatalogueEntry, CatalogueReading } from '../../core/catalogue.js';
import { placeOf } from '../../core/catalogue.js';
import { readTitle } from '../../core/description.js';
import { cleanText } from '../../core/text.js';
import type { PackageFinding } from '../packages/port.js';
import type { PackageSource, StoredEntry } from '../packages/store.js';
import { isSystemFile, leaves } from './bag-lines.js';
import type { Parcel, ParcelFile, ParcelItem } from './parcel.js';
import { refused } from './parcel.js';

export type ReadList = (body: AsyncIterable<Uint8Array>) => Promise<CatalogueReading>;
export interface FolderWish {
  readonly form: 'folder' | 'bagit';
  readonly read: ReadList;
  /** Digests known already, by path. */
  readonly digests?: ReadonlyMap<string, string>;
  readonly before?: { readonly findings: readonly PackageFinding[]; readonly warnings: readonly PackageFinding[] };
}

const LIST = /\.(?:xlsx|csv|tsv|jsonl|xls)$/iu;
const NAMED = /目录|catalog|metadata|元数据/iu;
const FAULTS = 500;

/** The catalogue of a folder, wherever it can only be that one. */
export function catalogueIn(entries: readonly StoredEntry[]): string | undefined {
  const files = entries.filter(({ kind, path }) => kind === 'file' && !path.includes('/') && LIST.test(path)).map(({ path }) => path);
  if (files.length <= 1) return files[0];
  const named = files.filter((path) => NAMED.test(path));
  return named.length === 1 ? named[0] : undefined;
}

export async function readFolder(source: PackageSource, { form, read, digests, before }: FolderWish): Promise<Parcel> {
  const entries = await source.list();
  const findings: PackageFinding[] = [...(before?.findings ?? [])];
  const warnings: PackageFinding[] = [...(before?.warnings ?? [])];
  const add = (code: PackageFinding['code'], entry: string, text: string): void => { if (findings.length < FAULTS) findings.push({ code, entry, text }); };
  judgeEntries(entries, add, (code, entry, text) => { warnings.push({ code, entry, text }); });
  const refuse = (): Parcel => refused(form, source.name, findings, warnings, async () => source.close());
  if (findings.length > 0) return refuse();
  const list = catalogueIn(entries);
  if (list === undefined && form === 'folder') {
    add('E_PKG_MANIFEST_MISSING', '目录', entries.some(({ path }) => LIST.test(path)) ? '有多个表格，不能确定哪一个是目录，请只留一个，或在文件名中写明“目录”' : '缺少目录（XLSX、CSV 或 JSON Lines）');
    return refuse();
  }
  const files = new Map(entries.filter(({ kind, path }) => kind === 'file' && path !== list && !isSystemFile(path)).map((entry) => [entry.path, entry]));
  const rows = list === undefined ? eachFile(files) : await rowsOf(source, list, read, add, warnings);
  if (rows === undefined) return refuse();
  const plan = await matched(source, rows, files, digests, add);
  for (const path of files.keys()) if (!plan.named.has(path)) warnings.push({ code: 'E_PKG_FILE_EXTRA', entry: path, text: '目录未列，不导入' });
  if (list === undefined) warnings.push({ code: 'E_PKG_MANIFEST_MISSING', entry: 'data', text: '没有目录，每个文件为一件，题名取自文件名，请在整理时著录' });
  if (findings.length > 0) return refuse();
  return { form, name: source.name, findings, warnings: warnings.slice(0, FAULTS), total: plan.items.length, items: () => each(plan.items), close: async () => source.close() };
}

async function* each(items: readonly ParcelItem[]): AsyncGenerator<ParcelItem, void, void> {
  for (const item of items) yield await Promise.resolve(item);
}

type Add = (code: PackageFinding['code'], entry: string, text: string) => void;

function judgeEntries(entries: readonly StoredEntry[], refuse: Add, warn: Add): void {
  const seen = new Set<string>();
  for (const { path, kind } of entries) {
    if (kind === 'other') refuse('E_PKG_PATH', path, '不是普通文件（链接、设备或管道）');
    else if (leaves(path)) refuse('E_PKG_PATH', path, '路径不安全');
    else {
      const bad = path.split('/').map((segment) => judgeName(segment)).find((judged) => !judged.ok);
      if (bad !== undefined && !bad.ok) refuse('E_PKG_PATH', path, bad.message);
    }
    if (seen.has(path)) refuse('E_PKG_PATH', path, '同一路径出现两次');
    else if (isSystemFile(path)) warn('E_PKG_FILE_EXTRA', path, '系统附带文件，不导入');
    seen.add(path);
  }
}

async function rowsOf(source: PackageSource, list: string, read: ReadList, add: Add, warnings: PackageFinding[]): Promise<readonly CatalogueEntry[] | undefined> {
  try {
    const { entries, faults, notices } = await read(source.open(list));
    for (const { at, message } of faults) add('E_CATALOGUE_INVALID', `${list} ${at}`, message);
    for (const { at, message } of notices.slice(0, FAULTS)) warnings.push({ code: 'E_CATALOGUE_INVALID', entry: `${list} ${at}`, text: message });
    return faults.length > 0 ? undefined : entries;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    for (const { at, message } of error.details) add(error.code, `${list} ${at}`, message);
    if (error.details.length === 0) add(error.code, list, '目录无法读取');
    return undefined;
  }
}

/** Without a catalogue every file is an item of its own. */
function eachFile(files: ReadonlyMap<string, StoredEntry>): readonly CatalogueEntry[] {
  return [...files.keys()].map((path, at): CatalogueEntry => {
    const cleaned = cleanText(path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]{1,12}$/u, ''), false);
    return { line: at + 1, description: readTitle(cleaned.ok && cleaned.text !== '' ? cleaned.text.slice(0, 500) : '未著录题名'), structure: {}, files: [path] };
  });
}

async function matched(source: PackageSource, rows: readonly CatalogueEntry[], files: ReadonlyMap<string, StoredEntry>, digests: ReadonlyMap<string, string> | undefined, add: Add) {
  const byPath = new Map<string, string>();
  const byName = new Map<string, readonly string[]>();
  for (const path of files.keys()) {
    byPath.set(path.normalize('NFC'), path);
    const name = path.slice(path.lastIndexOf('/') + 1).normalize('NFC');
    byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  const named = new Set<string>();
  const items: ParcelItem[] = [];
  for (const row of rows) {
    const at = placeOf(row.line);
    const found: ParcelFile[] = [];
    if (row.files.length === 0) add('E_META_UNLINKED', at, '没有填文件名，无法与文件对应，请补填');
    for (const [position, wanted] of row.files.entries()) {
      const exact = byPath.get(wanted.normalize('NFC'));
      const alike = exact === undefined ? (byName.get(wanted.normalize('NFC')) ?? []) : [exact];
      const [path, twin] = alike;
      if (path === undefined) add('E_PKG_FILE_MISSING', wanted, `${at}所列的文件不在包内`);
      else if (twin !== undefined) add('E_NAME_COLLISION', wanted, `${at}所列的文件名在包内有多个，请在目录中写明所在文件夹`);
      else if (named.has(path)) add('E_CATALOGUE_INVALID', wanted, `${at}所列的文件已属于另一件`);
      else {
        named.add(path);
        const declared = position === 0 ? (row.digest ?? null) : null;
        const bytes = files.get(path)?.bytes ?? 0;
        const sm3 = digests?.get(path) ?? (await digestOf(source, path, bytes, add));
        if (declared !== null && sm3 !== '' && sm3 !== declared) add('E_PKG_FILE_CHANGED', path, `内容与目录${at}所载 SM3 不符`);
        found.push({ path, name: path.slice(path.lastIndexOf('/') + 1), role: position === 0 ? 'main' : 'attachment', bytes, sm3, open: () => source.open(path) });
      }
    }
    items.push({ place: at, level: row.structure.securityLevel ?? null, description: row.description, structure: row.structure, events: [], files: found });
  }
  return { items, named };
}

/** Read to its end once, so that what cannot be read is known before anything is taken; empty where it cannot. */
async function digestOf(source: PackageSource, path: string, bytes: number, add: Add): Promise<string> {
  const hash = createHash('sm3');
  let seen = 0;
  try {
    for await (const piece of source.open(path)) {
      seen += piece.length;
      hash.update(piece);
    }
  } catch (error) {
    add(error instanceof ArchiveError ? error.code : 'E_PKG_BROKEN', path, '内容损坏，无法读取');
    return '';
  }
  if (seen === bytes) return hash.digest('hex');
  add('E_PKG_BROKEN', path, '内容长度与登记的不符');
  return '';
}
