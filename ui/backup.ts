import type { Page } from './api.js';

export type MediumType = 'magnetic' | 'optical' | 'microfilm';
export type BackupKind = 'full' | 'incremental';
export const MEDIUM_NAMES: Readonly<Record<MediumType, string>> = { magnetic: '磁介质', optical: '光盘', microfilm: '缩微胶片' };
export const KIND_NAMES: Readonly<Record<BackupKind, string>> = { full: '完全', incremental: '增量' };
export const WORK_NAMES: Readonly<Record<'create' | 'verify' | 'drill', string>> = { create: '正在备份', verify: '正在核对', drill: '正在演练恢复' };

export interface BackupTarget { readonly id: string; readonly name: string; readonly path: string; readonly mediumType: MediumType; readonly registeredAt: string; readonly there: boolean }
export interface BackupLine {
  readonly id: string; readonly number: string; readonly kind: BackupKind; readonly chain: readonly string[]; readonly planned: boolean; readonly target: string; readonly keyTarget: string | null; readonly state: string; readonly level: number | null; readonly mark: string | null;
  readonly objects: number | null; readonly bytes: number | null; readonly startedBy: string; readonly startedAt: string; readonly endedAt: string | null; readonly failure: string | null;
  readonly verifiedAt: string | null; readonly faults: number | null; readonly found: readonly { readonly file: string; readonly text: string }[];
}
/** 备份登记, with what runs now. */
export interface BackupShown extends Page<BackupLine> {
  readonly targets: readonly BackupTarget[];
  readonly work: { readonly kind: 'create' | 'verify' | 'drill'; readonly backup: string; readonly done: number; readonly total: number } | null;
}

const FAILURES: Readonly<Record<string, string>> = {
  E_BACKUP_INTERRUPTED: '被停机中断', E_BACKUP_CHANGED: '其间有对象被清除', E_BACKUP_FULL: '介质空间不足',
};
export const failureText = (code: string | null): string => (code === null ? '' : FAILURES[code] ?? `写入失败（${code}）`);

export interface PlanSetShown { readonly target: string; readonly keyTarget: string }
export interface PlanShown {
  readonly id: string; readonly version: number; readonly name: string; readonly approvalNo: string; readonly effectiveOn: string; readonly fullDays: number; readonly incrementalDays: number; readonly hour: number; readonly drillDays: number;
  readonly sets: readonly PlanSetShown[]; readonly adoptedBy: string; readonly adoptedAt: string; readonly endedAt: string | null;
}
export interface PlansShown {
  readonly inForce: string | null;
  readonly limits: { readonly fullDaysAtMost: number; readonly incrementalDaysAtMost: number; readonly drillDaysAtMost: number; readonly setsAtLeast: number };
  readonly next: {
    readonly sets: readonly (PlanSetShown & { readonly lastFull: string | null; readonly last: string | null; readonly dueKind: BackupKind; readonly dueOn: string; readonly overdue: boolean })[];
    readonly lastDrill: string | null; readonly drillDue: string; readonly drillOverdue: boolean;
  } | null;
  readonly rows: readonly PlanShown[];
}
export interface DrillShown {
  readonly id: string; readonly number: string; readonly backup: string; readonly state: 'running' | 'passed' | 'failed'; readonly startedBy: string; readonly startedAt: string; readonly endedAt: string | null; readonly reported: boolean;
  readonly outcome: { readonly minutes: number; readonly due: number; readonly restored: number; readonly sampled: number; readonly differing: number; readonly destroyed: number; readonly ledgerEntries: number; readonly issues: readonly string[] } | null;
}
export interface OffsiteShown {
  readonly id: string; readonly number: string; readonly backup: string; readonly place: string; readonly kilometres: number; readonly mediumType: MediumType; readonly mediumNo: string; readonly keeper: string; readonly level: number; readonly sentOn: string;
  readonly state: 'away' | 'returned' | 'destroyed'; readonly review: { readonly no: string; readonly by: string; readonly on: string; readonly until: string } | null; readonly reviewLapsed: boolean; readonly registeredBy: string;
  readonly endedOn: string | null; readonly endedNote: string | null; readonly version: number;
}
