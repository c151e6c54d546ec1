import type { Migration } from './migration.js';

/** 审计链 and its Merkle nodes. Triggers refuse change and deletion even to code that forgets; the chain notices the rest. */
export const ledger: Migration = {
  name: '0001-ledger',
  statements: [
    `CREATE TABLE audit_entry (
      seq INTEGER PRIMARY KEY CHECK (seq >= 0),
      at TEXT NOT NULL, actor TEXT NOT NULL, duty TEXT, terminal TEXT NOT NULL, action TEXT NOT NULL,
      object_type TEXT, object TEXT, object_level INTEGER, result TEXT NOT NULL CHECK (result IN ('ok','refused','failed')),
      reason TEXT, approval TEXT, detail TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX audit_entry_action ON audit_entry (action, seq)',
    'CREATE INDEX audit_entry_object ON audit_entry (object, seq) WHERE object IS NOT NULL',
    'CREATE INDEX audit_entry_actor ON audit_entry (actor, seq)',
    "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END",
    'CREATE TABLE audit_node (level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, position)) STRICT, WITHOUT ROWID',
    'CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, at TEXT NOT NULL, text TEXT NOT NULL) STRICT',
  ],
};
