import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/**
 * 打印、刻录、导出. Purpose and consent are sealed under the level of the contents. A copy is entered once and for all: what became of it
 * is told by the carrier it lies on.
 */
export const outputs: Migration = {
  name: '0025-outputs',
  statements: [
    `CREATE TABLE output_request (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('print','burn','export')), fonds TEXT NOT NULL, department TEXT NOT NULL, requested_by TEXT NOT NULL REFERENCES person (id),
      requested_at TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, state TEXT NOT NULL CHECK (state IN ('requested','refused','approved','issued')), until TEXT, approval TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX output_request_no ON output_request (level, requested_at)',
    'CREATE TABLE output_record (output TEXT NOT NULL REFERENCES output_request (id), record TEXT NOT NULL REFERENCES record (id), PRIMARY KEY (output, record)) STRICT, WITHOUT ROWID',
    'CREATE INDEX output_record_record ON output_record (record)',
    `CREATE TABLE output_copy (
      id TEXT PRIMARY KEY, output TEXT NOT NULL REFERENCES output_request (id), no INTEGER NOT NULL CHECK (no >= 1), level INTEGER NOT NULL ${LEVEL}, issued_at TEXT NOT NULL, issued_by TEXT NOT NULL REFERENCES person (id),
      holder TEXT NOT NULL REFERENCES person (id), due_on TEXT, carrier TEXT REFERENCES carrier (id), sealed BLOB NOT NULL, UNIQUE (output, no), CHECK (level < 2 OR carrier IS NOT NULL)
    ) STRICT`,
    'CREATE INDEX output_copy_carrier ON output_copy (carrier)',
    "CREATE TRIGGER output_copy_stays BEFORE DELETE ON output_copy BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a copy stays in the register'); END",
    `CREATE TRIGGER output_copy_fixed BEFORE UPDATE ON output_copy WHEN NEW.id <> OLD.id OR NEW.output <> OLD.output OR NEW.no <> OLD.no OR NEW.level <> OLD.level OR NEW.holder <> OLD.holder OR NEW.carrier IS NOT OLD.carrier
      BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a copy is entered once'); END`,
    "CREATE TRIGGER output_request_stays BEFORE DELETE ON output_request BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a request stays in the register'); END",
  ],
};
