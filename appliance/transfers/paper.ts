import { Form } from '../reports/form.js';
import type { FormHead } from '../reports/form.js';
import { BOLD, REGULAR, typeface } from '../reports/typeface.js';

export interface Cell { readonly text: string; /** Share of the row. */ readonly wide: number; readonly head?: boolean; readonly align?: 'left' | 'center' | 'right'; /** Least height in points, for a hand that signs. */ readonly least?: number }

const SIZE = 9;
const LINE = SIZE * 1.5;
const PAD = 5;

/** A form of ruled boxes, as the 登记表 are: rows of cells as high as their longest text, heads repeated where a table goes over pages. */
export class Paper extends Form {
  constructor(head: FormHead, title: string, subtitle = '') {
    super(head);
    this.line(title, this.left, this.y + 4, this.width, { size: 18, bold: true, align: 'center' });
    this.y += 34;
    if (subtitle !== '') {
      this.line(typeface(REGULAR).safe(subtitle), this.left, this.y, this.width, { align: 'right' });
      this.y += 16;
    }
  }

  heading(text: string): void {
    this.need(48);
    this.y += 10;
    this.line(text, this.left, this.y, this.width, { size: 11, bold: true });
    this.y += 19;
  }

  row(cells: readonly Cell[]): void {
    const total = cells.reduce((sum, { wide }) => sum + wide, 0);
    const laid = cells.map((cell) => {
      const width = (this.width * cell.wide) / total;
      const face = typeface(cell.head === true ? BOLD : REGULAR);
      return { cell, width, lines: face.lines(face.safe(cell.text), SIZE, width - 2 * PAD) };
    });
    const height = Math.max(...laid.map(({ cell, lines }) => Math.max(lines.length * LINE + 2 * PAD - 3, cell.least ?? 0)));
    this.need(height);
    let x = this.left;
    for (const { cell, width, lines } of laid) {
      this.pdf.save().lineWidth(0.5).strokeColor('#475467').rect(x, this.y, width, height).stroke().restore();
      const top = cell.head === true ? this.y + Math.max(PAD, (height - lines.length * LINE) / 2) : this.y + PAD;
      for (const [at, line] of lines.entries()) this.line(line, x + PAD, top + at * LINE, width - 2 * PAD, { bold: cell.head === true, align: cell.align ?? (cell.head === true ? 'center' : 'left') });
      x += width;
    }
    this.y += height;
  }

  /** 栏目 and what stands in it, in pairs. */
  pairs(...pairs: readonly (readonly [label: string, text: string])[]): void {
    this.row(pairs.flatMap(([label, text]) => [{ text: label, wide: 1.3, head: true }, { text, wide: pairs.length === 1 ? 7.4 : 3.05 }]));
  }

  table(heads: readonly (readonly [label: string, wide: number])[], rows: readonly (readonly string[])[]): void {
    const head = (): void => { this.row(heads.map(([text, wide]) => ({ text, wide, head: true }))); };
    this.need(60);
    head();
    for (const row of rows) {
      const page = this.pdf.bufferedPageRange().count;
      const longest = Math.max(...row.map((text, at) => typeface(REGULAR).lines(typeface(REGULAR).safe(text), SIZE, (this.width * (heads[at]?.[1] ?? 1)) / heads.reduce((sum, [, wide]) => sum + wide, 0) - 2 * PAD).length));
      this.need(longest * LINE + 2 * PAD);
      if (this.pdf.bufferedPageRange().count !== page) head();
      this.row(row.map((text, at) => ({ text, wide: heads[at]?.[1] ?? 1 })));
    }
    if (rows.length === 0) this.row([{ text: '无', wide: 1, align: 'center' }]);
  }
}
