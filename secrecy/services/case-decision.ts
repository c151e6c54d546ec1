import { ArchiveError } from '../../core/errors.js';
import type { Call, WriteTools } from '../../core/ports.js';
import { endsLater } from '../classification.js';
import { protectiveLevelOf, type Active, type Classification, type Declassified, type LongTerm } from '../classification-state.js';
import { highest, type Level } from '../level.js';
import { noticeKind, type CaseDecided, type Entry } from '../marking-case.js';
import { outstanding, recipientsOf, undelivered, type Notice } from '../marking-notice.js';
import type { Decision } from '../marking-decision.js';
import { isOrdinary } from '../ordinary.js';
import type { SecrecyTx, StoredCase, StoredMatter, StoredNotice } from '../ports.js';
import { EMPTY_SCOPE, scopeOf, union } from '../scope.js';
import { workingDaysAfter } from '../working-days.js';
import { isBeyond, termsInForce } from './drawing-up.js';
import { enteringOf } from './entering.js';
import type { ClassificationParts, Grounds } from './grounds.js';
import { protect, protectionOf } from './protection.js';

const ALL_NOTICES = 10_000;

type WriteTx = SecrecyTx & WriteTools;

/** What follows from a decision, in its transaction: matter and records, steps 7 to 10, the notice, and tasks for whoever is concerned. */
export function caseDecisionOf(parts: ClassificationParts, grounds: Grounds) {
  const { clock, ids, cases: policy } = parts;
  const { enterDecision, asBefore } = enteringOf(parts, grounds);

  async function land(tx: WriteTx, call: Call, stored: StoredCase, matter: StoredMatter, decision: Decision): Promise<{ readonly case: CaseDecided; readonly notice: Notice | null; readonly matter: StoredMatter }> {
    const { next, matter: it } = decision;
    const form = stored.it.form;
    const detail = { case: next.id, kind: form.kind, outcome: form.outcome, decisionNo: next.decisionNo, state: it.state };
    const guard = it.state === 'withdrawn' ? asBefore(matter) : isHeld(it) ? () => protectionOf(it, parts.policy) : null;
    const landed = await enterDecision(tx, call, { before: matter, it, seenVersion: matter.version, guard, detail: { ...detail, ...('current' in it ? { mark: it.current.mark } : {}) }, alsoSeen: scopeOf({ persons: [stored.it.proposer.person] }) });
    const notice = await notify(tx, next, matter, landed);
    const entries: Entry[] = [
      entered('approve', call.person, next.decided.opinion, null), entered('decide', call.person, form.outcome, next.decisionNo),
      entered('mark', null, 'current' in it ? it.current.mark : '', null), ...(notice === null ? [entered('record', null, it.state, next.decisionNo)] : []),
    ];
    const decided: CaseDecided = { ...next, state: notice === null ? 'closed' : 'decided', entries: [...next.entries, ...entries] };
    await tx.cases.save({ it: decided, level: landed.level, decidedAt: clock.now(), version: stored.version }, stored.version);
    await reseal(tx, landed);
    await followUp(tx, decided, matter, landed);
    tx.audit({ ...decision.audit, action: call.act, objectLevel: landed.level, detail: { ...decision.audit.detail, ...detail, notice: notice?.number ?? null } });
    return { case: decided, notice, matter: landed };
  }

  /** Earlier forms and notices rest and are shown at the level the matter has now. */
  async function reseal(tx: WriteTx, matter: StoredMatter): Promise<void> {
    for (const one of await tx.cases.ofMatter(matter.it.id)) if (one.level !== matter.level) await tx.cases.save({ ...one, level: matter.level }, one.version);
    const { rows } = await tx.notices.list({ sql: '1 = 1', values: [] }, { classification: matter.it.id, markingCase: null, open: null }, { offset: 0, limit: ALL_NOTICES });
    for (const one of rows) if (one.it.level !== matter.level) await tx.notices.save({ ...one, it: { ...one.it, level: matter.level } }, one.version);
  }

  const entered = (step: Entry['step'], person: string | null, what: string, no: string | null): Entry => ({ step, at: clock.now(), person, what, body: null, no, on: clock.today() });

  /** 书面通知: to whoever knew, whoever is to know, and whoever was handed a copy. */
  async function notify(tx: WriteTx, it: CaseDecided, before: StoredMatter, after: StoredMatter): Promise<Notice | null> {
    const kind = noticeKind(it.form, policy);
    if (kind === null) return null;
    const scopes = [before, after].map((one) => ('current' in one.it ? one.it.current.scope : EMPTY_SCOPE));
    const holders = await tx.holders.of((await grounds.recordsOfMatter(tx, before.it)).map(({ id }) => id));
    const recipients = recipientsOf(scopes, [...new Set([...it.form.notify, ...holders])]);
    if (recipients.length === 0) return null;
    const today = clock.today();
    const prefix = `${policy.notice.numberPrefix}〔${today.slice(0, 4)}〕`;
    const due = workingDaysAfter(today, policy.notice.receiptWithinWorkingDays, parts.holidays);
    const notice: Notice = {
      id: ids.uuid(), number: `${prefix}${String((await tx.notices.countIn(prefix)) + 1)}号`, kind, classification: it.classification, case: it.id, level: after.level, text: it.form.reason,
      recipients, madeAt: clock.now(), madeOn: today, dueOn: due.on, dueCovered: due.covered, deliverBy: endsLater(it.from, 'current' in after.it ? after.it.current : null) ? it.from?.ending?.lastSecretDay ?? null : null,
    };
    await tx.notices.add({ it: notice, version: 1 });
    return notice;
  }

  /** 派生源已变更: every matter derived from this one and still in force is to be looked at; a raised level asks for its copies. */
  async function followUp(tx: WriteTx, it: CaseDecided, before: StoredMatter, after: StoredMatter): Promise<void> {
    const at = clock.now();
    if (it.form.kind === 'review') for (const task of await tx.tasks.openOf(it.classification)) if (task.kind === 'source_changed') await tx.tasks.close(task.id, at, it.id);
    if (it.form.outcome === 'continue') return;
    for (const derived of await tx.matters.derivedFrom(it.classification)) {
      if (termsInForce(derived.it) === null) continue;
      if ((await tx.tasks.openOf(derived.it.id)).some((task) => task.kind === 'source_changed' && task.cause === it.classification)) continue;
      const id = ids.uuid();
      await tx.tasks.add({ id, kind: 'source_changed', classification: derived.it.id, cause: it.classification, openedAt: at, closedAt: null, closedBy: null });
      tx.audit({ action: 'classification.open-task', object: derived.it.id, objectType: 'classification', objectLevel: derived.level, detail: { task: id, kind: 'source_changed', case: it.id } });
    }
    const [was, is] = [termsInForce(before.it), termsInForce(after.it)];
    if (was !== null && is !== null && is.level > was.level) {
      const id = ids.uuid();
      await tx.tasks.add({ id, kind: 'copies', classification: it.classification, cause: it.id, openedAt: at, closedAt: null, closedBy: null });
      tx.audit({ action: 'classification.open-task', object: it.classification, objectType: 'classification', objectLevel: after.level, detail: { task: id, kind: 'copies', case: it.id } });
    }
  }

  /** The last receipt closes the form: 记入台账. */
  async function closeWhenTold(tx: WriteTx, notice: StoredNotice): Promise<void> {
    if (outstanding(notice.it) > 0) return;
    const stored = await tx.cases.get(notice.it.case);
    if (stored?.it.state !== 'decided') return;
    const on = undelivered(notice.it) > 0 ? '有收件者在届满后才送达' : '全部送达';
    const closed: CaseDecided = { ...stored.it, state: 'closed', entries: [...stored.it.entries, entered('notify', null, on, notice.it.number), entered('record', null, stored.it.form.outcome, stored.it.decisionNo)] };
    await tx.cases.save({ ...stored, it: closed }, stored.version);
  }

  /** The matter while a form about it is under way: seen by who may decide it, sealed no lower than what the form asks for. */
  async function openMatter(tx: WriteTx, matter: StoredMatter, level: StoredMatter['level'], it: Classification, person: string): Promise<StoredMatter> {
    // Reading them holds them to what was signed: a record edited from outside is not taken up.
    await grounds.recordsOfMatter(tx, it);
    const scope = union([await grounds.openScope(tx, 'current' in it ? it.current : it.proposal, person), scopeOf(matter.scope)]);
    const next: StoredMatter = { ...matter, it, scope, level: level > matter.level ? level : matter.level };
    await tx.matters.save(next, matter.version);
    return { ...next, version: matter.version + 1 };
  }

  /**
   * 主张更高密级的: from the proposer's signature on the records are guarded at least at the level the form claims, under the mark they
   * have, until it is decided or taken back. @see 保密法实施条例(2024)第二十六条
   */
  async function raise(tx: WriteTx, call: Call, it: Classification, level: Level): Promise<void> {
    if (!('current' in it) || level <= it.current.level) return;
    for (const record of await grounds.recordsOfMatter(tx, it)) {
      if (isBeyond(record) || record.level >= level) continue;
      const { secrecyPeriod = null } = record.description;
      await protect(parts, tx, record, { level, scope: record.scope, mark: record.mark, classificationId: record.classificationId, secrecyPeriod });
      tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: level, detail: { classification: it.id, level } });
    }
  }

  /** The records as the mark in force has them. */
  async function lower(tx: WriteTx, call: Call, it: Classification): Promise<void> {
    if (!('current' in it)) return;
    const to = protectionOf(it, parts.policy);
    for (const record of await grounds.recordsOfMatter(tx, it)) {
      if (isBeyond(record) || record.level <= to.level) continue;
      await protect(parts, tx, record, to);
      tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: to.level, detail: { classification: it.id, level: to.level } });
    }
  }

  /** The form was taken back: the matter is seen and sealed as before it. */
  async function closeMatter(tx: WriteTx, call: Call, matter: StoredMatter, it: Classification): Promise<void> {
    await lower(tx, call, it);
    const records = await grounds.recordsOfMatter(tx, it);
    const known = 'current' in it ? [it.current.scope, scopeOf({ persons: [it.proposer.person, it.approved.person] })] : [scopeOf(matter.scope)];
    const level = highest([protectiveLevelOf(it), ...records.map((record) => record.level)]);
    await tx.matters.save({ ...matter, it, level, scope: union(known) }, matter.version);
    await reseal(tx, { ...matter, level });
  }

  return { land, closeWhenTold, openMatter, closeMatter, raise };
}

const isHeld = (it: Classification): it is Active | LongTerm | Declassified => it.state === 'active' || it.state === 'long_term' || it.state === 'declassified';

/** A matter as 定密 knows it, not the finding that it is none. @throws ArchiveError `E_STATE_INVALID` */
export function secretMatter(matter: StoredMatter): Classification {
  if (isOrdinary(matter.it)) throw new ArchiveError('E_STATE_INVALID', { id: matter.it.id, state: matter.it.state, event: 'draft-case', allowed: [] });
  return matter.it;
}
