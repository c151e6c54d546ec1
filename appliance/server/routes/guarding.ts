import { BindingPause } from '../../../policies/schemas/guarding.js';
import { NoInput } from '../../../policies/schemas/session.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 标志绑定 */
export const guardingRoutes = (services: Services): Routes => ({
  'binding.show': route({ method: 'GET', summary: '标志绑定校验情况', input: NoInput, errors: ['E_DENIED'], handle: services.binding.show }),
  'binding.verify': route({ method: 'POST', summary: '立即校验标志绑定', input: NoInput, errors: ['E_DENIED'], handle: services.binding.verify }),
  'binding.pause': route({ method: 'POST', summary: '暂停或继续标志绑定校验', input: BindingPause, errors: ['E_DENIED'], handle: services.binding.pause }),
});
