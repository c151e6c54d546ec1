import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';
import { ArchiveError } from '../../core/errors.js';
import { missingResponsibilities, registerKind, registerValues, remindersOf, ruleOfFiling, valueText } from '../../core/register-entry.js';
import type { RegistersFile, RegisterValues } from '../../policies/schemas/registers.js';

const file = JSON.parse(readFileSync(inPackage('policies', 'registers.json'), 'utf8')) as RegistersFile;
const PERSON: RegisterValues = { role: 'leader', person: '李建国', department: '办公室', from: '2026-01-01', appointment: '演练发〔2026〕1号' };
const faults = (kind: string, values: RegisterValues): readonly string[] => {
  try {
    registerValues(file, registerKind(file, kind), values);
    return [];
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return error.details.map(({ at }) => at);
  }
};

test('第二条、第十一条 登记册: every register names its article and its keepers, and every column, list and reminder of it is one of its own', (t) => {
  const dictionaries = new Set(file.dictionaries.map(({ key }) => key));
  t.is(new Set(file.kinds.map(({ prefix }) => prefix)).size, file.kinds.length);
  for (const kind of file.kinds) {
    const fields = new Map(kind.fields.map((field) => [field.key, field]));
    t.regex(kind.source, /^办法第/u, kind.key);
    for (const key of kind.columns) t.true(fields.has(key), `${kind.key}: ${key}`);
    for (const field of kind.fields) t.is(field.type === 'choice' || field.type === 'choices', field.dictionary !== undefined && dictionaries.has(field.dictionary), `${kind.key}: ${field.key}`);
    for (const { field } of kind.reminders) t.is(fields.get(field)?.type, 'date', `${kind.key}: ${field}`);
  }
});

test('第十一条 登记册: what is missing, of the wrong kind, not of the register, or upside down in time is named by its column', (t) => {
  t.deepEqual(faults('responsibility', PERSON), []);
  t.deepEqual(faults('responsibility', { ...PERSON, to: '2025-12-31' }), ['/values/to']);
  t.deepEqual(faults('responsibility', { ...PERSON, role: 'king', from: '2026-02-30', colour: 'red' }).toSorted(), ['/values/colour', '/values/from', '/values/role']);
  t.deepEqual(faults('responsibility', {}).length, 5);
  t.deepEqual(faults('responsibility', { ...PERSON, person: '李\u200b建国' }), ['/values/person']);
  t.deepEqual(faults('responsibility', { ...PERSON, person: '　' }), ['/values/person']);
  t.deepEqual(faults('budget', { fiscalYear: 2026.5, item: '设备', amount: 1, basis: '长'.repeat(121) }), ['/values/fiscalYear', '/values/basis']);
  t.deepEqual(faults('meeting', { on: '20261122', topic: '归档接口', participants: ['archives', 'nobody'], decisions: '定' }), ['/values/participants']);
  t.deepEqual(registerValues(file, registerKind(file, 'meeting'), { on: '20261122', topic: ' 归档接口 ', participants: ['it', 'it'], decisions: '定' }), { on: '2026-11-22', topic: '归档接口', participants: ['it'], decisions: '定' });
  t.throws(() => registerKind(file, 'nothing'), { code: 'E_INPUT_INVALID' });
});

test('law: an entry that was taken is taken again unchanged', (t) => {
  fc.assert(fc.property(fc.record({ person: fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('甲', '乙', ' ', 'a', '·') }).filter((name) => name.trim() !== ''), days: fc.integer({ min: 0, max: 20_000 }) }), ({ person, days }) => {
    const to = new Date(Date.UTC(2026, 0, 1) + days * 86_400_000).toISOString().slice(0, 10);
    const kind = registerKind(file, 'responsibility');
    const once = registerValues(file, kind, { ...PERSON, person, to });
    t.deepEqual(registerValues(file, kind, once), once);
    t.deepEqual(remindersOf(kind, once).map(({ dueOn }) => dueOn), [to]);
  }));
});

test('第十一条: whoever bears a responsibility bears it from its first to its last day', (t) => {
  const on = (day: string, ...entries: RegisterValues[]) => missingResponsibilities(file, entries, day).map(({ role }) => role);
  const until = { ...PERSON, to: '2026-06-30' };
  t.deepEqual(on('2026-03-01'), ['leader', 'archivist']);
  t.deepEqual(on('2025-12-31', until), ['leader', 'archivist']);
  t.deepEqual(on('2026-01-01', until), ['archivist']);
  t.deepEqual(on('2026-06-30', until), ['archivist']);
  t.deepEqual(on('2026-07-01', until), ['leader', 'archivist']);
  t.deepEqual(on('2036-07-01', PERSON, { ...PERSON, role: 'archivist' }), []);
});

test('第四十六条: what was filed before the day of effect is marked as under the rules of before; without that day nothing is', (t) => {
  t.is(ruleOfFiling('2026-06-30', null), 'current');
  t.is(ruleOfFiling('2026-06-30', '2026-07-01'), 'legacy');
  t.is(ruleOfFiling('2026-07-01', '2026-07-01'), 'current');
});

test('第四十四条: the cases of both laws are in the list, each once, and are read by their words', (t) => {
  const violation = registerKind(file, 'violation');
  const field = violation.fields.find(({ key }) => key === 'violationType');
  const terms = file.dictionaries.find(({ key }) => key === 'violation')?.terms.map(({ key }) => key) ?? [];
  t.is(terms.filter((key) => key.startsWith('A48-')).length, 10);
  t.is(terms.filter((key) => key.startsWith('S57-')).length, 13);
  t.is(new Set(terms).size, terms.length);
  t.regex(field === undefined ? '' : valueText(file, field, 'A48-4'), /擅自销毁档案/u);
});
