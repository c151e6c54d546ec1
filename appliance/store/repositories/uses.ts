import { ArchiveError } from '../../../core/errors.js';
import type { CalendarDate, Instant, Level, Target } from '../../../core/ports.js';
import type { UseCase } from '../../../secrecy/use-request.js';
import type { Sealing } from '../sealing.js';
import { insert, saveVersion } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';
import type { Visible } from './carriers.js';

export interface StoredUse { readonly it: UseCase; readonly fonds: string; readonly department: string; readonly version: number }
export interface ReadingSession { readonly id: string; readonly use: string; readonly person: string; readonly fromAt: Instant; readonly untilAt: Instant; readonly endedAt: Instant | null; readonly endedBy: string | null }
export interface UseFilter { readonly state: 'requested' | 'submitted' | 'approved' | 'refused' | 'expired' | 'closed' | null; readonly today: CalendarDate }
export interface UseFigure { readonly mode: string; readonly level: Level; readonly state: string; readonly month: string; readonly requests: number; readonly records: number; readonly sessions: number }

export interface UseRepository {
  get(id: string): Promise<StoredUse | undefined>;
  numbered(no: string): Promise<boolean>;
  /** Requests of a person that wait or stand. */
  open(applicant: string, today: CalendarDate): Promise<number>;
  list(visible: Visible, filter: UseFilter, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: StoredUse[]; readonly total: number }>;
  add(one: StoredUse): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(one: StoredUse, seenVersion: number): Promise<void>;
  /** The records put before the signers, in place of any before. */
  setRecords(use: string, records: readonly { readonly record: string; readonly level: Level }[]): Promise<void>;
  records(use: string): Promise<readonly { readonly record: string; readonly level: Level }[]>;
  /** What reading sessions open to the person at the instant: nothing that stands higher than it did when it was approved. */
  openTo(person: string, at: Instant): Promise<{ readonly record: string; readonly approval: string }[]>;
  begin(session: ReadingSession): Promise<void>;
  sessions(use: string): Promise<readonly ReadingSession[]>;
  end(session: string, at: Instant, by: string): Promise<void>;
  /** Past their time and not closed yet. */
  overdue(at: Instant): Promise<readonly ReadingSession[]>;
  /** Acts of the person on those records in that time. */
  readings(session: ReadingSession, now: Instant): Promise<number>;
  figures(visible: Visible, from: CalendarDate, until: CalendarDate): Promise<readonly UseFigure[]>;
}

export const USE_COLUMNS = { id: 'use_request.id', level: 'use_request.level', fonds: 'use_request.fonds', department: 'use_request.department', state: 'use_request.state', owner: 'use_request.applicant' } as const;

export function useTarget({ it, fonds, department }: Pick<StoredUse, 'it' | 'fonds' | 'department'>): Target {
  return { type: 'use', id: it.id, fonds, level: it.level, state: it.state, department, scope: { persons: [], departments: [] }, owner: it.applicant };
}

interface Row { id: string; no: string; fonds: string; department: string; applicant: string; mode: string; state: string; level: Level; sealed: Buffer; version: number }
interface SessionRow { id: string; use: string; person: string; from_at: string; until_at: string; ended_at: string | null; ended_by: string | null }

