import test from 'ava';
import fc from 'fast-check';
import { MarkingFile, type Term } from '../../policies/schemas/secrecy.js';
import type { SecretLevel } from '../../secrecy/level.js';
import { checkNoStar, markText, parseMark, requireMark } from '../../secrecy/marking.js';
import { combine, EMPTY, rollUp, rollUpMark, type RollUp, type RollUpItem } from '../../secrecy/roll-up.js';
import { checkTerm, date, daysLeft, ending, hasEnded, nextReview, reminder, tidyTerm, type Ending } from '../../secrecy/term.js';
import { codeOf, shippedFile } from '../helpers/secrecy.js';

const policy = shippedFile('marking.json', MarkingFile);
const exclusive: MarkingFile = { ...policy, expiry: { ...policy.expiry, convention: 'exclusive' } };
const [S, J, T] = [2, 3, 4] as const;
const years = (n: number): Term => ({ kind: 'duration', years: n, months: 0, days: 0 });

const vectors: readonly [startOn: string, mark: string, last: string, open: string][] = [
  ['2026-03-01', '秘密★10年', '2036-03-01', '2036-03-02'],
  ['2026-08-31', '秘密★6个月', '2027-02-28', '2027-03-01'],
  ['2024-02-29', '机密★1年', '2025-02-28', '2025-03-01'],
  ['2026-01-15', '绝密★30年', '2056-01-15', '2056-01-16'],
  ['2026-05-01', '秘密★7日', '2026-05-08', '2026-05-09'],
  ['2024-02-29', '机密★4年', '2028-02-29', '2028-03-01'],
  ['2026-12-31', '秘密★2个月', '2027-02-28', '2027-03-01'],
  ['2023-12-31', '秘密★2个月', '2024-02-29', '2024-03-01'],
  ['2026-01-15', '机密★2030年12月31日', '2030-12-31', '2031-01-01'],
  ['2026-01-15', '秘密', '2036-01-15', '2036-01-16'],
  ['2026-01-15', '机密★', '2046-01-15', '2046-01-16'],
  ['2026-01-15', '绝密', '2056-01-15', '2056-01-16'],
];
for (const [startOn, mark, last, open] of vectors) {
  test(`保密期限: ${mark} from ${startOn} is secret to ${last} and lifted on ${open} (domain/06 §5)`, (t) => {
    const { level, term } = parseMark(mark, policy);
    t.deepEqual(ending(term ?? { kind: 'unstated' }, startOn, level as SecretLevel, policy), { lastSecretDay: last, declassifiesOn: open });
    t.is(ending(term ?? { kind: 'unstated' }, startOn, level as SecretLevel, exclusive)?.declassifiesOn, last);
  });
}
test('长期 and a condition not yet met have no end; a condition met ends on its day', (t) => {
  t.is(ending({ kind: 'long_term' }, '2026-01-01', T, policy), null);
  t.is(ending({ kind: 'condition', condition: '启封后', metOn: null }, null, T, policy), null);
  t.deepEqual(ending({ kind: 'condition', condition: '启封后', metOn: '2026-02-28' }, null, T, policy), { lastSecretDay: '2026-02-28', declassifiesOn: '2026-03-01' });
});
test('实施条例第十九条: a period without a start date is refused', (t) => {
  t.is(codeOf(() => ending(years(5), null, S, policy)), 'E_CLS_BASIS_REQUIRED');
  t.is(codeOf(() => ending({ kind: 'unstated' }, null, S, policy)), 'E_CLS_BASIS_REQUIRED');
});
const cap = test.macro<[level: 0 | 1 | 2 | 3 | 4, term: Term, code: string | null, more?: { exceptionBasis?: string; scopeSaysLongTerm?: boolean; startOn?: string | null }]>({
  exec(t, level, term, code, more = {}) {
    t.is(codeOf(() => checkTerm({ level, term, startOn: '2024-02-29', exceptionBasis: null, scopeSaysLongTerm: false, ...more }, policy)), code);
  },
  title: (given) => `保密法第二十条: ${given ?? ''}`,
});
test('秘密 11 years is refused', cap, S, years(11), 'E_CLS_PERIOD_EXCEEDS_MAX');
test('秘密 10 years is taken', cap, S, years(10), null);
test('机密 20 years is taken', cap, J, years(20), null);
test('机密 20 years and a day is refused', cap, J, { kind: 'duration', years: 20, months: 0, days: 1 }, 'E_CLS_PERIOD_EXCEEDS_MAX');
test('绝密 30 years is taken', cap, T, years(30), null);
test('绝密 361 months is refused', cap, T, { kind: 'duration', years: 0, months: 361, days: 0 }, 'E_CLS_PERIOD_EXCEEDS_MAX');
test('a longer period is taken where another provision says so', cap, S, years(11), null, { exceptionBasis: '另有规定〔2026〕1号' });
test('长期 is refused unless the 保密事项范围 says so', cap, T, { kind: 'long_term' }, 'E_CLS_PERIOD_EXCEEDS_MAX');
test('长期 is taken where it says so', cap, T, { kind: 'long_term' }, null, { scopeSaysLongTerm: true });
test('a date beyond the cap is refused', cap, S, { kind: 'date', on: '2034-03-01' }, 'E_CLS_PERIOD_EXCEEDS_MAX');
test('a date at the cap is taken', cap, S, { kind: 'date', on: '2034-02-28' }, null);
test('a date not after the start is refused', cap, S, { kind: 'date', on: '2024-02-29' }, 'E_INPUT_INVALID');
test('a date that is no day is refused', cap, S, { kind: 'date', on: '2026-02-29' }, 'E_INPUT_INVALID');
test('an empty period is refused', cap, S, { kind: 'duration', years: 0, months: 0, days: 0 }, 'E_INPUT_INVALID');
test('a negative period is refused', cap, S, years(-1), 'E_INPUT_INVALID');
test('a period on an internal thing is refused', cap, 1, years(1), 'E_CLS_MARK_ON_NON_SECRET');
test('a period without start is refused', cap, S, years(1), 'E_CLS_BASIS_REQUIRED', { startOn: null });

