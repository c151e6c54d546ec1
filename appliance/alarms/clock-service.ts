import { ArchiveError } from '../../core/errors.js';
import type { ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { ClockCorrect } from '../../policies/schemas/alarms.js';
import type { Approvals } from '../../secrecy/services/approvals.js';
import type { GuardedClock } from '../clock-guard.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';

export interface ClockServiceParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly clock: GuardedClock;
  readonly approvals: Approvals;
  clockCorrected(tx: Repositories & WriteTools, approval: string, by: string, opinion: string): Promise<void>;
}

export interface ClockDecision { readonly offsetMs: number; readonly trueTime: string; readonly opinion: string; readonly by: string }

const FAULTS = { backward: '时间早于最后一次登记', jump: '时间与本机计时相差过大', 'long-off': '停机太久，须核对时间' } as const;
/** The object of every correction: there is one clock. */
const CLOCK = 'clock';

/** 时钟: what it shows and how it stands; a correction asked for by the audit officer and signed by the other two. */
export function clockService(parts: ClockServiceParts) {
  const { store, clock } = parts;
  return {
    async show(call: ServerCall) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { fault, shown, highWater, offsetMs } = clock.state();
        return { fault, text: fault === null ? '正常' : FAULTS[fault], shown, highWater, offsetSeconds: Math.round(offsetMs / 1000) };
      });
    },

    async correct(call: ServerCall, input: ClockCorrect) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const { shown, highWater } = clock.state();
        const offsetMs = clock.offsetFor(input.trueTime);
        if (input.trueTime < highWater) throw new ArchiveError('E_CLOCK_BACKWARD', { highWater }, [{ at: '/trueTime', message: '标准时间不能早于最后一次登记的时间，请核对' }]);
        const asked = await parts.approvals.request(tx, call, {
          act: 'clock.correct', object: CLOCK, decided: { offsetMs, trueTime: input.trueTime, opinion: input.opinion, by: call.person },
          words: [`把本机时间从 ${shown} 更正为 ${input.trueTime}`, `偏移 ${String(Math.round(offsetMs / 1000))} 秒，自机器时钟起算`, `核查意见：${input.opinion}`],
        });
        return { approval: asked.id, state: asked.state };
      });
    },

    /** The last signature of a correction: the offset stands in the ledger, and is read from there at every start. */
    async corrected(tx: Repositories & WriteTools, approval: string, decided: ClockDecision): Promise<void> {
      const before = clock.state();
      tx.audit({ action: 'clock.correct', objectType: 'clock', object: CLOCK, approval, detail: { offsetMs: decided.offsetMs, before: before.offsetMs, fault: before.fault, highWater: before.highWater } });
      await parts.clockCorrected(tx, approval, decided.by, decided.opinion);
      if (clock.offsetFor(before.highWater) > decided.offsetMs) throw new ArchiveError('E_CLOCK_BACKWARD', { highWater: before.highWater });
      tx.afterCommit(async () => { clock.correct(decided.offsetMs); return Promise.resolve(); });
    },
  };
}
