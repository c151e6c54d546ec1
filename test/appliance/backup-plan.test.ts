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

test('第二十八、二十九条: a plan is signed by two and carried out by the box; filing without one raises the alarm; a drill restores into a scratch area and its report is signed; classified copies go nowhere unreviewed', async (t) => {
  t.timeout(300_000);
  let days = 0;
  const clock = { now: () => new Date(Date.now() + days * 86_400_000).toISOString(), today: () => new Date(Date.now() + days * 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 10) };
  const box = await openTestBox(t, { clock });
  await seedRehearsal(box.running.box, box.running.services);
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const { services } = box.running;
  const open = async (): Promise<string[]> => {
    await services.backupPlans.settled();
    await services.alarmWork.engine.settled();
    return done(await (await box.as('sunhao')).get<{ rows: { code: string; state: string }[] }>('alarm.list')).rows.filter(({ state }) => state === 'open').map(({ code }) => code);
  };
  t.true((await open()).includes('A_BACKUP_PLAN'), 'records were filed and no plan is in force');

  const folder = await scratch(t);
  const [target, keys] = [path.join(folder, 'contents'), path.join(folder, 'keys')];
  for (const one of [target, keys]) await mkdir(one);
  const register = async (name: string, where: string): Promise<string> => done(await sysadmin.post<{ target: string }>('backup.register-target', { name, path: where })).target;
  const set = { target: await register('移动硬盘', target), keyTarget: await register('密钥光盘', keys) };
  const plan = { name: '备份方案', approvalNo: '档发〔2026〕3号', effectiveOn: clock.today(), fullDays: 7, incrementalDays: 1, hour: 0, drillDays: 30, sets: [set] };
  const short = await sysadmin.post<{ code: string; details: { at: string }[] }>('backup.plan', { ...plan, fullDays: 200, incrementalDays: 100 });
  t.is(short.body.code, 'E_INPUT_INVALID');
  t.deepEqual(short.body.details.map((one) => one.at), ['/fullDays', '/incrementalDays']);
  t.is((await sysadmin.post<{ code: string }>('backup.plan', { ...plan, sets: [{ target: set.target, keyTarget: set.target }] })).body.code, 'E_BACKUP_TARGET', 'keys apart');
  t.is((await secadmin.post<{ code: string }>('backup.plan', plan)).body.code, 'E_DENIED');
  await sign(secadmin, done(await sysadmin.post<{ approval: string }>('backup.plan', plan)).approval);
  t.false((await open()).includes('A_BACKUP_PLAN'));

  // The box keeps the plan: a full one at once, an increment the next day, nothing in between.
  t.true(await services.backupPlans.round());
  t.like(await ended(box, sysadmin), { kind: 'full', number: `BF-${clock.today().slice(0, 4)}-0001` });
  t.false(await services.backupPlans.round());
  days = 1;
  const again = await box.as('sunhao');
  t.true(await services.backupPlans.round());
  const row = await ended(box, again);
  t.is(row.kind, 'incremental');
  const shown = done(await again.get<{ inForce: string; next: { sets: { dueKind: string; overdue: boolean }[]; drillOverdue: boolean } }>('backup.plans'));
  t.deepEqual(shown.next.sets.map((one) => [one.dueKind, one.overdue]), [['incremental', false]]);

  // 恢复演练, of the increment and its chain.
  const { drill } = done(await again.post<{ drill: string }>('backup.drill', { backup: row.id }));
  await services.backup.settled();
  const [drilled] = done(await again.get<{ rows: { id: string; state: string; outcome: { due: number; restored: number; sampled: number; differing: number; issues: string[] } }[] }>('backup.drills')).rows;
  t.like(drilled, { id: drill, state: 'passed' }, JSON.stringify(drilled));
  t.is(drilled?.outcome.restored, drilled?.outcome.due);
  t.true((drilled?.outcome.sampled ?? 0) > 0 && drilled?.outcome.differing === 0);
  t.false((await readdir(box.data)).includes('drill'), 'the scratch area is gone');
  const report = await again.get('backup.drill-report', { drill, file: 'zip' });
  const file = path.join(folder, 'report.zip');
  await writeFile(file, report.bytes);
  t.is((await cli('verify', file)).exit, 0, 'the report is verified without the box');
  t.is((await again.get('backup.drill-report', { drill })).bytes.subarray(0, 5).toString(), '%PDF-');
  const inspection = done(await (await box.as('chenlixin')).get<{ rows: { evidenceRef: string; status: string }[] }>('compliance.list')).rows.find(({ evidenceRef }) => evidenceRef === 'restore-drill');
  t.is(inspection?.status, 'met');

  // A damaged object: the drill does not pass, and says so.
  const damaged = readManifest(await readFile(path.join(target, `${box.running.box.identity.serial}-${row.number.replace(/.$/u, '1')}`, 'manifest.json')))?.files.find((one) => one.path.startsWith('objects/'));
  const object = path.join(target, `${box.running.box.identity.serial}-${row.number.replace(/.$/u, '1')}`, damaged?.path ?? '');
  const whole = await readFile(object);
  await writeFile(object, Buffer.concat([whole.subarray(0, 99), Buffer.from([(whole[99] ?? 0) ^ 4]), whole.subarray(100)]));
  done(await again.post('backup.drill', { backup: row.id }));
  await services.backup.settled();
  t.like(done(await again.get<{ rows: { state: string }[] }>('backup.drills')).rows[0], { state: 'failed' });
  t.true((await open()).includes('A_DRILL_FAILED'));
  await writeFile(object, whole);

  // 异地副本: 机密 without the review of the place is refused.
  const away = { backup: row.id, place: '邻市档案馆异地库', kilometres: 320, mediumType: 'optical', mediumNo: 'GP-001', keeper: '库管员', sentOn: clock.today() };
  t.is((await again.post<{ code: string }>('backup.register-offsite', away)).body.code, 'E_OFFSITE_NOT_CLEARED');
  const review = { no: '保审〔2026〕7号', by: '市保密局', on: '2020-01-01', until: '2020-12-31' };
  t.is((await again.post<{ code: string }>('backup.register-offsite', { ...away, review })).body.code, 'E_OFFSITE_NOT_CLEARED', 'a review that has lapsed');
  const sent = done(await again.post<{ offsite: string }>('backup.register-offsite', { ...away, review: { ...review, on: clock.today(), until: clock.today() } }));
  t.like(done(await again.get<{ rows: { id: string; state: string; reviewLapsed: boolean }[] }>('backup.offsites')).rows[0], { id: sent.offsite, state: 'away', reviewLapsed: false });
  done(await again.post('backup.end-offsite', { offsite: sent.offsite, outcome: 'returned', on: clock.today(), note: '收回入库', seenVersion: 1 }));
  t.is((await again.post<{ code: string }>('backup.end-offsite', { offsite: sent.offsite, outcome: 'destroyed', on: clock.today(), note: '再办', seenVersion: 2 })).body.code, 'E_STATE_INVALID');

  // Nothing done for a month: the box says that backup and drill are late.
  days = 40;
  await rm(target, { recursive: true });
  await services.backupPlans.round().catch(() => undefined);
  const late = await open();
  t.true(late.includes('W_BACKUP_OVERDUE') && late.includes('W_DRILL_DUE'), late.join());
});
