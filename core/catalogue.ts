import { readCell } from './catalogue-cells.js';
import type { BoundColumn } from './catalogue-cells.js';
import { readTitle, titleDetails, type Description } from './description.js';
import type { ErrorDetail } from './errors.js';
import { allElements } from './metadata.js';
import type { CalendarDate, Level } from './ports.js';
import type { RetentionSchedule } from '../policies/schemas/arrangement.js';
import type { CatalogueColumn, CatalogueColumns } from '../policies/schemas/catalogue.js';
import type { Dictionaries } from '../policies/schemas/dictionaries.js';
import type { MetadataScheme } from '../policies/schemas/metadata.js';

/** A cell as the file has it; a spreadsheet's date cell has been read as a day. */
export type Cell = string | { readonly day: CalendarDate } | null;

/** A catalogue before anything is known about its columns. */
export interface RawCatalogue {
  /** A table has one header for all rows; of a list of objects every line brings its own. */
  readonly shape: 'table' | 'objects';
  /** `line` counts from 1 as the officer sees it. */
  readonly rows: readonly RawRow[];
}
export type RawRow =
  | { readonly line: number; readonly cells: readonly Cell[] }
  | { readonly line: number; readonly named: ReadonlyMap<string, Cell> };

/** Structural values of one entry; whatever is absent is settled later (整理). */
export interface CatalogueStructure {
  readonly documentDate?: CalendarDate;
  readonly completedOn?: CalendarDate;
  readonly archivalYear?: number;
  readonly retentionCode?: string;
  readonly categoryCode?: string;
  readonly orgOrFunction?: string;
  readonly scheduleItemId?: string;
  readonly fondsIdentifier?: string;
  readonly securityLevel?: Level;
  readonly captureMethod?: string;
}

/** One 件 of the catalogue. */
export interface CatalogueEntry {
  readonly line: number;
  readonly description: Description;
  readonly structure: CatalogueStructure;
  /** Computer file names, the main one first; to be matched with the files that came along. */
  readonly files: readonly string[];
  /** SM3 of the main file as declared, lower case hex. */
  readonly digest?: string;
}

export interface CatalogueReading {
  readonly entries: readonly CatalogueEntry[];
  /** Any of these refuses the whole catalogue. */
  readonly faults: readonly ErrorDetail[];
  /** Mended or worth a look; refuses nothing. */
  readonly notices: readonly ErrorDetail[];
  /** Rows that carried data, the refused ones included. */
  readonly rowsRead: number;
}

export interface CatalogueRules {
  readonly columns: CatalogueColumns;
  readonly scheme: MetadataScheme;
  readonly dictionaries: Dictionaries;
  readonly schedule: Pick<RetentionSchedule, 'terms'>;
}

/** `第3行「题名」`. */
export const placeOf = (line: number, header?: string): string => `第${String(line)}行${header === undefined || header === '' ? '' : `「${header}」`}`;

const STRUCTURE: ReadonlySet<string> = new Set([
  'documentDate', 'completedOn', 'archivalYear', 'retentionCode', 'categoryCode', 'orgOrFunction', 'scheduleItemId', 'fondsIdentifier', 'securityLevel', 'captureMethod',
]);
/** Worth a look where the column is there and the cell is empty. */
const ASKED: ReadonlySet<string> = new Set(['declaredArchivalCode', 'documentNumber', 'retentionCode', 'documentDate', 'author']);


const plainHeader = (header: string): string => header.normalize('NFKC').replace(/[\s*:：]|\((?:必填|选填)\)/gu, '');
const isEmpty = (cell: Cell | undefined): boolean => cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '');
const shown = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell : cell === null || cell === undefined ? '' : cell.day);

/** Elements that a person may hand in: what the box gives itself (ids, containers) is left out. */
const NOT_GIVEN: ReadonlySet<string> = new Set(['id', 'container', 'instant']);

/** The columns of the policy, then every other element of the description under its own name, so that nothing described is lost on its way. */
export function allColumns(rules: Pick<CatalogueRules, 'columns' | 'scheme'>): readonly CatalogueColumn[] {
  const known = new Set(rules.columns.columns.map(({ key }) => key));
  const others = allElements(rules.scheme).filter(({ place, home, kind, key }) => place === 'record' && home === 'sealed' && !NOT_GIVEN.has(kind) && !known.has(key));
  return [...rules.columns.columns, ...others.map(({ key, name }): CatalogueColumn => ({ key, headers: [name] }))];
}

