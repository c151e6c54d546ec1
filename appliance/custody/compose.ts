import type { Clock, Ids, Instant, ReadTools, WriteTools } from '../../core/ports.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { approvalService } from '../../secrecy/services/approvals.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { custodyService } from './service.js';

/** 密钥管理 over the parts of the box. */
export const custodyOf = (box: Box, approvals: ReturnType<typeof approvalService<Repositories & WriteTools, Repositories & ReadTools>>, verifierFor: (certificate: string, at: Instant) => VerifySignature) => {
  const { store, reader, keys, crypto, gate }: Box = box;
  const [clock, ids]: [Clock, Ids] = [box.clock, box.ids];
  return custodyService({
    store, reader, keys, crypto, clock, ids, approvals, verifierFor, orders: box.orders, rotation: box.rotation, subjectOf: async (call) => gate.subjectOf(call),
    box: { serial: box.identity.serial, unit: box.profile.unitName, rehearsal: box.profile.rehearsal },
  });
};
