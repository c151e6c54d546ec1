/**
 * 核对和读取信息包: nothing is believed that the signed list does not cover. Paths are judged before anything is opened; a package with a
 * finding gives out no item.
 */
import { ArchiveError } from '../../core/errors.js';
import { utf8Bytes } from '../../core/computer-file-name.js';
import type { FileRole } from '../../core/holdings.js';
import type { Instant, Level } from '../../core/ports.js';
import { hexOf } from '../content/seal-keys.js';
import { boxCertificates, chainFault, checkSignature } from '../reports/two-verifiers.js';
import type { BoxCertificates, TwoVerifiers } from '../reports/two-verifiers.js';
import { readCases, readItems } from './catalogue-xml.js';
import type { ListedItem } from './catalogue-xml.js';
import { readFacts } from './facts.js';
import { CASES, CERTIFICATES, CONTENT, EXTENSION, FACTS, ITEMS, MANIFEST, MARKING, METADATA, NOTE, pathFault, PROCESS, samePathKey, SIGNATURE } from './layout.js';
import { readManifest } from './manifest.js';
import type { ManifestLine } from './manifest.js';
import { readMetadataXml, readProcessXml } from './metadata-xml.js';
import type { MetadataTools } from './metadata-xml.js';
import { contentLines, noteFaults } from './note.js';
import type { PackageFacts, PackageFinding, PackageTrust, PackageVolumeRow, ReadPackage, ReadRecord } from './port.js';
import { folderSource } from './store.js';
import type { PackageSource, StoredEntry } from './store.js';
import { decodeText } from './xml.js';

export interface ReadTools extends MetadataTools { readonly two: TwoVerifiers }
type JudgeTools = Pick<ReadTools, 'two'>;

/** Catalogues, notes and one item's descriptions are read whole, up to here. */
const WHOLE_BYTES = 256 * 1024 * 1024;

export const readPackage = async (tools: ReadTools, folder: string, trust: PackageTrust): Promise<ReadPackage> => readPackageFrom(tools, folderSource(folder), trust);

export async function readPackageFrom(tools: ReadTools, source: PackageSource, trust: PackageTrust): Promise<ReadPackage> {
  const findings: PackageFinding[] = [];
  const add = (code: PackageFinding['code'], entry: string, text: string): void => { findings.push({ code, entry, text }); };
  const entries = await source.list();
  const files = new Map(entries.filter(({ kind }) => kind === 'file').map((entry) => [entry.path, entry]));
  judgePaths(entries, source.name, add);

  const whole = async (file: string): Promise<Buffer | undefined> => (files.has(file) ? readWhole(source, file, files.get(file)?.bytes ?? 0) : undefined);
  const done = (facts: PackageFacts | null, manifest: string | null, authority: string | null, lines: readonly ManifestLine[], items: readonly ListedItem[]): ReadPackage => ({
    findings, facts, manifest, authority,
    files: lines.flatMap(({ sm3, path }) => {
      const entry = files.get(path);
      return entry === undefined ? [] : [{ path, sm3, bytes: entry.bytes, open: () => source.open(path) }];
    }),
    records: () => recordsOf(tools, source, files, findings, items),
    async caseFiles(): Promise<readonly PackageVolumeRow[]> {
      const bytes = await whole(CASES);
      return bytes === undefined ? [] : readCases(bytes);
    },
    close: async () => source.close(),
  });
  if (findings.length > 0) return done(null, null, null, [], []);

  const list = await whole(MANIFEST);
  if (list === undefined) {
    add('E_PKG_MANIFEST_MISSING', MANIFEST, '包内没有清单');
    return done(null, null, null, [], []);
  }
  const manifest = hexOf(tools.two.native.sm3(list));
  const authority = judgeSignature(tools.two, list, await whole(SIGNATURE), await whole(CERTIFICATES), trust, trust.at ?? (await quietFacts(whole))?.madeAt, add);
  let lines: readonly ManifestLine[];
  try {
    lines = readManifest(list);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    add('E_PKG_MANIFEST', MANIFEST, `清单第 ${String(error.facts['line'])} 行不是规定的写法`);
    return done(null, manifest, authority, [], []);
  }
  await judgeFiles(tools, source, entries, lines, add);
  if (findings.length > 0) return done(await quietFacts(whole), manifest, authority, lines, []);

  const told = await judgeTexts(whole, lines, files, tools, add);
  return done(told.facts, manifest, authority, lines, findings.length === 0 ? told.items : []);
}

