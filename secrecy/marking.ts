import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { MarkingFile, Term } from '../policies/schemas/secrecy.js';
import { isSecret, levelByName, levelName, type Level } from './level.js';
import { date, tidyTerm } from './term.js';

export type MarkPolicy = Pick<MarkingFile, 'mark'>;

/** A mark as read: its canonical text, and whether the one given was written otherwise. */
export interface Mark { readonly level: Level; readonly term: Term | null; readonly text: string; readonly rewritten: boolean }

const UNSTATED: Term = { kind: 'unstated' };

/**
 * 国家秘密标志文字: `机密★20年`, `秘密★6个月`, `机密★2030年12月31日`, `绝密★启封后`, `绝密★长期`; internal: `内部`; public: empty.
 * @param term `null` for what is no state secret
 * @throws ArchiveError `E_CLS_MARK_ON_NON_SECRET` for a term on what is no state secret; `E_CLS_MARK_MISSING` for a secret without one
 * @see 国家秘密定密管理规定(2014)第二十四条;保密法(2024)第二十二条
 */
export function markText(level: Level, term: Term | null, policy: MarkPolicy): string {
  if (!isSecret(level)) {
    if (term !== null) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level });
    return level === 1 ? policy.mark.internal[0] ?? '内部' : '';
  }
  if (term === null) throw new ArchiveError('E_CLS_MARK_MISSING', { level });
  return `${levelName(level)}${policy.mark.separator}${termText(term, policy)}`;
}

/** What stands behind the ★; empty where the mark gives no period. */
export function termText(term: Term, policy: MarkPolicy): string {
  const tidy = tidyTerm(term);
  switch (tidy.kind) {
    case 'duration': return [tidy.years > 0 ? `${tidy.years}年` : '', tidy.months > 0 ? `${tidy.months}个月` : '', tidy.days > 0 ? `${tidy.days}日` : ''].join('');
    case 'date': return chineseDate(tidy.on);
    case 'condition': return tidy.condition;
    case 'long_term': return policy.mark.longTerm;
    case 'unstated': return '';
  }
}

/** `2030年12月31日` */
export function chineseDate(on: CalendarDate): string {
  const { year, month, day } = date(on);
  return `${year}年${month}月${day}日`;
}

/**
 * Reads a mark as people write it: full-width digits, blanks, a `级` too many, another star, `6月` for `6个月`, `7天`, ISO dates.
 * @throws ArchiveError `E_INPUT_INVALID` for what is no mark; `E_CLS_MARK_ON_NON_SECRET` for a ★ on internal or public
 */
export function parseMark(given: string, policy: MarkPolicy): Mark {
  const plain = policy.mark.separatorVariants.reduce((text, star) => text.replaceAll(star, policy.mark.separator), given.normalize('NFKC')).replace(/\uFE0F/gu, '').trim();
  if (policy.mark.internal.includes(plain) || plain === '公开') return { level: plain === '公开' ? 0 : 1, term: null, text: plain === '公开' ? '' : plain, rewritten: given !== plain || plain === '公开' };
  const [head = '', ...tail] = plain.split(policy.mark.separator);
  const level = levelByName(head.replaceAll(/\s/gu, '').replace(/级$/u, ''));
  if (level === undefined || tail.length > 1) throw notAMark();
  if (!isSecret(level)) throw tail.length > 0 ? new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level }) : notAMark();
  const term = parseTerm(tail[0] ?? '', policy);
  const text = markText(level, term, policy);
  return { level, term, text, rewritten: text !== given };
}

/** What stands behind the ★, read. @throws ArchiveError `E_INPUT_INVALID` */
export function parseTerm(given: string, policy: MarkPolicy): Term {
  const text = given.normalize('NFKC').replaceAll(/\s/gu, '');
  if (text === '') return UNSTATED;
  if (text === policy.mark.longTerm) return { kind: 'long_term' };
  const day = /^(\d{4})(?:年(\d{1,2})月(\d{1,2})日|([-./])(\d{1,2})\4(\d{1,2}))$/u.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/u.exec(text);
  if (day !== null) {
    const [, year = '', month, number, , isoMonth, isoDay] = day;
    return { kind: 'date', on: date(`${year}-${(month ?? isoMonth ?? '').padStart(2, '0')}-${(number ?? isoDay ?? '').padStart(2, '0')}`).toString() };
  }
  const period = /^(?:(\d{1,3})年)?(?:(\d{1,4})个?月)?(?:(\d{1,5})[日天])?$/u.exec(text);
  if (period !== null) return tidyTerm({ kind: 'duration', years: Number(period[1] ?? 0), months: Number(period[2] ?? 0), days: Number(period[3] ?? 0) });
  if (/^[\d\p{P}\p{S}]/u.test(text)) throw notAMark();
  return tidyTerm({ kind: 'condition', condition: text, metOn: null });
}

const notAMark = () => new ArchiveError('E_INPUT_INVALID', { rule: 'mark' }, [{ at: '/mark', message: '标志须写作“密级★保密期限”，如“机密★20年”“秘密★6个月”“绝密★长期”' }]);

/** 保密法(2024)第二十二条: a thing that is no state secret carries no ★. @throws ArchiveError `E_CLS_MARK_ON_NON_SECRET` */
export function checkNoStar(level: Level, text: string, policy: MarkPolicy): void {
  const stars = [policy.mark.separator, '☆'];
  if (!isSecret(level) && stars.some((star) => new RegExp(`(?:公开|内部|秘密|机密|绝密)级?\\s*${star}`, 'u').test(text))) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level });
}

/** Rule 4: filing, printing, burning and handing over ask for the mark. @throws ArchiveError `E_CLS_MARK_MISSING` @see 办法第四十一条 */
export function requireMark(level: Level, mark: string | null): void {
  if (isSecret(level) && (mark === null || mark === '')) throw new ArchiveError('E_CLS_MARK_MISSING', { level });
}
