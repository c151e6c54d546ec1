import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { unzipSync } from 'fflate';
import type { ExecutionContext } from 'ava';
import { eepEntry } from '../../../appliance/packages/eep.js';
import { seedRehearsal } from '../../../appliance/founding/rehearsal-records.js';
import { inPackage } from '../../../appliance/package-root.js';
import { openTestBox } from '../../helpers/box.js';
import type { Client, TestBox } from '../../helpers/box.js';
import { everyElement, fileOf, packageDesk, planOf, recordOf, testBox } from '../../helpers/packages.js';
import { folderFiles, sendParcel, takeParcel, zipOf } from '../../helpers/parcels.js';
import { pdf } from '../../helpers/pdf.js';

let box: TestBox;
let archivist: Client;
const after: (() => unknown)[] = [];
test.before(async () => {
  box = await openTestBox({ teardown: (work) => after.push(work) });
  await seedRehearsal(box.running.box, box.running.services);
  archivist = await box.as('zhaoxiaolan');
  await archivist.post('session.switch-level', { level: 1 });
});
const desk = packageDesk();
test.after.always(async () => { for (const work of after.reverse()) await work(); await desk.bulk.close(); });

function unpacked(t: ExecutionContext, zip: Buffer): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-export-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  writeFileSync(path.join(folder, 'x.zip'), zip);
  const { status, error } = spawnSync('unzip', ['-t', '-q', 'x.zip'], { cwd: folder });
  if (error === undefined) t.is(status, 0, 'a ZIP like any other');
  for (const [name, bytes] of Object.entries(unzipSync(zip))) {
    mkdirSync(path.dirname(path.join(folder, 'out', name)), { recursive: true });
    writeFileSync(path.join(folder, 'out', name), bytes);
  }
  return path.join(folder, 'out');
}
const valid = (t: ExecutionContext, folder: string, files: readonly string[]): void => {
  const { status, stderr, error } = spawnSync('xmllint', ['--nonet', '--noout', '--huge', '--schema', inPackage('appliance', 'exchange', 'eep.xsd'), ...files.map((one) => path.join(folder, one))], { encoding: 'utf8' });
  if (error === undefined) t.is(status, 0, stderr);
  else t.log('xmllint is not installed: the schema was not tried');
};
const exported = async (form: string, more: object = {}): Promise<Buffer> => {
  const answer = await archivist.post<{ code?: string }>('exchange.package', { form, ...more });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.bytes;
};
const filed = async () => box.running.box.reader.all<{ archival_code: string; level: number }>("SELECT archival_code, level FROM record WHERE state = 'filed' ORDER BY archival_code");

test.serial('第十八条、RFC 8493: an exported bag is whole by sha256sum and openssl alone, and comes in again as what went out', async (t) => {
  const zip = await exported('bagit');
  const out = unpacked(t, zip);
  const [name = ''] = readdirSync(out);
  const bag = path.join(out, name);
  for (const list of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
    const { status, stdout, stderr } = spawnSync('sha256sum', ['-c', '--strict', '--quiet', list], { cwd: bag, encoding: 'utf8' });
    t.is(status, 0, stdout + stderr);
  }
  const files = folderFiles(bag);
  const listed = (files['manifest-sm3.txt'] ?? Buffer.alloc(0)).toString().trimEnd().split('\n');
  t.is(listed.length, Object.keys(files).filter((one) => one.startsWith('data/')).length);
  for (const line of listed.slice(0, 3)) {
    const [digest = '', file = ''] = line.split('  ');
    t.is(spawnSync('openssl', ['dgst', '-sm3', '-r', file], { cwd: bag, encoding: 'utf8' }).stdout.slice(0, 64), digest);
  }
  t.is(spawnSync('sh', ['data/其他/verify-package.sh', 'data'], { cwd: bag }).status, 0, 'the package inside proves itself, too');
  const ordinary = (await filed()).filter(({ level }) => level <= 1);
  t.true(ordinary.length > 0 && ordinary.length < (await filed()).length, 'the rehearsal has secrets, and they stay');
  t.is(Object.keys(files).filter((one) => one.endsWith('/元数据.xml')).length, ordinary.length);

  await archivist.post('session.switch-level', { level: 0 });
  const public0 = await sendParcel(archivist, 'x.zip', await exported('bagit', { records: (await box.running.box.reader.all<{ id: string }>("SELECT id FROM record WHERE state = 'filed' AND level = 0 LIMIT 1")).map(({ id }) => id) }));
  t.deepEqual(public0.findings, []);
  t.like(await takeParcel(archivist, public0), { state: 'taken', form: 'bagit', done: 1 });
  const { body: { records } } = await archivist.get<{ records: { description: { declaredArchivalCode: string; title: string }; files: { sm3: string; role: string }[] }[] }>('capture.show', { batch: public0.batch });
  const code = records[0]?.description.declaredArchivalCode ?? '';
  const origin = await box.running.box.reader.all<{ sm3: string; role: string }>('SELECT sm3, role FROM computer_file JOIN record ON record.id = computer_file.record WHERE archival_code = $1 ORDER BY position', code);
  t.deepEqual(records[0]?.files.map(({ sm3, role }) => ({ sm3, role })), origin);
});

