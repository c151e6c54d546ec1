import test from 'ava';
import { approve, at, done, draftOf, formOf, marked, openDesk, people, propose, setClock, settle, signedIn, takenIn, termsOf, years } from '../helpers/marking.js';
import type { Desk, Refusal } from '../helpers/marking.js';
import type { Client } from '../helpers/box.js';

interface Listed { readonly effectiveCap: number | null; readonly rows: readonly { readonly id: string; readonly version: number; readonly person: string; readonly maxLevel: number; readonly kind: string; readonly inOffice: boolean; readonly ended: string | null }[]; readonly authorisations: readonly { readonly id: string; readonly version: number; readonly docNo: string; readonly valid: boolean }[] }
const listed = async (desk: Desk): Promise<Listed> => done(await desk.officer.get<Listed>('classification.authorities'));

async function grant(client: Client, approval: string): Promise<Refusal & { readonly state?: string }> {
  const ready = await client.post<Refusal & { statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' });
  if (ready.status !== 200) return ready.body;
  return (await client.post<Refusal & { state: string }>('approval.sign', { approval, opinion: '同意', seenVersion: ready.body.version, signature: client.sign(ready.body.statement) })).body;
}

test('实施条例第十四条: a 定密责任人 is asked for by one, signed by the 单位负责人, within the unit\'s cap, trained and cleared; ended the same way', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const head = await desk.as('wangzhenhua');
  const form = { person: desk.custodian.person, kind: 'designated', maxLevel: 2, matterScope: ['保密事项范围 第 3.2 项'], expiresOn: '2027-06-01', trainedOn: '2026-05-20', basis: '昆演密〔2026〕9号' };
  const ask = async (more: Record<string, unknown>) => desk.officer.post<Refusal & { approval: string }>('classification.appoint-authority', { ...form, ...more });
  const uncleared = (await desk.as('linxiao', 1)).person;
  for (const [what, more, code] of [
    ['not cleared', { person: uncleared }, 'E_CLEARANCE_REQUIRED'], ['training yet to come', { trainedOn: '2026-07-01' }, 'E_TRAINING_REQUIRED'], ['over already', { expiresOn: '2026-05-01' }, 'E_INPUT_INVALID'],
    ['nobody', { person: crypto.randomUUID() }, 'E_INPUT_INVALID'],
  ] as const) t.is((await ask(more)).body.code, code, what);
  await desk.box.running.box.store.housekeep(async (sql) => { await sql.run('UPDATE class_unit SET max_original_level = 2'); });
  t.is((await ask({ maxLevel: 3 })).body.code, 'E_CLS_AUTHORITY_EXCEEDED', '不得超过本单位权限');
  await desk.box.running.box.store.housekeep(async (sql) => { await sql.run('UPDATE class_unit SET max_original_level = 3'); });
  t.is((await desk.proposer.post<Refusal>('classification.appoint-authority', form)).body.code, 'E_DENIED');
  const { approval } = done(await ask({}));
  t.false((await listed(desk)).rows.some(({ person }) => person === desk.custodian.person), 'asked for is not yet given');
  t.is((await grant(desk.officer, approval)).code !== undefined, true, 'who asks does not sign');
  t.is((await grant(head, approval)).state, 'done');
  const one = (await listed(desk)).rows.find(({ person }) => person === desk.custodian.person);
  t.deepEqual([one?.maxLevel, one?.kind, one?.inOffice], [2, 'designated', true]);
  t.is((await ask({})).body.code, 'E_DUPLICATE', 'in office already');
  const own = done(await ask({ person: head.person, kind: 'designated', maxLevel: 3, expiresOn: null }));
  t.is((await grant(head, own.approval)).code !== undefined, true, 'nobody signs the own appointment');
  const ended = done(await desk.officer.post<{ approval: string }>('classification.end-authority', { authority: one?.id, seenVersion: one?.version, reason: '岗位调整' }));
  t.is((await grant(head, ended.approval)).state, 'done');
  const after = (await listed(desk)).rows.find(({ id }) => id === one?.id);
  t.deepEqual([after?.inOffice, after?.ended], [false, '岗位调整'], 'at once, and the entry stays');
});

