import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';
import { collisions, extensionOf, judgeName, oddityMessage, portableName, requireDistinct, requireName, utf8Bytes } from '../../core/computer-file-name.js';
import { ArchiveError } from '../../core/errors.js';
import { reconcile, requireAgreedCount, type CountLine, type Received } from '../../core/reconciliation.js';

const refusedName = test.macro<[name: string, problem: string]>({
  exec(t, name, problem) {
    const error = t.throws(() => requireName(name), { instanceOf: ArchiveError });
    t.deepEqual([error.code, error.facts], ['E_NAME_HOSTILE', { problem }]);
    if (name.trim().length > 1) t.false(JSON.stringify(error.details).includes(name));
  },
  title: (_given, name, problem) => `第十六条: the file name ${JSON.stringify(name)} is refused: ${problem}`,
});
for (const [name, problem] of [
  ['', 'empty'], ['  ', 'empty'], ['../../etc/passwd', 'traversal'], ['..', 'traversal'], ['.', 'traversal'], ['a/../b.pdf', 'traversal'], ['..\\x.pdf', 'traversal'], ['/绝对路径.pdf', 'absolute'],
  ['\\\\server\\share\\x.pdf', 'absolute'], ['C:\\x.pdf', 'absolute'], ['c:x.pdf', 'absolute'], ['a/b.pdf', 'separator'], ['a\\b.pdf', 'separator'], ['a\u0000b.pdf', 'control'], ['制\t表.pdf', 'control'],
  ['a\nb.pdf', 'control'], ['年度报告\u202efdp.exe', 'bidi'], ['年度\u2067报告.pdf', 'bidi'], ['年度\u200b报告.pdf', 'invisible'], ['年度\ufeff报告.pdf', 'invisible'], ['年\ud842.pdf', 'broken_text'],
  ['报告.pdf:Zone.Identifier', 'stream'],
] as const) test(refusedName, name, problem);

const keptName = test.macro<[name: string, oddities: readonly string[]]>({
  exec(t, name, oddities) {
    const judged = judgeName(name);
    t.true(judged.ok);
    if (!judged.ok) return;
    t.is(judged.name, name, 'kept to the letter');
    t.deepEqual(judged.oddities, oddities);
    t.is(oddityMessage(judged.oddities) === '', oddities.length === 0);
  },
  title: (_given, name, oddities) => `M48: the file name ${JSON.stringify(name.slice(0, 30))} is kept (${oddities.join(', ') || 'nothing odd'})`,
});
for (const [name, oddities] of [
  ['关于“双随机”监管的意见.ofd', []], ['全角／斜杠＼.pdf', []], ['𠮷田.pdf', []], ['caf\u00e9.txt', []], ['cafe\u0301.txt', ['not_composed']], ['CON.txt', ['reserved']], ['aux', ['reserved']], ['COM1', ['reserved']],
  ['console.txt', []], ['报告.pdf ', ['edge_space']], [' 前导空格.pdf', ['edge_space']], ['报告.', ['trailing_dot']], ['报告 .pdf', ['space_before_extension']], ['.htaccess', ['hidden']], ['=cmd.csv', ['formula']],
  ['<script>.pdf', ['special_character']], ['%2e%2e%2fetc%2fpasswd.pdf', ['percent_encoded']], ['\u0430rchive.pdf', ['mixed_script']], ['长'.repeat(85) + '.pdf', ['overlong']], ['长'.repeat(83) + '.pdf', []],
] as const) test(keptName, name, oddities);

test('NFC 碰撞: names that differ in composition, case or a trailing dot are one name in a batch', (t) => {
  t.deepEqual(collisions(['caf\u00e9.txt', 'b.pdf', 'cafe\u0301.txt', 'B.PDF', 'b.pdf.', 'c.pdf']), [[0, 2], [1, 3, 4]]);
  const error = t.throws(() => { requireDistinct(['通知.pdf', '附件.pdf', '通知.PDF']); }, { instanceOf: ArchiveError });
  t.deepEqual([error.code, error.details], ['E_NAME_COLLISION', [{ at: '/0', message: '第 1、3 个文件的名称等同，请改名' }]]);
  t.notThrows(() => { requireDistinct(['通知.pdf', '附件.pdf']); });
});

