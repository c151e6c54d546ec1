import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { boxSignatureCheck } from '../../appliance/box.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';

interface Code { readonly code: string; readonly details?: readonly { readonly message: string }[] }
interface Line { readonly id: string; readonly tag: string; readonly state: string; readonly level: number; readonly maxLevelEver: number; readonly overdue: boolean; readonly kind: string; readonly reasonName: string; readonly version: number; readonly sheet: { readonly title: string; readonly log: { readonly rating: string } | null } }
interface Batch { readonly id: string; readonly no: string; readonly state: string; readonly version: number; readonly mine: string | null; readonly faults: readonly string[]; readonly rows: readonly Line[]; readonly it: { readonly differences: { readonly missing: readonly string[] } | null }; readonly evidence: readonly { readonly id: string; readonly sm3: string; readonly kind: string }[] }
interface Listed<T> { readonly total: number; readonly rows: readonly T[] }
interface Carrier { readonly state: string; readonly version: number; readonly contents: readonly { readonly record: string }[]; readonly ended: readonly { readonly record: string }[]; readonly history: readonly { readonly event: string }[]; readonly it: { readonly certificate?: string } }

const TITLE = '隐龙潭数据盘';
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const DAY = 86_400_000;
const shown = async (client: Client, disposal: string) => done(await client.get<Batch>('disposal.show', { disposal }));
/** One act on a batch as the person last saw it. */
const act = async <T = Code>(client: Client, name: string, disposal: string, body: object = {}) => client.post<T & Code>(name, { disposal, seenVersion: (await shown(client, disposal)).version, ...body });
const register = async (client: Client, more: object = {}) => done(await client.post<{ id: string; no: string }>('carrier.register', { kind: 'disk', level: 3, cap: 3, title: TITLE, origin: 'own', copyNo: 1, totalCopies: 1, worm: false, serial: 'WD-ABC123', secrecyPeriod: '20年', ...more }));
const carrierOf = async (client: Client, carrier: string) => done(await client.get<Carrier>('carrier.show', { carrier }));
async function sign(client: Client, approval: string): Promise<string> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意销毁' }));
  return done(await client.post<{ state: string }>('approval.sign', { approval, opinion: '同意销毁', signature: client.sign(ready.statement), seenVersion: ready.version })).state;
}
async function alarms(box: TestBox): Promise<readonly string[]> {
  await box.running.services.alarmWork.engine.settled();
  return done(await (await box.as('zhoumin')).get<{ rows: readonly { code: string }[] }>('alarm.list', { state: 'open' })).rows.map(({ code }) => code);
}
async function folders(t: { teardown(work: () => unknown): void }): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-media-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}
/** Printed forms are looked at by a person where a folder is named. */
async function keep(name: string, bytes: Buffer): Promise<void> {
  const folder = process.env['SHOUZANG_FORMS'];
  if (folder !== undefined) await writeFile(path.join(folder, name), bytes);
}
const unitBody = { name: '市涉密载体销毁中心', qualificationNo: 'XH-2026-01', validTo: '2099-12-31', designatedBy: '市国家保密局设立', steps: ['degauss', 'shred', 'pulp', 'fine_shred', 'burn', 'melt', 'chip_shred'], reason: '登记' };

