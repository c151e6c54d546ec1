import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import { formedBefore, isEarly, levelAfter, openingDueOn, requireOpenable, requireReview } from '../../core/opening.js';
import type { OpeningFacts } from '../../core/opening.js';
import type { Clock, Ids, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type { OpeningDue, OpeningList, OpeningPropose, UsePolicy } from '../../policies/schemas/use.js';
import type { Granted, Refused } from '../../secrecy/approval.js';
import { highest } from '../../secrecy/level.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import { protect } from '../../secrecy/services/protection.js';
import type { ProtectionParts } from '../../secrecy/services/protection.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import type { OpeningReview } from '../store/repositories/openings.js';
import type { Store } from '../store/unit-of-work.js';

type Tx = Repositories & ReadTools;
type WriteTx = Repositories & WriteTools;

export interface OpeningParts extends ProtectionParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: UsePolicy['opening'];
  readonly mode: 'unit' | 'repository';
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly nameOf: (person: string) => Promise<string>;
}

/** A matter in these states may not (or no longer) make a secret of its record. */
const SETTLED: readonly string[] = ['declassified', 'rejected', 'withdrawn', 'ordinary'];
const TOLD_AT_MOST = 20;
const codeOf = (record: StoredRecord): string => record.archivalCode ?? record.electronicRecordCode;
const DECISIONS = { open: '开放', controlled: '控制使用', deferred: '延期开放' } as const;

const plain = (text: string, at: string): string => {
  const cleaned = cleanText(text, true);
  if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
  return cleaned.text;
};

