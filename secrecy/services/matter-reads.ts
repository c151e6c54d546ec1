import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Call } from '../../core/ports.js';
import type { ClassificationAuthorities, ClassificationList, ClassificationShow } from '../../policies/schemas/classification.js';
import { isValid, originalCap, type Source } from '../classification-rules.js';
import type { Signed } from '../classification-state.js';
import { markHistory } from '../mark-history.js';
import { markText } from '../marking.js';
import { isOrdinary } from '../ordinary.js';
import { matterTarget, type Matter, type SecrecyTx, type StoredMatter } from '../ports.js';
import { isInOffice } from './drawing-up.js';
import type { ClassificationParts, Grounds, Tx } from './grounds.js';
import { markCard, scopeNames, standing } from './showing.js';

export const IN_FORCE = ['active', 'long_term', 'review_due', 'declass_review', 'expired'] as const;

/** 定密事项 as they are listed and shown. What the person may not see is not there. */
export function matterReads(parts: ClassificationParts, grounds: Grounds) {
  const { store, clock, policy, systemLevel } = parts;
  const { unitOf, signer, statement, stored, recordsOfMatter, checksOf, nextRecordNo } = grounds;

  return {
    async list(call: Call, input: ClassificationList) {
      const { page = 1, size = 50, state } = input;
      const visible = await parts.visible(call, call.act);
      return store.read(call, async (tx) => {
        await tx.allow();
        const states = state === undefined ? null : state === 'mine' ? ['proposed'] : state === 'in_force' ? IN_FORCE : [state];
        const { rows, total } = await tx.matters.list(visible, { states, notBy: state === 'mine' ? call.person : null }, { offset: (page - 1) * size, limit: size });
        return { page, size, total, rows: await Promise.all(rows.map(async (matter) => line(tx, call, matter))) };
      });
    },

    async show(call: Call, input: ClassificationShow) {
      return store.read(call, async (tx) => {
        const matter = await stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        tx.audit({ action: call.act, object: matter.it.id, objectType: 'classification', objectLevel: matter.level });
        const { it } = matter;
        const by = await signer(tx, call.person).catch(() => null);
        const decided = decisionOf(it);
        const records = [];
        for (const record of await recordsOfMatter(tx, it)) {
          if (!(await parts.would(call, 'record.show', recordTarget(record)))) continue;
          records.push({ id: record.id, title: record.description.title, documentNumber: record.description.documentNumber ?? null, documentDate: record.documentDate, archivalCode: record.archivalCode, level: record.level, mark: record.mark });
        }
        const shown = standing(it, clock.today(), policy);
        return {
          id: it.id, state: it.state, version: matter.version, level: matter.level, proposal: formOf(it), mark: shown.mark, ending: shown.ending, maxYears: shown.maxYears,
          reviewDueOn: shown.reviewDueOn, writtenRecordNo: 'writtenRecordNo' in it ? it.writtenRecordNo : null, nextRecordNo: it.state === 'proposed' ? await nextRecordNo(tx) : null,
          records, recordCount: it.proposal.recordIds.length, scopeNames: await scopeNames('current' in it ? it.current.scope : it.proposal.scope, parts.names),
          proposed: 'proposed' in it ? await signatureShown(tx, it.proposed) : null,
          decided: decided === null ? null : { verdict: decided.verdict, ...(await signatureShown(tx, decided.signed)) },
          checks: it.state === 'proposed' ? await checksOf(tx, it.proposal, it.proposer, by) : [],
          current: 'current' in it ? { level: it.current.level, term: it.current.term, startOn: it.current.startOn, scope: { persons: it.current.scope.persons, departments: it.current.scope.departments } } : null,
          protection: it.state === 'temporarily_protected' ? { why: it.why, claimed: it.claimed, reportDueOn: it.reportDueOn, reportedOn: it.reportedOn, reported: it.reported } : null,
          sources: 'sources' in it.proposal ? await sourcesShown(tx, call, it.proposal.sources) : [], derived: await derivedShown(tx, call, it.id),
          history: isOrdinary(it) ? [] : markHistory(it), openCase: (await tx.cases.openOf(it.id))?.it.id ?? null,
          tasks: (await tx.tasks.openOf(it.id)).map(({ id, kind, openedAt }) => ({ id, kind, openedAt })),
          digest: 'proposed' in it ? parts.digest(statement('propose', it.proposal, it.proposed, it.proposed.opinion, null)) : null,
        };
      });
    },

    /** 定密责任人名单, published inside the unit. @see 实施条例(2024)第十四条 */
    async authorities(call: Call, _input: ClassificationAuthorities) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const departments = await tx.people.departments();
        const rows = await Promise.all((await tx.authorities.all()).map(async (one) => {
          const officer = await tx.people.get(one.person);
          return { ...one, name: officer?.name ?? '', departmentName: departments.find(({ id }) => id === officer?.department)?.name ?? '', inOffice: isInOffice(one, clock.today()) };
        }));
        const unit = await unitOf(tx);
        const authorisations = (await tx.authorities.authorisations()).map(({ it, version }) => ({ ...it, version, valid: isValid(it, clock.today()) }));
        return { unit, effectiveCap: originalCap(unit, null), systemLevel, rows, authorisations };
      });
    },

    /** 标志 of a record for its page; the caller has allowed the record. */
    async cardOf(matters: SecrecyTx['matters'], record: StoredRecord) {
      const matter = record.classificationId === null ? undefined : await matters.get(record.classificationId);
      return matter === undefined ? null : markCard(matter.it, policy, parts.names);
    },
  };

  async function line(tx: Tx, call: Call, matter: StoredMatter) {
    const { it } = matter;
    const [first] = await recordsOfMatter(tx, it);
    const readable = first !== undefined && (await parts.would(call, 'record.show', recordTarget(first)));
    const more = it.proposal.recordIds.length - 1;
    const shown = standing(it, clock.today(), policy);
    return {
      id: it.id, state: it.state, version: matter.version, level: 'current' in it ? it.current.level : it.proposal.level, mark: shown.mark === '' ? null : shown.mark,
      title: readable ? `${first.description.title}${more > 0 ? `等 ${String(more + 1)} 件` : ''}` : '（题名不在本人可阅范围）', recordCount: more + 1,
      writtenRecordNo: 'writtenRecordNo' in it ? it.writtenRecordNo : null, proposerName: await parts.names.person(it.proposer.person), proposedAt: matter.proposedAt, decidedAt: matter.decidedAt,
      lastSecretDay: shown.ending?.lastSecretDay ?? null, reviewDueOn: 'reviewDueOn' in it ? it.reviewDueOn : null,
    };
  }

  /** 来源事项 as they stood when they were used; a source outside the person's 知悉范围 keeps its name to itself. */
  async function sourcesShown(tx: Tx, call: Call, sources: readonly Source[]) {
    return Promise.all(sources.map(async ({ id, level, term, ending }) => {
      const matter = await tx.matters.get(id);
      const seen = matter !== undefined && (await parts.would(call, 'classification.show', matterTarget(matter))) ? await line(tx, call, matter) : null;
      return { id: seen === null ? null : id, title: seen?.title ?? '（来源不在本人知悉范围）', writtenRecordNo: seen?.writtenRecordNo ?? null, level, mark: markText(level, term, policy), lastSecretDay: ending?.lastSecretDay ?? null, state: seen?.state ?? null };
    }));
  }

  /** 派生件 that the person may see: what is to be looked at again when this changes. */
  async function derivedShown(tx: Tx, call: Call, id: string) {
    const shown = [];
    for (const matter of await tx.matters.derivedFrom(id)) if (await parts.would(call, 'classification.show', matterTarget(matter))) shown.push(await line(tx, call, matter));
    return shown;
  }

  async function signatureShown(tx: Tx, one: Signed) {
    const officer = await tx.people.get(one.person);
    return {
      person: one.person, name: await parts.names.person(one.person), departmentName: officer === undefined ? '' : await parts.names.department(officer.department),
      at: one.at, opinion: one.opinion, signature: one.signature, certificateSerial: one.certificateSerial,
    };
  }
}

function decisionOf(it: Matter): { readonly verdict: 'approve' | 'reject'; readonly signed: Signed } | null {
  if ('approved' in it) return { verdict: 'approve', signed: it.approved };
  return 'rejected' in it ? { verdict: 'reject', signed: it.rejected } : null;
}

/** The proposal in the words of the form. */
function formOf(it: Matter) {
  const { proposal } = it;
  const { recordIds, level, scope, basis } = proposal;
  const common = { recordIds, level, scope: { persons: scope.persons, departments: scope.departments }, basis };
  if (!('type' in proposal)) return { ...common, type: 'original' as const, term: null, startOn: null, points: [], scheduleItem: null, originOrg: null, sources: [] };
  const { type, term, startOn, points, scheduleItem, originOrg, sources, deriveReason, pointBasis } = proposal;
  return { ...common, type, term, startOn, points, scheduleItem, originOrg, sources: sources.map(({ id }) => id), deriveReason, pointBasis };
}
