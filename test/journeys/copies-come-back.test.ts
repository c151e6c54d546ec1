import { readFile } from 'node:fs/promises';
import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { browserMissing, openConsole } from './browser.js';

const missing = browserMissing();

async function sign(client: Client, approval: string): Promise<void> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  done(await client.post('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version }));
}

(missing === null ? test : test.skip)('「承办人申请打印一件机密件，两人签署后由涉密档案管理员出件，凭溯源码查到领用人，归还后办结」', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const people = await markers(box);
  const secret = await filedSecret(people, '演练预案甲');
  const code = done(await people.custodian.get<{ record: { archivalCode: string } }>('record.show', { record: secret.record })).record.archivalCode;

  done(await (await box.as('chenlixin')).post('device.register', { kind: 'printer', no: 'DYJ-01', certifiedLevel: 3, model: 'M1', serial: 'P-1', certNo: 'ISSTEC-9', certValidTo: '2099-12-31', lastCheckOn: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10), boundUser: null, boundDepartment: null, place: '涉密机房', reason: '新购' }));

  const visit = await openConsole(t, box.url);
  const { page } = visit;
  const level = async (name: string): Promise<void> => page.getByRole('group', { name: '会话密级' }).getByRole('button', { name }).click();
  await visit.signIn('刘思远');
  await level('机密');
  await page.goto(`${box.url}/record/${secret.record}`);
  await page.getByRole('link', { name: '申请打印' }).click();
  t.is(await page.getByRole('textbox', { name: '档号', exact: true }).inputValue(), code);
  await page.getByRole('spinbutton', { name: '份数' }).fill('2');
  await page.getByRole('textbox', { name: '用途' }).fill('防汛会议使用');
  const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
  await page.getByRole('textbox', { name: '应还日期' }).fill(day);
  await page.getByRole('textbox', { name: '用途' }).focus();
  t.deepEqual(await visit.barriers(), []);
  await visit.screens('outputs-ask');
  await page.getByRole('button', { name: '提请审批' }).click();
  await page.getByText('签署完成后方可出件').waitFor();
  await page.getByText('保密员审核：待签').waitFor();

  const officer = await at(await box.as('zhoumin'), 3);
  const { rows } = done(await officer.get<{ rows: readonly { id: string }[] }>('approval.list', { state: 'mine' }));
  for (const client of [officer, await at(await box.as('wangzhenhua'), 3)]) await sign(client, rows[0]?.id ?? '');

  await visit.signIn('杨静');
  await level('机密');
  await page.getByRole('navigation', { name: '按职责导航' }).getByRole('link', { name: '打印刻录导出' }).click();
  await page.getByRole('row').filter({ hasText: '防汛会议使用' }).click();
  await page.getByRole('button', { name: '打印出件（第 1 份）' }).click();
  await page.getByLabel('打印机编号').fill('DYJ-01');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '打印出件', exact: true }).click()]);
  t.regex(file.suggestedFilename(), /^DY3-\d{4}-0001-1〔机密〕\.pdf$/u);
  t.is((await readFile(await file.path())).subarray(0, 5).toString(), '%PDF-');
  const drawer = page.getByRole('complementary');
  await drawer.getByText('1/2 份').waitFor();
  const trace = await drawer.locator('.trace').first().innerText();
  await page.getByRole('textbox', { name: '溯源码' }).fill(trace);
  await page.getByRole('button', { name: '查副本' }).click();
  await page.getByRole('status').getByText('第 1 份').waitFor();
  await visit.screens('outputs');
  t.deepEqual(await visit.barriers(), []);
  await drawer.getByRole('button', { name: '交销' }).click();
  await drawer.getByLabel('存放位置').fill('待销柜');
  await drawer.getByLabel('说明').fill('卡纸作废');
  await visit.screens('outputs-return');
  await drawer.getByRole('button', { name: '登记' }).click();
  await drawer.getByText('待销', { exact: true }).waitFor();
  await page.goto(`${box.url}/record/${secret.record}`);
  await page.getByRole('heading', { name: '副本' }).waitFor();
  await page.getByRole('link', { name: /^DY3-/u }).waitFor();
  await visit.screens('outputs-record');
  t.deepEqual(visit.complaints, []);
});
