import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { Change, Classification, Declassified } from './classification-state.js';
import type { MarkingPolicy } from './classification-rules.js';
import { scopeChange } from './scope.js';
import { date } from './term.js';

/** One mark of the past beside the one that followed it. `old` is shown crossed out. */
export interface MarkLine { readonly old: string; readonly text: string; readonly on: CalendarDate; readonly no: string | null; readonly kind: Change['kind'] | 'declassified' }

/** 解密标志: `解密 2036-03-02 自行解密`, `解密 2026-05-10 密解〔2026〕3号`, `解密 正式公布 2026-05-10`. */
export function declassificationMark({ how, on, no, noticeNo }: Pick<Declassified, 'how' | 'on' | 'no' | 'noticeNo'>): string {
  if (how === 'self') return `解密 ${on} 自行解密`;
  return how === 'published' ? `解密 正式公布 ${on}` : `解密 ${on} ${no ?? noticeNo ?? ''}`.trimEnd();
}

/** What stands beside the mark, oldest first; the old one stays, crossed out. @see 国家秘密定密管理规定(2014)第二十九、三十四条 */
export function markHistory(it: Classification): readonly MarkLine[] {
  if (!('changes' in it)) return [];
  const lines = it.changes.map((one): MarkLine => ({ old: one.from.mark, text: changeText(one), on: one.on, no: one.noticeNo ?? one.no, kind: one.kind }));
  return it.state === 'declassified' ? [...lines, { old: it.current.mark, text: declassificationMark(it), on: it.on, no: it.noticeNo ?? it.no, kind: 'declassified' }] : lines;
}

function changeText({ kind, from, to, on, no, noticeNo }: Change): string {
  const number = noticeNo ?? no ?? '';
  const tail = `${on} ${number}`.trimEnd();
  switch (kind) {
    case 'extend': return `延期：${to.mark}${to.startOn === null ? '' : `（自${to.startOn}）`} ${tail}`;
    case 'review': return `审核：继续保密 ${tail}`;
    case 'confirm': return `确定：${to.mark} ${tail}`;
    case 'partial': return `部分解密：${from.mark}→${to.mark} ${tail}`;
    case 'change': return from.mark === to.mark ? `变更${scopeText(from, to)} ${tail}` : `变更：${from.mark}→${to.mark} ${tail}`;
  }
}

function scopeText(from: Change['from'], to: Change['to']): string {
  const { added, removed } = scopeChange(from.scope, to.scope);
  const count = (one: typeof added): number => one.persons.length + one.departments.length;
  return count(added) + count(removed) === 0 ? '' : `：知悉范围 增 ${String(count(added))} 减 ${String(count(removed))}`;
}

/**
 * Rule 9: what goes to a state archive was reviewed within the months before, or is declassified.
 * @throws ArchiveError `E_TRANSFER_DECLASS_REVIEW_REQUIRED`
 * @see 国家秘密解密暂行办法(2020)第四条
 */
export function requireTransferReview(it: Classification, on: CalendarDate, policy: Pick<MarkingPolicy, 'review'>): void {
  if (it.state === 'declassified') return;
  const since = date(on).subtract({ months: policy.review.transferWithinMonths }).toString();
  const reviews = 'changes' in it ? it.changes.filter((one) => one.reviewed && since <= one.on && one.on <= on) : [];
  if (reviews.length === 0) throw new ArchiveError('E_TRANSFER_DECLASS_REVIEW_REQUIRED', { id: it.id, since });
}
