import type { Migration } from './migration.js';

/**
 * 标志绑定: one signed statement for every marked record, and the faults found. 知悉登记: every reading of 机密 and above. Neither tells more
 * than ids. The indexes lead from a record to its last entry of binding, from a trace code to its reading, from a matter to its records.
 */
export const bindings: Migration = {
  name: '0011-bindings',
  statements: [
    'CREATE TABLE mark_binding (record TEXT PRIMARY KEY, statement TEXT NOT NULL, signature BLOB NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE TABLE mark_fault (record TEXT PRIMARY KEY, fault TEXT NOT NULL, found_at TEXT NOT NULL) STRICT, WITHOUT ROWID',
    "CREATE INDEX audit_entry_binding ON audit_entry (object, seq) WHERE action = 'mark.bind'",
    "CREATE INDEX audit_entry_trace ON audit_entry (substr(hash, 1, 13)) WHERE action = 'record.read'",
    'CREATE INDEX record_classification ON record (classification) WHERE classification IS NOT NULL',
    'CREATE INDEX computer_file_object ON computer_file (object)',
    `CREATE TABLE box_round (
      name TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('running','paused','done')), started_at TEXT NOT NULL, finished_at TEXT,
      cursor TEXT NOT NULL, checked INTEGER NOT NULL, faults INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE knowledge (
      id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL REFERENCES record (id), person TEXT NOT NULL REFERENCES person (id), at TEXT NOT NULL,
      level INTEGER NOT NULL CHECK (level BETWEEN 3 AND 4), mode TEXT NOT NULL CHECK (mode IN ('show','read','report','export')),
      approval TEXT, file TEXT, page INTEGER, terminal TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX knowledge_record ON knowledge (record, id)',
    'CREATE INDEX knowledge_person ON knowledge (person, id)',
    "CREATE TRIGGER knowledge_no_update BEFORE UPDATE ON knowledge BEGIN SELECT RAISE(ABORT, 'the knowledge log is append-only'); END",
    "CREATE TRIGGER knowledge_no_delete BEFORE DELETE ON knowledge BEGIN SELECT RAISE(ABORT, 'the knowledge log is append-only'); END",
  ],
};
