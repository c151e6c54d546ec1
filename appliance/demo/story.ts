import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../clock.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { inPackage } from '../package-root.js';
import { Client, Refused, type RehearsalPerson } from '../remote/client.js';
import { startBox, type BoxProcess } from './box-process.js';
import { handOver } from './handover.js';
import { arrange, file, send, type Uploaded } from './intake.js';
import { importPackages } from './importing.js';
import { mark } from './marking.js';
import { sampleFiles } from './sample-files.js';
import { handInOnline, reviseTable } from './systems.js';

/** One step of the rehearsal, as it is told and as it is counted. */
export interface Step {
  readonly step: string;
  readonly title: string;
  readonly ok: boolean;
  readonly milliseconds: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface StoryOptions {
  /** Where the box keeps its data; must not exist yet. */
  readonly data: string;
  /** Where what people take away is left: pages, exports. */
  readonly out: string;
  readonly crypto: CryptoProvider;
  /** 年度 of the sample files. */
  readonly year: number;
  told(step: Step): void;
}


/** 演练全程: the life of records through the HTTP API, as the people of a unit would lead it. */
export async function tellStory(options: StoryOptions): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const step = async <T extends Readonly<Record<string, unknown>>>(name: string, title: string, work: () => Promise<T>): Promise<T> => {
    const begin = performance.now();
    try {
      const facts = await work();
      steps.push({ step: name, title, ok: true, milliseconds: Math.round(performance.now() - begin), facts: shown(facts) });
      return facts;
    } catch (error) {
      const reason = error instanceof Refused ? { code: error.code, status: error.status, act: error.act, details: error.details } : { message: error instanceof Error ? error.message : String(error) };
      steps.push({ step: name, title, ok: false, milliseconds: Math.round(performance.now() - begin), facts: reason });
      throw error;
    } finally {
      const last = steps.at(-1);
      if (last !== undefined) options.told(last);
    }
  };

  await mkdir(options.out, { recursive: true });
  let box: BoxProcess | undefined;
  let archive: BoxProcess | undefined;
  try {
    const started = await step('start', '启动演练环境', async () => ({ box: await startBox(options.data) }));
    box = started.box;
    await chapters(options, box, step);
    const second = await step('archive', '启动档案馆的第二台：另一个端口，另一套密钥', async () => ({ box: await startBox(`${options.data}-archive`, 0, 'repository') }));
    archive = second.box;
    await handOver({ unit: box, archive, crypto: options.crypto, folder: path.join(options.out, '移交接收'), today: systemClock().today(), step });
    await archive.stop();
    archive = undefined;
    const stopping = box;
    box = undefined;
    await step('stop', '停机：办完手头的事再退出', async () => {
      const exit = await stopping.stop();
      if (exit !== 0) throw new Error(`exit ${String(exit)}`);
      return { exit };
    });
  } finally {
    await archive?.kill();
    await box?.kill();
  }
  return steps;
}

type Tell = <T extends Readonly<Record<string, unknown>>>(name: string, title: string, work: () => Promise<T>) => Promise<T>;

