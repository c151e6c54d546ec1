import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { at, done, filedSecret, markers } from '../helpers/marked.js';
import { kept, movable, settleApproval } from '../helpers/using.js';
import type { Problem } from '../helpers/using.js';

interface Shown { readonly id: string; readonly no: string; readonly state: string; readonly level: number; readonly version: number; readonly openUntil: string | null; readonly contents: readonly { record: string; code: string; title: string | null; readable: boolean }[]; readonly seats: readonly { name: string }[]; readonly readings: readonly { reads: number; live: boolean; endedAt: string | null }[]; readonly outputs: readonly { no: string; copies: number }[]; readonly refused: { reason: string } | null }
interface Asked extends Problem { readonly use: string; readonly no: string }
interface Assessed extends Problem { readonly approval: string; readonly seats: readonly string[]; readonly level: number }

const afterwards: (() => unknown)[] = [];
test.after.always(async () => { for (const work of afterwards.reverse()) await work(); });
const MINUTE = 60_000;
/** A unit's box with one internal record of 档案室 and its desk; 段文 of another department asks. */
async function opened() {
  const { time, clock } = movable();
  const box = await openTestBox({ teardown: (work) => { afterwards.push(work); } }, { clock });
  const archivist = await box.as('zhaoxiaolan');
  const inner = await kept(archivist, '关于龙泉路排水改造的批复', 1, '2020-05-06');
  const other = await kept(archivist, '关于档案库房搬迁的请示', 1, '2020-06-06');
  return { box, time, inner, other };
}
let shared: ReturnType<typeof opened> | undefined;
/** Everybody anew at their terminals: the clock moves past what a session lasts. */
async function world() {
  const made = await (shared ??= opened());
  const [archivist, asker] = [await at(await made.box.as('zhaoxiaolan'), 1), await at(await made.box.as('duanwen'), 1)];
  return { ...made, archivist, asker };
}
const show = async (client: Client, use: string) => done(await client.get<Shown>('use.show', { use }));
const ask = async (client: Client, codes: readonly string[], more: object = {}) => client.post<Asked>('use.request', { purpose: '编写部门沿革', mode: 'view', channel: 'lan', codes, ...more });
const assess = async (client: Client, use: string, codes: readonly string[], more: object = {}) => client.post<Assessed>('use.assess', { use, codes, opinion: '可提供', seenVersion: (await show(client, use)).version, ...more });
const reads = async (client: Client, record: string) => (await client.get('record.show', { record })).status;
async function approve(client: Client, desk: Client, signer: Client, codes: readonly string[], more: object = {}): Promise<string> {
  const { use } = done(await ask(client, codes, more));
  const { approval } = done(await assess(desk, use, codes));
  done(await settleApproval(signer, approval));
  return use;
}

