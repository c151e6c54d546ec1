import type { Instant, Level, Target } from '../../../core/ports.js';
import type { TermKind } from '../../../core/suggestions.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import type { Visible } from './carriers.js';

export interface Compilation {
  readonly id: string; readonly no: string; readonly kind: 'compilation' | 'topic'; readonly state: 'draft' | 'registered'; readonly fonds: string; readonly department: string; readonly owner: string; readonly openedAt: Instant; readonly registeredAt: Instant | null;
  readonly level: Level; readonly title: string; readonly note: string | null; readonly mark: string | null; readonly version: number;
}
export interface SubjectTerm { readonly id: string; readonly record: string; readonly kind: TermKind; readonly term: string; readonly by: string; readonly at: Instant; readonly accepted: boolean; readonly level: Level }
export interface SharePackage { readonly id: string; readonly no: string; readonly by: string; readonly at: Instant; readonly entries: number; readonly level: Level; readonly receiver: string; readonly sm3: string }

export interface CompilationRepository {
  get(id: string): Promise<Compilation | undefined>;
  numbered(no: string): Promise<boolean>;
  list(visible: Visible, kind: string | null, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: Compilation[]; readonly total: number }>;
  add(one: Compilation): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: Compilation, seenVersion: number): Promise<void>;
  items(id: string): Promise<readonly string[]>;
  put(id: string, records: readonly string[]): Promise<void>;
  remove(id: string, record: string): Promise<void>;
  terms(record: string, ceiling: Level): Promise<readonly SubjectTerm[]>;
  settle(term: SubjectTerm): Promise<void>;
  shared(no: string): Promise<boolean>;
  share(one: SharePackage): Promise<void>;
  shares(ceiling: Level, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly SharePackage[]; readonly total: number }>;
}

export const COMPILATION_COLUMNS = { id: 'compilation.id', level: 'compilation.level', fonds: 'compilation.fonds', department: 'compilation.department', state: 'compilation.state', owner: 'compilation.owner' } as const;
export const compilationTarget = (one: Compilation): Target => ({ type: 'compilation', id: one.id, fonds: one.fonds, level: one.level, state: one.state, department: one.department, scope: { persons: [], departments: [] }, owner: one.owner });

interface Row { id: string; no: string; kind: Compilation['kind']; state: Compilation['state']; fonds: string; department: string; owner: string; opened_at: string; registered_at: string | null; level: Level; sealed: Buffer; version: number; top: Level | null }
interface TermRow { id: string; record: string; kind: TermKind; by: string; at: string; accepted: number; level: Level; sealed: Buffer }
interface ShareRow { id: string; no: string; by: string; at: string; entries: number; level: Level; sealed: Buffer }
const TOP = '(SELECT max(record.level) FROM compilation_item JOIN record ON record.id = compilation_item.record WHERE compilation_item.compilation = compilation.id)';

/** 编研与专题, 采纳的词, 共享登记. */
export function compilationRepository(sql: Sql, sealing: Sealing): CompilationRepository {
  const of = (row: Row): Compilation => ({
    id: row.id, no: row.no, kind: row.kind, state: row.state, fonds: row.fonds, department: row.department, owner: row.owner, openedAt: row.opened_at, registeredAt: row.registered_at, version: row.version,
    ...sealing.open<Pick<Compilation, 'title' | 'note' | 'mark'>>(row.level, `compilation/${row.id}`, row.sealed),
    // What lies in it may have been raised since: it counts as high as the highest of it.
    level: row.top !== null && row.top > row.level ? row.top : row.level,
  });
  const columns = (one: Compilation): Record<string, SqlValue> => ({ state: one.state, registered_at: one.registeredAt, level: one.level, sealed: sealing.seal(one.level, `compilation/${one.id}`, { title: one.title, note: one.note, mark: one.mark }) });
  return {
    async get(id) {
      const row = await sql.one<Row>(`SELECT compilation.*, ${TOP} AS top FROM compilation WHERE id = $1`, id);
      return row && of(row);
    },
    numbered: async (no) => (await sql.one('SELECT 1 AS there FROM compilation WHERE no = $1', no)) !== undefined,
    async list(visible, kind, { offset, limit }) {
      const values: SqlValue[] = [...visible.values, ...(kind === null ? [] : [kind])];
      // One that holds what was raised above it is in no list until it is taken up again at its level.
      const where = `${visible.sql} AND coalesce(${TOP}, 0) <= compilation.level${kind === null ? '' : ` AND compilation.kind = $${String(values.length)}`}`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM compilation WHERE ${where}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row>(`SELECT compilation.*, NULL AS top FROM compilation WHERE ${where} ORDER BY compilation.opened_at DESC, compilation.id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(of), total };
    },
    add: async (one) => insert(sql, 'compilation', { id: one.id, no: one.no, kind: one.kind, fonds: one.fonds, department: one.department, owner: one.owner, opened_at: one.openedAt, version: one.version, ...columns(one) }),
    save: async (one, seenVersion) => saveVersion(sql, 'compilation', one.id, seenVersion, columns(one)),
    items: async (id) => (await sql.all<{ record: string }>('SELECT record FROM compilation_item WHERE compilation = $1 ORDER BY position, record', id)).map(({ record }) => record),
    async put(id, records) {
      const last = (await sql.one<{ n: number | null }>('SELECT max(position) AS n FROM compilation_item WHERE compilation = $1', id))?.n ?? 0;
      for (const [at, record] of records.entries()) await sql.run('INSERT OR IGNORE INTO compilation_item (compilation, record, position) VALUES ($1, $2, $3)', id, record, last + at + 1);
    },
    remove: async (id, record) => { await sql.run('DELETE FROM compilation_item WHERE compilation = $1 AND record = $2', id, record); },
    terms: async (record, ceiling) => (await sql.all<TermRow>('SELECT * FROM subject_term WHERE record = $1 AND level <= $2 ORDER BY at, id', record, ceiling)).map((row) => ({ id: row.id, record: row.record, kind: row.kind, by: row.by, at: row.at, accepted: row.accepted === 1, level: row.level, term: sealing.open<{ term: string }>(row.level, `subject-term/${row.id}`, row.sealed).term })),
    settle: async (one) => insert(sql, 'subject_term', { id: one.id, record: one.record, kind: one.kind, by: one.by, at: one.at, accepted: one.accepted ? 1 : 0, level: one.level, sealed: sealing.seal(one.level, `subject-term/${one.id}`, { term: one.term }) }),
    shared: async (no) => (await sql.one('SELECT 1 AS there FROM share_package WHERE no = $1', no)) !== undefined,
    share: async (one) => insert(sql, 'share_package', { id: one.id, no: one.no, by: one.by, at: one.at, entries: one.entries, level: one.level, sealed: sealing.seal(one.level, `share/${one.id}`, { receiver: one.receiver, sm3: one.sm3 }) }),
    async shares(ceiling, { offset, limit }) {
      const total = (await sql.one<{ n: number }>('SELECT count(*) AS n FROM share_package WHERE level <= $1', ceiling))?.n ?? 0;
      const rows = await sql.all<ShareRow>('SELECT * FROM share_package WHERE level <= $1 ORDER BY at DESC, id LIMIT $2 OFFSET $3', ceiling, limit, offset);
      return { total, rows: rows.map((row) => ({ id: row.id, no: row.no, by: row.by, at: row.at, entries: row.entries, level: row.level, ...sealing.open<{ receiver: string; sm3: string }>(row.level, `share/${row.id}`, row.sealed) })) };
    },
  };
}
