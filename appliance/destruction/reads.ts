import { holdersOf } from '../appraisal/panel.js';
import { contentsOf } from './plan.js';
import { checksOf } from './preconditions.js';
import { DESTRUCTION_COLUMNS, type StoredDestruction } from './rows.js';
import type { DestructionServiceParts, DestructionTools, Tx } from './tools.js';
import { isReversible, signersOf } from '../../core/destruction.js';
import { recordTarget } from '../../core/holdings.js';
import type { DestructionCandidates, DestructionList, DestructionShow } from '../../policies/schemas/destruction.js';
import { paperFaults } from '../../secrecy/erasure.js';
import type { ServerCall } from '../server/route.js';

const TITLE_MASKED = '（按规定不列题名）';
const UNSEEN = '（不在知悉范围内）';

/** What may be looked at: batches, what could be drawn up, one batch with its items, places and papers. */
export function destructionReads(parts: DestructionServiceParts, { kept, found, verifyKept }: DestructionTools) {
  const { gate, policy, work, box: { store, clock } } = parts;

  /** Numbers and titles as far as the person may know of each record; those who have a part in the batch know its list. */
  async function itemsOf(call: ServerCall, tx: Tx, stored: StoredDestruction) {
    const partner = [stored.it.applicant, stored.it.executor, stored.it.approver, ...stored.it.supervisors].includes(call.person);
    const items = [];
    for (const id of await kept(tx).records(stored.it.id)) {
      const record = await tx.records.get(id);
      if (record === undefined) continue;
      const knows = await gate.knows(call, recordTarget(record));
      const contents = isReversible(stored.it.state) ? await contentsOf(tx.sql, [id]) : [];
      items.push({
        record: knows ? id : null, code: knows || partner ? record.archivalCode ?? record.electronicRecordCode : UNSEEN, title: knows ? String(record.description['title'] ?? '') : partner ? TITLE_MASKED : UNSEEN,
        level: knows || partner ? record.level : null, retention: knows || partner ? record.currentRetention ?? record.retentionCode : null, state: record.state, files: contents.length, bytes: contents.reduce((sum, { bytes }) => sum + bytes, 0),
        checks: isReversible(stored.it.state) && (knows || partner) ? await checksOf(tx, record, clock.today(), parts.appraisal) : [], tombstone: record.state === 'destroyed',
      });
    }
    return items;
  }


  /** Whom a batch may name, and as what; the box checks clearance and separation again. */
  async function peopleFor(tx: Tx, fonds: string) {
    const [executes, supervises] = [await holdersOf(tx, fonds, clock.now(), policy.executors), await holdersOf(tx, fonds, clock.now(), policy.supervisors)];
    const departments = new Map((await tx.people.departments()).map(({ id, name }) => [id, name]));
    return Promise.all([...new Set([...executes, ...supervises])].map(async (id) => {
      const person = await tx.people.get(id);
      return { id, name: person?.name ?? '', departmentName: departments.get(person?.department ?? '') ?? '', executes: executes.includes(id), supervises: supervises.includes(id) };
    }));
  }

  return {
    async list(call: ServerCall, input: DestructionList) {
      const { page = 1, size = 20 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await kept(tx).list(await gate.visible(call, 'destruction.list', 1, DESTRUCTION_COLUMNS), input.state ?? null, { offset: (page - 1) * size, limit: size });
        return {
          page, size, total, policy: { minSupervisors: policy.minSupervisors, maxItems: policy.maxItems, bases: policy.bases, applicants: policy.applicants, executors: policy.executors, supervisors: policy.supervisors },
          residueDue: await work.residueDue(),
          rows: await Promise.all(rows.map(async ({ it, level, items, residueUntil }) => ({
            id: it.id, number: it.number, state: it.state, level, items, draftedAt: it.draftedAt, applicantName: await parts.nameOf(it.applicant), executorName: await parts.nameOf(it.executor), executedAt: it.executedAt, closedAt: it.closedAt,
            mine: signersOf(it).includes(call.person), residueUntil,
          }))),
        };
      });
    },

    /** 可列入销毁: what an approved appraisal condemned and nobody drew up yet, each with its pre-conditions. */
    async candidates(call: ServerCall, { page = 1, size = 50 }: DestructionCandidates) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.appraisals.condemned(await gate.visible(call, 'record.search', 1), { offset: (page - 1) * size, limit: size });
        return {
          page, size, total, people: await peopleFor(tx, rows[0]?.fonds ?? ''),
          rows: await Promise.all(rows.map(async (record) => ({
            id: record.id, code: record.archivalCode ?? record.electronicRecordCode, title: String(record.description['title'] ?? ''), level: record.level, retention: record.currentRetention ?? record.retentionCode, retentionExpiresOn: record.retentionExpiresOn,
            appraisal: (await tx.appraisals.concluded([record.id])).get(record.id)?.number ?? null, taken: (await kept(tx).holding(record.id)) !== undefined, checks: await checksOf(tx, record, clock.today(), parts.appraisal),
          }))),
        };
      });
    },

    async show(call: ServerCall, input: DestructionShow) {
      const progress = await work.progress(input.batch);
      return store.read(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        tx.audit({ action: call.act, object: it.id, objectType: 'destruction', objectLevel: stored.level });
        const steps = await kept(tx).steps(it.id);
        const signers = await Promise.all([...new Set(signersOf(it))].map(async (person) => ({
          person, name: await parts.nameOf(person), part: person === it.executor ? '执行' : '监销', me: person === call.person,
          orderAt: it.orderSignatures.find((one) => one.person === person)?.at ?? null, certificateAt: it.certificateSignatures.find((one) => one.person === person)?.at ?? null,
        })));
        const pending = (await tx.approvals.ofObject('destruction.submit', it.id, ['requested']))[0] ?? (await tx.approvals.ofObject('destruction.cancel', it.id, ['requested']))[0];
        return {
          id: it.id, number: it.number, state: it.state, level: stored.level, version: stored.version, fonds: it.fonds, reason: it.reason, basis: policy.bases.find(({ key }) => key === it.basis)?.name ?? it.basis, place: it.place,
          draftedAt: it.draftedAt, approvedAt: it.approvedAt, frozenAt: it.frozenAt, executedAt: it.executedAt, verifiedAt: it.verifiedAt, closedAt: it.closedAt, cancelled: it.cancelled, approval: it.approval, pending: pending?.it.id ?? null,
          applicantName: await parts.nameOf(it.applicant), approverName: it.approver === null ? null : await parts.nameOf(it.approver), executorName: await parts.nameOf(it.executor),
          amApplicant: call.person === it.applicant, amExecutor: call.person === it.executor, signers, items: await itemsOf(call, tx, stored), progress,
          checks: it.certificate === null ? progress.checks : (JSON.parse(it.certificate) as { checks: typeof progress.checks }).checks,
          steps: await Promise.all(steps.map(async (step) => ({ ...step, placeName: policy.places.find(({ key }) => key === step.place)?.name ?? step.place, settledByName: step.settlement === null ? null : await parts.nameOf(step.settlement.by) }))),
          faults: paperFaults(it, verifyKept(stored)), residueMaxDays: policy.residue.maxDays,
        };
      });
    },

  };
}
