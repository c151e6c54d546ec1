import type { ByteSource, Examination, ExamineLimits, Examiner, FileFacts, Identified, Observation } from '../../format.js';
import { isExecutable } from '../executable.js';
import { findBomb } from './bombs.js';
import { pdfaClaim, readContents, type Contents } from './contents.js';
import { PdfDocument, PdfFault } from './document.js';
import { countFonts } from './fonts.js';
import { readPages } from './pages.js';
import { countDangling } from './references.js';
import { documentSignatures, type PdfSignature, type PdfSignatures } from './signatures.js';

const VERSION_PUID: Readonly<Record<string, string>> = { '1.0': 'fmt/14', '1.1': 'fmt/15', '1.2': 'fmt/16', '1.3': 'fmt/17', '1.4': 'fmt/18', '1.5': 'fmt/19', '1.6': 'fmt/20', '1.7': 'fmt/276', '2.0': 'fmt/1129' };
const CLAIM_PUID: Readonly<Record<string, string>> = {
  '1a': 'fmt/95', '1b': 'fmt/354', '2a': 'fmt/476', '2b': 'fmt/477', '2u': 'fmt/478', '3a': 'fmt/479', '3b': 'fmt/480', '3u': 'fmt/481', '4': 'fmt/1910', '4e': 'fmt/1911', '4f': 'fmt/1912',
};

function identify(version: string | null, claim: string | null): Identified {
  return {
    mime: 'application/pdf',
    name: claim === null ? 'PDF' : `PDF/A-${claim}（文件自称）`,
    version,
    puid: claim === null ? (VERSION_PUID[version ?? ''] ?? null) : (CLAIM_PUID[claim] ?? null),
  };
}

const FACTS: FileFacts = { encrypted: false, compressed: false, signed: false, sealImage: false, activeContent: false, extensionMismatch: null, valid: true };
const PASSIVE = new Set(['URI', 'GoToR', 'GoToE', 'ResetForm', 'Hide', 'SetOCGState', 'Named', 'Trans', 'GoTo3DView', 'Thread']);
const MEDIA_ACTIONS = new Set(['Rendition', 'Movie', 'Sound', 'RichMediaExecute']);

/** Actions and media that do more than show (第二十一条、第二十六条), one observation a kind. */
function activeObservations(contents: Contents): Observation[] {
  const found: Observation[] = [];
  const acting = [...contents.actions].filter((action) => !PASSIVE.has(action));
  const media = [...contents.media, ...acting.filter((action) => MEDIA_ACTIONS.has(action))];
  if (media.length > 0) found.push({ key: 'pdf.multimedia', evidence: [...new Set(media)].join('、') });
  if (contents.xfa) found.push({ key: 'pdf.xfa', evidence: 'XFA' });
  if (contents.actions.has('JavaScript')) found.push({ key: 'pdf.javascript', evidence: 'JavaScript' });
  if (contents.actions.has('Launch')) found.push({ key: 'pdf.launch', evidence: 'Launch' });
  const other = acting.filter((action) => !MEDIA_ACTIONS.has(action) && action !== 'JavaScript' && action !== 'Launch');
  if (other.length > 0) found.push({ key: 'pdf.action', evidence: other.join('、') });
  return found;
}

/** Why a signature does not stand, in Chinese; null when nothing speaks against it. */
function signatureDefect(signature: PdfSignature): string | null {
  if (!signature.rangeSound) return '签名范围异常';
  if (signature.cms.digest === 'mismatch') return '摘要与内容不符';
  if (signature.cms.signature === 'invalid') return '签名值验证不通过';
  return signature.pagesChanged ? '签名后增删或改动了页面' : null;
}

function signatureObservations({ signatures, emptyFields }: PdfSignatures): Observation[] {
  const found: Observation[] = [];
  signatures.forEach((signature, index) => {
    const where = `签名 ${String(index + 1)}`;
    const defect = signatureDefect(signature);
    if (defect !== null) found.push({ key: 'pdf.signature-broken', evidence: `${where}：${defect}` });
    else if (signature.cms.digest === 'unsupported' || signature.cms.signature === 'unsupported') found.push({ key: 'pdf.signature-unverifiable', evidence: where });
  });
  if (emptyFields > 0) found.push({ key: 'pdf.empty-signature-field', evidence: `${String(emptyFields)} 个` });
  return found;
}

function embeddedObservations(doc: PdfDocument, contents: Contents): Observation[] {
  if (contents.embeddedCount === 0) return [];
  const found: Observation[] = [{ key: 'file.embedded', evidence: `${String(contents.embeddedCount)} 个` }];
  contents.embedded.slice(0, 200).forEach((stream, index) => {
    const decoded = doc.decode(stream);
    if ('bytes' in decoded && isExecutable(decoded.bytes.subarray(0, 256))) found.push({ key: 'file.embedded-executable', evidence: `附件 ${String(index + 1)}` });
  });
  return found;
}

