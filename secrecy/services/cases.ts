import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import type { DecideCase, DraftCase, EnterStep, PreviewCase, ReturnCase, SignCase, WithdrawCase } from '../../policies/schemas/marking-case.js';
import { closeReview, openReview, type AuthorityGround } from '../classification.js';
import { ready, type Classification, type Signed } from '../classification-state.js';
import { amend, caseStatement, enterStep, formOf, giveBack, sign, stepsNeeded, takeBack, type CaseDraft, type Form, type MarkingCase } from '../marking-case.js';
import { decide } from '../marking-decision.js';
import { highest, withinSystem } from '../level.js';
import { caseTarget, matterTarget, type StoredCase, type StoredMatter } from '../ports.js';
import type { VerifySignature } from '../signing.js';
import { caseDecisionOf, secretMatter } from './case-decision.js';
import { caseReads } from './case-reads.js';
import { checkNamed, inOffice } from './drawing-up.js';
import { isFormFault, type ClassificationParts, type Grounds, type Tx } from './grounds.js';

const OPEN_FOR: readonly string[] = ['active', 'long_term', 'review_due', 'declass_review', 'expired', 'temporarily_protected'];

/** 变更、延长、解密审核、年度审核: one form a change, drawn up and signed by the one, decided and signed by the other. @see 保密法(2024)第二十三、二十四条;国家秘密解密暂行办法(2020)第四条 */
export function caseService(parts: ClassificationParts, grounds: Grounds) {
  const { store, clock, ids, cases: policy } = parts;
  const { signer, signing, decidingGround, unitOf } = grounds;
  const reads = caseReads(parts, grounds);
  const { land, openMatter, closeMatter, raise } = caseDecisionOf(parts, grounds);

  async function found(tx: Tx, id: string): Promise<{ readonly stored: StoredCase; readonly matter: StoredMatter; readonly it: Classification }> {
    const stored = await tx.cases.get(id);
    const matter = stored && (await tx.matters.get(stored.it.classification));
    if (!stored || !matter) throw new ArchiveError('E_NOT_FOUND');
    return { stored, matter, it: secretMatter(matter) };
  }
  const fresh = (stored: StoredCase, seenVersion: number): void => {
    if (stored.version !== seenVersion) throw new ArchiveError('E_STALE_VERSION', { case: stored.it.id, seenVersion });
  };

  /** The form against the matter as it stands, whoever is named in it cleared. */
  async function checked(tx: Tx, matter: StoredMatter, wire: DraftCase['form']): Promise<Form> {
    const it = secretMatter(matter);
    if (!OPEN_FOR.includes(it.state) || (wire.kind === 'confirm_protection') !== (it.state === 'temporarily_protected')) throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event: wire.kind, allowed: [] });
    const form = formOf(wire, 'current' in it ? it.current : null, policy);
    if (form.to !== null) {
      withinSystem(form.to.level, parts.systemLevel);
      await checkNamed(tx.people, form.to, clock.today(), '/form/to');
    }
    return form;
  }

  /** What deciding would come to, nobody having signed: the text to sign, and the matter after it. */
  async function rehearse(tx: Tx, it: MarkingCase, matter: Classification, signed: Pick<Signed, 'person' | 'token' | 'certificateSerial'>, opinion: string, no: string, own: boolean) {
    let statement: string | null = null;
    const verify: VerifySignature = (text) => { statement = text; return true; };
    const by: Signed = { ...signed, opinion, signature: '', at: clock.now() };
    const base: AuthorityGround = own ? await decidingGround(tx, signed.person, verify) : await anyGround(tx, signed.person, verify);
    const { matter: after } = decide(it, matter, by, no, base, policy);
    return { statement, after };
  }

  /** While a form is drawn up it is held against the widest authority in office, whoever will decide. */
  async function anyGround(tx: Tx, person: string, verify: VerifySignature): Promise<AuthorityGround> {
    const [widest] = [...inOffice(await tx.authorities.all(), clock.today())].sort((a, b) => b.maxLevel - a.maxLevel);
    if (widest === undefined) throw new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { why: 'nobody in office' });
    return { ...(await grounds.ground(tx, verify)), authority: { ...widest, person, matterScope: ['*'] } };
  }

  /** 审核 other than the yearly one: the matter stands in 解密审核 from the proposer's signature on. */
  const underReview = (it: Classification, form: Form): Classification =>
    form.kind === 'review' && form.trigger !== 'annual' && it.state !== 'declass_review' && form.trigger !== null ? openReview(ready(it, 'openReview'), form.trigger, clock.today()).next : it;

  async function draftRehearsed(tx: Tx, it: MarkingCase, matter: Classification) {
    const nobody = { person: 'nobody', token: 'nobody', certificateSerial: '' };
    const signed: Signed = { person: it.proposer.person, token: it.proposer.tokens[0] ?? '', certificateSerial: '', opinion: '', signature: '', at: clock.now() };
    // Steps still to be entered are shown as such; the form is held to everything else.
    const asked = stepsNeeded(it.form, matter.proposal.originOrg !== (await unitOf(tx)).org, policy).filter((step) => step === 'consult');
    const entries = [...it.entries, ...asked.map((step) => ({ step, at: clock.now(), person: null, what: '', body: null, no: null, on: null }))];
    return rehearse(tx, { ...it, entries, state: 'proposed', proposed: signed }, underReview(matter, it.form), nobody, '', '（待编）', false);
  }

  return {
    ...reads,

    async preview(call: Call, input: PreviewCase) {
      const { event, opinion = '' } = input;
      return store.read(call, async (tx) => {
        if (event === 'draft') {
          const matter = await grounds.stored(tx, input.classification ?? '');
          await tx.allow(matterTarget(matter), 'classification.draft-case');
          try {
            if (input.form === undefined) throw new ArchiveError('E_INPUT_INVALID', { rule: 'form' }, [{ at: '/form', message: '请填写办理表' }]);
            const form = await checked(tx, matter, input.form);
            const it = secretMatter(matter);
            const { after } = await draftRehearsed(tx, blank('', it, form, call.person), it);
            return { problem: null, ...reads.after(after), steps: await reads.stepsOf(tx, blank('', it, form, call.person), it), statement: null, decisionNo: null };
          } catch (error) {
            if (!isFormFault(error)) throw error;
            return { problem: parts.describe(error, call.traceId), ...reads.after(null), steps: [], statement: null, decisionNo: null };
          }
        }
        const { stored, matter, it } = await found(tx, input.case ?? '');
        await tx.allow(caseTarget(matter, stored.it), `classification.${event}-case`);
        const by = await signer(tx, call.person);
        const steps = await reads.stepsOf(tx, stored.it, it);
        try {
          if (event !== 'decide') {
            const { after } = stored.it.state === 'withdrawn' ? { after: null } : await draftRehearsed(tx, stored.it, it).catch(formFaultOnly);
            return { problem: null, ...reads.after(after), steps, statement: caseStatement(event, stored.it, by, opinion), decisionNo: null };
          }
          const decisionNo = input.decisionNo ?? (await reads.nextNo(tx, stored.it.form.kind));
          const { statement, after } = await rehearse(tx, stored.it, it, by, opinion, decisionNo, true);
          return { problem: null, ...reads.after(after), steps, statement, decisionNo };
        } catch (error) {
          if (!isFormFault(error)) throw error;
          return { problem: parts.describe(error, call.traceId), ...reads.after(null), steps, statement: null, decisionNo: null };
        }
      });
    },

    /** 起草或修改. The matter is told to whoever may decide it; nothing about it changes yet. */
    async draft(call: Call, input: DraftCase) {
      return store.write(call, async (tx) => {
        const matter = await grounds.stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        const it = secretMatter(matter);
        if (input.case === undefined) {
          if ((await tx.cases.openOf(it.id)) !== undefined) throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event: 'draft-case', allowed: [] }, [{ at: '/classification', message: '该事项已有在办的审核表，请在原表上办理' }]);
          if ((await tx.tasks.openOf(it.id)).some(({ kind }) => kind === 'copies')) throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event: 'draft-case', allowed: ['close-task'] }, [{ at: '/classification', message: '升密后的副本、介质尚未核对收回，办结后方可再次变更' }]);
          const form = await checked(tx, matter, input.form);
          const drawn = blank(ids.uuid(), it, form, call.person);
          await draftRehearsed(tx, drawn, it);
          const by = await signer(tx, call.person);
          const fresh: CaseDraft = { ...drawn, proposer: { person: by.person, tokens: by.tokens }, entries: [{ step: 'list', at: clock.now(), person: null, what: form.trigger ?? form.kind, body: null, no: null, on: clock.today() }, checkedEntry(form, call.person)] };
          const level = highest([matter.level, form.to?.level ?? 0]);
          await openMatter(tx, matter, level, it, call.person);
          await tx.cases.add({ it: fresh, level, decidedAt: null, version: 1 });
          tx.audit({ action: call.act, object: it.id, objectType: 'classification', objectLevel: level, detail: { case: fresh.id, kind: form.kind, outcome: form.outcome, trigger: form.trigger } });
          return { case: fresh.id, version: 1, state: fresh.state };
        }
        const { stored } = await found(tx, input.case);
        if (stored.it.classification !== it.id) throw new ArchiveError('E_NOT_FOUND');
        if (stored.it.proposer.person !== call.person) throw new ArchiveError('E_DENIED', { by: call.person });
        fresh(stored, input.seenVersion ?? 0);
        const form = await checked(tx, matter, input.form);
        const amended = amend(stored.it, form, 'current' in it ? it.current : null);
        await draftRehearsed(tx, amended, it);
        const level = highest([matter.level, form.to?.level ?? 0]);
        await openMatter(tx, matter, level, it, call.person);
        await tx.cases.save({ it: { ...amended, entries: [...amended.entries, checkedEntry(form, call.person)] }, level, decidedAt: null, version: stored.version }, stored.version);
        tx.audit({ action: call.act, object: it.id, objectType: 'classification', objectLevel: level, detail: { case: stored.it.id, amended: true, outcome: form.outcome } });
        return { case: stored.it.id, version: stored.version + 1, state: amended.state };
      });
    },

    /** 承办人签署. */
    async sign(call: Call, input: SignCase) {
      return store.write(call, async (tx) => {
        const { stored, matter, it } = await found(tx, input.case);
        await tx.allow(caseTarget(matter, stored.it));
        fresh(stored, input.seenVersion);
        const { signed, verify } = await signing(tx, call, input);
        const proposed = sign(stored.it, signed, verify);
        await draftRehearsed(tx, stored.it, it);
        const next = { ...proposed, entries: [...proposed.entries, { step: 'propose' as const, at: clock.now(), person: call.person, what: signed.opinion, body: null, no: null, on: clock.today() }] };
        const reviewed = underReview(it, next.form);
        await openMatter(tx, matter, stored.level, reviewed, call.person);
        await raise(tx, call, it, next.form.to?.level ?? 0);
        await tx.cases.save({ ...stored, it: next }, stored.version);
        tx.audit({ action: call.act, object: it.id, objectType: 'classification', objectLevel: stored.level, detail: { case: next.id, by: signed.person, certificate: signed.certificateSerial, signature: signed.signature, state: reviewed.state } });
        return { case: next.id, version: stored.version + 1, state: next.state };
      });
    },

    /** 会商、原定密机关意见. */
    async step(call: Call, input: EnterStep) {
      return store.write(call, async (tx) => {
        const { stored, matter, it } = await found(tx, input.case);
        await tx.allow(caseTarget(matter, stored.it));
        fresh(stored, input.seenVersion);
        if (input.on > clock.today()) throw new ArchiveError('E_INPUT_INVALID', { rule: 'on' }, [{ at: '/on', message: '日期不得晚于今天' }]);
        const next = enterStep(stored.it, { step: input.step, at: clock.now(), person: call.person, what: input.what, body: input.body, no: input.no ?? null, on: input.on });
        await tx.cases.save({ ...stored, it: next }, stored.version);
        tx.audit({ action: call.act, object: it.id, objectType: 'classification', objectLevel: stored.level, detail: { case: next.id, step: input.step } });
        return { case: next.id, version: stored.version + 1, state: next.state };
      });
    },

    /** 定密责任人审批: decided is done, in one transaction. */
    async decide(call: Call, input: DecideCase) {
      return store.write(call, async (tx) => {
        const { stored, matter, it } = await found(tx, input.case);
        await tx.allow(caseTarget(matter, stored.it));
        fresh(stored, input.seenVersion);
        if (await tx.cases.numbered(input.decisionNo) || await tx.matters.hasWrittenRecord(input.decisionNo)) throw new ArchiveError('E_DUPLICATE', { decisionNo: true }, [{ at: '/decisionNo', message: '决定文号已用过，请改用新文号' }]);
        const { signed, verify } = await signing(tx, call, input);
        const decision = decide(stored.it, it, signed, input.decisionNo, await decidingGround(tx, call.person, verify), policy);
        if (decision.next.form.to !== null) await checkNamed(tx.people, decision.next.form.to, clock.today(), '/form/to');
        const done = await land(tx, call, stored, matter, decision);
        const after = done.matter.it;
        return {
          case: done.case.id, state: done.case.state, version: stored.version + 1, classification: it.id, matterState: after.state, ...reads.after(secretMatter(done.matter)),
          records: it.proposal.recordIds, notice: done.notice === null ? null : { id: done.notice.id, number: done.notice.number, recipients: done.notice.recipients.length, dueOn: done.notice.dueOn, dueCovered: done.notice.dueCovered, deliverBy: done.notice.deliverBy },
        };
      });
    },

    /** 退回承办人. */
    async giveBack(call: Call, input: ReturnCase) {
      return store.write(call, async (tx) => {
        const { stored, matter, it } = await found(tx, input.case);
        await tx.allow(caseTarget(matter, stored.it));
        fresh(stored, input.seenVersion);
        const { signed, verify } = await signing(tx, call, input);
        await decidingGround(tx, call.person, verify);
        const next = giveBack(stored.it, signed, verify);
        await tx.cases.save({ ...stored, it: { ...next, entries: [...next.entries, { step: 'approve', at: clock.now(), person: call.person, what: `退回：${signed.opinion}`, body: null, no: null, on: clock.today() }] } }, stored.version);
        tx.audit({ action: call.act, object: it.id, objectType: 'classification', objectLevel: stored.level, detail: { case: next.id, by: signed.person, certificate: signed.certificateSerial, signature: signed.signature } });
        return { case: next.id, version: stored.version + 1, state: next.state };
      });
    },

    /** 撤回: the matter stands as before the form. */
    async takeBack(call: Call, input: WithdrawCase) {
      return store.write(call, async (tx) => {
        const { stored, matter, it } = await found(tx, input.case);
        await tx.allow(caseTarget(matter, stored.it));
        fresh(stored, input.seenVersion);
        const { signed, verify } = await signing(tx, call, input);
        const next = takeBack(stored.it, signed, verify);
        await tx.cases.save({ ...stored, it: next }, stored.version);
        await closeMatter(tx, call, matter, it.state === 'declass_review' ? closeReview(it).next : it);
        tx.audit({ action: call.act, object: it.id, objectType: 'classification', objectLevel: stored.level, detail: { case: next.id, by: signed.person, certificate: signed.certificateSerial, signature: signed.signature } });
        return { case: next.id, version: stored.version + 1, state: next.state };
      });
    },
  };

  function blank(id: string, it: Classification, form: Form, person: string): CaseDraft {
    return { id, classification: it.id, form, from: 'current' in it ? it.current : null, proposer: { person, tokens: [] }, openedAt: clock.now(), entries: [], returns: [], state: 'draft' };
  }
  function checkedEntry(form: Form, person: string) {
    return { step: 'check' as const, at: clock.now(), person, what: form.findings, body: null, no: null, on: clock.today() };
  }
}

function formFaultOnly(error: unknown): { readonly after: null } {
  if (isFormFault(error)) return { after: null };
  throw error;
}
