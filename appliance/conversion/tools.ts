import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import { DISC, memoryOf } from '../outputs/disc.js';

/** A program of the machine that the box hands files to. */
export interface ToolState {
  readonly key: 'libreoffice' | 'tesseract';
  readonly name: string;
  readonly state: 'ready' | 'not-installed' | 'no-memory-folder' | 'language-missing';
  /** As the program tells it; empty where there is none. */
  readonly version: string;
}

export interface Limits { readonly seconds: number; readonly memoryMebibytes: number }
export interface Ran { readonly code: number | null; readonly output: string; readonly death: 'time' | null }

/** Nothing of the box's own surroundings is handed on. */
const PLAIN = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };
const PREFIX = 'shouzang-convert-';
const MOST_OUTPUT = 65_536;
const LOOK_SECONDS = 30;

const mine = (box: string): string => `${PREFIX}${box.replace(/[^A-Za-z0-9]/gu, '').slice(0, 24)}-`;

/**
 * A program with a folder in memory and nothing else of its own: no environment, no core dump, limits on memory and processor time, no
 * network where the kernel lets the box cut it off. Killed with all its children when its time is over.
 */
export async function runTool(program: string, args: readonly string[], folder: string, { seconds, memoryMebibytes }: Limits, signal?: AbortSignal): Promise<Ran> {
  const limited = `umask 077; ulimit -c 0; ulimit -t ${String(seconds)}; ulimit -v ${String(memoryMebibytes * 1024)}; exec "$0" "$@"`;
  const cut = await offline();
  const [command, rest] = cut ? ['unshare', ['--user', '--map-root-user', '--net', '/bin/sh', '-c', limited, program, ...args]] : ['/bin/sh', ['-c', limited, program, ...args]];
  return run(command as string, rest as string[], folder, seconds, signal);
}

async function run(command: string, args: readonly string[], folder: string, seconds: number, signal?: AbortSignal): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { cwd: folder, env: { ...PLAIN, HOME: folder, TMPDIR: folder, OMP_THREAD_LIMIT: '1' }, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    let output = '';
    let death: Ran['death'] = null;
    const kill = (): void => {
      death = 'time';
      if (child.pid !== undefined) try { process.kill(-child.pid, 'SIGKILL'); } catch { /* It had ended by itself. */ }
    };
    const timer = setTimeout(kill, seconds * 1000);
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted === true) kill();
    const end = (code: number | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      resolve({ code, output, death });
    };
    child.stdout.on('data', (part: Buffer) => { if (output.length < MOST_OUTPUT) output += part.toString('utf8'); });
    child.on('error', () => { end(null); });
    child.on('close', end);
  });
}

let cutOff: Promise<boolean> | undefined;
/** Whether the kernel gives the box a network name space with nothing in it. */
async function offline(): Promise<boolean> {
  cutOff ??= run('unshare', ['--user', '--map-root-user', '--net', '/bin/true'], '/', LOOK_SECONDS).then(({ code }) => code === 0);
  return cutOff;
}

/**
 * Work in a folder whose contents never reach a disk, gone afterwards whatever happened.
 * @throws ArchiveError `E_CONVERSION_TOOL` without a memory file system, or without room in it
 */
export async function inMemory<T>(box: string, bytes: number, work: (folder: string) => Promise<T>, memory: string = DISC.memory): Promise<T> {
  const real = await memoryOf({ memory });
  if (real === null) throw new ArchiveError('E_CONVERSION_TOOL', { why: 'no-memory-folder' });
  const { bavail, bsize } = await statfs(real);
  if (bavail * bsize < bytes) throw new ArchiveError('E_CONVERSION_TOOL', { why: 'no-room' });
  const folder = await mkdtemp(path.join(real, mine(box)));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a kill left behind, at the start. */
export async function sweepMemory(box: string, memory: string = DISC.memory): Promise<void> {
  for (const name of await readdir(memory).catch(() => [])) if (name.startsWith(mine(box))) await rm(path.join(memory, name), { recursive: true, force: true });
}

const NAMES = { libreoffice: 'LibreOffice', tesseract: 'Tesseract OCR' } as const;
const LOOK: Limits = { seconds: LOOK_SECONDS, memoryMebibytes: 4096 };

/** What is installed changes seldom, and asking starts a program. */
const KNOWN_MS = 60_000;
const known = new Map<string, { readonly at: number; readonly state: Promise<ToolState> }>();
function look(key: ToolState['key'], program: string, args: readonly string[], fits: (output: string) => boolean, memory: string, asked = ''): Promise<ToolState> {
  const name = `${key} ${memory} ${asked}`;
  const before = known.get(name);
  if (before !== undefined && performance.now() - before.at < KNOWN_MS) return before.state;
  const state = lookNow(key, program, args, fits, memory);
  known.set(name, { at: performance.now(), state });
  return state;
}

async function lookNow(key: ToolState['key'], program: string, args: readonly string[], fits: (output: string) => boolean, memory: string): Promise<ToolState> {
  const name = NAMES[key];
  if (await memoryOf({ memory }) === null) return { key, name, state: 'no-memory-folder', version: '' };
  const ran = await run(program, args, '/', LOOK.seconds);
  if (ran.code !== 0) return { key, name, state: 'not-installed', version: '' };
  const version = (await run(program, ['--version'], '/', LOOK.seconds)).output.split('\n')[0]?.trim().slice(0, 60) ?? '';
  return { key, name, state: fits(ran.output) ? 'ready' : 'language-missing', version };
}

/** Whether office documents can be converted here. */
export const libreOffice = async (memory: string = DISC.memory): Promise<ToolState> => look('libreoffice', 'soffice', ['--version'], () => true, memory);

/** Whether scans can be recognised here, in all the languages asked for. */
export async function tesseract(languages: readonly string[], memory: string = DISC.memory): Promise<ToolState> {
  return look('tesseract', 'tesseract', ['--list-langs'], (output) => { const there = new Set(output.split('\n').map((line) => line.trim())); return languages.every((one) => there.has(one)); }, memory, languages.join('+'));
}
