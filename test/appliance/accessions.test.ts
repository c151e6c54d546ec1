import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { receiptChecks } from '../../appliance/accessions/receipt-checks.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { boxSignatureCheck } from '../../appliance/box.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { readLabel } from '../../appliance/packages/label.js';
import { readReceipt, receiptFaults } from '../../secrecy/transfer-receipt.js';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { ARRIVAL, deviceFor, folderOf, handedOver, introduce, sealingFor, signedInBy } from '../helpers/handed-over.js';
import type { Wish } from '../helpers/handed-over.js';
import { at, described, done, fileBatch, filedSecret, markers } from '../helpers/marked.js';

interface Code { readonly code?: string; readonly details?: readonly { readonly at: string }[] }
interface Shown {
  readonly state: string; readonly version: number; readonly refusal: { readonly code: string; readonly defects: readonly string[] } | null; readonly inspection: { readonly conclusion: string; readonly defects: readonly string[] } | null;
  readonly items: readonly { readonly archivalCode: string; readonly state: string; readonly accessionNo: string | null; readonly title: string | null }[]; readonly counts: { readonly staged: number; readonly stored: number };
  readonly receiptStatement: string | null; readonly statement: string | null; readonly results: readonly { readonly code: string; readonly message: string; readonly result: string; readonly objectRef: string }[]; readonly differences: readonly { readonly defect: string }[];
}
const CANARY = '关于印发接收演练方案的通知（演练）';
const late: (() => unknown)[] = [];
const keep = { teardown: (work: () => unknown) => { late.push(work); } };
let desk: { unit: TestBox; archive: TestBox; counterpart: string; medium: string; receivers: [Client, Client]; secret: string; plain: string };

test.before(async (t) => {
  t.timeout(120_000);
  const [unit, archive] = [await openTestBox(keep), await openTestBox(keep, { mode: 'repository' })];
  const counterpart = await introduce(archive, unit);
  const medium = await folderOf(keep, 'medium');
  await deviceFor(medium, [unit, archive]);
  const marking = await markers(unit);
  const secret = await filedSecret(marking, CANARY);
  const plain = await described(marking.proposer, '关于办公用房调整的通知（演练）', 1);
  await fileBatch(marking.proposer, marking.custodian, plain.batch, 1);
  desk = { unit, archive, counterpart, medium, receivers: [await archive.as('gaoyuan'), await archive.as('xunan')], secret: secret.record, plain: plain.record };
});
test.after.always(async () => { for (const work of late.reverse()) await work(); });

const show = async (client: Client, accession: string): Promise<Shown> => done(await client.get<Shown>('accession.show', { accession }));
/** Every file under the data directory but what grows by itself. */
async function photograph(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => !/shouzang\.db|keyring\.db|logs/u.test(name)).sort();
}
const sealed = async (wish: Wish = {}, folder?: string): Promise<{ readonly folder: string; readonly file: string; readonly packageNo: string }> => {
  const place = folder ?? await folderOf(keep, 'sealed');
  return { folder: place, ...await handedOver(desk.unit, desk.archive, [desk.secret, desk.plain], place, 'YD-01', wish) };
};
const opening = (accession: string, version: number, directory: string, deviceDirectory = desk.medium) => ({ accession, seenVersion: version, directory, deviceDirectory });

