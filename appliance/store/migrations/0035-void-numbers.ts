import type { Migration } from './migration.js';

/** 作废号: numbers that were given and are given to nothing else. Why is sealed under the level of the record. */
export const voidNumbers: Migration = {
  name: '0035-void-numbers',
  statements: [
    `CREATE TABLE void_number (
      archival_code TEXT PRIMARY KEY, series TEXT NOT NULL, sequence INTEGER NOT NULL, record TEXT NOT NULL REFERENCES record (id), replaced_by TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL,
      level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), sealed BLOB NOT NULL, UNIQUE (series, sequence)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX void_number_record ON void_number (record)',
    "CREATE TRIGGER void_number_stays BEFORE DELETE ON void_number BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END",
    `CREATE TRIGGER void_number_not_given BEFORE UPDATE OF archival_code ON record WHEN NEW.archival_code IS NOT NULL AND EXISTS (SELECT 1 FROM void_number WHERE archival_code = NEW.archival_code)
      BEGIN SELECT RAISE(ABORT, 'E_CODE_DUPLICATE: a void number is given to nothing else'); END`,
  ],
};
