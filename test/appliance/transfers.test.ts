import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { makeDirectoryDevice, openDirectoryDevice } from '../../appliance/devices/directory.js';
import { openTestBox } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { at, described, done, fileBatch, filedSecret, markers } from '../helpers/marked.js';
import { formOf, settle } from '../helpers/marking.js';

interface Code { readonly code: string; readonly facts: Readonly<Record<string, unknown>>; readonly details: readonly { readonly at: string; readonly message: string }[] }
interface Check { readonly key: string; readonly code: string; readonly passed: boolean; readonly records: readonly string[] }
interface Item { readonly record: string; readonly code: string; readonly suggested: { readonly openOpinion: { readonly dueOpenYear: number; readonly opinion: string; readonly reason: string }; readonly foiStatus: Readonly<Record<string, unknown>>; readonly classificationChange: Readonly<Record<string, unknown>> }; readonly retainUntil: string | null }
interface Shown { readonly version: number; readonly it: { readonly state: string; readonly number: string }; readonly checks: readonly Check[]; readonly items: readonly Item[]; readonly records: number; readonly mark: string; readonly approval: { readonly id: string } | null; readonly job: { readonly state: string; readonly reason: string | null } | null }

const show = async (client: Client, batch: string) => done(await client.get<Shown>('transfer.show', { batch }));
const missing = async (client: Client, batch: string) => (await show(client, batch)).checks.filter(({ passed }) => !passed).map(({ key }) => key);
async function step<T = Code & { version: number; state: string }>(client: Client, act: string, batch: string, body: object = {}): Promise<Answer<T>> {
  return client.post<T>(act, { batch, seenVersion: (await show(client, batch)).version, ...body });
}
async function sign(client: Client, approval: string): Promise<string> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  return done(await client.post<{ state: string }>('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version })).state;
}
const EARLY = { consentNo: '馆收〔2026〕1号', rights: { use: '原单位', convert: '档案馆', migrate: '档案馆' }, foiHandler: '原单位' };

/** The card of a second box, in force in the first. */
async function registered(box: TestBox, archive: TestBox): Promise<string> {
  const card = (await (await archive.as('yangjing')).get('counterpart.card')).bytes.toString('utf8');
  const custodian = await box.as('yangjing');
  const { approval } = done(await custodian.post<{ approval: string }>('counterpart.register', { card, reason: '移交对口馆' }));
  await sign(await box.as('zhoumin'), approval);
  await sign(await box.as('wangzhenhua'), approval);
  return done(await custodian.get<{ rows: readonly { id: string }[] }>('counterpart.list')).rows[0]?.id ?? '';
}

/** A medium in custody and a dedicated device, both for 机密, and the folder that stands in for them. */
async function medium(t: ExecutionContext, box: TestBox, custodian: Client, level: number, device = 'YJ-01'): Promise<{ readonly carrier: string; readonly directory: string; readonly device: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'shouzang-medium-'));
  t.teardown(async () => rm(directory, { recursive: true, force: true }));
  const provider = new NodeProvider();
  const publicKey = await makeDirectoryDevice(provider, directory);
  const secadmin = await box.as('chenlixin');
  done(await secadmin.post('device.register', {
    kind: 'dedicated_usb', no: device, model: '专用盘', serial: device, publicKey, certNo: '国保测 2026-01', certValidTo: '2027-12-31', certifiedLevel: level, lastCheckOn: '2026-11-01', boundUser: null, boundDepartment: null, place: '保密柜1', reason: '移交用',
  }));
  const { id } = done(await custodian.post<{ id: string }>('carrier.register', { kind: 'solid_state', level, cap: level, title: '移交盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: false, sealNo: 'FQ-01' }));
  const { version } = done(await custodian.get<{ version: number }>('carrier.show', { carrier: id }));
  done(await custodian.post('carrier.move', { carrier: id, event: 'file', place: '保密柜1', reason: '入柜', seenVersion: version }));
  return { carrier: id, directory, device };
}

async function prove(client: Client, directory: string, no: string): Promise<{ readonly challenge: string; readonly signature: string }> {
  const { challenge } = done(await client.post<{ challenge: string }>('device.challenge', { no }));
  const port = await openDirectoryDevice(new NodeProvider(), directory);
  const box = done(await client.post<{ message: string }>('device.challenge', { no })).message.split('\n')[1] ?? '';
  return { challenge, signature: port.answer(box, no, challenge) };
}

const clockAt = (start = '2026-11-23T01:00:00.000Z') => {
  const time = { now: Date.parse(start) };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
};

test('第二十二至二十六、四十二条: a 机密 batch goes from the due list to the medium, every missing thing named on the way, two approve, two sign it off', async (t) => {
  t.timeout(300_000);
  const { time, clock } = clockAt();
  const box = await openTestBox(t, { clock });
  const archive = await openTestBox(t, { clock, mode: 'repository' });
  const marking = await markers(box);
  const { custodian } = marking;
  const secret = await filedSecret(marking, '隐龙潭水库泄洪预案');
  const counterpart = await registered(box, archive);
  await at(custodian, 3);
  const { carrier, directory, device } = await medium(t, box, custodian, 3);

  const due = done(await custodian.get<{ rows: readonly { record: string; early: boolean; dueOn: string }[]; total: number }>('transfer.due'));
  t.like(due.rows.find(({ record }) => record === secret.record), { early: true, dueOn: '2031-05-06' });
  t.is((await (await box.as('linxiao')).get<Code>('transfer.due')).body.code, 'E_DENIED');
  const archivist = await at(await box.as('zhaoxiaolan'), 2);
  t.false(done(await archivist.get<{ rows: readonly { record: string }[] }>('transfer.due')).rows.some(({ record }) => record === secret.record));
  const plan = { records: [secret.record], counterpart, mode: 'offline_medium', taskName: 'Z109 2026 年第 1 批', contentDescription: '文书档案，PDF，专人护送' };
  for (const mode of ['internet', 'https', 'dedicated_network']) t.is((await custodian.post<Code>('transfer.plan', { ...plan, mode, address: 'https://archives.example' })).body.code, 'E_TRANSFER_OVER_INTERNET');
  t.is((await archivist.post<Code>('transfer.plan', plan)).body.code, 'E_NOT_FOUND', 'a record above the session is nowhere');
  const { batch, level } = done(await custodian.post<{ batch: string; number: string; level: number }>('transfer.plan', plan));
  t.is(level, 3);
  t.is((await custodian.post<Code>('transfer.plan', plan)).body.code, 'E_TRANSFER_IN_BATCH');
  t.is((await archivist.get<Code>('transfer.show', { batch })).status, 404);
  t.is(done(await archivist.get<{ total: number }>('transfer.list')).total, 0);

  // Every missing thing is on the list, and sealing is refused with the code of each in turn.
  const PREPARATION = ['early', 'rights', 'openOpinion', 'foiStatus', 'classificationChange', 'companions', 'review', 'medium', 'mediumTest', 'device'];
  t.deepEqual(await missing(custodian, batch), [...PREPARATION, 'inspected', 'head', 'officer']);
  const order = { directory, encoding: 'UTF-8', form: 'folder', capacity: '64 GB' };
  const refusedWith = async (): Promise<string> => {
    const [sealing, preparing] = [await step(custodian, 'transfer.seal', batch, order), await step(custodian, 'transfer.prepare', batch)];
    if (['E_TRANSFER_NOT_INSPECTED', 'E_APPROVAL_REQUIRED'].every((code) => code !== sealing.body.code)) t.is(preparing.body.code, sealing.body.code);
    return sealing.body.code;
  };
  const amend = async (change: object) => done(await step(custodian, 'transfer.amend', batch, change));
  const item = async () => { const [first] = (await show(custodian, batch)).items; if (first === undefined) throw new Error('no item'); return first; };
  t.is(await refusedWith(), 'E_TRANSFER_EARLY_CONSENT');
  await amend({ early: { ...EARLY, rights: { ...EARLY.rights, migrate: '' } } });
  t.is(await refusedWith(), 'E_TRANSFER_RIGHTS_UNDEFINED');
  await amend({ early: EARLY });
  t.is(await refusedWith(), 'E_TRANSFER_ATTACHMENTS_MISSING');
  const { suggested } = await item();
  t.like(suggested.openOpinion, { dueOpenYear: 2051, opinion: 'controlled' });
  t.like(suggested.classificationChange, { classified: true, originalMark: '机密★10年', currentMark: '机密★10年', changes: [] });
  const row = { record: secret.record, openOpinion: { ...suggested.openOpinion, opinionBy: '杨静', opinionOn: '2026-11-23' }, foiStatus: suggested.foiStatus };
  t.is((await step(custodian, 'transfer.attach', batch, { rows: [{ ...row, openOpinion: { ...row.openOpinion, opinion: 'open' } }] })).body.code, 'E_INPUT_INVALID', 'a secret is not opened by an attachment');
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, openOpinion: row.openOpinion }] }));
  t.deepEqual((await missing(custodian, batch)).filter((key) => ['openOpinion', 'foiStatus', 'classificationChange'].includes(key)), ['foiStatus', 'classificationChange']);
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, foiStatus: row.foiStatus }] }));
  t.is(await refusedWith(), 'E_TRANSFER_ATTACHMENTS_MISSING');
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, classificationChange: { reviewer: '周敏', remark: '' } }] }));
  t.is(await refusedWith(), 'E_TRANSFER_COMPANIONS_MISSING');
  const put = async (kind: string, name: string) => custodian.put<Code & { seq: number }>('transfer.put-companion', { batch, kind, name, seenVersion: (await show(custodian, batch)).version }, Buffer.from(`内容 ${name}`));
  done(await put('fonds_dossier', '全宗介绍.txt'));
  t.is(await refusedWith(), 'E_TRANSFER_COMPANIONS_MISSING');
  t.is((await put('finding_aid', '../目录.txt')).body.code, 'E_NAME_HOSTILE');
  done(await put('finding_aid', '案卷目录.txt'));
  t.is((await put('finding_aid', '案卷目录.txt')).body.code, 'E_NAME_COLLISION');
  t.is(await refusedWith(), 'E_TRANSFER_DECLASS_REVIEW_REQUIRED', 'rule 9: what goes to an archive was reviewed within the year');
  await settle({ proposer: custodian, authority: marking.authority }, secret.classification ?? '', formOf({ kind: 'review', trigger: 'transfer', outcome: 'continue', keepReason: 'still_sensitive' }));
  await at(custodian, 3);
  t.is(await refusedWith(), 'E_TRANSFER_ATTACHMENTS_MISSING', 'the history of the mark has moved on: it is confirmed anew');
  done(await step(custodian, 'transfer.attach', batch, { rows: [{ record: secret.record, classificationChange: { reviewer: '周敏', remark: '' } }] }));
  t.is(await refusedWith(), 'E_TRANSFER_MEDIUM_UNREGISTERED');
  await amend({ carrier });
  t.is(await refusedWith(), 'E_TRANSFER_MEDIUM_UNTESTED');
  await amend({ mediumTest: { on: '2026-11-20', method: '全盘读写校验', qualified: true } });
  t.is(await refusedWith(), 'E_DEVICE_NOT_CERTIFIED');
  t.is((await step(custodian, 'transfer.amend', batch, { device: 'NIEMALS' })).body.code, 'E_DEVICE_NOT_CERTIFIED');
  await amend({ device });
  t.deepEqual(await missing(custodian, batch), ['inspected', 'head', 'officer']);

  t.is((await step(custodian, 'transfer.prepare', batch)).body.state, 'prepared');
  t.is(await refusedWith(), 'E_TRANSFER_NOT_INSPECTED');
  t.is((await step(custodian, 'transfer.approve', batch, { reason: '到馆' })).body.code, 'E_STATE_INVALID');
  const run = done(await step<{ conclusion: string; state: string; reportNo: string }>(custodian, 'transfer.inspect', batch));
  t.is(run.state, 'inspected', JSON.stringify((await custodian.get('transfer.show', { batch })).body).slice(0, 4000));
  t.regex(run.reportNo, /^4P-transfer-20261123-\d{4}$/u);
  t.is(await refusedWith(), 'E_APPROVAL_REQUIRED');
  const asked = done(await step<{ approval: string }>(custodian, 'transfer.approve', batch, { reason: '按计划移交' }));
  t.is((await step(custodian, 'transfer.approve', batch, { reason: '再提' })).body.code, 'E_DUPLICATE');
  t.is(await sign(await at(await box.as('wangzhenhua'), 3), asked.approval), 'requested');
  t.is(await refusedWith(), 'E_APPROVAL_REQUIRED', 'the head alone does not suffice for a secret');
  const officer = await at(await box.as('zhoumin'), 3);
  t.is(await sign(officer, asked.approval), 'done');
  t.is((await show(custodian, batch)).it.state, 'approved');
  t.deepEqual(await missing(custodian, batch), []);

  // All present: sealed, to a device that proves itself, on a medium that is not our own data directory.
  t.is((await step(custodian, 'transfer.seal', batch, { ...order, directory: box.data })).body.code, 'E_TRANSFER_TARGET');
  t.is((await step(custodian, 'transfer.seal', batch, order)).body.code, 'E_DEVICE_PROOF');
  const other = await medium(t, box, custodian, 3, 'YJ-02');
  t.is((await step(custodian, 'transfer.seal', batch, { ...order, proof: await prove(custodian, other.directory, device) })).body.code, 'E_DEVICE_PROOF', 'another device does not answer for it');
  const { packageNo } = done(await step<{ packageNo: string }>(custodian, 'transfer.seal', batch, { ...order, proof: await prove(custodian, directory, device) }));
  await box.running.services.transferSealing.settled();
  const sealed = await show(custodian, batch);
  t.is(sealed.it.state, 'sealed', sealed.job?.reason ?? '');
  t.deepEqual((await readdir(directory)).sort(), [`${packageNo}.envelope`, 'shouzang-device.key'].sort());
  t.is((await step(custodian, 'transfer.amend', batch, { taskName: '改名' })).body.code, 'E_STATE_INVALID');
  t.true(done(await custodian.get<{ contents: readonly { record: string }[] }>('carrier.show', { carrier })).contents.some(({ record }) => record === secret.record));

  // 双人交接
  const handover = { couriers: [custodian.person], sealNos: ['FQ-2026-7'], packaging: '密封袋', channel: 'courier', dueOn: '2026-11-30', quantity: 1, setNo: '1/1' };
  t.is((await step(custodian, 'transfer.draw-handover', batch, { ...handover, sealNos: [] })).body.code, 'E_INPUT_INVALID');
  t.is((await step(custodian, 'transfer.draw-handover', batch, { ...handover, couriers: [archivist.person] })).body.code, 'E_CLEARANCE_REQUIRED');
  done(await step(custodian, 'transfer.draw-handover', batch, handover));
  const statement = async (client: Client) => done(await client.get<{ statement: string }>('transfer.handover', { batch })).statement;
  t.is((await step(custodian, 'transfer.sign-handover', batch, { signature: custodian.sign('something else') })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await step(custodian, 'transfer.sign-handover', batch, { signature: custodian.sign(await statement(custodian)) })).body.state, 'sealed');
  t.is((await step(custodian, 'transfer.sign-handover', batch, { signature: custodian.sign(await statement(custodian)) })).body.code, 'E_HANDOVER_TWO_PERSON', 'one person cannot complete a handover');
  t.is((await step(custodian, 'transfer.draw-handover', batch, handover)).body.code, 'E_STATE_INVALID', 'what is signed is not drawn up anew');
  t.is(done(await custodian.get<{ state: string }>('carrier.show', { carrier })).state, 'in_custody', 'the medium has not left');
  t.is((await step(officer, 'transfer.sign-handover', batch, { signature: officer.sign(await statement(officer)) })).body.state, 'dispatched');
  t.like(done(await custodian.get<{ state: string; history: readonly { approval: string | null }[] }>('carrier.show', { carrier })), { state: 'in_transit' });
  for (const form of ['handover', 'registration', 'list', 'attachments']) t.is((await custodian.get('transfer.print', { batch, form })).bytes.subarray(0, 5).toString('latin1'), '%PDF-');
  t.is((await custodian.put<Code>('transfer.receive', { batch, seenVersion: (await show(custodian, batch)).version }, Buffer.from('{}'))).body.code, 'E_TRANSFER_RECEIPT');
  t.is((await step(custodian, 'transfer.withdraw', batch, { reason: '不移交了' })).body.code, 'E_STATE_INVALID', 'what is on the road is not withdrawn');
  t.true(time.now > 0);
});
