import test from 'ava';
import { openTestBox } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';

interface Code { readonly code?: string }
interface Row { readonly id: string; readonly act: string; readonly state: string; readonly words: readonly string[]; readonly mySeat: number; readonly version: number }
const START = Date.parse('2026-11-23T01:00:00.000Z');

function movable() {
  const time = { now: START };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
}
const personRow = async (client: Client, account: string) => {
  const { body } = await client.get<{ rows: readonly { id: string; account: string; version: number; status: string }[] }>('person.list', { size: 200 });
  const found = body.rows.find((one) => one.account === account);
  if (!found) throw new Error(account);
  return found;
};
const mine = async (client: Client) => (await client.get<{ rows: readonly Row[]; total: number }>('approval.list', { state: 'mine' })).body.rows;

/** Signs as the console does: what the box would have signed, then the signature. */
async function signed(client: Client, approval: string, verdict: 'grant' | 'refuse', opinion = '已核对，同意') {
  const ready = await client.post<{ statement: string; version: number; code?: string }>('approval.preview', { approval, verdict, opinion });
  if (ready.status !== 200) return ready as never;
  return client.post<{ state: string; code?: string }>(verdict === 'grant' ? 'approval.sign' : 'approval.refuse', { approval, opinion, signature: client.sign(ready.body.statement), seenVersion: ready.body.version });
}

async function asked(box: TestBox) {
  const [sysadmin, head] = [await box.as('sunhao'), await box.as('wangzhenhua')];
  const auditor = await personRow(sysadmin, 'hejingyi');
  const { status, body } = await sysadmin.post<{ approval: string; code?: string }>('person.disable', { person: auditor.id, reason: '调离本单位', seenVersion: auditor.version });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return { sysadmin, head, auditor, approval: body.approval };
}

test('domain/07 §4: one of the three officers ends only with another person\'s signature, which carries it out', async (t) => {
  const box = await openTestBox(t);
  const office = await box.as('hejingyi');
  const { sysadmin, head, auditor, approval } = await asked(box);
  t.is((await personRow(sysadmin, 'hejingyi')).status, 'active', 'asking alone does nothing');
  t.is((await sysadmin.post<Code>('person.disable', { person: auditor.id, reason: '再提一次', seenVersion: auditor.version })).body.code, 'E_DUPLICATE');
  t.deepEqual((await mine(head)).map((row) => row.id), [approval]);
  t.true((await mine(head))[0]?.words[0]?.includes('hejingyi'));
  t.deepEqual([await mine(sysadmin), await mine(office)], [[], []], 'neither who asked nor whom it is about signs');

  // A signature over anything else than this very verdict, opinion and matter counts for nothing.
  const ready = (await head.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'refuse', opinion: '不同意' })).body;
  t.is((await head.post<Code>('approval.sign', { approval, opinion: '不同意', signature: head.sign(ready.statement), seenVersion: ready.version })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await head.post<Code>('approval.sign', { approval, opinion: '同意办理', signature: office.sign(ready.statement), seenVersion: ready.version })).body.code, 'E_SIGNATURE_INVALID');
  t.is((await personRow(sysadmin, 'hejingyi')).status, 'active');

  t.is((await signed(head, approval, 'grant')).body.state, 'done');
  t.is((await personRow(sysadmin, 'hejingyi')).status, 'disabled');
  t.is((await office.get('audit.list')).status, 401, 'the session ended with it');
  const shown = (await sysadmin.get<{ state: string; faults: readonly string[]; seats: readonly { signed: { opinion: string } | null }[] }>('approval.show', { approval })).body;
  t.like(shown, { state: 'done', faults: [] });
  t.is(shown.seats[0]?.signed?.opinion, '已核对，同意');
  t.is((await head.post<Code>('approval.preview', { approval, verdict: 'grant', opinion: '再签一次' })).body.code, 'E_STATE_INVALID');
  const entries = await box.running.box.reader.all<{ action: string }>("SELECT action FROM audit_entry WHERE action IN ('approval.request','approval.sign','approval.carry','person.disable') AND result = 'ok' ORDER BY seq");
  t.deepEqual(entries.map(({ action }) => action), ['approval.request', 'approval.sign', 'person.disable', 'approval.carry']);
  const rows = JSON.stringify((await box.running.box.reader.all<{ sealed: Buffer }>('SELECT * FROM approval')).map((row) => ({ ...row, sealed: row.sealed.toString('latin1') })));
  t.false(rows.includes('调离本单位'), 'what is decided does not rest in the clear');
});

test('审批: a refusal ends it, time lapses it, and who has no seat does not learn of it', async (t) => {
  const { time, clock } = movable();
  const box = await openTestBox(t, { clock });
  const { sysadmin, head, auditor, approval } = await asked(box);
  const stranger = await box.as('linxiao');
  t.is((await stranger.get<Code>('approval.show', { approval })).body.code, 'E_NOT_FOUND');
  t.is((await stranger.post<Code>('approval.sign', { approval, opinion: '同意', signature: 'A'.repeat(96), seenVersion: 1 })).body.code, 'E_NOT_FOUND');
  t.is((await stranger.get<{ total: number }>('approval.list')).body.total, 0);
  t.is((await sysadmin.post<Code>('approval.sign', { approval, opinion: '自签', signature: 'A'.repeat(96), seenVersion: 1 })).body.code, 'E_DENIED', 'no seat for the one who asked');
  t.is((await signed(head, approval, 'refuse', '工作尚未交接')).body.state, 'refused');
  t.is((await personRow(sysadmin, 'hejingyi')).status, 'active');

  const again = (await sysadmin.post<{ approval: string }>('person.disable', { person: auditor.id, reason: '再次提请', seenVersion: auditor.version })).body.approval;
  t.is((await mine(head)).length, 1);
  time.now += 73 * 3_600_000;
  const [late, officer] = [await box.as('wangzhenhua'), await box.as('sunhao')];
  t.deepEqual(await mine(late), []);
  t.is((await late.post<Code>('approval.sign', { approval: again, opinion: '来迟了', signature: 'A'.repeat(96), seenVersion: 1 })).body.code, 'E_APPROVAL_LAPSED');
  t.is(await box.running.services.approvals.lapse(box.running.box.systemCall('approval.lapse')), 1);
  t.is(await box.running.services.approvals.lapse(box.running.box.systemCall('approval.lapse')), 0);
  t.is((await officer.get<{ state: string }>('approval.show', { approval: again })).body.state, 'lapsed');
});
