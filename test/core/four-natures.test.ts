import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { METHODS, testFourNatures, type BatchFacts, type ConversionFacts, type FileFacts, type Outcome, type PreservationFacts, type RecordFacts } from '../../core/four-natures.js';
import type { FileInspection } from '../../policies/schemas/inspection.js';
import { TestItems } from '../../policies/schemas/test-items.js';
import { inPackage } from '../../appliance/package-root.js';
import { readTable } from '../../appliance/inspection/policy.js';

const table = readTable<TestItems>('test-items.json', TestItems);
const SM3 = '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0';

function inspection(change: Partial<Omit<FileInspection, 'facts'>> & { facts?: Partial<FileInspection['facts']> } = {}): FileInspection {
  const facts = { encrypted: false, compressed: false, signed: false, sealImage: false, activeContent: false, extensionMismatch: false, valid: true, pages: 3 };
  return { path: 'a.ofd', bytes: 3, sm3: SM3, format: { mime: 'application/ofd', name: 'OFD', version: null, puid: null }, verdict: 'accept', findings: [], ...change, facts: { ...facts, ...change.facts } };
}

function file(change: Partial<FileFacts> = {}): FileFacts {
  return {
    id: 'F1', role: 'main', recordRef: 'R1', signatures: [],
    declared: { name: 'a.ofd', bytes: 3, mime: 'application/ofd', sm3: SM3 },
    actual: { name: 'a.ofd', inspection: inspection() },
    ...change,
  };
}

function record(number = 1, change: Partial<RecordFacts> = {}): RecordFacts {
  const ref = `R${String(number)}`;
  return {
    ref,
    metadata: {
      title: `关于第${String(number)}件的通知`, author: ['某局'], documentNumber: `某发〔2026〕${String(number)}号`, documentDate: '2026-03-05', completedOn: '2026-03-10', archivalYear: 2026,
      pageCount: 3, retentionCode: 'Y', creatingApplication: '办公系统', events: [{ activity: '登记', at: '2026-03-05T00:00:00Z' }],
    },
    schemaFaults: [], level: 0, mark: null, secrecy: null,
    code: { text: `Z1-2026-Y-000${String(number)}`, fault: null, series: 'Z1-2026-Y', number },
    volumeSpan: null, schedule: { retentionCode: 'Y' }, retentionReason: null, declaredAttachments: 0, filedAt: '2026-04-01T00:00:00Z',
    files: [file({ id: `F${String(number)}`, recordRef: ref })],
    ...change,
  };
}

function batch(change: Partial<BatchFacts> = {}): BatchFacts {
  return {
    ref: 'P1', stage: 'filing', today: '2026-11-23', declared: null, voided: {}, firstNumber: {}, known: { codes: new Set(), documents: new Set() },
    requiredActivities: ['登记'], online: true, package: null, medium: null, databaseReadable: true, knownApplications: null, virusLibraryOn: '2026-11-20',
    procedure: { operator: true, device: true, channel: true, log: true }, systemLevel: 3, sealPolicy: 'mandatory', manual: { 'GD-4-5': true, 'GD-4-6': true },
    ...change,
  };
}

const secret = (years: number, change: Partial<RecordFacts> = {}): RecordFacts => record(1, {
  level: 2, mark: `秘密★${String(years)}年`,
  secrecy: { period: { years, months: 0, days: 0 }, exception: null, declassifyOn: '2035-03-05', requiredMark: `秘密★${String(years)}年`, derivedFrom: null },
  ...change,
});

const codesOf = (outcome: ReturnType<typeof testFourNatures>, result: Outcome): string[] => [...new Set(outcome.results.filter((row) => row.result === result).map((row) => row.code))];
const fault = (keyword: string, instancePath: string, params: Readonly<Record<string, unknown>> = {}): RecordFacts['schemaFaults'][number] => ({ keyword, instancePath, params });

test('every row of test-items.json names a method, and every method has its row', (t) => {
  t.deepEqual([...new Set(table.items.map((item) => item.method))].sort(), Object.keys(METHODS).sort());
  t.is(new Set(table.items.map((item) => item.code)).size, table.items.length);
});

test('every finding of the inspection is one of the numbered items', (t) => {
  const rules = JSON.parse(readFileSync(inPackage('policies', 'observations.json'), 'utf8')) as { facts: Record<string, { code: string }>; observations: Record<string, { code: string }> };
  const codes = new Set(table.items.map((item) => item.code));
  for (const [key, row] of Object.entries({ ...rules.facts, ...rules.observations })) t.true(codes.has(row.code), `${key} ${row.code}`);
});

