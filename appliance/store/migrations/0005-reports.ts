import type { Migration } from './migration.js';

/** 报表. The set of files is one sealed object; title and what the report is of are sealed in the row. */
export const reports: Migration = {
  name: '0005-reports',
  statements: [
    `CREATE TABLE report (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, level INTEGER NOT NULL, fonds TEXT NOT NULL, department TEXT,
      owner TEXT NOT NULL, state TEXT NOT NULL CHECK (state = 'issued'), object TEXT NOT NULL REFERENCES stored_object (id),
      bytes INTEGER NOT NULL, created_at TEXT NOT NULL, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX report_list ON report (created_at, id)',
  ],
};
