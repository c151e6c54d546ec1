import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface TreeUse {
  readonly seconds: number;
  /** Resident memory of the process and all it started, summed at the fullest moment seen; pages shared between them count twice. */
  readonly peakBytes: number;
  readonly code: number | null;
}

const PAGE_BYTES = 4096;

/** Resident bytes of `root` and everything below it, from /proc. */
function residentBytes(root: number): number {
  const below = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/u.test(name)) continue;
    try {
      // The name of the program may hold blanks and brackets: what is wanted stands after the last one.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /u, '').split(' ');
      below.set(Number(fields[1]), [...below.get(Number(fields[1])) ?? [], Number(name)]);
      resident.set(Number(name), Number(fields[21]) * PAGE_BYTES);
    } catch {
      // It ended between being listed and being read.
    }
  }
  let sum = 0;
  const open = [root];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    sum += resident.get(one) ?? 0;
    open.push(...below.get(one) ?? []);
  }
  return sum;
}

/** Runs a program to its end, or to `limitSeconds`, and watches what it and its children hold. Linux. */
export async function watchTree(command: string, args: readonly string[], limitSeconds: number): Promise<TreeUse> {
  const begin = performance.now();
  const child = spawn(command, [...args], { stdio: 'ignore' });
  let peakBytes = 0;
  const look = setInterval(() => { if (child.pid !== undefined) peakBytes = Math.max(peakBytes, residentBytes(child.pid)); }, 10);
  const limit = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1000);
  const code = await new Promise<number | null>((resolve, reject) => { child.on('error', reject); child.on('close', resolve); });
  clearInterval(look);
  clearTimeout(limit);
  return { seconds: (performance.now() - begin) / 1000, peakBytes, code };
}
