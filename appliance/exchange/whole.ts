import { ArchiveError } from '../../core/errors.js';
import type { PackageSource } from '../packages/store.js';

/** All bytes of an entry. @throws ArchiveError `E_PKG_TOO_LARGE` */
export async function readWhole(source: PackageSource, path: string, limitBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let seen = 0;
  for await (const piece of source.open(path)) {
    seen += piece.length;
    if (seen > limitBytes) throw new ArchiveError('E_PKG_TOO_LARGE', { limitBytes });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** What lies under a folder of a package, as a package of its own. */
export const under = (source: PackageSource, folder: string): PackageSource => ({
  name: folder.slice(folder.lastIndexOf('/') + 1),
  list: async () => (await source.list()).filter(({ path }) => path.startsWith(`${folder}/`)).map((entry) => ({ ...entry, path: entry.path.slice(folder.length + 1) })),
  open: (file) => source.open(`${folder}/${file}`),
  close: async () => source.close(),
});
