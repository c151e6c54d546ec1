import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { useService } from './service.js';

export interface UseComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 利用 over the parts of the box. */
export function composeUse(box: Box, { approvals, nameOf }: UseComposition) {
  const { store, gate, clock, ids, profile, policies } = box;
  const uses = useService({ store, gate, clock, ids, approvals, nameOf, policy: policies.content('use.json'), fonds: profile.fonds[0]?.fonds ?? '' });
  approvals.carries('use.assess', async (tx, _call, granted) => uses.approved(tx, granted));
  approvals.refuses('use.assess', async (tx, _call, refused) => uses.notApproved(tx, refused));
  return {
    uses,
    /** Hourly: 阅览 that time has ended are entered as ended. They opened nothing from that moment on. */
    async useRound(): Promise<void> { await uses.lapse(box.systemCall('use.close')); },
  };
}
