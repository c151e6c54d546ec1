export type RoundKind = 'fixity' | 'readable';
export const ROUND_NAMES: Readonly<Record<RoundKind, string>> = { fixity: '固定性', readable: '可读性' };
export const ROUND_WORDS: Readonly<Record<RoundKind, string>> = { fixity: '逐字节校验封存内容', readable: '打开文件并绘出首页' };
export type CaseKind = RoundKind | 'environment' | 'medium';
export const CASE_NAMES: Readonly<Record<CaseKind, string>> = { ...ROUND_NAMES, environment: '温湿度', medium: '载体' };
export const HANDLING_NAMES = { restored: '从备份修复', migrated: '转换或迁移', replaced: '更换', adjusted: '调控', no_fault: '复核无误' } as const;
export type Handling = keyof typeof HANDLING_NAMES;
/** What a finding says, in words. */
const FINDINGS: Readonly<Record<string, string>> = {
  E_ENVELOPE_CHUNK_TAG: '内容有改动', E_ENVELOPE_HEADER: '封套头损坏', E_ENVELOPE_FOOTER: '封套尾或摘要不符', E_ENVELOPE_TRUNCATED: '内容被截断', E_ENVELOPE_VERSION: '封套版本不识', E_FIXITY_FAILED: '摘要与登记不符', E_OBJECT_MISSING: '内容不在库中',
  E_KEY_DESTROYED: '密钥不在', E_PREVIEW_UNAVAILABLE: '打不开或绘不出首页', W_CLIMATE: '超出规定范围', W_MEDIUM: '读取有错误',
};
export const findingText = (code: string): string => FINDINGS[code] ?? code;

export interface RoundNow { readonly state: 'running' | 'paused' | 'done'; readonly startedAt: string; readonly finishedAt: string | null; readonly wanted: number | null; readonly checked: number | null; readonly faults: number | null; readonly bytes: number | null }
export interface KindShown {
  readonly kind: RoundKind; readonly intervalMonths: number; readonly coverMonths: number; readonly sampleRate: number; readonly overdue: boolean | null; readonly unseen: number | null; readonly dueOn: string | null; readonly total: number | null; readonly fresh: number | null;
  readonly round: RoundNow | null;
}
export interface PreservationShown { readonly kinds: readonly KindShown[]; readonly rounds: readonly (RoundNow & { readonly id: string; readonly kind: RoundKind; readonly startedBy: string })[] }
export interface CaseShown {
  readonly id: string; readonly number: string; readonly kind: CaseKind; readonly record: string | null; readonly code: string | null; readonly finding: string; readonly level: number; readonly foundAt: string; readonly state: 'open' | 'handled';
  readonly handling: Handling | null; readonly note: string | null; readonly handledBy: string | null; readonly handledAt: string | null; readonly version: number;
}
export interface LocationsShown {
  readonly govCloudUpTo: number;
  readonly rows: readonly { readonly id: string; readonly name: string; readonly kind: 'local_appliance' | 'gov_cloud'; readonly level: number; readonly responsibilityNo: string | null; readonly responsibleUnit: string | null; readonly registeredBy: string; readonly registeredAt: string; readonly retiredAt: string | null }[];
}
export interface ReadingsShown {
  readonly page: number; readonly size: number; readonly total: number; readonly range: { readonly temperature: readonly [number, number]; readonly humidity: readonly [number, number]; readonly intervalDays: number };
  readonly rows: readonly { readonly id: string; readonly place: string; readonly temperature: number; readonly humidity: number; readonly takenAt: string; readonly faults: readonly string[]; readonly enteredBy: string }[];
}
export interface MediaShown {
  readonly page: number; readonly size: number; readonly total: number; readonly sampleRate: number;
  readonly rows: readonly { readonly id: string; readonly no: string; readonly kindName: string; readonly level: number; readonly state: string; readonly lastOn: string | null; readonly dueOn: string; readonly overdue: boolean }[];
}
