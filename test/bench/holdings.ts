import path from 'node:path';
import { accessGate } from '../../appliance/access/gate.js';
import { bindingError, bindingsOf } from '../../appliance/binding/bindings.js';
import { watch } from '../../appliance/binding/watch.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { openDatabase } from '../../appliance/store/database.js';
import { openLedger } from '../../appliance/store/ledger.js';
import { migrate } from '../../appliance/store/migrations/index.js';
import { repositories } from '../../appliance/store/repositories/index.js';
import type { Person } from '../../appliance/store/repositories/people.js';
import type { Sealing } from '../../appliance/store/sealing.js';
import { sqlOn } from '../../appliance/store/sql.js';
import type { RecordQuery } from '../../core/holdings.js';
import type { Level } from '../../core/ports.js';
import { shipped } from '../helpers/secrecy.js';
import { quantile, type Figure, type Piece } from './figure.js';

/** `BENCH_RECORDS` and `BENCH_ROUNDS` make a smaller run, to look at one query. */
const RECORDS = Number(process.env['BENCH_RECORDS'] ?? 1_000_000);
/** Of a hundred records two are state secrets, each known to five of fifty people. */
const WORDS = 5000;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 12);
const NOW = '2026-11-23T01:00:00.000Z';
const clock = { now: () => NOW, today: () => '2026-11-23' };
const DESCRIPTION = { title: '关于演练场地安排的通知', author: ['演练局'], keywords: ['演练', '场地'] };

/** Words as they rest: each level has its own tokens for the same word. */
const token = (level: number, word: number): string => (level * 1_000_003 + word * 7919).toString(16).padStart(16, '0');

/** One sealed thing stands for all: what is measured is finding and opening, not a million sealings. */
function oneSealing(provider: NodeProvider): { sealing: Sealing; sealed: Buffer } {
  const key = Buffer.alloc(32, 7);
  const plain = Buffer.from(JSON.stringify(DESCRIPTION));
  const open = (): void => { provider.hmacSm3(key, plain); };
  return {
    sealed: plain,
    sealing: {
      seal: () => plain,
      open: <T>(_level: Level, _context: string, sealed: Buffer) => { open(); return JSON.parse(sealed.toString('utf8')) as T; },
      tokens: (level, terms) => terms.map((term) => token(level, Number(term))),
    },
  };
}

