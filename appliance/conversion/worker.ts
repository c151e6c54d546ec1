/** The process that takes apart what strangers made: pictures, texts, OFD, and the comparison of two representations. */
import chardet from 'chardet';
import iconv from 'iconv-lite';
import PDFDocument from 'pdfkit';
import sharp from 'sharp';
import { textRecall } from '../../core/conversion.js';
import { serve } from '../inspection/serve.js';
import { ofdPageCount, ofdPagePng } from '../preview/ofd-page.js';
import { ofdText } from '../preview/ofd-text.js';
import { pdfPageCount, pdfText } from '../preview/pdf-page.js';
import { plainText } from '../preview/plain-text.js';
import { imagePageCount } from '../preview/image-page.js';

export type ConvertOrder = { readonly limitBytes: number } & (
  | { readonly kind: 'image'; readonly mime: string; readonly to: 'tiff' | 'png' | 'jpeg' }
  | { readonly kind: 'text' }
  | { readonly kind: 'ofd-text' }
  | { readonly kind: 'ofd-pages'; readonly widthPixels: number }
  | { readonly kind: 'words'; readonly mime: string }
  | { readonly kind: 'compare-text'; readonly mime: string; readonly words: string | null; readonly target: Uint8Array }
);

/** Figures that the checks afterwards rest on. */
export interface Evidence {
  readonly sourcePages: number | null;
  readonly targetPages: number | null;
  /** Share of the text found again. */
  readonly recall: number | null;
  /** Mean difference of samples, of 255; `null` where sizes differ. */
  readonly pixelMean: number | null;
  readonly sameSize: boolean | null;
  readonly exact: boolean | null;
  readonly told: string;
}
export interface ConvertAnswer { readonly output: Uint8Array | null; readonly evidence: Evidence; readonly hasWords?: boolean }

sharp.cache(false);
sharp.concurrency(1);

const MOST_PIXELS = 300_000_000;
const NOTHING: Evidence = { sourcePages: null, targetPages: null, recall: null, pixelMean: null, sameSize: null, exact: null, told: '' };

interface Raw { readonly data: Buffer; readonly width: number; readonly height: number }

/** Every page one below the other, as samples with transparency. */
async function samples(bytes: Buffer): Promise<Raw> {
  const { data, info } = await sharp(bytes, { pages: -1, limitInputPixels: MOST_PIXELS, failOn: 'error' }).toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** The target is decoded again by itself, so that what is compared is what a reader will see. */
async function image(bytes: Buffer, mime: string, to: 'tiff' | 'png' | 'jpeg'): Promise<ConvertAnswer> {
  const { pages = 1, density } = await sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error' }).metadata();
  const opened = sharp(bytes, { pages: to === 'tiff' ? -1 : 1, limitInputPixels: MOST_PIXELS, failOn: 'error' }).keepMetadata();
  const dpi = density === undefined ? {} : { xres: density / 25.4, yres: density / 25.4 };
  const output = await (to === 'tiff' ? opened.tiff({ compression: 'deflate', predictor: 'horizontal', ...dpi }) : to === 'png' ? opened.png({ compressionLevel: 9 }) : opened.flatten({ background: '#fff' }).jpeg({ quality: 95, chromaSubsampling: '4:4:4' })).toBuffer();
  const [before, after] = [await samples(to === 'jpeg' ? await sharp(bytes, { pages: 1 }).flatten({ background: '#fff' }).png().toBuffer() : bytes), await samples(output)];
  const sameSize = before.width === after.width && before.height === after.height;
  let sum = 0;
  if (sameSize) for (let at = 0; at < before.data.length; at += 1) sum += Math.abs((before.data[at] ?? 0) - (after.data[at] ?? 0));
  const targetPages = to === 'tiff' ? imagePageCount(output, 'image/tiff') : 1;
  return { output, evidence: { ...NOTHING, sourcePages: mime === 'image/tiff' ? imagePageCount(bytes, mime) : pages, targetPages, sameSize, pixelMean: sameSize ? sum / Math.max(1, before.data.length) : null, told: `${String(before.width)}×${String(before.height)} 像素` } };
}

/** Decoded strictly; what the encoding cannot say goes back, rather than come out as marks of question. */
function text(bytes: Buffer): ConvertAnswer {
  const utf8 = bytes.toString('utf8');
  const plain = Buffer.from(utf8.replace(/^\uFEFF/u, ''), 'utf8');
  if (Buffer.from(utf8, 'utf8').equals(bytes)) return { output: plain, evidence: { ...NOTHING, exact: true, told: bytes.equals(plain) ? '原为 UTF-8，内容不变' : '原为 UTF-8，去除字节序标记' } };
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : null;
  const guess = wide ?? chardet.detect(bytes) ?? 'gb18030';
  const encoding = /^(gb|big5|utf-16|shift|euc|iso-2022)/iu.test(guess) && iconv.encodingExists(guess) ? guess.replace(/^(gb2312|gbk)$/iu, 'gb18030') : 'gb18030';
  const words = iconv.decode(bytes, encoding);
  // Back again: the same bytes, or something was lost.
  const back = iconv.encode(words, encoding, { addBOM: wide !== null });
  return { output: Buffer.from(words, 'utf8'), evidence: { ...NOTHING, exact: back.equals(bytes) && !words.includes('\uFFFD'), told: `原编码 ${encoding}` } };
}

async function ofdPages(bytes: Buffer, widthPixels: number): Promise<ConvertAnswer> {
  const pages = await ofdPageCount(bytes);
  const pdf = new PDFDocument({ autoFirstPage: false, compress: false, pdfVersion: '1.7', info: { Creator: 'shouzang', Producer: 'shouzang', CreationDate: new Date(0) } });
  const parts: Buffer[] = [];
  pdf.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => pdf.on('end', resolve));
  let drawn = 0;
  for (let index = 0; index < pages; index += 1) {
    const png = await ofdPagePng(bytes, index, widthPixels);
    if (png === null) continue;
    const { width, height } = await sharp(png).metadata();
    const size: [number, number] = [595.28, (595.28 * height) / width];
    pdf.addPage({ size, margin: 0 }).image(await sharp(png).jpeg({ quality: 92 }).toBuffer(), 0, 0, { width: size[0], height: size[1] });
    drawn += 1;
  }
  pdf.end();
  await ended;
  return { output: Buffer.concat(parts), evidence: { ...NOTHING, sourcePages: pages, targetPages: drawn, told: `${String(widthPixels)} 像素宽` } };
}

serve<ConvertOrder>(async (source, order): Promise<ConvertAnswer> => {
  const bytes = await source.all(order.limitBytes);
  switch (order.kind) {
    case 'image': return image(bytes, order.mime, order.to);
    case 'text': return text(bytes);
    case 'ofd-text': { const { pages, text: words } = await ofdText(bytes); return { output: Buffer.from(words, 'utf8'), evidence: { ...NOTHING, sourcePages: pages, targetPages: pages, told: `${String(words.length)} 字` } }; }
    case 'ofd-pages': return ofdPages(bytes, order.widthPixels);
    case 'words': return { output: null, evidence: NOTHING, hasWords: (await plainText(bytes, order.mime)) !== null };
    case 'compare-text': {
      const target = Buffer.from(order.target);
      const [before, after] = [order.words ?? await plainText(bytes, order.mime), await pdfText(target)];
      const targetPages = await pdfPageCount(target);
      return { output: null, evidence: { ...NOTHING, targetPages, recall: before === null || after === null ? null : textRecall(before, after), told: before === null ? '' : `原件 ${String(before.replace(/\s/gu, '').length)} 字` } };
    }
  }
});