const day = fc.date({ min: new Date('1990-01-01T00:00:00Z'), max: new Date('2090-12-31T00:00:00Z'), noInvalidDate: true }).map((d) => d.toISOString().slice(0, 10));
const secret = fc.constantFrom<SecretLevel>(2, 3, 4);
const duration = fc.record({ kind: fc.constant('duration' as const), years: fc.nat(30), months: fc.nat(36), days: fc.nat(400) }).filter(({ years: y, months, days }) => y + months + days > 0);

/** The rule once more, in plain arithmetic: move the month, clip the day to the month's end, then add days. */
function naive(startOn: string, term: { years: number; months: number; days: number }): string {
  const [y = 0, m = 0, d = 0] = startOn.split('-').map(Number);
  const months = y * 12 + (m - 1) + term.years * 12 + term.months;
  const [year, month] = [Math.floor(months / 12), months % 12];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month, Math.min(d, last) + term.days)).toISOString().slice(0, 10);
}
test('law: the end is start + years and months with the month\'s end for overflow, then days; inclusive is one day later', (t) => {
  fc.assert(fc.property(day, duration, (startOn, term) => {
    const matching = naive(startOn, term);
    t.is(ending(term, startOn, S, policy)?.lastSecretDay, matching);
    t.is(ending(term, startOn, S, exclusive)?.declassifiesOn, matching);
    t.is(ending(term, startOn, S, policy)?.declassifiesOn, date(matching).add({ days: 1 }).toString());
  }));
});
test('law: a later start never ends earlier, and a longer period never ends earlier', (t) => {
  fc.assert(fc.property(day, day, duration, fc.nat(30), (a, b, term, more) => {
    const [early = '', late = ''] = [a, b].sort();
    const end = (from: string, what: Term) => ending(what, from, S, policy)?.lastSecretDay ?? '';
    t.true(end(early, term) <= end(late, term));
    t.true(end(early, term) <= end(early, { ...term, days: term.days + more }));
  }));
});
test('law: days left fall by one a day, are 1 on the last secret day and 0 from the day it is lifted', (t) => {
  fc.assert(fc.property(day, duration, (startOn, term) => {
    const end = ending(term, startOn, S, policy) as Ending;
    t.is(daysLeft(end, end.lastSecretDay), 1);
    t.is(daysLeft(end, end.declassifiesOn), 0);
    t.deepEqual([hasEnded(end, end.lastSecretDay), hasEnded(end, end.declassifiesOn)], [false, true]);
  }));
});
test('到期台: reminders at 90, 30, 7 and 0 days; none before, none without an end', (t) => {
  const end = ending(years(1), '2026-01-01', S, policy);
  t.deepEqual(['2026-10-01', '2026-10-04', '2026-12-03', '2026-12-26', '2027-01-01', '2027-01-02', '2028-01-01'].map((today) => reminder(end, today, policy)), [null, 90, 30, 7, 7, 0, 0]);
  t.is(reminder(null, '2026-01-01', policy), null);
  t.is(nextReview('2024-02-29', policy), '2025-02-28');
});

