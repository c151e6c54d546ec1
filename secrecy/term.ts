import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { MarkingFile, Term } from '../policies/schemas/secrecy.js';
import type { Level, SecretLevel } from './level.js';

export type { Term };
/** The parts of `policies/marking.json` that dates depend on. */
export type TermPolicy = Pick<MarkingFile, 'caps' | 'expiry'>;

/** When secrecy ends: the last day that is still secret, and the day from whose 00:00 (+08:00) it is not. */
export interface Ending { readonly lastSecretDay: CalendarDate; readonly declassifiesOn: CalendarDate }

/** @throws ArchiveError `E_INPUT_INVALID` for what is not a day of the calendar, such as 2026-02-29 */
export function date(value: string): Temporal.PlainDate {
  if (/^\d{4}-\d{2}-\d{2}$/u.test(value)) {
    try {
      return Temporal.PlainDate.from(value, { overflow: 'reject' });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new ArchiveError('E_INPUT_INVALID', { rule: 'date' }, [{ at: '/', message: '日期须为存在的日子，如 2026-06-30' }]);
}

/** 保密期限上限, years. @see 保密法(2024)第二十条 */
export function maxYears(level: SecretLevel, policy: TermPolicy): number {
  const cap = policy.caps.find((row) => row.level === level);
  if (cap === undefined) throw new ArchiveError('E_POLICY_INVALID', { level }, [{ at: 'marking.json#/caps', message: '缺少该密级的保密期限上限' }]);
  return cap.maxYears;
}

/** Twelve months are a year; days stay days (国家秘密文件、资料和其他物品标志的规定(1990)). @throws ArchiveError `E_INPUT_INVALID` for a negative, broken or empty period */
export function tidyTerm(term: Term): Term {
  if (term.kind === 'date') return { kind: 'date', on: date(term.on).toString() };
  if (term.kind === 'condition') {
    const condition = term.condition.trim();
    if (condition.length < 2 || /[★☆*]/u.test(condition)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'term' }, [{ at: '/term/condition', message: '解密条件须明确、具体' }]);
    return { kind: 'condition', condition, metOn: term.metOn === null ? null : date(term.metOn).toString() };
  }
  if (term.kind !== 'duration') return term;
  const parts = [term.years, term.months, term.days];
  if (parts.some((n) => !Number.isSafeInteger(n) || n < 0 || n > 36_600) || parts.every((n) => n === 0)) {
    throw new ArchiveError('E_INPUT_INVALID', { rule: 'term' }, [{ at: '/term', message: '保密期限须为正的整数年、月、日' }]);
  }
  return { kind: 'duration', years: term.years + Math.floor(term.months / 12), months: term.months % 12, days: term.days };
}

/**
 * 届满: start + period in calendar years, months and days, a month's overflow taking its last day. `inclusive`: the matching day is
 * still secret; `exclusive`: it is not.
 * @returns `null` where no day is fixed: 长期, or a condition not yet met.
 * @throws ArchiveError `E_CLS_BASIS_REQUIRED` without a start date where one is needed (实施条例(2024)第十九条)
 */
export function ending(term: Term, startOn: CalendarDate | null, level: SecretLevel, policy: TermPolicy): Ending | null {
  const day = matchingDay(tidyTerm(term), startOn, level, policy);
  if (day === null) return null;
  const inclusive = policy.expiry.convention === 'inclusive';
  return { lastSecretDay: day.subtract({ days: inclusive ? 0 : 1 }).toString(), declassifiesOn: day.add({ days: inclusive ? 1 : 0 }).toString() };
}

function matchingDay(term: Term, startOn: CalendarDate | null, level: SecretLevel, policy: TermPolicy): Temporal.PlainDate | null {
  switch (term.kind) {
    case 'duration': return start(startOn).add({ years: term.years, months: term.months, days: term.days }, { overflow: 'constrain' });
    case 'unstated': return start(startOn).add({ years: maxYears(level, policy) }, { overflow: 'constrain' });
    case 'date': return date(term.on);
    case 'condition': return term.metOn === null ? null : date(term.metOn);
    case 'long_term': return null;
  }
}

function start(startOn: CalendarDate | null): Temporal.PlainDate {
  if (startOn === null) throw new ArchiveError('E_CLS_BASIS_REQUIRED', { rule: 'startOn' }, [{ at: '/startOn', message: '请填写起算日（制发日；无制发日的，为书面通知之日）' }]);
  return date(startOn);
}

export interface TermCheck {
  readonly term: Term;
  readonly startOn: CalendarDate | null;
  readonly level: Level;
  /** 另有规定的依据, which lifts the cap. */
  readonly exceptionBasis: string | null;
  /** 保密事项范围明确规定长期. */
  readonly scopeSaysLongTerm: boolean;
}

/**
 * 保密期限上限.
 * @throws ArchiveError `E_CLS_PERIOD_EXCEEDS_MAX` over the cap or 长期 without its basis; `E_CLS_MARK_ON_NON_SECRET` for a term on
 * what is no state secret; `E_CLS_BASIS_REQUIRED` without a start date
 * @see 保密法(2024)第二十条;国家秘密定密管理规定(2014)第二十二条
 */
export function checkTerm({ term, startOn, level, exceptionBasis, scopeSaysLongTerm }: TermCheck, policy: TermPolicy): Term {
  if (level < 2) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level });
  const secret = level as SecretLevel;
  const tidy = tidyTerm(term);
  const years = maxYears(secret, policy);
  if (tidy.kind === 'long_term' && !scopeSaysLongTerm) throw new ArchiveError('E_CLS_PERIOD_EXCEEDS_MAX', { level, maxYears: years }, [{ at: '/term', message: '长期须由保密事项范围明确规定' }]);
  if (tidy.kind !== 'duration' && tidy.kind !== 'date') return tidy;
  const from = start(startOn);
  const day = matchingDay(tidy, startOn, secret, policy) ?? from;
  if (Temporal.PlainDate.compare(day, from) <= 0) throw new ArchiveError('E_INPUT_INVALID', { rule: 'term' }, [{ at: '/term', message: '解密时间须晚于起算日' }]);
  const cap = from.add({ years }, { overflow: 'constrain' });
  if (Temporal.PlainDate.compare(day, cap) > 0 && exceptionBasis === null) throw new ArchiveError('E_CLS_PERIOD_EXCEEDS_MAX', { level, maxYears: years });
  return tidy;
}

/** Whether secrecy has ended by itself; nothing opens until a person confirms it. */
export const hasEnded = (end: Ending | null, today: CalendarDate): boolean => end !== null && date(today).toString() >= end.declassifiesOn;

/** Whole days of secrecy left, counting today; 0 from the day it ends. `null`: no end is fixed. */
export function daysLeft(end: Ending | null, today: CalendarDate): number | null {
  return end === null ? null : Math.max(0, date(today).until(date(end.declassifiesOn), { largestUnit: 'days' }).days);
}

/** The reminder window (90, 30, 7, 0 days before) that today has entered, the tightest; `null` when none is near. */
export function reminder(end: Ending | null, today: CalendarDate, policy: TermPolicy): number | null {
  const left = daysLeft(end, today);
  return left === null ? null : policy.expiry.remindDays.filter((days) => left <= days).sort((a, b) => a - b)[0] ?? null;
}

/** 下次审核日. @see 保密法(2024)第二十四条 (每年审核) */
export function nextReview(from: CalendarDate, policy: Pick<MarkingFile, 'review'>): CalendarDate {
  return date(from).add({ months: policy.review.everyMonths }, { overflow: 'constrain' }).toString();
}
