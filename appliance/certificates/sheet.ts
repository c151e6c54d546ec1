import PDFDocument from 'pdfkit';
import type { DrawnPage } from '../outputs/sheets.js';
import { BOLD, REGULAR, typeface } from '../reports/typeface.js';

/** What stands on the certificate's own page. */
export interface CertificateSheet {
  readonly no: string;
  readonly unit: string;
  readonly rehearsal: boolean;
  readonly at: string;
  readonly lines: readonly (readonly [label: string, value: string])[];
  readonly closing: readonly string[];
}

const A4 = { short: 595.28, long: 841.89 } as const;
const EDGE = 56;
const LABEL = 96;
const INK = '#101828';
const FAINT = '#475467';

/** 出证副本: the certificate's page, then the pages of the file as pictures, each with number and page x of y. The same input gives the same bytes. */
export async function certificatePdf(sheet: CertificateSheet, pages: readonly DrawnPage[]): Promise<Buffer> {
  const at = new Date(sheet.at);
  const pdf = new PDFDocument({ size: 'A4', margin: 0, autoFirstPage: false, pdfVersion: '1.7', lang: 'zh-CN', font: REGULAR, info: { Title: sheet.no, Producer: '守藏', Creator: '守藏', CreationDate: at, ModDate: at } });
  const pieces: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (piece: Buffer) => pieces.push(piece));
    pdf.on('end', () => { resolve(Buffer.concat(pieces)); });
    pdf.on('error', reject);
  });
  const [bold, regular] = [typeface(BOLD), typeface(REGULAR)];
  const write = (text: string, x: number, y: number, size: number, strong = false, ink = INK): void => { pdf.font(strong ? BOLD : REGULAR).fontSize(size).fillColor(ink).text((strong ? bold : regular).safe(text), x, y, { lineBreak: false }); };
  const middle = (text: string, y: number, size: number, strong = false, ink = INK): void => { write(text, (pdf.page.width - (strong ? bold : regular).width((strong ? bold : regular).safe(text), size)) / 2, y, size, strong, ink); };
  const foot = (no: number): void => {
    write(`${sheet.unit}\u3000${sheet.no}`, EDGE, pdf.page.height - 34, 8, false, FAINT);
    const text = `第 ${String(no)} 页 / 共 ${String(pages.length + 1)} 页`;
    write(text, pdf.page.width - EDGE - regular.width(text, 8), pdf.page.height - 34, 8, false, FAINT);
    if (sheet.rehearsal) middle('演练环境 · 不具证明效力', 16, 9, true, '#A61B1B');
  };

  pdf.addPage({ size: [A4.short, A4.long], margin: 0 });
  middle('电子档案出证说明', 64, 22, true);
  middle(`编号 ${sheet.no}`, 98, 11, false, FAINT);
  let y = 136;
  for (const [label, value] of sheet.lines) {
    write(label, EDGE, y, 10.5, true);
    for (const line of regular.lines(regular.safe(value), 10.5, pdf.page.width - 2 * EDGE - LABEL)) {
      write(line, EDGE + LABEL, y, 10.5);
      y += 17;
    }
    y += 5;
  }
  pdf.save().lineWidth(0.5).strokeColor('#98A2B3').moveTo(EDGE, y + 4).lineTo(pdf.page.width - EDGE, y + 4).stroke().restore();
  y += 16;
  for (const text of sheet.closing) {
    for (const line of regular.lines(regular.safe(text), 9, pdf.page.width - 2 * EDGE)) {
      write(line, EDGE, y, 9, false, FAINT);
      y += 14;
    }
    y += 4;
  }
  foot(1);
  for (const [at_, page] of pages.entries()) {
    pdf.addPage({ size: [A4.short, A4.long], margin: 0 });
    write(`出证副本\u3000${page.code}`, EDGE, 32, 9, false, FAINT);
    pdf.image(page.png, EDGE, 52, { fit: [pdf.page.width - 2 * EDGE, pdf.page.height - 52 - 56], align: 'center', valign: 'center' });
    foot(at_ + 2);
  }
  pdf.end();
  return done;
}
