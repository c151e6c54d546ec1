import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import iconv from 'iconv-lite';
import sharp from 'sharp';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { boxSignatureCheck } from '../../appliance/box.js';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { approve, closed, condemn, filedPaper, frozen, parts, sign } from '../helpers/condemned.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { smallDocx } from '../helpers/office-document.js';
import { makeOfd } from '../helpers/ofd-package.js';

interface Code { readonly code: string; readonly details?: readonly { readonly at: string; readonly message: string }[] }
interface Item { readonly seq: number; readonly record: string; readonly file: string; readonly state: string; readonly source: { readonly sm3: string; readonly bytes: number }; readonly target: { readonly file: string; readonly sm3: string; readonly bytes: number; readonly mime: string; readonly format: string } | null; readonly checks: readonly { readonly code: string; readonly passed: boolean; readonly told: string }[] }
interface Shown { readonly state: string; readonly version: number; readonly tool: string | null; readonly items: readonly Item[]; readonly counts: { readonly passed: number; readonly failed: number; readonly before: number; readonly after: number }; readonly approval: string | null }
interface FileShown { readonly id: string; readonly mime: string; readonly format: string; readonly sm3: string }

const RISKS = ['content', 'layout', 'evidence', 'metadata', 'secrecy'].map((risk) => ({ risk, likelihood: 1, impact: 2, measure: '' }));
const NEED = '格式不在归档格式范围内，软件将停止支持';
const show = async (client: Client, conversion: string) => done(await client.get<Shown>('conversion.show', { conversion }));
const act = async (client: Client, name: string, conversion: string, body: object = {}) => client.post<Code & { state: string; approval: string }>(`conversion.${name}`, { conversion, seenVersion: (await show(client, conversion)).version, ...body });
const filesOf = async (client: Client, record: string) => done(await client.get<{ files: readonly FileShown[] }>('record.show', { record })).files;
const page = async (client: Client, file: string) => (await client.get<Code>('record.read', { file, page: 1 })).status;

interface Staff { readonly keeper: Client; readonly archivist: Client; readonly head: Client }
async function staff(box: TestBox, level = 1): Promise<Staff> {
  return { keeper: await at(await box.as('yangjing'), level), archivist: await at(await box.as('zhaoxiaolan'), level), head: await at(await box.as('wangzhenhua'), level) };
}
async function draft(client: Client, converter: string, files: readonly string[], more: object = {}): Promise<string> {
  return done(await client.post<{ conversion: string }>('conversion.draft', { converter, files, need: NEED, risks: RISKS, ...more })).conversion;
}
/** From the draft to the end of the run. */
async function ran(box: TestBox, { keeper, head }: Staff, conversion: string): Promise<Shown> {
  await approve(head, done(await act(keeper, 'ask', conversion)).approval);
  done(await act(keeper, 'start', conversion));
  await box.running.services.conversionWork.settled();
  return show(keeper, conversion);
}
/** What a look over everything the box believes finds, by kind. */
async function findings(box: TestBox): Promise<readonly string[]> {
  const { reader: sql, vault, keys, paths, sm3, crypto, identity, bindings } = box.running.box;
  return (await fsck({ sql, vault, keys, paths, sm3, check: boxSignatureCheck(crypto, identity.chain[0] ?? ''), deep: true, bindings })).findings.map(({ kind }) => kind);
}
const SAY = '关于做好防汛抗旱工作的通知。各县（市、区）水利局：请于六月底前完成检查。';
const frame = async (colour: string): Promise<Buffer> => sharp({ create: { width: 24, height: 16, channels: 4, background: colour } }).png().toBuffer();

