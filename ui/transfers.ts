/** 移交与对端单位 as the box shows them. */
import type { Page } from './api.js';

export interface CounterpartRow {
  readonly id: string; readonly box: string; readonly state: string; readonly inForce: boolean; readonly unit: string; readonly modeName: string; readonly systemLevel: number; readonly fonds: readonly { readonly fonds: string; readonly name: string }[];
  readonly fingerprint: string; readonly issuedAt: string; readonly validUntil: string; readonly registeredAt: string; readonly registeredByName: string; readonly reason: string; readonly suspended: { readonly at: string; readonly byName: string; readonly reason: string } | null; readonly version: number;
}
export interface Counterparts extends Page<CounterpartRow> { readonly own: { readonly unit: string; readonly box: string; readonly modeName: string; readonly systemLevel: number; readonly fingerprint: string; readonly issuedAt: string; readonly validUntil: string } | null }

export interface DueRow { readonly record: string; readonly code: string | null; readonly title: string; readonly level: number; readonly mark: string | null; readonly documentDate: string | null; readonly dueOn: string; readonly overdueDays: number; readonly early: boolean; readonly retention: string; readonly obliged: boolean; readonly fonds: string }
export interface DueList extends Page<DueRow> { readonly more: boolean; readonly today: string; readonly dueYears: number; readonly source: string }
export interface TransferRow { readonly id: string; readonly number: string; readonly state: string; readonly level: number; readonly taskName: string; readonly counterpart: string; readonly records: number; readonly plannedAt: string; readonly plannedByName: string; readonly version: number }

export interface Check { readonly key: string; readonly code: string; readonly passed: boolean; readonly stage: string; readonly title: string; readonly text: string; readonly article: string; readonly records: readonly string[]; readonly count: number }
export interface OpenOpinion { readonly dueOpenYear: number; readonly opinion: string; readonly reason: string; readonly opinionBy: string; readonly opinionOn: string }
export interface FoiStatus { readonly status: string; readonly basis: string; readonly publishedOn: string | null; readonly channel: string | null }
export interface ChangeFacts { readonly classified: boolean; readonly originalMark?: string; readonly currentMark?: string | null; readonly changes?: readonly { readonly text: string }[]; readonly declassifiedOn?: string | null; readonly reviewOn?: string | null }
export interface TransferItem {
  readonly record: string; readonly code: string | null; readonly title: string; readonly level: number; readonly mark: string | null; readonly state: string; readonly dueOn: string | null; readonly documentDate: string | null; readonly files: number; readonly bytes: number;
  readonly openOpinion: OpenOpinion | null; readonly foiStatus: FoiStatus | null; readonly classificationChange: { readonly facts: ChangeFacts; readonly reviewer: string; readonly remark: string; readonly at: string } | null;
  readonly suggested: { readonly openOpinion: Omit<OpenOpinion, 'opinionBy' | 'opinionOn'>; readonly foiStatus: FoiStatus; readonly classificationChange: ChangeFacts }; readonly accessionNo: string | null; readonly retainUntil: string | null;
}
interface Named { readonly key: string; readonly name: string }
export interface TransferPlan {
  readonly taskName: string; readonly contentDescription: string; readonly mode: string; readonly address: string | null; readonly counterpart: string; readonly carrier: string | null; readonly device: string | null;
  readonly mediumTest: { readonly on: string; readonly method: string; readonly qualified: boolean } | null; readonly overdueReason: string | null;
  readonly extension: { readonly basis: string; readonly approvedBy: string; readonly approvalNo: string; readonly newDueOn: string } | null;
  readonly early: { readonly consentNo: string; readonly rights: { readonly use: string; readonly convert: string; readonly migrate: string }; readonly foiHandler: string } | null;
}
export interface TransferShown {
  readonly it: {
    readonly id: string; readonly number: string; readonly state: string; readonly level: number; readonly plan: TransferPlan; readonly planned: { readonly at: string };
    readonly sealed?: { readonly at: string; readonly packageNo: string; readonly handoverNo: string; readonly bytes: number; readonly volumes: readonly { readonly name: string; readonly envelope: string | null; readonly digest: string; readonly bytes: number; readonly records: number }[] };
    readonly handover?: { readonly form: HandoverForm; readonly signatures: readonly unknown[] } | null;
    readonly receipt?: { readonly receiptNo: string; readonly outcome: string; readonly defects: readonly string[]; readonly decidedAt: string; readonly at: string };
    readonly withdrawn?: { readonly reason: string };
  };
  readonly version: number; readonly fonds: string; readonly mark: string; readonly events: readonly string[]; readonly today: string; readonly plannedByName: string; readonly records: number;
  readonly counterpart: { readonly id: string; readonly unit: string; readonly box: string; readonly systemLevel: number; readonly inForce: boolean; readonly validUntil: string } | null;
  readonly carrier: { readonly id: string; readonly no: string; readonly kind: string; readonly state: string; readonly cap: number; readonly level: number } | null;
  readonly device: { readonly no: string; readonly certifiedLevel: number; readonly certValidTo: string; readonly state: string } | null;
  readonly items: readonly TransferItem[]; readonly checks: readonly Check[];
  readonly companions: readonly { readonly seq: number; readonly kind: string; readonly name: string; readonly bytes: number; readonly sm3: string; readonly putAt: string }[];
  readonly run: { readonly reportNo: string; readonly run: number; readonly conclusion: string; readonly finishedAt: string; readonly stale: boolean; readonly summary: readonly { readonly property: string; readonly items: number; readonly passed: number; readonly failed: number; readonly warned: number }[]; readonly wrong: readonly { readonly code: string; readonly name: string; readonly objectRef: string; readonly result: string; readonly message: string }[] } | null;
  readonly approval: { readonly id: string; readonly lapsesAt: string; readonly signed: number; readonly seats: number } | null;
  readonly job: { readonly state: string; readonly reason: string | null; readonly attempts: number; readonly packageNo: string; readonly progress: { readonly done: number; readonly total: number; readonly phase: string } | null } | null;
  readonly choices: { readonly companions: readonly (Named & { readonly required: boolean })[]; readonly openOpinions: readonly Named[]; readonly foiStatuses: readonly Named[]; readonly channels: readonly Named[]; readonly networks: readonly { readonly address: string; readonly name: string }[]; readonly sealedFromLevel: number; readonly companionBytes: number };
}
export interface HandoverForm { readonly handoverNo: string; readonly packageNo: string; readonly to: string; readonly mediumNo: string; readonly mark: string; readonly level: number; readonly records: number; readonly sealNos: readonly string[]; readonly packaging: string; readonly couriers: readonly { readonly name: string }[]; readonly dueOn: string }
export interface HandoverShown { readonly version: number; readonly form: HandoverForm; readonly channelName: string; readonly signatures: readonly { readonly person: string; readonly name: string; readonly at: string; readonly certificateSerial: string }[]; readonly statement: string | null }

