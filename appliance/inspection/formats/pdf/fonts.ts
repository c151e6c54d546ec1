import { PdfDict, PdfStream, nameOf, type PdfDocument, type PdfValue } from './document.js';
import { annotationsOf, type PdfPage } from './pages.js';

const FONT_FILES = ['FontFile', 'FontFile2', 'FontFile3'] as const;

function isEmbedded(doc: PdfDocument, font: PdfDict): boolean {
  const subtype = nameOf(doc.resolve(font.get('Subtype')));
  // The glyphs of a Type 3 font are drawings in the file itself.
  if (subtype === 'Type3') return true;
  if (subtype === 'Type0') return doc.array(font.get('DescendantFonts')).every((kid) => {
    const inner = doc.dict(kid);
    return inner !== null && isEmbedded(doc, inner);
  });
  const descriptor = doc.dict(font.get('FontDescriptor'));
  return descriptor !== null && FONT_FILES.some((key) => doc.resolve(descriptor.get(key)) instanceof PdfStream);
}

export interface FontCount {
  readonly fonts: number;
  readonly notEmbedded: number;
}

/**
 * Fonts reachable from what a page shows: its resources, forms, patterns and glyph procedures within, and annotation
 * appearances. The standard 14 count like any other: what is not in the file looks different elsewhere.
 */
export function countFonts(doc: PdfDocument, pages: readonly PdfPage[]): FontCount {
  const seen = new Set<PdfDict>();
  const fonts = new Set<PdfDict>();
  const visit = (resources: PdfDict | null, depth: number): void => {
    if (resources === null || seen.has(resources) || depth > 24 || seen.size > 100_000) return;
    seen.add(resources);
    for (const value of doc.dict(resources.get('Font'))?.map.values() ?? []) {
      const font = doc.dict(value);
      if (font === null) continue;
      fonts.add(font);
      visit(doc.dict(font.get('Resources')), depth + 1);
    }
    for (const key of ['XObject', 'Pattern']) {
      for (const value of doc.dict(resources.get(key))?.map.values() ?? []) visit(doc.dict(doc.dict(value)?.get('Resources') ?? null), depth + 1);
    }
  };
  const visitAppearance = (value: PdfValue): void => {
    const resolved = doc.resolve(value);
    if (resolved instanceof PdfStream) visit(doc.dict(resolved.dict.get('Resources')), 0);
    else if (resolved instanceof PdfDict) for (const state of resolved.map.values()) visit(doc.dict(doc.dict(state)?.get('Resources') ?? null), 0);
  };
  for (const page of pages) {
    visit(page.resources, 0);
    for (const annotation of annotationsOf(doc, page)) visitAppearance(doc.dict(annotation.get('AP'))?.get('N') ?? null);
  }
  return { fonts: fonts.size, notEmbedded: [...fonts].filter((font) => !isEmbedded(doc, font)).length };
}
