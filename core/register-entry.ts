import { compareDates, readDate } from './calendar.js';
import { ArchiveError } from './errors.js';
import type { ErrorDetail } from './errors.js';
import type { CalendarDate } from './ports.js';
import { cleanText } from './text.js';
import type { RegisterField, RegisterKind, RegistersFile, RegisterValues } from '../policies/schemas/registers.js';

type Value = RegisterValues[string];
type Read = { readonly value?: Value; readonly fault?: string };

const TEXT_MOST = 120;
const LONG_MOST = 2000;

/** @throws ArchiveError `E_INPUT_INVALID` for a register that is not kept */
export function registerKind(file: Pick<RegistersFile, 'kinds'>, key: string): RegisterKind {
  const found = file.kinds.find((one) => one.key === key);
  if (found === undefined) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/kind', message: '没有这个登记册，请从列表中选择' }]);
  return found;
}

const termsOf = (file: Pick<RegistersFile, 'dictionaries'>, field: RegisterField): ReadonlyMap<string, string> =>
  new Map(file.dictionaries.find(({ key }) => key === field.dictionary)?.terms.map(({ key, label }) => [key, label]) ?? []);

function text(field: RegisterField, given: Value): Read {
  if (typeof given !== 'string') return { fault: '须为文字' };
  const cleaned = cleanText(given, field.type === 'long');
  if (!cleaned.ok) return { fault: '含有不可见字符，请重新键入' };
  const most = field.max ?? (field.type === 'long' ? LONG_MOST : TEXT_MOST);
  return cleaned.text.length > most ? { fault: `不超过 ${String(most)} 字` } : { value: cleaned.text };
}

function read(file: Pick<RegistersFile, 'dictionaries'>, field: RegisterField, given: Value): Read {
  if (field.type === 'text' || field.type === 'long') return text(field, given);
  if (field.type === 'date') {
    const day = typeof given === 'string' ? readDate(given) : undefined;
    return day === undefined ? { fault: '须为日期，写作 20261122 或 2026-11-22' } : { value: day };
  }
  if (field.type === 'year') return typeof given === 'number' && Number.isInteger(given) && given >= 1900 && given <= 9999 ? { value: given } : { fault: '须为年度，四位数字' };
  if (field.type === 'amount') return typeof given === 'number' ? { value: given } : { fault: '须为数字' };
  const terms = termsOf(file, field);
  if (field.type === 'choice') return typeof given === 'string' && terms.has(given) ? { value: given } : { fault: '请从列表中选择' };
  return Array.isArray(given) && given.length > 0 && given.every((one) => terms.has(one)) ? { value: [...new Set(given)] } : { fault: '请从列表中选择' };
}

/**
 * The columns of an entry as the register has them: cleaned, complete, nothing beside them.
 * @throws ArchiveError `E_INPUT_INVALID` with every column at fault
 */
export function registerValues(file: Pick<RegistersFile, 'dictionaries'>, kind: RegisterKind, given: RegisterValues): RegisterValues {
  const faults: ErrorDetail[] = Object.keys(given).filter((key) => !kind.fields.some((field) => field.key === key)).map((key) => ({ at: `/values/${key}`, message: '本登记册没有这一栏' }));
  const values: Record<string, Value> = {};
  for (const field of kind.fields) {
    const value = given[field.key];
    const empty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
    const outcome: Read = empty ? (field.required ? { fault: '必填' } : {}) : read(file, field, value);
    if (outcome.fault === undefined && field.required && outcome.value === '') faults.push({ at: `/values/${field.key}`, message: `${field.label}：必填` });
    if (outcome.fault !== undefined) faults.push({ at: `/values/${field.key}`, message: `${field.label}：${outcome.fault}` });
    else if (outcome.value !== undefined && outcome.value !== '') values[field.key] = outcome.value;
  }
  const { from, to } = values;
  if (typeof from === 'string' && typeof to === 'string' && compareDates(to, from) < 0) faults.push({ at: '/values/to', message: '止日不得早于起日' });
  if (faults.length > 0) throw new ArchiveError('E_INPUT_INVALID', { what: kind.key }, faults);
  return values;
}

export interface RegisterReminder { readonly field: string; readonly name: string; readonly dueOn: CalendarDate }

/** What an entry in force reminds of, earliest first. */
export const remindersOf = (kind: RegisterKind, values: RegisterValues): readonly RegisterReminder[] =>
  kind.reminders.flatMap(({ field, name }) => { const on = values[field]; return typeof on === 'string' ? [{ field, name, dueOn: on }] : []; }).sort((one, other) => compareDates(one.dueOn, other.dueOn));

/** A value as it is read by people: labels for keys. */
export function valueText(file: Pick<RegistersFile, 'dictionaries'>, field: RegisterField, value: Value | undefined): string {
  if (value === undefined) return '';
  const terms = termsOf(file, field);
  return (Array.isArray(value) ? value : [value]).map((one) => terms.get(String(one)) ?? String(one)).join('、');
}

/**
 * 档案管理责任 that nobody bears on a day.
 * @see 办法第十一条
 */
export function missingResponsibilities(file: RegistersFile, entries: readonly RegisterValues[], on: CalendarDate): readonly { readonly role: string; readonly label: string }[] {
  const labels = new Map(file.dictionaries.find(({ key }) => key === 'responsibility_role')?.terms.map(({ key, label }) => [key, label]) ?? []);
  const borne = (role: string): boolean => entries.some(({ role: its, from, to }) => its === role && typeof from === 'string' && from <= on && (typeof to !== 'string' || on <= to));
  return file.responsibilityRequired.roles.filter((role) => !borne(role)).map((role) => ({ role, label: labels.get(role) ?? role }));
}

/** 办法施行前归档的历史数据: under the rules of before (2010). Without a date of effect everything is under the present text. @see 办法第四十六条 */
export const ruleOfFiling = (filedOn: CalendarDate, effectiveFrom: CalendarDate | null): 'current' | 'legacy' => (effectiveFrom !== null && compareDates(filedOn, effectiveFrom) < 0 ? 'legacy' : 'current');
