import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { vaultPath } from '../../appliance/content/paths.js';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import { openTestBox, signIn, upload } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { spawnBox } from '../helpers/killable-box.js';
import { at, done } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';

interface Round { readonly state: string; readonly wanted: number; readonly checked: number; readonly faults: number }
interface Shown { readonly kinds: readonly { readonly kind: string; readonly overdue: boolean | null; readonly total: number | null; readonly round: Round | null }[] }
interface Cases { readonly total: number; readonly rows: readonly { readonly id: string; readonly kind: string; readonly record: string | null; readonly code: string | null; readonly finding: string; readonly state: string; readonly handling: string | null; readonly version: number }[] }
type Code = { code: string };

const roundOf = async (client: Client, kind: string): Promise<Round> => {
  const round = done(await client.get<Shown>('preservation.show')).kinds.find((one) => one.kind === kind)?.round;
  if (!round) throw new Error(`no round of ${kind}`);
  return round;
};

async function finished(client: Client, kind: string): Promise<Round> {
  for (let n = 0; n < 600; n += 1) {
    const round = await roundOf(client, kind);
    if (round.state === 'done') return round;
    await pause(50);
  }
  throw new Error('the round did not end');
}

const alarms = async (box: TestBox): Promise<string[]> => {
  await box.running.services.alarmWork.engine.settled();
  return done(await (await box.as('sunhao')).get<{ rows: { code: string; state: string }[] }>('alarm.list')).rows.filter(({ state }) => state === 'open').map(({ code }) => code);
};

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

