import type { FourPropertyContent, StageRun, StageRunHead, StageRunRepository } from '../../../core/inspection-run.js';
import type { Level } from '../../../core/ports.js';
import type { Sealing } from '../sealing.js';
import { insert } from '../sql.js';
import type { Sql, SqlValue } from '../sql.js';

interface Row {
  id: string; report_no: string; stage: StageRun['scope']['kind']; scope: string; run: number; level: Level; conclusion: StageRun['conclusion']; operator: string; items: number;
  started_at: string; finished_at: string; sealed: Buffer;
}

const headOf = (row: Row): StageRunHead => ({
  id: row.id, reportNo: row.report_no, stage: row.stage, scope: { kind: row.stage, id: row.scope }, run: row.run, level: row.level, conclusion: row.conclusion, operator: row.operator,
  items: row.items, startedAt: row.started_at, finishedAt: row.finished_at,
});

/** A run is known to whoever may know every record of it. */
const known = (visible: string): string => `NOT EXISTS (SELECT 1 FROM stage_run_record JOIN record ON record.id = stage_run_record.record WHERE stage_run_record.run = stage_run.id AND NOT (${visible}))`;

export function stageRunRepository(sql: Sql, sealing: Sealing): StageRunRepository {
  return {
    async add(run) {
      await insert(sql, 'stage_run', {
        id: run.id, report_no: run.reportNo, stage: run.stage, scope: run.scope.id, run: run.run, level: run.level, conclusion: run.conclusion, operator: run.operator, items: run.records.length,
        started_at: run.startedAt, finished_at: run.finishedAt, sealed: sealing.seal(run.level, `stage-run/${run.id}`, run.content),
      });
      for (const record of new Set(run.records)) await insert(sql, 'stage_run_record', { run: run.id, record });
    },
    async get(id) {
      const row = await sql.one<Row>('SELECT * FROM stage_run WHERE id = $1', id);
      if (row === undefined) return undefined;
      const records = await sql.all<{ record: string }>('SELECT record FROM stage_run_record WHERE run = $1 ORDER BY record', id);
      return { ...headOf(row), content: sealing.open<FourPropertyContent>(row.level, `stage-run/${row.id}`, row.sealed), records: records.map(({ record }) => record) };
    },
    ofScope: async ({ kind, id }) => (await sql.all<Row>('SELECT * FROM stage_run WHERE stage = $1 AND scope = $2 ORDER BY run DESC', kind, id)).map(headOf),
    async list(visible, stage, { offset, limit }) {
      const values = [...visible.values, ...(stage === null ? [] : [stage])] as readonly SqlValue[];
      const where = `${known(visible.sql)}${stage === null ? '' : ` AND stage_run.stage = $${String(values.length)}`}`;
      const total = (await sql.one<{ n: number }>(`SELECT count(*) AS n FROM stage_run WHERE ${where}`, ...values))?.n ?? 0;
      const rows = await sql.all<Row>(`SELECT * FROM stage_run WHERE ${where} ORDER BY started_at DESC, id LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`, ...values, limit, offset);
      return { rows: rows.map(headOf), total };
    },
    numbered: async (reportNo) => (await sql.one('SELECT 1 AS there FROM stage_run WHERE report_no = $1', reportNo)) !== undefined,
  };
}
