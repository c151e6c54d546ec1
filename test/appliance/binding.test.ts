import sqlite3 from 'sqlite3';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { at, described, done, filedSecret, markers } from '../helpers/marked.js';
import type { Marked, Marking } from '../helpers/marked.js';

/** Another process at the file: what the sqlite3 shell would do. */
async function shell(box: TestBox, ...statements: readonly (readonly [sql: string, ...values: unknown[]])[]): Promise<void> {
  const file = box.running.box.paths.database;
  await new Promise<void>((resolve, reject) => {
    const outside = new sqlite3.Database(file, (opened) => {
      if (opened) { reject(opened); return; }
      outside.serialize(() => {
        outside.run('PRAGMA busy_timeout = 5000');
        outside.run('PRAGMA foreign_keys = off');
        outside.run('PRAGMA ignore_check_constraints = on');
        for (const [sql, ...values] of statements) outside.run(sql, values, (error) => { if (error) reject(error); });
        outside.close((error) => { if (error) reject(error); else resolve(); });
      });
    });
  });
}

const rows = async (box: TestBox, sql: string, ...values: readonly string[]): Promise<Record<string, unknown>[]> => box.running.box.reader.all<Record<string, unknown>>(sql, ...values);
const one = async (box: TestBox, sql: string, ...values: readonly string[]): Promise<Record<string, unknown>> => (await rows(box, sql, ...values))[0] ?? {};
const code = async (client: Client, act: string, query: Record<string, string>): Promise<unknown> => (await client.get<{ code?: string }>(act, query)).body.code;

interface Desk extends Marking { readonly box: TestBox; readonly marked: Marked }
async function desk(t: ExecutionContext): Promise<Desk> {
  const box = await openTestBox(t);
  const people = await markers(box);
  return { box, ...people, marked: await filedSecret(people, '隐龙潭泄洪预案') };
}

/** Another value of the same type. */
function changed(value: unknown, type: string): unknown {
  if (type === 'INTEGER') return typeof value === 'number' ? value + (value > 4 ? 1000 : 1) : 7;
  if (type === 'BLOB') return Buffer.isBuffer(value) ? Buffer.concat([value.subarray(0, -1), Buffer.from([(value.at(-1) ?? 0) ^ 1])]) : Buffer.from('x');
  return typeof value === 'string' ? `${value}x` : 'x';
}

test('第四十一条: any column of any row of a marked record, changed with the sqlite3 shell, refuses the next reading with E_MARK_BINDING', async (t) => {
  t.timeout(240_000);
  const { box, custodian, marked } = await desk(t);
  const { record, file, classification } = marked;
  const places: readonly (readonly [table: string, where: string, key: string])[] = [
    ['record', 'id = ?', record], ['computer_file', 'id = ?', file], ['record_scope', 'record = ? AND kind = \'person\'', record], ['classification', 'id = ?', classification ?? ''],
    ['classification_scope', 'classification = ?', classification ?? ''], ['process_event', 'record = ?', record], ['classification_record', 'record = ?', record],
    ['stored_object', 'id = (SELECT object FROM computer_file WHERE record = ?)', record],
  ];
  let tried = 0;
  for (const [table, where, key] of places) {
    const before = await one(box, `SELECT rowid AS at, * FROM ${table} WHERE ${where.replace('?', '$1')} LIMIT 1`, key).catch(async () => one(box, `SELECT * FROM ${table} WHERE ${where.replace('?', '$1')} LIMIT 1`, key));
    const columns = await rows(box, `SELECT name, type, pk FROM pragma_table_info('${table}')`);
    t.true(columns.length >= 2, table);
    const keys = columns.filter(({ pk }) => Number(pk) > 0).map(({ name }) => String(name));
    for (const { name, type } of columns) {
      const column = String(name);
      // Whether bytes are staged or kept is bookkeeping; an erased object is found by its missing bytes.
      if (table === 'stored_object' && column === 'state') continue;
      const value = keys.includes(column) && type === 'INTEGER' ? Number(before[column]) + 1000 : changed(before[column], String(type));
      const here = keys.map((one) => `${one} = ?`).join(' AND ');
      const now = keys.map((one) => (one === column ? value : before[one]));
      await shell(box, [`UPDATE ${table} SET ${column} = ? WHERE ${here}`, value, ...keys.map((one) => before[one])]);
      const answer = await custodian.get<{ code?: string }>('record.show', { record });
      t.is(answer.body.code, 'E_MARK_BINDING', `${table}.${column}: ${answer.bytes.toString('utf8').slice(0, 200)}`);
      // A file under another name, or under no record, is simply not there.
      if (table !== 'computer_file' || (column !== 'id' && column !== 'record')) {
        t.is(await code(custodian, 'record.pages', { file }), 'E_MARK_BINDING', `${table}.${column}`);
        t.is((await custodian.get<{ code?: string }>('record.read', { file, page: 1 })).body.code, 'E_MARK_BINDING', `${table}.${column}`);
      }
      await shell(box, [`UPDATE ${table} SET ${column} = ? WHERE ${here}`, before[column], ...now], ['DELETE FROM mark_fault']);
      t.is((await custodian.get('record.show', { record })).status, 200, `${table}.${column} put back`);
      tried += 1;
    }
  }
  t.log(`${String(tried)} columns`);
  t.true(tried >= 80);
});

