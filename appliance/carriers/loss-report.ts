import type { LossReport } from '../../secrecy/carrier.js';
import { Sheet } from '../disposal/sheet.js';
import { localTime } from '../reports/document.js';
import type { FormHead } from '../reports/form.js';

/** What is told of a lost carrier to 保密行政管理部门. Codes, not titles, of what lay on it. */
export interface LossFacts {
  readonly head: Pick<FormHead, 'box' | 'generatedAt' | 'level' | 'mark' | 'rehearsal' | 'unit'>;
  readonly no: string;
  readonly title: string;
  readonly kind: string;
  readonly copies: string;
  readonly secrecyPeriod: string;
  readonly state: string;
  readonly keeper: string;
  readonly lostAt: string;
  readonly reportBy: string;
  readonly circumstances: string;
  readonly measures: string;
  readonly report: LossReport | null;
  readonly records: readonly { readonly code: string; readonly level: string }[];
  readonly source: string;
}

/** 涉密载体丢失（失控）情况报告表 */
export async function lossReport(facts: LossFacts): Promise<Buffer> {
  const sheet = new Sheet({ ...facts.head, orientation: 'portrait', title: '涉密载体丢失情况报告表', reportNo: facts.no });
  sheet.cells([
    { label: '报告单位', value: facts.head.unit }, { label: '载体编号', value: facts.no }, { label: '名称、文号', value: facts.title, wide: true }, { label: '密级标志', value: facts.head.mark }, { label: '保密期限', value: facts.secrecyPeriod },
    { label: '种类', value: facts.kind }, { label: '份号/总份', value: facts.copies }, { label: '丢失前状态', value: facts.state }, { label: '经手人', value: facts.keeper },
    { label: '发现时间', value: localTime(facts.lostAt) }, { label: '报告时限', value: `${localTime(facts.reportBy)} 前` }, { label: '经过', value: facts.circumstances, wide: true, room: 24 }, { label: '补救措施', value: facts.measures, wide: true, room: 24 },
    { label: '报告情况', value: facts.report === null ? '' : `${localTime(facts.report.at)} 报告 ${facts.report.to}，编号 ${facts.report.no}`, wide: true, room: facts.report === null ? 20 : 0 },
  ]);
  sheet.heading(`受影响的档案（报告人可知悉的 ${String(facts.records.length)} 件）`);
  sheet.table('受影响的档案', [{ key: 'at', heading: '序号', width: 0.6, align: 'right' }, { key: 'code', heading: '档号', width: 5 }, { key: 'level', heading: '密级', width: 1.4 }], facts.records.map((one, n) => ({ at: n + 1, ...one })));
  sheet.cells([{ label: '保密员', value: ' ', room: 22 }, { label: '单位负责人', value: ' ', room: 22 }]);
  sheet.note(`依据：${facts.source}。`);
  return sheet.finish(facts.no);
}
