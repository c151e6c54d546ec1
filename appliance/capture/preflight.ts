import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { placeOf } from '../../core/catalogue.js';
import type { CatalogueRules } from '../../core/catalogue.js';
import { judgeName } from '../../core/computer-file-name.js';
import type { ErrorDetail } from '../../core/errors.js';
import type { FileInspection } from '../../policies/schemas/inspection.js';
import { inspectFile } from '../inspection/inspect.js';
import type { InspectionPool } from '../inspection/pool.js';
import { readCatalogueFile, type CatalogueFileReading } from './catalogue-file.js';

/** A file that a row names, found in the folder and judged. */
export interface ListedFile { readonly name: string; readonly path: string; readonly line: number; readonly inspection: FileInspection }

/** 试行: what would become of catalogue and files, found out without a box and without sending anything. */
export interface Preflight {
  readonly reading: CatalogueFileReading;
  readonly files: readonly ListedFile[];
  /** Any of these refuses the import. */
  readonly problems: readonly ErrorDetail[];
  /** Files of the folder that no row names; they are left where they are. */
  readonly unlisted: readonly string[];
}

interface Found { readonly name: string; readonly path: string }

/** Rows against the files of a folder by name in composed form, then 四性检测 of every file that a row names. */
export async function preflight(catalogue: { readonly path: string; readonly bytes: Buffer }, folder: string, rules: CatalogueRules, pool: InspectionPool): Promise<Preflight> {
  const reading = await readCatalogueFile(catalogue.bytes, rules);
  const problems: ErrorDetail[] = [...reading.faults];
  const byName = new Map<string, Found[]>();
  for (const file of await filesUnder(folder)) {
    if (path.resolve(file.path) === path.resolve(catalogue.path)) continue;
    const key = file.name.normalize('NFC');
    byName.set(key, [...(byName.get(key) ?? []), file]);
  }
  const named = new Set<string>();
  const listed: { readonly line: number; readonly main: boolean; readonly digest: string | undefined; readonly file: Found }[] = [];
  for (const entry of reading.entries) {
    const at = placeOf(entry.line, '文件名');
    if (entry.files.length === 0) problems.push({ at, message: '没有填文件名，无法与文件对应，请补填' });
    for (const [index, name] of entry.files.entries()) {
      const [file, twin] = byName.get(name.normalize('NFC')) ?? [];
      named.add(name.normalize('NFC'));
      const judged = file === undefined ? undefined : judgeName(file.name);
      if (file === undefined) problems.push({ at, message: '目录所列的文件不在文件夹中，请放入该文件，或改正目录中的文件名' });
      else if (twin !== undefined) problems.push({ at, message: '文件夹中有同名的文件，不能确定是哪一个，请改名' });
      else if (judged?.ok === false) problems.push({ at, message: judged.message });
      else listed.push({ line: entry.line, main: index === 0, digest: entry.digest, file });
    }
  }
  const files: ListedFile[] = [];
  for (const { line, main, digest, file } of listed) {
    const inspection = await inspectFile(pool, file.path);
    if (main && digest !== undefined && digest !== inspection.sm3) problems.push({ at: placeOf(line, 'SM3'), message: '与文件不一致，请核对文件是否为同一版本' });
    if (inspection.verdict === 'reject') for (const one of inspection.findings.filter((finding) => finding.severity === 'reject')) problems.push({ at: placeOf(line, '文件名'), message: `${one.code} ${one.message}` });
    files.push({ name: file.name, path: file.path, line, inspection });
  }
  return { reading, files, problems, unlisted: [...byName].filter(([key]) => !named.has(key)).flatMap(([, found]) => found.map((file) => file.name)) };
}

/** Regular files below the folder, in order of name; links and hidden files are left out. */
async function filesUnder(folder: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const at = path.join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) found.push(...(await filesUnder(at)));
    else if (entry.isFile()) found.push({ name: entry.name, path: at });
  }
  return found;
}
