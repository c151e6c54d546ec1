/**
 * BagIt (RFC 8493 and the drafts 0.93 to 0.97): declaration, manifests, digests, completeness, and no path that leaves the bag. A bag that
 * is to be completed from a network is refused: nothing is fetched.
 */
import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import { sameNameKey, judgeName } from '../../core/computer-file-name.js';
import type { PackageFinding } from '../packages/port.js';
import type { PackageSource, StoredEntry } from '../packages/store.js';
import { isLatest, isSystemFile, leaves, readDeclaration, readInfo, readManifest, unescapePath } from './bag-lines.js';
import type { Declaration, ManifestLine } from './bag-lines.js';
import { readWhole } from './whole.js';

export interface BagReading {
  readonly version: string | null;
  /** Any of these refuses the bag. */
  readonly findings: readonly PackageFinding[];
  readonly warnings: readonly PackageFinding[];
  /** 包信息 as written, in order. */
  readonly info: readonly (readonly [string, string])[];
  /** Payload as it lies there. */
  readonly payload: readonly BagFile[];
}
export interface BagFile { readonly path: string; readonly bytes: number; readonly sm3: string }

const ALGORITHMS: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sm3']);
const TEXT_BYTES = 256 * 1024 * 1024;
const key = (path: string): string => path.split('/').map(sameNameKey).join('/');
const quiet = (path: string): string => path.normalize('NFC');

interface Bag {
  readonly source: PackageSource;
  readonly files: ReadonlyMap<string, StoredEntry>;
  /** By composed form: a bag may have been packed on a machine that decomposes. */
  readonly stored: ReadonlyMap<string, string>;
  readonly refuse: (code: PackageFinding['code'], entry: string, text: string) => void;
  readonly warn: (code: PackageFinding['code'], entry: string, text: string) => void;
}

export const isBag = (entries: readonly StoredEntry[]): boolean =>
  entries.some(({ path }) => path === 'bagit.txt') || (entries.some(({ path }) => path.startsWith('data/')) && entries.some(({ path }) => /^(?:tag)?manifest-[a-z0-9]+\.txt$/iu.test(path)));

export async function readBag(source: PackageSource): Promise<BagReading> {
  const findings: PackageFinding[] = [];
  const warnings: PackageFinding[] = [];
  const entries = await source.list();
  const files = new Map(entries.filter(({ kind }) => kind === 'file').map((entry) => [entry.path, entry]));
  const bag: Bag = {
    source, files, stored: new Map([...files.keys()].map((path) => [quiet(path), path])),
    refuse: (code, entry, text) => { findings.push({ code, entry, text }); }, warn: (code, entry, text) => { warnings.push({ code, entry, text }); },
  };
  judgeEntries(bag, entries);
  const done = (version: string | null, info: BagReading['info'] = [], payload: readonly BagFile[] = []): BagReading => ({ version, findings, warnings, info, payload: findings.length === 0 ? payload : [] });
  if (findings.length > 0) return done(null);
  const declared = files.has('bagit.txt') ? readDeclaration(await readWhole(source, 'bagit.txt', TEXT_BYTES)) : undefined;
  if (declared === undefined) {
    bag.refuse('E_PKG_BAG', 'bagit.txt', files.has('bagit.txt') ? '包声明不是规定的写法' : '缺少包声明');
    return done(null);
  }
  const decode = decoder(declared);
  if (decode === undefined) {
    bag.refuse('E_PKG_BAG', 'bagit.txt', '声明的字符编码无法识别');
    return done(declared.version);
  }
  if (files.has('fetch.txt')) await judgeFetch(bag, decode);
  if (!entries.some(({ path }) => path === 'data' || path.startsWith('data/'))) bag.refuse('E_PKG_BAG', 'data', '缺少载荷目录');
  const info = await readTags(bag, decode);
  const payload = await judgeManifests(bag, declared, decode);
  judgeOxum(bag, info, payload.missed);
  return done(declared.version, info, payload.files);
}

const decoder = ({ encoding }: Declaration): ((bytes: Buffer) => string) | undefined => (iconv.encodingExists(encoding) ? (bytes) => iconv.decode(bytes, encoding) : undefined);

