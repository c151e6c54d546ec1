import { stringify } from 'csv-stringify/sync';
import iconv from 'iconv-lite';
import test from 'ava';
import writeWorkbook from 'write-excel-file/node';
import { fsck } from '../../../appliance/maintenance/fsck.js';
import { boxSignatureCheck } from '../../../appliance/box.js';
import { openTestBox, upload } from '../../helpers/box.js';
import type { Answer, Client, TestBox } from '../../helpers/box.js';
import { makeOfd, pdfDraft, sm2Signer, sm3 } from '../../helpers/sealed-files.js';
import { pdf } from '../../helpers/pdf.js';

interface Report {
  readonly code?: string; readonly details?: readonly { at: string; message: string }[];
  readonly format: string; readonly encoding: string | null; readonly rows: number; readonly matched: number; readonly complete: number;
  readonly missing: readonly string[]; readonly unlisted: readonly string[]; readonly problems: readonly { at: string; message: string }[];
  readonly lines: readonly { line: number; status: string; record: string | null; complete: boolean }[]; readonly applied: boolean; readonly written?: number;
}
interface Shown {
  readonly batch: { version: number };
  readonly records: readonly { id: string; state: string; version: number; categoryCode: string | null; orgOrFunction: string | null; description: { title: string; documentNumber?: string }; files: readonly { id: string; role: string; object: string; sm3: string; sealed: { fileName: string; signatures?: readonly { signer: string; verified: boolean | null }[]; sm3Before?: string }; facts: { signed?: boolean }; verdict: string }[] }[];
  readonly states: Readonly<Record<string, number>>;
}

const HEAD = ['题名', '责任者', '文号', '日期', '办理完毕日', '门类', '保管期限', '保管期限表条目', '机构', '文件名', '附件'];
const row = (n: number, file: string, attachment = '', more: Partial<Record<string, string>> = {}): string[] =>
  HEAD.map((header) => more[header] ?? ({ 题名: `关于第${String(n)}号工作的通知`, 责任者: '昆明市演练局', 文号: `演发〔2026〕${String(n)}号`, 日期: '20260506', 办理完毕日: '2026年6月1日', 门类: '文书', 保管期限: '10年', 保管期限表条目: '6.2', 机构: '办公室', 文件名: file, 附件: attachment }[header] ?? ''));
const csv = (...rows: string[][]): Buffer => Buffer.from(stringify([HEAD, ...rows]));

async function batchWith(box: TestBox, files: Readonly<Record<string, Buffer>>): Promise<{ archivist: Client; batch: string }> {
  const archivist = await box.as('zhaoxiaolan');
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload' });
  for (const [name, content] of Object.entries(files)) {
    const answer = await upload(archivist, batch, name, content);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }
  return { archivist, batch };
}
const send = async (client: Client, batch: string, fileName: string, bytes: Buffer, apply?: boolean): Promise<Answer<Report>> =>
  client.put<Report>('capture.catalogue', { batch, fileName, ...(apply === undefined ? {} : { apply }) }, bytes);
const show = async (client: Client, batch: string): Promise<Shown> => (await client.get<Shown>('capture.show', { batch })).body;

