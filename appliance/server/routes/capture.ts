import {
  CaptureBeginUpload, CaptureCompose, CaptureDeclare, CaptureList, CaptureOpen, CaptureShow, CaptureUpload, CaptureUploads, CaptureWithdraw,
} from '../../../policies/schemas/capture.js';
import type { captureService } from '../../../core/services/capture.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FOUND = ['E_NOT_FOUND', 'E_DENIED', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID'] as const;

export const captureRoutes = (service: ReturnType<typeof captureService>, segmentBytes: number): Routes => ({
  'capture.open': route({ method: 'POST', summary: '新建收集批次', input: CaptureOpen, errors: ['E_DENIED', 'E_DEPT_MISMATCH'], handle: service.open }),
  'capture.list': route({ method: 'GET', summary: '收集批次', input: CaptureList, errors: ['E_DENIED'], handle: service.list }),
  'capture.show': route({ method: 'GET', summary: '收集批次详情', input: CaptureShow, errors: ['E_NOT_FOUND'], handle: service.show }),
  'capture.uploads': route({ method: 'GET', summary: '未传完的文件', input: CaptureUploads, errors: ['E_NOT_FOUND'], handle: service.uploads }),
  'capture.begin-upload': route({ method: 'POST', summary: '开始上传一个文件', input: CaptureBeginUpload, errors: [...FOUND, 'E_NAME_HOSTILE', 'E_UPLOAD_TOO_LARGE'], handle: service.beginUpload }),
  'capture.upload': route({
    method: 'PUT', summary: '上传一段', input: CaptureUpload, errors: [...FOUND, 'E_UPLOAD_OFFSET', 'E_UPLOAD_TOO_LARGE'], limitBytes: 16 * segmentBytes,
    handle: async (call, input, body) => service.upload(call, input, body),
  }),
  'capture.declare': route({ method: 'POST', summary: '申报件数', input: CaptureDeclare, errors: [...FOUND, 'E_STALE_VERSION'], handle: service.declare }),
  'capture.compose': route({ method: 'POST', summary: '组件', input: CaptureCompose, errors: [...FOUND, 'E_ARRANGE_INCOMPLETE', 'E_STALE_VERSION'], handle: service.compose }),
  'capture.withdraw': route({ method: 'POST', summary: '撤回', input: CaptureWithdraw, errors: [...FOUND, 'E_STALE_VERSION'], handle: service.withdraw }),
});
