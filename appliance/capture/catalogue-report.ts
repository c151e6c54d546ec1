import { stringify } from 'csv-stringify/sync';
import writeWorkbook from 'write-excel-file/node';
import type { CatalogueReading } from '../../core/catalogue.js';

/** One line of 导入问题清单. */
interface ReportRow { readonly 严重程度: '错误' | '提示'; readonly 位置: string; readonly 问题: string }

const rowsOf = (reading: Pick<CatalogueReading, 'faults' | 'notices'>): readonly ReportRow[] => [
  ...reading.faults.map(({ at, message }): ReportRow => ({ 严重程度: '错误', 位置: at, 问题: message })),
  ...reading.notices.map(({ at, message }): ReportRow => ({ 严重程度: '提示', 位置: at, 问题: message })),
];

const HEADERS = ['严重程度', '位置', '问题'] as const;

/** 导入问题清单 as JSON Lines, faults first. */
export const reportLines = (reading: Pick<CatalogueReading, 'faults' | 'notices'>): string => rowsOf(reading).map((row) => `${JSON.stringify(row)}\n`).join('');

/** 导入问题清单 as CSV for spreadsheets: UTF-8 with mark, formulas disarmed. */
export const reportCsv = (reading: Pick<CatalogueReading, 'faults' | 'notices'>): string =>
  stringify([HEADERS, ...rowsOf(reading).map((row) => HEADERS.map((header) => row[header]))].map((row) => [...row]), { bom: true, escape_formulas: true, record_delimiter: 'windows' });

/** 导入问题清单 as a workbook; every cell is text. */
export async function reportWorkbook(reading: Pick<CatalogueReading, 'faults' | 'notices'>): Promise<Buffer> {
  const cells = rowsOf(reading).map((row) => HEADERS.map((header) => ({ type: String, value: row[header], wrap: true })));
  const head = HEADERS.map((header) => ({ type: String, value: header, fontWeight: 'bold' as const }));
  return writeWorkbook([head, ...cells], { columns: [{ width: 10 }, { width: 28 }, { width: 70 }], stickyRowsCount: 1 }).toBuffer();
}
