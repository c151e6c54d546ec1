import type { ComplianceFile, ComplianceStatus } from '../../policies/schemas/compliance.js';
import type { Facts, LastCheck } from './facts.js';
import { days, finding, missing, whole, type Finding, type Limits, type Probe } from './finding.js';
import { recordProbes } from './record-probes.js';

const three = (facts: Facts): readonly number[] => ['sysadmin', 'secadmin', 'auditadmin'].map((duty) => facts.duties[duty] ?? 0);

/** Evidence that grows old: a check that went well, not too long ago. */
function recent(what: string, check: LastCheck | null, facts: Facts, limit: number): Finding {
  if (check === null) return missing(`尚无${what}记录`);
  const age = days(check.at, facts.now);
  const evidence = { 审计序号: check.seq, 时间: check.at, 天数: age };
  if (!check.ok) return finding('pending', `最近一次${what}未通过，请处理后重做`, evidence);
  return age <= limit ? finding('met', `最近一次${what}通过，距今 ${String(age)} 天`, evidence) : finding('partly', `最近一次${what}已过 ${String(age)} 天，超过 ${String(limit)} 天`, evidence);
}

const people: Readonly<Record<string, Probe>> = {
  'inspector-read-only': (facts) => whole('检查员可办理的写操作', facts.access.inspectorWrites, facts.access.rows, '访问策略中检查员没有任何写操作'),
  'archivists-appointed': (facts) => {
    const [archivists, custodians] = [facts.duties['archivist'] ?? 0, facts.duties['custodian'] ?? 0];
    const evidence = { 档案员: archivists, 涉密档案管理员: custodians };
    if (archivists === 0) return finding('pending', '尚未任命档案员', evidence);
    return facts.systemLevel >= 2 && custodians === 0 ? finding('partly', '涉密系统尚未任命涉密档案管理员', evidence) : finding('met', '档案管理人员已任命', evidence);
  },
  training: (facts) => (facts.personnel === null ? missing('本机没有培训登记，须人工核查') : whole('本年保密培训不足学时的人员', facts.personnel.untrained, facts.personnel.registered, '登记人员本年培训学时均已达到')),
  'three-officers': (facts) => {
    const [sysadmin = 0, secadmin = 0, auditadmin = 0] = three(facts);
    const evidence = { 系统管理员: sysadmin, 安全保密管理员: secadmin, 安全审计员: auditadmin };
    const appointed = [sysadmin, secadmin, auditadmin].filter((one) => one > 0).length;
    return appointed === 3 ? finding('met', '三员均已任命在岗', evidence) : finding(appointed === 0 ? 'pending' : 'partly', `三员中有 ${String(3 - appointed)} 个岗位无人`, evidence);
  },
  'no-conflicts': (facts) => (facts.access.conflicts === 0 ? missing('互斥规则为空') : whole('互斥岗位由一人兼任', facts.conflictsFound, facts.access.conflicts, `按 ${String(facts.access.conflicts)} 条互斥规则校验，无人兼任`)),
  'unique-identities': (facts) => whole('没有本人证书或与他人共用密钥的账号', facts.accounts.withoutCertificate + facts.accounts.sharedTokens, facts.accounts.active, '在用账号一人一证一钥'),
  'sm2-identities': (facts) => whole('证书缺失、到期或共用的账号', facts.accounts.withoutCertificate + facts.accounts.expiredCertificates + facts.accounts.sharedTokens, facts.accounts.active, '登录须以 SM2 私钥签名挑战，在用账号证书均有效'),
  'two-factors': (facts) => {
    const evidence = { 无证书账号: facts.accounts.withoutCertificate, 强制双因素: facts.pack.tokenRequired ? '是' : '否' };
    if (facts.accounts.withoutCertificate > 0) return finding('pending', '有在用账号没有签名钥匙', evidence);
    return facts.pack.tokenRequired ? finding('met', '登录须口令加 SM2 签名钥匙，策略强制', evidence) : finding('partly', '登录用口令加 SM2 签名钥匙，策略包未列为强制', evidence);
  },
  'password-pack': (facts) => {
    const evidence = { 最短位数: facts.pack.minLength, 更换周期天: facts.pack.maxAgeDays, 超期账号: facts.accounts.passwordOverdue };
    if (facts.rehearsal) return finding('partly', '演练环境的口令公开且不按周期更换', evidence);
    return facts.accounts.passwordOverdue > 0 ? finding('partly', `${String(facts.accounts.passwordOverdue)} 个账号的口令超过更换周期`, evidence) : finding('met', '策略包在用，无口令超期账号', evidence);
  },
  'session-limits': (facts) => {
    const { maxFailures, idleMinutes, absoluteMinutes } = facts.pack;
    const evidence = { 失败锁定次数: maxFailures, 空闲分钟: idleMinutes, 会话最长分钟: absoluteMinutes };
    return maxFailures > 0 && maxFailures <= 5 && idleMinutes > 0 && idleMinutes <= 10 && absoluteMinutes <= 480 ? finding('met', '失败锁定、空闲重鉴别、会话时限按策略包执行', evidence) : finding('pending', '策略包的限值宽于出厂规定', evidence);
  },
  'grants-reasoned': (facts) => whole('过期未撤或没有事由的授权', facts.grants.overdue + facts.grants.unreasoned, facts.grants.live, '授权均有事由，无过期未撤'),
  'default-accounts': (facts) => whole('默认账号或可猜账号', facts.accounts.guessable, facts.accounts.active, '初始化时逐人建立账号，没有默认账号'),
  'unused-accounts': (facts) => whole('长期未登录而未停用的账号', facts.accounts.unused, facts.accounts.active, '没有长期未登录的在用账号'),
  'leavers-ended': (facts) => whole('停用账号仍有的授权和会话', facts.grants.ofDisabled + facts.accounts.sessionsOfDisabled, facts.accounts.active, '停用账号的授权与会话均已终止'),
  'cleared-entered': (facts) => whole('没有人员类别或资格已到期的涉密人员', facts.cleared.withoutCategory + facts.cleared.lapsed, facts.cleared.people, '涉密人员类别与资格有效期均已登记'),
  commitments: (facts) => whole('没有保密承诺书编号的涉密人员', facts.cleared.withoutCommitment, facts.cleared.people, '涉密人员承诺书均已登记'),
  'personnel-reviewed': (facts) => (facts.personnel === null ? missing('本机没有上岗审查登记，须人工核查') : whole('有涉密资格而未登记上岗审查的人员', facts.personnel.unregistered, facts.cleared.people, '有涉密资格的人员均已登记上岗审查')),
  terminals: (facts) => {
    if (facts.terminals === null) return missing('本机没有终端登记');
    const evidence = { 登记终端: facts.terminals.registered, 强制绑定: facts.terminals.required ? '是' : '否' };
    if (facts.terminals.registered === 0) return finding('pending', '尚未登记终端', evidence);
    return facts.terminals.required ? finding('met', '仅登记终端可登录', evidence) : finding('partly', '终端已登记，尚未限制未登记终端登录', evidence);
  },
};