test('第四十一条: a record that does not hold leaves every list; whoever was never named is told nothing, even if an edit names them', async (t) => {
  const { box, custodian, marked } = await desk(t);
  const outsider = await at(await box.as('zhoumin'), 3);
  t.is(done(await custodian.get<{ total: number }>('record.search', { archivalYear: 2026 })).total, 1);
  await shell(box, ['INSERT INTO record_scope (record, kind, ref) VALUES (?, \'person\', ?)', marked.record, outsider.person]);
  const found = done(await outsider.get<{ total: number; rows: unknown[] }>('record.search', { archivalYear: 2026 }));
  t.deepEqual([found.total, found.rows], [0, []], 'the list is made again without it');
  t.is(await code(outsider, 'record.show', { record: marked.record }), 'E_NOT_FOUND');
  t.is(await code(custodian, 'record.show', { record: marked.record }), 'E_MARK_BINDING');
  await shell(box, ['INSERT INTO classification_scope (classification, kind, ref) VALUES (?, \'person\', ?)', marked.classification, outsider.person]);
  t.is(done(await outsider.get<{ total: number }>('classification.list')).total, 0, 'the matter is bound with its records');
  t.is(await code(outsider, 'classification.show', { classification: marked.classification ?? '' }), 'E_NOT_FOUND');
  t.is(done(await custodian.get<{ total: number }>('record.search', { archivalYear: 2026 })).total, 0);
  const entry = await one(box, "SELECT count(*) AS n FROM audit_entry WHERE reason = 'E_MARK_BINDING' AND result = 'refused'");
  t.true(Number(entry['n']) >= 2, 'each finding is in the ledger');
});

test('第四十一条: lowering a record to public behind the box\'s back shows it to nobody', async (t) => {
  const { box, custodian, marked } = await desk(t);
  const stranger = await box.as('zhaoxiaolan');
  for (const level of [0, 1, 2]) {
    await shell(box, ['UPDATE record SET level = ?, mark = NULL, classification = NULL WHERE id = ?', level, marked.record], ['DELETE FROM mark_binding WHERE record = ?', marked.record], ['DELETE FROM mark_fault']);
    t.is(done(await (await at(stranger, Math.min(level, 2))).get<{ total: number }>('record.search', { archivalYear: 2026 })).total, 0, String(level));
    t.is(await code(stranger, 'record.show', { record: marked.record }), 'E_NOT_FOUND');
  }
  t.is(await code(custodian, 'record.pages', { file: marked.file }), 'E_NOT_FOUND', 'nothing genuine says who may know of it');
});

