import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { runCli } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { openTestBox, signIn } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { approve, closed, condemn, draftOf, filedPaper, frozen, parts, shown, sign } from '../helpers/condemned.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';
import { pdf } from '../helpers/pdf.js';
import { filesUnder, remainsIn, tracesOf } from '../helpers/remains.js';

type Code = { readonly code: string; readonly details?: readonly { readonly at: string; readonly message: string }[] };
const WORDS = ['鹭江汛房渗漏记录', 'HeronCanaryWeir', 'PlumRainLedger'] as const;

async function cli(...args: string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = await runCli(VERBS, [...args, '--json'], { stdin: new PassThrough(), stdout, stderr, env: {} });
  return { exit, data: JSON.parse(String(stdout.read() ?? 'null')) as Record<string, never> };
}

async function scratch(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-destruction-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Backups { readonly a: string; readonly keys: string; readonly removable: string; readonly serial: string; readonly sysadmin: Client }

/** One backup with its keys on two media that stay, one of contents on a medium that will be away. */
async function backedUp(t: ExecutionContext, box: TestBox): Promise<Backups> {
  const folder = await scratch(t);
  const sysadmin = await box.as('sunhao');
  const target = async (name: string): Promise<{ readonly id: string; readonly path: string }> => {
    const where = path.join(folder, name);
    await mkdir(where);
    return { id: done(await sysadmin.post<{ target: string }>('backup.register-target', { name, path: where })).target, path: where };
  };
  const [a, keys, removable] = [await target('contents'), await target('keys'), await target('removable')];
  for (const wish of [{ target: a.id, keyTarget: keys.id }, { target: removable.id }]) {
    done(await sysadmin.post('backup.create', wish));
    await box.running.services.backup.settled();
  }
  return { a: a.path, keys: keys.path, removable: removable.path, serial: box.running.box.identity.serial, sysadmin };
}

test('第三十九条: a batch of records is destroyed wherever the box knows of a copy; raw data and backups hold nothing of it; a backup of before brings nothing back', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  const it = box.running.box;
  const people = await parts(box);
  const gone: Awaited<ReturnType<typeof filedPaper>>[] = [];
  for (const [n, word] of WORDS.entries()) gone.push(await filedPaper(people.applicant, people.applicant, `${word}通知`, await pdf([word, `text ${String(n)}`], { title: word, compress: false })));
  const kept = await filedPaper(people.applicant, people.applicant, '关于保留件的通知', await smallPdf('kept'));
  const records = gone.map(({ record }) => record);

  const custodian = people.executor;
  const { id: carrier } = done(await custodian.post<{ id: string }>('carrier.register', { kind: 'optical', level: 1, cap: 1, title: '备份光盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: true }));
  done(await custodian.post('carrier.load', { carrier, codes: [gone[0]?.code], seenVersion: 1 }));
  const backups = await backedUp(t, box);
  const folder = await scratch(t);
  const before = { content: path.join(folder, 'contents'), keys: path.join(folder, 'keys') };
  await cp(backups.a, before.content, { recursive: true });
  await cp(backups.keys, before.keys, { recursive: true });
  await rename(backups.removable, `${backups.removable}-away`);

  await condemn(it, records, people.applicant.person);
  const { objects, traces } = await tracesOf(it, records, WORDS);
  t.is(objects.length, 3);
  t.true(traces.size > 3 + 3 * 4 + 20, 'words, ciphertext, keys, search words');
  const raw = async (): Promise<string[]> => remainsIn([...await filesUnder(box.data), ...await filesUnder(backups.a), ...await filesUnder(backups.keys), ...await filesUnder(`${backups.removable}-away`)], traces);

  const batch = await frozen(records, people);
  const reading = async (client: Client): Promise<Code & { status: number }> => {
    const { status, body } = await client.get<Code>('record.read', { file: gone[0]?.file ?? '', page: 1 });
    return { ...body, status };
  };
  t.like(await reading(people.applicant), { status: 409, code: 'E_STATE_INVALID' }, '冻结: use stops');
  t.is((await people.applicant.get('record.read', { file: kept.file, page: 1 })).status, 200);
  done(await sign(people.executor, batch, 'destruction.execute'));
  await box.running.services.destructionWork.settled();

  // What the box cannot reach keeps the batch where it is.
  let seen = await shown(people.executor, batch);
  t.is(seen.state, 'executing');
  const open = seen.steps.filter(({ state }) => state !== 'done');
  t.deepEqual(open.map(({ place, state }) => [place, state]), [['backup', 'residue'], ['carrier', 'residue']]);
  t.is((await people.executor.get<Code>('destruction.preview', { batch })).body.code, 'E_DESTROY_BACKUP_RESIDUE');
  await rename(`${backups.removable}-away`, backups.removable);
  done(await people.executor.post('destruction.resume', { batch }));
  await box.running.services.destructionWork.settled();
  seen = await shown(people.executor, batch);
  t.deepEqual(seen.steps.filter(({ state }) => state !== 'done').map(({ place }) => place), ['carrier'], 'the medium came back');
  const step = seen.steps.find(({ place }) => place === 'carrier')?.id;
  const how = { kind: 'residue', reference: 'ZT-2026-1', note: '光盘待送销', residueUntil: null };
  t.is((await people.executor.post<Code>('destruction.settle', { batch, step, how, seenVersion: seen.version })).body.code, 'E_INPUT_INVALID');
  t.is((await people.applicant.post<Code>('destruction.settle', { batch, step, how: { ...how, residueUntil: '2027-01-31' }, seenVersion: seen.version })).body.code, 'E_SOD_CONFLICT');
  done(await people.executor.post('destruction.settle', { batch, step, how: { ...how, residueUntil: '2027-01-31' }, seenVersion: seen.version }));
  await box.running.services.destructionWork.settled();

  seen = await shown(people.executor, batch);
  t.is(seen.state, 'verified', JSON.stringify(seen.checks));
  t.true(seen.checks.every(({ passed }) => passed) && seen.checks.length >= 8);
  t.is(new Set(seen.steps.map(({ place, ref }) => `${place} ${ref}`)).size, seen.steps.length, 'one evidence a place');
  for (const one of seen.steps) t.true(one.told !== null && one.told.method !== '', one.place);
  await closed(batch, people);
  t.like(await shown(people.executor, batch), { state: 'closed', faults: [] });
  t.like(done(await people.head.get<{ rows: object[] }>('destruction.list')).rows[0], { items: 3, residueUntil: '2027-01-31', state: 'closed' });
  t.like(done(await people.head.get<{ good: boolean; tombstones: number }>('destruction.verify', { batch })), { good: true, tombstones: 3 });

  // Description and history stay, the content is gone, the tombstone is nobody's to take away.
  t.like(await reading(people.applicant), { status: 410, code: 'E_CONTENT_DESTROYED' });
  t.is((await (await signIn(box.url, 'linxiao')).get<Code>('record.read', { file: gone[0]?.file ?? '', page: 1 })).body.code, 'E_NOT_FOUND', 'whoever may not know of it learns nothing');
  const [first = ''] = records;
  t.like(done(await people.applicant.get<{ record: object; events: { activity: string }[] }>('record.show', { record: first })).record, { state: 'destroyed' });
  t.like(done(await people.applicant.get<{ valid: boolean; statement: object }>('destruction.tombstone', { record: first })), { valid: true, statement: { origin: 'destroyed', supervisors: people.supervisors.map(({ person }) => person) } });
  t.is((await people.applicant.get<Code>('destruction.tombstone', { record: kept.record })).body.code, 'E_NOT_FOUND');
  t.is((await people.applicant.post<Code>('destruction.draft', draftOf([first], people))).body.code, 'E_METADATA_PROTECTED');
  for (const text of ['DELETE FROM tombstone', "UPDATE tombstone SET statement = ''", "UPDATE record SET state = 'filed' WHERE state = 'destroyed'", "DELETE FROM record WHERE state = 'destroyed'", 'DELETE FROM destruction_step', 'DELETE FROM destruction']) {
    const wrong = await t.throwsAsync<Error & { parent?: Error }>(it.store.housekeep(async (sql) => sql.run(text)));
    t.regex(wrong?.parent?.message ?? wrong?.message ?? '', /E_METADATA_PROTECTED|FOREIGN KEY/u, text);
  }
  t.is(done(await people.applicant.get<{ total: number }>('record.search', { q: WORDS[0] })).total, 0, 'the index has forgotten it');
  t.is(done(await people.applicant.get<{ total: number }>('record.search', { q: '保留件' })).total, 1);

  for (const paper of ['register', 'certificate'] as const) {
    const printed = await people.head.get('destruction.print', { batch, paper, format: 'pdf' });
    t.true(printed.status === 200 && printed.bytes.subarray(0, 5).toString() === '%PDF-');
    const told = JSON.parse((await people.head.get('destruction.print', { batch, paper, format: 'json' })).bytes.toString('utf8')) as { statement: string; signatures: unknown[] };
    t.is(told.signatures.length, 3);
    for (const word of WORDS) t.false(told.statement.includes(word), 'what is signed for ever names no title');
  }

  const list = path.join(folder, 'destroyed.jsonl');
  t.is((await cli('backup', 'destroyed-list', '--data', box.data, '--out', list)).exit, 0);
  const backup = path.join(backups.a, `${backups.serial}-BF-2026-0001`);
  const pair = [backup, '--keyring', path.join(backups.keys, `${backups.serial}-BF-2026-0001-keys`)];
  t.is((await cli('backup', 'verify', ...pair, '--data', box.data)).exit, 0, 'the backups are good ones of everything else');
  t.is((await cli('backup', 'verify', path.join(backups.removable, `${backups.serial}-BF-2026-0002`), '--data', box.data)).exit, 0);
  t.is((await cli('fsck', '--data', box.data, '--deep')).exit, 0);
  await box.stop();
  await rename(backups.removable, `${backups.removable}-away`);
  t.deepEqual(await raw(), []);
  t.true((await remainsIn(await filesUnder(before.content), traces)).length > 0, 'the copy of before still holds ciphertext: the test can see');

  // Restored from a copy of before that nobody knew of, and from the one that was cleaned.
  for (const [name, content, keys] of [['old', path.join(before.content, path.basename(backup)), path.join(before.keys, `${backups.serial}-BF-2026-0001-keys`)], ['cleaned', pair[0] ?? '', pair[2] ?? '']] as const) {
    const to = path.join(folder, `restored-${name}`);
    const forged = path.join(folder, `forged-${name}.jsonl`);
    await writeFile(forged, (await readFile(list, 'utf8')).replaceAll('"origin\\":\\"destroyed', '"origin\\":\\"replayed'));
    t.like(await cli('backup', 'restore', content, '--keyring', keys, '--to', to, '--destroyed', forged), { exit: 3, data: { code: 'E_DESTROYED_LIST' } }, 'a tombstone that the box did not sign');
    const restored = await cli('backup', 'restore', content, '--keyring', keys, '--to', to, '--destroyed', list);
    t.is(restored.exit, 0, JSON.stringify(restored.data));
    const again = await openTestBox(t, { data: to });
    const archivist = await at(await signIn(again.url, 'zhaoxiaolan'), 1);
    for (const { record, file } of gone) {
      t.like(done(await archivist.get<{ record: object }>('record.show', { record })).record, { state: 'destroyed' });
      t.is((await archivist.get<Code>('record.read', { file, page: 1 })).body.code, 'E_CONTENT_DESTROYED');
      t.like(done(await archivist.get<{ valid: boolean; statement: object }>('destruction.tombstone', { record })), { valid: true, statement: { origin: 'destroyed' } });
    }
    t.is((await archivist.get('record.read', { file: kept.file, page: 1 })).status, 200);
    t.is(done(await archivist.get<{ total: number }>('record.search', { q: WORDS[0] })).total, 0);
    await again.stop();
    t.deepEqual(await remainsIn(await filesUnder(to), traces), [], name);
  }
});

test('第三十九条: one person cannot complete a destruction; nothing is condemned that the conditions of the law keep', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const it = box.running.box;
  const people = await parts(box);
  const [one, two] = [await filedPaper(people.applicant, people.applicant, '关于甲件的通知', await smallPdf('one')), await filedPaper(people.applicant, people.applicant, '关于乙件的通知', await smallPdf('two'))];
  const draft = async (more: Record<string, unknown> = {}, records = [one.record]): Promise<Code> => (await people.applicant.post<Code>('destruction.draft', draftOf(records, people, more))).body;
  t.is((await draft()).code, 'E_APPRAISAL_REQUIRED');
  await condemn(it, [one.record, two.record], people.applicant.person);
  const set = async (values: Record<string, unknown>): Promise<void> => it.store.write(it.systemCall('destruction.execute'), async (tx) => {
    await tx.allow();
    const record = await tx.records.get(one.record);
    if (record) await tx.records.save({ ...record, ...values }, record.version);
    tx.audit({ action: 'record.appraise', detail: { test: true } });
  });
  for (const [values, code] of [[{ retentionExpiresOn: '2099-12-31' }, 'E_RETENTION_NOT_EXPIRED'], [{ retainUntil: '2099-12-31' }, 'E_RETAINED_COPY_PROTECTED'], [{ legalHold: true }, 'E_LEGAL_HOLD']] as const) {
    await set(values);
    t.is((await draft()).code, code);
    const { rows } = done(await people.applicant.get<{ rows: { id: string; checks: { code: string; passed: boolean }[] }[] }>('destruction.candidates'));
    t.deepEqual(rows.find(({ id }) => id === one.record)?.checks.filter(({ passed }) => !passed).map((check) => check.code), [code], 'and the page says which');
    await set({ retentionExpiresOn: '2020-12-31', retainUntil: null, legalHold: false });
  }

  const [supervisor = people.head, other = people.head] = people.supervisors;
  t.is((await draft({ supervisors: [supervisor.person, people.executor.person] })).code, 'E_SOD_CONFLICT', '监销人 = 执行人');
  t.is((await draft({ supervisors: [supervisor.person] })).code, 'E_DESTROY_TWO_PERSON');
  t.is((await draft({ supervisors: [] })).code, 'E_DESTROY_TWO_PERSON');
  t.is((await draft({ executor: people.applicant.person })).code, 'E_SOD_CONFLICT');
  t.is((await draft({ supervisors: [supervisor.person, people.applicant.person] })).code, 'E_SOD_CONFLICT');
  t.is((await draft({ executor: people.head.person })).code, 'E_INPUT_INVALID', 'no duty of an executor');
  t.is((await draft({}, [one.record, '00000000-0000-4000-8000-000000000000'])).code, 'E_NOT_FOUND');

  const { batch } = done(await people.applicant.post<{ batch: string }>('destruction.draft', draftOf([one.record], people)));
  t.is((await draft()).code, 'E_DUPLICATE', 'a record is in one batch at a time');
  t.is((await people.executor.post<Code>('destruction.freeze', { batch, seenVersion: 1 })).body.code, 'E_DESTROY_UNAUTHORIZED');
  t.is((await people.executor.post<Code>('destruction.submit', { batch, seenVersion: 1 })).body.code, 'E_DENIED');
  const { approval } = done(await people.applicant.post<{ approval: string }>('destruction.submit', { batch, seenVersion: 1 }));
  for (const who of [people.applicant, people.executor, ...people.supervisors]) {
    const answer = await who.post<Code>('approval.preview', { approval, verdict: 'grant', opinion: '同意' });
    t.not(answer.status, 200, `${who.account} does not approve it`);
  }
  await approve(people.head, approval);
  const version = async (): Promise<number> => (await shown(people.executor, batch)).version;
  t.is((await people.applicant.post<Code>('destruction.freeze', { batch, seenVersion: await version() })).body.code, 'E_SOD_CONFLICT');
  await set({ legalHold: true });
  t.is((await people.executor.post<Code>('destruction.freeze', { batch, seenVersion: await version() })).body.code, 'E_LEGAL_HOLD', 'a hold that came later');
  await set({ legalHold: false });
  done(await people.executor.post('destruction.freeze', { batch, seenVersion: await version() }));
  t.is((await sign(people.executor, batch, 'destruction.execute')).body.code, 'E_DESTROY_TWO_PERSON', 'nobody signed');
  t.is((await sign(people.applicant, batch)).body.code, 'E_DENIED', 'not one of the list');
  done(await sign(supervisor, batch));
  t.is((await sign(supervisor, batch)).body.code, 'E_STATE_INVALID', 'twice is once');
  t.is((await sign(people.executor, batch)).body.code, 'E_SOD_CONFLICT');
  t.is((await sign(people.executor, batch, 'destruction.execute')).body.code, 'E_DESTROY_TWO_PERSON', 'one of two signed');
  done(await sign(other, batch));
  for (const who of [people.applicant, supervisor]) t.is((await sign(who, batch, 'destruction.execute')).body.code, 'E_SOD_CONFLICT', who.account);
  const { statement, version: now } = done(await people.executor.get<{ statement: string; version: number }>('destruction.preview', { batch }));
  t.is((await people.executor.post<Code>('destruction.execute', { batch, seenVersion: now, signature: people.executor.sign(`${statement} `) })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await it.reader.all('SELECT 1 FROM destroyed_object')).length, 0, 'nothing was destroyed so far');

  // Cancelled by approval before it is carried out: the record is what it was, and can be read again.
  const asked = done(await people.applicant.post<{ approval: string }>('destruction.cancel', { batch, seenVersion: now, reason: '另有用途' }));
  t.is((await shown(people.executor, batch)).state, 'frozen');
  await approve(people.head, asked.approval);
  t.like(await shown(people.executor, batch), { state: 'cancelled', items: [{ state: 'appraised' }] });
  t.is((await people.applicant.get('record.read', { file: one.file, page: 1 })).status, 200);
  t.is((await sign(people.executor, batch, 'destruction.execute').catch(() => ({ body: { code: 'E_STATE_INVALID' } }))).body.code, 'E_STATE_INVALID');

  // Three people sign the certificate; one of them alone closes nothing.
  const second = await frozen([two.record], people);
  done(await sign(people.executor, second, 'destruction.execute'));
  await box.running.services.destructionWork.settled();
  t.is((await shown(people.executor, second)).state, 'verified');
  done(await sign(supervisor, second));
  t.is((await shown(people.executor, second)).state, 'verified');
  t.is((await sign(people.applicant, second)).body.code, 'E_DENIED');
  done(await sign(other, second));
  done(await sign(people.executor, second));
  t.is((await shown(people.executor, second)).state, 'closed');
  t.is((await people.applicant.post<Code>('destruction.cancel', { batch: second, seenVersion: (await shown(people.executor, second)).version, reason: '撤销试试' })).body.code, 'E_STATE_INVALID');
});

test('第四十三条: a state secret in its term goes only with the consent of 保密员 and 定密责任人; marks stay bound, the tombstone stays sealed under its level', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const it = box.running.box;
  const making = await markers(box);
  const as = async (account: string): Promise<Client> => at(await signIn(box.url, account), 3);
  const people = { applicant: await as('yangjing'), executor: await as('zhoumin'), supervisors: [await as('liusiyuan'), await as('lijianguo')], head: await as('wangzhenhua') };
  const { record, file } = await filedSecret(making, '关于演练点位的通知', [people.executor.person, people.head.person]);
  await condemn(it, [record], people.applicant.person);
  const wish = draftOf([record], people);
  t.is((await people.applicant.post<Code>('destruction.draft', wish)).body.code, 'E_DESTROY_SECRECY_CONSENT');
  const asked = done(await people.applicant.post<{ approval: string }>('appraisal.consent', { record }));
  for (const officer of [people.executor, people.supervisors[1] ?? people.head]) await approve(officer, asked.approval);
  t.is((await (await at(await signIn(box.url, 'yangjing'), 2)).post<Code>('destruction.draft', wish)).status === 200, false, 'not from below its level');
  const batch = await frozen([record], people);
  done(await sign(people.executor, batch, 'destruction.execute'));
  await box.running.services.destructionWork.settled();
  const seen = await shown(people.executor, batch);
  t.is(seen.state, 'verified', JSON.stringify([seen.checks, seen.steps.filter(({ state }) => state !== 'done')]));
  await closed(batch, people);
  t.is((await people.applicant.get<Code>('record.read', { file, page: 1 })).body.code, 'E_CONTENT_DESTROYED');
  t.true(done(await people.applicant.get<{ valid: boolean }>('destruction.tombstone', { record })).valid);
  t.is((await it.bindings.faults(it.reader, [record], false)).size, 0, '标志绑定 holds');
  const paper = await people.head.get('destruction.print', { batch, paper: 'register', format: 'pdf' });
  t.is(paper.status, 200);
  const low = await at(await signIn(box.url, 'zhaoxiaolan'), 2);
  t.is((await low.get<Code>('destruction.show', { batch })).body.code, 'E_NOT_FOUND', 'below its level there is no such batch');
  t.is(done(await low.get<{ total: number }>('destruction.list')).total, 0);
});
