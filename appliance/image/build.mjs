// Brings dist/ up to date with the sources: the sqlite3 driver, the compiled TypeScript, the console. Each step is skipped
// when nothing it reads is newer than what it wrote, so that a second start costs nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative, nativeIsBuilt } from './native.mjs';
import { ensurePackages } from './packages.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = ['core', 'secrecy', 'appliance', 'policies', 'test'];

/** Runs a tool of node_modules/.bin; what it prints goes to standard error, and only when it fails. */
function tool(name, args) {
  const done = spawnSync(path.join(root, 'node_modules/.bin', name), args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  throw new Error(`${name} ${args.join(' ')}: ${done.error?.message ?? `exit ${done.status}`}`);
}

function newest(folder, wanted) {
  let time = 0;
  if (!existsSync(folder)) return time;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !wanted(entry.name)) continue;
    time = Math.max(time, statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
  }
  return time;
}

const written = (file) => (existsSync(file) ? statSync(file).mtimeMs : -1);

function codeIsStale() {
  const compiled = written(path.join(root, 'dist/.tsbuildinfo'));
  if (compiled < 0 || !existsSync(path.join(root, 'dist/appliance/cli.js'))) return true;
  if (!existsSync(path.join(root, 'appliance/cli.ts'))) return false;
  const sources = ROOMS.map((room) => newest(path.join(root, room), (name) => name.endsWith('.ts')));
  return Math.max(...sources, written(path.join(root, 'tsconfig.json'))) > compiled;
}

function consoleIsStale() {
  if (!existsSync(path.join(root, 'ui/vite.config.ts'))) return false;
  const built = written(path.join(root, 'dist/ui/index.html'));
  return built < 0 || Math.max(newest(path.join(root, 'ui'), () => true), newest(path.join(root, 'policies/schemas'), () => true)) > built;
}

/** A compiled test whose source is gone would still be run. */
function dropOrphans() {
  const compiled = path.join(root, 'dist/test');
  for (const entry of existsSync(compiled) ? readdirSync(compiled, { withFileTypes: true, recursive: true }) : []) {
    if (!entry.name.endsWith('.test.js')) continue;
    const file = path.join(entry.parentPath, entry.name);
    const source = path.join(root, 'test', path.relative(compiled, file)).replace(/\.js$/, '.ts');
    if (!existsSync(source)) rmSync(file);
  }
}

/** @param {{ console?: boolean }} wanted `console: false` leaves the browser console out (the command line does not need it). */
export async function ensureBuilt({ console: withConsole = true } = {}) {
  if (!nativeIsBuilt()) ensurePackages('compiler');
  buildNative();
  if (codeIsStale()) {
    process.stderr.write('compiling TypeScript\n');
    if (!existsSync(path.join(root, 'dist/appliance/cli.js'))) rmSync(path.join(root, 'dist/.tsbuildinfo'), { force: true });
    tool('tsc', ['-b']);
    dropOrphans();
  }
  if (withConsole && consoleIsStale()) {
    process.stderr.write('building the console\n');
    tool('vite', ['build', '--config', 'ui/vite.config.ts', '--logLevel', 'warn']);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuilt();