test('what is filed on the day it was completed, before eight in the morning, is in order: the day is that of Asia/Shanghai', (t) => {
  const early = record(1, { metadata: { ...record(1).metadata, completedOn: '2026-04-02' }, filedAt: '2026-04-01T16:30:00Z' });
  const late = record(1, { metadata: { ...record(1).metadata, completedOn: '2026-04-02' }, filedAt: '2026-04-01T15:30:00Z' });
  const orders = (one: RecordFacts): boolean => testFourNatures(table, [one], batch()).results.some(({ result, message }) => result !== 'pass' && message.includes('日期先后'));
  t.deepEqual([orders(early), orders(late)], [false, true]);
});

test('第二十一条: a batch without fault is qualified', (t) => {
  const outcome = testFourNatures(table, [record(1), record(2)], batch({ declared: { items: 2, bytes: 6 } }));
  t.deepEqual(codesOf(outcome, 'fail'), []);
  t.deepEqual(codesOf(outcome, 'warn'), []);
  t.is(outcome.conclusion, 'qualified');
});

type Given = readonly [what: string, records: readonly RecordFacts[], around: Partial<BatchFacts>, result: 'fail' | 'warn', codes: readonly string[]];
const changed = inspection({ sm3: 'f'.repeat(64) });
const lockedPdf = inspection({ format: { mime: 'application/pdf', name: 'PDF', version: null, puid: null }, facts: { encrypted: true, extensionMismatch: true } });

const CASES: readonly Given[] = [
  ['one changed byte fails GD-1-1 and GD-2-7', [record(1, { files: [file({ actual: { name: 'a.ofd', inspection: changed } })] })], {}, 'fail', ['GD-1-1', 'GD-2-7']],
  ['a record without title fails GD-2-4', [record(1, { schemaFaults: [fault('required', '', { missingProperty: 'title' })] })], {}, 'fail', ['GD-2-4']],
  ['密级 written 密 fails GD-1-4', [record(1, { schemaFaults: [fault('enum', '/securityLevel')] })], {}, 'fail', ['GD-1-4']],
  ['a text too long fails GD-1-2', [record(1, { schemaFaults: [fault('maxLength', '/title', { limit: 500 })] })], {}, 'fail', ['GD-1-2']],
  ['a date that is none fails GD-1-3', [record(1, { schemaFaults: [fault('format', '/documentDate')] })], {}, 'fail', ['GD-1-3']],
  ['an element missing in a group fails GD-2-3', [record(1, { schemaFaults: [fault('required', '/digitalObjects/0', { missingProperty: 'mime' })] })], {}, 'fail', ['GD-2-3']],
  ['a gap in the numbers fails GD-2-6', [record(1), record(2), record(4)], {}, 'fail', ['GD-2-6']],
  ['Thumbs.db on the medium fails GD-4-3', [record(1)], { medium: { surplus: ['Thumbs.db'], bytesPerSecond: null } }, 'fail', ['GD-4-3']],
  ['a locked PDF called .ofd fails GD-1-9, GD-3-8 and KM-02', [record(1, { files: [file({ declared: { name: 'a.ofd', bytes: 3, mime: null, sm3: SM3 }, actual: { name: 'a.ofd', inspection: lockedPdf } })] })], {}, 'fail', ['GD-1-9', 'GD-3-8', 'KM-02']],
  ['a signature left over fails KM-01', [record(1, { files: [file({ actual: { name: 'a.ofd', inspection: inspection({ facts: { signed: true } }) } })] })], {}, 'fail', ['KM-01']],
  ['a title with U+200B fails GD-1-6', [record(1, { metadata: { ...record(1).metadata, title: '通\u200b知' } })], {}, 'fail', ['GD-1-6']],
  ['three declared and two received fails GD-2-1', [record(1), record(2)], { declared: { items: 3, bytes: 6 } }, 'fail', ['GD-2-1']],
  ['bytes that do not add up fail GD-2-2', [record(1)], { declared: { items: 1, bytes: 4 } }, 'fail', ['GD-2-2']],
  ['秘密★11年 fails GD-1-5', [secret(11)], {}, 'fail', ['GD-1-5']],
  ['a mark that is not the decided one fails KM-07', [secret(10, { mark: '秘密★5年' })], {}, 'fail', ['KM-07']],
  ['★ on a record that is no secret fails KM-07', [record(1, { mark: '秘密★10年' })], {}, 'fail', ['KM-07']],
  ['a level above the system fails KM-10', [secret(10)], { systemLevel: 1 }, 'fail', ['KM-10']],
  ['a compressed file fails GD-3-8 and KM-03', [record(1, { files: [file({ actual: { name: 'a.ofd', inspection: inspection({ facts: { compressed: true } }) } })] })], {}, 'fail', ['GD-3-8', 'KM-03']],
  ['a 档号 used before fails GD-1-8', [record(1)], { known: { codes: new Set(['Z1-2026-Y-0001']), documents: new Set() } }, 'fail', ['GD-1-8']],
  ['a completion before the writing fails GD-1-5', [record(1, { metadata: { ...record(1).metadata, completedOn: '2026-03-01' } })], {}, 'fail', ['GD-1-5']],
  ['an old virus library fails GD-4-1', [record(1)], { virusLibraryOn: '2026-10-01' }, 'fail', ['GD-4-1']],
  ['a file nobody can find fails both ways of linkage', [record(1, { files: [file({ actual: null })] })], {}, 'fail', ['GD-1-1', 'GD-1-11', 'GD-2-7', 'GD-3-5']],
  ['another page count than measured is a warning', [record(1, { metadata: { ...record(1).metadata, pageCount: 4 } })], {}, 'warn', ['GD-1-5']],
  ['an attachment too few is a warning', [record(1, { declaredAttachments: 1 })], {}, 'warn', ['GD-2-8']],
  ['a missing step of an offline record is a warning', [record(1)], { online: false, requiredActivities: ['签发'] }, 'warn', ['GD-2-5']],
  ['a signature is a warning where stripping is optional', [record(1, { files: [file({ actual: { name: 'a.ofd', inspection: inspection({ facts: { signed: true } }) } })] })], { sealPolicy: 'optional' }, 'warn', ['KM-01']],
];

