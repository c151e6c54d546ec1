import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { rehearsalFile } from '../../appliance/founding/rehearsal.js';
import { signIn, upload } from '../helpers/box.js';
import type { Answer, Client } from '../helpers/box.js';
import { spawnBox } from '../helpers/killable-box.js';
import { pdf } from '../helpers/pdf.js';

/** Words that occur nowhere else: whatever of them is found on the disk was written there in the clear. */
const WORDS = {
  title: '关于翡翠湖渡槽加固的鸢尾方案', author: '瓯江鲲鹏水务所', documentNumber: '鲲水发〔2026〕731号', keyword: '鸢尾渡槽', abstract: '渡槽墩身蚀损须于汛前补强',
  fileName: '鸢尾渡槽加固方案终稿.pdf', content: '墩身混凝土回弹值偏低', latin: 'AzureIrisAqueduct', returned: '琥珀栈道勘误表.pdf', unfinished: '绀青水尺读数.txt', asked: '蚀损补强', reason: '翡翠湖断网三日', sentBack: '朱鹮巢址图.pdf', advice: '鲲鹏所公章缺失请补盖',
} as const;

const wordsPdf = async (...lines: readonly string[]): Promise<Buffer> => pdf(lines, { title: WORDS.latin, compress: false });

async function filesUnder(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...await filesUnder(file));
    else found.push(file);
  }
  return found;
}

/** The ways in which a text may lie in a file: as it is, UTF-16, GB 18030, hex, base64 at any of its three offsets, percent, JSON escapes. */
function spellings(text: string): readonly (readonly [how: string, bytes: Buffer])[] {
  const utf8 = Buffer.from(text);
  const utf16 = Buffer.from(text, 'utf16le');
  const inBase64 = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), utf8]).toString('base64');
    return whole.slice(Math.ceil((shift * 8) / 6) + (shift > 0 ? 1 : 0), whole.length - 4);
  });
  return [
    ['UTF-8', utf8], ['UTF-16LE', utf16], ['UTF-16BE', Buffer.from(utf16).swap16()], ['hex', Buffer.from(utf8.toString('hex'))], ['HEX', Buffer.from(utf8.toString('hex').toUpperCase())],
    ...inBase64.map((piece) => ['base64', Buffer.from(piece)] as const), ['percent', Buffer.from(encodeURIComponent(text))],
    ['JSON', Buffer.from([...text].map((one) => (one.charCodeAt(0) > 126 ? `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}` : one)).join(''))],
  ];
}

/** Where any of the texts lies in the clear: `file: what (how)`, without the text itself being needed to understand it. */
async function plainTextIn(files: readonly string[], texts: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    const bytes = await readFile(file);
    for (const [what, text] of Object.entries(texts)) {
      for (const [how, spelt] of spellings(text)) if (spelt.length >= 4 && bytes.includes(spelt)) found.push(`${path.basename(file)}: ${what} (${how})`);
    }
  }
  return found;
}

const whole = <A extends Answer<unknown>>(act: string, answer: A): A => {
  if (answer.status !== 200) throw new Error(`${act}: ${String(answer.status)} ${answer.bytes.toString('utf8').slice(0, 600)}`);
  return answer;
};

async function captureAndFile(client: Client): Promise<void> {
  const archivist: Pick<Client, 'post' | 'get'> = {
    async post(act, body) { return whole(act, await client.post(act, body)); },
    async get(act, query) { return whole(act, await client.get(act, query)); },
  };
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'DAS', method: 'offline_upload', offlineReason: WORDS.reason });
  await upload(client, batch, WORDS.fileName, await wordsPdf(WORDS.title, WORDS.content, WORDS.latin));
  await upload(client, batch, WORDS.returned, Buffer.alloc(0));
  const half = await archivist.post<{ upload: string }>('capture.begin-upload', { batch, fileName: WORDS.unfinished, bytes: 900_000 });
  await client.put('capture.upload', { upload: half.body.upload, offset: 0 }, Buffer.from(`${WORDS.content}\n`.repeat(12_000)).subarray(0, 400_000));
  const { body: { rows: [row] } } = await archivist.get<{ rows: { id: string; version: number }[] }>('arrangement.list', { batch, state: 'inspected' });
  await archivist.post('arrangement.save', {
    batch, rows: [{
      record: row?.id, seenVersion: row?.version,
      facts: { categoryCode: 'WS', scheduleItemId: '6.2', archivalYear: 2026, documentDate: '2026-05-06', completedOn: '2026-05-06', orgOrFunction: 'DAS' },
      description: { title: WORDS.title, author: [WORDS.author], documentNumber: WORDS.documentNumber, keywords: [WORDS.keyword], abstract: WORDS.abstract },
    }],
  });
  const { body: { batch: shown } } = await archivist.get<{ batch: { version: number } }>('capture.show', { batch });
  await archivist.post('capture.declare', { batch, seenVersion: shown.version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items: 1, metadata: 1 }] });
  await archivist.post('filing.file', { batch, seenVersion: shown.version + 1, overdueReason: WORDS.reason });
  const another = await upload(client, batch, WORDS.sentBack, await wordsPdf(WORDS.content));
  await archivist.post('filing.return', { batch, records: [{ record: another.body.record, reasons: [{ code: 'GD-1', message: WORDS.advice }] }] });
}

