import type { Migration } from './migration.js';

/** 保管与检测 (办法第二十七、三十条): places, rounds, what they found, readings and checks of media; 统一目录 by 资源类型. */
export const preservation: Migration = {
  name: '0032-preservation',
  statements: [
    `CREATE TABLE storage_location (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('local_appliance','gov_cloud')), level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), responsibility_no TEXT, responsible_unit TEXT,
      registered_by TEXT NOT NULL REFERENCES person (id), registered_at TEXT NOT NULL, retired_at TEXT, CHECK (kind = 'local_appliance' OR (level < 2 AND responsibility_no IS NOT NULL))
    ) STRICT`,
    'CREATE UNIQUE INDEX storage_location_name ON storage_location (name) WHERE retired_at IS NULL',
    `CREATE TABLE preservation_round (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('fixity','readable')), state TEXT NOT NULL CHECK (state IN ('running','paused','done')), wanted INTEGER NOT NULL, checked INTEGER NOT NULL, faults INTEGER NOT NULL,
      bytes INTEGER NOT NULL, started_by TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT
    ) STRICT`,
    "CREATE UNIQUE INDEX preservation_round_one ON preservation_round (kind) WHERE state <> 'done'",
    'CREATE INDEX preservation_round_started ON preservation_round (kind, started_at)',
    `CREATE TABLE preservation_check (
      kind TEXT NOT NULL, object TEXT NOT NULL REFERENCES stored_object (id), at TEXT NOT NULL, PRIMARY KEY (kind, object)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX preservation_check_at ON preservation_check (kind, at, object)',
    `CREATE TABLE preservation_case (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('fixity','readable','environment','medium')), subject TEXT NOT NULL, record TEXT, code TEXT NOT NULL, level INTEGER NOT NULL, found_at TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('open','handled')), handling TEXT, note TEXT, handled_by TEXT REFERENCES person (id), handled_at TEXT, version INTEGER NOT NULL
    ) STRICT`,
    "CREATE UNIQUE INDEX preservation_case_open ON preservation_case (kind, subject) WHERE state = 'open'",
    'CREATE INDEX preservation_case_found ON preservation_case (state, found_at, id)',
    `CREATE TABLE climate_reading (
      id TEXT PRIMARY KEY, place TEXT NOT NULL, temperature REAL NOT NULL, humidity REAL NOT NULL, taken_at TEXT NOT NULL, faults TEXT NOT NULL, entered_by TEXT NOT NULL REFERENCES person (id), entered_at TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX climate_reading_taken ON climate_reading (taken_at, id)',
    `CREATE TABLE medium_check (
      id TEXT PRIMARY KEY, carrier TEXT NOT NULL REFERENCES carrier (id), checked_on TEXT NOT NULL, readable INTEGER NOT NULL, sampled INTEGER NOT NULL, errors INTEGER NOT NULL, appearance TEXT NOT NULL,
      checked_by TEXT NOT NULL REFERENCES person (id), entered_at TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX medium_check_carrier ON medium_check (carrier, checked_on)',
    "ALTER TABLE record ADD COLUMN resource_type TEXT NOT NULL DEFAULT 'born_digital' CHECK (resource_type IN ('born_digital','digitized'))",
    "UPDATE record SET resource_type = 'digitized' WHERE batch IN (SELECT id FROM capture_batch WHERE method = 'paper_scan')",
    `CREATE TRIGGER record_resource AFTER INSERT ON record WHEN (SELECT method FROM capture_batch WHERE id = NEW.batch) = 'paper_scan'
      BEGIN UPDATE record SET resource_type = 'digitized' WHERE id = NEW.id; END`,
    "CREATE INDEX record_digitized ON record (document_date) WHERE resource_type = 'digitized'",
  ],
};
