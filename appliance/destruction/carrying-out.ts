import { contentsOf, planSteps } from './plan.js';
import { orderText, signersFor } from './papers.js';
import { requireDestroyable } from './preconditions.js';
import type { DestructionServiceParts, DestructionTools } from './tools.js';
import { lifeOf } from './work.js';
import { isSettled, nextDestruction, requireOrderSigned, requireSettled, settleStep, signersOf, type DestructionBatch, type ErasureStep } from '../../core/destruction.js';
import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate } from '../../core/ports.js';
import { condemn } from '../../core/record.js';
import type { DestructionExecute, DestructionFreeze, DestructionPreview, DestructionResume, DestructionSettle, DestructionSign } from '../../policies/schemas/destruction.js';
import { paperFaults, signPaper, type DestructionOrder } from '../../secrecy/erasure.js';
import { highest } from '../../secrecy/level.js';
import { enterDestroyed } from '../backup/destroyed-list.js';
import type { ServerCall } from '../server/route.js';

const addDays = (day: CalendarDate, days: number): CalendarDate => new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** From the frozen list to the last signature: only by those whom the list names, each in their own part. */
export function carryingOut(parts: DestructionServiceParts, { kept, plain, found, seen, save, entry, recordsFor, requireParts, asExecutor, signature, openPaper, verifyKept }: DestructionTools) {
  const { policy, work, box } = parts;
  const { store, clock, ids } = box;

  return {
    /** 冻结: use stops, the list stands as it is, and the register lies ready for signatures. */
    async freeze(call: ServerCall, input: DestructionFreeze) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        await asExecutor(tx, call, stored);
        if (stored.it.approval === null) throw new ArchiveError('E_DESTROY_UNAUTHORIZED', { destruction: stored.it.id });
        const state = nextDestruction(stored.it.state, 'freeze');
        const records = await recordsFor(tx, await kept(tx).records(stored.it.id), false);
        await requireDestroyable(tx, records, clock.today(), parts.appraisal);
        await requireParts(tx, stored.it, stored.level);
        if (highest(records.map((record) => record.level)) > stored.level) throw new ArchiveError('E_STATE_INVALID', { destruction: stored.it.id, event: 'freeze' }, [{ at: '', message: '有件的密级已提高，请撤销本批后重新拟定' }]);
        const concluded = await tx.appraisals.concluded(records.map(({ id }) => id));
        const frozenAt = clock.now();
        for (const record of records) {
          const life = lifeOf({ ...record, appraisal: record.appraisal ?? '' });
          const { next, audit } = condemn({ ...life, state: 'appraised' }, stored.it.id);
          await tx.records.addEvent(record.id, { activity: 'freeze', at: frozenAt, person: call.person, duty: call.duty, mandate: '办法第三十九条', detail: { batch: stored.it.number } });
          await tx.records.save({ ...record, state: next.state, destructionOrder: stored.it.id }, record.version);
          tx.audit({ ...audit, objectLevel: record.level });
        }
        const contents = await contentsOf(tx.sql, records.map(({ id }) => id));
        const items = records.map((record) => ({ record, appraisal: concluded.get(record.id)?.number ?? null, contents: contents.filter((one) => one.record === record.id) }));
        const it: DestructionBatch = { ...stored.it, state, frozenAt, orderSignatures: [], order: orderText(box.identity, stored.it, stored.level, items, await signersFor(tx, stored.it), frozenAt) };
        const after = await save(tx, stored, it);
        entry(tx, call.act, after, { records: records.length, contents: contents.length, order: Buffer.from(box.sm3(Buffer.from(it.order ?? ''))).toString('hex') });
        return { batch: it.id, state, version: after.version };
      });
    },

    /** What the person is to sign now. */
    async preview(call: ServerCall, input: DestructionPreview) {
      return store.read(call, async (tx) => {
        const stored = await found(tx, input.batch);
        if (stored.it.state === 'executing') requireSettled(await kept(tx).steps(stored.it.id));
        const { paper, text } = openPaper(stored);
        return { batch: stored.it.id, paper, statement: text, version: stored.version };
      });
    },

    /** 监销签字 before; everybody's signature after. The last one closes the batch. */
    async sign(call: ServerCall, input: DestructionSign) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        const { it } = stored;
        if (it.state === 'executing') requireSettled(await kept(tx).steps(it.id));
        const { paper, text } = openPaper(stored);
        if (paper === 'order' && call.person === it.executor) throw new ArchiveError('E_SOD_CONFLICT', { destruction: it.id, by: call.person }, [{ at: '', message: '执行人在开始销毁时签字，不作监销' }]);
        const mine = await signature(tx, call, text);
        const signatures = signPaper(text, paper === 'order' ? it.orderSignatures : it.certificateSignatures, mine.signed(input.signature), mine.verify);
        const whole = paper === 'certificate' && signersOf(it).every((person) => signatures.some((one) => one.person === person));
        const next: DestructionBatch = {
          ...it, state: nextDestruction(it.state, whole ? 'close' : 'sign'), ...(paper === 'order' ? { orderSignatures: signatures } : { certificateSignatures: signatures }), ...(whole ? { closedAt: clock.now() } : {}),
        };
        const after = await save(tx, stored, next, { certificates: { ...stored.certificates, [mine.serial]: mine.certificate } });
        entry(tx, call.act, after, { paper, signed: signatures.length });
        if (whole) entry(tx, 'destruction.close', after);
        return { batch: it.id, state: next.state, signed: signatures.length, version: after.version };
      });
    },

    /**
     * 开始销毁: from here on there is no way back. The order, every content on the signed list of the destroyed and every place to be gone
     * through are one transaction; the bytes follow.
     */
    async execute(call: ServerCall, input: DestructionExecute) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        await asExecutor(tx, call, stored);
        const { it } = stored;
        if (it.state !== 'frozen' || it.order === null) throw new ArchiveError('E_STATE_INVALID', { destruction: it.id, state: it.state, event: 'execute' });
        requireOrderSigned(it);
        if ((await tx.sql.one("SELECT 1 AS running FROM backup WHERE state = 'running'")) !== undefined) throw new ArchiveError('E_STATE_INVALID', { state: 'backup' }, [{ at: '', message: '正在备份，请待备份结束后再开始销毁' }]);
        const mine = await signature(tx, call, it.order);
        const orderSignatures = signPaper(it.order, it.orderSignatures, mine.signed(input.signature), mine.verify);
        const certificates = { ...stored.certificates, [mine.serial]: mine.certificate };
        const faults = paperFaults({ ...it, orderSignatures }, verifyKept({ ...stored, certificates }));
        if (faults.length > 0) throw new ArchiveError('E_SIGNATURE_INVALID', { destruction: it.id, faults: faults.length });
        const records = await recordsFor(tx, await kept(tx).records(it.id), false);
        for (const record of records) if (record.legalHold) throw new ArchiveError('E_LEGAL_HOLD', { record: record.id });
        const contents = await contentsOf(tx.sql, records.map(({ id }) => id));
        const listed = new Set((JSON.parse(it.order) as DestructionOrder).items.flatMap((item) => item.contents.map(({ object }) => object)));
        if (contents.length !== listed.size || contents.some(({ object }) => !listed.has(object))) throw new ArchiveError('E_STATE_INVALID', { destruction: it.id, event: 'execute' }, [{ at: '', message: '签字后文件有变动，请撤销本批后重新冻结' }]);
        const at = clock.now();
        for (const one of contents) {
          await enterDestroyed(tx.sql, box.sm3, box.identity, { object: one.object, record: one.record, batch: it.number, digest: one.sm3, at });
          await tx.sql.run("UPDATE stored_object SET state = 'gone' WHERE id = $1", one.object);
        }
        for (const step of await planSteps(tx.sql, ids, records.map(({ id }) => id), contents, box.identity.serial)) await kept(tx).addStep(it.id, step);
        const next: DestructionBatch = { ...it, state: nextDestruction(it.state, 'execute'), orderSignatures, executedAt: at };
        const after = await save(tx, stored, next, { certificates });
        entry(tx, call.act, after, { records: records.length, contents: contents.length });
        tx.afterCommit(async () => { void work.start(it.id); return Promise.resolve(); });
        return { batch: it.id, state: next.state };
      });
    },

    /** 继续执行: after a fault, or once a medium is back. */
    async resume(call: ServerCall, input: DestructionResume) {
      await store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        await asExecutor(tx, call, stored);
        if (stored.it.state !== 'executing' && stored.it.state !== 'partial_failed') throw new ArchiveError('E_STATE_INVALID', { state: stored.it.state, event: 'resume' });
        entry(tx, call.act, stored);
      });
      await work.resume(input.batch);
      return { batch: input.batch };
    },

    /** 登记处置 of a copy that the box cannot reach. */
    async settle(call: ServerCall, input: DestructionSettle) {
      const how = { ...input.how, reference: plain('/how/reference', input.how.reference), note: plain('/how/note', input.how.note) };
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        await asExecutor(tx, call, stored);
        nextDestruction(stored.it.state, 'settle');
        const step = (await kept(tx).steps(stored.it.id)).find(({ id }) => id === input.step);
        if (step === undefined) throw new ArchiveError('E_NOT_FOUND', { step: input.step });
        const latest = addDays(clock.today(), policy.residue.maxDays);
        const next: ErasureStep = settleStep(step, how, { by: call.person, at: clock.now(), today: clock.today(), latest });
        if (!(await kept(tx).saveStep(next, step.state))) throw new ArchiveError('E_STALE_VERSION', { step: step.id });
        const after = await save(tx, stored, stored.it);
        entry(tx, call.act, after, { step: step.seq, place: step.place, ref: step.ref, kind: how.kind, residueUntil: how.residueUntil });
        tx.afterCommit(async () => { void work.start(stored.it.id); return Promise.resolve(); });
        const left = (await kept(tx).steps(stored.it.id)).filter((one) => !isSettled(one)).length;
        return { batch: stored.it.id, left };
      });
    },

  };
}