/** 开放审核 (办法第三十二条): proposed by one, signed by another, carried out with the signature; never while anything is secret. */
export function openingService(parts: OpeningParts) {
  const { store, gate, clock, ids, policy } = parts;

  async function factsOf(tx: Tx, record: StoredRecord): Promise<OpeningFacts> {
    const matters = await tx.matters.ofRecord(record.id);
    return {
      level: record.level, documentDate: record.documentDate, archivalYear: record.archivalYear, wasSecret: record.classificationId !== null || matters.some(({ it }) => it.state === 'declassified'),
      secretMatter: matters.some(({ it }) => !SETTLED.includes(it.state) && !(it.state === 'active' && record.level < 2)),
    };
  }

  const row = (record: StoredRecord) => ({
    record: record.id, archivalCode: codeOf(record), title: record.description.title ?? '', level: record.level, mark: record.mark, documentDate: record.documentDate, archivalYear: record.archivalYear,
    categoryCode: record.categoryCode, department: record.department, dueOn: openingDueOn(record, policy.years), early: isEarly(record, policy.years, clock.today()),
  });

  async function allowed(tx: Tx, input: readonly string[]): Promise<readonly StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (const id of input) {
      const record = await tx.records.get(id);
      if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
      await tx.allow(recordTarget(record));
      records.push(record);
    }
    return records;
  }

  async function decided(tx: WriteTx, id: string): Promise<OpeningReview> {
    const review = await tx.openings.get(id);
    if (review?.state !== 'proposed') throw new ArchiveError('E_STATE_INVALID', { review: id, state: review?.state ?? null });
    return review;
  }

  return {
    /** 应开放审核的档案: formed so many years ago and without a decision that stands; a deferral whose day has come counts as none. */
    async due(call: ServerCall, input: OpeningDue) {
      const { page = 1, size = 50, early = false } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.openings.due(await gate.visible(call, call.act, 1), early ? null : formedBefore(clock.today(), policy.years), clock.today(), { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        return { page, size, total, mode: parts.mode, years: policy.years, maxDeferYears: policy.maxDeferYears, maxItems: policy.maxItems, rows: rows.map(row) };
      });
    },

    /** 开放审核台账, one line a record. */
    async list(call: ServerCall, input: OpeningList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { ceiling } = await gate.subjectOf(call);
        const { rows, total } = await tx.openings.list(await gate.visible(call, call.act, 1), { record: input.record ?? null, decision: input.decision ?? null, state: input.state ?? null }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const lines = [];
        for (const { review, record, early } of rows) {
          const told = review.level <= ceiling;
          lines.push({
            ...row(record), early, review: review.id, no: review.no, decision: review.decision, decisionName: DECISIONS[review.decision], deferredUntil: review.deferredUntil, state: review.state, approval: review.approval,
            proposedByName: await parts.nameOf(review.proposedBy), proposedAt: review.proposedAt, decidedAt: review.decidedAt, reason: told ? review.reason : null, secrecyReviewNo: told ? review.secrecyReviewNo : null,
          });
        }
        return { page, size, total, mode: parts.mode, rows: lines };
      });
    },

    /** @throws ArchiveError `E_OPENING_MODE` in a unit's own box, `E_OPEN_CLASSIFIED`, `E_DUPLICATE` */
    async propose(call: ServerCall, input: OpeningPropose) {
      if (parts.mode !== 'repository') throw new ArchiveError('E_OPENING_MODE');
      if (input.records.length > policy.maxItems) throw new ArchiveError('E_INPUT_INVALID', { max: policy.maxItems }, [{ at: '/records', message: `一次不超过 ${String(policy.maxItems)} 件，请分次` }]);
      const [reason, secrecyReviewNo] = [plain(input.reason, '/reason'), input.secrecyReviewNo === undefined ? null : plain(input.secrecyReviewNo, '/secrecyReviewNo')];
      const { ceiling } = await gate.subjectOf(call);
      return store.write(call, async (tx) => {
        const records = await allowed(tx, input.records);
        const ask = { decision: input.decision, deferredUntil: input.deferredUntil ?? null, secrecyReviewNo };
        for (const record of records) requireReview(await factsOf(tx, record), ask, clock.today(), policy.maxDeferYears);
        const busy = await tx.openings.underWay(records.map(({ id }) => id));
        if (busy.size > 0) throw new ArchiveError('E_DUPLICATE', { records: busy.size }, records.filter(({ id }) => busy.has(id)).slice(0, TOLD_AT_MOST).map((record) => ({ at: codeOf(record), message: '已在开放审核中，请等签署后再办' })));
        const review: OpeningReview = {
          id: ids.uuid(), no: await drawNumber(ids, `KF-${clock.today().slice(0, 4)}-`, async (no) => tx.openings.numbered(no)), decision: input.decision, deferredUntil: ask.deferredUntil, state: 'proposed',
          proposedBy: call.person, proposedAt: clock.now(), decidedAt: null, approval: null, level: highest([ceiling, ...records.map(({ level }) => level)]), reason, secrecyReviewNo, version: 1,
        };
        const early = input.decision === 'open' ? records.filter((record) => isEarly(record, policy.years, clock.today())) : [];
        const [first] = records;
        const asked = await parts.approvals.request(tx, call, {
          act: call.act, object: review.id, level: review.level, fonds: first?.fonds ?? '',
          decided: { review: review.id, no: review.no, decision: review.decision, deferredUntil: review.deferredUntil, secrecyReviewNo, records: records.map(({ id }) => id) },
          words: [
            `开放审核 ${review.no}：${String(records.length)} 件，结论为${DECISIONS[review.decision]}${review.deferredUntil === null ? '' : `至 ${review.deferredUntil}`}`,
            `档号：${records.slice(0, TOLD_AT_MOST).map(codeOf).join('、')}${records.length > TOLD_AT_MOST ? ` 等 ${String(records.length)} 件` : ''}`, `理由：${reason}`,
            ...(early.length > 0 ? [`其中 ${String(early.length)} 件未满 ${String(policy.years)} 年，属提前开放`] : []), ...(secrecyReviewNo === null ? [] : [`信息公开保密审查：${secrecyReviewNo}`]),
          ],
        });
        await tx.openings.add({ ...review, approval: asked.id }, records.map((record) => ({ record: record.id, early: isEarly(record, policy.years, clock.today()) })));
        for (const record of records) tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { review: review.id, no: review.no, decision: review.decision } });
        return { review: review.id, no: review.no, approval: asked.id, early: early.length };
      });
    },

    /** The last signature: what changed since it was proposed is looked at again. */
    async approved(tx: WriteTx, call: { readonly person: string }, granted: Granted): Promise<void> {
      const review = await decided(tx, granted.object);
      for (const id of await tx.openings.items(review.id)) {
        const record = await tx.records.get(id);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        if (review.decision === 'open') requireOpenable(await factsOf(tx, record));
        const level = levelAfter(review.decision, record.level);
        if (level !== record.level) await protect(parts, tx, record, { level, scope: record.scope, mark: record.mark, classificationId: record.classificationId, secrecyPeriod: record.description.secrecyPeriod ?? null });
        await tx.records.addEvent(record.id, { activity: 'opening_review', at: clock.now(), person: call.person, duty: null, mandate: '办法第三十二条', detail: { no: review.no, decision: review.decision, from: record.level, to: level } });
        tx.audit({ action: 'opening.decide', object: record.id, objectType: 'record', objectLevel: record.level, approval: granted.id, detail: { no: review.no, decision: review.decision, to: level } });
      }
      await tx.openings.save({ ...review, state: 'approved', decidedAt: clock.now(), approval: granted.id }, review.version);
    },

    async refused(tx: WriteTx, refusal: Refused): Promise<void> {
      const review = await decided(tx, refusal.object);
      await tx.openings.save({ ...review, state: 'refused', decidedAt: clock.now(), approval: refusal.id }, review.version);
      tx.audit({ action: 'opening.refuse', object: review.id, objectType: 'opening', objectLevel: review.level, approval: refusal.id, detail: { no: review.no } });
    },

    /** Whoever is to sign knows of every record in it. */
    async knownTo(tx: Tx | WriteTx, call: Parameters<AccessGate['knows']>[0], review: string): Promise<boolean> {
      for (const id of await tx.openings.items(review)) {
        const record = await tx.records.get(id);
        if (record === undefined || !(await gate.knows(call, recordTarget(record)))) return false;
      }
      return true;
    },
  };
}
export type OpeningService = ReturnType<typeof openingService>;
