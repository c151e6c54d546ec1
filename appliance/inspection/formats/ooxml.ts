import { XMLValidator } from 'fast-xml-parser';
import { readZipEntry, startsAsZip, zipIndex, ZipError, type ZipIndex } from '../containers/zip.js';
import { addInner, examined, format, Observations } from '../examination.js';
import type { ByteSource, ExamineLimits, Examination, Examiner, Identified, Inner } from '../format.js';
import { bufferSource } from '../source.js';
import { declaresDoctype, declaresEntities, tagsOf, xmlText } from '../xml-text.js';

const CONTENT_TYPES = '[Content_Types].xml';
const WELL_FORMED_BYTES = 2 * 1024 * 1024;

/**
 * Office Open XML (GB/T 40218 / ISO/IEC 29500), transitional and strict, and its neighbours in the same packaging (Visio, XPS).
 * What is encrypted lies in an OLE container and is read by `cfb.ts`.
 */
export const ooxmlExaminer: Examiner = {
  async claims(head, source) {
    if (!startsAsZip(head)) return false;
    const index = await zipIndex(source);
    if (index === null) return head.includes(CONTENT_TYPES);
    const names = index.entries.map((entry) => entry.name);
    if (names.some((name) => name.toLowerCase() === CONTENT_TYPES.toLowerCase())) return true;
    return !index.complete && names.some((name) => /^(word|xl|ppt)\//.test(name));
  },
  async examine(source, _name, limits, inner) {
    const index = await zipIndex(source);
    if (index === null || !index.complete || index.directoryEncrypted) return damaged(index);
    const reading = await readParts(source, index, limits);
    return describe(reading, inner);
  },
};

interface Reading {
  readonly names: readonly string[];
  readonly parts: ReadonlyMap<string, Buffer>;
  readonly observations: Observations;
  readonly broken: boolean;
  readonly encrypted: boolean;
}

/** Every part unpacked once, which proves sizes and checksums; only parts that are looked into are kept. */
async function readParts(source: ByteSource, index: ZipIndex, limits: ExamineLimits): Promise<Reading> {
  const observations = new Observations();
  const parts = new Map<string, Buffer>();
  let budget = limits.unpackedBytes;
  let broken = false;
  let encrypted = false;
  for (const [position, entry] of index.entries.entries()) {
    if (entry.directory) continue;
    try {
      const content = await readZipEntry(source, index, position, budget);
      budget -= content.length;
      if (/\.(xml|rels|bin|vml)$/i.test(entry.name) || /\/embeddings\//i.test(entry.name)) parts.set(entry.name.replace(/^\//, ''), content);
    } catch (cause) {
      if (!(cause instanceof ZipError)) throw cause;
      if (cause.fault === 'bomb') observations.add('zip.bomb', `部件 ${position + 1}`);
      else if (cause.fault === 'encrypted') encrypted = true;
      else broken = true;
      if (budget <= 0) break;
    }
  }
  return { names: index.entries.map((entry) => entry.name.replace(/^\//, '')), parts, observations, broken, encrypted };
}

async function describe(reading: Reading, inner: Inner): Promise<Examination> {
  const { names, parts, observations } = reading;
  const texts = new Map<string, string>();
  for (const [name, bytes] of parts) if (/\.(xml|rels|vml)$/i.test(name)) texts.set(name, xmlText(bytes));
  const types = texts.get(CONTENT_TYPES) ?? '';
  const main = mainPart(texts);
  const attack = [...texts].some(([, text]) => declaresDoctype(text.slice(0, 4096)) || declaresDoctype(text));
  if (attack) observations.add('office.xml-attack', '部件含文档类型声明');
  const reaching = [...texts.values()].some((text) => /<(?:\w+:)?(redefine|import|include)\s[^>]*schemaLocation\s*=\s*["'](?:[a-z]+:)?\/\//i.test(text) || declaresEntities(text));
  if (reaching) observations.add('office.xml-attack', '部件引用外部模式');
  const macros = noteMacros(observations, names, types);
  const dde = noteDde(observations, texts);
  noteExternal(observations, texts);
  noteProtection(observations, texts);
  await noteEmbedded(observations, parts, inner);
  const mainText = main === null ? undefined : texts.get(main) ?? (parts.has(main) || names.includes(main) ? '<x/>' : undefined);
  const sound = !reading.broken && mainText !== undefined && wellFormed(mainText) && wellFormed(types);
  return examined(identify(types, macros, texts), {
    encrypted: reading.encrypted,
    signed: names.some((name) => /^_xmlsignatures\/.+\.xml$/i.test(name)),
    activeContent: macros || dde || observations.has('file.embedded-executable') || observations.has('file.eicar'),
    valid: attack || reaching || observations.has('zip.bomb') ? null : sound,
  }, observations.list());
}

function wellFormed(text: string): boolean {
  return text.length > WELL_FORMED_BYTES || XMLValidator.validate(text) === true;
}

/** Target of the officeDocument relationship of the package, transitional, strict, or of its XPS and Visio cousins. */
function mainPart(texts: ReadonlyMap<string, string>): string | null {
  for (const relation of tagsOf(texts.get('_rels/.rels') ?? '', 'Relationship')) {
    if (/\/(officeDocument|fixedrepresentation|document)$/.test(relation.get('Type') ?? '')) return (relation.get('Target') ?? '').replace(/^(\.?\/)+/, '');
  }
  return null;
}

function noteMacros(observations: Observations, names: readonly string[], types: string): boolean {
  const vba = names.some((name) => /vbaProject[^/]*\.bin$/i.test(name)) || /vnd\.ms-office\.vbaProject/.test(types);
  const excel4 = names.some((name) => /^xl\/(macrosheets|intlMacrosheets)\//i.test(name)) || /vnd\.ms-excel\.(intl)?macrosheet/i.test(types);
  const controls = names.some((name) => /\/activeX\/[^/]+\.bin$/i.test(name));
  if (vba) observations.add('office.macro', 'VBA 工程');
  if (excel4) observations.add('office.macro', 'Excel 4.0 宏表');
  if (controls) observations.add('office.macro', 'ActiveX 控件');
  return vba || excel4 || controls;
}

function noteDde(observations: Observations, texts: ReadonlyMap<string, string>): boolean {
  let found = false;
  for (const [name, text] of texts) {
    const fields = /^word\//.test(name) ? [...text.matchAll(/<w:instrText[^>]*>([^<]*)</g)].map((match) => match[1] ?? '').join('') : '';
    const simple = /^word\//.test(name) ? [...tagsOf(text, 'fldSimple')].map((tag) => tag.get('w:instr') ?? '').join(' ') : '';
    if (/\bDDE(AUTO)?\b/i.test(`${fields} ${simple}`)) found = true;
    if (/^xl\/externalLinks\//.test(name) && /<(\w+:)?ddeLink[\s>]/.test(text)) found = true;
    if (/^xl\/worksheets\//.test(name) && /<(\w+:)?f[^>]*>[^<]*\b(cmd|powershell|mshta|msexcel|rundll32)\s*\|/i.test(text)) found = true;
  }
  if (found) observations.add('office.dde', '域或外部链接');
  return found;
}

/** Relationships that a reader follows by itself. A hyperlink waits for a click and is none of them. */
function noteExternal(observations: Observations, texts: ReadonlyMap<string, string>): void {
  for (const [name, text] of texts) {
    if (name.endsWith('.rels')) {
      for (const relation of tagsOf(text, 'Relationship')) {
        const type = (relation.get('Type') ?? '').split('/').pop() ?? '';
        if (relation.get('TargetMode') === 'External' && type !== 'hyperlink') observations.add('office.external', LINKS[type] ?? '外部部件');
      }
    }
    if (/^xl\/connections\.xml$/i.test(name)) observations.add('office.external', '数据连接');
    if (/^word\/settings\.xml$/i.test(name) && /<w:mailMerge[\s>]/.test(text)) observations.add('office.external', '邮件合并数据源');
    if (/^word\//.test(name) && /<w:instrText[^>]*>\s*(INCLUDEPICTURE|INCLUDETEXT|LINK|IMPORT)\s/i.test(text)) observations.add('office.external', '引入外部内容的域');
  }
}

const LINKS: Readonly<Record<string, string>> = {
  attachedTemplate: '外部模板',
  externalLinkPath: '外部工作簿',
  oleObject: '外部 OLE 对象',
  image: '外部图片',
  frame: '外部框架',
  subDocument: '外部子文档',
  mailMergeSource: '邮件合并数据源',
  mailMergeHeaderSource: '邮件合并数据源',
};

function noteProtection(observations: Observations, texts: ReadonlyMap<string, string>): void {
  for (const [name, text] of texts) {
    if (/^word\/settings\.xml$/.test(name) && /<w:(documentProtection|writeProtection)[\s/>]/.test(text)) observations.add('office.protected', '文档保护');
    if (/^xl\/worksheets\//.test(name) && /<(\w+:)?sheetProtection[\s/>]/.test(text)) observations.add('office.protected', '工作表保护');
    if (/^xl\/workbook\.xml$/.test(name) && /<(\w+:)?(workbookProtection|fileSharing)[\s/>]/.test(text)) observations.add('office.protected', '工作簿保护');
    if (/^ppt\/presentation\.xml$/.test(name) && /<p:modifyVerifier[\s/>]/.test(text)) observations.add('office.protected', '修改口令');
    if (name === 'docProps/app.xml' && /<DocSecurity>[1-9]/.test(text)) observations.add('office.protected', '只读标记');
  }
}

async function noteEmbedded(observations: Observations, parts: ReadonlyMap<string, Buffer>, inner: Inner): Promise<void> {
  let position = 0;
  for (const [name, bytes] of parts) {
    if (!/\/embeddings\//i.test(name) || name.endsWith('.rels')) continue;
    position++;
    observations.add('file.embedded', `嵌入对象 ${position}`);
    if (position <= 50) addInner(observations, await inner(bufferSource(bytes), name.split('/').pop() ?? ''), `嵌入对象 ${position}`);
  }
}

const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const SHEET = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const SLIDES = 'application/vnd.openxmlformats-officedocument.presentationml.presentation';

function identify(types: string, macros: boolean, texts: ReadonlyMap<string, string>): Identified {
  const strict = [...texts].some(([name, text]) => /^(word\/document|xl\/workbook|ppt\/presentation)\.xml$/.test(name) && text.includes('purl.oclc.org/ooxml'));
  const version = strict ? 'ISO/IEC 29500 Strict' : null;
  if (/wordprocessingml\.|vnd\.ms-word\./.test(types)) return format(WORD, macros ? 'Word（OOXML，启用宏）' : 'Word（OOXML）', macros ? 'fmt/523' : 'fmt/412', version);
  if (/sheet\.binary\.macroEnabled/.test(types)) return format(SHEET, 'Excel（XLSB）', 'fmt/595', version);
  if (/spreadsheetml\.|vnd\.ms-excel\./.test(types)) return format(SHEET, macros ? 'Excel（OOXML，启用宏）' : 'Excel（OOXML）', macros ? 'fmt/445' : 'fmt/214', version);
  if (/presentationml\.|vnd\.ms-powerpoint\./.test(types)) return format(SLIDES, macros ? 'PowerPoint（OOXML，启用宏）' : 'PowerPoint（OOXML）', macros ? 'fmt/487' : 'fmt/215', version);
  if (/vnd\.ms-visio\./.test(types)) return format('application/vnd.ms-visio.drawing', 'Visio（OOXML）');
  if (/xps-fixeddocument|FixedDocument/i.test(types)) return format('application/vnd.ms-xpsdocument', 'XPS', 'fmt/190');
  return byFolder([...texts.keys()]);
}

function byFolder(names: readonly string[]): Identified {
  if (names.some((name) => name.startsWith('word/'))) return format(WORD, 'Word（OOXML）', 'fmt/412');
  if (names.some((name) => name.startsWith('xl/'))) return format(SHEET, 'Excel（OOXML）', 'fmt/214');
  if (names.some((name) => name.startsWith('ppt/'))) return format(SLIDES, 'PowerPoint（OOXML）', 'fmt/215');
  return format('application/vnd.openxmlformats-package', 'OOXML 包');
}

/** Cut off or spoilt: what the surviving entries say it was. */
function damaged(index: ZipIndex | null): Examination {
  const identified = byFolder(index?.entries.map((entry) => entry.name) ?? []);
  return examined(identified, { valid: false, extensionMismatch: identified.mime.endsWith('package') ? false : null }, [{ key: 'file.truncated', evidence: '包目录缺失' }]);
}
