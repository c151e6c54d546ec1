import type { Instant, ReadTools, WriteTools } from '../../core/ports.js';
import { relationGuard } from '../../core/services/relations.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { appraisalBatches } from './batches.js';
import { legalHoldService } from './holds.js';
import { appraisalOutcome } from './outcome.js';
import { appraisalReads } from './reads.js';

export interface AppraisalComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 鉴定与冻结 over the parts of the box. */
export function composeAppraisal(box: Box, composition: AppraisalComposition) {
  const { store, gate, clock, ids, sm3, policies, profile } = box;
  const parts = { store, gate, clock, ids, sm3, policy: policies.content('appraisal.json'), relations: relationGuard(policies.content('relations.json'), clock), ...composition };
  return {
    appraisal: { ...appraisalBatches(parts), ...appraisalOutcome(parts), ...appraisalReads({ ...parts, fonds: profile.fonds[0]?.fonds ?? '' }) },
    legalHolds: legalHoldService(parts),
  };
}
