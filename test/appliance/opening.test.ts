import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { kept, movable, settleApproval } from '../helpers/using.js';
import type { Problem } from '../helpers/using.js';

interface Line { readonly record: string; readonly decision: string; readonly state: string; readonly level: number; readonly reason: string | null; readonly early: boolean; readonly no: string }
interface Lines { readonly total: number; readonly rows: readonly Line[] }
interface Asked extends Problem { readonly review: string; readonly no: string; readonly approval: string; readonly early: number }

const afterwards: (() => unknown)[] = [];
test.after.always(async () => { for (const work of afterwards.reverse()) await work(); });
/** An archive with one record of 1998 at 内部, one of 2020 at 公开, and receivers who review. */
async function opened() {
  const { time, clock } = movable();
  const box = await openTestBox({ teardown: (work) => { afterwards.push(work); } }, { clock, mode: 'repository' });
  const archivist = await box.as('zhaoxiaolan');
  const old = await kept(archivist, '关于龙泉路绿化养护经费的批复', 1, '1998-05-06');
  const young = await kept(archivist, '关于公布办公电话的通知', 0, '2020-03-01');
  return { box, time, archivist: await at(archivist, 1), receiver: await at(await box.as('gaoyuan'), 1), second: await at(await box.as('xunan'), 1), old, young };
}
let shared: ReturnType<typeof opened> | undefined;
const world = async (): ReturnType<typeof opened> => (shared ??= opened());
const due = async (client: Client, early = false) => done(await client.get<Lines>('opening.due', { early, size: 200 })).rows.map(({ record }) => record);
const propose = async (client: Client, records: readonly string[], more: object = {}) => client.post<Asked>('opening.propose', { records, decision: 'open', reason: '满二十五年，内容不涉及国家安全和重大利益', ...more });

test.serial('第三十二条: what is twenty-five years old is listed; opened by two people it is 公开, and not by one', async (t) => {
  t.timeout(180_000);
  const { box, archivist, receiver, second, old, young } = await world();
  t.deepEqual(await due(receiver), [old.record], 'the young one is not due');
  t.deepEqual(new Set(await due(receiver, true)), new Set([old.record, young.record]));
  const outsider = await at(await box.as('duanwen'), 1);
  t.is((await outsider.get<Problem>('record.show', { record: old.record })).body.code, 'E_NOT_FOUND', 'an internal record of another department');

  const asked = done(await propose(receiver, [old.record]));
  t.is(asked.early, 0);
  t.deepEqual(await due(receiver), [], 'under review it is not asked for again');
  t.is((await propose(second, [old.record])).body.code, 'E_DUPLICATE');
  t.not((await settleApproval(receiver, asked.approval)).status, 200, 'who proposes does not sign');
  t.is(done(await settleApproval(second, asked.approval)).state, 'done');
  const shown = done(await outsider.get<{ record: { level: number; archivalCode: string } }>('record.show', { record: old.record }));
  t.like(shown.record, { level: 0, archivalCode: old.code }, 'open to everyone now, its 档号 as it was');
  t.is(done(await outsider.get<{ total: number }>('record.search', { q: '龙泉路绿化' })).total, 1);
  const [line] = done(await archivist.get<Lines>('opening.list', { record: old.record })).rows;
  t.like(line, { decision: 'open', state: 'approved', level: 0, early: false, no: asked.no });
  t.is((await archivist.post<Problem>('opening.propose', { records: [old.record], decision: 'open', reason: '' })).status, 400);
});

test.serial('第三十二条: a state secret is never opened (E_OPEN_CLASSIFIED), may be put off, and is in no list of a person who may not know of it', async (t) => {
  t.timeout(180_000);
  const { box } = await world();
  const before = await due(await at(await box.as('zhaoxiaolan'), 1), true);
  const { record } = await filedSecret(await markers(box), '隐龙潭泄洪预案', [(await box.as('gaoyuan')).person]);
  const receiver = await at(await box.as('gaoyuan'), 3);
  t.true((await due(receiver, true)).includes(record), 'its keeper sees it');
  t.is((await propose(receiver, [record])).body.code, 'E_OPEN_CLASSIFIED');
  t.is((await propose(await at(await box.as('xunan'), 3), [record])).body.code, 'E_NOT_FOUND', 'outside its scope');
  const asked = done(await propose(receiver, [record], { decision: 'deferred', deferredUntil: '2030-01-01', reason: '尚在保密期限内' }));
  t.is((await settleApproval(await at(await box.as('xunan'), 3), asked.approval)).body.code, 'E_NOT_FOUND', 'who does not know of it does not sign it');
  done(await settleApproval(await at(await box.as('yangjing'), 3), asked.approval));
  const stranger = await at(await box.as('zhaoxiaolan'), 1);
  t.deepEqual(await due(stranger, true), before);
  t.false(done(await stranger.get<Lines>('opening.list', { size: 200 })).rows.some((one) => one.record === record));
  t.is(done(await receiver.get<Lines>('opening.list', { record })).rows[0]?.level, 3, 'it keeps its level');
});

test.serial('第三十二条: opened early it says so; deferred it comes back on its day; controlled it is no lower than 内部', async (t) => {
  const { time, receiver, second, young } = await world();
  t.is((await propose(receiver, [young.record], { decision: 'deferred' })).body.code, 'E_INPUT_INVALID');
  const deferred = done(await propose(receiver, [young.record], { decision: 'deferred', deferredUntil: '2027-01-10', reason: '涉及在办事项' }));
  done(await settleApproval(second, deferred.approval));
  t.false((await due(receiver, true)).includes(young.record));
  t.is(done(await receiver.get<Lines>('opening.list', { decision: 'deferred' })).rows[0]?.level, 1);
  const before = time.now;
  time.now = Date.parse('2027-01-10T01:00:00.000Z');
  const later = await at(await (await world()).box.as('gaoyuan'), 1);
  t.true((await due(later, true)).includes(young.record), 'on its day it is asked again');
  time.now = Math.max(before, time.now);
  const early = done(await propose(later, [young.record], { reason: '属主动公开范围' }));
  t.is(early.early, 1);
  const signer = await at(await (await world()).box.as('xunan'), 1);
  t.is(done(await settleApproval(signer, early.approval, 'refuse', '待征求意见')).state, 'refused');
  t.is(done(await later.get<Lines>('opening.list', { state: 'refused' })).rows[0]?.record, young.record);
  t.true((await due(later, true)).includes(young.record), 'a refusal leaves it as it was');
});

test.serial('第三十二条: the register of opening is the archive’s: a unit’s own box refuses (E_OPENING_MODE)', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  t.is((await propose(archivist, ['00000000-0000-4000-8000-000000000000'])).body.code, 'E_OPENING_MODE');
});
