import { ArchiveError } from '../errors.js';
import { requireName } from '../computer-file-name.js';
import { drawNumber } from '../drawn-number.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { CaptureBatch, ComputerFile, FileRole, Holdings, ListScope, StoredRecord, Upload } from '../holdings.js';
import type { Call, Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import { requireNext } from '../record.js';
import { cleanText } from '../text.js';
import type {
  CaptureBeginUpload, CaptureCompose, CaptureDeclare, CaptureLimits, CaptureList, CaptureOpen, CaptureShow, CaptureUpload, CaptureUploads, CaptureWithdraw,
} from '../../policies/schemas/capture.js';
import type { ContentStore, FileJudgement, Inspector } from './content.js';
import { life, settling } from './settling.js';

type People = { readonly people: { departmentOf(person: string): Promise<string | undefined>; departments(): Promise<readonly { readonly id: string }[]> } };
export type CaptureTx = Holdings & People;

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
  /** Which records of a batch the person may see. */
  readonly visibleRecords: (call: Call) => Promise<ListScope>;
}

const found = <T>(value: T | undefined): T => {
  if (value === undefined) throw new ArchiveError('E_NOT_FOUND');
  return value;
};
export const requireOpen = (batch: CaptureBatch): void => {
  if (batch.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { batch: batch.id, state: batch.state });
};

