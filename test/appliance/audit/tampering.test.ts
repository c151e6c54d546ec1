import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { openBox } from '../../../appliance/box.js';
import { randomIds, systemClock } from '../../../appliance/clock.js';
import { runCli } from '../../../appliance/cli/frame.js';
import { VERBS } from '../../../appliance/cli/verbs.js';
import { foundRehearsal } from '../../../appliance/founding/rehearsal.js';
import { EMPTY_HEAD, entryBytes } from '../../../core/audit.js';
import { openConnection } from '../../../appliance/store/database.js';
import { openReadOnly } from '../../../appliance/store/read-only.js';
import { sqlOn } from '../../../appliance/store/sql.js';
import type { Sql } from '../../../appliance/store/sql.js';
import type { EntryRow } from '../../../appliance/store/ledger.js';
import { entryOf } from '../../../appliance/store/ledger.js';

interface Verdict { valid: boolean; entries: number; faults: { seq: number; kind: string; text: string }[]; certificates: string[] }

async function cli<T = Verdict>(...args: readonly string[]): Promise<{ exit: number; data: T }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = await runCli(VERBS, [...args, '--json'], { stdin: new PassThrough(), stdout, stderr, env: {} });
  return { exit, data: JSON.parse(String(stdout.read() ?? 'null')) as T };
}

/** A stopped box of 40 entries or more under three checkpoints, the last over all but its own entry; made once, copied by each test. */
let template: Promise<string> | undefined;
async function boxCopy(t: ExecutionContext): Promise<string> {
  template ??= (async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'ledger-'));
    const data = path.join(root, 'data');
    const [clock, ids] = [systemClock(), randomIds()];
    await foundRehearsal(data, clock, ids);
    const box = await openBox({ data, clock, ids });
    for (let round = 0; round < 3; round += 1) {
      for (let at = 0; at < 8; at += 1) await box.store.write(box.systemCall('system.selftest'), async (tx) => { await tx.allow(); tx.audit({ action: 'system.selftest', detail: { round, at } }); });
      await box.checkpoint();
    }
    await box.close();
    return data;
  })();
  const copy = path.join(mkdtempSync(path.join(tmpdir(), 'ledger-copy-')), 'data');
  cpSync(await template, copy, { recursive: true });
  t.teardown(() => { rmSync(path.dirname(copy), { recursive: true, force: true }); });
  return copy;
}

test.after.always(async () => {
  if (template !== undefined) rmSync(path.dirname(await template), { recursive: true, force: true });
});

/** Works on the database file as somebody with the disc in hand would: the triggers are dropped first. */
async function attack(data: string, work: (sql: Sql) => Promise<void>): Promise<void> {
  const connection = openConnection(path.join(data, 'shouzang.db'));
  const sql = sqlOn(connection);
  await each(sql, 'DROP TRIGGER audit_entry_no_update; DROP TRIGGER audit_entry_no_delete');
  await work(sql);
  await connection.query('pragma wal_checkpoint(truncate)');
  await connection.close();
}

async function each(sql: Sql, statements: string): Promise<void> {
  for (const one of statements.split(';')) await sql.run(one);
}

test('an untouched copy verifies, locked and read-only, and nothing in it changes', async (t) => {
  const data = await boxCopy(t);
  rmSync(path.join(data, 'rehearsal'), { recursive: true });
  const photo = () => readdirSync(data, { recursive: true, encoding: 'utf8' }).sort().filter((name) => statSync(path.join(data, name)).isFile()).map((name) => `${name} ${createHash('sm3').update(readFileSync(path.join(data, name))).digest('hex')}`);
  const before = photo();
  chmodSync(data, 0o500);
  t.teardown(() => { chmodSync(data, 0o700); });
  const { exit, data: verdict } = await cli('audit', 'verify', '--data', data);
  t.deepEqual([exit, verdict.valid, verdict.faults], [0, true, []]);
  t.true(verdict.entries >= 40);
  t.deepEqual(photo(), before);
});

interface Attack {
  readonly work: (sql: Sql) => Promise<void>;
  /** Kind of fault, and the entry at which it shows; `null`: wherever that is in this ledger. */
  readonly expect: readonly [kind: string, seq: number | null];
}

