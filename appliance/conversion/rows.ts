import { ArchiveError } from '../../core/errors.js';
import type { ConversionCase, ConversionItem, ConversionItemState, ConversionState } from '../../core/conversion.js';
import type { ListScope, Page, Paged } from '../../core/holdings.js';
import type { Level, Target } from '../../core/ports.js';
import type { Sealing } from '../store/sealing.js';
import { insert, places, saveVersion } from '../store/sql.js';
import type { Sql, SqlValue } from '../store/sql.js';

export interface StoredConversion { readonly it: ConversionCase; readonly fonds: string; readonly department: string; readonly level: Level; readonly version: number }

interface Row { id: string; no: string; state: ConversionState; converter: string; fonds: string; department: string; owner: string; level: Level; sealed: Buffer; version: number }
interface ItemRow { seq: number; record: string; file: string; state: ConversionItemState; target: string | null; attempts: number; facts: string }
interface ItemFacts { readonly source: ConversionItem['source']; readonly target: Omit<NonNullable<ConversionItem['target']>, 'file'> | null; readonly checks: ConversionItem['checks'] }

export const CONVERSION_COLUMNS = { id: 'conversion.id', level: 'conversion.level', fonds: 'conversion.fonds', department: 'conversion.department', state: 'conversion.state', owner: 'conversion.owner' } as const;
export const conversionTarget = ({ it, fonds, department, level }: Omit<StoredConversion, 'version'>): Target =>
  ({ type: 'conversion', id: it.id, fonds, department, level, state: it.state, scope: { persons: [], departments: [] }, owner: it.draftedBy });

const AT_ONCE = 400;
/** States in which a case still wants its files for itself. */
const OPEN = "('drafted','asked','approved','running','paused','checked')";

export interface ItemCounts { readonly all: number; readonly waiting: number; readonly passed: number; readonly failed: number; readonly before: number; readonly after: number }

