import type { Accession, ArrivalForm } from '../../core/accession.js';
import { ArchiveError } from '../../core/errors.js';
import type { Call, Clock, Ids, Level, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import { levelName } from '../../secrecy/level.js';
import { canonical } from '../../secrecy/signing.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { AccessGate } from '../access/gate.js';
import type { BoxIdentity } from '../audit/identity.js';
import { accessionTarget } from '../store/repositories/accessions.js';
import type { StoredAccession } from '../store/repositories/accessions.js';
import type { Counterpart } from '../store/repositories/counterparts.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import type { openingOf, Progress } from './opening.js';
import type { receivingTester } from './testing.js';
import type { takingIn } from './taking-in.js';

export type WriteTx = Repositories & WriteTools;
export type Tx = Repositories & ReadTools;

export interface AccessionParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly box: BoxIdentity;
  readonly unit: { readonly name: string; readonly mode: 'unit' | 'repository'; readonly fonds: string; readonly systemLevel: Level };
  /** The data directory. */
  readonly data: string;
  readonly inForce: (one: Counterpart) => boolean;
  readonly openPackage: ReturnType<typeof openingOf>;
  readonly test: ReturnType<typeof receivingTester>;
  readonly takeIn: ReturnType<typeof takingIn>;
  readonly eraseObject: (object: string) => Promise<void>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
  readonly nameOf: (person: string) => Promise<string>;
  readonly systemCall: (act: string) => Call;
}

export const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);

/** What every act of 接收 stands on: the row and who may touch it, who signs, what is under way. */
export function deskOf(parts: AccessionParts) {
  const { clock } = parts;
  /** What is under way in this run of the box; a restart begins where the rows stand. */
  const running = new Map<string, { readonly what: 'open' | 'store'; readonly progress: Progress; readonly work: Promise<void> }>();

  const plain = (given: string, at: string): string => {
    const cleaned = cleanText(given, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
    return cleaned.text;
  };
  async function found(tx: Tx | WriteTx, id: string): Promise<StoredAccession> {
    const one = await tx.accessions.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(accessionTarget(one));
    return one;
  }
  function idle(id: string): void {
    if (running.has(id)) throw new ArchiveError('E_ACCESSION_RUNNING', { accession: id });
  }
  async function counterpartOf(tx: Tx | WriteTx, id: string): Promise<Counterpart> {
    const one = await tx.counterparts.get(id);
    if (one === undefined || !parts.inForce(one)) throw wrong('/counterpart', '没有这个在用的对端单位，请先登记对方名片');
    return one;
  }
  async function signer(tx: Tx | WriteTx, person: string) {
    const officer = await tx.people.get(person);
    const { certificate = null, certificateSerial = null, token = null, name = '' } = officer ?? {};
    if (certificate === null || certificateSerial === null || token === null) throw new ArchiveError('E_CERT_INVALID', { person });
    return { certificate, certificateSerial, token, name };
  }
  /** @throws ArchiveError `E_SIGNATURE_INVALID` */
  async function signed(tx: WriteTx, person: string, statement: string, signature: string) {
    const by = await signer(tx, person);
    const at = clock.now();
    if (!parts.verifierFor(by.certificate, at)(statement, { person, token: by.token, certificateSerial: by.certificateSerial, signature, at })) throw new ArchiveError('E_SIGNATURE_INVALID', { person, certificate: by.certificateSerial });
    return { ...by, person, signature, at };
  }
  const arrivalStatement = (form: ArrivalForm): string => canonical({ ...form, sealNos: [...form.sealNos] });
  async function save(tx: WriteTx, call: Call, one: StoredAccession, step: { readonly next: Accession; readonly audit: Parameters<WriteTx['audit']>[0] }, seenVersion: number, more: Partial<StoredAccession> = {}): Promise<StoredAccession> {
    const next = { ...one, ...more, it: step.next };
    await tx.accessions.save(next, seenVersion);
    tx.audit({ ...step.audit, objectLevel: one.level, ...(step.audit.action === call.act ? {} : { detail: { ...step.audit.detail, act: call.act } }) });
    return { ...next, version: seenVersion + 1 };
  }
  /** Objects and rows of an opening that is not taken in. */
  async function drop(tx: WriteTx, id: string): Promise<void> {
    const objects = await tx.accessions.objectsOf(id);
    await tx.accessions.dropItems(id);
    for (const object of objects) await tx.objects.erase(object, clock.now());
    tx.afterCommit(async () => { for (const object of objects) await parts.eraseObject(object); });
  }
  async function shown(one: StoredAccession) {
    const { it } = one;
    const { form } = it;
    const job = running.get(it.id);
    return {
      id: it.id, number: form.number, state: it.state, level: one.level, levelName: levelName(one.level), counterpart: one.counterpart, fromUnit: form.fromUnit, handoverNo: form.handoverNo, mediumNo: form.mediumNo, arrivedAt: form.arrivedAt, arrivedByName: await parts.nameOf(it.arrived.by),
      packageNo: 'opening' in it && it.opening !== null ? it.opening.packageNo : 'refusal' in it ? it.refusal?.packageNo ?? null : null, items: 'opening' in it && it.opening !== null ? it.opening.items : null,
      outcome: 'decision' in it ? it.decision.outcome : null, running: job === undefined ? null : { what: job.what, done: job.progress.done, total: job.progress.total }, version: one.version,
    };
  }

  return { running, plain, found, idle, counterpartOf, signed, arrivalStatement, save, drop, shown };
}
export type AccessionDesk = ReturnType<typeof deskOf>;
