import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { makeDirectoryDevice, openDirectoryDevice } from '../../appliance/devices/directory.js';
import { peopleRepository } from '../../appliance/store/repositories/people.js';
import { draftReceipt, receiptBytes, receiptStatement, writeReceipt } from '../../secrecy/transfer-receipt.js';
import type { ReceiptBody, ReceiverSignature, SignedReceipt } from '../../secrecy/transfer-receipt.js';
import type { Answer, Client, Teardown, TestBox } from './box.js';
import { at, described, done, fileBatch } from './marked.js';

export interface Code { readonly code: string; readonly facts: Readonly<Record<string, unknown>>; readonly details: readonly { readonly at: string; readonly message: string }[] }
export interface Check { readonly key: string; readonly code: string; readonly passed: boolean; readonly records: readonly string[] }
export interface Item { readonly record: string; readonly code: string; readonly suggested: { readonly openOpinion: { readonly dueOpenYear: number; readonly opinion: string; readonly reason: string }; readonly foiStatus: Readonly<Record<string, unknown>>; readonly classificationChange: Readonly<Record<string, unknown>> }; readonly retainUntil: string | null }
export interface Shown { readonly version: number; readonly it: { readonly state: string; readonly number: string }; readonly checks: readonly Check[]; readonly items: readonly Item[]; readonly records: number; readonly mark: string; readonly approval: { readonly id: string } | null; readonly job: { readonly state: string; readonly reason: string | null } | null }