test('extension by the true end of the name', (t) => {
  t.deepEqual(['a.PDF', 'a.tar.gz', '.htaccess', 'a', 'a.pdf ', '年.度.ofd', 'a.'].map(extensionOf), ['pdf', 'gz', '', '', 'pdf', 'ofd', '']);
});

test('law: a portable name is always acceptable, never too long, and the same when made again', (t) => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: fc.constantFrom('长', 'a', '.', ' ', '/', ':', '\u202e', '\ud842', '𠮷', 'CON'), maxLength: 200 })), (raw) => {
    const name = portableName(raw);
    const judged = judgeName(name);
    t.true(judged.ok, JSON.stringify(name));
    if (judged.ok) t.deepEqual(judged.oddities.filter((odd) => ['reserved', 'edge_space', 'trailing_dot', 'overlong', 'hidden', 'special_character', 'not_composed'].includes(odd)), [], JSON.stringify(name));
    t.is(portableName(name), name);
    t.is(utf8Bytes(name), Buffer.byteLength(name));
  }), { numRuns: 500 });
});

const corpus = path.join(inPackage(), '..', 'shared', 'corpus', 'names', 'hostile-names.json');
(existsSync(corpus) ? test : test.skip)('the hostile names of the corpus are refused where they must be and kept where they may', (t) => {
  const { names } = JSON.parse(readFileSync(corpus, 'utf8')) as { names: readonly { name: string; expect: string; problem: string }[] };
  t.true(names.length > 20);
  for (const { name, expect, problem } of names) {
    const judged = judgeName(name);
    if (expect === '拒收') t.false(judged.ok, problem);
    else if (/^允许|^保留|^提示|转义|按字面保存|存储名|改写存储名|须改写$|同上/.test(expect)) t.is(judged.ok, !name.includes('/'), `${problem} ${expect}`);
    else t.regex(expect, /拒收或|NFC|同名/, expect);
  }
});

const declared: CountLine = { category: 'WS', archivalYear: 2026, retention: 'D30', items: 3, metadata: 3 };
const one: Received = { category: 'WS', archivalYear: 2026, retention: 'D30', hasMetadata: true };

test('第二十一条: a count that agrees line by line passes', (t) => {
  const result = reconcile([declared, { ...declared, retention: 'Y', items: 1, metadata: 1 }], [one, one, one, { ...one, retention: 'Y' }]);
  t.true(result.agrees);
  t.deepEqual([result.declaredItems, result.actualItems], [4, 4]);
  t.notThrows(() => { requireAgreedCount(result); });
});

test('GD-2-1: three declared, two received, is refused with the line', (t) => {
  const error = t.throws(() => { requireAgreedCount(reconcile([declared], [one, one])); }, { instanceOf: ArchiveError });
  t.is(error.code, 'E_COUNT_MISMATCH');
  t.deepEqual(error.details, [{ at: 'WS 2026 D30', message: '申报 3 件、元数据 3 条，实收 2 件、元数据 2 条，请更正申报或补交' }]);
});

test('第二十一条: the same total in another year, period or category does not agree', (t) => {
  for (const other of [{ archivalYear: 2025 }, { retention: 'D10' }, { category: 'ZP' }]) {
    const result = reconcile([declared], [one, one, { ...one, ...other }]);
    t.false(result.agrees);
    t.is(result.declaredItems, result.actualItems);
    t.is(result.rows.filter((row) => !row.agrees).length, 2);
  }
});

test('第十八条: a record without its metadata is counted as one item and no metadata', (t) => {
  const [row] = reconcile([declared], [one, one, { ...one, hasMetadata: false }]).rows;
  t.deepEqual([row?.actualItems, row?.actualMetadata, row?.agrees], [3, 2, false]);
});

test('law: a list counted against itself agrees in any order; one more or less does not', (t) => {
  const record = fc.record({ category: fc.constantFrom('WS', 'ZP', 'KU'), archivalYear: fc.integer({ min: 2020, max: 2026 }), retention: fc.constantFrom('Y', 'D30', 'D10'), hasMetadata: fc.constant(true) });
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 50 }), (records) => {
    const lines = records.map((each): CountLine => ({ category: each.category, archivalYear: each.archivalYear, retention: each.retention, items: 1, metadata: 1 }));
    return reconcile(lines, [...records].reverse()).agrees && !reconcile(lines, records.slice(1)).agrees;
  }));
  t.pass();
});