const system: Readonly<Record<string, Probe>> = {
  'access-policy': (facts) => (facts.access.rows > 0 ? finding('met', '访问策略逐行载入并校验，未列明的一律拒绝', { 策略行: facts.access.rows }) : missing('访问策略为空')),
  'access-bound': (facts) => whole('不受密级或知悉范围约束的读取策略行', facts.access.unboundReads, facts.access.rows, '读取档案的策略行均受密级支配和知悉范围约束'),
  'labels-enforced': (facts) => whole('不按密级约束的档案读写策略行', facts.access.unboundReads + facts.access.unboundWrites, facts.access.rows, '读按密级支配、写按会话密级相等强制控制'),
  accreditation: (facts) => {
    if (facts.systemLevel < 2) return finding('na', '本机系统等级为非涉密，不适用', { 系统等级: facts.systemLevel });
    if (facts.accreditation === null) return finding('pending', '未取得系统审查：尚未登记检测评估报告和审查批准文号', {});
    const evidence = { 报告编号: facts.accreditation.reportNo, 批准文号: facts.accreditation.approvalNo, 有效期至: facts.accreditation.validTo };
    return facts.accreditation.validTo >= facts.today ? finding('met', '系统审查已登记，在有效期内', evidence) : finding('partly', '系统审查已过有效期，请重新办理', evidence);
  },
  'system-level-set': (facts) => (facts.systemLevel < 2 ? finding('na', '本机系统等级为非涉密，不得存储国家秘密', { 系统等级: facts.systemLevel })
    : facts.rehearsal ? finding('partly', '演练环境：等级已设，不得处理国家秘密', { 系统等级: facts.systemLevel }) : finding('met', '系统等级在初始化时确定，高于等级的一律不存', { 系统等级: facts.systemLevel })),
  'tls-only': (facts) => {
    const evidence = { 最低版本: facts.tls.minVersion, 证书至: facts.tls.until };
    return facts.tls.minVersion === 'TLSv1.3' && facts.tls.until !== null && facts.tls.until > facts.now ? finding('met', '只接受 TLS 1.3，服务证书有效', evidence) : finding('pending', '传输保护不满足：版本过低或服务证书到期', evidence);
  },
  'national-tls': (facts) => (facts.tls.national ? finding('met', '传输采用国密套件', { 最低版本: facts.tls.minVersion })
    : facts.tls.minVersion === 'TLSv1.3' ? finding('partly', '传输为 TLS 1.3 国际算法；国密传输须在前端另设 TLCP 网关', { 最低版本: facts.tls.minVersion }) : finding('pending', '传输保护不满足', { 最低版本: facts.tls.minVersion })),
  'inputs-checked': (facts) => whole('没有输入校验的接口', facts.inputs.unchecked, facts.inputs.routes, '全部接口按 JSON Schema 校验，未知字段一律拒绝'),
  'self-test': (facts) => (facts.selfTest.passed ? finding('partly', '密码部件每次启动自检通过；程序文件的可信根须由平台提供', { 自检项: facts.selfTest.tests }) : finding('pending', '密码自检未通过', { 自检项: facts.selfTest.tests })),
  'keys-wiped': (facts) => (facts.selfTest.wiping ? finding('met', '自检证明上锁后各期密钥在内存中清零', { 自检项: facts.selfTest.tests }) : finding('pending', '密钥清零自检未通过', { 自检项: facts.selfTest.tests })),
  'secure-delete': (facts) => (facts.rest.secureDelete ? finding('met', '数据库删除即覆写，内容删除先毁密钥', { 删除即覆写: '是' }) : finding('pending', '数据库没有启用删除即覆写', { 删除即覆写: '否' })),
  'encrypted-at-rest': (facts) => (facts.rest.rows + facts.rest.objects === 0 ? missing('尚无可核查的密件') : whole('未加密的密件或内容对象', facts.rest.plainRows + facts.rest.plainObjects, facts.rest.rows + facts.rest.objects, '抽查的著录密件和内容对象均为密文')),
  'audit-coverage': (facts) => (facts.ledger.size > 0 ? finding('met', '每次读、写、拒绝均记入审计，不留审计的操作不能提交', { 条数: facts.ledger.size, 动作种类: facts.ledger.actions }) : missing('审计为空')),
  'audit-fields': (facts) => whole('缺少时间、主体、动作或结果的审计记录', facts.ledger.incomplete, facts.ledger.size, '审计记录要素齐全'),
  'audit-chain': (facts, limits) => recent('审计链校验', facts.ledger.verified, facts, limits.verifyDays),
  checkpoints: (facts, limits) => {
    const { checkpoint } = facts.ledger;
    if (checkpoint === null) return missing('尚未签发审计检查点');
    const hours = Math.floor((Date.parse(facts.now) - Date.parse(checkpoint.at)) / 3_600_000);
    const evidence = { 检查点条数: checkpoint.size, 签发: checkpoint.at };
    return hours <= limits.checkpointHours ? finding('met', '审计检查点按时签发', evidence) : finding('partly', `最近的检查点已过 ${String(hours)} 小时`, evidence);
  },
  'fixity-check': (facts, limits) => recent('一致性核查', facts.ledger.fsck, facts, limits.fsckDays),
  'key-custody': (facts, limits) => {
    const evidence = { 期次: facts.keys.epoch, 启用: facts.keys.epochMadeAt, 分量: facts.keys.holders, 开锁需: facts.keys.threshold, 仪式: facts.keys.ceremonies, 未签齐: facts.keys.openCeremonies };
    if (facts.keys.ceremonies === 0 || facts.keys.threshold < 2 || facts.keys.holders < 3) return finding('pending', '密钥没有分人保管或没有生成仪式记录', evidence);
    const age = facts.keys.epochMadeAt === null ? Infinity : days(facts.keys.epochMadeAt, facts.now);
    if (age > limits.keyYears * 366) return finding('partly', `现行期次已用 ${Number.isFinite(age) ? String(age) : '不明'} 天，超过轮换周期`, evidence);
    return facts.keys.openCeremonies + facts.keys.orders > 0 ? finding('partly', '有仪式记录未签齐或密钥指令未完成', evidence) : finding('met', '密钥分人保管，轮换在周期内，仪式记录签齐', evidence);
  },
  'policy-integrity': (facts) => (facts.policies === null ? missing('尚未生成用户与权限清单（R11），无法比对策略摘要')
    : facts.policies.changed > 0 ? finding('partly', `${String(facts.policies.changed)} 个策略文件与上次清单所载摘要不符`, { 比对: facts.policies.listed }) : finding('met', '访问控制策略与 SM2 签名的清单所载摘要一致', { 比对: facts.policies.listed })),
  'signatures-kept': (facts) => whole('办结而签名不齐的审批', facts.approvals.unsigned, facts.approvals.done, '办结的审批均留存 SM2 签名'),
  alarms: (facts) => (facts.alarms === null ? missing('本机没有告警登记') : facts.alarms.rules === 0 ? missing('没有启用告警规则') : whole('未处理的告警', facts.alarms.open, facts.alarms.rules, '告警规则已启用，没有未处理告警')),
  'virus-library': (facts, limits) => {
    const on = facts.records.virusLibraryOn;
    if (on === null) return missing('没有登记病毒库日期');
    const age = days(`${on}T00:00:00Z`, facts.now);
    return age <= limits.virusDays ? finding('met', `病毒库日期 ${on}`, { 天数: age }) : finding(age <= limits.virusStopDays ? 'partly' : 'pending', `病毒库已过 ${String(age)} 天`, { 天数: age });
  },
  backups: (facts, limits) => recent('备份', facts.backup, facts, limits.backupDays),
  'restore-drill': (facts, limits) => recent('恢复演练', facts.drill, facts, limits.drillDays),
};

/** Every probe by the name that `policies/compliance.json` gives it. */
export const PROBES: Readonly<Record<string, Probe>> = { ...people, ...system, ...recordProbes };

export const limitsOf = (file: ComplianceFile): Limits => file.recent;
export type { Finding, Probe };
export type Status = ComplianceStatus;
