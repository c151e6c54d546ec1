import { destructionChecks, destructionFaults, type DestructionFacts, type Precondition } from '../../core/appraisal.js';
import { ArchiveError } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { CalendarDate } from '../../core/ports.js';
import type { AppraisalPolicy } from '../../policies/schemas/appraisal.js';
import { destructionFacts } from '../appraisal/facts.js';
import type { Repositories } from '../store/repositories/index.js';

type Tx = Pick<Repositories, 'appraisals' | 'matters'>;

/** As the room of appraisal knows them; a record that is frozen for this very destruction is still what the appraisal left. */
const factsOf = async (tx: Tx, record: StoredRecord): Promise<DestructionFacts> => {
  const facts = await destructionFacts(tx, record);
  return { ...facts, state: record.state === 'pending_destruction' ? 'appraised' : facts.state };
};

export const checksOf = async (tx: Tx, record: StoredRecord, today: CalendarDate, policy: AppraisalPolicy): Promise<readonly Precondition[]> => destructionChecks(await factsOf(tx, record), today, policy);

/** @throws ArchiveError the code of the first condition that is not met, and `E_METADATA_PROTECTED` for a tombstone */
export async function requireDestroyable(tx: Tx, records: readonly StoredRecord[], today: CalendarDate, policy: AppraisalPolicy): Promise<void> {
  const faults: { readonly at: string; readonly fault: Precondition }[] = [];
  for (const [n, record] of records.entries()) {
    if (record.state === 'destroyed') throw new ArchiveError('E_METADATA_PROTECTED', { record: record.id });
    for (const fault of destructionFaults(await factsOf(tx, record), today, policy)) faults.push({ at: `/records/${String(n)}`, fault });
  }
  const [first] = faults;
  if (first !== undefined && first.fault.code !== 'W_DERIVED_EXISTS') throw new ArchiveError(first.fault.code, { faults: faults.length }, faults.slice(0, 100).map(({ at, fault }) => ({ at, message: fault.text })));
}