type Add = (code: PackageFinding['code'], entry: string, text: string) => void;
type Whole = (file: string) => Promise<Buffer | undefined>;

function judgePaths(entries: readonly StoredEntry[], name: string, add: Add): void {
  const seen = new Map<string, string>();
  const faults = { hostile: '路径不安全', reserved: '名称为系统保留或含不允许的字符', 'too long': '路径超过 240 字节' } as const;
  for (const { path, kind } of entries) {
    if (kind === 'other') add('E_PKG_PATH', path, '不是普通文件（链接、设备或管道）');
    const fault = pathFault(path, utf8Bytes(name) + 1);
    if (fault !== undefined) add('E_PKG_PATH', path, faults[fault]);
    const key = samePathKey(path);
    if (seen.has(key)) add('E_PKG_PATH', path, '与另一路径只有大小写或写法之别，或出现两次');
    seen.set(key, path);
  }
}

/** @returns SM3 of the root's DER, when there is one to name */
function judgeSignature(two: TwoVerifiers, list: Uint8Array, signature: Uint8Array | undefined, pem: Uint8Array | undefined, trust: PackageTrust, at: Instant | undefined, add: Add): string | null {
  if (signature === undefined) add('E_PKG_FILE_MISSING', SIGNATURE, '签名文件缺失');
  if (pem === undefined) {
    add('E_PKG_FILE_MISSING', CERTIFICATES, '证书文件缺失');
    return null;
  }
  let certificates: BoxCertificates;
  try {
    certificates = boxCertificates(Buffer.from(pem).toString('utf8'));
  } catch {
    add('E_PKG_CERTIFICATE', CERTIFICATES, '证书文件无法识别');
    return null;
  }
  const { box, authority } = certificates;
  const fault = chainFault(two, certificates, at ?? box.notBefore);
  if (fault !== undefined) add('E_PKG_CERTIFICATE', CERTIFICATES, fault === 'expired' || fault === 'not-yet-valid' ? '签名证书不在有效期内' : `签名证书不是所附根证书签发（${fault}）`);
  if (trust.anchors !== null && !trust.anchors.some((one) => Buffer.compare(one.der, authority.der) === 0)) add('E_PKG_CERTIFICATE', CERTIFICATES, '根证书不是已登记对端单位的');
  if (signature !== undefined && !signedBy(two, list, signature, box.publicKey)) add('E_PKG_SIGNATURE', SIGNATURE, '清单签名不符：清单或签名被改动');
  return hexOf(two.native.sm3(authority.der));
}

function signedBy(two: TwoVerifiers, list: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  try {
    return checkSignature(two, list, signature, key) === 'good';
  } catch (error) {
    if (error instanceof ArchiveError) return false;
    throw error;
  }
}

async function judgeFiles(tools: JudgeTools, source: PackageSource, entries: readonly StoredEntry[], lines: readonly ManifestLine[], add: Add): Promise<void> {
  const files = new Set(entries.filter(({ kind }) => kind === 'file').map(({ path }) => path));
  const listed = new Set([...lines.map(({ path }) => path), MANIFEST, SIGNATURE]);
  const folders = new Set([...listed].flatMap((path) => path.split('/').slice(0, -1).map((_segment, at, all) => all.slice(0, at + 1).join('/'))));
  for (const line of lines) {
    if (pathFault(line.path, utf8Bytes(source.name) + 1) !== undefined) add('E_PKG_PATH', line.path, '清单所列路径不安全');
    else if (!files.has(line.path)) add('E_PKG_FILE_MISSING', line.path, '清单所列的文件缺失');
    else if ((await digestOf(tools, source, line.path)) !== line.sm3) add('E_PKG_FILE_CHANGED', line.path, '内容与清单摘要不符');
  }
  for (const { path, kind } of entries) {
    if (kind === 'file' && !listed.has(path)) add('E_PKG_FILE_EXTRA', path, '清单之外的文件');
    if (kind === 'folder' && !folders.has(path)) add('E_PKG_FILE_EXTRA', path, '清单之外的文件夹');
  }
}

async function digestOf({ two }: JudgeTools, source: PackageSource, path: string): Promise<string> {
  const digest = two.native.sm3Stream();
  for await (const piece of source.open(path)) digest.update(piece);
  return hexOf(digest.digest());
}

async function quietFacts(whole: Whole): Promise<PackageFacts | null> {
  try {
    return readFacts(await whole(FACTS));
  } catch {
    return null;
  }
}

