import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';

/** 退出码, the same for every verb: scripts branch on them, so they never change. */
export const EXIT = {
  /** 正常 */
  good: 0,
  /** 有发现: the verb worked and found something wrong (a rejected file, a broken chain). */
  finding: 1,
  /** 用法错误 */
  usage: 2,
  /** 被拒绝: a rule refused the act. */
  refused: 3,
  /** 故障 */
  broken: 4,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** The world as a verb sees it; tests hand in their own. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a verb hands back; `io.stdout` is written by the frame, so that `--json` is the same everywhere. */
export interface Outcome {
  readonly exit: Exit;
  /** Printed as one JSON document under `--json`. */
  readonly data: unknown;
  /** Lines for a person, Chinese, printed without `--json`. */
  readonly lines: readonly string[];
}

/** One verb or one family of verbs (`audit export`, `audit verify`): one file in this folder. */
export interface Verb {
  register(program: Command, io: Io): void;
}

/**
 * Adds a verb with help in both languages and `--json`.
 * @param signature as commander writes it: `sm3 <file>`, `inspect <path...>`
 */
export function addVerb(parent: Command, signature: string, chinese: string, english: string): Command {
  return parent.command(signature).description(`${chinese}\n${english}`).option('--json', '输出 JSON / print JSON');
}

/** Adds a family: `const audit = addFamily(program, 'audit', '审计日志', 'audit ledger')`, then `addVerb(audit, …)`. */
export function addFamily(parent: Command, name: string, chinese: string, english: string): Command {
  return parent.command(name).description(`${chinese}\n${english}`);
}

/**
 * Runs the verb's work and prints its outcome. `Options` is what the verb declared with `.option`; arguments come first.
 * Import heavy modules inside `work`, so that `--help` and the small verbs stay quick.
 */
export function action<Options extends object>(
  command: Command,
  io: Io,
  work: (args: readonly string[], options: Options) => Promise<Outcome>,
): void {
  command.action(async () => {
    const outcome = await work(command.processedArgs.flat().filter((one): one is string => typeof one === 'string'), command.opts<Options>());
    if (command.optsWithGlobals<{ json?: boolean }>().json === true) io.stdout.write(`${JSON.stringify(outcome.data, null, 2)}\n`);
    else if (outcome.lines.length > 0) io.stdout.write(`${outcome.lines.join('\n')}\n`);
    exits.set(io, outcome.exit);
  });
}

const exits = new WeakMap<Io, Exit>();

/** The exit of the verb that ran last with this `io`; good when none ran (help, version). */
export function exitOf(io: Io): Exit {
  return exits.get(io) ?? EXIT.good;
}
