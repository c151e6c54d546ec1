import type { ComplianceItem, ComplianceStatus } from '../policies/schemas/compliance.js';

/** 合规清单 as the box answers it. */
export interface ChecklistRow extends Omit<ComplianceItem, 'evidence'> {
  readonly sourceName: string; readonly how: 'manual' | 'probe'; readonly status: ComplianceStatus; readonly note: string; readonly evidenceRef: string; readonly checkedBy: string; readonly checkedAt: string;
  /** Figures behind the conclusion, by their Chinese name. */
  readonly evidence: Readonly<Record<string, string | number | null>>;
}
interface Counts { readonly total: number; readonly met: number; readonly partly: number; readonly na: number; readonly pending: number }
export interface Checklist {
  readonly at: string; readonly version: string; readonly declaration: string; readonly required: boolean; readonly accredited: boolean;
  readonly accreditation: { readonly assessOrg: string; readonly reportNo: string; readonly approvalNo: string; readonly validTo: string } | null;
  readonly counts: Counts; readonly bySource: readonly (Counts & { readonly key: string; readonly name: string })[]; readonly rows: readonly ChecklistRow[];
}
