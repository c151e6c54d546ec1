import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { packageRoot } from '../../appliance/package-root.js';
import { articlesPage } from '../articles/page.js';
import { keyOf, proofsOf, readRows, unanswered } from '../articles/rows.js';
import { articlesIn, ownArticles, titlesInSources } from '../articles/titles.js';

const { rows, awaited } = readRows();
const titles = titlesInSources();

test('articles: a title names articles singly, in lists and in ranges, and never those of another law', (t) => {
  for (const [title, expected] of [
    ['第二十条: late', [20]],
    ['第三十八、三十九条: refused', [38, 39]],
    ['第二十二至二十六、四十二条: a batch', [22, 23, 24, 25, 26, 42]],
    ['《办法》第四十二条、办法第三十五条', [35, 42]],
    ['第二十二条三款: kept', [22]],
    ['保密法第二十条, 实施条例第二十五、二十六条, 规定第三十条', []],
    ['第三十四条、保密法第二十一条: the same', [34]],
    ['第十条', [10]],
  ] as const) t.deepEqual(articlesIn(title), expected, title);
  t.is(ownArticles('保密法第二十条: x'), '保密: x');
});

test('articles: every capability of every article has a test, and every pattern of its row finds one', (t) => {
  const waiting = new Set(awaited);
  t.deepEqual(awaited.filter((key) => !rows.some((row) => keyOf(row) === key)), [], 'an awaited row that is none');
  const empty = rows.filter((row) => proofsOf(row, titles).length === 0);
  if (waiting.size > 0) t.log(`awaited: ${awaited.join('; ')}`);
  t.deepEqual(empty.map(keyOf).filter((key) => !waiting.has(key)), [], 'a row without a test');
  t.deepEqual(rows.filter((row) => !waiting.has(keyOf(row))).flatMap((row) => unanswered(row, titles).map((pattern) => `${keyOf(row)}: ${pattern}`)), [], 'a pattern that finds nothing');
});

test('articles: the rows are those of the article map, with its refusals', (t) => {
  const map = path.join(packageRoot, '..', 'shared', 'domain', '01-article-map.md');
  t.is(new Set(rows.map(keyOf)).size, rows.length);
  for (const section of [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]) t.true(rows.some((row) => row.section === section), String(section));
  if (!existsSync(map)) return;
  let section = 0;
  const wanted: string[] = [];
  for (const line of readFileSync(map, 'utf8').split('\n')) {
    const [, number] = /^##+ (\d+)\.(?!\d)/.exec(line) ?? [];
    if (/^##/.test(line)) section = Number(number ?? 0);
    const [first = ''] = line.split('|').slice(1).map((one) => one.trim());
    if (section === 0 || !/^第|^[一二三四五六七八九十]+(?:\/|$)/u.test(first) || ![1, 2, 3, 4, 5, 6, 7, 8, 9, 11].includes(section)) continue;
    const codes = [...new Set([...line.matchAll(/[EW]_[A-Z0-9_]+/g)].map(([code]) => code))].sort();
    wanted.push(`${String(section)} ${first.startsWith('第') ? first : `第${first.split('/').join('、')}条`} ${codes.join(' ')}`);
  }
  t.deepEqual(rows.map((row) => `${String(row.section)} ${row.article} ${[...row.codes].sort().join(' ')}`), wanted);
});

test('articles: the page shows every row with its tests, and names what failed or was not proven', (t) => {
  const { text, unproven } = articlesPage([
    { title: 'core › arrangement › 第二十条: completed on 2026-02-10, due 2027-06-30', passed: true },
    { title: 'core › accession › 第二十三条: a compliant batch cannot be returned, a defective one not accepted', passed: false },
  ]);
  t.regex(text, /\| 第二十条 \|[^\n]*due 2027-06-30[^\n]*passed \(1\)/u);
  t.regex(text, /\| 第二十三条一款 \|[^\n]*\*\*failed\*\*[^\n]*failed \(1 of 1\)/u);
  t.true(unproven.some((row) => row.startsWith('第二十三条一款')) && !unproven.includes('第二十条 归档期限监控'));
  t.is(text.split('\n').filter((line) => /^\| 第/u.test(line)).length, rows.length);
});