async function chapters(options: StoryOptions, box: BoxProcess, step: Tell): Promise<void> {
  const { crypto, out, year } = options;
  const visitor = new Client(box.url, box.certificate, crypto);
  const { people } = await visitor.get<{ people: readonly RehearsalPerson[] }>('rehearsal.people', {});
  const as = async (account: string): Promise<Client> => {
    const person = people.find((one) => one.account === account);
    if (person === undefined) throw new Error(`no rehearsal person ${account}`);
    const client = new Client(box.url, box.certificate, crypto);
    await client.signIn(person);
    return client;
  };

  const { archivist, reader, auditor, proposer, authority, custodian } = await step('sign-in', '档案员、利用者、安全审计员、承办人、定密责任人用密钥文件登录', async () => ({
    archivist: await as('zhaoxiaolan'), reader: await as('linxiao'), auditor: await as('hejingyi'),
    proposer: await as('liusiyuan'), authority: await as('lijianguo'), custodian: await as('yangjing'), people: people.length,
  }));
  const files = await sampleFiles(year);
  const { batch } = await step('capture', `收集：新建批次，上传 ${files.length} 个真实文件`, async () => {
    const opened = await archivist.post<{ batch: string; number: string }>('capture.open', { fonds: 'Z109', department: 'BGS', method: 'offline_upload', offlineReason: '演练' });
    return { batch: opened.batch, number: opened.number };
  });
  const { taken } = await step('inspect', '四性检测：随到随检，合格的收下，不合格的退回并说明原因', async () => {
    const uploads: Uploaded[] = [];
    for (const sample of files) uploads.push(await send(archivist, batch, sample));
    const wrong = uploads.filter(({ sample, verdict }) => sample.expected !== verdict);
    if (wrong.length > 0) throw new Error(`judged wrongly: ${wrong.map(({ sample, verdict, codes }) => `${sample.name} ${verdict} ${codes.join(' ')}`).join('; ')}`);
    return { taken: uploads, files: uploads.map(({ sample, verdict, codes }) => ({ name: sample.name, verdict, codes })) };
  });
  await step('arrange', '整理编目：著录、保管期限、机构，预览档号', async () => arrange(archivist, batch, taken, year));
  const { filed, reportNo } = await step('file', '清点归档：申报件数、核对、给定档号、入库', async () => file(archivist, batch));
  const [first] = files;
  if (first === undefined) throw new Error('no files');
  const marked = await step('mark', '定密：承办人拟定、定密责任人签发，两人各自签名', async () => mark(proposer, authority, custodian, first, year));
  await step('search', '检索：两个字即可查到', async () => {
    const found = await archivist.get<{ total: number; rows: readonly { archivalCode: string }[] }>('record.search', { q: '防汛' });
    if (found.total < 1) throw new Error('nothing found');
    return { total: found.total, codes: found.rows.map(({ archivalCode }) => archivalCode) };
  });
  await step('read', '阅览：带水印的页面图像', async () => {
    const shown = await archivist.get<{ files: readonly { id: string }[] }>('record.show', { record: filed[0]?.record ?? '' });
    const page = await archivist.bytes('record.read', { file: shown.files[0]?.id ?? '', page: 1, width: 900 });
    await writeFile(path.join(out, '阅览-第1页.png'), page);
    return { bytes: page.length };
  });
  await step('hide', '越权与不存在：回答完全相同', async () => {
    const [hidden, missing] = [await reader.raw('GET', 'record.show', { record: marked.record }), await reader.raw('GET', 'record.show', { record: '00000000-0000-4000-8000-000000000000' })];
    const bare = ({ body }: { body: object }): string => JSON.stringify({ ...body, traceId: '' });
    if (hidden.status !== 404 || bare(hidden) !== bare(missing)) throw new Error('a hidden record is told apart from a missing one');
    return { status: hidden.status };
  });
  const today = systemClock().today();
  await step('online', '在线归档：来源系统登记、核定、试报、测试，签名报送，同一件只得一份回执', async () => handInOnline(crypto, { sysadmin: await as('sunhao'), secadmin: await as('chenlixin'), archivist, handler: await as('duanwen'), wire: visitor }, first, today, year));
  await step('import', '离线导入：数据包整包核对后收入，越界的包按条目拒收，不留任何内容', async () => importPackages(archivist, files, year));
  await step('tables', '三表：修订保管期限表，对照、试算，登记审核文号，定日生效', async () => reviseTable(archivist, await as('wangzhenhua'), today));
  await step('audit', '审计：签发检查点、校验全链、导出', async () => {
    await auditor.post('audit.checkpoint', {});
    const verdict = await auditor.post<{ entries: number; faults: readonly unknown[] }>('audit.verify', {});
    if (verdict.faults.length > 0) throw new Error('the ledger does not verify');
    const exported = await auditor.bytes('audit.export', {});
    await writeFile(path.join(out, '审计日志导出.jsonl'), exported);
    return { entries: verdict.entries, exportBytes: exported.length };
  });
  await step('report', '报表：四性检测报告，PDF、数据与签名成套', async () => {
    const made = await archivist.post<{ report: string; number: string }>('report.create', { kind: 'R08', reportNo });
    const set = await archivist.bytes('report.read', { report: made.report, format: 'zip' });
    await writeFile(path.join(out, '四性检测报告.zip'), set);
    await writeFile(path.join(out, '四性检测报告.pdf'), await archivist.bytes('report.read', { report: made.report, format: 'pdf' }));
    return { number: made.number, bytes: set.length };
  });
  await step('verify', '验真：不靠本机核对报表；改一个字节即被发现', async () => {
    const set = path.join(out, '四性检测报告.zip');
    const spoilt = path.join(out, '四性检测报告-改动.zip');
    const [whole, changed] = [await exitOf('verify', set), await exitOfChanged(set, spoilt)];
    if (whole !== 0 || changed === 0) throw new Error(`verify exits ${String(whole)} and ${String(changed)}`);
    return { whole, changed };
  });
  await step('grep', '落盘无明文：在数据目录里找不到任何题名', async () => {
    const words = files.filter(({ expected }) => expected === 'accept').flatMap(({ title, name }) => [title, name]);
    const found = await grep(box.data, words);
    if (found.length > 0) throw new Error(`found in ${found.join(', ')}`);
    return { words: words.length, places: found.length };
  });
}

/** Files below the folder that hold one of the words, as UTF-8 or UTF-16; key files of the rehearsal people are public. */
async function grep(folder: string, words: readonly string[]): Promise<readonly string[]> {
  const needles = words.flatMap((word) => [Buffer.from(word, 'utf8'), Buffer.from(word, 'utf16le')]);
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(path.join(entry.parentPath, entry.name));
    if (needles.some((needle) => bytes.includes(needle)) || words.some((word) => entry.name.includes(word))) found.push(entry.name);
  }
  return found;
}

/** Runs a verb of the command line in a process of its own. */
async function exitOf(...args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [inPackage('appliance', 'shouzang.mjs'), ...args], { stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

/** The same set with one byte in its middle turned over. */
async function exitOfChanged(set: string, copy: string): Promise<number | null> {
  const bytes = await readFile(set);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  await writeFile(copy, bytes);
  const exit = await exitOf('verify', copy);
  await rm(copy);
  return exit;
}

/** What can be printed: sessions and processes are left out. */
function shown(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).filter(([name, value]) => !(value instanceof Client) && name !== 'box' && name !== 'taken'));
}