test.serial('第三十四条: asked for by code, assessed by the desk, signed by another: then exactly that opens, to that person, and closes by itself', async (t) => {
  t.timeout(240_000);
  const { box, time, archivist, inner, other, asker } = await world();
  const custodian = await at(await box.as('yangjing'), 1);
  t.is(await reads(asker, inner.record), 404);
  const [real, none] = [done(await ask(asker, [inner.code])), done(await ask(asker, ['Z109-WS·2020·D10·DAS-9999']))];
  t.deepEqual(Object.keys(real), Object.keys(none), 'whether it is there is told to nobody');
  t.deepEqual((await show(asker, real.use)).contents, []);
  t.is((await assess(archivist, none.use, ['Z109-WS·2020·D10·DAS-9999'])).body.code, 'E_NOT_FOUND');
  done(await archivist.post('use.refuse', { use: none.use, reason: '查无此件或不宜提供', seenVersion: 1 }));
  t.is((await show(asker, none.use)).refused?.reason, '查无此件或不宜提供');

  t.is((await asker.post<Problem>('use.open', { use: real.use })).body.code, 'E_ACCESS_NOT_APPROVED');
  t.is((await asker.post<Problem>('use.assess', { use: real.use, codes: [inner.code], opinion: '可提供', seenVersion: 1 })).body.code, 'E_DENIED');
  const asked = done(await assess(archivist, real.use, [inner.code]));
  t.deepEqual([asked.seats, asked.level], [['利用审批'], 1]);
  t.is((await asker.post<Problem>('use.open', { use: real.use })).body.code, 'E_ACCESS_NOT_APPROVED', 'before anybody signed');
  t.not((await settleApproval(archivist, asked.approval)).status, 200, 'who assessed does not sign');
  t.is(done(await settleApproval(custodian, asked.approval)).state, 'done');
  t.is(await reads(asker, inner.record), 404, 'approved is not yet open');
  t.like((await show(asker, real.use)).contents[0], { code: inner.code, title: null }, 'the code that was approved, no title yet');

  const stranger = await at(await box.as('linxiao'), 1);
  t.is((await stranger.post<Problem>('use.open', { use: real.use })).body.code, 'E_NOT_FOUND', 'another’s request is not there');
  const { untilAt } = done(await asker.post<{ untilAt: string }>('use.open', { use: real.use }));
  t.is(done(await asker.post<{ untilAt: string }>('use.open', { use: real.use })).untilAt, untilAt, 'asked twice it is the same session');
  t.deepEqual([await reads(asker, inner.record), await reads(asker, other.record), await reads(stranger, inner.record)], [200, 404, 404]);
  t.is(done(await asker.get<{ total: number }>('record.search', { q: '排水改造' })).total, 1, 'the list agrees');
  t.is(done(await asker.get<{ total: number }>('record.search', { q: '库房搬迁' })).total, 0);
  t.is((await asker.get('record.pages', { file: inner.file })).status, 200);
  const ledger = await box.running.box.reader.all<{ approval: string | null }>("SELECT approval FROM audit_entry WHERE actor = $1 AND action = 'record.show' AND result = 'ok' ORDER BY seq DESC LIMIT 1", asker.person);
  t.is(ledger[0]?.approval, asked.approval, 'the ledger names the approval by which it was read');
  t.like((await show(archivist, real.use)).readings[0], { reads: 1, live: true });

  time.now += 239 * MINUTE;
  const again = await at(await box.as('duanwen'), 1);
  t.is(await reads(again, inner.record), 200);
  time.now += 2 * MINUTE;
  t.is(await reads(again, inner.record), 404, 'time closes it, without anybody');
  t.is(done(await again.get<{ total: number }>('record.search', { q: '排水改造' })).total, 0);
  await box.running.services.useRound();
  t.is((await show(await at(await box.as('zhaoxiaolan'), 1), real.use)).readings[0]?.endedAt, untilAt, 'entered as ended when it did');
  done(await again.post('use.open', { use: real.use }));
  done(await again.post('use.close', { use: real.use, end: 'session' }));
  t.is(await reads(again, inner.record), 404, 'closed by hand');
  done(await again.post('use.open', { use: real.use }));
  done(await again.post('use.close', { use: real.use, end: 'request', effect: '用于沿革第二章' }));
  t.is(await reads(again, inner.record), 404, '办结 closes what was open');
  t.is((await again.post<Problem>('use.open', { use: real.use })).body.code, 'E_ACCESS_NOT_APPROVED');
});

test.serial('第三十五条: what is read under an approval is copied only in the way it allows, in numbered copies of the outputs room', async (t) => {
  t.timeout(240_000);
  const { box, time, archivist, inner, asker } = await world();
  const custodian = await at(await box.as('yangjing'), 1);
  const day = (days: number): string => new Date(time.now + days * 24 * 60 * MINUTE).toISOString().slice(0, 10);
  const copy = async (more: object) => asker.post<Problem & { output: string; no: string; approval: string }>('output.request', { kind: 'print', form: 'pictures', codes: [inner.code], copies: 1, purpose: '编写沿革', keepUntil: day(5), ...more });
  t.is((await copy({})).body.code, 'E_NOT_FOUND', 'closed, it is not there');
  const view = await approve(asker, archivist, custodian, [inner.code]);
  done(await asker.post('use.open', { use: view }));
  t.is((await copy({})).body.code, 'E_COPY_NOT_AUTHORIZED', 'reading is no leave to copy');
  t.is((await copy({ use: view })).body.code, 'E_COPY_NOT_AUTHORIZED');
  done(await asker.post('use.close', { use: view, end: 'request' }));

  const excerpt = await approve(asker, archivist, custodian, [inner.code], { mode: 'excerpt' });
  done(await asker.post('use.open', { use: excerpt }));
  t.is((await copy({ use: excerpt })).body.code, 'E_COPY_NOT_AUTHORIZED', 'a whole record is no excerpt');
  t.is((await copy({ use: excerpt, extracts: [{ code: inner.code, from: 2, to: 1 }] })).body.code, 'E_INPUT_INVALID');
  const ordered = done(await copy({ use: excerpt, extracts: [{ code: inner.code, from: 1, to: 1 }] }));
  t.regex(ordered.no, /^DY1-2026-\d{4}$/u, 'numbered where every print is numbered');
  done(await settleApproval(custodian, ordered.approval));
  done(await asker.post('use.close', { use: excerpt, end: 'session' }));
  const { version } = done(await archivist.get<{ version: number }>('output.show', { output: ordered.output }));
  const printed = await archivist.post('output.print', { output: ordered.output, seenVersion: version });
  t.is(printed.status, 200, 'issued although the reading is over: the approval stands');
  t.is(printed.bytes.subarray(0, 5).toString(), '%PDF-');
  t.deepEqual((await show(archivist, excerpt)).outputs.map(({ no, copies }) => [no, copies]), [[ordered.no, 1]]);
});

