/**
 * DA/T 48-2009 电子文件封装包 → 件. What the standard requires and a record cannot do without refuses the package; what is merely written
 * otherwise than its schema has it is told and taken.
 */
import { createHash } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import { readCatalogue, type Cell, type CatalogueRules } from '../../core/catalogue.js';
import { judgeName } from '../../core/computer-file-name.js';
import { ArchiveError } from '../../core/errors.js';
import type { FileRole } from '../../core/holdings.js';
import { allElements } from '../../core/metadata.js';
import type { MetadataValues, PackageFinding } from '../packages/port.js';
import type { PackageSource } from '../packages/store.js';
import { attribute, childrenOf, decodeText, textOf } from '../packages/xml.js';
import { decoded, scanEep } from './eep-scan.js';
import type { Scanned } from './eep-scan.js';
import type { ParcelFile, ParcelItem } from './parcel.js';

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false, parseAttributeValue: false, trimValues: true, ignoreDeclaration: true, processEntities: true, removeNSPrefix: true });
const NAMESPACE = 'http://www.saac.gov.cn/standards/ERM/encapsulation';
const CONTAINERS: ReadonlySet<string> = new Set(['来源', '内容描述', '形式特征', '存储位置', '权限管理', '信息系统描述', '文件实体']);

export interface EepReading { readonly findings: readonly PackageFinding[]; readonly warnings: readonly PackageFinding[]; readonly item: ParcelItem | null }
type Add = (code: PackageFinding['code'], at: string, text: string) => void;
type Node = Readonly<Record<string, unknown>>;
const objectOf = (node: unknown): Node => (typeof node === 'object' && node !== null ? { ...node } : {});

/** @param file the entry of the package that is the 封装包 */
export async function readEep(source: PackageSource, file: string, rules: CatalogueRules): Promise<EepReading> {
  const findings: PackageFinding[] = [];
  const warnings: PackageFinding[] = [];
  const refuse: Add = (code, at, text) => { findings.push({ code, entry: at === '' ? file : `${file}#${at}`, text }); };
  const warn: Add = (code, at, text) => { warnings.push({ code, entry: at === '' ? file : `${file}#${at}`, text }); };
  const done = (item: ParcelItem | null): EepReading => ({ findings, warnings, item: findings.length === 0 ? item : null });
  let scanned: Scanned;
  let root: Node;
  try {
    scanned = await scanEep(source.open(file));
    root = parsed(scanned);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    refuse(error.code, '', '不是完整的 XML');
    return done(null);
  }
  const space = Object.entries(root).find(([name]) => name === '@xmlns' || name.startsWith('@xmlns:'))?.[1];
  if (space !== NAMESPACE) warn('E_PKG_EEP', '电子文件封装包', '命名空间与 DA/T 48-2009 不同');
  if (textOf(root, '版本') !== '2009') warn('E_PKG_EEP', '版本', '版本不是 2009');
  if (childrenOf(root, '电子签名块').length > 0) warn('E_PKG_SIGNATURE', '电子签名块', /MD5|SHA-?1\b/iu.test(JSON.stringify(root['电子签名块'])) ? '电子签名用的摘要算法过弱，不作为凭证' : '电子签名未核验，不作为凭证');
  const signed = objectOf(childrenOf(root, '被签名对象')[0]);
  const content = objectOf(childrenOf(signed, '封装内容')[0] ?? childrenOf(objectOf(childrenOf(signed, '修改封装内容')[0]), '修订内容')[0]);
  if (childrenOf(signed, '修改封装内容').length > 0) warn('E_PKG_EEP', '修改封装内容', '修改型封装包：只取最后修订的内容');
  const block = objectOf(childrenOf(content, '文件实体块')[0]);
  for (const name of ['文件实体块', '业务实体块', '机构人员实体块']) if (childrenOf(content, name).length === 0) (name === '文件实体块' ? refuse : warn)('E_PKG_EEP', name, '必备的块缺失');
  const entities = childrenOf(block, '文件实体');
  if (entities.length === 0) warn('E_PKG_EEP', '文件实体', '元素未放在文件实体之下');
  const entity = objectOf(entities[0] ?? block);
  return done(await itemOf(source, file, scanned, entity, content, rules, refuse, warn));
}

function parsed({ skeleton, encoding }: Scanned): Node {
  const text = decodeText(skeleton, encoding).replace(/^\ufeff/u, '');
  if (text.includes('<!DOCTYPE') || text.includes('<!ENTITY')) throw new ArchiveError('E_PKG_BROKEN', { why: 'document type' });
  let tree: unknown;
  try {
    tree = parser.parse(text, true);
  } catch {
    throw new ArchiveError('E_PKG_BROKEN', { why: 'not well-formed' });
  }
  const root = childrenOf(tree, '电子文件封装包')[0];
  if (root === undefined || typeof root === 'string') throw new ArchiveError('E_PKG_EEP', { why: 'root' });
  return root;
}

async function itemOf(source: PackageSource, file: string, scanned: Scanned, entity: Node, content: Node, rules: CatalogueRules, refuse: Add, warn: Add): Promise<ParcelItem | null> {
  const named = cellsOf(entity, rules);
  const { entries, faults, notices } = readCatalogue({ shape: 'objects', rows: [{ line: 1, named }] }, rules);
  for (const { at, message } of faults) refuse(/题名/u.test(at) && !named.has('title') ? 'E_META_REQUIRED' : 'E_META_INVALID', at.replace(/^第1行/u, '').replace(/[「」]/gu, ''), message);
  for (const { at, message } of notices) if (message !== '为空，请核对原件') warn('E_META_INVALID', at.replace(/^第1行/u, '').replace(/[「」]/gu, ''), message);
  const files = await filesOf(source, file, scanned, entity, refuse);
  const [entry] = entries;
  if (entry === undefined) return null;
  for (const name of ['责任者', '日期', '密级']) if (deep(entity, name) === '') warn('E_META_REQUIRED', name, '必备元素为空，请在整理时补著录');
  return { place: file, level: entry.structure.securityLevel ?? null, description: entry.description, structure: entry.structure, events: eventsOf(content, rules), files };
}

