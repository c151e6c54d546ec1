import { dayOf } from '../../core/calendar.js';
import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import type { ClassificationPreview, ClassificationProtect, ClassificationReport, ClassificationWithdraw } from '../../policies/schemas/classification.js';
import { draft, eventStatement, protect, report, withdraw, type Claim, type Ground } from '../classification.js';
import { ready, type Signed } from '../classification-state.js';
import { highest, type SecretLevel } from '../level.js';
import { isOrdinary, ordinaryStatement, withdrawOrdinary } from '../ordinary.js';
import { matterTarget } from '../ports.js';
import { workingDaysAfter } from '../working-days.js';
import { secretMatter } from './case-decision.js';
import { checkNamed, drawUp } from './drawing-up.js';
import { enteringOf } from './entering.js';
import { isFormFault, type ClassificationParts, type Grounds, type Tx } from './grounds.js';
import { computed } from './showing.js';

type Claimed = Pick<ClassificationProtect, 'claimed' | 'why' | 'draft'> & { readonly id: string };

/** 先行保密: what is unclear, disputed or beyond us is kept at the highest level anybody claims, and reported in time. */
export function protectingService(parts: ClassificationParts, grounds: Grounds) {
  const { store, clock, policy, systemLevel } = parts;
  const { unitOf, signer, signing, ground } = grounds;
  const { enterDecision, asBefore, hold } = enteringOf(parts, grounds);

  /** 上报期限. `covered`: every day of it is in the holiday table. */
  function dueOf(why: Claimed['why']) {
    const { reportWithinWorkingDays, beyondWithinWorkingDays } = policy.temporary;
    return workingDaysAfter(clock.today(), why === 'beyond' ? beyondWithinWorkingDays : reportWithinWorkingDays, parts.holidays);
  }

  async function drawn(tx: Tx, input: Claimed) {
    const unit = await unitOf(tx);
    const { records, proposal } = await drawUp(tx, unit, input.id, input.draft);
    if (!('type' in proposal)) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level: proposal.level }, [{ at: '/draft/level', message: '先行保密须拟定国家秘密的密级' }]);
    await checkNamed(tx.people, proposal, clock.today());
    const top = highest([proposal.level, ...(input.claimed as SecretLevel[])]);
    if (top > systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: top, systemLevel }, [{ at: '/claimed', message: '主张的最高密级高于本机，须转到相应等级的系统保管' }]);
    const due = dueOf(input.why);
    const claim: Claim = { claimed: input.claimed as SecretLevel[], reportDueOn: due.on, why: input.why };
    return { records, proposal, top, due, claim };
  }

  return {
    /** The text to sign for `protect` and `withdraw`. */
    async preview(call: Call, input: ClassificationPreview) {
      if (input.event === 'withdraw') {
        return store.read(call, async (tx) => {
          const matter = await grounds.stored(tx, input.classification ?? '');
          await tx.allow(matterTarget(matter), 'classification.withdraw');
          const by = await signer(tx, call.person);
          const text = isOrdinary(matter.it) ? ordinaryStatement('withdraw', matter.it.proposal, by, input.opinion) : eventStatement('withdraw', matter.it.proposal, by, input.opinion);
          return { ...none(matter.it.id), problem: null, statement: text };
        });
      }
      const id = input.id ?? parts.ids.uuid();
      return store.read(call, async (tx) => {
        await tx.allow();
        try {
          if (input.draft === undefined || input.why === undefined) throw new ArchiveError('E_INPUT_INVALID', { rule: 'draft' }, [{ at: '/draft', message: '请填写审批表和先行保密的情形' }]);
          const { proposal, due, claim } = await drawn(tx, { id, draft: input.draft, claimed: input.claimed ?? [], why: input.why });
          const by = await signer(tx, call.person);
          const basis: Ground = await ground(tx, () => true);
          const holder = { person: by.person, tokens: by.tokens };
          protect(draft(proposal, holder, basis), { ...by, opinion: input.opinion, signature: '', at: clock.now() } satisfies Signed, claim, basis);
          return {
            ...none(id), ...computed(proposal, clock.today(), policy), problem: null, reportDueOn: due.on, reportDueCovered: due.covered,
            statement: eventStatement('protect', proposal, by, input.opinion, { claimed: claim.claimed, reportDueOn: claim.reportDueOn, why: claim.why }),
          };
        } catch (error) {
          if (!isFormFault(error)) throw error;
          return { ...none(id), problem: parts.describe(error, call.traceId) };
        }
      });
    },

    async protect(call: Call, input: ClassificationProtect) {
      return store.write(call, async (tx) => {
        const { records, proposal, top, due, claim } = await drawn(tx, input);
        if ((await tx.matters.get(input.id)) !== undefined) throw new ArchiveError('E_DUPLICATE', { id: input.id });
        const { signed, holder, verify } = await signing(tx, call, input);
        const basis = await ground(tx, verify);
        const { next, audit } = protect(draft(proposal, holder, basis), signed, claim, basis);
        const level = await hold(tx, call, { it: next, records, level: top });
        tx.audit({ ...audit, action: call.act, objectLevel: level });
        return { classification: next.id, version: 1, state: next.state, level, reportDueOn: due.on, reportDueCovered: due.covered };
      });
    },

    /** 登记上报. Late is entered as late, not refused. */
    async report(call: Call, input: ClassificationReport) {
      return store.write(call, async (tx) => {
        const matter = await grounds.stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        const it = ready(secretMatter(matter), 'report');
        if (input.on > clock.today() || input.on < dayOf(it.proposed.at)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'on' }, [{ at: '/on', message: '上报日期须不早于拟定之日，且不晚于今天' }]);
        const { next, audit } = report(it, input.on, { body: input.body, no: input.no });
        await tx.matters.save({ ...matter, it: next }, input.seenVersion);
        const late = input.on > next.reportDueOn;
        tx.audit({ ...audit, action: call.act, objectLevel: matter.level, detail: { ...audit.detail, late } });
        return { classification: next.id, version: input.seenVersion + 1, state: next.state, reportedOn: input.on, warning: late ? 'W_CLS_REPORT_OVERDUE' : null };
      });
    },

    /** 撤回, by who drew it up: what guarded the records before guards them again. */
    async withdraw(call: Call, input: ClassificationWithdraw) {
      return store.write(call, async (tx) => {
        const matter = await grounds.stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        const { signed, verify } = await signing(tx, call, input);
        const { next, audit } = isOrdinary(matter.it) ? withdrawOrdinary(matter.it, signed, verify) : withdraw(ready(matter.it, 'withdraw'), signed, await ground(tx, verify));
        await enterDecision(tx, call, { before: matter, it: next, seenVersion: input.seenVersion, guard: asBefore(matter), detail: { withdrawn: true } });
        tx.audit({ ...audit, action: call.act });
        return { classification: next.id, state: next.state };
      });
    },
  };
}

const none = (id: string) => ({
  id, derived: null, duplicates: [], mark: null, ending: null, maxYears: null, reviewDueOn: null, writtenRecordNo: null, checks: [], statement: null, reportDueOn: null, reportDueCovered: null,
});
