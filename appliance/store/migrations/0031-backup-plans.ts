import type { Migration } from './migration.js';

/** 备份方案、增量链、恢复演练和异地副本 (办法第二十八、二十九条). */
export const backupPlans: Migration = {
  name: '0031-backup-plans',
  statements: [
    "ALTER TABLE backup_target ADD COLUMN medium_type TEXT NOT NULL DEFAULT 'magnetic' CHECK (medium_type IN ('magnetic','optical','microfilm'))",
    'ALTER TABLE backup_target ADD COLUMN carrier TEXT REFERENCES carrier (id)',
    "ALTER TABLE backup ADD COLUMN kind TEXT NOT NULL DEFAULT 'full' CHECK (kind IN ('full','incremental'))",
    "ALTER TABLE backup ADD COLUMN chain TEXT NOT NULL DEFAULT '[]'",
    'ALTER TABLE backup ADD COLUMN plan TEXT',
    `CREATE TABLE backup_plan (
      id TEXT PRIMARY KEY, version INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, approval_no TEXT NOT NULL, effective_on TEXT NOT NULL, full_days INTEGER NOT NULL, incremental_days INTEGER NOT NULL, hour INTEGER NOT NULL,
      drill_days INTEGER NOT NULL, sets TEXT NOT NULL, adopted_by TEXT NOT NULL REFERENCES person (id), adopted_at TEXT NOT NULL, approval TEXT NOT NULL REFERENCES approval (id), ended_at TEXT
    ) STRICT`,
    `CREATE TABLE backup_drill (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, backup TEXT NOT NULL REFERENCES backup (id), state TEXT NOT NULL CHECK (state IN ('running','passed','failed')), started_by TEXT NOT NULL, started_at TEXT NOT NULL,
      ended_at TEXT, outcome TEXT, report TEXT
    ) STRICT`,
    'CREATE INDEX backup_drill_started ON backup_drill (started_at, id)',
    `CREATE TABLE backup_offsite (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, backup TEXT NOT NULL REFERENCES backup (id), place TEXT NOT NULL, kilometres INTEGER NOT NULL, medium_type TEXT NOT NULL, medium_no TEXT NOT NULL, keeper TEXT NOT NULL,
      review_no TEXT, reviewed_by TEXT, reviewed_on TEXT, review_until TEXT, level INTEGER NOT NULL, sent_on TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('away','returned','destroyed')),
      registered_by TEXT NOT NULL REFERENCES person (id), registered_at TEXT NOT NULL, ended_on TEXT, ended_note TEXT, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX backup_offsite_state ON backup_offsite (state, sent_on, id)',
  ],
};
