/** 三表 as the box tells of them. */
import type { Page } from './api.js';

export type TableKind = 'scheme' | 'scope' | 'retention';
export interface TableVersion {
  readonly id: string; readonly kind: TableKind; readonly label: string; readonly state: string; readonly origin: string; readonly title: string; readonly effectiveFrom: string | null; readonly digest: string; readonly activatedAt: string | null; readonly version: number;
  readonly importedAt: string; readonly importedByName: string; readonly rehearsed: { readonly at: string; readonly byName: string } | null; readonly filed?: number;
  readonly approval: { readonly approvalNo: string; readonly approvedBy: string; readonly approvedOn: string; readonly rehearsal: boolean; readonly registeredByName: string | null; readonly counts: boolean } | null;
}
export interface Tables { readonly counted: number; readonly kinds: readonly { readonly kind: TableKind; readonly name: string; readonly versions: readonly TableVersion[] }[] }
export interface Difference { readonly part: string; readonly key: string; readonly name: string; readonly change: 'added' | 'removed' | 'changed'; readonly fields: readonly { readonly field: string; readonly before: string; readonly after: string }[] }
export interface Comparison { readonly table: TableVersion; readonly against: TableVersion; readonly differences: readonly Difference[]; readonly counts: { readonly added: number; readonly removed: number; readonly changed: number } }
export interface EffectCount { readonly effect: string; readonly filed: boolean; readonly records: number }
export interface EffectRow { readonly record: string; readonly effect: string; readonly filed: boolean; readonly code: string; readonly title: string; readonly level: number; readonly scheduleItemId: string | null; readonly retentionCode: string | null; readonly state: string }
export interface Effects extends Page<EffectRow> { readonly counts: readonly EffectCount[]; readonly records: number }

export const KIND_NAMES: Readonly<Record<TableKind, string>> = { scheme: '分类方案', scope: '归档范围', retention: '保管期限表' };
export const CHANGE_NAMES: Readonly<Record<Difference['change'], string>> = { added: '新增', removed: '删除', changed: '修改' };
/** What a version would say of a record, and what follows for one that is not filed yet. */
export const EFFECT_NAMES: Readonly<Record<string, { readonly name: string; readonly open: string }>> = {
  gone: { name: '条目（方案）不在新版中', open: '须改选条目' }, category: { name: '门类不再相符', open: '须改选条目' }, short: { name: '期限短于新版规定', open: '须改长期限' }, differs: { name: '期限与新版不同，但不短', open: '归档时须写明原因' },
  outside: { name: '不再列入归档范围', open: '须核对是否归档' }, inside: { name: '新列入归档范围', open: '—' }, period: { name: '永久、定期改变', open: '须核对期限' }, class: { name: '归入另一类别', open: '—' },
  org: { name: '新版档号须有机构（问题）', open: '须补机构（问题）' }, levels: { name: '层级改变', open: '按新层级编号' },
};
/** The state as the 三表 name it: words of other things mean something else. */
export const tableState = (one: TableVersion): string => `table.${one.state}`;
