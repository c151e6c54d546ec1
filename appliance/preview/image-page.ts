import sharp from 'sharp';
import { readTiff } from '../inspection/formats/image/tiff.js';

const MOST_PIXELS = 300_000_000;

export function imagePageCount(bytes: Buffer, mime: string): number {
  return mime === 'image/tiff' ? Math.max(1, readTiff(bytes).pages) : 1;
}

/** Page `index` (from 0) turned the way the camera was held, never enlarged; null when it cannot be decoded. */
export async function imagePagePng(bytes: Buffer, mime: string, index: number, widthPixels: number): Promise<Buffer | null> {
  if (index < 0 || index >= imagePageCount(bytes, mime)) return null;
  try {
    return await sharp(bytes, { page: mime === 'image/tiff' ? index : 0, limitInputPixels: MOST_PIXELS, failOn: 'none', sequentialRead: true })
      .rotate()
      .resize({ width: widthPixels, height: 8000, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .png()
      .toBuffer();
  } catch {
    return null;
  }
}
