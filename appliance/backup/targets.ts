import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import type { BackupFile as BackupPolicy } from '../../policies/schemas/backup.js';

const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);

/** File system of the mount that a folder lies on, from the text of `/proc/self/mountinfo`; undefined where it names none. */
export function fileSystemOf(folder: string, mounts: string): string | undefined {
  let best: { readonly point: string; readonly type: string } | undefined;
  for (const line of mounts.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const point = (left.split(' ')[4] ?? '').replace(/\\(\d{3})/gu, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    const type = right.split(' ')[0] ?? '';
    if (point !== '' && type !== '' && within(folder, point) && (best === undefined || point.length >= best.point.length)) best = { point, type };
  }
  return best?.type;
}

/**
 * 备份目标: a folder on this machine or a mounted medium. Looked at when it is registered and again at every use: a link may have been
 * turned, a medium exchanged.
 * @returns the folder itself, links followed
 * @throws ArchiveError `E_BACKUP_TARGET` for a relative path, a network file system, the data directory, or what is no folder
 */
export async function checkedTarget(folder: string, data: string, policy: BackupPolicy): Promise<string> {
  const refuse = (message: string): never => { throw new ArchiveError('E_BACKUP_TARGET', {}, [{ at: '/path', message }]); };
  if (!path.isAbsolute(folder) || folder.startsWith('//') || folder.includes('://')) return refuse('请填写本机目录的绝对路径，不能是网络路径');
  const real = await realpath(folder).catch(() => refuse('目录不存在，请先建立目录或挂载介质'));
  if (!(await stat(real)).isDirectory()) return refuse('不是目录');
  const own = await realpath(data);
  if (within(real, own) || within(own, real)) return refuse('备份目标不能在数据目录之内，也不能包含数据目录');
  const type = fileSystemOf(real, await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
  if (type !== undefined && policy.networkFileSystems.some((one) => type === one || type.startsWith(`${one}.`))) return refuse(`该目录在网络文件系统（${type}）上，不得作为备份目标`);
  return real;
}

/** 密钥分开存放: neither in the other. @throws ArchiveError `E_BACKUP_TARGET` */
export function apart(content: string, keys: string): void {
  if (within(content, keys) || within(keys, content)) throw new ArchiveError('E_BACKUP_TARGET', {}, [{ at: '/keyTarget', message: '密钥部分须与内容部分分开存放，请另选目标' }]);
}
