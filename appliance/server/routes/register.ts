import { RegisterAmend, RegisterEnd, RegisterEnter, RegisterList, RegisterShow } from '../../../policies/schemas/registers.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 组织与制度 */
export const registerRoutes = ({ registers }: Pick<Services, 'registers'>): Routes => ({
  'register.list': route({ method: 'GET', summary: '组织登记册', input: RegisterList, errors: ['E_DENIED', 'E_INPUT_INVALID'], handle: registers.list }),
  'register.show': route({ method: 'GET', summary: '查看登记', input: RegisterShow, errors: ['E_NOT_FOUND', 'E_DENIED'], handle: registers.show }),
  'register.enter': route({ method: 'POST', summary: '登记', input: RegisterEnter, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_DUPLICATE'], handle: registers.enter }),
  'register.amend': route({ method: 'POST', summary: '更正登记', input: RegisterAmend, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: registers.amend }),
  'register.end': route({ method: 'POST', summary: '终止登记', input: RegisterEnd, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: registers.end }),
});
