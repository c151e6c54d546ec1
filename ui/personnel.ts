/** 涉密人员台账 as the box shows it. */
export interface PersonnelRow {
  readonly person: string; readonly account: string; readonly name: string; readonly position: string; readonly departmentName?: string; readonly status: string; readonly personVersion: number;
  readonly clearance?: number; readonly clearanceToday?: number; readonly clearanceUntil?: string | null; readonly state?: 'in_post' | 'cooling' | 'released'; readonly category?: string;
  readonly reviewedOn?: string; readonly committedOn?: string; readonly leftOn?: string | null; readonly coolsOffUntil?: string | null;
  readonly trainingHours?: number; readonly trainingMissing?: number; readonly openItems?: number; readonly version: number;
}
export interface Category { readonly key: string; readonly name: string; readonly maxLevel: number; readonly coolOffYears: { readonly min: number; readonly max: number } }
export interface PersonnelList {
  readonly rows: readonly PersonnelRow[]; readonly total: number; readonly page: number; readonly size: number; readonly year: string; readonly hoursPerYear: number;
  readonly categories: readonly Category[]; readonly candidates: readonly { readonly id: string; readonly name: string; readonly account: string }[];
}
export interface HandBackItem { readonly id: string; readonly kind: string; readonly ref: string; readonly text: string; readonly returnedAt: string | null; readonly returnedByName: string | null; readonly note: string | null }
export interface PersonnelShown extends PersonnelRow {
  readonly reviewNo: string | null; readonly reviewedBy: string | null; readonly commitmentNo: string | null; readonly leaveReason: string | null; readonly categories: readonly Category[]; readonly hoursPerYear: number;
  readonly duties: readonly { readonly duty: string; readonly name: string; readonly fonds: string; readonly until: string | null }[];
  readonly notes: readonly { readonly id: string; readonly kind: string; readonly on: string; readonly hours: number | null; readonly text: string; readonly enteredByName: string }[];
  readonly items: readonly HandBackItem[];
}
export const NOTE_KINDS = [{ value: 'training', name: '教育培训' }, { value: 'major_matter', name: '重大事项报告' }, { value: 'review', name: '审查复审' }, { value: 'abroad', name: '因私出国（境）' }] as const;
export const noteKind = (kind: string): string => NOTE_KINDS.find((one) => one.value === kind)?.name ?? kind;
const ITEM_KINDS: Readonly<Record<string, string>> = {
  certificate: '密钥与证书', terminal: '绑定终端', batch: '在办批次', records: '未归档件', classification: '待批定密', 'marking-case': '在办审核表', approval: '提请的审批', 'key-share': '密钥分量',
};
export const itemKind = (kind: string): string => ITEM_KINDS[kind] ?? kind;
