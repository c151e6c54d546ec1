import { ArchiveError } from '../errors.js';
import { drawNumber } from '../drawn-number.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { CaptureBatch, CaptureMethod, Holdings, ListScope, StoredRecord } from '../holdings.js';
import type { Call, Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import { contentIsOpen, descriptionIsOpen } from '../record.js';
import type { CaptureCompose, CaptureDeclare, CaptureLimits, CaptureList, CaptureOpen, CaptureShow, CaptureWithdraw } from '../../policies/schemas/capture.js';
import type { ContentStore, Inspector } from './content.js';
import type { RelationGuard, RelationTx } from './relations.js';
import { life, settling } from './settling.js';
import { uploadService } from './uploads.js';

type People = { readonly people: { departmentOf(person: string): Promise<string | undefined>; departments(): Promise<readonly { readonly id: string }[]> } };
export type CaptureTx = Holdings & RelationTx & People;

export interface CaptureParts {
  readonly store: UnitOfWork<CaptureTx & WriteTools, CaptureTx & ReadTools>;
  readonly content: ContentStore;
  readonly inspector: Inspector;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: CaptureLimits;
  /** 会话密级 of the call: a batch is taken in at exactly this level. */
  readonly levelOf: (call: Call) => Promise<Level>;
  readonly visible: (call: Call, act: string) => Promise<ListScope>;
  /** @throws ArchiveError E_INPUT_INVALID for a fonds the box does not keep */
  readonly requireFonds: (fonds: string) => void;
  readonly relations: RelationGuard;
  /** Which records of a batch the person may see. */
  readonly visibleRecords: (call: Call) => Promise<ListScope>;
  /** Whether a system hands in online for the department: then offline wants its reason (办法第十六条). */
  readonly onlineFor: (department: string) => Promise<boolean>;
}

/** `online_auto` is opened by a registered system alone, never by a person. */
export type OpenBatch = Omit<CaptureOpen, 'method'> & { readonly method: CaptureMethod };

export const found = <T>(value: T | undefined): T => {
  if (value === undefined) throw new ArchiveError('E_NOT_FOUND');
  return value;
};
export const requireOpen = (batch: CaptureBatch): void => {
  if (batch.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { batch: batch.id, state: batch.state });
};

/** 收集: batches, uploads and what becomes of each file the moment it is whole (办法第十六至十八条). */
export function captureService(parts: CaptureParts) {
  const { store, content, clock, ids, limits } = parts;
  const settle = settling(clock);

  return {
    ...uploadService(parts),

    async open(call: Call, input: OpenBatch) {
      if (input.method === 'offline_package_import' && input.offlineReason === undefined) throw new ArchiveError('E_OFFLINE_REASON_REQUIRED', {}, [{ at: '/offlineReason', message: '请填写不能在线归档的原因' }]);
      const level = await parts.levelOf(call);
      const id = ids.uuid();
      return store.write(call, async (tx) => {
        await tx.allow(batchTarget({ id: '', fonds: input.fonds, level, state: 'open', department: input.department, openedBy: call.person }));
        parts.requireFonds(input.fonds);
        if (!(await tx.people.departments()).some((one) => one.id === input.department)) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/department', message: '没有这个部门，请从列表中选择' }]);
        if (call.duty === 'proposer' && (await tx.people.departmentOf(call.person)) !== input.department) throw new ArchiveError('E_DEPT_MISMATCH', { department: input.department });
        if (input.method !== 'online_auto' && input.offlineReason === undefined && (await parts.onlineFor(input.department))) throw new ArchiveError('E_OFFLINE_REASON_REQUIRED', { department: input.department }, [{ at: '/offlineReason', message: '该部门已有在线归档接口，请写明离线归档的原因' }]);
        const today = clock.today();
        const number = await drawNumber(ids, `SJ-${today.slice(0, 4)}-${today.slice(5, 7)}${today.slice(8)}-`, async (one) => tx.batches.numbered(one));
        await tx.batches.add({
          id, number, fonds: input.fonds, department: input.department, openedBy: call.person, method: input.method, offlineReason: input.offlineReason ?? null,
          level, state: 'open', declared: null, openedAt: clock.now(), closedAt: null, version: 1,
        });
        tx.audit({ action: call.act, object: id, objectType: 'capture', objectLevel: level, detail: { number, department: input.department, method: input.method } });
        return { batch: id, number };
      });
    },

    async list(call: Call, input: CaptureList) {
      const { page = 1, size = 50 } = input;
      const visible = await parts.visible(call, call.act);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.batches.list(visible, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        return { page, size, total, rows };
      });
    },

    async show(call: Call, input: CaptureShow) {
      const visible = await parts.visibleRecords(call);
      return store.read(call, async (tx) => {
        const batch = found(await tx.batches.get(input.batch));
        await tx.allow(batchTarget(batch));
        const { page = 1, size = 100 } = input;
        const { rows, total } = await tx.records.pageOfBatch(batch.id, input.state ?? null, { offset: (page - 1) * size, limit: size }, visible);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { page, size } });
        const records = await Promise.all(rows.map(async (record) => ({ ...record, files: await tx.files.ofRecord(record.id) })));
        return {
          batch, limits: { segmentBytes: limits.segmentBytes, fileBytes: limits.fileBytes, filesPerBatch: limits.filesPerBatch },
          page, size, total, records, counts: await tx.files.countOf(batch.id, visible), states: await tx.records.statesOfBatch(batch.id, visible),
        };
      });
    },

    async declare(call: Call, input: CaptureDeclare) {
      await store.write(call, async (tx) => {
        const batch = found(await tx.batches.get(input.batch));
        await tx.allow(batchTarget(batch));
        requireOpen(batch);
        await tx.batches.save({ ...batch, declared: input.counts }, input.seenVersion);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { items: input.counts.reduce((sum, line) => sum + line.items, 0) } });
      });
      return {};
    },

    /**
     * 组件: 正文 and 附件 become one item. Records that lose their last file are withdrawn with it. Only what is not yet arranged may be
     * joined: whatever was decided of an item is decided of it whole.
     */
    async compose(call: Call, input: CaptureCompose) {
      await store.write(call, async (tx) => {
        const record = found(await tx.records.get(input.record));
        await tx.allow(recordTarget(record));
        if (record.batch !== input.batch) throw new ArchiveError('E_NOT_FOUND');
        requireOpen(found(await tx.batches.get(record.batch)));
        if (new Set(input.files.map(({ file }) => file)).size < input.files.length) throw new ArchiveError('E_INPUT_INVALID', { files: input.files.length }, [{ at: '/files', message: '同一文件不得列两次' }]);
        const emptied = new Map<string, StoredRecord>();
        for (const [index, { file: id, role }] of input.files.entries()) {
          const file = found(await tx.files.get(id));
          if (file.batch !== input.batch || file.replacedBy !== null) throw new ArchiveError('E_NOT_FOUND');
          if (file.record !== record.id && !emptied.has(file.record)) emptied.set(file.record, await joinable(tx, record, file.record));
          await tx.files.assign(id, record.id, role, index + 1);
        }
        const listed = new Set(input.files.map(({ file }) => file));
        for (const [index, file] of (await tx.files.ofRecord(record.id)).filter(({ id }) => !listed.has(id)).entries()) await tx.files.assign(file.id, record.id, file.role, listed.size + index + 1);
        const files = await tx.files.ofRecord(record.id);
        if (files.filter(({ role }) => role === 'main').length !== 1) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['main'] }, [{ at: '/files', message: '一件须有且只有一个正文，请指定' }]);
        await settle(tx, call, record, files, input.seenVersion);
        for (const other of emptied.values()) {
          if ((await tx.files.ofRecord(other.id)).length > 0) throw new ArchiveError('E_ARRANGE_RELATION_BROKEN', { record: other.id });
          await tx.records.save({ ...other, state: 'withdrawn' }, other.version);
        }
        await tx.records.addEvent(record.id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: null, detail: { files: input.files.length } });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { files: input.files.length, joined: [...emptied.keys()] } });
      });
      return {};
    },

    /** 撤回: before filing only. Content and keys are destroyed, kept originals too; the entry in the ledger stays. */
    async withdraw(call: Call, input: CaptureWithdraw) {
      const visible = await parts.visibleRecords(call);
      await store.write(call, async (tx) => {
        const record = found(await tx.records.get(input.record));
        await tx.allow(recordTarget(record));
        requireOpen(found(await tx.batches.get(record.batch)));
        const state = life(record);
        if (!descriptionIsOpen(state) || record.archivalCode !== null) throw new ArchiveError('E_STATE_INVALID', { state });
        const { told } = await parts.relations.parted(tx, 'filing', [record.id], visible);
        if (told.length > 0) throw new ArchiveError('E_ARRANGE_RELATION_BROKEN', { record: record.id }, told.map(({ relation, type }) => ({ at: `/relations/${relation.id}`, message: `该件有“${type.name}”关系，登记有误的先撤销关系，再撤回该件` })));
        const objects = await tx.files.objectsOf(record.id);
        for (const object of objects) await tx.objects.erase(object, clock.now());
        await tx.records.save({ ...record, state: 'withdrawn', description: { title: '已撤回' } }, input.seenVersion);
        await tx.records.addEvent(record.id, { activity: 'withdraw', at: clock.now(), person: call.person, duty: call.duty, mandate: null, detail: { reason: input.reason } });
        tx.afterCommit(async () => { for (const object of objects) await content.erase(object); });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { objects: objects.length } });
      });
      return {};
    },
  };

  /** A record whose file is wanted for another item. */
  async function joinable(tx: CaptureTx & WriteTools, record: StoredRecord, id: string): Promise<StoredRecord> {
    const other = found(await tx.records.get(id));
    await tx.allow(recordTarget(other));
    // Joining what is guarded differently would carry content from one level to another.
    if (other.level !== record.level) throw new ArchiveError('E_MAC_WRITE_DOWN', { record: id });
    if (!contentIsOpen(life(other))) throw new ArchiveError('E_STATE_INVALID', { state: other.state });
    return other;
  }
}
