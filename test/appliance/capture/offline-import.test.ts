import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import test from 'ava';
import { catalogueRules } from '../../../appliance/capture/intake.js';
import { importOffline } from '../../../appliance/capture/offline-import.js';
import { preflight } from '../../../appliance/capture/preflight.js';
import { runCli } from '../../../appliance/cli/frame.js';
import { VERBS } from '../../../appliance/cli/verbs.js';
import { dataPaths } from '../../../appliance/content/paths.js';
import { NodeProvider } from '../../../appliance/crypto/node-provider.js';
import { openPool } from '../../../appliance/inspection/pool.js';
import { loadPolicies } from '../../../appliance/policies.js';
import { Client } from '../../../appliance/remote/client.js';
import type { RehearsalPerson } from '../../../appliance/remote/client.js';
import { openTestBox } from '../../helpers/box.js';
import type { Teardown, TestBox } from '../../helpers/box.js';
import { pdf } from '../../helpers/pdf.js';

const HEAD = ['题名', '责任者', '日期', '办理完毕日', '门类', '保管期限', '保管期限表条目', '机构', '文件名', '附件'];
const row = (n: number, file: string, attachments = ''): string[] => [`关于第${String(n)}号工作的通知`, '昆明市演练局', '20260506', '20260601', '文书', '10年', '6.2', '办公室', file, attachments];

/** Past the end marker a reader sees nothing: here `noise` only makes the file longer than one segment. */
const longPdf = async (text: string, noise: number): Promise<Buffer> => Buffer.concat([await pdf(text), Buffer.from(`\n%${'x'.repeat(noise)}\n%%EOF\n`)]);

interface Desk { readonly root: string; readonly files: string; readonly catalogue: string }

async function desk(t: Teardown, rows: readonly string[][], files: Readonly<Record<string, Buffer>>): Promise<Desk> {
  const root = await mkdtemp(path.join(tmpdir(), 'shouzang-offline-'));
  t.teardown(async () => rm(root, { recursive: true, force: true }));
  const made = { root, files: path.join(root, 'files'), catalogue: path.join(root, '目录.csv') };
  await mkdir(made.files);
  await writeFile(made.catalogue, stringify([HEAD, ...rows]));
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(made.files, name), content);
  return made;
}

async function cli(args: readonly string[]): Promise<{ exit: number; data: Record<string, unknown>; text: string }> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end();
  const exit = await runCli(VERBS, [...args, '--json'], { stdin, stdout, stderr, env: {} });
  const text = String(stdout.read() ?? '');
  return { exit, text, data: JSON.parse(text) as Record<string, unknown> };
}
const capture = async (box: TestBox, { catalogue, files }: Desk, ...more: readonly string[]) => cli(['capture', '--catalogue', catalogue, '--files', files, '--as', 'zhaoxiaolan', '--url', box.url, '--data', box.data, ...more]);

test('第十六条: capture takes a catalogue with its files in, in a rehearsal by the account alone; the same command again changes nothing', async (t) => {
  const box = await openTestBox(t);
  const made = await desk(t, [row(1, '一.pdf', '一附件.pdf'), row(2, '二.pdf')], { '一.pdf': await pdf('一'), '一附件.pdf': await pdf('一附件'), '二.pdf': await pdf('二'), '多余.pdf': await pdf('多余') });
  const dry = await capture(box, made, '--dry-run');
  t.like(dry, { exit: 0, data: { dryRun: true, rows: 2, files: 3, problems: [], unlisted: ['多余.pdf'] } }, dry.text);
  t.is((await box.running.box.reader.one<{ n: number }>('SELECT count(*) AS n FROM capture_batch'))?.n, 0, 'a dry run sends nothing');

  const first = await capture(box, made, '--department', 'BGS');
  t.like(first, { exit: 0, data: { resumed: false, files: { sent: 3, continued: 0, already: 0 }, matched: 2, complete: 2, written: 2, states: { arranged: 2 } } }, first.text);
  const again = await capture(box, made, '--department', 'BGS');
  t.like(again, { exit: 0, data: { batch: first.data['batch'], resumed: true, files: { sent: 0, continued: 0, already: 3 }, written: 0 } }, again.text);

  await writeFile(path.join(made.files, '二.pdf'), await pdf('二的另一版'));
  t.like(await capture(box, made, '--department', 'BGS'), { exit: 3, data: { code: 'E_NAME_COLLISION' } });
});

