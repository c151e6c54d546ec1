import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Clock, Ids, Instant, Level, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type { CarriersFile } from '../../policies/schemas/carrier.js';
import type { DestructionPolicy } from '../../secrecy/destruction-method.js';
import { levelName } from '../../secrecy/level.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import type { Holder } from '../../secrecy/separation.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { AccessGate } from '../access/gate.js';
import type { Containers } from '../containers/marks.js';
import type { Vault } from '../content/vault.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';

export type WriteTx = Repositories & WriteTools;
export type Tx = Repositories & ReadTools;

export interface DisposalParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly crypto: CryptoProvider;
  readonly vault: Vault;
  readonly policy: DestructionPolicy;
  readonly carrierPolicy: CarriersFile;
  readonly containers: Containers;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  readonly nameOf: (person: string) => Promise<string>;
  readonly unit: { readonly name: string; readonly fonds: string; readonly systemLevel: Level; readonly rehearsal: boolean; readonly serial: string };
}

export const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);

/** Every text cleaned; empty or invisible ones refused at their place. */
export function plain<T extends Readonly<Record<string, unknown>>>(given: T): T {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => {
    if (typeof value !== 'string') return [key, value];
    const cleaned = cleanText(value, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(`/${key}`, '文字为空或含有不可见字符');
    return [key, cleaned.text];
  })) as T;
}

const DAY_MS = 86_400_000;
export const addDays = (day: CalendarDate, days: number): CalendarDate => new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** Somebody of the unit in office, cleared for what they are to handle. */
export async function cleared(tx: Tx | WriteTx, id: string, level: Level, today: CalendarDate, at: string): Promise<Holder & { readonly name: string }> {
  const person = await tx.people.get(id);
  if (person?.status !== 'active') throw wrong(at, '没有这个在用的账号，请从列表中选择');
  if (clearanceToday(person.clearance, person.clearanceUntil, today) < level) throw new ArchiveError('E_CLEARANCE_REQUIRED', { person: id, level }, [{ at, message: `${person.name} 的涉密等级低于载体密级（${levelName(level)}）` }]);
  return { person: id, tokens: person.token === null ? [] : [person.token], name: person.name };
}

export async function holder(tx: Tx | WriteTx, id: string): Promise<Holder> {
  const token = (await tx.people.get(id))?.token ?? null;
  return { person: id, tokens: token === null ? [] : [token] };
}

/** @throws ArchiveError `E_CERT_INVALID` for a person without a key */
export async function signer(tx: Tx | WriteTx, id: string): Promise<{ readonly certificate: string; readonly certificateSerial: string; readonly token: string }> {
  const { certificate, certificateSerial, token } = (await tx.people.get(id)) ?? { certificate: null, certificateSerial: null, token: null };
  if (certificate === null || certificateSerial === null || token === null) throw new ArchiveError('E_CERT_INVALID', { person: id });
  return { certificate, certificateSerial, token };
}
