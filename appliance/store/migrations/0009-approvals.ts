import type { Migration } from './migration.js';

/**
 * 审批: every act of several people. Columns are structural; what is decided, its words, opinions, signatures and the certificates
 * they were made with are one sealed JSON under the level of what is decided.
 */
export const approvals: Migration = {
  name: '0009-approvals',
  statements: [
    `CREATE TABLE approval (
      id TEXT PRIMARY KEY, act TEXT NOT NULL, object TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('requested','granted','done','refused','lapsed')),
      requested_by TEXT NOT NULL REFERENCES person (id), requested_at TEXT NOT NULL, lapses_at TEXT NOT NULL, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
      sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX approval_state ON approval (state, requested_at)',
    'CREATE INDEX approval_of ON approval (act, object)',
  ],
};
