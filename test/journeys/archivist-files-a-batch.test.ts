import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { openConsole } from './browser.js';
import { pdf } from '../helpers/pdf.js';

/** What the clipboard holds after a copy in a spreadsheet, put where the focus is. */
const paste = (text: string): string =>
  `{ const clipboard = new DataTransfer(); clipboard.setData('text/plain', ${JSON.stringify(text)}); document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true, cancelable: true })); }`;

test('档案员归档一批文件: files dropped in the console are judged, described in the grid, counted, filed with 档号, found and read with a mark', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const visit = await openConsole(t, box.url);
  const { page } = visit;

  await page.goto(box.url);
  await page.getByRole('heading', { name: '演练人员' }).waitFor();
  await visit.screens('01-sign-in');
  t.deepEqual(await visit.barriers(), []);
  await visit.signIn('赵晓岚');
  await page.getByText('演练环境 · 严禁处理国家秘密').first().waitFor();

  await page.getByRole('link', { name: '收集', exact: true }).click();
  await page.getByRole('button', { name: '新建批次' }).click();
  await page.getByRole('button', { name: '建立批次' }).click();
  await page.locator('input[aria-label="选择文件"]').setInputFiles([
    { name: '关于做好防汛工作的通知.pdf', mimeType: 'application/pdf', buffer: await pdf('关于做好防汛工作的通知\n各处室：请做好防汛准备。') },
    { name: '防汛值班安排.pdf', mimeType: 'application/pdf', buffer: await pdf('防汛值班安排') },
    { name: '空文件.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(0) },
  ]);
  await page.getByRole('row', { name: /空文件\.pdf.*退回/ }).click();
  await page.getByRole('complementary', { name: '文件检测明细' }).getByText('不合格').first().waitFor();
  await page.getByText('已收 3 个文件，逐个检测完').waitFor();
  await visit.screens('02-capture');
  t.deepEqual(await visit.barriers(), []);
  const batch = page.url().replace(/^.*\/capture\/([0-9a-f-]+).*$/, '$1');

  await page.goto(`${box.url}/arrangement?batch=${batch}&state=inspected`);
  await page.locator('[data-cell="0:2"]').click();
  await page.evaluate(paste('办公室\t2026-05-06\t20260601\tWS\t2026\t6.2\t10年\tBGS\n办公室\t2026年5月7日\t20260601\tWS\t2026\t6.2\t10年\tBGS'));
  await visit.screens('03-arrangement');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '保存 2 件' }).click();
  await page.getByText('Z109-WS·2026·D10·BGS-0002').first().waitFor();

  await page.goto(`${box.url}/filing?batch=${batch}`);
  await page.getByRole('button', { name: '归档入库' }).hover();
  await page.getByRole('tooltip').getByText('尚未申报件数').waitFor();
  await page.getByRole('link', { name: '更正申报数' }).click();
  await page.getByRole('button', { name: '填报申报数' }).click();
  await page.getByRole('textbox', { name: '年度' }).fill('2026');
  await page.getByRole('combobox', { name: '保管期限' }).selectOption('D10');
  await page.getByRole('textbox', { name: '件数' }).fill('2');
  await page.getByRole('textbox', { name: '元数据数量' }).fill('2');
  await page.getByRole('button', { name: '登记申报数' }).click();
  await page.getByRole('link', { name: '提交清点' }).click();
  await page.getByRole('button', { name: '归档入库' }).click();
  await page.getByRole('status').getByText('已归档 2 件').waitFor();
  await visit.screens('04-filing');
  t.deepEqual(await visit.barriers(), []);

  await page.keyboard.press('/');
  await page.keyboard.type('防汛');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /关于做好防汛工作的通知/ }).click();
  await page.getByRole('complementary', { name: '档案摘要' }).waitFor();
  await visit.screens('05-search');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('link', { name: '打开详情' }).click();
  await page.getByRole('img', { name: '关于做好防汛工作的通知.pdf 第 1 页' }).waitFor();
  await page.getByText(/阅览编号/).waitFor();
  await visit.screens('06-record');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});

test('三员分别登录: each sees only the own pages; the auditor signs a checkpoint, verifies the ledger and proves an entry', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const visit = await openConsole(t, box.url);
  const { page } = visit;
  const pages = async (): Promise<string[]> => page.getByRole('navigation', { name: '按职责导航' }).getByRole('link').allInnerTexts();

  await visit.signIn('孙浩');
  t.false((await pages()).some((name) => /检索|审计查询|收集/.test(name)));
  await page.goto(`${box.url}/people`);
  await page.getByRole('row', { name: /林晓/ }).click();
  await page.getByRole('button', { name: '授予岗位' }).hover();
  await page.getByRole('tooltip').waitFor();
  await visit.screens('07-people');

  await visit.signIn('陈立新');
  t.false((await pages()).some((name) => /检索|收集/.test(name)));

  await visit.signIn('何静怡');
  await page.goto(`${box.url}/checkpoints`);
  await page.getByRole('button', { name: '签发检查点' }).click();
  await page.getByText('已签发检查点，请打印二维码另行保存').waitFor();
  await page.getByRole('button', { name: '校验', exact: true }).click();
  await page.getByText('审计链完整').waitFor();
  await visit.screens('08-checkpoints');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${box.url}/audit`);
  await page.getByRole('row').last().click();
  await page.getByRole('button', { name: '出具包含证明' }).click();
  await page.getByRole('heading', { name: '包含证明' }).waitFor();
  await visit.screens('09-audit');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});
