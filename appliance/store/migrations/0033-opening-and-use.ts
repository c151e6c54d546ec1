import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';

/**
 * 开放审核、利用申请、阅览. Reasons, purposes and the codes that were asked for are sealed under the level of the row. A reading session
 * opens the records of its request to one person until a time; the time ends it, whether or not anybody enters the end.
 */
export const openingAndUse: Migration = {
  name: '0033-opening-and-use',
  statements: [
    `CREATE TABLE opening_review (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, decision TEXT NOT NULL CHECK (decision IN ('open','controlled','deferred')), deferred_until TEXT, state TEXT NOT NULL CHECK (state IN ('proposed','approved','refused')),
      proposed_by TEXT NOT NULL REFERENCES person (id), proposed_at TEXT NOT NULL, decided_at TEXT, approval TEXT, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE opening_item (review TEXT NOT NULL REFERENCES opening_review (id), record TEXT NOT NULL REFERENCES record (id), position INTEGER NOT NULL, early INTEGER NOT NULL, PRIMARY KEY (review, record)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX opening_item_record ON opening_item (record)',
    "CREATE TRIGGER opening_review_stays BEFORE DELETE ON opening_review BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a review stays in the register'); END",
    `CREATE TABLE use_request (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, fonds TEXT NOT NULL, department TEXT NOT NULL, applicant TEXT NOT NULL REFERENCES person (id), mode TEXT NOT NULL CHECK (mode IN ('view','excerpt','print','copy')),
      channel TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('requested','submitted','approved','refused','closed')), requested_at TEXT NOT NULL, assessed_by TEXT, valid_until TEXT, approval TEXT, closed_at TEXT,
      level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX use_request_at ON use_request (level, requested_at)',
    'CREATE INDEX use_request_applicant ON use_request (applicant, state)',
    `CREATE TABLE use_record (use TEXT NOT NULL REFERENCES use_request (id), record TEXT NOT NULL REFERENCES record (id), position INTEGER NOT NULL, level INTEGER NOT NULL ${LEVEL}, PRIMARY KEY (use, record)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX use_record_record ON use_record (record)',
    `CREATE TABLE use_session (
      id TEXT PRIMARY KEY, use TEXT NOT NULL REFERENCES use_request (id), person TEXT NOT NULL REFERENCES person (id), from_at TEXT NOT NULL, until_at TEXT NOT NULL, ended_at TEXT, ended_by TEXT
    ) STRICT`,
    'CREATE INDEX use_session_open ON use_session (person, until_at) WHERE ended_at IS NULL',
    'CREATE INDEX use_session_use ON use_session (use)',
    "CREATE TRIGGER use_request_stays BEFORE DELETE ON use_request BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a request stays in the register'); END",
    "CREATE TRIGGER use_session_stays BEFORE DELETE ON use_session BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a reading stays in the register'); END",
  ],
};
