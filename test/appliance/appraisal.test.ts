import test from 'ava';
import fc from 'fast-check';
import { openTestBox } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { filedOld, filedOldSecret } from '../helpers/expired.js';
import { at, done } from '../helpers/marked.js';

interface Code { readonly code?: string; readonly details?: readonly { readonly at: string; readonly message: string }[] }
interface Due { readonly total: number; readonly rows: readonly { readonly record: string; readonly title: string; readonly retentionExpiresOn: string; readonly batch: { number: string } | null; readonly last: { opinionName: string } | null }[] }
interface ItemRow { readonly record: string; readonly no: number; readonly title: string; readonly level: number; readonly opinions: readonly { by: string; opinion: string; reason: string | null; mine: boolean }[]; readonly waiting: readonly string[]; readonly conclusion: string | null; readonly newRetention: string | null; readonly concluded: boolean; readonly myVersion: number; readonly may: boolean }
interface Shown { readonly id: string; readonly number: string; readonly state: string; readonly version: number; readonly items: number; readonly total: number; readonly waiting: number; readonly lead: boolean; readonly whole: boolean | null; readonly words: { report: { process: string } | null } | null; readonly approval: { id: string; state: string } | null; readonly tally: readonly { opinion: string; items: number }[]; readonly rows: readonly ItemRow[]; readonly report: string | null }
interface Checked { readonly state: string; readonly currentRetention: string | null; readonly retentionCode: string; readonly archivalCode: string; readonly retentionExpiresOn: string | null; readonly recordVersion: number; readonly checks: readonly { code: string; passed: boolean }[]; readonly history: readonly { from: { code: string }; to: { code: string } }[]; readonly last: { opinion: string } | null }
interface Drafted extends Code { readonly batch: string; readonly number: string; readonly version: number }

const show = async (client: Client, batch: string) => done(await client.get<Shown>('appraisal.show', { batch }));
const check = async (client: Client, record: string) => done(await client.get<Checked>('appraisal.check', { record }));
const faults = async (client: Client, record: string): Promise<string[]> => (await check(client, record)).checks.filter((one) => !one.passed && one.code.startsWith('E_')).map(({ code }) => code);
const draft = async (client: Client, records: readonly string[], members: readonly (readonly [Client, string])[]): Promise<Answer<Drafted>> =>
  client.post<Drafted>('appraisal.draft', { records, members: members.map(([{ person }, part]) => ({ person, part })), basis: 'regulation' });
