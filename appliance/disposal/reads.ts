import type { DisposalList, DisposalShow } from '../../policies/schemas/media-destruction.js';
import { destructionFaults } from '../../secrecy/media-destruction.js';
import type { LineMethod, MediaDestruction } from '../../secrecy/media-destruction.js';
import type { ServerCall } from '../server/route.js';
import { DISPOSAL_COLUMNS } from '../store/repositories/disposals.js';
import type { StoredDisposal } from '../store/repositories/disposals.js';
import type { BatchService } from './batches.js';
import type { LineService } from './lines.js';
import type { DisposalParts } from './parts.js';

/** 销毁批次 as they are shown. */
export function readService(parts: DisposalParts, batches: BatchService, lines: LineService) {
  const { store, gate, clock, policy } = parts;
  const { found, ofBatch, verifyKept, stepName } = batches;
  const methodText = (method: LineMethod | undefined): string => (method === undefined ? '' : `${method.steps.map(stepName).join('＋')}${method.outcome === 'reuse' ? '（清除后再利用）' : ''}`);

  async function outward(one: StoredDisposal) {
    const { it } = one;
    const name = parts.nameOf;
    const plan = 'plan' in it ? it.plan : null;
    return {
      id: it.id, no: it.no, state: it.state, level: it.level, lines: it.lines.length, openedOn: it.openedOn, openedByName: await name(it.openedBy.person), reason: it.reason, manner: plan?.manner ?? null, executor: plan?.executor.person ?? null,
      executorName: plan === null ? null : await name(plan.executor.person), witnesses: plan === null ? [] : await Promise.all(plan.witnesses.map(async ({ person }) => ({ person, name: await name(person), signed: 'signatures' in it && it.signatures.slice(1).some((sign) => sign.person === person) }))),
      dueOn: 'isolation' in it ? it.isolation.dueOn : null, overdue: 'isolation' in it && ['isolated', 'released'].includes(it.state) && it.isolation.dueOn < clock.today(), version: one.version,
    };
  }

  return {
    async list(call: ServerCall, input: DisposalList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.disposals.list(await gate.visible(call, 'disposal.list', 1, DISPOSAL_COLUMNS), input.state ?? null, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, rows: await Promise.all(rows.map(outward)) };
      });
    },

    async show(call: ServerCall, input: DisposalShow) {
      return store.read(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const { it } = one;
        tx.audit({ action: call.act, object: it.id, objectType: 'disposal', objectLevel: it.level });
        const { rows, facts } = await ofBatch(tx, it);
        const evidence = await tx.disposals.evidenceOf(it.id);
        const plan = 'plan' in it ? it.plan : null;
        return {
          ...await outward(one), it,
          rows: await Promise.all(rows.map(async (line, n) => ({ ...await lines.shown(tx, line), now: facts[n], method: plan?.methods.find(({ line: of }) => of === line.id) ?? null, methodText: methodText(plan?.methods.find(({ line: of }) => of === line.id)) }))),
          unitName: plan?.unit == null ? null : (await tx.media.destroyer(plan.unit))?.facts.name ?? null, channels: policy.channels, photosMin: policy.photos.min,
          evidence: await Promise.all(evidence.map(async ({ object: _, ...rest }) => ({ ...rest, addedByName: await parts.nameOf(rest.addedBy) }))),
          history: await Promise.all((await tx.disposals.history(it.id)).map(async (row) => ({ ...row, byName: await parts.nameOf(row.by) }))),
          escortNames: 'release' in it ? await Promise.all(it.release.escorts.map(parts.nameOf)) : [],
          signatures: 'signatures' in it ? await Promise.all(it.signatures.map(async (sign) => ({ ...sign, name: await parts.nameOf(sign.person) }))) : [],
          faults: 'signatures' in it ? destructionFaults(it, policy, verifyKept(one)) : [], mine: mineOf(it, call.person),
        };
      });
    },
  };
}

/** What waits for this very person. */
function mineOf(it: MediaDestruction, person: string): 'execute' | 'witness' | null {
  if (it.state === 'released' && it.plan.executor.person === person) return 'execute';
  return it.state === 'executed' && it.plan.witnesses.some((one) => one.person === person) && !it.signatures.some((one) => one.person === person) ? 'witness' : null;
}
export type ReadService = ReturnType<typeof readService>;
