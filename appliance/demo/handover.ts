import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CryptoProvider } from '../crypto/provider.js';
import { makeDirectoryDevice, openDirectoryDevice } from '../devices/directory.js';
import { hasIsoTools, readIso, writeIso } from '../packages/iso.js';
import { Client, Refused } from '../remote/client.js';
import type { RehearsalPerson } from '../remote/client.js';
import type { BoxProcess } from './box-process.js';

/** The rehearsal people of one box, signed in at a level. */
export type Desk = (account: string, level?: number) => Promise<Client>;
export type Tell = <T extends Readonly<Record<string, unknown>>>(name: string, title: string, work: () => Promise<T>) => Promise<T>;

export async function deskOf(box: BoxProcess, crypto: CryptoProvider): Promise<Desk> {
  const { people } = await new Client(box.url, box.certificate, crypto).get<{ people: readonly RehearsalPerson[] }>('rehearsal.people', {});
  const seated = new Map<string, Client>();
  return async (account, level) => {
    const person = people.find((one) => one.account === account);
    if (person === undefined) throw new Error(`no rehearsal person ${account}`);
    const client = seated.get(account) ?? new Client(box.url, box.certificate, crypto);
    if (!seated.has(account)) await client.signIn(person);
    seated.set(account, client);
    if (level !== undefined) await client.post('session.switch-level', { level });
    return client;
  };
}

const DEVICE = 'YJ-01';
const LEVEL = 3;
const OPINION = '同意';

export async function signApproval(client: Client, approval: string): Promise<void> {
  const ready = await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: OPINION });
  await client.post('approval.sign', { approval, opinion: OPINION, signature: client.sign(ready.statement), seenVersion: ready.version });
}

/** 登记对端单位: the card of one box in the other, compared and signed by two people. */
async function introduce(desk: Desk, other: Desk): Promise<string> {
  const card = (await (await other('yangjing')).bytes('counterpart.card', {})).toString('utf8');
  const custodian = await desk('yangjing');
  const { approval, fingerprint } = await custodian.post<{ approval: string; fingerprint: string }>('counterpart.register', { card, reason: '移交接收对口单位' });
  for (const account of ['zhoumin', 'wangzhenhua']) await signApproval(await desk(account), approval);
  const { rows } = await custodian.get<{ rows: readonly { id: string; fingerprint: string }[] }>('counterpart.list', {});
  const found = rows.find((one) => one.fingerprint === fingerprint);
  if (found === undefined) throw new Error('the counterpart is not in force');
  return found.id;
}

interface Shown { readonly version: number; readonly it: { readonly state: string }; readonly checks: readonly { readonly key: string; readonly passed: boolean }[]; readonly items: readonly { readonly record: string; readonly suggested: { readonly openOpinion: object; readonly foiStatus: object } }[]; readonly job: { readonly state: string; readonly reason: string | null } | null }

export interface HandoverOptions { readonly unit: BoxProcess; readonly archive: BoxProcess; readonly crypto: CryptoProvider; /** Holds the medium, the device and what they carry. */ readonly folder: string; readonly today: string; readonly step: Tell }

