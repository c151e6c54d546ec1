import type { Clock, Ids, ReadTools, WriteTools } from '../../core/ports.js';
import type { ConversionFile } from '../../policies/schemas/conversion.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { AccessGate } from '../access/gate.js';
import type { Sealing } from '../store/sealing.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import type { Vault } from '../content/vault.js';
import type { Converters } from './converters.js';
import type { ConversionWork } from './work.js';

export type Tx = Repositories & ReadTools;
export type WriteTx = Repositories & WriteTools;

export interface ConversionParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sealing: Sealing;
  readonly vault: Vault;
  readonly policy: ConversionFile;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly converters: Converters;
  readonly work: Pick<ConversionWork, 'begin' | 'rowOf'>;
  readonly nameOf: (person: string) => Promise<string>;
  readonly unit: { readonly name: string; readonly fonds: string; readonly rehearsal: boolean; readonly serial: string };
}
