import { OpeningDue, OpeningList, OpeningPropose } from '../../../policies/schemas/use.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 开放审核 */
export const openingRoutes = ({ openings }: Pick<Services, 'openings'>): Routes => ({
  'opening.due': route({ method: 'GET', summary: '应开放审核的档案', input: OpeningDue, errors: ['E_DENIED'], handle: openings.due }),
  'opening.list': route({ method: 'GET', summary: '开放审核台账', input: OpeningList, errors: ['E_DENIED'], handle: openings.list }),
  'opening.propose': route({ method: 'POST', summary: '提出开放审核意见', input: OpeningPropose, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_OPENING_MODE', 'E_OPEN_CLASSIFIED', 'E_DUPLICATE', 'E_STATE_INVALID'], handle: openings.propose }),
});
