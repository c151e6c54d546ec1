import fc from 'fast-check';
import test from 'ava';
import { archivalCodes, differingSegments, fileSystemName, normaliseCode, requireAgreement, runningNumber, type CodeValues } from '../../core/archival-code.js';
import {
  compareForNumbering, compareNaturally, folderOf, findScheme, missingNumbers, numberBatch, orderWithinItem, requireArranged, requireContinuous, seriesOf,
  type Arranged, type FondsRules,
} from '../../core/arrangement.js';
import { dateFaults, defaultArchivalYear, filingDeadline, overdueDays, requireOverdueReason, transferDueOn } from '../../core/deadlines.js';
import { ArchiveError, type ErrorCode } from '../../core/errors.js';
import {
  inForce, isAsLong, isExpired, readRetention, reminders, requireApproved, requireRetention, retentionExpiresOn, retentionYears,
} from '../../core/retention.js';
import type { Level } from '../../core/ports.js';
import { policy } from '../helpers/policy.js';

const rules = policy('archival-codes.json');
const codes = archivalCodes(rules);
const schemes = policy('schemes.json');
const schedule = policy('retention.json');
const scope = policy('filing-scope.json');
const refusal = (act: () => unknown): { code: ErrorCode; facts: Readonly<Record<string, unknown>> } | undefined => {
  try { act(); } catch (error) { if (error instanceof ArchiveError) return { code: error.code, facts: error.facts }; throw error; }
  return undefined;
};

for (const template of rules.templates) {
  for (const example of template.examples) {
    test(`${template.source}: ${example} is read by ${template.id} and written back the same`, (t) => {
      const parsed = codes.read(example);
      t.is(parsed.template.id, template.id);
      t.is(parsed.text, example);
      t.true(runningNumber(parsed) > 0);
      if (template.readOnly === true) {
        t.is(refusal(() => codes.format(template, parsed.values))?.code, 'E_CODE_FORMAT');
      } else {
        const unpadded = example.split('-').at(-1)?.length;
        const digits = template.parts.at(-1)?.digits;
        t.is(codes.format(template, parsed.values), unpadded === digits ? example : example.replace(/-(\d+)$/, (_, n: string) => `-${n.padStart(digits ?? 0, '0')}`));
      }
    });
  }
}

for (const [text, why] of [
  ['109-WS·2026·Y-0001', 'fonds without its letter'], ['Z109-WS·26·Y-0001', 'year of two digits'], ['Z109-WS·2026·D0-0001', 'a term of nought years'],
  ['Z109-WS·2026·30-0001', 'a term without its letter'], ['Z109-XX·2026·Y-0001', 'a category nobody knows'], ['Z109-WS·2026·Y-01', 'a number of two digits'],
  ['Z109-WS·2026·Y·办-公-0001', 'a separator inside a code'], ['Z109-WS·2026·Y-0001-', 'something behind the number'], ['', 'nothing'],
] as const) {
  test(`DA/T 13-2022: ${why} is no archival code`, (t) => {
    t.is(codes.parse(text), undefined);
    t.is(refusal(() => codes.read(text))?.code, 'E_CODE_FORMAT');
  });
}

test('校验 6: middle dots, dashes and widths of every kind give one code', (t) => {
  const normal = 'Z109-WS·2026·D30·办公室-0001';
  for (const text of ['Z109-WS.2026.D30.办公室-0001', 'Z109-WS•2026•D30•办公室-0001', 'Z109-WS・2026・D30・办公室-0001', 'Ｚ１０９－ＷＳ．２０２６．Ｄ３０．办公室－０００１', 'z109–ws‧2026‧d30‧办公室—0001', ' Z109-WS·2026·D30·办公室 -0001 ', 'Z109-WS･2026･D30･办公室-0001']) {
    t.is(normaliseCode(text), normal, text);
    t.is(codes.read(text).text, normal);
  }
});

test('a fonds reads its own profile only; categories without a template of that profile fall back', (t) => {
  t.is(codes.parse('Z109-WS·2011-Y-BGS-0001', 'DAT13_2022'), undefined);
  t.is(codes.parse('Z109-WS·2011·Y·BGS-0001', 'DAT22_2015'), undefined);
  t.is(codes.read('Z109-WS·2011-Y-BGS-0001', 'DAT22_2015').template.id, 'WS_ITEM_2015');
  t.is(codes.read('K021-ZP·2019·D30-025-005', 'DAT22_2015').template.id, 'ZP_GROUP');
  t.is(codes.templateFor('DAT22_2015', 'WS', 'item').id, 'WS_ITEM_2015');
  t.is(codes.templateFor('DAT22_2015', 'LX', 'item').id, 'AV_OBJECT');
  t.deepEqual(refusal(() => codes.templateFor('DAT13_2022', 'XX', 'item')), { code: 'E_CODE_FORMAT', facts: { profile: 'DAT13_2022', segment: 'category' } });
});

