import type { Migration } from './migration.js';

/** The box itself, its people, duties and sessions. Names, positions and what officers give as reasons are in `sealed`; the account is an opaque sign-in name. */
export const people: Migration = {
  name: '0002-people',
  statements: [
    'CREATE TABLE box (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
    'CREATE TABLE department (id TEXT PRIMARY KEY, fonds TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL) STRICT',
    `CREATE TABLE person (
      id TEXT PRIMARY KEY, account TEXT NOT NULL UNIQUE, department TEXT NOT NULL REFERENCES department (id),
      sealed BLOB NOT NULL, status TEXT NOT NULL CHECK (status IN ('pending','active','disabled')),
      clearance INTEGER NOT NULL CHECK (clearance BETWEEN 0 AND 4), clearance_category TEXT, clearance_until TEXT, commitment_no TEXT,
      certificate TEXT, certificate_serial TEXT UNIQUE, token TEXT UNIQUE,
      password_hash TEXT, password_at TEXT, must_change INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0, locked_until TEXT, last_sign_in TEXT,
      created_at TEXT NOT NULL, created_by TEXT NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE TABLE password_past (person TEXT NOT NULL REFERENCES person (id), hash TEXT NOT NULL, at TEXT NOT NULL) STRICT',
    `CREATE TABLE duty_grant (
      id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), duty TEXT NOT NULL, fonds TEXT NOT NULL,
      sealed BLOB NOT NULL, valid_from TEXT NOT NULL, valid_until TEXT, granted_by TEXT NOT NULL, granted_at TEXT NOT NULL,
      revoked_by TEXT, revoked_at TEXT
    ) STRICT`,
    'CREATE INDEX duty_grant_person ON duty_grant (person)',
    `CREATE TABLE session (
      id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), csrf TEXT NOT NULL, current_level INTEGER NOT NULL,
      terminal TEXT NOT NULL, created_at TEXT NOT NULL, seen_at TEXT NOT NULL, absolute_until TEXT NOT NULL, locked INTEGER NOT NULL DEFAULT 0,
      ended_at TEXT
    ) STRICT`,
    'CREATE INDEX session_person ON session (person)',
  ],
};
