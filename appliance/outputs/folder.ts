import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from '../../core/errors.js';
import type { OutputForm } from '../../policies/schemas/output.js';
import type { Level } from '../../core/ports.js';
import { markedName } from '../../secrecy/mark-places.js';
import type { Vault } from '../content/vault.js';
import { exists, syncFolder } from '../content/file-ops.js';
import { codeOf, outwardName } from './contents.js';
import type { Content } from './contents.js';
import type { CopyHead } from './sheets.js';

export interface Written { readonly record: string; readonly name: string; readonly bytes: number; readonly sm3: string }

/** Bytes that the originals take. */
export const bytesOf = (contents: readonly Content[]): number => contents.reduce((sum, { files }) => sum + files.reduce((inner, { bytes }) => inner + bytes, 0), 0);

/**
 * The files as they are held, into a folder that exists: numbered, with 档号 and mark in their names, each compared with its digest.
 * @throws ArchiveError `E_DECRYPT_FAILED` where the bytes are not those that were filed
 */
export async function writeOriginals(vault: Vault, contents: readonly Content[], folder: string): Promise<readonly Written[]> {
  const written: Written[] = [];
  for (const { record, files } of contents) {
    for (const file of files) {
      const name = outwardName(written.length + 1, codeOf(record), file.sealed.fileName, record.level);
      const reader = await vault.open(file.object);
      try {
        const hash = createHash('sm3');
        const gauge = new Transform({ transform(chunk: Buffer, _, next) { hash.update(chunk); next(null, chunk); } });
        await pipeline(reader.stream(), gauge, createWriteStream(path.join(folder, name), { flags: 'wx', mode: 0o600, flush: true }));
        const sm3 = hash.digest('hex');
        if (sm3 !== file.sm3) throw new ArchiveError('E_DECRYPT_FAILED', { file: file.id });
        written.push({ record: record.id, name, bytes: file.bytes, sm3 });
      } finally {
        await reader.close();
      }
    }
  }
  return written;
}

/** 输出清单: what lies here, under which order and copy, and whom to bring it back to. */
export function listOf(head: CopyHead, form: OutputForm, files: readonly Written[], codes: readonly string[]): string {
  return [
    head.mark, ...(head.rehearsal ? ['演练环境,严禁处理国家秘密'] : []), '',
    `${head.kindName}单:${head.no}`, `份号:第 ${String(head.copy)} 份,共 ${String(head.copies)} 份`, `溯源码:${head.trace}`, `复制单位:${head.unit}`, `领用:${head.department} ${head.holder}`,
    ...(head.returnBy === null ? [] : [`${head.returnBy} 前归还;本副本视同原件管理,不得再复制`]),
    `形式:${form === 'pictures' ? '带水印的页面图像' : '原文件'}`, `档号:${codes.join('、')}`, '', 'SM3 校验值 字节数 文件名',
    ...files.map(({ sm3, bytes, name }) => `${sm3} ${String(bytes)} ${name}`), '',
  ].join('\r\n');
}
export const listName = (level: Level): string => markedName('输出清单.txt', level);

/**
 * A folder on the device that appears whole or not at all: filled under another name, renamed when everything is on the medium.
 * @throws ArchiveError `E_OUTPUT_TOO_LARGE`, `E_DUPLICATE` where a folder of that name lies there already
 */
export async function folderOn(device: string, name: string, bytes: number): Promise<{ readonly part: string; finish(): Promise<string>; drop(): Promise<void> }> {
  const { bavail, bsize } = await statfs(device);
  if (bavail * bsize < bytes) throw new ArchiveError('E_OUTPUT_TOO_LARGE', { limit: bavail * bsize });
  const part = path.join(device, `.${name}.part`);
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { mode: 0o700 });
  return {
    part,
    async finish() {
      const whole = path.join(device, name);
      if (await exists(whole)) throw new ArchiveError('E_DUPLICATE', { folder: name });
      await syncFolder(part);
      await rename(part, whole);
      await syncFolder(device);
      return name;
    },
    drop: async () => rm(part, { recursive: true, force: true }),
  };
}

/** On the medium before it is told. */
export async function writeSynced(file: string, bytes: Uint8Array | string): Promise<void> {
  await writeFile(file, bytes, { mode: 0o600, flag: 'wx' });
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
