import type { FourPropertyContent, FourPropertyRun, RunRepository } from '../../../core/inspection-run.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

interface RunRow {
  id: string; report_no: string; batch: string; run: number; stage: FourPropertyRun['stage']; level: Level; conclusion: FourPropertyRun['conclusion'];
  operator: string; started_at: string; finished_at: string; sealed: Buffer;
}

const headOf = (row: RunRow): Omit<FourPropertyRun, 'content'> => ({
  id: row.id, reportNo: row.report_no, batch: row.batch, run: row.run, stage: row.stage, level: row.level, operator: row.operator,
  startedAt: row.started_at, finishedAt: row.finished_at, conclusion: row.conclusion,
});

export function runRepository(sql: Sql, sealing: Sealing): RunRepository {
  const runOf = (row: RunRow): FourPropertyRun => ({ ...headOf(row), content: sealing.open<FourPropertyContent>(row.level, `four-property/${row.id}`, row.sealed) });
  return {
    add: async (run) => insert(sql, 'four_property_run', {
      id: run.id, report_no: run.reportNo, batch: run.batch, run: run.run, stage: run.stage, level: run.level, conclusion: run.conclusion, operator: run.operator,
      started_at: run.startedAt, finished_at: run.finishedAt, sealed: sealing.seal(run.level, `four-property/${run.id}`, run.content),
    }),
    async ofBatch(batch) {
      return (await sql.all<RunRow>('SELECT * FROM four_property_run WHERE batch = $1 ORDER BY run DESC', batch)).map(headOf);
    },
    async get(batch, run) {
      const row = await sql.one<RunRow>('SELECT * FROM four_property_run WHERE batch = $1 AND run = $2', batch, run);
      return row && runOf(row);
    },
    async byReportNo(reportNo) {
      const row = await sql.one<RunRow>('SELECT * FROM four_property_run WHERE report_no = $1', reportNo);
      return row && runOf(row);
    },
  };
}
