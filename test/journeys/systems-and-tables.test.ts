import test from 'ava';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openTestBox } from '../helpers/box.js';
import { smallPdf } from '../helpers/office.js';
import { policy } from '../helpers/policy.js';
import { SourceClient } from '../helpers/source-client.js';
import { browserMissing, openConsole } from './browser.js';

const journey = browserMissing() === null ? test.serial : test.skip;

journey('来源系统登记、核定、测试后在线收件；三表提出新版本、对照、试算、登记审核 (第十一条、第十四条、第十五条)', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const oa = new SourceClient(box.url, 'OA-01');
  const visit = await openConsole(t, box.url);
  const { page } = visit;
  const go = async (to: string): Promise<void> => { await page.goto(`${box.url}${to}`); };

  await visit.signIn('孙浩');
  await go('/sources');
  await page.getByText('还没有登记来源系统').waitFor();
  await page.getByRole('button', { name: '登记来源系统' }).click();
  for (const [name, value] of [['系统代码', 'OA-01'], ['系统名称', '协同办公系统'], ['承建单位', '演练软件公司'], ['技术联系人', '技术部']] as const) await page.getByRole('textbox', { name }).fill(value);
  const keyFile = path.join(path.dirname(box.data), 'oa.pem');
  await writeFile(keyFile, oa.publicKey);
  await page.getByLabel('SM2 公钥文件').setInputFiles(keyFile);
  await page.getByLabel('整理', { exact: true }).check({ force: true });
  await page.getByRole('combobox', { name: '形成部门 1' }).selectOption('FGC');
  await page.getByRole('combobox', { name: '归档责任人 1' }).selectOption({ label: '段文' });
  await visit.screens('90-source-register');
  await page.getByRole('button', { name: '登记并签发证书' }).click();
  await page.getByText('待安全保密管理员核定密级').waitFor();
  t.deepEqual(await visit.barriers(), []);

  await visit.signIn('陈立新');
  await go('/sources');
  await page.getByRole('row').filter({ hasText: '协同办公系统' }).click();
  await page.getByRole('button', { name: '核定密级' }).click();
  await page.getByRole('combobox', { name: '密级至' }).selectOption('1');
  await page.getByRole('textbox', { name: '核定依据' }).fill('测评〔2026〕1号');
  await page.locator('form').getByRole('button', { name: '核定密级' }).click();
  await page.getByText('待试报后由档案员登记接口测试').waitFor();

  const item = oa.item('doc-1', { department: 'FGC', description: { title: '关于印发工作要点的通知', author: ['演练局'] }, facts: { categoryCode: 'WS', scheduleItemId: '6.2', documentDate: '2026-05-06', completedOn: '2026-05-07', orgOrFunction: 'FGC' } }, [{ name: '正文.pdf', content: await smallPdf('plan') }]);
  t.is((await oa.call<{ passed: boolean }>('trial', item)).body.passed, true);

  await visit.signIn('赵晓岚');
  await go('/sources');
  await page.getByRole('row').filter({ hasText: '协同办公系统' }).click();
  await page.getByRole('button', { name: '登记接口测试' }).click();
  await page.getByRole('textbox', { name: '测试日期' }).fill('20261101');
  await page.getByRole('textbox', { name: '测试报告编号' }).fill('接口测试〔2026〕1号');
  await page.getByRole('textbox', { name: '测试人员' }).fill('赵晓岚、段文');
  for (const one of await page.getByRole('radio', { name: / 合格$/u }).all()) await one.check({ force: true });
  await visit.screens('91-source-test');
  await page.locator('form').getByRole('button', { name: '登记接口测试' }).click();
  await page.getByText('在线收件中').waitFor();
  t.is((await oa.call<{ state: string }>('capture', item)).body.state, 'received');
  await page.reload();
  await page.getByRole('cell', { name: 'doc-1' }).waitFor();
  await visit.screens('92-source');
  t.deepEqual(await visit.barriers(), []);

  await go('/tables');
  const shipped = policy('retention.json');
  const revised = { ...shipped, version: '2027', source: '本单位 2026 年修订', items: shipped.items.map((one) => (one.code === '6.2' ? { ...one, retention: 'D30' } : one)) };
  const tableFile = path.join(path.dirname(box.data), '保管期限表.json');
  await writeFile(tableFile, JSON.stringify(revised));
  await page.getByRole('button', { name: '提出新版本' }).click();
  await page.getByLabel('三表文件').setInputFiles(tableFile);
  await page.locator('form').getByRole('button', { name: '提出新版本' }).click();
  await page.getByText('新增 0，修改 1，删除 0').waitFor();
  await visit.screens('93-table-compared');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '试算', exact: true }).click();
  await page.getByText('期限短于新版规定').first().waitFor();
  await visit.screens('94-table-rehearsed');
  t.deepEqual(await visit.barriers(), []);

  await visit.signIn('王振华');
  await go('/tables');
  await page.getByRole('row').filter({ hasText: '2027' }).click();
  await page.getByRole('button', { name: '登记审核' }).click();
  await page.getByRole('textbox', { name: '审核文号' }).fill('昆档审〔2026〕7号');
  await page.getByRole('textbox', { name: '审核机关' }).fill('市档案局');
  await page.getByRole('textbox', { name: '审核日期' }).fill('20261101');
  await page.getByRole('textbox', { name: '生效日期' }).fill('20990101');
  await page.locator('form').getByRole('button', { name: '登记审核' }).click();
  await page.getByText('待生效').waitFor();
  await go('/tables');
  await page.getByRole('row').filter({ hasText: '昆档审〔2026〕7号' }).waitFor();
  await visit.screens('95-tables');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});
