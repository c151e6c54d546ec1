import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { RecordQuery } from '../../../core/holdings.js';
import type { Level } from '../../../core/ports.js';
import { openDatabase } from '../../../appliance/store/database.js';
import { migrate } from '../../../appliance/store/migrations/index.js';
import { recordRepository } from '../../../appliance/store/repositories/records.js';
import type { Sealing } from '../../../appliance/store/sealing.js';
import { sqlOn } from '../../../appliance/store/sql.js';

const sealing: Sealing = {
  seal: () => Buffer.from('{}'), open: <T>() => ({}) as T,
  tokens: (level, words) => words.map((word) => `l${String(level)}${word}`),
};

interface Row { serial: number; level: Level; fonds: string; department: string; category: string; year: number; retention: string; office: string; date: string; code: string | null; words: readonly string[] }

const rows: readonly Row[] = Array.from({ length: 300 }, (_, at) => {
  const draw = (step: number, below: number): number => ((at + 1) * step + (at >> 3)) % below;
  const [year, sequence] = [2019 + draw(7, 4), at + 1];
  return {
    serial: at + 1, level: ([0, 0, 1, 1, 2, 3] as const)[draw(5, 6)] ?? 0, fonds: draw(11, 5) === 0 ? 'Z200' : 'Z109', department: `D${String(draw(13, 3))}`,
    category: draw(3, 2) === 0 ? 'WS' : 'KY', year, retention: ['Y', 'D30', 'D10'][draw(17, 3)] ?? 'Y', office: `B${String(draw(19, 2))}`,
    date: `${String(year)}-0${String(1 + draw(23, 9))}-1${String(draw(29, 3))}`, code: draw(31, 7) === 0 ? null : `Z109-WS·${String(year)}-${String(sequence).padStart(4, '0')}`,
    words: ['场地', '演练', '通知', '报告'].filter((__, word) => draw(37 + word * 2, word + 2) === 0),
  };
});

const optional = <T>(values: readonly T[]): fc.Arbitrary<T | undefined> => fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) });
const asked = fc.record({
  equals: fc.record({ archivalYear: optional([2019, 2021]), department: optional(['D0', 'D2']), level: optional([0, 1, 3]), retentionCode: optional(['Y', 'D10']), categoryCode: optional(['WS']), fonds: optional(['Z109']) }),
  codePrefix: fc.constantFrom(null, 'Z109-WS·2020', 'Z109-WS·2021-00', 'Z9'),
  words: fc.constantFrom<RecordQuery['words']>(null, [[['场地']]], [[['演练'], ['通知']]], [[['报告']], [['场地'], ['演练']]], [[['无此词']]]),
  days: fc.constantFrom([null, null], ['2020-03-11', '2021-05-01'] as const),
  sort: fc.constantFrom('newest' as const, 'oldest' as const, 'code' as const),
  ceiling: fc.constantFrom<Level>(0, 1, 2, 3), offset: fc.constantFrom(0, 7), common: fc.constantFrom(2, 40, 10_000),
});

const key = (row: Row, sort: RecordQuery['sort']): string => sort === 'code'
  ? [row.fonds, row.category, String(row.year), row.retention, row.office, String(row.serial).padStart(6, '0')].join('\u0000') : `${row.date}\u0000${String(row.serial).padStart(6, '0')}`;

test('law: whatever is filtered, searched and put in order, and whichever index leads to it, a page holds what a look at every row would find', async (t) => {
  const database = await openDatabase(path.join(mkdtempSync(path.join(tmpdir(), 'lists-')), 'lists.db'));
  await migrate(database.writer);
  const [writer, reader] = [sqlOn(database.writer), sqlOn(database.reader)];
  await writer.run("INSERT INTO capture_batch (id, number, fonds, department, opened_by, method, level, state, opened_at, version) VALUES ('B', 'SJ-1', 'Z109', 'D1', 'P', 'online', 0, 'filed', '', 1)");
  for (const row of rows) {
    await writer.run(
      `INSERT INTO record (serial, id, electronic_record_code, batch, state, level, fonds, department, owner, category, archival_year, retention, org_or_function, document_date, sequence, archival_code, sealed, captured_at, version)
       VALUES ($1, $2, $3, 'B', 'filed', $4, $5, $6, 'P', $7, $8, $9, $10, $11, $1, $12, x'7b7d', '', 1)`,
      row.serial, `R${String(row.serial)}`, `E${String(row.serial)}`, row.level, row.fonds, row.department, row.category, row.year, row.retention, row.office, row.date, row.code,
    );
    await writer.run('INSERT INTO search (rowid, tokens) VALUES ($1, $2)', row.serial, sealing.tokens(row.level, row.words).join(' '));
  }

  let found = 0;
  await fc.assert(fc.asyncProperty(asked, async ({ equals, codePrefix, words, days: [from, until], sort, ceiling, offset, common }) => {
    const wanted = Object.fromEntries(Object.entries(equals).filter(([, value]) => value !== undefined)) as RecordQuery['equals'];
    const levels = ([0, 1, 2, 3] as const).filter((level) => level <= ceiling);
    const page = await recordRepository(reader, sealing, undefined, { word: common, code: common }).search(
      { visible: { sql: 'record.level <= $1', values: [ceiling] }, words, levels, equals: wanted, codePrefix, from: from ?? null, until: until ?? null, sort }, { offset, limit: 20 },
    );
    const all = rows.filter((row) => row.level <= ceiling
      && Object.entries(wanted).every(([name, value]) => ({ archivalYear: row.year, department: row.department, level: row.level, retentionCode: row.retention, categoryCode: row.category, fonds: row.fonds } as Record<string, unknown>)[name] === value)
      && (codePrefix === null || row.code?.startsWith(codePrefix) === true)
      && (words === null || words.some((phrases) => phrases.every((phrase) => phrase.every((word) => row.words.includes(word)))))
      && (from === null || row.date >= from) && (until === null || until === undefined || row.date <= until));
    const inOrder = sort === 'code' && codePrefix !== null ? [...all].sort((a, b) => (a.code ?? '') < (b.code ?? '') ? -1 : 1) : [...all].sort((a, b) => key(a, sort) < key(b, sort) ? -1 : 1);
    const expected = (sort === 'newest' ? inOrder.reverse() : inOrder).slice(offset, offset + 20).map((row) => `R${String(row.serial)}`);
    found += expected.length;
    if (expected.join() !== page.rows.map(({ id }) => id).join()) throw new Error(`${expected.join()} ≠ ${page.rows.map(({ id }) => id).join()}`);
    if (!page.more && page.total !== all.length && expected.length > 0) throw new Error(`${String(all.length)} ≠ ${String(page.total)}`);
  }), { numRuns: 600 });
  t.true(found > 1500);
  await database.close();
});