test('校验 2: every segment agrees with the metadata, numbers by value', (t) => {
  const code = codes.read('Z109-WS·2026·D30·办公室-0007');
  t.deepEqual(differingSegments(code, { fonds: 'Z109', category: 'WS', year: '2026', retention: 'D30', org: '办公室', item: '7' }), []);
  t.deepEqual(differingSegments(code, { year: '2025', org: null, item: '8' }), ['year', 'org', 'item']);
  t.deepEqual(refusal(() => { requireAgreement(code, { retention: 'Y' }); })?.facts['segment'], 'retention');
  t.is(refusal(() => codes.format(codes.templateFor('DAT13_2022', 'WS', 'item'), { fonds: 'Z109', category: 'WS', year: '2026', retention: 'Y', item: '100000' }))?.facts['segment'], 'item');
});

test('the name on a medium keeps the middle dot where it may and is plain ASCII where it must', (t) => {
  t.is(fileSystemName('Z109-WS.2026·D30·办公室-0001'), 'Z109-WS·2026·D30·办公室-0001');
  t.regex(fileSystemName('Z109-WS·2026·D30·办公室-0001', 'ascii'), /^Z109-WS_2026_D30_(U[0-9A-F]+)+-0001$/);
});

const word = fc.stringMatching(/^[A-Z0-9]{1,12}$/);
const values = (keys: { readonly [key: string]: fc.Arbitrary<string> }): fc.Arbitrary<CodeValues> => fc.record(keys) as fc.Arbitrary<CodeValues>;

test('law: what is formatted is read back to the same values, for every template of numbering', (t) => {
  const retention = fc.oneof(fc.constant('Y'), fc.integer({ min: 1, max: 999 }).map((years) => `D${String(years)}`));
  const digits = (count: number): fc.Arbitrary<string> => fc.integer({ min: 1, max: 10 ** count - 1 }).map((n) => String(n).padStart(count, '0'));
  const all = {
    fonds: fc.stringMatching(/^[A-Z]\d{3}$/), year: fc.integer({ min: 1949, max: 2100 }).map(String), retention, org: word, column: fc.stringMatching(/^[A-Z]{1,5}$/),
    project: digits(2), catalogue: digits(3), volume: digits(3), group: digits(3), page: digits(3),
  };
  for (const template of rules.templates.filter((one) => one.readOnly !== true)) {
    const own = template.parts.map((part): [string, fc.Arbitrary<string>] => {
      if (part.fixed !== undefined) return [part.key, fc.constantFrom(...part.fixed)];
      if (part.key === 'item') return ['item', digits(part.digits ?? 3)];
      if (part.key === 'retention' && template.id === 'ZP_GROUP') return ['retention', retention];
      if (part.key === 'sub1' || part.key === 'sub2') return [part.key, part.pattern === '\\d{2}' ? digits(2) : fc.stringMatching(/^[A-Z]{1,4}$/)];
      return [part.key, all[part.key as keyof typeof all]];
    });
    fc.assert(fc.property(values(Object.fromEntries(own)), (given) => {
      const text = codes.format(template, given);
      const parsed = codes.read(text);
      t.is(parsed.template.id, template.id, text);
      t.deepEqual({ ...parsed.values }, { ...given });
    }), { numRuns: 60 });
  }
});

const fonds: FondsRules = { fonds: 'Z109', profile: 'DAT13_2022', schemeId: 'Y_O_R', separateClassifiedSequence: true };
const record = (n: number, over: Partial<Arranged> = {}): Arranged => ({
  id: `id-${String(n).padStart(4, '0')}`, electronicRecordCode: `ERC-2026-${String(n).padStart(16, '0')}`, category: 'WS', archivalYear: 2026, retention: 'D30',
  orgOrFunction: '办公室', unit: 'item', level: 0, documentDate: '2026-03-01', completedOn: '2026-03-02', ...over,
});

