import { ScanDescribe, ScanList, ScanMeasure, ScanRecognise, ScanText } from '../../../policies/schemas/scan.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 扫描件 */
export const scanRoutes = ({ scans }: Pick<Services, 'scans'>): Routes => ({
  'scan.list': route({ method: 'GET', summary: '扫描件及技术参数', input: ScanList, errors: ['E_DENIED'], handle: scans.list }),
  'scan.measure': route({ method: 'POST', summary: '测量并著录扫描件', input: ScanMeasure, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_MAC_WRITE_DOWN'], handle: scans.measure }),
  'scan.describe': route({ method: 'POST', summary: '著录扫描参数', input: ScanDescribe, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SCAN_TECHNICAL'], handle: scans.describe }),
  'scan.recognise': route({ method: 'POST', summary: '识别扫描件文字', input: ScanRecognise, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_CONVERSION_TOOL'], handle: scans.recognise }),
  'scan.text': route({ method: 'GET', summary: '查看识别文字', input: ScanText, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: scans.text }),
});