/** Writes the row and everything behind it anew, hashes and links right: what somebody with the program could do. */
async function rewriteFrom(sql: Sql, seq: number, change: (row: EntryRow) => EntryRow): Promise<void> {
  let prev = EMPTY_HEAD.hash;
  for (const row of await sql.all<EntryRow>('SELECT * FROM audit_entry ORDER BY seq')) {
    const next = { ...(row.seq === seq ? change(row) : row), prev_hash: prev };
    if (row.seq >= seq) next.hash = createHash('sm3').update(entryBytes(entryOf(next))).digest('hex');
    await sql.run('UPDATE audit_entry SET actor = $1, prev_hash = $2, hash = $3 WHERE seq = $4', next.actor, prev, next.hash, row.seq);
    prev = next.hash;
  }
}

const attacked = test.macro<[attack: Attack]>({
  async exec(t, { work, expect: [kind, seq] }) {
    const data = await boxCopy(t);
    t.is((await cli('audit', 'verify', '--data', data)).exit, 0);
    await attack(data, work);
    const { exit, data: verdict } = await cli('audit', 'verify', '--data', data);
    t.is(exit, 1);
    t.true(verdict.faults.some((one) => one.kind === kind && (seq === null || one.seq === seq)), JSON.stringify(verdict.faults));
    t.true(verdict.faults.every(({ text }) => /\p{Script=Han}/u.test(text)));
  },
  title: (given) => `审计: ${given ?? ''}`,
});

/** Closes every gap in the numbers. */
async function renumber(sql: Sql): Promise<void> {
  const rows = await sql.all<{ seq: number }>('SELECT seq FROM audit_entry ORDER BY seq');
  for (const [at, { seq }] of rows.entries()) await sql.run('UPDATE audit_entry SET seq = $1 WHERE seq = $2', at, seq);
}

const update = (set: string, seq: number) => async (sql: Sql): Promise<void> => { await sql.run(`UPDATE audit_entry SET ${set} WHERE seq = ${String(seq)}`); };
test('who did it changed in entry 20', attacked, { work: update("actor = 'somebody'", 20), expect: ['altered', 20] });
test('the result of entry 21 changed', attacked, { work: update("result = 'failed'", 21), expect: ['altered', 21] });
test('a blank put into the detail of entry 22', attacked, { work: update("detail = replace(detail, ':', ': ')", 22), expect: ['altered', 22] });
test('the time of entry 23 set back', attacked, { work: update("at = '2020-01-01T00:00:00.000Z'", 23), expect: ['altered', 23] });
test('entry 24 deleted', attacked, { work: async (sql) => each(sql, 'DELETE FROM audit_entry WHERE seq = 24'), expect: ['gap', 24] });
test('entry 25 deleted and the rest numbered up', attacked, { work: async (sql) => { await each(sql, 'DELETE FROM audit_entry WHERE seq = 25'); await renumber(sql); }, expect: ['unlinked', 25] });
test('entries 26 and 27 exchanged', attacked, { work: async (sql) => each(sql, 'UPDATE audit_entry SET seq = 1000 WHERE seq = 26; UPDATE audit_entry SET seq = 26 WHERE seq = 27; UPDATE audit_entry SET seq = 27 WHERE seq = 1000'), expect: ['unlinked', 26] });
test('entry 28 and all behind it rewritten with right hashes', attacked, { work: async (sql) => rewriteFrom(sql, 28, (row) => ({ ...row, actor: 'somebody' })), expect: ['root', null] });
test('the last ten entries cut off', attacked, { work: async (sql) => each(sql, 'DELETE FROM audit_entry WHERE seq > (SELECT max(seq) FROM audit_entry) - 10'), expect: ['truncated', null] });
test('a checkpoint written by hand', attacked, { work: async (sql) => each(sql, "UPDATE checkpoint SET text = replace(text, 'at 20', 'at 21') WHERE size = (SELECT min(size) FROM checkpoint)"), expect: ['signature', null] });
test('a checkpoint spoiled', attacked, { work: async (sql) => each(sql, "UPDATE checkpoint SET text = 'x' WHERE size = (SELECT min(size) FROM checkpoint)"), expect: ['checkpoint', null] });
test('a stored Merkle node changed', attacked, { work: async (sql) => each(sql, 'UPDATE audit_node SET hash = zeroblob(32) WHERE level = 4 AND position = 0'), expect: ['node', 15] });

