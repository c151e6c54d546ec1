import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import iconv from 'iconv-lite';
import test from 'ava';
import writeWorkbook from 'write-excel-file/node';
import { readCatalogueFile, requireCatalogueFile, type CatalogueFileReading } from '../../../appliance/capture/catalogue-file.js';
import { reportCsv, reportLines, reportWorkbook } from '../../../appliance/capture/catalogue-report.js';
import { inPackage } from '../../../appliance/package-root.js';
import { ArchiveError, type ErrorCode, type ErrorDetail } from '../../../core/errors.js';
import { policy } from '../../helpers/policy.js';

const rules = { columns: policy('catalogue-columns.json'), scheme: policy('metadata.json'), dictionaries: policy('dictionaries.json'), schedule: policy('retention.json') };
const read = (content: string | Buffer): Promise<CatalogueFileReading> => readCatalogueFile(typeof content === 'string' ? Buffer.from(content) : content, rules);
const refusal = async (content: string | Buffer): Promise<{ code: ErrorCode; details: readonly ErrorDetail[] } | undefined> => {
  try { await read(content); } catch (error) { if (error instanceof ArchiveError) return { code: error.code, details: error.details }; throw error; }
  return undefined;
};
const HEADER = '题名,责任者,文号,日期,保管期限,密级,页数,文件名';
const ROW = '关于开展年度检查的通知,市档案局、市保密局,市档发〔2026〕5号,20260210,30年,公开,3,通知.ofd';
const sheet = (rows: readonly (readonly (string | number | Date | null)[])[]): Promise<Buffer> =>
  writeWorkbook(rows.map((row) => row.map((value) => (value === null ? null : value instanceof Date ? { type: Date, value, format: 'yyyy-mm-dd' } : typeof value === 'number' ? { type: Number, value } : { type: String, value })))).toBuffer();

test('第十六条: one row of a CSV catalogue becomes one 件 with its typed description', async (t) => {
  const { entries, faults, notices, format, encoding } = await read(`${HEADER}\n${ROW}\n`);
  t.deepEqual([faults, notices, format, encoding], [[], [], 'csv', 'UTF-8']);
  t.deepEqual(entries, [{
    line: 2,
    description: { title: '关于开展年度检查的通知', author: ['市档案局', '市保密局'], documentNumber: '市档发〔2026〕5号', pageCount: 3 },
    structure: { documentDate: '2026-02-10', retentionCode: 'D30', securityLevel: 0 },
    files: ['通知.ofd'],
  }]);
});

const same = (await read(`${HEADER}\n${ROW}\n`)).entries;
for (const [name, content] of [
  ['GB 18030', iconv.encode(`${HEADER}\n${ROW}\n`, 'gb18030')], ['UTF-8 with mark', `\ufeff${HEADER}\n${ROW}\n`], ['UTF-16', iconv.encode(`${HEADER}\n${ROW}\n`, 'utf16le', { addBOM: true })],
  ['Windows line ends', `${HEADER}\r\n${ROW}\r\n`], ['tabulators', `${HEADER}\n${ROW}\n`.replaceAll(',', '\t')], ['semicolons', `${HEADER}\n${ROW}\n`.replaceAll(',', ';')],
  ['codes of DA/T 46', `M22,M32,M31,M33,M12,M38,M43,M48\n${ROW}\n`], ['keys', `title,author,documentNumber,documentDate,retentionCode,securityLevel,pageCount,fileName\n${ROW}\n`],
  ['marked headers', `题名*,责任者（必填）, 文号 ,日期,保管期限,密级,页数,文件名\n${ROW}\n`],
] as const) {
  test(`第十六条: the same catalogue with ${name} reads the same`, async (t) => { t.deepEqual((await read(content)).entries, same); });
}

test('JSON Lines and XLSX read the same as CSV', async (t) => {
  const [title = '', author = '', documentNumber = '', date = '', retention = '', level = '', pages = '', file = ''] = ROW.split(',');
  const line = JSON.stringify({ 题名: title, M32: author.split('、'), documentNumber, 日期: date, 保管期限: retention, 密级: level, 页数: Number(pages), 文件名: file });
  const fromLines = await read(`${line}\n`);
  t.deepEqual([fromLines.format, fromLines.entries.map((entry) => ({ ...entry, line: 2 }))], ['jsonl', [...same]]);
  const fromSheet = await read(await sheet([HEADER.split(','), [title, author, documentNumber, 20_260_210, retention, level, 3, file]]));
  t.deepEqual([fromSheet.format, fromSheet.encoding, fromSheet.entries], ['xlsx', null, same]);
});

