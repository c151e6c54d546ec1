import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { at, described, done, fileBatch } from '../helpers/marked.js';

interface Code { readonly code?: string; readonly archivalCode: string; readonly voided: string }
interface Shown { readonly record: { readonly version: number; readonly archivalCode: string; readonly retentionExpiresOn: string; readonly state: string } }

test('第二十一条: a number given in the wrong sequence is made void with its reason and never given again; the record gets the next one of the right sequence and is found under both', async (t) => {
  const box = await openTestBox(t);
  const [proposer, custodian] = [await box.as('liusiyuan'), await box.as('yangjing')];
  const file = async (title: string): Promise<string> => {
    const { batch, record } = await described(proposer, title, 1);
    await fileBatch(proposer, custodian, batch, 1);
    return record;
  };
  const [first, second] = [await file('关于第一件的通知'), await file('关于第二件的通知')];
  const shown = async (record: string) => done(await custodian.get<Shown>('record.show', { record })).record;
  const before = await shown(second);
  t.regex(before.archivalCode, /0002$/u);
  const renumber = async (record: string, facts: object, more: object = {}) => custodian.post<Code>('filing.renumber', { record, facts, reason: '保管期限划定有误', seenVersion: (await shown(record)).version, ...more });
  t.is((await renumber(second, { archivalYear: 2026 })).body.code, 'E_INPUT_INVALID', 'nothing is wrong about it');
  t.is((await renumber(second, { retentionCode: 'D1' })).body.code, 'E_RETENTION_TOO_SHORT');
  t.is((await renumber(second, { retentionCode: 'D30' }, { seenVersion: before.version + 1 })).body.code, 'E_STALE_VERSION');
  const given = done(await renumber(second, { retentionCode: 'D30' }));
  t.is(given.voided, before.archivalCode);
  t.regex(given.archivalCode, /D30.*0001$/u);
  const after = await shown(second);
  t.deepEqual([after.archivalCode, after.retentionExpiresOn, after.state], [given.archivalCode, '2056-12-31', 'filed']);
  const third = await file('关于第三件的通知');
  t.regex((await shown(third)).archivalCode, /D10.*0003$/u, 'the void number is skipped, not given again');
  for (const code of [before.archivalCode, given.archivalCode]) t.deepEqual(done(await custodian.get<{ rows: { id: string }[] }>('record.search', { q: code })).rows.map(({ id }) => id), [second], code);
  const { rows, total } = done(await custodian.get<{ total: number; rows: readonly { archivalCode: string; replacedBy: string; reason: string; byName: string }[] }>('filing.voided'));
  t.deepEqual([total, rows.map(({ archivalCode, replacedBy, reason, byName }) => [archivalCode, replacedBy, reason, byName])], [1, [[before.archivalCode, given.archivalCode, '保管期限划定有误', '杨静']]]);
  t.is(done(await (await at(await box.as('zhangjian'), 1)).get<{ total: number }>('filing.voided')).total, 0, 'of records in sight only');
  t.is((await renumber(first, { retentionCode: 'D30' })).status, 200);
});
