import anyTest from 'ava';
import type { TestFn } from 'ava';
import { Temporal } from 'temporal-polyfill';
import type { FilingScope, RetentionSchedule } from '../../policies/schemas/arrangement.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';
import { done } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';
import { policy } from '../helpers/policy.js';

interface Code { readonly code: string; readonly details?: readonly { readonly at: string; readonly message: string }[] }
interface Version { readonly id: string; readonly label: string; readonly state: string; readonly version: number; readonly filed: number; readonly effectiveFrom: string; readonly approval: { readonly approvalNo: string; readonly counts: boolean } | null }
interface Kinds { readonly kinds: readonly { readonly kind: string; readonly versions: readonly Version[] }[] }
interface World { readonly box: TestBox; readonly archivist: Client; readonly head: Client; readonly clock: { days: number } }

const test = anyTest as TestFn<World>;
const closings: (() => unknown)[] = [];
const shipped = policy('retention.json');
/** 6.2 from 10 to 30 years, 6.4 left to 6.9, 11.1 new. */
const revised: RetentionSchedule = {
  ...shipped, version: '2027', source: '本单位 2026 年修订', approval: null,
  items: [...shipped.items.map((item) => (item.code === '6.2' ? { ...item, retention: 'D30' } : item)), { code: '11.1', clause: '数字化成果验收材料', category: 'WS', retention: 'D30', confidence: 'P' as const }],
};
const START = Date.parse('2026-11-23T02:00:00Z');
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const versions = async (client: Client, kind: string): Promise<readonly Version[]> => done(await client.get<Kinds>('table.list')).kinds.find((one) => one.kind === kind)?.versions ?? [];
const labelled = async (client: Client, kind: string, label: string): Promise<Version> => {
  const one = (await versions(client, kind)).find((version) => version.label === label);
  if (one === undefined) throw new Error(`no ${kind} ${label}`);
  return one;
};

test.before(async (t) => {
  t.timeout(120_000);
  const clock = { days: 0 };
  // It goes on by itself, so that entries have an order.
  const began = Date.now();
  const now = (): string => new Date(START + clock.days * 86_400_000 + Date.now() - began).toISOString();
  const today = (): string => Temporal.Instant.from(now()).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString();
  const box = await openTestBox({ teardown: (work) => { closings.push(work); } }, { clock: { now, today } });
  Object.assign(t.context, { box, clock, archivist: await box.as('zhaoxiaolan'), head: await box.as('wangzhenhua') });
});
test.after.always(async () => { for (const close of closings) await close(); });

async function captured(archivist: Client, item: string, title: string): Promise<{ batch: string; version: number }> {
  done(await archivist.post('session.switch-level', { level: 0 }));
  const { batch } = done(await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'DAS', method: 'offline_upload' }));
  const { record } = done(await upload(archivist, batch, `${title}.pdf`, await smallPdf(title)));
  const { rows: [row] } = done(await archivist.get<{ rows: { version: number }[] }>('arrangement.list', { batch }));
  done(await archivist.post('arrangement.save', { batch, rows: [{ record, seenVersion: row?.version, facts: { categoryCode: 'WS', scheduleItemId: item, archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'DAS' }, description: { title, author: ['演练局'] } }] }));
  const { rows: [arranged] } = done(await archivist.get<{ rows: { retentionCode: string }[]; batch: { version: number } }>('arrangement.list', { batch }));
  const { batch: { version } } = done(await archivist.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await archivist.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: 2026, retention: arranged?.retentionCode, items: 1, metadata: 1 }] }));
  return { batch, version: version + 1 };
}
const file = async (archivist: Client, { batch, version }: { batch: string; version: number }) => archivist.post<{ filed: { archivalCode: string }[] } & Code>('filing.file', { batch, seenVersion: version });

