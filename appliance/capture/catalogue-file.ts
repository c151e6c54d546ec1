import { CsvError, parse } from 'csv-parse/sync';
import { ArchiveError, type ErrorDetail } from '../../core/errors.js';
import { placeOf, readCatalogue, type CatalogueReading, type CatalogueRules, type Cell, type RawCatalogue, type RawRow } from '../../core/catalogue.js';
import { allElements } from '../../core/metadata.js';
import { readWorkbook } from './catalogue-sheet.js';
import { decodeCatalogue, type TextEncoding } from './catalogue-text.js';

export type CatalogueFormat = 'xlsx' | 'csv' | 'jsonl';

export interface CatalogueFileReading extends CatalogueReading {
  readonly format: CatalogueFormat;
  /** How the text was read; `null` for a workbook. */
  readonly encoding: TextEncoding | null;
}

const DELIMITERS = [',', '\t', ';'] as const;
const FAULTS = 500;

const invalid = (details: readonly ErrorDetail[]): ArchiveError => new ArchiveError('E_CATALOGUE_INVALID', { faults: details.length }, details.slice(0, FAULTS));
const at = (place: string, message: string): ArchiveError => invalid([{ at: place, message }]);

/**
 * 离线目录: XLSX, CSV (UTF-8, GB 18030, UTF-16 with mark) or JSON Lines, told apart by their content. Every row and every fault comes back; nothing is
 * imported here.
 * @param bytes the whole file
 * @throws ArchiveError `E_UPLOAD_TOO_LARGE`, `E_CATALOGUE_ENCODING`; `E_CATALOGUE_INVALID` where the file cannot be taken apart at all
 * @see 办法第十六条
 */
export async function readCatalogueFile(bytes: Buffer, rules: CatalogueRules): Promise<CatalogueFileReading> {
  const { limits } = rules.columns;
  if (bytes.length > limits.bytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: limits.bytes });
  if (bytes.length === 0) throw at('目录', '文件为空，请核对后重新导入');
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0xd0cf11e0) throw at('目录', '旧版 xls 或加密的工作簿，请解除密码并另存为 xlsx');
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const rows = await readWorkbook(bytes, limits);
    return { ...read({ shape: 'table', rows }, rules), format: 'xlsx', encoding: null };
  }
  const headers = knownHeaders(rules);
  const { text, encoding } = decodeCatalogue(bytes, (candidate) => candidate.trimStart().startsWith('{') || delimiterOf(candidate, headers) !== undefined, (candidate, line, index) => columnAt(candidate, line, index, headers));
  if (text.includes('\u0000')) throw at('目录', '含空字符，不是文本目录，请另存为 CSV、XLSX 或 JSON Lines');
  if (text.trimStart().startsWith('{')) return { ...read({ shape: 'objects', rows: jsonLines(text) }, rules), format: 'jsonl', encoding };
  return { ...read({ shape: 'table', rows: csvRows(text, delimiterOf(text, headers) ?? ',') }, rules), format: 'csv', encoding };
}

/**
 * The same, all or nothing.
 * @throws ArchiveError `E_CATALOGUE_INVALID` with row and column of every fault (the first 500)
 */
export async function requireCatalogueFile(bytes: Buffer, rules: CatalogueRules): Promise<CatalogueFileReading> {
  const reading = await readCatalogueFile(bytes, rules);
  if (reading.faults.length > 0) throw invalid(reading.faults);
  return reading;
}

function read(raw: RawCatalogue, rules: CatalogueRules): CatalogueReading {
  const { limits, headerRows } = rules.columns;
  if (raw.rows.length > limits.rows + headerRows + 1) throw at('目录', `超过 ${String(limits.rows)} 行，请分批导入`);
  for (const row of raw.rows) {
    const cells = 'cells' in row ? row.cells : [...row.named.values()];
    if (cells.length > limits.columns) throw at(placeOf(row.line), `超过 ${String(limits.columns)} 列，请删减`);
    if (cells.some((cell) => typeof cell === 'string' && cell.length > limits.cellCharacters)) throw at(placeOf(row.line), `有内容超过 ${String(limits.cellCharacters)} 字，请核对`);
  }
  return readCatalogue(raw, rules);
}

function knownHeaders(rules: CatalogueRules): ReadonlySet<string> {
  const codes = allElements(rules.scheme).map((element) => element.code).filter((code) => code !== '-');
  return new Set([...rules.columns.columns.flatMap((column) => [...column.headers, column.key]), ...codes]);
}

const bare = (header: string): string => header.replace(/^["\s]+|["\s*]+$/gu, '');

/** The delimiter that gives a header with 题名 and most known columns, in the first lines; `undefined` where none does. */
function delimiterOf(text: string, headers: ReadonlySet<string>): (typeof DELIMITERS)[number] | undefined {
  const lines = text.split('\n', 12);
  const known = (delimiter: string): number => Math.max(...lines.map((line) => line.split(delimiter).filter((header) => headers.has(bare(header))).length));
  const [best] = DELIMITERS.map((delimiter) => ({ delimiter, count: known(delimiter) })).sort((one, other) => other.count - one.count);
  return best === undefined || best.count === 0 ? undefined : best.delimiter;
}

/** Header above a character of a damaged text, as well as a damaged text allows. */
function columnAt(text: string, line: number, index: number, headers: ReadonlySet<string>): string {
  const delimiter = delimiterOf(text, headers) ?? ',';
  const lines = text.split('\n');
  const header = lines.slice(0, 12).find((candidate) => candidate.split(delimiter).filter((name) => headers.has(bare(name))).length >= 2);
  const column = (lines[line - 1] ?? '').slice(0, index).split(delimiter).length - 1;
  return header === undefined ? '' : bare(header.split(delimiter)[column] ?? '');
}

interface CsvRecord { readonly record: readonly string[]; readonly info: { readonly lines: number } }

function csvRows(text: string, delimiter: string): readonly RawRow[] {
  try {
    const records = parse(text, { delimiter, bom: true, info: true, relax_column_count: true, skip_empty_lines: false, relax_quotes: false }) as unknown as readonly CsvRecord[];
    let end = 0;
    return records.map(({ record, info }) => {
      const line = end + 1;
      end = Math.max(info.lines, line);
      return { line, cells: record.map((cell): Cell => (cell === '' ? null : cell)) };
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line: unknown = (error as unknown as Readonly<Record<string, unknown>>)['lines'];
    throw at(placeOf(typeof line === 'number' ? line : 1), '引号不成对或位置不当，请检查该行的引号');
  }
}

function jsonLines(text: string): readonly RawRow[] {
  const faults: ErrorDetail[] = [];
  const rows: RawRow[] = [];
  text.split(/\r?\n/u).forEach((source, index) => {
    const line = index + 1;
    if (source.trim() === '') return;
    const value = parseObject(source);
    if (value === undefined) {
      faults.push({ at: placeOf(line), message: '不是一个完整的 JSON 对象，请每行写一个对象' });
      return;
    }
    const named = new Map<string, Cell>();
    for (const [name, cell] of Object.entries(value)) {
      const plain = plainCell(cell);
      if (plain === undefined) faults.push({ at: placeOf(line, name), message: '应为文字、数字或文字列表' });
      else named.set(name, plain);
    }
    rows.push({ line, named });
  });
  if (faults.length > 0) throw invalid(faults);
  return rows;
}

function parseObject(source: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function plainCell(value: unknown): Cell | undefined {
  if (value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) return undefined;
  return value.some((item) => /[、；;|\n]|^\["/u.test(item)) ? JSON.stringify(value) : value.join('\n');
}
