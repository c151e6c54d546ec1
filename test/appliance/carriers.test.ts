import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { makeDirectoryDevice, openDirectoryDevice } from '../../appliance/devices/directory.js';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';

interface Code { readonly code: string }
interface Row { readonly id: string; readonly no: string; readonly state: string; readonly level: number; readonly maxLevelEver: number; readonly title: string; readonly place: string | null; readonly version: number; readonly inventoryOverdue: boolean; readonly holderName: string | null; readonly reportBy: string | null; readonly reportLate: boolean }
interface Listed { readonly total: number; readonly rows: readonly Row[] }
interface Shown extends Row { readonly mark: string; readonly contents: readonly { record: string; level: number }[]; readonly history: readonly { event: string; approval: string | null; told: Readonly<Record<string, unknown>> }[] }

const TITLE = '隐龙潭泄洪预案数据盘';
const card = (more: object = {}) => ({ kind: 'solid_state', level: 3, cap: 3, title: TITLE, origin: 'own', copyNo: 1, totalCopies: 2, worm: false, serial: '4C530001', capacity: '64 GB', sealNo: 'FQ-01', secrecyPeriod: '20年', batch: 'YJ-2026-01', ...more });
const register = async (client: Client, more: object = {}) => done(await client.post<{ id: string; no: string }>('carrier.register', card(more)));
const show = async (client: Client, carrier: string) => done(await client.get<Shown>('carrier.show', { carrier }));
const move = async (client: Client, carrier: string, body: object) => client.post<Code & { state: string; approval: string }>('carrier.move', { carrier, seenVersion: (await show(client, carrier)).version, reason: '工作需要', ...body });
async function sign(client: Client, approval: string): Promise<string> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  return done(await client.post<{ state: string }>('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version })).state;
}
const openAlarms = async (box: TestBox, client: Client): Promise<readonly string[]> => {
  await box.running.services.alarmWork.engine.settled();
  return done(await client.get<{ rows: readonly { code: string }[] }>('alarm.list', { state: 'open' })).rows.map(({ code }) => code);
};
function movable(start = '2026-11-23T01:00:00.000Z') {
  const time = { now: Date.parse(start) };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
}
const DAY = 86_400_000;

test('第四十二条: a carrier is entered at its level, seen by those cleared, lent and brought back; carried out only under the signature of 单位负责人', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t, { clock: movable().clock });
  const custodian = await at(await box.as('yangjing'), 3);
  const { id, no } = await register(custodian);
  t.is(no, 'ZT3-2026-0001');
  t.is((await register(custodian, { title: '第二套', copyNo: 2 })).no, 'ZT3-2026-0002');
  t.is((await custodian.post<Code>('carrier.register', card({ level: 2 }))).body.code, 'E_MAC_WRITE_DOWN', 'the text typed in a 机密 session is entered as 机密');
  t.is((await custodian.post<Code>('carrier.register', card({ cap: 2 }))).body.code, 'E_DEVICE_LEVEL');
  t.is((await custodian.post<Code>('carrier.register', card({ cap: 4 }))).body.code, 'E_CLS_OVER_SYSTEM_LEVEL');
  t.is((await custodian.post<Code>('carrier.register', card({ copyNo: 3 }))).body.code, 'E_INPUT_INVALID');

  const archivist = await at(await box.as('zhaoxiaolan'), 2);
  t.is(done(await archivist.get<Listed>('carrier.list')).total, 0);
  t.is((await archivist.get('carrier.show', { carrier: id })).status, 404);
  t.is((await archivist.get('carrier.label', { carrier: id })).status, 404);
  t.is((await box.as('linxiao').then(async (one) => one.get<Code>('carrier.list'))).body.code, 'E_DENIED');
  t.is((await box.as('sunhao').then(async (one) => one.get<Code>('carrier.list'))).body.code, 'E_DENIED');
  const sealed = await box.running.box.reader.all<{ all: string }>("SELECT hex(sealed) || '' AS \"all\" FROM carrier");
  t.false(sealed.some((row) => Buffer.from(row.all, 'hex').includes(TITLE)));

  t.is((await move(custodian, id, { event: 'return', place: '保密柜1' })).body.code, 'E_STATE_INVALID', 'what was not lent is not returned');
  t.is((await move(custodian, id, { event: 'file', place: '保密柜1' })).body.state, 'in_custody');
  t.is((await custodian.post<Code>('carrier.move', { carrier: id, event: 'file', place: '保密柜2', reason: '移柜', seenVersion: 1 })).body.code, 'E_STALE_VERSION');
  t.is((await move(custodian, id, { event: 'lend', holder: archivist.person, dueOn: '2026-12-01' })).body.code, 'E_CLEARANCE_REQUIRED');
  const proposer = await box.as('liusiyuan');
  t.is((await move(custodian, id, { event: 'lend', holder: proposer.person, dueOn: '2026-11-22' })).body.code, 'E_INPUT_INVALID');
  t.is((await move(custodian, id, { event: 'lend', holder: proposer.person, dueOn: '2027-01-30' })).body.code, 'E_INPUT_INVALID');
  t.is((await move(custodian, id, { event: 'lend', holder: proposer.person, dueOn: '2026-12-01' })).body.state, 'in_use');
  t.like(await show(custodian, id), { holderName: '刘思远', state: 'in_use' });
  t.is((await move(custodian, id, { event: 'return', place: '保密柜1', sealNo: 'FQ-02' })).body.state, 'in_custody');
  await at(custodian, 2);
  t.is((await custodian.post<Code>('carrier.move', { carrier: id, event: 'condemn', place: '待销柜', reason: '到期', seenVersion: 4 })).body.code, 'E_NOT_FOUND', 'not even that it is there, at a lower session');
  await at(custodian, 3);

  const asked = done(await move(custodian, id, { event: 'carry-out', holder: proposer.person, escorts: [], destination: '省档案馆', dueOn: '2026-11-30' }));
  t.is(asked.state, 'in_custody', 'not before it is signed');
  t.is((await move(custodian, id, { event: 'carry-out', holder: proposer.person, escorts: [], destination: '省档案馆', dueOn: '2026-11-30' })).body.code, 'E_DUPLICATE');
  t.is((await custodian.post<Code>('approval.preview', { approval: asked.approval, verdict: 'grant', opinion: '同意' })).status === 200 && (await custodian.post<Code>('approval.sign', { approval: asked.approval, opinion: '同意', signature: custodian.sign('x'), seenVersion: 1 })).status === 200, false, 'who asks does not sign');
  t.is(await sign(await at(await box.as('wangzhenhua'), 3), asked.approval), 'done');
  const out = await show(custodian, id);
  t.is(out.state, 'in_transit');
  t.is(out.history[0]?.approval, asked.approval);
  t.is((await move(custodian, id, { event: 'condemn', place: '待销柜' })).body.code, 'E_STATE_INVALID');
  t.is((await move(custodian, id, { event: 'arrive', place: '保密柜1' })).body.state, 'in_custody');
  t.is((await move(custodian, id, { event: 'condemn', place: '待销柜' })).body.state, 'pending_destruction');
  t.deepEqual((await show(custodian, id)).history.map(({ event }) => event), ['condemn', 'arrive', 'carry-out', 'return', 'lend', 'file', 'register']);
  const entries = await box.running.box.reader.all<{ action: string; detail: string }>("SELECT action, detail FROM audit_entry WHERE action LIKE 'carrier.%'");
  t.true(entries.length > 10 && !JSON.stringify(entries).includes('隐龙潭'), 'acts are in the ledger, titles are not');
});

