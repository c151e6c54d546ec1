import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import type { BackupFile } from '../../policies/schemas/backup.js';
import { checkedTarget } from '../backup/targets.js';
import { moveFile, removeFile, replaceFile, syncFolder } from '../content/file-ops.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { digestFile } from '../crypto/digest.js';

/** A mounted carrier, or a directory that stands in for one. */
export const MARKER = 'shouzang-carrier.json';
/** What file systems put there by themselves. */
const BESIDES: ReadonlySet<string> = new Set([MARKER, 'lost+found', 'System Volume Information', '$RECYCLE.BIN']);
const MOST_FILES = 200_000;

export interface FolderParts {
  readonly crypto: CryptoProvider;
  readonly data: string;
  readonly policy: BackupFile;
  readonly box: { readonly serial: string; sign(message: Uint8Array): Uint8Array; genuine(message: Uint8Array, signature: Uint8Array): boolean };
}

const refuse = (at: string, message: string): never => { throw new ArchiveError('E_CARRIER_FOLDER', {}, [{ at, message }]); };

export function mediumFolders(parts: FolderParts) {
  const { crypto, box } = parts;
  const signed = (carrier: string, no: string): Uint8Array => canonicalBytes({ type: 'shouzang-carrier/v1', box: box.serial, carrier, no });

  /** On this machine and outside the data directory, links followed. @throws ArchiveError `E_CARRIER_FOLDER` */
  async function real(folder: string, at: string): Promise<string> {
    try {
      return await checkedTarget(folder, parts.data, parts.policy);
    } catch (error) {
      if (error instanceof ArchiveError && error.code === 'E_BACKUP_TARGET') return refuse(at, '须是本机已挂载介质的目录（绝对路径），不能在数据目录之内，也不能是网络路径');
      throw error;
    }
  }

  async function files(folder: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const relative = path.relative(folder, path.join(entry.parentPath, entry.name));
      if (!BESIDES.has(relative.split(path.sep)[0] ?? '')) found.push(relative.split(path.sep).join('/'));
      if (found.length > MOST_FILES) return refuse('/source', '目录里的文件过多，请确认挂载的是该载体');
    }
    return found.sort();
  }

  async function mark(folder: string): Promise<{ readonly carrier: string } | null> {
    const text = await readFile(path.join(folder, MARKER), 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      const { carrier, no, signature } = JSON.parse(text) as { carrier: string; no: string; signature: string };
      return box.genuine(signed(carrier, no), Buffer.from(signature, 'base64url')) ? { carrier } : { carrier: '' };
    } catch {
      return { carrier: '' };
    }
  }

  return {
    real, files,

    /** The directory of this very carrier: an empty one is marked for it, any other must bear its mark. @throws ArchiveError `E_CARRIER_FOLDER` */
    async target(given: string, carrier: { readonly id: string; readonly no: string }, fresh: boolean): Promise<string> {
      const folder = await real(given, '/target');
      const marked = await mark(folder);
      if (marked !== null) return marked.carrier === carrier.id ? folder : refuse('/target', `目录上的载体标识不是 ${carrier.no}，请挂载正确的载体`);
      if (!fresh || (await files(folder)).length > 0) return refuse('/target', `目录没有 ${carrier.no} 的载体标识${fresh ? '，且不是空的' : ''}，请挂载正确的载体`);
      await replaceFile(path.join(folder, MARKER), `${JSON.stringify({ type: 'shouzang-carrier/v1', box: box.serial, carrier: carrier.id, no: carrier.no, signature: Buffer.from(box.sign(signed(carrier.id, carrier.no))).toString('base64url') }, null, 2)}\n`, 0o644);
      return folder;
    },

    /** Files by their digest: the content is known by what it is, not by where it lies. @param sizes only files of these sizes are read */
    async byDigest(folder: string, sizes: ReadonlySet<number>): Promise<ReadonlyMap<string, string>> {
      const found = new Map<string, string>();
      for (const relative of await files(folder)) {
        const file = path.join(folder, relative);
        if (!sizes.has((await stat(file)).size)) continue;
        const { sm3 } = await digestFile(crypto, file);
        if (!found.has(sm3)) found.set(sm3, file);
      }
      return found;
    },

    /** @returns SM3 of the file as it lies there, or null where there is none */
    async digest(folder: string, relative: string): Promise<string | null> {
      return digestFile(crypto, path.join(folder, relative)).then(({ sm3 }) => sm3, () => null);
    },

    /** Durable under its name when it returns; one that is there with the same digest is left alone. */
    async write(folder: string, relative: string, content: AsyncIterable<Uint8Array>): Promise<void> {
      const file = path.join(folder, relative);
      await mkdir(path.dirname(file), { recursive: true });
      await removeFile(`${file}.part`);
      const handle = await open(`${file}.part`, 'wx', 0o644);
      try {
        for await (const piece of content) await handle.write(piece);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await moveFile(`${file}.part`, file);
      await syncFolder(folder);
    },

    read: (file: string): AsyncIterable<Uint8Array> => createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>,
  };
}
export type MediumFolders = ReturnType<typeof mediumFolders>;
