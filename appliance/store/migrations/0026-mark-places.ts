import type { Migration } from './migration.js';

/** 标志四处不一致: what now disagrees, by kind and id. Names of places alone: nothing of what they say. */
export const markPlaces: Migration = {
  name: '0026-mark-places',
  statements: [
    `CREATE TABLE mark_disagreement (
      kind TEXT NOT NULL CHECK (kind IN ('record','report')), id TEXT NOT NULL, places TEXT NOT NULL, found_at TEXT NOT NULL, PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID`,
  ],
};