test('保密法第二十九条、《办法》第四十二条: no title, author, number, name, file name, content or search word rests in the clear, while two characters find the record', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-rest-'));
  t.teardown(async () => rm(folder, { recursive: true, force: true }));
  const data = path.join(folder, 'data');
  const box = spawnBox({ data, port: 0 });
  t.teardown(async () => box.kill());
  const url = await box.ready;
  if (url === null) { t.fail(box.output()); return; }

  const archivist = await signIn(url, 'zhaoxiaolan');
  await captureAndFile(archivist);
  const found = await archivist.get<{ total: number; rows: { id: string; description: { title: string; author: string[] } }[] }>('record.search', { q: '渡槽' });
  t.is(found.body.total, 1, 'two characters find it');
  t.is(found.body.rows[0]?.description.title, WORDS.title);
  t.deepEqual(found.body.rows[0]?.description.author, [WORDS.author]);
  t.is((await archivist.get<{ total: number }>('record.search', { q: WORDS.asked })).body.total, 0);
  const detail = await archivist.get<{ files: { id: string; sealed: { fileName: string } }[] }>('record.show', { record: found.body.rows[0]?.id ?? '' });
  t.is(detail.body.files[0]?.sealed.fileName, WORDS.fileName);
  t.is((await archivist.get('record.read', { file: detail.body.files[0]?.id ?? '', page: 1, width: 600 })).headers['content-type'], 'image/png');
  // Refusals and faults write too: a hostile name, a bad body, an unknown field.
  const { body: { batch } } = await archivist.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'DAS', method: 'offline_upload', offlineReason: WORDS.reason });
  t.is((await archivist.post<{ code: string }>('capture.begin-upload', { batch, fileName: `../${WORDS.fileName}`, bytes: 1 })).body['code'], 'E_NAME_HOSTILE');
  t.is((await archivist.post<{ code: string }>('capture.begin-upload', { batch, fileName: WORDS.fileName, bytes: 1, [WORDS.keyword]: WORDS.title })).body['code'], 'E_INPUT_INVALID');
  t.is((await archivist.get<{ code: string }>('record.search', { q: WORDS.asked, [WORDS.keyword]: WORDS.title })).body['code'], 'E_INPUT_INVALID');

  const { people, unitName } = await rehearsalFile();
  const names = Object.fromEntries(people.map((person) => [`name of ${person.account}`, person.name]));
  const look = async (when: string): Promise<void> => {
    // The key files of the rehearsal are what people carry away; they hold accounts. Everything else is the box's own rest.
    const files = await filesUnder(data);
    t.true(files.some((file) => file.includes('vault')) && files.some((file) => file.endsWith('shouzang.db')), when);
    t.deepEqual(await plainTextIn(files, { ...WORDS, ...names }), [], when);
    for (const file of files) for (const [what, text] of Object.entries(WORDS)) t.false(file.includes(text), `${when}: ${what} in the name of a file`);
    const log = box.output();
    for (const [what, text] of Object.entries({ ...WORDS, ...names })) t.false(log.includes(text), `${when}: ${what} in the process log`);
  };
  const wal = await stat(path.join(data, 'shouzang.db-wal'));
  t.true(wal.size > 100_000, 'the write-ahead log is full of what was just done');
  await look('while the box runs, write-ahead log and staging included');
  await box.kill('SIGKILL');
  await look('after the power went');
  const again = spawnBox({ data, port: 0 });
  t.teardown(async () => again.kill());
  t.truthy(await again.ready);
  await again.kill('SIGTERM');
  await look('after recovery and an orderly stop');

  // The scan itself must be able to find: the unit's name rests in the clear by design (立档单位登记).
  t.true((await plainTextIn([path.join(data, 'shouzang.db')], { unit: unitName })).length > 0, 'the scan finds what is there');
});
