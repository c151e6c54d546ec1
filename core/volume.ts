import { ArchiveError } from './errors.js';
import type { ErrorDetail } from './errors.js';
import type { StoredRecord } from './holdings.js';
import type { CalendarDate, Instant, Level } from './ports.js';

/** 案卷: items of one category, year and period, in an order, with page numbers. */
export interface Volume {
  readonly id: string;
  readonly fonds: string;
  readonly department: string;
  readonly owner: string;
  readonly categoryCode: string;
  readonly archivalYear: number;
  readonly retentionCode: string;
  readonly orgOrFunction: string | null;
  /** What the 案卷号 is counted in. */
  readonly series: string;
  /** 案卷号, given when the volume is closed for the first time and kept. */
  readonly number: number | null;
  readonly state: 'open' | 'closed';
  readonly level: Level;
  readonly openedAt: Instant;
  readonly closedAt: Instant | null;
  readonly told: VolumeWords;
  readonly version: number;
}
/** Sealed: the title, and 备考表. */
export interface VolumeWords { readonly title: string; readonly note: string | null; readonly arrangedBy: string; readonly arrangedOn: CalendarDate | null; readonly checkedBy: string | null; readonly checkedOn: CalendarDate | null }

export interface VolumeItem { readonly record: string; readonly position: number; readonly pages: number }
/** Where a record stands in its volume. */
export interface VolumePlace extends VolumeItem { readonly volume: string; readonly number: number | null; readonly state: Volume['state']; readonly items: number; readonly fromPage: number }

export interface VolumePlaces { placesOf(records: readonly string[]): Promise<ReadonlyMap<string, VolumePlace>> }

/** Pages of each item: `1-3`, `4-4`, in the order of the volume. */
export function pageSpans(items: readonly VolumeItem[]): ReadonlyMap<string, { readonly from: number; readonly to: number }> {
  const spans = new Map<string, { readonly from: number; readonly to: number }>();
  let next = 1;
  for (const { record, pages } of [...items].sort((a, b) => a.position - b.position)) {
    spans.set(record, { from: next, to: next + pages - 1 });
    next += pages;
  }
  return spans;
}

/** 起止日期, of what is dated. */
export function volumeSpan(records: readonly Pick<StoredRecord, 'documentDate'>[]): { readonly from: CalendarDate; readonly to: CalendarDate } | null {
  const days = records.flatMap(({ documentDate }) => (documentDate === null ? [] : [documentDate])).sort();
  const [from, to] = [days[0], days.at(-1)];
  return from === undefined || to === undefined ? null : { from, to };
}

/** What keeps a record out of a volume, as the officer reads it; nothing for one that belongs. */
export function unfitFor(volume: Pick<Volume, 'fonds' | 'categoryCode' | 'archivalYear' | 'retentionCode' | 'orgOrFunction'>, record: StoredRecord): string | null {
  if (record.fonds !== volume.fonds) return '不属本全宗';
  const differs = (['categoryCode', 'archivalYear', 'retentionCode'] as const).filter((key) => record[key] !== null && record[key] !== volume[key]);
  if (differs.length > 0) return `与本卷的${differs.map((key) => ({ categoryCode: '门类', archivalYear: '年度', retentionCode: '保管期限' })[key]).join('、')}不同`;
  return volume.orgOrFunction !== null && record.orgOrFunction !== null && record.orgOrFunction !== volume.orgOrFunction ? '与本卷的机构（问题）不同' : null;
}

/** @throws ArchiveError `E_ARRANGE_INCOMPLETE` naming every item that is not arranged yet, or an empty volume */
export function requireClosable(volume: Volume, records: readonly StoredRecord[], ready: (record: StoredRecord) => boolean): void {
  if (volume.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { volume: volume.id, state: volume.state });
  if (records.length === 0) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['items'] }, [{ at: '/items', message: '卷内没有文件' }]);
  const details = records.flatMap((record): ErrorDetail[] => {
    const unfit = unfitFor(volume, record);
    const ref = record.archivalCode ?? record.electronicRecordCode;
    if (unfit !== null) return [{ at: `/items/${record.id}`, message: `${ref} ${unfit}，请改正或移出` }];
    return ready(record) ? [] : [{ at: `/items/${record.id}`, message: `${ref} 尚未整理齐全` }];
  });
  if (details.length > 0) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['items'], items: details.length }, details.slice(0, 100));
}
