import type { Migration } from './migration.js';

const OFFICES = "('sysadmin','secadmin','auditadmin')";
/** When a grant stops, as it stands in a row. */
const end = (row: string): string => `min(coalesce(${row}.revoked_at, '9999'), coalesce(${row}.valid_until, '9999'))`;
/** 三员互斥: another grant of the same person with one office of the three on either side, at any common time. */
const EXCLUDED = `EXISTS (
  SELECT 1 FROM duty_grant AS held WHERE held.person = NEW.person AND held.id <> NEW.id AND held.duty <> NEW.duty
    AND (NEW.duty IN ${OFFICES} OR held.duty IN ${OFFICES})
    AND held.valid_from < ${end('NEW')} AND NEW.valid_from < ${end('held')})`;

/**
 * 涉密人员、三员、应急访问、终端、策略包. What people gave as reasons, review and commitment numbers, places and codes are in `sealed`.
 * The triggers are the database's own word on the three officers: no statement, whoever writes it, joins two offices in one account,
 * makes an office without end, or takes a grant out of the register.
 */
export const peopleRegister: Migration = {
  name: '0010-people',
  statements: [
    `CREATE TABLE personnel (
      person TEXT PRIMARY KEY REFERENCES person (id), state TEXT NOT NULL CHECK (state IN ('in_post','cooling','released')),
      category TEXT NOT NULL CHECK (category IN ('core','important','general')), reviewed_on TEXT NOT NULL, committed_on TEXT NOT NULL,
      left_on TEXT, cools_off_until TEXT, cleared_by TEXT, entered_by TEXT NOT NULL, sealed BLOB NOT NULL, version INTEGER NOT NULL,
      CHECK (state = 'in_post' OR (left_on IS NOT NULL AND cools_off_until IS NOT NULL))
    ) STRICT`,
    `CREATE TABLE personnel_note (
      id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL CHECK (kind IN ('training','major_matter','review','abroad')),
      on_day TEXT NOT NULL, half_hours INTEGER, sealed BLOB NOT NULL, entered_by TEXT NOT NULL, entered_at TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX personnel_note_person ON personnel_note (person, on_day)',
    `CREATE TABLE hand_back (
      id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), kind TEXT NOT NULL, ref TEXT NOT NULL, listed_at TEXT NOT NULL,
      returned_at TEXT, returned_by TEXT, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX hand_back_person ON hand_back (person)',
    `CREATE TABLE terminal (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, public_key TEXT NOT NULL UNIQUE, state TEXT NOT NULL CHECK (state IN ('registered','cleared','retired')),
      level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), person TEXT REFERENCES person (id), registered_by TEXT NOT NULL, registered_at TEXT NOT NULL,
      cleared_by TEXT, cleared_at TEXT, retired_at TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL,
      CHECK (cleared_by IS NULL OR cleared_by <> registered_by)
    ) STRICT`,
    'ALTER TABLE session ADD COLUMN terminal_id TEXT REFERENCES terminal (id)',
    `CREATE TABLE password_pack (
      version INTEGER PRIMARY KEY, pack TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, sealed BLOB NOT NULL
    ) STRICT`,
    `CREATE TABLE emergency_access (
      id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), approval TEXT NOT NULL REFERENCES approval (id), level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
      from_at TEXT NOT NULL, until_at TEXT NOT NULL, ended_at TEXT, ended_by TEXT, officer_by TEXT, auditor_by TEXT, sealed BLOB NOT NULL,
      CHECK (until_at > from_at)
    ) STRICT`,
    'CREATE INDEX emergency_person ON emergency_access (person) WHERE ended_at IS NULL',
    'CREATE TABLE emergency_record (emergency TEXT NOT NULL REFERENCES emergency_access (id), record TEXT NOT NULL REFERENCES record (id), PRIMARY KEY (emergency, record)) STRICT, WITHOUT ROWID',
    `CREATE TRIGGER duty_grant_excludes BEFORE INSERT ON duty_grant WHEN ${EXCLUDED} BEGIN SELECT RAISE(ABORT, 'E_SOD_CONFLICT'); END`,
    `CREATE TRIGGER duty_grant_still_excludes BEFORE UPDATE ON duty_grant WHEN ${EXCLUDED} BEGIN SELECT RAISE(ABORT, 'E_SOD_CONFLICT'); END`,
    `CREATE TRIGGER duty_grant_ends BEFORE INSERT ON duty_grant WHEN NEW.duty IN ${OFFICES} AND NEW.valid_until IS NULL BEGIN SELECT RAISE(ABORT, 'E_GRANT_OPEN_ENDED'); END`,
    `CREATE TRIGGER duty_grant_stays_dated BEFORE UPDATE ON duty_grant WHEN NEW.duty IN ${OFFICES} AND NEW.valid_until IS NULL AND OLD.valid_until IS NOT NULL BEGIN SELECT RAISE(ABORT, 'E_GRANT_OPEN_ENDED'); END`,
    `CREATE TRIGGER duty_grant_kept BEFORE DELETE ON duty_grant BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID'); END`,
    `CREATE TRIGGER duty_grant_told BEFORE UPDATE OF id, person, duty, fonds, valid_from, granted_by, granted_at ON duty_grant
      WHEN NEW.id <> OLD.id OR NEW.person <> OLD.person OR NEW.duty <> OLD.duty OR NEW.fonds <> OLD.fonds OR NEW.valid_from <> OLD.valid_from OR NEW.granted_by <> OLD.granted_by OR NEW.granted_at <> OLD.granted_at
      BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID'); END`,
    `CREATE TRIGGER duty_grant_by_another BEFORE INSERT ON duty_grant
      WHEN NEW.granted_by <> 'system' AND (NEW.granted_by = NEW.person OR NEW.granted_by = (SELECT created_by FROM person WHERE id = NEW.person))
      BEGIN SELECT RAISE(ABORT, 'E_SOD_SELF_APPROVAL'); END`,
    `CREATE TRIGGER person_clearance_ends BEFORE UPDATE OF clearance, clearance_until ON person WHEN NEW.clearance >= 2 AND NEW.clearance_until IS NULL BEGIN SELECT RAISE(ABORT, 'E_GRANT_OPEN_ENDED'); END`,
  ],
};
