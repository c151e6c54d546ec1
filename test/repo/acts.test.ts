import test from 'ava';
import ts from 'typescript';
import { filesOf, textOf } from './sources.js';

const acts = (JSON.parse(textOf('policies/acts.json')) as { acts: { act: string }[] }).acts.map(({ act }) => act);
const rows = textOf('policies/access.csv').split('\n').flatMap((line) => /^p,\s*[\w-]+,\s*([a-z]+\.[a-z-]+)\s*,/.exec(line)?.[1] ?? []);

/** Keys of `'capability.verb': route(…)` in the files of routes, as the compiler reads them. */
function routedActs(): { act: string; file: string }[] {
  return filesOf('appliance/server/routes').filter((file) => file.endsWith('.ts')).flatMap((file) => {
    const found: { act: string; file: string }[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.name) && ts.isCallExpression(node.initializer) && /^[a-z-]+\.[a-z-]+$/.test(node.name.text)) {
        found.push({ act: node.name.text, file });
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2023, true));
    return found;
  });
}

/** Labels of the console: keys `'capability.verb': '中文'`. */
const labels = filesOf('ui').includes('ui/strings.zh.ts') ? [...textOf('ui/strings.zh.ts').matchAll(/^\s*'([a-z]+\.[a-z-]+)':\s*'[^']*\p{Script=Han}/gmu)].map(([, act]) => act ?? '') : null;

const notIn = (some: readonly string[], all: readonly string[]): string[] => [...new Set(some.filter((one) => !all.includes(one)))];
const twice = (some: readonly string[]): string[] => some.filter((one, at) => some.indexOf(one) !== at);

test('every act is capability.verb, named once', (t) => {
  t.deepEqual(acts.filter((act) => !/^[a-z]+\.[a-z]+(?:-[a-z]+)*$/.test(act)), []);
  t.deepEqual(twice(acts), []);
});

test('every route is an act of the policy with a row that says who may', (t) => {
  const routed = routedActs();
  t.true(routed.length > 0);
  t.deepEqual(routed.filter(({ act }) => !acts.includes(act)), []);
  t.deepEqual(routed.filter(({ act }) => !rows.includes(act)), []);
});

test('an act has one route', (t) => {
  t.deepEqual(twice(routedActs().map(({ act }) => act)), []);
});

test('every row of access.csv is about an act, and every act has a row', (t) => {
  t.deepEqual(notIn(rows, acts), []);
  t.deepEqual(notIn(acts, rows), []);
});

(labels === null ? test.skip : test)('every act has its Chinese label in the console, and every label its act', (t) => {
  t.deepEqual(notIn(acts, labels ?? []), []);
  t.deepEqual(notIn(labels ?? [], acts), []);
});

test('the console asks only for acts that are served', (t) => {
  const served = routedActs().map(({ act }) => act);
  const asked = filesOf('ui').filter((file) => /\.(?:ts|vue)$/.test(file)).flatMap((file) => [...textOf(file).matchAll(/\/api\/([a-z]+\.[a-z-]+)/g)].map(([, act]) => act ?? ''));
  t.deepEqual(notIn(asked, served), []);
});
