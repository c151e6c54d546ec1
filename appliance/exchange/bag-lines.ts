/** The texts of a bag: declaration, 包信息 and manifests, as RFC 8493 and the drafts before it write them. */
import { isTraversal } from '../inspection/names.js';

export interface Declaration { readonly version: string; readonly encoding: string }
export interface ManifestLine { readonly digest: string; readonly path: string; /** Written with `./` before it. */ readonly relative: boolean }

const VERSIONS: ReadonlySet<string> = new Set(['0.93', '0.94', '0.95', '0.96', '0.97', '1.0']);
export const isLatest = (version: string): boolean => version === '1.0';

/** Both lines, spelt as the version asks: from 1.0 on without stray blanks and without a mark. */
export function readDeclaration(bytes: Buffer): Declaration | undefined {
  const text = bytes.toString('utf8');
  const strict = /^BagIt-Version: (\d+\.\d+)\r?\nTag-File-Character-Encoding: (\S+)\s*$/u.exec(text);
  const old = strict ?? /^\ufeff?BagIt-Version\s*:\s*(0\.\d+)\s*\r?\n\s*Tag-File-Character-Encoding\s*:\s*(\S+)\s*$/u.exec(text);
  const [, version = '', encoding = ''] = old ?? [];
  return VERSIONS.has(version) ? { version, encoding } : undefined;
}

const linesOf = (text: string): readonly string[] => text.split(/\r\n|\r|\n/u);

/** Labels and values, folded lines joined. @returns the number of a line that is neither where there is one */
export function readInfo(text: string): { readonly fields: readonly (readonly [string, string])[]; readonly faulty: number | null } {
  const fields: [string, string][] = [];
  for (const [at, line] of linesOf(text).entries()) {
    if (line.trim() === '') continue;
    const last = fields.at(-1);
    if (/^[ \t]/u.test(line) && last !== undefined) last[1] += ` ${line.trim()}`;
    else {
      const [, label, value] = /^([^:]+?)[ \t]*:[ \t]*(.*)$/u.exec(line) ?? [];
      if (label === undefined || value === undefined) return { fields, faulty: at + 1 };
      fields.push([label, value]);
    }
  }
  return { fields, faulty: null };
}

/** Line ends and the per cent sign are written in hexadecimal (RFC 8493, 2.1.3). */
export const unescapePath = (path: string): string => path.replace(/%(0[ad]|25)/giu, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
export const escapePath = (path: string): string => path.replace(/[%\r\n]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

/** @returns lines, or the number of the first that is none */
export function readManifest(text: string): { readonly lines: readonly ManifestLine[]; readonly faulty: number | null } {
  const lines: ManifestLine[] = [];
  for (const [at, line] of linesOf(text).entries()) {
    if (line.trim() === '') continue;
    const [, digest, written] = /^([0-9a-fA-F]+)[ \t]+\*?(.+)$/u.exec(line) ?? [];
    if (digest === undefined || written === undefined) return { lines, faulty: at + 1 };
    lines.push({ digest: digest.toLowerCase(), path: written.replace(/^(?:\.\/)+/u, ''), relative: written.startsWith('./') });
  }
  return { lines, faulty: null };
}

/** Outside the bag on some machine: climbing, absolute, a home, a drive, a share. */
export const leaves = (path: string): boolean => isTraversal(path) || isTraversal(path.replaceAll('\\', '')) || path.startsWith('~') || path.includes('\\') || path === '';

/** Left behind by desktops; a bag may list them and lose them on the way. */
export const isSystemFile = (path: string): boolean => /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]+)$/iu.test(path);
