// Builds the sqlite3 driver from source with secure_delete compiled in (research: sqlite3 6.0.1 bundles a withdrawn
// SQLite 3.52.0 and its prebuilt binary wants a newer glibc than Debian 12 has). The amalgamation is the one that
// better-sqlite3 ships (3.53.x). Does nothing when the built driver is already in place and loads.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = path.join(root, 'node_modules');
const amalgamation = path.join(modules, 'better-sqlite3/deps/sqlite3');
const driver = path.join(modules, 'sqlite3/build/Release/node_sqlite3.node');
const stamp = path.join(modules, 'sqlite3/build/shouzang.stamp');
const FLAGS = [
  '-DSQLITE_THREADSAFE=1', '-DHAVE_USLEEP=1', '-DSQLITE_ENABLE_FTS5', '-DSQLITE_ENABLE_RTREE', '-DSQLITE_ENABLE_DBSTAT_VTAB=1',
  '-DSQLITE_ENABLE_MATH_FUNCTIONS', '-DSQLITE_SECURE_DELETE', '-DSQLITE_DEFAULT_FOREIGN_KEYS=1',
];

export function nativeIsBuilt() {
  return existsSync(driver) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted();
}

function wanted() {
  const source = existsSync(`${amalgamation}/sqlite3.c`) ? readFileSync(`${amalgamation}/sqlite3.c`) : 'shipped';
  return createHash('sha256').update(source).update(FLAGS.join(' ')).update(process.version).digest('hex');
}

export function buildNative() {
  if (nativeIsBuilt()) return;
  const prefix = path.join(root, '.native');
  mkdirSync(path.join(prefix, 'lib'), { recursive: true });
  mkdirSync(path.join(prefix, 'include'), { recursive: true });
  const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  process.stderr.write('building sqlite3 from source (about two minutes, once)\n');
  run('gcc', ['-O2', '-fPIC', '-c', `${amalgamation}/sqlite3.c`, '-o', `${prefix}/sqlite3.o`, ...FLAGS]);
  run('ar', ['rcs', `${prefix}/lib/libsqlite3.a`, `${prefix}/sqlite3.o`]);
  for (const header of ['sqlite3.h', 'sqlite3ext.h']) copyFileSync(`${amalgamation}/${header}`, `${prefix}/include/${header}`);
  run('npm', ['rebuild', 'sqlite3', '--build-from-source', `--sqlite=${prefix}`, '--ignore-scripts=false']);
  if (!existsSync(driver)) throw new Error('sqlite3 was not built: python3, make and g++ are needed');
  writeFileSync(stamp, wanted());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildNative();
