import { ArchiveError, type ErrorDetail } from './errors.js';
import { cleanText, textFaultMessage } from './text.js';
import type { Description } from '../policies/schemas/description.js';

export type { Description } from '../policies/schemas/description.js';

/** Fields that have lines; all others are one line. */
const MULTILINE: ReadonlySet<string> = new Set(['abstract', 'annotation', 'background', 'caption', 'otherReceivers']);

export interface TidyDescription<T> {
  readonly description: T;
  /** What was mended (trimmed, composed), by pointer: shown, refused by nobody. */
  readonly notices: readonly ErrorDetail[];
}

/**
 * 著录规范化: every text trimmed and composed, empty ones dropped. Fields and their types are the schema's business; this is about what
 * stands inside the texts.
 * @throws ArchiveError `E_META_INVALID` with every place that holds a forbidden character
 * @see DA/T 70-2018 GD-1-6
 */
export function tidyDescription<T extends Readonly<Record<string, unknown>>>(raw: T): TidyDescription<T> {
  const faults: ErrorDetail[] = [];
  const notices: ErrorDetail[] = [];
  const tidy = (value: unknown, at: string, multiline: boolean): unknown => {
    if (typeof value === 'string') {
      const cleaned = cleanText(value, multiline);
      if (!cleaned.ok) {
        faults.push({ at, message: textFaultMessage(cleaned) });
        return value;
      }
      if (cleaned.changes.includes('trimmed')) notices.push({ at, message: '首尾空白已去除' });
      if (cleaned.changes.includes('composed')) notices.push({ at, message: '组合字符已合为规范形式' });
      return cleaned.text === '' ? undefined : cleaned.text;
    }
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, index) => tidy(item, `${at}/${String(index)}`, multiline)).filter((item) => item !== undefined);
      return items.length === 0 ? undefined : items;
    }
    return value;
  };
  const entries = Object.entries(raw).map(([key, value]) => [key, tidy(value, `/${key}`, MULTILINE.has(key))] as const);
  if (faults.length > 0) throw new ArchiveError('E_META_INVALID', { places: faults.length }, faults);
  const kept = entries.filter(([, value]) => value !== undefined);
  return { description: Object.fromEntries(kept) as T, notices };
}

/**
 * 题名: `[关于……的函]` is a title supplied by the archivist (自拟题名加方括号). The brackets are the flag, not part of the text.
 * @see DA/T 22-2015 归档文件目录
 */
export function readTitle(text: string): Pick<Description, 'title' | 'titleSupplied'> {
  const [, inner] = /^[[［](.+)[\]］]$/u.exec(text) ?? [];
  return inner === undefined || /[[\]［］]/u.test(inner) ? { title: text } : { title: inner.trim(), titleSupplied: true };
}

/** The title as it is printed in a catalogue, supplied ones in brackets. */
export const printTitle = ({ title, titleSupplied }: Pick<Description, 'title' | 'titleSupplied'>): string => (titleSupplied === true ? `[${title}]` : title);

/** Faults of a title that is one by type but names nothing. */
export function titleDetails(title: string | undefined): readonly ErrorDetail[] {
  if (title === undefined) return [{ at: '/title', message: '题名不能为空，请按文件内容著录题名' }];
  if (!/[\p{L}\p{N}]/u.test(title)) return [{ at: '/title', message: '题名没有文字，请按文件内容著录题名' }];
  if (/[\uFFFD]/u.test(title)) return [{ at: '/title', message: '题名含乱码替代符，请对照原件改正' }];
  return [];
}

/** The texts of a description that go into the search index, in the order of the scheme. */
export function searchedTexts(description: Readonly<Record<string, unknown>>, keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => {
    const value = description[key];
    if (typeof value === 'string') return [value];
    return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
  });
}
