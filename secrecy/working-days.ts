import type { CalendarDate } from '../core/ports.js';
import type { HolidaysFile } from '../policies/schemas/marking-case.js';
import { date } from './term.js';

/** A day so many working days on. `covered`: every year between is in the table; otherwise only Saturdays and Sundays were left out. */
export interface WorkingDay { readonly on: CalendarDate; readonly covered: boolean }

/** `null`: the table says nothing of that year. */
function listed(day: CalendarDate, table: Pick<HolidaysFile, 'years'>): 'off' | 'work' | 'plain' | null {
  const year = table.years.find((one) => one.year === Number(day.slice(0, 4)));
  if (year === undefined) return null;
  if (year.work.includes(day)) return 'work';
  return year.off.some(([first, last]) => first <= day && day <= last) ? 'off' : 'plain';
}

export function isWorkingDay(day: CalendarDate, table: Pick<HolidaysFile, 'years'>): boolean {
  const said = listed(day, table);
  return said === 'work' || (said !== 'off' && date(day).dayOfWeek < 6);
}

/**
 * The last day of a period of working days, the day it starts from not counted. A year without a row is not guessed at: only its
 * Saturdays and Sundays are left out, the real day may be another, and `covered` says so.
 * @see 国务院办公厅关于部分节假日安排的通知
 */
export function workingDaysAfter(from: CalendarDate, days: number, table: Pick<HolidaysFile, 'years'>): WorkingDay {
  let [day, left, covered] = [date(from), days, true];
  while (left > 0) {
    day = day.add({ days: 1 });
    covered &&= listed(day.toString(), table) !== null;
    if (isWorkingDay(day.toString(), table)) left -= 1;
  }
  return { on: day.toString(), covered };
}