test('第四十三条: from the list to the certificate: counted by another, approved, isolated, sent, witnessed by two who sign; the only copy of a live record is migrated first', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  const people = await markers(box);
  const { custodian } = people;
  const [officer, head] = [await at(await box.as('zhoumin'), 3), await at(await box.as('wangzhenhua'), 3)];
  const [witnessOne, witnessTwo] = [await at(await box.as('lijianguo'), 3), await at(await box.as('liusiyuan'), 3)];
  const secret = await filedSecret(people, '隐龙潭泄洪预案');
  await at(witnessTwo, 3);
  const code = done(await custodian.get<{ record: { archivalCode: string } }>('record.show', { record: secret.record })).record.archivalCode;

  // The record lies on a disk that is to go, and nowhere else: the box lost its content.
  const root = await folders(t);
  const [source, target, other] = [path.join(root, 'old'), path.join(root, 'new'), path.join(root, 'other')];
  for (const folder of [source, target, other]) await mkdir(folder);
  const { vault, reader, store, systemCall } = box.running.box;
  const { object } = await reader.one<{ object: string }>('SELECT object FROM computer_file WHERE record = $1 AND replaced_by IS NULL', secret.record) ?? { object: '' };
  const sealed = await vault.open(object);
  const content = Buffer.from(await sealed.readRange(0, sealed.bytes));
  await sealed.close();
  await writeFile(path.join(source, '文件一.pdf'), content);
  await writeFile(path.join(source, 'Thumbs.db'), 'noise');
  await vault.erase(object);
  const old = await register(custodian);
  done(await custodian.post('carrier.load', { carrier: old.id, codes: [code], seenVersion: 1 }));
  done(await custodian.post('carrier.move', { carrier: old.id, event: 'condemn', place: '待销柜1', reason: '到更换周期', seenVersion: (await carrierOf(custodian, old.id)).version }));
  const next = await register(custodian, { title: '隐龙潭数据盘（新）', serial: 'WD-NEW1' });

  // 过程稿: by itself, without a carrier.
  const draft = done(await custodian.post<{ line: string; no: string }>('disposal.enter', { kind: 'paper', level: 3, maxLevelEver: 3, title: '隐龙潭预案送审稿', copyNo: 1, totalCopies: 3, secrecyPeriod: '20年', reason: 'draft', broken: false, quantity: 12, place: '待销柜1' }));
  t.regex(draft.no, /^DX3-\d{4}-0002$/u);
  t.is((await custodian.post<Code>('disposal.enter', { kind: 'paper', level: 0, maxLevelEver: 3, title: '废页', copyNo: 1, totalCopies: 1, reason: 'waste', broken: false, quantity: 1, place: '待销柜1' })).body.code, 'E_INPUT_INVALID', 'what once held a secret is not entered as ordinary');
  const waiting = done(await custodian.get<Listed<Line>>('disposal.pending'));
  t.deepEqual(waiting.rows.map(({ tag, reasonName }) => [tag, reasonName]), [[old.no, '不再需要'], [draft.no, '过程稿、送审稿']]);
  const lines = waiting.rows.map(({ id }) => id);
  const { disposal, no } = done(await custodian.post<{ disposal: string; no: string }>('disposal.open', { lines, reason: '到更换周期' }));
  t.regex(no, /^XH3-\d{4}-0001$/u);
  t.is((await custodian.post<Code>('disposal.open', { lines, reason: '再来' })).body.code, 'E_STATE_INVALID', 'a line is in one batch');
  const archivist = await at(await box.as('zhaoxiaolan'), 2);
  t.is((await archivist.get('disposal.show', { disposal })).status, 404);
  t.is(done(await archivist.get<Listed<Batch>>('disposal.list')).total + done(await archivist.get<Listed<Line>>('disposal.pending')).total, 0);
  t.is((await witnessOne.get('disposal.show', { disposal })).status, 404, 'not before they are named in it');
  t.is((await (await box.as('sunhao')).get<Code>('disposal.list')).body.code, 'E_DENIED');

  const found = [{ no: old.no, level: 3, copyNo: 1, quantity: 1 }, { no: draft.no, level: 3, copyNo: 1, quantity: 12 }];
  const unit = done(await officer.post<{ id: string }>('disposal.enter-unit', unitBody)).id;
  const ids = { executor: officer.person, witnesses: [witnessOne.person, witnessTwo.person] };
  const plan = { manner: 'send', unit, ...ids, reason: '到更换周期', methods: [{ line: lines[0], steps: ['degauss', 'shred'], outcome: 'destroy', devices: [] }, { line: lines[1], steps: ['pulp'], outcome: 'destroy', devices: [] }] };
  t.is((await act(custodian, 'disposal.ask', disposal, plan)).body.code, 'E_STATE_INVALID', 'not before it was counted');
  t.is((await act(custodian, 'disposal.count', disposal, { opinion: '相符', found })).body.code, 'E_SOD_CONFLICT', 'who made the list does not count it');
  t.like(done(await act<{ state: string; differences: { missing: string[] } }>(officer, 'disposal.count', disposal, { opinion: '少一件', found: found.slice(1) })), { state: 'drafted', differences: { missing: [old.no] } });
  t.true((await alarms(box)).includes('A_DESTROY_COUNT'), '异常立即报告');
  t.is(done(await act<{ state: string }>(officer, 'disposal.count', disposal, { opinion: '账物相符，同意销毁', found })).state, 'counted');

  const ask = async (more: object) => (await act(custodian, 'disposal.ask', disposal, { ...plan, ...more })).body.code;
  t.is(await ask({ witnesses: [officer.person, witnessOne.person] }), 'E_SOD_CONFLICT', '监销人 = 执行人');
  t.is(await ask({ witnesses: [witnessOne.person] }), 'E_DESTROY_TWO_PERSON', '只有 1 名监销人');
  t.is(await ask({ executor: custodian.person }), 'E_SOD_CONFLICT');
  t.is(await ask({ executor: archivist.person }), 'E_CLEARANCE_REQUIRED');
  t.is(await ask({ methods: [{ ...plan.methods[0], steps: ['overwrite'], outcome: 'reuse' }, plan.methods[1]] }), 'E_DESTROY_METHOD_INSUFFICIENT', '机密硬盘选“覆写+再利用”');
  t.is(await ask({ manner: 'own', urgency: '搬迁' }), 'E_DESTROY_DEVICE', 'no device of our own is registered');
  const held = await act(custodian, 'disposal.ask', disposal, plan);
  t.is(held.body.code, 'E_DESTROY_MEDIUM_HAS_LIVE_RECORDS');
  t.is((await act(custodian, 'disposal.isolate', disposal, { place: '待销库', sealNo: 'F-1' })).body.code, 'E_DESTROY_UNAUTHORIZED');

  // The offered migration.
  const { migration } = done(await custodian.post<{ migration: string; records: number }>('migration.plan', { from: old.id, to: next.id, risk: '磁盘到期，内容唯一，迁移后核验' }));
  const step = async (client: Client, name: string, body: object) => client.post<Code & { state: string }>(name, { migration, target, seenVersion: done(await client.get<Listed<{ id: string; version: number }>>('migration.list')).rows.find(({ id }) => id === migration)?.version, ...body });
  t.is((await step(custodian, 'migration.perform', { source, target: box.data })).body.code, 'E_CARRIER_FOLDER');
  t.is((await step(custodian, 'migration.perform', { source: other })).body.code, 'E_MIGRATION_SOURCE', 'the digest is not there');
  t.is((await step(custodian, 'migration.perform', {})).status, 410, 'the box has no copy left to give');
  t.is((await step(officer, 'migration.perform', { source })).status, 404, 'who may not read the record carries it nowhere');
  t.is(done(await step(custodian, 'migration.perform', { source })).state, 'performed');
  const [copied = ''] = (await readdir(target, { recursive: true, withFileTypes: true })).filter((one) => one.isFile() && one.name !== 'shouzang-carrier.json').map((one) => path.join(one.parentPath, one.name));
  t.deepEqual(await readFile(copied), content);
  t.false(copied.includes('隐龙潭'), 'no name on the carrier tells of the content');
  t.is(await ask({}), 'E_DESTROY_MEDIUM_HAS_LIVE_RECORDS', 'what nobody verified is no copy');
  t.is((await step(custodian, 'migration.verify', {})).body.code, 'E_SOD_CONFLICT');
  t.is((await step(officer, 'migration.verify', { target: other })).body.code, 'E_CARRIER_FOLDER');
  await writeFile(copied, Buffer.concat([content.subarray(0, -1), Buffer.from('x')]));
  t.is((await step(officer, 'migration.verify', {})).body.code, 'E_MIGRATION_POSTCHECK_FAILED');
  t.is(done(await step(custodian, 'migration.perform', { source })).state, 'performed');
  await writeFile(path.join(target, 'extra.txt'), 'x');
  t.is((await step(officer, 'migration.verify', {})).body.code, 'E_MIGRATION_POSTCHECK_FAILED', 'something nobody put there');
  await rm(path.join(target, 'extra.txt'));
  t.is(done(await step(officer, 'migration.verify', {})).state, 'verified');
  t.deepEqual((await carrierOf(custodian, next.id)).contents.map(({ record }) => record), [secret.record]);

  const { approval } = done(await act<{ approval: string }>(custodian, 'disposal.ask', disposal, plan));
  t.is((await act(custodian, 'disposal.release', disposal, { channel: 'escort', escorts: [], sealNo: 'F-1', destination: '销毁中心' })).body.code, 'E_DESTROY_UNAUTHORIZED');
  t.is(await sign(head, approval), 'done');
  t.is((await shown(custodian, disposal)).state, 'approved');
  done(await act(custodian, 'disposal.isolate', disposal, { place: '待销库房', sealNo: 'F-1' }));
  const release = { channel: 'escort', escorts: [officer.person], sealNo: 'F-1', destination: '市涉密载体销毁中心' };
  t.is((await act(custodian, 'disposal.release', disposal, { ...release, channel: 'post' })).body.code, 'E_DESTROY_UNAUTHORIZED');
  t.is((await act(custodian, 'disposal.release', disposal, { ...release, escorts: [] })).body.code, 'E_HANDOVER_TWO_PERSON');
  t.is((await act(custodian, 'carrier.destroy', disposal)).body.code, 'E_STATE_INVALID');
  done(await act(custodian, 'disposal.release', disposal, release));
  t.is((await act(custodian, 'disposal.cancel', disposal, { reason: '不销毁了' })).body.code, 'E_STATE_INVALID', 'what left the house is not called back by a word');

  const result = { finishedAt: new Date().toISOString(), place: '市涉密载体销毁中心', destroyedBy: '王某（中心操作员）', voucherNo: 'PZ-2026-118', failed: [] };
  const execute = async (client: Client, more: object = {}) => {
    const ready = await client.post<Code & { statement: string }>('disposal.preview', { event: 'execute', disposal, ...result, ...more });
    return ready.status !== 200 ? ready : act(client, 'disposal.execute', disposal, { ...result, ...more, signature: client.sign(ready.body.statement) });
  };
  t.is((await execute(officer)).body.code, 'E_DESTROY_EVIDENCE', 'no photograph yet');
  t.is((await officer.put<Code>('disposal.attach', { disposal, kind: 'photo', fileName: 'x.exe' }, Buffer.from('MZ'))).body.code, 'E_INPUT_INVALID');
  const { evidence } = done(await officer.put<{ evidence: string }>('disposal.attach', { disposal, kind: 'photo', fileName: '现场.png' }, PNG));
  t.is((await officer.put<Code>('disposal.attach', { disposal, kind: 'photo', fileName: '又.png' }, PNG)).body.code, 'E_DUPLICATE');
  t.deepEqual((await witnessOne.get('disposal.evidence', { disposal, evidence })).bytes, PNG);
  t.is((await archivist.get('disposal.evidence', { disposal, evidence })).status, 404);
  t.is((await execute(custodian)).body.code, 'E_DENIED', 'only the executor');
  t.is((await execute(officer, { voucherNo: undefined })).body.code, 'E_DESTROY_EVIDENCE');
  t.is((await act(officer, 'disposal.execute', disposal, { ...result, signature: officer.sign('another text') })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await execute(officer)).status, 200);
  const witness = async (client: Client) => act<{ state: string }>(client, 'disposal.witness', disposal, { signature: client.sign(done(await client.post<{ statement: string }>('disposal.preview', { event: 'witness', disposal })).statement) });
  t.is((await witness(officer)).body.code, 'E_SOD_CONFLICT');
  t.is((await witness(custodian)).body.code, 'E_DENIED');
  t.is((await shown(witnessOne, disposal)).mine, 'witness');
  t.is(done(await witness(witnessOne)).state, 'executed');
  t.is((await witness(witnessOne)).body.code, 'E_SOD_SAME_PERSON');
  t.is((await act(custodian, 'carrier.destroy', disposal)).body.code, 'E_STATE_INVALID', 'one witness is not two');
  t.is((await custodian.get<Code>('disposal.print', { disposal, form: 'certificate' })).body.code, 'E_STATE_INVALID');
  t.is(done(await witness(witnessTwo)).state, 'witnessed');
  t.like(done(await act<{ certificate: string; carriers: number }>(custodian, 'carrier.destroy', disposal)), { certificate: `${no}-ZM`, carriers: 1 });

  const gone = await carrierOf(custodian, old.id);
  t.like(gone, { state: 'destroyed', contents: [] });
  t.is(gone.it.certificate, `${no}-ZM`);
  t.deepEqual(gone.ended.map(({ record }) => record), [secret.record]);
  t.deepEqual(gone.history.map(({ event }) => event).slice(0, 3), ['destroy', 'migrated-from', 'condemn']);
  t.deepEqual((await shown(custodian, disposal)).rows.map(({ state }) => state), ['destroyed', 'destroyed']);
  t.deepEqual((await shown(custodian, disposal)).faults, []);
  t.is(done(await custodian.get<Listed<Line>>('disposal.pending')).total, 0);
  for (const form of ['register', 'certificate'] as const) {
    const printed = await custodian.get('disposal.print', { disposal, form });
    t.is(printed.bytes.subarray(0, 5).toString(), '%PDF-');
    await keep(`${form}.pdf`, printed.bytes);
  }
  for (const text of ['DELETE FROM disposal_line', 'DELETE FROM disposal', "UPDATE disposal_line SET state = 'pending'", 'UPDATE disposal_line SET level = 0, max_level_ever = 0']) {
    await t.throwsAsync(store.write(systemCall('system.recover'), async (tx) => { await tx.allow(); tx.audit({ action: 'system.recover' }); await tx.sql.run(text); }), undefined, text);
  }
  const entries = await reader.all<{ action: string; detail: string }>("SELECT action, detail FROM audit_entry WHERE action LIKE 'disposal.%' OR action LIKE 'migration.%' OR action LIKE 'carrier.%'");
  t.true(entries.length > 20 && !JSON.stringify(entries).includes('隐龙潭'), 'acts are in the ledger, titles are not');
  const told = await reader.all<{ all: string }>('SELECT hex(sealed) AS "all" FROM disposal UNION ALL SELECT hex(sealed) FROM disposal_line UNION ALL SELECT hex(sealed) FROM medium_migration');
  t.false(told.some((row) => Buffer.from(row.all, 'hex').includes('隐龙潭')));
});

