import type { Box } from '../box.js';
import { boxFact, setBoxFact } from '../store/repositories/box.js';
import type { Call } from '../../core/ports.js';
import type { Round } from '../../secrecy/services/marking-round.js';

const FACT = 'markingRoundOn';
const HOUR_MS = 3_600_000;

/** 每日跑批 by the box itself: at the start, at the first unlock, and once the day has changed. */
export function dailyRound(box: Box, round: { run(call: Call): Promise<Round> }) {
  let underWay: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Runs unless today's is done or the keys are locked. A round that was cut off has left no note, so it runs again. */
  async function run(): Promise<void> {
    const today = box.clock.today();
    if (box.keys.state === 'locked' || (await boxFact(box.reader, FACT)) === today) return;
    const { failed } = await round.run(box.systemCall('classification.round'));
    // What could not be moved is tried again within the hour, until somebody has seen to it.
    if (failed > 0) return;
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
