import { priorOf, restored } from '../arrangement-change.js';
import type { ArrangementChangeRepository, PriorRow } from '../arrangement-change.js';
import { ArchiveError } from '../errors.js';
import type { ErrorCode, ErrorDetail } from '../errors.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { CaptureBatch, Holdings, StoredRecord } from '../holdings.js';
import type { Call, Level, ReadTools } from '../ports.js';
import { descriptionIsOpen, isRecordState, requireNext } from '../record.js';
import type { ArrangementChanges, ArrangementSet, ArrangementUndo } from '../../policies/schemas/arranging.js';
import { amendment, missingForFiling } from './amendment.js';
import type { ArrangementParts } from './arrangement.js';
import type { RelationTx } from './relations.js';

export interface ChangeTx { readonly changes: ArrangementChangeRepository }
type Tx = Holdings & RelationTx & ChangeTx;
export type BulkParts = ArrangementParts;

/** A row that was left as it is, and why: somebody was faster, or the value does not fit it. */
export interface LeftRow { readonly record: string; readonly code: ErrorCode; readonly version: number | null; readonly details: readonly ErrorDetail[] }

/** Keeps what stood before, so that it can be undone while the batch is open. */
export async function keepChange(parts: Pick<BulkParts, 'ids' | 'clock'>, tx: ChangeTx, call: Call, batch: string, level: Level, rows: readonly PriorRow[]): Promise<string | null> {
  if (rows.length === 0) return null;
  const id = parts.ids.uuid();
  await tx.changes.add({ id, batch, person: call.person, at: parts.clock.now(), level, rows, undoneAt: null });
  return id;
}

export const levelOfRows = (records: readonly StoredRecord[]): Level => records.reduce<Level>((level, record) => (record.level > level ? record.level : level), 0);

/** 批量整理与撤销 (办法第十九条一款): one act over many rows, each row by its own version. */
export function bulkArrangement(parts: BulkParts) {
  const { clock, schemes } = parts;
  const store = parts.store;
  const amend = amendment(parts);
  const schemeOf = (fonds: string) => {
    const scheme = schemes.schemes.find((one) => one.id === parts.fondsRules(fonds).schemeId);
    if (!scheme) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['scheme'] });
    return scheme;
  };

  async function batchOf(tx: Tx & ReadTools, id: string): Promise<CaptureBatch> {
    const batch = await tx.batches.get(id);
    if (!batch) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(batchTarget(batch), 'arrangement.list');
    return batch;
  }

  const left = (record: string, error: unknown, version: number | null): LeftRow => {
    if (!(error instanceof ArchiveError)) throw error;
    return { record, code: error.code, version, details: error.details };
  };

  return {
    /** The same values into every row; rows that were changed meanwhile, or that the values do not fit, are named and left. */
    async set(call: Call, input: ArrangementSet) {
      const visible = await parts.visibleRecords(call);
      return store.write(call, async (tx) => {
        const batch = await batchOf(tx, input.batch);
        const scheme = schemeOf(batch.fonds);
        const change = { ...(input.facts === undefined ? {} : { facts: input.facts }), ...(input.description === undefined ? {} : { description: input.description }) };
        const fields = Object.keys({ ...input.facts, ...input.description });
        if (fields.length === 0) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/facts', message: '没有要填的项目' }]);
        const [saved, prior, skipped]: [StoredRecord[], PriorRow[], LeftRow[]] = [[], [], []];
        for (const { record: id, seenVersion } of new Map(input.rows.map((row) => [row.record, row])).values()) {
          const record = await tx.records.get(id);
          try {
            if (record?.batch !== batch.id) throw new ArchiveError('E_NOT_FOUND', { record: id });
            await tx.allow(recordTarget(record));
            if (record.version !== seenVersion) throw new ArchiveError('E_STALE_VERSION', { record: id });
            const amended = amend(record, change, '');
            const missing = missingForFiling(amended, scheme, parts.categories);
            if (amended.state === 'arranged' && missing.length > 0) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing });
            const state = missing.length === 0 && (amended.state === 'inspected' || amended.state === 'arranged') ? requireNext(amended.state, 'arrange') : amended.state;
            const next = { ...amended, state };
            await tx.records.save(next, seenVersion);
            await tx.records.addEvent(id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第十九条', detail: { fields, bulk: input.rows.length } });
            tx.audit({ action: call.act, object: id, objectType: 'record', objectLevel: record.level, detail: { fields, state } });
            saved.push({ ...next, version: seenVersion + 1 });
            prior.push(priorOf(record, next));
          } catch (error) {
            const hidden = error instanceof ArchiveError && (error.code === 'E_NOT_FOUND' || error.code === 'E_DENIED');
            skipped.push(left(id, error, hidden ? null : record?.version ?? null));
          }
        }
        await parts.relations.requireAlike(tx, saved, visible);
        const kept = await keepChange(parts, tx, call, batch.id, levelOfRows(saved), prior);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { fields, saved: saved.length, left: skipped.length, change: kept } });
        return { change: kept, rows: saved.map((record) => ({ ...record, missing: missingForFiling(record, scheme, parts.categories) })), left: skipped };
      });
    },

    /** One's own changes of a batch, for undoing. */
    async changes(call: Call, input: ArrangementChanges) {
      return store.read(call, async (tx) => {
        const batch = await batchOf(tx, input.batch);
        const rows = await tx.changes.ofPerson(batch.id, call.person, 20);
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level });
        return { rows: rows.map(({ id, at, items, undoneAt }) => ({ id, at, items, undoneAt })) };
      });
    },

    /** 撤销一次整理: prior values come back where nobody changed the row since; other rows are named. */
    async undo(call: Call, input: ArrangementUndo) {
      const visible = await parts.visibleRecords(call);
      return store.write(call, async (tx) => {
        const change = await tx.changes.get(input.change);
        if (change?.person !== call.person) throw new ArchiveError('E_NOT_FOUND');
        const batch = await batchOf(tx, change.batch);
        if (change.undoneAt !== null) throw new ArchiveError('E_STATE_INVALID', { change: change.id }, [{ at: '/change', message: '这一次整理已经撤销' }]);
        const [back, skipped]: [StoredRecord[], LeftRow[]] = [[], []];
        for (const row of change.rows) {
          const record = await tx.records.get(row.record);
          try {
            if (record === undefined) throw new ArchiveError('E_NOT_FOUND', { record: row.record });
            await tx.allow(recordTarget(record));
            if (!isRecordState(record.state) || !descriptionIsOpen(record.state)) throw new ArchiveError('E_STATE_INVALID', { record: record.id, state: record.state });
            if (record.version !== row.version) throw new ArchiveError('E_STALE_VERSION', { record: record.id });
            const next = restored(record, row);
            await tx.records.save(next, record.version);
            await tx.records.addEvent(record.id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第十九条', detail: { undone: change.id } });
            tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { fields: Object.keys({ ...row.facts, ...row.description }), state: next.state } });
            back.push({ ...next, version: record.version + 1 });
          } catch (error) {
            skipped.push(left(row.record, error, record?.version ?? null));
          }
        }
        await parts.relations.requireAlike(tx, back, visible);
        await tx.changes.undone(change.id, call.person, clock.now());
        tx.audit({ action: call.act, object: batch.id, objectType: 'capture', objectLevel: batch.level, detail: { change: change.id, restored: back.length, left: skipped.length } });
        return { rows: back.map(({ id, version, state }) => ({ id, version, state })), left: skipped };
      });
    },
  };
}