test('分类方案: the scheme decides whether 机构(问题) stands in the sequence and in what order the folders go', (t) => {
  t.is(seriesOf(schemes, fonds, record(1)).key, 'Z109|WS|2026|D30|办公室');
  t.is(seriesOf(schemes, { ...fonds, schemeId: 'Y_R' }, record(1)).org, null);
  t.deepEqual(refusal(() => seriesOf(schemes, fonds, { ...record(1), orgOrFunction: '' }))?.facts, { missing: ['orgOrFunction'] });
  t.is(refusal(() => findScheme(schemes, 'X'))?.code, 'E_ARRANGE_INCOMPLETE');
  const series = seriesOf(schemes, fonds, record(1));
  t.deepEqual(folderOf(findScheme(schemes, 'Y_O_R'), series), ['2026', '办公室', 'D30']);
  t.deepEqual(folderOf(findScheme(schemes, 'Y_R_O'), series), ['2026', 'D30', '办公室']);
});

test('涉密件单独编号: a state secret leaves no gap in the open sequence unless the fonds says otherwise', (t) => {
  t.is(seriesOf(schemes, fonds, record(1, { level: 1 })).org, '办公室');
  t.is(seriesOf(schemes, fonds, record(1, { level: 2 })).org, '办公室SM');
  t.is(seriesOf(schemes, { ...fonds, schemeId: 'Y_R' }, record(1, { level: 4 })).org, 'SM');
  t.is(seriesOf(schemes, { ...fonds, separateClassifiedSequence: false }, record(1, { level: 4 })).org, '办公室');
  const numbered = numberBatch(codes, schemes, fonds, [record(1), record(2, { level: 3 }), record(3)], new Map());
  t.deepEqual(numbered.map((one) => one.archivalCode).sort(), ['Z109-WS·2026·D30·办公室-0001', 'Z109-WS·2026·D30·办公室-0002', 'Z109-WS·2026·D30·办公室SM-0001']);
});

test('第二十一条: sorted first by date, then by document number as a number, then numbered after the last', (t) => {
  const batch = [
    record(1, { documentDate: '2026-05-01' }), record(2, { documentNumber: '市发〔2026〕12号' }), record(3, { documentNumber: '市发〔2026〕5号' }), record(4, { documentDate: '2026-01-01' }),
  ];
  const numbered = numberBatch(codes, schemes, fonds, batch, new Map([['Z109|WS|2026|D30|办公室', 41]]));
  t.deepEqual(numbered.map((one) => [one.id, one.sequence]), [['id-0004', 42], ['id-0003', 43], ['id-0002', 44], ['id-0001', 45]]);
  t.is(numbered[0]?.archivalCode, 'Z109-WS·2026·D30·办公室-0042');
  t.is(refusal(() => numberBatch(codes, schemes, fonds, batch, new Map([['Z109|WS|2026|D30|办公室', 99_998]])))?.code, 'E_CODE_FORMAT');
});

test('law: any batch in any order gets the same numbers, without gap or doubling, right after the last', (t) => {
  const one = fc.record({
    year: fc.constantFrom(2025, 2026), retention: fc.constantFrom('Y', 'D30', 'D10'), org: fc.constantFrom('办公室', 'RSC'), level: fc.constantFrom<Level>(0, 1, 2, 3, 4),
    day: fc.integer({ min: 1, max: 28 }), number: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
  });
  fc.assert(fc.property(fc.array(one, { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 500 }), fc.infiniteStream(fc.nat()), (drawn, before, shuffle) => {
    const batch = drawn.map((d, index) => record(index, {
      archivalYear: d.year, retention: d.retention, orgOrFunction: d.org, level: d.level, documentDate: `2026-03-${String(d.day).padStart(2, '0')}`,
      ...(d.number === undefined ? {} : { documentNumber: `市发〔2026〕${String(d.number)}号` }),
    }));
    const last = new Map(batch.map((member) => [seriesOf(schemes, fonds, member).key, before]));
    const numbered = numberBatch(codes, schemes, fonds, batch, last);
    const shuffled = batch.map((member) => [shuffle.next().value ?? 0, member] as const).sort(([a], [b]) => a - b).map(([, member]) => member);
    const again = new Map(numberBatch(codes, schemes, fonds, shuffled, last).map((member) => [member.id, member.archivalCode]));
    for (const key of new Set(numbered.map((member) => member.series.key))) {
      const numbers = numbered.filter((member) => member.series.key === key).map((member) => member.sequence);
      t.deepEqual(numbers, numbers.map((_, index) => before + index + 1));
    }
    t.true(numbered.every((member) => again.get(member.id) === member.archivalCode));
    t.is(new Set(numbered.map((member) => member.archivalCode)).size, batch.length);
  }), { numRuns: 100 });
});

