import type { Migration } from './migration.js';

/**
 * 变更、延长、解密审核: forms, what derives from what, open tasks, notices; 定密授权, and the end of a 定密责任人's office. As with
 * matters, columns are structural and the whole rests sealed under its level.
 */
export const markingCases: Migration = {
  name: '0007-marking-cases',
  statements: [
    `CREATE TABLE classification_case (
      id TEXT PRIMARY KEY, classification TEXT NOT NULL REFERENCES classification (id), kind TEXT NOT NULL, case_trigger TEXT, outcome TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('draft','proposed','returned','withdrawn','decided','closed')), level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
      proposer TEXT NOT NULL, proposer_token TEXT NOT NULL, opened_at TEXT NOT NULL, decided_at TEXT, decision_no TEXT UNIQUE, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX classification_case_of ON classification_case (classification, opened_at)',
    "CREATE UNIQUE INDEX classification_case_open ON classification_case (classification) WHERE state IN ('draft','proposed','returned')",
    `CREATE TABLE classification_source (
      classification TEXT NOT NULL REFERENCES classification (id), source TEXT NOT NULL REFERENCES classification (id), PRIMARY KEY (source, classification)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE class_task (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('source_changed','copies')), classification TEXT NOT NULL REFERENCES classification (id), cause TEXT NOT NULL,
      opened_at TEXT NOT NULL, closed_at TEXT, closed_by TEXT
    ) STRICT`,
    'CREATE INDEX class_task_open ON class_task (classification) WHERE closed_at IS NULL',
    `CREATE TABLE class_notice (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, classification TEXT NOT NULL REFERENCES classification (id), marking_case TEXT NOT NULL, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
      made_at TEXT NOT NULL, due_on TEXT NOT NULL, deliver_by TEXT, outstanding INTEGER NOT NULL, undelivered INTEGER NOT NULL, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX class_notice_of ON class_notice (classification, made_at)',
    `CREATE TABLE class_authorisation (
      id TEXT PRIMARY KEY, max_level INTEGER NOT NULL CHECK (max_level BETWEEN 2 AND 4), valid_from TEXT NOT NULL, valid_to TEXT NOT NULL, revoked_on TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'ALTER TABLE class_authority ADD COLUMN version INTEGER NOT NULL DEFAULT 1',
    'ALTER TABLE classification ADD COLUMN report_due_on TEXT',
    'ALTER TABLE classification ADD COLUMN reported_on TEXT',
    'CREATE INDEX classification_declassifies ON classification (declassifies_on) WHERE declassifies_on IS NOT NULL',
    'CREATE INDEX classification_review ON classification (review_due_on) WHERE review_due_on IS NOT NULL',
    'CREATE INDEX classification_matter ON classification (matter)',
  ],
};
