import test from 'ava';
import fc from 'fast-check';
import sqlite3 from 'sqlite3';
import { decide } from '../../secrecy/access.js';
import { compileFilter, RECORD_COLUMNS, type Filter } from '../../secrecy/filter.js';
import { subject, target, type Subject, type SystemPolicy, type TargetInput } from '../../secrecy/subject.js';
import type { Duty } from '../../policies/schemas/secrecy.js';
import { codeOf, DUTIES, person, SECRET_BOX, shipped } from '../helpers/secrecy.js';

const run = (db: sqlite3.Database, sql: string, values: readonly unknown[] = []) =>
  new Promise<unknown[]>((resolve, reject) => { db.all(sql, values, (error, rows) => { if (error) reject(error); else resolve(rows); }); });

interface Stored extends TargetInput { readonly id: string }

/** A database whose `level` column takes anything, as a damaged one would. */
async function archive(records: readonly Stored[]): Promise<sqlite3.Database> {
  const db = new sqlite3.Database(':memory:');
  await run(db, 'CREATE TABLE record (id TEXT PRIMARY KEY, level, fonds TEXT, department TEXT, state TEXT, owner TEXT)');
  await run(db, 'CREATE TABLE record_scope (record TEXT, kind TEXT, ref TEXT)');
  await run(db, 'BEGIN');
  for (const { id, level, fonds, department, state, owner, scope } of records) {
    await run(db, 'INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)', [id, level ?? null, fonds, department, state, owner]);
    for (const [part, kind] of [['persons', 'person'], ['departments', 'department'], ['requests', 'request'], ['compartments', 'compartment']] as const) {
      for (const ref of scope[part] ?? []) await run(db, 'INSERT INTO record_scope VALUES (?, ?, ?)', [id, kind, ref]);
    }
  }
  await run(db, 'COMMIT');
  return db;
}

const listed = async (db: sqlite3.Database, { sql, parameters }: Filter) =>
  (await run(db, `SELECT id FROM record WHERE ${sql} ORDER BY id`, parameters)).map((row) => (row as { id: string }).id);

const levels = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) }, { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, '3', '机密', 99, -1, 2.5, '') });
const few = (...words: string[]) => fc.subarray(words);
const stored = fc.record({
  level: levels,
  fonds: fc.constantFrom<string | null>('F1', 'F1', 'F1', 'F2', 'F 3', '*', '', null),
  department: fc.constantFrom<string | null>('D1', 'D2', '', null),
  state: fc.constantFrom<string | null>('open', 'captured', 'arranged', 'filed', 'filed', 'destroyed', 'proposed', 'odd', '', null),
  owner: fc.constantFrom<string | null>('P1', 'P2', '', null),
  scope: fc.record({ persons: few('P1', 'P2'), departments: few('D1', 'D2'), requests: few('Q1', 'Q2'), compartments: fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, few('K1', 'K2')) }),
});
const people = fc.record({
  clearance: fc.oneof({ weight: 2, arbitrary: fc.constant<unknown>(4) }, { weight: 1, arbitrary: levels }),
  currentLevel: levels,
  departments: few('D1', 'D2'),
  requests: few('Q1', 'Q2'),
  emergencies: few('R001', 'R007', 'R020', 'R033', 'R059'),
  openings: few('R002', 'R007', 'R021', 'R034', 'R058'),
  compartments: few('K1', 'K2'),
  grants: fc.array(fc.record({ duty: fc.oneof({ weight: 4, arbitrary: fc.constantFrom<Duty>('archivist', 'custodian', 'proposer', 'reader', 'class_authority') }, { weight: 1, arbitrary: fc.constantFrom<Duty>(...DUTIES) }), fonds: fc.constantFrom('F1', 'F1', 'F2', '*', 'F 3', '') }), { minLength: 1, maxLength: 3 }),
  terminal: fc.record({ registered: fc.boolean(), level: levels }),
});
const boxes = fc.record<SystemPolicy>({ level: fc.constantFrom(1, 2, 3, 4, 4), requireTerminal: fc.constantFrom(false, false, false, true) });
const LISTS = ['record.search', 'record.show', 'record.read', 'record.amend', 'arrangement.list', 'capture.list', 'filing.list', 'classification.list', 'report.list', 'capture.upload', 'seal.strip', 'classification.propose'];

/** 120 rounds × 60 records × 1 person and box × every act above: more than 80,000 (person, record, scope, session, act) cases. */
test('law: the list filter in SQL and decide() let the same things through, damaged levels included', async (t) => {
  t.timeout(120_000);
  const policy = await shipped();
  let [cases, seen] = [0, 0];
  await fc.assert(fc.asyncProperty(fc.array(stored, { minLength: 60, maxLength: 60 }), people, boxes, async (things, given, box) => {
    const records: Stored[] = things.map((one, n) => ({ ...one, id: `R${String(n).padStart(3, '0')}`, type: 'record' }));
    const who: Subject = subject({ person: 'P1', ...given });
    const db = await archive(records);
    try {
      for (const act of LISTS) {
        const byRule = records.filter((one) => decide(policy, box, who, act, target(one, box)).allowed).map(({ id }) => id);
        cases += records.length;
        seen += byRule.length;
        t.deepEqual(await listed(db, compileFilter(policy, box, who, act, RECORD_COLUMNS)), byRule, act);
      }
    } finally {
      db.close();
    }
  }), { numRuns: 120 });
  t.log(`${cases} cases, ${seen} allowed`);
  t.true(cases >= 20_000);
  t.true(seen > cases / 500, 'enough of them are allowed for the law to mean something');
});

test('a thing without scope rows of its own is listed as one with an empty scope', async (t) => {
  const policy = await shipped();
  const { scope: _none, ...plain } = RECORD_COLUMNS;
  const db = await archive([0, 1, 2, 3, 4].map((level) => ({ type: 'capture', id: `B${level}`, level, fonds: 'F1', department: 'D1', state: 'open', owner: level === 3 ? 'P1' : 'P2', scope: { persons: ['P1'] } })));
  t.deepEqual(await listed(db, compileFilter(policy, SECRET_BOX, person('archivist'), 'capture.list', plain)), ['B0', 'B1', 'B3']);
  db.close();
});
test('the filter carries values as parameters and refuses a column name that is not one', async (t) => {
  const policy = await shipped();
  const { sql, parameters } = compileFilter(policy, SECRET_BOX, person('reader', { departments: ["D1' OR 1=1"] }), 'record.search', RECORD_COLUMNS);
  t.false(sql.includes("'D1") || sql.includes('OR 1=1'));
  t.is(parameters.length, sql.split('?').length - 1);
  t.is(codeOf(() => compileFilter(policy, SECRET_BOX, person('reader'), 'record.search', { ...RECORD_COLUMNS, level: 'level; DROP TABLE record' })), 'E_POLICY_INVALID');
  t.is(codeOf(() => compileFilter(policy, SECRET_BOX, person('reader'), 'person.list', RECORD_COLUMNS)), 'E_POLICY_INVALID');
});
test('a person without the duty gets a filter that matches nothing', async (t) => {
  const policy = await shipped();
  t.regex(compileFilter(policy, SECRET_BOX, person('sysadmin'), 'record.search', RECORD_COLUMNS).sql, /1 = 0/u);
});
test('for PostgreSQL the level is a typed column and no SQLite function is used', async (t) => {
  const policy = await shipped();
  t.false(compileFilter(policy, SECRET_BOX, person('reader'), 'record.search', RECORD_COLUMNS, 'postgres').sql.includes('typeof'));
});