for (const [what, records, around, result, codes] of CASES) {
  test(`第二十一条: ${what}`, (t) => {
    const outcome = testFourNatures(table, records, batch(around));
    t.deepEqual(codesOf(outcome, result), [...codes]);
    t.deepEqual(codesOf(outcome, result === 'fail' ? 'warn' : 'fail'), []);
    t.is(outcome.conclusion, result === 'fail' ? 'unqualified' : 'conditional');
  });
}

test('the missing number is named, and a number given up is no gap', (t) => {
  const rows = testFourNatures(table, [record(1), record(2), record(4)], batch()).results.filter((row) => row.code === 'GD-2-6');
  t.regex(rows[0]?.message ?? '', /0003/);
  t.deepEqual(codesOf(testFourNatures(table, [record(1), record(2), record(4)], batch({ voided: { 'Z1-2026-Y': [3] } })), 'fail'), []);
});

test('a manual item waits for a person and no report is final before', (t) => {
  const outcome = testFourNatures(table, [record(1)], batch({ manual: {}, medium: { surplus: [], bytesPerSecond: null } }));
  t.deepEqual(outcome.manualPending, ['GD-4-5', 'GD-4-6']);
  t.is(outcome.conclusion, 'conditional');
  t.deepEqual(testFourNatures(table, [record(1)], batch({ manual: {} })).manualPending, [], 'the look of a carrier is not asked of what came without one');
});

test('第二十五条: at transfer the items carry their YJ numbers', (t) => {
  const { results } = testFourNatures(table, [record(1)], batch({ stage: 'transfer' }));
  t.true(results.every((row) => /^(YJ|KM)-/.test(row.code)));
});

test('results never quote a title', (t) => {
  const outcome = testFourNatures(table, [record(1, { metadata: { ...record(1).metadata, title: '绝\u200b密题名' }, schemaFaults: [fault('maxLength', '/title', { limit: 1 })] })], batch());
  t.notRegex(JSON.stringify(outcome.results), /密题名/);
});

test('law: 不合格 exactly when some item fails', (t) => {
  t.notThrows(() => fc.assert(fc.property(fc.boolean(), fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 3 }), (signed, encrypted, valid, items) => {
    const files = [file({ actual: { name: 'a.ofd', inspection: inspection({ facts: { signed, encrypted, valid } }) } })];
    const outcome = testFourNatures(table, [record(1, { files })], batch({ declared: { items, bytes: 3 } }));
    const failing = outcome.results.some((row) => row.result === 'fail');
    return failing === (signed || encrypted || !valid || items !== 1) && (outcome.conclusion === 'unqualified') === failing;
  })));
});

