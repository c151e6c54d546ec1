import type { Migration } from './migration.js';

/**
 * Batches, records, computer files and their sealed objects. Columns are structural (档号, year, retention, level, state, dates);
 * everything telling (题名, 文号, 责任者, file names) is one sealed JSON per row, under the metadata key of the row's level.
 */
export const holdings: Migration = {
  name: '0003-holdings',
  statements: [
    `CREATE TABLE capture_batch (
      id TEXT PRIMARY KEY, number TEXT NOT NULL UNIQUE, fonds TEXT NOT NULL, department TEXT NOT NULL, opened_by TEXT NOT NULL,
      method TEXT NOT NULL, level INTEGER NOT NULL, state TEXT NOT NULL, declared TEXT, sealed BLOB,
      opened_at TEXT NOT NULL, closed_at TEXT, version INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE stored_object (
      id TEXT PRIMARY KEY, level INTEGER NOT NULL, bytes INTEGER NOT NULL, sm3 TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('staged','kept','gone')), stored_at TEXT NOT NULL
    ) STRICT`,
    `CREATE TABLE object_intent (
      id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('promote','erase')), object TEXT NOT NULL,
      made_at TEXT NOT NULL, closed_at TEXT, outcome TEXT
    ) STRICT`,
    'CREATE INDEX object_intent_open ON object_intent (id) WHERE closed_at IS NULL',
    `CREATE TABLE upload (
      id TEXT PRIMARY KEY, batch TEXT NOT NULL REFERENCES capture_batch (id), object TEXT NOT NULL, level INTEGER NOT NULL,
      bytes INTEGER NOT NULL, sealed BLOB NOT NULL, state TEXT NOT NULL CHECK (state IN ('open','done','refused','abandoned')),
      refusal TEXT, opened_by TEXT NOT NULL, opened_at TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX upload_batch ON upload (batch, state)',
    `CREATE TABLE record (
      serial INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, electronic_record_code TEXT NOT NULL UNIQUE,
      batch TEXT NOT NULL REFERENCES capture_batch (id), state TEXT NOT NULL, level INTEGER NOT NULL, fonds TEXT NOT NULL, department TEXT NOT NULL,
      owner TEXT NOT NULL, category TEXT, archival_year INTEGER, retention TEXT, org_or_function TEXT, schedule_item TEXT, scheme TEXT,
      document_date TEXT, completed_on TEXT, series TEXT, sequence INTEGER, archival_code TEXT UNIQUE, code_profile TEXT, code_status TEXT,
      classification TEXT, mark TEXT, filing_deadline TEXT, filed_at TEXT, transfer_due_on TEXT, retention_expires_on TEXT,
      verdict TEXT, metadata_digest TEXT, sealed BLOB NOT NULL, captured_at TEXT NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    'CREATE INDEX record_batch ON record (batch, state)',
    'CREATE INDEX record_list ON record (state, level, document_date)',
    'CREATE UNIQUE INDEX record_sequence ON record (series, sequence) WHERE series IS NOT NULL',
    'CREATE INDEX record_code ON record (fonds, category, archival_year, retention, org_or_function, sequence)',
    `CREATE TABLE record_scope (
      record TEXT NOT NULL REFERENCES record (id), kind TEXT NOT NULL CHECK (kind IN ('person','department','request','compartment')), ref TEXT NOT NULL,
      PRIMARY KEY (record, kind, ref)
    ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX record_scope_ref ON record_scope (kind, ref, record)',
    `CREATE TABLE computer_file (
      id TEXT PRIMARY KEY, record TEXT REFERENCES record (id), batch TEXT NOT NULL REFERENCES capture_batch (id), upload TEXT,
      role TEXT NOT NULL, position INTEGER NOT NULL, object TEXT NOT NULL REFERENCES stored_object (id), level INTEGER NOT NULL,
      bytes INTEGER NOT NULL, sm3 TEXT NOT NULL, mime TEXT NOT NULL, format TEXT NOT NULL, puid TEXT, verdict TEXT NOT NULL,
      facts TEXT NOT NULL, findings TEXT NOT NULL, sealed BLOB NOT NULL, replaced_by TEXT, received_at TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX computer_file_record ON computer_file (record, position)',
    'CREATE INDEX computer_file_batch ON computer_file (batch)',
    `CREATE TABLE process_event (
      id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL REFERENCES record (id), activity TEXT NOT NULL, at TEXT NOT NULL,
      person TEXT NOT NULL, duty TEXT, mandate TEXT, level INTEGER NOT NULL, sealed BLOB NOT NULL
    ) STRICT`,
    'CREATE INDEX process_event_record ON process_event (record, id)',
    "CREATE VIRTUAL TABLE search USING fts5 (tokens, content='', contentless_delete=1, tokenize='ascii')",
  ],
};
