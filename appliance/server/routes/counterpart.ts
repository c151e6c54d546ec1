import { NoInput } from '../../../policies/schemas/session.js';
import { CounterpartList, CounterpartRegister, CounterpartShow, CounterpartSuspend } from '../../../policies/schemas/transfer.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 对端单位 */
export const counterpartRoutes = ({ counterparts }: Pick<Services, 'counterparts'>): Routes => ({
  'counterpart.list': route({ method: 'GET', summary: '对端单位', input: CounterpartList, errors: ['E_DENIED'], handle: counterparts.list }),
  'counterpart.show': route({ method: 'GET', summary: '查看对端单位', input: CounterpartShow, errors: ['E_NOT_FOUND'], handle: counterparts.show }),
  'counterpart.card': route({ method: 'GET', summary: '导出本机名片', input: NoInput, errors: ['E_DENIED'], handle: counterparts.card }),
  'counterpart.register': route({ method: 'POST', summary: '提请登记对端名片，两人核对指纹后生效', input: CounterpartRegister, errors: ['E_COUNTERPART_CARD', 'E_DUPLICATE'], handle: counterparts.register }),
  'counterpart.suspend': route({ method: 'POST', summary: '停用对端单位', input: CounterpartSuspend, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: counterparts.suspend }),
});