test('第三十一条: from the need to the register: assessed, approved by another, run, tested again, reviewed by a third; what fails is rolled back and the original is still current; an adopted target goes back on request', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  const people = await staff(box);
  const { keeper, archivist, head } = people;
  const proposer = await at(await box.as('liusiyuan'), 1);
  const gbk = iconv.encode(SAY, 'gb18030');
  const told = await filedPaper(proposer, keeper, '防汛通知', gbk, 1, 'txt');
  const picture = await filedPaper(proposer, keeper, '现场照片', await sharp(await frame('#1f4e79')).gif().toBuffer(), 1, 'gif');
  const moving = await filedPaper(proposer, keeper, '水位变化', await sharp([await frame('#ff0000'), await frame('#00ff00'), await frame('#0000ff')], { join: { animated: true } }).gif().toBuffer(), 1, 'gif');

  // Holdings by format and risk.
  const formats = done(await keeper.get<{ rows: readonly { mime: string; risk: string; action: string; files: number; listed: boolean }[]; tools: readonly { key: string; state: string }[] }>('conversion.formats'));
  t.deepEqual(formats.rows.filter(({ mime }) => mime === 'image/gif').map(({ risk, action, files }) => [risk, action, files]), [['medium', 'convert', 2]]);
  t.true(formats.tools.every(({ state }) => ['ready', 'not-installed', 'no-memory-folder'].includes(state)));
  t.deepEqual(done(await keeper.get<{ rows: readonly { file: string }[] }>('conversion.files', { mime: 'image/gif' })).rows.map(({ file }) => file).sort(), [picture.file, moving.file].sort());

  // Not without need, risk assessment and approval.
  const bare = await draft(keeper, 'image-tiff', [picture.file], { need: '', risks: RISKS.slice(1) });
  const refused = await act(keeper, 'ask', bare);
  t.is(refused.body.code, 'E_MIGRATION_RISK_ASSESSMENT');
  t.deepEqual(refused.body.details?.map((one) => one.at), ['/need', '/risks/content']);
  t.is((await act(keeper, 'start', bare)).body.code, 'E_MIGRATION_RISK_ASSESSMENT');
  t.is((await keeper.post<Code>('conversion.draft', { converter: 'image-tiff', files: [picture.file], need: NEED, risks: RISKS })).body.code, 'E_CONVERSION_SOURCE', 'a file is in one open case');
  t.is((await keeper.post<Code>('conversion.draft', { converter: 'office-pdfa', files: [moving.file], need: NEED, risks: RISKS })).body.code, 'E_CONVERSION_SOURCE', 'of a format the converter takes');
  done(await act(keeper, 'save', bare, { need: NEED, risks: RISKS }));
  t.is((await proposer.get<Code>('conversion.list')).body.code, 'E_DENIED');

  const good = await ran(box, people, bare);
  t.is(good.state, 'checked');
  t.deepEqual(good.items[0]?.checks.filter(({ passed }) => !passed), []);
  t.deepEqual((await filesOf(keeper, picture.record)).map(({ mime }) => mime), ['image/gif'], 'nothing is switched before the review');
  t.is((await act(keeper, 'adopt', bare, { opinion: '同意' })).body.code, 'E_SOD_CONFLICT', 'not by who drafted and ran it');
  done(await act(archivist, 'adopt', bare, { opinion: '逐件核对无误，同意启用' }));
  const [now] = await filesOf(keeper, picture.record);
  t.like(now, { mime: 'image/tiff', sm3: good.items[0]?.target?.sm3 });
  t.is(await page(keeper, now?.id ?? ''), 200);
  t.is(await page(keeper, picture.file), 200, 'the original is kept and reads');
  const { events } = done(await keeper.get<{ events: readonly { activity: string; detail: Record<string, unknown> }[] }>('record.show', { record: picture.record }));
  t.deepEqual(events.filter(({ activity }) => ['convert', 'migrate'].includes(activity)).map(({ activity, detail }) => [activity, detail['sourceSm3'] === good.items[0]?.source.sm3, detail['targetSm3'] === now?.sm3]), [['convert', true, true], ['migrate', true, true]]);

  // Text in an old encoding.
  const words = await draft(keeper, 'text-utf8', [told.file]);
  t.is((await ran(box, people, words)).state, 'checked');
  done(await act(archivist, 'adopt', words, { opinion: '同意' }));
  const [plain] = await filesOf(keeper, told.record);
  const { object } = await box.running.box.reader.one<{ object: string }>('SELECT object FROM computer_file WHERE id = $1', plain?.id ?? '') ?? { object: '' };
  const sealed = await box.running.box.vault.open(object);
  t.is(Buffer.from(await sealed.readRange(0, sealed.bytes)).toString('utf8'), SAY);
  await sealed.close();

  // Three frames into one picture: the re-inspection fails, the case with it, and nothing is left of the target.
  const lossy = await draft(keeper, 'image-png', [moving.file]);
  const bad = await ran(box, people, lossy);
  t.is(bad.state, 'failed');
  t.deepEqual(bad.items.map(({ state, target, checks }) => [state, target, checks.some(({ code, passed }) => code === 'GD-2-7' && !passed)]), [['failed', null, true]]);
  t.is((await act(archivist, 'adopt', lossy, { opinion: '同意' })).body.code, 'E_MIGRATION_POSTCHECK_FAILED');
  t.deepEqual((await filesOf(keeper, moving.record)).map(({ id, mime }) => [id, mime]), [[moving.file, 'image/gif']], 'the original is still current');
  t.is((await box.running.box.reader.one<{ n: number }>('SELECT count(*) AS n FROM computer_file WHERE record = $1', moving.record))?.n, 1);
  t.true(done(await (await box.as('hejingyi')).get<{ rows: readonly { action: string; reason: string | null }[] }>('audit.list', { action: 'conversion.convert', result: 'failed' })).rows.some(({ reason }) => reason === 'E_MIGRATION_POSTCHECK_FAILED'));

  // Rolled back after it was adopted: both versions stay.
  t.is((await act(keeper, 'roll-back', bare, { reason: '色彩不符' })).body.code, 'E_SOD_CONFLICT');
  done(await act(archivist, 'roll-back', bare, { reason: '利用中发现色彩不符' }));
  t.deepEqual((await filesOf(keeper, picture.record)).map(({ id }) => id), [picture.file]);
  t.is(await page(keeper, now?.id ?? ''), 200, 'the target is kept behind the original');

  t.deepEqual(await findings(box), []);
  const form = await keeper.get('conversion.print', { conversion: words });
  t.is(form.bytes.subarray(0, 5).toString('latin1'), '%PDF-');
  if (process.env['SHOUZANG_FORMS'] !== undefined) await writeFile(path.join(process.env['SHOUZANG_FORMS'], '迁移登记表.pdf'), form.bytes);
  t.is((await head.get('conversion.show', { conversion: words })).status, 200);

  // OFD: words and pages beside the original, which stays current.
  const ofd = await filedPaper(proposer, keeper, '版式文件', makeOfd({ text: '红头文件正文', pages: 2 }), 1, 'ofd');
  const out = await draft(keeper, 'ofd-text', [ofd.file]);
  const extracted = await ran(box, people, out);
  t.is(extracted.state, 'checked', JSON.stringify(extracted.items));
  done(await act(archivist, 'adopt', out, { opinion: '同意留存' }));
  t.deepEqual((await filesOf(keeper, ofd.record)).map(({ id }) => id), [ofd.file]);
  const pages = await draft(keeper, 'ofd-pages', [ofd.file]);
  const drawn = await ran(box, people, pages);
  t.deepEqual(drawn.items.map(({ state, target }) => [state, target?.mime]), [['passed', 'application/pdf']], JSON.stringify(drawn.items));
  done(await act(archivist, 'roll-back', pages, { reason: '不需要' }));
  t.is((await show(keeper, pages)).state, 'rolled_back');

  // 销毁: every representation goes, the derived ones too.
  await condemn(box.running.box, [ofd.record, told.record], keeper.person);
  const destroyers = await parts(box);
  const batch = await frozen([ofd.record, told.record], destroyers);
  done(await sign(destroyers.executor, batch, 'destruction.execute'));
  await box.running.services.destructionWork.settled();
  await closed(batch, destroyers);
  const left = await box.running.box.reader.all<{ object: string }>("SELECT object FROM computer_file JOIN stored_object ON stored_object.id = object WHERE record IN ($1, $2) AND stored_object.state <> 'gone'", ofd.record, told.record);
  t.deepEqual(left, []);
  const objects = await box.running.box.reader.all<{ object: string }>('SELECT object FROM computer_file WHERE record IN ($1, $2)', ofd.record, told.record);
  t.is(objects.length, 5, 'two of the text; of the OFD the original, the words and the pages');
  for (const one of objects) t.false(await box.running.box.keys.holds(one.object));
});

