/** 整理编目表: rows and edits of a grid, pure: every change can be undone, and a paste from a spreadsheet is one change. */

export interface Cell { readonly row: string; readonly column: string }
export interface Change extends Cell { readonly before: string; readonly after: string }
export type Step = readonly Change[];

/** Values as they stand with edits laid over them, by row and column. */
export interface Sheet {
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly done: readonly Step[];
  readonly undone: readonly Step[];
}

export const emptySheet = (values: Sheet['values']): Sheet => ({ values, done: [], undone: [] });
export const valueOf = (sheet: Sheet, row: string, column: string): string => sheet.values[row]?.[column] ?? '';

function lay(values: Sheet['values'], step: Step, side: 'before' | 'after'): Sheet['values'] {
  const next: Record<string, Readonly<Record<string, string>>> = { ...values };
  for (const change of step) next[change.row] = { ...next[change.row], [change.column]: change[side] };
  return next;
}

/** Lays new values into cells as one step; cells that keep their value are left out, and an empty step is no step. */
export function edit(sheet: Sheet, cells: readonly (Cell & { readonly value: string })[]): Sheet {
  const step = cells
    .map((cell) => ({ row: cell.row, column: cell.column, before: valueOf(sheet, cell.row, cell.column), after: cell.value }))
    .filter((change) => change.before !== change.after);
  if (step.length === 0) return sheet;
  return { values: lay(sheet.values, step, 'after'), done: [...sheet.done, step], undone: [] };
}

export function undo(sheet: Sheet): Sheet {
  const step = sheet.done.at(-1);
  if (!step) return sheet;
  return { values: lay(sheet.values, step, 'before'), done: sheet.done.slice(0, -1), undone: [...sheet.undone, step] };
}

export function redo(sheet: Sheet): Sheet {
  const step = sheet.undone.at(-1);
  if (!step) return sheet;
  return { values: lay(sheet.values, step, 'after'), done: [...sheet.done, step], undone: sheet.undone.slice(0, -1) };
}

/** Rows as a spreadsheet puts them on the clipboard: tabs between cells, quotes around cells with line ends. */
export function pastedCells(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  const endCell = (): void => { rows.at(-1)?.push(cell.trim()); cell = ''; };
  for (let at = 0; at < text.length; at += 1) {
    const one = text[at] ?? '';
    if (quoted) {
      if (one === '"' && text[at + 1] === '"') { cell += '"'; at += 1; } else if (one === '"') quoted = false; else cell += one;
    } else if (one === '"' && cell === '') quoted = true;
    else if (one === '\t') endCell();
    else if (one === '\n') { endCell(); rows.push([]); } else if (one !== '\r') cell += one;
  }
  endCell();
  return rows.filter((row) => row.some((value) => value !== ''));
}

/** Where a pasted block lands, cut at the edges of the grid. */
export function landing(rows: readonly string[], columns: readonly string[], at: Cell, block: readonly (readonly string[])[]): readonly (Cell & { readonly value: string })[] {
  const top = rows.indexOf(at.row);
  const left = columns.indexOf(at.column);
  if (top < 0 || left < 0) return [];
  return block.flatMap((line, down) => line.flatMap((value, across) => {
    const row = rows[top + down];
    const column = columns[left + across];
    return row === undefined || column === undefined ? [] : [{ row, column, value }];
  }));
}

/** The value of the first cell down to the last one. */
export function fillDown(sheet: Sheet, rows: readonly string[], column: string, from: string, to: string): Sheet {
  const [a, b] = [rows.indexOf(from), rows.indexOf(to)].sort((x, y) => x - y);
  if (a === undefined || b === undefined || a < 0) return sheet;
  const value = valueOf(sheet, rows[a] ?? '', column);
  return edit(sheet, rows.slice(a + 1, b + 1).map((row) => ({ row, column, value })));
}

/** Rows whose values differ from what the server holds, with only what differs. */
export function changedRows(sheet: Sheet, original: Sheet['values']): readonly { readonly row: string; readonly fields: Readonly<Record<string, string>> }[] {
  return Object.entries(sheet.values).flatMap(([row, values]) => {
    const fields = Object.fromEntries(Object.entries(values).filter(([column, value]) => value !== (original[row]?.[column] ?? '')));
    return Object.keys(fields).length > 0 ? [{ row, fields }] : [];
  });
}
