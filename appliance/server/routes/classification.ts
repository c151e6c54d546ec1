import {
  ClassificationApprove, ClassificationAuthorities, ClassificationList, ClassificationPreview, ClassificationPropose, ClassificationProtect, ClassificationReject, ClassificationReport, ClassificationShow,
  ClassificationWithdraw,
} from '../../../policies/schemas/classification.js';
import { AppointAuthority, Authorise, EndAuthority, RevokeAuthorisation, Statistics, StatisticsExport } from '../../../policies/schemas/class-authority.js';
import { Cases, CloseTask, DecideCase, DraftCase, EnterNotice, EnterStep, Expiring, Forms, Notices, PreviewCase, ReturnCase, ShowCase, SignCase, WithdrawCase } from '../../../policies/schemas/marking-case.js';
import type { composeMarking } from '../../../secrecy/services/compose.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FORM = [
  'E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_CERT_INVALID', 'E_CLS_OVER_SYSTEM_LEVEL', 'E_CLS_MARK_ON_NON_SECRET', 'E_CLS_BASIS_REQUIRED', 'E_CLS_PERIOD_EXCEEDS_MAX',
  'E_CLS_SCOPE_REQUIRED', 'E_CLS_AUTHORITY_EXCEEDED', 'E_CLS_DERIVE_SOURCE_REQUIRED', 'E_CLS_NOT_ORIGIN', 'E_CLEARANCE_REQUIRED',
] as const;
const DECIDE = ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SOD_SELF_APPROVAL', 'E_CLS_AUTHORITY_EXCEEDED', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'] as const;

type Marking = ReturnType<typeof composeMarking>;

