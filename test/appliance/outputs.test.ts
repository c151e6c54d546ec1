import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import test from 'ava';
import { runCli } from '../../appliance/cli/frame.js';
import { VERBS } from '../../appliance/cli/verbs.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { randomIds } from '../../appliance/clock.js';
import { foundRehearsal, rehearsalFile } from '../../appliance/founding/rehearsal.js';
import { makeDirectoryDevice } from '../../appliance/devices/directory.js';
import { attachedStorage, usbUnder } from '../../appliance/devices/sysfs.js';
import { isoImage, stagingFolder, sweepStaging } from '../../appliance/outputs/disc.js';
import { outwardName } from '../../appliance/outputs/contents.js';
import { composeOutputs } from '../../appliance/outputs/compose.js';
import { openPreview } from '../../appliance/preview/preview.js';
import type { ServerCall } from '../../appliance/call.js';
import type { PolicyFile } from '../../policies/schemas/files.js';
import { openTestBox } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { at, described, done, fileBatch, filedSecret, mark, markers } from '../helpers/marked.js';
import { settle, formOf } from '../helpers/marking.js';

const run = promisify(execFile);
interface Code { readonly code: string; readonly details?: readonly { message: string }[] }
interface Copy { readonly no: number; readonly state: string; readonly late: boolean; readonly carrier: string | null; readonly carrierNo: string | null; readonly holderName: string; readonly trace: string | null; readonly pages: number | null; readonly outputNo?: string }
interface Shown { readonly id: string; readonly no: string; readonly state: string; readonly level: number; readonly version: number; readonly approval: string; readonly contents: readonly { record: string }[]; readonly seats: readonly { name: string; signedBy: string | null }[]; readonly copiesIssued: readonly Copy[]; readonly purpose: string }
interface Asked extends Code { readonly output: string; readonly no: string; readonly approval: string }

const OPINION = '同意';
const show = async (client: Client, output: string) => done(await client.get<Shown>('output.show', { output }));
async function sign(client: Client, approval: string, verdict: 'grant' | 'refuse' = 'grant'): Promise<Answer<Code & { state: string }>> {
  const ready = await client.post<Code & { statement: string; version: number }>('approval.preview', { approval, verdict, opinion: OPINION });
  if (ready.status !== 200) return ready as never;
  return client.post(verdict === 'grant' ? 'approval.sign' : 'approval.refuse', { approval, opinion: OPINION, signature: client.sign(ready.body.statement), seenVersion: ready.body.version });
}
const alarms = async (box: TestBox, client: Client): Promise<readonly string[]> => {
  await box.running.services.alarmWork.engine.settled();
  return done(await client.get<{ rows: readonly { code: string }[] }>('alarm.list', { state: 'open' })).rows.map(({ code }) => code);
};
function movable(start = '2026-11-23T01:00:00.000Z') {
  const time = { now: Date.parse(start) };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
}
const DAY = 86_400_000;

/** Every file below a folder that holds the bytes. */
async function holding(folder: string, needle: Buffer): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && (await readFile(path.join(entry.parentPath, entry.name))).includes(needle)) found.push(entry.name);
  }
  return found;
}

