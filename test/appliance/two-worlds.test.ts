import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { Clock, Ids } from '../../core/ports.js';
import { foundRehearsal } from '../../appliance/founding/rehearsal.js';
import { inPackage } from '../../appliance/package-root.js';
import { readFileSync } from 'node:fs';
import { openTestBox, upload } from '../helpers/box.js';
import { mark } from '../helpers/marked.js';
import { formOf, settle } from '../helpers/marking.js';
import type { Answer, Client, TestBox, Teardown } from '../helpers/box.js';
import { smallPdf } from '../helpers/office.js';

/*
 * Two worlds: one box is founded and worked in, then copied. In one copy somebody files a record that the asker may not know of; in
 * the other nothing happens. Whatever the asker asks, both must answer the same bytes, or the difference tells of the record.
 * Clock and ids are given; what chance is left (session tokens, trace ids) is masked.
 */

const NOW = '2026-11-23T01:02:03.000Z';
const clock: Clock = { now: () => NOW, today: () => '2026-11-23' };

/** Ids in a row of their own for each part, so that what happens in one part moves no id of another. */
function idsInRows(): Ids & { row: string } {
  const at = new Map<string, number>();
  return {
    row: '0',
    uuid() {
      const next = (at.get(this.row) ?? 0) + 1;
      at.set(this.row, next);
      // The first eight digits differ from id to id, as numbers are drawn from them.
      const head = (Math.imul(next + this.row.charCodeAt(0) * 1009, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
      return `${head}-0000-4000-8${this.row.charCodeAt(0).toString(16).padStart(3, '0')}-${next.toString(16).padStart(12, '0')}`;
    },
  };
}

interface Filed { readonly batch: string; readonly number: string; readonly record: string; readonly file: string; readonly reportNo: string | null; readonly matter?: string; readonly form?: string; readonly carrier?: string; readonly disposal?: string; readonly output?: string; readonly use?: string }

const done = <T>(answer: Answer<T>): T => {
  if (answer.status !== 200) throw new Error(answer.bytes.toString('utf8'));
  return answer.body;
};

/** One document from capture to filing; classified ones stay arranged (their marking is another's work). */
async function file(client: Client, department: string, title: string, level: number): Promise<Filed> {
  done(await client.post('session.switch-level', { level }));
  const { batch, number } = done(await client.post<{ batch: string; number: string }>('capture.open', { fonds: 'Z109', department, method: 'offline_upload' }));
  const { record, file: { id } } = done(await upload(client, batch, `${title}.pdf`, await smallPdf(`text of ${String(level)}`)));
  const { rows: [row] } = done(await client.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch, state: 'inspected' }));
  done(await client.post('arrangement.save', {
    batch, rows: [{
      record: row?.id, seenVersion: row?.version,
      facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: department },
      description: { title, author: ['演练局'] },
    }],
  }));
  const run = done(await client.post<{ reportNo: string }>('inspection.run', { batch }));
  if (level >= 2) return { batch, number, record, file: id, reportNo: run.reportNo };
  const { batch: { version } } = done(await client.get<{ batch: { version: number } }>('capture.show', { batch }));
  done(await client.post('capture.declare', { batch, seenVersion: version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }] }));
  const { reportNo } = done(await client.post<{ reportNo: string }>('filing.file', { batch, seenVersion: version + 1 }));
  return { batch, number, record, file: id, reportNo };
}

