import { placeOf } from './catalogue.js';
import type { CatalogueEntry } from './catalogue.js';
import type { ErrorDetail } from './errors.js';
import type { ComputerFile, FileRole } from './holdings.js';

/** A row of the catalogue beside the computer files it names. */
export interface MatchedRow {
  readonly entry: CatalogueEntry;
  /** 正文 first; only those that were found. */
  readonly files: readonly ComputerFile[];
  /** Names that no file of the batch bears. */
  readonly missing: readonly string[];
  readonly problems: readonly ErrorDetail[];
}

export interface Match {
  readonly rows: readonly MatchedRow[];
  /** Files that no row names. */
  readonly unlisted: readonly ComputerFile[];
}

const nameKey = (name: string): string => name.normalize('NFC');

/**
 * 目录 against the files of a batch, by 计算机文件名 in composed form (NFC). A row that declares an SM3 is held to it.
 * @param files every file of the batch that still counts
 * @see 办法第十六、十八条: 元数据与电子文件对应
 */
export function matchCatalogue(entries: readonly CatalogueEntry[], files: readonly ComputerFile[]): Match {
  const byName = new Map<string, ComputerFile[]>();
  for (const file of files) {
    const key = nameKey(file.sealed.fileName);
    byName.set(key, [...(byName.get(key) ?? []), file]);
  }
  const named = new Set<string>();
  const rows = entries.map((entry): MatchedRow => {
    const at = placeOf(entry.line, '文件名');
    const found: ComputerFile[] = [];
    const missing: string[] = [];
    const problems: ErrorDetail[] = [];
    if (entry.files.length === 0) problems.push({ at, message: '没有填文件名，无法与文件对应，请补填' });
    for (const name of entry.files) {
      const [file, twin] = byName.get(nameKey(name)) ?? [];
      named.add(nameKey(name));
      if (file === undefined) {
        missing.push(name);
        problems.push({ at, message: '批次中没有这个文件，请上传该文件，或改正目录中的文件名' });
      } else if (twin !== undefined) problems.push({ at, message: '批次中有同名的文件，不能确定是哪一个，请撤回其一或改名' });
      else found.push(file);
    }
    const [main] = found;
    if (entry.digest !== undefined && missing.length === 0 && main !== undefined && main.sm3 !== entry.digest) {
      problems.push({ at: placeOf(entry.line, 'SM3'), message: '与收到的文件不一致，请核对文件是否为同一版本' });
    }
    return { entry, files: found, missing, problems };
  });
  return { rows, unlisted: files.filter((file) => !named.has(nameKey(file.sealed.fileName))) };
}

export interface Composition { readonly file: string; readonly role: FileRole }

/** How the files of a row make one item: 正文, then the others in the order of the row, each in the role it already has. */
export function compositionOf(files: readonly ComputerFile[], record: string): readonly Composition[] {
  return files.map(({ id, record: own, role }, index): Composition => {
    if (index === 0) return { file: id, role: 'main' };
    return { file: id, role: own === record && role !== 'main' ? role : 'attachment' };
  });
}

/** True when the item is made up otherwise than it should be. */
export function differs(now: readonly ComputerFile[], wanted: readonly Composition[]): boolean {
  return now.length !== wanted.length || now.some((file, index) => file.id !== wanted[index]?.file || file.role !== wanted[index].role);
}
