import { archivalCodes } from '../archival-code.js';
import type { ArchivalCodes } from '../archival-code.js';
import { numberBatch, seriesOf } from '../arrangement.js';
import type { Arranged, FondsRules, NumberedRecord } from '../arrangement.js';
import { ArchiveError } from '../errors.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { Holdings, ListScope, StoredRecord } from '../holdings.js';
import type { Call, Clock, Ids, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import type { CategoryKeys } from '../metadata.js';
import { requireNext } from '../record.js';
import type { ArchivalCodeRules, RetentionSchedule, Schemes } from '../../policies/schemas/arrangement.js';
import type { ArrangementList, ArrangementPreview, ArrangementSave } from '../../policies/schemas/arranging.js';
import { priorOf } from '../arrangement-change.js';
import type { PriorRow } from '../arrangement-change.js';
import { amendment, missingForFiling } from './amendment.js';
import { bulkArrangement, keepChange, levelOfRows } from './bulk-arrangement.js';
import type { ChangeTx } from './bulk-arrangement.js';
import type { VolumePlace, VolumePlaces } from '../volume.js';
import type { RelationGuard, RelationTx } from './relations.js';

export interface VolumeTx { readonly volumes: VolumePlaces }

export interface ArrangementParts {
  readonly store: UnitOfWork<Holdings & RelationTx & ChangeTx & VolumeTx & WriteTools, Holdings & RelationTx & ChangeTx & VolumeTx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly codes: ArchivalCodeRules;
  readonly schemes: Schemes;
  readonly schedule: RetentionSchedule;
  /** 全宗登记: what the fonds decided about its numbering. @throws ArchiveError E_INPUT_INVALID for one the box does not hold */
  readonly fondsRules: (fonds: string) => FondsRules;
  readonly relations: RelationGuard;
  /** What each 门类 must have filled in beside. */
  readonly categories: CategoryKeys;
  /** Which records of a batch the person may see. */
  readonly visibleRecords: (call: Call) => Promise<ListScope>;
}

/** A volume that has its number is where its items are numbered; one that is still open is not ready. */
function placed(record: StoredRecord, place: VolumePlace | undefined): Pick<Arranged, 'unit' | 'more' | 'place'> {
  const { photoGroup, accountingKind, webColumn } = record.description;
  const own = { ...(photoGroup === undefined ? {} : { group: String(photoGroup) }), ...(accountingKind === undefined ? {} : { sub1: accountingKind }), ...(webColumn === undefined ? {} : { column: webColumn }) };
  if (place === undefined) return { unit: 'item', more: own };
  if (place.state !== 'closed' || place.number === null) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['volume'], record: record.id }, [{ at: '/volume', message: `${record.electronicRecordCode} 所在的案卷尚未封卷` }]);
  return { unit: 'volume', more: { ...own, volume: String(place.number) }, place: place.position };
}

/** A complete record as numbering wants it. */
export function arranged(record: StoredRecord, place?: VolumePlace): Arranged {
  const { categoryCode, archivalYear, retentionCode, documentDate, completedOn } = record;
  if (categoryCode === null || archivalYear === null || retentionCode === null || documentDate === null || completedOn === null) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { record: record.id });
  return {
    id: record.id, electronicRecordCode: record.electronicRecordCode, category: categoryCode, archivalYear, retention: retentionCode,
    ...(record.orgOrFunction === null ? {} : { orgOrFunction: record.orgOrFunction }), level: record.level, documentDate, completedOn, ...placed(record, place),
    ...(record.description.documentNumber === undefined ? {} : { documentNumber: record.description.documentNumber }),
  };
}

/** A category whose code has no 案卷号 is numbered item by item, in volumes too. */
function numbered(codes: ArchivalCodes, fonds: FondsRules, record: Arranged): Arranged {
  if (record.place === undefined || codes.templateFor(fonds.profile, record.category, record.unit).parts.some(({ key }) => key === 'volume')) return record;
  const more = Object.fromEntries(Object.entries(record.more ?? {}).filter(([key]) => key !== 'volume'));
  return { ...Object.fromEntries(Object.entries(record).filter(([key]) => key !== 'place')) as Omit<Arranged, 'place'>, unit: 'item', more };
}

