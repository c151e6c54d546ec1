import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { runCli } from '../../../appliance/cli/frame.js';
import { VERBS } from '../../../appliance/cli/verbs.js';
import { reportPdf } from '../../../appliance/reports/pdf.js';
import { checkedDocument } from '../../../appliance/reports/document.js';
import { reportCsv } from '../../../appliance/reports/csv.js';
import { SET_ENDINGS, unzipSet, zipSet } from '../../../appliance/reports/report-set.js';
import { firstDifference, verifySet, verifyZip } from '../../../appliance/reports/verify-set.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../../appliance/crypto/sm-crypto-adapter.js';
import type { ReportDocument } from '../../../policies/schemas/report.js';
import { openTestBox, upload } from '../../helpers/box.js';
import type { Client, TestBox } from '../../helpers/box.js';

const two = { native: new NodeProvider(), second: new SmCryptoVerifier() };
const has = (program: string): boolean => spawnSync(program, ['-v']).error === undefined;

/** Runs a verb and reads its JSON. */
async function cli<T = Record<string, unknown>>(...args: readonly string[]): Promise<{ exit: number; data: T }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exit = await runCli(VERBS, [...args, '--json'], { stdin: new PassThrough(), stdout, stderr, env: {} });
  return { exit, data: JSON.parse(String(stdout.read() ?? 'null')) as T };
}

function folder(t: ExecutionContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'report-'));
  t.teardown(() => { rmSync(made, { recursive: true, force: true }); });
  return made;
}

interface Made { report: string; number: string; level: number; mark: string; conclusion: string }

/** A batch of two files, one good and one empty, tested once. */
async function testedBatch(t: ExecutionContext, who: Client): Promise<{ batch: string; reportNo: string }> {
  t.is((await who.post('session.switch-level', { level: 2 })).status, 200);
  const { body: { batch } } = await who.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  t.is((await upload(who, batch, '关于防汛工作的通知.txt', Buffer.from('各处室：请做好防汛准备。\n'))).status, 200);
  t.is((await upload(who, batch, '空文件.pdf', Buffer.alloc(0))).status, 200);
  const run = await who.post<{ reportNo: string }>('inspection.run', { batch });
  t.is(run.status, 200, JSON.stringify(run.body));
  return { batch, reportNo: run.body.reportNo };
}

async function zipOf(t: ExecutionContext, who: Client, report: string): Promise<Buffer> {
  const answer = await who.get('report.read', { report, format: 'zip' });
  t.is(answer.status, 200);
  return answer.bytes;
}

