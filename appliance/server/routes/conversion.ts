import { ConversionAdopt, ConversionAsk, ConversionCancel, ConversionDraft, ConversionFiles, ConversionFormats, ConversionList, ConversionPause, ConversionPrint, ConversionRollBack, ConversionSave, ConversionShow, ConversionStart } from '../../../policies/schemas/conversion.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FOUND = ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'] as const;

/** 格式转换与迁移 */
export const conversionRoutes = ({ conversions }: Pick<Services, 'conversions'>): Routes => ({
  'conversion.formats': route({ method: 'GET', summary: '馆藏格式与风险', input: ConversionFormats, errors: ['E_DENIED'], handle: conversions.formats }),
  'conversion.files': route({ method: 'GET', summary: '某一格式的文件', input: ConversionFiles, errors: ['E_DENIED'], handle: conversions.files }),
  'conversion.list': route({ method: 'GET', summary: '转换迁移个案', input: ConversionList, errors: ['E_DENIED'], handle: conversions.list }),
  'conversion.show': route({ method: 'GET', summary: '查看转换迁移个案', input: ConversionShow, errors: ['E_NOT_FOUND'], handle: conversions.show }),
  'conversion.draft': route({ method: 'POST', summary: '拟定转换迁移', input: ConversionDraft, errors: ['E_NOT_FOUND', 'E_CONVERSION_SOURCE', 'E_MAC_WRITE_DOWN'], handle: conversions.draft }),
  'conversion.save': route({ method: 'POST', summary: '修改需求分析和风险评估', input: ConversionSave, errors: [...FOUND, 'E_MAC_WRITE_DOWN'], handle: conversions.save }),
  'conversion.ask': route({ method: 'POST', summary: '转换迁移报批', input: ConversionAsk, errors: [...FOUND, 'E_MIGRATION_RISK_ASSESSMENT', 'E_DUPLICATE'], handle: conversions.ask }),
  'conversion.start': route({ method: 'POST', summary: '执行转换迁移，暂停后继续', input: ConversionStart, errors: [...FOUND, 'E_MIGRATION_RISK_ASSESSMENT', 'E_CONVERSION_TOOL'], handle: conversions.start }),
  'conversion.pause': route({ method: 'POST', summary: '暂停转换迁移', input: ConversionPause, errors: FOUND, handle: conversions.pause }),
  'conversion.adopt': route({ method: 'POST', summary: '复核并启用转换件', input: ConversionAdopt, errors: [...FOUND, 'E_SOD_CONFLICT', 'E_MIGRATION_POSTCHECK_FAILED', 'E_CONVERSION_SOURCE'], handle: conversions.adopt }),
  'conversion.roll-back': route({ method: 'POST', summary: '退回转换迁移', input: ConversionRollBack, errors: [...FOUND, 'E_SOD_CONFLICT', 'E_CONVERSION_SOURCE'], handle: conversions.rollBack }),
  'conversion.cancel': route({ method: 'POST', summary: '撤销转换迁移', input: ConversionCancel, errors: FOUND, handle: conversions.cancel }),
  'conversion.print': route({ method: 'GET', summary: '打印转换迁移登记表', input: ConversionPrint, errors: ['E_NOT_FOUND'], handle: conversions.print }),
});
