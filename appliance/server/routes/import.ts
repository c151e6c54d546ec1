import { ImportAbandon, ImportBegin, ImportList, ImportShow, ImportTake, ImportUpload } from '../../../policies/schemas/import.js';
import { ExchangeMetadata, ExchangePackage } from '../../../policies/schemas/exchange.js';
import type { CaptureLimits } from '../../../policies/schemas/capture.js';
import type { OfflinePackages } from '../../capture/offline-packages.js';
import type { ExchangeService } from '../../exchange/service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 离线数据包导入 (办法第十六条) */
export const importRoutes = ({ imports }: { readonly imports: OfflinePackages }, { segmentBytes }: CaptureLimits): Routes => ({
  'import.list': route({ method: 'GET', summary: '离线导入任务', input: ImportList, errors: ['E_DENIED'], handle: imports.list }),
  'import.show': route({ method: 'GET', summary: '查看离线导入：进度、逐项拒绝理由、将收入的件', input: ImportShow, errors: ['E_NOT_FOUND'], handle: imports.show }),
  'import.begin': route({
    method: 'POST', summary: '开始离线导入：以一个文件送入，或读挂载的介质', input: ImportBegin, handle: imports.begin,
    errors: ['E_DENIED', 'E_OFFLINE_REASON_REQUIRED', 'E_DEPT_MISMATCH', 'E_NAME_HOSTILE', 'E_UPLOAD_TOO_LARGE', 'E_ACCESSION_MEDIUM', 'E_INPUT_INVALID'],
  }),
  'import.upload': route({
    method: 'PUT', summary: '送入一段；送完即开始核对', input: ImportUpload, limitBytes: 16 * segmentBytes, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_UPLOAD_OFFSET', 'E_UPLOAD_TOO_LARGE'],
    handle: async (call, input, body) => imports.upload(call, input, body),
  }),
  'import.take': route({ method: 'POST', summary: '收入：全有或全无，断电后接着办', input: ImportTake, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: imports.take }),
  'import.abandon': route({ method: 'POST', summary: '放弃导入，收到的内容一并清除', input: ImportAbandon, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: imports.abandon }),
});

/** 元数据与交换包导出 (办法第十八、三十五条); only what is no state secret. */
export const exchangeRoutes = ({ exchange }: { readonly exchange: ExchangeService }): Routes => ({
  'exchange.metadata': route({ method: 'POST', summary: '导出元数据：XLSX 或 JSON Lines，可原样导回', input: ExchangeMetadata, errors: ['E_DENIED', 'E_EXCHANGE_EMPTY', 'E_EXCHANGE_TOO_LARGE'], handle: exchange.metadata }),
  'exchange.package': route({ method: 'POST', summary: '导出交换包：BagIt 1.0、DA/T 48 封装包或归档信息包', input: ExchangePackage, errors: ['E_DENIED', 'E_EXCHANGE_EMPTY', 'E_EXCHANGE_TOO_LARGE'], handle: exchange.package }),
});
