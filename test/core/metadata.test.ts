import fc from 'fast-check';
import test from 'ava';
import { metadataCheck } from '../../appliance/capture/metadata-check.js';
import { findTerm, dictionary, labelOf } from '../../core/dictionary.js';
import { printTitle, readTitle, searchedTexts, tidyDescription, titleDetails } from '../../core/description.js';
import { ArchiveError } from '../../core/errors.js';
import { addYears, compareDates, daysBetween, eightDigits, readDate, readOfficeDate } from '../../core/calendar.js';
import { allElements, describedKeys, searchedKeys, unusual } from '../../core/metadata.js';
import { cleanText, textFaultMessage, type TextFault } from '../../core/text.js';
import { policy } from '../helpers/policy.js';
import { Description } from '../../policies/schemas/description.js';

const scheme = policy('metadata.json');
const dictionaries = policy('dictionaries.json');
const organ = metadataCheck(scheme, dictionaries, { orgType: 'organ' });
const enterprise = metadataCheck(scheme, dictionaries, { orgType: 'enterprise' });

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const file = { objectId: ID, role: 'main', fileName: '通知.ofd', fileSize: 120, mime: 'application/ofd', digest: 'a'.repeat(64) };
const captured = {
  id: ID, electronicRecordCode: 'ERC-2026-0123456789abcdef', aggregationLevel: 'item', title: '关于开展年度检查的通知', securityLevel: 0,
  captureMethod: 'offline_upload', recordState: 'captured', digitalObjects: [file],
};
const arranged = {
  ...captured, unitOfManagement: 'item', author: ['市档案局'], documentDate: '2026-02-10', completedOn: '2026-02-11', categoryCode: 'WS',
  archivalYear: 2026, retentionCode: 'D30', scheduleItemId: '2.2', compositionType: 'single',
};
const filed = { ...arranged, fondsIdentifier: 'Z109', fondsUnitName: '市档案局', archivalCode: 'Z109-WS·2026·D30·办公室-0001' };
const without = (record: object, key: string): object => Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));

test('DA/T 46-2009: the scheme holds M1 to M88, each once, with a source and a mark of confidence', (t) => {
  t.deepEqual(scheme.elements.map((element) => element.code), Array.from({ length: 88 }, (_, index) => `M${String(index + 1)}`));
  const keys = allElements(scheme).filter((element) => element.kind !== 'container').map((element) => `${element.place}.${element.key}`);
  t.is(new Set(keys).size, keys.length);
  for (const element of allElements(scheme)) {
    if (element.kind === 'term') t.true(dictionaries.dictionaries.some((one) => one.id === element.dictionary), element.key);
    if (element.pattern !== undefined) t.notThrows(() => new RegExp(element.pattern ?? '', 'u'));
    if (element.place === 'signature') t.is(element.home, 'sealed');
  }
});

test('著录: the description type and the sealed elements of the scheme are the same keys', (t) => {
  // 数字化属性 is a group of its own inside the description.
  t.deepEqual(Object.keys(Description.properties).sort(), [...describedKeys(scheme), 'digitization'].sort());
  for (const key of ['title', 'documentNumber', 'author', 'personalNames', 'abstract', 'keywords']) t.true(describedKeys(scheme).includes(key), key);
  for (const key of ['archivalCode', 'securityLevel', 'retentionCode', 'documentDate']) t.false(describedKeys(scheme).includes(key), key);
  t.true(searchedKeys(scheme).every((key) => describedKeys(scheme).includes(key)));
});

test('第十八条: a record with everything that its stage asks for passes, stage by stage', (t) => {
  t.deepEqual(organ.details('cap', captured), []);
  t.deepEqual(organ.details('arr', arranged), []);
  t.deepEqual(organ.details('fil', filed), []);
  t.true(organ.details('arr', captured).length > 0);
  t.true(organ.details('tra', filed).length > 0);
});

for (const [stage, record] of [['cap', captured], ['arr', arranged], ['fil', filed]] as const) {
  test(`第十八条: at stage ${stage} each required element is missed by name when it is absent`, (t) => {
    const required = allElements(scheme).filter((element) => element.place === 'record' && element.requiredFrom !== undefined && Object.hasOwn(record, element.key));
    t.true(required.length > 5);
    for (const element of required) {
      const details = organ.details(stage, without(record, element.key));
      t.true(details.some((detail) => detail.at === `/${element.key}` && detail.message.includes(element.name) && detail.message.includes('必填')), element.key);
      const error = t.throws(() => { organ.require(stage, without(record, element.key)); }, { instanceOf: ArchiveError });
      t.is(error.code, 'E_META_REQUIRED');
    }
  });
}

