import { ArchiveError } from '../errors.js';
import type { ComputerFile, Holdings, StoredRecord } from '../holdings.js';
import type { Call, Clock, WriteTools } from '../ports.js';
import { isRecordState, requireNext } from '../record.js';
import type { RecordState } from '../record.js';

/** The state of a record as one the table knows. @throws ArchiveError `E_STATE_INVALID` (withdrawn, or damaged) */
export function life(record: Pick<StoredRecord, 'state'>): RecordState {
  if (!isRecordState(record.state)) throw new ArchiveError('E_STATE_INVALID', { state: record.state });
  return record.state;
}

/** One bad file makes the whole item bad. */
export const worstOf = (files: readonly Pick<ComputerFile, 'verdict'>[]): ComputerFile['verdict'] =>
  files.some((file) => file.verdict === 'reject') ? 'reject' : files.some((file) => file.verdict === 'warn') ? 'warn' : 'accept';

/** Where a record stands after its files were judged: one bad file sends the whole item back, with the reasons on the file. */
export function settling(clock: Clock) {
  return async (tx: Holdings & WriteTools, call: Call, record: StoredRecord, files: readonly ComputerFile[], seenVersion = record.version): Promise<RecordState> => {
    const verdict = worstOf(files);
    const captured = life(record) === 'captured' ? 'captured' : requireNext(life(record), 'replace');
    const state = requireNext(captured, verdict === 'reject' ? 'return' : 'inspect');
    await tx.records.save({ ...record, state, verdict }, seenVersion);
    await tx.records.addEvent(record.id, { activity: 'verify4p', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第二十一条', detail: { verdict } });
    return state;
  };
}
