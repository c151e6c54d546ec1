import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { enterDestroyed } from '../../appliance/backup/destroyed-list.js';
import { CERTIFICATES, MANIFEST, SIGNATURE } from '../../appliance/backup/manifest.js';
import { fileSystemOf } from '../../appliance/backup/targets.js';
import { verifyBackup } from '../../appliance/backup/verify.js';
import { createBackup } from '../../appliance/backup/create.js';
import { boxSignatureCheck, openBox } from '../../appliance/box.js';
import { randomIds, systemClock } from '../../appliance/clock.js';
import { runCli } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { openKeyFile, readKeyFile } from '../../appliance/crypto/key-file.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { initialise } from '../../appliance/founding/initialise.js';
import { readPlan } from '../../appliance/founding/plan.js';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import { openShare } from '../../appliance/keystore/ceremony.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { inPackage } from '../../appliance/package-root.js';
import { loadPolicies } from '../../appliance/policies.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { at, done } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';

const TWO = { native: new NodeProvider(), second: new SmCryptoVerifier() };
const WISH = { two: TWO, anchor: null };
interface Listed { readonly targets: readonly { id: string; name: string }[]; readonly rows: readonly { id: string; number: string; state: string; level: number; mark: string; objects: number; faults: number | null; failure: string | null; found: readonly { file: string }[] }[] }
type Code = { code: string; details?: readonly { message: string }[] };

async function cli(...args: string[]) { return cliWith({}, ...args); }

async function cliWith(env: Readonly<Record<string, string>>, ...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = await runCli(VERBS, [...args, '--json'], { stdin: new PassThrough(), stdout, stderr, env });
  return { exit, data: JSON.parse(String(stdout.read() ?? 'null')) as Record<string, never> };
}

async function filesUnder(folder: string, under = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(path.join(folder, under), { withFileTypes: true })) {
    const name = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) found.push(...await filesUnder(folder, name));
    else found.push(name);
  }
  return found;
}

async function scratch(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-backup-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Places { readonly target: string; readonly keys: string; readonly targetId: string; readonly keysId: string }

async function targets(t: ExecutionContext, sysadmin: Client): Promise<Places> {
  const folder = await scratch(t);
  const [target, keys] = [path.join(folder, 'contents'), path.join(folder, 'keys')];
  await mkdir(target);
  await mkdir(keys);
  const register = async (name: string, where: string): Promise<string> => done(await sysadmin.post<{ target: string }>('backup.register-target', { name, path: where })).target;
  return { target, keys, targetId: await register('移动硬盘', target), keysId: await register('密钥光盘', keys) };
}

async function sign(client: Client, approval: string): Promise<void> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  done(await client.post('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version }));
}

async function ended(box: TestBox, client: Client): Promise<Listed['rows'][number]> {
  await box.running.services.backup.settled();
  const [row] = done(await client.get<Listed>('backup.list')).rows;
  if (row === undefined) throw new Error('no backup');
  return row;
}

/** Contents and keys of a box, both signatures given. */
async function backUp(t: ExecutionContext, box: TestBox): Promise<Places & { readonly content: string; readonly keyPart: string; readonly sysadmin: Client; readonly secadmin: Client; readonly row: Listed['rows'][number] }> {
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const places = await targets(t, sysadmin);
  const asked = done(await sysadmin.post<{ approval: string | null }>('backup.create', { target: places.targetId, keyTarget: places.keysId }));
  if (asked.approval !== null) await sign(secadmin, asked.approval);
  const row = await ended(box, sysadmin);
  if (row.state !== 'done') throw new Error(`backup ${row.state}: ${String(row.failure)}`);
  const serial = box.running.box.identity.serial;
  return { ...places, content: path.join(places.target, `${serial}-${row.number}`), keyPart: path.join(places.keys, `${serial}-${row.number}-keys`), sysadmin, secadmin, row };
}

/** What these people find and read, in full. */
async function seen(box: TestBox): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const [account, level] of [['linxiao', 1], ['yangjing', 3], ['liusiyuan', 3], ['zhaoxiaolan', 2]] as const) {
    const client = await at(await box.as(account), level);
    const { rows, total } = done(await client.get<{ total: number; rows: { id: string; level: number; description: unknown }[] }>('record.search', { size: 100 }));
    const shown = await Promise.all(rows.map(async ({ id }) => done(await client.get<{ files: { id: string; sm3: string }[] }>('record.show', { record: id })).files.map((file) => [file.id, file.sm3])));
    const [first] = shown.flat();
    const page = first === undefined ? null : (await client.get('record.read', { file: first[0] ?? '', page: 1, width: 300 })).status;
    all[account] = { total, rows: rows.map(({ id, level: of, description }) => ({ id, of, description })), shown, page };
  }
  return all;
}

