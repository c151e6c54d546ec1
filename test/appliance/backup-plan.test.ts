import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { leftByStop } from '../../appliance/backup/create.js';
import { objectPath, readManifest } from '../../appliance/backup/manifest.js';
import { verifyBackup } from '../../appliance/backup/verify.js';
import { runCli } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { leftIn, pruneContents } from '../../appliance/destruction/backups.js';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { at, done } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';

const WISH = { two: { native: new NodeProvider(), second: new SmCryptoVerifier() }, anchor: null };
interface Row { readonly id: string; readonly number: string; readonly state: string; readonly kind: string; readonly chain: readonly string[]; readonly objects: number; readonly failure: string | null; readonly faults: number | null }
interface Listed { readonly rows: readonly Row[] }

async function cli(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = await runCli(VERBS, [...args, '--json'], { stdin: new PassThrough(), stdout, stderr, env: {} });
  return { exit, data: JSON.parse(String(stdout.read() ?? 'null')) as Record<string, never> };
}

async function scratch(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-plan-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function sign(client: Client, approval: string): Promise<void> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  done(await client.post('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version }));
}

async function ended(box: TestBox, client: Client): Promise<Row> {
  await box.running.services.backup.settled();
  const [row] = done(await client.get<Listed>('backup.list')).rows;
  if (row?.state !== 'done') throw new Error(`backup ${String(row?.state)}: ${String(row?.failure)}`);
  return row;
}

async function captured(box: TestBox, names: readonly string[]): Promise<void> {
  const proposer = await at(await box.as('liusiyuan'), 1);
  const { batch } = done(await proposer.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' }));
  for (const name of names) done(await upload(proposer, batch, `${name}.pdf`, await smallPdf(name)));
}

test('第二十八条: an incremental backup holds only what its chain does not; the chain is checked object by object, restored from, and pruned by a destruction (第三十九条)', async (t) => {
  t.timeout(200_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const folder = await scratch(t);
  const [target, keys] = [path.join(folder, 'contents'), path.join(folder, 'keys')];
  for (const one of [target, keys]) await mkdir(one);
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const register = async (name: string, where: string, more: object = {}): Promise<string> => done(await sysadmin.post<{ target: string }>('backup.register-target', { name, path: where, ...more })).target;
  const places = { target: await register('移动硬盘', target), keyTarget: await register('密钥光盘', keys, { mediumType: 'optical' }) };
  t.is((await sysadmin.post<{ code: string }>('backup.register-target', { name: '无此载体', path: folder, carrierNo: 'ZT-0000' })).body.code, 'E_NOT_FOUND');
  const backUp = async (kind: 'full' | 'incremental'): Promise<Row> => {
    await sign(secadmin, done(await sysadmin.post<{ approval: string }>('backup.create', { ...places, kind })).approval);
    return ended(box, sysadmin);
  };
  const serial = box.running.box.identity.serial;
  const contentOf = (row: Pick<Row, 'number'>): string => path.join(target, `${serial}-${row.number}`);
  const keysOf = (row: Pick<Row, 'number'>): string => path.join(keys, `${serial}-${row.number}-keys`);

  const first = await backUp('incremental');
  t.like(first, { kind: 'full', chain: [] }, 'with nothing to rest on it is a full one');
  await captured(box, ['增量一', '增量二']);
  const second = await backUp('incremental');
  t.like(second, { kind: 'incremental', chain: [first.number] });
  await captured(box, ['增量三']);
  const third = await backUp('incremental');
  t.deepEqual(third.chain, [first.number, second.number]);
  const own = async (row: Row): Promise<number> => readManifest(await readFile(path.join(contentOf(row), 'manifest.json')))?.files.filter((file) => file.path.startsWith('objects/')).length ?? -1;
  t.deepEqual([await own(second), await own(third)], [2, 1]);
  t.is(third.objects, first.objects + 3);
  done(await sysadmin.post('backup.verify', { backup: third.id }));
  t.is((await ended(box, sysadmin)).faults, 0);
  t.is((await cli('backup', 'verify', contentOf(third), '--keyring', keysOf(third), '--data', box.data)).exit, 0);

  // A link of the chain damaged, or not there, is named.
  const inherited = readManifest(await readFile(path.join(contentOf(third), 'manifest.json')))?.inherited?.find((one) => one.in === first.number);
  const file = path.join(contentOf(first), inherited?.path ?? '');
  const bytes = await readFile(file);
  await writeFile(file, Buffer.concat([bytes.subarray(0, 200), Buffer.from([(bytes[200] ?? 0) ^ 1]), bytes.subarray(201)]));
  t.deepEqual((await verifyBackup(contentOf(third), WISH)).faults.map((one) => one.file), [inherited?.path]);
  await writeFile(file, bytes);
  const elsewhere = path.join(folder, 'elsewhere');
  await mkdir(elsewhere);
  await rename(contentOf(first), path.join(elsewhere, path.basename(contentOf(first))));
  t.deepEqual((await verifyBackup(contentOf(third), WISH)).faults.map((one) => one.file), [first.number]);
  t.true((await verifyBackup(contentOf(third), { ...WISH, chain: [elsewhere] })).valid, 'the base may lie on another medium');
  await rename(path.join(elsewhere, path.basename(contentOf(first))), contentOf(first));

  // Destroyed: the object goes from the base, and its line from every increment that rests on it.
  const gone = await box.running.box.reader.one<{ id: string }>("SELECT object AS id FROM computer_file WHERE level = 0 ORDER BY id LIMIT 1");
  const object = gone?.id ?? '';
  for (const row of [first, second, third]) {
    t.not(await leftIn(contentOf(row), [object]), 0, row.number);
    await pruneContents(box.running.box, contentOf(row), [object]);
    t.is(await leftIn(contentOf(row), [object]), 0, row.number);
  }
  for (const row of [first, second, third]) t.deepEqual((await verifyBackup(contentOf(row), WISH)).faults, [], row.number);

  // Stopped between the two last steps of a backup: contents under their name make it whole; keys without contents go.
  t.is((await leftByStop(serial, third.number, target, keys))?.number, third.number);
  await mkdir(path.join(keys, `${serial}-BF-2026-0099-keys`));
  t.is(await leftByStop(serial, 'BF-2026-0099', target, keys), undefined);
  t.false((await readdir(keys)).some((name) => name.includes('0099')));

  // Everything comes back from the last increment and its chain.
  const objects = await box.running.box.reader.all<{ id: string }>("SELECT id FROM stored_object WHERE state <> 'gone'");
  await box.stop();
  const to = path.join(folder, 'restored');
  const restored = await cli('backup', 'restore', contentOf(third), '--keyring', keysOf(third), '--to', to, '--live-lost');
  t.deepEqual((restored.data as unknown as { fsck: { object: string }[] }).fsck.map((one) => one.object).filter((one) => one !== object), [], JSON.stringify(restored.data));
  const lying = (await Promise.all(objects.filter(({ id }) => id !== object).map(async ({ id }) => readFile(path.join(to, 'vault', objectPath(id).slice('objects/'.length))).then(() => true, () => false)))).filter(Boolean).length;
  t.is(lying, objects.length - 1);
});
