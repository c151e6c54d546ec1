import type { ByteSource, Examination, ExamineLimits, Examiner, FileFacts, Identified, Inner, Observation } from '../../format.js';
import { bufferSource } from '../../source.js';
import { isExecutable } from '../executable.js';
import { openPackage, PackageFault, type OfdPackage } from './package.js';
import { readOfd, type OfdFile } from './reader.js';
import type { OfdSignature } from './signatures.js';

const FACTS: FileFacts = { encrypted: false, compressed: false, signed: false, sealImage: false, activeContent: false, extensionMismatch: null, valid: true };
const OFD: Identified = { mime: 'application/ofd', name: 'OFD', version: null, puid: null };
/** A ZIP that holds parts of an OFD without being one. */
const REMAINS: Identified = { mime: 'application/zip', name: 'OFD（包不完整）', version: null, puid: null };
const NAMESPACE = 'http://www.ofdspec.org/2016';
const MOST_ATTACHMENTS = 50;

const places = (items: readonly string[]): string => `${String(items.length)} 处`;

function signatureObservations(file: OfdFile): Observation[] {
  const found: Observation[] = [];
  file.signatures.forEach((signature, index) => {
    const where = `签名 ${String(index + 1)}`;
    const bad = signature.references.filter((ref) => ref.state === 'mismatch' || ref.state === 'missing').length;
    if (signature.path === null) found.push({ key: 'ofd.signature-missing', evidence: where });
    else if (bad > 0) found.push({ key: 'ofd.tampered', evidence: `${where}：${String(bad)} 个文件与签名记录不符` });
    else if (signature.signedDigest === 'mismatch') found.push({ key: 'ofd.tampered', evidence: `${where}：签名文件与签名值不符` });
    else if (unverifiable(signature)) found.push({ key: 'ofd.signature-unverifiable', evidence: where });
  });
  for (const document of file.documents) {
    if (document.signatures !== null && document.signatures.path === null) found.push({ key: 'ofd.signature-missing', evidence: '签名列表' });
  }
  return found;
}

const unverifiable = (signature: OfdSignature): boolean => signature.signedDigest === 'unsupported' || signature.references.some((ref) => ref.state === 'unsupported');

/** Every entry is unpacked once: damage and smuggled programs show even where no page refers to them. */
function entryObservations(pkg: OfdPackage): { observations: Observation[]; executables: number; damaged: number } {
  let executables = 0;
  let damaged = 0;
  for (const entry of pkg.entries) {
    try {
      if (isExecutable(pkg.read(entry.path).subarray(0, 256))) executables += 1;
    } catch (error) {
      if (!(error instanceof PackageFault)) throw error;
      damaged += 1;
    }
  }
  return { observations: executables === 0 ? [] : [{ key: 'file.embedded-executable', evidence: `${String(executables)} 个` }], executables, damaged };
}

async function attachmentObservations(file: OfdFile, inner: Inner): Promise<Observation[]> {
  const attachments = file.documents.flatMap((document) => document.attachments);
  if (attachments.length === 0) return [];
  const found: Observation[] = [{ key: 'file.embedded', evidence: `${String(attachments.length)} 个` }];
  for (const [index, attachment] of attachments.slice(0, MOST_ATTACHMENTS).entries()) {
    if (attachment.path === null) continue;
    const content = readEntry(file.pkg, attachment.path);
    const examined = content === null ? null : await inner(bufferSource(content), attachment.path);
    if (examined?.facts.encrypted === true || examined?.facts.activeContent === true) found.push({ key: 'file.embedded-rejected', evidence: `附件 ${String(index + 1)}` });
  }
  return found;
}

function readEntry(pkg: OfdPackage, path: string): Buffer | null {
  try {
    return pkg.read(path);
  } catch (error) {
    if (error instanceof PackageFault) return null;
    throw error;
  }
}

/** Pages that cannot be shown: named and absent, or not XML. */
function brokenPages(file: OfdFile): number {
  let broken = 0;
  for (const page of file.documents.flatMap((document) => document.pages)) {
    try {
      if (page.path === null) broken += 1;
      else file.pkg.xml(page.path);
    } catch (error) {
      if (!(error instanceof PackageFault)) throw error;
      broken += 1;
    }
  }
  return broken;
}

/** The namespace of the package's root element, as written. */
function namespaceOf(pkg: OfdPackage): string | null {
  const entry = pkg.resolve('/OFD.xml', '');
  return entry === null ? null : (/<(?:\w+:)?OFD\b[^>]*?xmlns(?::\w+)?\s*=\s*["']([^"']*)["']/.exec(pkg.read(entry).toString('utf8', 0, 4096))?.[1] ?? null);
}