test.serial('DA/T 48-2009: exported 封装包 are valid against the schema for an outside validator, and come in again', async (t) => {
  await archivist.post('session.switch-level', { level: 1 });
  const out = unpacked(t, await exported('eep'));
  const xml = readdirSync(out);
  t.is(xml.length, (await filed()).filter(({ level }) => level <= 1).length);
  valid(t, out, xml);
  await archivist.post('session.switch-level', { level: 0 });
  const one = await sendParcel(archivist, 'eep.zip', await exported('eep', { records: (await box.running.box.reader.all<{ id: string }>("SELECT id FROM record WHERE state = 'filed' AND level = 0 LIMIT 1")).map(({ id }) => id) }));
  t.deepEqual(one.findings, []);
  t.like(await takeParcel(archivist, one), { state: 'taken', form: 'eep', done: 1 });
});

test('DA/T 48-2009: a 封装包 with every element there is, and one with as few as can be, are valid', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-eep-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  const { metadata, event } = everyElement();
  const full = recordOf(8, [fileOf('main', 1, '全 <1>.pdf', Buffer.from('全')), fileOf('attachment', 2, 'b', Buffer.alloc(0))], { metadata, events: [event, event] });
  for (const [name, record] of [['few.xml', recordOf(7, [fileOf('main', 1, 'a.pdf', Buffer.alloc(100_001))])], ['every.xml', full]] as const) {
    const pieces: Uint8Array[] = [];
    for await (const piece of eepEntry(desk.tools, planOf(testBox('SZ-EEP'), [record]), record, name).open()) pieces.push(piece);
    writeFileSync(path.join(folder, name), Buffer.concat(pieces));
  }
  valid(t, folder, ['few.xml', 'every.xml']);
});

test.serial('第十八条: metadata exported as XLSX and JSON Lines change nothing when they are read in again', async (t) => {
  await archivist.post('session.switch-level', { level: 0 });
  const list = '题名,责任者,文号,日期,办理完毕日,门类,保管期限,保管期限表条目,机构,关键词,附注,文件名,附件\n"关于“一、二；三”的通知","昆明市演练局、昆明市测试局",昆演〔2026〕1号,20260506,20260601,文书,10年,6.2,BGS,"[""甲、乙"",""丙;丁""]","第一行\n=1+1",一.pdf,附/二.pdf\n';
  const one = await sendParcel(archivist, 'x.zip', zipOf({ '目录.csv': Buffer.from(list), '一.pdf': await pdf('一'), '附/二.pdf': await pdf('二') }));
  t.deepEqual(one.findings, []);
  await takeParcel(archivist, one);
  const show = async () => (await archivist.get<{ records: { description: Record<string, unknown>; version: number }[] }>('capture.show', { batch: one.batch })).body.records.map(({ description, version }) => ({ description, version }));
  const before = await show();
  t.deepEqual(before[0]?.description['keywords'], ['甲、乙', '丙;丁']);
  for (const format of ['xlsx', 'jsonl']) {
    const { status, bytes, headers } = await archivist.post('exchange.metadata', { format, batch: one.batch });
    t.is(status, 200);
    t.regex(String(headers['content-disposition']), new RegExp(`\\.${format}`, 'u'));
    const back = await archivist.put<{ problems: unknown[]; written: number }>('capture.catalogue', { batch: one.batch, fileName: `元数据.${format}`, apply: true }, bytes);
    t.is(back.status, 200, JSON.stringify(back.body));
    t.like(back.body, { problems: [], written: 0 }, format);
    t.deepEqual(await show(), before, format);
  }
});

test.serial('第三十五条: a state secret is in no export, and whoever has nothing to export is told the same', async (t) => {
  const custodian = await box.as('yangjing');
  await custodian.post('session.switch-level', { level: 3 });
  const { bytes } = await custodian.post('exchange.metadata', { format: 'jsonl' });
  const codes = bytes.toString().trimEnd().split('\n').map((line) => (JSON.parse(line) as { declaredArchivalCode?: string }).declaredArchivalCode);
  const secret = (await filed()).filter(({ level }) => level >= 2).map(({ archival_code }) => archival_code);
  t.true(secret.length > 0);
  t.deepEqual(secret.filter((code) => codes.includes(code)), []);
  const some = await box.running.box.reader.all<{ id: string }>("SELECT id FROM record WHERE state = 'filed' AND level >= 2 LIMIT 1");
  for (const records of [some.map(({ id }) => id), ['00000000-0000-4000-8000-000000000000']]) t.like(await custodian.post('exchange.package', { form: 'bagit', records }), { status: 404, body: { code: 'E_EXCHANGE_EMPTY' } } as never);
  t.is((await (await box.as('linxiao')).post('exchange.metadata', { format: 'jsonl' })).status, 403);
});
