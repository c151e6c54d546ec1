import { type PdfDict, PdfRef, PdfStream, nameOf, type PdfDocument, type PdfValue } from './document.js';

export interface PdfPage {
  /** Zero-based. */
  readonly index: number;
  readonly ref: PdfRef | null;
  readonly dict: PdfDict;
  /** Own or inherited. */
  readonly resources: PdfDict | null;
  /** `[x1, y1, x2, y2]` in points, own or inherited. */
  readonly mediaBox: readonly number[] | null;
}

export interface PageTree {
  readonly pages: readonly PdfPage[];
  /** A node is its own ancestor. */
  readonly loop: boolean;
  /** Kids that are no pages and no nodes. */
  readonly broken: number;
}

const MOST_PAGES = 200_000;

/** The page tree, ISO 32000-1 §7.7.3. */
export function readPages(doc: PdfDocument): PageTree {
  const pages: PdfPage[] = [];
  let loop = false;
  let broken = 0;
  const numbers = (value: PdfValue): readonly number[] | null => {
    const list = doc.array(value).map((n) => doc.resolve(n));
    return list.length === 4 && list.every((n) => typeof n === 'number') ? (list as number[]) : null;
  };
  const visit = (value: PdfValue, resources: PdfDict | null, mediaBox: readonly number[] | null, above: ReadonlySet<number>, depth: number): void => {
    const num = value instanceof PdfRef ? value.num : -1;
    if (above.has(num) || depth > 100) {
      loop = true;
      return;
    }
    const dict = doc.dict(value);
    if (dict === null || pages.length >= MOST_PAGES) {
      broken += 1;
      return;
    }
    const own = doc.dict(dict.get('Resources')) ?? resources;
    const box = numbers(dict.get('MediaBox')) ?? mediaBox;
    const kids = doc.resolve(dict.get('Kids'));
    if (Array.isArray(kids)) {
      const path = num < 0 ? above : new Set([...above, num]);
      for (const kid of kids as readonly PdfValue[]) visit(kid, own, box, path, depth + 1);
    } else if (nameOf(doc.resolve(dict.get('Type'))) === 'Pages') return;
    else pages.push({ index: pages.length, ref: value instanceof PdfRef ? value : null, dict, resources: own, mediaBox: box });
  };
  const root = doc.catalog?.get('Pages') ?? null;
  if (root !== null) visit(root, null, null, new Set(), 0);
  return { pages, loop, broken };
}

/** Annotations of a page, as dictionaries. */
export const annotationsOf = (doc: PdfDocument, page: PdfPage): PdfDict[] =>
  doc.array(page.dict.get('Annots')).flatMap((value) => doc.dict(value) ?? []);

/** Content of a page as written, streams joined; null when a stream cannot be read within `ceiling`. */
export function pageContent(doc: PdfDocument, page: PdfPage, ceiling: number): Buffer | null {
  const contents = doc.resolve(page.dict.get('Contents'));
  const streams = contents instanceof PdfStream ? [contents] : doc.array(contents).map((part) => doc.resolve(part)).filter((part) => part instanceof PdfStream);
  const parts: Buffer[] = [];
  for (const stream of streams) {
    const decoded = doc.decode(stream, ceiling);
    if ('fault' in decoded) return null;
    parts.push(decoded.bytes, Buffer.from('\n'));
  }
  return Buffer.concat(parts);
}