test('第十六、十八条: a dry run says row by row what would happen and changes nothing; applied, rows become arranged items with their attachments', async (t) => {
  const box = await openTestBox(t);
  const { archivist, batch } = await batchWith(box, { 'a.pdf': await pdf('甲'), 'a附件.pdf': await pdf('甲附件'), 'cafe\u0301.pdf': await pdf('乙'), '目录外.pdf': await pdf('丙'), 'bad.pdf': Buffer.from('not a pdf') });
  const catalogue = csv(row(1, 'a.pdf', 'a附件.pdf'), row(2, 'caf\u00e9.pdf'), row(3, 'bad.pdf'));
  const before = await show(archivist, batch);
  const dry = await send(archivist, batch, '目录.csv', catalogue);
  t.is(dry.status, 200, JSON.stringify(dry.body));
  t.like(dry.body, { format: 'csv', encoding: 'UTF-8', rows: 3, matched: 3, complete: 3, missing: [], unlisted: ['目录外.pdf'], problems: [], applied: false });
  t.deepEqual(await show(archivist, batch), before, 'a dry run leaves all as it was');

  const done = await send(archivist, batch, '目录.csv', catalogue, true);
  t.is(done.status, 200, JSON.stringify(done.body));
  t.like(done.body, { applied: true, written: 3 });
  const after = await show(archivist, batch);
  const named = (name: string) => after.records.find((record) => record.files.some((file) => file.sealed.fileName === name));
  t.like(named('a.pdf'), { state: 'arranged', categoryCode: 'WS', orgOrFunction: 'BGS', description: { title: '关于第1号工作的通知', documentNumber: '演发〔2026〕1号' } });
  t.deepEqual(named('a.pdf')?.files.map((file) => [file.sealed.fileName, file.role]), [['a.pdf', 'main'], ['a附件.pdf', 'attachment']]);
  t.is(named('cafe\u0301.pdf')?.state, 'arranged', 'matched in composed form');
  t.like(named('bad.pdf'), { state: 'returned', description: { title: '关于第3号工作的通知' } }, 'described, and still returned');
  t.like(after.states, { arranged: 2, returned: 1, inspected: 1 });
  const detail = await archivist.get<{ events: { activity: string }[] }>('record.show', { record: named('a.pdf')?.id ?? '' });
  t.true(detail.status !== 200 || detail.body.events.some((event) => event.activity === 'arrange'));

  const again = await send(archivist, batch, '目录.csv', catalogue, true);
  t.like(again.body, { applied: true, written: 0 }, 'the same catalogue again changes nothing');
  const auditor = await box.as('hejingyi');
  t.deepEqual((await auditor.post<{ faults: unknown[] }>('audit.verify', {})).body.faults, []);
  const entries = await auditor.get<{ rows: { action: string }[] }>('audit.list', { action: 'capture.catalogue' });
  t.true(entries.status !== 200 || entries.body.rows.length >= 4);
});

test('第十八条: one bad row refuses the whole catalogue, with row, column and how to mend it', async (t) => {
  const box = await openTestBox(t);
  const { archivist, batch } = await batchWith(box, { 'a.pdf': await pdf('甲'), 'b.pdf': await pdf('乙') });
  const before = await show(archivist, batch);
  const wrong = csv(
    row(1, 'a.pdf'), row(2, '没有这个.pdf'), row(3, 'b.pdf', '', { 日期: '2026年13月1日' }), row(4, '', ''), row(5, 'b.pdf', '', { 保管期限: '10年', 保管期限表条目: '1.1' }),
  );
  const dry = await send(archivist, batch, '目录.csv', wrong);
  t.is(dry.status, 200, JSON.stringify(dry.body));
  t.deepEqual(dry.body.missing, ['没有这个.pdf']);
  const places = dry.body.problems.map((problem) => problem.at);
  for (const place of ['第3行「文件名」', '第4行「日期」', '第5行「文件名」']) t.true(places.includes(place), `${place} in ${places.join(' ')}`);
  t.true(dry.body.problems.every(({ message }) => /请/u.test(message)), JSON.stringify(dry.body.problems));
  t.is(dry.body.lines.find((line) => line.line === 2)?.status, 'matched');
  t.is(dry.body.lines.find((line) => line.line === 3)?.status, 'missing');
  t.is(dry.body.lines.find((line) => line.line === 4)?.status, 'fault');
  const refused = await send(archivist, batch, '目录.csv', wrong, true);
  t.is(refused.body.code, 'E_CATALOGUE_INVALID');
  t.true((refused.body.details ?? []).some((one) => one.at === '第4行「日期」'));
  t.deepEqual(await show(archivist, batch), before, 'nothing was written');

  const unlinked = await send(archivist, batch, '目录.csv', csv(row(1, 'a.pdf'), row(2, '没有这个.pdf')), true);
  t.is(unlinked.body.code, 'E_META_UNLINKED');
  const shorter = await send(archivist, batch, '目录.csv', csv(row(1, 'a.pdf', '', { 日期: '29991231' })));
  t.is(shorter.body.problems[0]?.at, '第2行「日期」', 'a day after today');
  const other = await send(archivist, batch, '目录.jsonl', Buffer.from(`${JSON.stringify({ 题名: '通知', 文件名: 'a.pdf', 密级: '机密', 全宗号: 'X999', SM3: 'a'.repeat(64) })}\n`));
  t.deepEqual(other.body.problems.map((problem) => problem.at).sort(), ['第1行「SM3」', '第1行「全宗号」', '第1行「密级」']);
  t.deepEqual(await show(archivist, batch), before);
});

