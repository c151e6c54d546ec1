/** 离线导入 as the console sees it, and sending a package in segments. */
import { Problem, put, write } from './api.js';

export interface ImportFinding { readonly code: string; readonly entry: string; readonly text: string }
export interface ImportRow {
  readonly id: string; readonly batch: string; readonly number: string; readonly state: string; readonly level: number; readonly form: string | null; readonly total: number; readonly done: number; readonly fonds: string; readonly department: string;
  readonly source: string; readonly begunAt: string; readonly endedAt: string | null; readonly findings: number; readonly warnings: number; readonly version: number;
}
export interface ImportShown extends Omit<ImportRow, 'findings' | 'warnings'> {
  readonly name: string | null; readonly offlineReason: string | null; readonly bytes: number | null; readonly received: number | null; readonly running: { readonly done: number; readonly total: number } | null;
  readonly findings: readonly ImportFinding[]; readonly warnings: readonly ImportFinding[];
  readonly preview: readonly { readonly place: string; readonly title: string; readonly code: string | null; readonly date: string | null; readonly files: number; readonly missing: readonly string[] }[];
}

const FORMS: Readonly<Record<string, string>> = { filing: '归档信息包', eep: '电子文件封装包', bagit: 'BagIt 包', folder: '文件夹与目录' };
export const formName = (form: string | null): string => (form === null ? '待辨认' : FORMS[form] ?? form);

/** What an item still lacks, in the words of the grid. */
const LACKS: Readonly<Record<string, string>> = { title: '题名', author: '责任者', categoryCode: '门类', archivalYear: '年度', scheduleItemId: '保管期限表条目', retentionCode: '保管期限', documentDate: '日期', completedOn: '办理完毕日', orgOrFunction: '机构或问题' };
export const lackName = (key: string): string => LACKS[key] ?? key;

export type ImportSource = { readonly kind: 'file'; readonly fileName: string; readonly bytes: number } | { readonly kind: 'medium'; readonly place: string };
export interface ImportBegun { readonly import: string; readonly number: string; readonly segmentBytes: number }
export const beginImport = async (form: { readonly fonds: string; readonly department: string; readonly offlineReason: string }, source: ImportSource): Promise<ImportBegun> => write<ImportBegun>('import.begin', { ...form, source });

/** Goes on from wherever the box says it is. */
export async function sendPackage(id: string, file: File, segmentBytes: number, told: (sent: number) => void): Promise<void> {
  for (let offset = 0; ;) {
    try {
      const answer = await put<{ done: boolean; offset: number }>('import.upload', { import: id, offset }, file.slice(offset, offset + segmentBytes));
      offset = answer.offset;
      told(offset);
      if (answer.done) return;
    } catch (cause) {
      const end = cause instanceof Problem && cause.code === 'E_UPLOAD_OFFSET' ? cause.facts['offset'] : undefined;
      if (typeof end !== 'number' || end === offset) throw cause;
      offset = end;
    }
  }
}
