/**
 * 移交清单 and the three attachments as they travel in 其他/: canonical JSON of one shape, so that the receiving box counts codes against
 * contents without reading a page. What people read is the PDF beside them.
 */
import { canonicalBytes } from '../../core/canonical.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Item } from './gathering.js';

/** Files under 其他/, by what they hold. */
export const LIST_FILES = { transferList: '移交清单.json', openOpinion: '到期开放意见.json', foiStatus: '政府信息公开情况.json', classificationChange: '密级变更情况.json' } as const;
export type TransferListKey = keyof typeof LIST_FILES;
export const LIST_TYPE = 'shouzang-transfer-list/v1';

export interface TransferListFile { readonly type: typeof LIST_TYPE; readonly list: TransferListKey; readonly packageNo: string; readonly rows: readonly (Readonly<Record<string, unknown>> & { readonly archivalCode: string })[] }

export const codeOf = (record: Pick<StoredRecord, 'archivalCode' | 'electronicRecordCode'>): string => record.archivalCode ?? record.electronicRecordCode;
export const textsOf = (value: unknown): string => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string').join('；') : typeof value === 'string' ? value : '');
export const pagesOf = (record: StoredRecord): number | null => { const pages = (record.description as Readonly<Record<string, unknown>>)['pageCount']; return typeof pages === 'number' ? pages : null; };
export const periodOf = (record: StoredRecord): string => { const { secrecyPeriod } = record.description; return typeof secrecyPeriod === 'string' ? secrecyPeriod : ''; };

/** 移交清单, one row an item. @see 电子档案移交与接收办法(2012)附件 */
export const listRow = ({ row, record, files }: Item, mediumNo: string) => ({
  no: row.position, archivalCode: codeOf(record), title: record.description.title ?? '', author: textsOf(record.description.author), date: record.documentDate ?? '', level: record.level, secrecyPeriod: periodOf(record),
  retention: record.currentRetention ?? record.retentionCode ?? '', files: files.length, pages: pagesOf(record), bytes: files.reduce((sum, file) => sum + file.bytes, 0), mediumNo, openOpinion: row.openOpinion?.opinion ?? null, remark: '',
});

export function listFiles(items: readonly Item[], packageNo: string, mediumNo: string): readonly { readonly name: string; readonly content: Uint8Array }[] {
  const file = (list: TransferListKey, rows: TransferListFile['rows']) => ({ name: LIST_FILES[list], content: canonicalBytes({ type: LIST_TYPE, list, packageNo, rows } satisfies TransferListFile) });
  return [
    file('transferList', items.map((item) => listRow(item, mediumNo))),
    file('openOpinion', items.map(({ row, record }) => ({ archivalCode: codeOf(record), ...row.openOpinion }))),
    file('foiStatus', items.map(({ row, record }) => ({ archivalCode: codeOf(record), ...row.foiStatus }))),
    file('classificationChange', items.map(({ row, record }) => ({ archivalCode: codeOf(record), ...row.classificationChange?.facts, reviewer: row.classificationChange?.reviewer ?? '', remark: row.classificationChange?.remark ?? '', confirmedAt: row.classificationChange?.at ?? null }))),
  ];
}