test('domain/08 §7, §8: 非涉密 media go the same way and may be used again after a verified erase log; what waits too long alarms; a loss is told on a form', async (t) => {
  t.timeout(240_000);
  const time = { now: Date.parse('2026-11-23T01:00:00.000Z') };
  const clock = { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) };
  const box = await openTestBox(t, { clock });
  const [custodian, officer] = [await at(await box.as('yangjing'), 1), await at(await box.as('zhoumin'), 1)];
  const disk = await register(custodian, { level: 1, cap: 1, title: '办公备份盘', secrecyPeriod: undefined });
  const broken = await register(custodian, { level: 1, cap: 1, title: '故障盘', serial: 'WD-BAD', secrecyPeriod: undefined, copyNo: 1 });
  const enter = async (carrier: string, more: object = {}) => done(await custodian.post<{ line: string }>('disposal.enter', { carrier, reason: 'worn', broken: false, quantity: 1, place: '淘汰柜', seenVersion: 1, ...more })).line;
  const spared = await enter((await register(custodian, { level: 1, cap: 1, title: '留用盘', serial: 'WD-KEEP', secrecyPeriod: undefined })).id);
  const lines = [await enter(disk.id), await enter(broken.id, { broken: true, reason: 'broken' })];
  t.is((await carrierOf(custodian, disk.id)).state, 'pending_destruction', 'set aside with the line');
  done(await custodian.post('disposal.withdraw', { line: spared, place: '库房', reason: '仍可使用', seenVersion: done(await custodian.get<Listed<Line>>('disposal.pending')).rows.find(({ id }) => id === spared)?.version }));
  t.is(done(await custodian.get<Listed<Line>>('disposal.pending')).total, 2);
  const { disposal } = done(await custodian.post<{ disposal: string }>('disposal.open', { lines, reason: '设备更新' }));
  done(await act(officer, 'disposal.count', disposal, { opinion: '相符', found: [{ no: disk.no, level: 1, copyNo: 1, quantity: 1 }, { no: broken.no, level: 1, copyNo: 1, quantity: 1 }] }));
  const device = { no: 'XH-01', model: '粉碎机', steps: ['shred'], certifiedLevel: 3, certNo: 'ISSTEC-9', certValidTo: '2026-12-31', lastVerifyOn: '2026-06-01', reason: '登记' };
  t.is((await officer.post<Code>('disposal.enter-device', { ...device, certValidTo: '2026-11-22' })).body.code, 'E_DESTROY_DEVICE');
  const shredder = done(await officer.post<{ id: string }>('disposal.enter-device', device)).id;
  t.is((await officer.post<Code>('disposal.enter-device', device)).body.code, 'E_DUPLICATE');
  const people = await Promise.all(['zhaoxiaolan', 'lijianguo'].map(async (one) => at(await box.as(one), 1)));
  const plan = {
    manner: 'own', urgency: '机房搬迁', executor: officer.person, witnesses: people.map(({ person }) => person), reason: '设备更新',
    methods: [{ line: lines[0], steps: ['overwrite'], outcome: 'reuse', devices: [] }, { line: lines[1], steps: ['shred'], outcome: 'destroy', devices: [shredder] }],
  };
  t.is((await act(custodian, 'disposal.ask', disposal, { ...plan, methods: [plan.methods[0], { ...plan.methods[1], steps: ['overwrite'], devices: [] }] })).body.code, 'E_DESTROY_METHOD_INSUFFICIENT', 'a broken disk is not erased');
  t.is((await act(custodian, 'disposal.ask', disposal, { ...plan, urgency: undefined })).body.code, 'E_DESTROY_OWN_LIMIT');
  const { approval } = done(await act<{ approval: string }>(custodian, 'disposal.ask', disposal, plan));
  t.is(await sign(await at(await box.as('wangzhenhua'), 1), approval), 'done');
  done(await act(custodian, 'disposal.isolate', disposal, { place: '淘汰柜', sealNo: 'F-2' }));

  await box.running.services.disposalRound();
  t.false((await alarms(box)).includes('W_DESTROY_OVERDUE'));
  time.now += 31 * DAY;
  await box.running.services.disposalRound();
  t.true((await alarms(box)).includes('W_DESTROY_OVERDUE'), '待销超期');
  const again = { custodian: await at(await box.as('yangjing'), 1), officer: await at(await box.as('zhoumin'), 1) };
  t.is(done(await again.custodian.get<Listed<Line>>('disposal.pending', { overdue: true })).total, 2);
  const seen = await shown(again.custodian, disposal);
  t.is(seen.state, 'isolated');
  t.is((await act(again.custodian, 'disposal.release', disposal, { channel: 'escort', escorts: [], sealNo: 'F-2', destination: '本单位销毁室' })).status, 200);

  const log = await readFile(new URL('../../../test/vectors/nwipe/two-drives.txt', import.meta.url));
  t.like(done(await again.officer.put<{ drives: number; matched: number; lines: readonly { rating: string }[] }>('disposal.import-log', { disposal, fileName: 'nwipe.txt' }, log)), { drives: 2, matched: 1, lines: [{ rating: 'verified', no: disk.no, doubts: [] }] });
  t.is((await again.officer.put<Code>('disposal.import-log', { disposal, fileName: 'x.txt' }, Buffer.from('hello'))).body.code, 'E_INPUT_INVALID');
  done(await again.officer.put('disposal.attach', { disposal, kind: 'photo', fileName: '现场.png' }, PNG));
  const result = { finishedAt: new Date(time.now).toISOString(), place: '本单位销毁室', destroyedBy: '周敏', failed: [] };
  const ready = done(await again.officer.post<{ statement: string }>('disposal.preview', { event: 'execute', disposal, ...result }));
  done(await act(again.officer, 'disposal.execute', disposal, { ...result, signature: again.officer.sign(ready.statement) }));
  for (const account of ['zhaoxiaolan', 'lijianguo']) {
    const one = await at(await box.as(account), 1);
    done(await act(one, 'disposal.witness', disposal, { signature: one.sign(done(await one.post<{ statement: string }>('disposal.preview', { event: 'witness', disposal })).statement) }));
  }
  done(await act(again.custodian, 'carrier.destroy', disposal));
  t.is((await carrierOf(again.custodian, disk.id)).state, 'in_custody', 'cleared, and used again');
  t.is((await carrierOf(again.custodian, broken.id)).state, 'destroyed');
  await box.running.services.disposalRound();
  t.false((await alarms(box)).includes('W_DESTROY_OVERDUE'), 'and the alarm is gone when nothing waits');
  await keep('certificate-own.pdf', (await again.custodian.get('disposal.print', { disposal, form: 'certificate' })).bytes);

  const lost = await register(again.custodian, { level: 1, cap: 1, title: '外借盘', serial: 'WD-LOST', secrecyPeriod: undefined });
  t.is((await again.custodian.get<Code>('carrier.loss-report', { carrier: lost.id })).body.code, 'E_STATE_INVALID');
  done(await again.custodian.post('carrier.lose', { carrier: lost.id, foundMissingAt: new Date(time.now - 3_600_000).toISOString(), circumstances: '盘点时不在柜内，最后一次见到是上月盘点', measures: '已封锁现场，查找监控', seenVersion: 1 }));
  const report = await again.custodian.get('carrier.loss-report', { carrier: lost.id });
  t.is(report.bytes.subarray(0, 5).toString(), '%PDF-');
  await keep('loss.pdf', report.bytes);
  t.is((await (await box.as('linxiao')).get<Code>('carrier.loss-report', { carrier: lost.id })).status, 404);
});

