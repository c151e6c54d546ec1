import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { stringify } from 'csv-stringify/sync';
import { runCli } from '../../../appliance/cli/frame.js';
import { VERBS } from '../../../appliance/cli/verbs.js';
import { eepEntry } from '../../../appliance/packages/eep.js';
import { openTestBox } from '../../helpers/box.js';
import type { Client, TestBox } from '../../helpers/box.js';
import { fileOf, packageDesk, planOf, recordOf, testBox } from '../../helpers/packages.js';
import { BEGIN, bagOf, digest, folderFiles, sendParcel, settled, takeParcel, zipOf } from '../../helpers/parcels.js';
import type { Files, Shown } from '../../helpers/parcels.js';
import { pdf } from '../../helpers/pdf.js';

const HEAD = ['题名', '责任者', '文号', '日期', '办理完毕日', '门类', '保管期限', '保管期限表条目', '机构', '文件名', '附件'];
const row = (n: number, file: string, attachments = ''): string[] => [`关于第${String(n)}号工作的通知`, '昆明市演练局', `昆演〔2026〕${String(n)}号`, '20260506', '20260601', '文书', '10年', '6.2', '办公室', file, attachments];
const csv = (...rows: readonly string[][]): Buffer => Buffer.from(stringify([HEAD, ...rows]));

let box: TestBox;
let archivist: Client;
const after: (() => unknown)[] = [];
test.before(async () => {
  box = await openTestBox({ teardown: (work) => after.push(work) });
  archivist = await box.as('zhaoxiaolan');
  await archivist.post('session.switch-level', { level: 0 });
});
test.after.always(async () => { for (const work of after.reverse()) await work(); });
const desk = packageDesk();
test.after.always(async () => desk.bulk.close());

const scratch = (t: ExecutionContext): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-parcel-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
};
const files = async (): Promise<Files> => ({ '目录.csv': csv(row(1, '一.pdf', '附/一附件.pdf'), row(2, '附/二.pdf')), '一.pdf': await pdf('一'), '附/一附件.pdf': await pdf('一附件'), '附/二.pdf': await pdf('二') });
const held = async (batch: string) => (await archivist.get<{ batch: { state: string; method: string; offlineReason: string }; records: { state: string; description: Record<string, unknown>; archivalYear: number | null; files: { sm3: string; role: string; sealed: { fileName: string } }[] }[] }>('capture.show', { batch })).body;
/** Names of everything the data directory holds for contents on their way. */
const staging = (): string[] => readdirSync(box.running.box.paths.staging);

async function takenIn(t: ExecutionContext, one: Shown, form: string, total: number) {
  t.deepEqual(one.findings, []);
  t.like(one, { state: 'checked', form, total });
  t.like(await takeParcel(archivist, one), { state: 'taken', done: total });
  const now = await held(one.batch);
  t.like(now.batch, { state: 'open', method: 'offline_package_import', offlineReason: BEGIN.offlineReason });
  t.deepEqual(staging(), [], 'the package itself is gone once its items are in');
  return now.records;
}

test.serial('第十六条: a folder with its catalogue comes in as a ZIP, item by item, with everything its rows say', async (t) => {
  const all = await files();
  const one = await sendParcel(archivist, '目录与文件.zip', zipOf({ ...all, '多余.pdf': await pdf('多余') }));
  t.true(one.warnings.some(({ code, entry }) => code === 'E_PKG_FILE_EXTRA' && entry === '多余.pdf'));
  t.like(one.preview[0], { title: '关于第1号工作的通知', files: 2, missing: [] });
  const records = await takenIn(t, one, 'folder', 2);
  t.deepEqual(records.map(({ description, state, archivalYear }) => [description['title'], description['documentNumber'], state, archivalYear]).sort(), [['关于第1号工作的通知', '昆演〔2026〕1号', 'arranged', 2026], ['关于第2号工作的通知', '昆演〔2026〕2号', 'arranged', 2026]]);
  const first = records.find(({ description }) => description['title'] === '关于第1号工作的通知');
  t.deepEqual(first?.files.map(({ role, sealed, sm3 }) => [role, sealed.fileName, sm3]), [['main', '一.pdf', digest('sm3', all['一.pdf'] ?? Buffer.alloc(0))], ['attachment', '一附件.pdf', digest('sm3', all['附/一附件.pdf'] ?? Buffer.alloc(0))]]);
});

