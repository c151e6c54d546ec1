import type { DestructionFacts } from '../../core/appraisal.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Repositories } from '../store/repositories/index.js';
import { isOrdinary } from '../../secrecy/ordinary.js';
import type { StoredMatter } from '../../secrecy/ports.js';

type Tx = Pick<Repositories, 'appraisals' | 'matters'>;

/** States of a matter in which somebody has decided what it is and no review of it is open. */
const SETTLED: readonly string[] = ['active', 'long_term', 'review_due'];

async function secretOf(tx: Tx, record: StoredRecord): Promise<DestructionFacts['secret']> {
  if (record.level < 2) return 'none';
  const matter = record.classificationId === null ? undefined : await tx.matters.get(record.classificationId);
  return matter !== undefined && !isOrdinary(matter.it) && SETTLED.includes(matter.it.state) ? 'in_term' : 'unreviewed';
}

/**
 * 销毁前置条件 of one record as the box knows them now.
 * @param knows of which derived matters the asker may be told; all of them count unless given
 */
export async function destructionFacts(tx: Tx, record: StoredRecord, knows: (matter: StoredMatter) => Promise<boolean> = async () => Promise.resolve(true)): Promise<DestructionFacts> {
  const [concluded, consented] = [await tx.appraisals.concluded([record.id]), await tx.appraisals.consents([record.id])];
  const derived = record.classificationId === null ? [] : await tx.matters.derivedFrom(record.classificationId);
  let told = 0;
  for (const matter of derived) if (await knows(matter)) told += 1;
  return {
    state: record.state, conclusion: concluded.get(record.id)?.opinion ?? null, retentionExpiresOn: record.retentionExpiresOn, retention: record.currentRetention ?? record.retentionCode,
    retainUntil: record.retainUntil, held: record.legalHold, secret: await secretOf(tx, record), consented: consented.has(record.id),
    derived: told,
  };
}