const faultAt = test.macro<[header: string, row: string, at: string, says: RegExp]>({
  async exec(t, header, row, at, says) {
    const { faults } = await read(`${header}\n${row}\n`);
    t.true(faults.some((fault) => fault.at === at && says.test(fault.message)), JSON.stringify(faults));
    const error = await t.throwsAsync(requireCatalogueFile(Buffer.from(`${header}\n${row}\n`), rules), { instanceOf: ArchiveError });
    t.is(error.code, 'E_CATALOGUE_INVALID');
  },
  title: (name) => `逐行报告: ${name ?? ''}`,
});
test('an unknown column is refused, not dropped', faultAt, '题名,日期,颜色', '通知,20260210,红', '第1行「颜色」', /未知的列/);
test('one element under two headers', faultAt, '题名,日期,标题', '通知,20260210,通知', '第1行「标题」', /「题名」列重复/);
test('an empty title', faultAt, '题名,日期', ' ,20260210', '第2行「题名」', /题名为空/);
test('a title of signs', faultAt, '题名,日期', '——,20260210', '第2行「题名」', /没有文字/);
test('a title with an invisible character', faultAt, '题名,日期', '通\u200b知,20260210', '第2行「题名」', /U\+200B.*GD-1-6/);
test('a title that is mojibake already', faultAt, '题名,日期', '通\ufffd知,20260210', '第2行「题名」', /乱码/);
test('a title beyond 500 characters', faultAt, '题名,日期', `${'长'.repeat(501)},20260210`, '第2行「题名」', /超过 500 字/);
test('a day that does not exist', faultAt, '题名,日期', '通知,20191301', '第2行「日期」', /20261122/);
test('a month without a day', faultAt, '题名,日期', '通知,2019.5', '第2行「日期」', /20261122/);
test('a negative page count', faultAt, '题名,日期,页数', '通知,20260210,-3', '第2行「页数」', /不小于 1 的整数/);
test('a retention period nobody wrote down', faultAt, '题名,日期,保管期限', '通知,20260210,长期', '第2行「保管期限」', /永久/);
test('a level that is none', faultAt, '题名,日期,密级', '通知,20260210,密', '第2行「密级」', /不是密级/);
test('a genre outside the domain', faultAt, '题名,日期,文种', '通知,20260210,便条', '第2行「文种」', /值域/);
test('a hostile file name', faultAt, '题名,日期,文件名', '通知,20260210,../../etc/passwd', '第2行「文件名」', /上级目录/);
test('a hostile name among attachments', faultAt, '题名,日期,附件', '通知,20260210,附件1.pdf；附\u202e件.pdf', '第2行「附件」', /U\+202E/);
test('a digest that is none', faultAt, '题名,日期,SM3', '通知,20260210,abc', '第2行「SM3」', /64 位/);
test('a row cut short', faultAt, '题名,日期,文号,页数', '通知,20260210', '第2行', /只有 2 列/);
test('a cell beyond the header', faultAt, '题名,日期', '通知,20260210,多余', '第2行第3列', /没有表头/);
test('no header at all', faultAt, '甲,乙', '丙,丁', '目录', /表头/);
test('a header without data', faultAt, '题名,日期', '', '目录', /没有数据行/);
test('a row said twice', faultAt, '题名,日期', '通知,20260210\n通知,20260210', '第3行', /与第2行重复/);
test('an archival code used twice', faultAt, '档号,题名,日期', 'A-1,通知,20260210\nA-1,通告,20260211', '第3行「档号」', /与第2行档号相同/);
test('a file named twice', faultAt, '题名,日期,文件名', '通知,20260210,a.pdf\n通告,20260211,A.PDF', '第3行「文件名」', /与第2行文件名相同/);

test('rows are counted as the officer sees them, through blank lines and quoted line feeds', async (t) => {
  const { faults, entries } = await read(`题名,日期,摘要\n\n"通知",20260210,"第一行\n第二行"\n通告,20269999,\n\n公告,20260212,\n`);
  t.deepEqual(entries.map((entry) => entry.line), [3, 7]);
  t.is(entries[0]?.description.abstract, '第一行\n第二行');
  t.deepEqual(faults.map((fault) => fault.at), ['第5行「日期」']);
});

