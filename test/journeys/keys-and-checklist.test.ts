import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { browserMissing, openConsole } from './browser.js';

const missing = browserMissing();
const journey = missing === null ? test.serial : test.serial.skip;

journey('two key officers rotate the level keys, sign the record and see the old epoch ready to be destroyed', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t);
  const visit = await openConsole(t, box.url);
  const { page } = visit;
  const sign = async (): Promise<void> => {
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('PIN').fill('246810');
    await dialog.getByText('未选择').waitFor({ state: 'hidden' });
    await dialog.getByRole('button', { name: '签署', exact: true }).click();
    await dialog.getByRole('button', { name: '完成' }).click();
  };
  await visit.signIn('陈立新');
  await page.goto(`${box.url}/keys`);
  await page.getByText('YS-').first().waitFor();
  await visit.screens('keys');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '提请轮换' }).click();
  await page.getByLabel('事由').fill('年度例行轮换');
  await page.locator('form.ask').getByRole('button', { name: '提请轮换' }).click();
  await page.getByText('已提请轮换').waitFor();

  const sysadmin = await box.as('sunhao');
  const { body: { rows } } = await sysadmin.get<{ rows: { id: string }[] }>('approval.list', { state: 'mine' });
  const approval = rows[0]?.id ?? '';
  const ready = await sysadmin.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意轮换' });
  t.is((await sysadmin.post<{ state: string }>('approval.sign', { approval, opinion: '同意轮换', signature: sysadmin.sign(ready.body.statement), seenVersion: ready.body.version })).body.state, 'done');
  await box.running.box.rotation.settled();

  await page.goto(`${box.url}/keys`);
  await page.getByText('只开不封').first().waitFor();
  await page.getByRole('cell', { name: '轮换', exact: true }).click();
  const record = page.getByRole('complementary', { name: '仪式记录' });
  await record.getByRole('button', { name: '签署' }).waitFor();
  await visit.screens('ceremony');
  t.deepEqual(await visit.barriers(), []);
  await record.getByRole('button', { name: '签署' }).click();
  await sign();
  await record.getByRole('row', { name: /chenlixin 提请 \d{4}-/u }).waitFor();
  await record.getByRole('row', { name: /sunhao 会签 未签/u }).waitFor();
  await page.getByRole('button', { name: '换根重分' }).click();
  await page.getByText('两名现持有人在场').waitFor();
  await visit.screens('reissue');
  t.deepEqual(visit.complaints, []);
});

journey('合规清单: an officer reads what the box shows, and signs what it cannot show', async (t) => {
  t.timeout(180_000);
  const box = await openTestBox(t);
  const visit = await openConsole(t, box.url);
  const { page } = visit;
  await visit.signIn('周敏');
  await page.goto(`${box.url}/compliance`);
  await page.getByText('未取得系统审查').first().waitFor();
  await page.getByText('一体机软件为安全功能载体').first().waitFor();
  await visit.screens('compliance');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('combobox', { name: '取证' }).selectOption('manual');
  await page.getByRole('cell', { name: 'BF-02' }).click();
  const card = page.getByRole('complementary', { name: '条目' });
  await card.getByLabel('证据编号').fill('三要素核验单 2026-01');
  await card.getByLabel('核查情况').fill('抽查 20 件，三要素齐全');
  await visit.screens('compliance-item');
  t.deepEqual(await visit.barriers(), []);
  await card.getByRole('button', { name: '签署登记' }).click();
  await page.getByLabel('PIN').fill('246810');
  await page.getByRole('button', { name: '签署', exact: true }).click();
  await page.getByRole('button', { name: '完成' }).click();
  await card.getByText('抽查 20 件，三要素齐全').first().waitFor();
  await page.getByRole('row', { name: /BF-02/u }).getByText('符合', { exact: true }).waitFor();
  t.deepEqual(visit.complaints, []);
});
