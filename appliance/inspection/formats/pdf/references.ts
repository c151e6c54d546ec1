import { PdfRef, type PdfDocument } from './document.js';
import type { PdfPage } from './pages.js';

/** Resources a page names (pictures, forms, fonts) that the file does not hold: something will be missing on the page. */
export function countDangling(doc: PdfDocument, pages: readonly PdfPage[]): number {
  let dangling = 0;
  for (const page of pages) {
    for (const kind of ['XObject', 'Font']) {
      for (const value of doc.dict(page.resources?.get(kind) ?? null)?.map.values() ?? []) {
        if (value instanceof PdfRef && !doc.places.has(value.num)) dangling += 1;
      }
    }
    const contents = page.dict.get('Contents');
    if (contents instanceof PdfRef && !doc.places.has(contents.num)) dangling += 1;
  }
  return dangling;
}
