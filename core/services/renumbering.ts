import { canonicalBytes } from '../canonical.js';
import { transferDueOn } from '../deadlines.js';
import { searchedTexts } from '../description.js';
import { ArchiveError } from '../errors.js';
import { recordTarget } from '../holdings.js';
import type { StoredRecord } from '../holdings.js';
import type { Call, Instant, WriteTools } from '../ports.js';
import { requireRetention, retentionExpiresOn } from '../retention.js';
import { indexTerms } from '../search-terms.js';
import { cleanText } from '../text.js';
import type { FilingRenumber, FilingVoided } from '../../policies/schemas/arranging.js';
import { numbersFor } from './arrangement.js';
import type { VolumeTx } from './arrangement.js';
import type { FilingParts } from './filing.js';
import { metadataOf } from './inspection.js';
import type { InspectionTx } from './inspection.js';

/** 作废号: a number that was given and is given to nothing else. */
export interface VoidedNumber {
  readonly series: string; readonly sequence: number; readonly archivalCode: string; readonly record: string;
  readonly replacedBy: string; readonly reason: string; readonly by: string; readonly at: Instant;
}
export interface VoidedTx {
  readonly voided: {
    add(number: VoidedNumber): Promise<void>;
    /** Of records in sight, the latest first. */
    list(visible: { readonly sql: string; readonly values: readonly unknown[] }, page: { readonly offset: number; readonly limit: number }): Promise<{ readonly rows: readonly VoidedNumber[]; readonly total: number }>;
  };
}
export type RenumberingParts = Pick<FilingParts, 'codes' | 'schemes' | 'schedule' | 'clock' | 'fondsRules' | 'sm3' | 'searchedKeys' | 'visibleRecords'> & {
  readonly store: { write<T>(call: Call, work: (tx: InspectionTx & VolumeTx & VoidedTx & WriteTools) => Promise<T>): Promise<T>; read<T>(call: Call, work: (tx: InspectionTx & VolumeTx & VoidedTx & Pick<WriteTools, 'audit' | 'allow'>) => Promise<T>): Promise<T> };
  readonly nameOf: (person: string) => Promise<string>;
};

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * 作废重编: a filed record whose year, period or 机构(问题) was wrong gets a number of the right sequence; its old one is void and stays
 * so, with its reason. No number is ever given twice.
 * @see 办法第二十一条; DA/T 13-2022
 */
export function renumberingService(parts: RenumberingParts) {
  const { store, clock, schedule } = parts;

  function corrected(record: StoredRecord, facts: FilingRenumber['facts']): StoredRecord {
    const scheduleItem = facts.scheduleItemId ?? record.scheduleItemId;
    const item = scheduleItem === null ? undefined : schedule.items.find(({ code }) => code === scheduleItem);
    const retentionCode = facts.retentionCode ?? (facts.scheduleItemId === undefined ? record.retentionCode : item?.retention ?? null);
    if (scheduleItem !== null && retentionCode !== null && record.categoryCode !== null) requireRetention(schedule, { scheduleItem, category: record.categoryCode, retention: retentionCode });
    return { ...record, archivalYear: facts.archivalYear ?? record.archivalYear, scheduleItemId: scheduleItem, retentionCode, orgOrFunction: facts.orgOrFunction ?? record.orgOrFunction };
  }

  return {
    async renumber(call: Call, input: FilingRenumber) {
      const reason = cleanText(input.reason, false);
      if (!reason.ok || reason.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/reason', message: '文字为空或含有不可见字符' }]);
      return store.write(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        const { series, sequence, archivalCode, documentDate } = record;
        const busy = record.legalHold || record.appraisal !== null || record.destructionOrder !== null || record.transferBatch !== null || record.currentRetention !== null;
        if (record.state !== 'filed' || busy || series === null || sequence === null || archivalCode === null || documentDate === null) throw new ArchiveError('E_STATE_INVALID', { state: record.state, event: 'renumber' });
        if ((await tx.volumes.placesOf([record.id])).size > 0) throw new ArchiveError('E_STATE_INVALID', { state: record.state, event: 'renumber' }, [{ at: '/record', message: '卷内件不能单独改号，请先办理拆卷' }]);
        const right = corrected(record, input.facts);
        const rules = parts.fondsRules(record.fonds);
        const [number] = await numbersFor(parts, tx, rules, [right]);
        if (number === undefined || number.series.key === series || right.archivalYear === null || right.retentionCode === null) {
          throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/facts', message: '年度、保管期限、机构（问题）与原档号一致，不需要改号' }]);
        }
        const at = clock.now();
        const next: StoredRecord = {
          ...right, series: number.series.key, sequence: number.sequence, archivalCode: number.archivalCode, codeStatus: 'given', codeProfile: rules.profile, scheme: rules.schemeId,
          transferDueOn: transferDueOn({ documentDate, archivalYear: right.archivalYear }), retentionExpiresOn: retentionExpiresOn(right.archivalYear, right.retentionCode),
        };
        const batch = await tx.batches.get(record.batch);
        const metadataDigest = hex(parts.sm3(canonicalBytes(metadataOf(next, await tx.files.ofRecord(record.id), batch?.method ?? 'offline_upload'))));
        await tx.records.save({ ...next, metadataDigest }, input.seenVersion);
        // Found under either number: the old one stands on paper.
        await tx.records.indexWords(next, indexTerms([...searchedTexts(next.description, parts.searchedKeys), number.archivalCode, archivalCode]));
        await tx.voided.add({ series, sequence, archivalCode, record: record.id, replacedBy: number.archivalCode, reason: reason.text, by: call.person, at });
        await tx.records.addEvent(record.id, { activity: 'assign_code', at, person: call.person, duty: call.duty, mandate: '办法第二十一条', detail: { archivalCode: number.archivalCode, voided: archivalCode, reason: reason.text } });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { voided: archivalCode, archivalCode: number.archivalCode, metadataDigest } });
        return { record: record.id, voided: archivalCode, archivalCode: number.archivalCode };
      });
    },

    /** 作废号登记. */
    async voided(call: Call, input: FilingVoided) {
      const { page = 1, size = 50 } = input;
      const visible = await parts.visibleRecords(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.voided.list(visible, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, rows: await Promise.all(rows.map(async (row) => ({ ...row, byName: await parts.nameOf(row.by) }))) };
      });
    },
  };
}
