import { readdirSync } from 'node:fs';
import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { deviceFor, folderOf, handedOver, introduce } from '../helpers/handed-over.js';
import { described, done, fileBatch, filedSecret, markers } from '../helpers/marked.js';
import { openConsole, type Visit } from './browser.js';
import { atLevel, reasonsOf, signOff } from './classifying.js';

const SECRET = '关于印发演练方案的通知';

/** 到馆登记 of what stands on the medium, signed for by both receivers, and opened with its device. */
async function takenFromTheDoor(visit: Visit, directory: string, handoverNo: string): Promise<void> {
  const { page } = visit;
  await page.getByRole('link', { name: '接收', exact: true }).click();
  await page.getByRole('button', { name: '到馆登记' }).click();
  for (const [label, value] of [['交接单号', handoverNo], ['护送人', '杨静、周敏'], ['载体编号', 'ZT3-2026-0001'], ['专用设备编号', 'YD-01'], ['封签号', 'FQ-01、FQ-02']] as const) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole('button', { name: '登记到馆' }).click();
  await page.getByRole('heading', { name: /^接收 /u }).waitFor();
  await signOff(page, '签收');
  const at = new URL(page.url()).pathname;
  await visit.signIn('许南');
  await atLevel(page, '机密');
  await page.goto(new URL(at, page.url()).href);
  await signOff(page, '签收');
  await page.getByRole('button', { name: '启封', exact: true }).click();
  await page.getByLabel('介质挂载目录').fill(directory);
  await page.getByRole('button', { name: '启封', exact: true }).last().click();
}

test('档案馆接收员接收一批移交（第二十三、二十六条）: two sign at the door, the good package goes into the holdings with its marks, the same medium again is refused with its cause', async (t) => {
  t.timeout(300_000);
  const [unit, archive] = [await openTestBox(t), await openTestBox(t, { mode: 'repository' })];
  await introduce(archive, unit);
  const medium = await folderOf(t, 'medium');
  await deviceFor(medium, [unit, archive]);
  const marking = await markers(unit);
  const secret = await filedSecret(marking, SECRET);
  const plain = await described(marking.proposer, '关于办公用房调整的通知', 1);
  await fileBatch(marking.proposer, marking.custodian, plain.batch, 1);
  await handedOver(unit, archive, [secret.record, plain.record], medium, 'YD-01');

  const visit = await openConsole(t, archive.url);
  const { page } = visit;
  const said = async (text: string | RegExp): Promise<void> => page.getByRole('status').getByText(text).first().waitFor();
  await visit.signIn('高远');
  await atLevel(page, '机密');
  await page.getByRole('link', { name: '接收', exact: true }).click();
  await page.getByText('没有接收', { exact: true }).waitFor();
  await takenFromTheDoor(visit, medium, 'JJ-2026-0001');
  await said('已启封，2 件在隔离区待检测');
  await page.getByText(SECRET).waitFor();
  await visit.screens('90-accession-opened');
  t.deepEqual(await visit.barriers(), []);

  await page.getByRole('button', { name: '检测清点' }).click();
  await page.getByText('检测合格', { exact: true }).waitFor();
  t.is(await page.getByRole('button', { name: '退回', exact: true }).getAttribute('aria-disabled'), 'true', '第二十三条: what is in order is not sent back');
  await page.getByRole('button', { name: '准予接收', exact: true }).click();
  await page.getByLabel('存放位置').fill('一号库房 3 架 2 层');
  await visit.screens('91-accession-accept');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '准予接收入库' }).click();
  await page.getByText('Z109-G000002').waitFor();
  await signOff(page, '签署接收凭证');
  t.regex(await reasonsOf(page, '签署接收凭证'), /您已签过，须由另一人签/u);
  const at = page.url();
  await visit.signIn('高远');
  await atLevel(page, '机密');
  await page.goto(at);
  await signOff(page, '签署接收凭证');
  await page.getByRole('button', { name: '办结', exact: true }).click();
  await page.getByLabel('介质挂载目录').fill(medium);
  await page.getByRole('button', { name: '办结', exact: true }).last().click();
  await said('接收凭证已写到介质');
  await visit.screens('92-accession-closed');
  t.deepEqual(await visit.barriers(), []);
  t.is(readdirSync(medium).filter((name) => name.startsWith('接收凭证')).length, 1);
  await page.getByRole('link', { name: '接收登记', exact: true }).click();
  await page.getByText('一号库房 3 架 2 层').waitFor();
  await visit.screens('93-accession-register');
  t.deepEqual(await visit.barriers(), []);

  await takenFromTheDoor(visit, medium, 'JJ-2026-0001');
  await page.getByText('E_ENVELOPE_REPLAYED').first().waitFor();
  await visit.screens('94-accession-refused');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
  t.is(done(await (await archive.as('gaoyuan')).get<{ total: number }>('record.search', { q: SECRET })).total, 0, 'a session at 内部 finds nothing of it');
});
