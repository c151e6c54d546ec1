import test from 'ava';
import { boxSignatureCheck } from '../../appliance/box.js';
import { fsck } from '../../appliance/maintenance/fsck.js';
import { openTestBox, upload } from '../helpers/box.js';
import type { Client, TestBox } from '../helpers/box.js';

interface Shown { readonly records: readonly { readonly id: string; readonly state: string; readonly version: number; readonly files: readonly { readonly id: string; readonly role: string }[] }[]; readonly batch: { readonly version: number } }

async function open(client: Client): Promise<string> {
  return (await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' })).body.batch;
}
const begin = async (client: Client, batch: string, fileName: string, bytes: number): Promise<string> =>
  (await client.post<{ upload: string }>('capture.begin-upload', { batch, fileName, bytes })).body.upload;
const shown = async (client: Client, batch: string): Promise<Shown> => (await client.get<Shown>('capture.show', { batch, size: 200 })).body;

async function clean(box: TestBox): Promise<readonly string[]> {
  const { reader, vault, keys, paths, sm3, crypto, identity } = box.running.box;
  const found = await fsck({ sql: reader, vault, keys, paths, sm3, check: boxSignatureCheck(crypto, identity.chain[0] ?? ''), deep: true });
  return found.findings.map(({ kind, text }) => `${kind} ${text}`);
}

test('a last segment sent many times at once makes one record, whatever its length, and no answer is a fault', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  for (const content of ['', '正文', 'x'.repeat(200_000)]) {
    const bytes = Buffer.from(content);
    const id = await begin(archivist, batch, `文件${String(bytes.length)}.txt`, bytes.length);
    const answers = await Promise.all([0, 0, 0, bytes.length, bytes.length].map(async (offset) => archivist.put<{ done?: boolean; record?: string; code?: string }>('capture.upload', { upload: id, offset }, offset === 0 ? bytes : Buffer.alloc(0))));
    t.deepEqual(answers.filter(({ status }) => status >= 500).map(({ body }) => body.code), []);
    t.is(new Set(answers.flatMap(({ body }) => (body.done === true ? [body.record] : []))).size, 1);
    t.is((await archivist.put('capture.upload', { upload: id, offset: 0 }, bytes)).status, 404, 'an upload that ended is gone');
  }
  t.is((await shown(archivist, batch)).records.length, 3);
  t.deepEqual(await clean(box), []);
});

test('a body longer than declared, one that stops short and a wrong place are refused or awaited, and the right bytes still go in', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  const id = await begin(archivist, batch, '短.txt', 6);
  t.is((await archivist.put<{ code: string }>('capture.upload', { upload: id, offset: 0 }, Buffer.from('七个字节长'))).body.code, 'E_UPLOAD_TOO_LARGE');
  t.is((await archivist.put<{ code: string }>('capture.upload', { upload: id, offset: 3 }, Buffer.from('abc'))).body.code, 'E_UPLOAD_OFFSET');
  t.like((await archivist.put('capture.upload', { upload: id, offset: 0 }, Buffer.from('abc'))).body, { done: false, offset: 3 });
  const other = await box.as('yangjing');
  t.is((await other.put('capture.upload', { upload: id, offset: 3 }, Buffer.from('def'))).status, 404, 'an upload is whose it is');
  t.like((await archivist.put('capture.upload', { upload: id, offset: 3 }, Buffer.from('def'))).body, { done: true, offset: 6 });
});

test('more uploads at once than are held open all arrive whole', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  const content = (n: number): Buffer => Buffer.from(`第${String(n)}号`);
  const ids = [];
  for (let n = 0; n < 140; n += 1) ids.push(await begin(archivist, batch, `${String(n)}.txt`, content(n).length));
  for (const [n, id] of ids.entries()) t.like((await archivist.put('capture.upload', { upload: id, offset: 0 }, content(n))).body, { done: true });
  t.deepEqual(await clean(box), []);
});

test('a file that was whole when the box stopped is taken after the start without sending it again', async (t) => {
  const first = await openTestBox(t);
  const archivist = await first.as('zhaoxiaolan');
  const batch = await open(archivist);
  const id = await begin(archivist, batch, '已传完.txt', 6);
  const { box } = first.running;
  const row = await box.reader.one<{ object: string }>('SELECT object FROM upload WHERE id = $1', id);
  await box.vault.append(row?.object ?? '', 0, (async function* body() { yield Buffer.from('abcdef'); await Promise.resolve(); })(), 6);
  await box.vault.finish(row?.object ?? '');
  await first.stop();
  const again = await openTestBox(t, { data: first.data });
  const back = await again.as('zhaoxiaolan');
  t.deepEqual((await back.get<{ rows: readonly { offset: number }[] }>('capture.uploads', { batch })).body.rows.map(({ offset }) => offset), [6]);
  t.is((await back.put<{ code: string }>('capture.upload', { upload: id, offset: 0 }, Buffer.from('abcdef'))).body.code, 'E_UPLOAD_OFFSET');
  t.like((await back.put('capture.upload', { upload: id, offset: 6 }, Buffer.alloc(0))).body, { done: true });
  t.deepEqual(await clean(again), []);
});