test.serial('第二十六条: from the door to the receipt: two people, nothing seen before it is accepted, and every item in the holdings with mark, history and number', async (t) => {
  t.timeout(120_000);
  const { archive, counterpart, receivers: [one, two], medium } = desk;
  const carried = await sealed({}, medium);
  await at(one, 3);
  const arrived = done(await one.post<{ accession: string; statement: string }>('accession.arrive', { counterpart, handoverNo: 'JJ-2026-0001', deviceNo: 'YD-01', level: 3, ...ARRIVAL }));
  const { accession } = arrived;
  done(await one.post('accession.sign-in', { accession, seenVersion: 1, signature: one.sign(arrived.statement) }));
  t.is((await one.post<Code>('accession.sign-in', { accession, seenVersion: 2, signature: one.sign(arrived.statement) })).body.code, 'E_HANDOVER_TWO_PERSON');
  t.is((await one.post<Code>('accession.open', { accession, seenVersion: 2, directory: medium })).body.code, 'E_STATE_INVALID');
  await at(two, 3);
  t.is((await two.post<Code>('accession.sign-in', { accession, seenVersion: 2, signature: two.sign('别的话') })).body.code, 'E_SIGNATURE_INVALID');
  done(await two.post('accession.sign-in', { accession, seenVersion: 2, signature: two.sign(arrived.statement) }));

  t.is((await one.post<Code>('accession.open', { accession, seenVersion: 3, directory: archive.data })).body.code, 'E_ACCESSION_MEDIUM');
  const opened = done(await one.post<{ state: string; version: number; items: number }>('accession.open', { accession, seenVersion: 3, directory: medium }));
  t.like(opened, { state: 'opened', items: 2 });
  const seen = await show(one, accession);
  t.deepEqual(seen.items.map(({ state, title }) => [state, title]), [['staged', CANARY], ['staged', '关于办公用房调整的通知（演练）']]);
  const custodian = await at(await archive.as('yangjing'), 3);
  t.is(done(await custodian.get<{ total: number }>('record.search', { q: '接收演练' })).total, 0, 'nothing is seen before it is accepted');

  const tested = done(await one.post<{ conclusion: string; defects: string[]; version: number }>('accession.inspect', { accession, seenVersion: opened.version }));
  t.deepEqual(tested.defects, [], JSON.stringify([(await show(one, accession)).results, (await show(one, accession)).items]));
  t.is((await one.post<Code>('accession.return', { accession, seenVersion: tested.version })).body.code, 'E_RETURN_WITHOUT_DEFECT', '第二十三条');
  done(await one.post('accession.accept', { accession, seenVersion: tested.version, storageLocation: '一号库房 3 架', persons: [custodian.person] }));
  const taken = await show(one, accession);
  t.is(taken.state, 'stored');
  t.deepEqual(taken.items.map(({ state, accessionNo }) => [state, accessionNo]), [['stored', 'Z109-G000001'], ['stored', 'Z109-G000002']]);

  const found = done(await custodian.get<{ rows: { id: string; archivalCode: string; mark: string }[] }>('record.search', { q: '接收演练' }));
  t.like(found.rows[0], { mark: '机密★10年' });
  const record = done(await custodian.get<{ record: { state: string; fonds: string }; classification: { kind: string; originOrg: string; history: unknown[] } | null; files: { id: string; sm3: string }[] }>('record.show', { record: found.rows[0]?.id ?? '' }));
  t.like(record.classification, { kind: '来文沿用', originOrg: '昆明市演练局' });
  t.is(record.classification?.history.length, 1, 'the review before the transfer came along');
  const before = done(await (await at(await desk.unit.as('yangjing'), 3)).get<{ files: { sm3: string }[] }>('record.show', { record: desk.secret }));
  t.is(record.files[0]?.sm3, before.files[0]?.sm3);

  // The receipt: two receivers, then the box; the sender believes it.
  const [body] = [taken.receiptStatement ?? ''];
  t.is((await one.get<Code>('accession.receipt', { accession })).body.code, 'E_ACCESSION_UNSIGNED');
  const first = done(await one.post<{ version: number }>('accession.sign', { accession, seenVersion: taken.version, signature: one.sign(body) }));
  t.is((await one.post<Code>('accession.sign', { accession, seenVersion: first.version, signature: one.sign(body) })).body.code, 'E_HANDOVER_TWO_PERSON');
  const second = done(await two.post<{ version: number; state: string }>('accession.sign', { accession, seenVersion: first.version, signature: two.sign(body) }));
  t.is(second.state, 'receipted');
  const file = await one.get('accession.receipt', { accession });
  const receipt = readReceipt(file.bytes);
  if (receipt === undefined) throw new Error('no receipt');
  const crypto = new NodeProvider();
  const { label, digest } = await readLabel({ native: crypto, second: new SmCryptoVerifier() }, carried.file);
  t.deepEqual(receiptFaults(receipt, {
    packageNo: carried.packageNo, handoverNo: 'JJ-2026-0001', senderBox: desk.unit.running.box.identity.serial, receiverBox: archive.running.box.identity.serial,
    volumes: [{ envelope: label.envelope, envelopeDigest: digest, manifestDigest: label.content.manifest }], records: taken.items.map(({ archivalCode }) => archivalCode), dispatchedAt: label.sealedAt,
  }, receiptChecks(crypto, new SmCryptoVerifier(), archive.running.box.keys.identity.authority)), []);
  t.false(file.bytes.toString('utf8').includes('接收演练'), 'no title travels with a receipt');
  done(await one.post('accession.close', { accession, seenVersion: second.version, directory: medium }));
  t.deepEqual(await readFile(path.join(medium, (await readdir(medium)).find((name) => name.startsWith('接收凭证')) ?? '')), file.bytes);
  const { rows } = done(await one.get<{ rows: { firstNo: string; lastNo: string; storageLocation: string; items: number }[] }>('accession.register'));
  t.like(rows[0], { firstNo: 'Z109-G000001', lastNo: 'Z109-G000002', storageLocation: '一号库房 3 架', items: 2 });

  const { box } = archive.running;
  const checked = await fsck({ sql: box.reader, vault: box.vault, keys: box.keys, paths: box.paths, sm3: box.sm3, check: boxSignatureCheck(box.crypto, box.identity.chain[0] ?? ''), deep: true, bindings: box.bindings });
  t.deepEqual(checked.findings, []);

  // The same medium again: known for ever, and not this archive's to answer a second time.
  const again = await signedInBy([one, two], counterpart, 'YD-01');
  const replayed = await one.post<Code>('accession.open', opening(again.accession, again.version, medium));
  t.is(replayed.body.code, 'E_ENVELOPE_REPLAYED');
  t.is((await one.post<Code>('accession.return', { accession: again.accession, seenVersion: 4 })).body.code, 'E_RETURN_WITHOUT_DEFECT');
  t.is(done(await one.post<{ state: string }>('accession.dismiss', { accession: again.accession, seenVersion: 4 })).state, 'dismissed');
});

