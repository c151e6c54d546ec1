import type { Migration } from './migration.js';

const LEVEL = 'CHECK (level BETWEEN 0 AND 4)';
const stays = (table: string): string => `CREATE TRIGGER ${table}_stays BEFORE DELETE ON ${table} BEGIN SELECT RAISE(ABORT, 'E_METADATA_PROTECTED: registers of destruction are kept'); END`;

/**
 * 涉密载体销毁与介质迁移. What tells of a line or a batch is sealed under its level. Nothing is ever deleted (登记、审批记录长期保存备查), and what once
 * was a secret stays one in every row.
 */
export const disposal: Migration = {
  name: '0024-disposal',
  statements: [
    `CREATE TABLE disposal (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, state TEXT NOT NULL, fonds TEXT NOT NULL, department TEXT NOT NULL, owner TEXT NOT NULL REFERENCES person (id), opened_at TEXT NOT NULL,
      level INTEGER NOT NULL ${LEVEL}, due_on TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX disposal_level ON disposal (level, no)',
    stays('disposal'),
    `CREATE TABLE disposal_scope (disposal TEXT NOT NULL REFERENCES disposal (id), kind TEXT NOT NULL, ref TEXT NOT NULL, PRIMARY KEY (disposal, kind, ref)) STRICT, WITHOUT ROWID`,
    `CREATE TABLE disposal_line (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, origin TEXT UNIQUE, carrier TEXT REFERENCES carrier (id), disposal TEXT REFERENCES disposal (id), kind TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('pending','batched','destroyed','reused','withdrawn')), fonds TEXT NOT NULL, department TEXT NOT NULL, owner TEXT NOT NULL REFERENCES person (id), since TEXT NOT NULL,
      level INTEGER NOT NULL ${LEVEL}, max_level_ever INTEGER NOT NULL CHECK (max_level_ever BETWEEN level AND 4), sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX disposal_line_state ON disposal_line (state, level, no)',
    'CREATE INDEX disposal_line_batch ON disposal_line (disposal)',
    'CREATE INDEX disposal_line_carrier ON disposal_line (carrier)',
    `CREATE TRIGGER disposal_line_max_rises BEFORE UPDATE ON disposal_line WHEN NEW.max_level_ever < OLD.max_level_ever OR NEW.level < OLD.level
      BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: max_level_ever only rises'); END`,
    `CREATE TRIGGER disposal_line_ends BEFORE UPDATE OF state ON disposal_line WHEN OLD.state IN ('destroyed','reused','withdrawn') AND NEW.state <> OLD.state
      BEGIN SELECT RAISE(ABORT, 'E_STATE_INVALID: a line that has ended stays ended'); END`,
    stays('disposal_line'),
    `CREATE TABLE disposal_event (
      disposal TEXT NOT NULL REFERENCES disposal (id), seq INTEGER NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, event TEXT NOT NULL, approval TEXT, PRIMARY KEY (disposal, seq)
    ) STRICT`,
    `CREATE TABLE disposal_evidence (
      id TEXT PRIMARY KEY, disposal TEXT NOT NULL REFERENCES disposal (id), kind TEXT NOT NULL CHECK (kind IN ('photo','voucher','log','other')), object TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, sm3 TEXT NOT NULL,
      added_by TEXT NOT NULL REFERENCES person (id), added_at TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX disposal_evidence_of ON disposal_evidence (disposal)',
    stays('disposal_evidence'),
    `CREATE TABLE destroy_equipment (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('device','unit')), no TEXT UNIQUE, valid_to TEXT NOT NULL, entered_by TEXT NOT NULL REFERENCES person (id), entered_at TEXT NOT NULL, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE medium_migration (
      id TEXT PRIMARY KEY, no TEXT NOT NULL UNIQUE, from_carrier TEXT NOT NULL REFERENCES carrier (id), to_carrier TEXT NOT NULL REFERENCES carrier (id), state TEXT NOT NULL, fonds TEXT NOT NULL, department TEXT NOT NULL,
      owner TEXT NOT NULL REFERENCES person (id), planned_at TEXT NOT NULL, level INTEGER NOT NULL ${LEVEL}, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX medium_migration_from ON medium_migration (from_carrier)',
    stays('medium_migration'),
    `CREATE TABLE carrier_copy (
      carrier TEXT NOT NULL REFERENCES carrier (id), record TEXT NOT NULL REFERENCES record (id), digest TEXT NOT NULL, verified_at TEXT NOT NULL, migration TEXT NOT NULL REFERENCES medium_migration (id), PRIMARY KEY (carrier, record)
    ) STRICT`,
    'CREATE INDEX carrier_copy_record ON carrier_copy (record)',
    "ALTER TABLE carrier_content ADD COLUMN purpose TEXT NOT NULL DEFAULT 'keep' CHECK (purpose IN ('keep','use'))",
    'ALTER TABLE carrier_content ADD COLUMN ended_at TEXT',
    'ALTER TABLE carrier_content ADD COLUMN ended_in TEXT REFERENCES disposal (id)',
  ],
};