async function made(t: ExecutionContext, who: Client, input: Readonly<Record<string, unknown>>): Promise<Made> {
  const answer = await who.post<Made>('report.create', input);
  t.is(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

test('办法第二十一条: a tested batch gets its R08, which is kept sealed, read back by its own decision and verified without the box', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const { reportNo, batch } = await testedBatch(t, archivist);
  const { report, number, level, mark } = await made(t, archivist, { kind: 'R08', reportNo });
  t.regex(number, /^R08-\d{8}-\d{4}$/);
  t.deepEqual([level, mark], [1, '内部'], 'without titles a report on a 秘密 batch may circulate as 内部');

  const list = await archivist.get<{ total: number; rows: { number: string; createdByName: string; sm3: string }[] }>('report.list');
  t.is(list.body.total, 1);
  t.is(list.body.rows[0]?.number, number);
  t.is(list.body.rows[0]?.createdByName, '赵晓岚');
  const shown = await archivist.get<{ document: ReportDocument }>('report.show', { report });
  const { document } = shown.body;
  const table = (key: string) => document.sections.find((section) => section.type === 'table' && section.key === key);
  const findings = table('findings');
  t.true(findings?.type === 'table' && findings.rows.length > 0, 'the empty file is named with what to do');
  t.true(findings?.type === 'table' && !findings.columns.some(({ key }) => key === 'message'), 'a lowered report leaves findings out: they may quote a file');
  t.false(JSON.stringify(document).includes('防汛'), 'no title');
  const rules = table('rules');
  t.true(rules?.type === 'table' && rules.rows[0]?.['result'] === '不合格', 'what failed stands first');

  const zip = await zipOf(t, archivist, report);
  t.deepEqual(SET_ENDINGS.map((ending) => `${number}.${ending}`), [...unzipSet(zip).keys()]);
  t.deepEqual(verifyZip(two, 'a.zip', zip, null)?.faults, []);
  for (const format of ['pdf', 'csv', 'json', 'sig', 'manifest', 'pem'] as const) {
    const file = await archivist.get('report.read', { report, format });
    t.is(file.status, 200);
    t.deepEqual(file.bytes, unzipSet(zip).get(`${number}.${format === 'sig' ? 'pdf.sig' : format}`));
  }
  t.false(readdirSync(path.join(box.data, 'vault'), { recursive: true, encoding: 'utf8' }).some((name) => {
    const file = path.join(box.data, 'vault', name);
    return /-/.test(path.basename(name)) && readFileSync(file).includes(Buffer.from('四性检测'));
  }), 'nothing rests in the clear');

  const titled = await made(t, archivist, { kind: 'R08', batch, titles: true });
  t.deepEqual([titled.number === number, titled.level, titled.mark], [false, 2, '秘密★'], 'with titles it stands at the batch’s level, its period not stated');
  t.true(JSON.stringify((await archivist.get('report.show', { report: titled.report })).body).includes('防汛'));
  const inspector = await box.as('zhangjian');
  t.deepEqual((await inspector.get<{ rows: { number: string }[] }>('report.list')).body.rows.map((row) => row.number), [number], 'the inspector of 内部 sees the one without titles');
  t.is((await inspector.get('report.read', { report, format: 'pdf' })).status, 200);
  t.is((await inspector.get('report.show', { report: titled.report })).status, 404);
  t.is((await inspector.post('report.create', { kind: 'R08', batch })).status, 404, 'and makes none on a batch above that level');
  t.is((await box.as('duanwen').then(async (who) => who.post<{ code: string }>('report.create', { kind: 'R08', reportNo }))).body.code, 'E_DENIED');

  const auditor = await box.as('hejingyi');
  const entries = await auditor.get<{ rows: { action: string; object: string | null; result: string; detail: Record<string, unknown> }[] }>('audit.list', { action: 'report', size: 200 });
  const acts = entries.body.rows.map(({ action, result }) => `${action} ${result}`);
  for (const act of ['report.create ok', 'report.list ok', 'report.show ok', 'report.read ok', 'report.show refused', 'report.create refused']) t.true(acts.includes(act), act);
});

test('no report on a test that is not there', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  t.is((await archivist.post<{ code: string }>('report.create', { kind: 'R08', reportNo: '4P-filing-20260101-0001' })).body.code, 'E_NOT_FOUND');
  t.is((await archivist.post<{ code: string }>('report.create', { kind: 'R08' })).body.code, 'E_INPUT_INVALID');
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' });
  t.is((await archivist.post<{ code: string }>('report.create', { kind: 'R08', batch })).body.code, 'E_NOT_FOUND', 'never tested');
});

test('domain/10 R11: the list of accounts names everyone, passes the separation rules and compares the policies with the list before', async (t) => {
  const box = await openTestBox(t);
  const auditor = await box.as('hejingyi');
  const first = await made(t, auditor, { kind: 'R11' });
  const { number } = await made(t, auditor, { kind: 'R11' });
  t.regex(first.conclusion, /^互斥校验通过/);
  const { rows } = (await auditor.get<{ rows: { id: string; number: string }[] }>('report.list')).body;
  const { document } = (await auditor.get<{ document: ReportDocument }>('report.show', { report: rows.find((row) => row.number === number)?.id ?? '' })).body;
  const rowsOf = (key: string) => document.sections.flatMap((section) => (section.type === 'table' && section.key === key ? section.rows : []));
  t.is(rowsOf('persons').length, 12);
  t.deepEqual(rowsOf('persons').map((row) => row['account']), rowsOf('persons').map((row) => row['account']).sort(), 'in order of the account');
  t.true(rowsOf('persons').some((row) => row['name'] === '何静怡' && row['roles'] === '安全审计员'));
  t.deepEqual(rowsOf('conflicts'), []);
  t.deepEqual([...new Set(rowsOf('policies').map((row) => row['change']))], ['未变']);
  t.is(document.orientation, 'landscape');
  t.is((await (await box.as('zhaoxiaolan')).post<{ code: string }>('report.create', { kind: 'R11' })).body.code, 'E_DENIED');
});