test('domain/05 §6, domain/08 §5: what is put on a carrier raises it at once and for ever; above its cap nothing is put; a level once secret is never ordinary, not by SQL either', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const people = await markers(box);
  const { custodian } = people;
  const secret = await filedSecret(people, '隐龙潭泄洪预案');
  const code = done(await custodian.get<{ record: { archivalCode: string } }>('record.show', { record: secret.record })).record.archivalCode;
  await at(custodian, 1);
  const low = await register(custodian, { level: 1, cap: 2, secrecyPeriod: undefined });
  const high = await register(custodian, { level: 1, cap: 3, secrecyPeriod: undefined });
  await at(custodian, 3);
  const load = (carrier: string, codes: readonly string[], seenVersion: number) => custodian.post<Code & { level: number }>('carrier.load', { carrier, codes, seenVersion });
  t.is((await load(low.id, [code], 1)).body.code, 'E_DEVICE_LEVEL');
  t.is((await load(high.id, ['Z109-WS·2026·D10·BGS-9999'], 1)).body.code, 'E_NOT_FOUND');
  t.is(done(await load(high.id, [code], 1)).level, 3);
  const shown = await show(custodian, high.id);
  t.like(shown, { level: 3, maxLevelEver: 3, mark: '机密★10年' });
  t.deepEqual(shown.contents.map(({ record }) => record), [secret.record]);
  const officer = await at(await box.as('zhoumin'), 3);
  t.deepEqual((await show(officer, high.id)).contents, [], 'the officer may see the carrier; the record is not theirs to know');
  t.is((await at(await box.as('zhaoxiaolan'), 2).then(async (one) => one.get('carrier.show', { carrier: high.id }))).status, 404);
  const { store, systemCall } = box.running.box;
  for (const text of ['UPDATE carrier SET level = 1', 'UPDATE carrier SET max_level_ever = 2, level = 2 WHERE level = 3', 'DELETE FROM carrier']) {
    await t.throwsAsync(store.write(systemCall('system.recover'), async (tx) => { await tx.allow(); tx.audit({ action: 'system.recover' }); await tx.sql.run(text); }), undefined, text);
  }

  const lost = await custodian.post<Code & { reportBy: string; affected: readonly { record: string }[] }>('carrier.lose', { carrier: high.id, foundMissingAt: '2026-01-01T00:00:00.000Z', circumstances: '清点时不在柜内', measures: '已封锁现场', seenVersion: (await show(custodian, high.id)).version });
  t.like(done(lost), { reportBy: '2026-01-02T00:00:00.000Z' });
  t.deepEqual(lost.body.affected.map(({ record }) => record), [secret.record], 'affected records in the same act');
  t.like(await show(custodian, high.id), { state: 'lost', reportLate: true });
  t.true((await openAlarms(box, await box.as('chenlixin'))).includes('A_CARRIER_LOST'));
  t.is((await move(custodian, high.id, { event: 'condemn', place: '待销柜' })).body.code, 'E_STATE_INVALID', 'what is lost does not leave the books by destruction');
  t.is((await move(custodian, high.id, { event: 'report', to: '市国家保密局', no: 'BG-1' })).body.state, 'lost');
  t.like(await show(custodian, high.id), { reportLate: false, reported: { no: 'BG-1' } });
  t.is((await move(custodian, high.id, { event: 'find', place: '保密柜1' })).body.state, 'in_custody');
});

