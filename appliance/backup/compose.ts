import type { ReadTools, WriteTools } from '../../core/ports.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { AlarmEngine } from '../alarms/engine.js';
import type { Box } from '../box.js';
import type { Repositories } from '../store/repositories/index.js';
import { drillService } from './drill.js';
import { offsiteService } from './offsite.js';
import { planService } from './plan.js';
import { backupService } from './service.js';

/** 备份 over the parts of the box; a failure raises A_BACKUP_FAILED, a backup that comes to its end clears it. */
export function composeBackup(box: Box, wish: { readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>; readonly engine: Pick<AlarmEngine, 'signal' | 'provide'>; readonly nameOf: (person: string) => Promise<string> }) {
  const parts = { box, policy: box.policies.content('backup.json'), ...wish };
  const backup = backupService(parts);
  const backupDrills = drillService(parts, backup);
  const begin = async (): Promise<void> => { await backup.begin(); await backupDrills.begin(); };
  return { backup: { ...backup, begin }, backupPlans: planService(parts, backup), backupDrills, backupOffsites: offsiteService(parts) };
}
