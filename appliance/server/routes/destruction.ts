import {
  DestructionCancel, DestructionCandidates, DestructionDraft, DestructionExecute, DestructionFreeze, DestructionList, DestructionPreview, DestructionPrint, DestructionResume, DestructionSettle, DestructionShow, DestructionSign, DestructionSubmit,
  DestructionTombstone, DestructionVerify,
} from '../../../policies/schemas/destruction.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const CONDITIONS = ['E_APPRAISAL_REQUIRED', 'E_RETENTION_NOT_EXPIRED', 'E_RETAINED_COPY_PROTECTED', 'E_LEGAL_HOLD', 'E_DESTROY_SECRECY_CONSENT', 'E_METADATA_PROTECTED'] as const;
const PARTS = ['E_SOD_CONFLICT', 'E_DESTROY_TWO_PERSON', 'E_CLEARANCE_REQUIRED'] as const;

export const destructionRoutes = ({ destruction, destructionPapers }: Pick<Services, 'destruction' | 'destructionPapers'>): Routes => ({
  'destruction.list': route({ method: 'GET', summary: '销毁批次', input: DestructionList, errors: ['E_DENIED'], handle: destruction.list }),
  'destruction.candidates': route({ method: 'GET', summary: '可列入销毁的档案与前置条件', input: DestructionCandidates, errors: ['E_DENIED'], handle: destruction.candidates }),
  'destruction.show': route({ method: 'GET', summary: '查看销毁批次', input: DestructionShow, errors: ['E_NOT_FOUND'], handle: destruction.show }),
  'destruction.draft': route({ method: 'POST', summary: '拟定销毁批次', input: DestructionDraft, errors: ['E_NOT_FOUND', 'E_DUPLICATE', 'E_MAC_WRITE_DOWN', ...CONDITIONS, ...PARTS], handle: destruction.draft }),
  'destruction.submit': route({ method: 'POST', summary: '核对前置条件，提请批准', input: DestructionSubmit, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_DUPLICATE', ...CONDITIONS, ...PARTS], handle: destruction.submit }),
  'destruction.freeze': route({ method: 'POST', summary: '冻结，生成销毁清册', input: DestructionFreeze, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_DESTROY_UNAUTHORIZED', ...CONDITIONS, ...PARTS], handle: destruction.freeze }),
  'destruction.preview': route({ method: 'GET', summary: '取待签的清册或证明', input: DestructionPreview, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_DESTROY_BACKUP_RESIDUE'], handle: destruction.preview }),
  'destruction.sign': route({ method: 'POST', summary: '监销签字', input: DestructionSign, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID', 'E_SOD_CONFLICT', 'E_DESTROY_BACKUP_RESIDUE'], handle: destruction.sign }),
  'destruction.execute': route({ method: 'POST', summary: '开始销毁，不可撤销', input: DestructionExecute, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID', 'E_SOD_CONFLICT', 'E_DESTROY_TWO_PERSON', 'E_LEGAL_HOLD'], handle: destruction.execute }),
  'destruction.resume': route({ method: 'POST', summary: '继续执行', input: DestructionResume, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_SOD_CONFLICT'], handle: destruction.resume }),
  'destruction.settle': route({ method: 'POST', summary: '登记副本处置', input: DestructionSettle, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SOD_CONFLICT'], handle: destruction.settle }),
  'destruction.cancel': route({ method: 'POST', summary: '撤销销毁批次', input: DestructionCancel, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_DUPLICATE'], handle: destruction.cancel }),
  'destruction.verify': route({ method: 'GET', summary: '复核销毁结果', input: DestructionVerify, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: destructionPapers.verify }),
  'destruction.print': route({ method: 'GET', summary: '下载销毁清册或证明', input: DestructionPrint, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: destructionPapers.print }),
  'destruction.tombstone': route({ method: 'GET', summary: '查看墓碑', input: DestructionTombstone, errors: ['E_NOT_FOUND'], handle: destructionPapers.tombstone }),
});
