import { ArchiveError } from '../../../core/errors.js';
import type { Instant, Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert, places } from '../sql.js';
import type { Sql } from '../sql.js';

/** 应急访问 as it was opened. It stays in the register; time ends it. */
export interface Emergency {
  readonly id: string;
  readonly person: string;
  readonly approval: string;
  /** Clearance of the person when it was opened: nothing above was opened. */
  readonly level: Level;
  readonly fromAt: Instant;
  readonly untilAt: Instant;
  readonly endedAt: Instant | null;
  readonly endedBy: string | null;
  readonly officerBy: string | null;
  readonly auditorBy: string | null;
  readonly reason: string;
  /** 档号 as they were asked for, found or not. */
  readonly codes: readonly string[];
  readonly officerOpinion: string | null;
  readonly auditorOpinion: string | null;
}

export interface EmergencyRepository {
  get(id: string): Promise<Emergency | undefined>;
  list(person: string | null): Promise<Emergency[]>;
  open(one: Emergency, records: readonly string[]): Promise<void>;
  recordsOf(id: string): Promise<string[]>;
  /** Records with these numbers whose level is at most this. */
  known(codes: readonly string[], atMost: Level): Promise<string[]>;
  /** What is open to the person at the instant. */
  openTo(person: string, at: Instant): Promise<{ readonly record: string; readonly approval: string }[]>;
  end(id: string, at: Instant, by: string): Promise<void>;
  endAll(person: string, at: Instant, by: string): Promise<number>;
  /** Past their time and not closed yet. */
  overdue(at: Instant): Promise<Emergency[]>;
  review(one: Emergency): Promise<void>;
  /** Acts of the person on those records in that time. */
  uses(one: Emergency, records: readonly string[]): Promise<number>;
}

const LEVEL: Level = 1;
interface EmergencyRow {
  id: string; person: string; approval: string; level: Level; from_at: string; until_at: string; ended_at: string | null; ended_by: string | null;
  officer_by: string | null; auditor_by: string | null; sealed: Buffer;
}
type Told = Pick<Emergency, 'reason' | 'codes' | 'officerOpinion' | 'auditorOpinion'>;

export function emergencyRepository(sql: Sql, sealing: Sealing): EmergencyRepository {
  const of = (row: EmergencyRow): Emergency => ({
    id: row.id, person: row.person, approval: row.approval, level: row.level, fromAt: row.from_at, untilAt: row.until_at, endedAt: row.ended_at, endedBy: row.ended_by,
    officerBy: row.officer_by, auditorBy: row.auditor_by, ...sealing.open<Told>(LEVEL, `emergency/${row.id}`, row.sealed),
  });
  const seal = (one: Emergency) => sealing.seal(LEVEL, `emergency/${one.id}`, { reason: one.reason, codes: one.codes, officerOpinion: one.officerOpinion, auditorOpinion: one.auditorOpinion } satisfies Told);
  return {
    async get(id) {
      const row = await sql.one<EmergencyRow>('SELECT * FROM emergency_access WHERE id = $1', id);
      return row && of(row);
    },
    list: async (person) => (person === null
      ? await sql.all<EmergencyRow>('SELECT * FROM emergency_access ORDER BY from_at DESC, id')
      : await sql.all<EmergencyRow>('SELECT * FROM emergency_access WHERE person = $1 ORDER BY from_at DESC, id', person)).map(of),
    async open(one, records) {
      await insert(sql, 'emergency_access', { id: one.id, person: one.person, approval: one.approval, level: one.level, from_at: one.fromAt, until_at: one.untilAt, sealed: seal(one) });
      for (const record of records) await insert(sql, 'emergency_record', { emergency: one.id, record });
    },
    recordsOf: async (id) => (await sql.all<{ record: string }>('SELECT record FROM emergency_record WHERE emergency = $1', id)).map(({ record }) => record),
    known: async (codes, atMost) => (await sql.all<{ id: string }>(`SELECT id FROM record WHERE level <= $1 AND archival_code IN (${places(codes.length, 2)})`, atMost, ...codes)).map(({ id }) => id),
    openTo: async (person, at) => sql.all<{ record: string; approval: string }>(
      `SELECT record, min(approval) AS approval FROM emergency_record JOIN emergency_access ON emergency_access.id = emergency_record.emergency
       WHERE person = $1 AND ended_at IS NULL AND from_at <= $2 AND until_at > $2 GROUP BY record`, person, at,
    ),
    async end(id, at, by) {
      const changed = await sql.run('UPDATE emergency_access SET ended_at = $1, ended_by = $2 WHERE id = $3 AND ended_at IS NULL', at, by, id);
      if (changed !== 1) throw new ArchiveError('E_STATE_INVALID', { emergency: id });
    },
    endAll: async (person, at, by) => sql.run('UPDATE emergency_access SET ended_at = $1, ended_by = $2 WHERE person = $3 AND ended_at IS NULL', at, by, person),
    overdue: async (at) => (await sql.all<EmergencyRow>('SELECT * FROM emergency_access WHERE ended_at IS NULL AND until_at <= $1', at)).map(of),
    async review(one) {
      await sql.run('UPDATE emergency_access SET officer_by = $1, auditor_by = $2, sealed = $3 WHERE id = $4', one.officerBy, one.auditorBy, seal(one), one.id);
    },
    async uses(one, records) {
      if (records.length === 0) return 0;
      const row = await sql.one<{ n: number }>(
        `SELECT count(*) AS n FROM audit_entry WHERE actor = $1 AND result = 'ok' AND action IN ('record.show','record.read') AND at >= $2 AND at <= $3 AND object IN (${places(records.length, 4)})`,
        one.person, one.fromAt, one.endedAt ?? one.untilAt, ...records,
      );
      return row?.n ?? 0;
    },
  };
}
