import test from 'ava';
import type { ExecutionContext } from 'ava';
import { relationGuard } from '../../core/services/relations.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { condemn, draftOf, parts } from '../helpers/condemned.js';
import { done } from '../helpers/marked.js';
import { smallPdf } from '../helpers/office.js';

/* 整理 (第十九条) on one box: what belongs together stays together from the batch to the end of its life. */

interface Row { readonly id: string; readonly version: number; readonly state: string; readonly categoryCode: string | null; readonly archivalYear: number | null; readonly retentionCode: string | null }
interface Refused { readonly code: string; readonly details: readonly { readonly at: string; readonly message: string }[] }

const FACTS = { categoryCode: 'WS', scheduleItemId: '6.2', documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' };
let box: TestBox;
let archivist: Client;

const endings: (() => unknown)[] = [];
test.after.always(async () => { for (const end of endings) await end(); });
test.before(async () => {
  box = await openTestBox({ teardown: (work) => { endings.push(work); } });
  archivist = await box.as('zhaoxiaolan');
});

async function open(client: Client = archivist): Promise<string> {
  return done(await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' })).batch;
}
async function take(batch: string, name: string): Promise<string> {
  return done(await upload(archivist, batch, `${name}.pdf`, await smallPdf(name))).record;
}
const rows = async (batch: string): Promise<readonly Row[]> => done(await archivist.get<{ rows: readonly Row[] }>('arrangement.list', { batch, size: 200 })).rows;
async function save(batch: string, records: readonly string[], facts: object = FACTS): Promise<Answer<Refused>> {
  const versions = new Map((await rows(batch)).map(({ id, version }) => [id, version]));
  return archivist.post('arrangement.save', { batch, rows: records.map((record) => ({ record, seenVersion: versions.get(record), facts, description: { title: `第${record.slice(0, 8)}号事项`, author: ['演练局'] } })) });
}
const declareRelation = async (type: string, from: readonly string[], to: string): Promise<Answer<Refused & { relations: readonly string[] }>> => archivist.post('relation.declare', { type, from, to });
async function file(t: ExecutionContext, batch: string): Promise<Answer<Refused & { filed: readonly { record: string; archivalCode: string }[] }>> {
  const ready = (await rows(batch)).filter(({ state }) => state === 'arranged');
  const counts = new Map<string, { category: string; archivalYear: number; retention: string; items: number; metadata: number }>();
  for (const { categoryCode, archivalYear, retentionCode } of ready) {
    const key = `${categoryCode ?? ''} ${String(archivalYear)} ${retentionCode ?? ''}`;
    const items = (counts.get(key)?.items ?? 0) + 1;
    counts.set(key, { category: categoryCode ?? '', archivalYear: archivalYear ?? 0, retention: retentionCode ?? '', items, metadata: items });
  }
  const { batch: { version } } = done(await archivist.get<{ batch: { version: number } }>('capture.show', { batch }));
  t.is((await archivist.post('capture.declare', { batch, seenVersion: version, counts: [...counts.values()] })).status, 200);
  return archivist.post('filing.file', { batch, seenVersion: version + 1 });
}

test.serial('第十九条第二款: a main text is not filed without its attachment; the refusal names the one, and together they go', async (t) => {
  const batch = await open();
  const [main, attachment] = [await take(batch, 'main'), await take(batch, 'attachment')];
  const { relations } = done(await declareRelation('part_of', [attachment], main));
  t.is((await declareRelation('part_of', [attachment], main)).body.code, 'E_DUPLICATE');
  t.is((await declareRelation('part_of', [main], attachment)).body.code, 'E_INPUT_INVALID', 'no circle');
  done(await save(batch, [main]));
  const alone = await file(t, batch);
  t.is(alone.body.code, 'E_ARRANGE_RELATION_BROKEN', JSON.stringify(alone.body));
  t.regex(alone.body.details[0]?.message ?? '', /请一并加入附件 ERC-/u);
  t.is((await archivist.post<Refused>('relation.part', { relation: relations[0], stage: 'filing', reason: '附件过多' })).body.code, 'E_ARRANGE_RELATION_BROKEN', 'no reason parts them');
  t.is((await archivist.post<Refused>('capture.withdraw', { record: attachment, seenVersion: 1, reason: '误传' })).body.code, 'E_ARRANGE_RELATION_BROKEN');
  done(await save(batch, [attachment]));
  const together = await file(t, batch);
  t.is(together.body.filed.length, 2, JSON.stringify(together.body));
  const shown = done(await archivist.get<{ rows: readonly { own: string; role: string; other: { record: string; state: string } }[] }>('relation.list', { record: main }));
  t.deepEqual(shown.rows.map(({ own, role, other }) => [own, role, other.record, other.state]), [['正文', '附件', attachment, 'filed']]);
  t.is((await archivist.post<Refused>('relation.end', { relation: relations[0], reason: '登记有误' })).body.code, 'E_STATE_INVALID', 'filed is filed');
});

test.serial('第十九条第二款: 正文 and 附件 are not arranged into different years; saved together they move together', async (t) => {
  const batch = await open();
  const [main, attachment] = [await take(batch, 'years-main'), await take(batch, 'years-attachment')];
  done(await declareRelation('part_of', [attachment], main));
  done(await save(batch, [main, attachment]));
  const parted = await save(batch, [attachment], { archivalYear: 2025 });
  t.is(parted.body.code, 'E_ARRANGE_RELATION_BROKEN');
  t.regex(parted.body.details[0]?.message ?? '', /年度/u);
  t.is((await save(batch, [main, attachment], { archivalYear: 2025 })).status, 200);
});

test.serial('第十九条第二款: 请示 and 批复 part for a stated reason only, and the reason is read from both', async (t) => {
  const batch = await open();
  const [request, answer] = [await take(batch, 'request'), await take(batch, 'answer')];
  const { relations: [relation] } = done(await declareRelation('answers', [answer], request));
  done(await save(batch, [request]));
  const alone = await file(t, batch);
  t.is(alone.body.code, 'E_ARRANGE_RELATION_BROKEN');
  t.regex(alone.body.details[0]?.message ?? '', /登记归档时分开的原因/u);
  done(await archivist.post('relation.part', { relation, stage: 'filing', reason: '批复尚待补正' }));
  t.is((await file(t, batch)).status, 200);
  const { rows: [seen] } = done(await archivist.get<{ rows: readonly { partings: readonly { stage: string; reason: string }[] }[] }>('relation.list', { record: answer }));
  t.deepEqual(seen?.partings.map(({ stage, reason }) => [stage, reason]), [['filing', '批复尚待补正']]);
});

test.serial('第十九、三十四条: what the filing person may not know is neither named nor in the way, and the parting is noted', async (t) => {
  const custodian = await box.as('yangjing');
  const batch = await open();
  const [open1, hidden] = [await take(batch, 'known'), await take(batch, 'unknown')];
  const { relations: [relation] } = done(await declareRelation('part_of', [hidden], open1));
  // The other end becomes somebody else's: another batch, another level, a scope without the archivist.
  await box.running.box.store.housekeep(async (sql) => {
    await sql.run("UPDATE record SET level = 3, department = 'BMB', owner = $1 WHERE id = $2", custodian.person, hidden);
  });
  const guard = relationGuard(box.running.box.policies.content('relations.json'), box.running.box.clock);
  const call = box.running.box.systemCall('filing.file');
  const nobody = { sql: 'record.level < 3', values: [] };
  const noted = await box.running.box.store.write(call, async (tx) => {
    await tx.allow();
    await guard.requireWhole(tx, 'filing', [open1], nobody);
    tx.audit({ action: 'filing.file', detail: { test: true } });
    return { told: (await guard.parted(tx, 'filing', [open1], nobody)).told.length, everyone: (await guard.parted(tx, 'filing', [open1], { sql: '1 = 1', values: [] })).told.length, partings: await tx.relations.partings([relation ?? '']) };
  });
  t.deepEqual([noted.told, noted.everyone, noted.partings.map(({ stage, by }) => [stage, by])], [0, 1, [['filing', 'system']]]);
  await box.running.box.store.housekeep(async (sql) => { await sql.run("UPDATE record SET level = 1, department = 'BGS', owner = $1 WHERE id = $2", archivist.person, hidden); });
});

test.serial('第十九、三十九条: an attachment is not destroyed and its main text left', async (t) => {
  const batch = await open();
  const [main, attachment] = [await take(batch, 'old-main'), await take(batch, 'old-attachment')];
  done(await declareRelation('part_of', [attachment], main));
  done(await save(batch, [main, attachment]));
  t.is((await file(t, batch)).status, 200);
  await condemn(box.running.box, [main, attachment], archivist.person);
  const people = await parts(box);
  const alone = await people.applicant.post<Refused>('destruction.draft', draftOf([attachment], people));
  t.is(alone.body.code, 'E_ARRANGE_RELATION_BROKEN', JSON.stringify(alone.body));
  t.regex(alone.body.details[0]?.message ?? '', /请一并加入正文 Z109-WS/u);
  t.is((await people.applicant.post('destruction.draft', draftOf([main, attachment], people))).status, 200);
});

test.serial('第十九条一款: values set over many rows in one act; a row that somebody changed meanwhile is named and left; undoing brings back what stood', async (t) => {
  const batch = await open();
  const records = [await take(batch, 'bulk-1'), await take(batch, 'bulk-2'), await take(batch, 'bulk-3')];
  const before = await rows(batch);
  const version = (id: string): number | undefined => before.find((row) => row.id === id)?.version;
  done(await save(batch, [records[2] ?? '']));
  interface Bulk { readonly change: string; readonly rows: readonly Row[]; readonly left: readonly { readonly record: string; readonly code: string; readonly version: number | null }[] }
  const unknown = '00000000-0000-4000-8000-000000000000';
  const set = done(await archivist.post<Bulk>('arrangement.set', {
    batch, rows: [...records.map((record) => ({ record, seenVersion: version(record) })), { record: unknown, seenVersion: 1 }], facts: FACTS, description: { title: '批量题名', author: ['演练局'] },
  }));
  t.deepEqual(set.rows.map(({ id, state, archivalYear }) => [id, state, archivalYear]), [[records[0], 'arranged', 2026], [records[1], 'arranged', 2026]]);
  t.deepEqual(set.left.map(({ record, code, version: now }) => [record, code, now]), [[records[2], 'E_STALE_VERSION', (version(records[2] ?? '') ?? 0) + 1], [unknown, 'E_NOT_FOUND', null]]);
  done(await save(batch, [records[1] ?? ''], { retentionCode: 'Y' }));
  const { rows: listed } = done(await archivist.get<{ rows: readonly { id: string; items: number; undoneAt: string | null }[] }>('arrangement.changes', { batch }));
  t.deepEqual(listed.map(({ items }) => items), [1, 2, 1]);
  const undone = done(await archivist.post<Bulk>('arrangement.undo', { change: set.change }));
  t.deepEqual([undone.rows.map(({ id }) => id), undone.left.map(({ record, code }) => [record, code])], [[records[0]], [[records[1], 'E_STALE_VERSION']]]);
  const after = (await archivist.get<{ rows: readonly (Row & { description: { title: string; author?: readonly string[] } })[] }>('arrangement.list', { batch })).body.rows;
  const first = after.find(({ id }) => id === records[0]);
  t.deepEqual([first?.state, first?.categoryCode, first?.archivalYear, first?.retentionCode, first?.description.author], ['inspected', null, null, null, undefined]);
  t.not(first?.description.title, '批量题名');
  t.is((await archivist.post<Refused>('arrangement.undo', { change: set.change })).body.code, 'E_STATE_INVALID');
  const other = await box.as('yangjing');
  t.is((await other.post<Refused>('arrangement.undo', { change: set.change })).body.code, 'E_NOT_FOUND', 'only one\'s own');
});

const KU = { categoryCode: 'KU', scheduleItemId: '10.1', documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' };
async function describe(batch: string, record: string, facts: object, description: object): Promise<Answer<Refused & { rows: readonly (Row & { missing: readonly string[] })[] }>> {
  const seenVersion = (await rows(batch)).find(({ id }) => id === record)?.version;
  return archivist.post('arrangement.save', { batch, rows: [{ record, seenVersion, facts, description: { title: `第${record.slice(0, 8)}号`, author: ['演练局'], ...description } }] });
}

test.serial('第十九条第二款: a volume is put in order with its pages, closed with its 备考表 and numbered, and its items are numbered within it', async (t) => {
  const batch = await open();
  const [first, second, other] = [await take(batch, 'voucher-1'), await take(batch, 'voucher-2'), await take(batch, 'voucher-3')];
  const accounting = { fiscalYear: 2026, accountingKind: '01', voucherNo: '记-1' };
  for (const record of [first, second]) t.is(done(await describe(batch, record, KU, accounting)).rows[0]?.state, 'arranged');
  const { volume } = done(await archivist.post<{ volume: string }>('volume.open', { fonds: 'Z109', department: 'BGS', categoryCode: 'KU', archivalYear: 2026, retentionCode: 'D30', orgOrFunction: 'BGS', title: '演练局关于二〇二六年五月的记账凭证' }));
  const arrange = async (items: readonly object[], seenVersion: number): Promise<Answer<Refused>> => archivist.post('volume.arrange', { volume, seenVersion, items });
  t.is((await arrange([{ record: second, pages: 3 }, { record: first }], 1)).status, 200);
  t.is((await arrange([{ record: first }], 1)).body.code, 'E_STALE_VERSION');
  t.is((await arrange([{ record: first }, { record: first }], 2)).body.code, 'E_INPUT_INVALID', 'nothing twice');
  // Open volumes are not filed from.
  t.is((await file(t, batch)).body.code, 'E_ARRANGE_INCOMPLETE');
  const checker = (await box.as('yangjing')).person;
  t.is((await arrange([{ record: second, pages: 3 }, { record: first }, { record: other }], 2)).status, 200);
  t.is((await archivist.post<Refused>('volume.close', { volume, seenVersion: 3, note: '齐全', checker })).body.code, 'E_ARRANGE_INCOMPLETE', 'one is not arranged');
  t.is((await arrange([{ record: second, pages: 3 }, { record: first }], 3)).status, 200);
  t.is(done(await archivist.post<{ number: number }>('volume.close', { volume, seenVersion: 4, note: '本卷 2 件 4 页，齐全完整', checker })).number, 1);
  interface Shown { readonly volume: { readonly state: string; readonly note: string; readonly checkedBy: string }; readonly pages: number; readonly items: readonly { readonly record: string; readonly from: number; readonly to: number }[] }
  const shown = done(await archivist.get<Shown>('volume.show', { volume }));
  t.deepEqual([shown.pages, shown.volume.note, shown.items.map(({ record, from, to }) => [record, from, to])], [4, '本卷 2 件 4 页，齐全完整', [[second, 1, 3], [first, 4, 4]]]);
  for (const paper of ['cover', 'items', 'note']) t.is((await archivist.get('volume.print', { volume, paper })).bytes.subarray(0, 5).toString(), '%PDF-', paper);
  const { filed } = done(await file(t, batch));
  t.deepEqual(filed.map(({ record, archivalCode }) => [record, archivalCode]), [[second, 'Z109-KU·01·2026-001-001'], [first, 'Z109-KU·01·2026-001-002']].sort((a, b) => filed.findIndex(({ record }) => record === a[0]) - filed.findIndex(({ record }) => record === b[0])));
  const { record: kept } = done(await archivist.get<{ record: { description: Record<string, unknown> } }>('record.show', { record: second }));
  t.deepEqual(['unitOfManagement', 'agencyFileNumber', 'itemCount', 'pageNumber', 'parentId'].map((key) => kept.description[key]), ['volume', '1', 2, '1-3', volume]);
  t.is((await archivist.post<Refused>('volume.reopen', { volume, seenVersion: 5 })).body.code, 'E_STATE_INVALID', 'filed is filed');
});

test.serial('第十九条一款: photographs, recordings, accounts and web pages are not arranged without the metadata of their category', async (t) => {
  const batch = await open();
  const record = await take(batch, 'category');
  const CASES: readonly (readonly [facts: object, description: object, missing: readonly string[]])[] = [
    [{ categoryCode: 'ZP', scheduleItemId: '9.2' }, { photographer: '张某', shotAt: '2026-05-06' }, ['place', 'caption', 'photoGroup']],
    [{ categoryCode: 'LX', scheduleItemId: '9.3' }, { recorder: '张某' }, ['recordedOn', 'durationSeconds', 'place']],
    [{ categoryCode: 'KU', scheduleItemId: '10.1' }, {}, ['fiscalYear', 'accountingKind']],
    [{ categoryCode: 'WY', scheduleItemId: '6.2' }, {}, ['webAddress', 'webCapturedOn', 'webColumn']],
  ];
  for (const [facts, description, missing] of CASES) {
    const answer = await describe(batch, record, { ...FACTS, retentionCode: null, ...facts }, description);
    if (answer.status !== 200) { t.is(answer.body.code, 'E_SCOPE_NOT_IN_SCHEDULE', JSON.stringify(answer.body)); continue; }
    t.deepEqual([answer.body.rows[0]?.state, answer.body.rows[0]?.missing], ['inspected', missing], JSON.stringify(facts));
  }
  const whole = done(await describe(batch, record, { ...FACTS, categoryCode: 'ZP', scheduleItemId: '9.2', retentionCode: 'D10' }, { photographer: '张某', shotAt: '2026-05-06', place: '演练厅', caption: '会场', photoGroup: 7 }));
  t.is(whole.rows[0]?.state, 'arranged');
  const { rows: [coded] } = done(await archivist.get<{ rows: readonly { archivalCode: string }[] }>('arrangement.preview', { batch }));
  t.is(coded?.archivalCode, 'Z109-ZP·2026·D10-007-001');
});