test('law: the order of numbering is total', (t) => {
  const compare = compareForNumbering(schemes);
  fc.assert(fc.property(fc.stringMatching(/^[市发〔〕0-9号]{0,8}$/), fc.stringMatching(/^[市发〔〕0-9号]{0,8}$/), fc.stringMatching(/^[市发〔〕0-9号]{0,8}$/), (a, b, c) => {
    t.is(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a)), 0);
    if (compareNaturally(a, b) <= 0 && compareNaturally(b, c) <= 0) t.true(compareNaturally(a, c) <= 0, `${a} ${b} ${c}`);
    t.is(compare(record(1, { documentNumber: a }), record(1, { documentNumber: a })), 0);
  }));
  t.true(compareNaturally('国发〔2026〕5号', '国发〔2026〕12号') < 0);
});

test('GD-2-6: a gap names the missing numbers, a voided number is no gap, a double is refused', (t) => {
  t.notThrows(() => { requireContinuous('s', [1, 2, 4], [3]); });
  t.deepEqual(refusal(() => { requireContinuous('s', [1, 2, 5], [3]); }), { code: 'E_CODE_GAP', facts: { series: 's', missing: [4] } });
  t.is(refusal(() => { requireContinuous('s', [1, 2, 2]); })?.code, 'E_CODE_DUPLICATE');
  t.is(refusal(() => { requireContinuous('s', [1, 2], [2]); })?.code, 'E_CODE_DUPLICATE');
  t.deepEqual(missingNumbers([]), []);
});

test('第十九条: what is not settled yet is named; files of an item go 处理单, 正文, 定稿, 附件', (t) => {
  t.deepEqual(refusal(() => { requireArranged({ title: '通知', category: 'WS' }); })?.facts, { missing: ['retention', 'scheduleItem', 'archivalYear'] });
  t.notThrows(() => { requireArranged({ title: '通知', category: 'WS', retention: 'Y', scheduleItem: '1.1', archivalYear: 2026 }); });
  const files = ['attachment', 'main', 'other', 'draft', 'attachment', 'process_sheet', 'final'].map((role, n) => ({ role, n }));
  t.deepEqual(orderWithinItem(schemes, files).map((file) => `${file.role}${String(file.n)}`), ['process_sheet5', 'main1', 'final6', 'attachment0', 'attachment4', 'draft3', 'other2']);
});

test('保管期限表: every item is in one class of the filing scope, with a period that the class allows', (t) => {
  const codesInScope = new Set(scope.classes.flatMap((one) => one.items));
  for (const item of schedule.items) t.true(codesInScope.has(item.code), item.code);
  for (const one of scope.classes) {
    for (const code of one.items) {
      const item = schedule.items.find((candidate) => candidate.code === code);
      t.truthy(item, code);
      t.is(item?.retention.charAt(0), one.retention, `${one.id} ${code}`);
    }
  }
  t.deepEqual([scope.classes.filter((one) => one.retention === 'Y').length, scope.classes.filter((one) => one.retention === 'D').length], [8, 9]);
  t.is(new Set(schedule.items.map((item) => item.code)).size, schedule.items.length);
});

test('第十五条: the item must exist and fit the category, the period may be longer and never shorter', (t) => {
  t.is(requireRetention(schedule, { scheduleItem: '2.2', category: 'WS', retention: 'D30' }).code, '2.2');
  t.is(requireRetention(schedule, { scheduleItem: '2.2', category: 'WS', retention: 'Y' }).code, '2.2');
  t.is(requireRetention(schedule, { scheduleItem: '9.3', category: 'LY', retention: 'Y' }).code, '9.3');
  const refused = (scheduleItem: string, category: string, retention: string): ErrorCode | undefined => refusal(() => requireRetention(schedule, { scheduleItem, category, retention }))?.code;
  t.is(refused('99', 'WS', 'Y'), 'E_SCOPE_NOT_IN_SCHEDULE');
  t.is(refused('2.2', 'KU', 'Y'), 'E_SCOPE_NOT_IN_SCHEDULE');
  t.is(refused('2.2', 'WS', ''), 'E_RETENTION_REQUIRED');
  t.is(refused('2.2', 'WS', '长期'), 'E_RETENTION_REQUIRED');
  t.is(refused('2.2', 'WS', 'D10'), 'E_RETENTION_TOO_SHORT');
  t.is(refused('1.1', 'WS', 'D100'), 'E_RETENTION_TOO_SHORT');
});

