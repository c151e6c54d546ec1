import type { ReportColumn, ReportRow, TableSection } from '../../policies/schemas/report.js';
import { grouped } from './document.js';
import { FAINT, INK, type Form } from './form.js';
import { BOLD, REGULAR, typeface } from './typeface.js';

const SIZE = 8;
const LEADING = SIZE * 1.45;
const PAD_X = 3;
const PAD_Y = 3;
const GAP = 6;
/** A row higher than this is cut: the whole text is in CSV and JSON, and says so. */
const MOST_LINES = 12;

/** Words whose cell is worth finding at a glance; the word itself stays, colour is the second sign. */
const TONES: Readonly<Record<string, string>> = { 不合格: '#A61B1B', 告警: '#B54708', 有告警: '#B54708', 停用: '#A61B1B', 锁定: '#B54708' };

interface Laid { readonly x: number; readonly width: number; readonly column: ReportColumn }

/** 三线表: a thick line above, a thin one under the heads, a thick one below; it breaks over pages with its heads repeated. */
export function drawTable(form: Form, table: TableSection): void {
  const laid = layOut(form, table.columns);
  const heads = table.columns.map((column, at) => typeface(BOLD).lines(typeface(BOLD).safe(column.heading), SIZE, roomOf(laid[at])));
  const headHeight = heightOf(heads);
  const rows = table.rows.map((row) => cellsOf(table, laid, row));
  form.need(headHeight + heightOf(rows[0] ?? [[table.empty]]) + 4);
  let from = head();

  function head(): number {
    form.rule(form.y, 1.2);
    draw(form, laid, heads, { bold: true, top: form.y });
    form.y += headHeight;
    form.rule(form.y, 0.5);
    return form.y;
  }

  if (rows.length === 0) {
    form.line(typeface(REGULAR).safe(table.empty), form.left, form.y + PAD_Y, form.width, { size: SIZE, ink: FAINT, align: 'center' });
    form.y += LEADING + 2 * PAD_Y;
  }
  for (const [index, cells] of rows.entries()) {
    const height = heightOf(cells);
    if (form.y + height > form.bottom) {
      form.rule(form.y, 1.2);
      form.newPage();
      form.line(`${table.heading}（续）`, form.left, form.y, form.width, { size: SIZE, ink: FAINT });
      form.y += LEADING + 2;
      from = head();
    }
    if (form.y > from) form.rule(form.y, 0.25, form.left, form.width, '#D0D5DD');
    draw(form, laid, cells, { bold: false, top: form.y, tone: toneOf(table, index) });
    form.y += height;
  }
  form.rule(form.y, 1.2);
  form.y += 4;
}

function layOut(form: Form, columns: readonly ReportColumn[]): Laid[] {
  const shares = columns.reduce((sum, { width }) => sum + width, 0);
  let x = form.left;
  return columns.map((column, at) => {
    const width = form.width * column.width / shares;
    // Words after a number need air, or they read as its unit.
    const gap = (column.align ?? 'left') === 'left' && columns[at - 1]?.align === 'right' ? GAP : 0;
    const one = { x: x + gap, width: width - gap, column };
    x += width;
    return one;
  });
}

const roomOf = (laid: Laid | undefined): number => (laid?.width ?? 0) - 2 * PAD_X;

function cellsOf(table: TableSection, laid: readonly Laid[], row: ReportRow): string[][] {
  const face = typeface(REGULAR);
  return table.columns.map(({ key }, at) => {
    const value = row[key] ?? null;
    const text = value === null || value === '' ? '—' : typeof value === 'number' ? grouped(value) : face.safe(value);
    const lines = face.lines(text, SIZE, roomOf(laid[at]));
    return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), '…全文见 CSV'];
  });
}

const heightOf = (cells: readonly (readonly string[])[]): number => Math.max(1, ...cells.map((lines) => lines.length)) * LEADING + 2 * PAD_Y;

function toneOf(table: TableSection, index: number): (key: string) => string {
  return (key) => (key === 'result' || key === 'lockStatus' ? TONES[String(table.rows[index]?.[key] ?? '')] ?? INK : INK);
}

function draw(form: Form, laid: readonly Laid[], cells: readonly (readonly string[])[], how: { readonly bold: boolean; readonly top: number; readonly tone?: (key: string) => string }): void {
  for (const [at, lines] of cells.entries()) {
    const place = laid[at];
    if (!place) continue;
    for (const [row, line] of lines.entries()) {
      form.line(line, place.x + PAD_X, how.top + PAD_Y + row * LEADING, place.width - 2 * PAD_X, {
        size: SIZE, bold: how.bold, ink: how.tone?.(place.column.key) ?? INK, align: place.column.align ?? 'left',
      });
    }
  }
}
