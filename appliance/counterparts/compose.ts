import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { counterpartService } from './service.js';
import { transportKeys } from './transport-key.js';

export interface CounterpartComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 对端单位 over the parts of the box. */
export function composeCounterparts(box: Box, { approvals, nameOf }: CounterpartComposition) {
  const transport = transportKeys(box, box.policies.content('transfer.json').counterpartYears);
  return { transport, counterparts: counterpartService({ box, transport, approvals, nameOf }) };
}