test('an unknown element is refused by its pointer, never dropped', (t) => {
  t.deepEqual(organ.details('cap', { ...captured, titel: 'x' }), [{ at: '/titel', message: '「titel」不是已知的元素，请核对名称' }]);
  t.is(organ.details('cap', { ...captured, digitalObjects: [{ ...file, path: '/x' }] })[0]?.at, '/digitalObjects/0/path');
  t.is(t.throws(() => { organ.require('cap', { ...captured, titel: 'x' }); }, { instanceOf: ArchiveError }).code, 'E_META_INVALID');
});

const wrong = test.macro<[record: object, at: string, says: RegExp]>({
  exec(t, record, at, says) {
    const details = organ.details('arr', record);
    t.true(details.some((detail) => detail.at === at && says.test(detail.message)), JSON.stringify(details));
  },
  title: (name) => `GD-1-3…1-5: ${name ?? ''}`,
});
test('a level written as text is not a level', wrong, { ...arranged, securityLevel: '秘密' }, '/securityLevel', /密级（M38）.*类型/);
test('a level above 绝密 does not exist', wrong, { ...arranged, securityLevel: 5 }, '/securityLevel', /不得大于 4/);
test('a day that does not exist is refused', wrong, { ...arranged, completedOn: '2026-02-30' }, '/completedOn', /日期或时间不存在/);
test('a retention code outside Y and D+years is refused', wrong, { ...arranged, retentionCode: '30年' }, '/retentionCode', /书写形式/);
test('a title of 501 characters is refused', wrong, { ...arranged, title: '长'.repeat(501) }, '/title', /超过 500 字/);
test('a genre outside the dictionary is refused', wrong, { ...arranged, documentType: '通知' }, '/documentType', /不在值域/);
test('a page count of nought is refused', wrong, { ...arranged, pageCount: 0 }, '/pageCount', /不得小于 1/);
test('a file without its digest is refused', wrong, { ...arranged, digitalObjects: [without(file, 'digest')] }, '/digitalObjects/0/digest', /必填/);
test('第四十一条: a state secret without scope, mark and decision is refused', wrong, { ...arranged, securityLevel: 3, compartments: ['office'] }, '/marking', /必填/);
test('第四十一条: a state secret needs its scope from capture on', wrong, { ...arranged, securityLevel: 2 }, '/compartments', /必填/);
test('第二十二条 (保密法): no ★ on what is no state secret', wrong, { ...arranged, securityLevel: 1, marking: '内部★5年' }, '/marking', /书写形式/);
test('第十六条: a scan without resolution is refused', wrong, { ...arranged, captureMethod: 'paper_scan', digitization: { scanColorMode: 'gray' } }, '/digitization/scanDpi', /扫描分辨率/);
test('第十九条: a volume needs its number and its count', wrong, { ...arranged, unitOfManagement: 'volume' }, '/agencyFileNumber', /必填/);
test('第十九条: each document of a compound record has its number', wrong, { ...arranged, compositionType: 'compound' }, '/digitalObjects/0/documentSequence', /必填/);

test('第十九条三款: an official document of an organ is filed only without signature data; elsewhere the policy decides', (t) => {
  const official = { ...filed, documentType: 'notice' };
  t.true(organ.details('fil', official).length > 0);
  t.deepEqual(enterprise.details('fil', official), []);
  for (const facts of [{ sealStripped: true }, { sealPresent: false }]) {
    t.deepEqual(organ.details('fil', { ...official, digitalObjects: [{ ...file, ...facts }] }), []);
  }
  t.true(organ.details('fil', { ...official, digitalObjects: [{ ...file, sealPresent: true, sealStripped: false }] }).length > 0);
});

test('messages never repeat what the officer typed', (t) => {
  const details = organ.details('arr', { ...arranged, documentType: '绝密内容', retentionCode: '绝密内容', pageCount: '绝密内容' });
  t.true(details.length >= 3);
  t.false(JSON.stringify(details).includes('绝密内容'));
});

test('M31: an unusual document number is noticed, not refused', (t) => {
  t.is(unusual(scheme, { documentNumber: '国务院令第435号' }).length, 1);
  t.deepEqual(unusual(scheme, { documentNumber: '国发〔2026〕5号' }), []);
  t.is(unusual(scheme, { documentNumber: '国发〔2026〕05号' }).length, 1, '序号不编虚位');
});

