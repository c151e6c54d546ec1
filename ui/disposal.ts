/** 涉密载体销毁与介质迁移 as the box shows them. */
import type { Page } from './api.js';

export interface MediumLine {
  readonly id: string; readonly no: string; readonly tag: string; readonly carrier: string | null; readonly disposal: string | null; readonly kind: string; readonly kindName: string; readonly state: string; readonly level: number; readonly maxLevelEver: number;
  readonly since: string; readonly dueOn: string; readonly overdue: boolean; readonly reasonName: string; readonly ownerName: string; readonly lost: boolean; readonly methods: readonly (readonly string[])[]; readonly version: number;
  readonly sheet: {
    readonly title: string; readonly tag: string; readonly copyNo: number; readonly totalCopies: number; readonly quantity: number; readonly broken: boolean; readonly worm: boolean; readonly serial: string | null; readonly place: string; readonly remark: string | null; readonly failed: string | null; readonly secrecyPeriod: string | null;
    readonly log: { readonly rating: 'verified' | 'reported' | 'unknown'; readonly doubts: readonly string[]; readonly method: string } | null;
  };
}
export interface Named { readonly key: string; readonly name: string }
export interface Waiting extends Page<MediumLine> { readonly kinds: readonly Named[]; readonly reasons: readonly Named[]; readonly systemLevel: number; readonly isolationDays: number }

export interface DisposalRow {
  readonly id: string; readonly no: string; readonly state: string; readonly level: number; readonly lines: number; readonly openedOn: string; readonly openedByName: string; readonly reason: string; readonly manner: 'send' | 'own' | null;
  readonly executor: string | null; readonly executorName: string | null; readonly witnesses: readonly { readonly person: string; readonly name: string; readonly signed: boolean }[]; readonly dueOn: string | null; readonly overdue: boolean; readonly version: number;
}
export interface BatchLine extends MediumLine { readonly method: { readonly steps: readonly string[]; readonly outcome: string } | null; readonly methodText: string }
export interface DisposalShown extends DisposalRow {
  readonly it: {
    readonly differences: { readonly missing: readonly string[]; readonly unexpected: readonly string[]; readonly level: readonly string[]; readonly copies: readonly string[] } | null;
    readonly count?: { readonly opinion: string; readonly at: string }; readonly plan?: { readonly urgency: string | null; readonly consentNo: string | null }; readonly approval?: string; readonly approvedAt?: string;
    readonly isolation?: { readonly place: string; readonly sealNo: string; readonly dueOn: string; readonly at: string }; readonly release?: { readonly channel: string; readonly sealNo: string; readonly destination: string; readonly at: string };
    readonly result?: { readonly finishedAt: string; readonly place: string; readonly destroyedBy: string; readonly voucherNo: string | null; readonly remark: string | null; readonly failed: readonly { readonly line: string; readonly why: string }[] }; readonly certificate?: string; readonly closedAt?: string;
  };
  readonly rows: readonly BatchLine[];
  readonly evidence: readonly { readonly id: string; readonly kind: string; readonly fileName: string; readonly bytes: number; readonly sm3: string; readonly addedByName: string; readonly addedAt: string }[];
  readonly history: readonly { readonly seq: number; readonly at: string; readonly byName: string; readonly event: string; readonly approval: string | null }[];
  readonly escortNames: readonly string[]; readonly unitName: string | null; readonly channels: readonly (Named & { readonly allowed: boolean })[]; readonly photosMin: number;
  readonly signatures: readonly { readonly person: string; readonly name: string; readonly at: string; readonly signature: string }[]; readonly faults: readonly string[]; readonly mine: 'execute' | 'witness' | null;
}

export interface Destroyer { readonly id: string; readonly no: string | null; readonly validTo: string; readonly expired: boolean; readonly unchecked: boolean; readonly version: number; readonly facts: { readonly name: string; readonly steps: readonly string[]; readonly certNo: string; readonly certifiedLevel: number; readonly lastVerifyOn: string; readonly designatedBy: string | null } }
export interface Equipment {
  readonly kinds: readonly Named[]; readonly steps: readonly (Named & { readonly logical: boolean; readonly device: boolean; readonly kinds: readonly string[] })[]; readonly methods: readonly { readonly kind: string; readonly level: 'ordinary' | number; readonly any: readonly (readonly string[])[] }[];
  readonly methodsSource: string; readonly figures: readonly { readonly kind: string; readonly text: string; readonly verified: boolean }[]; readonly witnesses: { readonly min: number }; readonly own: { readonly maxLines: number; readonly maxLevel: number }; readonly systemLevel: number;
  readonly consent: { readonly level: number }; readonly reuse: { readonly kinds: readonly string[]; readonly steps: readonly string[] }; readonly devices: readonly Destroyer[]; readonly units: readonly Destroyer[];
}

export interface MigrationRow {
  readonly id: string; readonly no: string; readonly state: 'planned' | 'performed' | 'verified'; readonly level: number; readonly plannedAt: string; readonly from: string; readonly to: string; readonly fromNo: string; readonly toNo: string; readonly records: number; readonly risk: string;
  readonly plannedByName: string; readonly performedByName: string | null; readonly performedAt: string | null; readonly files: number; readonly differing: number; readonly verifiedByName: string | null; readonly verifiedAt: string | null; readonly version: number;
  readonly report: { readonly files: number; readonly records: number; readonly authenticity: boolean; readonly integrity: boolean; readonly usability: boolean; readonly safety: boolean } | null;
}

export const LIFE = ['drafted', 'counted', 'requested', 'approved', 'isolated', 'released', 'executed', 'witnessed', 'closed'] as const;
export const LIFE_NAMES: Readonly<Record<string, string>> = { drafted: '登记', counted: '清点', requested: '报批', approved: '批准', isolated: '隔离', released: '送销', executed: '销毁', witnessed: '监销', closed: '注销' };
export const EVIDENCE: Readonly<Record<string, string>> = { photo: '影像', voucher: '凭证', log: '覆写日志', other: '其他' };
export const RATINGS: Readonly<Record<string, string>> = { verified: '已校验的覆写', reported: '自报，未充分校验', unknown: '不可采信' };
export const DISPOSAL_EVENTS: Readonly<Record<string, string>> = {
  'disposal.open': '组成批次', 'disposal.count': '清点', 'disposal.ask': '报批', 'disposal.isolate': '隔离', 'disposal.release': '送销', 'disposal.execute': '登记销毁', 'disposal.witness': '监销签字', 'disposal.cancel': '撤销', 'carrier.destroy': '注销',
};
/** Words for a set of steps. */
export const methodWords = (steps: readonly string[], known: Equipment['steps']): string => steps.map((key) => known.find((one) => one.key === key)?.name ?? key).join('＋');