/** Damage on the road and things that were never for this archive: what is refused, and by which number it goes back. */
const road: readonly { readonly name: string; readonly code: string; readonly defects: readonly string[]; readonly wish?: Wish; readonly more?: Record<string, unknown>; damage?(bytes: Buffer): Buffer }[] = [
  { name: 'a flipped byte of the content', code: 'E_ENVELOPE_CHUNK_TAG', defects: ['YJ-1-14'], damage: (bytes) => { bytes[4096] = (bytes[4096] ?? 0) ^ 1; return bytes; } },
  { name: 'a flipped byte of the label', code: 'E_ENVELOPE_LABEL', defects: ['YJ-1-14'], damage: (bytes) => { const at = bytes.indexOf('"package"'); bytes[at + 3] = (bytes[at + 3] ?? 0) ^ 1; return bytes; } },
  { name: 'a dropped chunk', code: 'E_ENVELOPE_CHUNK_ORDER', defects: ['YJ-1-14'], damage: (bytes) => Buffer.concat([bytes.subarray(0, 128), bytes.subarray(128 + 65_536)]) },
  { name: 'sealed for another box', code: 'E_ENVELOPE_FOREIGN', defects: [] },
  { name: 'past its date', code: 'E_ENVELOPE_EXPIRED', defects: ['KM-09'] },
  { name: 'another handover number than the one signed for', code: 'E_ACCESSION_HANDOVER', defects: ['KM-05'], wish: { handoverNo: 'JJ-2026-0009' } },
  { name: 'a higher level than was signed for', code: 'E_ACCESSION_LEVEL', defects: ['KM-09'], more: { level: 2 } },
  { name: 'a fonds that the archive does not keep', code: 'E_ACCESSION_FONDS', defects: [], wish: { plan: { fonds: 'Z999' } } },
];
test.serial('第二十三、四十二条: what is damaged, foreign, out of date or too high is refused with its cause, and nothing of it stays on the disk', async (t) => {
  t.timeout(300_000);
  const { archive, counterpart, receivers: [one, two] } = desk;
  const padding = Buffer.alloc(200_000, 0x41);
  const fat = (records: Parameters<NonNullable<Wish['records']>>[0]) => records.map((record) => ({
    ...record, row: { ...record.row, archivalCode: `${record.row.archivalCode}9` }, files: [...record.files, { role: 'attachment' as const, position: 2, name: '附件.txt', bytes: padding.length, sm3: Buffer.from(new NodeProvider().sm3(padding)).toString('hex'), async* open() { yield await Promise.resolve(padding); } }],
  }));
  for (const { name, code, defects, wish = {}, more = {}, damage } of road) {
    const foreign = code === 'E_ENVELOPE_FOREIGN' ? { sealing: await sealingFor(desk.unit) } : code === 'E_ENVELOPE_EXPIRED' ? { sealing: { validUntil: new Date(Date.now() + 1000).toISOString() } } : {};
    const { folder, file } = await sealed({ ...(damage === undefined ? {} : { records: fat }), ...wish, ...foreign }, await folderOf(t, 'road'));
    if (damage !== undefined) await writeFile(file, damage(await readFile(file)));
    const { accession, version } = await signedInBy([one, two], counterpart, 'YD-01', more);
    const [before, objects] = [await photograph(archive.data), await archive.running.box.reader.all("SELECT id FROM stored_object WHERE state <> 'gone'")];
    if (code === 'E_ENVELOPE_EXPIRED') await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const answer = await one.post<Code>('accession.open', opening(accession, version, folder));
    t.is(answer.body.code, code, name);
    const { state, refusal, counts } = await show(one, accession);
    t.deepEqual([state, refusal?.code, refusal?.defects, counts], ['refused', code, defects, { staged: 0, stored: 0 }], name);
    t.deepEqual(await photograph(archive.data), before, `${name}: nothing left`);
    t.deepEqual(await archive.running.box.reader.all("SELECT id FROM stored_object WHERE state <> 'gone'"), objects, name);
    const undo = await one.post<Code & { state: string; defects: string[] }>(defects.length > 0 ? 'accession.return' : 'accession.dismiss', { accession, seenVersion: version + 1 });
    t.is(undo.body.state, defects.length > 0 ? 'returned' : 'dismissed', name);
  }
});

