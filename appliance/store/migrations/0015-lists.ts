import type { Migration } from './migration.js';

/**
 * Lists of records are read in the order of their dates, whole or under one filter: with these a first page is a walk of a few hundred rows,
 * however many there are. Nothing here keeps statistics, so the query names the index it wants.
 */
export const lists: Migration = {
  name: '0015-lists',
  statements: [
    'CREATE INDEX record_newest ON record (document_date)',
    'CREATE INDEX record_year ON record (archival_year, document_date)',
    'CREATE INDEX record_category ON record (category, document_date)',
    'CREATE INDEX record_retention ON record (retention, document_date)',
    'CREATE INDEX record_department ON record (department, document_date)',
    'CREATE INDEX record_level ON record (level, document_date)',
  ],
};
