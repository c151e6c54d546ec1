import {
  concludeItem, isCountersigned, newRetentionOf, nextAppraisal, requireCondemnable, requireDue, requireOpinions, stillToSpeak, tally,
} from '../../core/appraisal.js';
import type { AppraisalEvent, Opinion } from '../../core/appraisal.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { CalendarDate } from '../../core/ports.js';
import type { AppraisalCancel, AppraisalClose, AppraisalConvene, AppraisalDraft, AppraisalOpine, AppraisalPreview, AppraisalReopen, AppraisalReport, AppraisalSign, AppraisalSubmit } from '../../policies/schemas/appraisal-acts.js';
import { isOpen } from '../../secrecy/approval.js';
import { highest } from '../../secrecy/level.js';
import { samePerson } from '../../secrecy/separation.js';
import { checkSignature } from '../../secrecy/signing.js';
import type { ServerCall } from '../server/route.js';
import type { AppraisalItem, StoredAppraisal } from '../store/repositories/appraisals.js';
import { destructionFacts } from './facts.js';
import { checkPanel, holdersOf } from './panel.js';
import { plainText } from './parts.js';
import type { AppraisalParts, ReadTx, WriteTx } from './parts.js';
import { panelStatement, registerDigest } from './register.js';
import { allowedRecords, requireLead, requireLevel, requireSeen, seenBatch, sightOf, topLevel } from './sight.js';
import type { SeenBatch } from './sight.js';

const TOLD_AT_MOST = 20;
const codeOf = (record: StoredRecord): string => record.archivalCode ?? record.electronicRecordCode;
/** What the approval lets through: the batch with this register and no other. */
export interface SubmittedBatch { readonly batch: string; readonly number: string; readonly register: string; readonly items: number }
export const SUBMIT = 'appraisal.submit';

