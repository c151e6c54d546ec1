import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { draftOf, formOf, marked, openDesk, people, propose, setClock, settle, takenIn, termsOf, years } from '../helpers/marking.js';
import { pdf } from '../helpers/pdf.js';
import { browserMissing, openConsole } from './browser.js';
import { atLevel, chooseInScope, reasonsOf, signOff } from './classifying.js';

const journey = browserMissing() === null ? test.serial : test.skip;
const [SOURCE, DERIVED] = ['关于年度涉密载体清退的方案（演练）', '关于落实清退方案的分工（演练）'];

journey('定密工作人员办理定密、派生、变更、解密审核和年度审核: each signed by two, refusals with their reasons, old marks crossed out, notices with receipts', async (t) => {
  t.timeout(420_000);
  const clock = setClock('2026-11-24');
  const box = await openTestBox(t, { clock });
  const visit = await openConsole(t, box.url);
  const { page } = visit;
  const approveAs = async (title: string, link: string): Promise<string> => {
    await visit.signIn('李建国');
    await atLevel(page, '机密');
    await page.goto(`${box.url}/classification`);
    await page.getByRole('row').filter({ hasText: title }).filter({ hasText: link }).first().click();
    return signOff(page, '签署');
  };
  const asProposer = async (): Promise<void> => { await visit.signIn('刘思远'); await atLevel(page, '机密'); };
  const openMatter = async (title: string): Promise<void> => {
    await page.goto(`${box.url}/classification?state=in_force`);
    await page.getByRole('row').filter({ hasText: title }).first().click();
    await page.getByRole('heading', { name: /审批表|登记表/u }).waitFor();
  };

  // 收集: two documents, taken in at 机密.
  await asProposer();
  await page.goto(`${box.url}/capture`);
  await page.getByRole('button', { name: '新建批次' }).click();
  await page.getByRole('button', { name: '建立批次' }).click();
  await page.locator('input[aria-label="选择文件"]').setInputFiles(await Promise.all([SOURCE, DERIVED].map(async (title) => ({ name: `${title}.pdf`, mimeType: 'application/pdf', buffer: await pdf(title) }))));
  await page.getByText('已收 2 个文件，逐个检测完').waitFor();
  const batch = page.url();

  // 定密.
  const propose = async (title: string): Promise<void> => {
    await page.goto(batch);
    await page.getByRole('row').filter({ hasText: title }).click();
    await page.getByRole('complementary', { name: '文件检测明细' }).getByRole('link', { name: '打开详情' }).click();
    await page.getByRole('button', { name: '拟定密级' }).click();
    await page.getByRole('textbox', { name: '承办人意见' }).fill('建议按表列密级确定');
    await page.getByRole('textbox', { name: '起算日' }).fill('20261120');
  };
  await propose(SOURCE);
  await page.getByRole('textbox', { name: '定密依据' }).fill('保密事项范围 第 3.2 项');
  for (const name of ['李建国', '周敏']) await chooseInScope(page, name);
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);
  t.regex(await approveAs(SOURCE, '待签署'), /已作标志 机密★10年/u);

  // 派生: the computed result is shown with its why; a difference without 密点依据 is refused.
  await asProposer();
  await propose(DERIVED);
  await page.getByRole('combobox', { name: '定密方式' }).selectOption({ label: '派生定密' });
  await page.getByRole('alert').getByText('E_CLS_DERIVE_SOURCE_REQUIRED').waitFor();
  await page.getByRole('combobox', { name: '来源事项' }).fill('清退');
  await page.getByRole('option', { name: new RegExp(SOURCE.slice(0, 10), 'u') }).click();
  await page.getByRole('heading').first().click();
  await page.getByRole('combobox', { name: '派生情形' }).selectOption('derived_content');
  await page.getByRole('radiogroup', { name: '密级', exact: true }).getByText('秘密', { exact: true }).click();
  await page.getByRole('row').filter({ hasText: '取最高' }).getByText('不一致').waitFor();
  t.regex(await reasonsOf(page, '签署拟定意见'), /E_CLS_DERIVE_SOURCE_REQUIRED/u);
  await visit.screens('41-derived-differs');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '按来源填入' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await visit.screens('42-derived');
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);
  t.regex(await approveAs(DERIVED, '待签署'), /已作标志 机密★10年/u);
  await page.getByText('对已定密事项概括总结').waitFor();
  t.is(await page.getByRole('row').filter({ hasText: SOURCE }).count(), 1, 'the 定密责任人 sees what it is derived from');
  await visit.screens('42b-derived-approved');
  t.deepEqual(await visit.barriers(), []);

  // 变更: 机密 → 秘密. Nothing changed is refused; signed by one, decided by the other.
  await asProposer();
  await openMatter(SOURCE);
  await visit.screens('43-matter-in-force');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '变更', exact: true }).click();
  await page.getByRole('heading', { name: '国家秘密变更审批表' }).waitFor();
  t.regex(await reasonsOf(page, '保存'), /还没有填：变更理由、核对情况、理由、依据/u);
  const fill = async (values: Readonly<Record<string, string>>): Promise<void> => { for (const [name, value] of Object.entries(values)) await page.getByRole('textbox', { name, exact: true }).fill(value); };
  await page.getByRole('combobox', { name: '变更理由' }).selectOption('harm_changed');
  await fill({ 核对情况: '清退已完成大半，点位不再敏感', 理由: '泄露后损害程度降低', 依据: '保密法第二十三条' });
  await page.getByRole('alert').getByText('与现行密级、期限和知悉范围相同').first().waitFor();
  await visit.screens('44-change-refused');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('radiogroup', { name: '新密级' }).getByText('秘密', { exact: true }).click();
  await fill({ 期限数: '5', 外单位通知: '演练印刷厂' });
  await page.getByText('秘密★5年').first().waitFor();
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('已存为草稿').waitFor();
  await fill({ 承办人意见: '建议降为秘密，五年' });
  await visit.screens('45-change-draft');
  t.deepEqual(await visit.barriers(), []);
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);
  await page.getByText('待签署').first().waitFor();
  t.regex(await reasonsOf(page, '签署'), /职责不含此项/u);
  const change = page.url();
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.goto(change);
  await page.getByRole('radiogroup', { name: '审批结论' }).waitFor();
  await visit.screens('46-change-decide');
  t.deepEqual(await visit.barriers(), []);
  t.regex(await signOff(page, '签署'), /已决定：秘密★5年/u);
  await page.locator('del').filter({ hasText: '机密★10年' }).first().waitFor();
  await visit.screens('47-changed');
  t.deepEqual(await visit.barriers(), []);

  await page.getByRole('link', { name: SOURCE }).click();
  await page.getByRole('heading', { name: '标志沿革' }).waitFor();
  await page.locator('del').filter({ hasText: '机密★10年' }).waitFor();
  await visit.screens('47b-record-after-change');
  t.deepEqual(await visit.barriers(), []);

  // 通知与回执: sent, delivered, receipted, one recipient after the other.
  await visit.signIn('周敏');
  await atLevel(page, '机密');
  await page.goto(`${box.url}/notices`);
  await page.getByRole('button', { name: '登记送出 演练印刷厂' }).click();
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByRole('button', { name: '登记送达 演练印刷厂' }).click();
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByRole('button', { name: '登记回执 演练印刷厂' }).click();
  await page.getByRole('textbox', { name: '签收人' }).fill('何收');
  await visit.screens('48-notices');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByRole('row').filter({ hasText: '演练印刷厂' }).getByText('办结').waitFor();

  // 解密审核, for publication: without the consultation it is not decided.
  await asProposer();
  await openMatter(SOURCE);
  await page.getByRole('button', { name: '审核', exact: true }).click();
  await page.getByRole('combobox', { name: '审核触发' }).selectOption('disclosure');
  await page.getByRole('combobox', { name: '结论' }).selectOption('declassify');
  await fill({ 核对情况: '已不在现行保密事项范围', 理由: '拟依申请公开，公开后不损害国家安全和利益', 依据: '保密法第二十四条' });
  await page.getByText(/^解密 /u).first().waitFor();
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('已存为草稿').waitFor();
  await page.getByRole('heading', { name: '登记会商、征求意见' }).waitFor();
  await fill({ 承办人意见: '建议解密' });
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);
  const review = page.url();
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.goto(review);
  await page.getByRole('button', { name: '签署', exact: true }).click();
  await page.getByText('E_CLS_STEP_MISSING').waitFor();
  await visit.screens('49-step-missing');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('radiogroup', { name: '审批结论' }).getByText('退回').click();
  await fill({ 审批意见: '先会商信息公开机构' });
  t.regex(await signOff(page, '签署'), /已退回承办人/u);
  await asProposer();
  await page.goto(review);
  await page.getByText('先会商信息公开机构').first().waitFor();
  await fill({ 会商单位或部门: '法规处', 会商意见: '不涉及其他秘密，同意公开' });
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByText('不涉及其他秘密，同意公开').first().waitFor();
  await visit.screens('50-consulted');
  t.deepEqual(await visit.barriers(), []);
  await fill({ 承办人意见: '已会商，建议解密' });
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.goto(review);
  t.regex(await signOff(page, '签署'), /已决定：解密/u);
  await page.locator('del').filter({ hasText: '秘密★5年' }).first().waitFor();
  await visit.screens('51-declassified');
  t.deepEqual(await visit.barriers(), []);

  // 年度审核, a year later: still a secret, for a reason.
  clock.to('2027-11-25');
  await asProposer();
  await openMatter(DERIVED);
  await page.getByRole('button', { name: '审核', exact: true }).click();
  await page.getByRole('combobox', { name: '审核触发' }).selectOption('annual');
  await page.getByRole('combobox', { name: '结论' }).selectOption('continue');
  t.regex(await reasonsOf(page, '保存'), /继续保密的理由/u);
  await page.getByRole('combobox', { name: '继续保密的理由' }).selectOption('still_sensitive');
  await fill({ 核对情况: '分工仍在执行', 理由: '公开后仍会损害国家安全和利益', 依据: '保密法第二十四条' });
  await page.getByRole('button', { name: '保存' }).and(page.locator(':not([aria-disabled])')).click();
  await page.getByText('已存为草稿').waitFor();
  await fill({ 承办人意见: '建议继续保密' });
  await visit.screens('52-annual');
  t.deepEqual(await visit.barriers(), []);
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);
  const annual = page.url();
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.goto(annual);
  t.regex(await signOff(page, '签署'), /已决定/u);
  await page.getByText(/审核：继续保密/u).first().waitFor();
  await visit.screens('53-reviewed');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});

