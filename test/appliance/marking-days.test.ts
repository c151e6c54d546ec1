import sqlite3 from 'sqlite3';
import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import { done, draftCase, draftOf, formOf, marked, openDesk, people, propose, setClock, settle, signCase, signedIn, takenIn, termsOf, years, approve } from '../helpers/marking.js';
import type { Desk, Refusal } from '../helpers/marking.js';

interface Line { readonly kind: string; readonly classification: string; readonly dueOn: string; readonly daysLeft: number; readonly window: number | null; readonly overdue: boolean; readonly code: string | null; readonly title: string }
interface Lines { readonly total: number; readonly counts: Readonly<Record<string, number>>; readonly rows: readonly Line[] }
const stateOf = async (desk: Desk, classification: string): Promise<string> => done(await desk.authority.get<{ state: string }>('classification.show', { classification })).state;
const lines = async (desk: Desk, query: Record<string, string | number> = {}): Promise<Lines> => done(await desk.authority.get<Lines>('classification.expiring', query));
const round = async (desk: Desk) => desk.box.running.services.marking.round.run(desk.box.running.box.systemCall('classification.round'));

test('06 §14-15, 保密法第二十四条: 90, 30, 7, 0 days, then it runs out and stays closed until two people confirm it; no notice', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const { record, classification } = await marked(desk, { term: { kind: 'duration', years: 0, months: 6, days: 0 }, startOn: '2026-06-01' });
  t.is((await lines(desk)).counts['expiring'], 0);
  const windows: readonly [today: string, window: number, left: number][] = [['2026-09-02', 90, 90], ['2026-11-01', 30, 30], ['2026-11-24', 7, 7], ['2026-12-01', 0, 0]];
  for (const [today, window, left] of windows) {
    clock.to(today);
    const again = await signedIn(desk.box);
    const { rows } = await lines(again, { kind: 'expiring' });
    t.deepEqual(rows.map((one) => [one.classification, one.dueOn, one.daysLeft, one.window, one.code]), [[classification, '2026-12-01', left, window, 'A_EXPIRY_DUE']], today);
    t.is((await lines(again, { kind: 'expiring', window: left === 0 ? 0 : left - 1 })).total, left === 0 ? 1 : 0);
    t.deepEqual(await round(again), { expired: 0, reviewDue: 0, failed: 0 }, 'the last day is still secret');
  }
  clock.to('2026-12-02');
  const after = await signedIn(desk.box);
  t.deepEqual(await round(after), { expired: 1, reviewDue: 0, failed: 0 });
  t.deepEqual(await round(after), { expired: 0, reviewDue: 0, failed: 0 }, 'run again it does nothing');
  t.is(await stateOf(after, classification), 'expired');
  const shown = done(await after.proposer.get<{ record: { level: number; mark: string } }>('record.show', { record }));
  t.deepEqual([shown.record.level, shown.record.mark], [3, '机密★6个月'], 'still closed');
  t.is((await (await after.as('zhaoxiaolan', 2)).get('record.show', { record })).status, 404);
  t.deepEqual((await lines(after, { kind: 'expired' })).rows.map((one) => one.classification), [classification]);
  const late = await draftCase(after.proposer, classification, formOf({ kind: 'extend', keepReason: 'still_sensitive', to: termsOf(after, { startOn: '2026-06-01', term: years(5) }) }));
  t.is(late.body.code, 'E_CLS_EXTEND_AFTER_EXPIRY', '06 §14-6: 届满后不得延长');
  const { case: id } = done(await draftCase(after.proposer, classification, formOf({ kind: 'confirm_expiry' })));
  done(await signCase(after.proposer, 'sign', id));
  t.is((await after.proposer.get<{ record: { level: number } }>('record.show', { record })).body.record.level, 3, 'one signature opens nothing');
  const lifted = done(await signCase(after.authority, 'decide', id));
  t.deepEqual([lifted.matterState, lifted.mark, lifted.notice, lifted.state], ['declassified', '解密 2026-12-02 自行解密', null, 'closed']);
  t.is((await after.proposer.get<{ record: { level: number } }>('record.show', { record })).body.record.level, 1);
});