test('bytes that cannot be moved after the commit leave the record taken, and the next start moves them', async (t) => {
  const first = await openTestBox(t);
  const archivist = await first.as('zhaoxiaolan');
  const batch = await open(archivist);
  const vault = first.running.box.vault as { promote: (object: string) => Promise<void> };
  vault.promote = async () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  const taken = await upload(archivist, batch, '搬不动.txt', Buffer.from('内容'));
  t.is(taken.status, 200, JSON.stringify(taken.body));
  await first.stop();
  const again = await openTestBox(t, { data: first.data });
  t.deepEqual(await clean(again), []);
  t.is((await shown(await again.as('zhaoxiaolan'), batch)).records.length, 1);
});

test('a full disk is told as such, nothing is taken, and the upload goes on from where it was', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  const vault = box.running.box.vault as { finish: (object: string) => Promise<{ bytes: number; sm3: string }> };
  const finish = vault.finish.bind(vault);
  vault.finish = async () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  const id = await begin(archivist, batch, '满.txt', 3);
  t.is((await archivist.put<{ code: string }>('capture.upload', { upload: id, offset: 0 }, Buffer.from('abc'))).body.code, 'E_STORAGE_FULL');
  t.is((await shown(archivist, batch)).records.length, 0);
  vault.finish = finish;
  t.like((await archivist.put('capture.upload', { upload: id, offset: 3 }, Buffer.alloc(0))).body, { done: true });
});

test('第十九条: files are put together once each, with one main text, and only while nothing was decided of them', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const batch = await open(archivist);
  for (const name of ['甲.txt', '乙.txt', '丙.txt']) await upload(archivist, batch, name, Buffer.from(`这是${name}的正文，供测试。`));
  const { records: [one, two, three] } = await shown(archivist, batch);
  const [a, b, c] = [one?.files[0]?.id, two?.files[0]?.id, three?.files[0]?.id];
  const compose = async (files: readonly unknown[]) => archivist.post<{ code?: string }>('capture.compose', { batch, record: one?.id, seenVersion: one?.version, files });
  t.is((await compose([{ file: a, role: 'main' }, { file: a, role: 'attachment' }])).body.code, 'E_INPUT_INVALID');
  t.is((await compose([{ file: b, role: 'main' }])).body.code, 'E_ARRANGE_INCOMPLETE', 'the main text that was not listed still counts');
  const saved = await archivist.post<{ rows: readonly { state: string }[] }>('arrangement.save', {
    batch, rows: [{
      record: three?.id, seenVersion: three?.version, facts: { categoryCode: 'WS', scheduleItemId: '6.2', documentDate: '2026-05-06', completedOn: '2026-06-01', orgOrFunction: 'BGS' },
      description: { title: '丙', author: ['演练局'] },
    }],
  });
  t.is(saved.body.rows[0]?.state, 'arranged', JSON.stringify(saved.body));
  t.is((await compose([{ file: a, role: 'main' }, { file: c, role: 'attachment' }])).body.code, 'E_STATE_INVALID', 'an arranged item is not taken apart');
  t.is((await compose([{ file: a, role: 'main' }, { file: b, role: 'attachment' }])).status, 200);
  const after = await shown(archivist, batch);
  t.deepEqual(after.records.map(({ files }) => files.map(({ role }) => role)), [['main', 'attachment'], ['main']]);
  t.is((await archivist.post<{ code: string }>('capture.compose', { batch, record: after.records[0]?.id, seenVersion: after.records[0]?.version, files: [{ file: a, role: 'main' }, { file: b, role: 'main' }] })).body.code, 'E_ARRANGE_INCOMPLETE');
  t.deepEqual(await clean(box), []);
});

test('a batch is opened for a department and a fonds that there are', async (t) => {
  const box = await openTestBox(t);
  const archivist = await box.as('zhaoxiaolan');
  const input = { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '系统未联网' };
  t.is((await archivist.post<{ code: string }>('capture.open', { ...input, department: '没有的处' })).body.code, 'E_INPUT_INVALID');
  t.is((await archivist.post<{ code: string }>('capture.open', { ...input, fonds: 'Z999' })).body.code, 'E_INPUT_INVALID');
});