test.serial('第三十四条、保密法第二十一条: a 机密 record opens only to who is cleared, after two signatures, in a session at its level; to nobody else does anything tell of it', async (t) => {
  t.timeout(240_000);
  const { box, archivist, asker } = await world();
  const [officer, unitHead] = [await at(await box.as('zhoumin'), 3), await at(await box.as('wangzhenhua'), 3)];
  const marking = await markers(box);
  const secret = await filedSecret(marking, '隐龙潭泄洪预案');
  const custodian = await at(marking.custodian, 3);
  const code = done(await custodian.get<{ record: { archivalCode: string } }>('record.show', { record: secret.record })).record.archivalCode;
  const before = done(await archivist.get<{ total: number; rows: unknown[] }>('use.list', { size: 200 }));
  // 段文 is cleared for 内部 alone.
  const low = done(await ask(asker, [code]));
  t.is((await assess(custodian, low.use, [code])).body.code, 'E_CLEARANCE_REQUIRED');
  t.is((await assess(await at(await box.as('zhaoxiaolan'), 2), low.use, [code])).body.code, 'E_NOT_FOUND', 'the desk that may not know of it is told what everybody is told');
  done(await archivist.post('use.refuse', { use: low.use, reason: '查无此件或不宜提供', seenVersion: 1 }));

  const { use } = done(await ask(unitHead, [code], { mode: 'print' }));
  await at(custodian, 2);
  t.is((await custodian.post<Problem>('use.assess', { use, codes: [code], opinion: '可提供', seenVersion: 1 })).body.code, 'E_NOT_FOUND');
  await at(custodian, 3);
  const asked = done(await assess(custodian, use, [code]));
  t.deepEqual([asked.level, asked.seats], [3, ['保密员审核', '单位负责人批准']]);
  t.is(done(await settleApproval(officer, asked.approval)).state, 'requested');
  t.not((await settleApproval(unitHead, asked.approval)).status, 200, 'the applicant is the unit head: nobody signs for himself');
  const after = done(await archivist.get<{ total: number; rows: unknown[] }>('use.list', { size: 200 }));
  t.is(after.total, before.total + 1, 'only the request of 段文 was added to what 内部 may see');
  t.is((await archivist.get<Problem>('use.show', { use })).body.code, 'E_NOT_FOUND');
  const figures = done(await archivist.get<{ levels: { name: string }[] }>('use.statistics', { from: '2026-01-01', until: '2026-12-31' }));
  t.false(figures.levels.some(({ name }) => name === '机密'));
});

test.serial('第三十三、三十四条: the channel is the local network; statistics count what was asked, approved and read', async (t) => {
  const { archivist, asker } = await world();
  t.is((await ask(asker, ['X'], { channel: 'internet' })).body.code, 'E_CHANNEL_DISABLED');
  t.is((await ask(asker, [])).body.code, 'E_INPUT_INVALID', 'neither code nor clue');
  t.deepEqual(done(await asker.get<{ rows: { key: string; enabled: boolean }[] }>('channel.list')).rows.filter(({ enabled }) => enabled).map(({ key }) => key), ['lan']);
  const figures = done(await archivist.get<{ total: number; modes: { name: string; requests: number; sessions: number }[]; states: { name: string; requests: number }[] }>('use.statistics', { from: '2026-11-01', until: '2026-11-30' }));
  t.is(figures.modes.find(({ name }) => name === '摘录')?.requests, 1);
  t.is(figures.states.find(({ name }) => name === 'closed')?.requests, 2);
  t.is(figures.total, figures.modes.reduce((sum, { requests }) => sum + requests, 0));
  t.is((await asker.get<Problem>('use.statistics', { from: '2026-01-01', until: '2026-12-31' })).body.code, 'E_DENIED');
});
