import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { filedOld } from '../helpers/expired.js';
import { at, done } from '../helpers/marked.js';
import { browserMissing, openConsole } from './browser.js';
import { signOff } from './classifying.js';

const missing = browserMissing();

interface Shown { readonly version: number; readonly rows: readonly { readonly record: string; readonly myVersion: number }[] }
async function opine(client: Client, batch: string): Promise<void> {
  const { rows } = done(await client.get<Shown>('appraisal.show', { batch }));
  done(await client.post('appraisal.opine', { batch, opinion: 'destroy', reason: '无查考利用价值', items: rows.map(({ record, myVersion }) => ({ record, seenVersion: myVersion })) }));
}

(missing === null ? test : test.skip)('「鉴定小组逐件鉴定一批期满档案，会签后报负责人批准；冻结的不得销毁」', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  await filedOld(archivist, 0, 'DAS', [{ title: '关于值班安排的通知' }, { title: '关于办公用品的通知' }, { title: '关于会务安排的通知' }]);
  const others = [await at(await box.as('yangjing'), 0), await at(await box.as('liusiyuan'), 0)];
  const visit = await openConsole(t, box.url);
  const { page } = visit;

  await visit.signIn('赵晓岚');
  await page.getByRole('group', { name: '会话密级' }).getByRole('button', { name: '公开' }).click();
  await page.getByRole('link', { name: '到期鉴定' }).click();
  await page.getByText('关于值班安排的通知').waitFor();
  t.deepEqual(await visit.barriers(), []);
  await page.getByText('全选本页').or(page.getByRole('checkbox', { name: '全选本页' })).first().check({ force: true });
  await page.getByRole('button', { name: '建立鉴定批次（3 件）' }).click();
  for (const [name, part] of [['赵晓岚', '档案'], ['杨静', '档案'], ['刘思远', '业务']] as const) await page.getByLabel(`${name}的身份`).selectOption({ label: part });
  await visit.screens('appraisal-due');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '建立批次', exact: true }).click();
  await page.getByRole('heading', { name: /鉴定批次 JD-/u }).waitFor();
  const batch = page.url().split('/').at(-1) ?? '';

  await visit.signIn('王振华');
  await page.goto(`${box.url}/appraisal?tab=batches`);
  await page.getByText('待组成小组').first().waitFor();
  await visit.screens('appraisal-batches');
  await page.goto(`${box.url}/appraisal/${batch}`);
  await page.getByRole('button', { name: '组成鉴定小组' }).click();
  await page.getByText('鉴定小组已组成').waitFor();
  for (const client of others) await opine(client, batch);

  await visit.signIn('赵晓岚');
  await page.getByRole('group', { name: '会话密级' }).getByRole('button', { name: '公开' }).click();
  await page.goto(`${box.url}/appraisal/${batch}`);
  await page.getByRole('checkbox', { name: '全选本页' }).check({ force: true });
  await page.getByRole('radio', { name: '销毁' }).check({ force: true });
  await page.getByLabel('理由').fill('无查考利用价值');
  await visit.screens('appraisal-opine');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('button', { name: '提出意见' }).click();
  await page.getByText('已对 3 件提出意见').waitFor();
  await page.getByRole('checkbox').nth(1).check({ force: true });
  await page.getByRole('radio', { name: '存续，延长期限' }).check({ force: true });
  await page.getByLabel('延长后的保管期限').selectOption({ label: '30 年' });
  await page.getByLabel('理由').fill('仍有查考需要');
  await page.getByRole('button', { name: '提出意见' }).click();
  await page.getByText('已对 1 件提出意见').waitFor();
  await page.getByLabel('鉴定过程').fill('小组调阅原文，逐件直接鉴定');
  await page.getByLabel('总的意见').fill('同意按清册所列结论办理');
  await page.getByRole('button', { name: '汇总', exact: true }).click();
  await page.getByText('待会签').first().waitFor();
  t.regex(await signOff(page, '会签'), /已会签/u);
  for (const client of others) {
    const ready = done(await client.get<{ statement: string; version: number }>('appraisal.preview', { batch }));
    done(await client.post('appraisal.sign', { batch, signature: client.sign(ready.statement), seenVersion: ready.version }));
  }
  await page.reload();
  await page.getByRole('button', { name: '报单位负责人批准' }).click();
  await page.getByText('正在审批').waitFor();
  await visit.screens('appraisal-submitted');

  await visit.signIn('王振华');
  await page.goto(`${box.url}/approvals`);
  await page.getByRole('link', { name: '批准鉴定报告' }).click();
  await page.getByText('鉴定批次').first().waitFor();
  await visit.screens('appraisal-approval');
  await page.getByLabel(/意见/u).first().fill('同意');
  t.regex(await signOff(page, '签署同意'), /已办理/u);
  await page.goto(`${box.url}/appraisal?tab=disposable`);
  await page.getByText('本页 2 件前置条件齐备').waitFor();
  t.deepEqual(await visit.barriers(), []);
  await visit.screens('appraisal-disposable');
  const code = (await page.locator('td.mono').first().innerText()).trim();

  await page.goto(`${box.url}/holds`);
  await page.getByText('没有冻结中的档案').waitFor();
  await visit.signIn('赵晓岚');
  await page.getByRole('group', { name: '会话密级' }).getByRole('button', { name: '公开' }).click();
  await page.goto(`${box.url}/holds`);
  await page.getByRole('button', { name: '登记冻结' }).click();
  await page.getByLabel('档号', { exact: true }).fill(code);
  await page.getByLabel('缘由', { exact: true }).selectOption({ label: '诉讼、仲裁、复议' });
  await page.getByLabel('申请冻结的部门').fill('法规处');
  await page.getByLabel('原因', { exact: true }).fill('行政诉讼未结');
  await page.getByRole('button', { name: '冻结', exact: true }).click();
  await page.getByText(`${code} 已冻结`).waitFor();
  await visit.screens('holds');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${box.url}/appraisal?tab=disposable`);
  await page.getByText('已被冻结').waitFor();
  t.deepEqual(visit.complaints, []);
});
