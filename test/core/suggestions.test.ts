import { readFileSync } from 'node:fs';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';
import { suggestionsFor, topicsOf } from '../../core/suggestions.js';
import type { SuggestionRules } from '../../policies/schemas/compilation.js';

const RULES = JSON.parse(readFileSync(inPackage('policies', 'suggestions.json'), 'utf8')) as SuggestionRules;
const TITLES = ['关于龙泉路排水改造的批复', '关于龙泉路绿化养护的通知', '关于龙泉路路灯维修的请示', '关于值班安排的通知'];

test('第三十六条: terms are suggested by dictionary, context and frequency, each with its reason; no stop word among them', (t) => {
  const found = suggestionsFor('关于李建国同志任职及龙泉路绿化的通知', TITLES, RULES);
  t.deepEqual(found.find(({ kind }) => kind === 'person'), { kind: 'person', term: '李建国', why: '姓氏后接“同志”' });
  t.true(found.some(({ kind, term, why }) => kind === 'keyword' && term === '绿化' && why === '词典收录'));
  t.true(found.some(({ kind, term, why }) => kind === 'keyword' && term === '龙泉路' && why === '在可见的 3 件题名中出现'));
  t.true(suggestionsFor('关于龙泉路排水改造的批复', [], RULES).some(({ kind, term }) => kind === 'place' && term === '龙泉路'));
  t.false(found.some(({ term }) => RULES.stopWords.includes(term)));
  t.true(found.every(({ why }) => why !== ''));
});

test('第三十六条: a topic is a term that several titles have in common; one title fewer and it is none', (t) => {
  t.deepEqual(topicsOf(TITLES, RULES), [{ term: '龙泉路', titles: 3 }]);
  t.deepEqual(topicsOf(TITLES.slice(1), RULES), []);
});
