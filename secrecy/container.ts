import { ArchiveError } from '../core/errors.js';
import { isSecret, type Level } from './level.js';
import { parseMark, type MarkPolicy } from './marking.js';
import { combine, EMPTY, reach, type RollUp, type RollUpItem } from './roll-up.js';

/**
 * 容器密级: what a volume, box, package, medium, batch or report carries of its items, and what it would carry if it were looked at now.
 * Raising is immediate; lowering waits for somebody's approval. @see 国家秘密文件、资料和其他物品标志的规定(1990): 汇编以最高密级、最长期限标志
 */
export interface ContainerMark {
  readonly held: RollUp;
  /** What the items now ask for, where that is less than what is held; `null` where it is the same. */
  readonly due: RollUp | null;
}

export const NO_MARK: ContainerMark = { held: EMPTY, due: null };

/** A mark that names no period runs to its level's cap and beats a date; what is only proposed has a level and no period yet. */
export function rollUpItem(record: { readonly id: string; readonly level: Level; readonly mark: string | null; readonly lastSecretDay: string | null }, policy: MarkPolicy): RollUpItem {
  const { id, level, mark, lastSecretDay } = record;
  if (!isSecret(level)) return { id, level, term: null, ending: null };
  const term = mark === null || mark === '' ? null : parseMark(mark, policy).term;
  return { id, level, term, ending: term === null || lastSecretDay === null ? null : { lastSecretDay, declassifiesOn: lastSecretDay } };
}

const same = (a: RollUp, b: RollUp): boolean => a.level === b.level && reach(a) === reach(b);

/** After a change of an item: level and period each go up at once, and never down by themselves. */
export function follow(mark: ContainerMark, now: RollUp): ContainerMark {
  const level = now.level >= mark.held.level ? now : mark.held;
  const term = reach(now) >= reach(mark.held) ? now : mark.held;
  const held: RollUp = { level: level.level, levelBy: level.levelBy, term: term.term, lastSecretDay: term.lastSecretDay, termBy: term.termBy };
  return { held, due: same(held, now) ? null : now };
}

/** One more item, or one that asks for more: no need to look at the others. */
export const join = (mark: ContainerMark, item: RollUp): ContainerMark => follow(mark, combine(mark.due ?? mark.held, item));

/** 批准降低. @throws ArchiveError `E_STATE_INVALID` where nothing waits, `E_STALE_VERSION` where the items ask for something else by now */
export function lower(mark: ContainerMark, approved: RollUp): ContainerMark {
  if (mark.due === null) throw new ArchiveError('E_STATE_INVALID', { event: 'lower' });
  if (!same(mark.due, approved)) throw new ArchiveError('E_STALE_VERSION', { event: 'lower' });
  return { held: mark.due, due: null };
}