journey('到期台: what ends, what is due for its year, what a changed source asks for, what was kept beforehand and not reported, notices without receipt', async (t) => {
  t.timeout(300_000);
  const clock = setClock('2026-11-24');
  const desk = await openDesk(t, clock);
  const visit = await openConsole(t, desk.box.url);
  const { page } = visit;
  const url = desk.box.url;
  const source = await marked(desk, {}, '来源事项（演练）');
  await marked(desk, { type: 'derived', sources: [source.classification], deriveReason: 'identical', basis: null }, '派生事项（演练）');
  await marked(desk, { term: { kind: 'duration', years: 0, months: 7, days: 0 } }, '将满事项（演练）');
  await settle(desk, source.classification, formOf({ kind: 'change', changeReason: 'harm_changed', to: termsOf(desk, { term: years(5) }) }));
  const disputed = await takenIn(desk.proposer, 3, '有争议事项（演练）');

  // 先行保密: three claims, kept at the highest, reported with body, number and day.
  await visit.signIn('刘思远');
  await atLevel(page, '机密');
  await page.goto(`${url}/classification/new?record=${disputed}`);
  await page.getByRole('textbox', { name: '起算日' }).fill('20261120');
  await page.getByRole('combobox', { name: '定密方式' }).selectOption('protect');
  await page.getByRole('heading', { name: '先行保密登记表' }).waitFor();
  await page.getByRole('radiogroup', { name: '先行保密情形' }).getByText('有争议').click();
  for (const level of ['机密', '秘密']) await page.getByText('各方主张').locator('xpath=following::dd[1]').getByText(level, { exact: true }).click();
  await page.getByRole('textbox', { name: '定密依据' }).fill('保密事项范围 第 3.2 项');
  await page.getByRole('textbox', { name: '承办人意见' }).fill('两处室主张不一，先行保密');
  await page.getByText('2026-12-08').first().waitFor();
  await visit.screens('54-protect');
  t.deepEqual(await visit.barriers(), []);
  t.regex(await signOff(page, '签署拟定意见'), /已先行保密，须于 2026-12-08 前上报/u);
  await page.getByText('须于 2026-12-08 前上报').first().waitFor();
  await visit.screens('55-protected');
  t.deepEqual(await visit.barriers(), []);
  const matter = page.url();

  await page.goto(`${url}/classification`);
  await page.getByRole('navigation', { name: '定密事项分栏' }).waitFor();
  for (const [name, title] of [['即将届满', '将满事项'], ['派生源已变更', '派生事项'], ['先行保密待报', '有争议事项'], ['通知未回执', '来源事项']] as const) {
    await page.getByRole('navigation', { name: '定密事项分栏' }).getByRole('link', { name: new RegExp(`^${name}`, 'u') }).click();
    await page.getByRole('row').filter({ hasText: title }).waitFor();
    await visit.screens(`56-${name}`);
    t.deepEqual(await visit.barriers(), [], name);
  }
  await page.goto(matter);
  await page.getByRole('button', { name: '登记上报' }).click();
  await page.getByRole('textbox', { name: '报送机关' }).fill('演练市保密局');
  await page.getByRole('textbox', { name: '上报文号' }).fill('昆演密报〔2026〕1号');
  await page.getByRole('button', { name: '登记上报' }).last().click();
  await page.getByText('昆演密报〔2026〕1号').waitFor();

  // 撤回: who drew it up takes a proposal back before it is decided.
  const waiting = await takenIn(desk.proposer, 3, '撤回事项（演练）');
  const proposed = await propose(desk.proposer, draftOf([waiting], people(desk)));
  await page.goto(`${url}/classification/${proposed.body.classification}`);
  await page.getByRole('button', { name: '撤回拟定' }).click();
  await page.getByRole('textbox', { name: '事由' }).fill('依据有误，另行拟定');
  t.regex(await signOff(page, '撤回拟定'), /已撤回/u);
  await page.getByText('已撤回').first().waitFor();

  // A year on: every matter is due for its review, what ended waits to be confirmed.
  clock.to('2027-11-20');
  await visit.signIn('周敏');
  await atLevel(page, '机密');
  await visit.screens('57-workbench-of-marks');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${url}/annual-review`);
  await page.getByRole('row').filter({ hasText: '来源事项' }).getByText('剩 4 日').waitFor();
  await visit.screens('58-annual-review');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('row').filter({ hasText: '来源事项' }).getByRole('link', { name: '开始审核' }).click();
  await page.getByRole('heading', { name: '国家秘密审核表' }).waitFor();
  t.is(await page.getByRole('combobox', { name: '审核触发' }).inputValue(), 'annual');
  await page.goto(`${url}/classification?tab=mine`);
  await page.getByText('没有等您办理的事项').waitFor();
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});
