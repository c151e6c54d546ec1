import type { Migration } from './migration.js';

/** 四性检测 runs, one row each; the results name places and numbers, and are sealed all the same. */
export const inspection: Migration = {
  name: '0004-inspection',
  statements: [
    `CREATE TABLE four_property_run (
      id TEXT PRIMARY KEY, report_no TEXT NOT NULL UNIQUE, batch TEXT NOT NULL REFERENCES capture_batch (id), run INTEGER NOT NULL, stage TEXT NOT NULL,
      level INTEGER NOT NULL, conclusion TEXT NOT NULL, operator TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT NOT NULL, sealed BLOB NOT NULL,
      UNIQUE (batch, run)
    ) STRICT`,
  ],
};
