import test from 'ava';
import { openTestBox, upload } from '../../helpers/box.js';
import type { Answer, Client } from '../../helpers/box.js';
import { at, described, done, fileBatch, mark } from '../../helpers/marked.js';
import { setClock, signedIn } from '../../helpers/marking.js';
import { smallPdf } from '../../helpers/office.js';

interface Section { readonly type: string; readonly key?: string; readonly rows?: readonly Readonly<Record<string, string | number | null>>[]; readonly columns?: readonly { readonly key: string }[] }
interface Shown { readonly level: number; readonly conclusion: string; readonly document: { readonly sections: readonly Section[]; readonly source: string } }
interface Code { readonly code?: string; readonly details?: readonly { readonly at: string }[] }

async function made(client: Client, body: Readonly<Record<string, unknown>>): Promise<Shown> {
  const { report } = done(await client.post<{ report: string }>('report.create', body));
  const csv = await client.get('report.read', { report, format: 'csv' });
  if (csv.status !== 200 || !csv.bytes.includes(Buffer.from('\r\n'))) throw new Error('no CSV');
  const pdf = await client.get('report.read', { report, format: 'pdf' });
  if (!pdf.bytes.subarray(0, 5).equals(Buffer.from('%PDF-'))) throw new Error('no PDF');
  return done(await client.get<Shown>('report.show', { report }));
}
const rowsOf = (shown: Shown, key: string) => shown.document.sections.find((section) => section.key === key)?.rows ?? [];

/** Filed by the custodian at 内部, in one batch: one row a title, completed on the day given. */
async function filed(client: Client, titles: readonly string[], completedOn: string, overdueReason?: string): Promise<Answer<Code & { readonly filed: readonly { readonly archivalCode: string }[] }>> {
  await at(client, 1);
  const { batch } = done(await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' }));
  for (const title of titles) done(await upload(client, batch, `${title}.pdf`, await smallPdf(`text of ${title}`)));
  const { rows } = done(await client.get<{ rows: { id: string; version: number; description: { title: string } }[] }>('arrangement.list', { batch }));
  done(await client.post('arrangement.save', {
    batch, rows: rows.map(({ id, version }, index) => ({
      record: id, seenVersion: version, facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2024, documentDate: '2024-03-06', completedOn, orgOrFunction: 'BGS' },
      description: { title: titles[index] ?? '', author: ['演练局'], titleSupplied: index === 0 },
    })),
  }));
  const { batch: { version } } = done(await client.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await client.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: 2024, retention: 'D10', items: titles.length, metadata: titles.length }] }));
  return client.post('filing.file', { batch, seenVersion: version + 1, ...(overdueReason === undefined ? {} : { overdueReason }) });
}

