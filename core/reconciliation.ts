import { ArchiveError } from './errors.js';

/** 清点单位: one line of the handing-in list. */
export interface CountLine {
  readonly category: string;
  readonly archivalYear: number;
  readonly retention: string;
  readonly items: number;
  readonly metadata: number;
}

/** What arrived, one entry a record. */
export interface Received {
  readonly category: string;
  readonly archivalYear: number;
  readonly retention: string;
  /** Whether its metadata came with it and is linked. */
  readonly hasMetadata: boolean;
}

/** One line of 清点核实单: declared beside actual. */
export interface CountRow {
  readonly category: string;
  readonly archivalYear: number;
  readonly retention: string;
  readonly declaredItems: number;
  readonly actualItems: number;
  readonly declaredMetadata: number;
  readonly actualMetadata: number;
  readonly agrees: boolean;
}

export interface Reconciliation {
  readonly rows: readonly CountRow[];
  readonly declaredItems: number;
  readonly actualItems: number;
  readonly agrees: boolean;
}

const keyOf = (line: { readonly category: string; readonly archivalYear: number; readonly retention: string }): string =>
  `${line.category}|${String(line.archivalYear)}|${line.retention}`;

/**
 * 清点核实: 门类, 形成年度, 保管期限, 件数, 元数据数量, line by line; lines on one side only count as nought on the other. Sorted by
 * category, year and retention.
 * @see 办法第二十一条
 */
export function reconcile(declared: readonly CountLine[], received: readonly Received[]): Reconciliation {
  const rows = new Map<string, { category: string; archivalYear: number; retention: string; declaredItems: number; actualItems: number; declaredMetadata: number; actualMetadata: number }>();
  const rowFor = (line: { readonly category: string; readonly archivalYear: number; readonly retention: string }) => {
    const { category, archivalYear, retention } = line;
    const row = rows.get(keyOf(line)) ?? { category, archivalYear, retention, declaredItems: 0, actualItems: 0, declaredMetadata: 0, actualMetadata: 0 };
    rows.set(keyOf(line), row);
    return row;
  };
  for (const line of declared) {
    const row = rowFor(line);
    row.declaredItems += line.items;
    row.declaredMetadata += line.metadata;
  }
  for (const record of received) {
    const row = rowFor(record);
    row.actualItems += 1;
    row.actualMetadata += record.hasMetadata ? 1 : 0;
  }
  const sorted = [...rows.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]): CountRow => ({
    ...row, agrees: row.declaredItems === row.actualItems && row.declaredMetadata === row.actualMetadata,
  }));
  const sum = (of: (row: CountRow) => number): number => sorted.reduce((total, row) => total + of(row), 0);
  return { rows: sorted, declaredItems: sum((row) => row.declaredItems), actualItems: sum((row) => row.actualItems), agrees: sorted.every((row) => row.agrees) };
}

/**
 * @throws ArchiveError `E_COUNT_MISMATCH` with the lines that differ, in Chinese
 * @see 办法第二十一条
 */
export function requireAgreedCount(result: Reconciliation): void {
  const differing = result.rows.filter((row) => !row.agrees);
  if (differing.length === 0) return;
  throw new ArchiveError('E_COUNT_MISMATCH', { differences: differing }, differing.map((row) => ({
    at: `${row.category} ${String(row.archivalYear)} ${row.retention}`,
    message: `申报 ${String(row.declaredItems)} 件、元数据 ${String(row.declaredMetadata)} 条，实收 ${String(row.actualItems)} 件、元数据 ${String(row.actualMetadata)} 条，请更正申报或补交`,
  })));
}