test('第二十八条: what is backed up comes back: the same records for the same people, files whole, ledger going on; keys apart, two signatures; what was destroyed stays destroyed', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const before = await seen(box);
  const levels = await box.running.box.reader.all<{ level: number }>("SELECT DISTINCT level FROM record WHERE state = 'filed' ORDER BY level");
  t.deepEqual(levels.map(({ level }) => level), [0, 1, 2, 3], 'records of four levels');

  const sysadmin = await box.as('sunhao');
  const place = await targets(t, sysadmin);
  t.is((await (await box.as('yangjing')).post<Code>('backup.create', { target: place.targetId })).body.code, 'E_DENIED');
  t.is((await sysadmin.post<Code>('backup.create', { target: place.targetId, keyTarget: place.targetId })).body.code, 'E_BACKUP_TARGET', 'keys apart');
  const asked = done(await sysadmin.post<{ approval: string; backup: null }>('backup.create', { target: place.targetId, keyTarget: place.keysId }));
  t.is(asked.backup, null, 'state secrets with their keys: a second officer');
  t.deepEqual(await readdir(place.target), []);
  const alone = done(await sysadmin.post<{ approval: null; number: string }>('backup.create', { target: place.targetId }));
  t.is(alone.approval, null, 'contents alone open nothing');
  t.is((await ended(box, sysadmin)).state, 'done');

  // Writing goes on while the second one runs.
  const secadmin = await box.as('chenlixin');
  const proposer = await at(await box.as('liusiyuan'), 1);
  const { batch } = done(await proposer.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' }));
  const writing = (async () => {
    for (let n = 0; n < 12; n += 1) done(await upload(proposer, batch, `并行 ${String(n)}.pdf`, await smallPdf(`while ${String(n)}`)));
  })();
  await sign(secadmin, asked.approval);
  await writing;
  const row = await ended(box, sysadmin);
  t.like(row, { state: 'done', number: 'BF-2026-0002'.replace('2026', row.number.slice(3, 7)), level: 3 });
  t.regex(row.mark, /^机密★/u);
  const serial = box.running.box.identity.serial;
  const [content, keyPart] = [path.join(place.target, `${serial}-${row.number}`), path.join(place.keys, `${serial}-${row.number}-keys`)];
  const finished = await box.running.box.reader.one<{ detail: string }>("SELECT detail FROM audit_entry WHERE action = 'backup.finish' ORDER BY seq DESC LIMIT 1");
  t.true((JSON.parse(finished?.detail ?? '{}') as { reused: number }).reused > 10, 'objects of the backup before are taken as they lie there');
  t.is((await stat(path.join(content, (await filesUnder(content)).find((one) => one.startsWith('objects/')) ?? ''))).nlink > 1, true);
  t.false(await stat(path.join(box.data, 'snapshots')).then(() => true, () => false), 'no snapshot is left');

  // Verified on the box, from the command line, against the live box; a foreign box is named.
  done(await sysadmin.post('backup.verify', { backup: (done(await sysadmin.get<Listed>('backup.list')).rows[0])?.id ?? '' }));
  t.is((await ended(box, sysadmin)).faults, 0);
  const verified = await cli('backup', 'verify', content, '--keyring', keyPart, '--data', box.data);
  t.is(verified.exit, 0, JSON.stringify(verified.data));
  const status = async (): Promise<string | undefined> => done(await (await box.as('chenlixin')).get<{ rows: { evidenceRef: string; status: string }[] }>('compliance.list')).rows.find(({ evidenceRef }) => evidenceRef === 'backups')?.status;
  t.is(await status(), 'met');

  // Destroyed after the backup: entered by the box, exported, replayed.
  const it = box.running.box;
  const victim = await it.reader.one<{ object: string; record: string; sm3: string }>("SELECT object, record, sm3 FROM computer_file WHERE level = 0 AND replaced_by IS NULL ORDER BY id LIMIT 1");
  await it.store.write(it.systemCall('system.recover'), async (tx) => {
    await tx.allow();
    await enterDestroyed(tx.sql, it.sm3, it.identity, { object: victim?.object ?? '', record: victim?.record ?? '', batch: 'XH-2026-0001', digest: victim?.sm3 ?? '', at: it.clock.now() });
    tx.audit({ action: 'system.recover', detail: { test: true } });
  });
  await t.throwsAsync(it.store.housekeep(async (sql) => sql.run("UPDATE destroyed_object SET object = 'x'")), undefined, 'append-only');
  const folder = await scratch(t);
  const list = path.join(folder, 'destroyed.jsonl');
  t.is((await cli('backup', 'destroyed-list', '--data', box.data, '--out', list)).exit, 0);

  const to = path.join(folder, 'restored');
  const asIs = ['backup', 'restore', content, '--keyring', keyPart, '--to'];
  t.is((await cli(...asIs, to)).exit, 2, 'the list or the word that the live box is lost');
  t.like(await cli(...asIs, box.data, '--live-lost'), { exit: 3, data: { code: 'E_RESTORE_NOT_EMPTY' } });
  const forged = path.join(folder, 'forged.jsonl');
  await writeFile(forged, (await readFile(list, 'utf8')).replace('XH-2026-0001', 'XH-2026-0002'));
  t.like(await cli(...asIs, to, '--destroyed', forged), { exit: 3, data: { code: 'E_DESTROYED_LIST' } });
  const restored = await cli(...asIs, to, '--destroyed', list);
  t.is(restored.exit, 0, JSON.stringify(restored.data));
  t.like(restored.data, { replayed: { entries: 1, erased: 1 }, fsck: [], ledger: { faults: [] } });
  t.is((await cli('fsck', '--data', to, '--deep')).exit, 0);
  t.is((await cli('audit', 'verify', '--data', to)).exit, 0);

  await box.stop();
  const again = await openTestBox(t, { data: to });
  const { box: back } = again.running;
  t.false(await back.keys.holds(victim?.object ?? ''));
  t.is((await back.reader.one<{ state: string }>('SELECT state FROM stored_object WHERE id = $1', victim?.object ?? ''))?.state, 'gone');
  t.deepEqual(await back.reader.all("SELECT seq FROM audit_entry WHERE action = 'backup.restore'").then((rows) => rows.length), 1);
  const after = await seen(again);
  const gone = (world: Record<string, unknown>): unknown => JSON.parse(JSON.stringify(world, (key, value: unknown) => (key === 'page' ? undefined : value)));
  t.deepEqual(gone(after), gone(before), 'everyone finds what they found');
  for (const account of ['yangjing', 'liusiyuan']) t.is((after[account] as { page: number }).page, 200);
  const check = boxSignatureCheck(back.crypto, back.identity.chain[0] ?? '');
  t.deepEqual((await fsck({ sql: back.reader, vault: back.vault, keys: back.keys, paths: back.paths, sm3: back.sm3, check, deep: true, bindings: back.bindings })).findings, []);
  await again.stop();

  // Older than what the live box has become, and another box's.
  const other = await openTestBox(t);
  await other.stop();
  t.like((await cli('backup', 'verify', content, '--data', other.data)), { exit: 1 });
});

