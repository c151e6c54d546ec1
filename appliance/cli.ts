import { runCli } from './cli/frame.js';
import { VERBS } from './cli/verbs.js';

/** `npx shouzang …`: `args` is the command line without node and the script. */
export async function main(args: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.exitCode = await runCli(VERBS, args, { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env });
}