/** Elements of the entity under the keys of our scheme; an element that stands several times is a list. */
function cellsOf(entity: Node, rules: CatalogueRules): Map<string, Cell> {
  const keys = new Map(allElements(rules.scheme).filter(({ place, kind, home, key }) => place === 'record' && kind !== 'container' && kind !== 'id' && home !== 'register' && !LEFT_OUT.has(key)).map(({ name, key }) => [name, key]));
  const cells = new Map<string, Cell>();
  const walk = (node: Node): void => {
    for (const name of Object.keys(node)) {
      if (name.startsWith('@') || name === '文件数据' || name === '文件实体关系') continue;
      if (name === '档号') {
        const code = textOf(node, '档号').replace(/\s+/gu, '');
        if (code !== '') cells.set('declaredArchivalCode', code);
        for (const one of childrenOf(node, name)) walk(objectOf(one));
        continue;
      }
      const key = keys.get(name);
      const texts = childrenOf(node, name).map((one) => textOf(one)).filter((text) => text !== '');
      if (key !== undefined && texts.length > 0) cells.set(key, texts.length === 1 ? (texts[0] ?? '') : JSON.stringify(texts));
      else if (CONTAINERS.has(name)) for (const one of childrenOf(node, name)) walk(objectOf(one));
    }
  };
  walk(entity);
  return cells;
}
/** Given by the box that keeps the record, not by whoever hands it in. */
const LEFT_OUT: ReadonlySet<string> = new Set(['electronicRecordCode', 'archivalCode', 'agencyItemNumber', 'archivesItemNumber', 'parentId', 'titleSupplied']);

function deep(node: Node, name: string): string {
  const own = textOf(node, name);
  if (own !== '') return own;
  for (const [inner, value] of Object.entries(node)) {
    if (inner.startsWith('@') || inner === '文件数据') continue;
    for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      const found = typeof one === 'object' && one !== null ? deep({ ...one }, name) : '';
      if (found !== '') return found;
    }
  }
  return '';
}

async function filesOf(source: PackageSource, file: string, scanned: Scanned, entity: Node, refuse: Add): Promise<readonly ParcelFile[]> {
  const files: ParcelFile[] = [];
  const documents = childrenOf(objectOf(childrenOf(entity, '文件数据')[0]), '文档');
  for (const [at, document] of documents.entries()) {
    const main = textOf(document, '文档主从声明').startsWith('主');
    for (const data of childrenOf(document, '文档数据')) {
      for (const coding of childrenOf(data, '编码')) {
        const one = await fileOf(source, file, scanned, coding, main, at, files, refuse);
        if (one !== null) files.push(one);
      }
    }
  }
  return [...files.filter(({ role }) => role === 'main'), ...files.filter(({ role }) => role !== 'main')];
}

async function fileOf(source: PackageSource, file: string, scanned: Scanned, coding: unknown, main: boolean, at: number, before: readonly ParcelFile[], refuse: Add): Promise<ParcelFile | null> {
  const electronic = childrenOf(coding, '电子属性')[0];
  const [name, said] = [textOf(electronic, '计算机文件名'), textOf(electronic, '计算机文件大小')];
  const place = name === '' ? `文档${String(at + 1)}` : name;
  const encoded = childrenOf(coding, '编码数据')[0];
  const range = scanned.ranges[Number(encoded === undefined ? '' : textOf(encoded) || 'NaN')];
  if (range === undefined) {
    if (attribute(encoded, '引用编码数据ID') === undefined) refuse('E_PKG_FILE_MISSING', place, '没有编码数据');
    return null;
  }
  const judged = judgeName(name);
  if (!judged.ok) refuse('E_PKG_PATH', place, judged.message);
  else if (before.some((one) => one.name === name)) refuse('E_PKG_EEP', place, '计算机文件名重复');
  const open = (): AsyncIterable<Uint8Array> => decoded(source.open(file), range);
  const hash = createHash('sm3');
  let bytes = 0;
  try {
    for await (const piece of open()) {
      bytes += piece.length;
      hash.update(piece);
    }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    refuse(error.code, place, '编码数据不是完整的 base64');
    return null;
  }
  if (/^\d{1,15}$/u.test(said) && Number(said) !== bytes) refuse('E_PKG_FILE_CHANGED', place, `应为 ${said} 字节，实为 ${String(bytes)} 字节`);
  const role: FileRole = main && !before.some((one) => one.role === 'main') ? 'main' : 'attachment';
  return { path: `${file}#${name}`, name, role, bytes, sm3: hash.digest('hex'), open };
}

function eventsOf(content: Node, rules: CatalogueRules): readonly MetadataValues[] {
  const elements = allElements(rules.scheme).filter(({ place }) => place === 'event');
  return childrenOf(objectOf(childrenOf(content, '业务实体块')[0]), '业务实体').map((one) => Object.fromEntries(elements.flatMap(({ key, name }) => {
    const text = textOf(one, name);
    return text === '' ? [] : [[key, text]];
  })));
}
