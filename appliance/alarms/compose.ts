import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import { boxSignatureCheck } from '../box.js';
import type { Box } from '../box.js';
import { setBoxFact } from '../store/repositories/box.js';
import type { Repositories } from '../store/repositories/index.js';
import { clockService } from './clock-service.js';
import type { ClockDecision } from './clock-service.js';
import { alarmEngine } from './engine.js';
import { lastHash, probeLedger, probeStorage, probeVirusLibrary } from './probes.js';
import type { StorageProbe } from './probes.js';
import { alarmService } from './service.js';

export interface AlarmComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly nameOf: (person: string) => Promise<string>;
  readonly dutyName: (duty: string) => string;
  /** Where the machine can say how full it is. */
  readonly storage: StorageProbe | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The first derivation of the whole ledger waits until people have been served; a rest between its steps. */
const SETTLE_MS = 45_000;
const REST_MS = 5;

/** 告警与时钟: engine, sources, acts. `start` begins the background work, `stop` ends it. */
export function composeAlarms(box: Box, { approvals, nameOf, dutyName, storage }: AlarmComposition) {
  const { store, reader, clock, ids, brake } = box;
  const policy = box.policies.content('alarms.json');
  const engine = alarmEngine({ store, reader, clock, ids, policy, brake, systemCall: (act) => box.systemCall(act) });
  engine.provide('ledger', 'clock', ...(storage === undefined ? [] : ['storage-warn', 'storage-stop']));
  box.entries((entries) => { engine.observe(entries); });
  const alarms = alarmService({
    store, gate: box.gate, clock, policy, engine, sealing: box.sealing, approvals, nameOf, dutyName, targetOf: async (record) => box.bindings.signedTarget(reader, record),
  });
  const clockActs = clockService({ store, clock, approvals, clockCorrected: alarms.clockCorrected });
  approvals.carries('alarm.resume', async (tx, _call, granted, decided) => alarms.resumed(tx, granted.id, decided as never));
  approvals.carries('clock.correct', async (tx, _call, granted, decided) => clockActs.corrected(tx, granted.id, decided as unknown as ClockDecision));
  clock.onFault((fault) => { engine.signal('clock', true, { fault }).catch(() => undefined); });

  let stopped = true;
  const check = boxSignatureCheck(box.crypto, box.identity.chain[0] ?? '');
  const ledgerParts = { reader, ledger: box.ledger, sm3: box.sm3, check };

  /** Derives the ledger again from its first entry; a fault stops writing. */
  async function checkLedger(): Promise<number> {
    const verdict = await probeLedger(ledgerParts, async () => {
      await new Promise((resolve) => { setTimeout(resolve, REST_MS).unref(); });
      return !stopped;
    });
    if (verdict === null || verdict.faults.length === 0) return 0;
    await engine.signal('ledger', true, { faults: verdict.faults.length, first: verdict.faults[0]?.seq ?? null, kind: verdict.faults[0]?.kind ?? null });
    return verdict.faults.length;
  }

  async function everyMinute(): Promise<void> {
    const { fault, highWater } = clock.state();
    clock.now();
    if (fault === null) await store.housekeep(async (sql) => setBoxFact(sql, 'clock.high-water', highWater));
    if (box.keys.state !== 'unlocked') return;
    if (!(await lastHash(reader, box.ledger))) await engine.signal('ledger', true, { kind: 'truncated' });
    if (storage !== undefined) await probeStorage(engine, policy.storage, storage);
    await probeVirusLibrary(engine, policy.virusLibrary, reader, clock);
  }

  const timers: NodeJS.Timeout[] = [];
  const quietly = (work: () => Promise<unknown>) => (): void => { work().catch(() => undefined); };
  return {
    alarms, clockActs,
    alarmWork: {
      engine, checkLedger, everyMinute,
      async start(): Promise<void> {
        stopped = false;
        await engine.begin();
        await everyMinute();
        timers.push(setInterval(quietly(everyMinute), MINUTE_MS), setTimeout(quietly(checkLedger), SETTLE_MS), setInterval(quietly(checkLedger), DAY_MS));
        for (const timer of timers) timer.unref();
      },
      async stop(): Promise<void> {
        stopped = true;
        for (const timer of timers) clearInterval(timer);
        await engine.settled();
      },
    },
  };
}
