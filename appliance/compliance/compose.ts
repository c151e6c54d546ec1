import type { Instant, ReadTools, WriteTools } from '../../core/ports.js';
import type { approvalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import type { Routes } from '../server/route.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Facts } from './facts.js';
import { gatherFacts } from './gather.js';
import { complianceService } from './service.js';

export interface ComplianceWish {
  readonly approvals: ReturnType<typeof approvalService<Repositories & WriteTools, Repositories & ReadTools>>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  /** Policy digests now, and as the last R11 printed them. */
  readonly policies: () => Promise<Facts['policies']>;
}

/** 合规清单 over the parts of the box; the routes are known once they are made. */
export function complianceOf(box: Box, { approvals, verifierFor, policies }: ComplianceWish) {
  let inputs: Facts['inputs'] = { routes: 0, unchecked: 0 };
  const service = complianceService({
    store: box.store, clock: box.clock, ids: box.ids, file: box.policies.content('compliance.json'), approvals, verifierFor, systemLevel: box.profile.systemLevel, box: box.identity.serial,
    facts: async () => gatherFacts(box, { inputs: () => inputs, policies }),
  });
  return {
    ...service,
    /** Told by the server what it serves. A form that is not closed lets unknown fields through. */
    serves(routes: Routes): void {
      const rows = Object.values(routes);
      inputs = { routes: rows.length, unchecked: rows.filter(({ input }) => !isClosed(input)).length };
    },
  };
}

/** A form that takes no field it does not name; where it is one of several, none of them does. */
function isClosed(input: Readonly<Record<string, unknown>>): boolean {
  const { anyOf } = input;
  return Array.isArray(anyOf) ? anyOf.every((one: Readonly<Record<string, unknown>>) => isClosed(one)) : input['additionalProperties'] === false;
}
