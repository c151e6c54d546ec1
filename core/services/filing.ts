import { canonicalBytes } from '../canonical.js';
import { filingDeadline, requireOverdueReason, transferDueOn } from '../deadlines.js';
import { searchedTexts } from '../description.js';
import { ArchiveError } from '../errors.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { CaptureBatch, ListScope, StoredRecord } from '../holdings.js';
import type { CalendarDate, Call, Clock, ReadTools, Sm3, UnitOfWork, WriteTools } from '../ports.js';
import { reconcile, requireAgreedCount } from '../reconciliation.js';
import type { Reconciliation } from '../reconciliation.js';
import { descriptionIsOpen, isRecordState, requireNext } from '../record.js';
import { requireApproved, retentionExpiresOn } from '../retention.js';
import { indexTerms } from '../search-terms.js';
import type { FilingScope } from '../../policies/schemas/arrangement.js';
import type { FilingFile, FilingReconcile, FilingReturn } from '../../policies/schemas/arranging.js';
import type { VolumePlace } from '../volume.js';
import { filesByRecord, metadataOf } from './inspection.js';
import type { InspectionTx, Tester } from './inspection.js';
import { numbersFor } from './arrangement.js';
import type { VolumeTx } from './arrangement.js';
import type { ChangeTx } from './bulk-arrangement.js';
import type { RelationTx } from './relations.js';
import type { ArrangementParts } from './arrangement.js';

export interface FilingParts extends Omit<ArrangementParts, 'store'> {
  readonly store: UnitOfWork<InspectionTx & RelationTx & ChangeTx & VolumeTx & WriteTools, InspectionTx & RelationTx & ChangeTx & VolumeTx & ReadTools>;
  readonly clock: Clock;
  readonly sm3: Sm3;
  readonly test: Tester;
  /** Keys of the description that are searched, in order. */
  readonly searchedKeys: readonly string[];
  readonly rehearsal: boolean;
  /** 归档范围 in force: approved as the schedule is (档案法实施条例(2024)第十九条). */
  readonly scope: Pick<FilingScope, 'version' | 'approval'>;
  /** 扫描件 are measured and described. @throws ArchiveError `E_META_REQUIRED`, `E_SCAN_TECHNICAL` */
  readonly requireScans: (batch: CaptureBatch, records: readonly StoredRecord[]) => Promise<void>;
  /** 档案管理责任 nobody bears, and whether the unit made that a bar (第十一条). */
  readonly responsibility: () => Promise<{ readonly missing: readonly string[]; readonly blocks: boolean }>;
}

