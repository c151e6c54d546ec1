import test from 'ava';
import { formOf, marked, openDesk, setClock, settle, termsOf, years } from '../helpers/marking.js';
import { browserMissing, openConsole } from './browser.js';
import { atLevel, signOff } from './classifying.js';

const journey = browserMissing() === null ? test.serial : test.skip;

journey('定密责任人名单与年度统计: who may decide is asked for and refused with reasons; the statistics close for every level and print', async (t) => {
  t.timeout(240_000);
  const desk = await openDesk(t, setClock('2026-11-24'));
  const visit = await openConsole(t, desk.box.url);
  const { page } = visit;
  const url = desk.box.url;
  await marked(desk, {}, '甲事项（演练）');
  const second = await marked(desk, {}, '乙事项（演练）');
  await settle(desk, second.classification, formOf({ kind: 'change', changeReason: 'harm_changed', to: termsOf(desk, { level: 2, term: years(5) }) }));

  await visit.signIn('周敏');
  await page.goto(`${url}/class-authorities`);
  await page.getByRole('row').filter({ hasText: '李建国' }).waitFor();
  await page.getByRole('button', { name: '提请指定' }).click();
  await page.getByRole('combobox', { name: '人员' }).selectOption({ label: '林晓（法规处）' });
  await page.getByRole('combobox', { name: '定密权限' }).selectOption('3');
  await page.getByRole('textbox', { name: '定密培训日期' }).fill('20261010');
  await page.getByRole('textbox', { name: '指定文号或职务' }).fill('演练密指〔2026〕2号');
  await page.getByRole('button', { name: '提请批准' }).click();
  await page.getByRole('alert').getByText('E_CLEARANCE_REQUIRED').waitFor();
  await visit.screens('59-authority-refused');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('combobox', { name: '人员' }).selectOption({ label: '杨静（档案室）' });
  await page.getByRole('button', { name: '提请批准' }).click();
  await page.getByText('已提请单位负责人批准').waitFor();
  await page.getByRole('button', { name: '登记授权' }).click();
  await visit.screens('60-authorities');
  t.deepEqual(await visit.barriers(), []);

  // 单位负责人 signs: on the list from then on.
  await visit.signIn('王振华');
  await page.goto(`${url}/approvals`);
  await page.getByRole('row').filter({ hasText: '指定定密责任人：杨静' }).getByRole('link').click();
  await signOff(page, '签署同意');
  await page.goto(`${url}/class-authorities`);
  await page.getByRole('row').filter({ hasText: '杨静' }).filter({ hasText: '演练密指〔2026〕2号' }).waitFor();

  await visit.signIn('周敏');
  await page.goto(`${url}/class-statistics`);
  await page.getByText('统计覆盖全部密级').waitFor();
  await visit.screens('61-statistics-refused');
  t.deepEqual(await visit.barriers(), []);
  await atLevel(page, '机密');
  await page.getByRole('row').filter({ hasText: '年末在期国家秘密数' }).waitFor();
  t.regex(await page.getByRole('row').filter({ hasText: '年末在期国家秘密数' }).innerText(), /0\s+1\s+1\s+2/u);
  t.is(await page.getByRole('row').filter({ hasText: '与年末在期核对' }).getByText('相符').count(), 4);
  await visit.screens('62-statistics');
  t.deepEqual(await visit.barriers(), []);
  await page.emulateMedia({ media: 'print' });
  t.true(await page.getByRole('row').filter({ hasText: '与年末在期核对' }).isVisible(), 'the balance is printed');
  t.false(await page.getByRole('button', { name: '打印统计表' }).isVisible());
  await visit.screens('63-statistics-printed');
  t.deepEqual(visit.complaints, []);
});
