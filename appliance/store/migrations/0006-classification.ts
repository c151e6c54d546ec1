import type { Migration } from './migration.js';

/**
 * 定密: matters, whom they may be known to, who may decide them. Columns are structural; the whole matter (basis, points, opinions,
 * signatures) is one sealed JSON under its level. `relevel` joins the intents: a key moves to another level after the commit.
 */
export const classification: Migration = {
  name: '0006-classification',
  statements: [
    `CREATE TABLE classification (
      id TEXT PRIMARY KEY, matter TEXT NOT NULL, state TEXT NOT NULL, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
      fonds TEXT NOT NULL, department TEXT NOT NULL, owner TEXT NOT NULL, owner_token TEXT NOT NULL, written_record_no TEXT UNIQUE,
      proposed_at TEXT NOT NULL, decided_at TEXT, last_secret_day TEXT, declassifies_on TEXT, review_due_on TEXT,
      sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX classification_state ON classification (state, proposed_at)',
    `CREATE TABLE classification_record (
      classification TEXT NOT NULL REFERENCES classification (id), record TEXT NOT NULL REFERENCES record (id),
      PRIMARY KEY (classification, record)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX classification_record_record ON classification_record (record)',
    `CREATE TABLE classification_scope (
      classification TEXT NOT NULL REFERENCES classification (id), kind TEXT NOT NULL CHECK (kind IN ('person','department','request','compartment')),
      ref TEXT NOT NULL, PRIMARY KEY (classification, kind, ref)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX classification_scope_ref ON classification_scope (kind, ref, classification)',
    `CREATE TABLE class_unit (
      org TEXT PRIMARY KEY, max_original_level INTEGER CHECK (max_original_level BETWEEN 2 AND 4), source TEXT NOT NULL
    ) STRICT`,
    `CREATE TABLE class_authority (
      id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL CHECK (kind IN ('statutory','designated')),
      max_level INTEGER NOT NULL CHECK (max_level BETWEEN 2 AND 4), granted_on TEXT NOT NULL, expires_on TEXT, trained_on TEXT, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX class_authority_person ON class_authority (person)',
    'ALTER TABLE object_intent RENAME TO object_intent_before',
    `CREATE TABLE object_intent (
      id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('promote','erase','relevel')), object TEXT NOT NULL,
      made_at TEXT NOT NULL, closed_at TEXT, outcome TEXT
    ) STRICT`,
    'INSERT INTO object_intent SELECT id, kind, object, made_at, closed_at, outcome FROM object_intent_before',
    'DROP TABLE object_intent_before',
    'CREATE INDEX object_intent_open ON object_intent (id) WHERE closed_at IS NULL',
  ],
};
