import { BackupCreate, BackupList, BackupRegisterTarget, BackupRetireTarget, BackupVerify } from '../../../policies/schemas/backup.js';
import type { BackupService } from '../../backup/service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const backupRoutes = (backup: BackupService): Routes => ({
  'backup.list': route({ method: 'GET', summary: '备份目标、备份登记与进度', input: BackupList, errors: ['E_DENIED'], handle: backup.list }),
  'backup.register-target': route({ method: 'POST', summary: '登记备份目标', input: BackupRegisterTarget, errors: ['E_DENIED', 'E_BACKUP_TARGET', 'E_DUPLICATE'], handle: backup.registerTarget }),
  'backup.retire-target': route({ method: 'POST', summary: '停用备份目标', input: BackupRetireTarget, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: backup.retireTarget }),
  'backup.create': route({ method: 'POST', summary: '开始备份，或提请会签', input: BackupCreate, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_BACKUP_TARGET', 'E_BOX_LOCKED'], handle: backup.create }),
  'backup.verify': route({ method: 'POST', summary: '开始核对一份备份', input: BackupVerify, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID'], handle: backup.verify }),
});
