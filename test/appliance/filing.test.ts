import test from 'ava';
import type { ExecutionContext } from 'ava';
import { boxSignatureCheck } from '../../appliance/box.js';
import { repositories } from '../../appliance/store/repositories/index.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Answer, Client, TestBox } from '../helpers/box.js';
import { smallPdf } from '../helpers/office.js';

interface Row { readonly id: string; readonly version: number; readonly state: string }
interface Filed { readonly code?: string; readonly filed: readonly { readonly record: string; readonly archivalCode: string }[]; readonly left: number }

const FACTS = { categoryCode: 'WS', scheduleItemId: '6.2', documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' };

async function open(client: Client): Promise<string> {
  return (await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' })).body.batch;
}
async function take(t: ExecutionContext, client: Client, batch: string, name: string): Promise<string> {
  const taken = await upload(client, batch, `${name}.pdf`, await smallPdf(name));
  t.is(taken.body.state, 'inspected', JSON.stringify(taken.body));
  return taken.body.record;
}
const rows = async (client: Client, batch: string): Promise<readonly Row[]> => (await client.get<{ rows: readonly Row[] }>('arrangement.list', { batch, size: 200 })).body.rows;
const save = async (client: Client, batch: string, record: string, title: string, facts: object = FACTS): Promise<Answer<{ code?: string; details?: readonly { at: string }[]; rows: readonly { state: string }[] }>> =>
  client.post('arrangement.save', {
    batch, rows: [{ record, seenVersion: (await rows(client, batch)).find(({ id }) => id === record)?.version, facts, description: { title, author: ['演练局'], documentNumber: `演发〔2026〕${title}号` } }],
  });
async function declare(client: Client, batch: string, items: number): Promise<number> {
  const { body } = await client.get<{ batch: { version: number } }>('capture.show', { batch });
  await client.post('capture.declare', { batch, seenVersion: body.batch.version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items, metadata: items }] });
  return body.batch.version + 1;
}
const file = async (client: Client, batch: string, seenVersion: number): Promise<Answer<Filed>> => client.post<Filed>('filing.file', { batch, seenVersion });

async function clean(box: TestBox): Promise<readonly unknown[]> {
  const { reader, vault, keys, paths, sm3, crypto, identity } = box.running.box;
  return (await fsck({ sql: reader, vault, keys, paths, sm3, check: boxSignatureCheck(crypto, identity.chain[0] ?? ''), deep: false })).findings;
}

test('第二十一条: a batch filed in parts closes with its last one', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  const [first, second] = [await take(t, archivist, batch, 'one'), await take(t, archivist, batch, 'two')];
  await save(archivist, batch, first, '1');
  const part = await file(archivist, batch, await declare(archivist, batch, 1));
  t.is(part.body.left, 1, JSON.stringify(part.body));
  await save(archivist, batch, second, '2');
  const rest = await file(archivist, batch, await declare(archivist, batch, 1));
  t.is(rest.body.left, 0, JSON.stringify(rest.body));
  t.is((await archivist.get<{ batch: { state: string } }>('capture.show', { batch })).body.batch.state, 'filed');
  t.is((await archivist.post<{ code: string }>('capture.begin-upload', { batch, fileName: 'late.pdf', bytes: 1 })).body.code, 'E_STATE_INVALID');
  t.deepEqual(await clean(box), []);
});

test('第二十一条: batches filed at once are numbered without doubling or gap, and one batch is filed once', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const ready: [string, number][] = [];
  for (const name of ['a', 'b', 'c']) {
    const batch = await open(archivist);
    await save(archivist, batch, await take(t, archivist, batch, name), name);
    ready.push([batch, await declare(archivist, batch, 1)]);
  }
  const answers = await Promise.all([...ready, ...ready, ...ready].map(async ([batch, version]) => file(archivist, batch, version)));
  const codes = answers.flatMap(({ status, body }) => (status === 200 ? body.filed.map(({ archivalCode }) => archivalCode) : []));
  const numbers = codes.map((code) => Number(code.slice(-4))).sort((one, other) => one - other);
  t.is(codes.length, 3);
  t.is(new Set(codes).size, 3);
  t.deepEqual(numbers, [0, 1, 2].map((n) => (numbers[0] ?? 0) + n));
  t.deepEqual([...new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.code))].filter((code) => code !== 'E_STATE_INVALID' && code !== 'E_STALE_VERSION'), []);
  t.deepEqual(await clean(box), []);
});

