import QRCode from 'qrcode';
import type { ReportDocument, ReportSection } from '../../policies/schemas/report.js';
import { localTime } from './document.js';
import { FAINT, Form, INK } from './form.js';
import { drawTable } from './table.js';
import { REGULAR, typeface } from './typeface.js';

const TONE = { good: '#067647', warn: '#B54708', bad: '#A61B1B' } as const;

/**
 * The form on A4, drawn from the data alone. The last page carries signature lines, the checkpoint of the ledger (text and QR) and
 * the two commands that check the detached signature without this product.
 * @param authority fingerprint of the box's authority, for reading aloud
 */
export async function reportPdf(document: ReportDocument, authority: string): Promise<Buffer> {
  const form = new Form(document);
  head(form, document);
  for (const section of document.sections) drawSection(form, section);
  notes(form, document);
  closing(form, document, authority);
  return form.finish(document.filters.map(({ label, value }) => `${label}：${value}`).join('　'));
}

function head(form: Form, document: ReportDocument): void {
  const face = typeface(REGULAR);
  form.y += 8;
  form.line(document.title, form.left, form.y, form.width, { size: 20, bold: true, align: 'center' });
  form.y += 34;
  form.line(face.safe(document.unit), form.left, form.y, form.width, { size: 11, align: 'center' });
  form.y += 22;
  form.line(`报表号：${document.reportNo}`, form.left, form.y, form.width);
  form.line(`生成时间：${localTime(document.generatedAt)}`, form.left, form.y, form.width, { align: 'center' });
  form.line(face.safe(`制表：${document.generatedBy.account}`), form.left, form.y, form.width, { align: 'right' });
  form.y += 18;
  if (!document.conclusion) return;
  const ink = TONE[document.conclusion.tone];
  form.pdf.save().lineWidth(1).strokeColor(ink).rect(form.left, form.y, form.width, 30).stroke().restore();
  form.line('结论', form.left + 12, form.y + 8, 60, { size: 10, ink: FAINT });
  form.line(face.safe(document.conclusion.text), form.left + 56, form.y + 6, form.width - 68, { size: 13, bold: true, ink });
  form.y += 40;
}

function heading(form: Form, text: string, room: number): void {
  form.y += 8;
  form.need(24 + room);
  form.line(text, form.left, form.y, form.width, { size: 11, bold: true });
  form.y += 20;
}

function drawSection(form: Form, section: ReportSection): void {
  if (section.type === 'table') {
    if (!section.print) return;
    if (section.newPage && form.y > form.top) form.newPage();
    heading(form, section.heading, 44);
    drawTable(form, section);
    return;
  }
  heading(form, section.heading, 60);
  const columns = form.width > 600 ? 3 : 2;
  const width = form.width / columns;
  const label = 66;
  const face = typeface(REGULAR);
  form.rule(form.y, 1.2);
  for (let at = 0; at < section.items.length; at += columns) {
    const row = section.items.slice(at, at + columns).map((item) => ({ ...item, lines: face.lines(face.safe(item.value), 9, width - label - 8) }));
    const height = Math.max(...row.map(({ lines }) => lines.length)) * 13.5 + 7;
    form.need(height);
    if (at > 0) form.rule(form.y, 0.25, form.left, form.width, '#D0D5DD');
    for (const [column, item] of row.entries()) {
      const x = form.left + column * width;
      form.line(item.label, x + 3, form.y + 4, label, { ink: FAINT });
      for (const [index, line] of item.lines.entries()) form.line(line, x + label + 3, form.y + 4 + index * 13.5, width - label - 8);
    }
    form.y += height;
  }
  form.rule(form.y, 1.2);
  form.y += 4;
}

function notes(form: Form, document: ReportDocument): void {
  heading(form, '说明', 40);
  for (const [index, note] of document.notes.entries()) form.paragraph(`${String(index + 1)}. ${note}`, { size: 8.5, ink: FAINT });
  form.paragraph(`依据：${document.source}。报表目录版本 ${document.policyVersion}。`, { size: 8.5, ink: FAINT });
}

const CODE_SIZE = 7.5;

/** Kept together on one page, so that the page with the signatures is the page with the proof. */
function closing(form: Form, document: ReportDocument, authority: string): void {
  const qr = QRCode.create(document.checkpoint, { errorCorrectionLevel: 'M' });
  const side = 118;
  const face = typeface(REGULAR);
  const room = form.width - side - 16;
  const checkpoint = document.checkpoint.trimEnd().split('\n').flatMap((line) => (line === '' ? [''] : face.lines(face.safe(line), CODE_SIZE, room)));
  const commands = [
    `openssl x509 -in ${document.reportNo}.pem -pubkey -noout -out box.pub`,
    `openssl dgst -sm3 -verify box.pub -signature ${document.reportNo}.pdf.sig -sigopt distid:1234567812345678 ${document.reportNo}.pdf`,
  ].flatMap((line) => face.lines(line, CODE_SIZE, form.width - 12));
  const proof = 20 + Math.max(side, checkpoint.length * 11 + 30) + 20 + commands.length * 11.5 + 34;
  form.y += 10;
  form.need((document.signatures.length > 0 ? 66 : 0) + proof);
  signatures(form, document);
  form.line('验真', form.left, form.y, form.width, { size: 11, bold: true });
  form.y += 18;
  const top = form.y;
  form.line('审计日志检查点（生成本报表前签发，扫描二维码可得同一文本）', form.left, form.y, room, { size: 8, ink: FAINT });
  form.y += 13;
  for (const line of checkpoint) {
    form.line(line, form.left, form.y, room, { size: CODE_SIZE });
    form.y += line === '' ? 5 : 11;
  }
  drawQr(form.pdf, qr, form.left + form.width - side, top, side);
  form.y = Math.max(form.y, top + side) + 6;
  form.line('不用本机也可验签：取同名 .pdf.sig 与 .pem 文件，与本文件放在一处，依次运行', form.left, form.y, form.width, { size: 8, ink: FAINT });
  form.y += 13;
  for (const line of commands) {
    form.line(line, form.left + 6, form.y, form.width - 12, { size: CODE_SIZE });
    form.y += 11.5;
  }
  form.line('本机根证书 SM3 指纹', form.left, form.y + 3, form.width, { size: 8, ink: FAINT });
  form.line(authority, form.left + 88, form.y + 3.4, form.width - 88, { size: 7 });
  form.y += 16;
}

function signatures(form: Form, document: ReportDocument): void {
  const { signatures: names } = document;
  if (names.length === 0) return;
  const width = form.width / names.length;
  for (const [at, name] of names.entries()) {
    const x = form.left + at * width;
    const wide = typeface(REGULAR).width(`${name}：`, 9);
    form.line(`${name}：`, x, form.y + 14, width, { ink: INK });
    form.rule(form.y + 28, 0.5, x + wide, width - wide - 16);
    form.line('日期：　　　　年　　月　　日', x, form.y + 36, width, { size: 8, ink: FAINT });
  }
  form.y += 62;
}

/** Modules as rectangles, a run at a time: sharp at any size, and the same bytes every time. */
export function drawQr(pdf: PDFKit.PDFDocument, qr: QRCode.QRCode, x: number, y: number, side: number): void {
  const { size, data } = qr.modules;
  const cell = side / size;
  pdf.save().fillColor('#000000');
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      if (data[row * size + column] !== 1) continue;
      let run = 1;
      while (column + run < size && data[row * size + column + run] === 1) run += 1;
      pdf.rect(x + column * cell, y + row * cell, run * cell, cell);
      column += run;
    }
  }
  pdf.fill().restore();
}
