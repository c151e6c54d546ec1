import { FAINT, Form } from '../reports/form.js';
import type { FormHead } from '../reports/form.js';
import { BOLD, REGULAR, typeface } from '../reports/typeface.js';
import { drawTable } from '../reports/table.js';

/** One cell of a form: label and value. `wide` takes the whole row; `room` leaves space for a hand and a seal. */
export interface Cell { readonly label: string; readonly value: string; readonly wide?: boolean; readonly room?: number }
export interface Column { readonly key: string; readonly heading: string; readonly width: number; readonly align?: 'left' | 'right' }

const SIZE = 9;
const LEADING = 13.5;
const LABEL = 92;
const PAD = 4;
const INK = '#101828';

/** A ruled form as offices know it: title, boxed cells, a table, signatures. */
export class Sheet {
  readonly form: Form;

  constructor(head: FormHead) {
    this.form = new Form(head);
    const face = typeface(BOLD);
    this.form.line(face.safe(head.title), this.form.left, this.form.y + 4, this.form.width, { size: 19, bold: true, align: 'center' });
    this.form.y += 38;
  }

  heading(text: string): void {
    const { form } = this;
    form.y += 8;
    form.need(60);
    form.line(text, form.left, form.y, form.width, { size: 11, bold: true });
    form.y += 20;
  }

  /** Boxed cells, two a row unless one is wide. */
  cells(cells: readonly Cell[]): void {
    const { form } = this;
    const rows: Cell[][] = [];
    for (const cell of cells) {
      const last = rows.at(-1);
      if (cell.wide !== true && last?.length === 1 && last[0]?.wide !== true) last.push(cell); else rows.push([cell]);
    }
    for (const row of rows) {
      const width = row.length === 1 ? form.width : form.width / 2;
      const laid = row.map((cell) => ({ cell, names: typeface(REGULAR).lines(cell.label, SIZE, LABEL - 2 * PAD), lines: typeface(REGULAR).lines(typeface(REGULAR).safe(cell.value === '' ? '—' : cell.value), SIZE, width - LABEL - 2 * PAD) }));
      const height = Math.max(...laid.map(({ cell, names, lines }) => Math.max(names.length, lines.length) * LEADING + (cell.room ?? 0))) + 2 * PAD;
      form.need(height);
      for (const [at, { names, lines }] of laid.entries()) {
        const x = form.left + at * width;
        form.pdf.save().lineWidth(0.5).strokeColor(INK).rect(x, form.y, LABEL, height).stroke().rect(x + LABEL, form.y, width - LABEL, height).stroke().restore();
        for (const [n, text] of names.entries()) form.line(text, x + PAD, form.y + PAD + n * LEADING, LABEL - 2 * PAD, { size: SIZE, ink: FAINT });
        for (const [n, text] of lines.entries()) form.line(text, x + LABEL + PAD, form.y + PAD + n * LEADING, width - LABEL - 2 * PAD, { size: SIZE });
      }
      form.y += height;
    }
    form.y += 4;
  }

  table(heading: string, columns: readonly Column[], rows: readonly Readonly<Record<string, string | number>>[]): void {
    drawTable(this.form, { type: 'table', key: 'lines', heading, source: heading, print: true, newPage: false, columns: [...columns], rows: rows.map((row) => ({ ...row })), empty: '无' });
  }

  note(text: string): void { this.form.paragraph(text, { size: 8.5, ink: FAINT }); }

  async finish(foot: string): Promise<Buffer> { return this.form.finish(foot); }
}