test('dictionaries: keys, labels and aliases are found, each word in one term only, inverses pair up', (t) => {
  for (const one of dictionaries.dictionaries) {
    const words = one.terms.flatMap((term) => [...new Set([term.key, term.label, ...(term.aliases ?? [])])]);
    t.is(new Set(words).size, words.length, one.id);
    for (const term of one.terms) if (term.inverse !== undefined) t.is(one.terms.find((other) => other.key === term.inverse)?.inverse, term.key);
  }
  const genre = dictionary(dictionaries, 'document_type');
  t.is(findTerm(genre, ' 会议纪要 ')?.key, 'minutes');
  t.is(findTerm(genre, '便条'), undefined);
  t.is(labelOf(genre, 'notice'), '通知');
  t.deepEqual(dictionary(dictionaries, 'security_level').terms.map((term) => [term.rank, term.key, term.stateSecret]), [
    [0, 'public', false], [1, 'internal', false], [2, 'confidential', true], [3, 'secret', true], [4, 'top_secret', true],
  ]);
  t.throws(() => dictionary(dictionaries, 'nowhere'), { instanceOf: RangeError });
});

const hostile = test.macro<[text: string, fault: TextFault]>({
  exec(t, text, fault) {
    const cleaned = cleanText(text);
    t.false(cleaned.ok);
    if (!cleaned.ok) {
      t.is(cleaned.fault, fault);
      t.regex(textFaultMessage(cleaned), /^第\d+个字.+U\+[0-9A-F]{4,}.*GD-1-6/);
    }
  },
  title: (name) => `GD-1-6: ${name ?? ''} is refused with its place`,
});
test('zero width space', hostile, '关于\u200b通知', 'invisible');
test('byte order mark', hostile, '\ufeff关于通知', 'invisible');
test('hangul filler', hostile, '关于\u3164通知', 'invisible');
test('right-to-left override', hostile, '年度报告\u202efdp', 'bidi');
test('isolate', hostile, '年度\u2066报告', 'bidi');
test('tabulator inside', hostile, '年度\t报告', 'control');
test('NUL', hostile, '年度\u0000报告', 'control');
test('C1 control', hostile, '年度\u0085报告', 'control');
test('line separator', hostile, '年度\u2028报告', 'control');
test('half a surrogate pair', hostile, '年度\ud842报告', 'lone_surrogate');

test('著录规范化: trims, composes, drops what is empty, keeps lines only where a field has lines', (t) => {
  const { description, notices } = tidyDescription({ title: '\u3000关于cafe\u0301 ', author: ['市局', ' '], abstract: '一\r\n二', documentNumber: '  ' });
  t.deepEqual(description, { title: '关于caf\u00e9', author: ['市局'], abstract: '一\n二' });
  t.true(notices.some((notice) => notice.at === '/title' && notice.message.includes('空白')));
  const error = t.throws(() => tidyDescription({ title: '一\n二', author: ['市\u200b局'] }), { instanceOf: ArchiveError });
  t.deepEqual([error.code, error.details.map((detail) => detail.at)], ['E_META_INVALID', ['/title', '/author/0']]);
});

test('law: tidying twice is tidying once, and no accepted text holds a forbidden character', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => {
    const once = cleanText(raw);
    if (!once.ok) return true;
    const twice = cleanText(once.text);
    return twice.ok && twice.text === once.text && twice.changes.length === 0;
  }));
  t.pass();
});

test('题名: a supplied title loses its brackets and gets them back in print; a title without a word is none', (t) => {
  t.deepEqual(readTitle('[市政府会议照片]'), { title: '市政府会议照片', titleSupplied: true });
  t.is(printTitle(readTitle('［市政府会议照片］')), '[市政府会议照片]');
  t.deepEqual(readTitle('[一][二]'), { title: '[一][二]' });
  t.is(titleDetails('——！').length, 1);
  t.is(titleDetails('关于\ufffd\ufffd的通知').length, 1);
  t.deepEqual(titleDetails('通知'), []);
  t.deepEqual(searchedTexts({ title: '甲', author: ['乙', '丙'], pageCount: 3 }, ['title', 'author', 'pageCount', 'abstract']), ['甲', '乙', '丙']);
});

test('日期: 20261122 and 2026-11-22 are one day, days that do not exist are none', (t) => {
  t.is(readDate('20261122'), '2026-11-22');
  t.is(readDate('2026-11-22'), '2026-11-22');
  for (const text of ['20260230', '20191301', '2026-2-3', '2026', '', '00000101', '２０２６１１２２', '2026-11-22T00:00']) t.is(readDate(text), undefined, text);
  for (const text of ['2019年5月6日', '2019-5-6', '2019/05/06', '2019.5.6', ' ２０１９年５月６日 ', '20190506']) t.is(readOfficeDate(text), '2019-05-06', text);
  for (const text of ['2019.5', '2019年5月', '2019-5/6', '2019年2月30日']) t.is(readOfficeDate(text), undefined, text);
  t.is(eightDigits('2026-11-22'), '20261122');
  t.is(addYears('2024-02-29', 1), '2025-02-28');
  t.is(daysBetween('2026-06-30', '2026-07-02'), 2);
  t.is(compareDates('2026-01-01', '2025-12-31'), 1);
});