/** 鉴定批次: drawn up, convened, appraised item by item, put together, countersigned and submitted (办法第三十八条). */
export function appraisalBatches(parts: AppraisalParts) {
  const { store, gate, clock, ids, policy, relations } = parts;
  const after = (stored: StoredAppraisal, event: AppraisalEvent, more: Partial<StoredAppraisal['it']> = {}): StoredAppraisal => ({ ...stored, it: { ...stored.it, ...more, state: nextAppraisal(stored.it.state, event) } });
  const audit = (tx: WriteTx, call: ServerCall, { it, level }: StoredAppraisal, detail: Readonly<Record<string, unknown>> = {}): void => {
    tx.audit({ action: call.act, object: it.id, objectType: 'appraisal', objectLevel: level, detail: { number: it.number, state: it.state, ...detail } });
  };

  /** A batch that the caller carries on: everything of it in sight, nothing changed since the page was read. */
  async function led(tx: WriteTx, call: ServerCall, id: string, seenVersion: number): Promise<SeenBatch & { readonly records: readonly StoredRecord[] }> {
    const seen = await seenBatch(gate, tx, call, id);
    const records = await allowedRecords(tx, seen.items);
    requireLead(call, seen);
    requireSeen(seen.stored, seenVersion);
    return { ...seen, records };
  }

  /** A submission is in the hands of its signers until they sign or refuse it, or it lapses. */
  async function notUnderApproval(tx: WriteTx, { it }: StoredAppraisal): Promise<void> {
    const open = await tx.approvals.ofObject(SUBMIT, it.id, ['requested', 'granted']);
    if (open.some((one) => isOpen(one.it) && clock.now() < one.it.lapsesAt)) {
      throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'reopen' }, [{ at: '', message: '鉴定报告正在审批，请审批人签署或退回后再办' }]);
    }
  }

  async function memberOf(tx: ReadTx, call: ServerCall, id: string) {
    const seen = await seenBatch(gate, tx, call, id);
    const member = seen.stored.it.members.find(({ person }) => person === call.person);
    if (member === undefined) throw new ArchiveError('E_DENIED', { by: call.person }, [{ at: '', message: '不是本批鉴定小组成员' }]);
    return { ...seen, member };
  }

  /** The text a member signs; from a session that shows all that the member may ever see of the batch. */
  async function signingText(tx: ReadTx, call: ServerCall, id: string) {
    const records = await allowedRecords(tx, (await seenBatch(gate, tx, call, id)).items);
    const seen = await memberOf(tx, call, id);
    const { stored: { it }, items, member } = seen;
    if (it.state !== 'reported') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'sign' });
    const all = (await tx.appraisals.items(id, null)).map(({ record }) => record);
    const mine = (await sightOf(gate, tx.sql, [call.person], all)).get(call.person)?.size ?? 0;
    if (mine > items.length) throw new ArchiveError('E_MAC_WRITE_DOWN', { batch: id }, [{ at: '', message: '本次会话看不到本人应签的全部各件，请切换到本人最高密级的会话再签' }]);
    const officer = await tx.people.get(call.person);
    const { certificate, certificateSerial, token } = officer ?? { certificate: null, certificateSerial: null, token: null };
    if (certificate === null || certificateSerial === null || token === null) throw new ArchiveError('E_CERT_INVALID', { person: call.person });
    return { ...seen, records, certificate, certificateSerial, token, level: topLevel(records), statement: panelStatement(it, { ...member, certificateSerial }, items, records) };
  }

  async function concludedItems(tx: WriteTx, batch: string, items: readonly AppraisalItem[], records: readonly StoredRecord[], members: readonly string[]): Promise<readonly Pick<AppraisalItem, 'record' | 'conclusion' | 'newRetention'>[]> {
    const sight = await sightOf(gate, tx.sql, members, records.map(({ id }) => id));
    const opinions = await tx.appraisals.opinions(batch, records.map(({ id }) => id));
    const concluded = items.map(({ record }) => {
      const said = opinions.filter((one) => one.record === record);
      const looking = members.filter((person) => sight.get(person)?.has(record) === true);
      const whole = stillToSpeak(looking, said).length === 0 && said.length >= policy.panel.minPerItem;
      return { record, conclusion: whole ? concludeItem(said, policy) : null };
    });
    const missing = concluded.filter(({ conclusion }) => conclusion === null);
    if (missing.length > 0) {
      const places = missing.slice(0, TOLD_AT_MOST).flatMap(({ record }) => records.filter(({ id }) => id === record)).map((record) => ({ at: codeOf(record), message: '还有能看到本件的成员没有提出意见' }));
      throw new ArchiveError('E_APPRAISAL_INCOMPLETE', { missing: missing.length }, places);
    }
    requireOpinions(concluded.map(({ conclusion }) => conclusion));
    return concluded.map(({ record, conclusion }) => ({ record, conclusion: conclusion?.opinion ?? null, newRetention: conclusion?.newRetention ?? null }));
  }

  const currentOf = (record: StoredRecord): { readonly archivalYear: number; readonly current: string } => ({ archivalYear: record.archivalYear ?? 0, current: record.currentRetention ?? record.retentionCode ?? 'Y' });

  /** An opinion must be one that could be carried out today. */
  async function possible(tx: WriteTx, record: StoredRecord, opinion: Opinion, newRetention: string | null, today: CalendarDate): Promise<void> {
    newRetentionOf(opinion, newRetention, currentOf(record), today);
    if (opinion === 'destroy') requireCondemnable(await destructionFacts(tx, record), today, policy);
  }

  return {
    async draft(call: ServerCall, input: AppraisalDraft) {
      if (input.records.length > policy.maxItems) throw new ArchiveError('E_INPUT_INVALID', { max: policy.maxItems }, [{ at: '/records', message: `一批不超过 ${String(policy.maxItems)} 件，请分批` }]);
      return store.write(call, async (tx) => {
        const records = await allowedRecords(tx, input.records.map((record) => ({ record })));
        for (const record of records) requireDue(record, clock.today());
        const [first] = records;
        if (first === undefined) throw new ArchiveError('E_NOT_FOUND');
        if (records.some(({ fonds }) => fonds !== first.fonds)) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/records', message: '一批只列一个全宗的档案' }]);
        const busy = await tx.appraisals.underWay(records.map(({ id }) => id));
        if (busy.size > 0) throw new ArchiveError('E_DUPLICATE', { records: busy.size }, records.filter(({ id }) => busy.has(id)).slice(0, TOLD_AT_MOST).map((record) => ({ at: codeOf(record), message: `已列入在办的鉴定批次 ${busy.get(record.id)?.number ?? ''}` })));
        const sight = await sightOf(gate, tx.sql, input.members.map(({ person }) => person), records.map(({ id }) => id));
        await checkPanel(tx, { members: input.members, records, fonds: first.fonds, now: clock.now(), policy, sight });
        const stored: StoredAppraisal = {
          it: {
            id: ids.uuid(), number: await drawNumber(ids, `JD-${clock.today().slice(0, 4)}-`, async (number) => tx.appraisals.numbered(number)), fonds: first.fonds, state: 'drafted', asOf: clock.today(),
            basis: input.basis, openedBy: call.person, openedAt: clock.now(), convenedBy: null, members: input.members, approval: null, report: null, closedAt: null,
          },
          level: topLevel(records), told: { report: null, cancelled: null }, version: 1,
        };
        await tx.appraisals.add(stored, records.map(({ id }) => id));
        audit(tx, call, stored, { items: records.length, members: input.members.length, records: records.map(({ id }) => id) });
        return { batch: stored.it.id, number: stored.it.number, version: 1 };
      });
    },

    /** 组成鉴定小组: the unit head says who appraises. */
    async convene(call: ServerCall, input: AppraisalConvene) {
      return store.write(call, async (tx) => {
        const { stored, items } = await seenBatch(gate, tx, call, input.batch);
        await allowedRecords(tx, items);
        if (stored.it.openedBy === call.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { batch: stored.it.id });
        requireSeen(stored, input.seenVersion);
        const next = after(stored, 'convene', { convenedBy: call.person });
        await tx.appraisals.save(next, input.seenVersion);
        audit(tx, call, next, { members: next.it.members.map(({ person, part }) => ({ person, part })) });
        return { batch: next.it.id, state: next.it.state, version: input.seenVersion + 1 };
      });
    },

    /** 逐件鉴定意见 of one member, over records the member may see, written at their level. */
    async opine(call: ServerCall, input: AppraisalOpine) {
      const reason = plainText('/reason', input.reason);
      return store.write(call, async (tx) => {
        const records: StoredRecord[] = [];
        for (const { record: id } of input.items) {
          const record = await tx.records.get(id);
          if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
          await tx.allow(recordTarget(record));
          records.push(record);
        }
        const { stored, items, member } = await memberOf(tx, call, input.batch);
        nextAppraisal(stored.it.state, 'opine');
        const listed = new Set(items.map(({ record }) => record));
        for (const [at, record] of records.entries()) {
          if (!listed.has(record.id)) throw new ArchiveError('E_NOT_FOUND');
          await possible(tx, record, input.opinion, input.newRetention ?? null, clock.today());
          await tx.appraisals.opine({
            batch: stored.it.id, record: record.id, by: call.person, opinion: input.opinion, newRetention: input.opinion === 'retain_permanent' ? 'Y' : input.newRetention ?? null, at: clock.now(), level: record.level, reason, version: 1,
          }, input.items[at]?.seenVersion ?? 0);
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { batch: stored.it.id, number: stored.it.number, part: member.part, opinion: input.opinion, newRetention: input.newRetention ?? null } });
        }
        return { batch: stored.it.id, items: records.length };
      });
    },

    /** 汇总: every item concluded by the rule, and the words of the report. */
    async report(call: ServerCall, input: AppraisalReport) {
      const [process, conclusion] = [plainText('/process', input.process), plainText('/conclusion', input.conclusion)];
      return store.write(call, async (tx) => {
        const { stored, items, records } = await led(tx, call, input.batch, input.seenVersion);
        const level = topLevel(records);
        await requireLevel(gate, call, level);
        const { members } = stored.it;
        const next = { ...after(stored, 'report'), level: highest([level, stored.level]), told: { ...stored.told, report: { process, conclusion, by: call.person, at: clock.now() } } };
        const sight = await sightOf(gate, tx.sql, members.map(({ person }) => person), records.map(({ id }) => id));
        await checkPanel(tx, { members, records, fonds: stored.it.fonds, now: clock.now(), policy, sight });
        const concluded = await concludedItems(tx, stored.it.id, items, records, members.map(({ person }) => person));
        for (const [at, one] of concluded.entries()) {
          const record = records[at];
          if (record !== undefined && one.conclusion !== null) await possible(tx, record, one.conclusion, one.conclusion === 'retain_extended' ? one.newRetention : null, clock.today());
        }
        await tx.appraisals.conclude(stored.it.id, concluded, null);
        await tx.appraisals.unsign(stored.it.id);
        await tx.appraisals.save(next, input.seenVersion);
        audit(tx, call, next, { items: items.length, conclusions: Object.fromEntries(tally(concluded.map((one) => (one.conclusion === null ? null : { opinion: one.conclusion })), policy).map((one) => [one.opinion, one.items])) });
        return { batch: next.it.id, state: next.it.state, version: input.seenVersion + 1 };
      });
    },

    async preview(call: ServerCall, input: AppraisalPreview) {
      return store.read(call, async (tx) => {
        const { stored, statement, items } = await signingText(tx, call, input.batch);
        return { batch: stored.it.id, version: stored.version, items: items.length, statement };
      });
    },

    /** 会签: each member signs what the member saw; the last one makes the report countersigned. */
    async sign(call: ServerCall, input: AppraisalSign) {
      return store.write(call, async (tx) => {
        const { stored, statement, certificate, certificateSerial, token, level } = await signingText(tx, call, input.batch);
        requireSeen(stored, input.seenVersion);
        const at = clock.now();
        const before = await tx.appraisals.signatures(stored.it.id);
        if (before.some((one) => samePerson({ person: one.person, tokens: [one.token] }, { person: call.person, tokens: [token] }))) throw new ArchiveError('E_SOD_SAME_PERSON', { batch: stored.it.id, by: call.person });
        checkSignature(parts.verifierFor(certificate, at), statement, { person: call.person, token, certificateSerial, signature: input.signature, at });
        const signature = { person: call.person, at, level, certificate, certificateSerial, token, signature: input.signature, statement };
        await tx.appraisals.sign(stored.it.id, signature);
        const whole = isCountersigned({ members: stored.it.members, signatures: [...before, signature] });
        const next = after(stored, whole ? 'countersign' : 'sign');
        if (whole) await tx.appraisals.save(next, input.seenVersion);
        audit(tx, call, { ...next, level }, { signed: before.length + 1, of: stored.it.members.length });
        return { batch: next.it.id, state: next.it.state, version: whole ? input.seenVersion + 1 : input.seenVersion };
      });
    },

    /** 重新鉴定: conclusions and signatures fall, opinions stay and may be changed. */
    async reopen(call: ServerCall, input: AppraisalReopen) {
      return store.write(call, async (tx) => {
        const { stored, items } = await led(tx, call, input.batch, input.seenVersion);
        await notUnderApproval(tx, stored);
        const next = after(stored, 'reopen');
        await tx.appraisals.conclude(stored.it.id, items.map(({ record }) => ({ record, conclusion: null, newRetention: null })), null);
        await tx.appraisals.unsign(stored.it.id);
        await tx.appraisals.save(next, input.seenVersion);
        audit(tx, call, next);
        return { batch: next.it.id, state: next.it.state, version: input.seenVersion + 1 };
      });
    },

    /** 报批: the approval binds the digest of the register; members of the panel and the one who drew it up do not sign it. */
    async submit(call: ServerCall, input: AppraisalSubmit) {
      return store.write(call, async (tx) => {
        const { stored, items, records } = await led(tx, call, input.batch, input.seenVersion);
        const level = highest([topLevel(records), stored.level]);
        await requireLevel(gate, call, topLevel(records));
        const next = after(stored, 'submit');
        await someoneMaySign(tx, stored, records);
        await relations.requireWhole(tx, 'appraisal', items.filter(({ conclusion }) => conclusion === 'destroy').map(({ record }) => record), await gate.visible(call, 'record.show', 1));
        const decided: SubmittedBatch = { batch: stored.it.id, number: stored.it.number, register: registerDigest(parts.sm3, items, records), items: items.length };
        const counts = tally(items.map(({ conclusion }) => (conclusion === null ? null : { opinion: conclusion })), policy).filter((one) => one.items > 0);
        const asked = await parts.approvals.request(tx, call, {
          act: SUBMIT, object: stored.it.id, decided: { ...decided }, level, fonds: stored.it.fonds, about: stored.it.members.map(({ person }) => person),
          words: [
            `鉴定批次 ${stored.it.number}：共 ${String(items.length)} 件，${counts.map((one) => `${one.name} ${String(one.items)} 件`).join('；')}`, `鉴定小组 ${String(stored.it.members.length)} 人，均已会签`,
            `鉴定过程：${stored.told.report?.process ?? ''}`, `总的意见：${stored.told.report?.conclusion ?? ''}`, `清册摘要（SM3）：${decided.register}`,
          ],
        });
        await tx.appraisals.save(next, input.seenVersion);
        audit(tx, call, next, { register: decided.register, approval: asked.id });
        return { batch: next.it.id, state: next.it.state, approval: asked.id, version: input.seenVersion + 1 };
      });
    },

    async close(call: ServerCall, input: AppraisalClose) {
      return store.write(call, async (tx) => {
        const { stored } = await led(tx, call, input.batch, input.seenVersion);
        const next = after(stored, 'close', { closedAt: clock.now() });
        if (stored.it.report === null) throw new ArchiveError('E_STATE_INVALID', { state: stored.it.state, event: 'close' }, [{ at: '', message: '请先生成批准后的鉴定工作报告，再办结' }]);
        await tx.appraisals.save(next, input.seenVersion);
        audit(tx, call, next, { report: stored.it.report });
        return { batch: next.it.id, state: next.it.state, version: input.seenVersion + 1 };
      });
    },

    /** 撤销, by the one who drew it up or the unit head; nothing of it has been carried out. */
    async cancel(call: ServerCall, input: AppraisalCancel) {
      const cancelled = plainText('/reason', input.reason);
      return store.write(call, async (tx) => {
        const seen = await seenBatch(gate, tx, call, input.batch);
        await allowedRecords(tx, seen.items);
        const { stored } = seen;
        const heads = await holdersOf(tx, stored.it.fonds, clock.now(), ['unit_head']);
        if (!heads.includes(call.person)) requireLead(call, seen);
        requireSeen(stored, input.seenVersion);
        await notUnderApproval(tx, stored);
        const next = { ...after(stored, 'cancel'), told: { ...stored.told, cancelled } };
        await tx.appraisals.save(next, input.seenVersion);
        audit(tx, call, next);
        return { batch: next.it.id, state: next.it.state, version: input.seenVersion + 1 };
      });
    },
  };

  /** Before it is put to them: for every seat there is somebody who may look at all of it and had no part in it. */
  async function someoneMaySign(tx: WriteTx, { it }: StoredAppraisal, records: readonly StoredRecord[]): Promise<void> {
    const seats = parts.approvals.policy.approvals.find(({ act }) => act === SUBMIT)?.seats ?? [];
    for (const seat of seats) {
      const able = (await holdersOf(tx, it.fonds, clock.now(), seat.duties)).filter((person) => person !== it.openedBy && !it.members.some((one) => one.person === person));
      const sight = await sightOf(gate, tx.sql, able, records.map(({ id }) => id));
      if (!able.some((person) => sight.get(person)?.size === records.length)) {
        throw new ArchiveError('E_APPROVAL_REQUIRED', { seat: seat.name }, [{ at: '', message: `「${seat.name}」没有能看到本批全部档案、又未参加鉴定的人员，请先按规定扩大知悉范围，或分批鉴定` }]);
      }
    }
  }
}

export type AppraisalBatches = ReturnType<typeof appraisalBatches>;
