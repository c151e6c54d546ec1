import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { openingService } from './service.js';

export interface OpeningComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly nameOf: (person: string) => Promise<string>;
  readonly searchedKeys: readonly string[];
}
const PROPOSE = 'opening.propose';

/** 开放审核 over the parts of the box. */
export function composeOpening(box: Box, { approvals, nameOf, searchedKeys }: OpeningComposition) {
  const { store, gate, clock, ids, vault, profile, policies } = box;
  const openings = openingService({ store, gate, clock, ids, content: vault, searchedKeys, approvals, nameOf, policy: policies.content('use.json').opening, mode: profile.mode });
  approvals.carries(PROPOSE, async (tx, call, granted) => openings.approved(tx, call, granted));
  approvals.refuses(PROPOSE, async (tx, _call, refused) => openings.refused(tx, refused));
  approvals.knownBy(PROPOSE, async (tx, call, { it }) => openings.knownTo(tx, call, it.object));
  return { openings };
}
