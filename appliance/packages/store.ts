/** Where a package lies: a folder, or the tar form inside an envelope. Readers and writers see entries and bytes only. */
import { createReadStream } from 'node:fs';
import { lstat, opendir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { exists, makeFolder, moveFile, removeFolder, syncFolder, writeNew } from '../content/file-ops.js';

export interface StoredEntry {
  /** Relative, `/` between folders. */
  readonly path: string;
  /** `other`: a link, a device, a pipe: nothing that belongs into a package. */
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
}

export interface PackageSource {
  /** Name of the package's folder. */
  readonly name: string;
  list(): Promise<readonly StoredEntry[]>;
  open(file: string): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface PackageSink {
  /** @param bytes length, known before */
  put(file: string, bytes: number, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** The package is whole: it gets its name. */
  finish(): Promise<void>;
  abort(): Promise<void>;
}

const PIECE_BYTES = 1024 * 1024;

export function folderSource(folder: string): PackageSource {
  return {
    name: path.basename(path.resolve(folder)),
    async list() {
      const found: StoredEntry[] = [];
      const walk = async (under: string): Promise<void> => {
        for await (const entry of await opendir(path.join(folder, under))) {
          const name = under === '' ? entry.name : `${under}/${entry.name}`;
          if (entry.isDirectory()) {
            found.push({ path: name, kind: 'folder', bytes: 0 });
            await walk(name);
          } else found.push({ path: name, kind: entry.isFile() ? 'file' : 'other', bytes: entry.isFile() ? (await lstat(path.join(folder, name))).size : 0 });
        }
      };
      await walk('');
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    open: (file) => createReadStream(path.join(folder, file), { highWaterMark: PIECE_BYTES }) as AsyncIterable<Uint8Array>,
    close: async () => Promise.resolve(),
  };
}

/** Written as `<folder>.part`; what an earlier writer left of that name is removed first. */
export async function folderSink(folder: string): Promise<PackageSink> {
  const part = `${folder}.part`;
  await removeFolder(part);
  await makeFolder(part);
  const made = new Set<string>();
  return {
    async put(file, _bytes, pieces) {
      const target = path.join(part, file);
      await makeFolder(path.dirname(target));
      for (let at = path.dirname(target); at.length >= part.length; at = path.dirname(at)) made.add(at);
      await writeNew(target, pieces);
    },
    async finish() {
      for (const one of made) await syncFolder(one);
      await moveFile(part, folder);
    },
    abort: async () => removeFolder(part),
  };
}

/** Whether something of that name is there already, other than an empty folder. */
export async function isTaken(folder: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  return !(await lstat(folder)).isDirectory() || (await readdir(folder)).length > 0;
}
