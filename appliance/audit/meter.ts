import type { Clock } from '../../core/ports.js';

const MINUTE_MS = 60_000;

/**
 * How many refusals of people who have not signed in are entered: so many a minute, and then one says how many were left out.
 * A stranger on the network must not be able to fill the ledger's disk.
 */
export function refusalMeter(clock: Clock, perMinute = 30): () => number | null {
  let since = 0;
  let entered = 0;
  let leftOut = 0;
  return () => {
    const now = Date.parse(clock.now());
    if (now - since >= MINUTE_MS || now < since) [since, entered] = [now, 0];
    if (entered >= perMinute) {
      leftOut += 1;
      return null;
    }
    entered += 1;
    const before = leftOut;
    leftOut = 0;
    return before;
  };
}
