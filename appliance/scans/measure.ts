import { PDFArray, PDFDict, PDFDocument, PDFName, PDFNumber, PDFRawStream } from 'pdf-lib';
import type { PDFContext, PDFObject } from 'pdf-lib';
import sharp from 'sharp';
import type { ScannedPage } from '../../core/scan.js';
import { tiffPages } from '../inspection/formats/image/tiff.js';

/** What a file says of its pages. `without`: pages with no picture on them. */
export interface Measured { readonly pages: readonly ScannedPage[]; readonly without: number }

/** TIFF 6.0 tag 259. */
const TIFF_COMPRESSION: Readonly<Record<number, string>> = { 1: 'none', 2: 'ccittfax3', 3: 'ccittfax3', 4: 'ccittfax4', 5: 'lzw', 6: 'jpeg', 7: 'jpeg', 8: 'deflate', 32773: 'packbits', 32946: 'deflate', 33003: 'jpeg2000', 33005: 'jpeg2000', 34661: 'jbig2', 34712: 'jpeg2000' };

async function tiff(bytes: Buffer): Promise<Measured> {
  const pages: ScannedPage[] = [];
  for (const [page, tags] of tiffPages(bytes).entries()) {
    const first = (tag: number): number | undefined => tags.get(tag)?.[0];
    const samples = first(277) ?? 1;
    const bits = first(258) ?? 1;
    const { density } = await sharp(bytes, { page, failOn: 'none' }).metadata().catch(() => ({ density: undefined }));
    pages.push({ widthPixels: first(256) ?? 0, heightPixels: first(257) ?? 0, dpi: density === undefined ? null : Math.round(density), bits, mode: samples >= 3 || first(262) === 3 ? 'color' : bits === 1 ? 'bitonal' : 'gray', compression: TIFF_COMPRESSION[first(259) ?? 1] ?? `TIFF ${String(first(259))}` });
  }
  return { pages, without: 0 };
}

/** JFIF without a density says 72 by custom, which is no resolution. */
const NO_DENSITY = 72;

async function jpeg(bytes: Buffer): Promise<Measured> {
  const { width, height, channels, density } = await sharp(bytes, { failOn: 'none' }).metadata();
  return { pages: [{ widthPixels: width, heightPixels: height, dpi: density === undefined || density === NO_DENSITY ? null : Math.round(density), bits: 8, mode: channels >= 3 ? 'color' : 'gray', compression: 'jpeg' }], without: 0 };
}

const PDF_FILTER: Readonly<Record<string, string>> = { DCTDecode: 'jpeg', JPXDecode: 'jpeg2000', CCITTFaxDecode: 'ccittfax4', JBIG2Decode: 'jbig2', FlateDecode: 'deflate', LZWDecode: 'lzw', RunLengthDecode: 'packbits' };
const POINTS = 72;

const named = (found: PDFObject | undefined): string => (found instanceof PDFName ? found.decodeText() : '');

function pictures(context: PDFContext, resources: PDFDict | undefined, depth = 0): PDFDict[] {
  const objects = resources?.lookup(PDFName.of('XObject'));
  if (!(objects instanceof PDFDict) || depth > 3) return [];
  return objects.values().flatMap((ref): PDFDict[] => {
    const found = context.lookup(ref);
    if (!(found instanceof PDFRawStream)) return [];
    const kind = named(found.dict.lookup(PDFName.of('Subtype')));
    if (kind === 'Image') return [found.dict];
    const inner = found.dict.lookup(PDFName.of('Resources'));
    return kind === 'Form' && inner instanceof PDFDict ? pictures(context, inner, depth + 1) : [];
  });
}

/** A page of a scan is its largest picture, laid over the sheet. */
function pageOf(picture: PDFDict, size: { readonly width: number; readonly height: number }): ScannedPage {
  const number = (key: string): number => { const found = picture.lookup(PDFName.of(key)); return found instanceof PDFNumber ? found.asNumber() : 0; };
  const [width, height] = [number('Width'), number('Height')];
  const filter = picture.lookup(PDFName.of('Filter'));
  const filters = filter instanceof PDFArray ? filter.asArray().map(named) : [named(filter)].filter((one) => one !== '');
  const masked = picture.lookup(PDFName.of('ImageMask'))?.toString() === 'true';
  const space = picture.lookup(PDFName.of('ColorSpace'));
  const kind = space instanceof PDFArray ? named(space.lookup(0)) : named(space);
  const bits = masked ? 1 : number('BitsPerComponent') || 8;
  const profile = space instanceof PDFArray ? space.lookup(1) : undefined;
  const components = profile instanceof PDFRawStream ? profile.dict.lookup(PDFName.of('N')) : undefined;
  const grey = masked || kind === 'DeviceGray' || kind === 'CalGray' || (components instanceof PDFNumber && components.asNumber() === 1);
  const across = Math.max(size.width, size.height) > 0 ? Math.max(width, height) / (Math.max(size.width, size.height) / POINTS) : 0;
  const last = filters.at(-1);
  return { widthPixels: width, heightPixels: height, dpi: across > 0 ? Math.round(across) : null, bits: last === 'JPXDecode' && bits === 0 ? 8 : bits, mode: grey || kind === '' && bits === 1 ? (bits === 1 ? 'bitonal' : 'gray') : bits === 1 && kind === 'Indexed' ? 'bitonal' : 'color', compression: last === undefined ? 'none' : PDF_FILTER[last] ?? last };
}

async function pdf(bytes: Buffer): Promise<Measured> {
  const document = await PDFDocument.load(bytes, { updateMetadata: false, ignoreEncryption: true, throwOnInvalidObject: false });
  const pages: ScannedPage[] = [];
  let without = 0;
  for (const page of document.getPages()) {
    const area = (picture: PDFDict): number => pageOf(picture, { width: 1, height: 1 }).widthPixels * pageOf(picture, { width: 1, height: 1 }).heightPixels;
    const [largest] = pictures(document.context, page.node.Resources()).sort((one, other) => area(other) - area(one));
    if (largest === undefined) without += 1;
    else pages.push(pageOf(largest, page.getSize()));
  }
  return { pages, without };
}

/** 技术参数 of a scan, from the file alone. Formats that hold no scan have no pages. */
export async function measureScan(bytes: Buffer, mime: string): Promise<Measured> {
  if (mime === 'image/tiff') return tiff(bytes);
  if (mime === 'image/jpeg') return jpeg(bytes);
  if (mime === 'application/pdf') return pdf(bytes);
  return { pages: [], without: 0 };
}