test('保密法第二十九条: nothing telling in a backup; any byte flipped, any file missing, added or cut is refused with the file named (property)', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const made = await backUp(t, box);
  const records = JSON.parse(await readFile(inPackage('appliance', 'founding', 'rehearsal-records.json'), 'utf8')) as { batches: { papers: { title: string; number: string }[] }[] };
  const words = [...records.batches.flatMap(({ papers }) => papers.map(({ title }) => title)), 'SQLite format 3', 'audit_entry', 'Z109'];
  for (const part of [made.content, made.keyPart]) {
    for (const name of await filesUnder(part)) {
      const bytes = await readFile(path.join(part, name));
      if (!name.startsWith('rehearsal/')) for (const word of words) t.false(bytes.includes(Buffer.from(word)), `${name} tells ${word}`);
    }
  }

  for (const part of [made.content, made.keyPart]) {
    t.true((await verifyBackup(part, WISH)).valid);
    const names = await filesUnder(part);
    const probe = async (name: string, place: number, mask: number): Promise<void> => {
      const file = path.join(part, name);
      const bytes = await readFile(file);
      const damaged = Buffer.from(bytes);
      const offset = Math.min(bytes.length - 1, Math.floor(place * bytes.length));
      damaged[offset] = (damaged[offset] ?? 0) ^ mask;
      await writeFile(file, damaged);
      try {
        const verdict = await verifyBackup(part, WISH);
        t.false(verdict.valid, `${name} at ${String(offset)}`);
        t.true(verdict.faults.some((fault) => fault.file === name), `${name} at ${String(offset)}: ${JSON.stringify(verdict.faults)}`);
      } finally {
        await writeFile(file, bytes);
      }
    };
    for (const name of names) await probe(name, 0.5, 1);
    await fc.assert(fc.asyncProperty(fc.constantFrom(...names), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 255 }), probe), { numRuns: 15 });
    // Where all is small it matters most: every byte of the signature, and of the manifest at steps.
    for (let n = 0; n < 6; n += 1) for (const name of [MANIFEST, SIGNATURE, CERTIFICATES]) await probe(name, n / 6, 1 << n);

    const first = names.find((name) => name.endsWith('.sealed')) ?? '';
    await writeFile(path.join(part, 'more.txt'), 'x');
    t.deepEqual((await verifyBackup(part, WISH)).faults.map(({ file }) => file), ['more.txt']);
    await rm(path.join(part, 'more.txt'));
    const whole = await readFile(path.join(part, first));
    await truncate(path.join(part, first), whole.length - 10);
    t.deepEqual((await verifyBackup(part, WISH)).faults.map(({ file, ranges }) => [file, ranges]), [[first, [[whole.length - 10, whole.length]]]]);
    await rm(path.join(part, first));
    t.deepEqual((await verifyBackup(part, WISH)).faults.map(({ file }) => file), [first]);
    await writeFile(path.join(part, first), whole);
  }

  // Keys that belong to something else, and stock openssl.
  t.like(await cli('backup', 'verify', made.keyPart, '--keyring', made.content), { exit: 1 });
  const key = execFileSync('openssl', ['x509', '-in', path.join(made.content, CERTIFICATES), '-pubkey', '-noout'], { encoding: 'utf8' });
  const pub = path.join(await scratch(t), 'key.pem');
  await writeFile(pub, key);
  t.regex(execFileSync('openssl', ['dgst', '-sm3', '-verify', pub, '-sigopt', 'distid:1234567812345678', '-signature', path.join(made.content, SIGNATURE), path.join(made.content, MANIFEST)], { encoding: 'utf8' }), /Verified OK/u);

  // A damaged backup is told by the box that made it, and raises the alarm; the next good one clears it.
  const object = (await filesUnder(made.content)).find((name) => name.startsWith('objects/')) ?? '';
  const good = await readFile(path.join(made.content, object));
  await writeFile(path.join(made.content, object), Buffer.concat([good.subarray(0, 100), Buffer.from([(good[100] ?? 0) ^ 1]), good.subarray(101)]));
  done(await made.secadmin.post('backup.verify', { backup: made.row.id }));
  t.like(await ended(box, made.sysadmin), { faults: 1, found: [{ file: object }] });
  const alarms = async (): Promise<string[]> => done(await made.sysadmin.get<{ rows: { code: string; state: string }[] }>('alarm.list')).rows.filter(({ state }) => state === 'open').map(({ code }) => code);
  t.true((await alarms()).includes('A_BACKUP_FAILED'));
  done(await made.sysadmin.post('backup.create', { target: made.targetId }));
  t.is((await ended(box, made.sysadmin)).state, 'done', 'a damaged object is not taken over from the backup before');
  t.false((await alarms()).includes('A_BACKUP_FAILED'));
  t.true((await verifyBackup(made.content.replace(/\d{4}$/u, '0002'), WISH)).valid);
});

