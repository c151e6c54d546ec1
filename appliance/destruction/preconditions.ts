import { destructionChecks, destructionFaults, type DestructionFacts, type Precondition } from '../../core/appraisal.js';
import { ArchiveError } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { CalendarDate } from '../../core/ports.js';
import type { AppraisalPolicy } from '../../policies/schemas/appraisal.js';
import type { Repositories } from '../store/repositories/index.js';

type Tx = Pick<Repositories, 'appraisals' | 'matters' | 'cases'>;

/** 销毁前置条件 of one record, as the box knows them now (办法第三十八、三十九条). */
export async function factsOf(tx: Tx, record: StoredRecord, today: CalendarDate): Promise<DestructionFacts> {
  const matters = await tx.matters.ofRecord(record.id);
  let derived = 0;
  for (const { it } of matters) derived += (await tx.matters.derivedFrom(it.id)).length;
  return {
    state: record.state === 'pending_destruction' ? 'appraised' : record.state, conclusion: (await tx.appraisals.concluded([record.id])).get(record.id)?.opinion ?? null, retentionExpiresOn: record.retentionExpiresOn,
    retention: record.currentRetention ?? record.retentionCode, retainUntil: record.retainUntil, held: record.legalHold, secret: await secretOf(tx, record, today),
    consented: (await tx.appraisals.consents([record.id])).has(record.id), derived,
  };
}

/** In term only while nobody is reviewing it and its last day has not gone by: a mark that ran out is for the review, not for this. */
async function secretOf(tx: Tx, record: StoredRecord, today: CalendarDate): Promise<DestructionFacts['secret']> {
  if (record.level < 2) return 'none';
  const matter = record.classificationId === null ? undefined : await tx.matters.get(record.classificationId);
  if (matter === undefined || (await tx.cases.openOf(matter.it.id)) !== undefined) return 'unreviewed';
  const { it } = matter;
  if (!('current' in it) || (it.state !== 'active' && it.state !== 'long_term')) return 'unreviewed';
  const last = it.current.ending?.lastSecretDay ?? null;
  return last !== null && last < today ? 'unreviewed' : 'in_term';
}

export const checksOf = async (tx: Tx, record: StoredRecord, today: CalendarDate, policy: AppraisalPolicy): Promise<readonly Precondition[]> => destructionChecks(await factsOf(tx, record, today), today, policy);

/** @throws ArchiveError the code of the first condition that is not met, and `E_METADATA_PROTECTED` for a tombstone */
export async function requireDestroyable(tx: Tx, records: readonly StoredRecord[], today: CalendarDate, policy: AppraisalPolicy): Promise<void> {
  const faults: { readonly at: string; readonly fault: Precondition }[] = [];
  for (const [n, record] of records.entries()) {
    if (record.state === 'destroyed') throw new ArchiveError('E_METADATA_PROTECTED', { record: record.id });
    for (const fault of destructionFaults(await factsOf(tx, record, today), today, policy)) faults.push({ at: `/records/${String(n)}`, fault });
  }
  const [first] = faults;
  if (first !== undefined && first.fault.code !== 'W_DERIVED_EXISTS') throw new ArchiveError(first.fault.code, { faults: faults.length }, faults.slice(0, 100).map(({ at, fault }) => ({ at, message: fault.text })));
}
