import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { AlarmEngine } from '../alarms/engine.js';
import type { Box } from '../box.js';
import { pluggedInto } from '../devices/plugged.js';
import { deviceService } from '../devices/service.js';
import type { PendingWasteEntry } from '../disposal/lines.js';
import type { Repositories } from '../store/repositories/index.js';
import { carrierService } from './service.js';
import type { CarryOutDecision } from './service.js';

export interface CarrierComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly engine: AlarmEngine;
  readonly nameOf: (person: string) => Promise<string>;
  /** The machine's sysfs; without it nobody says what is plugged in. */
  readonly sysfs: string | undefined;
  /** What is set aside waits in the register of destruction. */
  readonly pendingWaste: PendingWasteEntry;
}
const LOOK_MS = 15_000;

/** 载体与专用设备 over the parts of the box. */
export function composeCarriers(box: Box, { approvals, engine, nameOf, sysfs, pendingWaste }: CarrierComposition) {
  const { store, gate, clock, ids, crypto, keys, profile, policies } = box;
  const policy = policies.content('carriers.json');
  const carriers = carrierService({
    store, gate, clock, ids, policy, marks: policies.content('marking.json'), containers: box.containers, approvals, nameOf, pendingWaste, box: box.identity.serial,
    unit: { name: profile.unitName, fonds: profile.fonds[0]?.fonds ?? '', systemLevel: profile.systemLevel, rehearsal: profile.rehearsal },
  });
  approvals.carries('carrier.move', async (tx, _call, granted, decided) => carriers.carriedOut(tx, granted, decided as unknown as CarryOutDecision));
  engine.provide('medium-inventory');
  let told = false;
  let [seen, underWay] = ['', Promise.resolve()];
  let timer: NodeJS.Timeout | undefined;
  const devices = deviceService({ store, gate, clock, ids, crypto, keys, policy, box: box.identity.serial, systemLevel: profile.systemLevel, nameOf, plugged: pluggedInto(sysfs, box.paths.root) });
  const look = async (): Promise<void> => { if (box.keys.state === 'unlocked') seen = await devices.watch(box.systemCall('device.scan'), seen); };
  return {
    carriers,
    devices,
    /** 接入设备: looked at every quarter of a minute; what the register does not let in is entered and alarmed once, until it changes. */
    deviceWatch: {
      look,
      start(failed: (error: unknown) => void): void {
        if (sysfs === undefined) return;
        timer = setInterval(() => { underWay = underWay.then(look).catch(failed); }, LOOK_MS);
        timer.unref();
      },
      async stop(): Promise<void> {
        clearInterval(timer);
        await underWay;
      },
    },
    /** Hourly: 盘点逾期 is told once, and clears by itself. */
    async carrierRound(): Promise<void> {
      const overdue = await carriers.overdue(box.systemCall('carrier.list'));
      if (overdue !== told) await engine.signal('medium-inventory', overdue);
      told = overdue;
    },
  };
}