function columnFinder(rules: CatalogueRules): (header: string) => BoundColumn | undefined {
  const elements = new Map(allElements(rules.scheme).filter((element) => ['record', 'digitalObject'].includes(element.place)).map((element) => [element.key, element]));
  const byHeader = new Map<string, BoundColumn>();
  for (const column of allColumns(rules)) {
    const element = elements.get(column.key);
    const code = element !== undefined && element.code !== '-' ? [element.code] : [];
    for (const header of [...column.headers, column.key, ...code]) byHeader.set(plainHeader(header), { header, column, element });
  }
  return (header) => byHeader.get(plainHeader(header));
}

/**
 * 离线目录 → 件. Columns are known by their Chinese header, the code of DA/T 46 or the key; an unknown column is a fault, never dropped. Every
 * finding has its row and column. Nothing here decides to import: any fault refuses the catalogue.
 * @see 办法第十六、十八条; DA/T 22-2015 归档文件目录
 */
export function readCatalogue(raw: RawCatalogue, rules: CatalogueRules): CatalogueReading {
  const find = columnFinder(rules);
  const faults: ErrorDetail[] = [];
  const notices: ErrorDetail[] = [];
  const rows = raw.shape === 'table' ? tableRows(raw.rows, rules, find, faults, notices) : objectRows(raw.rows, find, faults);
  const entries: CatalogueEntry[] = [];
  for (const row of rows) {
    const entry = readRow(row.line, row.values, rules, faults, notices);
    if (entry !== undefined) entries.push(entry);
  }
  if (rows.length === 0 && faults.length === 0) faults.push({ at: '目录', message: '没有数据行，请核对文件' });
  faults.push(...doubles(entries));
  return { entries, faults, notices, rowsRead: rows.length };
}

interface ValueRow { readonly line: number; readonly values: ReadonlyMap<BoundColumn, Cell> }

function tableRows(rows: readonly RawRow[], rules: CatalogueRules, find: (header: string) => BoundColumn | undefined, faults: ErrorDetail[], notices: ErrorDetail[]): readonly ValueRow[] {
  const cellsOf = (row: RawRow): readonly Cell[] => ('cells' in row ? row.cells : []);
  const { headerRows, minHeaders, totalWords } = rules.columns;
  const at = rows.slice(0, headerRows).findIndex((row) => {
    const known = cellsOf(row).map((cell) => find(shown(cell))).filter((bound) => bound !== undefined);
    return known.length >= minHeaders && known.some((bound) => bound.column.key === 'title');
  });
  const header = rows[at];
  if (header === undefined) {
    faults.push({ at: '目录', message: `前 ${String(headerRows)} 行内没有找到含“题名”的表头，请补上表头` });
    return [];
  }
  for (const row of rows.slice(0, at)) if (cellsOf(row).some((cell) => !isEmpty(cell))) notices.push({ at: placeOf(row.line), message: '表头以上的文字未导入' });
  const bound = cellsOf(header).map((cell) => ({ name: shown(cell).trim(), column: find(shown(cell)) }));
  const seen = new Map<string, string>();
  for (const { name, column } of bound) {
    if (name === '') continue;
    if (column === undefined) faults.push({ at: placeOf(header.line, name), message: '未知的列，请改用目录规定的列名或删去该列' });
    else if (column.column.ignored !== true) {
      const other = seen.get(column.column.key);
      if (other !== undefined) faults.push({ at: placeOf(header.line, name), message: `与「${other}」列重复，请只留一列` });
      seen.set(column.column.key, name);
    }
  }
  const width = bound.length;
  const found: ValueRow[] = [];
  for (const row of rows.slice(at + 1)) {
    const cells = cellsOf(row);
    if (cells.every(isEmpty)) continue;
    if (cells.filter((cell) => !isEmpty(cell)).length <= 3 && cells.some((cell) => totalWords.includes(shown(cell).replace(/\s/gu, '')))) {
      notices.push({ at: placeOf(row.line), message: '合计行未导入' });
      continue;
    }
    cells.forEach((cell, index) => {
      if (!isEmpty(cell) && (index >= width || bound[index]?.name === '')) faults.push({ at: `${placeOf(row.line)}第${String(index + 1)}列`, message: '该列没有表头，请补上列名或删去内容' });
    });
    if (cells.length < width) faults.push({ at: placeOf(row.line), message: `只有 ${String(cells.length)} 列，表头有 ${String(width)} 列，请检查是否缺少分隔符` });
    const values = bound.flatMap(({ name, column }, index): (readonly [BoundColumn, Cell])[] => (column === undefined ? [] : [[{ ...column, header: name }, cells[index] ?? null]]));
    found.push({ line: row.line, values: new Map(values) });
  }
  return found;
}