async function examineFile(file: OfdFile, inner: Inner): Promise<Examination> {
  const { pkg } = file;
  const identified: Identified = { ...OFD, name: file.docType === 'OFD-A' ? 'OFD-A' : 'OFD', version: file.version };
  const observations: Observation[] = [];
  if (pkg.traversals > 0) observations.push({ key: 'zip.traversal', evidence: `${String(pkg.traversals)} 个` });
  if (file.encrypted || pkg.zipPassword) {
    observations.push({ key: 'ofd.encrypted', evidence: file.encrypted ? 'GM/T 0099' : 'ZIP 口令' });
    return { identified, facts: { ...FACTS, encrypted: true, sealImage: file.encrypted ? false : null }, observations };
  }
  const pages = file.documents.flatMap((document) => document.pages).length;
  const entries = entryObservations(pkg);
  const doctypes = file.faults.filter(([, reason]) => reason === 'doctype').map(([path]) => path);
  const unreadable = file.faults.filter(([, reason]) => reason === 'malformed' || reason === 'damaged').map(([path]) => path);
  const absent = file.faults.filter(([, reason]) => reason === 'missing').map(([path]) => path);
  const broken = brokenPages(file);
  const noRoot = file.documents.some((document) => document.root === null);
  if (doctypes.length > 0) observations.push({ key: 'ofd.doctype', evidence: places(doctypes) });
  const valid = pages > 0 && broken === 0 && unreadable.length === 0 && entries.damaged === 0 && !noRoot;
  if (!valid) {
    const evidence = noRoot || pages === 0 ? '没有可读的文档或页面' : broken > 0 ? `${String(broken)} 页无法读取` : '部件损坏';
    observations.push({ key: 'file.unreadable', evidence });
  }
  observations.push(...entries.observations, ...signatureObservations(file), ...(await attachmentObservations(file, inner)));
  if (file.integrityProtected) observations.push({ key: 'ofd.integrity-protected', evidence: 'GM/T 0099' });
  const namespace = namespaceOf(pkg);
  if (namespace !== NAMESPACE) observations.push({ key: 'ofd.nonstandard', evidence: '命名空间' });
  if (absent.length > 0) observations.push({ key: 'ofd.part-missing', evidence: places(absent) });
  const facts: FileFacts = {
    ...FACTS,
    signed: file.signatures.some((signature) => signature.path !== null),
    sealImage: file.signatures.some((signature) => signature.ses?.picture != null),
    activeContent: entries.executables > 0,
    valid,
    pages,
  };
  return { identified, facts, observations };
}

/** The package could not be opened, or has no OFD.xml in it. */
async function remains(source: ByteSource, limits: ExamineLimits, reason: PackageFault['reason']): Promise<Examination> {
  if (reason === 'too-large') return { identified: OFD, facts: { ...FACTS, valid: null }, observations: [{ key: 'file.over-limits', evidence: '解包量超限' }] };
  if (reason === 'encrypted') return { identified: OFD, facts: { ...FACTS, encrypted: true, sealImage: null }, observations: [{ key: 'ofd.encrypted', evidence: 'ZIP 口令' }] };
  if (reason === 'doctype') return { identified: OFD, facts: { ...FACTS, valid: null }, observations: [{ key: 'ofd.doctype', evidence: 'OFD.xml' }] };
  const opened = await openPackage(source, limits).catch(() => null);
  const unknown = opened === null ? null : false;
  const evidence = opened === null ? '包结构损坏或被截断' : reason === 'missing' ? '包内没有 OFD.xml' : 'OFD.xml 无法读取';
  const identified = reason === 'missing' || opened === null ? REMAINS : OFD;
  return { identified, facts: { ...FACTS, signed: unknown, sealImage: unknown, extensionMismatch: false, valid: false }, observations: [{ key: 'file.unreadable', evidence }] };
}

/** Names in local file headers of the head, for a package whose directory cannot be read. */
function headNames(head: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at >= 0 && at + 30 < head.length && names.length < 50; at = head.indexOf('PK\x03\x04', at + 4, 'latin1')) {
    const length = head.readUInt16LE(at + 26);
    names.push(head.toString('utf8', at + 30, at + 30 + length).replaceAll('\\', '/'));
  }
  return names;
}

const OFD_PART = /^\/?(?:OFD\.xml|OFDEntries\.xml|Doc_\d+\/(?:$|Document\.xml|Pages\/|Signs\/|PublicRes\.xml|DocumentRes\.xml|Res\/|Annots\/|Tpls\/|Attachs\/|Tags\/))/i;

export const ofdExaminer: Examiner = {
  async claims(head, source) {
    if (head.length < 30 || head.readUInt32LE(0) !== 0x04034b50) return false;
    if (headNames(head).some((name) => OFD_PART.test(name))) return true;
    const tail = await source.read(Math.max(0, source.size - 65_536), 65_536);
    for (let at = tail.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0 && at + 46 < tail.length; at = tail.indexOf('PK\x01\x02', at + 4, 'latin1')) {
      if (/^\/?OFD\.xml$/i.test(tail.toString('utf8', at + 46, at + 46 + tail.readUInt16LE(at + 28)))) return true;
    }
    return false;
  },
  async examine(source, _name, limits, inner) {
    try {
      return await examineFile(await readOfd(source, limits), inner);
    } catch (error) {
      if (!(error instanceof PackageFault)) throw error;
      return remains(source, limits, error.reason);
    }
  },
};