test('第三十一条: a conversion goes on where the box stopped, and may be paused; a state secret is converted by who may know of it, and stays bound', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  const marking = await markers(box);
  const secret = await filedSecret(marking, '隐龙潭方案');
  const keeper = marking.custodian;
  t.is((await keeper.post<Code>('conversion.draft', { converter: 'image-tiff', files: [secret.file], need: NEED, risks: RISKS })).body.code, 'E_CONVERSION_SOURCE', 'a PDF is no picture');
  const stranger = await at(await box.as('zhaoxiaolan'), 2);
  t.is((await stranger.post<Code>('conversion.draft', { converter: 'image-tiff', files: [secret.file], need: NEED, risks: RISKS })).body.code, 'E_NOT_FOUND');
  t.is(done(await stranger.get<{ rows: readonly unknown[] }>('conversion.files', { mime: 'application/pdf', level: 3 })).rows.length, 0);

  const people = await staff(box);
  const proposer = await at(await box.as('liusiyuan'), 1);
  const files: string[] = [];
  for (let n = 0; n < 3; n += 1) files.push((await filedPaper(proposer, people.keeper, `照片${String(n)}`, await sharp(await frame(`#0${String(n)}4e79`)).webp({ lossless: true }).toBuffer(), 1, 'webp')).file);
  const conversion = await draft(people.keeper, 'image-tiff', files);
  await approve(people.head, done(await act(people.keeper, 'ask', conversion)).approval);
  // The box was killed in the middle: the case runs, one item was begun.
  await box.running.box.store.housekeep(async (sql) => { await sql.run('UPDATE conversion_item SET attempts = 1 WHERE conversion = $1 AND seq = 1', conversion); });
  done(await act(people.keeper, 'start', conversion));
  const paused = await act(people.keeper, 'pause', conversion);
  await box.running.services.conversionWork.settled();
  if (paused.status === 200) {
    t.is((await show(people.keeper, conversion)).state, 'paused');
    done(await act(people.keeper, 'start', conversion));
  }
  await box.stop();
  const again = await openTestBox(t, { data: box.data });
  t.teardown(async () => again.stop());
  await again.running.services.conversionWork.settled();
  const keeperAgain = await at(await again.as('yangjing'), 1);
  const end = await show(keeperAgain, conversion);
  t.is(end.state, 'checked');
  t.deepEqual(end.items.map(({ state }) => state), ['passed', 'passed', 'passed']);
  t.true(end.counts.before > 0 && end.counts.after > 0, 'size before and after');
});

