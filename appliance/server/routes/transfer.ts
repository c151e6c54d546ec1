import {
  TransferAmend, TransferApprove, TransferAttach, TransferClose, TransferCompanion, TransferDrawHandover, TransferDropCompanion, TransferDue, TransferHandover, TransferInspect, TransferList, TransferPlanning, TransferPrepare, TransferPrint,
  TransferProgress, TransferReceive, TransferSeal, TransferShow, TransferSignHandover, TransferWithdraw,
} from '../../../policies/schemas/transfer.js';
import type { TransferPolicy } from '../../../policies/schemas/transfer.js';
import { RECEIPT_BYTES } from '../../../secrecy/transfer-receipt.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const STEP = ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'] as const;
const CHECKED = [
  'E_TRANSFER_LIST_MISSING', 'E_TRANSFER_EARLY_CONSENT', 'E_TRANSFER_RIGHTS_UNDEFINED', 'E_TRANSFER_EXTENSION_CONSENT', 'E_OVERDUE_REASON_REQUIRED', 'E_SEAL_SIGNATURE_PRESENT', 'E_FMT_ENCRYPTED', 'E_FMT_COMPRESSED', 'E_TRANSFER_ATTACHMENTS_MISSING',
  'E_TRANSFER_COMPANIONS_MISSING', 'E_CLS_MARK_MISSING', 'E_MARK_BINDING', 'E_TRANSFER_DECLASS_REVIEW_REQUIRED', 'E_COUNTERPART_NOT_IN_FORCE', 'E_COUNTERPART_LEVEL', 'E_TRANSFER_MEDIUM_UNREGISTERED', 'E_TRANSFER_MEDIUM_UNTESTED',
  'E_TRANSFER_MEDIUM_LEVEL', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_LEVEL', 'E_TRANSFER_OVER_INTERNET',
] as const;

/** 移交 */
export const transferRoutes = ({ transfers }: Pick<Services, 'transfers'>, policy: TransferPolicy): Routes => ({
  'transfer.due': route({ method: 'GET', summary: '移交到期清单', input: TransferDue, errors: ['E_DENIED'], handle: transfers.due }),
  'transfer.list': route({ method: 'GET', summary: '移交批次', input: TransferList, errors: ['E_DENIED'], handle: transfers.list }),
  'transfer.show': route({ method: 'GET', summary: '查看移交批次与前置条件', input: TransferShow, errors: ['E_NOT_FOUND'], handle: transfers.show }),
  'transfer.progress': route({ method: 'GET', summary: '封装进度', input: TransferProgress, errors: ['E_NOT_FOUND'], handle: transfers.progress }),
  'transfer.plan': route({ method: 'POST', summary: '拟移交计划', input: TransferPlanning, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_TRANSFER_OVER_INTERNET', 'E_TRANSFER_IN_BATCH', 'E_COUNTERPART_NOT_IN_FORCE', 'E_MAC_WRITE_DOWN'], handle: transfers.plan }),
  'transfer.amend': route({ method: 'POST', summary: '修改移交计划和清单', input: TransferAmend, errors: [...STEP, 'E_TRANSFER_OVER_INTERNET', 'E_TRANSFER_IN_BATCH', 'E_TRANSFER_MEDIUM_UNREGISTERED', 'E_DEVICE_NOT_CERTIFIED', 'E_COUNTERPART_NOT_IN_FORCE'], handle: transfers.amend }),
  'transfer.attach': route({ method: 'POST', summary: '填写三附件', input: TransferAttach, errors: STEP, handle: transfers.attach }),
  'transfer.put-companion': route({ method: 'PUT', summary: '加入同步移交资料', input: TransferCompanion, errors: [...STEP, 'E_UPLOAD_TOO_LARGE', 'E_NAME_HOSTILE', 'E_NAME_COLLISION'], limitBytes: policy.companionBytes, handle: transfers.putCompanion }),
  'transfer.drop-companion': route({ method: 'POST', summary: '移出同步移交资料', input: TransferDropCompanion, errors: STEP, handle: transfers.dropCompanion }),
  'transfer.prepare': route({ method: 'POST', summary: '移交准备完成', input: TransferPrepare, errors: [...STEP, ...CHECKED], handle: transfers.prepare }),
  'transfer.inspect': route({ method: 'POST', summary: '移交前四性检测', input: TransferInspect, errors: [...STEP, ...CHECKED], handle: transfers.inspect }),
  'transfer.approve': route({ method: 'POST', summary: '提请移交审批', input: TransferApprove, errors: [...STEP, ...CHECKED, 'E_TRANSFER_NOT_INSPECTED', 'E_4P_FAILED', 'E_DUPLICATE'], handle: transfers.approve }),
  'transfer.seal': route({ method: 'POST', summary: '封装移交包', input: TransferSeal, errors: [...STEP, ...CHECKED, 'E_TRANSFER_NOT_INSPECTED', 'E_4P_FAILED', 'E_APPROVAL_REQUIRED', 'E_TRANSFER_TARGET', 'E_DEVICE_PROOF', 'E_DEVICE_BOUND'], handle: transfers.seal }),
  'transfer.draw-handover': route({ method: 'POST', summary: '拟载体交接单', input: TransferDrawHandover, errors: [...STEP, 'E_HANDOVER_TWO_PERSON', 'E_CLEARANCE_REQUIRED', 'E_COUNTERPART_NOT_IN_FORCE'], handle: transfers.handover.draw }),
  'transfer.handover': route({ method: 'GET', summary: '查看交接单与待签文本', input: TransferHandover, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: transfers.handover.show }),
  'transfer.sign-handover': route({ method: 'POST', summary: '签署交接单，两人签齐后载体交出', input: TransferSignHandover, errors: [...STEP, 'E_HANDOVER_TWO_PERSON', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'], handle: transfers.handover.sign }),
  'transfer.receive': route({ method: 'PUT', summary: '导入接收回执', input: TransferReceive, errors: [...STEP, 'E_TRANSFER_RECEIPT', 'E_RETURN_WITHOUT_DEFECT'], limitBytes: RECEIPT_BYTES, handle: transfers.receive }),
  'transfer.close': route({ method: 'POST', summary: '办结移交', input: TransferClose, errors: STEP, handle: transfers.close }),
  'transfer.withdraw': route({ method: 'POST', summary: '撤销移交批次', input: TransferWithdraw, errors: STEP, handle: transfers.withdraw }),
  'transfer.print': route({ method: 'GET', summary: '打印移交表单', input: TransferPrint, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: transfers.handover.print }),
});
