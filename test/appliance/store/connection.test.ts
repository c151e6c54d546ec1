import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { openConnection } from '../../../appliance/store/database.js';
import { sqlOn } from '../../../appliance/store/sql.js';

function opened() {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'connection-')), 'box.db');
  const connection = openConnection(file);
  return { file, connection, sql: sqlOn(connection) };
}

test('a statement asked many times at once answers each with its own values', async (t) => {
  const { connection, sql } = opened();
  await sql.run('CREATE TABLE thing (id INTEGER PRIMARY KEY, word TEXT UNIQUE)');
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  t.deepEqual(await Promise.all(numbers.map(async (n) => sql.run('INSERT INTO thing VALUES ($1, $2)', n, `w${String(n)}`))), numbers.map(() => 1));
  const rows = await Promise.all(numbers.map(async (n) => sql.one<{ word: string }>('SELECT word FROM thing WHERE id = $1', n)));
  t.deepEqual(rows.map((row) => row?.word), numbers.map((n) => `w${String(n)}`));
  t.is(await sql.run('UPDATE thing SET word = word || $1 WHERE id < $2', 'x', 10), 10);
  t.is(await sql.run('UPDATE thing SET word = word || $1 WHERE id < $2', 'y', 0), 0);
  await connection.close();
});

test('a statement that failed once works again, and one that cannot be prepared fails every caller', async (t) => {
  const { connection, sql } = opened();
  await sql.run('CREATE TABLE thing (id INTEGER PRIMARY KEY)');
  const put = async (id: number) => sql.run('INSERT INTO thing VALUES ($1)', id);
  await put(1);
  await t.throwsAsync(put(1), { message: /Validation|UNIQUE|constraint/i });
  await put(2);
  t.is((await sql.all('SELECT * FROM thing')).length, 2);
  const wrong = await Promise.allSettled([sql.all('SELECT * FROM missing'), sql.all('SELECT * FROM missing'), sql.run('INSERT INTO missing VALUES (1)')]);
  t.deepEqual(wrong.map(({ status }) => status), ['rejected', 'rejected', 'rejected']);
  await sql.run('CREATE TABLE missing (id INTEGER)');
  t.deepEqual(await sql.all('SELECT * FROM missing'), []);
  await connection.close();
});

test('a kept statement sees a changed schema, a rollback and more texts than are kept', async (t) => {
  const { connection, sql } = opened();
  await sql.run('CREATE TABLE thing (id INTEGER PRIMARY KEY)');
  await sql.run('INSERT INTO thing VALUES ($1)', 1);
  t.deepEqual(await sql.all('SELECT * FROM thing'), [{ id: 1 }]);
  await sql.run('ALTER TABLE thing ADD COLUMN word TEXT');
  t.deepEqual(await sql.all('SELECT * FROM thing'), [{ id: 1, word: null }]);
  for (let round = 0; round < 2; round += 1) {
    await sql.run('BEGIN IMMEDIATE');
    await sql.run('INSERT INTO thing (id) VALUES ($1)', 2);
    await sql.run('ROLLBACK');
  }
  t.is((await sql.all('SELECT * FROM thing')).length, 1);
  for (let n = 0; n < 600; n += 1) t.is((await sql.all<{ n: number }>(`SELECT ${String(n % 300)} AS n`))[0]?.n, n % 300);
  await connection.close();
});

test('nothing kept holds the file: a second connection writes, empties the log and vacuums; closing frees it', async (t) => {
  const { file, connection, sql } = opened();
  await sql.run('CREATE TABLE thing (id INTEGER PRIMARY KEY)');
  await sql.run('INSERT INTO thing VALUES ($1)', 1);
  await sql.all('SELECT * FROM thing');
  await sql.one('SELECT * FROM thing WHERE id = $1', 1);
  const other = openConnection(file);
  const second = sqlOn(other);
  await second.run('INSERT INTO thing VALUES (2)');
  t.like((await second.all<{ busy: number; log: number }>('PRAGMA wal_checkpoint(truncate)'))[0], { busy: 0, log: 0 });
  await second.all('VACUUM');
  t.is((await sql.all('SELECT * FROM thing')).length, 2);
  await connection.close();
  await other.close();
});