/** 利用单 with its records and reading sessions. */
export function useRepository(sql: Sql, sealing: Sealing): UseRepository {
  const of = (row: Row): StoredUse => {
    const it = sealing.open<UseCase>(row.level, `use/${row.id}`, row.sealed);
    if (it.state !== row.state || it.level !== row.level || it.no !== row.no || it.mode !== row.mode || it.applicant !== row.applicant) throw new ArchiveError('E_DECRYPT_FAILED', { use: row.id });
    return { it, fonds: row.fonds, department: row.department, version: row.version };
  };
  const columns = ({ it, fonds }: StoredUse): Record<string, SqlValue> => ({
    fonds, state: it.state, level: it.level, assessed_by: 'assessedBy' in it ? it.assessedBy : null, valid_until: 'validUntil' in it ? it.validUntil : null, approval: 'approval' in it ? it.approval : null,
    closed_at: it.state === 'closed' ? it.closedAt : null, sealed: sealing.seal(it.level, `use/${it.id}`, it),
  });
  const session = (row: SessionRow): ReadingSession => ({ id: row.id, use: row.use, person: row.person, fromAt: row.from_at, untilAt: row.until_at, endedAt: row.ended_at, endedBy: row.ended_by });
  return {
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM use_request WHERE id = $1', id);
      return row && of(row);
    },
    numbered: async (no) => (await sql.one('SELECT 1 AS there FROM use_request WHERE no = $1', no)) !== undefined,
    open: async (applicant, today) => (await sql.one<{ n: number }>("SELECT count(*) AS n FROM use_request WHERE applicant = $1 AND (state IN ('requested','submitted') OR (state = 'approved' AND valid_until >= $2))", applicant, today))?.n ?? 0,
    async list(visible, { state, today }, { offset, limit }) {
      const values: SqlValue[] = [...visible.values];
      const place = (value: SqlValue): string => `$${String(values.push(value))}`;
      const where = [visible.sql];
      if (state === 'expired') where.push(`use_request.state = 'approved' AND use_request.valid_until < ${place(today)}`);
      else if (state === 'approved') where.push(`use_request.state = 'approved' AND use_request.valid_until >= ${place(today)}`);
      else if (state !== null) where.push(`use_request.state = ${place(state)}`);
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM use_request WHERE ${where.join(' AND ')}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row>(`SELECT * FROM use_request WHERE ${where.join(' AND ')} ORDER BY use_request.requested_at DESC, use_request.id LIMIT ${place(limit)} OFFSET ${place(offset)}`, ...values);
      return { rows: rows.map(of), total };
    },
    add: async (one) => insert(sql, 'use_request', { id: one.it.id, no: one.it.no, department: one.department, applicant: one.it.applicant, mode: one.it.mode, channel: one.it.channel, requested_at: one.it.requestedAt, version: one.version, ...columns(one) }),
    save: async (one, seenVersion) => saveVersion(sql, 'use_request', one.it.id, seenVersion, columns(one)),
    async setRecords(use, records) {
      await sql.run('DELETE FROM use_record WHERE use = $1', use);
      for (const [position, { record, level }] of records.entries()) await insert(sql, 'use_record', { use, record, position, level });
    },
    records: async (use) => sql.all<{ record: string; level: Level }>('SELECT record, level FROM use_record WHERE use = $1 ORDER BY position', use),
    openTo: async (person, at) => sql.all<{ record: string; approval: string }>(
      `SELECT use_record.record, min(use_request.approval) AS approval FROM use_session JOIN use_request ON use_request.id = use_session.use JOIN use_record ON use_record.use = use_request.id JOIN record ON record.id = use_record.record
       WHERE use_session.person = $1 AND use_session.ended_at IS NULL AND use_session.from_at <= $2 AND use_session.until_at > $2 AND use_request.state = 'approved' AND record.level <= use_record.level GROUP BY use_record.record`, person, at,
    ),
    begin: async (one) => insert(sql, 'use_session', { id: one.id, use: one.use, person: one.person, from_at: one.fromAt, until_at: one.untilAt }),
    sessions: async (use) => (await sql.all<SessionRow>('SELECT * FROM use_session WHERE use = $1 ORDER BY from_at DESC, id', use)).map(session),
    async end(id, at, by) {
      const changed = await sql.run('UPDATE use_session SET ended_at = $1, ended_by = $2 WHERE id = $3 AND ended_at IS NULL', at, by, id);
      if (changed !== 1) throw new ArchiveError('E_STATE_INVALID', { session: id });
    },
    overdue: async (at) => (await sql.all<SessionRow>('SELECT * FROM use_session WHERE ended_at IS NULL AND until_at <= $1', at)).map(session),
    async readings(one, now) {
      const row = await sql.one<{ n: number }>(
        `SELECT count(*) AS n FROM audit_entry WHERE actor = $1 AND result = 'ok' AND action IN ('record.show','record.read') AND at >= $2 AND at <= $3 AND object IN (SELECT record FROM use_record WHERE use = $4)`,
        one.person, one.fromAt, one.endedAt ?? (one.untilAt < now ? one.untilAt : now), one.use,
      );
      return row?.n ?? 0;
    },
    async figures(visible, from, until) {
      const values: SqlValue[] = [...visible.values, from, until];
      const [first, last] = [`$${String(values.length - 1)}`, `$${String(values.length)}`];
      // Kept in UTC, counted in the days of Asia/Shanghai.
      const day = "date(use_request.requested_at, '+8 hours')";
      return sql.all<UseFigure>(
        `SELECT use_request.mode, use_request.level, use_request.state, substr(${day}, 1, 7) AS month, count(*) AS requests,
           sum((SELECT count(*) FROM use_record WHERE use_record.use = use_request.id)) AS records, sum((SELECT count(*) FROM use_session WHERE use_session.use = use_request.id)) AS sessions
         FROM use_request WHERE ${visible.sql} AND ${day} >= ${first} AND ${day} <= ${last} GROUP BY use_request.mode, use_request.level, use_request.state, month ORDER BY month, use_request.mode`, ...values,
      );
    },
  };
}
