import { RecordPages, RecordRead, RecordSearch, RecordShow } from '../../../policies/schemas/record.js';
import type { consultationService } from '../../../core/services/consultation.js';
import type { readingService } from '../../consultation/reading.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const recordRoutes = (service: ReturnType<typeof consultationService>, reading: ReturnType<typeof readingService>): Routes => ({
  'record.search': route({ method: 'GET', summary: '检索', input: RecordSearch, errors: ['E_DENIED'], handle: service.search }),
  'record.show': route({ method: 'GET', summary: '档案详情', input: RecordShow, errors: ['E_NOT_FOUND'], handle: service.show }),
  'record.pages': route({ method: 'GET', summary: '文件页数', input: RecordPages, errors: ['E_NOT_FOUND', 'E_PREVIEW_UNAVAILABLE'], handle: reading.pages }),
  'record.read': route({ method: 'GET', summary: '阅览一页', input: RecordRead, errors: ['E_NOT_FOUND', 'E_PREVIEW_UNAVAILABLE', 'E_AUDIT_UNAVAILABLE'], handle: reading.read }),
});
