import { OutputBurn, OutputCopies, OutputExport, OutputList, OutputPrint, OutputRequest, OutputReturn, OutputShow, OutputTrace } from '../../../policies/schemas/output.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const ISSUING = ['E_NOT_FOUND', 'E_COPY_NOT_AUTHORIZED', 'E_APPROVAL_LAPSED', 'E_SOD_SAME_PERSON', 'E_OUTPUT_CHANGED', 'E_OUTPUT_TOO_LARGE', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_CLEARANCE_REQUIRED'] as const;

/** 打印、刻录、导出 */
export const outputRoutes = ({ outputs }: Pick<Services, 'outputs'>): Routes => ({
  'output.list': route({ method: 'GET', summary: '打印刻录导出清单', input: OutputList, errors: ['E_DENIED'], handle: outputs.list }),
  'output.show': route({ method: 'GET', summary: '查看输出单', input: OutputShow, errors: ['E_NOT_FOUND'], handle: outputs.show }),
  'output.request': route({ method: 'POST', summary: '申请打印、刻录、导出', input: OutputRequest, errors: ['E_NOT_FOUND', 'E_COPY_FORBIDDEN_TOP_SECRET', 'E_COPY_NOT_AUTHORIZED', 'E_MAC_WRITE_DOWN'], handle: outputs.request }),
  'output.print': route({ method: 'POST', summary: '打印出件，一份', input: OutputPrint, errors: [...ISSUING, 'E_PREVIEW_UNAVAILABLE', 'E_DEVICE_PROOF', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_LEVEL'], handle: outputs.print }),
  'output.burn': route({ method: 'POST', summary: '刻录出件，一盘的 ISO 映像', input: OutputBurn, errors: [...ISSUING, 'E_OUTPUT_CARRIER', 'E_OUTPUT_TOOL', 'E_DEVICE_PROOF', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_LEVEL'], handle: outputs.burn }),
  'output.export': route({ method: 'POST', summary: '导出到接入本机的专用设备', input: OutputExport, errors: [...ISSUING, 'E_DEVICE_PROOF', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_LEVEL', 'E_DEVICE_BOUND', 'E_OUTPUT_CARRIER'], handle: outputs.export }),
  'output.return': route({ method: 'POST', summary: '登记副本归还或交销', input: OutputReturn, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: outputs.return }),
  'output.copies': route({ method: 'GET', summary: '副本清单', input: OutputCopies, errors: ['E_NOT_FOUND'], handle: outputs.copies }),
  'output.trace': route({ method: 'GET', summary: '按溯源码查副本', input: OutputTrace, errors: ['E_INPUT_INVALID'], handle: outputs.trace }),
});
