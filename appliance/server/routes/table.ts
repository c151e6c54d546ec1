import { TableApprove, TableCompare, TableEffects, TableExport, TableImport, TableList, TableRehearse, TableShow, TableWithdraw } from '../../../policies/schemas/table.js';
import { TABLE_BYTES } from '../../schemes/service.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const CHANGED = ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'] as const;

/** 三表 */
export const tableRoutes = ({ tables }: Pick<Services, 'tables'>): Routes => ({
  'table.list': route({ method: 'GET', summary: '三表各版本', input: TableList, errors: ['E_DENIED'], handle: tables.list }),
  'table.show': route({ method: 'GET', summary: '查看一个版本', input: TableShow, errors: ['E_NOT_FOUND'], handle: tables.show }),
  'table.compare': route({ method: 'GET', summary: '两版对照', input: TableCompare, errors: ['E_NOT_FOUND'], handle: tables.compare }),
  'table.effects': route({ method: 'GET', summary: '试算清单', input: TableEffects, errors: ['E_NOT_FOUND'], handle: tables.effects }),
  'table.export': route({ method: 'GET', summary: '导出版本或对照表', input: TableExport, errors: ['E_NOT_FOUND'], handle: tables.file }),
  'table.import': route({ method: 'PUT', summary: '提出新版本（JSON、XLSX）', input: TableImport, limitBytes: TABLE_BYTES, errors: ['E_DENIED', 'E_DUPLICATE', 'E_TABLE_INVALID', 'E_CATALOGUE_INVALID', 'E_UPLOAD_TOO_LARGE'], handle: tables.bring }),
  'table.rehearse': route({ method: 'POST', summary: '在馆藏上试算', input: TableRehearse, errors: CHANGED, handle: tables.rehearse }),
  'table.approve': route({ method: 'POST', summary: '登记审核文号和生效日期', input: TableApprove, errors: [...CHANGED, 'E_SOD_SELF_APPROVAL', 'E_TABLE_UNREHEARSED', 'E_TABLE_INVALID'], handle: tables.approve }),
  'table.withdraw': route({ method: 'POST', summary: '撤回未生效的版本', input: TableWithdraw, errors: CHANGED, handle: tables.withdraw }),
});