test('第十六条: workbook, GB 18030 and more than 2,000 rows are read off the event loop; broken bytes, bombs and strangers are refused', async (t) => {
  const box = await openTestBox(t);
  const { archivist, batch } = await batchWith(box, { 'a.pdf': await pdf('甲') });
  const cells = [HEAD, row(1, 'a.pdf')].map((line) => line.map((value) => ({ type: String, value })));
  const book = await writeWorkbook(cells).toBuffer();
  t.like((await send(archivist, batch, '目录.xlsx', book)).body, { format: 'xlsx', encoding: null, matched: 1, complete: 1 });
  t.like((await send(archivist, batch, '目录.csv', iconv.encode(csv(row(1, 'a.pdf')).toString('utf8'), 'gb18030'))).body, { encoding: 'GB 18030', matched: 1 });
  const long = csv(row(1, 'a.pdf'), ...Array.from({ length: 2500 }, (_, n) => row(n + 2, `f${String(n)}.pdf`)));
  let ticks = 0;
  const timer = setInterval(() => { ticks += 1; }, 10);
  const big = await send(archivist, batch, '目录.csv', long);
  clearInterval(timer);
  t.like(big.body, { rows: 2501, matched: 1 });
  t.is(big.body.missing.length, 1000, 'names leave up to a limit');
  t.true(ticks > 0);

  const broken = Buffer.concat([csv(row(1, 'a.pdf')), Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])]);
  t.is((await send(archivist, batch, '目录.csv', broken)).body.code, 'E_CATALOGUE_ENCODING');
  t.is((await send(archivist, batch, '目录.xlsx', Buffer.from('PK\u0003\u0004 and nothing'))).body.code, 'E_CATALOGUE_INVALID');
  t.is((await send(archivist, batch, '目录.csv', Buffer.alloc(0))).body.code, 'E_CATALOGUE_INVALID');
  t.is((await archivist.put<Report>('capture.catalogue', { batch, fileName: 'x.csv', sheet: 2 }, csv(row(1, 'a.pdf')))).body.code, 'E_INPUT_INVALID', 'unknown fields are refused');
  const outsider = await box.as('duanwen');
  const hidden = await send(outsider, batch, '目录.csv', csv(row(1, 'a.pdf')));
  t.true([403, 404].includes(hidden.status), JSON.stringify(hidden.body));
});

test('组件: files an item lacks, shares or keeps to itself are told by row', async (t) => {
  const box = await openTestBox(t);
  const { archivist, batch } = await batchWith(box, { 'a.pdf': await pdf('甲'), 'b.pdf': await pdf('乙'), 'c.pdf': await pdf('丙') });
  t.is((await send(archivist, batch, '目录.csv', csv(row(1, 'a.pdf', 'b.pdf'), row(2, 'c.pdf')), true)).status, 200);
  const split = await send(archivist, batch, '目录.csv', csv(row(1, 'a.pdf'), row(2, 'b.pdf')));
  t.deepEqual(split.body.problems.map((problem) => problem.at), ['第2行「文件名」', '第3行「文件名」']);
  t.is((await send(archivist, batch, '目录.csv', csv(row(1, 'a.pdf', 'b.pdf', { 题名: '改过的题名' })), true)).body.written, 1, 'a title may be mended');
  const closed = await send(archivist, batch, '目录.csv', csv(row(1, 'a.pdf', 'b.pdf；c.pdf')));
  t.regex(closed.body.problems[0]?.message ?? '', /先退回/u);
});

