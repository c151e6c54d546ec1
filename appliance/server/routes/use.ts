import { ChannelList, UseAssess, UseClose, UseList, UseOpen, UseRefuse, UseRequest, UseShow, UseStatistics } from '../../../policies/schemas/use.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 利用申请、审批、阅览 */
export const useRoutes = ({ uses }: Pick<Services, 'uses'>): Routes => ({
  'channel.list': route({ method: 'GET', summary: '利用渠道', input: ChannelList, errors: ['E_DENIED'], handle: uses.channels }),
  'use.list': route({ method: 'GET', summary: '利用登记', input: UseList, errors: ['E_DENIED'], handle: uses.list }),
  'use.show': route({ method: 'GET', summary: '查看利用单', input: UseShow, errors: ['E_NOT_FOUND'], handle: uses.show }),
  'use.request': route({ method: 'POST', summary: '提出利用申请', input: UseRequest, errors: ['E_DENIED', 'E_CHANNEL_DISABLED', 'E_INPUT_INVALID'], handle: uses.request }),
  'use.assess': route({ method: 'POST', summary: '受理利用申请，提请审批', input: UseAssess, errors: ['E_NOT_FOUND', 'E_CLEARANCE_REQUIRED', 'E_COPY_NOT_AUTHORIZED', 'E_COPY_FORBIDDEN_TOP_SECRET', 'E_MAC_WRITE_DOWN', 'E_SOD_SAME_PERSON', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_DUPLICATE'], handle: uses.assess }),
  'use.refuse': route({ method: 'POST', summary: '不予提供', input: UseRefuse, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_MAC_WRITE_DOWN'], handle: uses.refuse }),
  'use.open': route({ method: 'POST', summary: '开始阅览', input: UseOpen, errors: ['E_NOT_FOUND', 'E_ACCESS_NOT_APPROVED'], handle: uses.open }),
  'use.close': route({ method: 'POST', summary: '结束阅览或办结', input: UseClose, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: uses.close }),
  'use.statistics': route({ method: 'GET', summary: '利用统计', input: UseStatistics, errors: ['E_DENIED'], handle: uses.statistics }),
});
