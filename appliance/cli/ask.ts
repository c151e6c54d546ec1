import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ArchiveError } from '../../core/errors.js';
import type { Io } from './verb.js';

/** Questions on the terminal, written to standard error so that `--json` stays clean. */
export interface Asker {
  /** @param fallback taken for an empty line */
  line(question: string, fallback?: string): Promise<string>;
  /** What is typed is not shown. */
  secret(question: string): Promise<string>;
  close(): void;
}

export const onTerminal = (io: Io): boolean => (io.stdin as { isTTY?: boolean }).isTTY === true;

export function asker(io: Io): Asker {
  let muted = false;
  const output = new Writable({
    write(part: Buffer, _encoding, done) {
      if (!muted) io.stderr.write(part);
      done();
    },
  });
  const lines = createInterface({ input: io.stdin, output, terminal: onTerminal(io) });
  const came: string[] = [];
  const waiting: { resolve: (line: string) => void; reject: (cause: Error) => void }[] = [];
  let ended = false;
  const noMore = (): ArchiveError => new ArchiveError('E_CLI_USAGE', {}, [{ at: 'stdin', message: '输入已结束，请在终端上运行，或用选项和环境变量给出' }]);
  lines.on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) came.push(line);
    else next.resolve(line);
  });
  lines.on('close', () => {
    ended = true;
    for (const one of waiting.splice(0)) one.reject(noMore());
  });
  const next = async (): Promise<string> => {
    const line = came.shift();
    if (line !== undefined) return line;
    if (ended) throw noMore();
    return new Promise((resolve, reject) => { waiting.push({ resolve, reject }); });
  };
  return {
    async line(question, fallback) {
      io.stderr.write(`${question}${fallback === undefined ? '' : `（默认 ${fallback}）`}：`);
      const answer = (await next()).trim();
      return answer === '' && fallback !== undefined ? fallback : answer;
    },
    async secret(question) {
      io.stderr.write(`${question}：`);
      muted = true;
      try {
        return await next();
      } finally {
        muted = false;
        io.stderr.write('\n');
      }
    },
    close: () => { lines.close(); },
  };
}

/** A PIN or password: from the named environment variable, else typed. @throws ArchiveError `E_CLI_USAGE` where there is neither */
export async function secretFrom(io: Io, variable: string, question: string): Promise<string> {
  const given = io.env[variable];
  if (given !== undefined && given !== '') return given;
  if (!onTerminal(io)) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: variable, message: '请在终端上输入，或设置该环境变量' }]);
  const ask = asker(io);
  try {
    return await ask.secret(question);
  } finally {
    ask.close();
  }
}