test('保密法第二十四条 延长: before the end, told before the end; told later it says so (规定第三十条)', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const { classification } = await marked(desk, { term: { kind: 'duration', years: 0, months: 6, days: 0 }, startOn: '2026-06-01' });
  const extended = await settle(desk, classification, formOf({ kind: 'extend', keepReason: 'still_sensitive', to: termsOf(desk, { startOn: '2026-06-01', term: years(2) }) }));
  t.deepEqual([extended.mark, extended.notice?.deliverBy, extended.notice?.dueOn], ['机密★2年', '2026-12-01', '2026-06-04']);
  const history = done(await desk.authority.get<{ history: { text: string }[] }>('classification.show', { classification })).history;
  t.is(history[0]?.text, '延期：机密★2年（自2026-06-01） 2026-06-01 密延〔2026〕1号');
  t.is((await lines(desk, { kind: 'notice' })).rows[0]?.code, null);
  clock.to('2026-12-05');
  const after = await signedIn(desk.box);
  t.deepEqual((await lines(after, { kind: 'notice' })).rows.map((one) => [one.overdue, one.code]), [[true, 'W_CLS_NOTICE_OVERDUE']], '06 §14-11: 逾三个工作日未回执');
  const { rows: [notice] } = done(await after.officer.get<{ rows: { id: string; version: number; overdue: boolean }[] }>('classification.notices', { state: 'open' }));
  t.true(notice?.overdue);
  const send = async (event: string, on: string, seenVersion: number) => done(await after.officer.post<{ version: number; undelivered: number }>('classification.enter-notice', { notice: notice?.id, seenVersion, recipient: 0, event, on }));
  const sent = await send('sent', '2026-06-02', notice?.version ?? 0);
  t.is((await send('delivered', '2026-12-04', sent.version)).undelivered, 4, 'delivered after the old term had ended counts as not told in time');
  t.true(done(await after.officer.get<{ rows: { recipients: { late: boolean }[] }[] }>('classification.notices')).rows[0]?.recipients[0]?.late);
  t.deepEqual(await round(after), { expired: 0, reviewDue: 0, failed: 0 }, 'the extended mark holds');
});

test('保密法第二十四条 每年审核, 06 §14-14: due after a year, overdue after it, renewed by the review', async (t) => {
  const clock = setClock('2026-03-02');
  const desk = await openDesk(t, clock);
  const { classification } = await marked(desk, { startOn: '2026-03-01' });
  clock.to('2027-03-02');
  const due = await signedIn(desk.box);
  t.deepEqual(await round(due), { expired: 0, reviewDue: 1, failed: 0 });
  t.is(await stateOf(due, classification), 'review_due');
  clock.to('2027-03-10');
  const after = await signedIn(desk.box);
  t.deepEqual((await lines(after, { kind: 'review' })).rows.map((one) => [one.dueOn, one.overdue, one.code]), [['2027-03-02', true, 'W_CLS_REVIEW_OVERDUE']]);
  const kept = await settle(after, classification, formOf({ kind: 'review', trigger: 'annual', outcome: 'continue', keepReason: 'scope_requires' }));
  t.deepEqual([kept.matterState, kept.reviewDueOn], ['active', '2028-03-10']);
  t.is((await lines(after, { kind: 'review' })).total, 0);
});