test('第四十一条: a binding deleted, exchanged, forged or put back together with its older row is found', async (t) => {
  const { box, proposer, authority, custodian, marked } = await desk(t);
  const other = await filedSecret({ proposer, authority, custodian }, '隐龙潭值守安排');
  const binding = async (record: string) => one(box, 'SELECT * FROM mark_binding WHERE record = $1', record);
  const [mine, theirs] = [await binding(marked.record), await binding(other.record)];
  const put = (record: string, from: Record<string, unknown>) => ['INSERT OR REPLACE INTO mark_binding (record, statement, signature) VALUES (?, ?, ?)', record, from['statement'], from['signature']] as const;
  /** The fault that a reading finds; the background round may still enter what it saw a moment before. */
  const faultOf = async (wanted: unknown): Promise<unknown> => {
    for (let tries = 0; ; tries += 1) {
      await custodian.get('record.show', { record: marked.record });
      const found = (await one(box, 'SELECT fault FROM mark_fault WHERE record = $1', marked.record))['fault'];
      await shell(box, ['DELETE FROM mark_fault']);
      if (found === wanted || tries === 5) return found;
    }
  };
  await shell(box, ['DELETE FROM mark_binding WHERE record = ?', marked.record]);
  t.is(await faultOf('missing'), 'missing');
  await shell(box, put(marked.record, theirs));
  t.is(await faultOf('foreign'), 'foreign');
  await shell(box, put(marked.record, { ...mine, signature: theirs['signature'] }));
  t.is(await faultOf('unsigned'), 'unsigned');
  await shell(box, put(marked.record, { ...mine, statement: '{}' }));
  t.is(await faultOf('unreadable'), 'unreadable');
  await shell(box, put(marked.record, mine));
  t.is(await faultOf(undefined), undefined);

  // An older pair of row and binding, both genuine, kept aside and put back after a lawful change.
  const fresh = await described(proposer, '隐龙潭巡查记录', 3);
  const tables = ['record', 'record_scope', 'computer_file', 'process_event', 'classification_record', 'mark_binding'];
  const older = new Map<string, Record<string, unknown>[]>();
  for (const table of tables) older.set(table, await rows(box, `SELECT * FROM ${table} WHERE ${table === 'record' ? 'id' : 'record'} = $1`, fresh.record));
  const { rows: [row] } = done(await proposer.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch: fresh.batch }));
  done(await proposer.post('arrangement.save', { batch: fresh.batch, rows: [{ record: fresh.record, seenVersion: row?.version, facts: { completedOn: '2026-06-02' }, description: { title: '隐龙潭巡查记录二' } }] }));
  t.is((await proposer.get('record.show', { record: fresh.record })).status, 200);
  await shell(box, ...tables.flatMap((table) => [
    [`DELETE FROM ${table} WHERE ${table === 'record' ? 'id' : 'record'} = ?`, fresh.record] as const,
    ...(older.get(table) ?? []).map((kept) => [`INSERT INTO ${table} (${Object.keys(kept).join(', ')}) VALUES (${Object.keys(kept).map(() => '?').join(', ')})`, ...Object.values(kept)] as const),
  ]));
  t.is(await code(proposer, 'record.show', { record: fresh.record }), 'E_MARK_BINDING');
  t.is((await one(box, 'SELECT fault FROM mark_fault WHERE record = $1', fresh.record))['fault'], 'rolled-back');
});

