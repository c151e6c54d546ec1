/** The process that measures scans and draws their pages for recognition. */
import sharp from 'sharp';
import { serve } from '../inspection/serve.js';
import { pdfPagePng } from '../preview/pdf-page.js';
import { measureScan } from './measure.js';
import type { Measured } from './measure.js';

export type ScanOrder = { readonly limitBytes: number; readonly mime: string } & (
  | { readonly kind: 'measure' }
  /** `page` from 0; `scale`: of the picture, so that it has the resolution asked for. */
  | { readonly kind: 'page'; readonly page: number; readonly scale: number; readonly widthPixels: number }
);
export type ScanAnswer = Measured | { readonly png: Uint8Array | null };

sharp.cache(false);
sharp.concurrency(1);

async function page(bytes: Buffer, { mime, page: at, scale, widthPixels }: Extract<ScanOrder, { kind: 'page' }>): Promise<Uint8Array | null> {
  if (mime === 'application/pdf') {
    const drawn = await pdfPagePng(bytes, at, widthPixels);
    return drawn === null ? null : sharp(drawn).greyscale().png().toBuffer();
  }
  const picture = sharp(bytes, { page: mime === 'image/tiff' ? at : 0, limitInputPixels: 300_000_000, failOn: 'none' }).rotate().flatten({ background: '#fff' }).greyscale();
  if (scale === 1) return picture.png().toBuffer();
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } }).resize({ width: Math.max(1, Math.round(info.width * scale)) }).png().toBuffer();
}

serve<ScanOrder>(async (source, order): Promise<ScanAnswer> => {
  const bytes = await source.all(order.limitBytes);
  return order.kind === 'measure' ? measureScan(bytes, order.mime) : { png: await page(bytes, order) };
});
