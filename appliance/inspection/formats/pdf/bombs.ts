import { PdfStream, nameOf, type PdfDocument } from './document.js';
import { pageContent, type PdfPage } from './pages.js';

/** Pixels of the largest picture a record may declare; an A0 sheet at 600 dpi has 558 million. */
const MOST_PIXELS = 1_000_000_000;
/** Bytes of one page's drawing instructions, unpacked. */
const MOST_CONTENT = 64 * 2 ** 20;

/** JBIG2 page information segment (ITU-T T.88 §7.4.8), the first in an embedded stream: width and height. */
function jbig2Pixels(raw: Buffer): number {
  for (let at = 0; at + 19 <= Math.min(raw.length, 4096); ) {
    const type = (raw[at + 4] ?? 0) & 0x3f;
    const wide = ((raw[at + 4] ?? 0) & 0x40) !== 0;
    const references = (raw[at + 5] ?? 0) >> 5;
    const header = 6 + references + (wide ? 4 : 1);
    if (at + header + 12 > raw.length) return 0;
    const length = raw.readUInt32BE(at + header);
    if (type === 48) return raw.readUInt32BE(at + header + 4) * raw.readUInt32BE(at + header + 8);
    at += header + 4 + length;
  }
  return 0;
}

const number = (doc: PdfDocument, stream: PdfStream, long: string, short: string): number => {
  const value = doc.resolve(stream.dict.get(long) ?? stream.dict.get(short));
  return typeof value === 'number' ? value : 0;
};

/** Where showing the file would take more than any record needs: evidence in Chinese, or null. */
export function findBomb(doc: PdfDocument, pages: readonly PdfPage[]): string | null {
  for (const num of [...doc.places.keys()]) {
    const stream = doc.get(num);
    if (!(stream instanceof PdfStream)) continue;
    const filters = doc.resolve(stream.dict.get('Filter'));
    const names = Array.isArray(filters) ? filters.map((filter) => nameOf(doc.resolve(filter))) : [nameOf(filters)];
    if (number(doc, stream, 'Width', 'W') * number(doc, stream, 'Height', 'H') > MOST_PIXELS) return '图像声明的像素数异常巨大';
    if (names.at(-1) === 'JBIG2Decode' && names.length === 1 && jbig2Pixels(stream.raw) > MOST_PIXELS) return 'JBIG2 图像声明的像素数异常巨大';
  }
  let budget = 0;
  for (const page of pages) {
    const content = pageContent(doc, page, MOST_CONTENT);
    if (content === null && contentTooLarge(doc, page)) return `第${String(page.index + 1)}页内容解压量异常巨大`;
    budget += content?.length ?? 0;
    if (budget > 8 * MOST_CONTENT) return '页面内容解压总量异常巨大';
  }
  return null;
}

function contentTooLarge(doc: PdfDocument, page: PdfPage): boolean {
  const contents = doc.resolve(page.dict.get('Contents'));
  const parts = contents instanceof PdfStream ? [contents] : doc.array(contents).map((part) => doc.resolve(part));
  return parts.some((part) => {
    if (!(part instanceof PdfStream)) return false;
    const decoded = doc.decode(part, MOST_CONTENT);
    return 'fault' in decoded && decoded.fault === 'too-large';
  });
}