test('第十六、十七条: one bad row or one bad file and nothing is sent; each is named with row, column and what to do', async (t) => {
  const box = await openTestBox(t);
  const made = await desk(t, [row(1, '一.pdf'), row(2, '缺.pdf'), row(3, '坏.pdf'), [...row(4, '四.pdf').with(2, '2026年2月30日')]], { '一.pdf': await pdf('一'), '坏.pdf': Buffer.from('不是 PDF'), '四.pdf': await pdf('四') });
  const dry = await capture(box, made, '--dry-run');
  t.is(dry.exit, 1);
  const places = (dry.data['problems'] as { at: string }[]).map((one) => one.at);
  for (const place of ['第3行「文件名」', '第4行「文件名」', '第5行「日期」']) t.true(places.includes(place), `${place} in ${places.join(' ')}`);
  const real = await capture(box, made);
  t.like(real, { exit: 3, data: { code: 'E_CATALOGUE_INVALID' } }, real.text);
  t.is((await box.running.box.reader.one<{ n: number }>('SELECT count(*) AS n FROM capture_batch'))?.n, 0);
  t.like(await capture(box, { ...made, catalogue: path.join(made.root, 'none.csv') }), { exit: 2, data: { code: 'E_CLI_FILE' } });
  t.like(await capture(box, made, '--level', '核心'), { exit: 2, data: { code: 'E_CLI_USAGE' } });
  const good = await desk(t, [row(1, '一.pdf')], { '一.pdf': await pdf('一') });
  t.like(await cli(['capture', '--catalogue', good.catalogue, '--files', good.files, '--as', 'nobody', '--url', box.url, '--data', box.data]), { exit: 2, data: { code: 'E_CLI_USAGE' } });
  t.like(await cli(['capture', '--catalogue', good.catalogue, '--files', good.files, '--as', 'zhaoxiaolan', '--url', 'https://127.0.0.1:9', '--data', box.data]), { exit: 4, data: { code: 'E_BOX_UNREACHABLE' } });
});

test('断点: a run that broke in the middle of a file, and a box that stopped, go on with the same batch; no file is sent twice', async (t) => {
  const box = await openTestBox(t);
  const made = await desk(t, [row(1, 'a.pdf'), row(2, 'b.pdf'), row(3, 'c.pdf')], { 'a.pdf': await pdf('甲'), 'b.pdf': await longPdf('乙', 9_000_000), 'c.pdf': await pdf('丙') });
  const bytes = await readFile(made.catalogue);
  const pool = openPool();
  const checked = await preflight({ path: made.catalogue, bytes }, made.files, catalogueRules(loadPolicies()), pool);
  await pool.close();
  t.deepEqual(checked.problems, []);
  const client = new Client(box.url, await readFile(path.join(dataPaths(box.data).box, 'tls-cert.pem'), 'utf8'), new NodeProvider());
  const { people } = await client.get<{ people: RehearsalPerson[] }>('rehearsal.people', {});
  const person = people.find((one) => one.account === 'zhaoxiaolan');
  if (person === undefined) return t.fail();
  await client.signIn(person);
  let segments = 0;
  const breaking = Object.assign(Object.create(client) as Client, {
    put: async (act: string, input: Readonly<Record<string, string | number | boolean>>, part: Buffer) => {
      if (act === 'capture.upload' && (segments += 1) > 2) throw new Error('the line broke');
      return client.put(act, input, part);
    },
    get: client.get.bind(client), post: client.post.bind(client),
  });
  const wish = { client: breaking, checked, fonds: undefined, department: 'BGS', level: undefined, catalogue: { name: '目录.csv', bytes, sm3: createHash('sm3').update(bytes).digest('hex') }, told: () => undefined };
  await t.throwsAsync(importOffline(wish), { message: 'the line broke' });
  await box.stop();

  const again = await openTestBox(t, { data: box.data });
  const done = await capture(again, made, '--department', 'BGS');
  t.like(done, { exit: 0, data: { resumed: true, files: { sent: 1, continued: 1, already: 1 }, written: 3, states: { arranged: 3 } } }, done.text);
  t.is((await again.running.box.reader.one<{ n: number }>('SELECT count(*) AS n FROM computer_file'))?.n, 3);
  t.is((await again.running.box.reader.one<{ n: number }>('SELECT count(*) AS n FROM capture_batch'))?.n, 1);
  t.deepEqual(await readdir(dataPaths(box.data).staging), [], 'nothing half-written rests');
});