test('backup targets: a folder of this machine and nothing else; a target that is gone raises the alarm', async (t) => {
  const box = await openTestBox(t);
  const sysadmin = await box.as('sunhao');
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'file'), 'x');
  for (const wrong of [path.join(box.data, 'vault'), path.dirname(box.data), '//nas/share', 'smb://nas/share', 'relative', path.join(folder, 'absent'), path.join(folder, 'file')]) {
    t.is((await sysadmin.post<Code>('backup.register-target', { name: '错', path: wrong })).body.code, 'E_BACKUP_TARGET', wrong);
  }
  const mounts = '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:50 / /mnt/nas\\040one rw - nfs4 nas:/x rw\n31 22 0:51 / /mnt rw - tmpfs none rw';
  t.deepEqual(['/mnt/nas one/backup', '/mnt/nas', '/srv'].map((one) => fileSystemOf(one, mounts)), ['nfs4', 'tmpfs', 'ext4']);

  const target = path.join(folder, 'disk');
  await mkdir(target);
  const { target: id } = done(await sysadmin.post<{ target: string }>('backup.register-target', { name: '移动硬盘', path: target }));
  t.is((await sysadmin.post<Code>('backup.register-target', { name: '移动硬盘', path: folder })).body.code, 'E_DUPLICATE');
  // Nothing secret in this box: contents and keys by one officer.
  const keys = path.join(folder, 'keys');
  await mkdir(keys);
  const { target: keysId } = done(await sysadmin.post<{ target: string }>('backup.register-target', { name: '光盘', path: keys }));
  t.is(done(await sysadmin.post<{ approval: string | null }>('backup.create', { target: id, keyTarget: keysId })).approval, null);
  t.is((await ended(box, sysadmin)).state, 'done');
  await writeFile(path.join(target, 'in-the-way'), '');
  await rm(target, { recursive: true });
  t.is((await sysadmin.post<Code>('backup.create', { target: id })).body.code, 'E_BACKUP_TARGET');
  done(await sysadmin.post('backup.retire-target', { target: id }));
  t.is((await sysadmin.post<Code>('backup.create', { target: id })).body.code, 'E_NOT_FOUND');
});

