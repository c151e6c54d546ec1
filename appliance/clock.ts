import { randomUUID } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import type { Clock, Ids } from '../core/ports.js';

/** The machine's clock. Dates of the law are dates in Asia/Shanghai, whatever the machine is set to. */
export function systemClock(): Clock {
  const now = (): string => new Date().toISOString();
  return { now, today: () => Temporal.Instant.from(now()).toZonedDateTimeISO('Asia/Shanghai').toPlainDate().toString() };
}

export const randomIds = (): Ids => ({ uuid: () => randomUUID() });
