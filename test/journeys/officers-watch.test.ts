import test from 'ava';
import { marked, openDesk, setClock } from '../helpers/marking.js';
import { browserMissing, openConsole } from './browser.js';
import { atLevel } from './classifying.js';

const journey = browserMissing() === null ? test.serial : test.skip;

journey('保密员和三员日常查看: who came to know what, whose reading a code leads to, alarms with their rules, marks that still hold', async (t) => {
  t.timeout(240_000);
  const desk = await openDesk(t, setClock('2026-11-24'));
  const visit = await openConsole(t, desk.box.url);
  const { page } = visit;
  const url = desk.box.url;
  const { record, classification } = await marked(desk, {}, '知悉事项（演练）');

  // 李建国 reads; the code on the page is kept.
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.goto(`${url}/record/${record}`);
  const code = (await page.getByText(/阅览编号/u).innerText()).replace('阅览编号', '').trim();
  t.regex(code, /^[0-9A-Z]{4,}-[0-9A-Z]{4,}$/u);

  // 预演: 王振华 would come to know of it.
  await visit.signIn('周敏');
  await atLevel(page, '机密');
  await page.goto(`${url}/marking-case/new?classification=${classification}&kind=change`);
  await page.getByRole('combobox', { name: '变更理由' }).selectOption('basis_changed');
  for (const [name, value] of [['核对情况', '已核对'], ['理由', '工作需要'], ['依据', '保密法第二十一条']] as const) await page.getByRole('textbox', { name, exact: true }).fill(value);
  await page.getByRole('combobox', { name: '知悉人员' }).fill('王振华');
  await page.getByRole('option', { name: /^王振华/u }).click();
  await page.getByRole('heading').first().click();
  await page.getByRole('button', { name: '预演', exact: true }).click();
  await page.getByRole('row').filter({ hasText: '将知悉' }).filter({ hasText: '王振华' }).waitFor();
  await visit.screens('70-rehearsed');
  t.deepEqual(await visit.barriers(), []);

  await page.goto(`${url}/knowledge`);
  await page.getByRole('row').filter({ hasText: '李建国' }).filter({ hasText: '阅览' }).first().waitFor();
  await visit.screens('71-knowledge');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${url}/binding`);
  await page.getByText('没有不符的件').waitFor();
  t.deepEqual(await visit.barriers(), []);

  // 安全审计员: the code leads back to the reading.
  await visit.signIn('何静怡');
  await page.goto(`${url}/audit`);
  await page.getByRole('textbox', { name: '阅览编号' }).fill(code.toLowerCase());
  await page.getByRole('button', { name: '查阅览人' }).click();
  await page.getByRole('status').getByText('李建国').waitFor();
  await visit.screens('72-trace');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${url}/binding`);
  await page.getByRole('button', { name: '立即校验' }).click();
  await page.getByText('已从头校验').waitFor();
  await visit.screens('73-binding');
  t.deepEqual(await visit.barriers(), []);

  // 告警: somebody tries three times what is above them; 陈立新 looks into it and closes it.
  const stranger = await desk.box.as('linxiao');
  for (let n = 0; n < 4; n += 1) await stranger.get('record.show', { record });
  await visit.signIn('陈立新');
  await page.goto(`${url}/alarms?tab=rules`);
  await page.getByRole('row').filter({ hasText: 'A_READ_UP_ATTEMPT' }).waitFor();
  await visit.screens('74-alarm-rules');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${url}/alarms`);
  await page.getByRole('row').filter({ hasText: 'A_READ_UP_ATTEMPT' }).getByRole('button').click();
  await page.getByRole('textbox', { name: '核查意见' }).fill('误点链接，已提醒本人');
  await visit.screens('75-alarm');
  t.deepEqual(await visit.barriers(), []);
  await page.locator('form').getByRole('button', { name: '核查并关闭' }).click();
  await page.getByText('已核查关闭').waitFor();
  await page.goto(`${url}/alarms?tab=closed`);
  await page.getByRole('row').filter({ hasText: '误点链接' }).waitFor();
  await page.goto(`${url}/binding`);
  await page.getByRole('heading', { name: '标志绑定校验' }).waitFor();
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});
