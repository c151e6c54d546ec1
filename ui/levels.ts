/** 密级: the five levels in order, as the server numbers them. Anything else is shown as the highest. */
export type Level = 0 | 1 | 2 | 3 | 4;

export interface LevelSight { readonly name: string; readonly style: string }

const LEVELS: readonly LevelSight[] = [
  { name: '公开', style: 'lv-public' },
  { name: '内部', style: 'lv-internal' },
  { name: '秘密', style: 'lv-conf' },
  { name: '机密', style: 'lv-secret' },
  { name: '绝密', style: 'lv-top' },
];
const HIGHEST: LevelSight = { name: '绝密', style: 'lv-top' };

export const ALL_LEVELS: readonly Level[] = [0, 1, 2, 3, 4];
export const levelSight = (level: number): LevelSight => LEVELS[level] ?? HIGHEST;

export interface Marked { readonly level: number; readonly markText?: string | null }

/** Years a mark text promises, for telling which of two equal levels to show in the banner; 长期 and conditions last longest. */
export function markWeight(text: string | null | undefined): number {
  if (!text) return 0;
  const term = text.split('★')[1] ?? '';
  const number = Number(/^(\d+)/.exec(term)?.[1] ?? Number.NaN);
  if (Number.isNaN(number)) return term === '' ? 0 : 10_000;
  if (term.includes('个月')) return number / 12;
  if (/年\d+月/.test(term)) return 9_000;
  return term.endsWith('日') ? number / 366 : number;
}

/** The banner shows the highest of what the page shows (console.md): level first, then the longest term. */
export function highestMark(shown: readonly Marked[]): Marked | null {
  let best: Marked | null = null;
  for (const one of shown) {
    if (!best || one.level > best.level || (one.level === best.level && markWeight(one.markText) > markWeight(best.markText))) best = one;
  }
  return best;
}

export const markOrName = (marked: Marked): string =>
  marked.level >= 2 && marked.markText ? marked.markText : levelSight(marked.level).name;
