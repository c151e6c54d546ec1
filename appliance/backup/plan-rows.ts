import type { PlanSet } from '../../policies/schemas/backup.js';
import { insert } from '../store/sql.js';
import type { Sql } from '../store/sql.js';

/** One version of the 备份方案; in force is the latest whose day has come. */
export interface PlanRow {
  readonly id: string; readonly version: number; readonly name: string; readonly approvalNo: string; readonly effectiveOn: string; readonly fullDays: number; readonly incrementalDays: number; readonly hour: number;
  readonly drillDays: number; readonly sets: readonly PlanSet[]; readonly adoptedBy: string; readonly adoptedAt: string; readonly approval: string; readonly endedAt: string | null;
}
interface Kept {
  id: string; version: number; name: string; approval_no: string; effective_on: string; full_days: number; incremental_days: number; hour: number; drill_days: number; sets: string; adopted_by: string; adopted_at: string;
  approval: string; ended_at: string | null;
}
const shown = (row: Kept): PlanRow => ({
  id: row.id, version: row.version, name: row.name, approvalNo: row.approval_no, effectiveOn: row.effective_on, fullDays: row.full_days, incrementalDays: row.incremental_days, hour: row.hour, drillDays: row.drill_days,
  sets: JSON.parse(row.sets) as PlanSet[], adoptedBy: row.adopted_by, adoptedAt: row.adopted_at, approval: row.approval, endedAt: row.ended_at,
});

/** 备份方案 and what was done under it, over one connection. */
export const planRows = (sql: Sql) => ({
  async inForce(today: string): Promise<PlanRow | undefined> {
    const row = await sql.one<Kept>('SELECT * FROM backup_plan WHERE effective_on <= $1 ORDER BY version DESC LIMIT 1', today);
    return row && shown(row);
  },
  list: async (): Promise<readonly PlanRow[]> => (await sql.all<Kept>('SELECT * FROM backup_plan ORDER BY version DESC LIMIT 50')).map(shown),
  nextVersion: async (): Promise<number> => ((await sql.one<{ last: number | null }>('SELECT max(version) AS last FROM backup_plan'))?.last ?? 0) + 1,
  /** Where its day has come, those before it end with it. */
  async adopt(row: Omit<PlanRow, 'endedAt'>, today: string): Promise<void> {
    if (row.effectiveOn <= today) await sql.run('UPDATE backup_plan SET ended_at = $1 WHERE ended_at IS NULL', row.adoptedAt);
    await insert(sql, 'backup_plan', {
      id: row.id, version: row.version, name: row.name, approval_no: row.approvalNo, effective_on: row.effectiveOn, full_days: row.fullDays, incremental_days: row.incrementalDays, hour: row.hour, drill_days: row.drillDays,
      sets: JSON.stringify(row.sets), adopted_by: row.adoptedBy, adopted_at: row.adoptedAt, approval: row.approval, ended_at: null,
    });
  },
  /** When this set last had a full backup with its keys, and one of either kind. */
  async lastOf(set: PlanSet): Promise<{ readonly full: string | null; readonly any: string | null }> {
    const row = await sql.one<{ full: string | null; last: string | null }>(
      "SELECT max(CASE WHEN kind = 'full' THEN started_at END) AS \"full\", max(started_at) AS last FROM backup WHERE state = 'done' AND target = $1 AND key_target = $2", set.target, set.keyTarget);
    return { full: row?.full ?? null, any: row?.last ?? null };
  },
  /** When this set was last tried at all. */
  lastTried: async (set: PlanSet): Promise<string | null> => (await sql.one<{ at: string | null }>('SELECT max(started_at) AS at FROM backup WHERE target = $1 AND key_target = $2', set.target, set.keyTarget))?.at ?? null,
  lastDrill: async (): Promise<string | null> => (await sql.one<{ at: string | null }>("SELECT max(started_at) AS at FROM backup_drill WHERE state = 'passed'"))?.at ?? null,
});