/** 移交与接收: one classified record goes from the unit's box to the archive's, and the receipt comes back. */
export async function handOver({ unit, archive, crypto, folder, today, step }: HandoverOptions): Promise<{ readonly record: string }> {
  const [from, to] = [await deskOf(unit, crypto), await deskOf(archive, crypto)];
  const [medium, device, there] = [path.join(folder, '介质'), path.join(folder, '专用设备'), path.join(folder, '到馆介质')];
  await rm(folder, { recursive: true, force: true });
  for (const one of [medium, device, there]) await mkdir(one, { recursive: true });

  const met = await step('introduce', '对端单位：两台互登名片，指纹由两人核对签字；专用设备在两边登记', async () => {
    const publicKey = await makeDirectoryDevice(crypto, device);
    for (const desk of [from, to]) {
      await (await desk('chenlixin')).post('device.register', {
        kind: 'dedicated_usb', no: DEVICE, model: '涉密专用介质', serial: DEVICE, publicKey, certNo: '国保测（演练）1号', certValidTo: `${String(Number(today.slice(0, 4)) + 2)}-12-31`, certifiedLevel: LEVEL, lastCheckOn: today, boundUser: null, boundDepartment: null, place: '保密柜1', reason: '移交接收',
      });
    }
    return { archive: await introduce(from, to), unit: await introduce(to, from) };
  });

  const custodian = await from('yangjing', LEVEL);
  const show = async (batch: string): Promise<Shown> => custodian.get<Shown>('transfer.show', { batch });
  const act = async <T = Record<string, unknown>>(name: string, batch: string, body: object = {}): Promise<T> => custodian.post<T>(name, { batch, seenVersion: (await show(batch)).version, ...body });

  const planned = await step('transfer-prepare', '移交准备：机密件做移交前解密审核，三附件、全宗卷、介质检测逐项备齐', async () => {
    const { record, classification } = await secretOf(custodian);
    await review(custodian, await from('wangzhenhua', LEVEL), classification);
    await from('yangjing', LEVEL);
    const { batch } = await custodian.post<{ batch: string }>('transfer.plan', { records: [record], counterpart: met.archive, mode: 'offline_medium', taskName: '演练局第 1 批移交', contentDescription: '文书档案，PDF，专人护送' });
    const { id: carrier } = await custodian.post<{ id: string }>('carrier.register', { kind: 'solid_state', level: LEVEL, cap: LEVEL, title: '移交盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: false, sealNo: 'FQ-0001' });
    const { version, no } = await custodian.get<{ version: number; no: string }>('carrier.show', { carrier });
    await custodian.post('carrier.move', { carrier, event: 'file', place: '保密柜1', reason: '入柜', seenVersion: version });
    const missing = (await show(batch)).checks.filter(({ passed }) => !passed).length;
    await act('transfer.amend', batch, { carrier, device: DEVICE, mediumTest: { on: today, method: '全盘读写校验', qualified: true }, early: { consentNo: '馆收（演练）1号', rights: { use: '原单位', convert: '档案馆', migrate: '档案馆' }, foiHandler: '原单位' } });
    const [item] = (await show(batch)).items;
    await act('transfer.attach', batch, { rows: [{ record, openOpinion: { ...item?.suggested.openOpinion, opinionBy: '杨静', opinionOn: today }, foiStatus: item?.suggested.foiStatus, classificationChange: { reviewer: '周敏', remark: '' } }] });
    for (const [kind, name] of [['fonds_dossier', '全宗介绍.txt'], ['finding_aid', '案卷目录.txt']] as const) await custodian.put('transfer.put-companion', { batch, kind, name, seenVersion: (await show(batch)).version }, Buffer.from(`${name}（演练）`));
    await act('transfer.prepare', batch);
    return { batch, record, mediumNo: no, missingAtFirst: missing };
  });
  const { batch } = planned;

  const sealed = await step('transfer-seal', '四性检测、两级审批、封装：一半密钥给对方系统，一半给专用设备', async () => {
    await act('transfer.inspect', batch);
    const { approval } = await act<{ approval: string }>('transfer.approve', batch, { reason: '按计划移交' });
    for (const account of ['wangzhenhua', 'zhoumin']) await signApproval(await from(account, LEVEL), approval);
    const { challenge, message } = await custodian.post<{ challenge: string; message: string }>('device.challenge', { no: DEVICE });
    const signature = (await openDirectoryDevice(crypto, device)).answer(message.split('\n')[1] ?? '', DEVICE, challenge);
    const made = await act<{ packageNo: string }>('transfer.seal', batch, { directory: medium, encoding: 'UTF-8', form: 'folder', capacity: '64 GB', proof: { challenge, signature } });
    await until(async () => { const { it, job } = await show(batch); if (job?.state === 'failed') throw new Error(job.reason ?? 'sealing failed'); return it.state === 'sealed'; });
    return { packageNo: made.packageNo, files: await readdir(medium) };
  });

  const { handoverNo, image } = await step('transfer-carry', '交接与护送：交接单两人签字，介质密封；有刻录工具的另走光盘映像', async () => {
    await act('transfer.draw-handover', batch, { couriers: [custodian.person], sealNos: ['FQ-0001'], packaging: '密封袋', channel: 'courier', dueOn: today, quantity: 1, setNo: '1/1' });
    let no = '';
    for (const account of ['yangjing', 'zhoumin']) {
      const client = await from(account, LEVEL);
      const { statement } = await client.get<{ statement: string }>('transfer.handover', { batch });
      no = (JSON.parse(statement) as { handoverNo?: string }).handoverNo ?? no;
      await client.post('transfer.sign-handover', { batch, seenVersion: (await show(batch)).version, signature: client.sign(statement) });
    }
    const iso = await hasIsoTools();
    if (iso) {
      await writeIso(crypto, medium, path.join(folder, '移交盘.iso'), 'TRANSFER');
      await readIso(crypto, path.join(folder, '移交盘.iso'), path.join(there, 'iso'));
    } else for (const name of await readdir(medium)) await copyFile(path.join(medium, name), path.join(there, name));
    return { handoverNo: no, image: iso };
  });

  const arrived = image ? path.join(there, 'iso') : there;
  const received = await step('receive', '接收：两人签收，启封不落明文，四性检测、清点、入库编馆编号；改一个字节的拒收', async () => {
    const one = await to('gaoyuan', LEVEL);
    const spoilt = path.join(folder, '改动介质');
    await mkdir(spoilt, { recursive: true });
    for (const name of await readdir(arrived)) await writeFile(path.join(spoilt, name), turned(await readFile(path.join(arrived, name))));
    const refused = await signIn(to, met.unit, handoverNo, planned.mediumNo);
    const cause = await one.post('accession.open', { ...refused, directory: spoilt, deviceDirectory: device }).then(() => 'opened', (error: unknown) => (error instanceof Refused ? error.code : String(error)));
    if (cause !== 'E_ENVELOPE_CHUNK_TAG') throw new Error(`a flipped byte was ${cause}`);

    const { accession } = refused;
    const again = await one.get<{ version: number }>('accession.show', { accession });
    const opened = await one.post<{ version: number; items: number }>('accession.open', { accession, seenVersion: again.version, directory: arrived, deviceDirectory: device });
    const tested = await one.post<{ version: number; defects: string[] }>('accession.inspect', { accession, seenVersion: opened.version });
    const unjust = await one.post('accession.return', { accession, seenVersion: tested.version }).then(() => 'returned', (error: unknown) => (error instanceof Refused ? error.code : String(error)));
    if (tested.defects.length > 0 || unjust !== 'E_RETURN_WITHOUT_DEFECT') throw new Error(`defects ${tested.defects.join(' ')}, return ${unjust}`);
    const keeper = await to('yangjing', LEVEL);
    await one.post('accession.accept', { accession, seenVersion: tested.version, storageLocation: '一号库房 3 架', persons: [keeper.person] });
    const shown = await one.get<{ items: readonly { accessionNo: string; record: string }[]; receiptStatement: string }>('accession.show', { accession });
    const here = await keeper.get<{ record: { state: string; mark: string }; classification: { kind: string; originOrg: string } | null }>('record.show', { record: shown.items[0]?.record ?? '' });
    if (here.record.state !== 'filed' || here.classification?.kind !== '来文沿用') throw new Error('the mark did not come along');
    return { accession, items: opened.items, accessionNo: shown.items[0]?.accessionNo ?? '', mark: here.record.mark, originOrg: here.classification.originOrg, flipped: cause };
  });

  await step('receipt', '凭证：两名接收员和接收方系统签名，写回介质；移交方核验后才转为已移交，留存五年', async () => {
    const { accession } = received;
    for (const account of ['gaoyuan', 'xunan']) {
      const client = await to(account, LEVEL);
      const { receiptStatement, version } = await client.get<{ receiptStatement: string; version: number }>('accession.show', { accession });
      await client.post('accession.sign', { accession, seenVersion: version, signature: client.sign(receiptStatement) });
    }
    const one = await to('gaoyuan', LEVEL);
    const { version } = await one.get<{ version: number }>('accession.show', { accession });
    await one.post('accession.close', { accession, seenVersion: version, directory: medium });
    const file = (await readdir(medium)).find((name) => name.startsWith('接收凭证')) ?? '';
    const before = await custodian.get<{ record: { state: string } }>('record.show', { record: planned.record });
    const answer = await custodian.put<{ state: string; receiptNo: string }>('transfer.receive', { batch, seenVersion: (await show(batch)).version }, await readFile(path.join(medium, file)));
    const after = await custodian.get<{ record: { state: string; retainUntil: string } }>('record.show', { record: planned.record });
    if (before.record.state !== 'filed' || answer.state !== 'accepted' || after.record.state !== 'retained_copy') throw new Error(`${before.record.state} ${answer.state} ${after.record.state}`);
    return { receiptNo: answer.receiptNo, retainUntil: after.record.retainUntil };
  });
  await step('transfer-close', '办结：双方各存一份，重放同一只封套即被发现', async () => {
    await act('transfer.close', batch, { note: '手续齐备' });
    const again = await signIn(to, met.unit, handoverNo, planned.mediumNo);
    const one = await to('gaoyuan', LEVEL);
    const cause = await one.post('accession.open', { ...again, directory: arrived, deviceDirectory: device }).then(() => 'opened', (error: unknown) => (error instanceof Refused ? error.code : String(error)));
    if (cause !== 'E_ENVELOPE_REPLAYED') throw new Error(`a replay was ${cause}`);
    return { packageNo: sealed.packageNo, replayed: cause };
  });
  return { record: planned.record };
}

/** A filed record of 机密 in force, with no form under way. */
async function secretOf(custodian: Client): Promise<{ readonly record: string; readonly classification: string }> {
  const { rows } = await custodian.get<{ rows: readonly { record: string }[] }>('transfer.due', { size: 100 });
  for (const { record } of rows) {
    const shown = await custodian.get<{ record: { level: number; classificationId: string | null } }>('record.show', { record });
    const { level, classificationId } = shown.record;
    if (level !== LEVEL || classificationId === null) continue;
    const cases = await custodian.get<{ rows: readonly { state: string }[] }>('classification.cases', { classification: classificationId });
    if (cases.rows.every(({ state }) => state === 'decided')) return { record, classification: classificationId };
  }
  throw new Error('no classified record to hand over');
}

/** 移交前的解密审核: drawn up and signed by the one, decided by the other. */
async function review(proposer: Client, authority: Client, classification: string): Promise<void> {
  const form = { kind: 'review', trigger: 'transfer', outcome: 'continue', keepReason: 'still_sensitive', reason: '移交档案馆前审核', legalBasis: '保密法第二十三条', findings: '经核对保密事项范围，仍需保密' };
  const { case: id } = await proposer.post<{ case: string }>('classification.draft-case', { classification, form });
  for (const [client, event] of [[proposer, 'sign'], [authority, 'decide']] as const) {
    const shown = await client.get<{ version: number; nextNo: string | null }>('classification.case', { case: id });
    const body = { case: id, opinion: OPINION, ...(event === 'decide' ? { decisionNo: shown.nextNo ?? '密审（演练）1号' } : {}) };
    const ready = await client.post<{ statement: string | null; problem: unknown }>('classification.preview-case', { event, ...body });
    if (ready.statement === null) throw new Error(JSON.stringify(ready.problem));
    await client.post(`classification.${event}-case`, { ...body, seenVersion: shown.version, signature: client.sign(ready.statement) });
  }
}

/** Registered at the door and signed for by both receivers. */
async function signIn(to: Desk, counterpart: string, handoverNo: string, mediumNo: string): Promise<{ readonly accession: string; readonly seenVersion: number }> {
  const one = await to('gaoyuan', LEVEL);
  const arrival = { counterpart, handoverNo, mediumNo, deviceNo: DEVICE, quantity: 1, level: LEVEL, sealNos: ['FQ-0001'], sealsIntact: true, appearance: 'good', courier: '杨静' };
  const { accession, statement } = await one.post<{ accession: string; statement: string }>('accession.arrive', arrival);
  for (const [at, account] of ['gaoyuan', 'xunan'].entries()) {
    const client = await to(account, LEVEL);
    await client.post('accession.sign-in', { accession, seenVersion: at + 1, signature: client.sign(statement) });
  }
  return { accession, seenVersion: 3 };
}

function turned(bytes: Buffer): Buffer {
  const middle = Math.floor(bytes.length / 3);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  return bytes;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await done()) return;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error('it took too long');
}