/** 定密, then 升密 with its notice and its open task: what a matter leaves behind. */
async function markedAndChanged(custodian: Client, authority: Client, hidden: Filed): Promise<Filed> {
  done(await authority.post('session.switch-level', { level: 3 }));
  const persons = [custodian.person, authority.person];
  const term = { kind: 'duration' as const, years: 1, months: 0, days: 0 };
  const matter = await mark(custodian, authority, hidden.record, persons, { level: 2, term, startOn: '2025-12-01' });
  const { case: form } = await settle({ proposer: custodian, authority }, matter, formOf({ kind: 'change', changeReason: 'superior', to: { level: 3, term, startOn: '2025-12-01', scope: { persons, departments: [] } } }));
  // 打印 of it is asked for: an order with a number, an approval, a purpose.
  done(await custodian.post('session.switch-level', { level: 3 }));
  const { record: { electronicRecordCode } } = done(await custodian.get<{ record: { electronicRecordCode: string } }>('record.show', { record: hidden.record }));
  const { output } = done(await custodian.post<{ output: string }>('output.request', { kind: 'print', form: 'pictures', codes: [electronicRecordCode], copies: 1, purpose: '隐龙潭会商', keepUntil: '2026-11-30' }));
  // 利用 of it is asked for and put before its signers.
  done(await authority.post('session.switch-level', { level: 3 }));
  const { use } = done(await authority.post<{ use: string }>('use.request', { purpose: '隐龙潭会商', mode: 'view', channel: 'lan', codes: [electronicRecordCode] }));
  return { ...hidden, matter, form, output, use };
}

/** 载体, its line of 待销 and a batch to destroy it: what else of a hidden record a stranger might notice. */
async function setAside(custodian: Client, hidden: Filed): Promise<Filed> {
  done(await custodian.post('session.switch-level', { level: 3 }));
  const { id: carrier } = done(await custodian.post<{ id: string }>('carrier.register', { kind: 'disk', level: 3, cap: 3, title: '隐龙潭数据盘', origin: 'own', copyNo: 1, totalCopies: 1, worm: false }));
  const { line } = done(await custodian.post<{ line: string }>('disposal.enter', { carrier, reason: 'worn', broken: false, quantity: 1, place: '待销柜', seenVersion: 1 }));
  const { disposal } = done(await custodian.post<{ disposal: string }>('disposal.open', { lines: [line], reason: '到期' }));
  return { ...hidden, carrier, disposal };
}

interface Parameter { readonly name: string; readonly required: boolean; readonly schema: { readonly type?: string; readonly format?: string; readonly anyOf?: readonly { readonly const?: string }[]; readonly const?: string; readonly items?: Parameter['schema'] } }
interface Described { readonly paths: Readonly<Record<string, { readonly get?: { readonly parameters: readonly Parameter[] } }>> }

const NOBODY = '00000000-0000-4000-8000-000000000000';
const ACTS = Object.keys((JSON.parse(readFileSync(inPackage('policies', 'acts.json'), 'utf8')) as { acts: Record<string, unknown> }).acts);

/** Plausible values of a parameter: what the asker may see, what is hidden, what is nowhere. */
function values(parameter: Parameter, hidden: Filed, seen: Filed): readonly (string | number | boolean)[] | undefined {
  const { name, schema } = parameter;
  const id = (pick: (one: Filed) => string): string[] => [pick(hidden), pick(seen), NOBODY];
  const named: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
    record: id((one) => one.record), batch: id((one) => one.batch), file: id((one) => one.file), act: ['record.show', 'record.read', 'capture.show', 'classification.propose'].filter((act) => ACTS.includes(act)),
    q: ['隐龙潭', '泄洪', '通知', '隐'], categoryCode: ['WS'], archivalYear: [2026], retentionCode: ['D10', 'Y'], fonds: ['Z109'], department: ['BMB', 'DAS', 'FGC'], level: [0, 1, 2, 3, 4],
    codePrefix: ['Z109-WS'], from: ['2026-01-01'], until: ['2026-12-31'], state: ['filed', 'arranged', 'inspected'], page: [1, 2], size: [1, 200], width: [400], run: [1, 2],
    carrier: id((one) => one.carrier ?? NOBODY), disposal: id((one) => one.disposal ?? NOBODY),
    use: id((one) => one.use ?? NOBODY),
    classification: id((one) => one.matter ?? NOBODY), case: id((one) => one.form ?? NOBODY), output: id((one) => one.output ?? NOBODY),
    mime: ['application/pdf'], format: ['PDF 1.3'],
    number: [hidden.number, seen.number], reportNo: [hidden.reportNo ?? '', seen.reportNo ?? ''], seq: [0, 5, 90], older: [1], newer: [3], left: [1], right: [1, 2], volume: [NOBODY], version: ['1.1.0'], against: ['1.1.0'], action: ['capture'], actor: [NOBODY], kind: ['R08', 'R11', 'R15', 'capture', 'report'], id: id((one) => one.batch), code: ['3F9K2-M7Q0X', '00000-00000'], object: id((one) => one.record), result: ['ok'],
  };
  if (named[name]) return named[name];
  const fixed = (schema.anyOf ?? []).flatMap((one) => (one.const === undefined ? [] : [one.const]));
  if (fixed.length > 0) return fixed;
  if (schema.const !== undefined) return [schema.const];
  if (schema.format === 'uuid') return [hidden.record, hidden.batch, hidden.file, NOBODY];
  if (schema.format === 'date') return ['2026-11-23'];
  if (schema.type === 'boolean') return [true, false];
  if (schema.type === 'integer') return [1, 3];
  return undefined;
}

