import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import { exists } from '../content/file-ops.js';
import { isEnvelope } from '../packages/label.js';
import { MANIFEST } from '../packages/layout.js';

/** What lies on a mounted medium: sealed envelopes, or packages that travelled plain. */
export interface Incoming { readonly kind: 'envelope' | 'plain'; readonly path: string }

const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);

/**
 * The directory of a medium, links followed. Never the box's own: what is in there is nobody's to hand over.
 * @throws ArchiveError `E_ACCESSION_MEDIUM`
 */
export async function mountedAt(directory: string, data: string): Promise<string> {
  const refuse = (message: string): never => { throw new ArchiveError('E_ACCESSION_MEDIUM', {}, [{ at: '/directory', message }]); };
  if (!path.isAbsolute(directory) || directory.startsWith('//') || directory.includes('://')) return refuse('请填写介质在本机的挂载目录，须是绝对路径');
  const real = await realpath(directory).catch(() => refuse('目录不存在，请先挂载介质'));
  if (!(await stat(real)).isDirectory()) return refuse('不是目录');
  const own = await realpath(data);
  if (within(real, own) || within(own, real)) return refuse('不能是本机的数据目录');
  return real;
}

/** Envelopes and plain packages that lie right in the directory; other things are left alone. @throws ArchiveError `E_ACCESSION_EMPTY` */
export async function incomingOn(directory: string): Promise<readonly Incoming[]> {
  const found: Incoming[] = [];
  for (const entry of (await readdir(directory, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const place = path.join(directory, entry.name);
    if (entry.isFile() && await isEnvelope(place)) found.push({ kind: 'envelope', path: place });
    else if (entry.isDirectory() && await exists(path.join(place, MANIFEST))) found.push({ kind: 'plain', path: place });
  }
  if (found.length === 0) throw new ArchiveError('E_ACCESSION_EMPTY');
  return found;
}
