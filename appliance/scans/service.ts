import { ArchiveError } from '../../core/errors.js';
import { batchTarget, recordTarget } from '../../core/holdings.js';
import type { CaptureBatch, ComputerFile, StoredRecord } from '../../core/holdings.js';
import type { Clock, ReadTools, WriteTools } from '../../core/ports.js';
import { descriptionIsOpen, isArchived, isRecordState } from '../../core/record.js';
import { judgeScan, requireDescribedScans, technicalOf } from '../../core/scan.js';
import type { ScanFault, ScanTechnical } from '../../core/scan.js';
import type { ScanDescribe, ScanList, ScanMeasure, ScanRecognise, ScansFile, ScanText } from '../../policies/schemas/scan.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Vault } from '../content/vault.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Sql } from '../store/sql.js';
import type { Store } from '../store/unit-of-work.js';
import type { ScanReader } from './reader.js';
import { scanRows } from './rows.js';
import type { ScanWork } from './work.js';

export interface ScanParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly reader: ScanReader;
  readonly sql: Sql;
  readonly policy: ScansFile;
  readonly work: Pick<ScanWork, 'begin'>;
}
type Tx = Repositories & ReadTools;
type WriteTx = Repositories & WriteTools;
interface Measurement { readonly file: ComputerFile; readonly technical: ScanTechnical; readonly faults: readonly ScanFault[] }

const MODES = { bitonal: 0, gray: 1, color: 2 } as const;

