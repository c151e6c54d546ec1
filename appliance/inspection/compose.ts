import type { Instant } from '../../core/ports.js';
import { inspectionService, tester } from '../../core/services/inspection.js';
import type { InspectionParts } from '../../core/services/inspection.js';
import { stageTester } from '../../core/services/stage-inspection.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import { rulePacks } from './rule-packs.js';

export interface InspectionComposition {
  readonly parts: Omit<InspectionParts, 'items' | 'pack'>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 四性检测 over the parts of the box: the packs of its rules, and every stage that runs them. */
export function composeInspection(box: Box, { parts, verifierFor, nameOf }: InspectionComposition) {
  const packs = rulePacks({ box, verifierFor, nameOf, madeHere: (message, signature) => box.crypto.verify(message, signature, box.keys.identity.certificate.publicKey) });
  const inspectionParts: InspectionParts = { ...parts, items: packs.current, pack: async (version) => packs.get(box.reader, version) };
  const test = tester(inspectionParts);
  return { inspectionParts, test, stages: stageTester(inspectionParts), inspection: inspectionService(inspectionParts, test), rulePacks: packs };
}
