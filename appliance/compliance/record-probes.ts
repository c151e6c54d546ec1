import type { Facts } from './facts.js';
import { finding, missing, whole, type Finding, type Probe } from './finding.js';

/** Over records: without any there is nothing to show yet. */
const ofRecords = (facts: Facts, what: string, wrong: number, good: string): Finding => (facts.records.filed === 0 && wrong === 0 ? missing('尚无已归档的件，无从核查') : whole(what, wrong, facts.records.filed, good));
const ofSecrets = (facts: Facts, what: string, wrong: number, good: string): Finding => {
  if (facts.systemLevel < 2 && facts.marks.secrets === 0) return finding('na', '本机为非涉密系统，没有国家秘密', { 系统等级: facts.systemLevel });
  return facts.marks.secrets === 0 && wrong === 0 ? missing('尚无国家秘密件，无从核查') : whole(what, wrong, facts.marks.secrets, good);
};

/** What records, marks and readings show. */
export const recordProbes: Readonly<Record<string, Probe>> = {
  'three-schedules': ({ tables }) => {
    const evidence = { 分类方案: tables.schemes, 期限表条目: tables.scheduleItems, 归档范围条目: tables.scopeItems, 审核文号: tables.approvalNo };
    if (tables.schemes === 0 || tables.scheduleItems === 0 || tables.scopeItems === 0) return finding('pending', '三表不全', evidence);
    return tables.approvalNo === null ? finding('partly', '三表已载入，保管期限表未登记审核文号', evidence) : finding('met', '三表齐备，保管期限表已登记审核文号', evidence);
  },
  'filed-state': (facts) => ofRecords(facts, '状态与档号不一致的件', facts.records.stateWrong, '归档件均有档号，未归档件没有档号'),
  'formats-judged': (facts) => ofRecords(facts, '已归档而格式检测不合格的文件', facts.records.badFiles, '已归档文件均经格式检测'),
  'metadata-linked': (facts) => ofRecords(facts, '没有元数据摘要的归档件', facts.records.withoutDigest, '归档件元数据摘要均已固化'),
  'arranged-complete': (facts) => ofRecords(facts, '缺少分类或保管期限的归档件', facts.records.unarranged, '归档件分类与保管期限齐全'),
  'filing-deadline': (facts) => whole('逾期未归档的件', facts.records.overdueFiling, facts.records.filed + facts.records.overdueFiling, '没有逾期未归档的件'),
  'transfer-deadline': (facts) => whole('逾期未移交的件', facts.records.overdueTransfer, facts.records.filed, '没有逾期未移交的件'),
  'four-properties': (facts) => ofRecords(facts, '所在批次没有合格检测记录的归档件', facts.records.uninspected, '归档件所在批次均有四性检测记录'),
  'codes-continuous': (facts) => ofRecords(facts, '断号的件号序列', facts.records.gaps, '各序列件号连续'),
  'levels-within-system': (facts) => whole('密级高于系统等级的件或对象', facts.records.aboveSystem, facts.records.filed, '没有高于系统等级的件和内容对象'),
  'marks-bound': (facts) => {
    const { binding, unmarked } = facts.marks;
    if (facts.marks.secrets > 0 && binding === null) return finding('partly', '国家秘密件已作标志，标志绑定校验尚未运行', { 国家秘密件: facts.marks.secrets });
    return ofSecrets(facts, '没有标志或标志绑定校验不通过的国家秘密件', unmarked + (binding?.faults ?? 0), '国家秘密件均有标志，绑定校验通过');
  },
  'scopes-set': (facts) => ofSecrets(facts, '没有知悉范围的国家秘密件', facts.marks.unscoped, '国家秘密件知悉范围均限定到人员或部门'),
  'terms-handled': (facts) => ofSecrets(facts, '保密期限届满未处理的事项', facts.marks.overdueTerms, '没有届满未处理的事项'),
  'written-records': (facts) => ofSecrets(facts, '没有书面记录编号的定密事项', facts.marks.withoutWrittenRecord, '生效的定密事项均有书面记录编号'),
  'class-authorities': (facts) => {
    const evidence = { 定密责任人: facts.marks.authorities, 到期: facts.marks.expiredAuthorities };
    if (facts.systemLevel < 2) return finding('na', '本机为非涉密系统', evidence);
    if (facts.marks.authorities === 0) return finding('pending', '没有登记定密责任人', evidence);
    return facts.marks.expiredAuthorities > 0 ? finding('partly', '有定密责任人指定已到期', evidence) : finding('met', '定密责任人均在指定期内', evidence);
  },
  'knowledge-log': (facts) => {
    if (facts.marks.knowledge === null) return missing('本机没有知悉登记');
    if (facts.systemLevel < 3) return finding('na', '本机不存机密级以上国家秘密', { 系统等级: facts.systemLevel });
    if (facts.marks.readAbove === 0) return missing('尚无机密级以上阅览，无从核查');
    return whole('机密级以上阅览而无知悉登记', Math.max(0, facts.marks.readAbove - facts.marks.knowledge), facts.marks.readAbove, '机密级以上阅览均有知悉登记');
  },
  'reads-traced': (facts) => (facts.reads.count === 0 ? missing('尚无阅览记录，无从核查') : whole('没有记明对象的阅览记录', facts.reads.untraced, facts.reads.count, '每次阅览均先记审计再出页面，页面带溯源水印')),
};
