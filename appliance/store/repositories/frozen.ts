import { ArchiveError } from '../../../core/errors.js';
import type { RecordRepository } from '../../../core/holdings.js';
import type { Sql } from '../sql.js';

/**
 * 升密后只读: a record whose level was raised is not written before its copies and media have been looked after (本产品决定).
 * Held here, so that no act forgets it. Reading goes on, and so does the history of what is done about it.
 */
export const whileThawed = (sql: Sql, records: RecordRepository): RecordRepository => ({
  ...records,
  async save(record, seenVersion) {
    const frozen = await sql.one(
      `SELECT 1 AS found FROM class_task JOIN classification_record ON classification_record.classification = class_task.classification
       WHERE class_task.kind = 'copies' AND class_task.closed_at IS NULL AND classification_record.record = $1`, record.id,
    );
    if (frozen !== undefined) throw new ArchiveError('E_STATE_INVALID', { record: record.id, state: 'frozen', allowed: ['classification.close-task'] }, [{ at: '', message: '升密后的副本、介质尚未核对收回，办结前该件只读' }]);
    await records.save(record, seenVersion);
  },
});
