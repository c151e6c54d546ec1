import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Policies and assets are data beside the code, not in `dist/`: walk up from the compiled module to the folder of package.json. */
function findRoot(from: string): string {
  for (let folder = path.dirname(from); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error(`no package.json above ${from}`);
  }
}

/** Absolute path of the package root, without a trailing separator. */
export const packageRoot = findRoot(fileURLToPath(import.meta.url));

/** Absolute path of something in the package: `inPackage('policies', 'access.csv')`. */
export function inPackage(...segments: readonly string[]): string {
  return path.join(packageRoot, ...segments);
}

/** Semantic version out of package.json. */
export function packageVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') return parsed.version;
  throw new Error('package.json names no version');
}
