import test from 'ava';
import fc from 'fast-check';
import { compareTables, tableEffect, tableFaults } from '../../core/tables.js';
import type { HeldFacts, TableContent, TableEffect, TableKind, Tables } from '../../core/tables.js';
import { policy } from '../helpers/policy.js';

const tables: Tables = { scheme: policy('schemes.json'), scope: policy('filing-scope.json'), retention: policy('retention.json') };
const FONDS = [{ fonds: 'Z109', schemeId: 'Y_O_R' }];
const held: HeldFacts = { scheduleItemId: '6.2', categoryCode: 'WS', retentionCode: 'D10', hasOrg: true, schemeId: 'Y_O_R' };
const items = tables.retention.items;
const withItem = (code: string, change: Readonly<Record<string, unknown>>): TableContent => ({ ...tables.retention, items: items.map((item) => (item.code === code ? { ...item, ...change } : item)) });

test('三表 (第十五条): a version beside itself differs in nothing, lacks nothing, and changes no record', (t) => {
  for (const kind of ['scheme', 'scope', 'retention'] as const) {
    t.deepEqual(compareTables(tables[kind], tables[kind]), []);
    t.deepEqual(tableFaults(kind, tables[kind], tables, FONDS), []);
    for (const { code } of items) t.is(tableEffect(kind, tables[kind], tables[kind], { ...held, scheduleItemId: code }), null, `${kind} ${code}`);
  }
});

test('两版对照 (第十五条): what one way is added is removed the other way, and every changed field is named with both its sides', (t) => {
  fc.assert(fc.property(fc.subarray(items.map(({ code }) => code)), fc.subarray(items.map(({ code }) => code)), (left, right) => {
    const [before, after] = [left, right].map((codes) => ({ ...tables.retention, items: items.filter(({ code }) => codes.includes(code)) }));
    const keys = (change: string, from: TableContent, to: TableContent) => compareTables(from, to).filter((one) => one.change === change).map(({ key }) => key).sort();
    if (before === undefined || after === undefined) return;
    t.deepEqual(keys('added', before, after), keys('removed', after, before));
    t.deepEqual(keys('added', before, after), right.filter((code) => !left.includes(code)).sort());
    t.deepEqual(keys('changed', before, after), []);
  }));
  const [one] = compareTables(tables.retention, withItem('6.2', { retention: 'D30', note: '自 2027 年起' }));
  t.deepEqual(one?.fields, [{ field: '保管期限', before: 'D10', after: 'D30' }, { field: '备注', before: '', after: '自 2027 年起' }]);
});

const EFFECTS: readonly [string, TableKind, TableContent, Partial<HeldFacts>, TableEffect | null][] = [
  ['the item is gone', 'retention', { ...tables.retention, items: items.filter(({ code }) => code !== '6.2') }, {}, 'gone'],
  ['the item is of another category', 'retention', withItem('6.2', { category: 'ZP' }), {}, 'category'],
  ['the period is too short now', 'retention', withItem('6.2', { retention: 'Y' }), {}, 'short'],
  ['the period is longer than asked for now', 'retention', withItem('6.1', { retention: 'D10' }), { scheduleItemId: '6.1', retentionCode: 'Y' }, 'differs'],
  ['the period was chosen longer before, and is what is asked for now', 'retention', withItem('6.2', { retention: 'D30' }), { retentionCode: 'D30' }, null],
  ['nothing was chosen yet', 'retention', withItem('6.2', { retention: 'D30' }), { retentionCode: null }, null],
  ['the item is in no class any more', 'scope', { ...tables.scope, classes: tables.scope.classes.map((one) => ({ ...one, items: one.items.filter((code) => code !== '6.4') })) }, { scheduleItemId: '6.4' }, 'outside'],
  ['the class became permanent', 'scope', { ...tables.scope, classes: tables.scope.classes.map((one) => (one.items.includes('6.4') ? { ...one, retention: 'Y' as const } : one)) }, { scheduleItemId: '6.4' }, 'period'],
  ['the scheme is gone', 'scheme', { ...tables.scheme, schemes: tables.scheme.schemes.filter(({ id }) => id !== 'Y_O_R') }, {}, 'gone'],
  ['the levels of the scheme are others', 'scheme', { ...tables.scheme, schemes: tables.scheme.schemes.map((one) => (one.id === 'Y_O_R' ? { ...one, levels: ['year', 'retention'] as const } : one)) as Tables['scheme']['schemes'] }, {}, 'levels'],
  ['the scheme asks for an office that the record does not name', 'scheme', { ...tables.scheme, schemes: tables.scheme.schemes.map((one) => (one.id === 'Y_R' ? { ...one, codeHasOrg: true } : one)) }, { schemeId: 'Y_R', hasOrg: false }, 'org'],
];
for (const [title, kind, after, facts, expected] of EFFECTS) {
  test(`试算 (第十五条) ${kind}: ${title} → ${expected ?? 'nothing'}`, (t) => { t.is(tableEffect(kind, tables[kind], after, { ...held, ...facts }), expected); });
}

test('三表 (第十五条): a version that does not hold together, or with the others in force, is told place by place', (t) => {
  const faults = (kind: TableKind, content: TableContent): readonly string[] => tableFaults(kind, content, tables, FONDS).map(({ at }) => at);
  t.deepEqual(faults('retention', { ...tables.retention, items: items.filter(({ code }) => code !== '6.2') }), ['/items']);
  t.deepEqual(faults('retention', withItem('1.1', { retention: 'D77' })), ['/items/0/retention']);
  t.deepEqual(faults('scope', { ...tables.scope, classes: [{ ...tables.scope.classes[0], id: 'P1', retention: 'Y', clause: '一', items: ['2.1', '77.7'], confidence: 'P' }] }), ['/classes/0/items/1']);
  t.deepEqual(faults('scheme', { ...tables.scheme, schemes: tables.scheme.schemes.filter(({ id }) => id !== 'Y_O_R') }), ['/schemes']);
});
