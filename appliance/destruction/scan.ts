import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Which of the patterns lie anywhere in the raw files; a file that is not there holds none. Patterns of three bytes at least. */
export async function scanFiles(files: readonly string[], patterns: readonly Uint8Array[]): Promise<readonly number[]> {
  if (patterns.length === 0) return [];
  const child = spawn(process.execPath, [fileURLToPath(new URL('./scan-process.js', import.meta.url))], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
  const ended = new Promise<number | null>((resolve, reject) => { child.once('error', reject); child.once('close', resolve); });
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify({ files, patterns: patterns.map((one) => Buffer.from(one).toString('hex')) }));
  const [answer, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error('the raw files could not be looked through');
  return JSON.parse(answer) as number[];
}
