import test from 'ava';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { at, done, mark } from '../helpers/marked.js';
import { setClock, signedIn } from '../helpers/marking.js';
import { smallPdf } from '../helpers/office.js';

interface Line { readonly kind: string; readonly dueOn: string; readonly daysLeft: number; readonly state: string; readonly level: number; readonly text: string; readonly to: string }
interface Kind { readonly key: string; readonly overdue: number; readonly today: number; readonly ahead: readonly number[] }
interface Calendar { readonly on: string; readonly total: number; readonly windows: readonly number[]; readonly kinds: readonly Kind[]; readonly rows: readonly Line[] }
interface Seen { readonly id: string; readonly state: string; readonly documentDate: string; readonly completedOn: string | null; readonly archivalYear: number; readonly retentionCode: string; readonly classificationId: string | null }

const RECORDS = ['filing', 'transfer', 'retention', 'opening', 'secrecy', 'confirm', 'review'];
const day = (on: string, add: number): string => new Date(Date.parse(`${on}T00:00:00Z`) + add * 86_400_000).toISOString().slice(0, 10);
/** 按日历法: 29 February ends on the 28th where the year has none. */
const years = (on: string, add: number): string => {
  const year = Number(on.slice(0, 4)) + add;
  const leap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
  return `${String(year)}${on.endsWith('-02-29') && !leap ? '-02-28' : on.slice(4)}`;
};

/** domain rules once more, in plain arithmetic: what each record is due for on a day. */
function expected(records: readonly Seen[], marks: ReadonlyMap<string, { readonly last: string; readonly review: string }>, on: string): string[] {
  const lines: [kind: string, due: string, record: string][] = [];
  for (const one of records) {
    const open = ['captured', 'inspected', 'arranged', 'returned'].includes(one.state);
    if (open && one.completedOn !== null) lines.push(['filing', `${String(Number(one.completedOn.slice(0, 4)) + 1)}-06-30`, one.id]);
    const mine = marks.get(one.id);
    if (mine !== undefined) lines.push(mine.last >= on ? ['secrecy', mine.last, one.id] : ['confirm', day(mine.last, 1), one.id], ['review', mine.review, one.id]);
    if (open) continue;
    lines.push(['transfer', years(one.documentDate, 5), one.id], ['opening', years(one.documentDate, 25), one.id]);
    if (one.retentionCode !== 'Y') lines.push(['retention', `${String(one.archivalYear + Number(one.retentionCode.slice(1)))}-12-31`, one.id]);
  }
  return lines.filter(([, due]) => due <= day(on, 90)).map((line) => line.join(' ')).sort();
}

async function all(client: Client, on: string, more: Readonly<Record<string, string>> = {}): Promise<Calendar> {
  const rows: Line[] = [];
  for (let page = 1; ; page += 1) {
    const answer = done(await client.get<Calendar>('calendar.list', { on, page, size: 40, ...more }));
    rows.push(...answer.rows);
    if (rows.length >= answer.total || answer.rows.length === 0) return { ...answer, rows };
  }
}

async function described(client: Client, batch: string, facts: { documentDate: string; completedOn: string; archivalYear: number; scheduleItemId: string }): Promise<string> {
  const { record } = done(await upload(client, batch, `${facts.documentDate}${facts.scheduleItemId}.pdf`, await smallPdf(`text ${facts.documentDate} ${facts.scheduleItemId}`)));
  const { rows } = done(await client.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch }));
  const seenVersion = rows.find(({ id }) => id === record)?.version;
  done(await client.post('arrangement.save', { batch, rows: [{ record, seenVersion, facts: { categoryCode: 'WS', orgOrFunction: 'BGS', ...facts }, description: { title: `关于${facts.documentDate}事项的通知`, author: ['演练局'] } }] }));
  return record;
}

