import type { Migration } from './migration.js';

/**
 * 三表 by versions, and which of each a record was filed under. They rest in the clear as the shipped ones do: what a unit keeps and how
 * long tells of no record.
 */
export const tables: Migration = {
  name: '0029-tables',
  statements: [
    `CREATE TABLE table_version (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('scheme','scope','retention')), label TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('proposed','approved','in_force','superseded','withdrawn')),
      origin TEXT NOT NULL CHECK (origin IN ('shipped','imported')), effective_from TEXT, content TEXT NOT NULL, digest TEXT NOT NULL, approval_no TEXT, approved_by TEXT, approved_on TEXT,
      registered_by TEXT, registered_at TEXT, signature TEXT, imported_by TEXT NOT NULL, imported_at TEXT NOT NULL, rehearsed_by TEXT, rehearsed_at TEXT, activated_at TEXT, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE UNIQUE INDEX table_version_label ON table_version (kind, label)',
    "CREATE UNIQUE INDEX table_version_in_force ON table_version (kind) WHERE state = 'in_force'",
    'CREATE TABLE record_tables (record TEXT PRIMARY KEY, scheme TEXT, scope TEXT, retention TEXT) STRICT, WITHOUT ROWID',
    'CREATE INDEX record_tables_retention ON record_tables (retention)',
    // Entered by the database itself at the moment of filing, so that no way of filing forgets it, and never changed.
    `CREATE TRIGGER record_filed_under AFTER UPDATE OF state ON record WHEN NEW.state = 'filed' AND OLD.state <> 'filed' BEGIN
      INSERT OR IGNORE INTO record_tables (record, scheme, scope, retention) VALUES (NEW.id,
        (SELECT id FROM table_version WHERE kind = 'scheme' AND state = 'in_force'), (SELECT id FROM table_version WHERE kind = 'scope' AND state = 'in_force'), (SELECT id FROM table_version WHERE kind = 'retention' AND state = 'in_force'));
    END`,
    "CREATE TRIGGER record_tables_kept BEFORE UPDATE ON record_tables BEGIN SELECT RAISE(ABORT, 'a record keeps the tables it was filed under'); END",
    "CREATE TRIGGER table_version_kept BEFORE UPDATE OF kind, label, content, digest, origin ON table_version WHEN NEW.content <> OLD.content OR NEW.digest <> OLD.digest OR NEW.kind <> OLD.kind OR NEW.label <> OLD.label OR NEW.origin <> OLD.origin BEGIN SELECT RAISE(ABORT, 'a version of a table is not changed'); END",
  ],
};
