import type { Migration } from './migration.js';

/** A year in the order of its codes, without putting every record of it in order first. */
export const yearOrder: Migration = {
  name: '0018-year-order',
  statements: ['CREATE INDEX record_year_code ON record (archival_year, fonds, category, retention, org_or_function, sequence)'],
};