test('domain/05 §7.3: an inventory by scanned numbers names what is missing, unexpected and elsewhere; after three months without one an alarm tells the officer', async (t) => {
  t.timeout(240_000);
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  const custodian = await at(await box.as('yangjing'), 3);
  const nos: string[] = [];
  for (let copyNo = 1; copyNo <= 4; copyNo += 1) {
    const { id, no } = await register(custodian, { title: `第${String(copyNo)}套`, copyNo, totalCopies: 4 });
    nos.push(no);
    if (copyNo < 4) await move(custodian, id, { event: 'file', place: copyNo < 3 ? '柜甲' : '柜乙' });
  }
  const [a = '', b = '', c = ''] = nos;
  const count = async (body: object) => done(await custodian.post<{ expected: number; differences: object }>('carrier.inventory', body));
  t.deepEqual((await count({ place: '柜甲', scanned: [{ no: a }, { no: c }, { no: 'ZT9' }] })).differences, { present: [a, c], missing: [b], unexpected: ['ZT9'], misplaced: [{ no: c, place: '柜乙', found: '柜甲' }] });
  const archivistLow = await at(await box.as('zhoumin'), 2);
  t.deepEqual(done(await archivistLow.post<{ differences: { unexpected: string[] } }>('carrier.inventory', { scanned: [{ no: a }] })).differences.unexpected, [a], 'a number from above is as unknown as one that is nowhere');
  time.now += 60 * DAY;
  await box.running.services.carrierRound();
  time.now += 33 * DAY;
  const officer = await at(await box.as('zhoumin'), 3);
  const later = await at(await box.as('yangjing'), 3);
  t.is(done(await later.get<Listed>('carrier.list', { overdue: true })).total, 4);
  await box.running.services.carrierRound();
  t.true((await openAlarms(box, officer)).includes('A_MEDIUM_INVENTORY_DUE'));
  const full = done(await later.post<{ missing: number }>('carrier.inventory', { scanned: nos.map((no) => ({ no })) }));
  t.is(full.missing, 0);
  t.is(done(await later.get<Listed>('carrier.list', { overdue: true })).total, 0);
  await box.running.services.carrierRound();
  t.false((await openAlarms(box, officer)).includes('A_MEDIUM_INVENTORY_DUE'), 'and is gone when it was done');
  const label = await later.get('carrier.label', { carrier: done(await later.get<Listed>('carrier.list')).rows[0]?.id ?? '' });
  t.is(label.headers['content-type'], 'application/pdf');
  t.is(label.bytes.subarray(0, 5).toString(), '%PDF-');
});

