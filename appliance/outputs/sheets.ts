import PDFDocument from 'pdfkit';
import sharp from 'sharp';
import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import type { OutputsFile } from '../../policies/schemas/output.js';
import { isSecret, levelName } from '../../secrecy/level.js';
import { traceText } from '../../secrecy/watermark.js';
import type { Vault } from '../content/vault.js';
import type { Preview } from '../preview/preview.js';
import { watermarkSvg } from '../preview/watermark.js';
import { BOLD, REGULAR, typeface } from '../reports/typeface.js';
import { codeOf } from './contents.js';
import type { Extract } from '../../secrecy/output.js';
import type { Content } from './contents.js';

/** A page as it stands in the record, not yet marked. */
export interface DrawnPage { readonly png: Buffer; readonly code: string; readonly mark: string | null }

/** What stands on every page of a copy. */
export interface CopyHead {
  readonly mark: string;
  readonly no: string;
  readonly kindName: string;
  readonly copy: number;
  readonly copies: number;
  readonly unit: string;
  readonly holder: string;
  readonly department: string;
  readonly at: Instant;
  /** 溯源码 of the entry by which the copy was issued. */
  readonly trace: string;
  readonly returnBy: string | null;
  readonly rehearsal: boolean;
}

/**
 * Pages of everything that is given out, in memory alone.
 * @throws ArchiveError `E_PREVIEW_UNAVAILABLE` for a file without page view, `E_OUTPUT_TOO_LARGE`
 */
export async function drawPages(parts: { readonly vault: Vault; readonly preview: Preview; readonly policy: OutputsFile }, contents: readonly Content[], extracts?: readonly Extract[]): Promise<readonly DrawnPage[]> {
  const { most, page } = parts.policy;
  const pages: DrawnPage[] = [];
  let bytes = 0;
  for (const { record, files } of contents) {
    let before = 0;
    const wanted = (page: number): boolean => extracts === undefined || extracts.some((one) => one.record === record.id && page >= one.from && page <= one.to);
    for (const file of files) {
      const source = await parts.vault.source(file.object);
      try {
        const count = await parts.preview.pageCount(source, file.mime);
        const chosen = Array.from({ length: count }, (_, at) => at + 1).filter((pageNo) => wanted(before + pageNo));
        before += count;
        if (pages.length + chosen.length > most.pages) throw new ArchiveError('E_OUTPUT_TOO_LARGE', { limit: most.pages }, [{ at: '/codes', message: `每份最多 ${String(most.pages)} 页` }]);
        for (const pageNo of chosen) {
          const png = await parts.preview.renderPage(source, file.mime, pageNo, { widthPixels: page.widthPixels });
          bytes += png.length;
          if (bytes > most.pictureBytes) throw new ArchiveError('E_OUTPUT_TOO_LARGE', { limit: most.pictureBytes });
          pages.push({ png, code: codeOf(record), mark: record.mark ?? (isSecret(record.level) ? levelName(record.level) : null) });
        }
      } finally {
        await source.close();
      }
    }
  }
  if (pages.length === 0) throw new ArchiveError('E_PREVIEW_UNAVAILABLE', { reason: 'no-view' });
  return pages;
}

const A4 = { short: 595.28, long: 841.89 } as const;
const EDGE = 34;
const HEAD = 52;
const FOOT = 44;
const INK = '#101828';
const FAINT = '#475467';

/** 输出件: page pictures with watermark, 国家秘密标志 at the head of each page, number of the order and of the copy, page x of y. No text of the record is in the file. */
export async function sheets(pages: readonly DrawnPage[], head: CopyHead, quality: number): Promise<Buffer> {
  const pdf = new PDFDocument({ size: 'A4', margin: 0, autoFirstPage: false, pdfVersion: '1.7', lang: 'zh-CN', font: REGULAR, info: { Title: `${head.no}-${String(head.copy)}`, Producer: '守藏', Creator: '守藏', CreationDate: new Date(head.at), ModDate: new Date(head.at) } });
  const pieces: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (piece: Buffer) => pieces.push(piece));
    pdf.on('end', () => { resolve(Buffer.concat(pieces)); });
    pdf.on('error', reject);
  });
  const layers = new Map<string, Buffer>();
  for (const [at, page] of pages.entries()) {
    const { width, height } = await sharp(page.png).metadata();
    const lines = traceText({ mark: page.mark, code: page.code, orderNo: `${head.no}-${String(head.copy)}`, person: head.holder, unit: head.department, at: head.at, short: head.trace });
    const key = `${String(width)} ${String(height)} ${lines.join('\n')}`;
    const layer = layers.get(key) ?? Buffer.from(watermarkSvg({ lines }, width, height));
    layers.set(key, layer);
    const picture = await sharp(page.png).composite([{ input: layer }]).flatten({ background: '#fff' }).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
    const wide = width > height;
    pdf.addPage({ size: [wide ? A4.long : A4.short, wide ? A4.short : A4.long], margin: 0 });
    around(pdf, page, head, at + 1, pages.length);
    pdf.image(picture, EDGE, HEAD, { fit: [pdf.page.width - 2 * EDGE, pdf.page.height - HEAD - FOOT], align: 'center', valign: 'center' });
  }
  pdf.end();
  return done;
}

type Place = 'left' | 'right' | 'center';
function around(pdf: PDFKit.PDFDocument, page: DrawnPage, head: CopyHead, no: number, count: number): void {
  const { width, height } = pdf.page;
  const text = (given: string, place: Place, y: number, size: number, bold = false, ink = FAINT): void => {
    const file = bold ? BOLD : REGULAR;
    const face = typeface(file);
    const [shown = ''] = face.lines(face.safe(given), size, width - 2 * EDGE);
    const wide = face.width(shown, size);
    const x = place === 'left' ? EDGE : place === 'right' ? width - EDGE - wide : (width - wide) / 2;
    pdf.font(file).fontSize(size).fillColor(ink).text(shown, x, y, { lineBreak: false });
  };
  const rule = (y: number): void => { pdf.save().lineWidth(0.5).strokeColor('#98A2B3').moveTo(EDGE, y).lineTo(width - EDGE, y).stroke().restore(); };
  text(head.mark, 'left', 12, 16, true, INK);
  text(`第 ${String(head.copy)} 份 / 共 ${String(head.copies)} 份`, 'right', 15, 10, true, INK);
  if (head.rehearsal) text('演练环境 · 严禁处理国家秘密', 'center', 16, 9, true, '#A61B1B');
  text(`${head.kindName}单 ${head.no}`, 'left', 36, 8);
  text(page.code, 'right', 36, 8);
  rule(HEAD - 3);
  rule(height - FOOT + 8);
  text(`复制单位：${head.unit}\u3000领用：${head.department} ${head.holder}${head.returnBy === null ? '' : `\u3000${head.returnBy} 前归还，视同原件管理`}`, 'left', height - FOOT + 13, 8);
  text(`溯源码 ${head.trace}`, 'left', height - FOOT + 25, 8);
  text(`第 ${String(no)} 页 / 共 ${String(count)} 页`, 'right', height - FOOT + 25, 8, true, INK);
}