const rewritten: readonly [given: string, text: string][] = [
  ['机密★20年', '机密★20年'], ['秘密★6月', '秘密★6个月'], ['机密级★20年', '机密★20年'], ['机密 ☆ １０年', '机密★10年'], ['机密*5年', '机密★5年'], ['秘密★7天', '秘密★7日'],
  ['秘密★12个月', '秘密★1年'], ['秘密★18个月', '秘密★1年6个月'], ['绝密★长期', '绝密★长期'], ['绝密★启封后', '绝密★启封后'], ['机密★会议开始前', '机密★会议开始前'],
  ['机密★2030年12月31日', '机密★2030年12月31日'], ['机密★2030-12-31', '机密★2030年12月31日'], ['机密★20301231', '机密★2030年12月31日'], ['机密★2030.1.5', '机密★2030年1月5日'], ['机密', '机密★'], ['内部', '内部'], ['公开', ''],
];
for (const [given, text] of rewritten) {
  test(`标志: ${given} reads as ${text === '' ? 'no mark' : text}`, (t) => {
    const mark = parseMark(given, policy);
    t.is(mark.text, text);
    t.is(mark.rewritten, given !== text);
  });
}
for (const [given, code] of [['内部★5年', 'E_CLS_MARK_ON_NON_SECRET'], ['公开★5年', 'E_CLS_MARK_ON_NON_SECRET'], ['', 'E_INPUT_INVALID'], ['★5年', 'E_INPUT_INVALID'], ['保密★5年', 'E_INPUT_INVALID'], ['机密★5年★长期', 'E_INPUT_INVALID'], ['机密★0年', 'E_INPUT_INVALID'], ['机密★5', 'E_INPUT_INVALID'], ['机密★2030-02-30', 'E_INPUT_INVALID'], ['机密★-5年', 'E_INPUT_INVALID']] as const) {
  test(`标志: ${given === '' ? 'an empty text' : given} is refused with ${code}`, (t) => { t.is(codeOf(() => parseMark(given, policy)), code); });
}
test('law: reading a written mark gives level and term back, and its text is a fixed point', (t) => {
  const term = fc.oneof<fc.Arbitrary<Term>[]>(duration, day.map((on) => ({ kind: 'date' as const, on })), fc.constantFrom<Term>({ kind: 'long_term' }, { kind: 'unstated' }, { kind: 'condition', condition: '会议开始前', metOn: null }));
  fc.assert(fc.property(secret, term, (level, one) => {
    const text = markText(level, one, policy);
    const mark = parseMark(text, policy);
    t.deepEqual([mark.level, mark.term, mark.text, mark.rewritten], [level, tidyTerm(one), text, false]);
  }));
});
test('06 §14-5: no ★ on what is no state secret; §14-4: a secret without its mark goes nowhere', (t) => {
  t.is(codeOf(() => markText(1, years(1), policy)), 'E_CLS_MARK_ON_NON_SECRET');
  t.is(codeOf(() => markText(3, null, policy)), 'E_CLS_MARK_MISSING');
  t.is(codeOf(() => { checkNoStar(1, '关于……机密★10年', policy); }), 'E_CLS_MARK_ON_NON_SECRET');
  t.is(codeOf(() => { checkNoStar(1, '五★酒店', policy); }), null);
  t.deepEqual([codeOf(() => { requireMark(3, ''); }), codeOf(() => { requireMark(3, '机密★10年'); }), codeOf(() => { requireMark(1, null); })], ['E_CLS_MARK_MISSING', null, null]);
  t.deepEqual([markText(0, null, policy), markText(1, null, policy)], ['', '内部']);
});

