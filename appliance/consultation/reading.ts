import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { ComputerFile, Holdings, StoredRecord } from '../../core/holdings.js';
import type { AuditEntry } from '../../core/audit.js';
import type { ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import { shortCode, traceText } from '../../secrecy/watermark.js';
import type { RecordPages, RecordRead } from '../../policies/schemas/record.js';
import type { Vault } from '../content/vault.js';
import type { Preview } from '../preview/preview.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';

export interface ReadingParts {
  readonly store: UnitOfWork<Holdings & WriteTools, Holdings & ReadTools>;
  readonly vault: Vault;
  readonly preview: Preview;
  /** Name and department as they stand on the watermark. */
  readonly reader: (person: string) => Promise<{ readonly name: string; readonly department: string }>;
}

const USUAL_WIDTH = 1100;

/** 在线阅览 (办法第三十四、三十五条): pages as pictures, each entered in the ledger before its first byte and marked with that entry. */
export function readingService(parts: ReadingParts) {
  const { store, vault, preview } = parts;

  async function found(tx: Holdings, id: string): Promise<{ file: ComputerFile; record: StoredRecord }> {
    const file = await tx.files.get(id);
    const record = file && (await tx.records.get(file.record));
    if (!record) throw new ArchiveError('E_NOT_FOUND');
    return { file, record };
  }

  /** 停止利用 from the freezing on; told to those who may know of the record. @throws ArchiveError `E_CONTENT_DESTROYED`, `E_STATE_INVALID` */
  async function requireInUse(tx: Pick<ReadTools, 'allow'>, record: StoredRecord): Promise<void> {
    if (record.state !== 'destroyed' && record.state !== 'pending_destruction') return;
    await tx.allow(recordTarget(record), 'record.show');
    if (record.state === 'destroyed') throw new ArchiveError('E_CONTENT_DESTROYED', { record: record.id });
    throw new ArchiveError('E_STATE_INVALID', { record: record.id, state: record.state }, [{ at: '', message: '该件已列入销毁批次并冻结，停止利用' }]);
  }

  async function withSource<T>(object: string, work: (source: Awaited<ReturnType<Vault['source']>>) => Promise<T>): Promise<T> {
    const source = await vault.source(object);
    try {
      return await work(source);
    } finally {
      await source.close();
    }
  }

  return {
    async pages(call: ServerCall, input: RecordPages) {
      const { file } = await store.read(call, async (tx) => {
        const one = await found(tx, input.file);
        await requireInUse(tx, one.record);
        await tx.allow(recordTarget(one.record), 'record.read');
        tx.audit({ action: call.act, object: one.record.id, objectType: 'record', objectLevel: one.record.level, detail: { file: one.file.id } });
        return one;
      });
      return { file: file.id, mime: file.mime, format: file.format, pages: await withSource(file.object, async (source) => preview.pageCount(source, file.mime)) };
    },

    async read(call: ServerCall, input: RecordRead) {
      let entry: AuditEntry | undefined;
      const { file, record } = await store.write(call, async (tx) => {
        const one = await found(tx, input.file);
        await requireInUse(tx, one.record);
        await tx.allow(recordTarget(one.record));
        tx.audit({ action: call.act, object: one.record.id, objectType: 'record', objectLevel: one.record.level, detail: { file: one.file.id, page: input.page } });
        tx.afterCommit(async (entries) => { entry = entries[0]; return Promise.resolve(); });
        return one;
      });
      if (!entry) throw new ArchiveError('E_AUDIT_UNAVAILABLE');
      const { name, department } = await parts.reader(call.person);
      const trace = shortCode(entry.hash);
      const lines = traceText({ mark: record.mark, code: record.archivalCode ?? record.electronicRecordCode, orderNo: null, person: name, unit: department, at: entry.at, short: trace });
      const png = await withSource(file.object, async (source) => preview.renderPage(source, file.mime, input.page, { widthPixels: input.width ?? USUAL_WIDTH, watermark: { lines } }));
      return bytes('image/png', png, { headers: { 'X-Trace-Code': trace } });
    },
  };
}
