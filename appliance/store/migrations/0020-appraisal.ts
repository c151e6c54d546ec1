import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';
const OPINION = "IN ('retain_permanent','retain_extended','destroy','hold_legal','hold_secrecy','transfer_to_archive')";

/**
 * 鉴定、冻结 and what a record becomes after it was filed. The new columns of a record say nothing until something happens, so what is
 * signed for a marked record stands as it did. An opinion is the panel member's own row, sealed under the level of the record it is
 * about; a batch has no level of its own that would tell of what lies in it. Changes of a period are never changed or deleted.
 */
export const appraisal: Migration = {
  name: '0020-appraisal',
  statements: [
    'ALTER TABLE record ADD COLUMN current_retention TEXT',
    'ALTER TABLE record ADD COLUMN legal_hold INTEGER CHECK (legal_hold IS NULL OR legal_hold = 1)',
    'ALTER TABLE record ADD COLUMN appraisal TEXT',
    'ALTER TABLE record ADD COLUMN destruction_order TEXT',
    'ALTER TABLE record ADD COLUMN transfer_batch TEXT',
    'ALTER TABLE record ADD COLUMN retain_until TEXT',
    'CREATE INDEX record_expiry ON record (retention_expires_on) WHERE retention_expires_on IS NOT NULL',
    "CREATE INDEX record_after_filing ON record (state, id) WHERE state IN ('transferred','retained_copy','appraised','pending_destruction')",
    `CREATE TABLE appraisal (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, fonds TEXT NOT NULL, state TEXT NOT NULL, as_of TEXT NOT NULL, basis TEXT NOT NULL, opened_by TEXT NOT NULL REFERENCES person (id), opened_at TEXT NOT NULL,
      convened_by TEXT, approval TEXT, report TEXT, closed_at TEXT, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE TABLE appraisal_member (batch TEXT NOT NULL REFERENCES appraisal (id), person TEXT NOT NULL REFERENCES person (id), part TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (batch, person)) STRICT, WITHOUT ROWID',
    `CREATE TABLE appraisal_item (
      batch TEXT NOT NULL REFERENCES appraisal (id), record TEXT NOT NULL REFERENCES record (id), position INTEGER NOT NULL, conclusion TEXT CHECK (conclusion IS NULL OR conclusion ${OPINION}), new_retention TEXT, approved_at TEXT,
      PRIMARY KEY (batch, record)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX appraisal_item_record ON appraisal_item (record)',
    `CREATE TABLE appraisal_opinion (
      batch TEXT NOT NULL, record TEXT NOT NULL, person TEXT NOT NULL REFERENCES person (id), opinion TEXT NOT NULL CHECK (opinion ${OPINION}), new_retention TEXT, at TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL},
      sealed BLOB NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (batch, record, person), FOREIGN KEY (batch, record) REFERENCES appraisal_item (batch, record)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE appraisal_signature (
      batch TEXT NOT NULL REFERENCES appraisal (id), person TEXT NOT NULL REFERENCES person (id), at TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, PRIMARY KEY (batch, person)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE retention_change (
      record TEXT NOT NULL REFERENCES record (id), seq INTEGER NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, batch TEXT NOT NULL REFERENCES appraisal (id), approval TEXT,
      from_code TEXT NOT NULL, from_expires TEXT, to_code TEXT NOT NULL, to_expires TEXT, PRIMARY KEY (record, seq)
    ) STRICT, WITHOUT ROWID`,
    "CREATE TRIGGER retention_change_stands BEFORE UPDATE ON retention_change BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: the history of a period stands'); END",
    "CREATE TRIGGER retention_change_stays BEFORE DELETE ON retention_change BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: the history of a period stays'); END",
    `CREATE TABLE legal_hold (
      id TEXT PRIMARY KEY, record TEXT NOT NULL REFERENCES record (id), kind TEXT NOT NULL, placed_by TEXT NOT NULL, placed_at TEXT NOT NULL, lifted_by TEXT, lifted_at TEXT, level INTEGER NOT NULL ${LEVEL},
      sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX legal_hold_record ON legal_hold (record)',
    `CREATE TABLE destruction_consent (
      record TEXT NOT NULL REFERENCES record (id), batch TEXT NOT NULL REFERENCES appraisal (id), approval TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (record, batch)
    ) STRICT, WITHOUT ROWID`,
  ],
};