test('第三十条、第二十七条一款: a round reads everything that is due, stops and goes on, finds one changed byte, opens a case, and is set right from a backup', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const { services, box: it } = box.running;
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const archivist = await at(await box.as('zhaoxiaolan'), 2);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-preserve-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));

  t.is((await (await box.as('linxiao')).get<Code>('preservation.show')).body.code, 'E_DENIED');
  const before = done(await sysadmin.get<Shown>('preservation.show'));
  t.deepEqual(before.kinds.map(({ kind, overdue, round }) => [kind, overdue, round]), [['fixity', false, null], ['readable', false, null]]);
  t.is(done(await archivist.get<Shown>('preservation.show')).kinds[0]?.total, null, 'how much the box holds is told to those who look after it');

  // Paused and resumed, in between nothing is read.
  done(await archivist.post('preservation.start', { kind: 'fixity', all: true }));
  t.is((await archivist.post<Code>('preservation.start', { kind: 'fixity' })).body.code, 'E_STATE_INVALID', 'one at a time');
  const paused = await archivist.post<Code>('preservation.pause', { kind: 'fixity', on: true });
  if (paused.status === 200) {
    const held = await roundOf(sysadmin, 'fixity');
    t.is(held.state, 'paused');
    t.false(await services.preservationWork.rounds.step('fixity'));
    done(await archivist.post('preservation.pause', { kind: 'fixity', on: false }));
  }
  const clean = await finished(sysadmin, 'fixity');
  t.is(clean.faults, 0);
  t.is(clean.checked, before.kinds[0]?.total ?? -1);
  done(await archivist.post('preservation.start', { kind: 'readable', all: true }));
  t.is((await finished(sysadmin, 'readable')).faults, 0, 'every file of the filed records draws its first page');

  // A backup to mend from, then one byte of a sealed file turns over.
  const target = path.join(folder, 'disk');
  await mkdir(target);
  const { target: targetId } = done(await sysadmin.post<{ target: string }>('backup.register-target', { name: '移动硬盘', path: target }));
  const { backup } = done(await sysadmin.post<{ backup: string }>('backup.create', { target: targetId }));
  await services.backup.settled();
  const victim = await it.reader.one<{ object: string; record: string }>("SELECT computer_file.object AS object, record.id AS record FROM computer_file JOIN record ON record.id = computer_file.record WHERE record.filed_at IS NOT NULL AND record.level = 0 LIMIT 1");
  const file = vaultPath(it.paths, victim?.object ?? '');
  await flip(file);
  done(await archivist.post('preservation.start', { kind: 'fixity', all: true }));
  t.is((await finished(sysadmin, 'fixity')).faults, 1);
  t.true((await alarms(box)).includes('A_FIXITY_FAILED'));
  const [found] = done(await archivist.get<Cases>('preservation.cases', { open: true })).rows;
  t.like(found, { kind: 'fixity', record: victim?.record ?? '', finding: 'E_ENVELOPE_CHUNK_TAG', state: 'open' });
  t.like(done(await sysadmin.get<Cases>('preservation.cases', { open: true })).rows[0], { record: null, code: null }, '系统管理员 sees that there is something, not what');

  // A copy in a backup that is damaged, too, is no cure, and the damaged original stays.
  const inBackup = path.join(target, `${it.identity.serial}-BF-${it.clock.today().slice(0, 4)}-0001`, 'objects', (victim?.object ?? '').slice(0, 2), victim?.object ?? '');
  await flip(inBackup);
  const asked = { case: found?.id ?? '', backup, seenVersion: found?.version ?? 0 };
  t.is((await sysadmin.post<Code>('preservation.mend', asked)).body.code, 'E_MEND_SOURCE');
  await flip(inBackup);
  t.is((await sysadmin.post<Code>('preservation.mend', { ...asked, seenVersion: 9 })).body.code, 'E_STALE_VERSION');
  t.is((await secadmin.post<Code>('preservation.mend', asked)).body.code, 'E_DENIED');
  done(await sysadmin.post('preservation.mend', asked));
  t.false((await alarms(box)).includes('A_FIXITY_FAILED'));
  t.like(done(await archivist.get<Cases>('preservation.cases')).rows[0], { state: 'handled', handling: 'restored' });
  t.is((await sysadmin.post<Code>('preservation.mend', asked)).body.code, 'E_STATE_INVALID');
  done(await archivist.post('preservation.start', { kind: 'fixity', all: true }));
  t.is((await finished(sysadmin, 'fixity')).faults, 0);
  t.is((await archivist.get('record.show', { record: victim?.record ?? '' })).status, 200);

  // 统一资源目录 (第二十七条一款): born digital and digitised in one catalogue, told apart by 资源类型.
  const all = done(await archivist.get<{ total: number; rows: { id: string; resourceType: string }[] }>('record.search', { size: 100 }));
  t.true(all.rows.every((row) => row.resourceType === 'born_digital'));
  const { batch } = done(await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'DAS', method: 'paper_scan', offlineReason: '纸质档案数字化' }));
  const { record: scan } = done(await upload(archivist, batch, '扫描件.pdf', await smallPdf('scanned')));
  t.like(await it.reader.one('SELECT resource_type FROM record WHERE id = $1', scan), { resource_type: 'digitized' });
  await it.store.housekeep(async (sql) => { await sql.run("UPDATE record SET resource_type = 'digitized' WHERE id = $1", all.rows[0]?.id ?? ''); });
  const of = async (resourceType: string): Promise<number> => done(await archivist.get<{ total: number }>('record.search', { resourceType })).total;
  t.deepEqual([await of('digitized'), await of('born_digital')], [1, all.total - 1]);

  // 存储位置 (第二十七条二款), 温湿度, 载体.
  t.is((await sysadmin.post<Code>('preservation.register-location', { name: '商用云', kind: 'other_cloud', level: 0 })).body.code, 'E_CLOUD_STORAGE_FORBIDDEN');
  t.is((await sysadmin.post<Code>('preservation.register-location', { name: '政务云', kind: 'gov_cloud', level: 2, responsibilityNo: '责〔2026〕1号' })).body.code, 'E_CLOUD_STORAGE_FORBIDDEN');
  done(await sysadmin.post('preservation.register-location', { name: '政务云', kind: 'gov_cloud', level: 1, responsibilityNo: '责〔2026〕1号', responsibleUnit: '市大数据中心' }));
  done(await sysadmin.post('preservation.register-location', { name: '本机', kind: 'local_appliance', level: 4 }));
  t.is((await sysadmin.post<Code>('preservation.register-location', { name: '本机', kind: 'local_appliance', level: 4 })).body.code, 'E_DUPLICATE');
  const reading = { place: '电子档案库房', takenAt: new Date(Date.now() - 60_000).toISOString() };
  t.deepEqual(done(await archivist.post<{ faults: string[] }>('preservation.enter-reading', { ...reading, temperature: 20, humidity: 50 })).faults, []);
  t.is(done(await archivist.post<{ faults: string[] }>('preservation.enter-reading', { ...reading, temperature: 31, humidity: 75 })).faults.length, 2);
  const custodian = await at(await box.as('yangjing'), 3);
  const carrier = done(await (await at(await box.as('yangjing'), 1)).post<{ id: string }>('carrier.register', { kind: 'optical', level: 1, cap: 1, title: '归档光盘', origin: 'own', worm: true, copyNo: 1, totalCopies: 1 })).id;
  const [medium] = done(await custodian.get<{ rows: { id: string; overdue: boolean }[] }>('preservation.media')).rows;
  t.like(medium, { id: carrier, overdue: false });
  t.is((await custodian.post<Code>('preservation.check-medium', { carrier, readable: true, sampled: 1, errors: 2, appearance: '完好', on: it.clock.today() })).body.code, 'E_INPUT_INVALID');
  t.false(done(await custodian.post<{ sound: boolean }>('preservation.check-medium', { carrier, readable: true, sampled: 50, errors: 2, appearance: '划痕', on: it.clock.today() })).sound);
  const open = done(await custodian.get<Cases>('preservation.cases', { open: true })).rows;
  t.deepEqual(open.map(({ kind }) => kind).sort(), ['environment', 'medium']);
  for (const one of open) done(await custodian.post('preservation.handle', { case: one.id, handling: one.kind === 'medium' ? 'replaced' : 'adjusted', note: '已处置', seenVersion: one.version }));
  t.false((await alarms(box)).includes('A_FIXITY_FAILED'));
});

