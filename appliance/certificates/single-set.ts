import { ArchiveError } from '../../core/errors.js';
import { batchTarget } from '../../core/holdings.js';
import type { CaptureBatch } from '../../core/holdings.js';
import type { Call, Clock, Ids, ReadTools } from '../../core/ports.js';
import { missingElements, requireSettled, reviewSingleSet, submitSingleSet } from '../../core/single-set.js';
import type { BatchSeen, SingleSetElement } from '../../core/single-set.js';
import { cleanText } from '../../core/text.js';
import type { SingleSetReview, SingleSetShow, SingleSetSubmit } from '../../policies/schemas/proof.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';

type Tx = Repositories & ReadTools;
export interface SingleSetParts { readonly store: Store<Repositories>; readonly clock: Clock; readonly ids: Ids; readonly nameOf: (person: string) => Promise<string> }

const plain = (text: string, at: string): string => {
  const cleaned = cleanText(text, true);
  if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
  return cleaned.text;
};
const element = (given: SingleSetElement, at: string): SingleSetElement => ({ met: given.met, evidence: plain(given.evidence, `${at}/evidence`) });

/** 单套归档资格 (办法第五条): the department submits, the archives review; a batch whose claim is not approved is not filed. */
export function singleSetService({ store, clock, ids, nameOf }: SingleSetParts) {
  async function batchOf(tx: Tx, id: string): Promise<CaptureBatch> {
    const batch = await tx.batches.get(id);
    if (batch === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(batchTarget(batch));
    return batch;
  }
  async function seenOf(tx: Tx, batch: string): Promise<BatchSeen> {
    const records = (await tx.records.ofBatch(batch)).filter(({ state }) => state !== 'withdrawn');
    return { inspected: (await tx.runs.ofBatch(batch)).length > 0 && records.every(({ verdict }) => verdict !== null), rejected: records.filter(({ verdict }) => verdict === 'reject').length };
  }

  return {
    async show(call: ServerCall, input: SingleSetShow) {
      return store.read(call, async (tx) => {
        const batch = await batchOf(tx, input.batch);
        const stored = await tx.proofs.singleSet(batch.id);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level });
        if (stored === undefined) return { batch: batch.id, claim: null, version: 0 };
        const { it } = stored;
        return {
          batch: batch.id, version: stored.version,
          claim: { ...it, missing: missingElements(it), submittedByName: await nameOf(it.submittedBy), review: it.review === null ? null : { ...it.review, byName: await nameOf(it.review.by) } },
        };
      });
    },

    /** @throws ArchiveError `E_SINGLE_SET_NOT_ELIGIBLE`, `E_STATE_INVALID` once the batch is filed or the claim approved */
    async submit(call: ServerCall, input: SingleSetSubmit) {
      return store.write(call, async (tx) => {
        const batch = await batchOf(tx, input.batch);
        if (batch.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { state: batch.state, event: 'submit' });
        const stored = await tx.proofs.singleSet(batch.id);
        if ((stored?.version ?? 0) !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { batch: batch.id });
        if (stored?.it.state === 'approved') throw new ArchiveError('E_STATE_INVALID', { state: stored.it.state, event: 'submit' });
        const it = submitSingleSet({
          electronicOnly: input.electronicOnly, sourceReliable: element(input.sourceReliable, '/sourceReliable'), procedureCompliant: element(input.procedureCompliant, '/procedureCompliant'), elementsCompliant: element(input.elementsCompliant, '/elementsCompliant'),
          paperRequiredBasis: input.paperRequiredBasis === undefined ? null : plain(input.paperRequiredBasis, '/paperRequiredBasis'),
        }, call.person, clock.now());
        await tx.proofs.saveSingleSet({ id: stored?.id ?? ids.uuid(), batch: batch.id, it, level: batch.level, version: input.seenVersion }, input.seenVersion);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { electronicOnly: it.electronicOnly, missing: missingElements(it) } });
        return { batch: batch.id, state: it.state, version: input.seenVersion + 1 };
      });
    },

    /** @throws ArchiveError `E_SINGLE_SET_NOT_ELIGIBLE`, `E_SOD_SELF_APPROVAL` */
    async review(call: ServerCall, input: SingleSetReview) {
      const opinion = plain(input.opinion, '/opinion');
      return store.write(call, async (tx) => {
        const batch = await batchOf(tx, input.batch);
        const stored = await tx.proofs.singleSet(batch.id);
        if (stored === undefined) throw new ArchiveError('E_STATE_INVALID', { event: 'review' });
        const it = reviewSingleSet(stored.it, input.verdict, call.person, clock.now(), opinion, await seenOf(tx, batch.id));
        await tx.proofs.saveSingleSet({ ...stored, it }, input.seenVersion);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { state: it.state, electronicOnly: it.electronicOnly } });
        return { batch: batch.id, state: it.state, version: input.seenVersion + 1 };
      });
    },

    /** Before 归档. Told to whoever may see the batch; who may not is told by the filing itself. */
    async requireSettled(call: Call, batch: string): Promise<void> {
      await store.read(call, async (tx) => {
        const found = await tx.batches.get(batch);
        if (found === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(found));
        requireSettled((await tx.proofs.singleSet(batch))?.it);
      });
    },
  };
}
