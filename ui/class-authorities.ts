/** 定密责任人与定密授权 as the box publishes them inside the unit, and 定密统计 of a year. */
export interface AuthorityRow {
  readonly id: string; readonly version: number; readonly person: string; readonly name: string; readonly departmentName: string; readonly kind: 'statutory' | 'designated'; readonly maxLevel: number;
  readonly matterScope: readonly string[]; readonly grantedBy: string; readonly grantedOn: string; readonly expiresOn: string | null; readonly trainedOn: string | null; readonly inOffice: boolean;
}
export interface AuthorisationRow {
  readonly id: string; readonly version: number; readonly fromOrg: string; readonly maxLevel: number; readonly matterScope: readonly string[]; readonly basis: string; readonly validFrom: string; readonly validTo: string;
  readonly docNo: string; readonly revoked: { readonly on: string; readonly docNo: string } | null; readonly valid: boolean;
}
export interface Authorities { readonly unit: { readonly org: string; readonly source: string; readonly maxOriginalLevel: number | null }; readonly effectiveCap: number | null; readonly systemLevel: number; readonly rows: readonly AuthorityRow[]; readonly authorisations: readonly AuthorisationRow[] }

export interface Counts { readonly top: number; readonly secret: number; readonly confidential: number; readonly total: number }
export interface YearStatistics {
  readonly year: number; readonly until: string; readonly level: number; readonly others: readonly { readonly name: string; readonly value: string; readonly unit: string }[]; readonly lines: readonly { readonly key: string; readonly name: string; readonly counts: Counts }[];
  readonly departments: readonly { readonly department: string; readonly name: string; readonly counts: Counts }[];
}
/** What the balance adds and takes away, column by column; the rest of the lines only tell. */
export const PLUS = ['start', 'original', 'derived', 'inherited', 'raisedIn', 'loweredIn'] as const;
export const MINUS = ['raisedOut', 'loweredOut', 'self', 'early', 'published'] as const;
export const COLUMNS = ['top', 'secret', 'confidential', 'total'] as const;

/** 年初 + 新定 ± 升降 − 解密 of one column, to stand beside 年末. */
export function balanceOf(made: YearStatistics, column: (typeof COLUMNS)[number]): { readonly expected: number; readonly end: number } {
  const of = (key: string): number => made.lines.find((one) => one.key === key)?.counts[column] ?? 0;
  return { expected: PLUS.reduce((sum, key) => sum + of(key), 0) - MINUS.reduce((sum, key) => sum + of(key), 0), end: of('end') };
}
/** Matters as one types them: one a line, `*` or nothing for all. */
export const mattersOf = (text: string): readonly string[] => { const lines = text.split('\n').map((one) => one.trim()).filter((one) => one !== ''); return lines.length ? lines : ['*']; };
export const mattersText = (matters: readonly string[]): string => (matters.includes('*') ? '全部事项' : matters.join('、'));