test.serial('第十六条: a folder on a mounted medium is read where it lies; the box\'s own directory and a link are not a medium', async (t) => {
  const folder = scratch(t);
  mkdirSync(path.join(folder, '包/附'), { recursive: true });
  for (const [name, bytes] of Object.entries(await files())) writeFileSync(path.join(folder, '包', name), bytes);
  const begin = async (place: string) => archivist.post<Shown>('import.begin', { ...BEGIN, source: { kind: 'medium', place } });
  const begun = await begin(path.join(folder, '包'));
  t.is(begun.status, 200);
  await takenIn(t, await settled(archivist, begun.body.import), 'folder', 2);
  symlinkSync(path.join(folder, '包'), path.join(folder, '链接'));
  for (const place of [box.data, path.join(box.data, 'db'), path.join(folder, '链接'), 'relative', path.join(folder, '没有'), '//host/share']) t.like(await begin(place), { status: 422, body: { code: 'E_ACCESSION_MEDIUM' } } as never, place);
  writeFileSync(path.join(folder, '包', '新.pdf'), await pdf('新'));
  symlinkSync('/etc/passwd', path.join(folder, '包', '外.pdf'));
  const linked = await settled(archivist, (await begin(path.join(folder, '包'))).body.import);
  t.like(linked, { state: 'refused' });
  t.deepEqual(linked.findings.map(({ code, entry }) => [code, entry]), [['E_PKG_PATH', '外.pdf']]);
});

test.serial('第十六条: a BagIt 1.0 bag comes in by its catalogue, and one without a catalogue file by file', async (t) => {
  const records = await takenIn(t, await sendParcel(archivist, 'bag.zip', zipOf(Object.fromEntries(Object.entries(bagOf(await files(), { algorithms: ['sha256', 'sm3'] })).map(([name, bytes]) => [`bag/${name}`, bytes])))), 'bagit', 2);
  t.true(records.every(({ state }) => state === 'arranged'));
  const plain = await sendParcel(archivist, 'bag.zip', zipOf(bagOf({ '通知/甲.pdf': await pdf('甲'), '乙.pdf': await pdf('乙') })));
  t.true(plain.warnings.some(({ code }) => code === 'E_PKG_MANIFEST_MISSING'));
  t.deepEqual((await takenIn(t, plain, 'bagit', 2)).map(({ description, state }) => [description['title'], state]).sort(), [['乙', 'inspected'], ['甲', 'inspected']]);
});

async function eep(code: string, name: string, content: Buffer): Promise<Buffer> {
  const signer = testBox('SZ-EEP');
  const record = recordOf(7, [fileOf('main', 1, name, content), fileOf('attachment', 2, '附 表.txt', Buffer.from('附表'))], { level: 0, mark: null, marking: null });
  const plan = planOf(signer, [record]);
  const { open } = eepEntry(desk.tools, plan, { ...record, row: { ...record.row, archivalCode: code } }, 'x.xml');
  const pieces: Uint8Array[] = [];
  for await (const piece of open()) pieces.push(piece);
  return Buffer.concat(pieces);
}

test.serial('第十六条、DA/T 48-2009: a 电子文件封装包 comes in as the item it holds, files back to the byte; several in a ZIP as well', async (t) => {
  const content = await pdf('封装');
  const xml = await eep('Z109-WS·2025·Y-0007', '封装.pdf', content);
  const records = await takenIn(t, await sendParcel(archivist, '封装包.xml', xml), 'eep', 1);
  t.like(records[0]?.description, { declaredArchivalCode: 'Z109-WS·2025·Y-0007' });
  t.deepEqual(records[0]?.files.map(({ role, sealed, sm3 }) => [role, sealed.fileName, sm3]), [['main', '封装.pdf', digest('sm3', content)], ['attachment', '附 表.txt', digest('sm3', Buffer.from('附表'))]]);
  await takenIn(t, await sendParcel(archivist, '封装包.zip', zipOf({ 'a.xml': xml, 'b.xml': await eep('Z109-WS·2025·Y-0008', '另.pdf', await pdf('另')) })), 'eep', 2);
});

