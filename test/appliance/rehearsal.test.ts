import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { seedRehearsal } from '../../appliance/founding/rehearsal-records.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { openTestBox } from '../helpers/box.js';

test('演练: a box just founded holds filed records of every level it may keep, each there for whoever may see it and nobody else', async (t) => {
  const box = await openTestBox(t);
  await seedRehearsal(box.running.box, box.running.services);
  const seen = async (account: string, level: number): Promise<number> => {
    const client = await box.as(account);
    await client.post('session.switch-level', { level });
    return (await client.get<{ total: number }>('record.search', {})).body.total;
  };
  t.is(await seen('yangjing', 3), 16, '涉密档案管理员 at 机密: all of them');
  t.is(await seen('yangjing', 1), 10, 'the same person at 内部');
  t.is(await seen('zhaoxiaolan', 2), 12, '档案员, cleared for 秘密 and named');
  t.is(await seen('duanwen', 1), 7, '法规处: 公开 and the 内部 of the own department');
  t.is(await seen('linxiao', 0), 5);

  const archivist = await box.as('zhaoxiaolan');
  await archivist.post('session.switch-level', { level: 1 });
  t.is((await archivist.get<{ total: number }>('appraisal.due', {})).body.total, 3, '期满清单 has something to appraise');

  const authority = await box.as('lijianguo');
  const recent = async (): Promise<number[]> => (await authority.get<{ recent: { level: number }[] }>('desk.list')).body.recent.map(({ level }) => level);
  t.false((await recent()).some((level) => level > 1), '工作台 at 内部 shows nothing the person did above it');
  await authority.post('session.switch-level', { level: 3 });
  t.true((await recent()).some((level) => level > 1), 'at 机密 it does');
  const waiting = await authority.get<{ total: number; rows: { mark: string; title: string }[] }>('classification.list', { state: 'mine' });
  t.is(waiting.body.total, 1);
  t.is(waiting.body.rows[0]?.mark, '机密★10年');
  t.is((await authority.get<{ total: number }>('classification.list', { state: 'in_force' })).body.total, 6);
  const desk = await authority.get<{ counts: Record<string, number> }>('classification.expiring', {});
  t.deepEqual([desk.body.counts['expiring'], desk.body.counts['expired']], [1, 1], '到期台 has something to show');
  t.is((await authority.get<{ total: number }>('classification.cases', { state: 'mine' })).body.total, 1);

  const proposer = await box.as('liusiyuan');
  const batches = await proposer.get<{ rows: { id: string; state: string }[] }>('capture.list', {});
  const open = batches.body.rows.find(({ state }) => state === 'open');
  const shown = await proposer.get<{ states: Record<string, number> }>('capture.show', { batch: open?.id ?? '' });
  t.deepEqual(shown.body.states, { arranged: 1, returned: 1 }, 'one file came back, with its reasons');

  const { reader: sql, vault, keys, paths, sm3 } = box.running.box;
  t.deepEqual((await fsck({ sql, vault, keys, paths, sm3, check: () => true, deep: true })).findings, []);
  const words = ['演练）', '机要交换站', '载体集中清退', '重要会议安全'].map((word) => Buffer.from(word));
  for (const entry of await readdir(box.data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(path.join(entry.parentPath, entry.name));
    t.false(words.some((word) => bytes.includes(word)), `${entry.name} tells what is in the records`);
  }
});
