import { existsSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import type { Command } from 'commander';
import { buildProgram } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { withVerbsTable } from '../../appliance/manual/verbs-table.js';
import { errorsPage } from '../../appliance/manual/errors-page.js';
import { packageRoot } from '../../appliance/package-root.js';
import { CATALOG } from '../../core/errors.js';
import { filesOf, textOf } from './sources.js';

/** What the console says of itself when the box did not answer at all. */
const CONSOLE_CODES = ['E_NETWORK', 'E_CONSOLE'];
const scripts = new Set(Object.keys((JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts));
const pages = filesOf().filter((file) => file.endsWith('.md'));
const program = buildProgram(VERBS, { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), env: {} });

test('manual: the page of error codes is what the catalogue says (npm run pages writes it)', (t) => {
  t.is(textOf('appliance/manual/errors.md'), errorsPage());
});

test('README: the table of verbs is what the command line says (npm run pages writes it)', (t) => {
  t.is(textOf('README.md'), withVerbsTable(textOf('README.md')));
});

test('every error code used in code is a row of the catalogue, and every row tells the next step in Chinese', (t) => {
  const used = filesOf()
    .filter((file) => /^(?:core|secrecy|appliance|ui)\/.*\.(?:ts|vue)$/.test(file))
    .flatMap((file) => [...textOf(file).matchAll(/'(E_[A-Z0-9_]+)'/g)].map(([, code]) => code ?? ''));
  t.deepEqual([...new Set(used.filter((code) => !(code in CATALOG) && !CONSOLE_CODES.includes(code)))], []);
  for (const [code, { message }] of Object.entries(CATALOG)) t.regex(message, /^\P{Script=Latin}*\p{Script=Han}/u, code);
});

/** Commands as the pages show them: in fenced blocks and in code spans. */
function commandsOf(file: string): string[] {
  const text = textOf(file);
  const fenced = [...text.matchAll(/^```(?:sh|bash|console)?\n([\s\S]*?)^```/gm)].flatMap(([, block]) => (block ?? '').split('\n'));
  const spans = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span ?? '');
  return [...fenced, ...spans].flatMap((line) => line.replace(/\s#.*$/, '').split(/&&|;|\|/)).map((one) => one.trim().replace(/^\$ /, ''));
}

function verbExists(words: readonly string[]): boolean {
  let at: Command = program;
  for (const word of words) {
    if (at.commands.length === 0) return true;
    if (/^(?:-|…|VERB|…$|<)/.test(word)) return true;
    const next = at.commands.find((one) => word.split('|').some((choice) => one.name() === choice));
    if (next === undefined) return false;
    at = next;
  }
  return true;
}

test('every npm script and shouzang verb that a page shows exists', (t) => {
  const wrong = pages.flatMap((file) =>
    commandsOf(file).flatMap((command) => {
      const [program0, verb, third, ...rest] = command.split(/\s+/);
      if (program0 === 'npm' && verb === 'run') return third !== undefined && !scripts.has(third) ? [`${file}: ${command}`] : [];
      if (program0 === 'npm' && (verb === 'start' || verb === 'test')) return scripts.has(verb) ? [] : [`${file}: ${command}`];
      const words = program0 === 'npx' && verb === 'shouzang' ? [third ?? '', ...rest] : [];
      return words.filter((word) => word !== '').length > 0 && !verbExists(words.filter((word) => word !== '')) ? [`${file}: ${command}`] : [];
    }),
  );
  t.deepEqual(wrong, []);
});

test('every script of package.json names a file that is there', (t) => {
  const { scripts: all, bin } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string>; bin: Record<string, string> };
  const named = [...Object.values(all).flatMap((script) => script.split(/\s+/).filter((word) => /^[\w./-]+\/[\w.-]+\.(?:mjs|json|ts)$/.test(word))), ...Object.values(bin)];
  t.deepEqual(named.filter((file) => !existsSync(path.join(packageRoot, file))), []);
});

test('every verb explains itself in Chinese and in English', (t) => {
  const silent: string[] = [];
  const walk = (command: Command, name: string): void => {
    const [chinese = '', english = ''] = command.description().split('\n');
    if (!/\p{Script=Han}/u.test(chinese) || !/[a-z]/.test(english)) silent.push(name);
    for (const child of command.commands) if (child.name() !== 'help') walk(child, `${name} ${child.name()}`);
    if (command.commands.length === 0 && !command.options.some((one) => one.long === '--json')) silent.push(`${name}: no --json`);
  };
  for (const command of program.commands) if (command.name() !== 'help') walk(command, command.name());
  t.deepEqual(silent, []);
});

test('every file and folder that a page links to is there', (t) => {
  const wrong = pages.flatMap((file) =>
    [...textOf(file).replace(/^```[\s\S]*?^```/gm, '').matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
      .map(([, link]) => link ?? '')
      .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(path.join(packageRoot, path.dirname(file), decodeURIComponent(link))))
      .map((link) => `${file} → ${link}`),
  );
  t.deepEqual(wrong, []);
});

test('a rule cites the law, the standard or 本产品, never our working notes', (t) => {
  const notes = /\bdomain\/(?:NN|\d)/u;
  const cited = filesOf()
    .filter((file) => /^(?:policies|core|secrecy|appliance|ui)\/.*\.(?:ts|vue|json|csv|md)$/.test(file))
    .flatMap((file) => textOf(file).split('\n').flatMap((line, at) => (notes.test(line) ? [`${file}:${at + 1}`] : [])));
  t.deepEqual(cited, [], 'write the statute, standard and article, or 本产品决定, 本产品默认');
});

test('no file names a machine, a person\'s folder or a package registry', (t) => {
  const telling = new RegExp(['(?<![\\w.])/(?:wo' + 'rk|ho' + 'me|ro' + 'ot|fa' + 'rm|Us' + 'ers)/[\\w.]', 'registry\\.[a-z]', '\\b(?:10|192\\.168)\\.\\d+\\.\\d+\\.\\d+\\b'].join('|'));
  const wrong = filesOf()
    .filter((file) => /\.(?:ts|vue|mjs|js|json|md|csv|conf|html|css|yml|yaml|txt)$|^(?:Dockerfile|\.npmrc|\.ci\/run|\.gitignore)$/.test(file) && file !== 'package-lock.json')
    .flatMap((file) => textOf(file).split('\n').flatMap((line, at) => (telling.test(line) ? [`${file}:${at + 1}`] : [])));
  t.deepEqual(wrong, []);
});

test('the lock file keeps every digest and no download address', (t) => {
  const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }> };
  const installed = Object.entries(lock.packages).filter(([name]) => name !== '');
  t.deepEqual(installed.filter(([, { resolved }]) => resolved !== undefined), []);
  t.deepEqual(installed.filter(([name, { integrity, link }]) => integrity === undefined && link !== true && !name.includes('/node_modules/')).map(([name]) => name), []);
  t.false(/https?:\/\/[^"]*\.(?:tgz|tar\.gz)/.test(textOf('package-lock.json')));
});

test('every dependency is pinned to one version', (t) => {
  const { dependencies, devDependencies } = JSON.parse(textOf('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
  t.deepEqual(Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)), []);
});

test('the console loads nothing from outside the box', (t) => {
  const wrong = filesOf('ui')
    .filter((file) => /\.(?:ts|vue|html|css|svg)$/.test(file))
    .flatMap((file) =>
      textOf(file).split('\n').flatMap((line, at) => (/(?:https?:)?\/\/(?!www\.w3\.org\/)[a-z0-9-]+\.[a-z]{2,}/i.test(line.replace(/^\s*(?:\/\/|\*|\/\*).*$/, '')) ? [`${file}:${at + 1}`] : [])),
    );
  t.deepEqual(wrong, []);
});

test('every room has its page', (t) => {
  t.deepEqual(['core', 'secrecy', 'appliance', 'ui', 'policies', 'test'].filter((room) => filesOf(room).length > 0 && !existsSync(path.join(packageRoot, room, 'README.md'))), []);
});