/** 格式转换个案 over one connection. */
export function conversionRows(sql: Sql, sealing: Sealing) {
  const of = (row: Row): StoredConversion => {
    const it = sealing.open<ConversionCase>(row.level, `conversion/${row.id}`, row.sealed);
    if (it.state !== row.state || it.no !== row.no || it.draftedBy !== row.owner) throw new ArchiveError('E_DECRYPT_FAILED', { conversion: row.id });
    return { it, fonds: row.fonds, department: row.department, level: row.level, version: row.version };
  };
  const columns = ({ it, level }: StoredConversion): Record<string, SqlValue> => ({ state: it.state, level, sealed: sealing.seal(level, `conversion/${it.id}`, it) });
  const itemOf = ({ facts, target: file, ...row }: ItemRow): ConversionItem => {
    const { source, target, checks } = JSON.parse(facts) as ItemFacts;
    return { seq: row.seq, record: row.record, file: row.file, state: row.state, attempts: row.attempts, source, checks, target: target === null || file === null ? null : { ...target, file } };
  };
  const told = ({ source, target, checks }: ConversionItem): string => {
    const { file: _, ...rest } = target ?? { file: '' };
    return JSON.stringify({ source, target: target === null ? null : rest, checks });
  };

  return {
    async get(id: string): Promise<StoredConversion | undefined> {
      const row = await sql.one<Row>('SELECT * FROM conversion WHERE id = $1', id);
      return row && of(row);
    },
    async add(one: StoredConversion, items: readonly ConversionItem[]): Promise<void> {
      const { it } = one;
      await insert(sql, 'conversion', { id: it.id, no: it.no, converter: it.converter, fonds: one.fonds, department: one.department, owner: it.draftedBy, drafted_at: it.draftedAt, version: one.version, ...columns(one) });
      for (const item of items) await insert(sql, 'conversion_item', { conversion: it.id, seq: item.seq, record: item.record, file: item.file, state: item.state, target: null, attempts: 0, facts: told(item) });
    },
    save: async (one: StoredConversion, seenVersion: number): Promise<void> => saveVersion(sql, 'conversion', one.it.id, seenVersion, columns(one)),
    async list(visible: ListScope, state: string | null, { offset, limit }: Page): Promise<Paged<StoredConversion>> {
      const values: SqlValue[] = [...(visible.values as readonly SqlValue[])];
      const where = state === null ? visible.sql : `${visible.sql} AND conversion.state = $${String(values.push(state))}`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM conversion WHERE ${where}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row>(`SELECT * FROM conversion WHERE ${where} ORDER BY drafted_at DESC, id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(of), total };
    },
    numbered: async (series: string): Promise<number> => (await sql.one<{ n: number }>('SELECT count(*) AS n FROM conversion WHERE substr(no, 1, $1) = $2', series.length, series))?.n ?? 0,
    async items(conversion: string, { offset, limit }: Page): Promise<ConversionItem[]> {
      return (await sql.all<ItemRow>('SELECT * FROM conversion_item WHERE conversion = $1 ORDER BY seq LIMIT $2 OFFSET $3', conversion, limit, offset)).map(itemOf);
    },
    async counts(conversion: string): Promise<ItemCounts> {
      const row = await sql.one<Record<keyof ItemCounts, number | null>>(
        `SELECT count(*) AS "all", sum(state = 'waiting') AS waiting, sum(state IN ('passed','adopted','kept')) AS passed, sum(state = 'failed') AS failed,
           sum(CASE WHEN target IS NOT NULL THEN json_extract(facts, '$.source.bytes') END) AS before, sum(json_extract(facts, '$.target.bytes')) AS after FROM conversion_item WHERE conversion = $1`, conversion,
      );
      return { all: row?.all ?? 0, waiting: row?.waiting ?? 0, passed: row?.passed ?? 0, failed: row?.failed ?? 0, before: row?.before ?? 0, after: row?.after ?? 0 };
    },
    /** The next thing the box has to do, of any case that runs. */
    async waiting(): Promise<{ readonly conversion: string; readonly item: ConversionItem } | undefined> {
      const row = await sql.one<ItemRow & { conversion: string }>(
        "SELECT conversion_item.* FROM conversion_item JOIN conversion ON conversion.id = conversion_item.conversion WHERE conversion.state = 'running' AND conversion_item.state = 'waiting' ORDER BY conversion.drafted_at, conversion_item.conversion, conversion_item.seq LIMIT 1",
      );
      return row && { conversion: row.conversion, item: itemOf(row) };
    },
    /** Cases that run and have nothing left to do: the last run ended between the last item and the end. */
    spent: async (): Promise<readonly string[]> => (await sql.all<{ id: string }>("SELECT id FROM conversion WHERE state = 'running' AND NOT EXISTS (SELECT 1 FROM conversion_item WHERE conversion = conversion.id AND state = 'waiting') ORDER BY drafted_at")).map(({ id }) => id),
    attempted: async (conversion: string, seq: number, more = 1): Promise<void> => { await sql.run('UPDATE conversion_item SET attempts = max(0, attempts + $1) WHERE conversion = $2 AND seq = $3', more, conversion, seq); },
    /** @throws ArchiveError `E_STATE_INVALID` where it is not as it was seen */
    async settle(conversion: string, item: ConversionItem, seen: ConversionItemState): Promise<void> {
      const changed = await sql.run('UPDATE conversion_item SET state = $1, target = $2, facts = $3 WHERE conversion = $4 AND seq = $5 AND state = $6', item.state, item.target?.file ?? null, told(item), conversion, item.seq, seen);
      if (changed !== 1) throw new ArchiveError('E_STATE_INVALID', { conversion, item: item.seq, state: seen });
    },
    /** Which of these files some open case has, and its number. */
    async taken(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
      const found = new Map<string, string>();
      for (let from = 0; from < files.length; from += AT_ONCE) {
        const part = files.slice(from, from + AT_ONCE);
        for (const { file, no } of await sql.all<{ file: string; no: string }>(
          `SELECT conversion_item.file, conversion.no FROM conversion_item JOIN conversion ON conversion.id = conversion_item.conversion WHERE conversion.state IN ${OPEN} AND conversion_item.file IN (${places(part.length)})`, ...part)) found.set(file, no);
      }
      return found;
    },
    /** 现行表现: `current` stands in front, `behind` is kept behind it. */
    async stand(current: string, behind: string): Promise<void> {
      await sql.run('UPDATE computer_file SET replaced_by = NULL WHERE id = $1', current);
      await sql.run('UPDATE computer_file SET replaced_by = $1 WHERE id = $2', current, behind);
    },
  };
}
export type ConversionRows = ReturnType<typeof conversionRows>;