type Query = Readonly<Record<string, string | number | boolean>>;

/** Every required set, then each optional value beside it. */
function queries(parameters: readonly Parameter[], hidden: Filed, seen: Filed): Query[] {
  let bases: Query[] = [{}];
  for (const parameter of parameters.filter((one) => one.required)) {
    bases = bases.flatMap((base) => (values(parameter, hidden, seen) ?? []).map((value) => ({ ...base, [parameter.name]: value })));
  }
  const optional = parameters.filter((one) => !one.required).flatMap((one) => (values(one, hidden, seen) ?? []).map((value) => [one.name, value] as const));
  return [...bases, ...bases.flatMap((base) => optional.map(([name, value]) => ({ ...base, [name]: value })))];
}

const HEADERS = ['content-type', 'content-length', 'content-disposition', 'cache-control', 'etag', 'last-modified'];

/** An answer without what chance alone decides. */
function masked(answer: Answer<unknown>): { status: number; headers: Record<string, unknown>; body: string } {
  const text = (answer.headers['content-type'] ?? '').includes('json')
    ? answer.bytes.toString('utf8').replaceAll(/"(traceId|csrfToken)":"[^"]*"/gu, '"$1":"…"')
    : answer.bytes.toString('base64');
  return { status: answer.status, headers: Object.fromEntries(HEADERS.map((name) => [name, answer.headers[name]])), body: text };
}

/** What a person is told by duty although it speaks of all that the box holds. Everything else must be equal for everyone. */
const BY_DUTY: Readonly<Record<string, readonly string[]>> = {
  // 系统管理员 and 安全保密管理员 look after the box and see how much it holds, and who asks for what is above them; 检查员 and 安全审计员 look after the ledger, whose length grows with every act.
  sunhao: ['system.status', 'key.register', 'binding.show', 'preservation.show'], chenlixin: ['system.status', 'key.register', 'compliance.list', 'binding.show', 'preservation.show', 'mark.list', 'alarm.list'],
  zhangjian: ['system.status', 'audit.checkpoints', 'session.current'],
};
/** A marked page bears the code of its own ledger entry: the bytes differ from read to read in one world, too. */
const MARKED_EACH_TIME = new Set(['record.read']);

async function world(t: Teardown, base: string, folder: string, ids: ReturnType<typeof idsInRows>): Promise<TestBox> {
  const data = path.join(folder, 'data');
  await cp(base, data, { recursive: true });
  ids.row = 'w';
  return openTestBox(t, { data, clock, ids });
}

