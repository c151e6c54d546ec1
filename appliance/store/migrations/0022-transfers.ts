import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/**
 * 对端单位 and 移交批次. What tells of a batch is sealed under its level. A record is in one batch under way at a time; what went with a
 * verified receipt stays for ever, with the last day on which the copy left behind is protected.
 */
export const transfers: Migration = {
  name: '0022-transfers',
  statements: [
    `CREATE TABLE transport_key (
      id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, certificate TEXT NOT NULL, card TEXT NOT NULL, made_at TEXT NOT NULL, valid_until TEXT NOT NULL, sealed BLOB NOT NULL
    ) STRICT`,
    `CREATE TABLE counterpart (
      id TEXT PRIMARY KEY, box TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('in_force','suspended','superseded')), fingerprint TEXT NOT NULL, valid_until TEXT NOT NULL,
      approval TEXT NOT NULL, registered_by TEXT NOT NULL, registered_at TEXT NOT NULL, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    "CREATE UNIQUE INDEX counterpart_in_force ON counterpart (box) WHERE state = 'in_force'",
    "CREATE TRIGGER counterpart_stays BEFORE DELETE ON counterpart BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a counterpart stays in the register'); END",
    `CREATE TABLE transfer_batch (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, state TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, fonds TEXT NOT NULL, department TEXT NOT NULL, planned_by TEXT NOT NULL REFERENCES person (id),
      planned_at TEXT NOT NULL, counterpart TEXT NOT NULL REFERENCES counterpart (id), package_no TEXT UNIQUE, handover_no TEXT UNIQUE, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX transfer_batch_newest ON transfer_batch (planned_at DESC, id)',
    "CREATE TRIGGER transfer_batch_stays BEFORE DELETE ON transfer_batch BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a transfer batch stays in the ledger'); END",
    `CREATE TABLE transfer_record (
      batch TEXT NOT NULL REFERENCES transfer_batch (id), record TEXT NOT NULL REFERENCES record (id), position INTEGER NOT NULL, level INTEGER NOT NULL ${LEVEL}, under_way INTEGER NOT NULL CHECK (under_way IN (0, 1)),
      transferred_at TEXT, accession_no TEXT, retain_until TEXT, sealed BLOB NOT NULL, PRIMARY KEY (batch, record)
    ) STRICT`,
    'CREATE UNIQUE INDEX transfer_record_under_way ON transfer_record (record) WHERE under_way = 1',
    'CREATE INDEX transfer_record_of ON transfer_record (record)',
    `CREATE TABLE transfer_companion (
      batch TEXT NOT NULL REFERENCES transfer_batch (id), seq INTEGER NOT NULL, kind TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, bytes INTEGER NOT NULL, sm3 TEXT NOT NULL, put_by TEXT NOT NULL, put_at TEXT NOT NULL,
      sealed BLOB NOT NULL, content BLOB NOT NULL, PRIMARY KEY (batch, seq)
    ) STRICT`,
    `CREATE TABLE transfer_run (
      id TEXT PRIMARY KEY, report_no TEXT NOT NULL UNIQUE, batch TEXT NOT NULL REFERENCES transfer_batch (id), run INTEGER NOT NULL, level INTEGER NOT NULL ${LEVEL}, conclusion TEXT NOT NULL, operator TEXT NOT NULL,
      started_at TEXT NOT NULL, finished_at TEXT NOT NULL, basis TEXT NOT NULL, sealed BLOB NOT NULL, UNIQUE (batch, run)
    ) STRICT`,
    `CREATE TABLE transfer_job (
      batch TEXT PRIMARY KEY REFERENCES transfer_batch (id), state TEXT NOT NULL CHECK (state IN ('running','done','failed')), started_by TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, reason TEXT,
      attempts INTEGER NOT NULL, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL
    ) STRICT`,
    `CREATE TABLE transfer_receipt (
      batch TEXT PRIMARY KEY REFERENCES transfer_batch (id), receipt_no TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, imported_by TEXT NOT NULL, imported_at TEXT NOT NULL, sealed BLOB NOT NULL
    ) STRICT`,
  ],
};
