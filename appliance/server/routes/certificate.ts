import { CertificateIssue, CertificateList, SingleSetReview, SingleSetShow, SingleSetSubmit } from '../../../policies/schemas/proof.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 出证与单套归档资格 */
export const certificateRoutes = ({ certificates, singleSets }: Pick<Services, 'certificates' | 'singleSets'>): Routes => ({
  'certificate.list': route({ method: 'GET', summary: '出证登记', input: CertificateList, errors: ['E_DENIED'], handle: certificates.list }),
  'certificate.issue': route({ method: 'POST', summary: '出具电子档案证明，一份出证包', input: CertificateIssue, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_FIXITY_FAILED', 'E_COPY_NOT_AUTHORIZED', 'E_OUTPUT_TOO_LARGE', 'E_STATE_INVALID'], handle: certificates.issue }),
  'eligibility.show': route({ method: 'GET', summary: '单套归档核验单', input: SingleSetShow, errors: ['E_NOT_FOUND'], handle: singleSets.show }),
  'eligibility.submit': route({ method: 'POST', summary: '提交单套归档核验单', input: SingleSetSubmit, errors: ['E_NOT_FOUND', 'E_SINGLE_SET_NOT_ELIGIBLE', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: singleSets.submit }),
  'eligibility.review': route({ method: 'POST', summary: '审核单套归档核验单', input: SingleSetReview, errors: ['E_NOT_FOUND', 'E_SINGLE_SET_NOT_ELIGIBLE', 'E_SOD_SELF_APPROVAL', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: singleSets.review }),
});
