import type { Clock } from '../../core/ports.js';
import type { Round } from './stored-round.js';

export interface Pace {
  /** Before the first step after a start: people are served first. */
  readonly settleMs: number;
  /** Between two steps. */
  readonly restMs: number;
  /** Until it looks again while there is nothing to do, or the box is locked. */
  readonly lookMs: number;
  /** A finished round is begun anew so long after it began. */
  readonly everyMs: number;
}

const DAY_MS = 86_400_000;
export const USUAL_PACE: Pace = { settleMs: 30_000, restMs: 20, lookMs: 60_000, everyMs: DAY_MS };

export interface Background {
  /** Takes the next step now: something was begun or goes on. */
  wake(): void;
  start(): void;
  /** Waits for the step under way. */
  stop(): Promise<void>;
}

/** The timer of a round. @param ready whether the box is unlocked */
export function background(round: Round, clock: Clock, ready: () => boolean, pace: Pace = USUAL_PACE): Background {
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let fresh = false;
  let busy = false;
  let woken = false;
  let underWay: Promise<unknown> = Promise.resolve();
  const after = (milliseconds: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      // One step at a time: what is woken during a step follows it at once.
      if (busy) woken = true;
      else underWay = turn();
    }, milliseconds);
    timer.unref();
  };

  async function turn(): Promise<void> {
    busy = true;
    const more = ready() && await advance().catch(() => false);
    busy = false;
    after(woken ? 0 : more ? pace.restMs : pace.lookMs);
    woken = false;
  }

  /** A round that the last run left open goes on; a finished one begins anew after a start, and once it is old enough. */
  async function advance(): Promise<boolean> {
    const state = await round.state();
    const old = state?.finishedAt != null && Date.parse(clock.now()) - Date.parse(state.startedAt) >= pace.everyMs;
    if (state === null || (state.state === 'done' && (fresh || old))) await round.start();
    fresh = false;
    return round.step();
  }

  return {
    wake: () => { after(0); },
    start() {
      stopped = false;
      fresh = true;
      after(pace.settleMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