test('twenty people saving one row at once: one of them did, the others are told to look again', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  const record = await take(t, archivist, batch, 'shared');
  const [row] = await rows(archivist, batch);
  const answers = await Promise.all(Array.from({ length: 20 }, async (_, n) =>
    archivist.post<{ code?: string }>('arrangement.save', { batch, rows: [{ record, seenVersion: row?.version, facts: FACTS, description: { title: `第${String(n)}稿`, author: ['演练局'] } }] })));
  t.is(answers.filter(({ status }) => status === 200).length, 1);
  t.deepEqual([...new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.code))], ['E_STALE_VERSION']);
});

test('第十九条: a title of blanks is none, and no office may take the name of the classified sequence', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  const record = await take(t, archivist, batch, 'blank');
  const [row] = await rows(archivist, batch);
  const blank = await archivist.post<{ code: string; details: readonly { at: string }[] }>('arrangement.save', { batch, rows: [{ record, seenVersion: row?.version, description: { title: ' \u3000 ' } }] });
  t.is(blank.body.code, 'E_META_INVALID');
  t.deepEqual(blank.body.details.map(({ at }) => at), ['/rows/0/title']);
  const taken = await save(archivist, batch, record, '名', { ...FACTS, orgOrFunction: 'BGSSM' });
  t.is(taken.body.code, 'E_META_INVALID');
  t.true(taken.body.details?.some(({ at }) => at === '/rows/0/orgOrFunction'));
});

test('第二十一条: a thousand items are tested, numbered 0001 to 1000 by 文号 and filed in one act; what they cost does not grow with their number', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const times: number[] = [];
  for (const count of [250, 1000]) {
    const batch = await open(archivist);
    const record = await take(t, archivist, batch, `sample${String(count)}`);
    const { store, sealing, ids } = box.running.box;
    await store.housekeep(async (sql) => {
      const tx = repositories(sql, sealing);
      const sample = await tx.records.get(record);
      const [own] = await tx.files.ofRecord(record);
      if (!sample || !own) throw new Error('no sample');
      for (let n = 1; n <= count; n += 1) {
        const [id, object] = [ids.uuid(), ids.uuid()];
        await tx.objects.keep({ id: object, level: 1, bytes: own.bytes, sm3: own.sm3, storedAt: own.receivedAt });
        await tx.records.add({
          ...sample, id, electronicRecordCode: `ERC-${String(count)}-${String(n)}`, state: 'arranged', categoryCode: 'WS', scheduleItemId: '6.2', retentionCode: 'D10', archivalYear: 2020 + (count === 250 ? 1 : 2),
          documentDate: '2021-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS', description: { title: `第${String(n)}号事项`, author: ['演练局'], documentNumber: `演发〔2021〕${String(n)}号` },
        });
        await tx.files.add({ ...own, id: ids.uuid(), record: id, object });
      }
      await sql.run("UPDATE object_intent SET closed_at = made_at WHERE closed_at IS NULL");
      await sql.run("UPDATE record SET state = 'withdrawn' WHERE id = $1", record);
    });
    const begin = performance.now();
    const run = await archivist.post('inspection.run', { batch });
    times.push((performance.now() - begin) / count);
    t.is(run.status, 200, JSON.stringify(run.body).slice(0, 300));
    const preview = await archivist.get<{ rows: readonly { archivalCode: string }[] }>('arrangement.preview', { batch });
    const codes = preview.body.rows.map(({ archivalCode }) => Number(archivalCode.slice(-4)));
    t.deepEqual(codes, Array.from({ length: count }, (_, n) => n + 1));
  }
  const [few = 0, many = 0] = times;
  t.true(many < few * 3, `${few.toFixed(2)} ms an item of 250, ${many.toFixed(2)} ms of 1,000`);
});

test('第四十条: looking is entered too, each list and each page under the duty that allowed it', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  await take(t, archivist, batch, 'looked-at');
  for (const [act, query] of [['capture.list', {}], ['capture.show', { batch }], ['arrangement.list', { batch }], ['arrangement.preview', { batch }], ['inspection.show', { batch }], ['filing.reconcile', { batch }]] as const) {
    const before = box.running.box.ledger.head().size;
    t.is((await archivist.get(act, query)).status, 200, act);
    t.is(box.running.box.ledger.head().size - before, 1, act);
  }
});
