import type { Migration } from './migration.js';

/**
 * 格式转换个案 and 扫描件. What tells of a case is sealed under its level; items and scans hold figures, digests and codes alone. The files that
 * come of both are rows of `computer_file` that stand behind another, so that level, binding and destruction reach them with the rest.
 */
export const conversion: Migration = {
  name: '0030-conversion',
  statements: [
    `CREATE TABLE conversion (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, state TEXT NOT NULL, converter TEXT NOT NULL, fonds TEXT NOT NULL, department TEXT NOT NULL, owner TEXT NOT NULL REFERENCES person (id), drafted_at TEXT NOT NULL,
      level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX conversion_state ON conversion (state, drafted_at)',
    "CREATE TRIGGER conversion_stays BEFORE DELETE ON conversion BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED: the register of conversions is kept'); END",
    `CREATE TABLE conversion_item (
      conversion TEXT NOT NULL REFERENCES conversion (id), seq INTEGER NOT NULL, record TEXT NOT NULL REFERENCES record (id), file TEXT NOT NULL REFERENCES computer_file (id),
      state TEXT NOT NULL CHECK (state IN ('waiting','passed','failed','adopted','kept','rolled_back')), target TEXT REFERENCES computer_file (id), attempts INTEGER NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (conversion, seq)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX conversion_item_file ON conversion_item (file)',
    'CREATE INDEX conversion_item_record ON conversion_item (record)',
    "CREATE TRIGGER conversion_item_stays BEFORE DELETE ON conversion_item BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED: the register of conversions is kept'); END",
    `CREATE TABLE scan_file (
      file TEXT PRIMARY KEY REFERENCES computer_file (id), technical TEXT NOT NULL, faults TEXT NOT NULL, measured_at TEXT NOT NULL,
      ocr TEXT NOT NULL CHECK (ocr IN ('none','waiting','done','failed','absent')), attempts INTEGER NOT NULL, text_file TEXT REFERENCES computer_file (id), facts TEXT, indexed INTEGER NOT NULL CHECK (indexed IN (0,1))
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX scan_file_work ON scan_file (ocr, indexed)",
    'CREATE INDEX scan_file_text ON scan_file (text_file) WHERE text_file IS NOT NULL',
  ],
};