test('第四十二条: a device proves by its key at every use who it is; expired, too low, bound to others, unknown or replayed: refused, alarmed, entered', async (t) => {
  t.timeout(240_000);
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  const crypto = new NodeProvider();
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-device-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const publicKey = await makeDirectoryDevice(crypto, folder);
  const device = await openDirectoryDevice(crypto, folder);
  await t.throwsAsync(makeDirectoryDevice(crypto, folder), { code: 'EEXIST' }, 'a key is never overwritten');
  const secadmin = await box.as('chenlixin');
  const custodian = await at(await box.as('yangjing'), 3);
  const body = {
    kind: 'dedicated_usb', no: 'YD-01', model: 'SM-U1', serial: '4C530001', publicKey, certNo: 'ISSTEC-1', certValidTo: '2026-12-31', certifiedLevel: 2, lastCheckOn: '2026-11-01', boundUser: custodian.person, boundDepartment: null,
    place: '涉密机房', usbVendor: '0781', usbProduct: '5581', reason: '新购',
  };
  t.is((await custodian.post<Code>('device.register', body)).body.code, 'E_DENIED');
  t.is((await secadmin.post<Code>('device.register', { ...body, certValidTo: '2026-11-22' })).body.code, 'E_DEVICE_NOT_CERTIFIED');
  t.is((await secadmin.post<Code>('device.register', { ...body, certifiedLevel: 4 })).body.code, 'E_CLS_OVER_SYSTEM_LEVEL');
  const { id, certificate } = done(await secadmin.post<{ id: string; certificate: string }>('device.register', body));
  t.true(certificate.startsWith('-----BEGIN CERTIFICATE-----'));
  t.is((await secadmin.post<Code>('device.register', { ...body, no: 'YD-02' })).body.code, 'E_DUPLICATE', 'one key, one device');

  const serial = box.running.box.identity.serial;
  const use = async (client: Client, more: { no?: string; level?: number; answer?: typeof device; challenge?: string } = {}) => {
    const no = more.no ?? 'YD-01';
    const challenge = more.challenge ?? done(await client.post<{ challenge: string }>('device.challenge', { no })).challenge;
    return { challenge, ...await client.post<Code & { no: string }>('device.check', { no, challenge, level: more.level ?? 2, signature: (more.answer ?? device).answer(serial, no, challenge) }) };
  };
  const first = await use(custodian);
  t.is(first.status, 200);
  t.is((await use(custodian, { challenge: first.challenge })).body.code, 'E_DEVICE_PROOF', 'a proof is good once');
  t.is((await use(custodian, { level: 3 })).body.code, 'E_DEVICE_LEVEL');
  t.is((await use(await box.as('zhoumin'))).body.code, 'E_DEVICE_BOUND');
  t.is((await use(custodian, { no: 'YD-99' })).body.code, 'E_DEVICE_PROOF');
  const other = await mkdtemp(path.join(folder, 'other-'));
  await makeDirectoryDevice(crypto, other);
  t.is((await use(custodian, { answer: await openDirectoryDevice(crypto, other) })).body.code, 'E_DEVICE_PROOF', 'a device with another key under a registered number');
  t.true((await openAlarms(box, secadmin)).includes('A_DEVICE_UNAUTHORIZED'));
  t.true((await secadmin.get('device.usbguard')).bytes.toString('utf8').startsWith('allow id 0781:5581 serial "4C530001"'));
  done(await secadmin.post('device.suspend', { device: id, reason: '封签破损', seenVersion: 1 }));
  t.is((await use(custodian)).body.code, 'E_DEVICE_NOT_CERTIFIED');
  t.is((await secadmin.get('device.usbguard')).bytes.toString('utf8'), 'reject with-interface one-of { 08:*:* }\n');
  t.is((await secadmin.post<Code>('device.suspend', { device: id, reason: '封签破损', seenVersion: 2 })).body.code, 'E_STATE_INVALID');
  t.is((await secadmin.post<Code>('device.resume', { device: id, reason: '已换封签', seenVersion: 1 })).body.code, 'E_STALE_VERSION');
  done(await secadmin.post('device.resume', { device: id, reason: '已换封签', seenVersion: 2 }));
  time.now += 40 * DAY;
  const again = await at(await box.as('yangjing'), 3);
  t.is((await use(again)).body.code, 'E_DEVICE_NOT_CERTIFIED', 'expired');
  const later = await box.as('chenlixin');
  done(await later.post('device.renew', { device: id, certNo: 'ISSTEC-2', certValidTo: '2027-12-31', certifiedLevel: 3, lastCheckOn: '2026-12-30', reason: '复检合格', seenVersion: 3 }));
  t.is((await use(again, { level: 3 })).status, 200);
  t.deepEqual(done(await later.get<{ history: { event: string }[] }>('device.show', { device: id })).history.map(({ event }) => event), ['device.renew', 'device.resume', 'device.suspend', 'device.register']);
  const refused = await box.running.box.reader.all<{ reason: string }>("SELECT reason FROM audit_entry WHERE action = 'device.check' AND result = 'refused' ORDER BY seq");
  t.deepEqual(refused.map(({ reason }) => reason), ['E_DEVICE_PROOF', 'E_DEVICE_LEVEL', 'E_DEVICE_BOUND', 'E_DEVICE_PROOF', 'E_DEVICE_PROOF', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_NOT_CERTIFIED']);
});
