/** 电子档案销毁 as the box shows it. */
import type { Page } from './api.js';

export interface Precondition { readonly code: string; readonly passed: boolean; readonly text: string; readonly article: string; readonly blocks: boolean }
export interface DestructionRow { readonly id: string; readonly number: string; readonly state: string; readonly level: number; readonly items: number; readonly draftedAt: string; readonly applicantName: string; readonly executorName: string; readonly executedAt: string | null; readonly closedAt: string | null; readonly mine: boolean; readonly residueUntil: string | null }
export interface Destructions extends Page<DestructionRow> {
  readonly residueDue: number;
  readonly policy: { readonly minSupervisors: number; readonly maxItems: number; readonly bases: readonly { readonly key: string; readonly name: string }[] };
}
export interface CandidateRow { readonly id: string; readonly code: string; readonly title: string; readonly level: number; readonly retention: string | null; readonly retentionExpiresOn: string | null; readonly appraisal: string | null; readonly taken: boolean; readonly checks: readonly Precondition[] }
export interface Candidates extends Page<CandidateRow> {
  readonly people: readonly { readonly id: string; readonly name: string; readonly departmentName: string; readonly executes: boolean; readonly supervises: boolean }[];
}
export interface Evidence { readonly method: string; readonly result: string; readonly proves: string; readonly cannot: string }
export interface StepShown {
  readonly id: string; readonly seq: number; readonly place: string; readonly placeName: string; readonly ref: string; readonly record: string | null; readonly state: string; readonly told: Evidence | null; readonly at: string | null;
  readonly settlement: { readonly kind: string; readonly reference: string; readonly note: string; readonly residueUntil: string | null } | null; readonly settledByName: string | null;
}
export interface LookedFor { readonly what: string; readonly looked: number; readonly found: number; readonly passed: boolean }
export interface DestructionShown {
  readonly id: string; readonly number: string; readonly state: string; readonly level: number; readonly version: number; readonly fonds: string; readonly reason: string; readonly basis: string; readonly place: string;
  readonly draftedAt: string; readonly approvedAt: string | null; readonly frozenAt: string | null; readonly executedAt: string | null; readonly verifiedAt: string | null; readonly closedAt: string | null;
  readonly cancelled: { readonly at: string; readonly reason: string } | null; readonly approval: string | null; readonly pending: string | null; readonly applicantName: string; readonly approverName: string | null; readonly executorName: string;
  readonly amApplicant: boolean; readonly amExecutor: boolean; readonly residueMaxDays: number; readonly faults: readonly string[];
  readonly signers: readonly { readonly person: string; readonly name: string; readonly part: string; readonly me: boolean; readonly orderAt: string | null; readonly certificateAt: string | null }[];
  readonly items: readonly { readonly record: string | null; readonly code: string; readonly title: string; readonly level: number | null; readonly retention: string | null; readonly state: string; readonly files: number; readonly bytes: number; readonly checks: readonly Precondition[]; readonly tombstone: boolean }[];
  readonly progress: { readonly running: boolean; readonly done: number; readonly total: number }; readonly checks: readonly LookedFor[]; readonly steps: readonly StepShown[];
}
export interface LookedAgain { readonly at: string; readonly good: boolean; readonly checks: readonly LookedFor[]; readonly faults: readonly string[]; readonly tombstones: number; readonly tombstoneFaults: readonly { readonly code: string | null; readonly fault: string | null }[] }

export const LIFE = ['drafted', 'appraised', 'approved', 'frozen', 'executing', 'verified', 'closed'] as const;
export const LIFE_NAMES: Readonly<Record<string, string>> = { drafted: '拟定', appraised: '核对报批', approved: '批准', frozen: '冻结签字', executing: '执行', verified: '复核', closed: '办结' };
export const SETTLEMENTS: Readonly<Record<string, string>> = { medium_destroyed: '介质已销毁', removed: '已另行清除', residue: '登记残留，到期复核' };
/** Where the life line stands: a run with faults is a run. */
export const lifeAt = (state: string): number => LIFE.indexOf((state === 'partial_failed' ? 'executing' : state) as (typeof LIFE)[number]);
export const faultsOf = (checks: readonly Precondition[]): readonly Precondition[] => checks.filter(({ passed }) => !passed);
