import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import { openTestBox } from '../helpers/box.js';
import { at, done } from '../helpers/marked.js';
import { browserMissing, openConsole } from './browser.js';

const journey = browserMissing() === null ? test : test.skip;

journey('第二十八至三十条: 系统管理员备份、演练恢复并取报告,档案员检测全部内容,保管员登记温湿度', async (t) => {
  t.timeout(300_000);
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-journey-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const [sysadmin, secadmin] = [await box.as('sunhao'), await box.as('chenlixin')];
  const set = { target: '', keyTarget: '' };
  for (const [name, key] of [['移动硬盘', 'target'], ['密钥光盘', 'keyTarget']] as const) {
    await mkdir(path.join(folder, key));
    set[key] = done(await sysadmin.post<{ target: string }>('backup.register-target', { name, path: path.join(folder, key), mediumType: key === 'target' ? 'magnetic' : 'optical' })).target;
  }
  const plan = { name: '电子档案备份方案', approvalNo: '档发〔2026〕3号', effectiveOn: '2026-01-01', fullDays: 7, incrementalDays: 1, hour: 0, drillDays: 30, sets: [set] };
  const { approval } = done(await sysadmin.post<{ approval: string }>('backup.plan', plan));
  const ready = done(await secadmin.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  done(await secadmin.post('approval.sign', { approval, opinion: '同意', signature: secadmin.sign(ready.statement), seenVersion: ready.version }));
  t.true(await box.running.services.backupPlans.round());
  await box.running.services.backup.settled();

  const visit = await openConsole(t, box.url);
  const { page } = visit;
  await visit.signIn('孙浩');
  await page.goto(`${box.url}/backup`);
  await page.getByText(/BF-\d{4}-0001/u).first().waitFor();
  await visit.screens('backup');
  await page.getByRole('link', { name: '备份方案' }).click();
  await page.getByText('现行方案').waitFor();
  await visit.screens('backup-plan');
  await page.getByRole('link', { name: '恢复演练' }).click();
  await page.getByRole('button', { name: '开始演练' }).click();
  await page.getByText('已开始演练').waitFor();
  await box.running.services.backup.settled();
  await page.getByText('通过', { exact: true }).waitFor();
  await visit.screens('backup-drills');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '报告' }).click()]);
  t.regex(download.suggestedFilename(), /^R13-\d{8}-\d{4}\.pdf$/u);
  await page.getByRole('link', { name: '异地副本' }).click();
  await page.getByText('没有异地副本').waitFor();
  t.deepEqual(await visit.barriers(), []);

  await visit.signIn('赵晓岚');
  await page.goto(`${box.url}/preservation`);
  await page.getByRole('button', { name: '全部检测' }).first().click();
  await page.getByText('已完成').first().waitFor();
  await visit.screens('preservation');
  t.deepEqual(await visit.barriers(), []);
  await page.getByRole('link', { name: '温湿度' }).click();
  await page.getByRole('button', { name: '登记读数' }).click();
  await page.getByLabel('库房').fill('电子档案库房');
  await page.getByLabel('温度 ℃').fill('31');
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByText('应为 14–24℃').first().waitFor();
  await page.getByRole('link', { name: '处置单' }).click();
  await page.getByText('待处置', { exact: true }).first().waitFor();
  await visit.screens('preservation-cases');
  t.deepEqual(await visit.barriers(), []);
  t.deepEqual(visit.complaints, []);
  t.is(done(await (await at(await box.as('yangjing'), 3)).get<{ total: number }>('preservation.cases', { open: true })).total, 1);
});
