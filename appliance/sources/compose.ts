import type { arrangementService } from '../../core/services/arrangement.js';
import type { captureService } from '../../core/services/capture.js';
import type { Box } from '../box.js';
import type { ComplianceService } from '../compliance/service.js';
import type { InspectionPool } from '../inspection/pool.js';
import { complianceRepository } from '../store/repositories/compliance.js';
import { onlineService } from './online.js';
import { sourceRegister } from './register.js';
import type { TakingInParts } from './taking-in.js';

export interface SourceComposition {
  readonly capture: ReturnType<typeof captureService>;
  readonly arrangement: ReturnType<typeof arrangementService>;
  readonly arranging: TakingInParts['arranging'];
  readonly pool: InspectionPool;
  readonly compliance: Pick<ComplianceService, 'mayEnterSecrets'>;
  readonly requireFonds: (fonds: string) => void;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 来源系统 over the parts of the box. */
export function composeSources(box: Box, { capture, arrangement, arranging, pool, compliance, requireFonds, nameOf }: SourceComposition) {
  return {
    sources: sourceRegister({ box, nameOf, requireFonds }),
    online: onlineService({
      box, capture, arrangement, arranging, pool,
      mayEnterSecrets: async () => compliance.mayEnterSecrets({ compliance: complianceRepository(box.reader, box.sealing) }, box.profile.rehearsal),
    }),
  };
}
