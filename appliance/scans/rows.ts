import type { ScanFault, ScanStanding, ScanTechnical } from '../../core/scan.js';
import type { Page, Paged } from '../../core/holdings.js';
import type { Instant } from '../../core/ports.js';
import { places } from '../store/sql.js';
import type { Sql, SqlValue } from '../store/sql.js';

/** `absent`: it was asked for and the program is not installed. */
export type OcrState = 'none' | 'waiting' | 'done' | 'failed' | 'absent';
export interface OcrFacts { readonly tool: string; readonly pages: number; readonly characters: number; readonly confidence: number | null; readonly at: Instant }
export interface ScanRow { readonly file: string; readonly technical: ScanTechnical; readonly faults: readonly ScanFault[]; readonly measuredAt: Instant; readonly ocr: OcrState; readonly attempts: number; readonly textFile: string | null; readonly facts: OcrFacts | null; readonly indexed: boolean }

interface Row { file: string; technical: string; faults: string; measured_at: string; ocr: OcrState; attempts: number; text_file: string | null; facts: string | null; indexed: number }
const of = (row: Row): ScanRow => ({
  file: row.file, technical: JSON.parse(row.technical) as ScanTechnical, faults: JSON.parse(row.faults) as ScanFault[], measuredAt: row.measured_at, ocr: row.ocr, attempts: row.attempts, textFile: row.text_file,
  facts: row.facts === null ? null : JSON.parse(row.facts) as OcrFacts, indexed: row.indexed === 1,
});
const AT_ONCE = 400;
const CURRENT = "computer_file.replaced_by IS NULL AND capture_batch.method = 'paper_scan'";
const JOINS = 'FROM record JOIN computer_file ON computer_file.record = record.id JOIN capture_batch ON capture_batch.id = computer_file.batch LEFT JOIN scan_file ON scan_file.file = computer_file.id';

/** 扫描件 over one connection: figures and states, no content. */
export function scanRows(sql: Sql) {
  return {
    async get(file: string): Promise<ScanRow | undefined> {
      const row = await sql.one<Row>('SELECT * FROM scan_file WHERE file = $1', file);
      return row && of(row);
    },
    async measured(file: string, technical: ScanTechnical, faults: readonly ScanFault[], at: Instant): Promise<void> {
      await sql.run(
        `INSERT INTO scan_file (file, technical, faults, measured_at, ocr, attempts, indexed) VALUES ($1,$2,$3,$4,'none',0,0) ON CONFLICT (file) DO UPDATE SET technical = excluded.technical, faults = excluded.faults, measured_at = excluded.measured_at`,
        file, JSON.stringify(technical), JSON.stringify(faults), at,
      );
    },
    /** Scans that a person may see, newest first. @param visible the filter over `record`, with its values */
    async list(visible: { readonly sql: string; readonly values: readonly SqlValue[] }, batch: string | null, faulty: boolean, { offset, limit }: Page): Promise<Paged<{ readonly id: string }>> {
      const values: SqlValue[] = [...visible.values];
      const where = [visible.sql, CURRENT, "record.state <> 'withdrawn'"];
      if (batch !== null) where.push(`computer_file.batch = $${String(values.push(batch))}`);
      if (faulty) where.push("(scan_file.file IS NULL OR scan_file.faults <> '[]')");
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n ${JOINS} WHERE ${where.join(' AND ')}`, ...values))?.n ?? 0;
      const rows = await sql.all<{ id: string }>(`SELECT computer_file.id AS id ${JOINS} WHERE ${where.join(' AND ')} ORDER BY record.serial DESC, computer_file.position LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows, total };
    },
    /** How the scans of records stand before filing. */
    async standing(records: readonly string[]): Promise<readonly ScanStanding[]> {
      const found: ScanStanding[] = [];
      for (let from = 0; from < records.length; from += AT_ONCE) {
        const part = records.slice(from, from + AT_ONCE);
        for (const row of await sql.all<{ file: string; record: string; faults: string | null }>(`SELECT computer_file.id AS file, computer_file.record AS record, scan_file.faults AS faults FROM computer_file LEFT JOIN scan_file ON scan_file.file = computer_file.id WHERE computer_file.replaced_by IS NULL AND computer_file.record IN (${places(part.length)})`, ...part)) {
          found.push({ file: row.file, record: row.record, measured: row.faults !== null, faults: row.faults === null ? [] : JSON.parse(row.faults) as ScanFault[] });
        }
      }
      return found;
    },
    want: async (file: string): Promise<number> => sql.run("UPDATE scan_file SET ocr = 'waiting', attempts = 0 WHERE file = $1 AND ocr <> 'waiting'", file),
    attempted: async (file: string, more = 1): Promise<void> => { await sql.run('UPDATE scan_file SET attempts = max(0, attempts + $1) WHERE file = $2', more, file); },
    ended: async (file: string, ocr: OcrState, textFile: string | null, facts: OcrFacts | null): Promise<void> => {
      await sql.run('UPDATE scan_file SET ocr = $1, text_file = $2, facts = $3, indexed = 0 WHERE file = $4', ocr, textFile, facts === null ? null : JSON.stringify(facts), file);
    },
    /** The next scan to be recognised, of a record that is filed. */
    waiting: async (): Promise<{ readonly file: string; readonly attempts: number } | undefined> => sql.one<{ file: string; attempts: number }>("SELECT file, attempts FROM scan_file WHERE ocr = 'waiting' ORDER BY file LIMIT 1"),
    /** A record whose words are not in the index, or no longer, and that is kept. */
    unindexed: async (): Promise<string | undefined> => (await sql.one<{ record: string }>(
      "SELECT computer_file.record AS record FROM scan_file JOIN computer_file ON computer_file.id = scan_file.file JOIN record ON record.id = computer_file.record WHERE scan_file.ocr = 'done' AND scan_file.indexed = 0 AND record.state NOT IN ('withdrawn','pending_destruction','destroyed') LIMIT 1",
    ))?.record,
    /** 派生文字 of a record: the computer files that hold it. */
    textsOf: async (record: string): Promise<readonly { readonly file: string; readonly text: string; readonly object: string }[]> => sql.all<{ file: string; text: string; object: string }>(
      `SELECT scan_file.file AS file, scan_file.text_file AS text, own.object AS object FROM scan_file JOIN computer_file ON computer_file.id = scan_file.file JOIN computer_file AS own ON own.id = scan_file.text_file JOIN stored_object ON stored_object.id = own.object
       WHERE computer_file.record = $1 AND scan_file.ocr = 'done' AND stored_object.state <> 'gone' ORDER BY computer_file.position, scan_file.file`, record),
    indexed: async (files: readonly string[]): Promise<void> => { for (const file of files) await sql.run('UPDATE scan_file SET indexed = 1 WHERE file = $1', file); },
  };
}
