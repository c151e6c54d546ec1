import type { Migration } from './migration.js';

/**
 * 电子档案销毁. What tells of a batch (reason, people, papers, signatures) is one sealed JSON under its level; items, places and evidence hold
 * ids, counts and digests. Tombstones and what was destroyed can be neither changed nor taken away, whoever asks.
 */
export const destructions: Migration = {
  name: '0021-destructions',
  statements: [
    `CREATE TABLE destruction (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, fonds TEXT NOT NULL, state TEXT NOT NULL, level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), applicant TEXT NOT NULL REFERENCES person (id),
      executor TEXT NOT NULL REFERENCES person (id), drafted_at TEXT NOT NULL, executed_at TEXT, verified_at TEXT, closed_at TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX destruction_drafted ON destruction (drafted_at, id)',
    "CREATE TRIGGER destruction_stays BEFORE DELETE ON destruction BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END",
    `CREATE TABLE destruction_scope (
      destruction TEXT NOT NULL REFERENCES destruction (id), kind TEXT NOT NULL CHECK (kind = 'person'), ref TEXT NOT NULL, PRIMARY KEY (destruction, kind, ref)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX destruction_scope_ref ON destruction_scope (kind, ref, destruction)',
    `CREATE TABLE destruction_item (
      destruction TEXT NOT NULL REFERENCES destruction (id), seq INTEGER NOT NULL, record TEXT NOT NULL REFERENCES record (id), live INTEGER NOT NULL CHECK (live IN (0, 1)), PRIMARY KEY (destruction, record)
    ) STRICT, WITHOUT ROWID`,
    'CREATE UNIQUE INDEX destruction_item_live ON destruction_item (record) WHERE live = 1',
    `CREATE TABLE destruction_step (
      id TEXT PRIMARY KEY, destruction TEXT NOT NULL REFERENCES destruction (id), seq INTEGER NOT NULL, place TEXT NOT NULL, ref TEXT NOT NULL, record TEXT REFERENCES record (id),
      state TEXT NOT NULL CHECK (state IN ('open','overwritten','done','failed','residue','settled')), facts TEXT NOT NULL, at TEXT, residue_until TEXT, UNIQUE (destruction, place, ref)
    ) STRICT`,
    "CREATE INDEX destruction_step_residue ON destruction_step (residue_until) WHERE residue_until IS NOT NULL",
    "CREATE TRIGGER destruction_step_stays BEFORE DELETE ON destruction_step BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END",
    `CREATE TRIGGER destruction_step_done BEFORE UPDATE ON destruction_step WHEN OLD.state IN ('settled') BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END`,
    'CREATE TABLE tombstone (record TEXT PRIMARY KEY, batch TEXT NOT NULL, at TEXT NOT NULL, statement TEXT NOT NULL, signature BLOB NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE INDEX tombstone_batch ON tombstone (batch)',
    "CREATE TRIGGER tombstone_no_update BEFORE UPDATE ON tombstone BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END",
    "CREATE TRIGGER tombstone_no_delete BEFORE DELETE ON tombstone BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END",
    "CREATE TRIGGER record_stays_destroyed BEFORE UPDATE OF state ON record WHEN OLD.state = 'destroyed' AND NEW.state <> 'destroyed' BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END",
    "CREATE TRIGGER record_destroyed_stays BEFORE DELETE ON record WHEN OLD.state = 'destroyed' BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED'); END",
  ],
};
