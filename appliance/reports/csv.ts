import { stringify } from 'csv-stringify/sync';
import type { ReportDocument } from '../../policies/schemas/report.js';

/** The tables of a report, one after another, with a byte order mark for spreadsheets and no cell that one would run as a formula. */
export function reportCsv(document: ReportDocument): Buffer {
  const lines: (string | number | null)[][] = [];
  for (const section of document.sections) {
    if (section.type !== 'table') continue;
    lines.push([section.heading], section.columns.map(({ heading }) => heading));
    for (const row of section.rows) lines.push(section.columns.map(({ key }) => row[key] ?? null));
    lines.push(['']);
  }
  return csvFile(lines);
}

/** Rows as a spreadsheet opens them. */
export const csvFile = (rows: readonly (readonly (string | number | null)[])[]): Buffer =>
  Buffer.from(stringify(rows.map((row) => row.map(safeCell)), { bom: true, record_delimiter: 'windows' }));

function safeCell(value: string | number | null): string {
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
