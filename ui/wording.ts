/** How dates, numbers and digests are written in the console (console.md, Behaviour and Looks). Times are shown in +08:00. */

const SHANGHAI_MINUTES = 8 * 60;

function inShanghai(instant: string): Date | null {
  const at = Date.parse(instant);
  return Number.isNaN(at) ? null : new Date(at + SHANGHAI_MINUTES * 60_000);
}

/** `2026-11-22` of an instant or of a plain date. */
export function dateOf(value: string | null | undefined): string {
  if (!value) return '—';
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return value;
  const at = inShanghai(value);
  return at ? at.toISOString().slice(0, 10) : value;
}

/** `2026-11-22 15:04` for tables. */
export function timeOf(value: string | null | undefined): string {
  if (!value) return '—';
  const at = inShanghai(value);
  return at ? at.toISOString().slice(0, 16).replace('T', ' ') : value;
}

/** `11-22 15:04`, where the year is plain from the page. */
export const shortTimeOf = (value: string | null | undefined): string => (value ? timeOf(value).slice(5) : '—');

const WEEKDAYS = ['星期日', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六'] as const;

/** `2026年11月22日　星期日` for prose. */
export function proseDate(value: string): string {
  const at = inShanghai(value);
  if (!at) return value;
  return `${at.getUTCFullYear()}年${at.getUTCMonth() + 1}月${at.getUTCDate()}日　${WEEKDAYS[at.getUTCDay()] ?? ''}`;
}

/** Accepts `20261122`, `2026-11-22`, `2026/11/22`, `2026年11月22日`; `null` when it is no date of the calendar. */
export function typedDate(text: string): string | null {
  const found = /^(\d{4})(\d{2})(\d{2})$/.exec(text.trim()) ?? /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text.trim());
  if (!found) return null;
  const [, year = '', month = '', day = ''] = found;
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const at = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso) ? iso : null;
}

export const count = (value: number | null | undefined): string =>
  value === null || value === undefined ? '—' : value.toLocaleString('en-US');

/** Bytes in full to 1 MB, then MB with one decimal. */
export function bytes(value: number): string {
  if (value < 1_000_000) return `${count(value)} 字节`;
  return value < 1_000_000_000 ? `${(value / 1_000_000).toFixed(1)} MB` : `${(value / 1_000_000_000).toFixed(2)} GB`;
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '—';
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} 秒`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} 分` : `${(seconds / 3600).toFixed(1)} 小时`;
}

/** `9f2c41ab…` in groups of eight for the sign dialog and printed forms. */
export const digestGroups = (hex: string): readonly string[] => hex.match(/.{1,8}/g) ?? [];
export const clock = (instant: Date): string => timeOf(instant.toISOString());
