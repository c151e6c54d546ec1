import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import { expire, fallDue } from '../classification.js';
import { ready } from '../classification-state.js';
import { isOrdinary } from '../ordinary.js';
import type { ClassificationParts, Grounds } from './grounds.js';

const AT_ONCE = 100;

/**
 * 每日跑批: what has run out is `expired`, what is due for its year is `review_due`. One matter a transaction, looked at again inside
 * it, so that the round may be cut off anywhere and run again. Nothing opens: that takes a person (本产品决定, `marking.json` expiry).
 */
export function markingRound(parts: ClassificationParts, grounds: Grounds) {
  const { store, clock } = parts;

  async function one(call: Call, what: 'end' | 'review', id: string): Promise<boolean> {
    return store.write(call, async (tx) => {
      await tx.allow();
      const matter = await grounds.stored(tx, id);
      if (isOrdinary(matter.it)) throw new ArchiveError('E_STATE_INVALID', { id });
      const { next, audit } = what === 'end' ? expire(ready(matter.it, 'expire'), clock.today()) : fallDue(ready(matter.it, 'fallDue'), clock.today());
      await tx.matters.save({ ...matter, it: next }, matter.version);
      for (const record of next.proposal.recordIds) await tx.records.addEvent(record, { activity: 'classify', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第四十一条', detail: { classification: id, state: next.state } });
      tx.audit({ ...audit, objectLevel: matter.level });
      return true;
    });
  }

  /** A matter that cannot be moved (a record of it was edited from outside) is entered as refused and does not hold up the others. */
  async function each(call: Call, what: 'end' | 'review', failed: Set<string>): Promise<number> {
    let done = 0;
    for (;;) {
      const found = await store.read(call, async (tx) => { await tx.allow(); return tx.matters.due(what, clock.today(), AT_ONCE + failed.size); });
      const due = found.filter((id) => !failed.has(id));
      if (due.length === 0) return done;
      for (const id of due) {
        try {
          if (await one(call, what, id)) done += 1;
        } catch (error) {
          if (!(error instanceof ArchiveError)) throw error;
          failed.add(id);
        }
      }
    }
  }

  return {
    /** How many matters ran out, how many fell due, how many could not be moved. */
    async run(call: Call): Promise<Round> {
      const failed = new Set<string>();
      return { expired: await each(call, 'end', failed), reviewDue: await each(call, 'review', failed), failed: failed.size };
    },
  };
}

export interface Round { readonly expired: number; readonly reviewDue: number; readonly failed: number }
