import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { AlarmEngine } from '../alarms/engine.js';
import type { Box } from '../box.js';
import { deviceService } from '../devices/service.js';
import type { Repositories } from '../store/repositories/index.js';
import { carrierService } from './service.js';
import type { CarryOutDecision } from './service.js';

export interface CarrierComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly engine: AlarmEngine;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 载体与专用设备 over the parts of the box. */
export function composeCarriers(box: Box, { approvals, engine, nameOf }: CarrierComposition) {
  const { store, gate, clock, ids, crypto, keys, profile, policies } = box;
  const policy = policies.content('carriers.json');
  const carriers = carrierService({
    store, gate, clock, ids, policy, marks: policies.content('marking.json'), containers: box.containers, approvals, nameOf,
    unit: { name: profile.unitName, fonds: profile.fonds[0]?.fonds ?? '', systemLevel: profile.systemLevel, rehearsal: profile.rehearsal },
  });
  approvals.carries('carrier.move', async (tx, _call, granted, decided) => carriers.carriedOut(tx, granted, decided as unknown as CarryOutDecision));
  engine.provide('medium-inventory');
  let told = false;
  return {
    carriers,
    devices: deviceService({ store, gate, clock, ids, crypto, keys, policy, box: box.identity.serial, systemLevel: profile.systemLevel, nameOf }),
    /** Hourly: 盘点逾期 is told once, and clears by itself. */
    async carrierRound(): Promise<void> {
      const overdue = await carriers.overdue(box.systemCall('carrier.list'));
      if (overdue !== told) await engine.signal('medium-inventory', overdue);
      told = overdue;
    },
  };
}