function judgeEntries({ refuse, warn }: Bag, entries: readonly StoredEntry[]): void {
  const seen = new Map<string, string>();
  for (const { path, kind } of entries) {
    if (kind === 'other') refuse('E_PKG_PATH', path, '不是普通文件（链接、设备或管道）');
    if (leaves(path) || path.split('/').some((segment) => !judgeName(segment).ok)) refuse('E_PKG_PATH', path, '路径不安全');
    if (seen.get(key(path)) === path) refuse('E_PKG_PATH', path, '同一路径出现两次');
    else if (seen.has(key(path))) warn('E_PKG_PATH', path, '与另一路径只有大小写或写法之别');
    if (isSystemFile(path)) warn('E_PKG_FILE_EXTRA', path, '系统附带文件');
    seen.set(key(path), path);
  }
}

async function judgeFetch({ source, refuse }: Bag, decode: (bytes: Buffer) => string): Promise<void> {
  refuse('E_PKG_FETCH', 'fetch.txt', '须从网络补全，本机不联网，请由移出方补齐文件后重新制作');
  for (const line of decode(await readWhole(source, 'fetch.txt', TEXT_BYTES)).split(/\r\n|\r|\n/u)) {
    const path = /^\S+\s+\S+\s+(.+)$/u.exec(line)?.[1];
    if (path !== undefined && leaves(unescapePath(path))) refuse('E_PKG_PATH', path, 'fetch.txt 所列路径不安全');
  }
}

async function readTags(bag: Bag, decode: (bytes: Buffer) => string): Promise<BagReading['info']> {
  const name = ['bag-info.txt', 'package-info.txt'].find((one) => bag.files.has(one));
  if (name === undefined) return [];
  const { fields, faulty } = readInfo(decode(await readWhole(bag.source, name, TEXT_BYTES)));
  if (faulty !== null) bag.refuse('E_PKG_BAG', name, `第 ${String(faulty)} 行不是规定的写法`);
  return fields;
}

interface Listed { readonly name: string; readonly algorithm: string; readonly tag: boolean; readonly lines: ReadonlyMap<string, ManifestLine> }

async function judgeManifests(bag: Bag, declared: Declaration, decode: (bytes: Buffer) => string): Promise<{ readonly files: readonly BagFile[]; readonly missed: number }> {
  const lists: Listed[] = [];
  for (const name of bag.files.keys()) {
    const [, tag, algorithm = ''] = /^(tag)?manifest-([a-z0-9]+)\.txt$/iu.exec(name) ?? [];
    if (algorithm === '') continue;
    lists.push({ name, algorithm: algorithm.toLowerCase(), tag: tag !== undefined, lines: listedIn(bag, declared, name, tag !== undefined, decode(await readWhole(bag.source, name, TEXT_BYTES))) });
  }
  const known = lists.filter(({ algorithm }) => ALGORITHMS.has(algorithm));
  for (const { name, algorithm } of lists.filter((one) => !known.includes(one))) bag.warn('E_PKG_MANIFEST', name, `摘要算法 ${algorithm} 不受支持，未核对`);
  const payloadLists = lists.filter(({ tag }) => !tag);
  if (payloadLists.length === 0) bag.refuse('E_PKG_MANIFEST_MISSING', 'manifest', '缺少载荷清单');
  else if (!known.some(({ tag }) => !tag)) bag.refuse('E_PKG_MANIFEST', payloadLists[0]?.name ?? '', '没有一份载荷清单的摘要算法受支持');
  for (const path of bag.files.keys()) {
    if (!path.startsWith('data/') || isSystemFile(path)) continue;
    const inLists = payloadLists.filter(({ lines }) => lines.has(quiet(path))).length;
    if (payloadLists.length > 0 && (inLists === 0 || (isLatest(declared.version) && inLists < payloadLists.length))) bag.refuse('E_PKG_FILE_EXTRA', path, '清单之外的文件');
  }
  const missed = judgeMissing(bag, lists);
  const files: BagFile[] = [];
  for (const [path, { bytes }] of bag.files) {
    const wanted = known.flatMap(({ name, algorithm, lines }) => { const line = lines.get(quiet(path)); return line === undefined ? [] : [{ name, algorithm, digest: line.digest }]; });
    if (wanted.length === 0 && !path.startsWith('data/')) continue;
    const found = await digests(bag.source, path, new Set(['sm3', ...wanted.map(({ algorithm }) => algorithm)]));
    const wrong = wanted.find(({ algorithm, digest }) => found.get(algorithm) !== digest);
    if (wrong !== undefined) bag.refuse('E_PKG_FILE_CHANGED', path, `内容与 ${wrong.name} 的摘要不符`);
    if (path.startsWith('data/')) files.push({ path, bytes, sm3: found.get('sm3') ?? '' });
  }
  return { files, missed };
}

