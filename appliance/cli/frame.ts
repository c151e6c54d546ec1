import { Command, CommanderError } from 'commander';
import { ArchiveError, outward, type OutwardError } from '../../core/errors.js';
import { packageVersion } from '../package-root.js';
import { EXIT, exitOf, type Exit, type Io, type Verb } from './verb.js';

/** 帮助页的小标题, both languages. */
const TITLES: Readonly<Record<string, string>> = {
  'Usage:': '用法 Usage:',
  'Arguments:': '参数 Arguments:',
  'Options:': '选项 Options:',
  'Commands:': '命令 Commands:',
};

/** RFC 9457 problem, the same shape as over HTTP. */
type Problem = { readonly type: 'about:blank'; readonly title: string; readonly detail: string } & Omit<OutwardError, 'message'>;

export function buildProgram(verbs: readonly Verb[], io: Io): Command {
  const program = new Command('shouzang')
    .description('守藏：离线档案与涉密电子文件管理一体机\nAn air-gapped appliance that keeps classified and ordinary electronic records')
    .version(packageVersion(), '-V, --version', '显示版本 / show the version')
    .option('--json', '输出 JSON / print JSON')
    .addHelpText('after', '\n退出码 Exit codes: 0 正常 good · 1 有发现 finding · 2 用法错误 usage · 3 被拒绝 refused · 4 故障 broken');
  dress(program, io);
  for (const verb of verbs) verb.register(program, io);
  dressAll(program, io);
  return program;
}

/** commander copies settings to a subcommand only when it is made, so they are given again to whatever the verbs added. */
function dressAll(command: Command, io: Io): void {
  if (command.commands.length > 0) command.helpCommand('help [command]', '显示某个命令的帮助\nhelp for one command');
  for (const child of command.commands) {
    dress(child, io);
    dressAll(child, io);
  }
}

function dress(command: Command, io: Io): void {
  command
    .exitOverride()
    .helpOption('-h, --help', '显示帮助 / show this help')
    .configureHelp({
      styleTitle: (title) => TITLES[title] ?? title,
      subcommandDescription: (child) => child.description().replace('\n', ' / '),
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => undefined,
    });
}

/**
 * Runs one command line, program name left out.
 * @returns the exit code; nothing is thrown. Problems go to standard error, as JSON to standard output under `--json`.
 */
export async function runCli(verbs: readonly Verb[], args: readonly string[], io: Io): Promise<Exit> {
  const asJson = args.includes('--json');
  try {
    await buildProgram(verbs, io).parseAsync([...args], { from: 'user' });
    return exitOf(io);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.good;
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage;
    const [problem, exit] = explain(error);
    if (asJson) io.stdout.write(`${JSON.stringify(problem, null, 2)}\n`);
    else io.stderr.write(inWords(problem));
    if (exit === EXIT.broken && io.env['SHOUZANG_DEBUG'] === '1') io.stderr.write(`${error instanceof Error ? (error.stack ?? '') : ''}\n`);
    return exit;
  }
}

function explain(error: unknown): [Problem, Exit] {
  const known = asArchiveError(error);
  const { message, ...rest } = outward(known);
  const problem: Problem = { type: 'about:blank', title: message, detail: message, ...rest };
  if (rest.code === 'E_CLI_USAGE' || rest.code === 'E_CLI_FILE') return [problem, EXIT.usage];
  return [problem, rest.status >= 500 ? EXIT.broken : EXIT.refused];
}

const PATH_FAULTS = new Set(['ENOENT', 'EISDIR', 'ENOTDIR', 'EACCES', 'EEXIST']);

function asArchiveError(error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  if (error instanceof CommanderError) return new ArchiveError('E_CLI_USAGE', {}, [{ at: 'argv', message: error.message.replace(/^error: /, '') }]);
  const code = systemCode(error);
  if (code !== null && PATH_FAULTS.has(code)) return new ArchiveError('E_CLI_FILE', {}, [{ at: 'path', message: `${code} ${systemPath(error)}` }]);
  return new ArchiveError('E_INTERNAL', {}, code === null ? [] : [{ at: 'system', message: code }]);
}

function inWords(problem: Problem): string {
  return [`${problem.code} ${problem.detail}`, ...problem.details.map((one) => `  ${one.at}：${one.message}`), ''].join('\n');
}

function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function systemPath(error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : '';
}