const withOffice = spawnSync('soffice', ['--version']).status === 0;
if (withOffice) test('第三十一条: a Word document becomes PDF/A by LibreOffice, in memory, and holds against its words', office);
else test.skip('第三十一条: LibreOffice is not installed here: a Word document becomes PDF/A', office);

async function office(t: ExecutionContext): Promise<void> {
  t.timeout(300_000);
  const box = await openTestBox(t);
  const people = await staff(box);
  const proposer = await at(await box.as('liusiyuan'), 1);
  const taken = await filedPaper(proposer, people.keeper, '防汛请示', smallDocx([SAY, '附件：检查表。', '水利局 2026年5月6日']), 1, 'docx');
  const conversion = await draft(people.keeper, 'office-pdfa', [taken.file]);
  const end = await ran(box, people, conversion);
  t.is(end.state, 'checked', JSON.stringify(end.items));
  t.like(end.items[0]?.target, { mime: 'application/pdf' });
  t.regex(end.items[0]?.target?.format ?? '', /^PDF\/A-2/u);
  t.regex(end.tool ?? '', /^LibreOffice/u);
  done(await act(people.archivist, 'adopt', conversion, { opinion: '同意' }));
  t.deepEqual((await filesOf(people.keeper, taken.record)).map(({ mime }) => mime), ['application/pdf']);
}
