import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { ArchiveError } from '../../core/errors.js';
import { fileSystemOf } from '../backup/targets.js';

/** Where an image is put together, and by what. */
export interface DiscTools {
  /** A folder whose contents never reach a disk. */
  readonly memory: string;
  readonly xorriso: string;
  /** In the names of staging folders, so that a start sweeps only its own. */
  readonly box: string;
}

/** Nothing of the box's own surroundings is handed on. */
const PLAIN = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
/** What a Linux machine has. */
export const DISC = { memory: '/dev/shm', xorriso: 'xorriso' } as const;
const PREFIX = 'shouzang-output-';
const mine = (box: string): string => `${PREFIX}${box.replace(/[^A-Za-z0-9]/gu, '').slice(0, 24)}-`;

/**
 * A staging folder in memory, with room for what is to lie in it.
 * @throws ArchiveError `E_OUTPUT_TOOL` where there is no memory file system or no xorriso, `E_OUTPUT_TOO_LARGE` where there is no room
 */
export async function stagingFolder(tools: DiscTools, bytes: number): Promise<string> {
  const memory = await memoryOf(tools);
  if (memory === null) throw new ArchiveError('E_OUTPUT_TOOL', { why: 'memory' });
  if (!(await runs(tools.xorriso))) throw new ArchiveError('E_OUTPUT_TOOL', { why: 'xorriso' });
  const free = await freeIn(memory);
  if (free < bytes) throw new ArchiveError('E_OUTPUT_TOO_LARGE', { limit: free, why: 'memory' });
  return mkdtemp(path.join(memory, mine(tools.box)));
}

/** The folder in memory, links followed; null where it lies on a disk. */
export async function memoryOf(tools: Pick<DiscTools, 'memory'>): Promise<string | null> {
  const memory = await realpath(tools.memory).catch(() => null);
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return memory !== null && ['tmpfs', 'ramfs'].includes(fileSystemOf(memory, mounts) ?? '') ? memory : null;
}
const freeIn = async (folder: string): Promise<number> => statfs(folder).then(({ bavail, bsize }) => bavail * bsize);

/** Whether discs can be made here, and of how many bytes; for the check of the environment. */
export async function discRoom(tools: Omit<DiscTools, 'box'> = DISC): Promise<{ readonly able: boolean; readonly bytes: number }> {
  const memory = await memoryOf(tools);
  return { able: memory !== null && await runs(tools.xorriso), bytes: memory === null ? 0 : await freeIn(memory) };
}

const runs = async (program: string): Promise<boolean> => new Promise((resolve) => {
  const child = spawn(program, ['-version'], { stdio: 'ignore', env: PLAIN });
  child.on('error', () => { resolve(false); });
  child.on('exit', (code) => { resolve(code === 0); });
});

/** What a kill left behind, at the start. */
export async function sweepStaging(tools: DiscTools): Promise<void> {
  for (const name of await readdir(tools.memory).catch(() => [])) if (name.startsWith(mine(tools.box))) await rm(path.join(tools.memory, name), { recursive: true, force: true });
}

/**
 * The folder as an ISO 9660 image with Rock Ridge and Joliet names, streamed; the folder is gone when the stream ends, however it ends.
 * @param volume 卷标, at most 32 of A–Z 0–9 and dash
 */
export function isoImage(tools: DiscTools, folder: string, volume: string): Readable {
  const child = spawn(tools.xorriso, ['-as', 'mkisofs', '-quiet', '-R', '-J', '-joliet-long', '-input-charset', 'utf-8', '-V', volume, '-o', '-', folder], { stdio: ['ignore', 'pipe', 'ignore'], env: PLAIN });
  const gone = (): void => { void rm(folder, { recursive: true, force: true }); };
  const image = child.stdout;
  child.on('error', (error) => { gone(); image.destroy(error); });
  child.on('close', (code) => { gone(); if (code !== 0) image.destroy(new ArchiveError('E_OUTPUT_TOOL', { why: 'failed' })); });
  image.on('close', () => { if (child.exitCode === null) child.kill(); gone(); });
  return image;
}
