import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { ComputerFile, StoredRecord } from '../../core/holdings.js';
import type { Level, ReadTools } from '../../core/ports.js';
import { markedName } from '../../secrecy/mark-places.js';
import type { Repositories } from '../store/repositories/index.js';

/** One record with the files that are given out. */
export interface Content { readonly record: StoredRecord; readonly files: readonly ComputerFile[] }

export const codeOf = (record: Pick<StoredRecord, 'archivalCode' | 'electronicRecordCode'>): string => record.archivalCode ?? record.electronicRecordCode;

/**
 * The records with their files, each of them one that the person may read in full.
 * @throws ArchiveError `E_NOT_FOUND`, or the refusal of reading
 */
export async function contentsOf(tx: Repositories & ReadTools, records: readonly string[]): Promise<readonly Content[]> {
  const contents: Content[] = [];
  for (const id of records) {
    const record = await tx.records.get(id);
    if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(recordTarget(record), 'record.read');
    contents.push({ record, files: (await tx.files.ofRecord(id)).filter(({ replacedBy }) => replacedBy === null) });
  }
  return contents;
}

/** Records by 档号 or number, in the order given. What the person may not know of is as unknown as what is not there. */
export async function recordsByCode(tx: Repositories & ReadTools, codes: readonly string[], knows: (record: StoredRecord) => Promise<boolean>): Promise<readonly StoredRecord[]> {
  const known = await tx.carriers.recordsOf(codes);
  const records: StoredRecord[] = [];
  for (const [at, code] of codes.entries()) {
    const id = known.get(code);
    const record = id === undefined ? undefined : await tx.records.get(id);
    if (record === undefined || !(await knows(record))) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `/codes/${String(at)}`, message: '没有这个档号的档案' }]);
    if (!records.some((one) => one.id === record.id)) records.push(record);
  }
  return records;
}

const NAME_CHARACTERS = 60;
/** A name that every file system takes: no separators, no control or direction characters, not too long, the mark at its end. */
export function outwardName(position: number, code: string, fileName: string, level: Level): string {
  const clean = (text: string): string => text.normalize('NFC').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}/\\:*?"<>|]/gu, '_').replace(/^\.+|[. ]+$/gu, '_');
  const [, stem = '', ending = ''] = /^(.*?)(\.[A-Za-z0-9]{1,8})?$/su.exec(fileName) ?? [];
  const short = Array.from(clean(stem)).slice(0, NAME_CHARACTERS - Array.from(code).length).join('');
  return markedName(`${String(position).padStart(3, '0')}_${clean(code)}_${short}${ending}`, level);
}
