import type { ByteSource, ExamineLimits } from '../../format.js';
import { PackageFault, openPackage, type OfdPackage } from './package.js';
import { box, readSignatures, type Box, type OfdSignature, type SignatureList } from './signatures.js';
import { child, childrenOf, textOf, type XmlNode } from './xml.js';

export interface OfdPage {
  /** ID of the page element, what a StampAnnot's PageRef names. */
  readonly id: string;
  /** Content.xml; null when the package has no such entry. */
  readonly path: string | null;
}

export interface OfdTemplate {
  readonly id: string;
  readonly path: string | null;
  readonly zOrder: string | null;
}

export interface OfdAttachment {
  readonly name: string;
  readonly format: string | null;
  readonly path: string | null;
}

/** One DocBody. */
export interface OfdDocument {
  /** Document.xml; null when it is absent. */
  readonly root: string | null;
  /** 默认页面物理区域, millimetres. */
  readonly pageBox: Box;
  readonly pages: readonly OfdPage[];
  readonly templates: readonly OfdTemplate[];
  /** Paths of PublicRes and DocumentRes parts, in order. */
  readonly resources: readonly string[];
  readonly attachments: readonly OfdAttachment[];
  /** Annotation parts by page ID. */
  readonly annotations: ReadonlyMap<string, readonly string[]>;
  readonly signatures: SignatureList | null;
  readonly creator: string | null;
}

export interface OfdFile {
  readonly pkg: OfdPackage;
  readonly version: string | null;
  /** `OFD` or `OFD-A`. */
  readonly docType: string | null;
  readonly documents: readonly OfdDocument[];
  readonly signatures: readonly OfdSignature[];
  /** GM/T 0099: Encryptions.xml with the map and the seed. */
  readonly encrypted: boolean;
  /** GM/T 0099 完整性保护: OFDEntries.xml with its signed value. */
  readonly integrityProtected: boolean;
  /** Parts named and absent, parts that cannot be read: `[path, reason]`. */
  readonly faults: readonly (readonly [string, string])[];
}

const A4: Box = [0, 0, 210, 297];
const DEFAULT_LIMITS: ExamineLimits = { wholeBytes: 256 * 2 ** 20, unpackedBytes: 512 * 2 ** 20, entries: 20_000, depth: 4 };

/** References as children (`<Attachments>path</Attachments>`) resolved; what is missing becomes a fault. */
class Collector {
  readonly faults: [string, string][] = [];
  constructor(readonly pkg: OfdPackage) {}
  find(reference: string | null, from: string): string | null {
    if (reference === null) return null;
    const path = this.pkg.resolve(reference, from);
    if (path === null) this.faults.push([reference, 'missing']);
    return path;
  }
  xml(path: string): XmlNode | undefined {
    try {
      return this.pkg.xml(path);
    } catch (error) {
      if (!(error instanceof PackageFault)) throw error;
      this.faults.push([path, error.reason]);
      return undefined;
    }
  }
}

function readAttachments(collect: Collector, reference: string | null, from: string): OfdAttachment[] {
  const list = collect.find(reference, from);
  if (list === null) return [];
  return childrenOf(collect.xml(list), 'Attachment').map((node) => ({
    name: node.attrs['Name'] ?? '',
    format: node.attrs['Format'] ?? null,
    path: collect.find(textOf(node, 'FileLoc'), list),
  }));
}

function readAnnotations(collect: Collector, references: readonly XmlNode[], from: string): Map<string, string[]> {
  const byPage = new Map<string, string[]>();
  for (const reference of references) {
    const list = collect.find(reference.text, from);
    if (list === null) continue;
    for (const page of childrenOf(collect.xml(list), 'Page')) {
      const path = collect.find(textOf(page, 'FileLoc'), list);
      const id = page.attrs['PageID'] ?? '';
      if (path !== null) byPage.set(id, [...(byPage.get(id) ?? []), path]);
    }
  }
  return byPage;
}

function readDocument(collect: Collector, body: XmlNode): OfdDocument {
  const declared = textOf(body, 'Signatures');
  const signatures = declared === null ? null : readSignatures(collect.pkg, declared);
  const creator = textOf(child(body, 'DocInfo'), 'Creator');
  const root = collect.find(textOf(body, 'DocRoot'), 'OFD.xml');
  const node = root === null ? undefined : collect.xml(root);
  const empty = { root, pageBox: A4, pages: [], templates: [], resources: [], attachments: [], annotations: new Map<string, string[]>(), signatures, creator };
  if (root === null || node === undefined) return empty;
  const common = child(node, 'CommonData');
  return {
    ...empty,
    pageBox: box(textOf(child(common, 'PageArea'), 'PhysicalBox')) ?? A4,
    pages: childrenOf(child(node, 'Pages'), 'Page').map((page) => ({ id: page.attrs['ID'] ?? '', path: collect.find(page.attrs['BaseLoc'] ?? '', root) })),
    templates: childrenOf(common, 'TemplatePage').map((page) => ({ id: page.attrs['ID'] ?? '', path: collect.find(page.attrs['BaseLoc'] ?? '', root), zOrder: page.attrs['ZOrder'] ?? null })),
    resources: [...childrenOf(common, 'PublicRes'), ...childrenOf(common, 'DocumentRes')].flatMap((part) => collect.find(part.text, root) ?? []),
    attachments: readAttachments(collect, textOf(node, 'Attachments'), root),
    annotations: readAnnotations(collect, childrenOf(node, 'Annotations'), root),
  };
}

/**
 * The structure of an OFD file (GB/T 33190-2016): documents, pages, resources, attachments, signatures. Page content is read
 * on demand by `readPage`. Content that is missing or damaged is listed in `faults`, never thrown.
 * @throws PackageFault when there is no readable package or no OFD.xml in it
 */
export async function readOfd(source: ByteSource, limits: ExamineLimits = DEFAULT_LIMITS): Promise<OfdFile> {
  const pkg = await openPackage(source, limits);
  const entry = pkg.resolve('/OFD.xml', '');
  const encrypted = pkg.resolve('/Encryptions.xml', '') !== null;
  const integrityProtected = pkg.resolve('/OFDEntries.xml', '') !== null;
  if (entry === null) throw new PackageFault('missing');
  const root = pkg.xml(entry);
  const collect = new Collector(pkg);
  const documents = encrypted ? [] : childrenOf(root, 'DocBody').map((body) => readDocument(collect, body));
  return {
    pkg,
    version: root.attrs['Version'] ?? null,
    docType: root.attrs['DocType'] ?? null,
    documents,
    signatures: documents.flatMap((document) => document.signatures?.signatures ?? []),
    encrypted,
    integrityProtected,
    faults: collect.faults,
  };
}
