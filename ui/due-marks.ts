/** 到期台: what about marks is due or soon will be, and where each is dealt with. */
import type { Page } from './api.js';

export type DueKind = 'expiring' | 'expired' | 'review' | 'source_changed' | 'copies' | 'report' | 'notice';
export interface DueRow {
  readonly kind: DueKind; readonly classification: string; readonly state: string; readonly level: number; readonly title: string; readonly mark: string | null; readonly dueOn: string; readonly daysLeft: number;
  readonly window: number | null; readonly overdue: boolean; readonly code: string | null; readonly task: string | null; readonly openCase: string | null;
  readonly notice: { readonly id: string; readonly number: string; readonly case: string; readonly deliverBy: string | null } | null;
}
export interface Due extends Page<DueRow> { readonly windows: readonly number[]; readonly counts: Readonly<Record<DueKind, number>> }

export interface DueTab { readonly kind: DueKind; readonly name: string; readonly day: string; readonly verb: string; readonly empty: string }
export const DUE_TABS: readonly DueTab[] = [
  { kind: 'expiring', name: '即将届满', day: '最后保密日', verb: '延长或审核', empty: '期限内没有即将届满的事项。届满前须审核：继续保密的在届满前延长，不再需要保密的及时解密。' },
  { kind: 'expired', name: '期满待确认', day: '解密生效日', verb: '确认自行解密', empty: '没有期满待确认的事项。期满后仍按原密级管理，直到定密责任人确认。' },
  { kind: 'review', name: '年度审核', day: '审核期限', verb: '开始审核', empty: '没有到期的年度审核。每件国家秘密每年审核一次，到期前三十日列在这里。' },
  { kind: 'source_changed', name: '派生源已变更', day: '变更之日', verb: '复核', empty: '没有待复核的派生件。来源事项变更、延长或解密后，由它派生的事项列在这里。' },
  { kind: 'copies', name: '升密后副本', day: '升密之日', verb: '办结', empty: '没有待核对的副本。升密后，旧副本和介质须逐一核对收回。' },
  { kind: 'report', name: '先行保密待报', day: '上报期限', verb: '登记上报', empty: '没有待上报的先行保密事项。不明确、有争议的自拟定之日起十个工作日内上报。' },
  { kind: 'notice', name: '通知未回执', day: '回执期限', verb: '登记回执', empty: '没有待回执的通知。' },
];

/** Where a line is dealt with: the form under way, else a new one of the kind that settles it. */
export function deskLink(row: DueRow): string {
  if (row.kind === 'notice') return row.notice ? `/marking-case/${row.notice.case}` : '/notices';
  if (row.openCase) return `/marking-case/${row.openCase}`;
  const form = (kind: string, trigger = ''): string => `/marking-case/new?classification=${row.classification}&kind=${kind}${trigger && `&trigger=${trigger}`}`;
  if (row.kind === 'expired' || (row.kind === 'expiring' && row.daysLeft < 0)) return form('confirm_expiry');
  if (row.kind === 'review') return form('review', 'annual');
  if (row.kind === 'expiring') return form('review', 'expiry');
  return row.kind === 'source_changed' ? form('review', 'request') : `/classification/${row.classification}`;
}
export function deskVerb(row: DueRow): string {
  if (row.openCase && row.kind !== 'notice') return '续办';
  return row.kind === 'expiring' && row.daysLeft < 0 ? '确认自行解密' : DUE_TABS.find((one) => one.kind === row.kind)?.verb ?? '办理';
}
/** 剩 12 日、今日、逾期 3 日. */
export const daysText = (days: number): string => (days === 0 ? '今日' : days > 0 ? `剩 ${String(days)} 日` : `逾期 ${String(-days)} 日`);
