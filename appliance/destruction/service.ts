import { carryingOut } from './carrying-out.js';
import { contentsOf } from './plan.js';
import { requireDestroyable } from './preconditions.js';
import { destructionReads } from './reads.js';
import { destructionTarget, type StoredDestruction } from './rows.js';
import { destructionTools, wrong, type DestructionServiceParts, type WriteTx } from './tools.js';
import { lifeOf } from './work.js';
import { nextDestruction, type DestructionBatch } from '../../core/destruction.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import { spare } from '../../core/record.js';
import type { DestructionCancel, DestructionDraft, DestructionSubmit } from '../../policies/schemas/destruction.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import type { Granted } from '../../secrecy/approval.js';
import { highest } from '../../secrecy/level.js';
import type { ServerCall } from '../server/route.js';

/** 电子档案销毁 (办法第三十九条): drawn up, approved by another, frozen, signed by those who watch, carried out, looked for, certified. */
export function destructionService(parts: DestructionServiceParts) {
  const { box, gate, policy, approvals } = parts;
  const { store, clock, ids } = box;
  const tools = destructionTools(parts);
  const { kept, plain, found, seen, save, entry, recordsFor, requireParts } = tools;

  approvals.carries('destruction.submit', async (tx, _call, granted) => {
    const stored = await kept(tx).get(granted.object);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND', { destruction: granted.object });
    const [signed] = granted.signatures;
    const it: DestructionBatch = { ...stored.it, state: nextDestruction(stored.it.state, 'approve'), approval: granted.id, approver: signed?.person ?? null, approvedAt: clock.now() };
    await save(tx, stored, it);
    entry(tx, 'destruction.approve', { ...stored, it });
  });
  approvals.carries('destruction.cancel', async (tx, _call, granted, decided) => {
    const stored = await kept(tx).get(granted.object);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND', { destruction: granted.object });
    await cancelNow(tx, stored, granted.requestedBy.person, (decided as { reason: string }).reason, granted);
  });

  async function cancelNow(tx: WriteTx, stored: StoredDestruction, by: string, reason: string, granted: Granted | null): Promise<StoredDestruction> {
    const it: DestructionBatch = { ...stored.it, state: nextDestruction(stored.it.state, 'cancel'), cancelled: { by, at: clock.now(), reason, approval: granted?.id ?? null } };
    for (const record of await recordsFor(tx, await kept(tx).records(it.id), false)) {
      if (record.state !== 'pending_destruction') continue;
      const { next, audit } = spare(lifeOf(record));
      await tx.records.save({ ...record, state: next.state, destructionOrder: null }, record.version);
      tx.audit({ ...audit, objectLevel: record.level });
    }
    const after = await save(tx, stored, it);
    entry(tx, 'destruction.cancel', after, { from: stored.it.state });
    return after;
  }


  return {
    ...destructionReads(parts, tools),
    ...carryingOut(parts, tools),

    async draft(call: ServerCall, input: DestructionDraft) {
      const [reason, place] = [plain('/reason', input.reason), plain('/place', input.place)];
      if (!policy.bases.some(({ key }) => key === input.basis)) throw wrong('/basis', '请从列表中选择依据');
      if (input.records.length > policy.maxItems) throw wrong('/records', `一批不超过 ${String(policy.maxItems)} 件`);
      return store.write(call, async (tx) => {
        const records = await recordsFor(tx, input.records);
        for (const [n, record] of records.entries()) if (!(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `/records/${String(n)}`, message: '没有这件档案' }]);
        const [fonds = ''] = [...new Set(records.map((record) => record.fonds))];
        if (records.some((record) => record.fonds !== fonds)) throw wrong('/records', '一批只列同一全宗的档案');
        const level = highest(records.map((record) => record.level));
        const it: DestructionBatch = {
          id: ids.uuid(), number: '', fonds, state: 'drafted', reason, basis: input.basis, place, applicant: call.person, executor: input.executor, supervisors: input.supervisors, draftedAt: clock.now(), approval: null, approver: null, approvedAt: null,
          frozenAt: null, order: null, orderSignatures: [], executedAt: null, verifiedAt: null, certificate: null, boxSignature: null, certificateSignatures: [], closedAt: null, cancelled: null,
        };
        await tx.allow({ ...destructionTarget({ it, level }), id: NOT_YET_MADE });
        await requireDestroyable(tx, records, clock.today(), parts.appraisal);
        await parts.relations.requireWhole(tx, 'destruction', input.records, await gate.visible(call, 'record.show', 1));
        await requireParts(tx, it, level);
        for (const [n, record] of records.entries()) if ((await kept(tx).holding(record.id)) !== undefined) throw new ArchiveError('E_DUPLICATE', { record: record.id }, [{ at: `/records/${String(n)}`, message: '该件已在另一销毁批次中' }]);
        const number = await drawNumber(ids, `XH-${clock.today().slice(0, 4)}-`, async (one) => kept(tx).numbered(one));
        const stored: StoredDestruction = { it: { ...it, number }, level, certificates: {}, version: 1 };
        await kept(tx).add(stored, input.records);
        entry(tx, call.act, stored, { records: records.length });
        return { batch: it.id, number, version: 1 };
      });
    },

    /** 鉴定核对 and 提请批准: every pre-condition again, then it lies before the unit head, whom none of the others can stand in for. */
    async submit(call: ServerCall, input: DestructionSubmit) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        if (call.person !== stored.it.applicant) throw new ArchiveError('E_DENIED', { destruction: stored.it.id }, [{ at: '', message: '须由申请人提请' }]);
        const records = await recordsFor(tx, await kept(tx).records(stored.it.id), false);
        await requireDestroyable(tx, records, clock.today(), parts.appraisal);
        await parts.relations.requireWhole(tx, 'destruction', records.map(({ id }) => id), await gate.visible(call, 'record.show', 1));
        await requireParts(tx, stored.it, stored.level);
        const it: DestructionBatch = { ...stored.it, state: nextDestruction(stored.it.state, 'submit') };
        const after = await save(tx, stored, it);
        const contents = await contentsOf(tx.sql, records.map(({ id }) => id));
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: it.id, level: stored.level, fonds: it.fonds, about: [it.executor, ...it.supervisors],
          decided: { number: it.number, records: records.map((record) => record.id), executor: it.executor, supervisors: [...it.supervisors], reason: it.reason, basis: it.basis },
          words: [
            `销毁电子档案 ${String(records.length)} 件、${String(contents.length)} 个文件（批次 ${it.number}），均经鉴定为销毁，前置条件逐件核对通过`, `理由：${it.reason}`,
            `执行：${await parts.nameOf(it.executor)}；监销：${(await Promise.all(it.supervisors.map(async (person) => parts.nameOf(person)))).join('、')}`, '销毁后内容不可恢复，依法留存元数据和墓碑',
          ],
        });
        entry(tx, call.act, after, { records: records.length, approval: id });
        return { batch: it.id, state: it.state, approval: id };
      });
    },

    /** 撤销: freely while it is a draft, else by approval; never once anything was erased. */
    async cancel(call: ServerCall, input: DestructionCancel) {
      const reason = plain('/reason', input.reason);
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        if (call.person !== stored.it.applicant) throw new ArchiveError('E_DENIED', { destruction: stored.it.id }, [{ at: '', message: '须由申请人撤销' }]);
        nextDestruction(stored.it.state, 'cancel');
        if (stored.it.state === 'drafted') return { batch: stored.it.id, state: (await cancelNow(tx, stored, call.person, reason, null)).it.state, approval: null };
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: stored.it.id, level: stored.level, fonds: stored.it.fonds, decided: { number: stored.it.number, reason }, words: [`撤销销毁批次 ${stored.it.number}，所列档案退回已鉴定状态`, `原因：${reason}`],
        });
        entry(tx, call.act, stored, { approval: id });
        return { batch: stored.it.id, state: stored.it.state, approval: id };
      });
    },
  };
}
export type DestructionService = ReturnType<typeof destructionService>;
