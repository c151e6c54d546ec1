import { ArchiveError } from '../errors.js';
import type { StoredRecord } from '../holdings.js';
import type { RecordLife } from '../record.js';

type AfterFiling = Extract<RecordLife, { readonly state: 'filed' | 'retained_copy' | 'appraised' | 'pending_destruction' }>;

/**
 * A stored record as the life after filing that `core/record.ts` decides on. When it was taken over, appraised or condemned stands in
 * the events of the record; here it is who holds it and since when it is filed.
 * @throws ArchiveError `E_STATE_INVALID` for a record in any other state, or without the facts of its state
 */
export function lifeOf(record: Pick<StoredRecord, 'id' | 'state' | 'owner' | 'capturedAt' | 'filedAt' | 'legalHold' | 'archivalCode' | 'sequence' | 'appraisal' | 'transferBatch' | 'retainUntil' | 'destructionOrder'>): AfterFiling {
  const wrong = (): never => { throw new ArchiveError('E_STATE_INVALID', { record: record.id, state: record.state }); };
  const { id, legalHold, owner: by, archivalCode, sequence, filedAt, appraisal, transferBatch, retainUntil, destructionOrder } = record;
  if (archivalCode === null || sequence === null || filedAt === null) return wrong();
  const common = { id, legalHold, captured: { by, at: record.capturedAt }, filing: { by, at: filedAt, archivalCode, sequence } };
  const act = { by, at: filedAt };
  switch (record.state) {
    case 'filed': return { ...common, state: 'filed' };
    case 'retained_copy': return transferBatch === null || retainUntil === null ? wrong() : { ...common, state: 'retained_copy', transfer: { ...act, batch: transferBatch }, retainUntil };
    case 'appraised': return appraisal === null ? wrong() : { ...common, state: 'appraised', appraisal: { ...act, batch: appraisal } };
    case 'pending_destruction': return appraisal === null || destructionOrder === null ? wrong() : { ...common, state: 'pending_destruction', appraisal: { ...act, batch: appraisal }, order: destructionOrder };
    default: return wrong();
  }
}
