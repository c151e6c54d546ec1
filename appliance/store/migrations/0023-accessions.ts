import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/**
 * 接收: a medium signed in, what came out of it item by item, its answer. What tells is sealed under the level of the medium or the item; an
 * envelope that was opened once stays known for ever.
 */
export const accessions: Migration = {
  name: '0023-accessions',
  statements: [
    `CREATE TABLE accession (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, state TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, fonds TEXT NOT NULL, department TEXT NOT NULL, arrived_by TEXT NOT NULL REFERENCES person (id), arrived_at TEXT NOT NULL,
      counterpart TEXT NOT NULL, batch TEXT REFERENCES capture_batch (id), items INTEGER NOT NULL, stored_at TEXT, run BLOB, receipt BLOB, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX accession_state ON accession (state, arrived_at)',
    `CREATE TABLE accession_item (
      accession TEXT NOT NULL REFERENCES accession (id), seq INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL CHECK (state IN ('staged','stored')), level INTEGER NOT NULL ${LEVEL},
      archival_code TEXT NOT NULL, accession_no TEXT UNIQUE, record TEXT REFERENCES record (id), sealed BLOB, PRIMARY KEY (accession, seq)
    ) STRICT`,
    'CREATE INDEX accession_item_open ON accession_item (accession, seq) WHERE state = \'staged\'',
    `CREATE TABLE accession_object (object TEXT PRIMARY KEY REFERENCES stored_object (id), item TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    'CREATE INDEX accession_object_item ON accession_object (item)',
    `CREATE TABLE accession_envelope (envelope TEXT PRIMARY KEY, accession TEXT NOT NULL REFERENCES accession (id), opened_at TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    "CREATE TRIGGER accession_envelope_stays BEFORE DELETE ON accession_envelope BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: an opened envelope stays known'); END",
    "CREATE TRIGGER accession_stays BEFORE DELETE ON accession BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: an accession stays in the register'); END",
    'CREATE TABLE accession_series (fonds TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  ],
};
