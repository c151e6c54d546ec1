import { OLE_MAGIC, readOle, stream, type OleFile } from '../containers/cfb.js';
import { addInner, examined, format, Observations } from '../examination.js';
import type { Examination, Examiner, FileFacts, Identified, Inner } from '../format.js';
import { bufferSource } from '../source.js';
import { biffFacts, isBiff } from './biff.js';
import { pptFacts } from './ppt.js';

/** OLE compound files: Office 97-2003, WPS, Works, Project, Visio, Outlook items, installers, and encrypted OOXML. */
export const cfbExaminer: Examiner = {
  claims: (head) => Promise.resolve(head.subarray(0, 8).equals(OLE_MAGIC) || isBiff(head)),
  async examine(source, _name, limits, inner) {
    const bytes = await source.all(limits.wholeBytes);
    if (isBiff(bytes)) return fromBiff(bytes);
    const file = readOle(bytes);
    if (file === null) return examined(format('application/x-ole-storage', 'OLE 复合文档（损坏）'), { valid: false }, [{ key: 'file.unreadable', evidence: '复合文档结构损坏' }]);
    return describe(file, inner);
  },
};

/** BIFF 2 to 4: workbook records without any container around them. */
function fromBiff(bytes: Buffer): Examination {
  const observations = new Observations();
  const facts = biffFacts(bytes, observations);
  return examined(format('application/vnd.ms-excel', 'Excel 2-4'), facts, observations.list());
}

async function describe(file: OleFile, inner: Inner): Promise<Examination> {
  const observations = new Observations();
  const encrypted = noteEncryption(file, observations);
  if (encrypted !== null) return examined(encrypted, { encrypted: true }, observations.list());
  const identified = identify(file);
  const facts: Partial<FileFacts> = factsOf(identified, file, observations);
  const macros = file.entries.some((entry) => !entry.storage && /(^|\/)VBA\/dir$/i.test(entry.path));
  if (macros) observations.add('office.macro', 'VBA 工程');
  await noteEmbedded(file, observations, inner);
  const active = macros || facts.activeContent === true || observations.has('file.embedded-executable') || observations.has('file.executable');
  return examined(identified, { ...facts, activeContent: active, signed: file.entries.some((entry) => /^(_signatures|_xmlsignatures)(\/|$)/i.test(entry.path)) || facts.signed === true }, observations.list());
}

/** [MS-OFFCRYPTO] containers: an OOXML package under a password, or rights management around any document. */
function noteEncryption(file: OleFile, observations: Observations): Identified | null {
  const names = file.entries.map((entry) => entry.path);
  const rights = names.some((name) => /DRMEncrypted|DRMViewerContent|DRMContent/i.test(name));
  if (rights) observations.add('office.drm', '权限管理');
  if (names.some((name) => /^EncryptedPackage$/i.test(name))) return format('application/encrypted', '加密的 OOXML 文档', 'fmt/494');
  if (!rights) return null;
  return identify(file);
}

function identify(file: OleFile): Identified {
  const has = (name: string): boolean => file.entries.some((entry) => entry.path.toLowerCase() === name.toLowerCase());
  if (has('WordDocument')) return format('application/msword', wordName(file), 'fmt/40');
  if (has('Workbook')) return format('application/vnd.ms-excel', 'Excel 97-2003', 'fmt/61');
  if (has('Book')) return format('application/vnd.ms-excel', 'Excel 5.0/95', 'fmt/59');
  if (has('PowerPoint Document')) return format('application/vnd.ms-powerpoint', 'PowerPoint 97-2003', 'fmt/126');
  if (has('PP40') || has('PP97_DUALSTORAGE')) return format('application/vnd.ms-powerpoint', 'PowerPoint 95');
  if (has('__properties_version1.0')) return format('application/vnd.ms-outlook', 'Outlook MSG', 'x-fmt/430');
  if (has('VisioDocument')) return format('application/vnd.visio', 'Visio', 'fmt/443');
  if (has('Quill/QuillSub/CONTENTS')) return format('application/vnd.ms-publisher', 'Publisher');
  if (has('FileHeader') && stream(file, 'FileHeader')?.subarray(0, 17).toString('latin1') === 'HWP Document File') return format('application/x-hwp', 'HWP');
  if (file.rootClass.includes('84100C00') || file.rootClass.startsWith('000C1084')) return format('application/x-msi', 'Windows 安装包');
  if (has('MatOST') || (has('CONTENTS') && file.entries.some((entry) => /^(\u0001CompObj|SPELLING)$/.test(entry.path)))) return format('application/x-ole-storage', 'Works 文档');
  if (file.entries.some((entry) => /^\s+1\d\d$/.test(entry.path) || /^Props\d*$/.test(entry.path))) return format('application/vnd.ms-office', 'Project', 'fmt/440');
  return format('application/x-ole-storage', 'OLE 复合文档（旧版专有格式）', 'fmt/111');
}

