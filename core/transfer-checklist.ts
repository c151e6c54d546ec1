import { ArchiveError, type ErrorCode } from './errors.js';
import type { CalendarDate, Level } from './ports.js';
import type { TransferPlan } from './transfer.js';
import type { TransferPolicy } from '../policies/schemas/transfer.js';

/** What the box knows of one record that is to be handed over. */
export interface TransferRecordFacts {
  /** 档号; shown to those who may know the record. */
  readonly code: string;
  readonly record: string;
  readonly level: Level;
  readonly filed: boolean;
  /** 移交截止; `null` where it was never reckoned. */
  readonly dueOn: CalendarDate | null;
  readonly signatureLeft: boolean;
  readonly encrypted: boolean;
  readonly compressed: boolean;
  readonly attached: { readonly openOpinion: boolean; readonly foiStatus: boolean; readonly classificationChange: boolean };
  /** Its mark's signature holds, and a state secret has its mark. */
  readonly markWhole: boolean;
  readonly marked: boolean;
  /** 移交前解密审核 done or not needed. */
  readonly reviewed: boolean;
  /** What it is related to and would leave behind, as far as the person may know: `附件 Z109-…`. */
  readonly apart?: readonly string[];
}

export interface TransferFacts {
  readonly today: CalendarDate;
  readonly plan: TransferPlan;
  /** Rolled up over the records. */
  readonly level: Level;
  readonly records: readonly TransferRecordFacts[];
  readonly companions: readonly string[];
  readonly counterpart: { readonly inForce: boolean; readonly systemLevel: Level } | null;
  readonly medium: { readonly usable: boolean; readonly cap: Level } | null;
  readonly device: { readonly certified: boolean; readonly certifiedLevel: Level } | null;
  readonly network: boolean;
  /** The last run of the transfer stage: what it said, and whether records or files changed after it. */
  readonly run: { readonly qualified: boolean; readonly stale: boolean } | null;
  readonly approved: { readonly head: boolean; readonly officer: boolean };
}

export type TransferStage = 'prepare' | 'inspect' | 'approve' | 'seal';
const STAGES: readonly TransferStage[] = ['prepare', 'inspect', 'approve', 'seal'];

/** One line of the checklist. */
export interface TransferCheck {
  readonly key: string;
  readonly code: ErrorCode;
  readonly passed: boolean;
  /** The step of the batch that first asks for it. */
  readonly stage: TransferStage;
  readonly title: string;
  /** What is missing and where to mend it; empty when passed. */
  readonly text: string;
  readonly article: string;
  /** Records at fault, by id; empty where the batch as a whole is. */
  readonly records: readonly string[];
}

/**
 * 移交前置条件 (第二十二至二十五、四十一、四十二条), every one in order, passed or not. Each is missing alone in one test.
 * Early is what is handed over before its five years are over; overdue what is handed over after them.
 */
