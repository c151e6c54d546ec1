import { isSignedData } from '../cms.js';
import { intOf, is, readDer, TAG, type Der } from '../der.js';
import { folderOf, type OfdPackage } from './package.js';
import { attribute, child, childrenNamed, decodeXml, descendants, parseXml, textIn, type XmlElement } from './xml.js';

/** 签章外观 (GB/T 33190-2016 clause 18.2.3): where a seal is shown. */
export interface Stamp {
  readonly pageRef: string;
  /** x y width height in mm, as written. */
  readonly boundary: string;
  /** 裁剪区 of a riding seal 骑缝章, in the stamp's own coordinates; null: the whole seal shows. */
  readonly clip: string | null;
}

export interface Reference {
  readonly location: string;
  /** Base64. */
  readonly checkValue: string;
}

/** One `ofd:Signature` of the package. */
export interface OfdSignature {
  /** `ofd:DocBody` it belongs to, from 0. */
  readonly body: number;
  /** Path of Signature.xml; null when it is declared but not there. */
  readonly path: string | null;
  readonly valuePath: string | null;
  readonly sealPath: string | null;
  readonly provider: string | null;
  readonly method: string | null;
  readonly time: string | null;
  readonly checkMethod: string | null;
  readonly references: readonly Reference[];
  readonly stamps: readonly Stamp[];
  /** More signatures stand after this one in Signatures.xml. */
  readonly followed: boolean;
}

export interface OfdSignatures {
  readonly signatures: readonly OfdSignature[];
  /** `ofd:Signatures` elements of OFD.xml, dangling ones included. */
  readonly declarations: number;
  /** Paths of Signatures.xml. */
  readonly lists: readonly string[];
}

export const ROOT = 'OFD.xml';

export function rootPath(ofd: OfdPackage): string | null {
  return ofd.locate(ROOT, '');
}

/** @returns null when the package has no readable OFD.xml */
export function findSignatures(ofd: OfdPackage): OfdSignatures | null {
  const path = rootPath(ofd);
  const bytes = path === null ? null : ofd.get(path);
  if (path === null || bytes === null) return null;
  const { text } = decodeXml(bytes);
  const root = parseXml(text);
  if (root === null || root.local !== 'OFD') return null;
  const signatures: OfdSignature[] = [];
  const lists: string[] = [];
  let declarations = 0;
  for (const [body, element] of childrenNamed(root, 'DocBody').entries()) {
    for (const declared of childrenNamed(element, 'Signatures')) {
      declarations++;
      const list = ofd.locate(textIn(text, declared), path);
      if (list === null || lists.includes(list)) continue;
      lists.push(list);
      signatures.push(...readList(ofd, list, body));
    }
  }
  return { signatures, declarations, lists };
}

function readList(ofd: OfdPackage, path: string, body: number): readonly OfdSignature[] {
  const root = parseXml(decodeXml(ofd.get(path) ?? Buffer.alloc(0)).text);
  const items = childrenNamed(root, 'Signature');
  return items.map((item, at) => readSignature(ofd, ofd.locate(attribute(item, 'BaseLoc') ?? '', path), body, at < items.length - 1));
}

function readSignature(ofd: OfdPackage, path: string | null, body: number, followed: boolean): OfdSignature {
  const nothing = { body, path, valuePath: null, sealPath: null, provider: null, method: null, time: null, checkMethod: null, references: [], stamps: [], followed };
  if (path === null) return nothing;
  const { text } = decodeXml(ofd.get(path) ?? Buffer.alloc(0));
  const root = parseXml(text);
  if (root === null) return { ...nothing, valuePath: ofd.locate('SignedValue.dat', path), sealPath: ofd.locate('Seal.esl', path) };
  const all = [...descendants(root)];
  const first = (local: string): XmlElement | null => all.find((one) => one.local === local) ?? null;
  const said = (local: string): string | null => textIn(text, first(local)) || null;
  const references = first('References');
  const provider = first('Provider');
  return {
    body, path, followed,
    valuePath: locateSaid(ofd, said('SignedValue'), path),
    sealPath: locateSaid(ofd, textIn(text, child(first('Seal'), 'BaseLoc')) || null, path),
    provider: provider === null ? null : (attribute(provider, 'ProviderName') ?? said('ProviderName')),
    method: said('SignatureMethod'),
    time: said('SignatureDateTime'),
    checkMethod: references === null ? null : attribute(references, 'CheckMethod'),
    references: childrenNamed(references, 'Reference').map((one) => ({ location: attribute(one, 'FileRef') ?? '', checkValue: textIn(text, child(one, 'CheckValue')) })),
    stamps: all.filter((one) => one.local === 'StampAnnot').map((one) => ({ pageRef: attribute(one, 'PageRef') ?? '', boundary: attribute(one, 'Boundary') ?? '', clip: attribute(one, 'Clip') })),
  };
}

