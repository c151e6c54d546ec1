import {
  AppraisalCancel, AppraisalCandidates, AppraisalCheck, AppraisalClose, AppraisalConsent, AppraisalConvene, AppraisalDisposable, AppraisalDraft, AppraisalDue, AppraisalKeep, AppraisalList, AppraisalOpine, AppraisalPreview,
  AppraisalReopen, AppraisalReport, AppraisalShow, AppraisalSign, AppraisalSubmit, HoldLift, HoldList, HoldPlace,
} from '../../../policies/schemas/appraisal-acts.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 到期鉴定与冻结 */
export const appraisalRoutes = ({ appraisal, legalHolds }: Pick<Services, 'appraisal' | 'legalHolds'>): Routes => ({
  'appraisal.due': route({ method: 'GET', summary: '期满清单', input: AppraisalDue, errors: ['E_DENIED', 'E_INPUT_INVALID'], handle: appraisal.due }),
  'appraisal.candidates': route({ method: 'GET', summary: '鉴定小组候选人与鉴定规则', input: AppraisalCandidates, errors: ['E_DENIED'], handle: appraisal.candidates }),
  'appraisal.list': route({ method: 'GET', summary: '鉴定批次', input: AppraisalList, errors: ['E_DENIED'], handle: appraisal.list }),
  'appraisal.show': route({ method: 'GET', summary: '查看鉴定批次，只列可见的件', input: AppraisalShow, errors: ['E_NOT_FOUND'], handle: appraisal.show }),
  'appraisal.draft': route({ method: 'POST', summary: '建立鉴定批次', input: AppraisalDraft, errors: ['E_NOT_FOUND', 'E_RETENTION_NOT_EXPIRED', 'E_APPRAISAL_PANEL', 'E_APPRAISAL_SECRECY_MEMBER', 'E_DUPLICATE', 'E_STATE_INVALID'], handle: appraisal.draft }),
  'appraisal.convene': route({ method: 'POST', summary: '组成鉴定小组', input: AppraisalConvene, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SOD_SELF_APPROVAL'], handle: appraisal.convene }),
  'appraisal.opine': route({
    method: 'POST', summary: '逐件提出鉴定意见', input: AppraisalOpine, handle: appraisal.opine,
    errors: ['E_NOT_FOUND', 'E_DENIED', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_RETENTION_REQUIRED', 'E_RETENTION_TOO_SHORT', 'E_RETENTION_NOT_EXPIRED', 'E_RETAINED_COPY_PROTECTED', 'E_LEGAL_HOLD'],
  }),
  'appraisal.report': route({ method: 'POST', summary: '汇总鉴定意见', input: AppraisalReport, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_APPRAISAL_INCOMPLETE', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: appraisal.report }),
  'appraisal.preview': route({ method: 'GET', summary: '取会签原文', input: AppraisalPreview, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_CERT_INVALID'], handle: appraisal.preview }),
  'appraisal.sign': route({ method: 'POST', summary: '会签', input: AppraisalSign, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_SIGNATURE_INVALID', 'E_SOD_SAME_PERSON', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: appraisal.sign }),
  'appraisal.reopen': route({ method: 'POST', summary: '重新鉴定', input: AppraisalReopen, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: appraisal.reopen }),
  'appraisal.submit': route({ method: 'POST', summary: '报批鉴定报告', input: AppraisalSubmit, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_APPROVAL_REQUIRED', 'E_DUPLICATE'], handle: appraisal.submit }),
  'appraisal.close': route({ method: 'POST', summary: '办结鉴定批次', input: AppraisalClose, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: appraisal.close }),
  'appraisal.cancel': route({ method: 'POST', summary: '撤销鉴定批次', input: AppraisalCancel, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: appraisal.cancel }),
  'appraisal.disposable': route({ method: 'GET', summary: '鉴定为销毁的档案与销毁前置条件', input: AppraisalDisposable, errors: ['E_DENIED'], handle: appraisal.disposable }),
  'appraisal.check': route({ method: 'GET', summary: '一件档案的销毁前置条件与期限变更', input: AppraisalCheck, errors: ['E_NOT_FOUND'], handle: appraisal.check }),
  'appraisal.consent': route({ method: 'POST', summary: '提请保密期内销毁的书面同意', input: AppraisalConsent, errors: ['E_NOT_FOUND', 'E_APPRAISAL_REQUIRED', 'E_DESTROY_SECRECY_CONSENT', 'E_STATE_INVALID', 'E_DUPLICATE'], handle: appraisal.consent }),
  'appraisal.keep': route({ method: 'POST', summary: '撤回销毁结论', input: AppraisalKeep, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_MAC_WRITE_DOWN'], handle: appraisal.keep }),
  'hold.list': route({ method: 'GET', summary: '冻结登记', input: HoldList, errors: ['E_DENIED'], handle: legalHolds.list }),
  'hold.place': route({ method: 'POST', summary: '冻结档案', input: HoldPlace, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_MAC_WRITE_DOWN'], handle: legalHolds.place }),
  'hold.lift': route({ method: 'POST', summary: '解除冻结', input: HoldLift, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SOD_SELF_APPROVAL', 'E_MAC_WRITE_DOWN'], handle: legalHolds.lift }),
});
