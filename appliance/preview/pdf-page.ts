import { PDFiumLibrary, type PDFiumDocument } from '@hyzyla/pdfium';
import sharp from 'sharp';
import { lendFonts } from './pdf-fonts.js';

let library: Promise<PDFiumLibrary> | null = null;

async function startLibrary(): Promise<PDFiumLibrary> {
  const started = await PDFiumLibrary.init();
  lendFonts(started);
  return started;
}

/** Opens with pdfium, hands the document over, and frees it whatever happens. Null when pdfium cannot open the file. */
async function withDocument<T>(bytes: Buffer, use: (document: PDFiumDocument) => Promise<T>): Promise<T | null> {
  library ??= startLibrary();
  let document: PDFiumDocument;
  try {
    document = await (await library).loadDocument(bytes);
  } catch {
    return null;
  }
  try {
    return await use(document);
  } finally {
    document.destroy();
  }
}

export async function pdfPageCount(bytes: Buffer): Promise<number | null> {
  return withDocument(bytes, (document) => Promise.resolve(document.getPageCount()));
}

/** Page `index` (from 0) as PNG with form fields and seal appearances drawn; null when there is no such page. */
export async function pdfPagePng(bytes: Buffer, index: number, widthPixels: number): Promise<Buffer | null> {
  return withDocument(bytes, async (document) => {
    if (index < 0 || index >= document.getPageCount()) return null;
    document.initializeFormFields();
    const page = document.getPage(index);
    const { originalWidth, originalHeight } = page.getOriginalSize();
    if (!(originalWidth > 0 && originalHeight > 0)) return null;
    const width = widthPixels;
    const height = Math.max(1, Math.min(8000, Math.round((widthPixels * originalHeight) / originalWidth)));
    const image = await page.render({
      width,
      height,
      renderFormFields: true,
      render: (raw) => sharp(raw.data, { raw: { width: raw.width, height: raw.height, channels: 4 } }).flatten({ background: '#fff' }).png().toBuffer(),
    });
    return Buffer.from(image.data);
  });
}

/** The words of every page, as far as the file says them; null when pdfium cannot open it. */
export async function pdfText(bytes: Buffer): Promise<string | null> {
  return withDocument(bytes, (document) => {
    const pages: string[] = [];
    for (let index = 0; index < document.getPageCount(); index += 1) pages.push(document.getPage(index).getText());
    return Promise.resolve(pages.join('\n'));
  });
}
