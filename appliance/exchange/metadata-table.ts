/**
 * 元数据导出: XLSX and JSON Lines with the columns of the offline catalogue. Both are read again by `readCatalogueFile` as what was put in:
 * the one table for both directions is `policies/catalogue-columns.json` with the elements of the scheme behind it.
 */
import writeWorkbook from 'write-excel-file/node';
import { writeList } from '../../core/catalogue-cells.js';
import { allColumns } from '../../core/catalogue.js';
import type { CatalogueEntry, CatalogueRules } from '../../core/catalogue.js';
import { dictionary, labelOf } from '../../core/dictionary.js';
import { allElements } from '../../core/metadata.js';
import type { MetadataElement } from '../../policies/schemas/metadata.js';

type Value = string | readonly string[];
interface Column { readonly key: string; readonly header: string; readonly element: MetadataElement | undefined }

const LEVELS = ['公开', '内部', '秘密', '机密', '绝密'] as const;
/** Always there, so that a table without a single row still says what it is. */
const USUAL: ReadonlySet<string> = new Set(['declaredArchivalCode', 'title', 'author', 'documentNumber', 'documentDate', 'securityLevel', 'archivalYear', 'retentionCode', 'fileName']);

function columnsOf(rules: CatalogueRules): readonly Column[] {
  const elements = new Map(allElements(rules.scheme).filter(({ place }) => place === 'record' || place === 'digitalObject').map((element) => [element.key, element]));
  return allColumns(rules).filter(({ ignored }) => ignored !== true).map(({ key, headers }) => ({ key, header: headers[0] ?? key, element: elements.get(key) }));
}

/** An entry by key, lists as lists, terms and levels in words. */
function valuesOf({ description, structure, files, digest }: Omit<CatalogueEntry, 'line'>, columns: readonly Column[], rules: CatalogueRules): ReadonlyMap<string, Value> {
  const [main, ...others] = files;
  const bracketed = /^[[［].+[\]］]$/u.test(description.title);
  const raw: Readonly<Record<string, unknown>> = {
    ...structure, ...description, titleSupplied: description.titleSupplied === true ? true : bracketed ? false : undefined,
    fileName: main, attachments: others.length === 0 ? undefined : others, digest,
  };
  return new Map(columns.flatMap(({ key, element }): (readonly [string, Value])[] => {
    const value = raw[key];
    if (value === undefined || value === null || value === '') return [];
    if (Array.isArray(value)) return [[key, value.map(String)]];
    if (typeof value === 'boolean') return [[key, value ? '是' : '否']];
    if (element?.kind === 'level' && typeof value === 'number') return [[key, LEVELS[value] ?? '']];
    const terms = element?.dictionary ?? (element?.kind === 'term' ? element.key : undefined);
    return [[key, terms === undefined ? String(value) : labelOf(dictionary(rules.dictionaries, terms), String(value))]];
  }));
}

/** One object a line, by key. */
export async function* metadataLines(entries: AsyncIterable<Omit<CatalogueEntry, 'line'>> | Iterable<Omit<CatalogueEntry, 'line'>>, rules: CatalogueRules): AsyncGenerator<Buffer, void, void> {
  const columns = columnsOf(rules);
  for await (const entry of entries) yield Buffer.from(`${JSON.stringify(Object.fromEntries(valuesOf(entry, columns, rules)))}\n`);
}

/** `_x000D_` in a text is what it says, not a carriage return (ISO/IEC 29500-1, 22.9.2.19). */
const spelled = (text: string): string => text.replace(/_(?=x[0-9a-f]{4}_)/giu, '_x005F_');

/** A workbook of text cells; a formula is text like any other. */
export async function metadataWorkbook(entries: readonly Omit<CatalogueEntry, 'line'>[], rules: CatalogueRules): Promise<Buffer> {
  const columns = columnsOf(rules);
  const rows = entries.map((entry) => valuesOf(entry, columns, rules));
  const used = columns.filter(({ key }) => USUAL.has(key) || rows.some((row) => row.has(key)));
  const cell = (value: Value | undefined) => (value === undefined ? null : { type: String, value: spelled(typeof value === 'string' ? value : writeList(value, rules.columns.listSeparators)) });
  return writeWorkbook([
    used.map(({ header }) => ({ type: String, value: header, fontWeight: 'bold' as const })),
    ...rows.map((row) => used.map(({ key }) => cell(row.get(key)))),
  ], { stickyRowsCount: 1, columns: used.map(({ key }) => ({ width: key === 'title' ? 60 : 16 })) }).toBuffer();
}