const item: fc.Arbitrary<RollUpItem> = fc.tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom(0, 1, 2, 3, 4), fc.oneof<fc.Arbitrary<Term>[]>(duration, fc.constantFrom<Term>({ kind: 'long_term' }, { kind: 'unstated' }, { kind: 'condition', condition: '启封后', metOn: null })), day)
  .map(([n, level, term, startOn]) => {
    const id = `R${n}-${level}-${startOn}-${JSON.stringify(term)}`;
    return level < 2 ? { id, level: level as 0 | 1, term: null, ending: null } : { id, level: level as SecretLevel, term, ending: ending(term, startOn, level as SecretLevel, policy) };
  });
type Tree = RollUpItem | readonly Tree[];
const isItem = (tree: Tree): tree is RollUpItem => !Array.isArray(tree);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({ tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, item, fc.array(tie('tree'), { maxLength: 5 })) }));
const folded = (one: Tree): RollUp => (isItem(one) ? rollUp([one]) : one.map(folded).reduce(combine, EMPTY));
const leaves = (one: Tree): RollUpItem[] => (isItem(one) ? [one] : one.flatMap(leaves));
test('law: rolling up a tree of volumes, boxes and packages equals looking at every item, in any order', (t) => {
  fc.assert(fc.property(tree, (one) => {
    const items = leaves(one);
    const sum = folded(one);
    t.deepEqual(sum, rollUp([...items].reverse()));
    t.true(items.every(({ level }) => level <= sum.level));
    const secrets = items.filter(({ level }) => level >= 2);
    const unlimited = secrets.filter(({ ending: end }) => end === null);
    const lastDays = secrets.map(({ ending: end }) => end?.lastSecretDay ?? '').sort();
    t.is(sum.lastSecretDay, secrets.length === 0 || unlimited.length > 0 ? null : lastDays.at(-1) ?? null);
    if (secrets.some(({ term }) => term?.kind === 'long_term')) t.is(sum.term?.kind, 'long_term');
    if (items.length > 0) t.is(items.find(({ id }) => id === sum.levelBy)?.level, sum.level);
    t.is(sum.term === null, secrets.length === 0);
  }));
});
test('汇编: the cover carries the highest level and the longest term, each with the item that causes it', (t) => {
  const make = (id: string, level: SecretLevel, n: number): RollUpItem => ({ id, level, term: years(n), ending: ending(years(n), '2026-01-01', level, policy) });
  const sum = rollUp([make('a', 3, 5), make('b', 2, 10), { id: 'c', level: 1, term: null, ending: null }]);
  t.deepEqual([sum.levelBy, sum.termBy, rollUpMark(sum, policy)], ['a', 'b', '机密★10年']);
  t.is(rollUpMark(EMPTY, policy), '');
});
