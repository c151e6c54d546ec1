import { ArchiveError } from '../errors.js';
import { requireName } from '../computer-file-name.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { CaptureBatch, ComputerFile, FileRole, StoredRecord, Upload } from '../holdings.js';
import type { Call, WriteTools } from '../ports.js';
import { requireNext } from '../record.js';
import { cleanText } from '../text.js';
import type { CaptureBeginUpload, CaptureUpload, CaptureUploads } from '../../policies/schemas/capture.js';
import { found, requireOpen } from './capture.js';
import type { CaptureParts, CaptureTx } from './capture.js';
import type { FileJudgement } from './content.js';
import { freshRecord } from './fresh-record.js';
import { life, settling } from './settling.js';

/** What a whole file is refused with for good. Anything else passes, and the bytes wait for it. */
const FOR_GOOD: ReadonlySet<string> = new Set(['E_STATE_INVALID', 'E_NOT_FOUND']);

/** 上传: streamed, resumable, sealed as it comes; each file is judged the moment it is whole. */
export function uploadService(parts: CaptureParts) {
  const { store, content, inspector, clock, ids, limits } = parts;
  const settle = settling(clock);
  /** The end of an upload happens once, however often its last segment is sent. */
  const ending = new Map<string, ReturnType<typeof end>>();
  /** Files a batch can take at least before it has to be counted again: counting at every file would cost the square of the batch. */
  const room = new Map<string, number>();

  return {
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
          if ((await tx.uploads.openIn(batch.id)) >= limits.openUploads) throw new ArchiveError('E_BUSY', { openUploads: limits.openUploads });
          await requireRoom(tx, batch.id);
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
        if (one.openedBy !== call.person) throw new ArchiveError('E_NOT_FOUND', { upload: one.id });
        return one;
      });
      const offset = await content.append(upload.object, input.offset, body, upload.bytes);
      if (offset < upload.bytes) return { done: false as const, offset };
      const ended = ending.get(upload.id) ?? end(call, upload).finally(() => { ending.delete(upload.id); });
      ending.set(upload.id, ended);
      return ended;
    },
  };

  async function end(call: Call, upload: Upload) {
    const whole = await content.finish(upload.object);
    const judgement = await inspector.inspect(upload.object, upload.fileName);
    try {
      return await take(call, upload, whole, judgement);
    } catch (error) {
      // Refused for good: the bytes have nowhere to go, unless they were taken before. A fault of the box leaves them, to be taken up again.
      if (error instanceof ArchiveError && FOR_GOOD.has(error.code) && !(await isKept(call, upload.object))) await content.discard(upload.object);
      throw error;
    }
  }

  async function requireRoom(tx: CaptureTx, batch: string): Promise<void> {
    const left = room.get(batch) ?? 0;
    const now = left > 0 ? left : limits.filesPerBatch - (await tx.files.countOf(batch)).files;
    if (now <= 0) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { filesPerBatch: limits.filesPerBatch });
    room.set(batch, now - 1);
  }

  const isKept = async (call: Call, object: string): Promise<boolean> =>
    store.read({ ...call, person: 'system' }, async (tx) => { await tx.allow(); return (await tx.objects.get(object)) !== undefined; });

  /** The file is whole, sealed and judged: from here on it is a record, or part of one. */
  async function take(call: Call, upload: Upload, whole: { readonly bytes: number; readonly sm3: string }, judgement: FileJudgement) {
    const at = clock.now();
    return store.write(call, async (tx) => {
      found(await tx.uploads.get(upload.id));
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
  }

  async function newRecord(tx: CaptureTx & WriteTools, call: Call, batch: CaptureBatch, fileName: string): Promise<StoredRecord> {
    const record = freshRecord({ clock, ids }, batch, { title: titleFrom(fileName) });
    await tx.records.add(record);
    await tx.records.addEvent(record.id, { activity: 'capture', at: clock.now(), person: call.person, duty: call.duty, mandate: null, detail: { batch: batch.number, method: batch.method } });
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
