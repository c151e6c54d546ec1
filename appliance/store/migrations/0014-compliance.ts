import type { Migration } from './migration.js';

/** 合规清单: what officers entered and signed for items that the box cannot judge; 系统审查登记. Earlier lines stay; the last one counts. */
export const compliance: Migration = {
  name: '0014-compliance',
  statements: [
    `CREATE TABLE compliance_entry (
      id TEXT PRIMARY KEY, code TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('met','partly','na','pending')), checked_on TEXT NOT NULL,
      entered_by TEXT NOT NULL REFERENCES person (id), entered_at TEXT NOT NULL, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX compliance_entry_code ON compliance_entry (code, entered_at)',
    `CREATE TABLE accreditation (
      id TEXT PRIMARY KEY, valid_to TEXT NOT NULL, entered_at TEXT NOT NULL, approval TEXT NOT NULL REFERENCES approval (id), sealed BLOB NOT NULL
    ) STRICT`,
  ],
};
