import type { Conclusion, TestResult } from '../../core/four-natures.js';
import { ArchiveError } from '../../core/errors.js';
import type { CaptureBatch, ComputerFile, StoredRecord } from '../../core/holdings.js';
import type { FourPropertyRun } from '../../core/inspection-run.js';
import type { FourNature } from '../../policies/schemas/inspection.js';
import type { PlannedReport, ReportRow } from '../../policies/schemas/report.js';
import type { TestItems } from '../../policies/schemas/test-items.js';
import { runDifferences } from '../../core/services/inspection.js';
import { levelName } from '../../secrecy/level.js';
import { grouped, localTime, tableSection } from './document.js';
import type { ReportContent, ReportStanding } from './document.js';

export interface FourPropertyFacts {
  readonly run: FourPropertyRun;
  readonly batch: CaptureBatch;
  readonly departmentName: string;
  readonly fondsName: string;
  /** Account of who ran the test. */
  readonly operator: string;
  readonly records: readonly { readonly record: StoredRecord; readonly files: readonly ComputerFile[] }[];
  readonly items: TestItems;
  /** Another run of the batch to hold this one against. */
  readonly against?: FourPropertyRun;
  readonly resultOrder: readonly string[];
}

const PROPERTY: Record<FourNature, string> = { authenticity: '真实性', integrity: '完整性', usability: '可用性', security: '安全性' };
const RESULT: Record<TestResult['result'], string> = { pass: '合格', fail: '不合格', warn: '告警', manual: '待人工', skip: '不适用' };
const LEVEL: Record<TestResult['level'], string> = { mandatory: '必检', advisory: '建议', manual: '人工' };
const STAGE: Record<FourPropertyRun['stage'], string> = { filing: '归档环节', transfer: '移交与接收环节', preservation: '长期保存环节', conversion: '转换迁移之后' };
const METHOD: Record<CaptureBatch['method'], string> = { online_auto: '在线归档', offline_upload: '离线上传', offline_package_import: '离线数据包', paper_scan: '纸质数字化' };
const CONCLUSION: Record<Conclusion, { readonly text: string; readonly tone: 'good' | 'warn' | 'bad' }> = {
  qualified: { text: '合格', tone: 'good' },
  conditional: { text: '有条件合格（告警项须填处置意见）', tone: 'warn' },
  unqualified: { text: '不合格（必检项未全部通过）', tone: 'bad' },
};

/**
 * R08 四性检测报告. One run of one batch, results by rule with what is not in order first.
 * @throws ArchiveError `E_STATE_INVALID` while a manual item waits for its answer
 */
export function fourPropertyReport(planned: PlannedReport, facts: FourPropertyFacts, at: ReportStanding): ReportContent {
  const { run, batch } = facts;
  const { content } = run;
  const pending = [...new Set(content.results.filter((one) => one.result === 'manual').map((one) => one.code))];
  if (pending.length > 0) {
    throw new ArchiveError('E_STATE_INVALID', { state: 'manual pending', allowed: ['inspection.run'] }, pending.map((code) => ({ at: code, message: '该项须人工检测，登记结论后重新检测，再出具报告' })));
  }
  const results = inOrder(content.results, facts.resultOrder);
  const wrong = results.filter((one) => one.result === 'fail' || one.result === 'warn');
  const item = (code: string) => facts.items.items.find((one) => one.code === code || one.transferCode === code);
  return {
    filters: [
      { label: '批次', value: batch.number }, { label: '检测编号', value: run.reportNo }, { label: '第几次检测', value: String(run.run) },
      { label: '题名', value: at.titles ? '列出' : '不列' },
    ],
    conclusion: CONCLUSION[run.conclusion],
    sections: [
      {
        type: 'facts', heading: '检测概况', items: [
          { label: '批次编号', value: batch.number },
          { label: '检测编号', value: `${run.reportNo}（第 ${String(run.run)} 次）` },
          { label: '检测环节', value: STAGE[run.stage] },
          { label: '全宗', value: `${batch.fonds} ${facts.fondsName}` },
          { label: '形成部门', value: facts.departmentName },
          { label: '归档方式', value: METHOD[batch.method] },
          ...(at.lowered ? [] : [{ label: '批次密级', value: levelName(batch.level) }]),
          { label: '受检件数', value: `${grouped(content.items)} 件` },
          { label: '受检文件', value: `${grouped(content.files)} 个` },
          { label: '总字节数', value: `${grouped(content.bytes)} 字节` },
          { label: '检测时间', value: `${localTime(run.startedAt)} 至 ${localTime(run.finishedAt).slice(-5)}` },
          { label: '检测人账号', value: facts.operator },
          { label: '检测引擎', value: `守藏 ${content.engineVersion}` },
          { label: '规则版本', value: `DA/T 70-2018，规则表 ${content.ruleSetVersion}` },
          ...(facts.against === undefined ? [] : [{ label: '对比检测', value: `${facts.against.reportNo}（第 ${String(facts.against.run)} 次，规则表 ${facts.against.content.ruleSetVersion}）` }]),
          { label: '病毒库日期', value: content.virusLibraryOn ?? '未登记' },
          { label: '检测结论', value: CONCLUSION[run.conclusion].text },
        ],
      },
      tableSection(planned, 'summary', content.summary.map((one) => ({
        property: PROPERTY[one.property], items: one.items, passed: one.passed, failed: one.failed, warned: one.warned, manualPending: one.manualPending,
        result: one.failed > 0 ? '不合格' : one.warned > 0 ? '有告警' : '合格',
      })), at),
      tableSection(planned, 'findings', wrong.map((one, index) => ({
        no: index + 1, code: one.code, name: one.name, result: RESULT[one.result], objectRef: one.objectRef, message: clipped(one.message || differs(one)),
        fix: item(one.code)?.fix ?? null, article: article(item(one.code)?.article),
      })), at, '没有不合格项和告警项'),
      tableSection(planned, 'rules', byRule(results, facts.resultOrder), at),
      tableSection(planned, 'items', facts.records.map(({ record, files }, index) => ({
        no: index + 1, ref: refOf(record), title: record.description.title, mark: record.mark ?? levelName(record.level), files: files.length,
        bytes: files.reduce((sum, file) => sum + file.bytes, 0), ...countsOf(record, files, content.results),
      })), at),
      ...(facts.against === undefined ? [] : [tableSection(planned, 'changes', runDifferences(facts.against, run).map((one) => ({ ...one, was: stood(one.was), is: stood(one.is), message: clipped(one.message) })), at, '两次检测逐项相同')]),
      tableSection(planned, 'results', results.map((one) => ({
        code: one.code, name: one.name, property: PROPERTY[one.property], level: LEVEL[one.level], objectRef: one.objectRef,
        expected: clipped(one.expected), actual: one.result === 'pass' ? null : clipped(one.actual), result: RESULT[one.result], message: clipped(one.message),
      })), at),
    ],
  };
}