export function transferChecks(facts: TransferFacts, policy: Pick<TransferPolicy, 'companions' | 'mediumTestMonths' | 'officerFromLevel' | 'deviceFromLevel'>): readonly TransferCheck[] {
  const { today, plan, records, counterpart, medium, device, run } = facts;
  const line = (stage: TransferStage, key: string, code: ErrorCode, passed: boolean, title: string, text: string, article: string, at: readonly TransferRecordFacts[] = []): TransferCheck =>
    ({ key, code, passed, stage, title, text: passed ? '' : text, article, records: passed ? [] : at.map(({ record }) => record) });
  const each = (stage: TransferStage, key: string, code: ErrorCode, wrong: (record: TransferRecordFacts) => boolean, title: string, text: string, article: string): TransferCheck => {
    const at = records.filter(wrong);
    return line(stage, key, code, at.length === 0, title, text, article, at);
  };
  const early = records.filter(({ dueOn }) => dueOn === null || dueOn > today);
  const overdue = records.filter(({ dueOn }) => dueOn !== null && dueOn < today);
  const { extension, early: agreed, mediumTest } = plan;
  const extended = extension !== null && extension.approvalNo !== '' && extension.approvedBy !== '' && extension.newDueOn >= today;
  const rights = agreed !== null && [...Object.values(agreed.rights), agreed.foiHandler].every((one) => one.trim() !== '');
  const missing = policy.companions.filter((one) => one.required && !facts.companions.includes(one.key));
  const tested = mediumTest !== null && mediumTest.qualified && mediumTest.on <= today && monthsBefore(today, policy.mediumTestMonths) <= mediumTest.on;
  const offline = plan.mode === 'offline_medium';
  const classified = facts.level >= policy.deviceFromLevel;
  return [
    line('prepare', 'list', 'E_TRANSFER_LIST_MISSING', records.length > 0 && records.every(({ filed }) => filed), '移交清单与在库档案相符', records.length === 0 ? '批次里没有档案，请在“档案”中选取' : '清单中有不在库的档案，请移出', '第二十四条', records.filter(({ filed }) => !filed)),
    line('prepare', 'road', 'E_TRANSFER_OVER_INTERNET', offline || facts.network, '不经互联网：离线介质或已登记的专用网络', '通道不是已登记的专用网络，请改用离线介质', '第二十二条'),
    line('prepare', 'early', 'E_TRANSFER_EARLY_CONSENT', early.length === 0 || (agreed !== null && agreed.consentNo !== ''), '到期移交，或提前移交已经档案馆同意', '有尚未到期的档案，请在“期限与同意”中登记档案馆同意文号', '第二十三条', early),
    line('prepare', 'rights', 'E_TRANSFER_RIGHTS_UNDEFINED', early.length === 0 || rights, '提前移交的利用、转换、迁移权责已明确', '请在“期限与同意”中写明期满前利用、转换、迁移由谁负责，以及政府信息公开由谁办理', '第二十三条', early),
    line('prepare', 'extension', 'E_TRANSFER_EXTENSION_CONSENT', overdue.length === 0 || extended, '未逾期，或延期已经同级档案主管部门同意', extension === null ? '有逾期的档案，请在“期限与同意”中登记延期批准文号' : '延期期限已过或批准文号不全，请在“期限与同意”中更正', '第二十三条', overdue),
    line('prepare', 'overdueReason', 'E_OVERDUE_REASON_REQUIRED', overdue.length === 0 || (plan.overdueReason ?? '').trim() !== '', '逾期原因已写明', '有逾期的档案，请在“期限与同意”中填写逾期原因', '第二十二条', overdue),
    each('prepare', 'relations', 'E_ARRANGE_RELATION_BROKEN', ({ apart = [] }) => apart.length > 0, '已登记的关系没有拆散', `请一并移交，或在“文件关系”中登记分开的原因（正文与附件等不得分开）：${[...new Set(records.flatMap(({ apart = [] }) => apart))].slice(0, 20).join('、')}`, '第十九条'),
    each('prepare', 'signatures', 'E_SEAL_SIGNATURE_PRESENT', ({ signatureLeft }) => signatureLeft, '电子印章的数字签名已去除', '有文件仍含数字签名信息，请退回整理环节去除签名、保留印章图形', '第二十五条'),
    each('prepare', 'encryption', 'E_FMT_ENCRYPTED', ({ encrypted }) => encrypted, '加密措施已解除', '有文件仍被加密，请由形成部门解除加密后更换', '第二十五条'),
    each('prepare', 'compression', 'E_FMT_COMPRESSED', ({ compressed }) => compressed, '没有压缩包', '有文件是压缩包，请解除压缩后逐件归档', '第二十五条'),
    each('prepare', 'openOpinion', 'E_TRANSFER_ATTACHMENTS_MISSING', ({ attached }) => !attached.openOpinion, '附件一：到期开放意见逐件齐备', '请在“三附件”中逐件填写到期开放意见', '第二十五条'),
    each('prepare', 'foiStatus', 'E_TRANSFER_ATTACHMENTS_MISSING', ({ attached }) => !attached.foiStatus, '附件二：政府信息公开状态逐件齐备', '请在“三附件”中逐件填写政府信息公开状态', '第二十五条'),
    each('prepare', 'classificationChange', 'E_TRANSFER_ATTACHMENTS_MISSING', ({ attached }) => !attached.classificationChange, '附件三：密级变更情况逐件齐备', '请在“三附件”中核对并确认密级变更情况；密级有新变化的须重新确认', '第二十五条'),
    line('prepare', 'companions', 'E_TRANSFER_COMPANIONS_MISSING', missing.length === 0, '全宗卷、检索工具已备齐', `缺少：${missing.map(({ name }) => name).join('、')}，请在“同步移交资料”中加入`, '第二十四条'),
    each('prepare', 'marks', 'E_CLS_MARK_MISSING', ({ marked }) => !marked, '国家秘密标志齐全', '有涉密档案没有标志，请先办结定密', '第四十一条'),
    each('prepare', 'bindings', 'E_MARK_BINDING', ({ markWhole }) => !markWhole, '密级标志绑定完好', '有档案的登记与标志绑定不符，已停止使用，请报告安全保密管理员核查', '第四十一条'),
    each('prepare', 'review', 'E_TRANSFER_DECLASS_REVIEW_REQUIRED', ({ reviewed }) => !reviewed, '移交前解密审核已办', '有涉密档案在规定期限内没有审核，请在“定密与变更”中办理解密审核（事由选“移交国家档案馆前”）', '第四十一条'),
    line('prepare', 'counterpart', 'E_COUNTERPART_NOT_IN_FORCE', counterpart?.inForce === true, '对端单位已登记且在用', '对端单位未登记、已停用或证书已过期，请在“对端单位”中处理', '第二十六条'),
    line('prepare', 'counterpartLevel', 'E_COUNTERPART_LEVEL', counterpart === null || counterpart.systemLevel >= facts.level, '对端系统等级不低于包密级', '对端系统的保护等级低于本批最高密级，请改批次或改对端', '第四十条'),
    line('prepare', 'medium', 'E_TRANSFER_MEDIUM_UNREGISTERED', medium?.usable === true, '移交介质已登记、在手', '请在“介质与设备”中选择已登记、在库或借出中的介质', '第二十二条'),
    line('prepare', 'mediumTest', 'E_TRANSFER_MEDIUM_UNTESTED', tested, '移交介质检测合格', `请在“介质与设备”中登记介质检测结果（${String(policy.mediumTestMonths)} 个月内、合格）`, '第二十二条'),
    line('prepare', 'mediumLevel', 'E_TRANSFER_MEDIUM_LEVEL', medium === null || medium.cap >= facts.level, '介质密级不低于最高密级', '介质的密级上限低于本批最高密级，请换用相应密级的介质', '第四十二条'),
    line('prepare', 'device', 'E_DEVICE_NOT_CERTIFIED', !classified || device?.certified === true, '涉密批次使用检测合格的保密专用设备', '请在“介质与设备”中选择已登记、证书在期的专用设备', '第四十二条'),
    line('prepare', 'deviceLevel', 'E_DEVICE_LEVEL', !classified || device === null || device.certifiedLevel >= facts.level, '专用设备密级不低于最高密级', '专用设备检测认定的密级低于本批最高密级，请换用相应密级的设备', '第四十二条'),
    line('approve', 'inspected', 'E_TRANSFER_NOT_INSPECTED', run !== null && !run.stale, '移交环节四性检测已做，检测后没有变动', run === null ? '请在“四性检测”中检测' : '检测之后档案或文件有变动，请重新检测', '第二十五条'),
    line('approve', 'qualified', 'E_4P_FAILED', run === null || run.qualified, '四性检测合格', '有必检项不合格，请按检测结果逐项处理后重新检测', '第二十五条'),
    line('seal', 'head', 'E_APPROVAL_REQUIRED', facts.approved.head, '单位负责人已批准', '请提请审批，由单位负责人签署', '第二十四条'),
    line('seal', 'officer', 'E_APPROVAL_REQUIRED', facts.level < policy.officerFromLevel || facts.approved.officer, '涉密批次保密员已会签', '请提请审批，由保密员会签', '第四十二条'),
  ];
}

function monthsBefore(day: CalendarDate, months: number): CalendarDate {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const total = year * 12 + month - 1 - months;
  // A day that the month does not have lies after all that it has, which is as strict as its last.
  return `${String(Math.floor(total / 12)).padStart(4, '0')}-${String((total % 12) + 1).padStart(2, '0')}-${String(date).padStart(2, '0')}`;
}

/** What this step asks for, and everything that an earlier one asked for: it is looked at again. */
export const asked = (checks: readonly TransferCheck[], stage: TransferStage): readonly TransferCheck[] => checks.filter((one) => STAGES.indexOf(one.stage) <= STAGES.indexOf(stage));

/** @throws ArchiveError with the code of the first that is missing; all of them in the details */
export function requireChecked(checks: readonly TransferCheck[], stage: TransferStage): void {
  const missing = asked(checks, stage).filter(({ passed }) => !passed);
  const [first] = missing;
  if (first === undefined) return;
  throw new ArchiveError(first.code, { missing: missing.map(({ key }) => key), codes: [...new Set(missing.map(({ code }) => code))], records: first.records }, missing.map(({ title, text }) => ({ at: title, message: text })));
}
