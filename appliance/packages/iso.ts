/**
 * 光盘映像: ISO 9660 level 3 with Rock Ridge and Joliet, made and read by xorriso where it is installed. Written with checksums of its own, read
 * back and compared (写后校验), and with its SM3 in a file beside it.
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, lstat, open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import { exists, makeFolder, moveFile, removeFile, removeFolder, replaceFile } from '../content/file-ops.js';
import { hexOf } from '../content/seal-keys.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { isTaken } from './store.js';

const PROGRAM = 'xorriso';
/** Nothing of the caller's, no start-up file, file names in UTF-8 whatever the locale. */
const QUIET = ['-no_rc', '-abort_on', 'FAILURE', '-charset', 'UTF-8', '-report_about', 'SORRY'];
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' };

export interface IsoImage { readonly path: string; readonly bytes: number; readonly sm3: string }

/** @returns exit status; null when the program is not there. What it says may hold names and goes nowhere. */
async function run(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(PROGRAM, [...QUIET, ...args], { stdio: 'ignore', env: ENVIRONMENT });
    child.once('error', () => { resolve(null); });
    child.once('close', (code) => { resolve(code ?? 1); });
  });
}

async function must(args: readonly string[], what: string): Promise<void> {
  const status = await run(args);
  if (status === null) throw new ArchiveError('E_ISO_UNAVAILABLE', { program: PROGRAM });
  if (status !== 0) throw new ArchiveError('E_ISO_FAILED', { what, status });
}

export const hasIsoTools = async (): Promise<boolean> => (await run(['-version'])) === 0;

export const sumPath = (image: string): string => `${image}.sm3`;

/**
 * The folder becomes the root of the image. `image` appears only when it was written, read back and compared.
 * @param volumeId up to 32 of A–Z, 0–9 and `_`, shown by systems as the name of the disc
 * @throws ArchiveError `E_ISO_UNAVAILABLE`, `E_ISO_FAILED`, `E_DUPLICATE`
 */
export async function writeIso(crypto: CryptoProvider, folder: string, image: string, volumeId: string): Promise<IsoImage> {
  if (!/^[A-Z0-9_]{1,32}$/u.test(volumeId)) throw new ArchiveError('E_INPUT_INVALID', { what: 'volume id' });
  if (await exists(image)) throw new ArchiveError('E_DUPLICATE', { what: 'image' });
  const part = path.resolve(`${image}.part`);
  await removeFile(part);
  try {
    await must(['-outdev', `stdio:${part}`, '-volid', volumeId, '-rockridge', 'on', '-joliet', 'on', '-compliance', 'iso_9660_level=3:joliet_long_names:joliet_long_paths', '-md5', 'on',
      '-uid', '0', '-gid', '0', '-map', path.resolve(folder), '/', '-commit'], 'write');
    await must(['-md5', 'on', '-indev', `stdio:${part}`, '-check_md5_r', 'FAILURE', '/', '--'], 'read back');
    const sm3 = await digestOf(crypto, part);
    await replaceFile(sumPath(image), `${sm3}  ${path.basename(image)}\n`);
    await moveFile(part, image);
    return { path: image, bytes: (await stat(image)).size, sm3 };
  } catch (error) {
    await removeFile(part);
    throw error;
  }
}

/**
 * Lays out what is in an image, a mounted disc or a drive's device file; nothing of it is believed by that. `folder` appears when all was read.
 * @throws ArchiveError `E_ISO_UNAVAILABLE`, `E_ISO_FAILED` (also when a digest beside the image differs), `E_DUPLICATE`
 */
export async function readIso(crypto: CryptoProvider, image: string, folder: string): Promise<void> {
  if (await isTaken(folder)) throw new ArchiveError('E_DUPLICATE', { what: 'folder' });
  if (await exists(sumPath(image))) {
    const [, registered] = /^([0-9a-f]{64}) {2}/u.exec(await readFile(sumPath(image), 'latin1')) ?? [];
    if (registered !== await digestOf(crypto, image)) throw new ArchiveError('E_ISO_FAILED', { what: 'digest' });
  }
  if (!(await isIso(image))) throw new ArchiveError('E_ISO_FAILED', { what: 'no image' }); // xorriso takes it for a blank disc
  const part = path.resolve(`${folder}.part`);
  await removeFolder(part);
  await makeFolder(part);
  try {
    await must(['-osirrox', 'on:auto_chmod_on:strict_acl_off', '-indev', `stdio:${path.resolve(image)}`, '-extract', '/', part], 'read');
    await ownAll(part);
    await removeFolder(folder);
    await moveFile(part, folder);
  } catch (error) {
    await ownAll(part).catch(() => undefined);
    await removeFolder(part);
    throw error;
  }
}

/** ECMA-119 8.1: the identifier of the first volume descriptor, in sector 16. */
async function isIso(image: string): Promise<boolean> {
  const file = await open(image, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(5), 0, 5, 16 * 2048 + 1);
    return buffer.toString('latin1') === 'CD001';
  } finally {
    await file.close();
  }
}

/** A disc is read-only; what was taken from it belongs to the box. */
async function ownAll(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) await ownAll(place);
    else if ((await lstat(place)).isFile()) await chmod(place, 0o600);
  }
}

async function digestOf(crypto: CryptoProvider, file: string): Promise<string> {
  const digest = crypto.sm3Stream();
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>) digest.update(piece);
  return hexOf(digest.digest());
}
