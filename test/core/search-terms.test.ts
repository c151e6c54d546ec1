import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';
import { BREAK, foldText, indexTerms, matches, planQuery, termsOf } from '../../core/search-terms.js';

const finds = test.macro<[text: string, query: string, expected: boolean]>({
  exec(t, text, query, expected) { t.is(matches(indexTerms([text]), planQuery(query)), expected); },
  title: (_given, text, query, expected) => `检索: 「${query}」 ${expected ? 'finds' : 'does not find'} 「${text}」`,
});
for (const [text, query, expected] of [
  ['国务院关于加快发展体育竞赛表演产业的指导意见', '体育', true], ['国务院关于加快发展体育竞赛表演产业的指导意见', '意见', true],
  ['国务院关于加快发展体育竞赛表演产业的指导意见', '国务', true], ['国务院关于加快发展体育竞赛表演产业的指导意见', '体竞', false],
  ['国务院关于加快发展体育竞赛表演产业的指导意见', '产业 体育', true], ['国务院关于加快发展体育竞赛表演产业的指导意见', '体育 医疗', false],
  ['国发〔2026〕5号', '国发〔2026〕5号', true], ['国发〔2026〕5号', '国发[2026]5号', true], ['国发〔2026〕5号', '国发（２０２６）５号', true], ['国发〔2026〕5号', '国发2026 5号', true],
  ['国发〔2026〕5号', '〔2026〕', true], ['国发〔2026〕5号', '〕5', true], ['国发〔2026〕5号', '5号', true], ['国发〔2026〕5号', '6号', false], ['国发〔2026〕5号', '〕6', false],
  ['Z109-WS·2026·D30·办公室-0001', 'Z109-WS·2026·D30·办公室-0001', true], ['Z109-WS·2026·D30·办公室-0001', 'z109-ws.2026.d30', true], ['Z109-WS·2026·D30·办公室-0001', 'Ｄ３０・办公室', true],
  ['Z109-WS·2026·D30·办公室-0001', 'WS2026', true], ['Z109-WS·2026·D30·办公室-0001', '0002', false], ['关于PDF/A格式的说明', 'pdf', true], ['关于PDF/A格式的说明', 'ＰＤＦ／Ａ', true],
  ['关于 印发 办法的通知', '印发办法', true], ['关于印发办法的通知', '印发　办法', true], ['机密★20年', '★20', true], ['实施《民族区域自治法》若干规定', '实施民族', true], ['实施《民族区域自治法》若干规定', '《民', true],
  ['𠮷田同志来访', '𠮷田', true], ['𠮷田同志来访', '田𠮷', false], ['通知', '知', false], ['通知', '', false], ['通知', '，', false],
] as const) test(finds, text, query, expected);

test('a phrase never crosses from one text into the next', (t) => {
  const terms = indexTerms(['关于检查', '通知文本']);
  t.true(terms.includes(BREAK));
  t.false(matches(terms, planQuery('查通')));
  t.true(matches(terms, planQuery('检查 通知')));
});

test('a word of one character is named and takes no part; alone it gives no plan', (t) => {
  t.deepEqual(planQuery('预算 表').tooShort, ['表']);
  t.deepEqual(planQuery('表'), { any: [], tooShort: ['表'] });
  t.deepEqual(planQuery('  '), { any: [], tooShort: [] });
  t.true(matches(indexTerms(['年度预算报告']), planQuery('预算 表')));
  t.deepEqual(termsOf(planQuery('预算预算')), ['预算', '算预']);
  t.deepEqual(indexTerms([]), []);
  t.deepEqual(indexTerms(['的', '']), []);
});

const titleUnit = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0x4e00, max: 0x9fa5 }).map((point) => String.fromCodePoint(point)) },
  { weight: 2, arbitrary: fc.constantFrom(...'〔〕（）()[]《》“”、，。—-·・.／/2026５号abCＤ 　★×') },
  { weight: 1, arbitrary: fc.constantFrom('𠮷', 'e\u0301', 'é', 'ガ', 'ｶﾞ', '㎏', 'ﬁ', 'İ', 'ß', '①', '㈱') },
);
const title = fc.array(titleUnit, { minLength: 2, maxLength: 40 }).map((units) => units.join(''));
const cut = fc.tuple(fc.nat(), fc.nat());
const part = (text: string, [from, length]: readonly [number, number]): string => {
  const characters = [...text];
  const start = from % characters.length;
  return characters.slice(start, start + 2 + (length % characters.length)).join('');
};

test('law: every part of a title with two characters that are not space is found', (t) => {
  fc.assert(fc.property(title, cut, (text, where) => {
    const query = part(text, where);
    fc.pre([...foldText(query)].length >= 2);
    return matches(indexTerms([text]), planQuery(query));
  }), { numRuns: 2000 });
  t.pass();
});

test('law: the same for any characters at all', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 2, maxLength: 30 }), cut, (text, where) => {
    const query = part(text, where);
    fc.pre([...foldText(query)].length >= 2);
    return matches(indexTerms([text]), planQuery(query));
  }), { numRuns: 1000 });
  t.pass();
});

test('law: a query without space finds only texts that hold it, punctuation aside', (t) => {
  const bare = (text: string): string => foldText(text).replace(/\p{P}/gu, '');
  fc.assert(fc.property(fc.array(fc.constantFrom('甲', '乙', '丙', '2', '〔'), { minLength: 1, maxLength: 12 }), fc.array(fc.constantFrom('甲', '乙', '丙', '2', '〔'), { minLength: 2, maxLength: 4 }), (text, query) => {
    const found = matches(indexTerms([text.join('')]), planQuery(query.join('')));
    return !found || bare(text.join('')).includes(bare(query.join('')));
  }), { numRuns: 1000 });
  t.pass();
});

test('law: folding a part is a part of folding, and folding again changes nothing', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) =>
    foldText(one + other) === foldText(one) + foldText(other) && foldText(foldText(one)) === foldText(one)));
  t.pass();
});

const catalogue = path.join(inPackage(), '..', 'shared', 'corpus', 'catalogue.jsonl');
(existsSync(catalogue) ? test : test.skip)('real titles: a part of each finds it, and few others', (t) => {
  const rows = readFileSync(catalogue, 'utf8').split('\n').filter((line) => line !== '').slice(0, 1500).map((line) => JSON.parse(line) as { title: string; docNo: string | null });
  const indexed = rows.map((row) => indexTerms([row.title, row.docNo ?? '']));
  for (const [index, row] of rows.entries()) {
    const terms = indexed[index] ?? [];
    const characters = [...row.title.replace(/[\s\p{Z}]/gu, '')];
    for (const start of [0, Math.floor(characters.length / 2), characters.length - 2]) t.true(matches(terms, planQuery(characters.slice(Math.max(0, start), start + 2).join(''))), row.title);
    if (row.docNo !== null) t.true(matches(terms, planQuery(row.docNo)));
  }
  const wide = rows.filter((_, index) => matches(indexed[index] ?? [], planQuery('档案'))).length;
  t.is(wide, rows.filter((row) => `${row.title}|${row.docNo ?? ''}`.includes('档案')).length);
});