test('第二十条、第二十一条: what is filed late needs its reason and goes on after the last number; register and catalogue tell it in PDF and CSV, state secrets only with titles', async (t) => {
  const clock = setClock('2026-09-10');
  const box = await openTestBox(t, { clock });
  const desk = await signedIn(box);
  const { custodian } = desk;
  t.is((await filed(custodian, ['甲事项的通知'], '2024-04-01')).body.code, 'E_OVERDUE_REASON_REQUIRED');
  const first = done(await filed(custodian, ['乙事项的通知', '丙事项的通知'], '2025-12-31', '集中补办'));
  const second = done(await filed(custodian, ['丁事项的通知'], '2024-04-01', '移交时发现漏归'));
  const codes = [...first.filed, ...second.filed].map(({ archivalCode }) => archivalCode).sort();
  t.deepEqual(codes.map((code) => code.slice(-4)), ['0001', '0002', '0003'], 'supplementary filing goes on without gap or doubling');
  const scope = { fonds: 'Z109', archivalYear: 2024 };
  const register = await made(custodian, { kind: 'R22', ...scope });
  t.deepEqual(rowsOf(register, 'register').map(({ items, metadata, late, reason, supplementary, rule }) => [items, metadata, late, reason, supplementary, rule]), [[2, 2, 2, '集中补办', '首次', '现行办法'], [1, 1, 1, '移交时发现漏归', '续编', '现行办法']]);
  t.is(register.conclusion, '已归档 3 件，其中逾期归档 3 件');
  const plain = await made(custodian, { kind: 'R23', ...scope });
  t.deepEqual(rowsOf(plain, 'catalogue').map(({ archivalCode, date, retention }) => [archivalCode, date, retention]), codes.map((code) => [code, '20240306', '10 年']));
  t.false(JSON.stringify(plain.document).includes('事项'), 'without titles no title');
  const titled = await made(custodian, { kind: 'R23', ...scope, titles: true });
  t.deepEqual(rowsOf(titled, 'catalogue').map(({ title }) => String(title)).sort(), ['[丁事项的通知]', '[乙事项的通知]', '丙事项的通知'], 'a title of our own in brackets');
  t.deepEqual(done(await custodian.post<Code>('report.create', { kind: 'R23', fonds: 'Z109' }).then((answer) => ({ ...answer, status: 200 }))).details?.map((one) => one.at), ['/archivalYear']);
  // A state secret of another year: in no list without titles, and with titles it lifts the list.
  const taken = await described(desk.proposer, '隐龙潭点位通知', 3);
  await mark(desk.proposer, desk.authority, taken.record, [desk.proposer.person, desk.authority.person, custodian.person]);
  await fileBatch(desk.proposer, custodian, taken.batch, 3);
  const lowered = await made(custodian, { kind: 'R23', fonds: 'Z109', archivalYear: 2026 });
  t.deepEqual([lowered.level, rowsOf(lowered, 'catalogue').length], [1, 0]);
  const secret = await made(custodian, { kind: 'R23', fonds: 'Z109', archivalYear: 2026, titles: true });
  t.deepEqual([secret.level, rowsOf(secret, 'catalogue').map(({ title }) => title)], [3, ['隐龙潭点位通知']]);
  t.is(rowsOf(await made(await at(await box.as('zhaoxiaolan'), 2), { kind: 'R23', fonds: 'Z109', archivalYear: 2026, titles: true }), 'catalogue').length, 0, 'who may not know of it is told of nothing');

  // 第四十五条: the chain of one record.
  const [code = ''] = codes;
  const chain = await made(await at(custodian, 1), { kind: 'R24', archivalCode: code });
  const steps = rowsOf(chain, 'chain');
  t.true(steps.length >= 2 && steps.every(({ who, entry, hash }) => who === '杨静' && typeof entry === 'number' && /^[0-9a-f]{16}$/u.test(String(hash))), JSON.stringify(steps));
  const outsider = await at(await box.as('zhoumin'), 3);
  const { code: hidden } = (await outsider.post<Code>('report.create', { kind: 'R24', archivalCode: rowsOf(secret, 'catalogue')[0]?.['archivalCode'] })).body;
  t.is(hidden, (await outsider.post<Code>('report.create', { kind: 'R24', archivalCode: 'Z109-WS·1999·Y-BGS-0001' })).body.code, 'hidden and absent answer alike');
});

test('第四十五条: the chain of responsibility names who acted, who approved and the entry of the ledger; 第一条: every report states what it rests on', async (t) => {
  const box = await openTestBox(t, { clock: setClock('2026-09-10') });
  const desk = await signedIn(box);
  const taken = await described(desk.proposer, '关于责任链的通知', 3);
  await mark(desk.proposer, desk.authority, taken.record, [desk.proposer.person, desk.authority.person, desk.custodian.person]);
  await fileBatch(desk.proposer, desk.custodian, taken.batch, 3);
  const { rows: [found] } = done(await (await at(desk.custodian, 3)).get<{ rows: { archivalCode: string }[] }>('record.search', { archivalYear: 2026 }));
  const chain = await made(desk.custodian, { kind: 'R24', archivalCode: found?.archivalCode });
  const acts = rowsOf(chain, 'chain').map(({ who, action }) => `${String(who)} ${String(action)}`);
  for (const wanted of ['刘思远 提出定密', '李建国 批准定密']) t.true(acts.some((one) => one.startsWith(wanted.split(' ')[0] ?? '')), `${wanted}: ${acts.join('；')}`);
  t.is(chain.level, 3);
  t.regex(chain.document.source, /办法第四十五条/u);
});

test('第二十条、第二十二条: the list of delays is what the calendar says is past its day, in sum and line by line', async (t) => {
  const clock = setClock('2026-09-10');
  const box = await openTestBox(t, { clock });
  const desk = await signedIn(box);
  done(await filed(desk.custodian, ['戊事项的通知'], '2025-12-31', '集中补办'));
  clock.to('2029-03-07');
  const { custodian } = await signedIn(box);
  const overdue = await made(await at(custodian, 1), { kind: 'R09' });
  const transfers = rowsOf(overdue, 'lines').filter(({ kind }) => kind === '移交截止');
  t.deepEqual(transfers.map(({ dueOn, days, dept }) => [dueOn, days, dept]), [['2029-03-06', 1, '办公室']]);
  const sum = rowsOf(overdue, 'summary').reduce((total, { count }) => total + Number(count), 0);
  t.is(sum, rowsOf(overdue, 'lines').length);
});