test.serial('三表的第一版是随机附带的，新版本由 JSON 或 XLSX 提出，不改变现行版本 (第十五条)', async (t) => {
  const { archivist, box } = t.context;
  for (const kind of ['scheme', 'scope', 'retention']) t.like((await versions(archivist, kind))[0], { label: '1.0.0', state: 'in_force' });
  t.is((await box.as('linxiao').then(async (one) => one.get<Code>('table.list'))).body.code, 'E_DENIED');

  const bring = async <T>(content: unknown, more: Readonly<Record<string, string>> = {}) => archivist.put<T>('table.import', { kind: 'retention', fileName: '保管期限表.json', ...more }, Buffer.isBuffer(content) ? content : json(content));
  t.is((await bring<Code>('three')).body.code, 'E_TABLE_INVALID');
  t.is((await bring<Code>({ ...revised, items: [] })).body.code, 'E_TABLE_INVALID');
  t.like((await bring<Code>({ ...revised, items: revised.items.filter(({ code }) => code !== '6.4') })).body, { code: 'E_TABLE_INVALID', details: [{ message: '现行归档范围引用的条目 6.4 不在表中，请先修订归档范围或保留该条目' }] });
  t.is((await bring<Code>({ ...revised, items: [...revised.items, revised.items[0]] })).body.code, 'E_TABLE_INVALID', 'an item twice');
  t.is((await bring<Code>(shipped)).body.code, 'E_DUPLICATE');
  t.is((await bring<Code>(Buffer.concat([Buffer.from('PK'), Buffer.alloc(400, 9)]), { label: 'bad', source: '坏工作簿' })).body.code, 'E_CATALOGUE_INVALID');
  t.is((await bring<Code>(Buffer.alloc(9 * 1024 * 1024, 32))).body.code, 'E_UPLOAD_TOO_LARGE');
  done(await bring({ ...revised, approval: { approvalNo: '自带〔2026〕1号', approvedBy: '自带', approvedOn: '2026-01-01' } }));
  t.like(await labelled(archivist, 'retention', '2027'), { state: 'proposed', approval: null }, 'an approval is not brought along');
  t.is((await labelled(archivist, 'retention', '1.0.0')).state, 'in_force');

  // Out as a sheet and in again: the same lines.
  const { id } = await labelled(archivist, 'retention', '2027');
  const sheet = await archivist.get('table.export', { table: id, form: 'xlsx' });
  t.is(sheet.status, 200);
  t.is((await bring<Code>(sheet.bytes)).body.code, 'E_INPUT_INVALID', 'a sheet does not say which version it is');
  const again = done(await bring<{ table: string }>(sheet.bytes, { label: '2027-x', source: '由工作簿导入' }));
  const { differences } = done(await archivist.get<{ differences: { part: string }[] }>('table.compare', { table: again.table, against: id }));
  t.deepEqual(differences, []);
  done(await archivist.post('table.withdraw', { table: again.table, reason: '试导入', seenVersion: 1 }));
});

test.serial('两版对照逐项列出新增、修改和删除，可导出 (第十五条)', async (t) => {
  const { archivist } = t.context;
  const { id } = await labelled(archivist, 'retention', '2027');
  const compared = done(await archivist.get<{ counts: unknown; differences: { key: string; change: string; fields: { field: string; before: string; after: string }[] }[] }>('table.compare', { table: id }));
  t.deepEqual(compared.counts, { added: 1, removed: 0, changed: 1 });
  t.deepEqual(compared.differences.map(({ key, change }) => [key, change]), [['6.2', 'changed'], ['11.1', 'added']]);
  t.deepEqual(compared.differences[0]?.fields, [{ field: '保管期限', before: 'D10', after: 'D30' }]);
  const { kinds } = done(await archivist.get<Kinds>('table.list'));
  const first = kinds.find(({ kind }) => kind === 'retention')?.versions.find(({ label }) => label === '1.0.0');
  t.is((await archivist.get('table.export', { table: id, form: 'xlsx', against: first?.id ?? '' })).bytes.subarray(0, 2).toString(), 'PK');
});

