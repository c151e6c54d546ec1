import type { CalendarDate } from '../core/ports.js';
import { isSecret, type Level } from './level.js';
import { markText, type MarkPolicy } from './marking.js';
import type { Ending, Term } from './term.js';

/** One thing in a volume, box, package, medium, report or page. */
export interface RollUpItem {
  readonly id: string;
  readonly level: Level;
  /** `null` for what is no state secret. */
  readonly term: Term | null;
  readonly ending: Ending | null;
}

/** 卷、包、盘、报表的密级: the highest level and the longest remaining period of what it holds, each with the item that causes it. */
export interface RollUp {
  readonly level: Level;
  readonly levelBy: string | null;
  readonly term: Term | null;
  /** `null` with a term: no end is fixed (长期, or a condition not met). */
  readonly lastSecretDay: CalendarDate | null;
  readonly termBy: string | null;
}

export const EMPTY: RollUp = { level: 0, levelBy: null, term: null, lastSecretDay: null, termBy: null };

/** Of an item alone. */
const single = ({ id, level, term, ending }: RollUpItem): RollUp =>
  ({ level, levelBy: id, term: isSecret(level) ? term : null, lastSecretDay: isSecret(level) ? ending?.lastSecretDay ?? null : null, termBy: isSecret(level) && term !== null ? id : null });

/** How far a term reaches: 长期 beyond a condition beyond any date beyond none. Equal reach is settled by id, so that order never matters. */
export function reach({ term, lastSecretDay }: RollUp): string {
  if (term === null) return '0';
  if (lastSecretDay !== null) return `1 ${lastSecretDay}`;
  return term.kind === 'long_term' ? '3' : '2';
}

function first(a: string | null, b: string | null): boolean {
  return b === null || (a !== null && a <= b);
}

/** Two roll-ups in one: associative, commutative, with `EMPTY` as its nothing, so that trees and sums agree. */
export function combine(a: RollUp, b: RollUp): RollUp {
  const high = a.level > b.level || (a.level === b.level && first(a.levelBy, b.levelBy)) ? a : b;
  const [ra, rb] = [reach(a), reach(b)];
  const long = ra > rb || (ra === rb && first(a.termBy, b.termBy)) ? a : b;
  return { level: high.level, levelBy: high.levelBy, term: long.term, lastSecretDay: long.lastSecretDay, termBy: long.termBy };
}

/** @see 汇编以最高密级、最长期限标志 (国家秘密文件、资料和其他物品标志的规定(1990)) */
export function rollUp(items: Iterable<RollUpItem>): RollUp {
  let sum = EMPTY;
  for (const item of items) sum = combine(sum, single(item));
  return sum;
}

/** Mark for a page, medium or package; a secret whose term is not known is shown with none stated. */
export function rollUpMark(sum: RollUp, policy: MarkPolicy): string {
  return markText(sum.level, isSecret(sum.level) ? sum.term ?? { kind: 'unstated' } : null, policy);
}