test.serial('第四十二条: another device, one that is out of date or certified too low, and no device at all', async (t) => {
  t.timeout(120_000);
  const { archive, counterpart, receivers: [one, two] } = desk;
  const { folder } = await sealed({}, await folderOf(t, 'device'));
  const other = await folderOf(t, 'other');
  await deviceFor(other, [archive], { no: 'YD-02' });
  const low = await folderOf(t, 'low');
  await deviceFor(low, [archive], { no: 'YD-03', certifiedLevel: 2 });
  const attempt = async (deviceNo: string, directory: string): Promise<readonly [string | undefined, readonly string[] | undefined]> => {
    const { accession, version } = await signedInBy([one, two], counterpart, deviceNo);
    const { body: { code } } = await one.post<Code>('accession.open', opening(accession, version, folder, directory));
    const { refusal, counts } = await show(one, accession);
    t.deepEqual(counts, { staged: 0, stored: 0 });
    return [code, refusal?.defects];
  };
  t.deepEqual(await attempt('YD-02', other), ['E_ENVELOPE_DEVICE', ['KM-09']], 'another registered device');
  t.deepEqual(await attempt('YD-03', low), ['E_DEVICE_LEVEL', ['KM-09']]);
  t.deepEqual(await attempt('YD-01', other), ['E_DEVICE_PROOF', undefined], 'not the device it says it is');
  t.deepEqual(await attempt('YD-01', await folderOf(t, 'none')), ['E_DEVICE_PROOF', undefined]);
});