export const show = async (client: Client, batch: string) => done(await client.get<Shown>('transfer.show', { batch }));
export const missing = async (client: Client, batch: string) => (await show(client, batch)).checks.filter(({ passed }) => !passed).map(({ key }) => key);
export async function step<T = Code & { version: number; state: string }>(client: Client, act: string, batch: string, body: object = {}): Promise<Answer<T>> {
  return client.post<T>(act, { batch, seenVersion: (await show(client, batch)).version, ...body });
}
export async function sign(client: Client, approval: string): Promise<string> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  return done(await client.post<{ state: string }>('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version })).state;
}
export const EARLY = { consentNo: '馆收〔2026〕1号', rights: { use: '原单位', convert: '档案馆', migrate: '档案馆' }, foiHandler: '原单位' };

/** The card of a second box, in force in the first. */
export async function registered(box: TestBox, archive: TestBox): Promise<string> {
  const card = (await (await archive.as('yangjing')).get('counterpart.card')).bytes.toString('utf8');
  const custodian = await box.as('yangjing');
  const { approval } = done(await custodian.post<{ approval: string }>('counterpart.register', { card, reason: '移交对口馆' }));
  await sign(await box.as('zhoumin'), approval);
  await sign(await box.as('wangzhenhua'), approval);
  return done(await custodian.get<{ rows: readonly { id: string }[] }>('counterpart.list')).rows[0]?.id ?? '';
}

/** A medium in custody and a dedicated device, both for 机密, and the folder that stands in for them. */
export async function medium(t: Teardown, box: TestBox, custodian: Client, level: number, device = 'YJ-01'): Promise<{ readonly carrier: string; readonly no: string; readonly directory: string; readonly device: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'shouzang-medium-'));
  t.teardown(async () => rm(directory, { recursive: true, force: true }));
  const provider = new NodeProvider();
  const publicKey = await makeDirectoryDevice(provider, directory);
  const secadmin = await box.as('chenlixin');
  done(await secadmin.post('device.register', {
    kind: 'dedicated_usb', no: device, model: '专用盘', serial: device, publicKey, certNo: '国保测 2026-01', certValidTo: '2027-12-31', certifiedLevel: level, lastCheckOn: '2026-11-01', boundUser: null, boundDepartment: null, place: '保密柜1', reason: '移交用',
  }));
  const { id, no } = done(await custodian.post<{ id: string; no: string }>('carrier.register', { kind: 'solid_state', level, cap: level, title: '移交盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: false, sealNo: 'FQ-01' }));
  const { version } = done(await custodian.get<{ version: number }>('carrier.show', { carrier: id }));
  done(await custodian.post('carrier.move', { carrier: id, event: 'file', place: '保密柜1', reason: '入柜', seenVersion: version }));
  return { carrier: id, no, directory, device };
}

export async function prove(client: Client, directory: string, no: string): Promise<{ readonly challenge: string; readonly signature: string }> {
  const { challenge } = done(await client.post<{ challenge: string }>('device.challenge', { no }));
  const port = await openDirectoryDevice(new NodeProvider(), directory);
  const box = done(await client.post<{ message: string }>('device.challenge', { no })).message.split('\n')[1] ?? '';
  return { challenge, signature: port.answer(box, no, challenge) };
}

export const clockAt = (start = '2026-11-23T01:00:00.000Z') => {
  const time = { now: Date.parse(start) };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
};

export interface Batch { readonly packageNo: string; readonly handoverNo: string; readonly volumes: readonly { readonly envelope: string | null; readonly digest: string; readonly manifestDigest: string }[]; readonly codes: readonly string[] }

/** A receipt as the other box gives it out: two receivers sign, then the box. `change` is made before anybody signs, `after` when all have. */
export async function receiptOf(archive: TestBox, sender: TestBox, batch: Batch, change: Partial<ReceiptBody> = {}, after: (receipt: SignedReceipt) => SignedReceipt = (one) => one): Promise<Buffer> {
  const { box } = archive.running;
  const now = box.clock.now();
  const body = draftReceipt({
    receiptNo: 'HZ-2026-0001', packageNo: batch.packageNo, handoverNo: batch.handoverNo, sender: { unit: sender.running.box.profile.unitName, box: sender.running.box.identity.serial }, receiver: { unit: box.profile.unitName, box: box.identity.serial },
    volumes: batch.volumes.map(({ envelope, digest, manifestDigest }) => ({ envelope, envelopeDigest: digest, manifestDigest })), receivedAt: now, decidedAt: now, outcome: 'accepted',
    records: batch.codes.map((archivalCode, at) => ({ archivalCode, accessionNo: `G2026-${String(at + 1).padStart(4, '0')}` })), defects: [], ...change,
  });
  const receivers: ReceiverSignature[] = [];
  for (const account of ['yangjing', 'zhoumin']) {
    const client = await archive.as(account);
    const person = await peopleRepository(box.reader, box.sealing).get(client.person);
    receivers.push({ person: account, name: account, token: person?.token ?? '', certificateSerial: person?.certificateSerial ?? '', certificate: person?.certificate ?? '', at: box.clock.now(), signature: client.sign(receiptStatement(body)) });
  }
  const signed: SignedReceipt = { body, receivers, box: { chain: box.identity.chain, signature: Buffer.from(box.identity.sign(receiptBytes({ body, receivers }))).toString('base64url') } };
  return Buffer.from(writeReceipt(after(signed)));
}

export interface Ordinary { readonly archivist: Client; readonly counterpart: string; readonly carrier: string; readonly directory: string; readonly records: readonly string[]; readonly items: readonly Item[]; readonly batch: string; plan(records: readonly string[]): Promise<string> }

/** 内部 records with everything arranged for them, up to where the batch can be inspected. */
export async function prepared(t: Teardown, box: TestBox, archive: TestBox, titles: readonly string[]): Promise<Ordinary> {
  const [proposer, archivist] = [await box.as('liusiyuan'), await box.as('zhaoxiaolan')];
  const records: string[] = [];
  for (const title of titles) {
    const taken = await described(proposer, title, 1);
    await fileBatch(proposer, archivist, taken.batch, 1);
    records.push(taken.record);
  }
  const counterpart = await registered(box, archive);
  const { carrier, directory } = await medium(t, box, await at(await box.as('yangjing'), 1), 1);
  await at(archivist, 1);
  const plan = async (some: readonly string[]) => done(await archivist.post<{ batch: string }>('transfer.plan', { records: some, counterpart, mode: 'offline_medium', taskName: '2026 年第 2 批', contentDescription: '文书档案' })).batch;
  const batch = await plan(records);
  done(await step(archivist, 'transfer.amend', batch, { early: EARLY, carrier, mediumTest: { on: '2026-11-20', method: '全盘校验', qualified: true } }));
  const { items } = await show(archivist, batch);
  done(await step(archivist, 'transfer.attach', batch, { rows: items.map(({ record, suggested }) => ({ record, openOpinion: { ...suggested.openOpinion, opinionBy: '赵晓岚', opinionOn: '2026-11-23' }, foiStatus: suggested.foiStatus, classificationChange: { reviewer: '赵晓岚', remark: '' } })) }));
  for (const kind of ['fonds_dossier', 'finding_aid']) done(await archivist.put('transfer.put-companion', { batch, kind, name: `${kind}.txt`, seenVersion: (await show(archivist, batch)).version }, Buffer.from(kind)));
  done(await step(archivist, 'transfer.prepare', batch));
  return { archivist, counterpart, carrier, directory, records, items, batch, plan };
}
