import test from 'ava';
import type { ReportCreate } from '../../policies/schemas/report.js';
import { openTestBox } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { at, described, done, filedSecret, mark, markers } from '../helpers/marked.js';

interface Row { readonly kind: string; readonly id: string; readonly code: string | null; readonly mark: string | null; readonly places: readonly { readonly place: string; readonly text: string }[] }
interface Listed { readonly round: { readonly state: string; readonly counts: { readonly faults: number } | null } | null; readonly total: number; readonly rows: readonly Row[] }

/** The round walked to its end. */
async function checked(by: Client, seenBy: Client = by): Promise<Listed> {
  done(await by.post('mark.check'));
  for (let waits = 0; waits < 400; waits += 1) {
    const shown = done(await seenBy.get<Listed>('mark.list'));
    if (shown.round?.state === 'done') return shown;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  throw new Error('the round does not end');
}
const places = (listed: Listed): Record<string, readonly string[]> => Object.fromEntries(listed.rows.map((row) => [row.id, row.places.map(({ place }) => place)]));

test('第四十一条: the four places of every mark are held against each other in the background; who may know of the thing sees which disagree', async (t) => {
  const box = await openTestBox(t);
  const { box: inside } = box.running;
  const { proposer, authority, custodian } = await markers(box);
  const [officer, security] = [await at(await box.as('zhoumin'), 3), await box.as('chenlixin')];
  const clean = await filedSecret({ proposer, authority, custodian }, '隐龙潭泄洪预案');
  const other = await described(proposer, '隐龙潭值守安排', 1);
  await mark(proposer, authority, other.record, [proposer.person, authority.person, custodian.person], { level: 2 });
  await at(custodian, 2);
  done(await custodian.post('inspection.run', { batch: other.batch }));
  const report = done(await custodian.post<{ report: string }>('report.create', { kind: 'R08', batch: other.batch, titles: true } satisfies ReportCreate)).report;
  await at(custodian, 3);
  t.deepEqual((await checked(security)).rows, []);
  t.deepEqual(done(await custodian.get<{ files: { sealed: { fileName: string } }[] }>('record.show', { record: clean.record })).files.map(({ sealed }) => sealed.fileName), ['隐龙潭泄洪预案〔机密〕.pdf'], 'the name on the page carries the level');

  // A file whose own name claims more than the mark; a mark that is not the decided one; a report whose level went on without it.
  const claims = await described(proposer, '绝密★长期 调度方案', 3);
  await mark(proposer, authority, claims.record, [proposer.person, authority.person, custodian.person]);
  const unmarked = await described(proposer, '值班表〔机密〕', 1);
  const asBox = async (act: string, work: (tx: Parameters<Parameters<typeof inside.store.write>[1]>[0]) => Promise<void>): Promise<void> => {
    await inside.store.write(inside.systemCall(act), async (tx) => { await tx.allow(); await work(tx); tx.audit({ action: act }); });
  };
  const remark = async (text: string): Promise<void> => asBox('record.mark', async (tx) => {
    const record = await tx.records.get(clean.record);
    if (record !== undefined) await tx.records.save({ ...record, mark: text }, record.version);
  });
  await remark('秘密★1年');
  await asBox('record.mark', async (tx) => { await tx.reports.relevel(report, 4, inside.clock.now()); });

  const all = await checked(officer, security);
  t.deepEqual(places(all), {
    [clean.record]: ['decision', 'metadata'], [claims.record]: ['file-name'], [unmarked.record]: ['file-name'], [report]: ['metadata'],
  });
  t.is(all.round?.counts?.faults, 4);
  t.true(all.rows.every((row) => row.code === null && row.mark === null && row.places.every(({ text }) => /\p{Script=Han}/u.test(text))), '安全保密管理员 learns that something disagrees, not what it is');
  const seen = done(await custodian.get<Listed>('mark.list'));
  t.deepEqual(seen.rows.map(({ id }) => id).sort(), [clean.record, claims.record, unmarked.record].sort(), 'not the report, which is above the session');
  t.true(seen.rows.every(({ code }) => code !== null));
  t.is(seen.round?.counts, null, 'no count of the box');
  t.deepEqual(done(await officer.get<Listed>('mark.list')).rows, [], 'the officer who had it checked was named in neither scope');
  t.is((await custodian.post<{ code: string }>('mark.check')).body.code, 'E_DENIED');
  const alarms = done(await custodian.get<{ rows: { code: string; record: string | null }[] }>('alarm.list', { state: 'open' })).rows.filter(({ code }) => code === 'A_MARK_PLACES');
  t.deepEqual(alarms.map(({ record }) => record).sort(), [clean.record, claims.record, other.record].sort(), 'a report by a record it tells of');
  t.deepEqual(done(await officer.get<{ rows: unknown[] }>('alarm.list', { state: 'open' })).rows, []);

  await remark('机密★10年');
  t.deepEqual(Object.keys(places(await checked(security))).sort(), [claims.record, unmarked.record, report].sort(), 'what agrees again leaves the list');
});
