// Builds the sqlite3 driver from source with secure_delete compiled in: sqlite3 6.0.1 bundles a withdrawn SQLite 3.52.0 and its
// prebuilt binary wants a newer glibc than Debian 12 has. The amalgamation is the one that better-sqlite3 ships (3.53.x).
// Does nothing when the built driver is in place; a driver built once is kept in .native/ and put back after `npm ci`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = path.join(root, 'node_modules');
const amalgamation = path.join(modules, 'better-sqlite3/deps/sqlite3');
const driver = path.join(modules, 'sqlite3/build/Release/node_sqlite3.node');
const stamp = path.join(modules, 'sqlite3/build/shouzang.stamp');
const kept = path.join(root, '.native');
const FLAGS = [
  '-DSQLITE_THREADSAFE=1',
  '-DHAVE_USLEEP=1',
  '-DSQLITE_ENABLE_FTS5',
  '-DSQLITE_ENABLE_RTREE',
  '-DSQLITE_ENABLE_DBSTAT_VTAB=1',
  '-DSQLITE_ENABLE_MATH_FUNCTIONS',
  '-DSQLITE_SECURE_DELETE',
  '-DSQLITE_DEFAULT_FOREIGN_KEYS=1',
];

/** True when the driver in place is the one these sources, flags and this Node give. An installed image has no sources: its stamp is believed. */
export function nativeIsBuilt() {
  if (!existsSync(driver) || !existsSync(stamp)) return false;
  return !existsSync(`${amalgamation}/sqlite3.c`) || readFileSync(stamp, 'utf8') === wanted();
}

function wanted() {
  const source = readFileSync(`${amalgamation}/sqlite3.c`);
  return createHash('sha256').update(source).update(FLAGS.join(' ')).update(process.version).digest('hex');
}

/** Same sources, same flags, same Node, same binding: the same file. */
const keptDriver = () => {
  const { version } = JSON.parse(readFileSync(path.join(modules, 'sqlite3/package.json'), 'utf8'));
  return path.join(kept, `node_sqlite3-${version}-${process.arch}-${wanted().slice(0, 16)}.node`);
};

export function buildNative() {
  if (nativeIsBuilt()) return;
  if (!existsSync(`${amalgamation}/sqlite3.c`)) throw new Error('node_modules is not complete: run npm ci first');
  if (existsSync(keptDriver())) place(keptDriver());
  else {
    compile();
    copyFileSync(driver, `${keptDriver()}.part`);
    renameSync(`${keptDriver()}.part`, keptDriver());
  }
  check();
  writeFileSync(stamp, wanted());
}

function place(file) {
  mkdirSync(path.dirname(driver), { recursive: true });
  copyFileSync(file, `${driver}.part`);
  renameSync(`${driver}.part`, driver);
}

function compile() {
  for (const folder of ['lib', 'include']) mkdirSync(path.join(kept, folder), { recursive: true });
  process.stderr.write('building sqlite3 from source (once, about a minute)\n');
  run('gcc', ['-O2', '-fPIC', '-c', `${amalgamation}/sqlite3.c`, '-o', `${kept}/sqlite3.o`, ...FLAGS]);
  run('ar', ['rcs', `${kept}/lib/libsqlite3.a`, `${kept}/sqlite3.o`]);
  for (const header of ['sqlite3.h', 'sqlite3ext.h']) copyFileSync(`${amalgamation}/${header}`, `${kept}/include/${header}`);
  // The headers that came with Node are used where they are, so that node-gyp fetches nothing.
  const prefix = path.dirname(path.dirname(process.execPath));
  const headers = existsSync(path.join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
  run('npm', ['rebuild', 'sqlite3', '--build-from-source', `--sqlite=${kept}`, '--ignore-scripts=false', '--loglevel=error'], headers);
}

/** Runs quietly; what the tool printed is shown only when it fails. */
function run(command, args, environment = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    env: { ...process.env, ...environment },
  });
  if (done.status === 0) return done.stdout;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  throw new Error(`${command} failed (${done.error?.message ?? `exit ${done.status}`}); gcc, g++, make and python3 are needed`);
}

/** The driver loads, is not the withdrawn release and erases what it deletes. */
function check() {
  if (!existsSync(driver)) throw new Error('sqlite3 was not built: gcc, g++, make and python3 are needed');
  const question = `
    const { default: sqlite3 } = await import('sqlite3');
    const db = new sqlite3.Database(':memory:');
    db.get("select sqlite_version() as version, sqlite_compileoption_used('SECURE_DELETE') as erases", (error, row) => {
      if (error) throw error;
      process.stdout.write(JSON.stringify(row));
    });`;
  const { version, erases } = JSON.parse(run(process.execPath, ['--input-type=module', '-e', question]));
  if (erases !== 1 || version === '3.52.0') throw new Error(`sqlite3 was built wrong: ${version}, secure_delete ${erases}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildNative();
