import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/**
 * 长期保存与转换后检测: runs of the stages that are not a capture batch's, with the records each was about. A run never changes; it is
 * shown to whoever may know all of its records.
 */
export const stageRuns: Migration = {
  name: '0036-stage-runs',
  statements: [
    `CREATE TABLE stage_run (
      id TEXT PRIMARY KEY, report_no TEXT NOT NULL UNIQUE, stage TEXT NOT NULL CHECK (stage IN ('preservation','conversion')), scope TEXT NOT NULL, run INTEGER NOT NULL, level INTEGER NOT NULL ${LEVEL},
      conclusion TEXT NOT NULL, operator TEXT NOT NULL, items INTEGER NOT NULL, started_at TEXT NOT NULL, finished_at TEXT NOT NULL, sealed BLOB NOT NULL, UNIQUE (stage, scope, run)
    ) STRICT`,
    'CREATE INDEX stage_run_newest ON stage_run (started_at DESC, id)',
    'CREATE TABLE stage_run_record (run TEXT NOT NULL REFERENCES stage_run (id), record TEXT NOT NULL REFERENCES record (id), PRIMARY KEY (run, record)) STRICT, WITHOUT ROWID',
    'CREATE INDEX stage_run_record_of ON stage_run_record (record, run)',
    "CREATE TRIGGER stage_run_stands BEFORE UPDATE OF report_no, stage, scope, run, conclusion, operator, items, started_at, finished_at ON stage_run BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a run of a test stands'); END",
    "CREATE TRIGGER stage_run_stays BEFORE DELETE ON stage_run BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a run of a test stays'); END",
  ],
};