test('第十五条: a schedule is in force only when approved; the shipped approval counts in a rehearsal box only', (t) => {
  t.is(requireApproved(schedule, { rehearsal: true }).rehearsal, true);
  t.is(refusal(() => requireApproved(schedule, { rehearsal: false }))?.code, 'E_SCHEDULE_NOT_APPROVED');
  t.is(refusal(() => requireApproved({ version: '2', approval: null }, { rehearsal: true }))?.code, 'E_SCHEDULE_NOT_APPROVED');
  const real = { version: '2', approval: { approvalNo: '昆档〔2026〕3号', approvedBy: '市档案局', approvedOn: '2026-01-05' } };
  t.notThrows(() => requireApproved(real, { rehearsal: false }));
  const versions = [{ v: 1, effectiveFrom: '2020-01-01', effectiveTo: '2025-12-31' }, { v: 2, effectiveFrom: '2026-01-01', effectiveTo: null }];
  t.deepEqual([inForce(versions, '2025-12-31')?.v, inForce(versions, '2026-01-01')?.v, inForce(versions, '2019-12-31')?.v], [1, 2, undefined]);
});

test('保管期限: the end is the last day of the year, 永久 has none, words are read and 长期 is not guessed', (t) => {
  t.is(retentionExpiresOn(2015, 'D10'), '2025-12-31');
  t.is(retentionExpiresOn(2026, 'Y'), null);
  t.false(isExpired('2025-12-31', '2025-12-31'));
  t.true(isExpired('2025-12-31', '2026-01-01'));
  t.false(isExpired(null, '2999-01-01'));
  t.deepEqual(reminders(schedule, '2025-12-31'), ['2024-12-31', '2025-06-30', '2025-11-30']);
  for (const [text, code] of [['永久', 'Y'], ['30年', 'D30'], ['三十年', 'D30'], ['１０年', 'D10'], ['d30', 'D30'], ['定期10年', 'D10'], ['15年', 'D15'], ['长期', undefined], ['短期', undefined], ['', undefined], ['0年', undefined]] as const) {
    t.is(readRetention(schedule, text), code, text);
  }
  t.is(retentionYears('D30'), 30);
  t.true(isAsLong('Y', 'D999'));
  t.false(isAsLong('D999', 'Y'));
});

for (const [completedOn, due] of [['2026-02-10', '2027-06-30'], ['2026-12-31', '2027-06-30'], ['2024-02-29', '2025-06-30']] as const) {
  test(`第二十条: completed on ${completedOn}, due ${due}`, (t) => { t.is(filingDeadline(completedOn), due); });
}

test('第二十条: what was completed on 2026-12-31 is late on 2027-07-01 and wants a reason', (t) => {
  const due = filingDeadline('2026-12-31');
  t.is(overdueDays(due, '2027-06-30'), 0);
  t.is(overdueDays(due, '2027-07-01'), 1);
  t.notThrows(() => { requireOverdueReason(due, '2027-06-30', undefined); });
  t.deepEqual(refusal(() => { requireOverdueReason(due, '2027-07-01', ' '); }), { code: 'E_OVERDUE_REASON_REQUIRED', facts: { due, overdueDays: 1 } });
  t.notThrows(() => { requireOverdueReason(due, '2027-07-01', '机构改革'); });
});

test('第二十二条: five years from the day of the document, or from the end of the archival year where the policy says so', (t) => {
  t.is(transferDueOn({ documentDate: '2026-03-15', archivalYear: 2026 }), '2031-03-15');
  t.is(transferDueOn({ documentDate: '2024-02-29', archivalYear: 2024 }), '2029-02-28');
  t.is(transferDueOn({ documentDate: '2026-03-15', archivalYear: 2026 }, { years: 5, from: 'archivalYearEnd' }), '2031-12-31');
});

test('GD-1-5: dates in the future and an end before the beginning are faults; incoming documents may be completed earlier', (t) => {
  t.deepEqual(dateFaults({ documentDate: '2026-05-02', completedOn: '2026-05-01' }, '2026-06-01'), ['/completedOn']);
  t.deepEqual(dateFaults({ documentDate: '2026-05-02', completedOn: '2026-05-01', incoming: true }, '2026-06-01'), []);
  t.deepEqual(dateFaults({ documentDate: '2026-07-02', completedOn: '2026-07-03' }, '2026-06-01'), ['/documentDate', '/completedOn']);
  t.is(defaultArchivalYear({ documentDate: '2025-12-30', completedOn: '2026-01-04' }), 2026);
  t.is(defaultArchivalYear({ documentDate: '2025-12-30' }), 2025);
});