test('domain/08 §1: a carrier that rises while it waits takes line, batch and evidence with it; what was chosen for a lower level is no longer enough', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const [custodian, officer, head] = [await at(await box.as('yangjing'), 1), await at(await box.as('zhoumin'), 1), await at(await box.as('wangzhenhua'), 1)];
  const disk = await register(custodian, { level: 1, cap: 3, title: '办公备份盘', secrecyPeriod: undefined });
  const { line } = done(await custodian.post<{ line: string }>('disposal.enter', { carrier: disk.id, reason: 'worn', broken: false, quantity: 1, place: '淘汰柜', seenVersion: 1 }));
  const { disposal } = done(await custodian.post<{ disposal: string }>('disposal.open', { lines: [line], reason: '设备更新' }));
  done(await act(officer, 'disposal.count', disposal, { opinion: '相符', found: [{ no: disk.no, level: 1, copyNo: 1, quantity: 1 }] }));
  const unit = done(await officer.post<{ id: string }>('disposal.enter-unit', unitBody)).id;
  const witnesses = (await Promise.all(['lijianguo', 'liusiyuan'].map(async (one) => box.as(one)))).map(({ person }) => person);
  const { approval } = done(await act<{ approval: string }>(custodian, 'disposal.ask', disposal, { manner: 'send', unit, executor: officer.person, witnesses, reason: '设备更新', methods: [{ line, steps: ['shred'], outcome: 'destroy', devices: [] }] }));
  t.is(await sign(head, approval), 'done');
  done(await act(custodian, 'disposal.isolate', disposal, { place: '淘汰柜', sealNo: 'F-3' }));
  const { evidence } = done(await officer.put<{ evidence: string }>('disposal.attach', { disposal, kind: 'photo', fileName: '封装.png' }, PNG));
  const { store, systemCall, containers, reader, vault, keys, paths, sm3, crypto, identity } = box.running.box;
  await store.write(systemCall('container.follow'), async (tx) => {
    await tx.allow();
    await containers.save(tx.sql, { kind: 'medium', id: disk.id }, { held: { level: 3, levelBy: null, term: null, lastSecretDay: null, termBy: null }, due: null }, new Date().toISOString());
    tx.audit({ action: 'container.follow', object: disk.id, objectType: 'medium' });
  });
  t.is((await custodian.get('disposal.show', { disposal })).status, 404, 'gone from a session of 内部');
  for (const one of [custodian, officer]) await at(one, 3);
  t.like((await shown(custodian, disposal)).rows[0], { level: 3, maxLevelEver: 3 });
  t.like(await reader.one('SELECT level FROM disposal WHERE id = $1', disposal), { level: 3 });
  t.deepEqual((await officer.get('disposal.evidence', { disposal, evidence })).bytes, PNG);
  t.is((await act(custodian, 'disposal.release', disposal, { channel: 'escort', escorts: [officer.person], sealNo: 'F-3', destination: '销毁中心' })).body.code, 'E_DESTROY_METHOD_INSUFFICIENT');
  for (let tries = 0; tries < 50 && (await reader.one("SELECT 1 AS open FROM object_intent WHERE closed_at IS NULL")) !== undefined; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 20); });
  const checked = await fsck({ sql: reader, vault, keys, paths, sm3, check: boxSignatureCheck(crypto, identity.chain[0] ?? ''), deep: true });
  t.deepEqual(checked.findings, [], 'keys moved with the level');
  done(await act(custodian, 'disposal.cancel', disposal, { reason: '按机密级重新办理' }));
  t.is(done(await custodian.get<Listed<Line>>('disposal.pending')).rows[0]?.state, 'pending');
});
