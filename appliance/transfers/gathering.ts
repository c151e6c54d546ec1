import { canonicalBytes } from '../../core/canonical.js';
import { addYears, yearOf } from '../../core/calendar.js';
import { ArchiveError } from '../../core/errors.js';
import type { ComputerFile, ListScope, StoredRecord } from '../../core/holdings.js';
import type { Level } from '../../core/ports.js';
import { relationGuard } from '../../core/services/relations.js';
import type { TransferItem } from '../../core/services/transfer-inspection.js';
import type { TransferFacts, TransferRecordFacts } from '../../core/transfer-checklist.js';
import type { TransferPolicy } from '../../policies/schemas/transfer.js';
import type { Classification } from '../../secrecy/classification-state.js';
import type { MarkingPolicy } from '../../secrecy/classification-rules.js';
import { deviceFaults } from '../../secrecy/device.js';
import { highest, isSecret } from '../../secrecy/level.js';
import { markHistory, requireTransferReview } from '../../secrecy/mark-history.js';
import { isOrdinary } from '../../secrecy/ordinary.js';
import type { Box } from '../box.js';
import { inventorySince } from '../carriers/service.js';
import type { CounterpartService } from '../counterparts/service.js';
import type { Repositories } from '../store/repositories/index.js';
import type { StoredTransfer, TransferRecordRow } from '../store/repositories/transfers.js';

export interface GatherParts {
  readonly box: Box;
  readonly policy: TransferPolicy;
  readonly marking: MarkingPolicy;
  readonly inForce: CounterpartService['inForce'];
}

/** A record of a batch, opened; or what of it does not hold against its binding. */
export interface Item { readonly row: TransferRecordRow; readonly record: StoredRecord; readonly files: readonly ComputerFile[]; readonly matter: Classification | null }
export interface Gathered { readonly items: readonly Item[]; readonly broken: readonly string[]; readonly facts: TransferFacts; readonly basis: string }

/** 密级变更情况 of a record, from the history of its mark: never typed, always as the box knows it. */
export function changeFacts(record: StoredRecord, matter: Classification | null): Readonly<Record<string, unknown>> {
  if (matter === null || !('current' in matter)) return { classified: false, currentLevel: record.level };
  const first = matter.changes[0]?.from ?? matter.current;
  const reviewed = [...matter.changes].reverse().find((one) => one.reviewed);
  const declassified = matter.state === 'declassified';
  return {
    classified: true, originalLevel: first.level, originalMark: first.mark, currentLevel: record.level, currentMark: declassified ? null : matter.current.mark,
    changes: markHistory(matter).map(({ old, text, on, no, kind }) => ({ from: old, text, on, no, kind })), declassifiedOn: declassified ? matter.on : null, declassNoticeNo: declassified ? matter.noticeNo ?? matter.no : null,
    reviewOn: reviewed?.on ?? null, reviewNo: reviewed?.no ?? null,
  };
}

