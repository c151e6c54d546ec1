import {
  PreservationCases, PreservationCheckMedium, PreservationEnterReading, PreservationHandle, PreservationLocations, PreservationMedia, PreservationMend, PreservationPause, PreservationReadings, PreservationRegisterLocation,
  PreservationRetireLocation, PreservationShow, PreservationStart,
} from '../../../policies/schemas/preservation.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const preservationRoutes = ({ preservation: it }: Pick<Services, 'preservation'>): Routes => ({
  'preservation.show': route({ method: 'GET', summary: '检测策略、轮次与进度', input: PreservationShow, errors: ['E_DENIED'], handle: it.show }),
  'preservation.start': route({ method: 'POST', summary: '开始一轮检测', input: PreservationStart, errors: ['E_DENIED', 'E_STATE_INVALID'], handle: it.start }),
  'preservation.pause': route({ method: 'POST', summary: '暂停或继续检测', input: PreservationPause, errors: ['E_DENIED', 'E_STATE_INVALID'], handle: it.pause }),
  'preservation.cases': route({ method: 'GET', summary: '检测处置单', input: PreservationCases, errors: ['E_DENIED'], handle: it.cases }),
  'preservation.handle': route({ method: 'POST', summary: '登记处置', input: PreservationHandle, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: it.handle }),
  'preservation.mend': route({ method: 'POST', summary: '从备份修复内容', input: PreservationMend, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_MEND_SOURCE', 'E_BOX_LOCKED'], handle: it.mend }),
  'preservation.locations': route({ method: 'GET', summary: '存储位置', input: PreservationLocations, errors: ['E_DENIED'], handle: it.locations }),
  'preservation.register-location': route({ method: 'POST', summary: '登记存储位置', input: PreservationRegisterLocation, errors: ['E_DENIED', 'E_CLOUD_STORAGE_FORBIDDEN', 'E_DUPLICATE'], handle: it.registerLocation }),
  'preservation.retire-location': route({ method: 'POST', summary: '停用存储位置', input: PreservationRetireLocation, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: it.retireLocation }),
  'preservation.readings': route({ method: 'GET', summary: '温湿度登记', input: PreservationReadings, errors: ['E_DENIED'], handle: it.readings }),
  'preservation.enter-reading': route({ method: 'POST', summary: '登记温湿度', input: PreservationEnterReading, errors: ['E_DENIED', 'E_INPUT_INVALID'], handle: it.enterReading }),
  'preservation.media': route({ method: 'GET', summary: '载体检测', input: PreservationMedia, errors: ['E_DENIED'], handle: it.media }),
  'preservation.check-medium': route({ method: 'POST', summary: '登记载体检测', input: PreservationCheckMedium, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_INPUT_INVALID'], handle: it.checkMedium }),
});
