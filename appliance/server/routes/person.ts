import { PersonAppoint, PersonClear, PersonCreate, PersonDirectory, PersonDisable, PersonGrant, PersonList, PersonRevoke, PersonUnlock } from '../../../policies/schemas/person.js';
import type { grantService } from '../../identity/grant-service.js';
import type { personService } from '../../identity/person-service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const SAVE = ['E_DENIED', 'E_NOT_FOUND', 'E_SOD_SELF_APPROVAL', 'E_STALE_VERSION'] as const;

export const personRoutes = (service: ReturnType<typeof personService>, grants: ReturnType<typeof grantService>): Routes => ({
  'person.list': route({ method: 'GET', summary: '查看人员', input: PersonList, errors: ['E_DENIED'], handle: service.list }),
  'person.directory': route({ method: 'GET', summary: '人员与部门名录', input: PersonDirectory, errors: ['E_DENIED'], handle: service.directory }),
  'person.create': route({ method: 'POST', summary: '建立账号', input: PersonCreate, errors: ['E_DENIED', 'E_DUPLICATE', 'E_CERT_INVALID', 'E_PASSWORD_WEAK'], handle: service.create }),
  'person.disable': route({ method: 'POST', summary: '停用账号', input: PersonDisable, errors: [...SAVE], handle: service.disable }),
  'person.unlock': route({ method: 'POST', summary: '解锁账号', input: PersonUnlock, errors: [...SAVE], handle: service.unlock }),
  'person.clear': route({ method: 'POST', summary: '登记涉密资格', input: PersonClear, errors: [...SAVE, 'E_CLEARANCE_REQUIRED', 'E_CLS_OVER_SYSTEM_LEVEL'], handle: service.clear }),
  'person.grant': route({ method: 'POST', summary: '授予岗位', input: PersonGrant, errors: ['E_TRAINING_REQUIRED', ...SAVE, 'E_SOD_CONFLICT', 'E_STATE_INVALID', 'E_GRANT_OPEN_ENDED'], handle: grants.grant }),
  'person.appoint': route({ method: 'POST', summary: '任命空缺的三员', input: PersonAppoint, errors: [...SAVE, 'E_SOD_CONFLICT', 'E_STATE_INVALID'], handle: grants.appoint }),
  'person.revoke': route({ method: 'POST', summary: '收回岗位', input: PersonRevoke, errors: [...SAVE, 'E_STATE_INVALID'], handle: grants.revoke }),
});
