/** 来源系统 as the register tells of them. */
import type { Page } from './api.js';

export interface SourceHandler { readonly department: string; readonly departmentName: string; readonly person: string; readonly personName: string; readonly inOffice: boolean }
export interface SourceTestRecord {
  readonly testedOn: string; readonly testers: string; readonly reportNo: string; readonly passed: boolean; readonly stands: boolean; readonly byName: string; readonly at: string; readonly trialAt: string;
  readonly items: readonly { readonly key: string; readonly passed: boolean; readonly note?: string }[];
}
export interface SourceSystem {
  readonly id: string; readonly code: string; readonly name: string; readonly supplier: string; readonly contact: string; readonly state: string; readonly fonds: string; readonly level: number | null; readonly capabilities: readonly string[];
  readonly certificateSerial: string; readonly validUntil: string; readonly expired: boolean; readonly handlers: readonly SourceHandler[]; readonly test: SourceTestRecord | null; readonly registeredAt: string; readonly registeredByName: string;
  readonly lastSeenAt: string | null; readonly version: number;
}
export interface Capability { readonly key: string; readonly name: string; readonly summary: string; readonly required: boolean }
export interface TestItem { readonly key: string; readonly name: string; readonly capability: string | null }
export interface SourceSystems extends Page<SourceSystem> {
  readonly capabilities: readonly Capability[]; readonly testItems: readonly TestItem[]; readonly fonds: readonly string[]; readonly systemLevel: number; readonly departments: readonly { readonly id: string; readonly name: string }[];
  readonly candidates: readonly { readonly id: string; readonly name: string; readonly department: string }[];
}
export interface SourceDetail {
  readonly system: SourceSystem; readonly certificate: string; readonly boxChain: readonly string[]; readonly trials: readonly { readonly at: string; readonly passed: boolean; readonly codes: readonly string[] }[];
  readonly notes: readonly { readonly at: string; readonly byName: string; readonly event: string; readonly text: string }[];
}
export interface ReceiptRow { readonly record: string; readonly level: number; readonly at: string; readonly key: string; readonly electronicRecordCode: string; readonly batch: string; readonly state: string; readonly files: number }

/** What the next step of a system is, in the words of the page. */
export function nextStep(one: SourceSystem): string {
  if (one.state === 'suspended') return '已停用，恢复由安全保密管理员办理';
  if (one.expired) return '证书已过期，由系统管理员换发';
  if (one.level === null) return '待安全保密管理员核定密级';
  if (one.test === null || !one.test.stands) return '待试报后由档案员登记接口测试';
  return one.handlers.some(({ inOffice }) => !inOffice) ? '有归档责任人已离岗，待系统管理员另行指定' : '在线收件中';
}
