import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/**
 * 涉密载体与专用设备台账. What tells of a carrier is sealed under its level; columns hold only what lists ask for. `max_level_ever` never
 * falls and nothing is ever deleted: a carrier that held a secret stays one, whoever edits the database.
 */
export const carriers: Migration = {
  name: '0017-carriers',
  statements: [
    `CREATE TABLE carrier (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, fonds TEXT NOT NULL, department TEXT NOT NULL, registered_by TEXT NOT NULL REFERENCES person (id), registered_at TEXT NOT NULL,
      state TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, max_level_ever INTEGER NOT NULL CHECK (max_level_ever BETWEEN level AND 4), inventoried_on TEXT NOT NULL, due_on TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX carrier_level ON carrier (level, no)',
    `CREATE TRIGGER carrier_max_rises BEFORE UPDATE ON carrier WHEN NEW.max_level_ever < OLD.max_level_ever OR (OLD.max_level_ever >= 2 AND NEW.level < 2)
      BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: max_level_ever only rises'); END`,
    "CREATE TRIGGER carrier_stays BEFORE DELETE ON carrier BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a carrier stays in the register'); END",
    `CREATE TABLE carrier_event (
      carrier TEXT NOT NULL REFERENCES carrier (id), seq INTEGER NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, event TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, approval TEXT, sealed BLOB NOT NULL,
      PRIMARY KEY (carrier, seq)
    ) STRICT`,
    `CREATE TABLE carrier_content (
      carrier TEXT NOT NULL REFERENCES carrier (id), record TEXT NOT NULL REFERENCES record (id), put_at TEXT NOT NULL, put_by TEXT NOT NULL, PRIMARY KEY (carrier, record)
    ) STRICT`,
    'CREATE INDEX carrier_content_record ON carrier_content (record)',
    `CREATE TABLE device (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('in_use','suspended')), certified_level INTEGER NOT NULL CHECK (certified_level BETWEEN 0 AND 4),
      cert_valid_to TEXT NOT NULL, last_check_on TEXT NOT NULL, bound_user TEXT REFERENCES person (id), bound_department TEXT, public_key TEXT NOT NULL UNIQUE, certificate TEXT NOT NULL,
      registered_by TEXT NOT NULL REFERENCES person (id), registered_at TEXT NOT NULL, last_used_at TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE device_event (
      device TEXT NOT NULL REFERENCES device (id), seq INTEGER NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, event TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (device, seq)
    ) STRICT`,
  ],
};
