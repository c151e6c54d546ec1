import type { Migration } from './migration.js';

/** 告警, one open row for a code and what it is about; what officers wrote is sealed. 容器密级: what a batch, report or package carries of its items. */
export const alarms: Migration = {
  name: '0012-alarms',
  statements: [
    `CREATE TABLE alarm (
      id TEXT PRIMARY KEY, code TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('open','closed','cleared')),
      disposition TEXT NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, count INTEGER NOT NULL, entry INTEGER, facts TEXT NOT NULL,
      closed_by TEXT, closed_at TEXT, sealed BLOB, version INTEGER NOT NULL
    ) STRICT`,
    "CREATE UNIQUE INDEX alarm_open ON alarm (code, subject) WHERE state = 'open'",
    'CREATE INDEX alarm_list ON alarm (state, last_at)',
    `CREATE TABLE container_mark (
      kind TEXT NOT NULL, id TEXT NOT NULL, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), level_by TEXT, term TEXT, last_secret_day TEXT, term_by TEXT,
      due TEXT, changed_at TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE container_item (
      kind TEXT NOT NULL, id TEXT NOT NULL, item_kind TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (kind, id, item_kind, item)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX container_item_item ON container_item (item_kind, item)',
  ],
};
