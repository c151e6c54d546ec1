import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';

const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);

/**
 * A folder or file of a mounted medium, links followed up to it but none at its end. Never the box's own: what is in there is nobody's to hand in.
 * @throws ArchiveError `E_ACCESSION_MEDIUM`
 */
export async function placeOnMedium(place: string, data: string): Promise<string> {
  const refuse = (message: string): never => { throw new ArchiveError('E_ACCESSION_MEDIUM', {}, [{ at: '/source/place', message }]); };
  if (!path.isAbsolute(place) || place.startsWith('//') || place.includes('://')) return refuse('请填写介质在本机的挂载位置，须是绝对路径');
  const found = await lstat(place).catch(() => refuse('找不到该文件夹或文件，请先挂载介质'));
  if (!found.isDirectory() && !found.isFile()) return refuse('不是文件夹或普通文件');
  const [real, own] = [await realpath(place), await realpath(data)];
  if (within(real, own) || within(own, real)) return refuse('不能是本机的数据目录');
  return real;
}
