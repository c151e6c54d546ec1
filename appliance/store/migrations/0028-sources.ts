import type { Migration } from './migration.js';

/**
 * 来源系统 and what they handed in online. 源系统件号 may tell of a record, so an item is known by a digest of it and the key itself
 * rests sealed at the item's level, with the receipt, and with what was said of it until it is whole.
 */
export const sources: Migration = {
  name: '0028-sources',
  statements: [
    `CREATE TABLE source_system (
      id TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE, state TEXT NOT NULL CHECK (state IN ('registered','in_use','suspended')), fonds TEXT NOT NULL,
      level INTEGER CHECK (level BETWEEN 0 AND 4), capabilities TEXT NOT NULL, certificate TEXT NOT NULL, valid_until TEXT NOT NULL,
      registered_by TEXT NOT NULL, registered_at TEXT NOT NULL, last_seen_at TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE TABLE source_department (source TEXT NOT NULL REFERENCES source_system (id), department TEXT NOT NULL, person TEXT NOT NULL, PRIMARY KEY (source, department)) STRICT, WITHOUT ROWID',
    'CREATE INDEX source_department_department ON source_department (department)',
    'CREATE TABLE source_note (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL REFERENCES source_system (id), at TEXT NOT NULL, by TEXT NOT NULL, event TEXT NOT NULL, sealed BLOB NOT NULL) STRICT',
    'CREATE INDEX source_note_source ON source_note (source, id)',
    'CREATE TABLE source_trial (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL REFERENCES source_system (id), at TEXT NOT NULL, passed INTEGER NOT NULL, codes TEXT NOT NULL) STRICT',
    'CREATE INDEX source_trial_source ON source_trial (source, id)',
    'CREATE TABLE source_nonce (source TEXT NOT NULL, nonce TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (source, nonce)) STRICT, WITHOUT ROWID',
    'CREATE INDEX source_nonce_until ON source_nonce (until)',
    `CREATE TABLE source_batch (
      source TEXT NOT NULL REFERENCES source_system (id), department TEXT NOT NULL, level INTEGER NOT NULL, person TEXT NOT NULL, batch TEXT NOT NULL REFERENCES capture_batch (id),
      PRIMARY KEY (source, department, level, person)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE source_item (
      source TEXT NOT NULL REFERENCES source_system (id), key TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('receiving','received')), level INTEGER NOT NULL,
      batch TEXT NOT NULL REFERENCES capture_batch (id), record TEXT, at TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (source, key)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX source_item_at ON source_item (source, at)',
    'CREATE INDEX source_item_record ON source_item (record)',
    'CREATE TABLE source_upload (source TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, upload TEXT NOT NULL, PRIMARY KEY (source, key, position)) STRICT, WITHOUT ROWID',
  ],
};
