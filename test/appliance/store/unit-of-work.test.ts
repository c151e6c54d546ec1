import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { ArchiveError } from '../../../core/errors.js';
import { followFault, headOf, EMPTY_HEAD } from '../../../core/audit.js';
import { frontierRoot, inclusionProof, leafHash, rangeRoot, verifyInclusion } from '../../../core/merkle.js';
import { entryBytes } from '../../../core/audit.js';
import type { Call, Sm3 } from '../../../core/ports.js';
import { openDatabase } from '../../../appliance/store/database.js';
import { entryOf, openLedger, treeFor } from '../../../appliance/store/ledger.js';
import type { EntryRow } from '../../../appliance/store/ledger.js';
import { migrate } from '../../../appliance/store/migrations/index.js';
import { sqlOn } from '../../../appliance/store/sql.js';
import { openUnitOfWork } from '../../../appliance/store/unit-of-work.js';
import type { StoreOptions } from '../../../appliance/store/unit-of-work.js';
import { refusalMeter } from '../../../appliance/audit/meter.js';

const sm3: Sm3 = (...parts) => { const hash = createHash('sm3'); for (const part of parts) hash.update(part); return hash.digest(); };
const call: Call = { act: 'test.act', person: 'p1', duty: 'archivist', terminal: 't1', traceId: 'x' };

async function openStore(options: StoreOptions = {}) {
  const database = await openDatabase(path.join(mkdtempSync(path.join(tmpdir(), 'store-')), 'shouzang.db'));
  await migrate(database.writer);
  let tick = Date.parse('2026-11-23T00:00:00.000Z');
  const clock = { now: () => new Date(tick++).toISOString(), today: () => '2026-11-23' };
  const ledger = await openLedger(sqlOn(database.writer), sm3, clock);
  const gate = {
    async decide(_call: Call, act: string) {
      if (act === 'test.refused') throw new ArchiveError('E_NOT_FOUND', { rule: 'mac' });
      return Promise.resolve({ allowed: true, reasons: [] });
    },
  };
  const uow = openUnitOfWork(database, ledger, gate, (sql) => ({ sql }), options);
  await sqlOn(database.writer).run('CREATE TABLE thing (id TEXT PRIMARY KEY)');
  const entries = async () => (await sqlOn(database.reader).all<EntryRow>('SELECT * FROM audit_entry ORDER BY seq')).map(entryOf);
  return { database, ledger, uow, entries, clock };
}

test('a change without an audit entry does not commit', async (t) => {
  const { database, uow, entries } = await openStore();
  await t.throwsAsync(uow.write(call, async (tx) => { await tx.allow(); await tx.sql.run("INSERT INTO thing VALUES ('a')"); }), { message: /audit entry/ });
  t.is((await sqlOn(database.reader).all('SELECT * FROM thing')).length, 0);
  t.is((await entries()).length, 0);
  await database.close();
});

test('a change without a decision does not commit', async (t) => {
  const { database, uow } = await openStore();
  await t.throwsAsync(uow.write(call, async (tx) => { await tx.sql.run("INSERT INTO thing VALUES ('a')"); tx.audit({ action: 'test.act' }); }), { message: /decision point/ });
  t.is((await sqlOn(database.reader).all('SELECT * FROM thing')).length, 0);
  await database.close();
});

test('a refusal rolls the change back and is entered with its true reason', async (t) => {
  const { database, uow, entries } = await openStore();
  await t.throwsAsync(uow.write(call, async (tx) => {
    await tx.sql.run("INSERT INTO thing VALUES ('a')");
    await tx.allow({ type: 'record', id: 'r1', fonds: null, level: 3, state: 'filed', department: null, scope: { persons: [], departments: [] }, owner: null }, 'test.refused');
  }), { instanceOf: ArchiveError });
  t.is((await sqlOn(database.reader).all('SELECT * FROM thing')).length, 0);
  const [entry] = await entries();
  t.like(entry, { result: 'refused', reason: 'E_NOT_FOUND', object: 'r1', objectLevel: 3, detail: { rule: 'mac' } });
  await database.close();
});

