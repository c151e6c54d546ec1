// npm test: everything. System packages, driver, types, console, lint, then every test, then the page of articles (test/articles.md);
// the last line is the count. `npm run coverage` does the same and tells how much of the code was run.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensurePackages } from './packages.mjs';
import { countLine, tapCounter } from './tap.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = (name) => path.join(root, 'node_modules/.bin', name);
const said = (text) => process.stdout.write(`${text}\n`);
const elapsed = (since) => `${((performance.now() - since) / 1000).toFixed(0)} s`;

/** A check that passes or fails as a whole. */
function check(title, command, args) {
  const since = performance.now();
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  const passed = done.status === 0;
  said(`${passed ? 'ok' : 'not ok'} ${title} (${elapsed(since)})`);
  if (!passed) said(`${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`);
  return passed;
}

/** Runs ava, under coverage where asked (it takes a third longer), and counts what really ran. */
async function runTests() {
  const since = performance.now();
  const [command, ...args] = [...(process.argv.includes('--coverage') ? [bin('c8'), '--config', path.join(root, '.c8rc.json')] : []), bin('ava'), '--tap'];
  const run = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TZ: 'UTC', FORCE_COLOR: '0' },
  });
  const exit = new Promise((resolve) => {
    run.on('error', () => resolve(null));
    run.on('close', resolve);
  });
  const ran = [];
  const counter = tapCounter(
    (block) => said(`not ok ${block.join('\n')}`),
    (title, passed) => ran.push({ title, passed }),
  );
  const coverage = [];
  for await (const line of createInterface({ input: run.stdout })) {
    if (/^(?:=====|Statements|Branches|Functions|Lines)/.test(line)) coverage.push(line);
    counter.line(line);
  }
  const count = counter.end(await exit);
  if (coverage.length > 0) said(coverage.join('\n'));
  said(`tests took ${elapsed(since)}`);
  await writeArticles(ran);
  return count;
}

/** 逐条: which tests proved which article, from the titles of what ran; a row without proof is said. */
async function writeArticles(ran) {
  const { articlesPage } = await import(new URL('../../dist/test/articles/page.js', import.meta.url).href);
  const { text, unproven } = articlesPage(ran);
  writeFileSync(path.join(root, 'test/articles.md'), text);
  for (const row of unproven) said(`articles: not proven: ${row}`);
}

const total = { passed: 0, failed: 0, skipped: 0 };
ensurePackages('tests');
try {
  await ensureBuilt();
  const checks = [['lint', bin('eslint'), ['.']]];
  if (existsSync(path.join(root, 'ui/tsconfig.json'))) checks.push(['types of the console', bin('vue-tsc'), ['--noEmit', '-p', 'ui/tsconfig.json']]);
  for (const [title, command, args] of checks) total[check(title, command, args) ? 'passed' : 'failed'] += 1;
  const tests = await runTests();
  for (const kind of ['passed', 'failed', 'skipped']) total[kind] += tests[kind];
} catch (error) {
  said(`not ok build: ${error instanceof Error ? error.message : String(error)}`);
  total.failed += 1;
}
said(countLine(total));
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
