import type { Migration } from './migration.js';

/**
 * 组织登记册: one table for every register of `policies/registers.json`. What an entry says is sealed; in columns stand its register,
 * its state and the days it reminds of. Every state of an entry is kept.
 */
export const registers: Migration = {
  name: '0035-registers',
  statements: [
    `CREATE TABLE register_entry (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, no TEXT NOT NULL UNIQUE, state TEXT NOT NULL CHECK (state IN ('current','ended')), entered_by TEXT NOT NULL, entered_at TEXT NOT NULL,
      ended_on TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL, CHECK ((state = 'ended') = (ended_on IS NOT NULL))
    ) STRICT`,
    'CREATE INDEX register_entry_kind ON register_entry (kind, state, no)',
    `CREATE TABLE register_state (
      entry TEXT NOT NULL REFERENCES register_entry (id), version INTEGER NOT NULL, act TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (entry, version)
    ) STRICT, WITHOUT ROWID`,
    'CREATE TABLE register_reminder (entry TEXT NOT NULL REFERENCES register_entry (id), field TEXT NOT NULL, due_on TEXT NOT NULL, PRIMARY KEY (entry, field)) STRICT, WITHOUT ROWID',
    'CREATE INDEX register_reminder_due ON register_reminder (due_on)',
    "CREATE TRIGGER register_entry_stays BEFORE DELETE ON register_entry BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: an entry stays in its register'); END",
    "CREATE TRIGGER register_state_stays BEFORE DELETE ON register_state BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: what was entered stays'); END",
    "CREATE TRIGGER register_state_kept BEFORE UPDATE OF entry, version, act, at, by ON register_state BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: what was entered stays'); END",
  ],
};
