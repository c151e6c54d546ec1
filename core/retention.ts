import { Temporal } from 'temporal-polyfill';
import { compareDates } from './calendar.js';
import { ArchiveError } from './errors.js';
import type { CalendarDate } from './ports.js';
import type { RetentionItem, RetentionSchedule, ScheduleApproval } from '../policies/schemas/arrangement.js';

/** `Y` 永久 is `null`; `D30` is 30. @throws ArchiveError `E_RETENTION_REQUIRED` for anything else */
export function retentionYears(code: string): number | null {
  if (code === 'Y') return null;
  const [, years] = /^D([1-9]\d{0,2})$/.exec(code) ?? [];
  if (years === undefined) throw new ArchiveError('E_RETENTION_REQUIRED');
  return Number(years);
}

/** 期限不短于: 永久 is the longest. */
export const isAsLong = (code: string, floor: string): boolean => (retentionYears(code) ?? Infinity) >= (retentionYears(floor) ?? Infinity);

/**
 * 保管期满: the last day of the N-th year after the archival year, `null` for 永久. Counted from 1 January after the archival year.
 * @example retentionExpiresOn(2015, 'D10') // '2025-12-31'
 */
export function retentionExpiresOn(archivalYear: number, code: string): CalendarDate | null {
  const years = retentionYears(code);
  return years === null ? null : Temporal.PlainDate.from({ year: archivalYear + years, month: 12, day: 31 }).toString();
}

/** A record whose period ends on that day is due for appraisal the day after (第三十八条). */
export const isExpired = (expiresOn: CalendarDate | null, today: CalendarDate): boolean => expiresOn !== null && compareDates(today, expiresOn) > 0;

/** 临近提醒 before the end, earliest first. */
export function reminders(schedule: Pick<RetentionSchedule, 'remindMonthsBefore'>, expiresOn: CalendarDate): readonly CalendarDate[] {
  const end = Temporal.PlainDate.from(expiresOn);
  return schedule.remindMonthsBefore.map((months) => end.subtract({ months }).toString()).sort();
}

/** `Y`, `D30`, 永久, 30年, 三十年 … as the schedule's words have them; `undefined` where the word is none of them (长期, 短期 included). */
export function readRetention(schedule: Pick<RetentionSchedule, 'terms'>, word: string): string | undefined {
  const folded = word.normalize('NFKC').replace(/\s+/gu, '');
  if (/^(?:Y|D[1-9]\d{0,2})$/i.test(folded)) return folded.toUpperCase();
  const [, years] = /^(?:定期)?([1-9]\d{0,2})年$/.exec(folded) ?? [];
  return schedule.terms.find((term) => term.words.includes(folded))?.code ?? (years === undefined ? undefined : `D${years}`);
}

/**
 * 三表经审核后启用: a schedule or scope without approval is not in force; the shipped approval counts only in a rehearsal box.
 * @throws ArchiveError `E_SCHEDULE_NOT_APPROVED`
 * @see 办法第十五条; 档案法实施条例(2024)第十九条
 */
export function requireApproved(table: { readonly version: string; readonly approval: ScheduleApproval | null }, box: { readonly rehearsal: boolean }): ScheduleApproval {
  const { approval, version } = table;
  if (approval === null || (approval.rehearsal === true && !box.rehearsal)) throw new ArchiveError('E_SCHEDULE_NOT_APPROVED', { version });
  return approval;
}

/** The version in force on a day, the latest where periods touch; `undefined` where none is. */
export function inForce<T extends { readonly effectiveFrom: CalendarDate; readonly effectiveTo: CalendarDate | null }>(versions: readonly T[], on: CalendarDate): T | undefined {
  return versions
    .filter((version) => compareDates(version.effectiveFrom, on) <= 0 && (version.effectiveTo === null || compareDates(on, version.effectiveTo) <= 0))
    .sort((one, other) => compareDates(other.effectiveFrom, one.effectiveFrom))[0];
}

/** @throws ArchiveError `E_SCOPE_NOT_IN_SCHEDULE` */
export function scheduleItem(schedule: RetentionSchedule, code: string): RetentionItem {
  const found = schedule.items.find((item) => item.code === code);
  if (found === undefined) throw new ArchiveError('E_SCOPE_NOT_IN_SCHEDULE', { item: code, version: schedule.version });
  return found;
}

/**
 * 划定保管期限: the item is in the schedule, fits the category, and the period chosen is not shorter than its own (可延长, 不可短于).
 * @throws ArchiveError `E_RETENTION_REQUIRED`, `E_SCOPE_NOT_IN_SCHEDULE`, `E_RETENTION_TOO_SHORT`
 * @see 国家档案局令第 8 号; 办法第十五条
 */
export function requireRetention(schedule: RetentionSchedule, choice: { readonly scheduleItem: string; readonly category: string; readonly retention: string }): RetentionItem {
  const { version } = schedule;
  if (choice.retention === '') throw new ArchiveError('E_RETENTION_REQUIRED', { item: choice.scheduleItem, version });
  const item = scheduleItem(schedule, choice.scheduleItem);
  if (item.category !== choice.category && item.otherCategories?.includes(choice.category) !== true) {
    throw new ArchiveError('E_SCOPE_NOT_IN_SCHEDULE', { item: item.code, version, category: choice.category });
  }
  if (!isAsLong(choice.retention, item.retention)) throw new ArchiveError('E_RETENTION_TOO_SHORT', { item: item.code, required: item.retention });
  return item;
}