async function filing(t: ExecutionContext, level: 0 | 3 = 0): Promise<Record<string, Buffer>> {
  const folder = scratch(t);
  const record = recordOf(9, [fileOf('main', 1, '归档.pdf', await pdf('归档')), fileOf('final', 2, '定稿.txt', Buffer.from('定稿'))], level === 0 ? { level: 0, mark: null, marking: null } : {});
  await desk.room.writePackage(planOf(testBox('SZ-FILING'), [record], level === 0 ? { level: 0, mark: null, kind: 'filing' } : {}), folder);
  return { ...folderFiles(folder) };
}

test.serial('第十六条: a 归档信息包 of our own layout comes in with roles, names, description and process history', async (t) => {
  const one = await sendParcel(archivist, '归档信息包.zip', zipOf(await filing(t)));
  t.true(one.warnings.some(({ code }) => code === 'E_PKG_CERTIFICATE'), 'whose signature it is is for a person to compare');
  const [record] = await takenIn(t, one, 'filing', 1);
  t.deepEqual(record?.files.map(({ role, sealed }) => [role, sealed.fileName]), [['main', '归档.pdf'], ['final', '定稿.txt']]);
});

test.serial('第十六条: offline use needs its reason, and a package without its list is E_PKG_MANIFEST_MISSING', async (t) => {
  const source = { kind: 'file', fileName: 'a.zip', bytes: 10 };
  for (const offlineReason of [undefined, '', '  ', '无']) t.like(await archivist.post('import.begin', { ...BEGIN, offlineReason, source }), { status: 422, body: { code: 'E_OFFLINE_REASON_REQUIRED' } } as never);
  t.like(await archivist.post('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_package_import' }), { status: 422, body: { code: 'E_OFFLINE_REASON_REQUIRED' } } as never);
  for (const [name, all] of [['folder', { '一.pdf': await pdf('一') }], ['two tables', { 'a.csv': csv(), 'b.csv': csv() }]] as const) {
    t.like((await sendParcel(archivist, `${name}.zip`, zipOf(all))).findings[0], { code: 'E_PKG_MANIFEST_MISSING' }, name);
  }
  const { '校验/manifest-sm3.txt': _list, ...rest } = Object.fromEntries(Object.entries(await filing(t)).map(([name, bytes]) => [name.split('/').slice(1).join('/'), bytes]));
  t.true((await sendParcel(archivist, 'x.zip', zipOf(rest))).findings.some(({ code }) => code === 'E_PKG_MANIFEST_MISSING'));
});

/** Replaces a name by another of the same length, in both headers of a ZIP. */
const renamed = (zip: Buffer, from: string, to: string): Buffer => Buffer.from(zip.toString('latin1').replaceAll(Buffer.from(from).toString('latin1'), Buffer.from(to).toString('latin1')), 'latin1');

