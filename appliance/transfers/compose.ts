import type { Instant, ReadTools, WriteTools } from '../../core/ports.js';
import type { InspectionParts } from '../../core/services/inspection.js';
import { transferTester } from '../../core/services/transfer-inspection.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import type { CounterpartService } from '../counterparts/service.js';
import type { DeviceService } from '../devices/service.js';
import type { PackageRoom } from '../packages/compose.js';
import type { Repositories } from '../store/repositories/index.js';
import { gatherer } from './gathering.js';
import { handoverService } from './handover.js';
import type { TransferParts } from './parts.js';
import { planningService } from './planning.js';
import { receiptService } from './receipt.js';
import { sealingService } from './sealing.js';
import { stepService } from './steps.js';

export interface TransferComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly counterparts: CounterpartService;
  readonly devices: DeviceService;
  readonly packages: PackageRoom;
  readonly inspection: InspectionParts;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 移交 over the parts of the box. */
export function composeTransfers(box: Box, { approvals, counterparts, devices, packages, inspection, verifierFor, nameOf }: TransferComposition) {
  const { clock, ids, policies } = box;
  const policy = policies.content('transfer.json');
  const gather = gatherer({ box, policy, marking: policies.content('marking.json'), inForce: counterparts.inForce });
  const parts: TransferParts = { box, clock, ids, policy, gather, counterparts, approvals, nameOf };
  const sealing = sealingService({ ...parts, packages, devices });
  return {
    transfers: {
      ...planningService(parts),
      ...stepService({ ...parts, test: transferTester(inspection), sealing: (batch) => sealing.progress(batch) }),
      seal: sealing.seal,
      handover: handoverService({ ...parts, verifierFor }),
      ...receiptService(parts),
    },
    transferSealing: { resume: sealing.resume, stop: sealing.stop, settled: sealing.settled },
  };
}
