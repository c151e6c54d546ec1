import { newRetentionOf, nextAppraisal } from '../../core/appraisal.js';
import type { Conclusion } from '../../core/appraisal.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Call } from '../../core/ports.js';
import { appraise, inState, keep } from '../../core/record.js';
import { lifeOf } from '../../core/services/life.js';
import type { AppraisalConsent, AppraisalKeep } from '../../policies/schemas/appraisal-acts.js';
import type { Granted } from '../../secrecy/approval.js';
import type { Json } from '../../secrecy/signing.js';
import type { StoredApproval } from '../../secrecy/ports.js';
import type { ServerCall } from '../server/route.js';
import { SUBMIT } from './batches.js';
import type { SubmittedBatch } from './batches.js';
import { destructionFacts } from './facts.js';
import { plainText } from './parts.js';
import type { AppraisalParts, ReadTx, WriteTx } from './parts.js';
import { registerDigest } from './register.js';

/** 办法第三十八条: whatever follows from an appraisal says so in the record's history. */
const MANDATE = '办法第三十八条';
const CONSENT = 'appraisal.consent';

/** What the last signature carries out: each record as the panel concluded, all or none. */
export function appraisalOutcome(parts: AppraisalParts) {
  const { store, gate, clock, ids, policy } = parts;
  const nameOf = (opinion: string): string => policy.opinions.find(({ key }) => key === opinion)?.name ?? opinion;

  /** Whoever decides over a batch must be one who may see every record of it; whoever may not is not told of the approval either. */
  async function seesWhole(tx: ReadTx | WriteTx, call: Call, batch: string): Promise<boolean> {
    const [seen, all] = [await tx.appraisals.items(batch, await gate.visible(call, 'record.show', 1)), await tx.appraisals.items(batch, null)];
    return seen.length === all.length;
  }
  async function sees(tx: ReadTx | WriteTx, call: Call, id: string): Promise<boolean> {
    const record = await tx.records.get(id);
    return record !== undefined && gate.knows(call, recordTarget(record));
  }

  async function applied(tx: WriteTx, call: Call, granted: Granted, batch: { readonly id: string; readonly number: string }, record: StoredRecord, conclusion: Conclusion): Promise<void> {
    const at = clock.now();
    const detail = { batch: batch.number, conclusion: conclusion.opinion, conclusionName: nameOf(conclusion.opinion) };
    const entered = { action: 'record.appraise', object: record.id, objectType: 'record', objectLevel: record.level, approval: granted.id } as const;
    if (conclusion.opinion === 'destroy') {
      const { next, audit } = appraise(inState(lifeOf(record), 'filed', 'retained_copy'), { by: call.person, at }, batch.id, { today: clock.today(), retentionExpiresOn: record.retentionExpiresOn });
      await tx.records.save({ ...record, state: next.state, appraisal: batch.id }, record.version);
      tx.audit({ ...audit, objectLevel: record.level, approval: granted.id, detail: { ...audit.detail, number: batch.number } });
    } else if (conclusion.opinion === 'retain_permanent' || conclusion.opinion === 'retain_extended') {
      const from = { code: record.currentRetention ?? record.retentionCode ?? '', expiresOn: record.retentionExpiresOn };
      const to = newRetentionOf(conclusion.opinion, conclusion.newRetention, { archivalYear: record.archivalYear ?? 0, current: from.code }, clock.today());
      if (to === null) throw new ArchiveError('E_RETENTION_REQUIRED', { record: record.id });
      await tx.records.save({ ...record, currentRetention: to.code, retentionExpiresOn: to.expiresOn }, record.version);
      await tx.appraisals.changeRetention({ record: record.id, at, by: call.person, batch: batch.id, approval: granted.id, from, to });
      tx.audit({ ...entered, detail: { batch: batch.id, number: batch.number, conclusion: conclusion.opinion, from: { ...from }, to: { ...to } } });
      await tx.records.addEvent(record.id, { activity: 'appraise', at, person: call.person, duty: call.duty, mandate: MANDATE, detail: { ...detail, from: { ...from }, to: { ...to } } });
      return;
    } else {
      if (conclusion.opinion === 'hold_legal') {
        await tx.holds.add({
          it: { id: ids.uuid(), record: record.id, kind: 'other', requestedBy: '鉴定小组', reason: `鉴定批次 ${batch.number} 结论：${nameOf(conclusion.opinion)}`, placedBy: call.person, placedAt: at, lifted: null }, level: record.level, version: 1,
        });
        await tx.records.save({ ...record, legalHold: true }, record.version);
      }
      tx.audit({ ...entered, detail: { batch: batch.id, number: batch.number, conclusion: conclusion.opinion } });
    }
    await tx.records.addEvent(record.id, { activity: 'appraise', at, person: call.person, duty: call.duty, mandate: MANDATE, detail });
  }

  /** @throws ArchiveError `E_STALE_VERSION` where the register is no longer the one that was signed; `E_LEGAL_HOLD` and the like where a record cannot go on */
  async function approved(tx: WriteTx, call: Call, granted: Granted, decided: Json): Promise<void> {
    const { batch: id, register } = decided as unknown as SubmittedBatch;
    const stored = await tx.appraisals.get(id);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
    const state = nextAppraisal(stored.it.state, 'approve');
    const items = await tx.appraisals.items(id, null);
    const records: StoredRecord[] = [];
    for (const { record: one } of items) {
      const record = await tx.records.get(one);
      if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
      records.push(record);
    }
    if (registerDigest(parts.sm3, items, records) !== register) throw new ArchiveError('E_STALE_VERSION', { batch: id }, [{ at: '', message: '清册在报批后有变动，请退回，重新汇总会签后再报' }]);
    for (const [at, item] of items.entries()) {
      const record = records[at];
      if (record === undefined || item.conclusion === null) throw new ArchiveError('E_APPRAISAL_INCOMPLETE', { batch: id });
      await applied(tx, call, granted, { id, number: stored.it.number }, record, { opinion: item.conclusion, newRetention: item.conclusion === 'retain_extended' ? item.newRetention : null });
    }
    await tx.appraisals.conclude(id, items, clock.now());
    await tx.appraisals.save({ ...stored, it: { ...stored.it, state, approval: granted.id, report: null } }, stored.version);
    tx.audit({ action: 'appraisal.approve', object: id, objectType: 'appraisal', objectLevel: stored.level, approval: granted.id, detail: { number: stored.it.number, items: items.length, register } });
  }

  async function consented(tx: WriteTx, call: Call, granted: Granted, decided: Json): Promise<void> {
    const { record: id, batch } = decided as unknown as { readonly record: string; readonly batch: string };
    const record = await tx.records.get(id);
    if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
    if (record.state !== 'appraised' || record.appraisal !== batch) throw new ArchiveError('E_STATE_INVALID', { record: id, state: record.state });
    await tx.appraisals.consent(id, batch, granted.id, clock.now());
    await tx.records.addEvent(id, { activity: 'consent_destroy', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第四十三条', detail: { approval: granted.id } });
    tx.audit({ action: CONSENT, object: id, objectType: 'record', objectLevel: record.level, approval: granted.id, detail: { batch } });
  }

  parts.approvals.carries(SUBMIT, approved);
  parts.approvals.carries(CONSENT, consented);
  parts.approvals.knownBy(SUBMIT, async (tx, call, { it }: StoredApproval) => seesWhole(tx, call, it.object));
  parts.approvals.knownBy(CONSENT, async (tx, call, { it }: StoredApproval) => sees(tx, call, it.object));

  return {
    /** 保密期内销毁的书面同意: asked of 保密员 and 定密责任人. */
    async consent(call: ServerCall, input: AppraisalConsent) {
      return store.write(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        if (record.state !== 'appraised' || record.appraisal === null) throw new ArchiveError('E_APPRAISAL_REQUIRED', { record: record.id });
        const { secret } = await destructionFacts(tx, record);
        if (secret === 'none') throw new ArchiveError('E_STATE_INVALID', { record: record.id }, [{ at: '', message: '该件不在保密期限内，无须书面同意' }]);
        if (secret === 'unreviewed') throw new ArchiveError('E_DESTROY_SECRECY_CONSENT', { record: record.id }, [{ at: '', message: '解密审核未结，请先办结解密审核' }]);
        const concluded = (await tx.appraisals.concluded([record.id])).get(record.id);
        const asked = await parts.approvals.request(tx, call, {
          act: CONSENT, object: record.id, decided: { record: record.id, batch: record.appraisal }, level: record.level, fonds: record.fonds,
          words: [`${record.archivalCode ?? record.electronicRecordCode}（${record.mark ?? ''}）保管期满，鉴定批次 ${concluded?.number ?? ''} 结论为销毁`, '该件仍在保密期限内，销毁须保密员和定密责任人书面同意'],
        });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { approval: asked.id } });
        return { approval: asked.id, state: asked.state };
      });
    },

    /** 撤回销毁结论: the record is filed again and stands in the expiry list for another appraisal. */
    async keep(call: ServerCall, input: AppraisalKeep) {
      const reason = plainText('/reason', input.reason);
      return store.write(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        const { next, audit } = keep(inState(lifeOf(record), 'appraised'));
        const state = record.retainUntil === null ? next.state : 'retained_copy';
        await tx.records.save({ ...record, state, appraisal: null }, input.seenVersion);
        await tx.records.addEvent(record.id, { activity: 'appraise', at: clock.now(), person: call.person, duty: call.duty, mandate: MANDATE, detail: { conclusion: 'keep', reason } });
        tx.audit({ ...audit, action: call.act, objectLevel: record.level });
        return { record: record.id, state, version: input.seenVersion + 1 };
      });
    },
  };
}
