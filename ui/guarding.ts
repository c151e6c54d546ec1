/** 告警、标志绑定、知悉登记、访问预演 as the box shows them. */
import type { AuditEntry } from './audit.js';
import type { Page } from './api.js';
import type { Level } from './levels.js';

export interface AlarmRow {
  readonly id: string; readonly code: string; readonly message: string; readonly severity: 'notice' | 'warning' | 'critical'; readonly disposition: string; readonly state: string; readonly personName: string | null; readonly record: string | null;
  readonly firstAt: string; readonly lastAt: string; readonly count: number; readonly entry: number | null; readonly closedByName: string | null; readonly closedAt: string | null; readonly opinion: string | null; readonly needsApproval: boolean; readonly source: string; readonly version: number;
}
export interface Alarms extends Page<AlarmRow> { readonly open: number }
export interface AlarmRules { readonly version: string; readonly rows: readonly { readonly code: string; readonly message: string; readonly severity: AlarmRow['severity']; readonly disposition: string; readonly tell: readonly string[]; readonly source: string; readonly state: 'on' | 'desk' | 'off'; readonly triggers: readonly string[] }[] }
export interface ClockShown { readonly fault: string | null; readonly text: string; readonly shown: string; readonly highWater: string; readonly offsetSeconds: number }

export const SEVERITIES: Readonly<Record<AlarmRow['severity'], { readonly name: string; readonly style: string }>> = { critical: { name: '严重', style: 'tag--bad' }, warning: { name: '警告', style: 'tag--warn' }, notice: { name: '提醒', style: '' } };
export const DISPOSITIONS: Readonly<Record<string, string>> = { notify: '告知', 'pause-session': '暂停该人会话', 'stop-writes': '停业务写入', 'block-import': '停收集导入' };

export interface BindingShown {
  readonly round: { readonly state: 'running' | 'paused' | 'done'; readonly startedAt: string; readonly finishedAt: string | null; readonly checked: number; readonly total: number; readonly faults: number } | null;
  readonly total: number; readonly rows: readonly { readonly record: string | null; readonly fault: string; readonly text: string; readonly foundAt: string }[];
}
/** 四处标志核对: which of metadata, page, file name and print header does not say what the others do. */
export interface MarksShown {
  readonly round: { readonly state: 'running' | 'paused' | 'done'; readonly startedAt: string; readonly finishedAt: string | null; readonly counts: { readonly checked: number; readonly total: number; readonly faults: number } | null } | null;
  readonly total: number; readonly rows: readonly MarkRow[];
}
export interface MarkRow { readonly kind: 'record' | 'report'; readonly id: string; readonly code: string | null; readonly level: Level | null; readonly mark: string | null; readonly foundAt: string; readonly places: readonly { readonly place: string; readonly text: string }[] }
export interface Knowing {
  readonly id: number; readonly record: string; readonly person: string; readonly personName: string; readonly at: string; readonly recordLevel: number; readonly mark: string | null; readonly code: string; readonly title: string;
  readonly modeName: string; readonly page: number | null; readonly approval: string | null; readonly terminal: string;
}
export interface Rehearsed { readonly keep: number; readonly gain: readonly Affected[]; readonly lose: readonly Affected[] }
export interface Affected { readonly person: string; readonly name: string; readonly departmentName: string; readonly clearance: number; readonly reasons: readonly string[] }
export interface Traced { readonly rows: readonly (AuditEntry & { readonly actorName: string })[] }
