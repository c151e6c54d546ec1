import type { Migration } from './migration.js';

/** 移交到期清单 in its order, without looking at every record of the box. */
export const transferDue: Migration = {
  name: '0022-transfer-due',
  statements: ["CREATE INDEX record_transfer_due ON record (transfer_due_on, id) WHERE state = 'filed' AND transfer_due_on IS NOT NULL"],
};
