import type { Page } from './api.js';

export interface BackupTarget { readonly id: string; readonly name: string; readonly path: string; readonly registeredAt: string; readonly there: boolean }
export interface BackupLine {
  readonly id: string; readonly number: string; readonly target: string; readonly keyTarget: string | null; readonly state: string; readonly level: number | null; readonly mark: string | null;
  readonly objects: number | null; readonly bytes: number | null; readonly startedBy: string; readonly startedAt: string; readonly endedAt: string | null; readonly failure: string | null;
  readonly verifiedAt: string | null; readonly faults: number | null; readonly found: readonly { readonly file: string; readonly text: string }[];
}
/** 备份登记, with what runs now. */
export interface BackupShown extends Page<BackupLine> {
  readonly targets: readonly BackupTarget[];
  readonly work: { readonly kind: 'create' | 'verify'; readonly backup: string; readonly done: number; readonly total: number } | null;
}

const FAILURES: Readonly<Record<string, string>> = {
  E_BACKUP_INTERRUPTED: '被停机中断', E_BACKUP_CHANGED: '其间有对象被清除', E_BACKUP_FULL: '介质空间不足',
};
export const failureText = (code: string | null): string => (code === null ? '' : FAILURES[code] ?? `写入失败（${code}）`);
