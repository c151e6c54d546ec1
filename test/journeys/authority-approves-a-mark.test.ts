import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { pdf } from '../helpers/pdf.js';
import { browserMissing, openConsole } from './browser.js';
import { atLevel, chooseInScope, reasonsOf, signOff } from './classifying.js';

const journey = browserMissing() === null ? test.serial : test.skip;
const TITLE = '关于做好办公区安全检查的通知';

journey('定密责任人审批: drawn up and signed by one, sent back, mended, approved and signed by another; refusals with their reasons; the mark on record, list and page', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  const visit = await openConsole(t, box.url);
  const { page } = visit;

  // 刘思远 draws up: from the file in the batch to the form.
  await visit.signIn('刘思远');
  await page.getByRole('link', { name: '收集', exact: true }).click();
  await page.getByRole('button', { name: '新建批次' }).click();
  await page.getByRole('button', { name: '建立批次' }).click();
  await page.locator('input[aria-label="选择文件"]').setInputFiles([{ name: `${TITLE}.pdf`, mimeType: 'application/pdf', buffer: await pdf([TITLE, '各处室：请按点位安排自查。']) }]);
  await page.getByRole('row').filter({ hasText: TITLE }).click();
  await page.getByRole('complementary', { name: '文件检测明细' }).getByRole('link', { name: '打开详情' }).click();
  await page.getByRole('button', { name: '拟定密级' }).click();
  await page.getByRole('heading', { name: '国家秘密确定审批表' }).waitFor();
  const levels = page.getByRole('radiogroup', { name: '密级', exact: true });
  t.true(await levels.getByRole('radio', { name: '绝密' }).isDisabled(), '本机按机密级建设：绝密不可选');
  await levels.getByText('机密', { exact: true }).click();
  await page.getByRole('textbox', { name: '定密依据' }).fill('保密事项范围 第 3.2 项');
  await page.getByRole('textbox', { name: '密点' }).fill('全文');
  await page.getByRole('textbox', { name: '承办人意见' }).fill('属于第 3.2 项，建议定为机密');

  // 实施条例第十九条: without a day to count from there is no term.
  await page.getByRole('alert').getByText('E_CLS_BASIS_REQUIRED').waitFor();
  await page.getByRole('textbox', { name: '起算日' }).fill('20260506');
  // 保密法第二十条: 机密 for 25 years is beyond the cap.
  await page.getByRole('textbox', { name: '期限数' }).fill('25');
  await page.getByRole('alert').getByText('E_CLS_PERIOD_EXCEEDS_MAX').waitFor();
  t.regex(await reasonsOf(page, '签署拟定意见'), /期限|上限|E_CLS_PERIOD_EXCEEDS_MAX/u);
  await visit.screens('31-beyond-the-cap');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('textbox', { name: '期限数' }).fill('10');
  // 保密法第二十一条: who is not cleared cannot be named.
  await chooseInScope(page, '林晓');
  await page.getByRole('alert').getByText('E_CLEARANCE_REQUIRED').waitFor();
  await visit.screens('32-not-cleared');
  await chooseInScope(page, '林晓');
  for (const name of ['李建国', '杨静', '周敏']) await chooseInScope(page, name);
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.getByText('机密★10年').first().waitFor();
  await visit.screens('33-proposal');
  t.deepEqual(await visit.barriers(), []);

  await page.getByRole('button', { name: '签署拟定意见' }).click();
  const dialog = page.getByRole('dialog', { name: '签署' });
  await dialog.getByLabel('PIN').fill('000000');
  await dialog.getByRole('button', { name: '签署', exact: true }).click();
  await dialog.getByRole('alert').waitFor();
  t.regex(await dialog.getByRole('alert').innerText(), /PIN|解不开|不正确/u);
  await visit.screens('34-wrong-pin');
  await dialog.getByRole('button', { name: '取消' }).click();
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);

  // The proposer may look, and may not approve: the grey button says why.
  await page.getByText('切换到机密后可见').waitFor();
  await atLevel(page, '机密');
  await page.getByRole('row').filter({ hasText: TITLE }).click();
  await page.getByText('承办人', { exact: false }).first().waitFor();
  t.regex(await reasonsOf(page, '签署'), /职责不含此项/u);
  await visit.screens('35-proposer-may-not-approve');
  t.deepEqual(await visit.barriers(), []);

  // 李建国 sends it back.
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.getByRole('row').filter({ hasText: TITLE }).getByRole('link', { name: '办理' }).click();
  await page.getByRole('radiogroup', { name: '审批结论' }).getByText('不同意').click();
  await page.getByRole('textbox', { name: '审批意见' }).fill('密点未写到页，请逐处写明');
  await visit.screens('36-approval');
  t.deepEqual(await visit.barriers(), []);
  t.regex(await signOff(page, '签署'), /已退回承办人/u);
  await page.getByText('退回', { exact: true }).first().waitFor();

  // 刘思远 mends it.
  await visit.signIn('刘思远');
  await page.goto(`${box.url}/classification?state=rejected`);
  await page.getByRole('row').filter({ hasText: TITLE }).click();
  await page.getByRole('button', { name: '改后重新拟定' }).click();
  await page.getByText('密点未写到页，请逐处写明').waitFor();
  t.is(await page.getByRole('textbox', { name: '定密依据' }).inputValue(), '保密事项范围 第 3.2 项', 'what was filled in is there again');
  await page.getByRole('textbox', { name: '密点' }).fill('第 1 页“点位安排”');
  await visit.screens('37-mended');
  t.deepEqual(await visit.barriers(), []);
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);

  // 李建国 approves: the mark is made at once, on the record, in the list and on every page that is read.
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.getByRole('row').filter({ hasText: TITLE }).getByRole('link', { name: '办理' }).click();
  await page.getByText('第 1 页“点位安排”').waitFor();
  t.regex(await signOff(page, '签署'), /已作标志 机密★10年，记入 密审〔\d{4}〕\d+号/u);
  await page.getByText('在保密期限内').first().waitFor();
  await visit.screens('38-approved');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${box.url}/classification?state=active`);
  t.regex(await page.getByRole('row').filter({ hasText: TITLE }).innerText(), /机密★10年/u);
  await visit.screens('39-list');
  await page.getByRole('row').filter({ hasText: TITLE }).click();
  await page.getByRole('link', { name: TITLE }).click();
  await page.getByText(/国家秘密标志.原始定密.在保密期限内/u).waitFor();
  await page.getByRole('img', { name: new RegExp(`${TITLE}.* 第 1 页`, 'u') }).waitFor();
  await visit.screens('40-record-with-mark');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});