/** Numbers for a set of records, after the last ones given. Stored by the caller in the same transaction, or only shown. */
export async function numbersFor(parts: Pick<ArrangementParts, 'codes' | 'schemes'>, tx: Pick<Holdings, 'records'> & VolumeTx, fonds: FondsRules, records: readonly StoredRecord[]): Promise<readonly NumberedRecord[]> {
  const codes = archivalCodes(parts.codes);
  const places = await tx.volumes.placesOf(records.map(({ id }) => id));
  const ready = records.map((record) => numbered(codes, fonds, arranged(record, places.get(record.id))));
  const last = new Map<string, number>();
  for (const record of ready) {
    const { key } = seriesOf(parts.schemes, fonds, record, codes.templateFor(fonds.profile, record.category, record.unit));
    if (!last.has(key)) last.set(key, await tx.records.lastSequence(key));
  }
  return numberBatch(codes, parts.schemes, fonds, ready, last);
}

/** 整理编目: naming, classing and appraising in a grid, all rows of a save or none (办法第十九条). */
export function arrangementService(parts: ArrangementParts) {
  const { store, clock, schemes } = parts;
  const amend = amendment(parts);
  const schemeOf = (fonds: string) => {
    const rules = parts.fondsRules(fonds);
    const scheme = schemes.schemes.find((one) => one.id === rules.schemeId);
    if (!scheme) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['scheme'] });
    return scheme;
  };

  return {
    ...bulkArrangement(parts),

    async list(call: Call, input: ArrangementList) {
      const { page = 1, size = 100 } = input;
      const visible = await parts.visibleRecords(call);
      return store.read(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch));
        const { rows, total } = await tx.records.pageOfBatch(batch.id, input.state ?? null, { offset: (page - 1) * size, limit: size }, visible);
        const scheme = schemeOf(batch.fonds);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { page, size } });
        return {
          page, size, total, batch: { id: batch.id, number: batch.number, version: batch.version, state: batch.state, fonds: batch.fonds, level: batch.level },
          rows: rows.map((record) => ({ ...record, missing: missingForFiling(record, scheme, parts.categories) })),
          states: await tx.records.statesOfBatch(batch.id, visible),
        };
      });
    },

    async save(call: Call, input: ArrangementSave) {
      const visible = await parts.visibleRecords(call);
      return store.write(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        // The words are written to the records, each at its own level; the batch is only where they stand.
        await tx.allow(batchTarget(batch), 'arrangement.list');
        const scheme = schemeOf(batch.fonds);
        const saved = [];
        const prior: PriorRow[] = [];
        for (const [at, row] of input.rows.entries()) {
          const record = await tx.records.get(row.record);
          if (record?.batch !== batch.id) throw new ArchiveError('E_NOT_FOUND', { record: row.record });
          await tx.allow(recordTarget(record));
          const amended = amend(record, row, `/rows/${String(at)}`);
          const missing = missingForFiling(amended, scheme, parts.categories);
          if (amended.state === 'arranged' && missing.length > 0) {
            throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing }, missing.map((key) => ({ at: `/rows/${String(at)}/${key}`, message: '已整理的件此项不得清空，请改填' })));
          }
          const ready = missing.length === 0 && (amended.state === 'inspected' || amended.state === 'arranged');
          const state = ready ? requireNext(amended.state as 'inspected' | 'arranged', 'arrange') : amended.state;
          await tx.records.save({ ...amended, state }, row.seenVersion);
          await tx.records.addEvent(record.id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第十九条', detail: { fields: Object.keys({ ...row.facts, ...row.description }) } });
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { fields: Object.keys({ ...row.facts, ...row.description }), state } });
          saved.push({ ...amended, state, version: row.seenVersion + 1, missing });
          prior.push(priorOf(record, { ...amended, state }));
        }
        await parts.relations.requireAlike(tx, saved, visible);
        return { rows: saved, change: await keepChange(parts, tx, call, batch.id, levelOfRows(saved), prior) };
      });
    },

    /** 档号 before they are given: what filing now would give, were nobody else to file first. */
    async preview(call: Call, input: ArrangementPreview) {
      const visible = await parts.visibleRecords(call);
      return store.read(call, async (tx) => {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(batchTarget(batch));
        const ready = (await tx.records.ofBatch(batch.id, visible)).filter((record) => record.state === 'arranged');
        const numbers = await numbersFor(parts, tx, parts.fondsRules(batch.fonds), ready);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { items: numbers.length } });
        return { rows: numbers.map(({ id, sequence, archivalCode }) => ({ record: id, sequence, archivalCode })) };
      });
    },
  };
}
