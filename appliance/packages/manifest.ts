/** 校验/manifest-sm3.txt: `SM3  path` a line, by path in the order of UTF-8 bytes, each line ended by LF; UTF-8 whatever the texts of the package are in. */
import { ArchiveError } from '../../core/errors.js';
import { samePathKey } from './layout.js';

export interface ManifestLine { readonly sm3: string; readonly path: string }

const byBytes = (a: ManifestLine, b: ManifestLine): number => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));

export const sorted = (lines: readonly ManifestLine[]): readonly ManifestLine[] => [...lines].sort(byBytes);
export const manifestBytes = (lines: readonly ManifestLine[]): Buffer => Buffer.from(sorted(lines).map(({ sm3, path }) => `${sm3}  ${path}\n`).join(''));

/** Its one form and no other. @throws ArchiveError `E_PKG_MANIFEST` with the line */
export function readManifest(bytes: Uint8Array): readonly ManifestLine[] {
  const refuse = (line: number): never => { throw new ArchiveError('E_PKG_MANIFEST', { line }); };
  const text = Buffer.from(bytes).toString('utf8');
  if (!Buffer.from(text).equals(bytes) || !text.endsWith('\n')) return refuse(0);
  const lines = text.slice(0, -1).split('\n').map((line, at): ManifestLine => {
    const [, sm3 = '', path = ''] = /^([0-9a-f]{64}) {2}(.+)$/u.exec(line) ?? [];
    return path === '' ? refuse(at + 1) : { sm3, path };
  });
  lines.forEach((line, at) => {
    const before = lines[at - 1];
    if (before !== undefined && byBytes(before, line) >= 0) refuse(at + 1);
  });
  const keys = new Set<string>();
  lines.forEach(({ path }, at) => {
    const key = samePathKey(path);
    if (keys.has(key)) refuse(at + 1);
    keys.add(key);
  });
  return lines;
}
