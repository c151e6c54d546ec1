import PDFDocument from 'pdfkit';
import type { ReportDocument } from '../../policies/schemas/report.js';
import { BOLD, REGULAR, typeface } from './typeface.js';

/** 密级的颜色, as on the console; a colour never stands without its word. */
const LEVEL_INK = ['#067647', '#475467', '#175CD3', '#B54708', '#A61B1B'] as const;
export const INK = '#101828';
export const FAINT = '#475467';
const RULE = '#101828';
const MARGIN = 48;
const BANNER = 18;

export interface Text {
  readonly size?: number;
  readonly bold?: boolean;
  readonly ink?: string;
  readonly align?: 'left' | 'right' | 'center';
}

/** What stands on every page of a form. */
export type FormHead = Pick<ReportDocument, 'orientation' | 'title' | 'reportNo' | 'box' | 'generatedAt' | 'level' | 'mark' | 'rehearsal' | 'unit'>;

/** A page of a form with a pen on it: everything is placed by hand, so that the same data give the same bytes. */
export class Form {
  readonly pdf: PDFKit.PDFDocument;
  y = 0;
  readonly left = MARGIN;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
  readonly #done: Promise<Buffer>;

  constructor(private readonly document: FormHead) {
    const pdf = new PDFDocument({
      size: 'A4', layout: document.orientation, margin: 0, bufferPages: true, autoFirstPage: false, subset: 'PDF/A-2b', pdfVersion: '1.7', lang: 'zh-CN',
      displayTitle: true, font: REGULAR,
      info: { Title: `${document.title} ${document.reportNo}`, Author: document.box, Creator: '守藏', Producer: '守藏', CreationDate: new Date(document.generatedAt), ModDate: new Date(document.generatedAt) },
    });
    this.pdf = pdf;
    const pieces: Buffer[] = [];
    this.#done = new Promise((resolve, reject) => {
      pdf.on('data', (piece: Buffer) => pieces.push(piece));
      pdf.on('end', () => { resolve(Buffer.concat(pieces)); });
      pdf.on('error', reject);
    });
    pdf.addPage();
    this.width = pdf.page.width - 2 * MARGIN;
    this.top = 74;
    this.bottom = pdf.page.height - 70;
    this.y = this.top;
  }

  newPage(): void {
    this.pdf.addPage();
    this.y = this.top;
  }

  /** Goes to a new page unless `height` points are left on this one. */
  need(height: number): void {
    if (this.y + height > this.bottom) this.newPage();
  }

  /** One line of safe text at (x, y); `y` is the top of the line box, 1.4 of the size high. */
  line(text: string, x: number, y: number, width: number, style: Text = {}): void {
    const { size = 9, bold = false, ink = INK, align = 'left' } = style;
    const file = bold ? BOLD : REGULAR;
    const wide = typeface(file).width(text, size);
    const at = align === 'right' ? x + width - wide : align === 'center' ? x + (width - wide) / 2 : x;
    if (text !== '') this.pdf.font(file).fontSize(size).fillColor(ink).text(text, at, y + size * 0.02, { lineBreak: false });
  }

  /** Lines of running text from the pen downwards, over pages where it must be. */
  paragraph(text: string, style: Text & { readonly indent?: number } = {}): void {
    const { size = 9, bold = false, indent = 0 } = style;
    const face = typeface(bold ? BOLD : REGULAR);
    for (const line of face.lines(face.safe(text), size, this.width - indent)) {
      this.need(size * 1.5);
      this.line(line, this.left + indent, this.y, this.width - indent, style);
      this.y += size * 1.5;
    }
  }

  rule(y: number, points: number, x = this.left, width = this.width, ink: string = RULE): void {
    this.pdf.save().lineWidth(points).strokeColor(ink).moveTo(x, y).lineTo(x + width, y).stroke().restore();
  }

  /** Marks every page, now that their number is known, and closes the file. */
  async finish(filters: string): Promise<Buffer> {
    const { document, pdf } = this;
    const { count } = pdf.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      pdf.switchToPage(page);
      this.#marks(page + 1, count, filters);
    }
    pdf.end();
    if (count === 0) throw new Error(`${document.reportNo}: no page`);
    return this.#done;
  }

  #marks(page: number, count: number, filters: string): void {
    const { pdf, document } = this;
    const ink = LEVEL_INK[document.level as 0] ?? LEVEL_INK[4];
    const { width, height } = pdf.page;
    for (const y of [14, height - 14 - BANNER]) {
      pdf.save().rect(this.left, y, this.width, BANNER).fill(ink).restore();
      this.line(document.mark, this.left, y + 1, this.width, { size: 11, bold: true, ink: '#FFFFFF', align: 'center' });
      if (document.rehearsal) this.line('演练环境 · 严禁处理国家秘密', this.left, y + 2.6, this.width - 8, { size: 8, bold: true, ink: '#FFFFFF', align: 'right' });
      if (document.rehearsal) this.line('演练', this.left + 8, y + 2.6, this.width, { size: 8, bold: true, ink: '#FFFFFF' });
    }
    const face = typeface(REGULAR);
    const head = `${document.unit} · ${document.title}`;
    this.line(face.safe(head), this.left, 40, this.width, { size: 8, ink: FAINT });
    this.line(document.reportNo, this.left, 40, this.width, { size: 8, ink: FAINT, align: 'right' });
    this.rule(54, 0.5, this.left, this.width, '#98A2B3');
    const foot = height - 14 - BANNER - 26;
    this.rule(foot, 0.5, this.left, this.width, '#98A2B3');
    const pageText = `第 ${String(page)} 页 / 共 ${String(count)} 页`;
    const room = width - 2 * MARGIN - face.width(pageText, 8) - 12;
    const [shown = ''] = face.lines(face.safe(filters), 8, room);
    this.line(shown, this.left, foot + 6, this.width, { size: 8, ink: FAINT });
    this.line(pageText, this.left, foot + 6, this.width, { size: 8, ink: FAINT, align: 'right' });
  }
}