test.serial('第二十三至二十五条: what lacks its list, its attachments or its review goes back with those numbers, and cannot be accepted', async (t) => {
  t.timeout(120_000);
  const { archive, counterpart, receivers: [one, two], medium } = desk;
  const renamed: NonNullable<Wish['records']> = (records) => records.map((record, at2) => {
    const archivalCode = `${record.row.archivalCode.slice(0, -4)}90${String(at2 + 10)}`;
    return { ...record, row: { ...record.row, archivalCode, electronicRecordCode: `ERC-2026-${String(at2).padStart(16, 'a')}` }, metadata: { ...record.metadata, archivalCode, electronicRecordCode: `ERC-2026-${String(at2).padStart(16, 'a')}` } };
  });
  const { folder } = await sealed({ records: renamed, reviewed: false, lists: { 移交清单: null, 政府信息公开情况: null, 到期开放意见: ['Z109-别的'] } }, await folderOf(t, 'defects'));
  const { accession, version } = await signedInBy([one, two], counterpart, 'YD-01');
  const opened = done(await one.post<{ version: number }>('accession.open', opening(accession, version, folder, medium)));
  const objects = (await archive.running.box.reader.all("SELECT id FROM stored_object WHERE state <> 'gone'")).length;
  const tested = done(await one.post<{ defects: string[]; version: number }>('accession.inspect', { accession, seenVersion: opened.version }));
  t.deepEqual(tested.defects, ['KM-04', 'KM-05', 'KM-08'], JSON.stringify((await show(one, accession)).results));
  t.is((await one.post<Code>('accession.accept', { accession, seenVersion: tested.version, storageLocation: '一号库房', persons: [] })).body.code, 'E_4P_FAILED');
  const back = done(await one.post<{ version: number; defects: string[] }>('accession.return', { accession, seenVersion: tested.version }));
  t.deepEqual(back.defects, ['KM-04', 'KM-05', 'KM-08']);
  t.is((await archive.running.box.reader.all("SELECT id FROM stored_object WHERE state <> 'gone'")).length, objects - 2, 'its contents are destroyed with their keys');
  const { receiptStatement } = await show(one, accession);
  const first = done(await one.post<{ version: number }>('accession.sign', { accession, seenVersion: back.version, signature: one.sign(receiptStatement ?? '') }));
  done(await two.post('accession.sign', { accession, seenVersion: first.version, signature: two.sign(receiptStatement ?? '') }));
  const receipt = readReceipt((await one.get('accession.receipt', { accession })).bytes);
  t.like(receipt?.body, { outcome: 'returned', defects: ['KM-04', 'KM-05', 'KM-08'] });
  t.deepEqual(receipt?.body.records.map(({ accessionNo }) => accessionNo), [null, null]);
});

test.serial('a unit takes nothing in; whoever receives not has no part in it', async (t) => {
  const { unit, archive, counterpart, receivers: [one] } = desk;
  const arrival = { counterpart, handoverNo: 'JJ-1', deviceNo: null, level: 1, ...ARRIVAL };
  t.is((await (await unit.as('zhaoxiaolan')).post<Code>('accession.arrive', arrival)).body.code, 'E_ACCESSION_MODE');
  t.is((await (await at(await archive.as('zhaoxiaolan'), 1)).post<Code>('accession.arrive', arrival)).body.code, 'E_DENIED');
  await at(one, 3);
  t.is((await one.post<Code>('accession.arrive', { ...arrival, level: 3, sealNos: [] })).body.code, 'E_INPUT_INVALID', 'no seal number');
  t.is((await one.post<Code>('accession.arrive', { ...arrival, level: 3, counterpart: '00000000-0000-4000-8000-000000000000' })).body.code, 'E_INPUT_INVALID');
});
