import { addYears, compareDates, daysBetween, yearOf } from './calendar.js';
import { ArchiveError } from './errors.js';
import type { CalendarDate } from './ports.js';

/** 归档截止: 30 June of the year after the business was completed. @see 办法第二十条 */
export const filingDeadline = (completedOn: CalendarDate): CalendarDate => `${String(yearOf(completedOn) + 1).padStart(4, '0')}-06-30`;

export interface TransferRule {
  readonly years: number;
  /** What 形成之日 means: the date of the document, or the end of the archival year. */
  readonly from: 'documentDate' | 'archivalYearEnd';
}

/** 一般自形成之日起五年内移交. @see 办法第二十二条一款 */
export const TRANSFER_RULE: TransferRule = { years: 5, from: 'documentDate' };

/** 移交截止. */
export function transferDueOn(formed: { readonly documentDate: CalendarDate; readonly archivalYear: number }, rule: TransferRule = TRANSFER_RULE): CalendarDate {
  return addYears(rule.from === 'documentDate' ? formed.documentDate : `${String(formed.archivalYear)}-12-31`, rule.years);
}

/** Whole days past the due date; 0 on the day itself and before. */
export const overdueDays = (due: CalendarDate, today: CalendarDate): number => Math.max(0, daysBetween(due, today));

/**
 * Late is not refused, but it is explained.
 * @throws ArchiveError `E_OVERDUE_REASON_REQUIRED` with the days
 * @see 办法第二十、二十二条
 */
export function requireOverdueReason(due: CalendarDate, today: CalendarDate, reason: string | undefined): void {
  const days = overdueDays(due, today);
  if (days > 0 && (reason === undefined || reason.trim() === '')) throw new ArchiveError('E_OVERDUE_REASON_REQUIRED', { due, overdueDays: days });
}

/** 归属年度 where nobody chose one: the year the business was completed. @see DA/T 22-2015 (形成与办结跨年按办结年) */
export const defaultArchivalYear = (dates: { readonly documentDate: CalendarDate; readonly completedOn?: CalendarDate }): number => yearOf(dates.completedOn ?? dates.documentDate);

/** GD-1-5: a document is not dated after the day it was completed or filed. Pointers of the dates at fault. */
export function dateFaults(dates: { readonly documentDate?: CalendarDate; readonly completedOn?: CalendarDate; readonly incoming?: boolean }, today: CalendarDate): readonly string[] {
  const { documentDate, completedOn } = dates;
  const faults: string[] = [];
  if (documentDate !== undefined && compareDates(documentDate, today) > 0) faults.push('/documentDate');
  if (completedOn !== undefined && compareDates(completedOn, today) > 0) faults.push('/completedOn');
  if (documentDate !== undefined && completedOn !== undefined && dates.incoming !== true && compareDates(completedOn, documentDate) < 0) faults.push('/completedOn');
  return [...new Set(faults)];
}
