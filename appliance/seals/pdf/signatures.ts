import type { PdfDocument } from './document.js';
import { scanObjects } from './xref.js';
import { dictOf, type PdfDict, type PdfValue } from './values.js';

/** 签名数据 of a PDF: everything that strip must take away. */
export interface PdfSignatures {
  /** Signature dictionaries that a reader reaches, in the order of fields, then permissions, then loose ones. */
  readonly current: readonly PdfDict[];
  /** Signature dictionaries of earlier revisions, or reachable by nobody: their bytes are still in the file. */
  readonly buried: readonly PdfDict[];
  /** Validation data and permissions beside signatures: DSS, Perms, Legal. */
  readonly leftovers: boolean;
}

export const CATALOGUE_KEYS = ['Perms', 'DSS', 'Legal'] as const;

/** A signature dictionary (clause 12.8.1), or the husk of one: nothing else in a PDF has a ByteRange. */
export function isSignature(document: PdfDocument, value: PdfDict | null): boolean {
  if (value === null) return false;
  if (value.map.has('ByteRange')) return true;
  const type = document.nameAt(value, 'Type');
  return (type === 'Sig' || type === 'DocTimeStamp') && (value.map.has('Contents') || value.map.has('Filter'));
}

/** 签名域, by itself or by its parents; FT is inherited (clause 12.7.3.1). */
export function isSignatureField(document: PdfDocument, field: PdfDict): boolean {
  const seen = new Set<PdfDict>();
  for (let at: PdfDict | null = field; at !== null && !seen.has(at); at = document.dictAt(at, 'Parent')) {
    seen.add(at);
    const type = document.nameAt(at, 'FT');
    if (type !== null) return type === 'Sig';
    if (isSignature(document, document.dictAt(at, 'V'))) return true;
  }
  return false;
}

/** Pages in reading order, with the resources they inherit. */
export function pagesOf(document: PdfDocument): readonly PdfDict[] {
  const pages: PdfDict[] = [];
  const seen = new Set<PdfDict>();
  const walk = (node: PdfDict | null, depth: number): void => {
    if (node === null || seen.has(node) || depth > 100) return;
    seen.add(node);
    if (node.map.has('Kids')) for (const kid of document.itemsAt(node, 'Kids')) walk(dictOf(document.resolve(kid)), depth + 1);
    else pages.push(node);
  };
  walk(document.dictAt(catalogueOf(document), 'Pages'), 0);
  return pages;
}

export function catalogueOf(document: PdfDocument): PdfDict | null {
  return document.dictAt(document.trailer, 'Root');
}

export function findSignatures(document: PdfDocument): PdfSignatures {
  const current = new Set<PdfDict>();
  walkFields(document, (field) => {
    const value = document.dictAt(field, 'V');
    if (value !== null && (isSignature(document, value) || isSignatureField(document, field))) current.add(value);
  });
  walkAll(document, document.trailer, (found) => {
    if (isSignature(document, found)) current.add(found);
  });
  const catalogue = catalogueOf(document);
  const leftovers = CATALOGUE_KEYS.some((key) => key !== 'Legal' && document.get(catalogue, key).kind !== 'null');
  return { current: [...current], buried: buried(document, current), leftovers };
}

/** Every field of the interactive form, parents before kids. */
function walkFields(document: PdfDocument, visit: (field: PdfDict) => void): void {
  const seen = new Set<PdfDict>();
  const walk = (value: PdfValue, depth: number): void => {
    const field = dictOf(document.resolve(value));
    if (field === null || seen.has(field) || depth > 100) return;
    seen.add(field);
    visit(field);
    for (const kid of document.itemsAt(field, 'Kids')) walk(kid, depth + 1);
  };
  for (const field of document.itemsAt(document.dictAt(catalogueOf(document), 'AcroForm'), 'Fields')) walk(field, 0);
  for (const page of pagesOf(document)) for (const annotation of document.itemsAt(page, 'Annots')) walk(annotation, 0);
}

/** Every dictionary that can be reached. */
export function walkAll(document: PdfDocument, start: PdfValue, visit: (found: PdfDict) => void): void {
  const seen = new Set<number>();
  const stack: PdfValue[] = [start];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (at.kind === 'ref') {
      if (seen.has(at.num)) continue;
      seen.add(at.num);
      stack.push(document.resolve(at));
    } else if (at.kind === 'array') stack.push(...at.items.toReversed());
    else {
      const inner = dictOf(at);
      if (inner === null) continue;
      visit(inner);
      stack.push(...[...inner.map.values()].toReversed());
    }
  }
}

/**
 * Signature dictionaries in the bytes that the current revision does not reach, copies of current ones left out. A PDF that
 * is attached as it is (a stream that begins with `%PDF-`) is a file of its own, and so are its signatures.
 */
function buried(document: PdfDocument, current: ReadonlySet<PdfDict>): readonly PdfDict[] {
  const known = new Set([...current].map((one) => fingerprint(document, one)));
  const found: PdfDict[] = [];
  const look = (value: PdfValue): void => {
    for (const inner of innerDicts(value)) {
      if (!isSignature(document, inner)) continue;
      const print = fingerprint(document, inner);
      if (!known.has(print)) found.push(inner);
      known.add(print);
    }
  };
  let attachedUntil = 0;
  for (const offset of scanObjects(document.data).every) {
    const value = offset < attachedUntil ? null : document.readAt(offset, null);
    if (value === null) continue;
    look(value);
    if (value.kind === 'stream' && value.raw.subarray(0, 5).toString('latin1') === '%PDF-') attachedUntil = value.raw.byteOffset - document.data.byteOffset + value.raw.length;
    else if (value.kind === 'stream' && document.nameAt(value.dict, 'Type') === 'ObjStm') for (const inner of document.packedIn(value).values()) look(inner);
  }
  return found;
}

function innerDicts(value: PdfValue): readonly PdfDict[] {
  const found: PdfDict[] = [];
  const stack = [value];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (at.kind === 'array') stack.push(...at.items);
    const inner = dictOf(at);
    if (inner === null) continue;
    found.push(inner);
    stack.push(...inner.map.values());
  }
  return found;
}

function fingerprint(document: PdfDocument, signature: PdfDict): string {
  const contents = document.get(signature, 'Contents');
  return `${JSON.stringify(document.numbersAt(signature, 'ByteRange'))} ${contents.kind === 'string' ? contents.bytes.toString('base64') : ''}`;
}
