import { digestOf, tombstoneText, type Tombstone, type TombstoneStatement } from '../../secrecy/tombstone.js';
import type { DestructionBatch, ErasureStep } from '../../core/destruction.js';
import { ArchiveError } from '../../core/errors.js';
import type { ProcessEvent, StoredRecord } from '../../core/holdings.js';
import type { Instant, Sm3 } from '../../core/ports.js';
import { paperText, type Check, type DestructionCertificate, type DestructionOrder, type Signer } from '../../secrecy/erasure.js';
import type { Level } from '../../secrecy/level.js';
import type { BoxIdentity } from '../audit/identity.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Condemned } from './plan.js';

/** Executor and supervisors, with the certificates they are to sign with. @throws ArchiveError `E_CERT_INVALID` */
export async function signersFor(tx: Pick<Repositories, 'people'>, batch: Pick<DestructionBatch, 'executor' | 'supervisors'>): Promise<readonly Signer[]> {
  const signer = async (person: string, part: Signer['part']): Promise<Signer> => {
    const found = await tx.people.get(person);
    if (found?.status !== 'active' || found.certificateSerial === null) throw new ArchiveError('E_CERT_INVALID', { person });
    return { person, account: found.account, certificateSerial: found.certificateSerial, part };
  };
  return [await signer(batch.executor, '执行'), ...await Promise.all(batch.supervisors.map(async (person) => signer(person, '监销')))];
}

export function orderText(box: BoxIdentity, batch: DestructionBatch, level: Level, items: readonly { readonly record: StoredRecord; readonly appraisal: string | null; readonly contents: readonly Condemned[] }[], signers: readonly Signer[], frozenAt: Instant): string {
  if (batch.approval === null || batch.approver === null) throw new ArchiveError('E_DESTROY_UNAUTHORIZED', { destruction: batch.id });
  const order: DestructionOrder = {
    type: 'shouzang-destruction-order/v1', box: box.serial, number: batch.number, fonds: batch.fonds, level, reason: batch.reason, basis: batch.basis, place: batch.place, frozenAt,
    applicant: batch.applicant, approval: batch.approval, approver: batch.approver,
    items: items.map(({ record, appraisal, contents }) => ({
      record: record.id, archivalCode: record.archivalCode ?? record.electronicRecordCode, level: record.level, retention: record.currentRetention ?? record.retentionCode, appraisal,
      contents: contents.map(({ object, bytes, sm3 }) => ({ object, bytes, sm3 })),
    })),
    signers,
  };
  return paperText(order);
}

/** 墓碑, signed by the box. */
export function tombstoneOf(sm3: Sm3, box: BoxIdentity, record: StoredRecord, events: readonly ProcessEvent[], about: Pick<TombstoneStatement, 'contents' | 'appraisal' | 'batch' | 'destroyedAt' | 'applicant' | 'approval' | 'executor' | 'supervisors' | 'places' | 'origin'>): Tombstone {
  const statement = tombstoneText({
    type: 'shouzang-tombstone/v1', box: box.serial, record: record.id, electronicRecordCode: record.electronicRecordCode, archivalCode: record.archivalCode, archivalYear: record.archivalYear,
    documentDate: record.documentDate, retention: record.currentRetention ?? record.retentionCode, level: record.level, mark: record.mark, classification: record.classificationId,
    description: digestOf(sm3, record.description), events: { count: events.length, sm3: digestOf(sm3, events) }, ...about,
  });
  return { statement, signature: box.sign(new TextEncoder().encode(statement)) };
}

export function certificateText(sm3: Sm3, box: BoxIdentity, batch: DestructionBatch, facts: {
  readonly level: Level; readonly steps: readonly ErasureStep[]; readonly checks: readonly Check[]; readonly verifiedAt: Instant; readonly fileSystem: string; readonly destroyedList: readonly [number, number];
  readonly tombstones: readonly { readonly record: string; readonly text: string }[];
}): string {
  if (batch.order === null || batch.executedAt === null) throw new ArchiveError('E_STATE_INVALID', { destruction: batch.id, state: batch.state });
  const { items, signers } = JSON.parse(batch.order) as DestructionOrder;
  const contents = items.flatMap((item) => item.contents);
  const certificate: DestructionCertificate = {
    type: 'shouzang-destruction-certificate/v1', box: box.serial, number: batch.number, order: Buffer.from(sm3(Buffer.from(batch.order))).toString('hex'), level: facts.level,
    items: items.length, contents: contents.length, bytes: contents.reduce((sum, { bytes }) => sum + bytes, 0), executedAt: batch.executedAt, verifiedAt: facts.verifiedAt, fileSystem: facts.fileSystem,
    steps: facts.steps.map(({ seq, place, ref, record, state, before, told, at, settlement }) => ({ seq, place, ref, record, state, before, told, at, settlement })), checks: facts.checks, destroyedList: facts.destroyedList,
    tombstones: facts.tombstones.map(({ record, text }) => ({ record, sm3: Buffer.from(sm3(Buffer.from(text))).toString('hex') })), signers,
  };
  return paperText(certificate);
}