test('保密法第十七条、实施条例第十六条: a county body decides nothing by itself until it is authorised, within matter and time, and authorises nobody', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const head = await desk.as('wangzhenhua');
  await desk.box.running.box.store.housekeep(async (sql) => { await sql.run('UPDATE class_unit SET max_original_level = NULL'); });
  const sheet = async (basis: string) => draftOf([await takenIn(desk.proposer, 3)], people(desk), { level: 2, term: years(5), startOn: '2026-05-06', basis });
  t.is((await propose(desk.proposer, await sheet('保密事项范围 第 3.2 项'))).body.code, 'E_CLS_AUTHORITY_EXCEEDED', '县级机关无原始定密权');
  const form = { fromOrg: '市演练保密局', maxLevel: 2, matterScope: ['保密事项范围 第 3.2 项'], basis: '保密法实施条例第十六条', validFrom: '2026-01-01', validTo: '2026-12-31', docNo: '昆保授〔2026〕3号' };
  t.is((await desk.officer.post<Refusal>('classification.authorise', { ...form, fromOrg: '昆明市演练局' })).body.code, 'E_INPUT_INVALID', '不得再授权');
  t.is((await desk.officer.post<Refusal>('classification.authorise', { ...form, validTo: '2025-12-31' })).body.code, 'E_INPUT_INVALID');
  const { approval } = done(await desk.officer.post<{ approval: string }>('classification.authorise', form));
  t.is((await listed(desk)).effectiveCap, null, 'not before it is signed');
  t.is((await grant(head, approval)).state, 'done');
  t.is((await listed(desk)).effectiveCap, 2);
  t.is((await desk.officer.post<Refusal>('classification.authorise', form)).body.code, 'E_DUPLICATE', 'one number once');
  const made = done(await propose(desk.proposer, await sheet('保密事项范围 第 3.2 项')));
  t.is(done(await approve(desk.authority, made.classification)).mark, '秘密★5年');
  t.is((await propose(desk.proposer, await sheet('保密事项范围 第 9.9 项'))).body.code, 'E_CLS_AUTHORITY_EXCEEDED', 'another matter is not authorised');
  clock.to('2027-01-01');
  const later = await signedIn(desk.box);
  t.is((await listed(later)).effectiveCap, null, '授权期满');
  const [entry] = (await listed(later)).authorisations;
  t.is(entry?.valid, false);
  t.is(done(await later.officer.post<{ version: number }>('classification.revoke-authorisation', { authorisation: entry?.id, seenVersion: entry?.version, on: '2026-11-01', docNo: '昆保撤〔2026〕1号' })).version, 2);
  t.is((await later.officer.post<Refusal>('classification.revoke-authorisation', { authorisation: entry?.id, seenVersion: 2, on: '2026-11-01', docNo: '昆保撤〔2026〕1号' })).body.code, 'E_STATE_INVALID');
});

interface Stat { readonly lines: readonly { readonly key: string; readonly name: string; readonly counts: { readonly top: number; readonly secret: number; readonly confidential: number; readonly total: number } }[]; readonly reviewed: number; readonly beforeTransfer: number; readonly authorities: { readonly statutory: number; readonly designated: number; readonly trained: number } }

test('实施条例第五十六条 统计: by matter, closing for every level, and only at the level of the box', async (t) => {
  const clock = setClock('2026-06-01');
  const desk = await openDesk(t, clock);
  const [one, two, three] = [await marked(desk, { startOn: '2026-06-01' }, '一'), await marked(desk, { startOn: '2026-06-01', level: 2, term: years(5) }, '二'), await marked(desk, { startOn: '2026-06-01' }, '三')];
  const again = done(await propose(desk.proposer, draftOf([await takenIn(desk.proposer, 3, '一的附件')], people(desk), { startOn: '2026-06-01', matterId: one.classification })));
  done(await approve(desk.authority, again.classification));
  await settle(desk, one.classification, formOf({ kind: 'review', trigger: 'transfer', outcome: 'continue', keepReason: 'still_sensitive' }));
  clock.to('2027-02-01');
  const next = await signedIn(desk.box);
  await settle(next, three.classification, formOf({ kind: 'change', changeReason: 'harm_changed', to: termsOf(next, { level: 2, startOn: '2026-06-01', term: years(5) }) }));
  await settle(next, two.classification, formOf({ kind: 'declassify' }));
  const of = async (client: Client, year: number): Promise<Stat> => done(await client.get<Stat>('classification.statistics', { year }));
  const row = (stat: Stat, key: string) => { const { secret = -1, confidential = -1, total = -1 } = stat.lines.find((line) => line.key === key)?.counts ?? {}; return [secret, confidential, total]; };
  const first = await of(next.officer, 2026);
  t.deepEqual([row(first, 'start'), row(first, 'original'), row(first, 'end')], [[0, 0, 0], [2, 1, 3], [2, 1, 3]], 'the attachment is of the same matter and counts once');
  t.is(first.beforeTransfer, 1);
  const second = await of(next.officer, 2027);
  t.deepEqual([row(second, 'start'), row(second, 'original'), row(second, 'loweredIn'), row(second, 'loweredOut'), row(second, 'early'), row(second, 'end')], [[2, 1, 3], [0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 1], [1, 1, 2]]);
  const file = await next.officer.get('classification.export-statistics', { year: 2027 });
  t.regex(decodeURIComponent(String(file.headers['content-disposition'])), /国家秘密事项统计表2027〔机密〕\.csv/u, 'the name and the first line carry what the page carries');
  const table = file.bytes.toString('utf8').replace('\uFEFF', '').split('\r\n').map((line) => line.split(','));
  t.regex(table[0]?.[0] ?? '', /2027 年国家秘密事项统计表\u3000密级：机密/u);
  for (const line of second.lines) t.deepEqual(table.find(([name]) => name === line.name)?.slice(1).map(Number), [line.counts.top, line.counts.secret, line.counts.confidential, line.counts.total], line.name);
  t.deepEqual(table.find(([name]) => name === '年度审核数')?.slice(1), [String(second.reviewed), '项']);
  t.is((await at(next.officer, 2)).account, 'zhoumin');
  t.is((await next.officer.get<Refusal>('classification.export-statistics', { year: 2027 })).body.code, 'E_DENIED');
  t.is((await next.officer.get<Refusal>('classification.statistics', { year: 2027 })).body.code, 'E_DENIED', 'a lower session sees no counts of what lies above it');
  t.is((await (await next.as('liusiyuan')).get<Refusal>('classification.statistics', { year: 2027 })).body.code, 'E_DENIED');
  t.is((await at(next.officer, 3).then(async (client) => client.get<Refusal>('classification.statistics', { year: 2099 }))).body.code, 'E_INPUT_INVALID');
});