test('审计: a whole directory put back to an older state is noticed by a checkpoint kept aside, and by nothing else', async (t) => {
  const old = await boxCopy(t);
  const data = await boxCopy(t);
  const box = await openBox({ data, clock: systemClock(), ids: randomIds() });
  for (let at = 0; at < 5; at += 1) await box.store.write(box.systemCall('system.selftest'), async (tx) => { await tx.allow(); tx.audit({ action: 'system.selftest' }); });
  await box.checkpoint();
  const live = await cli('audit', 'verify', '--data', data);
  t.is(live.exit, 0, 'beside the running box its write-ahead log is read along');
  await box.close();
  const { sql, close } = await openReadOnly(path.join(data, 'shouzang.db'));
  const text = (await sql.one<{ text: string }>('SELECT text FROM checkpoint ORDER BY size DESC LIMIT 1'))?.text ?? '';
  await close();
  const aside = path.join(path.dirname(data), 'aside.txt');
  writeFileSync(aside, text);
  t.is((await cli('audit', 'verify', '--data', data, '--checkpoint', aside)).exit, 0);
  t.is((await cli('audit', 'verify', '--data', old)).exit, 0);
  const rolled = await cli('audit', 'verify', '--data', old, '--checkpoint', aside);
  t.deepEqual([rolled.exit, rolled.data.faults.map(({ kind }) => kind)], [1, ['rolled-back']]);
  await attack(data, async (ledger) => each(ledger, 'DELETE FROM audit_entry WHERE seq > 30; DELETE FROM checkpoint WHERE size > 31; DELETE FROM audit_node'));
  t.true((await cli('audit', 'verify', '--data', data, '--checkpoint', aside)).data.faults.some(({ kind }) => kind === 'rolled-back'));
  writeFileSync(aside, 'x');
  t.is((await cli('audit', 'verify', '--data', data, '--checkpoint', aside)).exit, 2);
});

interface Judged { valid: boolean; items: { kind: string; faults: { kind: string; entry: number | null }[] }[] }

test('审计: an export verifies without the box, and a line changed, lost or cut off is named', async (t) => {
  const data = await boxCopy(t);
  const out = path.join(path.dirname(data), 'audit.jsonl');
  const exported = await cli<{ entries: number; afterLastCheckpoint: number }>('audit', 'export', '--data', data, '--out', out);
  t.is(exported.exit, 0);
  t.is(exported.data.afterLastCheckpoint, 1, 'the keeping of the last checkpoint is under the next one');
  t.is((await cli('audit', 'export', '--data', data, '--out', out)).exit, 2, 'nothing is overwritten');
  t.is((await cli('verify', out)).exit, 0);
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
  const judge = async (changed: readonly string[]): Promise<Judged['items'][number]> => {
    writeFileSync(out, `${changed.join('\n')}\n`);
    const { exit, data: { items } } = await cli<Judged>('verify', out);
    t.is(exit, 1);
    return items[0] ?? { kind: '', faults: [] };
  };
  t.true((await judge(lines.map((line, at) => (at === 11 ? line.replace('"result":"ok"', '"result":"failed"') : line)))).faults.some((one) => one.entry === 10));
  t.true((await judge(lines.filter((_, at) => at !== 11))).faults.some((one) => one.entry === 10));
  t.true((await judge(lines.slice(0, -1))).faults.length > 0, 'the checkpoint over all of it is missing');
  const [head = ''] = lines;
  const parsed = JSON.parse(head) as { chain: string[] };
  t.true((await judge([JSON.stringify({ ...parsed, chain: [parsed.chain[1], parsed.chain[0]] }), ...lines.slice(1)])).faults.some(({ kind }) => kind === 'certificate'));
});

interface Checked { opened: boolean; findings: { kind: string; object: string }[] }

test('fsck: a stopped box is consistent, a changed ledger and a lost key are found, and a locked box is still looked at', async (t) => {
  const data = await boxCopy(t);
  const good = await cli<Checked>('fsck', '--data', data, '--deep');
  t.deepEqual([good.exit, good.data.opened, good.data.findings], [0, true, []]);
  await attack(data, async (sql) => {
    await sql.run("UPDATE audit_entry SET actor = 'somebody' WHERE seq = 20");
    await sql.run("INSERT INTO stored_object VALUES ('00000000-0000-4000-8000-000000000000', 1, 5, 'x', 'kept', '2026-01-01T00:00:00Z')");
  });
  const bad = await cli<Checked>('fsck', '--data', data);
  t.is(bad.exit, 1);
  t.true(bad.data.findings.some((one) => one.kind === 'ledger' && one.object === '20'));
  t.true(bad.data.findings.some((one) => one.kind === 'key-missing'));
  const file = path.join(data, 'box', 'keystore.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"rehearsal": true', '"rehearsal": false'));
  t.false((await cli<Checked>('fsck', '--data', data)).data.opened);
  t.is((await cli('fsck', '--data', path.join(data, 'nothing'))).exit, 2);
});