/** The first page of a filtered list and a search of a million records, as four people with different rights see them. */
export const holdings: Piece = {
  name: 'holdings',
  long: true,
  async run(folder) {
    const provider = new NodeProvider();
    const database = await openDatabase(path.join(folder, 'holdings.db'));
    const [writer, reader] = [sqlOn(database.writer), sqlOn(database.reader)];
    await migrate(database.writer);
    const { sealing, sealed } = oneSealing(provider);
    await fill(writer, sealed);

    const keys = provider.generateKeyPair();
    const box = { serial: 'SZ-bench', chain: [], sign: (message: Uint8Array) => provider.sign(message, keys) };
    const sm3 = (...parts: readonly Uint8Array[]): Uint8Array => provider.sm3(...parts);
    const bindings = bindingsOf(sm3, box, (message, signature) => provider.verify(message, signature, keys.publicKey));
    await watch(writer);
    const ledger = await openLedger(writer, sm3, clock);
    await writer.run('BEGIN IMMEDIATE');
    await bindings.adopt(writer);
    const drafts = await bindings.bind(writer, reader, false);
    const unit = ledger.begin(writer);
    await unit.append({ person: 'system', duty: null, terminal: 'box' }, drafts);
    await writer.run('COMMIT');
    unit.committed();

    const policy = await shipped();
    const asker = (duty: string, department: string, clearance: Level) => ({ duty, department, clearance });
    const people: Readonly<Record<string, ReturnType<typeof asker>>> = {
      P1: asker('archivist', 'D1', 2), P2: asker('reader', 'D3', 1), P3: asker('custodian', 'D1', 3), P4: asker('officer', 'D7', 3),
    };
    const gate = accessGate({
      policy, system: { level: 4, requireTerminal: false }, clock, brake: { check: () => undefined }, withoutOfficers: [],
      officers: async () => Promise.resolve(true), terminalRequired: async () => Promise.resolve(false),
      load: async (id) => {
        const it = people[id];
        if (it === undefined) return Promise.resolve(undefined);
        const person = { id, status: 'active', clearance: it.clearance, clearanceUntil: null, token: null, department: it.department } as unknown as Person;
        const grant = { id, person: id, duty: it.duty, fonds: '*', reason: '', validFrom: '2026-01-01T00:00:00.000Z', validUntil: null, grantedBy: '', grantedAt: '', revokedBy: null, revokedAt: null };
        return Promise.resolve({ person, grants: [grant], emergencies: [], openings: [] });
      },
    });
    const { records } = repositories(reader, sealing, async (ids, listed) => {
      const [wrong] = await bindings.faults(reader, ids, false);
      if (wrong !== undefined) throw bindingError(...wrong, { listed });
    });

    const lists: number[] = [];
    const searches: number[] = [];
    const slow: { readonly at: number; readonly who: string; readonly what: string }[] = [];
    let drawn = 1;
    const draw = (below: number): number => { drawn = (drawn * 48_271) % 2_147_483_647; return drawn % below; };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const who of Object.keys(people)) {
        const visible = await gate.visible({ act: 'record.search', person: who, duty: null, terminal: 'T', traceId: '' }, 'record.search', 1);
        const level = people[who]?.clearance ?? 0;
        for (const [what, query] of queriesOf(draw)) {
          const asked: RecordQuery = { words: null, equals: {}, codePrefix: null, from: null, until: null, sort: 'newest', ...query, visible, levels: ([0, 1, 2, 3, 4] as const).filter((one) => one <= level) };
          const begin = performance.now();
          await records.search(asked, { offset: 0, limit: 50 });
          const passed = performance.now() - begin;
          // The first round warms the page cache, as a running box is warm.
          if (round === 0) continue;
          (asked.words === null ? lists : searches).push(passed);
          slow.push({ at: passed, who, what });
        }
      }
    }
    if (process.env['BENCH_SLOW'] !== undefined) for (const one of [...slow].sort((a, b) => b.at - a.at).slice(0, 40)) process.stderr.write(`${one.at.toFixed(1)} ms  ${one.who} ${one.what}\n`);

    const reads: number[] = [];
    for (let n = 0; n < 2000; n += 1) {
      const begin = performance.now();
      await reader.one('SELECT * FROM record WHERE serial = $1', 1 + ((n * 7919) % RECORDS));
      reads.push(performance.now() - begin);
    }
    const resident = process.memoryUsage().rss / 2 ** 20;
    await database.close();

    const read = quantile(reads, 0.5);
    const figure = (work: string, title: string, value: number, reach: Figure['reach']): Figure => ({
      work, title, value, unit: '毫秒', reference: { title: '按主键读一行 p50', value: read }, ratio: read / value, reach,
    });
    const limit = (value: number): Figure['reach'] => ({ text: '< 100 毫秒', met: value < 100 });
    const [list, search] = [quantile(lists, 0.99), quantile(searches, 0.99)];
    return [
      figure('holdings.list.p50', `百万件,筛选列表首页 p50`, quantile(lists, 0.5), null),
      figure('holdings.list.p99', `百万件,筛选列表首页 p99`, list, limit(list)),
      figure('holdings.search.p50', `百万件,两字词检索首页 p50`, quantile(searches, 0.5), null),
      figure('holdings.search.p99', `百万件,两字词检索首页 p99`, search, limit(search)),
      { work: 'holdings.memory', title: '百万件,常驻内存', value: resident, unit: 'MiB', reference: null, ratio: null, reach: { text: '< 700 MiB', met: resident < 700 } },
    ];
  },
};

type Query = Partial<Pick<RecordQuery, 'words' | 'equals' | 'codePrefix' | 'from' | 'until' | 'sort'>>;

