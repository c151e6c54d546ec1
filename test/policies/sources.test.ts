import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';

const read = (...segments: readonly string[]): string => readFileSync(inPackage(...segments), 'utf8');
const filesIn = (room: string, endings: readonly string[]): readonly string[] =>
  readdirSync(inPackage(room), { recursive: true, encoding: 'utf8' }).filter((name) => endings.includes(path.extname(name))).map((name) => path.join(room, name));

test('every standard that core and the policies cite by number has its row in policies/sources.md', (t) => {
  const rows = read('policies', 'sources.md');
  for (const file of [...filesIn('policies', ['.json']), ...filesIn('core', ['.ts']), 'core/glossary.md']) {
    for (const [cited] of read(file).matchAll(/(?:DA|GB|GM)\/T \d+(?:\.\d+)?(?:-\d{4})?/gu)) t.true(rows.includes(cited), `${file}: ${cited}`);
  }
});

test('every law cited in core or a policy names its year, and law and year are a row of policies/sources.md', (t) => {
  const rows = read('policies', 'sources.md');
  for (const file of [...filesIn('policies', ['.json']), ...filesIn('core', ['.ts'])]) {
    for (const [, law = '', year = ''] of read(file).matchAll(/(保密法实施条例|保密法|档案法实施条例|档案法)(\(\d{4}\))?第/gu)) {
      t.not(year, '', `${file}: ${law} without its year`);
      t.true(rows.includes(`| ${law}${year} |`), `${file}: ${law}${year}`);
    }
  }
});

test('术语: each Chinese term stands in the glossary once, with an English word, an identifier and a source', (t) => {
  const terms = read('core', 'glossary.md').split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| 中文')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  t.true(terms.length > 90);
  for (const term of terms) t.true(term.length === 4 && term.every((cell) => cell !== ''), term.join('|'));
  t.is(new Set(terms.map(([chinese]) => chinese)).size, terms.length);
});

test('policy rows name their source and how far it was checked', (t) => {
  for (const file of ['metadata.json', 'dictionaries.json', 'archival-codes.json', 'retention.json', 'filing-scope.json', 'schemes.json', 'catalogue-columns.json']) {
    const policy = JSON.parse(read('policies', file)) as Readonly<Record<string, unknown>>;
    t.is(typeof policy['source'], 'string', file);
    t.regex(JSON.stringify(policy), /"confidence":"[VKP]"/u, file);
  }
});
