/** What was dropped, folders opened: every file with its path inside the folder. */
import type { Dropped } from './uploader.js';

const CATALOGUE = /\.(xlsx|csv|jsonl|ndjson)$/i;

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function walk(entry: FileSystemEntry, found: Dropped[]): Promise<void> {
  if (entry.isDirectory) {
    for (const child of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(child, found);
    return;
  }
  const file = await new Promise<File>((resolve, reject) => { (entry as FileSystemFileEntry).file(resolve, reject); });
  found.push({ path: entry.fullPath.replace(/^\//, ''), file });
}

export async function filesOf(transfer: DataTransfer): Promise<readonly Dropped[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Dropped[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

export const chosenFiles = (list: FileList | null): readonly Dropped[] =>
  [...list ?? []].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** A lone XLSX, CSV or JSON Lines file whose name says 目录 is the catalogue of the batch; any other file is content. */
export const isCatalogue = (dropped: Dropped): boolean =>
  CATALOGUE.test(dropped.path) && !dropped.path.includes('/') && /目录|catalogue/i.test(dropped.path);
