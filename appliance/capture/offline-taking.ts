/** 收入: items of a judged package become records, some at a time, each lot one commit with its place in the package. Contents flow straight into sealed objects. */
import { ArchiveError } from '../../core/errors.js';
import { batchTarget } from '../../core/holdings.js';
import type { CaptureBatch, ComputerFile, StoredRecord } from '../../core/holdings.js';
import type { PackageImport } from '../../core/package-import.js';
import type { Call, Instant } from '../../core/ports.js';
import { missingForFiling } from '../../core/services/amendment.js';
import { requireOpen } from '../../core/services/capture.js';
import type { FileJudgement, Inspector } from '../../core/services/content.js';
import { worstOf } from '../../core/services/settling.js';
import type { Box } from '../box.js';
import type { Parcel, ParcelItem } from '../exchange/parcel.js';
import { asRecord } from './offline-checking.js';
import type { Checking } from './offline-checking.js';

export interface Taking { readonly box: Box; readonly inspector: Inspector; readonly checking: Checking; readonly step: number }
interface StagedFile { readonly object: string; readonly bytes: number; readonly sm3: string; readonly judgement: FileJudgement }
interface Staged { readonly item: ParcelItem; readonly files: readonly StagedFile[] }

/** Items staged at a time: the examiners are a few processes, and a disk likes company. */
const TOGETHER = 6;

/**
 * Goes on behind the items that are in already.
 * @param told after each lot; says whether to go on
 * @returns whether all of it is in
 * @throws ArchiveError where the package is no longer what was judged; what was staged of the lot is given up
 */
export async function takeParcel({ box, inspector, checking, step }: Taking, call: Call, one: PackageImport, parcel: Parcel, told: (done: number) => boolean): Promise<boolean> {
  const { store, ids, vault } = box;
  let { done } = one;
  let at = 0;
  let lot: ParcelItem[] = [];

  async function staged(item: ParcelItem): Promise<Staged> {
    const files: StagedFile[] = [];
    try {
      for (const file of item.files) {
        const object = ids.uuid();
        await vault.begin(object, one.level);
        files.push({ object, bytes: 0, sm3: '', judgement: NOT_YET });
        await vault.append(object, 0, file.open(), file.bytes);
        const { bytes, sm3 } = await vault.finish(object);
        if (sm3 !== file.sm3 || bytes !== file.bytes) throw new ArchiveError('E_PKG_FILE_CHANGED', { bytes }, [{ at: file.path, message: '内容在核对之后有了变化' }]);
        files[files.length - 1] = { object, bytes, sm3, judgement: await inspector.inspect(object, file.name) };
      }
    } catch (error) {
      for (const { object } of files) await vault.discard(object);
      throw error;
    }
    return { item, files };
  }

  async function takeLot(): Promise<boolean> {
    const ready: Staged[] = [];
    const waiting = [...lot];
    lot = [];
    try {
      while (waiting.length > 0) {
        const outcomes = await Promise.allSettled(waiting.splice(0, TOGETHER).map(staged));
        for (const outcome of outcomes) if (outcome.status === 'fulfilled') ready.push(outcome.value);
        const broken = outcomes.find((outcome) => outcome.status === 'rejected');
        if (broken !== undefined) throw broken.reason instanceof Error ? broken.reason : new Error('an item was not staged');
      }
      await store.write(call, async (tx) => {
        const batch = await tx.batches.get(one.batch);
        if (batch === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch), 'import.take');
        requireOpen(batch);
        for (const each of ready) {
          const { record, files } = recordOf(batch, each);
          await tx.records.add(record);
          for (const [position, { object, bytes, sm3 }] of each.files.entries()) {
            await tx.objects.keep({ id: object, level: batch.level, bytes, sm3, storedAt: record.capturedAt });
            const file = files[position];
            if (file !== undefined) await tx.files.add(file);
          }
          for (const event of earlier(each.item, batch, record.capturedAt)) await tx.records.addEvent(record.id, event);
          const by = { at: record.capturedAt, person: one.begunBy, duty: call.duty };
          await tx.records.addEvent(record.id, { ...by, activity: 'capture', mandate: '办法第十六条', detail: { batch: batch.number, method: batch.method, place: each.item.place } });
          await tx.records.addEvent(record.id, { ...by, activity: 'verify4p', mandate: '办法第二十一条', detail: { verdict: record.verdict } });
          tx.audit({ action: 'import.take', object: record.id, objectType: 'record', objectLevel: batch.level, detail: { import: one.id, batch: batch.number, item: done + 1 + ready.indexOf(each), files: files.map(({ sm3, bytes, format, verdict }) => ({ sm3, bytes, format, verdict })) } });
        }
        await tx.imports.advance(one.id, done + ready.length);
        tx.afterCommit(async () => { await Promise.all(ready.flatMap(({ files }) => files.map(async ({ object }) => vault.promote(object)))); });
      });
    } catch (error) {
      for (const { files } of ready) for (const { object } of files) if (!(await kept(object))) await vault.discard(object);
      throw error;
    }
    done += ready.length;
    return told(done);
  }
  const kept = async (object: string): Promise<boolean> => store.read(box.systemCall('import.take'), async (tx) => { await tx.allow(); return (await tx.objects.get(object)) !== undefined; });

  function recordOf(batch: CaptureBatch, { item, files }: Staged): { readonly record: StoredRecord; readonly files: readonly ComputerFile[] } {
    const described = asRecord(checking, batch, item);
    const computer = item.files.map((file, position): ComputerFile => {
      const { object, bytes, sm3, judgement } = files[position] ?? { object: '', bytes: 0, sm3: '', judgement: NOT_YET };
      return {
        id: ids.uuid(), record: described.id, batch: batch.id, upload: null, role: file.role, position: position + 1, object, level: batch.level, bytes, sm3, mime: judgement.format.mime, format: judgement.format.name, puid: judgement.format.puid,
        verdict: judgement.verdict, facts: judgement.facts, findings: judgement.findings, sealed: { fileName: file.name }, replacedBy: null, receivedAt: described.capturedAt,
      };
    });
    const verdict = worstOf(computer);
    const complete = missingForFiling(described, { codeHasOrg: checking.codeHasOrg(batch) }).length === 0;
    return { record: { ...described, verdict, state: verdict === 'reject' ? 'returned' : complete ? 'arranged' : 'inspected' }, files: computer };
  }

  for await (const item of parcel.items()) {
    at += 1;
    if (at <= one.done) continue;
    lot.push(item);
    if (lot.length >= step && !(await takeLot())) return false;
  }
  if (lot.length > 0) await takeLot();
  if (done !== one.total) throw new ArchiveError('E_PKG_FILE_CHANGED', { items: done }, [{ at: parcel.name, message: '件数在核对之后有了变化' }]);
  return true;
}

/** 过程信息 as it came: their people are not ours. */
function earlier(item: ParcelItem, batch: CaptureBatch, at: Instant) {
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  return item.events.map((event) => ({
    activity: text(event['businessActivity']) ?? 'register', at: INSTANT.test(text(event['actionTime']) ?? '') ? String(event['actionTime']) : at, person: 'origin', duty: null, mandate: text(event['actionMandate']),
    detail: { origin: batch.number, ...(INSTANT.test(text(event['actionTime']) ?? '') || text(event['actionTime']) === null ? {} : { time: event['actionTime'] }), ...(text(event['actionDescription']) === null ? {} : { description: event['actionDescription'] }) },
  }));
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/u;
const NOT_YET: FileJudgement = { format: { mime: 'application/octet-stream', name: '', version: null, puid: null }, facts: {}, verdict: 'reject', findings: [] };
