import {
  CarrierDestroy, DisposalAsk, DisposalAttach, DisposalCancel, DisposalCount, DisposalEnter, DisposalEnterDevice, DisposalEnterUnit, DisposalEvidence, DisposalExecute, DisposalImportLog, DisposalIsolate, DisposalList, DisposalOpen, DisposalPending,
  DisposalPreview, DisposalPrint, DisposalRelease, DisposalShow, DisposalWithdraw, DisposalWitness, MigrationList, MigrationPerform, MigrationPlan, MigrationVerify,
} from '../../../policies/schemas/media-destruction.js';
import { NoInput } from '../../../policies/schemas/session.js';
import type { Disposal } from '../../disposal/compose.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FOUND = ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'] as const;
const LOG_BYTES = 8 * 1024 * 1024;

/** 涉密载体销毁 and 介质迁移 */
export const disposalRoutes = ({ lines, batches, reads, evidence, equipment, forms, migrations }: Disposal, photoBytes: number): Routes => ({
  'disposal.pending': route({ method: 'GET', summary: '待销条目', input: DisposalPending, errors: ['E_DENIED'], handle: lines.pending }),
  'disposal.enter': route({ method: 'POST', summary: '登记待销', input: DisposalEnter, errors: [...FOUND, 'E_MAC_WRITE_DOWN', 'E_CLS_OVER_SYSTEM_LEVEL'], handle: lines.enter }),
  'disposal.withdraw': route({ method: 'POST', summary: '撤销待销', input: DisposalWithdraw, errors: FOUND, handle: lines.withdraw }),
  'disposal.list': route({ method: 'GET', summary: '销毁批次', input: DisposalList, errors: ['E_DENIED'], handle: reads.list }),
  'disposal.show': route({ method: 'GET', summary: '查看销毁批次', input: DisposalShow, errors: ['E_NOT_FOUND'], handle: reads.show }),
  'disposal.open': route({ method: 'POST', summary: '组成销毁批次', input: DisposalOpen, errors: [...FOUND, 'E_MAC_WRITE_DOWN'], handle: batches.open }),
  'disposal.count': route({ method: 'POST', summary: '清点待销载体', input: DisposalCount, errors: [...FOUND, 'E_SOD_CONFLICT'], handle: batches.count }),
  'disposal.ask': route({
    method: 'POST', summary: '提请审批销毁', input: DisposalAsk, handle: batches.ask,
    errors: [...FOUND, 'E_SOD_CONFLICT', 'E_DESTROY_TWO_PERSON', 'E_DESTROY_METHOD_INSUFFICIENT', 'E_DESTROY_MEDIUM_HAS_LIVE_RECORDS', 'E_DESTROY_CONSENT', 'E_DESTROY_OWN_LIMIT', 'E_DESTROY_DEVICE', 'E_CLEARANCE_REQUIRED', 'E_DUPLICATE'],
  }),
  'disposal.isolate': route({ method: 'POST', summary: '隔离存放', input: DisposalIsolate, errors: [...FOUND, 'E_DESTROY_UNAUTHORIZED'], handle: batches.isolate }),
  'disposal.release': route({ method: 'POST', summary: '送销或取出自销', input: DisposalRelease, errors: [...FOUND, 'E_DESTROY_UNAUTHORIZED', 'E_HANDOVER_TWO_PERSON', 'E_DESTROY_METHOD_INSUFFICIENT', 'E_DESTROY_MEDIUM_HAS_LIVE_RECORDS', 'E_DESTROY_DEVICE'], handle: batches.release }),
  'disposal.preview': route({ method: 'POST', summary: '待签的销毁结果', input: DisposalPreview, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_CERT_INVALID'], handle: batches.preview }),
  'disposal.execute': route({ method: 'POST', summary: '登记销毁并签字', input: DisposalExecute, errors: [...FOUND, 'E_DENIED', 'E_DESTROY_UNAUTHORIZED', 'E_DESTROY_EVIDENCE', 'E_DESTROY_METHOD_INSUFFICIENT', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'], handle: batches.execute }),
  'disposal.witness': route({ method: 'POST', summary: '监销签字', input: DisposalWitness, errors: [...FOUND, 'E_DENIED', 'E_DESTROY_UNAUTHORIZED', 'E_SOD_CONFLICT', 'E_SOD_SAME_PERSON', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'], handle: batches.witness }),
  'disposal.cancel': route({ method: 'POST', summary: '撤销销毁批次', input: DisposalCancel, errors: FOUND, handle: batches.cancel }),
  'carrier.destroy': route({ method: 'POST', summary: '载体销毁注销', input: CarrierDestroy, errors: [...FOUND, 'E_DESTROY_UNAUTHORIZED', 'E_DESTROY_TWO_PERSON'], handle: batches.close }),
  'disposal.attach': route({ method: 'PUT', summary: '登记销毁影像、凭证', input: DisposalAttach, limitBytes: photoBytes, errors: [...FOUND, 'E_UPLOAD_TOO_LARGE', 'E_DUPLICATE'], handle: evidence.attach }),
  'disposal.import-log': route({ method: 'PUT', summary: '导入覆写日志', input: DisposalImportLog, limitBytes: LOG_BYTES, errors: [...FOUND, 'E_UPLOAD_TOO_LARGE', 'E_DUPLICATE'], handle: evidence.importLog }),
  'disposal.evidence': route({ method: 'GET', summary: '查看销毁证据', input: DisposalEvidence, errors: ['E_NOT_FOUND'], handle: evidence.read }),
  'disposal.print': route({ method: 'GET', summary: '打印登记审批表、销毁证明', input: DisposalPrint, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: forms.print }),
  'disposal.equipment': route({ method: 'GET', summary: '销毁方法、设备与单位', input: NoInput, errors: ['E_DENIED'], handle: equipment.equipment }),
  'disposal.enter-device': route({ method: 'POST', summary: '登记销毁设备', input: DisposalEnterDevice, errors: ['E_NOT_FOUND', 'E_DUPLICATE', 'E_DESTROY_DEVICE', 'E_STALE_VERSION'], handle: equipment.enterDevice }),
  'disposal.enter-unit': route({ method: 'POST', summary: '登记送销单位', input: DisposalEnterUnit, errors: ['E_NOT_FOUND', 'E_DESTROY_DEVICE', 'E_STALE_VERSION'], handle: equipment.enterUnit }),
  'migration.list': route({ method: 'GET', summary: '介质迁移', input: MigrationList, errors: ['E_DENIED'], handle: migrations.list }),
  'migration.plan': route({ method: 'POST', summary: '建立介质迁移', input: MigrationPlan, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_DEVICE_LEVEL'], handle: migrations.plan }),
  'migration.perform': route({ method: 'POST', summary: '执行介质迁移', input: MigrationPerform, errors: [...FOUND, 'E_CARRIER_FOLDER', 'E_MIGRATION_SOURCE', 'E_DEVICE_LEVEL'], handle: migrations.perform }),
  'migration.verify': route({ method: 'POST', summary: '核验介质迁移', input: MigrationVerify, errors: [...FOUND, 'E_CARRIER_FOLDER', 'E_SOD_CONFLICT', 'E_MIGRATION_POSTCHECK_FAILED'], handle: migrations.verify }),
});
