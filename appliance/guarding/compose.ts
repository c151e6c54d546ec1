import { setAside } from '../binding/bindings.js';
import { bindingRound } from '../binding/round.js';
import { bindingService } from '../binding/service.js';
import type { Box } from '../box.js';
import { containerService } from '../containers/service.js';
import type { LowerDecision } from '../containers/service.js';
import type { ReadTools, WriteTools } from '../../core/ports.js';
import { placesRound } from '../marking/places-round.js';
import { placesService } from '../marking/places-service.js';
import { placesOf } from '../marking/places.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import { background, USUAL_PACE } from '../rounds/background.js';
import type { Repositories } from '../store/repositories/index.js';
import { knowledgeService } from './knowledge.js';
import { rehearsalService } from './rehearsal.js';

/** The round over the places follows the one over the bindings. */
const PLACES_SETTLE_MS = 60_000;

/** 标志绑定, 四处标志: the rounds over the box's store, and their acts. `start` begins the background work, `stop` waits for the step under way. */
export interface GuardingParts {
  readonly nameOf: (person: string) => Promise<string>;
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
}

export function composeGuarding(box: Box, parts: GuardingParts) {
  const { store, clock, reader, bindings } = box;
  const round = bindingRound({
    reader, bindings, clock, housekeep: async (work) => store.housekeep(work),
    async found(record, fault) {
      await store.write(box.systemCall('binding.verify'), async (tx) => {
        await tx.allow();
        if (fault === null) await tx.sql.run('DELETE FROM mark_fault WHERE record = $1', record);
        else await setAside(tx.sql, record, fault, clock.now());
        tx.audit({
          action: 'binding.verify', object: record, objectType: 'record', detail: { fault },
          ...(fault === null ? {} : { result: 'failed' as const, reason: 'E_MARK_BINDING' }),
        });
      });
    },
    async finished(state) {
      await store.write(box.systemCall('binding.verify'), async (tx) => {
        await tx.allow();
        tx.audit({ action: 'binding.verify', detail: { checked: state.checked, faults: state.faults } });
      });
    },
  });

  const policy = box.policies.content('marking.json');
  const marks = placesRound({
    store, reader, clock, systemCall: (act) => box.systemCall(act),
    places: placesOf({ sealing: box.sealing, vault: box.vault, containers: box.containers, clock, policy }),
  });
  const placesWork = background(marks, clock, () => box.keys.state === 'unlocked', { ...USUAL_PACE, settleMs: PLACES_SETTLE_MS });
  const bindingWork = background(round, clock, () => box.keys.state === 'unlocked');
  const containers = containerService({ store, gate: box.gate, clock, marks: box.containers, policy, approvals: parts.approvals });
  parts.approvals.carries('container.lower', async (tx, _call, granted, decided) => containers.lowered(tx, granted.id, decided as unknown as LowerDecision));
  return {
    containers,
    binding: bindingService({ store, gate: box.gate, bindings, round, wake: bindingWork.wake }),
    places: placesService({ store, gate: box.gate, round: marks, wake: placesWork.wake }),
    knowledge: knowledgeService({ store, gate: box.gate, nameOf: parts.nameOf }),
    rehearsal: rehearsalService({ store, gate: box.gate }),
    guardingWork: {
      start(): void {
        bindingWork.start();
        placesWork.start();
      },
      async stop(): Promise<void> {
        await Promise.all([bindingWork.stop(), placesWork.stop()]);
      },
    },
  };
}