/** The signed texts agree with each other and with what lies there. */
async function judgeTexts(whole: Whole, lines: readonly ManifestLine[], files: ReadonlyMap<string, StoredEntry>, tools: JudgeTools, add: Add): Promise<{ readonly facts: PackageFacts | null; readonly items: readonly ListedItem[] }> {
  for (const one of [ITEMS, EXTENSION, FACTS, NOTE]) if (!files.has(one)) add('E_PKG_FILE_MISSING', one, '包内应有的文件缺失');
  const [itemsBytes, extensionBytes, factsBytes, noteBytes] = [await whole(ITEMS), await whole(EXTENSION), await whole(FACTS), await whole(NOTE)];
  if (itemsBytes === undefined || extensionBytes === undefined || noteBytes === undefined) return { facts: null, items: [] };
  let at = FACTS;
  try {
    const facts = readFacts(factsBytes);
    at = NOTE;
    const wrong = noteFaults(decodeText(noteBytes, facts.encoding), facts, hexOf(tools.two.native.sm3(Buffer.from(contentLines(lines)))));
    if (wrong.length > 0) add('E_PKG_CATALOGUE', NOTE, `说明文件与包不符：${wrong.join('、')}`);
    at = ITEMS;
    const items = readItems(itemsBytes, extensionBytes);
    judgeItems(items, facts, lines, files, add);
    return { facts, items };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    add('E_PKG_CATALOGUE', at, '内容不是规定的写法');
    return { facts: null, items: [] };
  }
}

/** Every file of every item is where the catalogue says, is what it says, and nothing else lies in the folders. */
function judgeItems(items: readonly ListedItem[], facts: PackageFacts, lines: readonly ManifestLine[], files: ReadonlyMap<string, StoredEntry>, add: Add): void {
  const sm3 = new Map(lines.map((line) => [line.path, line.sm3]));
  const owned = new Set<string>();
  for (const item of items) {
    const own = [`${item.folder}/${METADATA}`, `${item.folder}/${PROCESS}`];
    for (const path of own) if (!sm3.has(path)) add('E_PKG_CATALOGUE', path, '目录所载的件缺元数据或过程信息');
    for (const file of item.files) {
      if (!file.path.startsWith(`${item.folder}/`) || sm3.get(file.path) !== file.sm3 || files.get(file.path)?.bytes !== file.bytes) add('E_PKG_CATALOGUE', file.path, '目录所载的文件与包内文件不符');
    }
    for (const path of [...own, ...item.files.map((file) => file.path), `${item.folder}/${MARKING}`, `${item.folder}/封装包.xml`]) owned.add(path);
  }
  for (const { path } of lines) if (path.startsWith(`${CONTENT}/`) && !owned.has(path)) add('E_PKG_CATALOGUE', path, '文件不属于目录所载的任何一件');
  if (items.length !== facts.items) add('E_PKG_CATALOGUE', ITEMS, '件数与说明文件不符');
  if (items.some(({ level }) => level > facts.level)) add('E_PKG_CATALOGUE', ITEMS, '有件的密级高于包的密级');
}

async function* recordsOf(tools: ReadTools, source: PackageSource, files: ReadonlyMap<string, StoredEntry>, findings: readonly PackageFinding[], items: readonly ListedItem[]): AsyncGenerator<ReadRecord, void, void> {
  const [first] = findings;
  if (first !== undefined) throw new ArchiveError(first.code, { findings: findings.length });
  const bytesOf = async (path: string): Promise<Buffer> => readWhole(source, path, files.get(path)?.bytes ?? 0);
  for (const item of items) {
    const { folder, row, year, category, mark, volume } = item;
    const marking = files.has(`${folder}/${MARKING}`) ? readMarking(await bytesOf(`${folder}/${MARKING}`)) : null;
    yield {
      path: folder, row, year, category, mark, volume, level: item.level as Level,
      metadata: readMetadataXml(tools, await bytesOf(`${folder}/${METADATA}`)), events: readProcessXml(tools, await bytesOf(`${folder}/${PROCESS}`)),
      marking,
      files: item.files.map((file) => ({ ...file, role: file.role satisfies FileRole, open: () => source.open(file.path) })),
    };
  }
}

function readMarking(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // told below
  }
  throw new ArchiveError('E_PKG_CATALOGUE', { why: 'marking' });
}

async function readWhole(source: PackageSource, path: string, bytes: number): Promise<Buffer> {
  if (bytes > WHOLE_BYTES) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'too large', bytes });
  const pieces: Uint8Array[] = [];
  for await (const piece of source.open(path)) pieces.push(piece);
  return Buffer.concat(pieces);
}
