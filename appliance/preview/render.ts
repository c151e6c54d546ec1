import sharp from 'sharp';
import type { ByteSource } from '../inspection/format.js';
import { PackageFault } from '../inspection/formats/ofd/package.js';
import { EXAMINE_LIMITS } from '../inspection/limits.js';
import { imagePageCount, imagePagePng } from './image-page.js';
import { ofdPageCount, ofdPagePng } from './ofd-page.js';
import { pdfPageCount, pdfPagePng } from './pdf-page.js';
import { plainText } from './plain-text.js';
import { textPageCount, textPagePng } from './text-page.js';
import { watermarkSvg, type Watermark } from './watermark.js';

export interface PageOptions {
  /** Width of the picture, 200 to 4000 pixels. */
  readonly widthPixels: number;
  readonly watermark?: Watermark | undefined;
}

sharp.cache(false);
sharp.concurrency(1);

const PICTURES = new Set(['image/jpeg', 'image/png', 'image/tiff', 'image/gif', 'image/webp', 'image/svg+xml', 'image/avif']);

/** Pages that can be shown; null when the format has no page view on this box or the file cannot be opened. */
export async function pageCount(source: ByteSource, mime: string): Promise<number | null> {
  const bytes = await source.all(EXAMINE_LIMITS.wholeBytes);
  if (mime === 'application/pdf') return pdfPageCount(bytes);
  if (mime === 'application/ofd') return readable(() => ofdPageCount(bytes));
  if (PICTURES.has(mime)) return imagePageCount(bytes, mime);
  const text = await plainText(bytes, mime);
  return text === null ? null : textPageCount(text);
}

/** What an OFD package cannot give is no page, not a fault of the box. */
async function readable<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PackageFault) return null;
    throw error;
  }
}

async function pagePng(bytes: Buffer, mime: string, index: number, widthPixels: number): Promise<Buffer | null> {
  if (mime === 'application/pdf') return pdfPagePng(bytes, index, widthPixels);
  if (mime === 'application/ofd') return readable(() => ofdPagePng(bytes, index, widthPixels));
  if (PICTURES.has(mime)) return imagePagePng(bytes, mime, index, widthPixels);
  const text = await plainText(bytes, mime);
  return text === null ? null : textPagePng(text, index, widthPixels);
}

/**
 * One page as a PNG with the watermark burnt in.
 * @param pageNo from 1
 * @returns null when the format has no page view, the page does not exist or cannot be drawn
 */
export async function renderPage(source: ByteSource, mime: string, pageNo: number, options: PageOptions): Promise<Buffer | null> {
  const widthPixels = Math.max(200, Math.min(4000, Math.round(options.widthPixels)));
  const bytes = await source.all(EXAMINE_LIMITS.wholeBytes);
  const png = await pagePng(bytes, mime, pageNo - 1, widthPixels);
  if (png === null || options.watermark === undefined) return png;
  const { width, height } = await sharp(png).metadata();
  return sharp(png).composite([{ input: Buffer.from(watermarkSvg(options.watermark, width, height)) }]).png().toBuffer();
}
