import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { at, described, done, filedSecret, mark, markers } from '../helpers/marked.js';
import { browserMissing, openConsole } from './browser.js';

const missing = browserMissing();

(missing === null ? test : test.skip)('「有人越权，保密管理员在页头看到告警并核查；定密前先推演谁会知悉；批次降密由保密员提请」', async (t) => {
  t.timeout(240_000);
  const box = await openTestBox(t);
  const people = await markers(box);
  const { proposer, authority, custodian } = people;
  const secret = await filedSecret(people, '演练预案甲');
  const taken = await described(proposer, '演练通知乙', 1);
  await mark(proposer, authority, taken.record, [proposer.person, authority.person, custodian.person], { level: 2 });
  const stranger = await box.as('zhaoxiaolan');
  for (let n = 0; n < 3; n += 1) await stranger.get('record.show', { record: secret.record });
  await box.running.services.alarmWork.engine.settled();

  const visit = await openConsole(t, box.url);
  const { page } = visit;
  await visit.signIn('陈立新');
  await page.getByRole('link', { name: /未处理告警 1 条/u }).click();
  await page.getByText('短时间内多次越权访问').first().waitFor();
  t.deepEqual(await visit.barriers(), []);
  await visit.screens('alarms');
  await page.goto(`${box.url}/people`);
  await page.getByRole('row').filter({ hasText: '林晓' }).click();
  await page.getByRole('button', { name: '登记资格' }).click();
  await page.getByRole('combobox', { name: '涉密资格' }).selectOption({ label: '秘密' });
  await page.getByRole('button', { name: '预演为秘密' }).click();
  await page.getByText('登记后').waitFor();
  await visit.screens('rehearse-clearance');
  t.deepEqual(await visit.barriers(), []);

  await visit.signIn('李建国');
  await at(authority, 3);
  await page.getByRole('group', { name: '会话密级' }).getByRole('button', { name: '秘密' }).click();
  await page.goto(`${box.url}/rehearse?record=${taken.record}`);
  await page.getByRole('heading', { name: '演练通知乙' }).waitFor();
  await page.getByLabel('绝密').check();
  await page.getByRole('button', { name: '推演' }).click();
  await page.getByText('将失去知悉').waitFor();
  await visit.screens('rehearse-record');
  t.deepEqual(await visit.barriers(), []);
  await page.goto(`${box.url}/containers`);
  await page.getByText('没有待降低的容器').waitFor();
  await visit.screens('containers');
  t.deepEqual(visit.complaints, []);
  done(await authority.get('container.list'));
});