test('what is mended in passing is said: spaces, full width, spelled dates, empty cells, unusual numbers', async (t) => {
  const { faults, notices, entries } = await read('题名,文号,日期,页数,保管期限\n　关于检查的通知 ,国务院令第435号,2019年5月6日,１２,\n');
  t.deepEqual(faults, []);
  t.deepEqual(notices.map((notice) => notice.at), ['第2行「题名」', '第2行「文号」', '第2行「日期」', '第2行「页数」', '第2行「保管期限」']);
  t.deepEqual([entries[0]?.description.title, entries[0]?.structure.documentDate, entries[0]?.description.pageCount], ['关于检查的通知', '2019-05-06', 12]);
});

test('自拟题名: brackets become a flag', async (t) => {
  t.deepEqual((await read('题名,日期\n[市政府会议照片],20260210\n')).entries[0]?.description, { title: '市政府会议照片', titleSupplied: true });
});

test('GB 18030: a broken byte is refused with its row and column', async (t) => {
  const bytes = Buffer.concat([iconv.encode('题名,责任者\n通知,市档案局\n公', 'gb18030'), Buffer.from([0xff, 0x20]), iconv.encode(',市保密局\n', 'gb18030')]);
  const refused = await refusal(bytes);
  t.is(refused?.code, 'E_CATALOGUE_ENCODING');
  t.is(refused?.details[0]?.at, '第3行「题名」');
});

test('UTF-8: a broken byte is not read as GB 18030 but refused with its row and column', async (t) => {
  const bytes = Buffer.concat([Buffer.from('题名,责任者\n关于开展检查的通知,市档案局\n关于开展检查的公告,市'), Buffer.from([0xe6, 0xa1]), Buffer.from('局\n')]);
  const refused = await refusal(bytes);
  t.deepEqual([refused?.code, refused?.details[0]?.at], ['E_CATALOGUE_ENCODING', '第3行「责任者」']);
  t.is((await refusal(Buffer.concat([Buffer.from('\ufeff题名,日期\n通知'), Buffer.from([0xff]), Buffer.from(',20260210\n')])))?.code, 'E_CATALOGUE_ENCODING');
});

test('unbalanced quotes, broken JSON and nested JSON are refused with their line', async (t) => {
  t.deepEqual((await refusal('题名,日期\n"通知,20260210\n'))?.code, 'E_CATALOGUE_INVALID');
  t.deepEqual((await refusal('题名,日期\n通"知,20260210\n'))?.details[0]?.at, '第2行');
  t.deepEqual((await refusal('{"题名":"通知"}\n{"题名":\n'))?.details.map((detail) => detail.at), ['第2行']);
  t.deepEqual((await refusal('{"题名":{"a":1}}\n'))?.details.map((detail) => detail.at), ['第1行「题名」']);
  t.deepEqual((await read('{"题名":"通知","颜色":"红"}\n')).faults.map((fault) => fault.at), ['第1行「颜色」']);
  t.deepEqual((await read('{"题名":"通知","title":"通告"}\n')).faults.map((fault) => fault.at), ['第1行「title」']);
  t.is((await refusal(''))?.code, 'E_CATALOGUE_INVALID');
});

const head = { '[Content_Types].xml': strToU8('<Types/>') };
test('a workbook that is none, is old, is a bomb or has its last cell at the end of the world is refused', async (t) => {
  const good = await sheet([['题名', '日期'], ['通知', '20260210']]);
  const hostile = [
    Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('PK\u0003\u0004 truncated'), good.subarray(0, good.length - 40), Buffer.from(zipSync(head)),
    Buffer.from(zipSync({ ...head, 'xl/workbook.xml': strToU8('<workbook/>'), 'xl/worksheets/sheet1.xml': strToU8('<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>') })),
    Buffer.from(zipSync({ ...head, 'xl/workbook.xml': strToU8('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><workbook/>') })),
  ];
  for (const content of hostile) t.is((await refusal(content))?.code, 'E_CATALOGUE_INVALID');
  const small = { ...rules, columns: { ...rules.columns, limits: { ...rules.columns.limits, unpackedBytes: 200 } } };
  t.is((await t.throwsAsync(readCatalogueFile(good, small), { instanceOf: ArchiveError })).code, 'E_CATALOGUE_INVALID');
});