function locateSaid(ofd: OfdPackage, location: string | null, from: string): string | null {
  return location === null ? null : ofd.locate(location, from);
}

/**
 * Files that hold signature data: the declared ones, their folders, and whatever reads as a signature by its content,
 * wherever a producer or a forger put it. Attachments 附件 of the document are records of their own and stay.
 */
export function signatureFiles(ofd: OfdPackage, found: OfdSignatures): ReadonlySet<string> {
  const declared = found.signatures.flatMap((one) => [one.path, one.valuePath, one.sealPath]).filter((one): one is string => one !== null);
  const folders = new Set(found.signatures.flatMap((one) => (one.path === null ? [] : [folderOf(one.path)])).filter((folder) => /sign/i.test(folder)));
  for (const list of found.lists) if (/signs?\/$/i.test(folderOf(list))) folders.add(folderOf(list));
  const files = new Set([...declared, ...found.lists]);
  const attachments = attachmentFiles(ofd);
  for (const path of ofd.paths) {
    if (attachments.has(path)) continue;
    if ([...folders].some((folder) => path.startsWith(folder)) || holdsSignature(path, ofd.get(path) ?? Buffer.alloc(0))) files.add(path);
  }
  for (const path of ofd.paths) if (path.endsWith('/') && ofd.paths.some((one) => one !== path && one.startsWith(path)) && ofd.paths.every((one) => one === path || !one.startsWith(path) || files.has(one))) files.add(path);
  return files;
}

/** Paths under the folders that Attachments.xml speaks of. */
function attachmentFiles(ofd: OfdPackage): ReadonlySet<string> {
  const files = new Set<string>();
  for (const path of ofd.paths.filter((one) => /attachments?\.xml$/i.test(one))) {
    const { text } = decodeXml(ofd.get(path) ?? Buffer.alloc(0));
    const root = parseXml(text);
    if (root?.local !== 'Attachments') continue;
    for (const item of childrenNamed(root, 'Attachment')) {
      const file = ofd.locate(textIn(text, child(item, 'FileLoc')), path);
      if (file !== null) files.add(file);
    }
  }
  return files;
}

/** Signature data by content: `Signatures`, `Signature`, `DocEntries` (GM/T 0099 integrity) in XML, or a DER seal, signature or SignedData. */
export function holdsSignature(path: string, content: Buffer): boolean {
  if (content[0] === 0x30) return isSealDer(content);
  if (!/\.xml$/i.test(path)) return false;
  const root = /<(?:[\w.-]+:)?(Signatures|Signature|DocEntries)[\s>/]/.test(decodeXml(content.subarray(0, 2000)).text) ? parseXml(decodeXml(content).text) : null;
  return root !== null && (root.local === 'Signatures' || root.local === 'DocEntries' || (root.local === 'Signature' && child(root, 'SignedInfo') !== null));
}

function isSealDer(content: Buffer): boolean {
  const node = readDer(content);
  if (node === null || !is(node, TAG.sequence) || node.raw.length < content.length - 16) return false;
  return isSignedData(node) || isSeal(node) || isSealSignature(node);
}

/** SESeal (GB/T 38540 clause 6): its header begins with the letters ES. */
export function isSeal(node: Der | undefined): boolean {
  const header = node?.children[0]?.children[0];
  return is(node, TAG.sequence) && is(header, TAG.sequence) && header.children[0]?.content.toString('latin1').startsWith('ES') === true;
}

/** SES_Signature (GB/T 38540 clause 7): toSign{version, eseal, …}. */
export function isSealSignature(node: Der): boolean {
  const signed = node?.children[0];
  return is(node, TAG.sequence) && is(signed, TAG.sequence) && intOf(signed.children[0]) !== null && isSeal(signed.children[1]);
}
