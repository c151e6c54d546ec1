import test from 'ava';
import { PDFDocument, rgb } from 'pdf-lib';
import sharp from 'sharp';
import { openPreview, type Preview } from '../../../appliance/preview/preview.js';
import { bufferSource } from '../../../appliance/inspection/source.js';
import { makeOfd } from '../../helpers/ofd-package.js';

let preview: Preview;
test.before(() => {
  preview = openPreview({ size: 1 });
});
test.after.always(() => preview.close());

/** Share of pixels for which `want` holds. */
async function share(png: Buffer, want: (red: number, green: number, blue: number) => boolean): Promise<number> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let hits = 0;
  for (let at = 0; at < data.length; at += info.channels) if (want(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0)) hits += 1;
  return hits / (info.width * info.height);
}
const isRed = (red: number, green: number, blue: number): boolean => red > 180 && green < 80 && blue < 80;
const isInk = (red: number, green: number, blue: number): boolean => red < 100 && green < 100 && blue < 100;

const seal = (): Promise<Buffer> => sharp({ create: { width: 40, height: 40, channels: 3, background: '#e00000' } }).png().toBuffer();

test.serial('a PDF page is drawn at the width asked for', async (t) => {
  const document = await PDFDocument.create();
  document.addPage([300, 400]).drawRectangle({ x: 0, y: 0, width: 300, height: 200, color: rgb(1, 0, 0) });
  document.addPage();
  const source = bufferSource(Buffer.from(await document.save()));
  t.is(await preview.pageCount(source, 'application/pdf'), 2);
  const png = await preview.renderPage(source, 'application/pdf', 1, { widthPixels: 600 });
  const { width, height } = await sharp(png).metadata();
  t.deepEqual([width, height], [600, 800]);
  t.true(Math.abs((await share(png, isRed)) - 0.5) < 0.02);
});

test.serial('a Chinese page whose font is not embedded is shown in 思源黑体, not left blank', async (t) => {
  const parts = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    '<< /Length 48 >>\nstream\nBT /F1 30 Tf 20 40 Td <6863684865874EF6> Tj ET   \nendstream',
    '<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 7 0 R >>',
    '<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>',
  ];
  const body = parts.map((part, index) => `${String(index + 1)} 0 obj\n${part}\nendobj\n`).join('');
  const source = bufferSource(Buffer.from(`%PDF-1.4\n${body}trailer\n<< /Root 1 0 R /Size 8 >>\n`));
  const png = await preview.renderPage(source, 'application/pdf', 1, { widthPixels: 400 });
  t.true((await share(png, isInk)) > 0.01);
});

test.serial('an OFD page shows its text, its red line, and its seal where the StampAnnot puts it', async (t) => {
  const plain = await preview.renderPage(bufferSource(makeOfd()), 'application/ofd', 1, { widthPixels: 500 });
  const sealed = await preview.renderPage(bufferSource(makeOfd({ seal: await seal() })), 'application/ofd', 1, { widthPixels: 500 });
  const { width, height } = await sharp(sealed).metadata();
  t.deepEqual([width, height], [500, 700]);
  t.true((await share(plain, isInk)) > 0.003, 'characters are drawn');
  t.true((await share(plain, isRed)) < 0.02);
  const area = (40 * 40) / (100 * 140);
  t.true(Math.abs((await share(sealed, isRed)) - (await share(plain, isRed)) - area) < 0.01);
  t.is(await preview.pageCount(bufferSource(makeOfd({ pages: 3 })), 'application/ofd'), 3);
});

test.serial('溯源水印 lies over the whole page, in ink light enough to read the text below', async (t) => {
  const bytes = makeOfd();
  const bare = await preview.renderPage(bufferSource(bytes), 'application/ofd', 1, { widthPixels: 800 });
  const marked = await preview.renderPage(bufferSource(bytes), 'application/ofd', 1, { widthPixels: 800, watermark: { lines: ['张三 档案科', '2026-11-23 15:04', 'DA-2026-00117'] } });
  const grey = (red: number, green: number, blue: number): boolean => red < 250 && green < 250 && blue < 252;
  const { width, height } = await sharp(marked).metadata();
  for (const [left, top] of [[0, 0], [width / 2, 0], [0, height / 2], [width / 2, height / 2]] as const) {
    const quarter = { left: Math.floor(left), top: Math.floor(top), width: Math.floor(width / 2), height: Math.floor(height / 2) };
    const before = await share(await sharp(bare).extract(quarter).png().toBuffer(), grey);
    const after = await share(await sharp(marked).extract(quarter).png().toBuffer(), grey);
    t.true(after - before > 0.02, `quarter at ${String(left)}, ${String(top)}`);
  }
  t.true(Math.abs((await share(marked, isInk)) - (await share(bare, isInk))) < 0.005, 'the mark is never as dark as text');
});

test.serial('pictures are shown upright and never enlarged; text is shown as words under its own heading', async (t) => {
  const picture = await sharp({ create: { width: 60, height: 20, channels: 3, background: '#e00000' } }).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const png = await preview.renderPage(bufferSource(picture), 'image/jpeg', 1, { widthPixels: 400 });
  const { width, height } = await sharp(png).metadata();
  t.deepEqual([width, height], [20, 60]);
  const text = bufferSource(Buffer.from(Array.from({ length: 100 }, (_, i) => `第${String(i)}行 公文正文`).join('\n')));
  t.is(await preview.pageCount(text, 'text/plain'), 3);
  t.true((await share(await preview.renderPage(text, 'text/plain', 3, { widthPixels: 500 }), isInk)) > 0.001);
});

test.serial('what has no page view, does not exist or cannot be opened is refused with E_PREVIEW_UNAVAILABLE', async (t) => {
  const refused = { name: 'ArchiveError', code: 'E_PREVIEW_UNAVAILABLE' };
  await t.throwsAsync(preview.pageCount(bufferSource(Buffer.alloc(100)), 'application/msword'), refused);
  await t.throwsAsync(preview.renderPage(bufferSource(makeOfd()), 'application/ofd', 2, { widthPixels: 300 }), refused);
  await t.throwsAsync(preview.pageCount(bufferSource(Buffer.from('PK\x03\x04 no package', 'latin1')), 'application/ofd'), refused);
  await t.throwsAsync(preview.renderPage(bufferSource(Buffer.from('%PDF-1.7 nothing')), 'application/pdf', 1, { widthPixels: 300 }), refused);
});