/** One set for all that only reads it. */
let common: Promise<{ zip: Buffer; number: string; files: Map<string, Buffer> }> | undefined;
async function commonSet(t: ExecutionContext) {
  common ??= (async () => {
    const box: TestBox = await openTestBox(t);
    const archivist = await box.as('zhaoxiaolan');
    const { reportNo } = await testedBatch(t, archivist);
    const { report, number } = await made(t, archivist, { kind: 'R08', reportNo });
    const zip = await zipOf(t, archivist, report);
    return { zip, number, files: unzipSet(zip) };
  })();
  return common;
}

test.serial('law: any byte changed in any file of a set is noticed, and the file is named', async (t) => {
  const { number, files } = await commonSet(t);
  const changed = (name: string, at: number, by: number) => {
    const bytes = Buffer.from(files.get(name) ?? Buffer.alloc(0));
    bytes[at] = (bytes[at] ?? 0) ^ by;
    return new Map(files).set(name, bytes);
  };
  const noticed = (name: string, at: number, by: number): boolean => {
    const { faults } = verifySet(two, number, changed(name, at, by), null, true);
    return faults.some((one) => one.file === name || one.file === `${name}.sig`);
  };
  for (const [name, bytes] of files) for (const at of [0, bytes.length >> 1, bytes.length - 1]) t.true(noticed(name, at, 1), `${name} byte ${String(at)}`);
  const names = [...files.keys()];
  fc.assert(fc.property(fc.nat(names.length - 1), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.integer({ min: 1, max: 255 }), (which, where, by) => {
    const name = names[which] ?? '';
    return noticed(name, Math.floor(where * (files.get(name)?.length ?? 1)), by);
  }), { numRuns: 12 });
});

test.serial('the stretch of bytes that was changed is told, and what is missing, foreign or surplus is named as such', async (t) => {
  const { number, files } = await commonSet(t);
  const pdf = files.get(`${number}.pdf`) ?? Buffer.alloc(0);
  const touched = Buffer.from(pdf);
  touched[20_000] = (touched[20_000] ?? 0) ^ 1;
  const kinds = (given: Map<string, Buffer>) => verifySet(two, number, given, null, true).faults.map((one) => `${one.file.slice(number.length + 1)} ${one.kind}`);
  t.deepEqual(verifySet(two, number, new Map(files).set(`${number}.pdf`, touched), null, true).faults.find(({ kind }) => kind === 'altered')?.bytes, { from: 16_384, to: 32_767 });
  const without = new Map(files);
  without.delete(`${number}.csv`);
  t.deepEqual(kinds(without), ['csv missing']);
  t.deepEqual(kinds(new Map(files).set('x.txt', Buffer.from('x'))).length, 1);
  const swapped = new Map(files).set(`${number}.pdf`, files.get(`${number}.csv`) ?? pdf).set(`${number}.pdf.sig`, files.get(`${number}.csv.sig`) ?? pdf);
  t.true(kinds(swapped).includes('pdf altered'), 'a file validly signed in another place of the set does not pass here');
  const other = new NodeProvider().generateKeyPair();
  const forged = new Map(files).set(`${number}.manifest.sig`, Buffer.from(two.native.sign(files.get(`${number}.manifest`) ?? pdf, other)));
  t.deepEqual(kinds(forged), ['manifest.sig signature']);
});