const stood = (result: string): string => (result === 'absent' ? '未检' : RESULT[result as TestResult['result']]);

const refOf = (record: StoredRecord): string => record.archivalCode ?? record.electronicRecordCode;

/** 第十七条 → 办法第十七条. */
const article = (text: string | undefined): string | null => (text === undefined ? null : `办法${text}`);

const differs = (one: TestResult): string => (one.expected === '' && one.actual === '' ? '' : `应为：${one.expected}；实为：${one.actual}`);

const clipped = (text: string): string => (text.length > 500 ? `${text.slice(0, 499)}…` : text);

/** What is not in order first, then by code as people count (GD-1-2 before GD-1-10); the order of objects within a rule stays. */
function inOrder(results: readonly TestResult[], order: readonly string[]): readonly TestResult[] {
  return results.map((one, index) => ({ one, index })).sort((a, b) =>
    order.indexOf(a.one.result) - order.indexOf(b.one.result) || compareCodes(a.one.code, b.one.code) || a.index - b.index).map(({ one }) => one);
}

function compareCodes(a: string, b: string): number {
  const [left, right] = [a.split('-'), b.split('-')];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [x = '', y = ''] = [left[at], right[at]];
    const difference = Number(x) - Number(y);
    if (x !== y) return Number.isNaN(difference) ? (x < y ? -1 : 1) : difference;
  }
  return 0;
}

function byRule(results: readonly TestResult[], order: readonly string[]): readonly ReportRow[] {
  const rules = new Map<string, TestResult[]>();
  for (const one of results) {
    const own = rules.get(one.code);
    if (own) own.push(one);
    else rules.set(one.code, [one]);
  }
  return [...rules.values()].flatMap((own) => {
    const [first] = own;
    if (!first) return [];
    const count = (result: TestResult['result']): number => own.filter((one) => one.result === result).length;
    const worst = order.find((result) => own.some((one) => one.result === result)) as TestResult['result'] | undefined;
    return [{
      code: first.code, name: first.name, property: PROPERTY[first.property], level: LEVEL[first.level], passed: count('pass'), failed: count('fail'),
      warned: count('warn'), skipped: count('skip'), result: RESULT[worst ?? 'skip'],
    }];
  });
}

/** Findings of an item: those that name it, or one of its files. */
function countsOf(record: StoredRecord, files: readonly ComputerFile[], results: readonly TestResult[]): { failed: number; warned: number } {
  const own = new Set([refOf(record), ...files.map((file) => file.id)]);
  const count = (result: TestResult['result']): number => results.filter((one) => one.result === result && own.has(one.objectRef)).length;
  return { failed: count('fail'), warned: count('warn') };
}
