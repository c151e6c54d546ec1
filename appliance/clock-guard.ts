import { Temporal } from 'temporal-polyfill';
import type { Clock, Instant } from '../core/ports.js';
import type { AlarmsFile } from '../policies/schemas/alarms.js';

/** The machine's clock with a counter beside it that nobody can set. A clock without one (a test's) is only held to not going back. */
export interface MachineClock extends Clock {
  /** Milliseconds since some fixed moment, never backwards. */
  elapsed?(): number;
}

/** 时间异常: 倒退; 与单调计时不符; 停机太久,须核对. */
export type ClockFault = 'backward' | 'jump' | 'long-off';

export interface ClockState {
  readonly fault: ClockFault | null;
  /** What the machine says, corrected. */
  readonly shown: Instant;
  /** The latest instant the box has vouched for: while something is wrong, time stands here. */
  readonly highWater: Instant;
  readonly offsetMs: number;
}

export interface GuardedClock extends Clock {
  state(): ClockState;
  /** Sets the offset that two officers signed, and lets time run again. False where it would still run backwards. */
  correct(offsetMs: number): boolean;
  /** The offset under which the clock would show this instant now. */
  offsetFor(trueTime: Instant): number;
  /** Called once for each fault found. */
  onFault(told: (fault: ClockFault) => void): void;
}

/**
 * 时钟守护: time never runs backwards. Every reading is held against the latest instant vouched for and against the machine's own
 * counter; past the limits of `alarms.json` time stands still (statutory clocks with it) until two officers have signed the correction.
 */
export function guardedClock(machine: MachineClock, kept: { readonly highWater: Instant; readonly offsetMs: number }, limits: AlarmsFile['clock']): GuardedClock {
  let offset = kept.offsetMs;
  let high = Date.parse(kept.highWater);
  let fault: ClockFault | null = null;
  let told: ((fault: ClockFault) => void) | undefined;
  const read = (): number => Date.parse(machine.now()) + offset;
  const elapsed = (): number | undefined => machine.elapsed?.();
  let base = { at: read(), elapsed: elapsed() };

  function trip(found: ClockFault): void {
    fault = found;
    told?.(found);
  }

  if (base.at < high - limits.jitterSeconds * 1000) fault = 'backward';
  else if (base.elapsed !== undefined && high > 0 && base.at - high > limits.offDays * 86_400_000) fault = 'long-off';

  function milliseconds(): number {
    if (fault !== null) return high;
    const at = read();
    const counted = elapsed();
    if (at < high - limits.jitterSeconds * 1000) trip('backward');
    else if (counted !== undefined && base.elapsed !== undefined && Math.abs((at - base.at) - (counted - base.elapsed)) > limits.driftSeconds * 1000) trip('jump');
    else if (at > high) high = at;
    return high;
  }

  const now = (): Instant => new Date(milliseconds()).toISOString();
  return {
    now,
    today: () => Temporal.Instant.from(now()).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString(),
    state: () => ({ fault, shown: new Date(read()).toISOString(), highWater: new Date(high).toISOString(), offsetMs: offset }),
    offsetFor: (trueTime) => Date.parse(trueTime) - Date.parse(machine.now()),
    correct(offsetMs) {
      if (Date.parse(machine.now()) + offsetMs < high - limits.jitterSeconds * 1000) return false;
      offset = offsetMs;
      base = { at: read(), elapsed: elapsed() };
      fault = null;
      return true;
    },
    onFault(listener) {
      told = listener;
      if (fault !== null) listener(fault);
    },
  };
}
