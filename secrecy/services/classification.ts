import { ArchiveError } from '../../core/errors.js';
import { recordTarget, type StoredRecord } from '../../core/holdings.js';
import type { Call } from '../../core/ports.js';
import type { ClassificationApprove, ClassificationPreview, ClassificationPropose, ClassificationReject } from '../../policies/schemas/classification.js';
import { approve, draft, propose, reject } from '../classification.js';
import { checkProposal, derivedFrom, type Derived, type Proposal } from '../classification-rules.js';
import { ready } from '../classification-state.js';
import { approveOrdinary, isOrdinary, proposeOrdinary, rejectOrdinary, type OrdinaryProposal } from '../ordinary.js';
import { matterTarget, type Protection } from '../ports.js';
import { EMPTY_SCOPE } from '../scope.js';
import { drawUp } from './drawing-up.js';
import { enteringOf } from './entering.js';
import { groundsOf, isFormFault, type ClassificationParts, type Grounds, type Tx } from './grounds.js';
import { IN_FORCE, matterReads } from './matter-reads.js';
import { protectionOf } from './protection.js';
import { computed, standing } from './showing.js';

/** How many matters are looked through for the same 事项. */
const LOOKED_AT = 500;

/** 定密与标志: one person draws up and signs, another decides and signs; deciding is marking, in one transaction (办法第四十一条). */
export function classificationService(parts: ClassificationParts, grounds: Grounds = groundsOf(parts)) {
  const { store, clock, policy, systemLevel } = parts;
  const { enterDecision, asBefore, hold } = enteringOf(parts, grounds);
  const { unitOf, signer, statement, signing, ground, decidingGround, stored, checksOf, checkForm, nextRecordNo } = grounds;

  /**
   * Rule 13 同一事项重复定密: matters in force, of those the person may see, whose records bear the same 文号 or title. A hint: the
   * proposer joins them (`matterId`) or says why not; `conflict` where level or period would differ.
   */
  async function duplicatesOf(tx: Tx, call: Call, proposal: Proposal | OrdinaryProposal) {
    const key = (record: StoredRecord): readonly string[] => [record.description.title, record.description.documentNumber ?? ''].map((text) => text.normalize('NFKC').replaceAll(/\s/gu, '')).filter((text) => text !== '');
    const mine = new Set((await Promise.all(proposal.recordIds.map(async (id) => tx.records.get(id)))).flatMap((record) => (record === undefined ? [] : key(record))));
    const { rows } = await tx.matters.list(await parts.visible(call, 'classification.list'), { states: IN_FORCE, notBy: null }, { offset: 0, limit: LOOKED_AT });
    const found = [];
    for (const { it } of rows) {
      if (isOrdinary(it) || !('current' in it) || it.proposal.matterId === proposal.matterId) continue;
      for (const record of await grounds.recordsOfMatter(tx, it)) {
        if (!key(record).some((text) => mine.has(text)) || !(await parts.would(call, 'record.show', recordTarget(record)))) continue;
        const term = 'term' in proposal ? proposal.term : null;
        found.push({ classification: it.id, matterId: it.proposal.matterId, title: record.description.title, mark: it.current.mark, conflict: it.current.level !== proposal.level || JSON.stringify(it.current.term) !== JSON.stringify(term) });
        break;
      }
    }
    return found;
  }

  return {
    ...matterReads(parts, grounds),

    async preview(call: Call, input: Omit<ClassificationPreview, 'event'> & { readonly event: 'propose' | 'approve' | 'reject' }) {
      if (input.event === 'propose') {
        const { draft: form } = input;
        if (form === undefined) throw new ArchiveError('E_INPUT_INVALID', { rule: 'draft' }, [{ at: '/draft', message: '请填写审批表' }]);
        const id = input.id ?? parts.ids.uuid();
        return store.read(call, async (tx) => {
          const unit = await unitOf(tx);
          await tx.allow();
          let derived: Derived | null = null;
          try {
            const { proposal: drawn } = await drawUp(tx, unit, id, form);
            if ('type' in drawn && drawn.type === 'derived' && drawn.sources.length > 0) derived = derivedFrom(drawn.sources);
            await checkForm(tx.people, drawn, unit);
            const proposal = 'type' in drawn ? checkProposal(drawn, systemLevel, unit, policy) : drawn;
            const by = await signer(tx, call.person);
            return {
              id, problem: null, derived, duplicates: await duplicatesOf(tx, call, proposal), ...computed(proposal, clock.today(), policy), writtenRecordNo: null, checks: await checksOf(tx, proposal, by, null),
              statement: statement('propose', proposal, by, input.opinion, null),
            };
          } catch (error) {
            // A form half filled in is no refused act, and leaves nothing in the ledger.
            if (!isFormFault(error)) throw error;
            return { id, problem: parts.describe(error, call.traceId), derived, duplicates: [], mark: null, ending: null, maxYears: null, reviewDueOn: null, writtenRecordNo: null, checks: [], statement: null };
          }
        });
      }
      const { event, classification: id = '' } = input;
      return store.read(call, async (tx) => {
        const matter = await stored(tx, id);
        await tx.allow(matterTarget(matter), `classification.${event}`);
        const by = await signer(tx, call.person);
        const writtenRecordNo = event === 'approve' ? input.writtenRecordNo ?? (await nextRecordNo(tx)) : null;
        return {
          id, problem: null, derived: null, duplicates: [], ...standing(matter.it, clock.today(), policy), writtenRecordNo, checks: await checksOf(tx, matter.it.proposal, matter.it.proposer, by),
          statement: statement(event, matter.it.proposal, by, input.opinion, writtenRecordNo),
        };
      });
    },

    /** 拟定并签署. From here on the records are guarded as proposed, without a mark. */
    async propose(call: Call, input: ClassificationPropose) {
      return store.write(call, async (tx) => {
        const unit = await unitOf(tx);
        const { records, proposal } = await drawUp(tx, unit, input.id, input.draft);
        await checkForm(tx.people, proposal, unit);
        if ((await tx.matters.get(input.id)) !== undefined) throw new ArchiveError('E_DUPLICATE', { id: input.id });
        const { signed, holder, verify } = await signing(tx, call, input);
        const basis = await ground(tx, verify);
        const { next, audit } = 'type' in proposal ? propose(draft(proposal, holder, basis), signed, basis) : proposeOrdinary(proposal, holder, signed, verify);
        const claimed = await hold(tx, call, { it: next, records, level: proposal.level });
        tx.audit({ ...audit, action: call.act, objectLevel: claimed });
        return { classification: input.id, version: 1, level: claimed };
      });
    },

    /** 批准: the mark is made at once, on every record of the matter. */
    async approve(call: Call, input: ClassificationApprove) {
      return store.write(call, async (tx) => {
        const matter = await stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        if (await tx.matters.hasWrittenRecord(input.writtenRecordNo)) throw new ArchiveError('E_DUPLICATE', { writtenRecordNo: true }, [{ at: '/writtenRecordNo', message: '书面记录编号已用过，请改用新编号' }]);
        const { signed, verify } = await signing(tx, call, input);
        const basis = await decidingGround(tx, call.person, verify);
        const { it } = matter;
        if (isOrdinary(it)) {
          const { next, audit } = approveOrdinary(it, signed, input.writtenRecordNo, verify, policy);
          const guard = (): Protection => ({ level: next.proposal.level, scope: next.proposal.level === 0 ? EMPTY_SCOPE : next.proposal.scope, mark: next.mark || null, classificationId: null, secrecyPeriod: null });
          await enterDecision(tx, call, { before: matter, it: next, seenVersion: input.seenVersion, guard, detail: { level: next.proposal.level, mark: next.mark } });
          tx.audit(audit);
          return { classification: next.id, state: next.state, mark: next.mark, records: next.proposal.recordIds };
        }
        const { next, audit } = approve(ready(it, 'approve'), signed, input.writtenRecordNo, basis);
        const { current } = next;
        await enterDecision(tx, call, { before: matter, it: next, seenVersion: input.seenVersion, guard: () => protectionOf(next, policy), detail: { level: current.level, mark: current.mark, writtenRecordNo: next.writtenRecordNo } });
        tx.audit(audit);
        return { classification: next.id, state: next.state, mark: current.mark, records: next.proposal.recordIds };
      });
    },

    /** 退回承办人: what guarded the records before guards them again. */
    async reject(call: Call, input: ClassificationReject) {
      return store.write(call, async (tx) => {
        const matter = await stored(tx, input.classification);
        await tx.allow(matterTarget(matter));
        const { signed, verify } = await signing(tx, call, input);
        const basis = await decidingGround(tx, call.person, verify);
        const { next, audit } = isOrdinary(matter.it) ? rejectOrdinary(matter.it, signed, verify) : reject(ready(matter.it, 'reject'), signed, basis);
        await enterDecision(tx, call, { before: matter, it: next, seenVersion: input.seenVersion, guard: asBefore(matter), detail: { rejected: true } });
        tx.audit(audit);
        return { classification: next.id, state: next.state };
      });
    },
  };
}
