import {
  ClassificationApprove, ClassificationAuthorities, ClassificationList, ClassificationPreview, ClassificationPropose, ClassificationReject, ClassificationShow,
} from '../../../policies/schemas/classification.js';
import type { classificationService } from '../../../secrecy/services/classification.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FORM = [
  'E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_CERT_INVALID', 'E_CLS_OVER_SYSTEM_LEVEL', 'E_CLS_MARK_ON_NON_SECRET', 'E_CLS_BASIS_REQUIRED', 'E_CLS_PERIOD_EXCEEDS_MAX',
  'E_CLS_SCOPE_REQUIRED', 'E_CLS_AUTHORITY_EXCEEDED', 'E_CLS_DERIVE_SOURCE_REQUIRED', 'E_CLS_NOT_ORIGIN', 'E_CLEARANCE_REQUIRED',
] as const;
const DECIDE = ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SOD_SELF_APPROVAL', 'E_CLS_AUTHORITY_EXCEEDED', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'] as const;

export const classificationRoutes = (service: ReturnType<typeof classificationService>): Routes => ({
  'classification.list': route({ method: 'GET', summary: '定密事项清单', input: ClassificationList, errors: ['E_DENIED'], handle: service.list }),
  'classification.show': route({ method: 'GET', summary: '国家秘密确定审批表', input: ClassificationShow, errors: ['E_NOT_FOUND'], handle: service.show }),
  'classification.authorities': route({ method: 'GET', summary: '定密责任人名单', input: ClassificationAuthorities, errors: [], handle: service.authorities }),
  'classification.preview': route({ method: 'POST', summary: '推算标志与期限并取待签原文', input: ClassificationPreview, errors: [...FORM, 'E_SOD_SELF_APPROVAL'], handle: service.preview }),
  'classification.propose': route({ method: 'POST', summary: '拟定并签署', input: ClassificationPropose, errors: [...FORM, 'E_SIGNATURE_INVALID', 'E_DUPLICATE'], handle: service.propose }),
  'classification.approve': route({ method: 'POST', summary: '批准定密', input: ClassificationApprove, errors: [...DECIDE, 'E_DUPLICATE'], handle: service.approve }),
  'classification.reject': route({ method: 'POST', summary: '退回定密拟定', input: ClassificationReject, errors: [...DECIDE], handle: service.reject }),
});