test('第二十条、第二十二条、第三十二条、第三十八条、第四十一条: with the clock set forward to 30 June, +5, +10 and +30 years the calendar lists exactly what is due, no more and no less', async (t) => {
  const clock = setClock('2026-09-10');
  const box = await openTestBox(t, { clock });
  const desk = await signedIn(box);
  const open = async (level: number) => done(await (await at(desk.custodian, level)).post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' })).batch;
  // Filed: dates of every kind, a leap day and the day before the 25 years among them.
  const filed = await open(1);
  const facts = [
    { documentDate: '2024-02-29', completedOn: '2025-12-31', archivalYear: 2025, scheduleItemId: '6.2' }, { documentDate: '2021-09-10', completedOn: '2026-01-01', archivalYear: 2026, scheduleItemId: '6.2' },
    { documentDate: '2001-09-11', completedOn: '2026-03-01', archivalYear: 2026, scheduleItemId: '6.2' }, { documentDate: '2026-03-15', completedOn: '2026-03-20', archivalYear: 2026, scheduleItemId: '6.2' },
  ];
  for (const one of facts) await described(desk.custodian, filed, one);
  const { batch: { version } } = done(await desk.custodian.get<{ batch: { version: number } }>('capture.show', { batch: filed }));
  const counts = [{ category: 'WS', archivalYear: 2025, retention: 'D10', items: 1, metadata: 1 }, { category: 'WS', archivalYear: 2026, retention: 'D10', items: 3, metadata: 3 }];
  done(await desk.custodian.post('capture.declare', { batch: filed, seenVersion: version, counts }));
  done(await desk.custodian.post('filing.file', { batch: filed, seenVersion: version + 1, overdueReason: '集中补办' }));
  // Not filed yet: the rule of 30 June.
  const waiting = await open(1);
  for (const completedOn of ['2026-02-10', '2025-12-31', '2026-08-31']) await described(desk.custodian, waiting, { documentDate: '2025-11-01', completedOn, archivalYear: Number(completedOn.slice(0, 4)), scheduleItemId: '6.2' });
  // Marked: vectors of the periods.
  const secret = await open(3);
  const marks = new Map<string, { last: string; review: string }>();
  const terms = [
    { startOn: '2026-03-01', level: 2 as const, term: { kind: 'duration' as const, years: 10, months: 0, days: 0 }, last: '2036-03-01' }, { startOn: '2026-08-31', level: 2 as const, term: { kind: 'duration' as const, years: 0, months: 6, days: 0 }, last: '2027-02-28' },
    { startOn: '2026-01-15', level: 3 as const, term: { kind: 'duration' as const, years: 20, months: 0, days: 0 }, last: '2046-01-15' },
  ];
  for (const { last, ...term } of terms) {
    await at(desk.custodian, 3);
    const record = await described(desk.custodian, secret, { documentDate: term.startOn, completedOn: '2026-09-01', archivalYear: 2026, scheduleItemId: '6.2' });
    await mark(desk.custodian, desk.authority, record, [desk.custodian.person, desk.authority.person], term);
    marks.set(record, { last, review: '2027-09-10' });
  }
  await at(desk.custodian, 3);
  const seen: Seen[] = [];
  for (let page = 1; ; page += 1) {
    const { rows, total } = done(await desk.custodian.get<{ rows: Seen[]; total: number }>('record.search', { page, size: 100 }));
    seen.push(...rows);
    if (seen.length >= total) break;
  }
  for (const batch of [waiting, secret]) seen.push(...done(await desk.custodian.get<{ rows: Seen[] }>('arrangement.list', { batch, size: 100 })).rows);
  t.is(seen.length, 10);
  for (const on of ['2026-09-10', '2027-03-01', '2027-06-30', '2027-07-01', '2031-09-10', '2036-09-10', '2056-09-10']) {
    const calendar = await all(desk.custodian, on);
    const listed = calendar.rows.filter(({ kind }) => RECORDS.includes(kind)).map((line) => `${line.kind} ${line.dueOn} ${line.to.replace('/record/', '')}`).sort();
    t.deepEqual(listed, expected(seen, marks, on), on);
    for (const { key, overdue, today, ahead } of calendar.kinds) {
      const rows = calendar.rows.filter(({ kind }) => kind === key);
      t.deepEqual([overdue, today, ahead], [rows.filter(({ daysLeft }) => daysLeft < 0).length, rows.filter(({ daysLeft }) => daysLeft === 0).length, calendar.windows.map((window) => rows.filter(({ daysLeft }) => daysLeft >= 0 && daysLeft <= window).length)], `${on} ${key}`);
    }
    t.deepEqual(calendar.rows.map(({ dueOn }) => dueOn), calendar.rows.map(({ dueOn }) => dueOn).toSorted(), 'in the order of their days');
  }
  t.is((await desk.custodian.get<{ code: string }>('calendar.list', { on: '2026-09-09' })).body.code, 'E_INPUT_INVALID', 'yesterday is not to be looked at');

  // The same with the box's own clock: a year later it says what it said it would.
  const foretold = await all(desk.custodian, '2027-07-01');
  clock.to('2027-07-01');
  const after = await signedIn(box);
  await at(after.custodian, 3);
  const now = done(await after.custodian.get<Calendar>('calendar.list', { size: 200 }));
  const ofRecords = (calendar: Calendar): string[] => calendar.rows.filter(({ kind }) => RECORDS.includes(kind)).map(({ kind, dueOn, to, state }) => `${kind} ${dueOn} ${to} ${state}`);
  t.is(now.on, '2027-07-01');
  t.deepEqual(ofRecords(now), ofRecords(foretold));
  const late = ofRecords(now).filter((line) => line.startsWith('filing'));
  t.deepEqual(late.map((line) => line.split(' ').at(1)), ['2026-06-30', '2027-06-30', '2027-06-30', '2027-06-30', '2027-06-30', '2027-06-30'], 'the day after 30 June all of them are late');
  t.true(late.every((line) => line.endsWith('overdue')));
  // 工作台: each is told what is theirs to deal with, and only that.
  interface Desk { readonly due: readonly { readonly kind: string; readonly text: string; readonly to: string }[]; readonly periods: readonly { readonly key: string; readonly overdue: number }[] }
  const kindsOf = async (client: Client): Promise<string[]> => [...new Set(done(await client.get<Desk>('desk.list')).due.map(({ kind }) => kind))];
  const mine = done(await after.custodian.get<Desk>('desk.list'));
  t.deepEqual(mine.due.find(({ kind }) => kind === 'filing'), { kind: 'filing', name: '归档截止', article: '第二十条', level: 0, text: '6 件已逾期', dueOn: null, to: '/filing' } as never);
  t.is(mine.due.find(({ kind }) => kind === 'transfer')?.text, '2 件已逾期', 'overdue transfers stand on the desk');
  t.deepEqual(await kindsOf(await box.as('sunhao')), ['backup', 'responsibility']);
  t.deepEqual(await kindsOf(await box.as('linxiao')), []);
  const reader = done(await (await box.as('linxiao')).get<Calendar>('calendar.list'));
  t.deepEqual([reader.total, reader.rows.length, reader.kinds.every(({ overdue, ahead }) => overdue === 0 && ahead.every((count) => count === 0))], [0, 0, true], 'who may see none of them is told of none');
});

test('第十一条、第二十八条: what the registers and the box itself are due for stands in the calendar of those who may open the lists they come from', async (t) => {
  const clock = setClock('2026-09-10');
  const box = await openTestBox(t, { clock });
  const [sysadmin, archivist, head] = [await box.as('sunhao'), await box.as('zhaoxiaolan'), await box.as('wangzhenhua')];
  const of = async (client: Client, kind: string, on = '2026-09-10') => done(await client.get<Calendar>('calendar.list', { kind, on })).rows.map(({ dueOn, state, text }) => `${dueOn} ${state} ${text}`);
  t.deepEqual(await of(sysadmin, 'responsibility'), ['2026-09-10 today 尚未登记：分管档案工作负责人', '2026-09-10 today 尚未登记：档案员']);
  for (const role of ['leader', 'archivist']) done(await sysadmin.post('register.enter', { kind: 'responsibility', values: { role, person: '王振华', department: '办公室', from: '2026-01-01', to: '2026-12-09', appointment: '演练发〔2026〕1号' } }));
  t.deepEqual(await of(sysadmin, 'responsibility'), []);
  t.deepEqual(await of(sysadmin, 'responsibility', '2026-12-10'), ['2026-12-10 today 尚未登记：分管档案工作负责人', '2026-12-10 today 尚未登记：档案员']);
  t.deepEqual(await of(archivist, 'register'), ['2026-12-09 ahead 档案管理责任 ZR-2026-0001：责任人任期届满', '2026-12-09 ahead 档案管理责任 ZR-2026-0002：责任人任期届满']);
  const { entry } = done(await archivist.post<{ entry: string }>('register.enter', { kind: 'rule', values: { title: '档案管理制度', body: 'unit', edition: '1', issuedOn: '2024-09-01', reviewOn: '2026-09-01', owner: '办公室' } }));
  t.deepEqual(await of(archivist, 'register', '2026-09-11'), ['2026-09-01 overdue 制度库 ZD-2026-0001：制度复审', '2026-12-09 ahead 档案管理责任 ZR-2026-0001：责任人任期届满', '2026-12-09 ahead 档案管理责任 ZR-2026-0002：责任人任期届满']);
  done(await archivist.post('register.end', { entry, on: '2026-09-10', reason: '废止', seenVersion: 1 }));
  t.is((await of(archivist, 'register')).length, 2, 'what has ended reminds of nothing');
  t.deepEqual(await of(sysadmin, 'backup'), ['2026-09-10 today 没有生效的备份方案']);
  t.deepEqual(await of(archivist, 'backup'), [], 'the list of backups is not theirs');
  t.deepEqual(await of(head, 'self-check'), []);
  t.deepEqual(await of(head, 'self-check', '2026-09-11'), ['2026-12-10 ahead 合规清单尚未自查']);
  t.deepEqual(await of(head, 'self-check', '2026-12-11'), ['2026-12-10 overdue 合规清单尚未自查']);
});
