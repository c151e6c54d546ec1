import { ArchiveError } from '../../core/errors.js';
import type { Clock, Ids, Instant, ReadTools, Sm3, WriteTools } from '../../core/ports.js';
import type { RelationGuard } from '../../core/services/relations.js';
import { cleanText } from '../../core/text.js';
import type { AppraisalPolicy } from '../../policies/schemas/appraisal.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { AccessGate } from '../access/gate.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';

export type WriteTx = Repositories & WriteTools;
export type ReadTx = Repositories & ReadTools;

export interface AppraisalParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sm3: Sm3;
  readonly policy: AppraisalPolicy;
  readonly approvals: ApprovalService<WriteTx, ReadTx>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  readonly relations: RelationGuard;
  readonly nameOf: (person: string) => Promise<string>;
}

/** A person's words as they are kept. @throws ArchiveError `E_INPUT_INVALID` at their place for empty or invisible ones */
export function plainText(at: string, text: string): string {
  const cleaned = cleanText(text, true);
  if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
  return cleaned.text;
}