/** What people ask for: nothing at all, each filter, some together, every order; rare, usual and common words. */
function queriesOf(draw: (below: number) => number): readonly (readonly [name: string, query: Query])[] {
  const year = 2000 + draw(27);
  const word = (at: number): string => String(at);
  return [
    ['all, newest', {}], ['all, oldest', { sort: 'oldest' }], ['all, by code', { sort: 'code' }],
    ['year', { equals: { archivalYear: year } }], ['year, by code', { equals: { archivalYear: year }, sort: 'code' }], ['category', { equals: { categoryCode: 'KY' } }],
    ['retention', { equals: { retentionCode: 'Y' } }], ['department', { equals: { department: `D${String(draw(10))}` } }],
    ['level 1', { equals: { level: 1 } }], ['level 3', { equals: { level: 3 } }],
    ['year, retention, department', { equals: { archivalYear: year, retentionCode: 'D30', department: `D${String(draw(10))}` } }],
    ['between two days', { from: `${String(year)}-03-01`, until: `${String(year)}-03-31` }],
    ['code prefix', { codePrefix: `Z109-WS·${String(year)}`, sort: 'code' }], ['code prefix, newest', { codePrefix: `Z109-WS·${String(year)}` }],
    ['rare word', { words: [[[word(2000 + draw(3000))]]] }], ['usual word', { words: [[[word(200 + draw(300))]]] }], ['common word', { words: [[[word(draw(5))]]] }],
    ['two words', { words: [[[word(draw(200))], [word(200 + draw(300))]]] }], ['word and year', { equals: { archivalYear: year }, words: [[[word(200 + draw(300))]]] }],
  ];
}

/** A million rows by arithmetic, in one transaction: the same at every run. */
async function fill(sql: ReturnType<typeof sqlOn>, sealed: Buffer): Promise<void> {
  await sql.run('BEGIN IMMEDIATE');
  await sql.run("INSERT INTO capture_batch (id, number, fonds, department, opened_by, method, level, state, opened_at, version) VALUES ('B1', 'SJ-1', 'Z109', 'D1', 'P9', 'offline_upload', 1, 'filed', $1, 1)", NOW);
  await sql.run(`CREATE TEMP TABLE counted AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${String(RECORDS)}) SELECT i FROM n`);
  await sql.run(
    `INSERT INTO record (serial, id, electronic_record_code, batch, state, level, fonds, department, owner, category, archival_year, retention, org_or_function, document_date, sequence, archival_code,
       code_status, mark, filed_at, verdict, sealed, captured_at, version)
     SELECT i, printf('%08x-0000-4000-8000-%012x', (i * 2654435761) % 4294967296, i), printf('E%09d', i), 'B1', 'filed',
       CASE WHEN i % 100 = 7 THEN 3 WHEN i % 100 = 57 THEN 2 WHEN i % 5 < 2 THEN 1 ELSE 0 END, 'Z109', 'D' || ((i / 3) % 10), 'P' || (100 + i % 40),
       CASE i % 8 WHEN 0 THEN 'KY' WHEN 1 THEN 'HJ' ELSE 'WS' END, 2000 + (i * 7919) % 27, CASE i % 3 WHEN 0 THEN 'Y' WHEN 1 THEN 'D30' ELSE 'D10' END, 'D' || ((i / 3) % 10),
       date('2000-01-01', '+' || ((i * 7919) % 27 * 365 + (i * 31) % 365) || ' days'), i, printf('Z109-WS·%d·D10-%07d', 2000 + (i * 7919) % 27, i), 'given',
       CASE WHEN i % 100 = 7 THEN '机密★10年' WHEN i % 100 = 57 THEN '秘密★10年' END, $1, 'accept', $2, $1, 1 FROM counted`, NOW, sealed,
  );
  await sql.run(`INSERT INTO record_scope (record, kind, ref) SELECT id, 'person', 'P' || ((serial / 100 + step * 10) % 50) FROM record JOIN (SELECT 0 AS step UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) WHERE level >= 2`);
  await sql.run('CREATE TEMP TABLE word (at INTEGER PRIMARY KEY, l0 TEXT, l1 TEXT, l2 TEXT, l3 TEXT)');
  for (let from = 0; from < WORDS; from += 500) {
    const rows = Array.from({ length: 500 }, (_, n) => from + n).map((at) => `(${String(at)}, '${token(0, at)}', '${token(1, at)}', '${token(2, at)}', '${token(3, at)}')`);
    await sql.run(`INSERT INTO word VALUES ${rows.join(', ')}`);
  }
  // Eight words a title, the lower numbers far more often than the higher ones.
  const words = Array.from({ length: 8 }, (_, n) => `(SELECT CASE record.level WHEN 0 THEN l0 WHEN 1 THEN l1 WHEN 2 THEN l2 ELSE l3 END FROM word WHERE at = ((record.serial / ${String(101 + n * 6)} + record.serial * ${String(7919 + n * 104_729)}) % ${String([5, 200, 500, 500, 5000, 5000, 5000, 5000][n])}))`);
  await sql.run(`INSERT INTO search (rowid, tokens) SELECT serial, ${words.join(" || ' ' || ")} FROM record`);
  await sql.run('COMMIT');
}
