import type { Level } from '../../core/ports.js';
import type { Handling } from '../../core/preservation.js';
import type { RoundKind } from '../../policies/schemas/preservation.js';
import { insert } from '../store/sql.js';
import type { Sql } from '../store/sql.js';

export type CaseKind = RoundKind | 'environment' | 'medium';
export interface RoundRow {
  readonly id: string; readonly kind: RoundKind; readonly state: 'running' | 'paused' | 'done'; readonly wanted: number; readonly checked: number; readonly faults: number; readonly bytes: number;
  readonly started_by: string; readonly started_at: string; readonly finished_at: string | null;
}
export interface CaseRow {
  readonly id: string; readonly number: string; readonly kind: CaseKind; /** Object, place or carrier. */ readonly subject: string; readonly record: string | null; readonly code: string; readonly level: Level; readonly found_at: string;
  readonly state: 'open' | 'handled'; readonly handling: Handling | null; readonly note: string | null; readonly handled_by: string | null; readonly handled_at: string | null; readonly version: number;
}
export interface Due { readonly id: string; readonly bytes: number; readonly sm3: string; readonly level: Level }

/** Kept objects; of 可读性 those that are a present file of a filed record. */
const OF: Readonly<Record<RoundKind, string>> = {
  fixity: "o.state = 'kept'",
  readable: "o.state = 'kept' AND EXISTS (SELECT 1 FROM computer_file AS f JOIN record AS r ON r.id = f.record WHERE f.object = o.id AND f.replaced_by IS NULL AND r.filed_at IS NOT NULL)",
};

/** 检测 over one connection. What was never checked counts from the day it was stored: it was digested then. */
export const preservationRows = (sql: Sql) => ({
  /** Everything that is to be checked has its row, so that the longest unseen is found by index. */
  async enter(kind: RoundKind): Promise<void> {
    await sql.run(`INSERT INTO preservation_check (kind, object, at) SELECT $1, o.id, o.stored_at FROM stored_object AS o WHERE ${OF[kind]} AND NOT EXISTS (SELECT 1 FROM preservation_check AS c WHERE c.kind = $1 AND c.object = o.id)`, kind);
    await sql.run("DELETE FROM preservation_check WHERE object IN (SELECT id FROM stored_object WHERE state = 'gone')");
  },
  /** @param before count only those last looked at earlier */
  count: async (kind: RoundKind, before: string | null): Promise<number> => (await sql.one<{ n: number }>(
    `SELECT count(*) AS n FROM stored_object AS o LEFT JOIN preservation_check AS c ON c.kind = $1 AND c.object = o.id WHERE ${OF[kind]} AND ($2 IS NULL OR coalesce(c.at, o.stored_at) < $2)`, kind, before))?.n ?? 0,
  oldest: async (kind: RoundKind): Promise<string | null> => (await sql.one<{ at: string | null }>(`SELECT min(o.stored_at) AS at FROM stored_object AS o WHERE ${OF[kind]}`))?.at ?? null,
  /** The next ones, the longest unseen first; none of this round's own. */
  due: async (kind: RoundKind, since: string, limit: number): Promise<readonly Due[]> => sql.all<Due>(
    "SELECT o.id, o.bytes, o.sm3, o.level FROM preservation_check AS c JOIN stored_object AS o ON o.id = c.object WHERE c.kind = $1 AND c.at < $2 AND o.state = 'kept' ORDER BY c.at, c.object LIMIT $3", kind, since, limit),
  checked: async (kind: RoundKind, object: string, at: string): Promise<void> => { await sql.run('UPDATE preservation_check SET at = $1 WHERE kind = $2 AND object = $3', at, kind, object); },

  current: async (kind: RoundKind): Promise<RoundRow | undefined> => sql.one<RoundRow>("SELECT * FROM preservation_round WHERE kind = $1 ORDER BY state = 'done', started_at DESC, id LIMIT 1", kind),
  lastDone: async (kind: RoundKind): Promise<RoundRow | undefined> => sql.one<RoundRow>("SELECT * FROM preservation_round WHERE kind = $1 AND state = 'done' ORDER BY started_at DESC LIMIT 1", kind),
  rounds: async (): Promise<readonly RoundRow[]> => sql.all<RoundRow>('SELECT * FROM preservation_round ORDER BY started_at DESC, id LIMIT 50'),
  begin: async (row: RoundRow): Promise<void> => insert(sql, 'preservation_round', { ...row }),
  note: async (id: string, checked: number, faults: number, bytes: number): Promise<void> => { await sql.run('UPDATE preservation_round SET checked = checked + $1, faults = faults + $2, bytes = bytes + $3 WHERE id = $4', checked, faults, bytes, id); },
  pause: async (kind: RoundKind, on: boolean): Promise<number> => sql.run('UPDATE preservation_round SET state = $1 WHERE kind = $2 AND state = $3', on ? 'paused' : 'running', kind, on ? 'running' : 'paused'),
  finish: async (id: string, at: string): Promise<number> => sql.run("UPDATE preservation_round SET state = 'done', finished_at = $1 WHERE id = $2 AND state = 'running'", at, id),

  openCase: async (kind: CaseKind, subject: string): Promise<CaseRow | undefined> => sql.one<CaseRow>("SELECT * FROM preservation_case WHERE kind = $1 AND subject = $2 AND state = 'open'", kind, subject),
  addCase: async (row: CaseRow): Promise<void> => insert(sql, 'preservation_case', { ...row }),
  caseOf: async (id: string): Promise<CaseRow | undefined> => sql.one<CaseRow>('SELECT * FROM preservation_case WHERE id = $1', id),
  cases: async (open: boolean): Promise<readonly CaseRow[]> => sql.all<CaseRow>(`SELECT * FROM preservation_case ${open ? "WHERE state = 'open'" : ''} ORDER BY state DESC, found_at DESC, id LIMIT 2000`),
  openCases: async (): Promise<number> => (await sql.one<{ n: number }>("SELECT count(*) AS n FROM preservation_case WHERE state = 'open'"))?.n ?? 0,
  caseNumbered: async (number: string): Promise<boolean> => (await sql.one('SELECT 1 AS there FROM preservation_case WHERE number = $1', number)) !== undefined,
  recordOf: async (object: string): Promise<string | null> => (await sql.one<{ record: string | null }>('SELECT record FROM computer_file WHERE object = $1 ORDER BY replaced_by IS NOT NULL LIMIT 1', object))?.record ?? null,
});
