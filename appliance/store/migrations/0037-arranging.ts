import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/**
 * 件与卷: declared relations with the stages where they were parted for a stated reason; volumes with their items in order; changes of
 * an arrangement with what stood before, for undoing them; rule packs of the four-property tests with their signatures.
 */
export const arranging: Migration = {
  name: '0037-arranging',
  statements: [
    `CREATE TABLE record_relation (
      id TEXT PRIMARY KEY, type TEXT NOT NULL, from_record TEXT NOT NULL REFERENCES record (id), to_record TEXT NOT NULL REFERENCES record (id), declared_by TEXT NOT NULL, declared_at TEXT NOT NULL,
      ended_by TEXT, ended_at TEXT, level INTEGER NOT NULL ${LEVEL}, sealed BLOB, CHECK (from_record <> to_record)
    ) STRICT`,
    'CREATE UNIQUE INDEX record_relation_once ON record_relation (from_record, to_record, type) WHERE ended_at IS NULL',
    'CREATE INDEX record_relation_to ON record_relation (to_record) WHERE ended_at IS NULL',
    "CREATE TRIGGER record_relation_stays BEFORE DELETE ON record_relation BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a declared relation stays in the register'); END",
    `CREATE TABLE relation_parting (
      relation TEXT NOT NULL REFERENCES record_relation (id), stage TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, PRIMARY KEY (relation, stage)
    ) STRICT`,
    `CREATE TABLE volume (
      id TEXT PRIMARY KEY, fonds TEXT NOT NULL, department TEXT NOT NULL, owner TEXT NOT NULL REFERENCES person (id), category TEXT NOT NULL, archival_year INTEGER NOT NULL, retention TEXT NOT NULL, org_or_function TEXT,
      series TEXT NOT NULL, number INTEGER, state TEXT NOT NULL CHECK (state IN ('open','closed','void')), level INTEGER NOT NULL ${LEVEL}, opened_at TEXT NOT NULL, closed_at TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE UNIQUE INDEX volume_number ON volume (series, number) WHERE number IS NOT NULL',
    'CREATE INDEX volume_newest ON volume (opened_at DESC, id)',
    "CREATE TRIGGER volume_stays BEFORE DELETE ON volume BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a volume stays in the register'); END",
    `CREATE TABLE volume_item (
      record TEXT PRIMARY KEY REFERENCES record (id), volume TEXT NOT NULL REFERENCES volume (id), position INTEGER NOT NULL, pages INTEGER NOT NULL CHECK (pages >= 1), UNIQUE (volume, position)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE arrangement_change (
      id TEXT PRIMARY KEY, batch TEXT NOT NULL REFERENCES capture_batch (id), person TEXT NOT NULL, at TEXT NOT NULL, rows INTEGER NOT NULL, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, undone_at TEXT, undone_by TEXT
    ) STRICT`,
    'CREATE INDEX arrangement_change_of ON arrangement_change (batch, at DESC)',
    `CREATE TABLE rule_pack (
      version TEXT PRIMARY KEY, sm3 TEXT NOT NULL, content TEXT NOT NULL, signer TEXT NOT NULL, certificate TEXT NOT NULL, statement TEXT NOT NULL, signature TEXT NOT NULL, entered_at TEXT NOT NULL, in_force_at TEXT, in_force INTEGER CHECK (in_force = 1)
    ) STRICT`,
    'CREATE UNIQUE INDEX rule_pack_in_force ON rule_pack (in_force) WHERE in_force = 1',
    "CREATE TRIGGER rule_pack_stands BEFORE UPDATE OF version, sm3, content, signer, certificate, statement, signature, entered_at ON rule_pack BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a signed rule pack stands'); END",
    "CREATE TRIGGER rule_pack_stays BEFORE DELETE ON rule_pack BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a rule pack stays'); END",
  ],
};
