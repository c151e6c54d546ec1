import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { Category, PeopleFile } from '../policies/schemas/people.js';
import { isLevel, type Level } from './level.js';

const wrong = (at: string, message: string, rule: string) => new ArchiveError('E_INPUT_INVALID', { rule }, [{ at, message }]);
const plusYears = (day: CalendarDate, years: number): CalendarDate => Temporal.PlainDate.from(day).add({ years }).toString();

function categoryOf(policy: PeopleFile, category: Category): PeopleFile['categories'][number] {
  const row = policy.categories.find(({ key }) => key === category);
  if (row === undefined) throw new ArchiveError('E_POLICY_INVALID', { category }, [{ at: 'people.json#/categories', message: '缺少该分类' }]);
  return row;
}

/** 涉密资格 as it counts today: the day after its last one it is none. Whatever cannot be read is none. */
export function clearanceToday(clearance: unknown, until: CalendarDate | null, today: CalendarDate): Level {
  return isLevel(clearance) && (until === null ? clearance < 2 : today <= until) ? clearance : 0;
}

export interface Reviewed { readonly state: 'in_post' | 'cooling' | 'released'; readonly category: Category }

/**
 * 授予涉密资格: only who was reviewed and committed, at most the category's level, and never without an end.
 * @throws ArchiveError `E_CLEARANCE_REQUIRED` outside the register; `E_INPUT_INVALID` naming the field
 * @see 保密法(2024)第四十三条
 */
export function checkClearance(policy: PeopleFile, entry: Reviewed | undefined, clearance: Level, until: CalendarDate | null, today: CalendarDate): void {
  if (until !== null && until < today) throw wrong('/until', '资格截止日已过，请改填以后的日期', 'clearance.until');
  if (clearance < 2) return;
  if (entry?.state !== 'in_post') throw new ArchiveError('E_CLEARANCE_REQUIRED', { register: entry?.state ?? 'none' }, [{ at: '/person', message: '请先在涉密人员台账登记上岗审查和保密承诺书' }]);
  const { maxLevel, name } = categoryOf(policy, entry.category);
  if (clearance > maxLevel) throw wrong('/clearance', `${name}的涉密资格不得高于台账分类对应的密级，请先变更分类`, 'clearance.category');
  if (until === null) throw wrong('/until', '涉密资格须有截止日', 'clearance.until');
  if (until > plusYears(today, policy.clearance.maxYears)) throw wrong('/until', `涉密资格一次最长 ${String(policy.clearance.maxYears)} 年`, 'clearance.until');
}

/**
 * 授权截止日. Offices of the three say their end; a business duty without one gets the longest the policy allows.
 * @throws ArchiveError `E_GRANT_OPEN_ENDED`; `E_INPUT_INVALID` beyond the policy's years
 */
export function grantEnd(policy: PeopleFile, kind: 'box' | 'business', until: CalendarDate | undefined, today: CalendarDate): CalendarDate {
  const years = kind === 'box' ? policy.grants.officerMaxYears : policy.grants.businessMaxYears;
  const longest = plusYears(today, years);
  if (until === undefined) {
    if (kind === 'box') throw new ArchiveError('E_GRANT_OPEN_ENDED', { years }, [{ at: '/until', message: `三员授权须填写截止日，最长 ${String(years)} 年` }]);
    return longest;
  }
  if (until > longest) throw wrong('/until', `授权一次最长 ${String(years)} 年`, 'grant.until');
  return until;
}

/**
 * 脱密期: the last day of it, from the day of leaving; the longest of the category unless a shorter one within its range is given.
 * @throws ArchiveError `E_INPUT_INVALID` outside the range
 * @see 保密法实施条例(2024)第五十三条; years: `people.json`
 */
export function coolOffUntil(policy: PeopleFile, category: Category, leftOn: CalendarDate, years?: number): CalendarDate {
  const { coolOffYears: { min, max }, name } = categoryOf(policy, category);
  const chosen = years ?? max;
  if (chosen < min || chosen > max) throw wrong('/coolOffYears', `${name}的脱密期为 ${String(min)}–${String(max)} 年`, 'coolOff');
  return plusYears(leftOn, chosen);
}

/** 教育培训 still missing this year, in 学时. */
export const trainingMissing = (policy: PeopleFile, hours: number): number => Math.max(0, policy.training.hoursPerYear - hours);
