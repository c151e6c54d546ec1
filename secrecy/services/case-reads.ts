import { recordTarget } from '../../core/holdings.js';
import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import type { CaseKind, Cases, Notices, ShowCase } from '../../policies/schemas/marking-case.js';
import type { Classification, Signed, Terms } from '../classification-state.js';
import { declassificationMark, markHistory } from '../mark-history.js';
import { changed, OPEN_CASES, stepsNeeded, noticeKind, type MarkingCase } from '../marking-case.js';
import { markText, termText } from '../marking.js';
import { caseTarget, type StoredCase, type StoredMatter, type StoredNotice } from '../ports.js';
import { secretMatter } from './case-decision.js';
import type { ClassificationParts, Grounds, Tx } from './grounds.js';
import { scopeNames } from './showing.js';
import { ending } from '../term.js';

/** 审核表 as they are listed and shown, with the ten steps and what each still asks for. */
export function caseReads(parts: ClassificationParts, grounds: Grounds) {
  const { store, clock, policy, cases } = parts;

  /** The mark and its end after a decision; of what is lifted, the word that stands beside the old mark. */
  const after = (it: Classification | null) => ({
    mark: it === null || !('current' in it) ? null : it.state === 'declassified' ? declassificationMark(it) : it.current.mark,
    ending: it !== null && 'current' in it && it.state !== 'declassified' ? it.current.ending : null,
    level: it === null ? null : 'current' in it && it.state !== 'declassified' ? it.current.level : 1, matterAfter: it?.state ?? null,
    reviewDueOn: it !== null && 'reviewDueOn' in it && it.state !== 'declassified' ? it.reviewDueOn : null,
  });

  async function shownTerms(terms: Pick<Terms, 'level' | 'term' | 'startOn' | 'scope'> & Partial<Terms> | null) {
    if (terms === null) return null;
    return {
      level: terms.level, term: terms.term, startOn: terms.startOn, scope: { persons: terms.scope.persons, departments: terms.scope.departments }, scopeNames: await scopeNames(terms.scope, parts.names),
      mark: terms.mark ?? markText(terms.level, terms.term, policy), ending: terms.ending ?? ending(terms.term, terms.startOn, terms.level, policy), periodText: termText(terms.term, policy),
    };
  }

  async function signedShown(tx: Tx, one: Signed) {
    const officer = await tx.people.get(one.person);
    return {
      person: one.person, name: await parts.names.person(one.person), departmentName: officer === undefined ? '' : await parts.names.department(officer.department),
      at: one.at, opinion: one.opinion, signature: one.signature, certificateSerial: one.certificateSerial,
    };
  }

  /** The ten steps: which this form needs, and what was entered of each. */
  async function stepsOf(tx: Tx, it: MarkingCase, matter: Classification) {
    const unit = await grounds.unitOf(tx);
    const needed = stepsNeeded(it.form, matter.proposal.originOrg !== unit.org, cases);
    return Promise.all(cases.steps.map(async ({ step, name, who, product }) => {
      const entries = await Promise.all(it.entries.filter((one) => one.step === step).map(async (one) => ({ ...one, personName: one.person === null ? '系统' : await parts.names.person(one.person) })));
      const applies = step === 'consult' || step === 'origin' ? needed.includes(step) : step !== 'notify' || noticeKind(it.form, cases) !== null;
      return { step, name, who, product, needed: applies, done: entries.length > 0 || (step === 'origin' && it.form.origin !== null), entries };
    }));
  }

  async function line(tx: Tx, call: Call, stored: StoredCase) {
    const { it } = stored;
    const matter = await tx.matters.get(it.classification);
    const kind = cases.kinds.find((one) => one.kind === it.form.kind);
    return {
      id: it.id, classification: it.classification, kind: it.form.kind, kindName: kind?.name ?? it.form.kind, trigger: it.form.trigger, outcome: it.form.outcome, state: it.state, version: stored.version,
      level: stored.level, from: it.from?.mark ?? null, title: matter === undefined ? '' : await titleOf(tx, call, matter), proposer: it.proposer.person, proposerName: await parts.names.person(it.proposer.person),
      openedAt: it.openedAt, decidedAt: stored.decidedAt, decisionNo: 'decisionNo' in it ? it.decisionNo : null,
    };
  }

  async function titleOf(tx: Tx, call: Call, matter: StoredMatter): Promise<string> {
    const [first] = await grounds.recordsOfMatter(tx, matter.it);
    if (first === undefined || !(await parts.would(call, 'record.show', recordTarget(first)))) return '（题名不在本人可阅范围）';
    const more = matter.it.proposal.recordIds.length - 1;
    return `${first.description.title}${more > 0 ? `等 ${String(more + 1)} 件` : ''}`;
  }

  /** 密更〔2026〕3号: the next free number of the kind and year; of a 拟密 the written record's. */
  async function nextNo(tx: Tx, kind: CaseKind): Promise<string> {
    if (kind === 'confirm_protection') return grounds.nextRecordNo(tx);
    const prefix = `${cases.kinds.find((one) => one.kind === kind)?.numberPrefix ?? '密办'}〔${clock.today().slice(0, 4)}〕`;
    let next = (await tx.cases.countDecided(prefix)) + 1;
    while (await tx.cases.numbered(`${prefix}${String(next)}号`)) next += 1;
    return `${prefix}${String(next)}号`;
  }

  const noticeShown = async ({ it, version }: StoredNotice) => ({
    id: it.id, number: it.number, kind: it.kind, classification: it.classification, case: it.case, level: it.level, text: it.text, madeAt: it.madeAt, dueOn: it.dueOn, dueCovered: it.dueCovered,
    deliverBy: it.deliverBy, overdue: it.recipients.some(({ receiptOn }) => receiptOn === null) && clock.today() > it.dueOn, version,
    recipients: await Promise.all(it.recipients.map(async (one) => ({
      ...one, name: one.kind === 'person' ? await parts.names.person(one.ref) : one.kind === 'department' ? await parts.names.department(one.ref) : one.ref,
      late: it.deliverBy !== null && (one.deliveredOn === null ? clock.today() > it.deliverBy : one.deliveredOn > it.deliverBy),
    }))),
  });

  return {
    after, stepsOf, nextNo, noticeShown, titleOf,

    async list(call: Call, input: Cases) {
      const { page = 1, size = 50, state, classification = null } = input;
      const visible = await parts.visible(call, call.act);
      return store.read(call, async (tx) => {
        await tx.allow();
        const states = state === undefined ? null : state === 'open' ? OPEN_CASES : state === 'mine' ? ['proposed'] : [state];
        const { rows, total } = await tx.cases.list(visible, { states, classification, notBy: state === 'mine' ? call.person : null }, { offset: (page - 1) * size, limit: size });
        return { page, size, total, rows: await Promise.all(rows.map(async (stored) => line(tx, call, stored))) };
      });
    },

    async show(call: Call, input: ShowCase) {
      return store.read(call, async (tx) => {
        const stored = await tx.cases.get(input.case);
        const matter = stored && (await tx.matters.get(stored.it.classification));
        if (!stored || !matter) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(caseTarget(matter, stored.it));
        tx.audit({ action: call.act, object: matter.it.id, objectType: 'classification', objectLevel: stored.level, detail: { case: stored.it.id } });
        const { it } = stored;
        const is = secretMatter(matter);
        const kind = cases.kinds.find((one) => one.kind === it.form.kind);
        const notices = await tx.notices.list({ sql: '1 = 1', values: [] }, { classification: null, markingCase: it.id, open: null }, { offset: 0, limit: 1 });
        return {
          ...(await line(tx, call, stored)), formName: kind?.form ?? '', form: { ...it.form, to: await shownTerms(it.form.to) }, fromTerms: await shownTerms(it.from), matterState: is.state,
          originOrg: is.proposal.originOrg, foreign: is.proposal.originOrg !== (await grounds.unitOf(tx)).org,
          changes: it.form.to === null || it.from === null ? [] : changed(it.from, it.form.to), steps: await stepsOf(tx, it, is),
          proposed: 'proposed' in it ? await signedShown(tx, it.proposed) : null, decided: 'decided' in it ? await signedShown(tx, it.decided) : null, withdrawn: 'withdrawn' in it ? await signedShown(tx, it.withdrawn) : null,
          returns: await Promise.all(it.returns.map(async (one) => ({ proposed: await signedShown(tx, one.proposed), returned: await signedShown(tx, one.returned) }))),
          notices: await Promise.all(notices.rows.map(noticeShown)), nextNo: it.state === 'proposed' ? await nextNo(tx, it.form.kind) : null, history: markHistory(is),
          records: it.state === 'withdrawn' ? [] : await recordsShown(tx, call, matter), tasks: (await tx.tasks.openOf(is.id)).map(({ id, kind: task, openedAt }) => ({ id, kind: task, openedAt })),
        };
      });
    },

    async notices(call: Call, input: Notices) {
      const { page = 1, size = 50, classification = null, case: markingCase = null, state } = input;
      const visible = await parts.visible(call, call.act);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.notices.list(visible, { classification, markingCase, open: state === undefined ? null : state === 'open' }, { offset: (page - 1) * size, limit: size });
        return { page, size, total, rows: await Promise.all(rows.map(noticeShown)) };
      });
    },

    /** What the forms offer: kinds, conclusions, triggers, reasons and the ten steps, each with its source. */
    async forms(call: Call) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { kinds, outcomes, triggers, keepReasons, steps } = cases;
        return { kinds, outcomes, triggers, keepReasons, steps, changeReasons: policy.changeReasons, deriveReasons: policy.deriveReasons };
      });
    },
  };

  async function recordsShown(tx: Tx, call: Call, matter: StoredMatter) {
    const shown = [];
    for (const record of await grounds.recordsOfMatter(tx, matter.it)) {
      if (!(await parts.would(call, 'record.show', recordTarget(record)))) continue;
      shown.push({ id: record.id, title: record.description.title, documentNumber: record.description.documentNumber ?? null, archivalCode: record.archivalCode, level: record.level, mark: record.mark });
    }
    return shown;
  }
}
