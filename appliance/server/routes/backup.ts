import { BackupCreate, BackupDrill, BackupDrillReport, BackupDrills, BackupEndOffsite, BackupList, BackupOffsites, BackupPlan, BackupPlans, BackupRegisterOffsite, BackupRegisterTarget, BackupRetireTarget, BackupVerify } from '../../../policies/schemas/backup.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const backupRoutes = ({ backup, backupPlans, backupDrills, backupOffsites }: Pick<Services, 'backup' | 'backupPlans' | 'backupDrills' | 'backupOffsites'>): Routes => ({
  'backup.list': route({ method: 'GET', summary: '备份目标、备份登记与进度', input: BackupList, errors: ['E_DENIED'], handle: backup.list }),
  'backup.register-target': route({ method: 'POST', summary: '登记备份目标', input: BackupRegisterTarget, errors: ['E_DENIED', 'E_BACKUP_TARGET', 'E_DUPLICATE'], handle: backup.registerTarget }),
  'backup.retire-target': route({ method: 'POST', summary: '停用备份目标', input: BackupRetireTarget, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: backup.retireTarget }),
  'backup.create': route({ method: 'POST', summary: '开始备份，或提请会签', input: BackupCreate, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_BACKUP_TARGET', 'E_BOX_LOCKED'], handle: backup.create }),
  'backup.verify': route({ method: 'POST', summary: '开始核对一份备份', input: BackupVerify, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID'], handle: backup.verify }),
  'backup.plans': route({ method: 'GET', summary: '备份方案、各套下次备份与演练', input: BackupPlans, errors: ['E_DENIED'], handle: backupPlans.plans }),
  'backup.plan': route({ method: 'POST', summary: '提请启用备份方案', input: BackupPlan, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_INPUT_INVALID', 'E_BACKUP_TARGET'], handle: backupPlans.plan }),
  'backup.drill': route({ method: 'POST', summary: '开始恢复演练', input: BackupDrill, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_BOX_LOCKED'], handle: backupDrills.drill }),
  'backup.drills': route({ method: 'GET', summary: '恢复演练登记', input: BackupDrills, errors: ['E_DENIED'], handle: backupDrills.drills }),
  'backup.drill-report': route({ method: 'GET', summary: '恢复演练报告', input: BackupDrillReport, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: backupDrills.drillReport }),
  'backup.offsites': route({ method: 'GET', summary: '异地副本登记', input: BackupOffsites, errors: ['E_DENIED'], handle: backupOffsites.offsites }),
  'backup.register-offsite': route({ method: 'POST', summary: '登记异地副本', input: BackupRegisterOffsite, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_OFFSITE_NOT_CLEARED'], handle: backupOffsites.registerOffsite }),
  'backup.end-offsite': route({ method: 'POST', summary: '收回或销毁异地副本', input: BackupEndOffsite, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: backupOffsites.endOffsite }),
});
