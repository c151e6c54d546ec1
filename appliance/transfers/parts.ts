import { ArchiveError } from '../../core/errors.js';
import type { Clock, Ids, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import { amend } from '../../core/transfer.js';
import type { TransferBatch } from '../../core/transfer.js';
import type { TransferPolicy } from '../../policies/schemas/transfer.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Box } from '../box.js';
import type { CounterpartService } from '../counterparts/service.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import { transferTarget } from '../store/repositories/transfers.js';
import type { StoredTransfer } from '../store/repositories/transfers.js';
import type { Gather } from './gathering.js';

export type WriteTx = Repositories & WriteTools;
export type Tx = Repositories & ReadTools;

/** What every part of the room works with. */
export interface TransferParts {
  readonly box: Box;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: TransferPolicy;
  readonly gather: Gather;
  readonly counterparts: Pick<CounterpartService, 'inForce'>;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly nameOf: (person: string) => Promise<string>;
}

export const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);

/** A text cleaned; empty or invisible ones are refused at their place. */
export function plain(text: string, at: string, empty = false): string {
  const cleaned = cleanText(text, false);
  if (!cleaned.ok || (cleaned.text === '' && !empty)) throw wrong(at, '文字为空或含有不可见字符');
  return cleaned.text;
}

/** The batch, if this person may see and do so with it. */
export async function found(tx: Tx | WriteTx, id: string, act?: string): Promise<StoredTransfer> {
  const stored = await tx.transfers.get(id);
  if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
  await tx.allow(transferTarget(stored), act);
  return stored;
}

/** Puts a change of what was agreed beside the batch: saved under the version that was seen, and entered. */
export async function amended(tx: WriteTx, call: ServerCall, stored: StoredTransfer, seenVersion: number, change: Parameters<typeof amend>[1] = {}, detail: Readonly<Record<string, unknown>> = {}): Promise<TransferBatch> {
  const { next, audit } = amend(stored.it, change);
  await tx.transfers.save({ ...stored, it: next }, seenVersion);
  tx.audit({ ...audit, action: call.act, detail: { ...audit.detail, ...detail } });
  return next;
}