test('第三十条: a round that was killed goes on where it was; past the set period the box says that it is overdue and begins by itself', async (t) => {
  t.timeout(200_000);
  const first = await openTestBox(t);
  await seedRehearsal(first.running.box, first.running.services);
  const archivist = await at(await first.as('zhaoxiaolan'), 2);
  const { rounds } = first.running.services.preservationWork;
  const begun = await rounds.start('fixity', 'system', true);
  await first.running.box.store.housekeep(async (sql) => { await sql.run("UPDATE preservation_round SET state = 'paused'"); });
  t.truthy(archivist);
  await first.stop();

  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const killed = spawnBox({ data: first.data, port });
  const url = await killed.ready;
  if (url === null) throw new Error(killed.output());
  const someone = await at(await signIn(url, 'zhaoxiaolan'), 2);
  const overseer = await signIn(url, 'sunhao');
  done(await someone.post('preservation.pause', { kind: 'fixity', on: false }));
  for (let n = 0; n < 200 && (await roundOf(overseer, 'fixity')).checked === 0; n += 1) await pause(5);
  await killed.kill('SIGKILL');

  let days = 0;
  const clock = { now: () => new Date(Date.now() + days * 86_400_000).toISOString(), today: () => new Date(Date.now() + days * 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 10) };
  const box = await openTestBox(t, { data: first.data, clock });
  const { preservationWork } = box.running.services;
  while (await preservationWork.rounds.step('fixity')) { /* goes on */ }
  const ended = await roundOf(await box.as('sunhao'), 'fixity');
  t.like(ended, { state: 'done', checked: begun.wanted, faults: 0 });
  const unseen = await box.running.box.reader.one<{ n: number }>("SELECT count(*) AS n FROM preservation_check WHERE kind = 'fixity' AND at < $1", begun.started_at);
  t.is(unseen?.n, 0, 'everything was read once since it began');

  // A year on: due within the lead, then overdue; what it begins by itself is the share of the policy.
  days = 340;
  t.true(await preservationWork.rounds.begun('fixity'));
  while (await preservationWork.rounds.step('fixity')) { /* goes on */ }
  const sample = await roundOf(await box.as('sunhao'), 'fixity');
  t.is(sample.checked, Math.ceil(begun.wanted * 0.1));
  t.false(await preservationWork.rounds.begun('fixity'));
  days = 340 + 400;
  await preservationWork.look();
  t.true((await alarms(box)).includes('W_INSPECTION_OVERDUE'));
});
