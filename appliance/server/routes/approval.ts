import { ApprovalList, ApprovalPreview, ApprovalRefuse, ApprovalShow, ApprovalSign } from '../../../policies/schemas/approval.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const SIGN = ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_APPROVAL_LAPSED', 'E_SOD_SELF_APPROVAL', 'E_SOD_SAME_PERSON', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'] as const;

export const approvalRoutes = (service: Services['approvals']): Routes => ({
  'approval.list': route({ method: 'GET', summary: '待签与已办审批', input: ApprovalList, errors: [], handle: service.list }),
  'approval.show': route({ method: 'GET', summary: '查看审批事项', input: ApprovalShow, errors: ['E_NOT_FOUND'], handle: service.show }),
  'approval.preview': route({ method: 'POST', summary: '取待签审批原文', input: ApprovalPreview, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_CERT_INVALID'], handle: service.preview }),
  'approval.sign': route({ method: 'POST', summary: '签署审批', input: ApprovalSign, errors: [...SIGN], handle: service.sign }),
  'approval.refuse': route({ method: 'POST', summary: '拒绝审批', input: ApprovalRefuse, errors: [...SIGN], handle: service.refuse }),
});
