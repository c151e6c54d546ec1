import { ArchiveError } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Call, WriteTools } from '../../core/ports.js';
import type { ClassificationApprove, ClassificationPreview, ClassificationPropose, ClassificationReject } from '../../policies/schemas/classification.js';
import { approve, draft, propose, reject } from '../classification.js';
import { checkProposal, derivedFrom, type Derived } from '../classification-rules.js';
import { protectiveLevelOf, ready } from '../classification-state.js';
import { highest, type Level } from '../level.js';
import { termText } from '../marking.js';
import { approveOrdinary, isOrdinary, proposeOrdinary, rejectOrdinary } from '../ordinary.js';
import { matterTarget, type Before, type Matter, type Protection, type SecrecyTx, type StoredMatter } from '../ports.js';
import { EMPTY_SCOPE, scopeOf, union } from '../scope.js';
import { drawUp, requireMarkable } from './drawing-up.js';
import { groundsOf, type ClassificationParts } from './grounds.js';
import { matterReads } from './matter-reads.js';
import { protect } from './protection.js';
import { computed, standing } from './showing.js';

/** 定密与标志: one person draws up and signs, another decides and signs; deciding is marking, in one transaction (办法第四十一条). */
export function classificationService(parts: ClassificationParts) {
  const { store, clock, policy, systemLevel } = parts;
  const grounds = groundsOf(parts);
  const { unitOf, signer, statement, signing, ground, decidingGround, openScope, stored, recordsOfMatter, checksOf, checkForm, nextRecordNo } = grounds;

  async function enterDecision(tx: SecrecyTx & WriteTools, call: Call, before: StoredMatter, it: Matter, seenVersion: number, guard: (record: StoredRecord) => Protection, detail: Readonly<Record<string, unknown>>): Promise<StoredMatter> {
    const records = await recordsOfMatter(tx, it);
    const levels: Level[] = [];
    for (const record of records) {
      requireMarkable(record, '/classification');
      const to = guard(record);
      levels.push(to.level);
      await protect(parts, tx, record, to);
      await tx.records.addEvent(record.id, { activity: 'classify', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第四十一条', detail: { classification: it.id, ...detail } });
      tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: to.level, detail: { classification: it.id, level: to.level, mark: to.mark } });
    }
    const level = isOrdinary(it) ? highest([it.proposal.level, ...levels]) : highest([protectiveLevelOf(it), ...levels]);
    const next: StoredMatter = { ...before, it, level, decidedAt: clock.now(), scope: union([it.proposal.scope, scopeOf({ persons: [it.proposer.person, call.person] })]) };
    await tx.matters.save(next, seenVersion);
    return { ...next, version: seenVersion + 1 };
  }

  /** A record as it was before the proposal: what nobody decided leaves no trace in what guards it. */
  const asBefore = (matter: StoredMatter) => (record: StoredRecord): Protection => matter.before.find((one) => one.record === record.id) ?? guardOf(record);

  return {
    ...matterReads(parts, grounds),

    async preview(call: Call, input: ClassificationPreview) {
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
              id, problem: null, derived, ...computed(proposal, clock.today(), policy), writtenRecordNo: null, checks: await checksOf(tx, proposal, by, null),
              statement: statement('propose', proposal, by, input.opinion, null),
            };
          } catch (error) {
            // A form half filled in is no refused act, and leaves nothing in the ledger.
            if (!isFormFault(error)) throw error;
            return { id, problem: parts.describe(error, call.traceId), derived, mark: null, ending: null, maxYears: null, reviewDueOn: null, writtenRecordNo: null, checks: [], statement: null };
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
          id, problem: null, derived: null, ...standing(matter.it, clock.today(), policy), writtenRecordNo, checks: await checksOf(tx, matter.it.proposal, matter.it.proposer, by),
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
        const scope = await openScope(tx, proposal, call.person);
        const [first] = records;
        const claimed = highest([proposal.level, ...records.map((record) => record.level)]);
        await tx.matters.add({
          it: next, level: claimed, fonds: first?.fonds ?? '', department: first?.department ?? '', scope,
          before: records.map(guardOf), proposedAt: clock.now(), decidedAt: null, version: 1,
        });
        for (const record of records) {
          const level = highest([record.level, proposal.level]);
          await protect(parts, tx, record, { level, scope: level < 2 ? record.scope : union([scopeOf(record.scope), scope]), mark: null, classificationId: null, secrecyPeriod: null });
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: level, detail: { classification: input.id, level } });
        }
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
          await enterDecision(tx, call, matter, next, input.seenVersion, guard, { level: next.proposal.level, mark: next.mark });
          tx.audit(audit);
          return { classification: next.id, state: next.state, mark: next.mark, records: next.proposal.recordIds };
        }
        const { next, audit } = approve(ready(it, 'approve'), signed, input.writtenRecordNo, basis);
        const { current } = next;
        const guard = (): Protection => ({ level: current.level, scope: current.scope, mark: current.mark, classificationId: next.id, secrecyPeriod: termText(current.term, policy).slice(0, 40) || '未标明' });
        await enterDecision(tx, call, matter, next, input.seenVersion, guard, { level: current.level, mark: current.mark, writtenRecordNo: next.writtenRecordNo });
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
        await enterDecision(tx, call, matter, next, input.seenVersion, asBefore(matter), { rejected: true });
        tx.audit(audit);
        return { classification: next.id, state: next.state };
      });
    },
  };
}

/** What is to be mended on the form, as against what the person may not do. */
const isFormFault = (error: unknown): error is ArchiveError =>
  error instanceof ArchiveError && /^E_(?:CLS_\w+|INPUT_INVALID|CLEARANCE_REQUIRED)$/.test(error.code);

const guardOf = (record: StoredRecord): Before => ({
  record: record.id, level: record.level, scope: record.scope, mark: record.mark, classificationId: record.classificationId, secrecyPeriod: record.description.secrecyPeriod ?? null,
});