for (const kind of ['pdf', 'ofd'] as const) {
  test(`第十九条三款: seal.strip takes the signature data out of a captured ${kind}, keeps what they said, and nothing of the original rests`, async (t) => {
    const box = await openTestBox(t);
    const signer = sm2Signer('昆明市演练局');
    const signed = kind === 'pdf' ? pdfDraft().sign(signer).build() : makeOfd(signer);
    const { archivist, batch } = await batchWith(box, { [`红头.${kind}`]: signed });
    if (kind === 'ofd') t.is((await send(archivist, batch, '目录.csv', csv(row(1, '红头.ofd')), true)).status, 200);
    const [record] = (await show(archivist, batch)).records;
    t.is(record?.state, kind === 'ofd' ? 'arranged' : 'inspected');
    const [file] = record?.files ?? [];
    t.true(file?.facts.signed, JSON.stringify(file));
    const stripped = await archivist.post<{ changed: boolean; state: string; file: { id: string }; sm3Before: string; sm3After: string; signatures: { signer: string; verified: boolean }[] }>('seal.strip', { file: file?.id });
    t.is(stripped.status, 200, JSON.stringify(stripped.body));
    t.like(stripped.body, { changed: true, sm3Before: sm3(signed).toString('hex'), signatures: [{ signer: '昆明市演练局', verified: true }] });
    const [after] = (await show(archivist, batch)).records;
    t.is(after?.files.length, 1);
    t.is(after?.state, record?.state, 'an item already arranged stays so');
    t.like(after?.files[0], { id: stripped.body.file.id, sm3: stripped.body.sm3After, facts: { signed: false }, sealed: { fileName: `红头.${kind}`, sm3Before: stripped.body.sm3Before, signatures: [{ signer: '昆明市演练局', verified: true }] } });
    t.is((await archivist.post<{ code: string }>('seal.strip', { file: file?.id })).body.code, 'E_STATE_INVALID', 'a replaced file is not taken again');
    const nothing = await archivist.post<{ changed: boolean }>('seal.strip', { file: stripped.body.file.id });
    t.like(nothing.body, { changed: false });
    t.is((await show(archivist, batch)).records[0]?.version, after?.version);

    const { box: inside } = box.running;
    t.false(await inside.keys.holds(file?.object ?? ''), 'the key of the signed original is destroyed');
    const detail = await inside.reader.one<{ detail: string }>("SELECT detail FROM audit_entry WHERE action = 'seal.strip' AND result = 'ok' ORDER BY seq LIMIT 1");
    t.like(JSON.parse(detail?.detail ?? '{}'), { sm3Before: stripped.body.sm3Before, sm3After: stripped.body.sm3After, signatures: 1 });
    t.false((detail?.detail ?? '').includes('演练局'), 'names of signers stay out of the ledger');
    const event = await inside.reader.one<{ n: number }>("SELECT count(*) AS n FROM process_event WHERE activity = 'strip_signature'");
    t.is(event?.n, 1);
    const checked = await fsck({ sql: inside.reader, vault: inside.vault, keys: inside.keys, paths: inside.paths, sm3: inside.sm3, check: boxSignatureCheck(inside.crypto, inside.identity.chain[0] ?? ''), deep: true });
    t.deepEqual(checked.findings, []);
  });
}

test('seal.strip: what cannot be stripped leaves all as it was', async (t) => {
  const box = await openTestBox(t);
  const { archivist, batch } = await batchWith(box, { '说明.txt': Buffer.from('没有签名的文字说明'), '坏.pdf': Buffer.from('%PDF-1.7\n乱') });
  const before = await show(archivist, batch);
  for (const record of before.records) {
    const answer = await archivist.post<{ code: string }>('seal.strip', { file: record.files[0]?.id });
    t.true(answer.status >= 400 || (answer.body as unknown as { changed: boolean }).changed === false, JSON.stringify(answer.body));
  }
  t.deepEqual((await show(archivist, batch)).records, before.records);
  const staged = await box.running.box.reader.one<{ n: number }>('SELECT count(*) AS n FROM stored_object');
  t.is(staged?.n, 2);
  t.is((await archivist.post<{ code: string }>('seal.strip', { file: '00000000-0000-4000-8000-000000000000' })).body.code, 'E_NOT_FOUND');
});
