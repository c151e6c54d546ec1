import {
  CaptureBeginUpload, CaptureCatalogue, CaptureCompose, CaptureDeclare, CaptureList, CaptureOpen, CaptureShow, CaptureUpload, CaptureUploads, CaptureWithdraw, SealStrip,
} from '../../../policies/schemas/capture.js';
import type { captureService } from '../../../core/services/capture.js';
import type { catalogueService } from '../../../core/services/catalogue.js';
import type { sealService } from '../../../core/services/seal.js';
import type { CaptureLimits } from '../../../policies/schemas/capture.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FOUND = ['E_NOT_FOUND', 'E_DENIED', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID'] as const;

interface CaptureServices {
  readonly capture: ReturnType<typeof captureService>;
  readonly catalogue: ReturnType<typeof catalogueService>;
  readonly seal: ReturnType<typeof sealService>;
}

export const captureRoutes = ({ capture: service, catalogue, seal }: CaptureServices, { segmentBytes, catalogueBytes }: CaptureLimits): Routes => ({
  'capture.open': route({ method: 'POST', summary: '新建收集批次', input: CaptureOpen, errors: ['E_DENIED', 'E_DEPT_MISMATCH', 'E_OFFLINE_REASON_REQUIRED'], handle: service.open }),
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
  'capture.catalogue': route({
    method: 'PUT', summary: '导入归档目录：试行只核对，写入则全有或全无', input: CaptureCatalogue, limitBytes: catalogueBytes,
    errors: [...FOUND, 'E_UPLOAD_TOO_LARGE', 'E_CATALOGUE_ENCODING', 'E_CATALOGUE_INVALID', 'E_META_UNLINKED', 'E_STALE_VERSION'],
    handle: async (call, input, body) => catalogue.catalogue(call, input, body),
  }),
  'seal.strip': route({
    method: 'POST', summary: '去除电子印章的数字签名，保留印章图形', input: SealStrip, handle: seal.strip,
    errors: [...FOUND, 'E_FMT_NOT_ALLOWED', 'E_FMT_ENCRYPTED', 'E_FMT_UNREADABLE', 'E_SEAL_SIGNATURE_PRESENT', 'E_SEAL_IMAGE_LOST', 'E_FIXITY_FAILED', 'E_UPLOAD_TOO_LARGE'],
  }),
  'capture.withdraw': route({ method: 'POST', summary: '撤回', input: CaptureWithdraw, errors: [...FOUND, 'E_STALE_VERSION'], handle: service.withdraw }),
});
