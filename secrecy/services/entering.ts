import type { StoredRecord } from '../../core/holdings.js';
import type { Call, ReadTools, WriteTools } from '../../core/ports.js';
import { protectiveLevelOf } from '../classification-state.js';
import { highest, type Level } from '../level.js';
import { isOrdinary } from '../ordinary.js';
import type { Before, Matter, Protection, SecrecyTx, StoredMatter } from '../ports.js';
import { scopeOf, union, type Scope } from '../scope.js';
import { isBeyond, requireMarkable } from './drawing-up.js';
import type { ClassificationParts, Grounds } from './grounds.js';
import { protect } from './protection.js';

/** How a decision lands: on the matter, on every record of it, in their histories and in the ledger. */
export interface Landing {
  readonly before: StoredMatter;
  readonly it: Matter;
  readonly seenVersion: number;
  /** What guards each record from now on; `null`: as it is. */
  readonly guard: ((record: StoredRecord) => Protection) | null;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Who may see the matter from now on, besides its 知悉范围 and who acts. */
  readonly alsoSeen?: Scope;
}

export function enteringOf(parts: ClassificationParts, grounds: Pick<Grounds, 'recordsOfMatter' | 'openScope'>) {
  const { clock } = parts;

  /** @throws ArchiveError `E_STATE_INVALID` for a first decision on what is withdrawn or condemned; later ones pass it by */
  async function enterDecision(tx: SecrecyTx & WriteTools, call: Call, landing: Landing): Promise<StoredMatter> {
    const { before, it, guard, detail } = landing;
    const levels: Level[] = [];
    for (const record of await grounds.recordsOfMatter(tx, it)) {
      const first = !('current' in before.it);
      if (first) requireMarkable(record, '/classification');
      if (guard === null || (!first && isBeyond(record))) { levels.push(record.level); continue; }
      const to = guard(record);
      levels.push(to.level);
      await protect(parts, tx, record, to);
      await tx.records.addEvent(record.id, { activity: 'classify', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第四十一条', detail: { classification: it.id, ...detail } });
      tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: to.level, detail: { classification: it.id, level: to.level, mark: to.mark } });
    }
    const level = isOrdinary(it) ? highest([it.proposal.level, ...levels]) : highest([protectiveLevelOf(it), ...levels]);
    const known = !isOrdinary(it) && 'current' in it ? it.current.scope : it.proposal.scope;
    const next: StoredMatter = {
      ...before, it, level, decidedAt: before.decidedAt ?? clock.now(),
      scope: union([known, scopeOf({ persons: [it.proposer.person, call.person] }), ...(landing.alsoSeen === undefined ? [] : [landing.alsoSeen])]),
    };
    await tx.matters.save(next, landing.seenVersion);
    return { ...next, version: landing.seenVersion + 1 };
  }

  /** From a proposal on the records are guarded at least as it claims, without a mark. The level that guards the matter. */
  async function hold(tx: SecrecyTx & ReadTools & WriteTools, call: Call, { it, records, level }: { readonly it: Matter; readonly records: readonly StoredRecord[]; readonly level: Level }): Promise<Level> {
    const { proposal } = it;
    const [first] = records;
    const scope = await grounds.openScope(tx, proposal, call.person);
    const claimed = highest([level, ...records.map((record) => record.level)]);
    await tx.matters.add({
      it, level: claimed, fonds: first?.fonds ?? '', department: first?.department ?? '', scope, before: records.map(guardOf), proposedAt: clock.now(), decidedAt: null, version: 1,
    });
    for (const record of records) {
      const to = highest([record.level, level]);
      await protect(parts, tx, record, { level: to, scope: to < 2 ? record.scope : union([scopeOf(record.scope), scope]), mark: null, classificationId: null, secrecyPeriod: null });
      tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: to, detail: { classification: it.id, level: to } });
    }
    return claimed;
  }

  /** A record as it was before the proposal: what nobody decided leaves no trace in what guards it. */
  const asBefore = (matter: StoredMatter) => (record: StoredRecord): Protection => matter.before.find((one) => one.record === record.id) ?? guardOf(record);

  return { enterDecision, asBefore, hold };
}

export const guardOf = (record: StoredRecord): Before => ({
  record: record.id, level: record.level, scope: record.scope, mark: record.mark, classificationId: record.classificationId, secrecyPeriod: record.description.secrecyPeriod ?? null,
});
