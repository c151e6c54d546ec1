import type { Box } from '../box.js';
import { boxFact, setBoxFact } from '../store/repositories/box.js';
import type { Call } from '../../core/ports.js';

const FACT = 'markingRoundOn';
const HOUR_MS = 3_600_000;

/** 每日跑批 by the box itself: at the start, at the first unlock, and once the day has changed. */
export function dailyRound(box: Box, round: { run(call: Call): Promise<{ readonly expired: number; readonly reviewDue: number }> }) {
  let underWay: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Runs unless today's is done or the keys are locked. A round that was cut off has left no note, so it runs again. */
  async function run(): Promise<void> {
    const today = box.clock.today();
    if (box.keys.state === 'locked' || (await boxFact(box.reader, FACT)) === today) return;
    await round.run(box.systemCall('classification.round'));
    await box.store.housekeep(async (sql) => setBoxFact(sql, FACT, today));
  }
  const once = async (): Promise<void> => {
    underWay ??= run().finally(() => { underWay = undefined; });
    await underWay;
  };
  return {
    run: once,
    start(failed: (error: unknown) => void): void {
      timer = setInterval(() => { once().catch(failed); }, HOUR_MS);
      timer.unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await underWay?.catch(() => undefined);
    },
  };
}