const afterwards: (() => unknown)[] = [];
test.after.always(async () => { for (const work of afterwards.reverse()) await work(); });
const folderOf = async (name: string): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), `shouzang-${name}-`));
  afterwards.push(async () => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** One box for the file, its machine's sockets a made tree, with one 机密 record that 刘思远, 杨静, 李建国 and 周敏 may know of; sessions stand at 机密. */
async function opened() {
  const { time, clock } = movable();
  const sysfs = await folderOf('sys');
  const box = await openTestBox({ teardown: (work) => { afterwards.push(work); } }, { clock, sysfs });
  const { proposer: reader, authority, custodian } = await markers(box);
  const officer = await at(await box.as('zhoumin'), 3);
  const head = await at(await box.as('wangzhenhua'), 3);
  const secret = await filedSecret({ proposer: reader, authority, custodian }, '隐龙潭泄洪预案', [officer.person]);
  const code = done(await custodian.get<{ record: { archivalCode: string } }>('record.show', { record: secret.record })).record.archivalCode;
  await at(reader, 3);
  const secadmin = await box.as('chenlixin');
  for (const [kind, no, certifiedLevel] of [['printer', 'DYJ-01', 3], ['printer', 'DYJ-02', 2], ['burner', 'KLJ-01', 3]] as const) {
    done(await secadmin.post('device.register', { kind, no, certifiedLevel, model: 'M1', serial: no, certNo: 'ISSTEC-9', certValidTo: '2027-12-31', lastCheckOn: '2026-11-01', boundUser: null, boundDepartment: null, place: '涉密机房', reason: '新购' }));
  }
  const ask = async (client: Client, more: object = {}) => client.post<Asked>('output.request', { kind: 'print', form: 'pictures', codes: [code], copies: 1, purpose: '防汛会议用', keepUntil: '2026-11-30', ...more });
  const granted = async (more: object = {}): Promise<Asked> => {
    const one = done(await ask(reader, more));
    done(await sign(officer, one.approval));
    done(await sign(head, one.approval));
    return one;
  };
  const machines: Readonly<Record<string, object>> = { 'output.print': { machineNo: 'DYJ-01' }, 'output.burn': { machineNo: 'KLJ-01' } };
  const issue = async (client: Client, act: string, output: string, more: object = {}) => client.post<Code & Record<string, never>>(act, { output, seenVersion: (await show(client, output)).version, ...machines[act], ...more });
  return { box, time, sysfs, authority, officer, head, secret, code, reader, custodian, ask, granted, issue };
}
let shared: ReturnType<typeof opened> | undefined;
const world = async (): ReturnType<typeof opened> => (shared ??= opened());

test.serial('第三十五条: one person cannot complete a print of 机密: not without two others who sign, nor by issuing it alone; every refusal by its code', async (t) => {
  t.timeout(240_000);
  const { box, reader, custodian, officer, head, ask, issue } = await world();
  t.is((await ask(reader, { codes: ['Z109-WS·2026·D10·BGS-9999'] })).body.code, 'E_NOT_FOUND');
  t.is((await ask(reader, { keepUntil: '2027-01-30' })).body.code, 'E_INPUT_INVALID');
  t.is((await ask(reader, { form: 'originals' })).body.code, 'E_INPUT_INVALID');
  t.is((await ask(await at(await box.as('zhaoxiaolan'), 2))).body.code, 'E_NOT_FOUND', 'who is not cleared does not learn that it is there');
  const outsider = await at(await box.as('wangzhenhua'), 3);
  t.is((await ask(outsider)).body.code, 'E_NOT_FOUND', 'nor who is cleared and outside its scope');
  await at(reader, 2);
  t.is((await ask(reader)).body.code, 'E_NOT_FOUND', 'the session stands below it');
  await at(reader, 3);

  const asked = done(await ask(reader));
  t.is(asked.no, 'DY3-2026-0001');
  t.like(await show(custodian, asked.output), { state: 'requested', level: 3 });
  t.is((await issue(custodian, 'output.print', asked.output)).body.code, 'E_COPY_NOT_AUTHORIZED');
  t.is((await sign(reader, asked.approval)).status === 200, false, 'who asks does not sign');
  t.is(done(await sign(officer, asked.approval)).state, 'requested');
  t.is((await issue(custodian, 'output.print', asked.output)).body.code, 'E_COPY_NOT_AUTHORIZED', 'one signature is not enough');
  t.is((await sign(officer, asked.approval)).status === 200, false, 'nor one person twice');
  t.is(done(await sign(head, asked.approval)).state, 'done');
  t.like(await show(reader, asked.output), { state: 'approved', seats: [{ name: '保密员审核', signedBy: '周敏' }, { name: '单位负责人批准', signedBy: '王振华' }] });
  t.is((await reader.post<Code>('output.print', { output: asked.output, seenVersion: 2 })).body.code, 'E_DENIED');
  const own = done(await ask(custodian));
  done(await sign(officer, own.approval));
  done(await sign(head, own.approval));
  t.is((await issue(custodian, 'output.print', own.output)).body.code, 'E_SOD_SAME_PERSON', 'the custodian who asked for it does not issue it either');
  t.is((await custodian.post<Code>('output.print', { output: asked.output, seenVersion: 1 })).body.code, 'E_STALE_VERSION');
  t.is((await issue(await at(custodian, 3), 'output.burn', asked.output, { carrierNo: 'ZT3-2026-0001' })).body.code, 'E_STATE_INVALID', 'a print is not burnt');

  const refused = done(await ask(reader));
  t.is(done(await sign(officer, refused.approval, 'refuse')).state, 'refused');
  t.is((await show(reader, refused.output)).state, 'refused');
  t.is((await issue(custodian, 'output.print', refused.output)).body.code, 'E_COPY_NOT_AUTHORIZED');
  const states = await Promise.all(['requested', 'approved', 'refused', 'issued', 'closed', 'lapsed', 'overdue'].map(async (state) => done(await custodian.get<{ total: number }>('output.list', { state })).total));
  t.deepEqual(states, [0, 2, 1, 0, 0, 0, 0]);
  t.deepEqual(await box.running.box.reader.all('SELECT 1 FROM output_copy'), [], 'nothing was issued');
});

test.serial('domain/07 §5.1: a print bears its mark, number, copy and trace on every page, is entered as a carrier, leaves no plain text on the disk, and comes back', async (t) => {
  t.timeout(300_000);
  const { box, reader, custodian, officer, granted, issue, secret } = await world();
  const asked = await granted({ copies: 2 });
  t.is((await custodian.post<Code>('output.print', { output: asked.output, seenVersion: 2 })).body.code, 'E_INPUT_INVALID', 'on no printer of which nobody knows');
  t.is((await issue(custodian, 'output.print', asked.output, { machineNo: 'DYJ-02' })).body.code, 'E_DEVICE_LEVEL');
  t.is((await issue(custodian, 'output.print', asked.output, { machineNo: 'DYJ-99' })).body.code, 'E_DEVICE_PROOF');
  t.is((await issue(custodian, 'output.print', asked.output, { machineNo: 'KLJ-01' })).body.code, 'E_DEVICE_PROOF', 'a burner is no printer');
  const pdf = await issue(custodian, 'output.print', asked.output);
  t.is(pdf.status, 200, pdf.bytes.subarray(0, 300).toString());
  t.is(pdf.headers['content-type'], 'application/pdf');
  t.true(decodeURIComponent(String(pdf.headers['content-disposition'])).includes(`${asked.no}-1〔机密〕.pdf`), 'the name of the file carries the mark');
  const trace = String(pdf.headers['x-trace-code']);
  const { file } = secret;
  const original = done(await custodian.get<{ pages: number }>('record.pages', { file })).pages;

  const work = await folderOf('print');
  await writeFile(path.join(work, 'copy.pdf'), pdf.bytes);
  const text = await run('pdftotext', ['-layout', path.join(work, 'copy.pdf'), '-']).then(({ stdout }) => stdout, () => null);
  if (text !== null) {
    const said = text.replaceAll(/\s/gu, '');
    for (const word of ['机密★10年', '第 1 份 / 共 2 份', `打印单 ${asked.no}`, `溯源码 ${trace}`, `第 1 页 / 共 ${String(original)} 页`, '刘思远', '演练环境']) t.true(said.includes(word.replaceAll(' ', '')), word);
    t.false(said.includes('textof'), 'the words of the record are a picture');
  }
  

  const shown = await show(custodian, asked.output);
  t.like(shown.copiesIssued[0], { no: 1, state: 'out', trace, pages: original, holderName: '刘思远' });
  const carrier = done(await custodian.get<{ no: string; kind: string; state: string; level: number; contents: readonly { record: string }[]; holderName: string; dueOn: string }>('carrier.show', { carrier: shown.copiesIssued[0]?.carrier ?? '' }));
  t.like(carrier, { kind: 'paper', state: 'in_use', level: 3, holderName: '刘思远', dueOn: '2026-11-30' });
  t.deepEqual(carrier.contents.map(({ record }) => record), [secret.record]);
  const known = done(await officer.get<{ rows: readonly { personName: string; mode: string }[] }>('knowledge.list', { record: secret.record })).rows.filter(({ mode }) => mode === 'export').map(({ personName }) => personName);
  t.deepEqual([...known].sort(), ['刘思远', '杨静'].sort(), 'who made the copy and who has it are in the register');
  const entries = await box.running.box.reader.all<{ detail: string; object_type: string }>("SELECT detail, object_type FROM audit_entry WHERE action = 'output.print' AND result = 'ok'");
  t.deepEqual(entries.map((one) => one.object_type), ['output', 'record']);
  t.false(JSON.stringify(entries).includes('隐龙潭') || JSON.stringify(entries).includes('防汛会议'), 'no title and no purpose');

  // 溯源: entitled people only, and nobody below the level.
  const traced = done(await custodian.get<{ rows: readonly { outputNo: string; no: number; holderName: string; requestedByName: string }[] }>('output.trace', { code: trace.toLowerCase().replace('-', ' ') }));
  t.like(traced.rows[0], { outputNo: asked.no, no: 1, holderName: '刘思远', requestedByName: '刘思远' });
  t.deepEqual(done(await (await at(await box.as('zhaoxiaolan'), 2)).get<{ rows: readonly unknown[] }>('output.trace', { code: trace })).rows, []);
  t.is((await reader.get<Code>('output.trace', { code: trace })).body.code, 'E_DENIED');
  t.is(done(await (await box.as('hejingyi')).get<{ rows: readonly unknown[] }>('audit.trace', { code: trace })).rows.length, 1, 'the auditor finds the entry');
  t.is((await (await at(await box.as('zhaoxiaolan'), 2)).get('output.show', { output: asked.output })).status, 404);

  // Copies in the wild: what the ledger, the vault and the database hold of them is sealed.
  await box.running.box.store.housekeep(async (sql) => { await sql.run('SELECT 1'); });
  for (const canary of [Buffer.from('防汛会议用'), pdf.bytes.subarray(2000, 2064), Buffer.from('(text of'), Buffer.from('74657874206f66')]) t.deepEqual(await holding(box.data, canary), [], canary.toString('hex'));
  t.deepEqual((await readdir('/dev/shm').catch(() => [])).filter((name) => name.startsWith('shouzang-output-')), []);
});

test.serial('第四十一条: an order that was approved before a mark was raised is good no more, and the copies of the raised record are listed with its task', async (t) => {
  t.timeout(240_000);
  const { reader: proposer, authority, custodian, officer } = await world();
  await at(officer, 2);
  const taken = await described(proposer, '隐龙潭值守安排', 2);
  const persons = [proposer.person, authority.person, custodian.person];
  await at(authority, 2);
  const classification = await mark(proposer, authority, taken.record, persons, { level: 2 });
  await fileBatch(proposer, custodian, taken.batch, 2);
  const code = done(await custodian.get<{ record: { archivalCode: string } }>('record.show', { record: taken.record })).record.archivalCode;
  await at(proposer, 2);
  const asked = done(await proposer.post<Asked>('output.request', { kind: 'print', form: 'pictures', codes: [code], copies: 2, purpose: '值守用', keepUntil: '2026-11-30' }));
  t.is(done(await sign(officer, asked.approval)).state, 'done', 'of 秘密 one signature');
  done(await custodian.post('output.print', { output: asked.output, seenVersion: 2, machineNo: 'DYJ-02' }));
  await at(proposer, 3);
  await at(authority, 3);
  await settle({ proposer, authority }, classification, formOf({ kind: 'change', changeReason: 'superior', to: { level: 3, term: { kind: 'duration', years: 10, months: 0, days: 0 }, startOn: '2026-05-06', scope: { persons, departments: [] } } }));
  await at(custodian, 2);
  t.true(['E_NOT_FOUND', 'E_OUTPUT_CHANGED'].includes((await custodian.post<Code>('output.print', { output: asked.output, seenVersion: 3, machineNo: 'DYJ-01' })).body.code));
  await at(custodian, 3);
  const copies = done(await custodian.get<{ rows: readonly (Copy & { outputNo: string })[] }>('output.copies', { classification })).rows;
  t.deepEqual(copies.map(({ outputNo, no, state }) => [outputNo, no, state]), [[asked.no, 1, 'out']]);
  const { level } = done(await custodian.get<{ level: number }>('carrier.show', { carrier: copies[0]?.carrier ?? '' }));
  t.is(level, 3, 'the paper follows the mark of what is on it');
  await at(officer, 3);
});

test.serial('domain/07 §5.1: a disc is registered, blank and of sufficient level; its image carries the mark, the list and the files, and is made in memory alone', async (t) => {
  t.timeout(240_000);
  const { box, custodian, granted, issue } = await world();
  const disc = async (more: object = {}): Promise<string> => done(await custodian.post<{ no: string }>('carrier.register', { kind: 'optical', level: 3, cap: 3, title: '空白档案级光盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: true, serial: 'G-01', ...more })).no;
  const [paper, blank] = [await disc({ kind: 'paper', title: '纸' }), await disc()];
  await at(custodian, 2);
  const low = await disc({ level: 2, cap: 2 });
  await at(custodian, 3);
  const asked = await granted({ kind: 'burn', form: 'originals', copies: 2 });
  t.is(asked.no, 'KL3-2026-0001', 'each kind has its own series');
  const burn = async (carrierNo: string) => issue(custodian, 'output.burn', asked.output, { carrierNo });
  t.is((await burn('ZT3-2026-9999')).body.code, 'E_NOT_FOUND');
  t.is((await burn(paper)).body.code, 'E_OUTPUT_CARRIER');
  t.is((await burn(low)).body.code, 'E_DEVICE_LEVEL');
  const image = await burn(blank);
  const able = await run('xorriso', ['-version']).then(() => true, () => false);
  if (!able) { t.is(image.body.code, 'E_OUTPUT_TOOL'); return; }
  t.is(image.status, 200, image.bytes.subarray(0, 200).toString());
  t.true(decodeURIComponent(String(image.headers['content-disposition'])).includes('KL3-2026-0001-1〔机密〕.iso'));
  const work = await folderOf('disc');
  await writeFile(path.join(work, 'disc.iso'), image.bytes);
  await run('xorriso', ['-osirrox', 'on', '-indev', path.join(work, 'disc.iso'), '-extract', '/', path.join(work, 'out')]);
  const names = (await readdir(path.join(work, 'out'))).sort();
  t.is(names.length, 2);
  t.true(names[0]?.startsWith('001_') === true && names[0].includes('〔机密〕'), names[0]);
  t.is(names[1], '输出清单〔机密〕.txt');
  const list = await readFile(path.join(work, 'out', '输出清单〔机密〕.txt'), 'utf8');
  for (const word of ['机密★10年', asked.no, '第 1 份,共 2 份', String(image.headers['x-trace-code']), '刘思远', 'SM3']) t.true(list.includes(word), word);
  const original = await readFile(path.join(work, 'out', names[0] ?? ''));
  t.true(list.includes(Buffer.from(new NodeProvider().sm3(original)).toString('hex')));
  t.is((await burn(blank)).body.code, 'E_OUTPUT_CARRIER', 'a disc is written once');
  const carrier = (await show(custodian, asked.output)).copiesIssued[0];
  t.like(carrier, { carrierNo: blank, state: 'out' });
  t.deepEqual(await holding(box.data, original.subarray(200, 264)), []);
  t.deepEqual((await readdir('/dev/shm')).filter((name) => name.startsWith('shouzang-output-')), [], 'nothing stays in memory');
});

test.serial('第四十二条: an export goes to a registered device that proves itself where it is plugged in, of sufficient level and the same serial number; anything else is refused and alarmed', async (t) => {
  t.timeout(240_000);
  const { box, custodian, granted, issue } = await world();
  const stick = await folderOf('stick');
  const publicKey = await makeDirectoryDevice(new NodeProvider(), stick);
  const secadmin = await box.as('chenlixin');
  const device = { kind: 'dedicated_usb', no: 'YD-01', model: 'SM-U1', serial: 'U-4C53', publicKey, certNo: 'ISSTEC-1', certValidTo: '2027-12-31', certifiedLevel: 2, lastCheckOn: '2026-11-01', boundUser: null, boundDepartment: null, place: '涉密机房', usbVendor: '0781', usbProduct: '5581', reason: '新购' };
  t.is((await secadmin.post<Code>('device.register', { ...device, publicKey: undefined })).body.code, 'E_INPUT_INVALID', 'only printers and burners have no key');
  const { id } = done(await secadmin.post<{ id: string }>('device.register', device));
  const carrierNo = done(await custodian.post<{ no: string }>('carrier.register', { kind: 'solid_state', level: 3, cap: 3, title: '涉密专用盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: false, serial: 'U-4C53' })).no;
  const other = done(await custodian.post<{ no: string }>('carrier.register', { kind: 'solid_state', level: 3, cap: 3, title: '另一盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: false, serial: 'U-0000' })).no;
  const asked = await granted({ kind: 'export' });
  const out = async (more: object = {}) => issue(custodian, 'output.export', asked.output, { carrierNo, deviceNo: 'YD-01', folder: stick, ...more });
  t.is((await out()).body.code, 'E_DEVICE_LEVEL');
  done(await secadmin.post('device.renew', { device: id, certNo: 'ISSTEC-2', certValidTo: '2027-12-31', certifiedLevel: 3, lastCheckOn: '2026-11-20', reason: '复检升级', seenVersion: 1 }));
  t.is((await out({ folder: tmpdir() })).body.code, 'E_DEVICE_PROOF', 'a folder that is no device');
  t.is((await out({ folder: box.data })).body.code, 'E_DEVICE_PROOF');
  t.is((await out({ folder: 'relative' })).body.code, 'E_DEVICE_PROOF');
  t.is((await out({ deviceNo: 'YD-02' })).body.code, 'E_DEVICE_PROOF');
  t.is((await out({ carrierNo: other })).body.code, 'E_OUTPUT_CARRIER');
  t.true((await alarms(box, secadmin)).includes('A_DEVICE_UNAUTHORIZED'));
  t.deepEqual(await readdir(stick), ['shouzang-device.key'], 'nothing was written');
  const answer = done(await out() as unknown as Answer<{ folder: string; carrierNo: string; trace: string; files: readonly { name: string; sm3: string }[] }>);
  t.is(answer.folder, 'DC3-2026-0001-1〔机密〕');
  const names = (await readdir(path.join(stick, answer.folder))).sort();
  t.deepEqual(names, ['DC3-2026-0001-1〔机密〕.pdf', '输出清单〔机密〕.txt']);
  t.true((await readFile(path.join(stick, answer.folder, '输出清单〔机密〕.txt'), 'utf8')).includes(answer.trace));
  t.like((await show(custodian, asked.output)).copiesIssued[0], { carrierNo, state: 'out' });
  t.is((await show(custodian, asked.output)).state, 'issued');
});

test.serial('第四十二条: sysfs names what is plugged in; the box compares it with the register, refuses, enters and alarms what does not belong', async (t) => {
  t.timeout(180_000);
  const { box, sysfs: root } = await world();
  const plug = async (name: string, numbers: string, facts: Readonly<Record<string, string>>): Promise<void> => {
    const usb = path.join(root, 'devices', 'pci0000:00', 'usb1', `1-${name}`);
    const block = path.join(usb, `1-${name}:1.0`, 'host6', 'block', name);
    await mkdir(block, { recursive: true });
    for (const [file, value] of Object.entries(facts)) await writeFile(path.join(usb, file), `${value}\n`);
    await mkdir(path.join(root, 'block'), { recursive: true });
    await mkdir(path.join(root, 'dev', 'block'), { recursive: true });
    await symlink(block, path.join(root, 'block', name));
    await symlink(block, path.join(root, 'dev', 'block', numbers));
  };
  await mkdir(path.join(root, 'devices', 'virtio', 'block', 'vda'), { recursive: true });
  await mkdir(path.join(root, 'block'), { recursive: true });
  await symlink(path.join(root, 'devices', 'virtio', 'block', 'vda'), path.join(root, 'block', 'vda'));
  t.deepEqual(await attachedStorage(root), [], 'the disk of the machine is no guest');
  t.deepEqual(await attachedStorage(path.join(root, 'nowhere')), []);
  const secadmin = await box.as('chenlixin');
  const scan = async (level = 2) => secadmin.post<Code & { attached: readonly { no: string }[] }>('device.scan', { level });
  t.deepEqual(done(await scan()).attached, []);

  await plug('sdb', '8:16', { idVendor: '0781', idProduct: '5581', serial: '4C530001' });
  t.deepEqual(await attachedStorage(root), [{ name: 'sdb', vendor: '0781', product: '5581', serial: '4C530001' }]);
  const mounts = '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:16 / /media/usb\\040disk rw - vfat /dev/sdb rw';
  t.like(await usbUnder(root, '/media/usb disk/folder', mounts), { serial: '4C530001' });
  t.is(await usbUnder(root, '/media/other', mounts), undefined);
  const refused = await scan();
  t.is(refused.body.code, 'E_DEVICE_PROOF');
  t.true(refused.body.details?.[0]?.message.includes('4C530001'));
  t.true((await alarms(box, secadmin)).includes('A_DEVICE_UNAUTHORIZED'));

  const folder = await folderOf('device');
  const publicKey = await makeDirectoryDevice(new NodeProvider(), folder);
  done(await secadmin.post('device.register', { kind: 'dedicated_usb', no: 'YD-09', model: 'SM-U1', serial: '4C530001', publicKey, certNo: 'ISSTEC-1', certValidTo: '2026-12-31', certifiedLevel: 2, lastCheckOn: '2026-11-01', boundUser: null, boundDepartment: null, place: '机房', usbVendor: '0781', usbProduct: '5581', reason: '新购' }));
  t.deepEqual(done(await scan()).attached.map(({ no }) => no), ['YD-09']);
  t.is((await scan(3)).body.code, 'E_DEVICE_LEVEL');

  // The same register as rules for USBGuard, by the command line.
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  t.is(await runCli(VERBS, ['device', 'usbguard', '--as', 'chenlixin', '--url', box.url.replace('127.0.0.1', 'localhost'), '--data', box.data], { stdin: new PassThrough(), stdout, stderr, env: {} }), 0, String(stderr.read()));
  const rules = String(stdout.read()).trim().split('\n');
  t.true(rules.some((line) => line.startsWith('allow id 0781:5581 serial "4C530001"') && line.endsWith('label "YD-09"')));
  t.is(rules.at(-1), 'reject with-interface one-of { 08:*:* }');

  // The box's own look: entered when something changes, not at every look.
  const refusals = async (): Promise<number> => (await box.running.box.reader.all("SELECT 1 FROM audit_entry WHERE action = 'device.scan' AND actor = 'system' AND result = 'refused'")).length;
  await box.running.services.deviceWatch.look();
  t.is(await refusals(), 0);
  await plug('sdc', '8:32', { idVendor: '0930', idProduct: '6544' });
  await box.running.services.deviceWatch.look();
  await box.running.services.deviceWatch.look();
  t.is(await refusals(), 1);
  t.is((await (await box.as('linxiao')).post<Code>('device.scan', { level: 0 })).body.code, 'E_DENIED');
});

test.serial('保密法实施条例第二十九条: 绝密 is not printed; where the office opened it, not without the consent number, and then by two who sign and a third who issues', async (t) => {
  t.timeout(240_000);
  const { clock } = movable();
  const data = path.join(await folderOf('top'), 'data');
  const plan = await rehearsalFile();
  await foundRehearsal(data, clock, randomIds(), 'unit', { ...plan, systemLevel: 4, people: plan.people.map((one) => (one.clearance === 3 ? { ...one, clearance: 4 as const, category: 'core' as const } : one)) });
  const box = await openTestBox({ teardown: (work) => { afterwards.push(work); } }, { clock, data });
  const [reader, custodian, officer, head] = [await at(await box.as('liusiyuan'), 4), await at(await box.as('yangjing'), 4), await at(await box.as('zhoumin'), 4), await at(await box.as('wangzhenhua'), 4)];
  const { record } = await described(custodian, '隐龙潭绝密件', 4);
  const { record: { electronicRecordCode: code } } = done(await custodian.get<{ record: { electronicRecordCode: string } }>('record.show', { record }));
  const ask = async (more: object = {}) => custodian.post<Asked>('output.request', { kind: 'print', form: 'pictures', codes: [code], copies: 1, purpose: '会商', keepUntil: '2026-11-30', ...more });
  const consent = { consentNo: '中保办复〔2026〕1号', consentBy: '原定密机关' };
  t.is((await ask(consent)).body.code, 'E_COPY_FORBIDDEN_TOP_SECRET', 'off, as shipped');
  // The same box in an office that opened it: one field of outputs.json.
  const { services, box: open } = box.running;
  const shipped = open.policies.content('outputs.json');
  const content = ((file: PolicyFile) => (file === 'outputs.json' ? { ...shipped, levels: shipped.levels.map((one) => (one.level === 4 ? { ...one, open: true } : one)) } : open.policies.content(file))) as typeof open.policies.content;
  const preview = openPreview();
  afterwards.push(async () => preview.close());
  const { outputs } = composeOutputs({ ...open, policies: { ...open.policies, content } }, { approvals: services.approvals, engine: services.alarmWork.engine, devices: services.devices, preview, nameOf: async (person) => Promise.resolve(person), reader: async (name) => Promise.resolve({ name, department: '' }) });
  const calling = (act: string, client: Client): ServerCall => ({ act, person: client.person, duty: null, terminal: 'test', traceId: 'test', session: undefined, ip: '', reply: { setSession: () => undefined } });
  const asking = async (more: object = {}) => outputs.request(calling('output.request', custodian), { kind: 'print', form: 'pictures', codes: [code], copies: 1, purpose: '会商', keepUntil: '2026-11-30', ...more });
  await t.throwsAsync(asking(), { code: 'E_COPY_FORBIDDEN_TOP_SECRET' } as never, 'opened: no consent number');
  await t.throwsAsync(asking({ consentNo: consent.consentNo }), { code: 'E_INPUT_INVALID' } as never, 'a number of nobody');
  const asked = await asking(consent);
  t.is(asked.no, 'DY4-2026-0001');
  t.true(done(await officer.get<{ words: readonly string[] }>('approval.show', { approval: asked.approval })).words.includes('同意文号：中保办复〔2026〕1号（原定密机关）'), 'who signs reads the consent');
  t.is(done(await sign(officer, asked.approval)).state, 'requested');
  t.is(done(await sign(head, asked.approval)).state, 'done');
  await t.throwsAsync(outputs.print(calling('output.print', custodian), { output: asked.output, seenVersion: 2 }), { code: 'E_SOD_SAME_PERSON' } as never);
  t.is((await officer.post<Code>('output.print', { output: asked.output, seenVersion: 2 })).body.code, 'E_NOT_FOUND', 'nor by somebody outside its scope');
  t.is((await reader.get('output.show', { output: asked.output })).status, 404);
});

test.serial('闭环: an approval lapses; a copy that is not back by its day is alarmed until it is; returned or destroyed carriers close the order', async (t) => {
  t.timeout(240_000);
  const { box, secret, reader, custodian, officer, granted, issue, time } = await world();
  const [asked, never] = [await granted({ copies: 2 }), await granted()];
  await box.running.services.outputRound();
  t.false((await alarms(box, officer)).includes('A_OUTPUT_OVERDUE'));
  done(await issue(custodian, 'output.print', asked.output));
  done(await issue(custodian, 'output.print', asked.output));
  t.is((await issue(custodian, 'output.print', asked.output)).body.code, 'E_STATE_INVALID', 'there are no more copies than were approved');
  t.is((await reader.post<Code>('output.return', { output: asked.output, copy: 1, end: 'file', place: '保密柜1', reason: '会议结束', seenVersion: 4 })).body.code, 'E_DENIED');
  time.now += 9 * DAY;
  const [again, watching] = [await at(await box.as('yangjing'), 3), await at(await box.as('zhoumin'), 3)];
  t.is((await issue(again, 'output.print', never.output)).body.code, 'E_APPROVAL_LAPSED');
  t.is((await show(again, never.output)).state, 'lapsed');
  await box.running.services.outputRound();
  t.true((await alarms(box, watching)).includes('A_OUTPUT_OVERDUE'));
  t.true(done(await again.get<{ rows: readonly { id: string }[] }>('output.list', { state: 'overdue' })).rows.some(({ id }) => id === asked.output));
  const back = async (output: string, copy: number, end: string) => again.post<Code & { state: string }>('output.return', { output, copy, end, place: '保密柜1', reason: '会议结束', seenVersion: (await show(again, output)).version });
  t.is((await again.post<Code>('output.return', { output: asked.output, copy: 1, end: 'file', place: '保密柜1', reason: '会议结束', seenVersion: 1 })).body.code, 'E_STALE_VERSION');
  t.is((await back(asked.output, 3, 'file')).body.code, 'E_STATE_INVALID');
  t.is(done(await back(asked.output, 1, 'file')).state, 'issued');
  t.is(done(await back(asked.output, 2, 'condemn')).state, 'issued', '待销 is not the end yet');
  for (const { id } of done(await again.get<{ rows: readonly { id: string }[] }>('output.list', { state: 'overdue' })).rows) for (const { no, state } of (await show(again, id)).copiesIssued) if (state === 'out') done(await back(id, no, 'file'));
  await at(again, 2);
  await at(again, 3);
  await box.running.services.outputRound();
  t.false((await alarms(box, watching)).includes('A_OUTPUT_OVERDUE'));
  t.deepEqual((await show(again, asked.output)).copiesIssued.map(({ state }) => state), ['returned', 'to_destroy']);
  // Whoever destroys the carrier closes the order: the copy is what its carrier says.
  const { store, systemCall } = box.running.box;
  const carrier = (await show(again, asked.output)).copiesIssued[1]?.carrier ?? '';
  await store.write(systemCall('system.recover'), async (tx) => {
    await tx.allow();
    const one = await tx.carriers.get(carrier);
    if (one === undefined) throw new Error('no carrier');
    const { id, no, cap, own, level, maxLevelEver } = one.it;
    await tx.carriers.save({ ...one, it: { id, no, cap, own, level, maxLevelEver, state: 'destroyed', certificate: 'XH-1', witnesses: ['a', 'b'] } }, one.version);
    tx.audit({ action: 'system.recover' });
  });
  t.is((await show(again, asked.output)).state, 'closed');
  await t.throwsAsync(store.write(systemCall('system.recover'), async (tx) => { await tx.allow(); tx.audit({ action: 'system.recover' }); await tx.sql.run('DELETE FROM output_copy'); }));
  t.true(done(await again.get<{ rows: readonly Copy[] }>('output.copies', { record: secret.record })).rows.length >= 2);
  t.true(done(await again.get<{ rows: readonly Copy[] }>('output.copies', { classification: secret.classification ?? '' })).rows.some(({ outputNo }) => outputNo === asked.no));
  t.is((await again.get<Code>('output.copies')).body.code, 'E_INPUT_INVALID');
  t.is((await (await at(await box.as('zhaoxiaolan'), 2)).get('output.copies', { record: secret.record })).status, 404);
});

test('staging is in memory or not at all: a folder on a disk, a missing tool, no room: refused; what a kill left is swept', async (t) => {
  const here = await folderOf('stage');
  const tools = { memory: '/dev/shm', xorriso: 'xorriso', box: 'SZ-TEST/0001' };
  await t.throwsAsync(stagingFolder({ ...tools, memory: '/proc' }, 1), { code: 'E_OUTPUT_TOOL' } as never);
  await t.throwsAsync(stagingFolder({ ...tools, memory: path.join(here, 'nowhere') }, 1), { code: 'E_OUTPUT_TOOL' } as never);
  await t.throwsAsync(stagingFolder({ ...tools, xorriso: 'no-such-program' }, 1), { code: 'E_OUTPUT_TOOL' } as never);
  if (await run('xorriso', ['-version']).then(() => true, () => false)) {
    await t.throwsAsync(stagingFolder(tools, Number.MAX_SAFE_INTEGER), { code: 'E_OUTPUT_TOO_LARGE' } as never);
    const folder = await stagingFolder(tools, 1000);
    await sweepStaging({ ...tools, box: 'SZ-OTHER' });
    t.true((await readdir('/dev/shm')).includes(path.basename(folder)));
    await sweepStaging(tools);
    t.false((await readdir('/dev/shm')).includes(path.basename(folder)));
    const second = await stagingFolder(tools, 1000);
    await writeFile(path.join(second, '甲.txt'), '正文');
    const stream = isoImage(tools, second, 'KL3-2026-0001-1');
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    t.is(Buffer.concat(parts).subarray(32769, 32774).toString(), 'CD001');
  }
  t.is(outwardName(1, 'Z109-WS·2026·D10·BGS-0001', '../../etc/passwd', 3), '001_Z109-WS·2026·D10·BGS-0001___.._etc_passwd〔机密〕');
  t.is(outwardName(2, 'A', '关于"通知"的函.pdf', 0), '002_A_关于_通知_的函.pdf');
});
