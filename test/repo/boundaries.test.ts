import test from 'ava';
import { allSources, filesOf, readSource, roomOf, textOf, type Room } from './sources.js';

/** Which rooms a room may import values from. */
const MAY_IMPORT: Readonly<Record<Room, readonly string[]>> = {
  core: ['core'],
  secrecy: ['core', 'secrecy'],
  policies: ['policies'],
  appliance: ['core', 'secrecy', 'policies', 'appliance'],
  ui: ['ui'],
  test: ['core', 'secrecy', 'policies', 'appliance', 'ui', 'test'],
};
/** Types may also come from the schemas: they are the shape of what crosses the boundary. */
const MAY_IMPORT_TYPES: Readonly<Record<Room, readonly string[]>> = { ...MAY_IMPORT, core: ['core', 'policies'], secrecy: ['core', 'secrecy', 'policies'], ui: ['ui', 'policies'] };

/** Packages the pure rooms may use: none of them touches the machine. */
const PURE_PACKAGES = new Set(['temporal-polyfill', '@sinclair/typebox', 'canonicalize', 'casbin']);
const isRoom = (room: string): room is Room => room in MAY_IMPORT;

test('imports point one way: core ← secrecy ← appliance; the console knows only types of the schemas', (t) => {
  const wrong = allSources().flatMap(({ file, imports }) => {
    const room = roomOf(file);
    if (!isRoom(room)) return [];
    return imports
      .filter(({ ours, typeOnly }) => ours !== null && !(typeOnly ? MAY_IMPORT_TYPES : MAY_IMPORT)[room].includes(roomOf(ours)))
      .map(({ from }) => `${file} imports ${from}`);
  });
  t.deepEqual(wrong, []);
});

test('core and secrecy do no I/O: no node: module and only pure packages', (t) => {
  const wrong = allSources()
    .filter(({ file }) => ['core', 'secrecy'].includes(roomOf(file)))
    .flatMap(({ file, imports }) => imports.filter(({ ours, from }) => ours === null && !PURE_PACKAGES.has(from)).map(({ from }) => `${file} imports ${from}`));
  t.deepEqual(wrong, []);
});

test('core and secrecy take time, chance and the machine as parameters', (t) => {
  const wrong = allSources()
    .filter(({ file }) => ['core', 'secrecy', 'policies'].includes(roomOf(file)))
    .flatMap(({ file, worldly }) => worldly.map((name) => `${file}: ${name}`));
  t.deepEqual(wrong, []);
});

test('policies import nothing but typebox', (t) => {
  const wrong = allSources()
    .filter(({ file }) => roomOf(file) === 'policies')
    .flatMap(({ file, imports }) => imports.filter(({ ours, from }) => ours === null && from !== '@sinclair/typebox').map(({ from }) => `${file} imports ${from}`));
  t.deepEqual(wrong, []);
});

test('every import of ours names its .js file, .vue file, style or data', (t) => {
  const wrong = allSources().flatMap(({ file, imports }) =>
    imports.filter(({ ours }) => ours !== null && !/\.(?:js|mjs|vue|css|svg|json|woff2)(?:\?\w+)?$/.test(ours)).map(({ from }) => `${file} imports ${from}`),
  );
  t.deepEqual(wrong, []);
});

test('the reader of imports tells code from comments and texts', (t) => {
  const { imports, worldly } = readSource('test/repo/sources.ts');
  t.true(imports.some(({ from }) => from === 'typescript'));
  t.deepEqual(worldly, []);
});

test('a file holds one idea: code files stay under 330 lines; the table of labels has a row for every act', (t) => {
  const long = filesOf()
    .filter((file) => file !== 'ui/strings.zh.ts' && /\.(?:ts|vue|mjs|css)$/.test(file) && roomOf(file) !== 'test')
    .map((file) => [file, textOf(file).split('\n').length] as const)
    .filter(([, lines]) => lines > 330);
  t.deepEqual(long, []);
});

test('files are kebab-case', (t) => {
  const named = /^(?:[a-z0-9]+(?:[-.][a-z0-9]+)*|[A-Z][A-Za-z]*\.vue|README\.md|DECISIONS\.md|Dockerfile)$/;
  const wrong = ['core', 'secrecy', 'policies', 'appliance', 'ui'].flatMap((room) => filesOf(room)).filter((file) => !named.test(file.split('/').at(-1) ?? ''));
  t.deepEqual(wrong, []);
});

test('nothing is switched off in passing: no ts-ignore, no lint comments, no unfinished marks', (t) => {
  const marks = new RegExp(['@ts-' + '(?:ignore|expect-error|nocheck)', 'eslint-' + 'disable', '(?://|\\*|#|<!--)\\s*(?:TO' + 'DO|FIX' + 'ME)\\b', 'not ' + 'implemented'].join('|'), 'i');
  const wrong = filesOf()
    .filter((file) => /\.(?:ts|vue|mjs|md|css|html)$/.test(file))
    .flatMap((file) => textOf(file).split('\n').flatMap((line, at) => (marks.test(line) ? [`${file}:${at + 1}`] : [])));
  t.deepEqual(wrong, []);
});