test.serial('law: a zip is written in one way; any byte of it counts', async (t) => {
  const { zip, files } = await commonSet(t);
  t.is(firstDifference(zipSet(files), zip), null);
  const wrong = (bytes: Buffer): boolean => {
    try {
      const verdict = verifyZip(two, 'a.zip', bytes, null);
      return verdict === undefined || verdict.faults.length > 0;
    } catch {
      return true;
    }
  };
  fc.assert(fc.property(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
    const bytes = Buffer.from(zip);
    bytes[at] = (bytes[at] ?? 0) ^ by;
    return wrong(bytes);
  }), { numRuns: 12 });
  for (let at = zip.length - 400; at < zip.length; at += 40) {
    const bytes = Buffer.from(zip);
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    t.true(wrong(bytes), `byte ${String(at)}`);
  }
  t.true(wrong(Buffer.concat([zip, Buffer.from('x')])));
});

test.serial('the same data give the same PDF and CSV, and every other datum another', async (t) => {
  const { number, files } = await commonSet(t);
  const document = checkedDocument(JSON.parse(files.get(`${number}.json`)?.toString('utf8') ?? ''));
  const print = 'f'.repeat(64);
  t.deepEqual(await reportPdf(document, print), await reportPdf(structuredClone(document), print));
  t.deepEqual(reportCsv(document), files.get(`${number}.csv`));
  t.notDeepEqual(await reportPdf({ ...document, unit: '另一单位' }, print), await reportPdf(document, print));
  t.throws(() => checkedDocument({ ...document, extra: 1 }));
});

