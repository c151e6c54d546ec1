import { createHash, type Hash } from 'node:crypto';
import { PdfDocument } from './document.js';
import { isSignature, pagesOf } from './signatures.js';
import type { PdfDict, PdfValue } from './values.js';

/** Keys of a page that do not show, or that lead back to the whole document. */
const UNSEEN = new Set(['Parent', 'StructParents', 'StructParent', 'Metadata', 'PieceInfo', 'LastModified', 'P', 'Dest', 'A', 'AA', 'Popup']);

/**
 * Whether the pages show something else than in the revision that ends at `end`. Forms filled in and seals added since
 * do not count: signing allows them; other content that appears after signing was never signed.
 */
export function looksChangedSince(document: PdfDocument, end: number): boolean {
  const signed = PdfDocument.read(document.data.subarray(0, end));
  return signed !== null && !lookOf(signed).equals(lookOf(document));
}

function lookOf(document: PdfDocument): Buffer {
  const hash = createHash('sha256');
  for (const page of pagesOf(document)) {
    hash.update('page');
    for (const key of ['MediaBox', 'CropBox', 'Rotate', 'Contents', 'Resources']) feed(document, hash, inherited(document, page, key), new Set());
    for (const item of document.itemsAt(page, 'Annots')) {
      const annotation = document.resolve(item);
      if (annotation.kind === 'dict' && document.nameAt(annotation, 'Subtype') !== 'Widget') feed(document, hash, annotation, new Set());
    }
  }
  return hash.digest();
}

function inherited(document: PdfDocument, page: PdfDict, key: string): PdfValue {
  let at: PdfDict | null = page;
  for (let hops = 0; at !== null && hops < 64; at = document.dictAt(at, 'Parent'), hops++) {
    const value = document.get(at, key);
    if (value.kind !== 'null') return value;
  }
  return { kind: 'null' };
}

/** One walk per part, each object once, so that a page of many references stays cheap. */
function feed(document: PdfDocument, hash: Hash, value: PdfValue, seen: Set<PdfValue>): void {
  const target = document.resolve(value);
  if (seen.has(target)) {
    hash.update('again');
    return;
  }
  switch (target.kind) {
    case 'null': hash.update('null'); return;
    case 'bool': hash.update(String(target.value)); return;
    case 'number': hash.update(target.raw); return;
    case 'name': hash.update(`/${target.value}`); return;
    case 'word': hash.update(target.raw); return;
    case 'string': hash.update('(').update(target.bytes); return;
    case 'ref': return;
    case 'array':
      seen.add(target);
      hash.update('[');
      for (const item of target.items) feed(document, hash, item, seen);
      hash.update(']');
      return;
    case 'dict': case 'stream': {
      seen.add(target);
      const inner = target.kind === 'dict' ? target : target.dict;
      if (isSignature(document, inner)) return;
      hash.update('<<');
      for (const key of [...inner.map.keys()].sort()) {
        if (UNSEEN.has(key) || key === 'Length') continue;
        hash.update(`/${key}`);
        feed(document, hash, inner.map.get(key) ?? { kind: 'null' }, seen);
      }
      hash.update('>>');
      if (target.kind === 'stream') hash.update(target.raw);
    }
  }
}