test('limits: bytes, rows, columns and cells of the policy hold', async (t) => {
  const tight = { ...rules, columns: { ...rules.columns, headerRows: 1, limits: { bytes: 2000, unpackedBytes: 1000, rows: 3, columns: 4, cellCharacters: 20 } } };
  const code = async (content: string): Promise<ErrorCode | undefined> => {
    try { await readCatalogueFile(Buffer.from(content), tight); } catch (error) { return error instanceof ArchiveError ? error.code : undefined; }
    return undefined;
  };
  t.is(await code('题名,日期\n通知,20260210\n'), undefined);
  t.is(await code('x'.repeat(2001)), 'E_UPLOAD_TOO_LARGE');
  t.is(await code(`题名,日期\n${'通知,20260210\n'.repeat(5)}`), 'E_CATALOGUE_INVALID');
  t.is(await code('题名,日期,文号,页数,备注\n通知,20260210,,,\n'), 'E_CATALOGUE_INVALID');
  t.is(await code(`题名,日期\n${'长'.repeat(21)},20260210\n`), 'E_CATALOGUE_INVALID');
});

test('law: any bytes end in a reading or a refusal, never in another error', async (t) => {
  await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)), fc.string({ unit: 'binary', maxLength: 80 }).map((text) => Buffer.from(`题名,日期,文件名\n${text}`))), async (bytes) => {
    const refused = await refusal(bytes);
    t.true(refused === undefined || refused.details.length > 0);
  }), { numRuns: 300 });
});

test('law: titles come back to the letter from CSV in both encodings and from XLSX', async (t) => {
  const title = fc.array(fc.oneof(fc.integer({ min: 0x4e00, max: 0x9fa5 }).map((point) => String.fromCodePoint(point)), fc.constantFrom(...'〔〕《》“”,;"=+-@ 2026ABc·—𠮷')), { minLength: 1, maxLength: 20 }).map((units) => `关${units.join('')}于`);
  await fc.assert(fc.asyncProperty(fc.uniqueArray(title, { minLength: 1, maxLength: 8 }), async (titles) => {
    const csv = stringify([['题名', '日期'], ...titles.map((one) => [one, '20260210'])]);
    const sources = [Buffer.from(csv), iconv.encode(csv, 'gb18030'), await sheet([['题名', '日期'], ...titles.map((one) => [one, '20260210'])])];
    for (const source of sources) t.deepEqual((await read(source)).entries.map((entry) => entry.description.title), titles.map((one) => one.normalize('NFC')));
  }), { numRuns: 40 });
});

test('导入问题清单: lines, CSV and workbook hold every finding, formulas disarmed', async (t) => {
  const reading = { faults: [{ at: '第2行「题名」', message: '=HYPERLINK("x")' }], notices: [{ at: '第3行', message: '合计行未导入' }] };
  t.deepEqual(reportLines(reading).trim().split('\n').map((line) => (JSON.parse(line) as { 位置: string }).位置), ['第2行「题名」', '第3行']);
  t.true(reportCsv(reading).startsWith('\ufeff严重程度,位置,问题\r\n'));
  t.false(/,=HYPERLINK|,"=HYPERLINK/.test(reportCsv(reading)));
  t.true((await reportWorkbook(reading)).subarray(0, 2).equals(Buffer.from('PK')));
});

const folder = path.join(inPackage(), '..', 'shared', 'corpus', 'package');
const corpus = existsSync(folder) ? test : test.skip;
corpus('the clean catalogues of the corpus read without a fault, 40 rows each', async (t) => {
  for (const [name, encoding] of [['归档文件目录-规范.xlsx', null], ['归档文件目录-gb18030.csv', 'GB 18030']] as const) {
    const reading = await read(readFileSync(path.join(folder, name)));
    t.deepEqual(reading.faults, []);
    t.deepEqual([reading.entries.length, reading.encoding], [40, encoding]);
  }
});
corpus('the untidy catalogue of the corpus: every planted problem is named at its row', async (t) => {
  const { faults, notices, rowsRead } = await read(readFileSync(path.join(folder, '归档文件目录-待整理.xlsx')));
  t.is(rowsRead, 40);
  const has = (list: readonly ErrorDetail[], line: number, header = ''): boolean => list.some((one) => one.at.startsWith(`第${String(line)}行`) && one.at.includes(header));
  for (const [line, header] of [[9, ''], [13, '日期'], [14, '日期'], [20, '题名'], [22, '档号'], [24, '页数']] as const) t.true(has(faults, line, header), `row ${String(line)}`);
  for (const [line, header] of [[1, ''], [2, ''], [6, '文号'], [11, '日期'], [12, '日期'], [16, '保管期限'], [17, '页数'], [18, '题名'], [19, '档号'], [44, '']] as const) t.true(has(notices, line, header), `row ${String(line)}`);
  t.false(has(faults, 15), '三十年 is read');
});
corpus('a foreign CSV is refused for its columns', async (t) => {
  t.true((await read(readFileSync(path.join(folder, 'rights-metadata.csv')))).faults.length > 0);
});
