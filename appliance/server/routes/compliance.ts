import { AccreditationRegister, ComplianceEnter, ComplianceList, CompliancePreview } from '../../../policies/schemas/compliance.js';
import type { ComplianceService } from '../../compliance/service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const complianceRoutes = (service: ComplianceService): Routes => ({
  'compliance.list': route({ method: 'GET', summary: '合规清单与取证结论', input: ComplianceList, errors: ['E_DENIED'], handle: service.list }),
  'compliance.preview': route({ method: 'POST', summary: '取待签的核查登记原文', input: CompliancePreview, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_INPUT_INVALID'], handle: service.preview }),
  'compliance.enter': route({ method: 'POST', summary: '登记人工核查结论', input: ComplianceEnter, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_INPUT_INVALID', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'], handle: service.enter }),
  'accreditation.register': route({ method: 'POST', summary: '提请登记系统审查', input: AccreditationRegister, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_DUPLICATE'], handle: service.register }),
});
