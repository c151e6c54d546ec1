import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/** 利用单 and its copies, 编研与专题, 提取的主题词、人名、地名, 共享登记, 单套归档资格, 出证. Titles, terms and words are sealed under the level of the row. */
export const useAndProof: Migration = {
  name: '0034-use-and-proof',
  statements: [
    'CREATE TABLE use_output (use TEXT NOT NULL REFERENCES use_request (id), output TEXT NOT NULL UNIQUE REFERENCES output_request (id), PRIMARY KEY (use, output)) STRICT, WITHOUT ROWID',
    `CREATE TABLE compilation (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('compilation','topic')), state TEXT NOT NULL CHECK (state IN ('draft','registered')), fonds TEXT NOT NULL, department TEXT NOT NULL,
      owner TEXT NOT NULL REFERENCES person (id), opened_at TEXT NOT NULL, registered_at TEXT, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX compilation_at ON compilation (level, opened_at)',
    'CREATE TABLE compilation_item (compilation TEXT NOT NULL REFERENCES compilation (id), record TEXT NOT NULL REFERENCES record (id), position INTEGER NOT NULL, PRIMARY KEY (compilation, record)) STRICT, WITHOUT ROWID',
    'CREATE INDEX compilation_item_record ON compilation_item (record)',
    `CREATE TABLE subject_term (
      id TEXT PRIMARY KEY, record TEXT NOT NULL REFERENCES record (id), kind TEXT NOT NULL CHECK (kind IN ('keyword','person','place')), by TEXT NOT NULL REFERENCES person (id), at TEXT NOT NULL, accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
      level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX subject_term_record ON subject_term (record)',
    'CREATE TABLE share_package (id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, by TEXT NOT NULL REFERENCES person (id), at TEXT NOT NULL, entries INTEGER NOT NULL, level INTEGER NOT NULL CHECK (level IN (0, 1)), sealed BLOB NOT NULL) STRICT',
    `CREATE TABLE single_set (
      id TEXT PRIMARY KEY, batch TEXT NOT NULL UNIQUE REFERENCES capture_batch (id), state TEXT NOT NULL CHECK (state IN ('submitted','approved','returned')), submitted_by TEXT NOT NULL REFERENCES person (id), submitted_at TEXT NOT NULL,
      reviewed_by TEXT, reviewed_at TEXT, eligible INTEGER CHECK (eligible IN (0, 1)), level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE certificate (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, record TEXT NOT NULL REFERENCES record (id), file TEXT NOT NULL REFERENCES computer_file (id), issued_by TEXT NOT NULL REFERENCES person (id), issued_at TEXT NOT NULL,
      level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX certificate_record ON certificate (record)',
    "CREATE TRIGGER certificate_stays BEFORE DELETE ON certificate BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a certificate stays in the register'); END",
  ],
};
