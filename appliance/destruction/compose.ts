import type { ReadTools, WriteTools } from '../../core/ports.js';
import { relationGuard } from '../../core/services/relations.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { destructionPapers } from './paper-service.js';
import { destructionService } from './service.js';
import { destructionWork } from './work.js';

export interface DestructionWish {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly nameOf: (person: string) => Promise<string>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
  readonly searchedKeys: readonly string[];
  /** Told of a fault while a batch is carried out; its step stays to be tried again. */
  readonly late: (error: unknown) => void;
}

/** 电子档案销毁 over the parts of the box. */
export function composeDestruction(box: Box, wish: DestructionWish) {
  const policy = box.policies.content('destruction.json');
  const work = destructionWork({ box, policy, searchedKeys: wish.searchedKeys, late: wish.late });
  return {
    destruction: destructionService({ box, gate: box.gate, policy, appraisal: box.policies.content('appraisal.json'), approvals: wish.approvals, work, relations: relationGuard(box.policies.content('relations.json'), box.clock), nameOf: wish.nameOf, verifierFor: wish.verifierFor }),
    destructionPapers: destructionPapers({ box, policy, marks: box.policies.content('marking.json'), work, unit: { name: box.profile.unitName, rehearsal: box.profile.rehearsal }, nameOf: wish.nameOf, verifierFor: wish.verifierFor }),
    destructionWork: work,
  };
}
