import type { PlannedReport } from '../../policies/schemas/report.js';
import type { ReportContent, ReportStanding } from '../reports/document.js';
import { localDay, tableSection } from '../reports/document.js';
import { accredited, counted, STATUS_NAMES, type CheckedItem } from './checklist.js';
import type { Facts } from './facts.js';
import type { ComplianceFile } from '../../policies/schemas/compliance.js';

/** Stands in the title of a box without registered 系统审查. */
export const NOT_ACCREDITED = '（未取得系统审查）';
export const titleOf = (planned: PlannedReport, facts: Facts): string => `${planned.title}${facts.systemLevel >= 2 && !accredited(facts.accreditation, facts.today) ? NOT_ACCREDITED : ''}`;

/** R17 合规清单报告: the fixed declaration and 系统审查 first, then coverage, then every item with what it rests on. */
export function complianceReport(planned: PlannedReport, file: ComplianceFile, facts: Facts, items: readonly CheckedItem[], at: ReportStanding): ReportContent {
  const all = counted(items);
  const { accreditation } = facts;
  const evidenceOf = (one: CheckedItem): string => [one.evidenceRef, ...Object.entries(one.evidence).map(([name, value]) => `${name} ${value === null ? '—' : String(value)}`)].filter((part) => part !== '').join('；');
  return {
    filters: [{ label: '清单版本', value: file.version }, { label: '范围', value: '全部条目' }],
    conclusion: { text: `符合 ${String(all.met)}，部分符合 ${String(all.partly)}，待核查 ${String(all.pending)}，不适用 ${String(all.na)}`, tone: all.pending + all.partly === 0 ? 'good' : 'warn' },
    sections: [
      { type: 'facts', heading: '声明与系统审查', items: [
        { label: '声明', value: file.declaration },
        { label: '系统审查', value: accreditation === null ? '未登记' : accredited(accreditation, facts.today) ? '已登记' : '已过有效期' },
        { label: '评估机构', value: accreditation?.assessOrg ?? '—' }, { label: '报告编号', value: accreditation?.reportNo ?? '—' },
        { label: '批准文号', value: accreditation?.approvalNo ?? '—' }, { label: '有效期至', value: accreditation?.validTo ?? '—' },
      ] },
      tableSection(planned, 'coverage', file.sources.map(({ key, name }) => {
        const of = counted(items.filter(({ item }) => item.source === key));
        return { name, total: of.total, met: of.met, partly: of.partly, pending: of.pending, na: of.na, share: of.total === of.na ? '—' : `${String(Math.round((of.met / (of.total - of.na)) * 100))}%` };
      }), at),
      tableSection(planned, 'items', items.map((one) => ({
        code: one.item.code, source: file.sources.find(({ key }) => key === one.item.source)?.name ?? one.item.source, article: one.item.article, requirement: one.item.requirement,
        status: STATUS_NAMES[one.status], evidenceRef: evidenceOf(one), note: one.note, checkedBy: one.checkedBy, checkedAt: one.checkedAt === '' ? '' : localDay(one.checkedAt),
      })), at),
    ],
  };
}