test('a real box: contents and keys together open nothing without two of the three shares, and the restored box starts locked', async (t) => {
  const folder = await scratch(t);
  const [data, files, target, keys, to] = ['data', 'files', 'a', 'b', 'to'].map((name) => path.join(folder, name)) as [string, string, string, string, string];
  await mkdir(target);
  await mkdir(keys);
  const person = (account: string, duty: string) => ({ account, name: `姓名${account}`, position: '职员', department: 'BGS', clearance: 0, duties: [duty] });
  const plan = readPlan({
    unitName: '某市档案局', orgType: 'organ', mode: 'unit', systemLevel: 3, fonds: [{ fonds: 'A001', name: '全宗', codeProfile: 'DAT13_2022', schemeId: 'Y_O_R', separateClassifiedSequence: true }],
    departments: [{ id: 'BGS', name: '办公室' }], people: [person('sys', 'sysadmin'), person('sec', 'secadmin'), person('aud', 'auditadmin')], marking: { maxOriginalLevel: null, source: '没有原始定密权限', authorities: [] },
  }, loadPolicies(), []);
  const secret = { pin: '90817263', password: 'First#Sign1n' };
  await initialise({ data, keys: files, plan, secrets: new Map(plan.people.map(({ account }) => [account, secret])), clock: systemClock(), ids: randomIds(), iterations: 1000 });
  const keyFile = (account: string): string => path.join(files, account, `${account}.key.json`);
  const box = await openBox({ data, clock: systemClock(), ids: randomIds() });
  for (const account of ['sys', 'aud']) {
    const share = box.keys.heldShares.find(({ holder }) => holder === account);
    if (share) await box.keys.offerShare(openShare(TWO.native, share, await openKeyFile(TWO.native, readKeyFile(await readFile(keyFile(account), 'utf8')), secret.pin)));
  }
  await box.whenUnlocked();
  const number = 'BF-2026-0001';
  await createBackup(box, { number, target, keyTarget: keys }, { done: 0, total: 0, reused: 0 }, () => false);
  const serial = box.identity.serial;
  await box.close();
  const [content, keyPart] = [path.join(target, `${serial}-${number}`), path.join(keys, `${serial}-${number}-keys`)];
  t.false((await filesUnder(keyPart)).some((name) => name.startsWith('rehearsal')));
  const restore = async (...holders: string[]) => cliWith({ SHOUZANG_PIN: secret.pin, SHOUZANG_PIN_2: secret.pin }, 'backup', 'restore', content, '--keyring', keyPart, '--to', to, '--live-lost', '--key', ...holders.map(keyFile));
  t.like(await restore('sys'), { exit: 3, data: { code: 'E_KEY_SHARE_TOO_FEW' } });
  t.like(await restore('sys', 'sys'), { exit: 3, data: { code: 'E_KEY_SHARE_TOO_FEW' } }, 'one person twice is one person');
  t.like(await t.throwsAsync(openBox({ data: to, clock: systemClock(), ids: randomIds() })), { code: 'E_STATE_INVALID' }, 'half a restore does not open');
  await rm(to, { recursive: true, force: true });
  const done_ = await restore('sec', 'sys');
  t.is(done_.exit, 0, JSON.stringify(done_.data));
  const back = await openBox({ data: to, clock: systemClock(), ids: randomIds() });
  t.is(back.keys.state, 'locked');
  await back.close();
});

