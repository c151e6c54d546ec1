import { setAside } from '../binding/bindings.js';
import { bindingRound } from '../binding/round.js';
import { bindingService } from '../binding/service.js';
import type { Box } from '../box.js';
import { containerService } from '../containers/service.js';
import type { LowerDecision } from '../containers/service.js';
import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Repositories } from '../store/repositories/index.js';
import { knowledgeService } from './knowledge.js';
import { rehearsalService } from './rehearsal.js';

/** Rest between two steps, so that people are served first; and before the first round after a start. */
const REST_MS = 20;
const SETTLE_MS = 30_000;
const DAY_MS = 86_400_000;

/** 标志绑定: the round over the box's store, and its acts. `start` begins the background work, `stop` waits for the step under way. */
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

  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let underWay: Promise<unknown> = Promise.resolve();
  const after = (milliseconds: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => { underWay = walk(); }, milliseconds);
    timer.unref();
  };
  async function walk(): Promise<void> {
    const more = box.keys.state === 'unlocked' && await round.step().catch(() => false);
    after(more ? REST_MS : DAY_MS);
  }
  const containers = containerService({ store, gate: box.gate, clock, marks: box.containers, policy: box.policies.content('marking.json'), approvals: parts.approvals });
  parts.approvals.carries('container.lower', async (tx, _call, granted, decided) => containers.lowered(tx, granted.id, decided as unknown as LowerDecision));
  return {
    containers,
    binding: bindingService({ store, gate: box.gate, bindings, round, wake: () => { after(0); } }),
    knowledge: knowledgeService({ store, gate: box.gate, nameOf: parts.nameOf }),
    rehearsal: rehearsalService({ store, gate: box.gate }),
    guardingWork: {
      start(): void {
        stopped = false;
        clearTimeout(timer);
        timer = setTimeout(() => { underWay = again(); }, SETTLE_MS);
        timer.unref();
        async function again(): Promise<void> {
          // A round that the last run left open goes on; a finished one begins anew.
          const state = await round.state().catch(() => null);
          if (state === null || state.state === 'done') await round.start().catch(() => undefined);
          after(0);
        }
      },
      async stop(): Promise<void> {
        stopped = true;
        clearTimeout(timer);
        await underWay;
      },
    },
  };
}