test('实施条例第二十五、二十六条, 06 §14-17 先行保密: the highest claim protects, reported within ten working days, settled by the competent body', async (t) => {
  const clock = setClock('2026-09-18');
  const desk = await openDesk(t, clock);
  const record = await takenIn(desk.proposer, 2, '不明确事项（演练）');
  const draft = draftOf([record], people(desk), { level: 2, term: years(5), startOn: '2026-09-18', basis: '不明确事项：保密事项范围没有规定' });
  const sheet = { draft, claimed: [3], why: 'unclear' };
  t.is(done(await desk.proposer.post<{ problem: Refusal }>('classification.preview', { event: 'protect', ...sheet, claimed: [4], opinion: '建议' })).problem.code, 'E_CLS_OVER_SYSTEM_LEVEL');
  const ready = done(await desk.proposer.post<{ id: string; statement: string; reportDueOn: string; reportDueCovered: boolean }>('classification.preview', { event: 'protect', ...sheet, opinion: '拟定机密' }));
  t.deepEqual([ready.reportDueOn, ready.reportDueCovered], ['2026-10-09', true], '中秋、国庆放假, 9月20日上班 (国办发明电〔2025〕7号)');
  const made = done(await desk.proposer.post<{ classification: string; level: number; state: string }>('classification.protect', { id: ready.id, ...sheet, opinion: '拟定机密', signature: desk.proposer.sign(ready.statement) }));
  t.deepEqual([made.state, made.level], ['temporarily_protected', 3]);
  t.is((await desk.proposer.get('record.show', { record })).status, 404, 'from a session at 秘密 it is gone');
  t.deepEqual((await lines(desk, { kind: 'report' })).rows.map((one) => [one.dueOn, one.code]), [['2026-10-09', null]]);
  clock.to('2026-10-12');
  const late = await signedIn(desk.box);
  await late.proposer.post('session.switch-level', { level: 3 });
  t.deepEqual((await lines(late, { kind: 'report' })).rows.map((one) => [one.overdue, one.code]), [[true, 'W_CLS_REPORT_OVERDUE']]);
  const early = await draftCase(late.proposer, made.classification, formOf({ kind: 'confirm_protection', outcome: 'confirm', to: termsOf(late, { level: 2, term: years(5), startOn: '2026-09-18' }) }));
  t.is(early.body.code, 'E_CLS_AUTHORITY_EXCEEDED', 'not without the decision of the competent body');
  const sent = { classification: made.classification, seenVersion: 1, body: '省保密行政管理部门', no: '昆演报〔2026〕8号' };
  t.is((await late.officer.post<Refusal>('classification.report', { ...sent, on: '2026-10-13' })).body.code, 'E_INPUT_INVALID', 'not tomorrow');
  t.is(done(await late.officer.post<{ warning: string }>('classification.report', { ...sent, on: '2026-10-12' })).warning, 'W_CLS_REPORT_OVERDUE');
  t.is((await late.officer.post<Refusal>('classification.report', { ...sent, seenVersion: 2, on: '2026-10-12' })).body.code, 'E_STATE_INVALID', 'reported once');
  t.like(done(await late.officer.get<{ protection: object }>('classification.show', { classification: made.classification })).protection, { why: 'unclear', claimed: [3, 2], reportedOn: '2026-10-12', reported: { body: '省保密行政管理部门', no: '昆演报〔2026〕8号' } });
  const back = done(await late.proposer.post<{ statement: string }>('classification.preview', { event: 'withdraw', classification: made.classification, opinion: '撤回' }));
  t.is((await late.proposer.post<Refusal>('classification.withdraw', { classification: made.classification, seenVersion: 2, opinion: '撤回', signature: late.proposer.sign(back.statement) })).body.code, 'E_STATE_INVALID', 'what is reported waits for the answer');
  const origin = { body: '省保密行政管理部门', no: '云保函〔2026〕5号', on: '2026-10-12' };
  const settled = await settle(late, made.classification, formOf({ kind: 'confirm_protection', outcome: 'confirm', origin, to: termsOf(late, { level: 2, term: years(5), startOn: '2026-09-18' }) }));
  t.deepEqual([settled.matterState, settled.mark, settled.level], ['active', '秘密★5年', 2]);
});

test('实施条例第二十五条: found by the competent body to be no state secret, the records are guarded as before; withdrawn before the report, likewise', async (t) => {
  const clock = setClock('2026-12-25');
  // 00:30 in the morning of the 26th, which is the 25th still in UTC.
  clock.to('2026-12-25T16:30:00.000Z');
  const desk = await openDesk(t, clock);
  const protect = async (why: string): Promise<{ record: string; classification: string }> => {
    const record = await takenIn(desk.proposer, 1, `拟密（演练）${why}`);
    const sheet = { draft: draftOf([record], people(desk), { startOn: '2026-12-25', basis: '不明确事项' }), claimed: [], why };
    const ready = done(await desk.proposer.post<{ id: string; statement: string; reportDueOn: string; reportDueCovered: boolean }>('classification.preview', { event: 'protect', ...sheet, opinion: '拟定' }));
    t.false(ready.reportDueCovered && why === 'unclear', 'the year after is not in the table, and that is said');
    done(await desk.proposer.post('classification.protect', { id: ready.id, ...sheet, opinion: '拟定', signature: desk.proposer.sign(ready.statement) }));
    await desk.proposer.post('session.switch-level', { level: 3 });
    return { record, classification: ready.id };
  };
  const early = await protect('beyond');
  const sent = { classification: early.classification, seenVersion: 1, body: '省保密行政管理部门', no: '昆演报〔2026〕9号' };
  t.is((await desk.officer.post<Refusal>('classification.report', { ...sent, on: '2026-12-25' })).body.code, 'E_INPUT_INVALID', 'not before the day it was drawn up');
  done(await desk.officer.post('classification.report', { ...sent, on: '2026-12-26' }));
  const one = await protect('unclear');
  const origin = { body: '省保密行政管理部门', no: '云保函〔2026〕6号', on: '2026-12-25' };
  const found = await settle(desk, one.classification, formOf({ kind: 'confirm_protection', outcome: 'not_secret', origin }));
  t.is(found.matterState, 'withdrawn');
  await desk.proposer.post('session.switch-level', { level: 1 });
  t.is(done(await desk.proposer.get<{ record: { level: number } }>('record.show', { record: one.record })).record.level, 1);
  const two = await protect('beyond');
  const ready = done(await desk.proposer.post<{ statement: string }>('classification.preview', { event: 'withdraw', classification: two.classification, opinion: '误拟' }));
  t.is(done(await desk.proposer.post<{ state: string }>('classification.withdraw', { classification: two.classification, seenVersion: 1, opinion: '误拟', signature: desk.proposer.sign(ready.statement) })).state, 'withdrawn');
  await desk.proposer.post('session.switch-level', { level: 1 });
  t.is(done(await desk.proposer.get<{ record: { level: number } }>('record.show', { record: two.record })).record.level, 1);
  const three = await takenIn(desk.proposer, 3);
  const { classification } = done(await propose(desk.proposer, draftOf([three], people(desk))));
  const text = done(await desk.proposer.post<{ statement: string }>('classification.preview', { event: 'withdraw', classification, opinion: '重拟' }));
  done(await desk.proposer.post('classification.withdraw', { classification, seenVersion: 1, opinion: '重拟', signature: desk.proposer.sign(text.statement) }));
  t.is((await approve(desk.authority, classification)).body.code, 'E_STATE_INVALID', 'what was taken back is not approved');
  t.is((await propose(desk.proposer, draftOf([three], people(desk)))).status, 200, 'and may be proposed anew');
});

