import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { AlarmEngine } from '../alarms/engine.js';
import type { Box } from '../box.js';
import { copyCarriers } from '../carriers/copies.js';
import type { DeviceService } from '../devices/service.js';
import type { Preview } from '../preview/preview.js';
import type { Repositories } from '../store/repositories/index.js';
import { DISC, sweepStaging } from './disc.js';
import { outputService } from './service.js';

export interface OutputComposition {
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly engine: AlarmEngine;
  readonly devices: Pick<DeviceService, 'proveAt' | 'machine'>;
  readonly preview: Preview;
  readonly nameOf: (person: string) => Promise<string>;
  readonly reader: (person: string) => Promise<{ readonly name: string; readonly department: string }>;
}

/** 打印刻录导出 over the parts of the box. */
export function composeOutputs(box: Box, parts: OutputComposition) {
  const { store, gate, clock, ids, sm3, policies, profile, containers, vault } = box;
  const disc = { ...DISC, box: box.identity.serial };
  const outputs = outputService({
    store, gate, clock, ids, sm3, containers, vault, disc, ...parts, policy: policies.content('outputs.json'), marks: policies.content('marking.json'), copies: copyCarriers({ clock, ids, containers }),
    unit: { name: profile.unitName, fonds: profile.fonds[0]?.fonds ?? '', rehearsal: profile.rehearsal },
  });
  parts.approvals.carries('output.request', async (tx, _call, granted) => outputs.approved(tx, granted));
  parts.approvals.refuses('output.request', async (tx, _call, refused) => outputs.refused(tx, refused));
  parts.engine.provide('output-overdue');
  let told = false;
  let swept = false;
  return {
    outputs,
    /** Hourly: 逾期未还 is told once, and clears by itself; the first sweeps what a kill left in memory. */
    async outputRound(): Promise<void> {
      if (!swept) await sweepStaging(disc);
      swept = true;
      const overdue = await outputs.overdue(box.systemCall('output.list'));
      if (overdue !== told) await parts.engine.signal('output-overdue', overdue);
      told = overdue;
    },
  };
}
