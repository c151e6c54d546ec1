import { randomUUID } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import type { Ids } from '../core/ports.js';
import type { MachineClock } from './clock-guard.js';

/** The machine's clock. Dates of the law are dates in Asia/Shanghai, whatever the machine is set to. */
export function systemClock(): MachineClock {
  const now = (): string => new Date().toISOString();
  return { now, today: () => Temporal.Instant.from(now()).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString(), elapsed: () => performance.now() };
}

export const randomIds = (): Ids => ({ uuid: () => randomUUID() });
