import {
  AccessionAccept, AccessionArrive, AccessionClose, AccessionDismiss, AccessionInspect, AccessionList, AccessionOpen, AccessionReceipt, AccessionRegister, AccessionReturn, AccessionShow, AccessionSign, AccessionSignIn,
} from '../../../policies/schemas/accession.js';
import type { AccessionService } from '../../accessions/service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 接收 (办法第二十二至二十六条) */
export const accessionRoutes = (accessions: AccessionService): Routes => ({
  'accession.list': route({ method: 'GET', summary: '接收清单', input: AccessionList, errors: ['E_DENIED'], handle: accessions.list }),
  'accession.show': route({ method: 'GET', summary: '查看一批接收', input: AccessionShow, errors: ['E_NOT_FOUND'], handle: accessions.show }),
  'accession.register': route({ method: 'GET', summary: '接收登记', input: AccessionRegister, errors: ['E_DENIED'], handle: accessions.register }),
  'accession.arrive': route({ method: 'POST', summary: '到馆登记', input: AccessionArrive, errors: ['E_ACCESSION_MODE', 'E_MAC_WRITE_DOWN', 'E_INPUT_INVALID'], handle: accessions.arrive }),
  'accession.sign-in': route({ method: 'POST', summary: '签收，须两人', input: AccessionSignIn, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SIGNATURE_INVALID', 'E_HANDOVER_TWO_PERSON'], handle: accessions.signIn }),
  'accession.open': route({
    method: 'POST', summary: '启封：不合格的不留任何内容', input: AccessionOpen,
    errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_ACCESSION_MEDIUM', 'E_ACCESSION_EMPTY', 'E_ACCESSION_RUNNING', 'E_ACCESSION_LEVEL', 'E_ACCESSION_FONDS', 'E_ACCESSION_HANDOVER', 'E_ACCESSION_INCOMPLETE', 'E_ENVELOPE_LABEL', 'E_ENVELOPE_SENDER', 'E_ENVELOPE_FOREIGN', 'E_ENVELOPE_REPLAYED', 'E_ENVELOPE_DEVICE', 'E_ENVELOPE_EXPIRED', 'E_ENVELOPE_LEVEL', 'E_ENVELOPE_CHUNK_TAG', 'E_ENVELOPE_CHUNK_ORDER', 'E_ENVELOPE_SWAPPED', 'E_ENVELOPE_TRUNCATED', 'E_ENVELOPE_CONTENT', 'E_DEVICE_PROOF', 'E_DEVICE_LEVEL', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_BOUND', 'E_PKG_FILE_CHANGED'],
    handle: accessions.open,
  }),
  'accession.inspect': route({ method: 'POST', summary: '接收检测与清点', input: AccessionInspect, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_ACCESSION_RUNNING'], handle: accessions.inspect }),
  'accession.accept': route({ method: 'POST', summary: '准予接收入库', input: AccessionAccept, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_4P_FAILED', 'E_CLEARANCE_REQUIRED', 'E_ACCESSION_RUNNING'], handle: accessions.accept }),
  'accession.return': route({ method: 'POST', summary: '退回，只按检测不合格项', input: AccessionReturn, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_RETURN_WITHOUT_DEFECT'], handle: accessions.sendBack }),
  'accession.dismiss': route({ method: 'POST', summary: '不予受理：不是交给本馆的', input: AccessionDismiss, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: accessions.dismiss }),
  'accession.sign': route({ method: 'POST', summary: '签署接收凭证，须两人', input: AccessionSign, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SIGNATURE_INVALID', 'E_HANDOVER_TWO_PERSON'], handle: accessions.sign }),
  'accession.receipt': route({ method: 'GET', summary: '下载接收凭证', input: AccessionReceipt, errors: ['E_NOT_FOUND', 'E_ACCESSION_UNSIGNED'], handle: accessions.receipt }),
  'accession.close': route({ method: 'POST', summary: '办结，凭证写到介质', input: AccessionClose, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_ACCESSION_MEDIUM', 'E_ACCESSION_UNSIGNED'], handle: accessions.close }),
});
