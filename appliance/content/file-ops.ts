import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * The only ways in which the box changes files. Each is durable when it returns: file first, then the directory that names it.
 * `watch` lets the crash tests stop the box between any two steps.
 */
export type Step = 'create' | 'sync' | 'rename' | 'sync-folder' | 'remove' | 'overwrite' | 'punch';
type Watch = (step: Step, file: string) => void;
let watch: Watch | undefined;

/** Called at every file operation; for the crash tests. */
export function watchFileOps(seen: Watch | undefined): void {
  watch = seen;
}

/** For writers of their own, so that the crash tests see their steps too. */
export function markStep(step: Step, file: string): void {
  watch?.(step, file);
}

export async function syncFolder(folder: string): Promise<void> {
  watch?.('sync-folder', folder);
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder (and its parents) readable by the box alone. */
export async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(path.dirname(made));
}

/** Writes a small file whole: temporary name, sync, rename, sync folder. A reader sees the old bytes or the new. */
export async function replaceFile(file: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  const part = `${file}.part`;
  watch?.('create', part);
  const handle = await open(part, 'w', mode);
  try {
    await handle.writeFile(bytes);
    watch?.('sync', part);
    await handle.sync();
  } finally {
    await handle.close();
  }
  watch?.('rename', file);
  await rename(part, file);
  await syncFolder(path.dirname(file));
}

/**
 * As `replaceFile`; the bytes that were there before are then overwritten where they lay. A flash disk may still keep them: what was in the
 * file must not be worth more than that.
 */
export async function replaceAndWipe(file: string, bytes: Uint8Array | string): Promise<void> {
  const before = (await exists(file)) ? await open(file, 'r+') : undefined;
  try {
    await replaceFile(file, bytes);
    if (before === undefined) return;
    watch?.('overwrite', file);
    await before.write(Buffer.alloc((await before.stat()).size), 0, undefined, 0);
    await before.sync();
  } finally {
    await before?.close();
  }
}

/** Gives a finished file its name, in this folder or another of the same file system. Done before is success. */
export async function moveFile(from: string, to: string): Promise<void> {
  await makeFolder(path.dirname(to));
  watch?.('rename', to);
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error) || !(await exists(to))) throw error;
  }
  await syncFolder(path.dirname(to));
  await syncFolder(path.dirname(from));
}

/** Removes a file; absent is success. */
export async function removeFile(file: string): Promise<void> {
  watch?.('remove', file);
  await rm(file, { force: true });
  if (await exists(path.dirname(file))) await syncFolder(path.dirname(file));
}

/** Overwrites a file where it lies and removes it; absent is success. What a flash disk keeps of it must not be worth more than that. */
export async function wipeFile(file: string): Promise<void> {
  if (!(await exists(file))) return;
  watch?.('overwrite', file);
  const handle = await open(file, 'r+');
  try {
    const zeros = Buffer.alloc(1024 * 1024);
    const { size } = await handle.stat();
    for (let at = 0; at < size; at += zeros.length) await handle.write(zeros, 0, Math.min(zeros.length, size - at), at);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await removeFile(file);
}

/** Removes a folder with all that is in it; absent is success. */
export async function removeFolder(folder: string): Promise<void> {
  watch?.('remove', folder);
  await rm(folder, { recursive: true, force: true });
  if (await exists(path.dirname(folder))) await syncFolder(path.dirname(folder));
}

/** Writes a new file from pieces, whatever its size; refused where one is already. It is on the disk when this returns, its folder is the caller's to sync. */
export async function writeNew(file: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  watch?.('create', file);
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const piece of pieces) await handle.writeFile(piece);
    watch?.('sync', file);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A second name for the same bytes. @returns false where the file system has no such thing */
export async function linkNew(from: string, to: string): Promise<boolean> {
  watch?.('create', to);
  const linked = await link(from, to).then(() => true, () => false);
  if (linked) await syncFolder(path.dirname(to));
  return linked;
}

/** Copies a file under a new name, refusing to replace one. */
export async function copyNew(from: string, to: string): Promise<void> {
  watch?.('create', to);
  await copyFile(from, to, constants.COPYFILE_EXCL);
  const handle = await open(to, 'r+');
  try {
    watch?.('sync', to);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(path.dirname(to));
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(() => true, (error: unknown) => {
    if (isMissing(error)) return false;
    throw error;
  });
}

export const isMissing = (error: unknown): boolean => error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