test.serial('CSV: byte order mark, and no cell that a spreadsheet would run', async (t) => {
  const { number, files } = await commonSet(t);
  const document = checkedDocument(JSON.parse(files.get(`${number}.json`)?.toString('utf8') ?? ''));
  const csv = reportCsv({ ...document, sections: document.sections.map((section) => (section.type === 'table' && section.key === 'findings' ? { ...section, rows: [{ no: 1, code: '=cmd|x', name: '@a', objectRef: '+1', fix: '-2', result: '不合格', article: null }] } : section)) });
  t.deepEqual([...csv.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  t.regex(csv.toString('utf8'), /1,'=cmd\|x,'@a,不合格,'\+1,.*'-2,\r\n/);
});

(has('pdftotext') ? test.serial : test.serial.skip)('the form: mark and rehearsal on top and bottom of every page, page x of y, signature lines and proof on the last', async (t) => {
  const { number, files } = await commonSet(t);
  const place = path.join(folder(t), 'r.pdf');
  const document = checkedDocument(JSON.parse(files.get(`${number}.json`)?.toString('utf8') ?? ''));
  const rare = '𪚥䶮龘';
  const long = document.sections.map((section) => (section.type === 'table' && section.key === 'rules' ? { ...section, rows: Array.from({ length: 120 }, () => ({ ...section.rows[0], name: `检测${rare}` })) } : section));
  writeFileSync(place, await reportPdf({ ...document, level: 3, mark: '机密★20年', sections: long }, 'ab'.repeat(32)));
  const pages = execFileSync('pdftotext', ['-layout', place, '-']).toString('utf8').split('\f').slice(0, -1);
  t.true(pages.length >= 5, `${String(pages.length)} pages`);
  for (const [at, page] of pages.entries()) {
    t.is(page.match(/机密★20年/g)?.length, 2, `page ${String(at + 1)}`);
    t.is(page.match(/演练环境 · 严禁处理国家秘密/g)?.length, 2);
    // Whether narrow blanks count as blanks is pdftotext's guess.
    t.true(page.replace(/\s/g, '').includes(`第${String(at + 1)}页/共${String(pages.length)}页`));
    if (page.includes('（续）')) t.regex(page, /检测码|档号/, 'heads are repeated');
  }
  const last = pages.at(-1) ?? '';
  for (const words of ['检测人：', '复核人：', 'at 20', `-signature ${number}.pdf.sig`, 'distid:1234567812345678']) t.true(last.includes(words), words);
  t.true(pages.join('').includes('龘'));
  t.true(pages.join('').includes('𪚥') || pages.join('').includes('〓U+2A6A5'), 'a character without a glyph is told, never an empty box');
});

(has('openssl') ? test.serial : test.serial.skip)('the two openssl lines on the last page verify the report', async (t) => {
  const { number, files } = await commonSet(t);
  const place = folder(t);
  for (const [name, bytes] of files) writeFileSync(path.join(place, name), bytes);
  const run = (line: string): string => execFileSync('openssl', line.split(' ').slice(1), { cwd: place }).toString();
  run(`openssl x509 -in ${number}.pem -pubkey -noout -out box.pub`);
  t.regex(run(`openssl dgst -sm3 -verify box.pub -signature ${number}.pdf.sig -sigopt distid:1234567812345678 ${number}.pdf`), /Verified OK/);
  t.regex(run(`openssl dgst -sm3 -verify box.pub -signature ${number}.manifest.sig -sigopt distid:1234567812345678 ${number}.manifest`), /Verified OK/);
});

test.serial('shouzang verify: a zip, a folder, a single file with its signature; exit 1 and the name where something is wrong', async (t) => {
  const { number, files, zip } = await commonSet(t);
  const place = folder(t);
  interface Answer { valid: boolean; items: { kind: string; valid: boolean; authority: string; faults: { file: string; kind: string }[] }[] }
  writeFileSync(path.join(place, 'set.zip'), zip);
  const whole = await cli<Answer>('verify', path.join(place, 'set.zip'));
  t.deepEqual([whole.exit, whole.data.items[0]?.kind], [0, 'report']);
  const set = path.join(place, 'set');
  mkdirSync(set);
  for (const [name, bytes] of files) writeFileSync(path.join(set, name), bytes);
  t.is((await cli('verify', set)).exit, 0);
  t.is((await cli('verify', path.join(set, `${number}.pdf`))).exit, 0);
  t.is((await cli('verify', place)).exit, 0, 'zip and folder together');
  writeFileSync(path.join(set, `${number}.csv`), 'x');
  const bad = await cli<Answer>('verify', set);
  t.is(bad.exit, 1);
  t.true(bad.data.items[0]?.faults.some((one) => one.file === `${number}.csv` && one.kind === 'altered'));

  const alone = path.join(place, 'alone');
  cpSync(set, alone, { recursive: true, filter: (from) => !/csv|json|manifest/.test(path.basename(from)) });
  const single = await cli<Answer>('verify', path.join(alone, `${number}.pdf`));
  t.deepEqual([single.exit, single.data.items[0]?.kind], [0, 'report-file']);
  rmSync(path.join(alone, `${number}.pdf.sig`));
  t.is((await cli<Answer>('verify', path.join(alone, `${number}.pdf`))).data.items[0]?.faults[0]?.kind, 'missing');
  t.is((await cli('verify', path.join(place, 'nothing'))).exit, 2);
  writeFileSync(path.join(place, 'note.txt'), 'x');
  t.is((await cli<Answer>('verify', path.join(place, 'note.txt'))).data.items[0]?.faults[0]?.kind, 'unrecognised');

  const { files: foreign } = await foreignSet(t);
  const pem = [...foreign].find(([name]) => name.endsWith('.pem'))?.[1] ?? Buffer.alloc(0);
  writeFileSync(path.join(place, 'foreign.txt'), pem);
  const strange = await cli<Answer>('verify', path.join(place, 'set.zip'), '--anchor', path.join(place, 'foreign.txt'));
  t.deepEqual([strange.exit, strange.data.items[0]?.faults.map(({ kind }) => kind)], [1, ['anchor']]);
});

async function foreignSet(t: ExecutionContext) {
  const box = await openTestBox(t);
  const auditor = await box.as('hejingyi');
  const { report } = await made(t, auditor, { kind: 'R11' });
  return { files: unzipSet(await zipOf(t, auditor, report)) };
}