/** 所属案卷、案卷号、页号 as the record's own metadata (M15, M20, M42). */
const inVolume = (place: VolumePlace | undefined): Partial<StoredRecord['description']> => (place?.number == null ? {} : {
  unitOfManagement: 'volume', parentId: place.volume, agencyFileNumber: String(place.number), itemCount: place.items, pageNumber: `${String(place.fromPage)}-${String(place.fromPage + place.pages - 1)}`,
});

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** 清点归档 (办法第二十、二十一条): counted, tested, sorted, numbered and entered in one transaction, or not at all. */
export function filingService(parts: FilingParts) {
  const { store, clock, schedule } = parts;

  const countOf = (batch: CaptureBatch, records: readonly StoredRecord[]): Reconciliation => reconcile(batch.declared ?? [], records.map((record) => ({
    category: record.categoryCode ?? '', archivalYear: record.archivalYear ?? 0, retention: record.retentionCode ?? '', hasMetadata: record.description.author !== undefined,
  })));

  /** What still stands in the way, in the officer's words; empty when the batch can be filed. */
  function obstacles(batch: CaptureBatch, records: readonly StoredRecord[], today: CalendarDate): string[] {
    const ready = records.filter((record) => record.state === 'arranged');
    const unmarked = ready.filter((record) => record.level >= 2 && record.classificationId === null).length;
    const overdue = ready.filter((record) => record.completedOn !== null && filingDeadline(record.completedOn) < today).length;
    return [
      ...(batch.declared === null ? ['尚未申报件数'] : []),
      ...(ready.length === 0 ? ['没有已整理好的件'] : []),
      ...(unmarked > 0 ? [`${String(unmarked)} 件国家秘密尚未定密`] : []),
      ...(overdue > 0 ? [`${String(overdue)} 件已逾归档期限，归档时须填逾期原因`] : []),
    ];
  }

  /** `hidden`: records that somebody else has to file; they keep the batch open and are told to nobody here. */
  async function loaded(tx: InspectionTx, id: string, visible: ListScope): Promise<{ batch: CaptureBatch; records: readonly StoredRecord[]; ready: readonly StoredRecord[]; hidden: boolean }> {
    const batch = await tx.batches.get(id);
    if (!batch) throw new ArchiveError('E_NOT_FOUND');
    // What was filed of the batch before, or withdrawn, stands in nobody's way.
    const open = (state: string): boolean => isRecordState(state) && descriptionIsOpen(state);
    const records = (await tx.records.ofBatch(id, visible)).filter((record) => open(record.state));
    const states = await tx.records.statesOfBatch(id, { sql: '1 = 1', values: [] });
    const hidden = Object.entries(states).reduce((sum, [state, count]) => (open(state) ? sum + count : sum), 0) > records.length;
    return { batch, records, ready: records.filter((record) => record.state === 'arranged'), hidden };
  }

  return {
    async reconcile(call: Call, input: FilingReconcile) {
      const visible = await parts.visibleRecords(call);
      const responsible = await parts.responsibility();
      return store.read(call, async (tx) => {
        const { batch, records, ready } = await loaded(tx, input.batch, visible);
        await tx.allow(batchTarget(batch));
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { items: ready.length } });
        return {
          batch, states: await tx.records.statesOfBatch(batch.id, visible), reconciliation: countOf(batch, ready), obstacles: obstacles(batch, records, clock.today()),
          files: await tx.files.countOf(batch.id, visible), responsibility: responsible,
        };
      });
    },

    async file(call: Call, input: FilingFile) {
      requireApproved(schedule, { rehearsal: parts.rehearsal });
      requireApproved(parts.scope, { rehearsal: parts.rehearsal });
      const responsible = await parts.responsibility();
      if (responsible.blocks) throw new ArchiveError('E_RESPONSIBILITY_MISSING', { missing: responsible.missing }, [{ at: '/batch', message: `尚未登记：${responsible.missing.join('、')}` }]);
      const visible = await parts.visibleRecords(call);
      return store.write(call, async (tx) => {
        const { batch, records, ready, hidden } = await loaded(tx, input.batch, visible);
        await tx.allow(batchTarget(batch));
        if (batch.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { state: batch.state });
        if (ready.length === 0) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['arranged'] });
        const unmarked = ready.filter((record) => record.level >= 2 && record.classificationId === null);
        if (unmarked.length > 0) throw new ArchiveError('E_CLS_MARK_MISSING', { records: unmarked.map((record) => record.id) });
        await parts.relations.requireWhole(tx, 'filing', ready.map(({ id }) => id), visible);
        await parts.requireScans(batch, ready);
        requireAgreedCount(countOf(batch, ready));
        for (const record of ready) if (record.completedOn !== null) requireOverdueReason(filingDeadline(record.completedOn), clock.today(), input.overdueReason);
        const numbers = new Map((await numbersFor(parts, tx, parts.fondsRules(batch.fonds), ready)).map((one) => [one.id, one]));
        const places = await tx.volumes.placesOf(ready.map(({ id }) => id));
        const numbered = ready.map((record): StoredRecord => {
          const number = numbers.get(record.id);
          if (!number || record.retentionCode === null || record.archivalYear === null || record.documentDate === null) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { record: record.id });
          return {
            ...record, state: requireNext('arranged', 'file'), series: number.series.key, sequence: number.sequence, archivalCode: number.archivalCode, codeStatus: 'given',
            codeProfile: parts.fondsRules(batch.fonds).profile, scheme: parts.fondsRules(batch.fonds).schemeId, filedAt: clock.now(),
            transferDueOn: transferDueOn({ documentDate: record.documentDate, archivalYear: record.archivalYear }),
            retentionExpiresOn: retentionExpiresOn(record.archivalYear, record.retentionCode),
            description: { ...record.description, ...(input.overdueReason === undefined ? {} : { overdueReason: input.overdueReason }), ...inVolume(places.get(record.id)) },
          };
        });
        // Tested as they will stand, codes and all; a failure takes the numbers back with everything else.
        const run = await parts.test(tx, call, batch, numbered);
        const failed = run.content.results.filter((one) => one.result === 'fail');
        if (run.conclusion === 'unqualified') {
          throw new ArchiveError('E_4P_FAILED', { items: [...new Set(failed.map((one) => one.code))] }, failed.slice(0, 200).map((one) => ({ at: `${one.code} ${one.objectRef}`, message: one.message })));
        }
        const filed = [];
        const filesOf = await filesByRecord(tx, batch.id);
        for (const next of numbered) {
          const metadataDigest = hex(parts.sm3(canonicalBytes(metadataOf(next, filesOf(next.id), batch.method))));
          await tx.records.save({ ...next, metadataDigest }, next.version);
          await tx.records.indexWords(next, indexTerms([...searchedTexts(next.description, parts.searchedKeys), next.archivalCode ?? '']));
          await tx.records.addEvent(next.id, { activity: 'assign_code', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第二十一条', detail: { archivalCode: next.archivalCode } });
          await tx.records.addEvent(next.id, { activity: 'file', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第二十一条', detail: { batch: batch.number, reportNo: run.reportNo } });
          tx.audit({ action: 'record.file', object: next.id, objectType: 'record', objectLevel: next.level, detail: { archivalCode: next.archivalCode, metadataDigest } });
          filed.push({ record: next.id, archivalCode: next.archivalCode });
        }
        const left = records.length - ready.length;
        const whole = left === 0 && !hidden;
        if (whole) await tx.changes.clear(batch.id);
        await tx.batches.save({ ...batch, state: whole ? 'filed' : 'open', declared: whole ? batch.declared : null, closedAt: whole ? clock.now() : null }, input.seenVersion);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { batch: batch.number, items: filed.length, reportNo: run.reportNo, left } });
        return { filed, reportNo: run.reportNo, conclusion: run.conclusion, left, responsibility: responsible };
      });
    },

    /** 退回: each record with the defects found; a record without one cannot be sent back. */
    async sendBack(call: Call, input: FilingReturn) {
      await store.write(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch), 'filing.show');
        for (const { record: id, reasons } of input.records) {
          const record = await tx.records.get(id);
          if (record?.batch !== batch.id || !isRecordState(record.state)) throw new ArchiveError('E_NOT_FOUND');
          await tx.allow(recordTarget(record));
          await tx.records.save({ ...record, state: requireNext(record.state, 'return') }, record.version);
          await tx.records.addEvent(id, { activity: 'recheck', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第二十一条', detail: { reasons } });
          tx.audit({ action: call.act, object: id, objectType: 'record', objectLevel: record.level, detail: { reasons: reasons.map((one) => one.code) } });
        }
      });
      return {};
    },
  };
}