/** 扫描件 (办法第十六条): measured, described, recognised. */
export function scanService(parts: ScanParts) {
  const { store, gate, clock, policy, vault } = parts;

  async function batchOf(tx: Tx | WriteTx, id: string): Promise<CaptureBatch> {
    const batch = await tx.batches.get(id);
    if (batch === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(batchTarget(batch), 'capture.show');
    return batch;
  }

  async function measured(file: ComputerFile): Promise<Measurement> {
    const source = await vault.source(file.object);
    try {
      const { pages, without } = await parts.reader.measure(source, file.mime);
      const technical = technicalOf(pages, without);
      return { file, technical, faults: judgeScan(technical, pages, file.mime, policy) };
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      const nothing = technicalOf([], 0);
      return { file, technical: nothing, faults: [{ key: 'no-picture', severity: 'reject', message: '文件打不开，不能测量，请重新扫描' }] };
    } finally {
      await source.close();
    }
  }

  /** What the files say, where the officer has not said it already. */
  function described(record: StoredRecord, own: readonly Measurement[]): StoredRecord['description'] {
    const dpis = own.flatMap(({ technical: { dpi } }) => (dpi === null ? [] : [dpi]));
    const mode = own.flatMap(({ technical }) => (technical.mode === null ? [] : [technical.mode])).sort((one, other) => MODES[other] - MODES[one])[0];
    const compressions = [...new Set(own.flatMap(({ technical }) => technical.compressions))].join('、');
    const digitization = {
      ...(dpis.length === own.length && dpis.length > 0 ? { scanDpi: Math.min(...dpis) } : {}), ...(mode === undefined ? {} : { scanColorMode: mode }), ...(compressions === '' ? {} : { imageCompression: compressions.slice(0, 100) }), ...record.description.digitization,
    };
    const pages = own.reduce((sum, { technical }) => sum + technical.pages, 0);
    return { ...record.description, ...(record.description.pageCount === undefined && pages > 0 ? { pageCount: pages } : {}), ...(Object.keys(digitization).length === 0 ? {} : { digitization }) };
  }

  return {
    /** 扫描件 that the person may see, with technical fields and how far recognition is. */
    async list(call: ServerCall, input: ScanList) {
      const { page = 1, size = 50 } = input;
      const visible = await gate.visible(call, 'record.show', 1);
      const tool = await parts.reader.tool();
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows: found, total } = await scanRows(tx.sql).list(visible, input.batch ?? null, input.faulty === true, { offset: (page - 1) * size, limit: size });
        const rows = [];
        for (const { id } of found) {
          const file = await tx.files.get(id);
          const record = file && await tx.records.get(file.record);
          if (file === undefined || record === undefined) continue;
          const row = await scanRows(tx.sql).get(id);
          rows.push({
            file: id, record: record.id, batch: file.batch, code: record.archivalCode ?? record.electronicRecordCode, title: record.description.title, level: record.level, mark: record.mark, state: record.state, version: record.version, fileName: file.sealed.fileName, format: file.format, bytes: file.bytes,
            digitization: record.description.digitization ?? null, technical: row?.technical ?? null, faults: row?.faults ?? [], ocr: row?.ocr ?? 'none', recognised: row?.facts ?? null, doubtful: row?.facts?.confidence != null && row.facts.confidence < policy.ocr.leastConfidence,
          });
        }
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, tool, dpi: policy.dpi, rows };
      });
    },

    /** 测量并著录 every scan of an open batch that the person may write to. */
    async measure(call: ServerCall, input: ScanMeasure) {
      const visible = await gate.visible(call, 'record.show', 1);
      const files = await store.read(call, async (tx) => {
        const batch = await batchOf(tx, input.batch);
        if (batch.state !== 'open' || batch.method !== 'paper_scan') throw new ArchiveError('E_STATE_INVALID', { state: batch.state }, [{ at: '/batch', message: '只有未归档的纸质扫描批次可以测量著录' }]);
        const seen = new Set((await tx.records.ofBatch(batch.id, visible)).filter(({ state }) => isRecordState(state) && descriptionIsOpen(state)).map(({ id }) => id));
        return (await tx.files.ofBatch(batch.id)).filter(({ record }) => seen.has(record));
      });
      const all: Measurement[] = [];
      for (const file of files) all.push(await measured(file));
      return store.write(call, async (tx) => {
        await batchOf(tx, input.batch);
        let records = 0;
        for (const id of new Set(all.map(({ file }) => file.record))) {
          const record = await tx.records.get(id);
          if (record === undefined) continue;
          await tx.allow(recordTarget(record));
          const own = all.filter(({ file }) => file.record === id);
          for (const { file, technical, faults } of own) await scanRows(tx.sql).measured(file.id, technical, faults, clock.now());
          await tx.records.save({ ...record, description: described(record, own) }, record.version);
          await tx.records.addEvent(id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第十六条', detail: { measured: own.length, faults: own.flatMap(({ faults }) => faults.map(({ key }) => key)) } });
          tx.audit({ action: call.act, object: id, objectType: 'record', objectLevel: record.level, detail: { files: own.length, rejected: own.filter(({ faults }) => faults.some(({ severity }) => severity === 'reject')).length } });
          records += 1;
        }
        if (records === 0) tx.audit({ action: call.act, object: input.batch, objectType: 'capture', detail: { files: 0 } });
        return { files: all.length, records, rejected: all.filter(({ faults }) => faults.some(({ severity }) => severity === 'reject')).length, warned: all.filter(({ faults }) => faults.length > 0 && faults.every(({ severity }) => severity === 'warn')).length };
      });
    },

    /** What the file does not say, by hand. */
    async describe(call: ServerCall, input: ScanDescribe) {
      return store.write(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        if (!isRecordState(record.state) || !descriptionIsOpen(record.state)) throw new ArchiveError('E_STATE_INVALID', { state: record.state });
        if (input.scanDpi < policy.dpi.least) throw new ArchiveError('E_SCAN_TECHNICAL', { record: record.id }, [{ at: '/scanDpi', message: `扫描分辨率不得低于 ${String(policy.dpi.least)} dpi` }]);
        const { scanDpi, scanColorMode, physicalCharacteristics } = input;
        await tx.records.save({ ...record, description: { ...record.description, digitization: { ...record.description.digitization, scanDpi, scanColorMode, ...(physicalCharacteristics === undefined ? {} : { physicalCharacteristics }) } } }, input.seenVersion);
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { scanDpi, scanColorMode } });
        return { record: record.id, version: input.seenVersion + 1 };
      });
    },

    /** 文字识别 of scans that are filed. @throws ArchiveError `E_CONVERSION_TOOL` where the program is not installed */
    async recognise(call: ServerCall, input: ScanRecognise) {
      const tool = await parts.reader.tool();
      if (tool.state !== 'ready') throw new ArchiveError('E_CONVERSION_TOOL', { tool: tool.key, why: tool.state }, [{ at: '', message: tool.state === 'language-missing' ? `缺少识别语言 ${policy.ocr.languages.join('、')}` : '本机没有安装文字识别工具 Tesseract，或没有内存暂存区' }]);
      const unmeasured: Measurement[] = [];
      await store.read(call, async (tx) => {
        for (const id of input.files) {
          const { file } = await scanned(tx, id);
          if (await scanRows(tx.sql).get(id) === undefined) unmeasured.push({ file, technical: technicalOf([], 0), faults: [] });
        }
        return undefined;
      });
      const now = await Promise.all(unmeasured.map(async ({ file }) => measured(file)));
      return store.write(call, async (tx) => {
        let wanted = 0;
        for (const id of input.files) {
          const { record } = await scanned(tx, id);
          const fresh = now.find(({ file }) => file.id === id);
          if (fresh !== undefined) await scanRows(tx.sql).measured(id, fresh.technical, fresh.faults, clock.now());
          wanted += await scanRows(tx.sql).want(id);
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { file: id } });
        }
        tx.afterCommit(async () => { parts.work.begin(); return Promise.resolve(); });
        return { wanted };
      });
    },

    /** 识别文字 of a scan, read as the scan itself is. */
    async text(call: ServerCall, input: ScanText) {
      const { object, facts, file } = await store.write(call, async (tx) => {
        const own = await tx.files.get(input.file);
        const record = own && await tx.records.get(own.record);
        if (own === undefined || record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        const row = await scanRows(tx.sql).get(own.id);
        const text = row?.textFile == null ? undefined : await tx.files.get(row.textFile);
        if (text === undefined || row?.ocr !== 'done') throw new ArchiveError('E_STATE_INVALID', { state: row?.ocr ?? 'none' }, [{ at: '', message: '还没有识别文字' }]);
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { file: own.id } });
        return { object: text.object, facts: row.facts, file: own.id };
      });
      const sealed = await vault.open(object);
      try {
        return { file, recognised: facts, text: Buffer.from(await sealed.readRange(0, sealed.bytes)).toString('utf8') };
      } finally {
        await sealed.close();
      }
    },

    /** Before filing: 扫描件无元数据不得归档. @throws ArchiveError `E_META_REQUIRED`, `E_SCAN_TECHNICAL` */
    async requireDescribed(batch: CaptureBatch, records: readonly StoredRecord[]): Promise<void> {
      if (batch.method === 'paper_scan') requireDescribedScans(records, await scanRows(parts.sql).standing(records.map(({ id }) => id)));
    },
  };

  async function scanned(tx: Tx | WriteTx, id: string): Promise<{ readonly file: ComputerFile; readonly record: StoredRecord }> {
    const file = await tx.files.get(id);
    const record = file && await tx.records.get(file.record);
    if (file === undefined || record === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(recordTarget(record));
    if (file.replacedBy !== null || !policy.formats.includes(file.mime) || !isRecordState(record.state) || !isArchived(record.state)) throw new ArchiveError('E_STATE_INVALID', { file: id, state: record.state }, [{ at: '/files', message: '只识别已归档、现行版本的 TIFF、JPEG、PDF 扫描件' }]);
    return { file, record };
  }
}
export type ScanService = ReturnType<typeof scanService>;
