/** 保管 (办法第二十七、三十条): where archives may lie, how much of them a round looks at, and what becomes of what it finds. */
import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from './errors.js';
import type { CalendarDate, Instant, Level } from './ports.js';

export type StorageKind = 'local_appliance' | 'gov_cloud' | 'other_cloud';
export interface StoragePlace { readonly kind: StorageKind; /** Highest level that lies there. */ readonly level: Level; /** 安全责任约定, its number. */ readonly responsibilityNo: string | null }

/**
 * 存储位置. Other clouds than the government's never; the government's never for what is classified, and only under a 责任书.
 * @param cloudUpTo highest level that may lie in the government cloud (policy)
 * @throws ArchiveError `E_CLOUD_STORAGE_FORBIDDEN`
 * @see 办法第二十七条二款
 */
export function admitStorage(place: StoragePlace, cloudUpTo: number): void {
  const refuse = (at: string, message: string): never => { throw new ArchiveError('E_CLOUD_STORAGE_FORBIDDEN', { kind: place.kind, level: place.level }, [{ at, message }]); };
  if (place.kind === 'other_cloud') refuse('/kind', '禁止使用电子政务云以外的云存储，请改用本机或电子政务云');
  if (place.kind !== 'gov_cloud') return;
  if (place.level > cloudUpTo) refuse('/level', '涉密档案不得存放于任何云，请改用本机');
  if ((place.responsibilityNo ?? '').trim() === '') refuse('/responsibilityNo', '使用电子政务云须先订立安全责任约定，请填写责任书编号');
}

/** How often, what share at least, and within how many months everything. */
export interface RoundRule { readonly intervalMonths: number; readonly sampleRate: number; readonly coverMonths: number }

/** Instant so many months earlier, by the calendar of Asia/Shanghai. */
export const monthsBefore = (at: Instant, months: number): Instant => Temporal.Instant.from(at).toZonedDateTimeISO('Asia/Shanghai').subtract({ months }).toInstant().toString({ smallestUnit: 'millisecond' });
/** Day so many months after the day of an instant. */
export const monthsAfter = (at: Instant, months: number): CalendarDate => Temporal.Instant.from(at).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().add({ months }).toString();

/**
 * Everything last looked at before this would be older than `coverMonths` by the end of the next interval: a round takes all of it. So whoever
 * keeps the interval has looked at everything within the set period.
 */
export const staleBefore = (at: Instant, rule: RoundRule): Instant => monthsBefore(at, Math.max(0, rule.coverMonths - rule.intervalMonths));

/** How many a round looks at, the longest unseen first. */
export const roundSize = (rule: Pick<RoundRule, 'sampleRate'>, total: number, stale: number): number => Math.min(total, Math.max(Math.ceil(total * rule.sampleRate), stale));

export interface ClimateRange { readonly temperature: readonly [number, number]; readonly humidity: readonly [number, number] }
/** What is outside the range, in words. */
export function climateFaults(reading: { readonly temperature: number; readonly humidity: number }, range: ClimateRange): readonly string[] {
  const outside = (value: number, [from, to]: readonly [number, number], name: string, unit: string): string[] => (value < from || value > to ? [`${name} ${String(value)}${unit}，应为 ${String(from)}–${String(to)}${unit}`] : []);
  return [...outside(reading.temperature, range.temperature, '温度', '℃'), ...outside(reading.humidity, range.humidity, '相对湿度', '%')];
}

/** 处置: how a finding was dealt with. */
export const HANDLINGS = ['restored', 'migrated', 'replaced', 'adjusted', 'no_fault'] as const;
export type Handling = (typeof HANDLINGS)[number];
