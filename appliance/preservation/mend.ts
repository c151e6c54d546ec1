import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { ArchiveError } from '../../core/errors.js';
import { folderName, MANIFEST, objectPath, readManifest } from '../backup/manifest.js';
import type { Box } from '../box.js';
import { copyNew, exists, makeFolder, moveFile, removeFile } from '../content/file-ops.js';
import { openSealed } from '../content/open.js';
import { vaultPath } from '../content/paths.js';

export type MendingBox = Pick<Box, 'paths' | 'keys' | 'crypto' | 'bulk' | 'identity'>;

/** Where a backup holds an object: itself, or by its chain in the same target. */
async function lies(box: MendingBox, folder: string, object: string): Promise<string | undefined> {
  const name = objectPath(object);
  if (await exists(path.join(folder, name))) return path.join(folder, name);
  const manifest = readManifest(await readFile(path.join(folder, MANIFEST)).catch(() => Buffer.alloc(0)));
  const held = manifest?.inherited?.find((one) => one.path === name);
  const file = held === undefined ? undefined : path.join(path.dirname(folder), folderName(box.identity.serial, held.in, 'content'), name);
  return file !== undefined && await exists(file) ? file : undefined;
}

/**
 * 从备份修复: a sealed object proves itself by its own key, so the copy is checked byte by byte and then takes the place of the damaged one.
 * @throws ArchiveError `E_MEND_SOURCE` where the backup has no sound copy; the damaged one then stays as it is
 */
export async function mendFromBackup(box: MendingBox, folder: string, object: string, digest: string): Promise<void> {
  const from = await lies(box, folder, object);
  if (from === undefined) throw new ArchiveError('E_MEND_SOURCE', { object });
  const to = vaultPath(box.paths, object);
  const part = `${to}.part`;
  await makeFolder(path.dirname(to));
  await removeFile(part);
  await copyNew(from, part);
  const secret = await box.keys.dataKey(object);
  try {
    const copy = await openSealed({ provider: box.crypto, bulk: box.bulk }, part, secret, object);
    const whole = await copy.checkAll().finally(async () => copy.close());
    if (whole.sm3 !== digest) throw new ArchiveError('E_MEND_SOURCE', { object });
  } catch (error) {
    await removeFile(part);
    throw error instanceof ArchiveError && error.code !== 'E_BOX_LOCKED' ? new ArchiveError('E_MEND_SOURCE', { object, why: error.code }) : error;
  } finally {
    secret.fill(0);
  }
  await moveFile(part, to);
}
