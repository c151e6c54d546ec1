import type { Migration } from './migration.js';

/** 离线数据包导入: how far each is. Names of files and entries, findings and titles are sealed. */
export const packageImports: Migration = {
  name: '0027-package-imports',
  statements: [
    `CREATE TABLE package_import (
      id TEXT PRIMARY KEY, batch TEXT NOT NULL UNIQUE REFERENCES capture_batch (id), state TEXT NOT NULL CHECK (state IN ('receiving','checking','checked','taking','taken','refused','abandoned','failed')),
      level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4), object TEXT, bytes INTEGER, form TEXT CHECK (form IN ('filing','eep','bagit','folder')), total INTEGER NOT NULL, done INTEGER NOT NULL,
      begun_by TEXT NOT NULL, begun_at TEXT NOT NULL, ended_at TEXT, sealed BLOB NOT NULL, version INTEGER NOT NULL
    ) STRICT`,
    "CREATE INDEX package_import_open ON package_import (state) WHERE state IN ('receiving','checking','taking')",
  ],
};