function objectRows(rows: readonly RawRow[], find: (header: string) => BoundColumn | undefined, faults: ErrorDetail[]): readonly ValueRow[] {
  return rows.map((row) => {
    const values = new Map<BoundColumn, Cell>();
    const seen = new Set<string>();
    for (const [name, cell] of 'named' in row ? row.named : []) {
      const column = find(name);
      if (column === undefined) faults.push({ at: placeOf(row.line, name), message: '未知的项，请改用目录规定的列名或删去' });
      else if (seen.has(column.column.key)) faults.push({ at: placeOf(row.line, name), message: '同一项出现两次，请只留一项' });
      else {
        seen.add(column.column.key);
        values.set({ ...column, header: name }, cell);
      }
    }
    return { line: row.line, values };
  });
}

function readRow(line: number, values: ReadonlyMap<BoundColumn, Cell>, rules: CatalogueRules, faults: ErrorDetail[], notices: ErrorDetail[]): CatalogueEntry | undefined {
  const before = faults.length;
  const read = new Map<string, unknown>();
  for (const [bound, cell] of values) {
    const { column, header } = bound;
    if (column.ignored === true) continue;
    if (isEmpty(cell)) {
      if (ASKED.has(column.key)) notices.push({ at: placeOf(line, header), message: '为空，请核对原件' });
      continue;
    }
    const result = readCell(bound, cell, rules);
    if (!result.ok) {
      faults.push({ at: placeOf(line, header), message: result.message });
      continue;
    }
    if (result.notice !== undefined) notices.push({ at: placeOf(line, header), message: result.notice });
    read.set(column.key, result.value);
  }
  const headerOf = (key: string, fallback: string): string => [...values.keys()].find((bound) => bound.column.key === key)?.header ?? fallback;
  const title = read.get('title');
  if (typeof title !== 'string') {
    if (faults.length === before || !faults.slice(before).some((fault) => fault.at === placeOf(line, headerOf('title', '题名')))) faults.push({ at: placeOf(line, headerOf('title', '题名')), message: '题名为空，请按文件内容补著录' });
    return undefined;
  }
  faults.push(...titleDetails(title).map((detail) => ({ at: placeOf(line, headerOf('title', '题名')), message: detail.message })));
  if (faults.length > before) return undefined;
  const take = (keep: (key: string) => boolean): Record<string, unknown> => Object.fromEntries([...read].filter(([key]) => keep(key)));
  const { fileName, attachments, digest } = Object.fromEntries(read);
  const own = new Set(['title', 'titleSupplied', 'fileName', 'attachments', 'digest']);
  // Where a column says whether the title was supplied, its brackets are its own.
  const titled = read.has('titleSupplied') ? { title, ...(read.get('titleSupplied') === true ? { titleSupplied: true } : {}) } : readTitle(title);
  const description = { ...titled, ...take((key) => !own.has(key) && !STRUCTURE.has(key)) } as Description;
  const files = [...(typeof fileName === 'string' ? [fileName] : []), ...(Array.isArray(attachments) ? attachments.filter((name): name is string => typeof name === 'string') : [])];
  return { line, description, structure: take((key) => STRUCTURE.has(key)), files, ...(typeof digest === 'string' ? { digest } : {}) };
}

/** Rows that say the same of the same document, and codes or file names used twice. */
function doubles(entries: readonly CatalogueEntry[]): readonly ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  const once = (what: string, header: string | undefined, keyOf: (entry: CatalogueEntry) => readonly string[]): void => {
    const first = new Map<string, number>();
    for (const entry of entries) {
      for (const key of keyOf(entry)) {
        const line = first.get(key);
        if (line === undefined) first.set(key, entry.line);
        else faults.push({ at: placeOf(entry.line, header), message: `与第${String(line)}行${what}，请核对后只留一处` });
      }
    }
  };
  once('重复', undefined, ({ description: { title, author, documentNumber }, structure, files }) => (files.length > 0 ? [] : [JSON.stringify([title, author ?? null, documentNumber ?? null, structure.documentDate ?? null])]));
  once('档号相同', '档号', ({ description }) => (description.declaredArchivalCode === undefined ? [] : [description.declaredArchivalCode]));
  once('文件名相同', '文件名', ({ files }) => files.map((name) => name.normalize('NFC').toLowerCase()));
  return faults;
}
