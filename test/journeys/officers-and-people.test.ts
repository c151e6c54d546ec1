import test from 'ava';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import { openTestBox } from '../helpers/box.js';
import { browserMissing, openConsole } from './browser.js';

const missing = browserMissing();
const journey = missing === null ? test.serial : test.serial.skip;

journey('「安全保密管理员办理三员离岗,单位负责人签署」: one person alone ends no office', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const visit = await openConsole(t, box.url);
  const { page } = visit;

  await visit.signIn('陈立新');
  await page.goto(`${box.url}/personnel`);
  await page.getByRole('heading', { name: '涉密人员台账' }).waitFor();
  await page.getByRole('link', { name: '杨静' }).waitFor();
  await visit.screens('personnel');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '登记涉密人员' }).click();
  await page.getByRole('link', { name: /何静怡/ }).click();
  await page.getByRole('button', { name: '登记审查与承诺' }).click();
  await page.getByLabel('涉密分类').selectOption('general');
  await page.getByLabel('审查日期').fill('20261101');
  await page.getByLabel('审查编号').fill('审〔2026〕9号');
  await page.getByLabel('审查单位').fill('人事处');
  await page.getByLabel('承诺日期').fill('20261101');
  await page.getByLabel('承诺书号').fill('承-9');
  await page.getByRole('button', { name: '保存登记' }).click();
  await page.getByText('审〔2026〕9号', { exact: true }).waitFor();
  await page.getByRole('button', { name: '办理离岗' }).click();
  await page.getByLabel('离岗事由').fill('调任他处');
  await visit.screens('personnel-leave');
  await page.getByRole('group', { name: '办理离岗' }).getByRole('button', { name: '办理离岗' }).click();
  await page.getByText('已提请单位负责人批准').waitFor();

  await visit.signIn('王振华');
  await page.goto(`${box.url}/approvals`);
  await page.getByRole('link', { name: '三员离岗' }).click();
  await page.getByText('单位负责人批准').waitFor();
  await visit.screens('approval');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '签署同意' }).click();
  await page.getByRole('dialog', { name: '签署' }).getByLabel('PIN').fill('246810');
  await page.getByRole('dialog', { name: '签署' }).getByRole('button', { name: '签署', exact: true }).click();
  await page.getByRole('button', { name: '完成' }).click();
  await page.getByText('已办理').first().waitFor();

  await visit.signIn('陈立新');
  await page.goto(`${box.url}/personnel?state=cooling`);
  await page.getByRole('link', { name: '何静怡' }).click();
  await page.getByRole('heading', { name: '清退清单' }).waitFor();
  await visit.screens('personnel-hand-back');
  await page.getByRole('button', { name: '登记清退' }).first().click();
  await page.getByLabel('清退情况').fill('已收回');
  await page.getByRole('button', { name: '登记清退' }).first().click();
  await page.getByText('已登记清退').waitFor();
  t.deepEqual(visit.complaints, []);
});

journey('「登记终端、加严策略、申请应急访问」: each officer finds the own page, and a terminal signs in with its key', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const visit = await openConsole(t, box.url);
  const { page } = visit;

  await visit.signIn('孙浩');
  await page.goto(`${box.url}/terminals`);
  await page.getByRole('button', { name: '登记本终端' }).click();
  await page.getByLabel('终端编号').fill('ZD-01');
  await page.getByLabel('放置地点').fill('档案室一号桌');
  await page.getByRole('button', { name: '登记本终端' }).last().click();
  await page.getByText('待核定').waitFor();

  await visit.signIn('陈立新');
  await page.goto(`${box.url}/terminals`);
  await page.getByRole('button', { name: '核定' }).click();
  await page.getByLabel('终端密级').selectOption('2');
  await page.getByLabel('事由').fill('核定为秘密级');
  await page.getByRole('button', { name: '核定终端' }).click();
  await page.getByText('在用').waitFor();
  await visit.screens('terminals');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${box.url}/policy`);
  await page.getByRole('button', { name: '加严策略' }).click();
  await page.getByLabel('空闲重鉴别').fill('12');
  await page.getByLabel('事由').fill('按测评意见');
  await page.getByRole('button', { name: '加严策略' }).last().click();
  await page.getByText('安全策略只能加严').first().waitFor();
  await page.getByLabel('空闲重鉴别').fill('5');
  await page.getByRole('button', { name: '加严策略' }).last().click();
  await page.getByText('按测评意见').waitFor();
  await visit.screens('policy');
  t.deepEqual(await visit.barriers(), []);

  // The terminal is cleared for 秘密: a custodian cleared for 机密 does not work at 机密 there.
  await visit.signIn('杨静');
  t.is((await box.running.box.reader.one<{ terminal: string }>("SELECT terminal FROM session WHERE terminal_id IS NOT NULL AND ended_at IS NULL ORDER BY created_at DESC LIMIT 1"))?.terminal, 'ZD-01');
  t.true(await page.getByRole('group', { name: '会话密级' }).getByRole('button', { name: '机密' }).isDisabled());
  await page.goto(`${box.url}/emergency`);
  await page.getByRole('button', { name: '申请应急访问' }).click();
  await page.getByLabel('档号', { exact: true }).fill('Z109-WS·2026·D10·BMB-0001');
  await page.getByLabel('事由').fill('抢险调阅');
  await page.getByRole('button', { name: '提请审批' }).click();
  await page.getByText('已提请应急访问').waitFor();
  await visit.screens('emergency');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});

journey('domain/07 §4.1: switching the session level takes down what was shown at the higher one', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const { reader, sealing } = box.running.box;
  const secrets = await reader.all<{ id: string; level: 2 | 3; sealed: Buffer }>("SELECT id, level, sealed FROM record WHERE level >= 2 AND state = 'filed'");
  const titles = secrets.map((row) => sealing.open<{ title: string }>(row.level, `record/${row.id}`, row.sealed).title);
  const visit = await openConsole(t, box.url);
  const { page } = visit;
  await visit.signIn('杨静');
  const levels = page.getByRole('group', { name: '会话密级' });
  const shownTitles = async (): Promise<string[]> => {
    const text = await page.evaluate('document.documentElement.outerHTML') as string;
    return titles.filter((title) => text.includes(title));
  };
  await levels.getByRole('button', { name: '机密' }).click();
  await page.getByText('会话密级已切换为机密').waitFor();
  await page.getByRole('link', { name: '检索' }).click();
  await page.getByRole('heading', { name: '检索' }).waitFor();
  await page.waitForTimeout(1500);
  const seen = await shownTitles();
  t.true(seen.length > 0, 'a custodian at 机密 sees secrets in the search');
  await levels.getByRole('button', { name: '内部' }).click();
  await page.getByText('会话密级已切换为内部').waitFor();
  await page.waitForTimeout(1500);
  t.deepEqual(await shownTitles(), [], 'the page was read again at the lower level');
  await page.goBack();
  await page.waitForTimeout(1500);
  t.deepEqual(await shownTitles(), [], 'and going back finds nothing either');
  t.deepEqual(await page.evaluate<string[]>("[...Object.keys(sessionStorage), ...Object.keys(localStorage)]"), [], 'nothing is kept by the browser');
});
