import type { Migration } from './migration.js';

/** 备份: registered targets, every backup that was begun, and 已销毁清单, which only grows. */
export const backups: Migration = {
  name: '0016-backups',
  statements: [
    `CREATE TABLE backup_target (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, registered_by TEXT NOT NULL REFERENCES person (id), registered_at TEXT NOT NULL, retired_at TEXT
    ) STRICT`,
    'CREATE UNIQUE INDEX backup_target_name ON backup_target (name) WHERE retired_at IS NULL',
    `CREATE TABLE backup (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, target TEXT NOT NULL REFERENCES backup_target (id), key_target TEXT REFERENCES backup_target (id),
      state TEXT NOT NULL CHECK (state IN ('running','done','failed')), level INTEGER, mark TEXT, objects INTEGER, bytes INTEGER, manifest TEXT, ledger_size INTEGER,
      started_by TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, failure TEXT, approval TEXT REFERENCES approval (id), verified_at TEXT, faults INTEGER
    ) STRICT`,
    'CREATE INDEX backup_started ON backup (started_at, id)',
    `CREATE TABLE destroyed_object (
      seq INTEGER PRIMARY KEY, object TEXT NOT NULL, record TEXT NOT NULL, batch TEXT NOT NULL, digest TEXT NOT NULL, at TEXT NOT NULL, previous TEXT NOT NULL, signature TEXT NOT NULL
    ) STRICT`,
    "CREATE TRIGGER destroyed_object_stays BEFORE UPDATE ON destroyed_object BEGIN SELECT RAISE(ABORT, 'append-only'); END",
    "CREATE TRIGGER destroyed_object_kept BEFORE DELETE ON destroyed_object BEGIN SELECT RAISE(ABORT, 'append-only'); END",
  ],
};