test('a whole marked record deleted with every row of it is still missed; a lawful save over an edit is refused, not signed', async (t) => {
  const { box, proposer } = await desk(t);
  const fresh = await described(proposer, '隐龙潭巡查记录', 3);
  const { rows: [row] } = done(await proposer.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch: fresh.batch }));
  await shell(box, ['UPDATE record SET retention = \'Y\' WHERE id = ?', fresh.record]);
  const saved = await proposer.post<{ code?: string }>('arrangement.save', { batch: fresh.batch, rows: [{ record: fresh.record, seenVersion: row?.version, facts: { completedOn: '2026-06-02' }, description: { title: '隐龙潭巡查记录二' } }] });
  t.is(saved.body.code, 'E_MARK_BINDING');
  t.is((await one(box, 'SELECT retention FROM record WHERE id = $1', fresh.record))['retention'], 'Y', 'nothing was written over it');

  await shell(box, ...['record_scope', 'computer_file', 'process_event', 'classification_record', 'mark_binding'].map((table) => [`DELETE FROM ${table} WHERE record = ?`, fresh.record] as const), ['DELETE FROM record WHERE id = ?', fresh.record], ['DELETE FROM mark_fault']);
  await proposer.get('record.show', { record: fresh.record });
  t.is((await one(box, 'SELECT fault FROM mark_fault WHERE record = $1', fresh.record))['fault'], 'gone');
});

interface Shown { readonly round: { readonly state: string; readonly checked: number; readonly total: number; readonly faults: number } | null; readonly rows: readonly { readonly record: string | null; readonly fault: string; readonly text: string }[] }

/** The round walked to its end. */
async function walked(officer: Client): Promise<Shown> {
  done(await officer.post('binding.verify'));
  for (let waits = 0; waits < 400; waits += 1) {
    const shown = done(await officer.get<Shown>('binding.show'));
    if (shown.round?.state === 'done') return shown;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  throw new Error('the round does not end');
}

test('第四十一条: the background round lists what was edited, to each who may know of it, goes on after a pause, and lifts what holds again', async (t) => {
  t.timeout(120_000);
  const { box, custodian, proposer, marked } = await desk(t);
  const [security, system] = [await box.as('chenlixin'), await box.as('sunhao')];
  const clean = await walked(security);
  t.deepEqual([clean.round?.faults, clean.rows], [0, []]);
  t.true((clean.round?.checked ?? 0) >= 1);

  const unmarked = await described(proposer, '普通通知', 1);
  await shell(box, ['UPDATE record SET retention = \'Y\' WHERE id = ?', marked.record], ['UPDATE record SET level = 3 WHERE id = ?', unmarked.record]);
  const found = await walked(security);
  t.deepEqual(found.rows.map(({ record, fault }) => [record, fault]).sort(), [[marked.record, 'altered'], [unmarked.record, 'missing']].sort());
  t.true(found.rows.every(({ text }) => /\p{Script=Han}/u.test(text)));
  t.deepEqual(done(await custodian.get<Shown>('binding.show')).rows.map(({ record }) => record), [marked.record], 'no count of the box, and only what they may know of');
  t.is(done(await custodian.get<Shown>('binding.show')).round, null);
  t.true(done(await system.get<Shown>('binding.show')).rows.every(({ record }) => record === null), '系统管理员 sees counts');
  const outsider = await at(await box.as('zhoumin'), 3);
  t.deepEqual(done(await outsider.get<Shown>('binding.show')), { round: null, total: 0, rows: [] } as never);

  await shell(box, ['UPDATE record SET retention = \'D10\' WHERE id = ?', marked.record], ['UPDATE record SET level = 1 WHERE id = ?', unmarked.record]);
  t.deepEqual((await walked(security)).rows, []);
  t.is(done(await custodian.get<{ total: number }>('record.search', { archivalYear: 2026 })).total, 1, 'back in the list');

  done(await security.post('binding.verify'));
  const paused = done(await system.post<Shown>('binding.pause', { paused: true }));
  if (paused.round?.state === 'paused') t.is(done(await system.post<Shown>('binding.pause', { paused: false })).round?.state, 'running');
  t.is((await custodian.post<{ code?: string }>('binding.verify')).body.code, 'E_DENIED');
});
