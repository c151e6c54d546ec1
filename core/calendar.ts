import { Temporal } from 'temporal-polyfill';
import type { CalendarDate, Instant } from './ports.js';

/** `YYYY-MM-DD` if that day exists, else `undefined`. */
function existing(year: number, month: number, day: number): CalendarDate | undefined {
  try {
    return Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' }).toString();
  } catch {
    return undefined;
  }
}

/** 日期著录: `20261122` or `2026-11-22`, a day that exists in the years 0001–9999; anything else is `undefined`. */
export function readDate(text: string): CalendarDate | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year === undefined || Number(year) === 0) return undefined;
  return existing(Number(year), Number(month), Number(day));
}

/**
 * The other ways offices write a day (`2026年3月5日`, `2026-3-5`, `2026/3/5`, `2026.3.5`, full-width digits), for catalogues only.
 * A month without a day is not a date and stays `undefined`.
 */
export function readOfficeDate(text: string): CalendarDate | undefined {
  const folded = text.normalize('NFKC').trim();
  const parts = /^(\d{4})年(\d{1,2})月(\d{1,2})日$/.exec(folded) ?? /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/.exec(folded);
  if (parts === null) return readDate(folded);
  const numbers = parts.slice(1).filter((part) => /^\d+$/.test(part)).map(Number);
  const [year = 0, month = 0, day = 0] = numbers;
  return year === 0 ? undefined : existing(year, month, day);
}

/** 归档文件目录的 8 位数字日期: `20261122`. */
export const eightDigits = (date: CalendarDate): string => date.replaceAll('-', '');

export const yearOf = (date: CalendarDate): number => Temporal.PlainDate.from(date).year;

/** -1, 0 or 1 as for sorting. */
export const compareDates = (one: CalendarDate, other: CalendarDate): number =>
  Temporal.PlainDate.compare(Temporal.PlainDate.from(one), Temporal.PlainDate.from(other));

/** 按日历法加年: 2024-02-29 plus one year is 2025-02-28. */
export const addYears = (date: CalendarDate, years: number): CalendarDate => Temporal.PlainDate.from(date).add({ years }).toString();

/** 自然日 from one date to the other, negative where the second is earlier. */
export const daysBetween = (from: CalendarDate, to: CalendarDate): number =>
  Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to), { largestUnit: 'days' }).days;

/** The day of an instant in Asia/Shanghai: until eight in the morning it is not yet that day in UTC. */
export const dayOf = (at: Instant): CalendarDate => Temporal.Instant.from(at).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString();