/** Content before the header or after the end that is a file of its own. */
function polyglot(bytes: Buffer): string | null {
  const header = bytes.subarray(0, 1024).indexOf('%PDF-', 0, 'latin1');
  const before = bytes.subarray(0, header);
  if (isExecutable(before) || before.includes('PK\x03\x04', 0, 'latin1') || /^(?:\x89PNG|GIF8|\xff\xd8\xff|<html|<!doctype)/i.test(before.toString('latin1', 0, 16))) return '文件头之前另有内容';
  const end = bytes.lastIndexOf('%%EOF', undefined, 'latin1');
  const after = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 5);
  if (after.length > 64 && (after.includes('PK\x05\x06', 0, 'latin1') || isExecutable(after.subarray(after.findIndex((octet) => octet > 32))))) return '文件尾之后另有内容';
  return null;
}

function examineDocument(doc: PdfDocument): Examination {
  const observations: Observation[] = [];
  const { security, version } = doc;
  if (doc.encrypted) {
    const how = security?.opensWithoutPassword === true ? '可直接打开，但设有权限口令' : security?.handler === 'Standard' ? '设有打开口令' : '以证书加密';
    observations.push({ key: 'pdf.encrypted', evidence: how });
    if (security?.opensWithoutPassword !== true) return { identified: identify(version, null), facts: { ...FACTS, encrypted: true, sealImage: null }, observations };
  }
  const tree = readPages(doc);
  const contents = readContents(doc);
  const signatures = documentSignatures(doc);
  const facts: FileFacts = {
    ...FACTS,
    encrypted: doc.encrypted,
    signed: signatures.signatures.length > 0,
    sealImage: signatures.signatures.some((signature) => signature.visible),
    activeContent: activeObservations(contents).length > 0,
    pages: tree.pages.length,
  };
  observations.push(...activeObservations(contents), ...signatureObservations(signatures), ...embeddedObservations(doc, contents));
  const twice = polyglot(doc.bytes);
  if (twice !== null) observations.push({ key: 'file.polyglot', evidence: twice });
  if (contents.externalLinks > 0) observations.push({ key: 'pdf.external-link', evidence: `${String(contents.externalLinks)} 处` });
  const identified = identify(version, pdfaClaim(doc));
  const bomb = findBomb(doc, tree.pages);
  if (bomb !== null) observations.push({ key: 'file.over-limits', evidence: bomb });
  if (tree.loop || tree.pages.length === 0) {
    const evidence = tree.loop ? '页面树成环' : '没有可读的页面';
    return { identified, facts: { ...facts, valid: false, pages: undefined }, observations: [...observations, { key: 'file.unreadable', evidence }] };
  }
  const fonts = countFonts(doc, tree.pages);
  if (fonts.notEmbedded > 0) observations.push({ key: 'pdf.font-not-embedded', evidence: `${String(fonts.notEmbedded)} 个` });
  const dangling = countDangling(doc, tree.pages);
  if (dangling > 0 || tree.broken > 0) observations.push({ key: 'pdf.dangling', evidence: `${String(dangling + tree.broken)} 处` });
  if (doc.repairs.has('xref') || doc.repairs.has('object-number')) observations.push({ key: 'pdf.repaired', evidence: '交叉引用表' });
  return { identified, facts: bomb === null ? facts : { ...facts, valid: null }, observations };
}

const REASONS = { 'no-header': '没有文件头', 'no-trailer': '没有文件尾（trailer）', 'no-catalog': '没有文档目录（Root）' } as const;

/** Containers and pictures that may hold a PDF near their start without being one: archives with a stored entry, tar, mail, CFB. */
const OTHER_HEADS = /^(?:PK\x03\x04|Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ|\xd0\xcf\x11\xe0|\xff\xd8\xff|\x89PNG|GIF8|II[*+]\0|MM\0[*+]|RIFF|MZ|\x7fELF|%!PS|!<arch>|0707|[A-Za-z-]+: |From )/;

export const pdfExaminer: Examiner = {
  claims: (head) => {
    const start = head.toString('latin1', 0, 1024);
    const at = start.indexOf('%PDF-');
    return Promise.resolve(at === 0 || (at > 0 && !OTHER_HEADS.test(start) && start.slice(257, 262) !== 'ustar'));
  },
  async examine(source: ByteSource, _name: string, limits: ExamineLimits): Promise<Examination> {
    const bytes = await source.all(limits.wholeBytes);
    try {
      return examineDocument(PdfDocument.open(bytes));
    } catch (error) {
      if (!(error instanceof PdfFault)) throw error;
      const version = /%PDF-(\d\.\d)/.exec(bytes.toString('latin1', 0, 1024))?.[1] ?? null;
      return { identified: identify(version, null), facts: { ...FACTS, valid: false }, observations: [{ key: 'file.unreadable', evidence: REASONS[error.reason] }] };
    }
  },
};