/** Everything the checklist asks about a batch, read in the caller's unit of work. */
export function gatherer({ box, policy, marking, inForce }: GatherParts) {
  const { clock } = box;
  const relations = relationGuard(box.policies.content('relations.json'), clock);
  const same = (a: unknown, b: unknown): boolean => Buffer.compare(canonicalBytes(a), canonicalBytes(b)) === 0;

  async function matterOf(tx: Repositories, record: StoredRecord): Promise<Classification | null> {
    const found = (await tx.matters.ofRecord(record.id)).map(({ it }) => it).filter((it): it is Classification => !isOrdinary(it) && 'current' in it);
    return found.find(({ id }) => id === record.classificationId) ?? found.at(-1) ?? null;
  }

  function reviewed(matter: Classification | null): boolean {
    if (matter === null) return true;
    try {
      requireTransferReview(matter, clock.today(), marking);
      return true;
    } catch (error) {
      if (error instanceof ArchiveError && error.code === 'E_TRANSFER_DECLASS_REVIEW_REQUIRED') return false;
      throw error;
    }
  }

  function factsOf({ row, record, files, matter }: Item): TransferRecordFacts {
    const some = (fact: string): boolean => files.some((file) => file.facts[fact] === true);
    return {
      code: record.archivalCode ?? record.electronicRecordCode, record: record.id, level: record.level, filed: record.state === 'filed', dueOn: record.transferDueOn,
      signatureLeft: some('signed'), encrypted: some('encrypted'), compressed: some('compressed'),
      attached: { openOpinion: row.openOpinion !== null, foiStatus: row.foiStatus !== null, classificationChange: row.classificationChange !== null && same(row.classificationChange.facts, changeFacts(record, matter)) },
      markWhole: true, marked: !isSecret(record.level) || (record.mark !== null && record.classificationId !== null), reviewed: !isSecret(record.level) || reviewed(matter),
    };
  }

  /** A row that does not hold is not opened: nothing of it may be believed but that it is there. */
  const brokenFacts = (row: TransferRecordRow, level: Level): TransferRecordFacts => ({
    code: '', record: row.record, level, filed: true, dueOn: clock.today(), signatureLeft: false, encrypted: false, compressed: false, attached: { openOpinion: true, foiStatus: true, classificationChange: true }, markWhole: false, marked: true, reviewed: true,
  });

  async function deviceOf(tx: Repositories, no: string | null): Promise<TransferFacts['device']> {
    const device = no === null ? undefined : await tx.devices.byNo(no);
    if (device === undefined) return null;
    const storage = box.policies.content('carriers.json').devices.kinds.find(({ key }) => key === device.kind)?.storage === true;
    const faults = deviceFaults(device, { level: 0, person: device.boundUser ?? '', departments: device.boundDepartment === null ? [] : [device.boundDepartment], today: clock.today(), checkedSince: inventorySince(clock.today(), box.policies.content('carriers.json').devices.checkMonths) });
    return { certified: storage && faults.length === 0, certifiedLevel: device.certifiedLevel };
  }

  /** What each record would leave behind of what it is related to, as far as the person may know of it. */
  async function apartOf(tx: Repositories, records: readonly string[], visible: ListScope): Promise<ReadonlyMap<string, readonly string[]>> {
    const { told, sides } = await relations.parted(tx, 'transfer', records, visible);
    const apart = new Map<string, readonly string[]>();
    for (const { relation, type, inside, outside } of told) apart.set(inside, [...apart.get(inside) ?? [], `${outside === relation.from ? type.from : type.to} ${sides.get(outside)?.ref ?? ''}`]);
    return apart;
  }

  /** `visible`: whose eyes the relations are looked at with; the box's own work asks nothing of them. */
  return async (tx: Repositories, stored: StoredTransfer, writing: boolean, visible?: ListScope): Promise<Gathered> => {
    const { it } = stored;
    const rows = await tx.transfers.records(it.id);
    const faults = await box.bindings.faults(tx.sql, rows.map(({ record }) => record), writing);
    const items: Item[] = [];
    for (const row of rows) {
      const record = faults.has(row.record) ? undefined : await tx.records.get(row.record);
      if (record !== undefined) items.push({ row, record, files: await tx.files.ofRecord(record.id), matter: await matterOf(tx, record) });
    }
    const apart = visible === undefined ? new Map<string, readonly string[]>() : await apartOf(tx, rows.map(({ record }) => record), visible);
    const broken = rows.filter(({ record }) => faults.has(record)).map(({ record }) => record);
    const level = highest([it.level, ...items.map(({ record }) => record.level)]);
    const basis = Buffer.from(box.sm3(canonicalBytes(items.map(({ record, files }) => ({ record: record.id, metadata: record.metadataDigest, level: record.level, mark: record.mark, files: files.map(({ id, sm3 }) => ({ id, sm3 })) }))))).toString('hex');
    const counterpart = await tx.counterparts.get(it.plan.counterpart);
    const carrier = it.plan.carrier === null ? undefined : await tx.carriers.get(it.plan.carrier);
    const run = await tx.transfers.lastRun(it.id);
    const agreed = 'approved' in it ? it.approved : null;
    return {
      items, broken, basis,
      facts: {
        today: clock.today(), plan: it.plan, level, companions: (await tx.transfers.companions(it.id)).map(({ kind }) => kind),
        records: rows.map((row) => { const item = items.find((one) => one.row === row); return item === undefined ? brokenFacts(row, it.level) : { ...factsOf(item), apart: apart.get(row.record) ?? [] }; }),
        counterpart: counterpart === undefined ? null : { inForce: inForce(counterpart), systemLevel: counterpart.card.systemLevel },
        medium: carrier === undefined ? null : { usable: ['registered', 'in_custody', 'in_use'].includes(carrier.it.state), cap: carrier.it.cap },
        device: await deviceOf(tx, it.plan.device), network: it.plan.address !== null && policy.dedicatedNetworks.some(({ address }) => address === it.plan.address),
        run: run === undefined ? null : { qualified: run.conclusion !== 'unqualified', stale: run.basis !== basis },
        approved: { head: agreed !== null, officer: agreed?.officer === true },
      },
    };
  };
}
export type Gather = ReturnType<typeof gatherer>;

/** Defaults of the three attachments, from what the box knows; an officer looks at them before they count. */
export function suggested({ record, matter }: Pick<Item, 'record' | 'matter'>, policy: TransferPolicy, today: string) {
  const formed = record.documentDate ?? `${String(record.archivalYear ?? yearOf(today))}-12-31`;
  const dueOpenYear = yearOf(addYears(formed, policy.openAfterYears));
  const secret = isSecret(record.level);
  return {
    openOpinion: { dueOpenYear, opinion: secret ? 'controlled' as const : 'deferred' as const, reason: secret ? '仍在保密期限内' : `形成未满${String(policy.openAfterYears)}年，期满时再行审核` },
    foiStatus: { status: record.level === 0 ? 'active' as const : 'not_public' as const, basis: secret ? '国家秘密' : record.level === 1 ? '内部事项' : '', publishedOn: null, channel: null },
    classificationChange: changeFacts(record, matter),
  };
}

export const itemsOf = async (tx: Repositories, items: readonly Item[]): Promise<readonly TransferItem[]> => {
  const methods = new Map<string, TransferItem['method']>();
  for (const { record } of items) if (!methods.has(record.batch)) methods.set(record.batch, (await tx.batches.get(record.batch))?.method ?? 'offline_upload');
  return items.map(({ record, files }) => ({ record, files, method: methods.get(record.batch) ?? 'offline_upload' }));
};
