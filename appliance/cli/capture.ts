/** `capture`: a catalogue and a folder of files, checked as a whole first, then taken in through the door of the running box. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import type { Preflight } from '../capture/preflight.js';
import { answered, PIN_ENV, signedIn, withRemote, type PersonOptions } from './remote.js';
import { action, addVerb, EXIT, type Io, type Outcome, type Verb } from './verb.js';

const LEVELS: readonly string[] = ['公开', '内部', '秘密', '机密', '绝密'];
const SHOWN = 50;

interface CaptureOptions extends Omit<PersonOptions, 'as'> {
  readonly catalogue?: string;
  readonly files?: string;
  readonly package?: string;
  readonly reason?: string;
  readonly as?: string;
  readonly fonds?: string;
  readonly department?: string;
  readonly level?: string;
  readonly dryRun?: boolean;
}

export const captureVerb: Verb = {
  register(program, io) {
    const command = withRemote(addVerb(program, 'capture', '离线导入：目录（XLSX、CSV、JSON Lines）连同文件，或整个数据包；先试行，全有或全无，中断后可续', 'offline import of a catalogue with its files, or of a whole package: dry run first, all or nothing, resumable'))
      .option('--catalogue <file>', '归档目录，与 --files 同用 / the catalogue, with --files')
      .option('--files <dir>', '文件所在的文件夹 / folder of the files')
      .option('--package <path>', '数据包：归档信息包、BagIt、带目录的文件夹或其 ZIP，电子文件封装包 XML / a whole package')
      .option('--reason <text>', '离线原因，导入数据包时必填 / why it comes offline, with --package')
      .option('--dry-run', '只试行：核对目录与文件并检测，不连接服务 / check only, without a box')
      .option('--as <account>', '以哪个账号办理 / account to sign in with')
      .option('--key <file>', '密钥文件；演练环境自动取得 / key file; a rehearsal finds it by itself')
      .option(...PIN_ENV)
      .option('--password-env <var>', '存放口令的环境变量 / environment variable with the password', 'SHOUZANG_PASSWORD')
      .option('--fonds <code>', '全宗号，默认取目录或本机唯一的全宗 / fonds')
      .option('--department <code>', '形成部门，默认本人部门 / department')
      .option('--level <level>', '密级（0–4 或 公开、内部、秘密、机密、绝密），默认取目录，再取会话密级 / level');
    action<CaptureOptions>(command, io, async (_args, options) => {
      const level = levelOf(options.level);
      if (options.package !== undefined) return (await import('./capture-package.js')).capturePackage(io, { ...options, package: options.package }, level);
      const { catalogue, files } = options;
      if (catalogue === undefined || files === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--catalogue', message: '请指定目录与文件夹（--catalogue、--files），或整个数据包（--package）' }]);
      const bytes = await readFile(catalogue);
      const checked = await check({ catalogue, files }, bytes);
      const summary = { rows: checked.reading.rowsRead, files: checked.files.length, problems: checked.problems, notices: checked.reading.notices, unlisted: checked.unlisted };
      const lines = [
        `目录 ${String(summary.rows)} 行，文件 ${String(summary.files)} 个，提示 ${String(summary.notices.length)} 处，目录未列的文件 ${String(summary.unlisted.length)} 个`,
        ...summary.problems.slice(0, SHOWN).map(({ at, message }) => `  ${at}：${message}`), ...(summary.problems.length > SHOWN ? [`  其余 ${String(summary.problems.length - SHOWN)} 处略`] : []),
      ];
      if (options.dryRun === true) {
        const good = summary.problems.length === 0;
        return { exit: good ? EXIT.good : EXIT.finding, data: { dryRun: true, ...summary }, lines: [...lines, good ? '试行通过，可以导入' : `有 ${String(summary.problems.length)} 处问题，未导入`] };
      }
      if (summary.problems.length > 0) throw new ArchiveError('E_CATALOGUE_INVALID', { problems: summary.problems.length }, summary.problems.slice(0, 500));
      return send(io, { ...options, catalogue }, level, bytes, checked, lines);
    });
  },
};

async function check(options: { readonly catalogue: string; readonly files: string }, bytes: Buffer): Promise<Preflight> {
  const [{ preflight }, { catalogueRules }, { loadPolicies }, { openPool }] = await Promise.all([import('../capture/preflight.js'), import('../capture/intake.js'), import('../policies.js'), import('../inspection/pool.js')]);
  const pool = openPool();
  try {
    return await preflight({ path: options.catalogue, bytes }, options.files, catalogueRules(loadPolicies()), pool);
  } finally {
    await pool.close();
  }
}

async function send(io: Io, options: CaptureOptions & { readonly catalogue: string }, level: Level | undefined, bytes: Buffer, checked: Preflight, lines: readonly string[]): Promise<Outcome> {
  if (options.as === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--as', message: '请指定以哪个账号办理，或加 --dry-run 只试行' }]);
  const { importOffline } = await import('../capture/offline-import.js');
  const { client } = await signedIn(io, { ...options, as: options.as });
  const done = await answered(async () => importOffline({
    client, checked, level, fonds: options.fonds, department: options.department,
    catalogue: { name: path.basename(options.catalogue), bytes, sm3: createHash('sm3').update(bytes).digest('hex') },
    told: (count, of) => { if (count === of || count % 100 === 0) io.stderr.write(`已收到 ${String(count)}/${String(of)}\n`); },
  }));
  await client.post('session.sign-out', {});
  const { sent, continued, already } = done.files;
  return {
    exit: EXIT.good, data: { dryRun: false, ...done, notices: checked.reading.notices, unlisted: checked.unlisted },
    lines: [
      ...lines, `批次 ${done.number}${done.resumed ? '（续办）' : ''}：新传 ${String(sent)}，续传 ${String(continued)}，已在 ${String(already)}`,
      `写入著录 ${String(done.written)} 件，其中可归档 ${String(done.complete)} 件；件的状态：${Object.entries(done.states).map(([state, count]) => `${state} ${String(count)}`).join('，')}`,
    ],
  };
}

function levelOf(text: string | undefined): Level | undefined {
  if (text === undefined) return undefined;
  const found = LEVELS.findIndex((name, rank) => text === name || text === String(rank));
  if (found < 0) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--level', message: `只能填 0 至 4 或 ${LEVELS.join('、')}` }]);
  return found as Level;
}
