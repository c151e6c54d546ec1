import { ReportCreate, ReportList, ReportRead, ReportShow } from '../../../policies/schemas/report.js';
import type { reportService } from '../../reports/service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const reportRoutes = (service: ReturnType<typeof reportService>): Routes => ({
  'report.create': route({ method: 'POST', summary: '生成报表并签名', input: ReportCreate, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_BOX_LOCKED'], handle: service.create }),
  'report.list': route({ method: 'GET', summary: '报表清单', input: ReportList, errors: ['E_DENIED'], handle: service.list }),
  'report.show': route({ method: 'GET', summary: '查看报表数据', input: ReportShow, errors: ['E_NOT_FOUND', 'E_BOX_LOCKED'], handle: service.show }),
  'report.read': route({ method: 'GET', summary: '下载报表文件', input: ReportRead, errors: ['E_NOT_FOUND', 'E_BOX_LOCKED'], handle: service.read }),
});