export const classificationRoutes = ({ classification: service, protecting, expiring }: Marking): Routes => ({
  'classification.list': route({ method: 'GET', summary: '定密事项清单', input: ClassificationList, errors: ['E_DENIED'], handle: service.list }),
  'classification.show': route({ method: 'GET', summary: '国家秘密确定审批表', input: ClassificationShow, errors: ['E_NOT_FOUND'], handle: service.show }),
  'classification.authorities': route({ method: 'GET', summary: '定密责任人名单', input: ClassificationAuthorities, errors: [], handle: service.authorities }),
  'classification.preview': route({ method: 'POST', summary: '推算标志与期限并取待签原文', input: ClassificationPreview, errors: [...FORM, 'E_SOD_SELF_APPROVAL'], handle: service.preview }),
  'classification.propose': route({ method: 'POST', summary: '拟定并签署', input: ClassificationPropose, errors: [...FORM, 'E_SIGNATURE_INVALID', 'E_DUPLICATE'], handle: service.propose }),
  'classification.approve': route({ method: 'POST', summary: '批准定密', input: ClassificationApprove, errors: [...DECIDE, 'E_DUPLICATE'], handle: service.approve }),
  'classification.reject': route({ method: 'POST', summary: '退回定密拟定', input: ClassificationReject, errors: [...DECIDE], handle: service.reject }),
  'classification.protect': route({ method: 'POST', summary: '先行保密', input: ClassificationProtect, errors: [...FORM, 'E_SIGNATURE_INVALID', 'E_DUPLICATE'], handle: protecting.protect }),
  'classification.report': route({ method: 'POST', summary: '登记上报', input: ClassificationReport, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_INPUT_INVALID'], handle: protecting.report }),
  'classification.withdraw': route({ method: 'POST', summary: '撤回定密拟定', input: ClassificationWithdraw, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'], handle: protecting.withdraw }),
  'classification.expiring': route({ method: 'GET', summary: '到期台', input: Expiring, errors: ['E_DENIED'], handle: expiring.list }),
  'classification.close-task': route({ method: 'POST', summary: '办结副本核对', input: CloseTask, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID'], handle: expiring.close }),
});

const CASE = ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_INPUT_INVALID'] as const;
const TERMS = ['E_CLS_OVER_SYSTEM_LEVEL', 'E_CLS_PERIOD_EXCEEDS_MAX', 'E_CLS_BASIS_REQUIRED', 'E_CLS_SCOPE_REQUIRED', 'E_CLS_AUTHORITY_EXCEEDED', 'E_CLS_NOT_ORIGIN', 'E_CLS_EXTEND_AFTER_EXPIRY', 'E_CLS_LONG_TERM_DECLASSIFY', 'E_CLEARANCE_REQUIRED'] as const;
const SIGNED = ['E_SIGNATURE_INVALID', 'E_CERT_INVALID'] as const;

/** 定密责任人、定密授权与统计. */
export const authorityRoutes = ({ marking: { authorities, statistics }, statisticsFile }: Pick<Services, 'marking' | 'statisticsFile'>): Routes => ({
  'classification.appoint-authority': route({ method: 'POST', summary: '提请指定定密责任人', input: AppointAuthority, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_CLEARANCE_REQUIRED', 'E_TRAINING_REQUIRED', 'E_CLS_AUTHORITY_EXCEEDED', 'E_DUPLICATE'], handle: authorities.appoint }),
  'classification.end-authority': route({ method: 'POST', summary: '提请终止定密责任人', input: EndAuthority, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_DUPLICATE'], handle: authorities.end }),
  'classification.authorise': route({ method: 'POST', summary: '提请登记定密授权', input: Authorise, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_CLS_OVER_SYSTEM_LEVEL', 'E_DUPLICATE'], handle: authorities.authorise }),
  'classification.revoke-authorisation': route({ method: 'POST', summary: '登记撤销定密授权', input: RevokeAuthorisation, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_INPUT_INVALID'], handle: authorities.revoke }),
  'classification.statistics': route({ method: 'GET', summary: '定密统计', input: Statistics, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_STAT_UNBALANCED'], handle: statistics.show }),
  'classification.export-statistics': route({ method: 'GET', summary: '导出定密统计', input: StatisticsExport, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_STAT_UNBALANCED'], handle: statisticsFile.export }),
});

/** 变更、延长、解密审核、年度审核,通知与回执. */
export const caseRoutes = ({ cases, notices }: Marking): Routes => ({
  'classification.cases': route({ method: 'GET', summary: '审核表清单', input: Cases, errors: ['E_DENIED'], handle: cases.list }),
  'classification.case': route({ method: 'GET', summary: '变更、解密审核、年度审核表', input: ShowCase, errors: ['E_NOT_FOUND'], handle: cases.show }),
  'classification.forms': route({ method: 'GET', summary: '审核表的种类、结论、理由与步骤', input: Forms, errors: [], handle: cases.forms }),
  'classification.preview-case': route({ method: 'POST', summary: '推算变更后的标志并取待签原文', input: PreviewCase, errors: [...CASE, 'E_SOD_SELF_APPROVAL', 'E_CERT_INVALID'], handle: cases.preview }),
  'classification.draft-case': route({ method: 'POST', summary: '起草或修改审核表', input: DraftCase, errors: [...CASE, ...TERMS, 'E_CERT_INVALID'], handle: cases.draft }),
  'classification.enter-step': route({ method: 'POST', summary: '登记会商、征求原定密机关意见', input: EnterStep, errors: [...CASE], handle: cases.step }),
  'classification.sign-case': route({ method: 'POST', summary: '承办人签署', input: SignCase, errors: [...CASE, ...TERMS, ...SIGNED], handle: cases.sign }),
  'classification.decide-case': route({ method: 'POST', summary: '定密责任人审批', input: DecideCase, errors: [...CASE, ...TERMS, ...SIGNED, 'E_CLS_STEP_MISSING', 'E_SOD_SELF_APPROVAL', 'E_DUPLICATE'], handle: cases.decide }),
  'classification.return-case': route({ method: 'POST', summary: '退回承办人', input: ReturnCase, errors: [...CASE, ...SIGNED, 'E_SOD_SELF_APPROVAL', 'E_CLS_AUTHORITY_EXCEEDED'], handle: cases.giveBack }),
  'classification.withdraw-case': route({ method: 'POST', summary: '撤回审核表', input: WithdrawCase, errors: [...CASE, ...SIGNED], handle: cases.takeBack }),
  'classification.notices': route({ method: 'GET', summary: '书面通知与回执', input: Notices, errors: ['E_DENIED'], handle: cases.notices }),
  'classification.enter-notice': route({ method: 'POST', summary: '登记送出、送达、回执', input: EnterNotice, errors: [...CASE], handle: notices.enter }),
});