test('解密条件: a condition met is confirmed by two people from the day after', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const { classification } = await marked(desk, { term: { kind: 'condition', condition: '会议结束后', metOn: null }, startOn: '2026-06-01' });
  const form = formOf({ kind: 'confirm_expiry', metOn: '2026-06-01' });
  t.is((await draftCase(desk.proposer, classification, form)).body.code, 'E_STATE_INVALID', 'the day itself is still secret');
  clock.to('2026-06-02');
  t.is((await settle(await signedIn(desk.box), classification, form)).mark, '解密 2026-06-02 自行解密');
});

test('power lost in the middle of the round: the next start finishes it, each matter once', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const matters: string[] = [];
  for (let n = 0; n < 3; n += 1) matters.push((await marked(desk, { term: { kind: 'duration', years: 0, months: 0, days: 10 }, startOn: '2026-06-01' }, `到期件${String(n)}`)).classification);
  clock.to('2026-07-01');
  const { store } = desk.box.running.box;
  const write = store.write.bind(store);
  let left = 1;
  Object.assign(store, { write: async (...args: Parameters<typeof write>) => (args[0].act === 'classification.round' && left-- <= 0 ? Promise.reject(new Error('power')) : write(...args)) });
  await t.throwsAsync(desk.box.running.services.markingDays.run(), { message: 'power' });
  const states = async (sql = desk.box.running.box.reader) => (await sql.all<{ state: string }>("SELECT state FROM classification WHERE id IN ($1, $2, $3) ORDER BY state", ...matters)).map(({ state }) => state);
  t.deepEqual(await states(), ['active', 'active', 'expired']);
  await desk.box.stop();
  const again = await openTestBox(t, { data: desk.box.data, clock });
  const { reader } = again.running.box;
  t.deepEqual(await states(reader), ['expired', 'expired', 'expired'], 'the round runs at the start');
  const entered = await reader.all<{ object: string }>("SELECT object FROM audit_entry WHERE action = 'classification.expire'");
  t.deepEqual(entered.map(({ object }) => object).sort(), [...matters].sort(), 'entered once each');
});

test('a record edited from outside stays as it is, is entered, and does not keep the round from the others', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const short = { term: { kind: 'duration' as const, years: 0, months: 0, days: 10 }, startOn: '2026-06-01' };
  const [one, two] = [await marked(desk, short, '甲'), await marked(desk, short, '乙')];
  const { paths, reader } = desk.box.running.box;
  await new Promise<void>((resolve, reject) => {
    const outside = new sqlite3.Database(paths.database);
    outside.exec(`UPDATE record SET mark = '秘密★1年' WHERE id = '${one.record}'`, (error) => { outside.close(() => { if (error) reject(error); else resolve(); }); });
  });
  clock.to('2026-07-01');
  t.deepEqual(await round(desk), { expired: 1, reviewDue: 0, failed: 1 });
  t.deepEqual(await reader.all('SELECT id, state FROM classification WHERE id IN ($1, $2) ORDER BY state', one.classification, two.classification), [{ id: one.classification, state: 'active' }, { id: two.classification, state: 'expired' }]);
  t.true((await reader.all("SELECT 1 FROM audit_entry WHERE action = 'classification.round' AND result = 'refused' AND reason = 'E_MARK_BINDING'")).length > 0);
});