test('第三十四条、保密法第二十一条: whatever an uncleared person asks, the answers with and without a hidden record are the same bytes', async (t) => {
  t.timeout(240_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-worlds-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const base = path.join(folder, 'base');
  const baseIds = idsInRows();
  await foundRehearsal(base, clock, baseIds);
  const first = await openTestBox(t, { data: base, clock, ids: baseIds });
  baseIds.row = 's';
  const seen = await file(await first.as('zhaoxiaolan'), 'DAS', '关于值班安排的通知', 0);
  await first.stop();

  const [withIds, withoutIds] = [idsInRows(), idsInRows()];
  const [withIt, without] = [await world(t, base, path.join(folder, 'with'), withIds), await world(t, base, path.join(folder, 'without'), withoutIds)];
  withIds.row = 'h';
  const custodian = await withIt.as('yangjing');
  const hidden = await setAside(custodian, await markedAndChanged(custodian, await withIt.as('lijianguo'), await file(custodian, 'BMB', '隐龙潭泄洪预案', 3)));
  const inside = done(await withIt.as('yangjing').then(async (one) => { await one.post('session.switch-level', { level: 3 }); return one.get<{ rows: { id: string }[] }>('capture.list'); }));
  // Signing in is seen by the officers, so the custodian and the authority are there in both worlds.
  for (let visit = 0; visit < 2; visit += 1) await without.as('yangjing');
  await without.as('lijianguo');
  t.true(inside.rows.some((row) => row.id === hidden.batch), 'it is there for who may see it');

  const { body: described } = await withIt.anonymous().get<Described>('openapi.json');
  const gets = Object.entries(described.paths).flatMap(([address, { get }]) => (get ? [[address.slice('/api/'.length), get.parameters] as const] : []));
  const silent = gets.flatMap(([act, parameters]) => parameters.filter((one) => one.required && values(one, hidden, seen) === undefined).map((one) => `${act}?${one.name}`));
  t.deepEqual(silent, [], 'a new route: give its parameters plausible values in this test');

  let asked = 0;
  for (const account of ['linxiao', 'duanwen', 'zhaoxiaolan', 'zhangjian', 'sunhao', 'chenlixin', 'nobody']) {
    [withIds.row, withoutIds.row] = [account.slice(0, 1), account.slice(0, 1)];
    const askers = account === 'nobody' ? [withIt.anonymous(), without.anonymous()] : [await withIt.as(account), await without.as(account)];
    const [there, here] = askers as [Pick<Client, 'get' | 'post'>, Pick<Client, 'get' | 'post'>];
    if (account === 'zhaoxiaolan') {
      // Cleared for 秘密 and working at it, the hidden record being 机密; and numbers given now must not skip what is hidden.
      for (const one of [there, here]) {
        done(await one.post('session.switch-level', { level: 1 }));
        done(await one.post('capture.open', { fonds: 'Z109', department: 'DAS', method: 'offline_upload' }));
        done(await one.post('session.switch-level', { level: 2 }));
      }
    }
    for (const [act, parameters] of gets) {
      if (BY_DUTY[account]?.includes(act)) continue;
      for (const query of queries(parameters, hidden, seen)) {
        const [a, b] = [await there.get(act, query), await here.get(act, query)];
        asked += 1;
        if (MARKED_EACH_TIME.has(act) && a.status === 200) t.is(b.status, 200, `${account} ${act}`);
        else t.deepEqual(masked(a), masked(b), `${account} ${act} ${JSON.stringify(query)}`);
      }
    }
    const [health, otherHealth] = [await there.get('../healthz'), await there.get('../metrics')];
    t.is(health.status, 200);
    t.false(otherHealth.bytes.toString('utf8').includes('entries'), 'counts of acts are not for everyone');
  }
  t.log(`${String(gets.length)} GET routes, ${String(asked)} questions asked of both worlds`);

  // 档号 of ordinary records go on without a gap: classified ones are numbered in a series of their own.
  for (const [box, ids] of [[withIt, withIds], [without, withoutIds]] as const) {
    ids.row = 'z';
    const next = await file(await box.as('zhaoxiaolan'), 'DAS', '关于绿化养护的通知', 0);
    const shown = done(await (await box.as('zhaoxiaolan')).get<{ record: { archivalCode: string } }>('record.show', { record: next.record }));
    t.is(shown.record.archivalCode, 'Z109-WS·2026·D10·DAS-0002');
  }
});