const convene = async (client: Client, batch: string) => client.post<Code & { state: string }>('appraisal.convene', { batch, seenVersion: (await show(client, batch)).version });
async function opine(client: Client, batch: string, records: readonly string[], opinion: string, newRetention?: string): Promise<Answer<Code>> {
  const { rows } = await show(client, batch);
  return client.post<Code>('appraisal.opine', { batch, opinion, reason: '理由如下', ...(newRetention === undefined ? {} : { newRetention }), items: records.map((record) => ({ record, seenVersion: rows.find((one) => one.record === record)?.myVersion ?? 0 })) });
}
const report = async (client: Client, batch: string) => client.post<Code & { state: string }>('appraisal.report', { batch, process: '小组逐件直接鉴定，查看了原文和著录', conclusion: '同意按清册所列意见办理', seenVersion: (await show(client, batch)).version });
async function countersign(client: Client, batch: string): Promise<Answer<Code & { state: string }>> {
  const ready = await client.get<Code & { statement: string; version: number }>('appraisal.preview', { batch });
  if (ready.status !== 200) return ready as never;
  return client.post('appraisal.sign', { batch, signature: client.sign(ready.body.statement), seenVersion: ready.body.version });
}
async function sign(client: Client, approval: string): Promise<Answer<Code & { state: string }>> {
  const ready = await client.post<Code & { statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' });
  if (ready.status !== 200) return ready as never;
  return client.post('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.body.statement), seenVersion: ready.body.version });
}

interface People { readonly box: TestBox; readonly archivist: Client; readonly custodian: Client; readonly proposer: Client; readonly officer: Client; readonly authority: Client; readonly head: Client; readonly other: Client }
async function people(t: { teardown(work: () => unknown): void }): Promise<People> {
  const box = await openTestBox(t);
  return {
    box, archivist: await box.as('zhaoxiaolan'), custodian: await box.as('yangjing'), proposer: await box.as('liusiyuan'), officer: await box.as('zhoumin'), authority: await at(await box.as('lijianguo'), 3),
    head: await box.as('wangzhenhua'), other: await box.as('duanwen'),
  };
}
async function levelled(level: number, ...clients: readonly Client[]): Promise<void> {
  for (const client of clients) await at(client, level);
}

test('第三十八条: an appraisal from the expiry list to its approval; who disagrees protects, a new period keeps the 档号, and nothing goes around the panel', async (t) => {
  t.timeout(180_000);
  const who = await people(t);
  const { archivist, custodian, proposer, officer, authority, head, box } = who;
  const [a = '', b = '', c = '', d = '', e = '', f = ''] = await filedOld(archivist, 0, 'DAS', [
    { title: '关于值班安排的通知' }, { title: '关于节日值守的通知' }, { title: '关于办公用品的通知' }, { title: '关于会务安排的通知' }, { title: '一般问题的请示', year: 1990, item: '3.2', retention: 'D30' }, { title: '关于年度工作的通知', year: 2024 },
  ]);
  const { total, rows } = done(await archivist.get<Due>('appraisal.due'));
  t.is(total, 5, 'the one of 2024 runs until 2034');
  t.deepEqual(rows.map(({ retentionExpiresOn }) => retentionExpiresOn), ['2020-12-31', '2024-12-31', '2024-12-31', '2024-12-31', '2024-12-31'], 'the longest due first');
  t.is(done(await archivist.get<Due>('appraisal.due', { asOf: '2022-01-01' })).total, 1);
  t.is((await archivist.get<Code>('appraisal.due', { asOf: '2099-01-01' })).body.code, 'E_INPUT_INVALID');

  // 组成小组: each precondition by its own code.
  await levelled(0, custodian, proposer, officer, head);
  const panel = [[archivist, 'archives'], [custodian, 'archives'], [proposer, 'business']] as const;
  t.is((await draft(archivist, [f], panel)).body.code, 'E_RETENTION_NOT_EXPIRED', '§11 用例 2');
  t.is((await draft(archivist, [a], panel.slice(0, 2))).body.code, 'E_APPRAISAL_PANEL', 'two are too few');
  t.is((await draft(archivist, [a], [...panel.slice(0, 2), [custodian, 'business']])).body.code, 'E_APPRAISAL_PANEL', 'nobody twice');
  t.is((await draft(archivist, [a], [[archivist, 'archives'], [proposer, 'business'], [proposer, 'secrecy']])).body.code, 'E_APPRAISAL_PANEL');
  t.is((await draft(archivist, [a], [[archivist, 'archives'], [custodian, 'archives'], [officer, 'business']])).body.code, 'E_APPRAISAL_PANEL', 'a part that the duty does not carry');
  t.is((await draft(proposer, [a], panel)).body.code, 'E_DENIED');
  const { batch, number } = done(await draft(archivist, [a, b, c, d, e], panel));
  t.regex(number, /^JD-\d{4}-\d{4}$/u);
  t.is((await draft(archivist, [a], panel)).body.code, 'E_DUPLICATE', 'one batch at a time');
  t.is(done(await archivist.get<Due>('appraisal.due')).rows.find(({ record }) => record === a)?.batch?.number, number);

  // 直接销毁 before any of it: §11 用例 1.
  t.deepEqual(await faults(archivist, a), ['E_APPRAISAL_REQUIRED']);
  t.is((await opine(archivist, batch, [a], 'destroy')).body.code, 'E_STATE_INVALID', 'not convened yet');
  t.is((await archivist.post<Code>('appraisal.convene', { batch, seenVersion: 1 })).body.code, 'E_DENIED');
  t.is(done(await convene(head, batch)).state, 'opinions');

  // 逐件意见.
  t.is((await opine(officer, batch, [a], 'destroy')).body.code, 'E_DENIED', 'not of the panel');
  t.is((await opine(archivist, batch, [f], 'destroy')).body.code, 'E_NOT_FOUND', 'not of this batch');
  t.is((await opine(archivist, batch, [e], 'destroy')).body.code, 'E_RETAINED_COPY_PROTECTED', '30 years: first to the archive');
  t.is((await opine(archivist, batch, [b], 'retain_extended')).body.code, 'E_RETENTION_REQUIRED');
  t.is((await opine(archivist, batch, [b], 'retain_extended', 'D11')).body.code, 'E_RETENTION_TOO_SHORT', 'ended by now all the same');
  t.is((await opine(archivist, batch, [a], 'destroy', 'D30')).body.code, 'E_INPUT_INVALID');
  for (const member of [archivist, custodian, proposer]) {
    t.is((await opine(member, batch, [a, d], 'destroy')).status, 200);
    t.is((await opine(member, batch, [e], 'transfer_to_archive')).status, 200);
    t.is((await opine(member, batch, [b], member === proposer ? 'destroy' : 'retain_extended', member === proposer ? undefined : member === custodian ? 'D30' : 'D20')).status, 200);
  }
  t.is((await archivist.post<Code>('appraisal.opine', { batch, opinion: 'destroy', reason: '重复', items: [{ record: a, seenVersion: 0 }] })).body.code, 'E_STALE_VERSION', 'an old page overwrites nothing');
  t.is((await report(archivist, batch)).body.code, 'E_APPRAISAL_INCOMPLETE', '意见缺失不得汇总');
  for (const member of [archivist, custodian]) await opine(member, batch, [c], 'retain_permanent');
  t.is((await report(archivist, batch)).body.code, 'E_APPRAISAL_INCOMPLETE', 'one of three has not spoken');
  await opine(proposer, batch, [c], 'retain_permanent');
  t.is((await report(custodian, batch)).body.code, 'E_DENIED', 'the one who drew it up carries it on');
  t.is(done(await report(archivist, batch)).state, 'reported');
  const concluded = await show(custodian, batch);
  t.deepEqual(concluded.rows.map(({ conclusion, newRetention }) => [conclusion, newRetention]), [['destroy', null], ['retain_extended', 'D30'], ['retain_permanent', 'Y'], ['destroy', null], ['transfer_to_archive', null]]);
  t.is(concluded.words, null, 'the words of the report are told by the report');
  t.not((await show(archivist, batch)).words?.report, null);

  // 会签、报批.
  t.is((await archivist.post<Code>('appraisal.submit', { batch, seenVersion: (await show(archivist, batch)).version })).body.code, 'E_STATE_INVALID', 'not countersigned');
  const forged = done(await archivist.get<{ statement: string; version: number }>('appraisal.preview', { batch }));
  t.is((await archivist.post<Code>('appraisal.sign', { batch, signature: custodian.sign(forged.statement), seenVersion: forged.version })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await countersign(officer, batch)).body.code, 'E_DENIED');
  t.is(done(await countersign(archivist, batch)).state, 'reported');
  t.is((await countersign(archivist, batch)).body.code, 'E_SOD_SAME_PERSON');
  done(await countersign(custodian, batch));
  t.is(done(await countersign(proposer, batch)).state, 'countersigned');
  const { approval } = done(await archivist.post<{ approval: string }>('appraisal.submit', { batch, seenVersion: (await show(archivist, batch)).version }));
  t.is((await archivist.post<Code>('appraisal.reopen', { batch, seenVersion: (await show(archivist, batch)).version })).body.code, 'E_STATE_INVALID', 'in the hands of its signers');
  t.is((await sign(archivist, approval)).body.code, 'E_DENIED', 'whoever asks does not sign');
  t.is((await sign(authority, approval)).body.code, 'E_NOT_FOUND', '定密责任人 has no seat in it');

  // 冻结 after it was submitted stops the destruction, not the panel.
  const { hold } = done(await custodian.post<{ hold: string }>('hold.place', { record: a, kind: 'litigation', requestedBy: '法规处', reason: '行政诉讼未结' }));
  t.is((await sign(head, approval)).body.code, 'E_LEGAL_HOLD');
  t.is((await custodian.post<Code>('hold.lift', { hold, reason: '已结案', seenVersion: 1 })).body.code, 'E_SOD_SELF_APPROVAL', '冻结人不得自行解除');
  t.deepEqual(await faults(archivist, a), ['E_APPRAISAL_REQUIRED', 'E_LEGAL_HOLD']);
  t.is(done(await head.post<{ standing: number }>('hold.lift', { hold, reason: '已结案', seenVersion: 1 })).standing, 0);
  t.is((await head.post<Code>('hold.lift', { hold, reason: '再次', seenVersion: 2 })).body.code, 'E_STATE_INVALID');
  const before = await check(archivist, b);
  t.is(done(await sign(head, approval)).state, 'done');

  // 结果.
  t.is((await check(archivist, a)).state, 'appraised');
  t.deepEqual(await faults(archivist, a), []);
  const kept = await check(archivist, b);
  t.deepEqual([kept.state, kept.currentRetention, kept.retentionCode, kept.retentionExpiresOn, kept.archivalCode], ['filed', 'D30', 'D10', '2044-12-31', before.archivalCode], '重新划定期限，档号不变');
  t.deepEqual(kept.history.map(({ from, to }) => [from.code, to.code]), [['D10', 'D30']]);
  const permanent = await check(archivist, c);
  t.deepEqual([permanent.currentRetention, permanent.retentionExpiresOn], ['Y', null]);
  t.is((await check(archivist, e)).state, 'filed');
  t.deepEqual(done(await archivist.get<Due>('appraisal.due')).rows.map(({ record, last }) => [record, last?.opinionName]), [[e, '移交档案馆']], 'what is kept longer has left the list');
  const disposable = done(await archivist.get<{ total: number; rows: { record: string; number: string }[] }>('appraisal.disposable'));
  t.deepEqual(disposable.rows.map((one) => `${one.number} ${one.record}`).sort(), [a, d].map((one) => `${number} ${one}`).sort());
  await t.throwsAsync(async () => box.running.box.store.housekeep(async (sql) => sql.run("UPDATE retention_change SET to_code = 'D10'")), undefined, 'the history of a period stands');

  // 撤回, 办结.
  t.is(done(await archivist.post<{ state: string }>('appraisal.keep', { record: d, reason: '另有查考需要', seenVersion: (await check(archivist, d)).recordVersion })).state, 'filed');
  t.true(done(await archivist.get<Due>('appraisal.due')).rows.some(({ record }) => record === d), 'it waits for another appraisal');
  t.is((await archivist.post<Code>('appraisal.close', { batch, seenVersion: (await show(archivist, batch)).version })).body.code, 'E_STATE_INVALID', '没有报告不办结');
  const made = done(await archivist.post<{ report: string; number: string; level: number }>('report.create', { kind: 'R15', appraisal: batch }));
  t.is(made.level, 0);
  const shown = done(await archivist.get<{ document: { sections: { key?: string; rows?: Record<string, string>[] }[] } }>('report.show', { report: made.report }));
  const register = shown.document.sections.find(({ key }) => key === 'register')?.rows ?? [];
  t.deepEqual(register.map((row) => row['retention']), ['10 年', '10 年', '10 年', '10 年', '30 年'], 'as it stood before');
  t.deepEqual(register.map((row) => row['conclusion']), ['销毁', '存续，延长期限 30 年', '存续，改为永久', '销毁', '移交档案馆']);
  t.is(done(await archivist.post<{ state: string }>('appraisal.close', { batch, seenVersion: (await show(archivist, batch)).version })).state, 'closed');
  t.is((await archivist.post<Code>('appraisal.cancel', { batch, reason: '撤销', seenVersion: (await show(archivist, batch)).version })).body.code, 'E_STATE_INVALID');

  // §11 用例 12: what was handed over stays five years.
  await box.running.box.store.housekeep(async (sql) => sql.run("UPDATE record SET state = 'retained_copy', transfer_batch = 'YJ-1', retain_until = '2029-01-01' WHERE id = $1", e));
  t.deepEqual(await faults(archivist, e), ['E_APPRAISAL_REQUIRED', 'E_RETAINED_COPY_PROTECTED']);
});

test('第三十八条、保密法第二十一条: whoever may not see a record never learns of it from an appraisal; 在期的秘密 are destroyed only with both consents', async (t) => {
  t.timeout(180_000);
  const who = await people(t);
  const { archivist, custodian, proposer, officer, authority, head, other, box } = who;
  const [open = ''] = await filedOld(await at(archivist, 1), 1, 'BGS', [{ title: '关于办公秩序的通知' }]);
  const [free = ''] = await filedOld(await at(archivist, 0), 0, 'BGS', [{ title: '关于绿化的通知' }]);
  const knowing = [proposer, custodian, officer, authority, head].map(({ person }) => person);
  const TITLE = '隐龙潭泄洪预案（演练）';
  const { record: secret } = await filedOldSecret({ proposer, authority, custodian }, { title: TITLE }, knowing);
  const { record: closed } = await filedOldSecret({ proposer, authority, custodian }, { title: '石龙坝检修安排（演练）' }, [proposer, custodian, authority, head].map(({ person }) => person));

  await levelled(3, proposer, custodian, officer, head);
  const panel = [[custodian, 'archives'], [proposer, 'business'], [officer, 'secrecy']] as const;
  t.is((await draft(custodian, [secret], [[custodian, 'archives'], [archivist, 'archives'], [proposer, 'business']])).body.code, 'E_APPRAISAL_SECRECY_MEMBER', '§11 用例 11');
  t.is((await draft(custodian, [closed], panel)).body.code, 'E_APPRAISAL_PANEL', 'a 保密员 who may see nothing of it is none');
  t.is((await draft(custodian, [secret, closed], panel)).body.code, 'E_APPRAISAL_SECRECY_MEMBER', 'nor one who may see only another');
  t.is((await draft(archivist, [secret], panel)).body.code, 'E_NOT_FOUND');
  t.is((await draft(custodian, [open], [[custodian, 'archives'], [officer, 'legal'], [authority, 'business']])).body.code, 'E_APPRAISAL_PANEL', 'one pair of eyes is not enough');
  const { batch, number } = done(await draft(custodian, [open, secret, free], panel));

  const seenBy = async (client: Client, level: number): Promise<string[]> => {
    await at(client, level);
    const listed = done(await client.get<{ total: number; rows: { id: string; items: number }[] }>('appraisal.list'));
    if (listed.total === 0) { t.is((await client.get('appraisal.show', { batch })).status, 404); return []; }
    const shown = await show(client, batch);
    t.is(listed.rows[0]?.items, shown.rows.length, 'counts are of what is seen');
    t.is(shown.tally.reduce((sum, one) => sum + one.items, 0) + shown.waiting >= 0, true);
    t.deepEqual(shown.rows.map(({ no }) => no), shown.rows.map((_, n) => n + 1), 'and numbers have no gaps');
    return shown.rows.map(({ record }) => record);
  };
  t.deepEqual(await seenBy(archivist, 2), [open, free], '档案员 without need-to-know');
  t.deepEqual(await seenBy(custodian, 1), [open, free], 'the one who drew it up, in a lower session');
  t.deepEqual(await seenBy(custodian, 0), [free]);
  t.deepEqual(await seenBy(other, 1), [free], '法规处: 内部 of another department is not theirs');
  t.deepEqual(await seenBy(officer, 3), [secret, free], '保密员: named in the secret, not of the department');
  t.deepEqual(await seenBy(custodian, 3), [open, secret, free]);
  t.is((await box.as('linxiao').then(async (one) => one.get<Code>('appraisal.list'))).body.code, 'E_DENIED');
  for (const officer3 of ['sunhao', 'chenlixin', 'hejingyi']) t.is((await box.as(officer3).then(async (one) => one.get<Code>('appraisal.due'))).body.code, 'E_DENIED');

  done(await convene(head, batch));
  await at(head, 3);
  // 意见按件的密级书写.
  t.is((await opine(custodian, batch, [open], 'destroy')).body.code, 'E_MAC_WRITE_DOWN');
  for (const [member, records] of [[custodian, [open, secret, free]], [proposer, [open, secret, free]], [officer, [secret, free]]] as const) {
    for (const record of records) {
      await at(member, record === secret ? 3 : record === open ? 1 : 0);
      t.is((await opine(member, batch, [record], 'destroy')).status, 200, `${member.account} ${record === open ? '内部' : ''}`);
    }
  }
  t.is((await opine(await at(officer, 1), batch, [open], 'destroy')).body.code, 'E_NOT_FOUND');

  // Law: whoever, at whatever level, is shown only records that record.show shows, and no word of another.
  const everybody = [archivist, custodian, proposer, officer, authority, head, other];
  const tops = new Map([[archivist, 2], [other, 1]]);
  await fc.assert(fc.asyncProperty(fc.constantFrom(...everybody), fc.integer({ min: 0, max: 3 }), fc.constantFrom('appraisal.due', 'appraisal.list', 'appraisal.show', 'appraisal.disposable', 'hold.list'), async (client, level, act) => {
    await at(client, Math.min(level, tops.get(client) ?? 3));
    const answer = await client.get<{ total: number; rows: { record?: string }[] }>(act, act === 'appraisal.show' ? { batch } : {});
    const text = answer.bytes.toString('utf8');
    for (const record of [open, secret, closed, free]) {
      const may = (await client.get('record.show', { record })).status === 200;
      if (!may && text.includes(record)) return false;
      if (!may && record === secret && text.includes('隐龙潭')) return false;
      if (!may && record === closed && text.includes('石龙坝')) return false;
    }
    return answer.status !== 200 || answer.body.rows.length === answer.body.total;
  }), { numRuns: 60 });

  t.is((await report(await at(custodian, 1), batch)).body.code, 'E_MAC_WRITE_DOWN', '汇总 at the highest level');
  await at(custodian, 3);
  t.is(done(await report(custodian, batch)).state, 'reported');
  t.is((await countersign(await at(proposer, 0), batch)).body.code, 'E_MAC_WRITE_DOWN', 'a signature is under all that the member may see');
  const mine = done(await (await at(officer, 3)).get<{ statement: string; items: number }>('appraisal.preview', { batch }));
  t.is(mine.items, 2);
  t.false(mine.statement.includes(open), 'a member signs what the member saw');
  for (const member of [custodian, await at(proposer, 3), officer]) done(await countersign(member, batch));
  const { approval } = done(await custodian.post<{ approval: string }>('appraisal.submit', { batch, seenVersion: (await show(custodian, batch)).version }));

  // The approval is told to whoever may see all of it, and to nobody else of the duty.
  const told = async (client: Client): Promise<boolean> => done(await client.get<{ rows: { id: string }[] }>('approval.list')).rows.some(({ id }) => id === approval);
  t.true(await told(custodian));
  t.false(await told(await at(head, 1)), 'not in a lower session');
  t.is((await head.get('approval.show', { approval })).status, 404);
  await at(head, 3);
  const { words } = done(await head.get<{ words: string[] }>('approval.show', { approval }));
  t.false(words.join('').includes('隐龙潭'));
  t.is((await custodian.post<Code>('appraisal.cancel', { batch, reason: '人员不齐', seenVersion: (await show(custodian, batch)).version })).body.code, 'E_STATE_INVALID', 'in the hands of its signers');
  t.is(done(await sign(head, approval)).state, 'done');
  t.is((await check(custodian, secret)).state, 'appraised');
  t.is(number.slice(0, 3), 'JD-');

  // 在期的国家秘密: 保密员 and 定密责任人, both.
  t.deepEqual(await faults(custodian, secret), ['E_DESTROY_SECRECY_CONSENT']);
  t.deepEqual(await faults(custodian, open), []);
  t.is((await custodian.post<Code>('appraisal.consent', { record: open })).body.code, 'E_STATE_INVALID', 'nothing to consent to');
  const consent = done(await custodian.post<{ approval: string }>('appraisal.consent', { record: secret })).approval;
  t.is((await custodian.post<Code>('appraisal.consent', { record: secret })).body.code, 'E_DUPLICATE');
  t.is(done(await sign(officer, consent)).state, 'requested');
  t.deepEqual(await faults(custodian, secret), ['E_DESTROY_SECRECY_CONSENT'], 'one is not enough');
  t.is(done(await sign(await at(authority, 3), consent)).state, 'done');
  t.deepEqual(await faults(custodian, secret), []);

  // 报告 at the highest level of the batch, for the one who made it.
  const made = done(await custodian.post<{ report: string; level: number }>('report.create', { kind: 'R15', appraisal: batch }));
  t.is(made.level, 3);
  await at(custodian, 1);
  t.is((await custodian.get('report.show', { report: made.report })).status, 404);
  t.is((await archivist.post<Code>('report.create', { kind: 'R15', appraisal: batch })).body.code, 'E_DENIED');
  t.is((await (await at(other, 1)).get('appraisal.show', { batch })).status, 200);
  t.is((await other.get<Code>('appraisal.check', { record: open })).body.code, 'E_NOT_FOUND');
});
