import test from 'ava';
import { at, done, draftOf, openDesk, people, propose, setClock, takenIn, years } from '../helpers/marking.js';
import { browserMissing, openConsole } from './browser.js';
import { atLevel, reasonsOf, signOff } from './classifying.js';

const journey = browserMissing() === null ? test.serial : test.skip;

journey('先行保密 is confirmed by the decision of the competent body; a 定密责任人 beyond whose cap a matter lies is told so before signing; marks that disagree are listed', async (t) => {
  t.timeout(240_000);
  const clock = setClock('2026-11-24');
  const desk = await openDesk(t, clock);
  const { box } = desk;
  const visit = await openConsole(t, box.url);
  const { page } = visit;

  // 权限: 李建国 may decide to 秘密 only; 机密 is proposed.
  const { store, systemCall, ids } = box.running.box;
  const capped = async (maxLevel: 2 | 3): Promise<void> => store.write(systemCall('test.appoint'), async (tx) => {
    await tx.allow();
    const held = (await tx.authorities.all()).find((one) => one.person === desk.authority.person);
    if (held === undefined) throw new Error('no authority');
    await tx.sql.run('DELETE FROM class_authority WHERE person = $1', desk.authority.person);
    await tx.authorities.add(ids.uuid(), { ...held, maxLevel });
    tx.audit({ action: 'test.appoint' });
  });
  await capped(2);
  const record = await takenIn(desk.proposer, 3, '绝密★长期 处置方案（演练）');
  const { classification } = done(await propose(desk.proposer, draftOf([record], people(desk))));
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.goto(`${box.url}/classification/${classification}`);
  const check = page.getByRole('row').filter({ hasText: '责任人权限' });
  await check.getByText('不符').waitFor();
  t.regex(await check.innerText(), /秘密/u);
  t.regex(await reasonsOf(page, '签署'), /责任人权限：秘密.*由权限足够的定密责任人审批[\s\S]*E_CLS_AUTHORITY_EXCEEDED/u);
  await visit.screens('71-beyond-own-cap');
  t.deepEqual(await visit.barriers(), []);
  // Sending it back is within everybody's authority; a wider appointment lets the same page be signed.
  await page.getByRole('radiogroup', { name: '审批结论' }).getByText('不同意').click();
  await page.getByRole('button', { name: '签署', exact: true }).and(page.locator(':not([aria-disabled])')).waitFor();
  await capped(3);
  await page.reload();
  t.regex(await signOff(page, '签署'), /已作标志 机密★10年/u);

  // 标志核对: the file's own name claims more than the mark.
  const officer = await at(await box.as('zhoumin'), 3);
  done(await officer.post('mark.check'));
  await visit.signIn('周敏');
  await atLevel(page, '机密');
  await page.goto(`${box.url}/marks`);
  await page.getByRole('row').filter({ hasText: '文件名：标注的密级与元数据不一致' }).getByText('机密★10年').waitFor();
  await visit.screens('72-marks-disagree');
  t.deepEqual(await visit.barriers(), []);

  // 先行保密: kept beforehand, reported late, confirmed by what the competent body decided.
  const kept = await takenIn(desk.proposer, 2, '不明确事项（演练）');
  const sheet = { draft: draftOf([kept], people(desk), { level: 2, term: years(5), startOn: '2026-11-24', basis: '不明确事项：保密事项范围没有规定' }), claimed: [3], why: 'unclear' };
  const ready = done(await desk.proposer.post<{ id: string; statement: string; reportDueOn: string }>('classification.preview', { event: 'protect', ...sheet, opinion: '拟定机密' }));
  t.is(ready.reportDueOn, '2026-12-08', '十个工作日');
  done(await desk.proposer.post('classification.protect', { id: ready.id, ...sheet, opinion: '拟定机密', signature: desk.proposer.sign(ready.statement) }));
  clock.to('2026-12-10');
  await visit.signIn('刘思远');
  await atLevel(page, '机密');
  await page.goto(`${box.url}/classification/${ready.id}`);
  await page.getByText('上报已逾期，请立即上报').waitFor();
  t.regex(await page.getByRole('note', { name: /本页最高密级/u }).locator('.mark__text').innerText(), /机密/u, 'the page carries the highest claim');
  await page.getByRole('button', { name: '登记上报' }).click();
  await page.getByRole('textbox', { name: '报送机关' }).fill('省保密行政管理部门');
  await page.getByRole('textbox', { name: '上报文号' }).fill('昆演报〔2026〕8号');
  await page.getByRole('button', { name: '登记上报' }).last().click();
  await page.getByText('昆演报〔2026〕8号').waitFor();
  await page.getByRole('button', { name: '确定拟密' }).click();
  await page.getByRole('radiogroup', { name: '结论' }).getByText('有权机关确定为国家秘密').click();
  const fill = async (values: Readonly<Record<string, string>>): Promise<void> => { for (const [name, value] of Object.entries(values)) await page.getByRole('textbox', { name, exact: true }).fill(value); };
  await fill({ 核对情况: '有权机关已答复', 理由: '按答复确定', 依据: '保密法实施条例第二十五条', 期限数: '5', 起算日: '20261124' });
  await page.getByRole('alert').getByText('E_CLS_AUTHORITY_EXCEEDED').waitFor();
  await page.getByText('尚未作标志').first().waitFor();
  await visit.screens('73-confirm-without-decision');
  t.deepEqual(await visit.barriers(), []);
  await fill({ 决定机关: '省保密行政管理部门', 决定的文号: '云保函〔2026〕5号', 决定日期: '20261209' });
  await page.getByRole('heading').first().click();
  await page.getByText('秘密★5年').first().waitFor();
  await page.getByRole('button', { name: '保存' }).and(page.locator(':not([aria-disabled])')).click();
  await page.getByText('已存为草稿').waitFor();
  await fill({ 承办人意见: '按有权机关的决定确定' });
  t.regex(await signOff(page, '签署拟定意见'), /已送定密责任人审批/u);
  const form = page.url();
  await visit.signIn('李建国');
  await atLevel(page, '机密');
  await page.goto(form);
  t.regex(await signOff(page, '签署'), /已决定：秘密★5年/u);
  await page.getByText(/确定：秘密★5年/u).first().waitFor();
  await visit.screens('74-confirmed');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
});