test('a backup killed at any file operation leaves nothing that verifies falsely, and the next one clears it away', async (t) => {
  t.timeout(400_000);
  const box = await openTestBox(t);
  const proposer = await at(await box.as('liusiyuan'), 1);
  const { batch } = done(await proposer.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' }));
  for (let n = 0; n < 6; n += 1) done(await upload(proposer, batch, `件 ${String(n)}.pdf`, await smallPdf(`page ${String(n)}`)));
  await box.stop();
  const folder = await scratch(t);
  const [target, keys, log] = [path.join(folder, 'a'), path.join(folder, 'b'), path.join(folder, 'log')];
  await mkdir(target);
  await mkdir(keys);
  const run = async (number: string, step: number): Promise<string> => {
    const child = spawn(process.execPath, ['--import', inPackage('dist', 'test', 'helpers', 'kill-at-step.js'), inPackage('dist', 'test', 'helpers', 'backup-process.js'), box.data, target, keys, number], {
      env: { ...process.env, NODE_V8_COVERAGE: '', SHOUZANG_KILL_STEP: String(step), SHOUZANG_KILL_LOG: log }, stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (part: Buffer) => { said += part.toString('utf8'); });
    await new Promise<void>((resolve) => { child.once('close', () => { resolve(); }); });
    return said;
  };
  let finished = 0;
  const whole = new Set<string>();
  for (const [at_, step] of [3, 17, 38, 58, 66, 79, 90, 1000].entries()) {
    const said = await run(`BF-2026-${String(at_ + 1).padStart(4, '0')}`, step);
    if (said.includes('done')) finished += 1;
    for (const where of [target, keys]) {
      for (const name of await readdir(where)) {
        // Whoever was whole once is looked at again when all is over.
        if (whole.has(name) && step !== 1000) continue;
        const verdict = await verifyBackup(path.join(where, name), WISH);
        t.is(verdict.valid, !name.endsWith('.part'), `${name} after step ${String(step)}: ${JSON.stringify(verdict.faults)}`);
        if (verdict.valid) whole.add(name);
      }
    }
  }
  t.true(finished >= 1);
  const killed = await readFile(log, 'utf8');
  t.true(killed.split('\n').length > 5, killed);
  for (const where of [target, keys]) t.deepEqual((await readdir(where)).filter((name) => name.endsWith('.part')), [], 'the last one cleared what the others left');
  // What the power left in the data directory goes at the next start.
  await mkdir(path.join(box.data, 'snapshots'), { recursive: true });
  await cp(path.join(box.data, 'keyring.db'), path.join(box.data, 'snapshots', 'keyring'));
  const again = await openTestBox(t, { data: box.data });
  t.false(await stat(path.join(box.data, 'snapshots')).then(() => true, () => false));
  t.is(again.running.box.keys.state, 'unlocked');
});
