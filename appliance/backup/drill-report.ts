import type { PlannedReport } from '../../policies/schemas/report.js';
import { grouped, localTime, tableSection } from '../reports/document.js';
import type { ReportContent, ReportStanding } from '../reports/document.js';

/** What came of a drill; counts and numbers only. */
export interface DrillOutcome {
  readonly planVersion: number | null;
  readonly kind: 'full' | 'incremental';
  readonly chain: readonly string[];
  readonly media: string;
  readonly minutes: number;
  /** Objects of the backup that the live box still holds, and those that came back. */
  readonly due: number;
  readonly restored: number;
  readonly sampled: number;
  readonly differing: number;
  /** Objects on 已销毁清单 that the backup held: none of them came back. */
  readonly destroyed: number;
  readonly ledgerEntries: number;
  readonly issues: readonly string[];
}
export interface DrillTold { readonly number: string; readonly at: string; readonly backup: string; readonly passed: boolean; readonly outcome: DrillOutcome | null }

/** R13 备份与恢复演练记录. */
export function drillReport(planned: PlannedReport, drills: readonly DrillTold[], at: ReportStanding): ReportContent {
  const failed = drills.filter(({ passed }) => !passed).length;
  return {
    filters: [{ label: '范围', value: drills.length === 1 ? `演练 ${drills[0]?.number ?? ''}` : '已结束的全部演练' }],
    conclusion: drills.length === 0 ? { text: '尚无演练', tone: 'warn' } : { text: failed === 0 ? `${String(drills.length)} 次演练全部通过` : `${String(drills.length)} 次演练，${String(failed)} 次未通过`, tone: failed === 0 ? 'good' : 'bad' },
    sections: [tableSection(planned, 'drills', drills.map(({ number, at: begun, backup, passed, outcome: it }) => ({
      drillNo: number, at: localTime(begun), planVersion: it?.planVersion == null ? '无方案' : `第 ${String(it.planVersion)} 版`, backup,
      scope: it === null ? '' : it.kind === 'full' ? '完全' : `增量，依据 ${it.chain.join('、')}`, media: it?.media ?? '', minutes: it?.minutes ?? null,
      restored: it === null ? '' : `${grouped(it.restored)}／${grouped(it.due)}`, digest: it === null ? '' : it.differing === 0 ? `${grouped(it.sampled)} 个一致` : `${grouped(it.sampled)} 个中 ${grouped(it.differing)} 个不符`,
      destroyed: it?.destroyed ?? null, ledger: it === null ? '' : `${grouped(it.ledgerEntries)} 条`, issues: it === null ? '演练中断' : it.issues.join('；') || '无', result: passed ? '通过' : '未通过',
    })), at)],
  };
}
