import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import { boxSignatureCheck, openBox } from '../../appliance/box.js';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { runCli } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { parseCertificate } from '../../appliance/crypto/certificate.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { beginEpoch, openShare } from '../../appliance/keystore/ceremony.js';
import { BODY_AT } from '../../appliance/keystore/sealed-thing.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { countOfEpoch, sealedColumns } from '../../appliance/store/resealing.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { smallPdf } from '../helpers/office.js';

interface Code { readonly code?: string }
interface Register {
  readonly epochs: readonly { readonly epoch: number; readonly state: string; readonly keys: number; readonly things: number | null }[];
  readonly entries: readonly { readonly kind: string; readonly epoch: number | null; readonly state: string; readonly madeIn: string | null; readonly endedIn: string | null; readonly reference: string | null }[];
  readonly holders: readonly { readonly holder: string }[];
  readonly shareSet: { readonly setId: string };
  readonly rotation: { readonly running: boolean; readonly left: number; readonly fault: string | null };
}
interface Shown { readonly id: string; readonly number: string; readonly kind: string; readonly state: string; readonly version: number; readonly statement: string; readonly faults: readonly string[]; readonly mine: boolean; readonly present: readonly { readonly account: string; readonly part: string; readonly signedAt: string | null }[] }

async function grant(client: Client, approval: string) {
  const ready = await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' });
  if (ready.status !== 200) return ready as never;
  return client.post<{ state: string; code?: string }>('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.body.statement), seenVersion: ready.body.version });
}
const register = async (client: Client) => (await client.get<Register>('key.register')).body;
async function ceremony(client: Client, kind: string) {
  const { body } = await client.get<{ rows: readonly { id: string; kind: string }[] }>('ceremony.list');
  const found = body.rows.find((one) => one.kind === kind);
  return (await client.get<Shown>('ceremony.show', { ceremony: found?.id ?? randomUUID() })).body;
}
const sign = async (client: Client, one: Shown) => client.post<{ state: string; code?: string }>('ceremony.sign', { ceremony: one.id, signature: client.sign(one.statement), seenVersion: one.version });
const check = async (box: TestBox) => {
  const { box: it } = box.running;
  return fsck({ sql: it.reader, vault: it.vault, keys: it.keys, paths: it.paths, sm3: it.sm3, check: boxSignatureCheck(it.crypto, it.identity.chain[0] ?? ''), deep: true });
};

test('domain/07 §8: two key officers rotate the level keys; bodies stay, nothing is unreadable, the old epoch is destroyed once nothing refers to it', async (t) => {
  const box = await openTestBox(t);
  const [sysadmin, secadmin, archivist] = [await box.as('sunhao'), await box.as('chenlixin'), await box.as('zhaoxiaolan')];
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  t.is((await upload(archivist, batch, '密钥轮换试件.pdf', await smallPdf('rotation'))).status, 200);
  const { box: it } = box.running;
  const bodies = async () => {
    const found = new Map<string, string>();
    for (const { table, column, key } of await sealedColumns(it.reader)) {
      for (const row of await it.reader.all<{ at: string; sealed: Buffer | null }>(`SELECT ${key.map((name) => `"${name}"`).join(` || ' ' || `)} AS at, "${column}" AS sealed FROM "${table}"`)) {
        if (table !== 'approval' && row.sealed?.subarray(0, 4).toString() === 'SZD2') found.set(`${table} ${row.at}`, Buffer.from(it.sm3(row.sealed.subarray(BODY_AT))).toString('hex'));
      }
    }
    return found;
  };
  const objects = await it.reader.all<{ id: string }>("SELECT id FROM stored_object WHERE state = 'kept'");
  const sealedFiles = async () => Promise.all(objects.map(async ({ id }) => Buffer.from(it.sm3(await readFile(path.join(it.paths.vault, id.slice(0, 2), id)))).toString('hex')));
  const [filesBefore, titles] = [await sealedFiles(), await archivist.get<{ total: number }>('record.search', { q: '防汛' })];

  t.is((await archivist.post<Code>('key.rotate', { reason: '例行轮换' })).body.code, 'E_DENIED');
  const asked = await secadmin.post<{ approval: string; code?: string }>('key.rotate', { reason: '年度例行轮换' });
  t.is(asked.status, 200, JSON.stringify(asked.body));
  t.is((await secadmin.post<Code>('key.rotate', { reason: '年度例行轮换' })).body.code, 'E_DUPLICATE');
  t.is((await grant(secadmin, asked.body.approval)).status, 403, 'nobody signs for himself');
  const auditor = await box.as('hejingyi');
  t.is((await grant(auditor, asked.body.approval)).status, 404, 'the seat is the system administrator\'s');
  t.is(it.keys.epoch, 1);
  const before = await bodies();
  t.is((await grant(sysadmin, asked.body.approval)).body.state, 'done');
  t.is(it.keys.epoch, 2);
  const reading = archivist.get<{ total: number }>('record.search', { q: '防汛' });
  await it.rotation.settled();
  t.is((await reading).body.total, titles.body.total, 'people read on meanwhile');
  const now = await bodies();
  for (const [row, digest] of before) t.is(now.get(row), digest, row);
  t.deepEqual(await sealedFiles(), filesBefore, 'no sealed object was touched');
  const after = await register(sysadmin);
  t.deepEqual(after.epochs.map(({ epoch, state, things }) => [epoch, state, things]), [[1, 'retiring', 0], [2, 'current', null]]);
  t.is(after.epochs[0]?.keys, 0);
  t.is(after.rotation.fault, null);
  t.deepEqual(after.entries.filter(({ kind }) => kind === 'level-keys').map(({ epoch, state }) => [epoch, state]), [[1, 'retired'], [2, 'current']]);
  t.deepEqual((await check(box)).findings, []);

  t.is((await sysadmin.post<Code>('key.destroy-epoch', { epoch: 2, reason: '误选现行期' })).body.code, 'E_STATE_INVALID');
  t.is((await sysadmin.post<Code>('key.destroy-epoch', { epoch: 9, reason: '没有这一期' })).body.code, 'E_NOT_FOUND');
  const destroy = await sysadmin.post<{ approval: string }>('key.destroy-epoch', { epoch: 1, reason: '轮换完成，销毁旧期' });
  t.is(destroy.status, 200, JSON.stringify(destroy.body));
  t.is((await grant(secadmin, destroy.body.approval)).body.state, 'done');
  const gone = await register(secadmin);
  t.is(gone.epochs[0]?.state, 'destroyed');
  t.is(gone.entries.find(({ kind, epoch }) => kind === 'level-keys' && epoch === 1)?.state, 'destroyed');
  t.deepEqual((await check(box)).findings, []);
  t.is((await archivist.get<{ total: number }>('record.search', { q: '防汛' })).body.total, titles.body.total);

  // The record is signed by exactly those who were there, and holds what happened.
  const rotated = await ceremony(secadmin, 'rotate');
  t.deepEqual(rotated.present.map(({ account, part }) => [account, part]), [['chenlixin', '提请'], ['sunhao', '会签']]);
  t.is((await sign(auditor, rotated)).body.code, 'E_DENIED');
  t.is((await secadmin.post<Code>('ceremony.sign', { ceremony: rotated.id, signature: sysadmin.sign(rotated.statement), seenVersion: rotated.version })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await sign(secadmin, rotated)).body.state, 'open');
  t.is((await sign(sysadmin, rotated)).body.code, 'E_STALE_VERSION');
  const again = await ceremony(sysadmin, 'rotate');
  t.true(again.mine);
  t.is((await sign(sysadmin, again)).body.state, 'complete');
  t.deepEqual((await ceremony(auditor, 'rotate')).faults, []);
  const pdf = await auditor.get('ceremony.print', { ceremony: rotated.id, format: 'pdf' });
  t.is(pdf.bytes.subarray(0, 5).toString(), '%PDF-');
  const json = JSON.parse((await auditor.get('ceremony.print', { ceremony: rotated.id, format: 'json' })).bytes.toString('utf8')) as { statement: string; signatures: { signature: string; certificateSerial: string }[]; certificates: Record<string, string> };
  t.is(json.signatures.length, 2);
  for (const one of json.signatures) {
    t.true(new NodeProvider().verify(Buffer.from(json.statement), Buffer.from(one.signature, 'base64url'), parseCertificate(json.certificates[one.certificateSerial] ?? '').publicKey));
  }
  const actions = await it.reader.all<{ action: string }>("SELECT DISTINCT action FROM audit_entry WHERE action LIKE 'key.%' OR action LIKE 'ceremony.%' ORDER BY action");
  t.deepEqual(actions.map(({ action }) => action), ['ceremony.enter', 'ceremony.print', 'ceremony.show', 'ceremony.sign', 'key.destroy-epoch', 'key.register', 'key.rotate']);
});

test('初始化: the first ceremony is in the register, signed by all three officers with their new keys', async (t) => {
  const box = await openTestBox(t);
  const inspector = await box.as('zhangjian');
  const first = await ceremony(inspector, 'generate');
  t.like(first, { state: 'complete', faults: [], mine: false });
  t.deepEqual(first.present.map(({ account, signedAt }) => [account, signedAt !== null]), [['sunhao', true], ['chenlixin', true], ['hejingyi', true]]);
  t.is((await inspector.get<Code>('key.register')).body.code, 'E_DENIED', 'it counts what the box holds');
  const { entries } = await register(await box.as('hejingyi'));
  t.deepEqual(entries.map(({ kind }) => kind).sort(), ['authority', 'box', 'level-keys', 'root', 'search-keys', 'share-set']);
  t.true(entries.every((one) => one.state === 'current' && one.madeIn === first.id));
  t.is((await (await box.as('linxiao')).get<Code>('key.register')).body.code, 'E_DENIED');
});

test('换根重分: an officer leaves; two present holders give the root to three, the old shares are worthless, the new holders sign the record', async (t) => {
  const box = await openTestBox(t);
  const [sysadmin, secadmin, auditor] = [await box.as('sunhao'), await box.as('chenlixin'), await box.as('hejingyi')];
  const { box: it } = box.running;
  const provider = new NodeProvider();
  const [oldSet, oldHeld] = [it.keys.shareSet, it.keys.heldShares];
  const holders = [sysadmin.person, secadmin.person, auditor.person];
  t.is((await sysadmin.post<Code>('key.reissue', { holders: [sysadmin.person, secadmin.person, (await box.as('linxiao')).person], reason: '阅览人员不得持有' })).body.code, 'E_KEY_HOLDER');
  t.is((await sysadmin.post<Code>('key.reissue', { holders: [sysadmin.person, secadmin.person, randomUUID()], reason: '没有这个人' })).body.code, 'E_KEY_HOLDER');
  const asked = await sysadmin.post<{ approval: string; code?: string }>('key.reissue', { holders, reason: '原持有人离岗，重分分量' });
  t.is(asked.status, 200, JSON.stringify(asked.body));
  t.is((await grant(auditor, asked.body.approval)).body.state, 'done');
  t.not(it.keys.shareSet.setId, oldSet.setId);
  const after = await register(sysadmin);
  t.deepEqual(after.entries.filter(({ kind }) => kind === 'share-set').map(({ state, reference }) => [state, reference]), [['replaced', oldSet.setId], ['current', it.keys.shareSet.setId]]);
  t.deepEqual(after.entries.filter(({ kind }) => kind === 'root').map(({ state }) => state).sort(), ['current', 'replaced']);

  // Nothing of the box opens with two of the old shares any more; with two of the new it does.
  const frames = [openShare(provider, oldHeld[0] ?? t.fail() as never, sysadmin.key), openShare(provider, oldHeld[1] ?? t.fail() as never, secadmin.key)];
  const fresh = [openShare(provider, it.keys.heldShares[0] ?? t.fail() as never, sysadmin.key), openShare(provider, it.keys.heldShares[1] ?? t.fail() as never, secadmin.key)];
  await box.stop();
  const again = await openBox({ data: box.data, clock: systemClock(), ids: randomIds() });
  t.teardown(async () => again.close());
  again.keys.lock();
  for (const frame of frames) await t.throwsAsync(again.keys.offerShare(frame), { code: 'E_KEY_SHARE_INVALID' } as never);
  for (const frame of fresh) await again.keys.offerShare(frame);
  t.is(again.keys.state, 'unlocked');
  t.deepEqual(again.keys.heldShares.map(({ holder }) => holder), ['sunhao', 'chenlixin', 'hejingyi']);
});

test('密钥仪式: backup is entered with who was there and what was kept where, and cannot be signed by others', async (t) => {
  const box = await openTestBox(t);
  const [sysadmin, secadmin, reader] = [await box.as('sunhao'), await box.as('chenlixin'), await box.as('linxiao')];
  const alone = await sysadmin.post<Code>('ceremony.enter', { kind: 'backup', reason: '季度备份', present: [sysadmin.person], checks: ['光盘 BF-2026-01，保密柜二层'] });
  t.is(alone.body.code, 'E_INPUT_INVALID', 'one person is no ceremony');
  t.is((await sysadmin.post<Code>('ceremony.enter', { kind: 'backup', reason: '季度备份', present: [reader.person], checks: ['光盘 BF-2026-01，保密柜二层'] })).body.code, 'E_KEY_HOLDER');
  const entered = await sysadmin.post<{ ceremony: string; code?: string }>('ceremony.enter', { kind: 'backup', reason: '季度备份', present: [secadmin.person], checks: ['光盘 BF-2026-01，保密柜二层'] });
  t.is(entered.status, 200, JSON.stringify(entered.body));
  const shown = await ceremony(secadmin, 'backup');
  t.is(shown.id, entered.body.ceremony);
  t.regex(shown.number, /^YS-\d{4}-0002$/);
  t.true(shown.mine);
  const rows = JSON.stringify((await box.running.box.reader.all<{ sealed: Buffer }>('SELECT * FROM ceremony')).map((row) => row.sealed.toString('latin1')));
  t.false(rows.includes('BF-2026-01'), 'the record does not rest in the clear');
});

test('换期: a table without row numbers, with a key of one column or of several, is moved as well', async (t) => {
  const box = await openTestBox(t);
  const { box: it } = box.running;
  await it.store.housekeep(async (sql) => {
    await sql.run('CREATE TABLE one_key (name TEXT PRIMARY KEY, sealed BLOB) STRICT, WITHOUT ROWID');
    await sql.run('CREATE TABLE two_keys (a TEXT, b INTEGER, sealed BLOB, PRIMARY KEY (b, a)) STRICT, WITHOUT ROWID');
    for (let n = 0; n < 450; n += 1) {
      await sql.run('INSERT INTO one_key VALUES ($1, $2)', `n${String(n)}`, it.sealing.seal(2, `one/${String(n)}`, { n }));
      await sql.run('INSERT INTO two_keys VALUES ($1, $2, $3)', `n${String(n)}`, n % 7, it.sealing.seal(2, `two/${String(n)}`, { n }));
    }
  });
  await beginEpoch(it.keys, it.paths, 2, it.clock.now());
  it.rotation.wake();
  await it.rotation.settled();
  t.like(it.rotation.progress, { running: false, left: 0, fault: null });
  t.deepEqual([await countOfEpoch(it.reader, 1), (await check(box)).findings], [0, []]);
  for (const row of await it.reader.all<{ name: string; sealed: Buffer }>('SELECT name, sealed FROM one_key')) t.is(it.sealing.open<{ n: number }>(2, `one/${row.name.slice(1)}`, row.sealed).n, Number(row.name.slice(1)));
});

test('换期: what is damaged holds nothing else up, is told, and keeps the old epoch from being destroyed; an order left open is carried out at the next start', async (t) => {
  const box = await openTestBox(t);
  const { box: it } = box.running;
  await it.store.housekeep(async (sql) => {
    await sql.run('CREATE TABLE spoilt (n INTEGER PRIMARY KEY, sealed BLOB) STRICT');
    for (let n = 0; n < 5; n += 1) {
      const sealed = it.sealing.seal(2, `spoilt/${String(n)}`, { n });
      if (n === 2) sealed[20] = (sealed[20] ?? 0) ^ 1;
      await sql.run('INSERT INTO spoilt VALUES ($1, $2)', n, sealed);
    }
  });
  await beginEpoch(it.keys, it.paths, 2, it.clock.now());
  it.rotation.wake();
  await it.rotation.settled();
  t.like(it.rotation.progress, { running: false, left: 1, fault: 'E_DECRYPT_FAILED' });
  t.is(await countOfEpoch(it.reader, 1), 1);
  const sysadmin = await box.as('sunhao');
  t.is((await sysadmin.post<Code>('key.destroy-epoch', { epoch: 1, reason: '仍有一条损坏' })).body.code, 'E_KEY_EPOCH_IN_USE');

  // Orders as a crash between commit and key file leaves them: one that can be carried out, one that cannot.
  const officers = await Promise.all(['sunhao', 'chenlixin', 'hejingyi'].map(async (account) => it.store.read(it.systemCall('key.register'), async (tx) => { await tx.allow(); const one = await tx.people.byAccount(account); return { holder: account, certificate: one?.certificate ?? '' }; })));
  await it.store.write(it.systemCall('key.reissue'), async (tx) => {
    await tx.allow();
    const [first] = (await tx.custody.ceremonies({ offset: 0, limit: 1 })).rows;
    const common = { ceremony: first?.id ?? '', madeAt: it.clock.now() };
    await tx.custody.addOrder({ ...common, id: randomUUID(), kind: 'destroy', epoch: 1 });
    await tx.custody.addOrder({ ...common, id: randomUUID(), kind: 'reissue', newSet: 'bb'.repeat(8), holders: officers });
    tx.audit({ action: 'key.reissue', detail: { test: true } });
  });
  await box.stop();
  const late: unknown[] = [];
  const again = await openBox({ data: box.data, clock: systemClock(), ids: randomIds(), late: (error) => late.push(error) });
  t.teardown(async () => again.close());
  t.is(again.keys.shareSet.setId, 'bb'.repeat(8));
  t.is(again.keys.epochs[0]?.state, 'retiring', 'not destroyed while it is referred to');
  t.is(late.length, 1);
  const open = await again.reader.all<{ kind: string }>('SELECT kind FROM key_order WHERE closed_at IS NULL');
  t.deepEqual(open.map(({ kind }) => kind), ['destroy']);
  await again.orders.resume();
  t.is(again.keys.shareSet.setId, 'bb'.repeat(8), 'done once');
});

test('核查: a key at another level than its object, and an epoch nobody knows, are found', async (t) => {
  const box = await openTestBox(t);
  const { box: it } = box.running;
  const archivist = await box.as('zhaoxiaolan');
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  await upload(archivist, batch, '试件.pdf', await smallPdf('level'));
  const [object] = await it.reader.all<{ id: string }>("SELECT id FROM stored_object WHERE level < 3 LIMIT 1");
  await it.store.housekeep(async (sql) => sql.run('UPDATE stored_object SET level = 3 WHERE id = $1', object?.id ?? ''));
  const [first] = await sealedColumns(it.reader);
  await it.store.housekeep(async (sql) => sql.run("UPDATE person SET sealed = CAST(substr(sealed, 1, 4) || x'00000063' || substr(sealed, 9) AS BLOB) WHERE account = 'linxiao'"));
  t.truthy(first);
  const kinds = (await check(box)).findings.map(({ kind }) => kind);
  t.true(kinds.includes('key-level'));
  t.true(kinds.includes('key-epoch'));
});

test('keys and doctor: the state of the keys and of officers\' tokens, without a value', async (t) => {
  const box = await openTestBox(t);
  await box.stop();
  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const exit = await runCli(VERBS, args, { stdin: new PassThrough(), stdout, stderr, env });
    return { exit, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
  };
  const keys = await run(['keys', '--data', box.data]);
  t.is(keys.exit, 0, keys.err);
  t.regex(keys.out, /任意 2 份可开锁[\s\S]*sunhao[\s\S]*第 1 期 {2}现行/u);
  t.false(/[0-9a-f]{64}/u.test(keys.out), 'no key value');
  t.regex((await run(['doctor', '--data', box.data])).out, /officer-keys {2}人员签名用密钥文件/u);
  t.regex((await run(['doctor', '--data', box.data], { SHOUZANG_PKCS11: '/nowhere/token.so' })).out, /故障 {2}officer-keys/u);
  const unlock = await run(['unlock', '--data', box.data]);
  t.not(unlock.exit, 0);
});
