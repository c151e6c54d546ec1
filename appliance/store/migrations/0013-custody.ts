import type { Migration } from './migration.js';

/**
 * 密钥管理: what keys there are and were (never a value), the ceremonies behind them with everyone's signature, and what a granted
 * approval ordered the keystore to do: the key file is changed after the commit, and again at the next unlocking where that failed.
 */
export const custody: Migration = {
  name: '0013-custody',
  statements: [
    `CREATE TABLE ceremony (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('generate','backup','restore','rotate','reissue','destroy')),
      state TEXT NOT NULL CHECK (state IN ('open','complete')), held_at TEXT NOT NULL, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX ceremony_held ON ceremony (held_at, id)',
    `CREATE TABLE key_entry (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('root','share-set','level-keys','search-keys','box','authority')),
      epoch INTEGER, reference TEXT, state TEXT NOT NULL CHECK (state IN ('current','retiring','retired','replaced','destroyed')),
      made_at TEXT, made_in TEXT REFERENCES ceremony (id), ended_at TEXT, ended_in TEXT REFERENCES ceremony (id)
    ) STRICT`,
    'CREATE UNIQUE INDEX key_entry_epoch ON key_entry (kind, epoch) WHERE epoch IS NOT NULL',
    `CREATE TABLE key_order (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('rotate','reissue','destroy')), epoch INTEGER, share_set TEXT, holders TEXT,
      ceremony TEXT NOT NULL REFERENCES ceremony (id), made_at TEXT NOT NULL, closed_at TEXT
    ) STRICT`,
    'CREATE INDEX key_order_open ON key_order (made_at) WHERE closed_at IS NULL',
  ],
};
