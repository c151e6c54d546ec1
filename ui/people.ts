/** People, grants and duties as the box lists them. */
export interface Grant { readonly id: string; readonly duty: string; readonly dutyName: string; readonly fonds: string; readonly reason: string; readonly validFrom: string; readonly validUntil: string | null; readonly revokedAt: string | null }
export interface PersonRow {
  readonly id: string; readonly account: string; readonly name: string; readonly position: string; readonly departmentName: string; readonly status: string; readonly disabledReason: string | null;
  readonly clearance: number; readonly clearanceCategory: string | null; readonly clearanceUntil: string | null; readonly commitmentNo: string | null; readonly certificateSerial: string | null;
  readonly lastSignIn: string | null; readonly lockedUntil: string | null; readonly passwordAt: string | null; readonly createdAt: string; readonly version: number; readonly grants: readonly Grant[];
}
export interface People {
  readonly rows: readonly PersonRow[]; readonly total: number; readonly page: number; readonly size: number;
  readonly departments: readonly { readonly id: string; readonly name: string }[];
  readonly duties: readonly { readonly key: string; readonly name: string; readonly kind: string }[];
}
export const CATEGORIES = [{ value: 'core', name: '核心' }, { value: 'important', name: '重要' }, { value: 'general', name: '一般' }] as const;
export const categoryName = (category: string | null): string => CATEGORIES.find((one) => one.value === category)?.name ?? '—';
export const held = (row: PersonRow): readonly Grant[] => row.grants.filter((grant) => grant.revokedAt === null);