test.serial('第十六条: a hostile or broken package is refused with the entry named, and nothing of it remains on disk', async (t) => {
  const good = await files();
  const zip = zipOf(good, 0);
  const bag = bagOf(good);
  const pack = await filing(t);
  const secret = await filing(t, 3);
  const xml = (await eep('Z109-WS·2025·Y-0009', '封装.pdf', await pdf('封装'))).toString();
  const [main = ''] = Object.keys(pack).filter((name) => name.endsWith('.pdf'));
  const symlink = Buffer.from(zip);
  const central = symlink.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  symlink.writeUInt8(3, central + 5);
  symlink.writeUInt32LE((0o120777 << 16) >>> 0, central + 38);
  const changed = Buffer.from(zip);
  changed.writeUInt8((changed[changed.indexOf('%PDF') + 20] ?? 0) ^ 1, changed.indexOf('%PDF') + 20);
  const cases: readonly (readonly [string, string, Buffer, string, RegExp])[] = [
    ['zip slip', 'a.zip', renamed(zipOf({ ...good, 'xx/yyy.pdf': await pdf('外') }, 0), 'xx/yyy.pdf', '../yyy.pdf'), 'E_PKG_PATH', /^\.\.\/yyy\.pdf$/u],
    ['absolute name', 'a.zip', renamed(zipOf({ ...good, 'xetc/x.pdf': await pdf('外') }, 0), 'xetc/x.pdf', '/etc/x.pdf'), 'E_PKG_PATH', /^\/etc\/x\.pdf$/u],
    ['drive letter', 'a.zip', renamed(zipOf({ ...good, 'Cx\\x.pdf': await pdf('外') }, 0), 'Cx\\x.pdf', 'C:\\x.pdf'), 'E_PKG_PATH', /^C:\\x\.pdf$/u],
    ['symbolic link', 'a.zip', symlink, 'E_PKG_PATH', /./u],
    ['bomb', 'a.zip', zipOf({ ...good, '零.bin': Buffer.alloc(64 * 1024 * 1024) }), 'E_PKG_TOO_LARGE', /^零\.bin$/u],
    ['truncated', 'a.zip', zip.subarray(0, zip.length - 30), 'E_PKG_BROKEN', /^a\.zip$/u],
    ['changed byte', 'a.zip', changed, 'E_PKG_BROKEN', /\.pdf$/u],
    ['no package at all', 'a.bin', Buffer.from('just text'), 'E_PKG_UNKNOWN', /^a\.bin$/u],
    ['a file of the catalogue missing', 'a.zip', zipOf({ '目录.csv': good['目录.csv'] ?? Buffer.alloc(0), '一.pdf': good['一.pdf'] ?? Buffer.alloc(0) }), 'E_PKG_FILE_MISSING', /^附\/一附件\.pdf$/u],
    ['a faulty row', 'a.zip', zipOf({ ...good, '目录.csv': csv(row(1, '一.pdf').map((cell) => (cell === '20260506' ? '20260231' : cell))) }), 'E_CATALOGUE_INVALID', /第2行「日期」/u],
    ['bag: wrong digest', 'b.zip', zipOf({ ...bag, 'data/一.pdf': await pdf('换了') , 'bag-info.txt': Buffer.from('a: b\n') }), 'E_PKG_FILE_CHANGED', /^data\/一\.pdf$/u],
    ['bag: fetch.txt', 'b.zip', zipOf(bagOf(good, { tags: { 'fetch.txt': Buffer.from('https://example.org/x 3 data/x.pdf\n') } })), 'E_PKG_FETCH', /^fetch\.txt$/u],
    ['bag: file missing', 'b.zip', zipOf(Object.fromEntries(Object.entries(bag).filter(([name]) => name !== 'data/一.pdf'))), 'E_PKG_FILE_MISSING', /^data\/一\.pdf$/u],
    ['bag: path out of the bag', 'b.zip', zipOf({ ...bag, 'manifest-sha256.txt': Buffer.from(`${'0'.repeat(64)}  data/../../x\n`) }), 'E_PKG_PATH', /\.\.\/\.\.\/x/u],
    ['package: changed content', 'c.zip', zipOf({ ...pack, [main]: await pdf('换了') }), 'E_PKG_FILE_CHANGED', /01-正本\.pdf$/u],
    ['package: surplus file', 'c.zip', zipOf({ ...pack, [`${main}.exe`]: Buffer.from('x') }), 'E_PKG_FILE_EXTRA', /\.exe$/u],
    ['package: another level than the session', 'c.zip', zipOf(secret), 'E_MAC_WRITE_DOWN', /^电子档案\//u],
    ['EEP: no title', 'd.xml', Buffer.from(xml.replace(/<题名>[^<]*<\/题名>/u, '')), 'E_META_REQUIRED', /题名/u],
    ['EEP: truncated', 'd.xml', Buffer.from(xml.slice(0, -60)), 'E_PKG_BROKEN', /^d\.xml$/u],
    ['EEP: content cut', 'd.xml', Buffer.from(xml.replace(/(BMSJ1">[A-Za-z0-9+/]{40})[A-Za-z0-9+/]{4}/u, '$1')), 'E_PKG_FILE_CHANGED', /封装\.pdf/u],
    ['EEP: no base64', 'd.xml', Buffer.from(xml.replace(/(BMSJ1">)[A-Za-z0-9+/]{4}/u, '$1!!!!')), 'E_PKG_EEP', /封装\.pdf/u],
    ['EEP: entities', 'd.xml', Buffer.from(xml.replace('<电子文件封装包', '<!DOCTYPE x [<!ENTITY a "b">]><电子文件封装包')), 'E_PKG_BROKEN', /^d\.xml$/u],
  ];
  const before = await box.running.box.reader.one<{ objects: number; records: number }>('SELECT (SELECT count(*) FROM stored_object) AS objects, (SELECT count(*) FROM record) AS records');
  const keys = async (): Promise<number> => { let count = 0; for await (const _key of box.running.box.keys.objects()) count += 1; return count; };
  const keysBefore = await keys();
  for (const [what, name, bytes, code, entry] of cases) {
    const one = await sendParcel(archivist, name, bytes);
    t.is(one.state, 'refused', what);
    t.true(one.findings.some((finding) => finding.code === code && entry.test(finding.entry)), `${what}: ${JSON.stringify(one.findings.slice(0, 3))}`);
    t.is((await held(one.batch)).batch.state, 'withdrawn', what);
    t.deepEqual(staging(), [], what);
  }
  t.deepEqual(await box.running.box.reader.one('SELECT (SELECT count(*) FROM stored_object) AS objects, (SELECT count(*) FROM record) AS records'), before);
  t.is(await keys(), keysBefore, 'their keys are gone as well');
});

test.serial('第十六条: every hostile archive and every invalid bag of the corpus is refused with an entry, nothing of it stays', async (t) => {
  const corpus = path.resolve('../shared/corpus');
  if (!existsSync(corpus)) return t.pass();
  const wanted = [...readdirSync(path.join(corpus, 'archive')).filter((name) => name.endsWith('.zip')).map((name) => `archive/${name}`), ...readdirSync(path.join(corpus, 'package')).filter((name) => /invalid|out-of|eark|no-title/u.test(name)).map((name) => `package/${name}`)];
  for (const name of wanted) {
    const one = await sendParcel(archivist, path.basename(name), readFileSync(path.join(corpus, name)));
    t.is(one.state, 'refused', name);
    t.true(one.findings.length > 0 && one.findings.every(({ entry }) => entry !== ''), `${name} ${JSON.stringify(one.findings)}`);
    if (/absolute|slip|symlink/u.test(name)) t.true(one.findings.some(({ code }) => code === 'E_PKG_PATH'), `${name} ${JSON.stringify(one.findings)}`);
  }
  t.deepEqual(staging(), []);
});

test.serial('第十六条: an import may be given up before it is taken in; a stale page and another person\'s upload are refused', async (t) => {
  const one = await sendParcel(archivist, 'a.zip', zipOf(await files()));
  t.like(await archivist.post('import.take', { import: one.id, seenVersion: 1 }), { status: 409, body: { code: 'E_STALE_VERSION' } } as never);
  t.like(await archivist.post('import.abandon', { import: one.id, seenVersion: one.version }), { status: 200, body: { state: 'abandoned' } } as never);
  t.deepEqual(staging(), []);
  t.like(await archivist.post('import.take', { import: one.id, seenVersion: one.version + 1 }), { status: 409, body: { code: 'E_STATE_INVALID' } } as never);
  const { body: { rows } } = await archivist.get<{ rows: { id: string; state: string }[] }>('import.list');
  t.is(rows.find(({ id }) => id === one.id)?.state, 'abandoned');
  const reader = await box.as('linxiao');
  t.is((await reader.get('import.show', { import: one.id })).status, (await reader.get('import.show', { import: '00000000-0000-4000-8000-000000000000' })).status);
});

async function cli(...args: readonly string[]): Promise<{ exit: number; data: Record<string, unknown> }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end();
  const exit = await runCli(VERBS, [...args, '--json'], { stdin, stdout, stderr, env: {} });
  return { exit, data: JSON.parse(String(stdout.read() ?? '{}')) as Record<string, unknown> };
}

test.serial('第十六条: capture --package judges without a box, and takes a package in through its door; verify judges bags and 封装包', async (t) => {
  const folder = scratch(t);
  const place = (name: string, bytes: Buffer): string => { writeFileSync(path.join(folder, name), bytes); return path.join(folder, name); };
  const bag = place('bag.zip', zipOf(bagOf(await files())));
  const broken = place('broken.zip', zipOf({ ...bagOf(await files()), 'data/多.pdf': await pdf('多') }));
  t.like(await cli('capture', '--package', bag, '--dry-run'), { exit: 0, data: { form: 'bagit', items: 2, findings: [] } });
  t.like(await cli('capture', '--package', broken, '--dry-run'), { exit: 1, data: { findings: [{ code: 'E_PKG_FILE_EXTRA', entry: 'data/多.pdf' }] } });
  const door = ['--as', 'zhaoxiaolan', '--url', box.url, '--data', box.data, '--department', 'BGS', '--level', '0'];
  t.like(await cli('capture', '--package', bag, ...door), { exit: 3, data: { code: 'E_OFFLINE_REASON_REQUIRED' } });
  t.like(await cli('capture', '--package', bag, '--reason', '未联网', ...door), { exit: 0, data: { form: 'bagit', state: 'taken', items: 2 } });
  t.like(await cli('capture', '--package', broken, '--reason', '未联网', ...door), { exit: 3, data: { code: 'E_PKG_FILE_EXTRA' } });
  t.like(await cli('verify', bag), { exit: 0, data: { items: [{ kind: 'bag', valid: true }] } });
  t.like(await cli('verify', broken), { exit: 1, data: { items: [{ kind: 'bag', valid: false, faults: [{ file: 'data/多.pdf' }] }] } });
  t.like(await cli('verify', place('a.xml', await eep('Z109-WS·2025·Y-0001', 'a.pdf', await pdf('a')))), { exit: 0, data: { items: [{ kind: 'eep', valid: true }] } });
});

test.serial('第三十九条: what was destroyed here does not come back with a package', async (t) => {
  const gone = await pdf('已销毁的内容');
  await box.running.box.store.housekeep(async (sql) => sql.run("INSERT INTO destroyed_object (seq, object, record, batch, digest, at, previous, signature) VALUES (1, 'o', 'r', 'b', $1, '2026-01-01T00:00:00Z', $2, 's')", digest('sm3', gone), '0'.repeat(64)));
  const one = await sendParcel(archivist, 'a.zip', zipOf({ ...(await files()), '一.pdf': gone }));
  t.deepEqual(one.findings.map(({ code, entry }) => [code, entry]), [['E_PKG_DESTROYED', '一.pdf']]);
});

test.serial('第十六条: a box that stops while it takes a package in goes on where it stood, and brings nothing in twice', async (t) => {
  const rows = Array.from({ length: 90 }, (_, at) => at + 1);
  const all: Record<string, Buffer> = { '目录.csv': csv(...rows.map((n) => row(n, `${String(n)}.txt`))) };
  for (const n of rows) all[`${String(n)}.txt`] = Buffer.from(`关于第${String(n)}号工作的通知\n正文`);
  const one = await sendParcel(archivist, 'a.zip', zipOf(all));
  t.is((await archivist.post('import.take', { import: one.id, seenVersion: one.version })).status, 200);
  await box.running.services.imports.stop();
  const done = async (): Promise<number> => (await box.running.box.reader.one<{ done: number }>('SELECT done FROM package_import WHERE id = $1', one.id))?.done ?? -1;
  const between = await done();
  t.true(between > 0 && between < 90, String(between));
  await box.stop();
  box = await openTestBox({ teardown: (work) => after.push(work) }, { data: box.data });
  archivist = await box.as('zhaoxiaolan');
  await archivist.post('session.switch-level', { level: 0 });
  t.like(await settled(archivist, one.id), { state: 'taken', done: 90 });
  t.is((await box.running.box.reader.one<{ n: number }>('SELECT count(*) AS n FROM record WHERE batch = $1', one.batch))?.n, 90);
  t.is((await box.running.box.reader.one<{ n: number }>("SELECT count(*) AS n FROM stored_object WHERE state = 'staged'"))?.n, 0);
  t.deepEqual(staging(), []);
});
