import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from './errors.js';
import type { ErrorDetail } from './errors.js';
import type { CalendarDate } from './ports.js';

/** 备份方案 (办法第二十八条): how often, in how many sets, and how often a restore is rehearsed. Days are whole days in Asia/Shanghai. */
export interface BackupSchedule { readonly fullDays: number; readonly incrementalDays: number; readonly drillDays: number; readonly sets: number }
export interface PlanLimits { readonly fullDaysAtMost: number; readonly incrementalDaysAtMost: number; readonly drillDaysAtMost: number; readonly setsAtLeast: number }

/** @throws ArchiveError `E_INPUT_INVALID` for a plan that falls short of the policy */
export function checkPlan(plan: BackupSchedule, limits: PlanLimits): void {
  const details: ErrorDetail[] = [
    ...(plan.fullDays > limits.fullDaysAtMost ? [{ at: '/fullDays', message: `完全备份间隔不得超过 ${String(limits.fullDaysAtMost)} 天` }] : []),
    ...(plan.incrementalDays > limits.incrementalDaysAtMost ? [{ at: '/incrementalDays', message: `增量备份间隔不得超过 ${String(limits.incrementalDaysAtMost)} 天` }] : []),
    ...(plan.incrementalDays > plan.fullDays ? [{ at: '/incrementalDays', message: '增量备份间隔不能长于完全备份间隔' }] : []),
    ...(plan.drillDays > limits.drillDaysAtMost ? [{ at: '/drillDays', message: `恢复演练间隔不得超过 ${String(limits.drillDaysAtMost)} 天` }] : []),
    ...(plan.sets < limits.setsAtLeast ? [{ at: '/sets', message: `备份套数不得少于 ${String(limits.setsAtLeast)} 套` }] : []),
  ];
  if (details.length > 0) throw new ArchiveError('E_INPUT_INVALID', {}, details);
}

export const dayAfter = (day: CalendarDate, days: number): CalendarDate => Temporal.PlainDate.from(day).add({ days }).toString();

/** What was last done for a set: the days of its last full backup and of its last backup of either kind. */
export interface SetDone { readonly full: CalendarDate | null; readonly any: CalendarDate | null }
export interface SetDue { readonly kind: 'full' | 'incremental'; readonly on: CalendarDate }

/** The next backup of a set; a full one where both fall due. With nothing done yet, a full one from the first day of the plan. */
export function nextBackup(plan: Pick<BackupSchedule, 'fullDays' | 'incrementalDays'>, effectiveOn: CalendarDate, done: SetDone): SetDue {
  if (done.full === null) return { kind: 'full', on: effectiveOn };
  const full = dayAfter(done.full, plan.fullDays);
  const incremental = dayAfter(done.any ?? done.full, plan.incrementalDays);
  return full <= incremental ? { kind: 'full', on: full } : { kind: 'incremental', on: incremental };
}

export const isOverdue = (due: CalendarDate, today: CalendarDate, graceDays: number): boolean => dayAfter(due, graceDays) < today;
export const addMonths = (day: CalendarDate, months: number): CalendarDate => Temporal.PlainDate.from(day).add({ months }).toString();