test('fifty units at once each commit once and the chain and the tree hold', async (t) => {
  const { database, uow, entries, ledger, clock } = await openStore();
  await Promise.all(Array.from({ length: 50 }, async (_, n) => uow.write(call, async (tx) => {
    await tx.allow();
    await tx.sql.run('INSERT INTO thing VALUES ($1)', `t${String(n)}`);
    tx.audit({ action: 'test.act', object: `t${String(n)}` });
  })));
  const all = await entries();
  t.is(all.length, 50);
  let head = EMPTY_HEAD;
  for (const entry of all) { t.is(followFault(sm3, head, entry), undefined); head = headOf(entry); }
  const leaves = all.map((entry) => leafHash(sm3, entryBytes(entry)));
  const root = rangeRoot(sm3, { leaf: (index) => leaves[index] ?? new Uint8Array(32) }, 0, 50);
  t.deepEqual(Buffer.from(frontierRoot(sm3, ledger.frontier())), Buffer.from(root));
  const reopened = await openLedger(sqlOn(database.writer), sm3, clock);
  t.deepEqual(Buffer.from(frontierRoot(sm3, reopened.frontier())), Buffer.from(root), 'the frontier is rebuilt at start');
  for (const index of [0, 17, 31, 32, 49]) {
    const tree = await treeFor(sqlOn(database.reader), sm3, (reader) => inclusionProof(sm3, reader, index, 50));
    const proof = inclusionProof(sm3, tree, index, 50);
    t.true(verifyInclusion(sm3, leaves[index] ?? new Uint8Array(), index, 50, proof, root));
    t.false(verifyInclusion(sm3, leaves[(index + 1) % 50] ?? new Uint8Array(), index, 50, proof, root));
  }
  await database.close();
});

test('audit rows refuse to be updated or deleted', async (t) => {
  const { database, uow } = await openStore();
  await uow.write(call, async (tx) => { await tx.allow(); tx.audit({ action: 'test.act' }); });
  const sql = sqlOn(database.writer);
  t.regex(String((await t.throwsAsync(sql.run("UPDATE audit_entry SET actor = 'x'")) as { original?: Error } | undefined)?.original), /append-only/);
  t.regex(String((await t.throwsAsync(sql.run('DELETE FROM audit_entry')) as { original?: Error } | undefined)?.original), /append-only/);
  await database.close();
});

test('a step after the commit that fails is told to the box, never to the person as if nothing had happened', async (t) => {
  const late: unknown[] = [];
  const { database, uow, entries } = await openStore({ late: (error) => { late.push(error); } });
  const result = await uow.write(call, async (tx) => {
    await tx.allow();
    await tx.sql.run("INSERT INTO thing VALUES ('a')");
    tx.audit({ action: 'test.act' });
    tx.afterCommit(async () => Promise.reject(new Error('the disk went away')));
    return 'done';
  });
  t.is(result, 'done');
  t.is(late.length, 1);
  t.is((await entries()).length, 1);
  await database.close();
});

test('a ledger that cannot be written refuses the act with E_AUDIT_UNAVAILABLE and leaves nothing; it goes on when it can', async (t) => {
  const { database, uow, entries, ledger } = await openStore();
  const writer = sqlOn(database.writer);
  const write = async (id: string) => uow.write(call, async (tx) => { await tx.allow(); await tx.sql.run('INSERT INTO thing VALUES ($1)', id); tx.audit({ action: 'test.act', object: id }); });
  await write('a');
  await writer.run("CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
  await t.throwsAsync(write('b'), { instanceOf: ArchiveError, message: 'E_AUDIT_UNAVAILABLE' });
  await t.throwsAsync(uow.read(call, async (tx) => { await tx.allow(); tx.audit({ action: 'test.read' }); }), { message: 'E_AUDIT_UNAVAILABLE' });
  t.is(ledger.head().size, 1);
  await writer.run('DROP TRIGGER full');
  await write('c');
  t.deepEqual((await entries()).map(({ object }) => object), ['a', 'c']);
  t.deepEqual((await writer.all<{ id: string }>('SELECT id FROM thing ORDER BY id')).map(({ id }) => id), ['a', 'c']);
  await database.close();
});

test('refusals outside a unit are entered once; of strangers only so many a minute, and the rest are counted', async (t) => {
  let now = Date.parse('2026-11-23T00:00:00.000Z');
  const clock = { now: () => new Date(now).toISOString(), today: () => '2026-11-23' };
  const { database, uow, entries } = await openStore({ meter: refusalMeter(clock, 2) });
  const refusal = new ArchiveError('E_INPUT_INVALID', { act: 'test.act' });
  await uow.refuse(call, refusal);
  await uow.refuse(call, refusal);
  for (let n = 0; n < 5; n += 1) await uow.refuse({ ...call, person: 'anonymous' }, new ArchiveError('E_SESSION_REQUIRED'));
  now += 61_000;
  await uow.refuse({ ...call, person: 'anonymous' }, new ArchiveError('E_SESSION_REQUIRED'));
  await uow.refuse(call, new Error('a fault'));
  t.deepEqual((await entries()).map(({ actor, reason, result, detail }) => [actor, reason, result, detail['leftOut'] ?? 0]), [
    ['p1', 'E_INPUT_INVALID', 'refused', 0], ['anonymous', 'E_SESSION_REQUIRED', 'refused', 0], ['anonymous', 'E_SESSION_REQUIRED', 'refused', 0],
    ['anonymous', 'E_SESSION_REQUIRED', 'refused', 3], ['p1', 'E_INTERNAL', 'failed', 0],
  ]);
  await database.close();
});