/** 收集: batches, uploads and what becomes of each file the moment it is whole (办法第十六至十八条). */
export function captureService(parts: CaptureParts) {
  const { store, content, inspector, clock, ids, limits } = parts;
  const settle = settling(clock);

  return {
    async open(call: Call, input: CaptureOpen) {
      const level = await parts.levelOf(call);
      const id = ids.uuid();
      return store.write(call, async (tx) => {
        await tx.allow(batchTarget({ id: '', fonds: input.fonds, level, state: 'open', department: input.department, openedBy: call.person }));
        if (call.duty === 'proposer' && (await tx.people.departmentOf(call.person)) !== input.department) throw new ArchiveError('E_DEPT_MISMATCH', { department: input.department });
        parts.requireFonds(input.fonds);
        if (!(await tx.people.departments()).some((one) => one.id === input.department)) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/department', message: '没有这个部门，请从列表中选择' }]);
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
        const records = await Promise.all(rows.map(async (record) => ({ ...record, files: await tx.files.ofRecord(record.id) })));
        return {
          batch, limits: { segmentBytes: limits.segmentBytes, fileBytes: limits.fileBytes, filesPerBatch: limits.filesPerBatch },
          page, size, total, records, counts: await tx.files.countOf(batch.id, visible), states: await tx.records.statesOfBatch(batch.id, visible),
        };
      });
    },

    /** Uploads of a batch that were begun and not finished: the console goes on with them after a broken line or a restart. */
    async uploads(call: Call, input: CaptureUploads) {
      const open = await store.read(call, async (tx) => {
        await tx.allow(batchTarget(found(await tx.batches.get(input.batch))));
        return (await tx.uploads.ofBatch(input.batch)).filter((upload) => upload.openedBy === call.person);
      });
      const rows = [];
      for (const upload of open) {
        const offset = await content.received(upload.object);
        if (offset !== null) rows.push({ upload: upload.id, fileName: upload.fileName, bytes: upload.bytes, offset });
      }
      return { rows };
    },

    async beginUpload(call: Call, input: CaptureBeginUpload) {
      requireName(input.fileName);
      if (input.bytes > limits.fileBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: limits.fileBytes });
      const [id, object] = [ids.uuid(), ids.uuid()];
      const { level } = await store.read(call, async (tx) => {
        const batch = found(await tx.batches.get(input.batch));
        await tx.allow(batchTarget(batch));
        return batch;
      });
      // The key and the empty object land first, under a name nobody refers to; recovery clears them away if nothing ever does.
      await content.begin(object, level);
      try {
        await store.write(call, async (tx) => {
          const batch = found(await tx.batches.get(input.batch));
          await tx.allow(batchTarget(batch));
          requireOpen(batch);
          if ((await tx.files.countOf(batch.id)).files >= limits.filesPerBatch) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { filesPerBatch: limits.filesPerBatch });
          if (input.record !== undefined) {
            const joined = found(await tx.records.get(input.record));
            if (joined.batch !== batch.id) throw new ArchiveError('E_NOT_FOUND');
            // A record marked higher or lower since takes no file at the level of its batch.
            await tx.allow(recordTarget(joined));
          }
          await tx.uploads.add({
            id, batch: batch.id, object, level, bytes: input.bytes, fileName: input.fileName, record: input.record ?? null, role: input.role ?? null,
            openedBy: call.person, openedAt: clock.now(),
          });
          tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { upload: id, bytes: input.bytes } });
        });
      } catch (error) {
        await content.discard(object);
        throw error;
      }
      return { upload: id, offset: 0, segmentBytes: limits.segmentBytes };
    },

    /** One segment. The answer to the last one is the judged file. */
    async upload(call: Call, input: CaptureUpload, body: AsyncIterable<Uint8Array>) {
      const upload = await store.read(call, async (tx) => {
        const one = found(await tx.uploads.get(input.upload));
        await tx.allow(batchTarget(found(await tx.batches.get(one.batch))));
        return one;
      });
      if (upload.openedBy !== call.person) throw new ArchiveError('E_NOT_FOUND', { upload: upload.id });
      const offset = await content.append(upload.object, input.offset, body, upload.bytes);
      if (offset < upload.bytes) return { done: false as const, offset };
      const whole = await content.finish(upload.object);
      const judgement = await inspector.inspect(upload.object, upload.fileName);
      try {
        return await this.take(call, upload, whole, judgement);
      } catch (error) {
        // Refused for good: the bytes have nowhere to go. A fault of the box leaves them, to be taken up again.
        if (error instanceof ArchiveError) await content.discard(upload.object);
        throw error;
      }
    },

    /** The file is whole, sealed and judged: from here on it is a record, or part of one. */
    async take(call: Call, upload: Upload, whole: { readonly bytes: number; readonly sm3: string }, judgement: FileJudgement) {
      const at = clock.now();
      return store.write(call, async (tx) => {
        const batch = found(await tx.batches.get(upload.batch));
        await tx.allow(batchTarget(batch));
        requireOpen(batch);
        await tx.objects.keep({ id: upload.object, level: batch.level, bytes: whole.bytes, sm3: whole.sm3, storedAt: at });
        const record = upload.record === null ? await newRecord(tx, call, batch, upload.fileName) : await joinRecord(tx, call, upload.record, batch);
        const siblings = await tx.files.ofRecord(record.id);
        const file: ComputerFile = {
          id: ids.uuid(), record: record.id, batch: batch.id, upload: upload.id, role: (upload.role ?? (siblings.length === 0 ? 'main' : 'attachment')) as FileRole, position: siblings.length + 1,
          object: upload.object, level: batch.level, bytes: whole.bytes, sm3: whole.sm3, mime: judgement.format.mime, format: judgement.format.name,
          puid: judgement.format.puid, verdict: judgement.verdict, facts: judgement.facts, findings: judgement.findings, sealed: { fileName: upload.fileName },
          replacedBy: null, receivedAt: at,
        };
        await tx.files.add(file);
        await tx.uploads.close(upload.id, 'done');
        const state = await settle(tx, call, record, [...siblings, file]);
        tx.afterCommit(async () => { await content.promote(upload.object); });
        tx.audit({
          action: call.act, object: record.id, objectType: 'record', objectLevel: batch.level,
          detail: { batch: batch.number, file: file.id, bytes: whole.bytes, sm3: whole.sm3, format: file.format, verdict: file.verdict, findings: judgement.findings.map((one) => one.code) },
        });
        return { done: true as const, offset: whole.bytes, record: record.id, state, file };
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

    /** 组件: 正文 and 附件 become one item. Records that lose their last file are withdrawn with it. */
    async compose(call: Call, input: CaptureCompose) {
      await store.write(call, async (tx) => {
        const record = found(await tx.records.get(input.record));
        await tx.allow(recordTarget(record));
        if (record.batch !== input.batch) throw new ArchiveError('E_NOT_FOUND');
        const batchFiles = await tx.files.ofBatch(input.batch);
        const emptied = new Set<string>();
        for (const id of new Set(input.files.map((one) => found(batchFiles.find((file) => file.id === one.file)).record))) {
          const source = found(await tx.records.get(id));
          await tx.allow(recordTarget(source));
          // Joining what is guarded differently would carry content from one level to another.
          if (source.level !== record.level) throw new ArchiveError('E_MAC_WRITE_DOWN', { record: id });
        }
        for (const [index, { file: id, role }] of input.files.entries()) {
          const file = found(batchFiles.find((one) => one.id === id));
          if (file.record !== record.id) emptied.add(file.record);
          await tx.files.assign(id, record.id, role, index + 1);
        }
        const mains = input.files.filter(({ role }) => role === 'main');
        if (mains.length !== 1) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['main'] }, [{ at: '/files', message: '一件须有且只有一个正文，请指定' }]);
        await settle(tx, call, record, await tx.files.ofRecord(record.id), input.seenVersion);
        for (const id of emptied) {
          if ((await tx.files.ofRecord(id)).length > 0) throw new ArchiveError('E_ARRANGE_RELATION_BROKEN', { record: id });
          const other = found(await tx.records.get(id));
          await tx.records.save({ ...other, state: 'withdrawn' }, other.version);
        }
        await tx.records.addEvent(record.id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: null, detail: { files: input.files.length } });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { files: input.files.length, joined: [...emptied] } });
      });
      return {};
    },

    /** 撤回: before filing only. Content and keys are destroyed; the entry in the ledger stays. */
    async withdraw(call: Call, input: CaptureWithdraw) {
      await store.write(call, async (tx) => {
        const record = found(await tx.records.get(input.record));
        await tx.allow(recordTarget(record));
        const state = life(record);
        if (state === 'filed' || record.archivalCode !== null) throw new ArchiveError('E_STATE_INVALID', { state });
        const files = await tx.files.ofRecord(record.id);
        for (const file of files) await tx.objects.erase(file.object, clock.now());
        await tx.records.save({ ...record, state: 'withdrawn', description: { title: '已撤回' } }, input.seenVersion);
        tx.afterCommit(async () => { for (const file of files) await content.erase(file.object); });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { files: files.length } });
      });
      return {};
    },
  };

  async function newRecord(tx: CaptureTx & WriteTools, call: Call, batch: CaptureBatch, fileName: string): Promise<StoredRecord> {
    const id = ids.uuid();
    const record: StoredRecord = {
      id, electronicRecordCode: `ERC-${clock.today().slice(0, 4)}-${ids.uuid().replaceAll('-', '').slice(0, 16)}`, batch: batch.id, state: 'captured', level: batch.level,
      fonds: batch.fonds, department: batch.department, owner: batch.openedBy, categoryCode: null, archivalYear: null, retentionCode: null, orgOrFunction: null,
      scheduleItemId: null, scheme: null, documentDate: null, completedOn: null, series: null, sequence: null, archivalCode: null, codeProfile: null, codeStatus: null,
      classificationId: null, mark: null, filingDeadline: null, filedAt: null, transferDueOn: null, retentionExpiresOn: null, verdict: null, metadataDigest: null,
      capturedAt: clock.now(), version: 1, description: { title: titleFrom(fileName) },
      // Secrets are known to whoever handed them in and to the department, until marking says otherwise.
      scope: batch.level >= 2 ? { persons: [batch.openedBy], departments: [batch.department] } : { persons: [], departments: [] },
    };
    await tx.records.add(record);
    await tx.records.addEvent(id, { activity: 'capture', at: clock.now(), person: call.person, duty: call.duty, mandate: null, detail: { batch: batch.number, method: batch.method } });
    return record;
  }

  async function joinRecord(tx: CaptureTx & WriteTools, call: Call, id: string, batch: CaptureBatch): Promise<StoredRecord> {
    const record = found(await tx.records.get(id));
    if (record.batch !== batch.id) throw new ArchiveError('E_NOT_FOUND');
    if (record.level !== batch.level) throw new ArchiveError('E_MAC_WRITE_DOWN', { record: id });
    const next = { ...record, state: requireNext(life(record), 'replace') };
    await tx.records.save(next, record.version);
    await tx.records.addEvent(id, { activity: 'capture', at: clock.now(), person: call.person, duty: call.duty, mandate: null, detail: { batch: batch.number } });
    return { ...next, version: record.version + 1 };
  }
}

/** 题名 until someone describes the record: the file name without its extension. */
function titleFrom(fileName: string): string {
  const cleaned = cleanText(fileName.replace(/\.[^.]{1,12}$/u, ''), false);
  return cleaned.ok && cleaned.text !== '' ? cleaned.text.slice(0, 500) : '未著录题名';
}