const converted = (change: Partial<ConversionFacts>): RecordFacts => record(1, { conversion: { pages: { before: 3, after: 3 }, textAlike: 1, imageAlike: null, byHand: null, ...change } });
const CONVERTED: readonly (readonly [what: string, one: RecordFacts, result: Outcome, codes: readonly string[]])[] = [
  ['a page lost fails ZH-2-1', converted({ pages: { before: 3, after: 2 } }), 'fail', ['ZH-2-1']],
  ['a tenth of the text lost fails ZH-2-2', converted({ textAlike: 0.9 }), 'fail', ['ZH-2-2']],
  ['pixels that differ fail ZH-3-1', converted({ imageAlike: 0.5 }), 'fail', ['ZH-3-1']],
  ['a person who found it different fails ZH-1-1', converted({ byHand: false }), 'fail', ['ZH-1-1']],
  ['nothing compared waits for a person', converted({ textAlike: null }), 'manual', ['ZH-1-1']],
  ['a signature put in by the tool fails KM-01', { ...converted({}), files: [file({ actual: { name: 'a.ofd', inspection: inspection({ facts: { signed: true } }) } })] }, 'fail', ['KM-01']],
  ['a file that does not open fails GD-2-7 and GD-3-4', { ...converted({}), files: [file({ actual: { name: 'a.ofd', inspection: inspection({ facts: { valid: false } }) } })] }, 'fail', ['GD-2-7', 'GD-3-4']],
];
for (const [what, one, result, codes] of CONVERTED) {
  test(`第三十一条: after a conversion, ${what}`, (t) => {
    t.deepEqual(codesOf(testFourNatures(table, [one], batch({ stage: 'conversion' })), result), codes);
  });
}

test('第三十一条: a conversion that changed nothing is qualified', (t) => {
  t.is(testFourNatures(table, [converted({})], batch({ stage: 'conversion', declared: { items: 1, bytes: 3 } })).conclusion, 'qualified');
});

const KEPT: readonly (readonly [what: string, one: RecordFacts, facts: PreservationFacts, result: Outcome, codes: readonly string[]])[] = [
  ['a changed byte fails CQ-1-1', record(1, { files: [file({ actual: { name: 'a.ofd', inspection: changed } })] }), {}, 'fail', ['CQ-1-1']],
  ['a broken ledger fails CQ-1-2', record(1), { ledgerFaults: 1 }, 'fail', ['CQ-1-2']],
  ['a copy that differs fails CQ-1-3', record(1), { copies: { compared: 3, differing: 1 } }, 'fail', ['CQ-1-3']],
  ['an item missing from the store fails CQ-2-1', record(1), { holdings: { entered: { items: 2, bytes: 6 }, found: { items: 1, bytes: 3 } } }, 'fail', ['CQ-2-1']],
  ['a format at risk warns by CQ-3-2', record(1), { riskFormats: ['application/ofd'] }, 'warn', ['CQ-3-2']],
  ['an environment never looked at warns by CQ-3-3', record(1), { environmentMonths: null }, 'warn', ['CQ-3-3']],
  ['a trial of restoring over a year ago warns by CQ-4-3', record(1), { drillMonths: 13 }, 'warn', ['CQ-4-3']],
  ['media and marks that are due warn by CQ-4-2 and CQ-4-4', record(1), { mediaOverdue: 1, marksOverdue: 2 }, 'warn', ['CQ-4-2', 'CQ-4-4']],
];
for (const [what, one, preservation, result, codes] of KEPT) {
  test(`第三十条: in preservation, ${what}`, (t) => {
    t.deepEqual(codesOf(testFourNatures(table, [one], batch({ stage: 'preservation', preservation })), result), codes);
  });
}

test('第三十条: what was not asked in preservation is skipped, and nothing is claimed of it', (t) => {
  const outcome = testFourNatures(table, [record(1)], batch({ stage: 'preservation' }));
  t.deepEqual([outcome.conclusion, codesOf(outcome, 'skip')], ['qualified', ['CQ-1-2', 'CQ-1-3', 'CQ-2-1', 'CQ-3-2', 'CQ-3-3', 'CQ-4-2', 'CQ-4-3', 'CQ-4-4']]);
});