function listedIn({ refuse, warn, files }: Bag, { version }: Declaration, name: string, tag: boolean, text: string): ReadonlyMap<string, ManifestLine> {
  const { lines, faulty } = readManifest(text);
  if (faulty !== null) refuse('E_PKG_MANIFEST', name, `清单第 ${String(faulty)} 行不是规定的写法`);
  const listed = new Map<string, ManifestLine>();
  const folded = new Set<string>();
  for (const line of lines) {
    const path = files.has(line.path) ? line.path : unescapePath(line.path);
    if (leaves(path)) refuse('E_PKG_PATH', line.path, `${name} 所列路径不安全`);
    else if (!tag && !path.startsWith('data/')) refuse('E_PKG_MANIFEST', line.path, `${name} 所列的不是载荷`);
    if (line.relative) warn('E_PKG_MANIFEST', path, `${name} 用了 ./ 的写法`);
    const before = listed.get(quiet(path));
    if (before !== undefined && (isLatest(version) || before.digest !== line.digest)) refuse('E_PKG_MANIFEST', path, `${name} 重复列出同一文件`);
    else if (before !== undefined) warn('E_PKG_MANIFEST', path, `${name} 重复列出同一文件`);
    else if (folded.has(key(path))) warn('E_PKG_MANIFEST', path, `${name} 列有只差大小写的文件`);
    listed.set(quiet(path), { ...line, path });
    folded.add(key(path));
  }
  return listed;
}

/** @returns how many were lost harmlessly: what a desktop left behind, or what a careless disk took for another */
function judgeMissing({ stored, files, refuse, warn }: Bag, lists: readonly Listed[]): number {
  const folded = new Set([...files.keys()].map(key));
  const missing = new Map<string, string>();
  for (const { name, lines } of lists) for (const [path] of lines) if (!stored.has(path)) missing.set(path, name);
  let harmless = 0;
  for (const [path, name] of missing) {
    if (isSystemFile(path) || folded.has(key(path))) {
      harmless += 1;
      warn('E_PKG_FILE_MISSING', path, `${name} 所列的系统附带文件或只差大小写的文件不在包内`);
    } else refuse('E_PKG_FILE_MISSING', path, `${name} 所列的文件缺失`);
  }
  return harmless;
}

async function digests(source: PackageSource, path: string, algorithms: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const hashes = [...algorithms].map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
  for await (const piece of source.open(path)) for (const { hash } of hashes) hash.update(piece);
  return new Map(hashes.map(({ algorithm, hash }) => [algorithm, hash.digest('hex')]));
}

/** 字节数.文件数 of the payload. */
function judgeOxum({ files, refuse }: Bag, info: BagReading['info'], missed: number): void {
  const oxum = info.find(([label]) => label.toLowerCase() === 'payload-oxum')?.[1];
  if (oxum === undefined) return;
  const payload = [...files.values()].filter(({ path }) => path.startsWith('data/'));
  const [octets, count] = [payload.reduce((sum, { bytes }) => sum + bytes, 0), payload.length];
  const [, saidOctets, saidCount] = /^(\d+)\.(\d+)$/u.exec(oxum) ?? [];
  if (Number(saidOctets) !== octets || (Number(saidCount) !== count && Number(saidCount) !== count + missed)) refuse('E_PKG_BAG', 'bag-info.txt', `载荷应为 ${oxum}（字节数.文件数），实为 ${String(octets)}.${String(count)}`);
}