export const TABS = [
  { tab: 'checks', name: '前置条件' }, { tab: 'records', name: '档案与三附件' }, { tab: 'consents', name: '期限与同意' }, { tab: 'medium', name: '介质与设备' }, { tab: 'companions', name: '同步移交资料' }, { tab: 'inspection', name: '四性检测' }, { tab: 'handover', name: '封装与交接' },
] as const;
export type Tab = (typeof TABS)[number]['tab'];
/** Where a missing thing is mended. */
export const MENDED: Readonly<Record<string, Tab>> = {
  list: 'records', openOpinion: 'records', foiStatus: 'records', classificationChange: 'records', signatures: 'records', encryption: 'records', compression: 'records', marks: 'records', bindings: 'records', review: 'records',
  early: 'consents', rights: 'consents', extension: 'consents', overdueReason: 'consents', road: 'consents', companions: 'companions', medium: 'medium', mediumTest: 'medium', mediumLevel: 'medium', device: 'medium', deviceLevel: 'medium',
  inspected: 'inspection', qualified: 'inspection', head: 'handover', officer: 'handover',
};
/** Open to changes: what was agreed may be put right until the package is sealed. */
export const isOpen = (state: string): boolean => ['planned', 'prepared', 'inspected', 'approved'].includes(state);
export const LIFE = [
  { state: 'planned', name: '计划' }, { state: 'prepared', name: '准备' }, { state: 'inspected', name: '检测' }, { state: 'approved', name: '批准' }, { state: 'sealed', name: '封装' }, { state: 'dispatched', name: '交出' }, { state: 'accepted', name: '接收' }, { state: 'closed', name: '办结' },
] as const;
export const PROPERTIES: Readonly<Record<string, string>> = { authenticity: '真实性', integrity: '完整性', usability: '可用性', security: '安全性' };
export const changeText = (facts: ChangeFacts): string => {
  if (!facts.classified) return '未曾定密';
  const texts = (facts.changes ?? []).map(({ text }) => text);
  return `${facts.originalMark ?? ''}${texts.length === 0 ? '，未变更' : `；${texts.join('；')}`}`;
};