function wordName(file: OleFile): string {
  const version = stream(file, 'WordDocument')?.subarray(2, 4);
  return version !== undefined && version.length === 2 && version.readUInt16LE(0) < 0xc0 ? 'Word 6.0/95' : 'Word 97-2003';
}

function factsOf(identified: Identified, file: OleFile, observations: Observations): Partial<FileFacts> {
  switch (identified.mime) {
    case 'application/msword': return wordFacts(stream(file, 'WordDocument') ?? Buffer.alloc(0), observations);
    case 'application/vnd.ms-excel': return biffFacts(stream(file, 'Workbook') ?? stream(file, 'Book') ?? Buffer.alloc(0), observations);
    case 'application/vnd.ms-powerpoint': return pptFacts(stream(file, 'PowerPoint Document') ?? Buffer.alloc(0), stream(file, 'Current User'), file, observations);
    case 'application/vnd.ms-outlook': return messageFacts(file, observations);
    case 'application/x-hwp': return { encrypted: ((stream(file, 'FileHeader') ?? Buffer.alloc(40))[36] ?? 0) % 4 >= 2 };
    case 'application/x-msi': {
      observations.add('file.executable', '安装包');
      return { activeContent: true };
    }
    default: return {};
  }
}

/** [MS-DOC] FibBase: fEncrypted is bit 8 of the word at 0x0A. Field codes are looked for in both stored encodings. */
function wordFacts(bytes: Buffer, observations: Observations): Partial<FileFacts> {
  if (bytes.length < 32) return { valid: false };
  const encrypted = (bytes.readUInt16LE(0x0a) & 0x0100) !== 0;
  const dde = !encrypted && [Buffer.from('DDEAUTO', 'latin1'), Buffer.from('DDEAUTO', 'utf16le'), Buffer.from('\u0013 DDE ', 'utf16le'), Buffer.from('\u0013 DDE ', 'latin1')].some((needle) => bytes.includes(needle));
  if (dde) observations.add('office.dde', '域');
  return { encrypted, activeContent: dde };
}

/** [MS-OXMSG]: the class of the item tells S/MIME and rights-managed messages; attachments are storages. */
function messageFacts(file: OleFile, observations: Observations): Partial<FileFacts> {
  const messageClass = (stream(file, '__substg1.0_001A001F')?.toString('utf16le') ?? stream(file, '__substg1.0_001A001E')?.toString('latin1') ?? '').toUpperCase();
  const attachments = file.entries.filter((entry) => entry.storage && /^__attach_version1\.0_[^/]*$/i.test(entry.path)).length;
  const signed = messageClass.endsWith('.SMIME.MULTIPARTSIGNED');
  const enveloped = messageClass.endsWith('.SMIME');
  const rights = file.entries.some((entry) => /__substg1\.0_3707001F$/i.test(entry.path) && entry.content.toString('utf16le').toLowerCase().endsWith('message.rpmsg'));
  if (attachments > 0) observations.add('mail.attachments', `${attachments} 个`);
  if (rights) observations.add('office.drm', '权限管理邮件');
  return { encrypted: enveloped || rights, signed };
}

async function noteEmbedded(file: OleFile, observations: Observations, inner: Inner): Promise<void> {
  let position = 0;
  const objects = new Set<string>();
  for (const entry of file.entries) {
    const object = /^(ObjectPool\/_\d+|MBD[0-9A-F]{8})(\/|$)/i.exec(entry.path)?.[1];
    if (object !== undefined) objects.add(object);
    if (entry.storage) continue;
    const content = /\u0001Ole10Native$/.test(entry.path) ? nativeContent(entry.content)
      : /(^|\/)__substg1\.0_37010102$/i.test(entry.path) ? entry.content
        : /^(ObjectPool|MBD)[^/]*(\/[^/]+)*\/(Package|CONTENTS)$/i.test(entry.path) ? entry.content : null;
    if (content === null || content.length === 0 || ++position > 50) continue;
    addInner(observations, await inner(bufferSource(content), ''), `嵌入对象 ${position}`);
  }
  if (objects.size > 0) observations.add('file.embedded', `嵌入对象 ${objects.size} 个`);
}

/** [MS-OLEDS] Ole10Native of a package: label, path, type and path again stand before the content. */
function nativeContent(bytes: Buffer): Buffer | null {
  let at = 6;
  const skip = (): void => {
    const end = bytes.indexOf(0, at);
    at = end < 0 ? bytes.length : end + 1;
  };
  if (bytes.length < 16) return null;
  skip();
  skip();
  if (at + 8 > bytes.length) return bytes.subarray(4);
  at += 4;
  at += 4 + bytes.readUInt32LE(at);
  if (at + 4 > bytes.length) return bytes.subarray(4);
  const size = bytes.readUInt32LE(at);
  return bytes.subarray(at + 4, at + 4 + size);
}