test.serial('新版本先在馆藏上试算，再由另一人登记审核文号，到期自动生效；已归档的仍按归档时的版本 (第十五条)', async (t) => {
  const { archivist, head, clock, box } = t.context;
  const { body: filed } = await file(archivist, await captured(archivist, '6.2', '关于值班安排的通知'));
  t.is(filed.filed[0]?.archivalCode, 'Z109-WS·2026·D10·DAS-0001');
  const waiting = await captured(archivist, '6.2', '关于防汛值守的通知');

  const proposed = await labelled(archivist, 'retention', '2027');
  const approval = { table: proposed.id, approvalNo: '昆档审〔2026〕7号', approvedBy: '市档案局', approvedOn: '2026-11-20', effectiveFrom: '2026-12-01', seenVersion: proposed.version };
  t.is((await head.post<Code>('table.approve', approval)).body.code, 'E_TABLE_UNREHEARSED');
  const rehearsed = done(await archivist.post<{ counts: { effect: string; filed: boolean; records: number }[]; records: number; version: number }>('table.rehearse', { table: proposed.id, seenVersion: proposed.version }));
  t.true(rehearsed.counts.some((one) => one.effect === 'short' && !one.filed && one.records === 1));
  t.true(rehearsed.counts.some((one) => one.effect === 'short' && one.filed && one.records >= 1));
  const page = done(await archivist.get<{ total: number; rows: { code: string; effect: string; filed: boolean }[] }>('table.effects', { table: proposed.id, effect: 'short', filed: true, size: 200 }));
  t.true(page.rows.some(({ code }) => code === 'Z109-WS·2026·D10·DAS-0001'));
  t.is(page.total, page.rows.length);
  t.true(page.rows.every(({ effect, filed: held }) => effect === 'short' && held));
  t.is(done(await archivist.get<{ total: number }>('table.effects', { table: proposed.id, effect: 'gone' })).total, 0);

  const ready = { ...approval, seenVersion: rehearsed.version };
  t.is((await archivist.post<Code>('table.approve', ready)).body.code, 'E_SOD_SELF_APPROVAL');
  t.is((await head.post<Code>('table.approve', { ...ready, effectiveFrom: '2026-11-01' })).body.code, 'E_INPUT_INVALID', 'never backwards');
  t.is(done(await head.post<{ state: string }>('table.approve', ready)).state, 'approved');
  await box.running.services.tables.round();
  t.is((await labelled(archivist, 'retention', '1.0.0')).state, 'in_force', 'not before its day');

  clock.days = 9;
  await box.running.services.tables.round();
  const [archivistThen] = [await box.as('zhaoxiaolan')];
  t.is((await labelled(archivistThen, 'retention', '1.0.0')).state, 'superseded');
  t.like(await labelled(archivistThen, 'retention', '2027'), { state: 'in_force', filed: 0 });
  t.true((await labelled(archivistThen, 'retention', '1.0.0')).filed >= 1, 'what was filed keeps its version');
  const scheme = done(await archivistThen.get<{ retention: { version: string; items: { code: string }[]; approval: { approvalNo: string } } }>('scheme.list'));
  t.like(scheme.retention, { version: '2027', approval: { approvalNo: '昆档审〔2026〕7号' } });
  t.true(scheme.retention.items.some(({ code }) => code === '11.1'));

  // Everything that takes in and files reads the version in force: the old period is too short now.
  done(await archivistThen.post('session.switch-level', { level: 0 }));
  const { rows: [row] } = done(await archivistThen.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch: waiting.batch }));
  t.is((await archivistThen.post<Code>('arrangement.save', { batch: waiting.batch, rows: [{ record: row?.id, seenVersion: row?.version, facts: { scheduleItemId: '6.2', retentionCode: 'D10' } }] })).body.code, 'E_RETENTION_TOO_SHORT');
  const next = await captured(archivistThen, '11.1', '关于数字化成果验收的报告');
  t.is((await file(archivistThen, next)).body.filed[0]?.archivalCode, 'Z109-WS·2026·D30·DAS-0001');
  t.is((await labelled(archivistThen, 'retention', '2027')).filed, 1);
});

test.serial('归档范围和保管期限表未审核不得归档：被改动的版本不再生效 (第十五条)', async (t) => {
  const { box } = t.context;
  const archivist = await box.as('zhaoxiaolan');
  const scope: FilingScope = { ...policy('filing-scope.json'), version: '2027', approval: null };
  t.is((await archivist.put<Code>('table.import', { kind: 'scope', fileName: '归档范围.json' }, json({ ...scope, classes: [{ ...scope.classes[0], items: ['99.1'] }] }))).body.code, 'E_TABLE_INVALID');
  const batch = await captured(archivist, '6.1', '关于机构改革的通知');
  // Somebody at the disk changes the approved version: the signature no longer holds, and nothing is filed under it.
  const sql = box.running.box;
  await sql.store.housekeep(async (writer) => {
    await writer.run("UPDATE table_version SET approval_no = '伪造〔2026〕1号' WHERE kind = 'retention' AND state = 'in_force'");
  });
  await sql.tables.refresh(sql.reader);
  t.is((await file(archivist, batch)).body.code, 'E_SCHEDULE_NOT_APPROVED');
  await sql.store.housekeep(async (writer) => { await writer.run("UPDATE table_version SET approval_no = '昆档审〔2026〕7号' WHERE kind = 'retention' AND state = 'in_force'"); });
  await sql.tables.refresh(sql.reader);
  t.is((await file(archivist, batch)).status, 200);
});

test.serial('正式环境的随机附带三表须登记审核文号后才算审核过 (第十五条): the act stands where a file was edited before', async (t) => {
  const { box } = t.context;
  const [archivist, head] = [await box.as('zhaoxiaolan'), await box.as('wangzhenhua')];
  const one = await labelled(archivist, 'scope', '1.0.0');
  t.like(one, { state: 'in_force', approval: { approvalNo: '演练〔2026〕1号' } });
  done(await head.post('table.approve', { table: one.id, approvalNo: '昆档审〔2026〕8号', approvedBy: '市档案局', approvedOn: '2026-11-25', effectiveFrom: '2026-11-25', seenVersion: one.version }));
  t.like(await labelled(archivist, 'scope', '1.0.0'), { state: 'in_force', approval: { approvalNo: '昆档审〔2026〕8号', counts: true } });
  const again = await labelled(archivist, 'scope', '1.0.0');
  t.is((await head.post<Code>('table.approve', { table: one.id, approvalNo: '昆档审〔2026〕9号', approvedBy: '市档案局', approvedOn: '2026-11-25', effectiveFrom: '2026-11-25', seenVersion: again.version })).body.code, 'E_STATE_INVALID', 'once');
});
