import {
  OnlineCapture, OnlineReceipt, OnlineSubmit, OnlineTrial, OnlineUpload, SourceAssign, SourceClear, SourceList, SourceReceipts, SourceRegister, SourceRenew, SourceResume, SourceShow, SourceSuspend, SourceTest,
} from '../../../policies/schemas/source.js';
import type { SourceSystemsPolicy } from '../../../policies/schemas/source.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const CHANGED = ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'] as const;
const SIGNED = ['E_SOURCE_UNREGISTERED', 'E_SOURCE_SIGNATURE', 'E_SOURCE_CLOCK', 'E_SOURCE_REPLAY', 'E_UPLOAD_TOO_LARGE', 'E_FIXITY_FAILED', 'E_INPUT_INVALID'] as const;
const ITEM = ['E_DEPT_MISMATCH', 'E_SOURCE_HANDLER', 'E_SOURCE_LEVEL', 'E_SOURCE_CAPABILITY', 'E_SOURCE_KEY_REUSED', 'E_META_PROCESS_MISSING', 'E_META_INVALID', 'E_ARRANGE_INCOMPLETE', 'E_SCOPE_NOT_IN_SCHEDULE', 'E_RETENTION_TOO_SHORT', 'E_NAME_HOSTILE', 'E_ACCREDITATION_REQUIRED'] as const;

/** 来源系统台账 */
export const sourceRoutes = ({ sources }: Pick<Services, 'sources'>): Routes => ({
  'source.list': route({ method: 'GET', summary: '来源系统台账', input: SourceList, errors: ['E_DENIED'], handle: sources.list }),
  'source.show': route({ method: 'GET', summary: '查看来源系统', input: SourceShow, errors: ['E_NOT_FOUND'], handle: sources.show }),
  'source.receipts': route({ method: 'GET', summary: '最近回执', input: SourceReceipts, errors: ['E_NOT_FOUND'], handle: sources.receipts }),
  'source.register': route({ method: 'POST', summary: '登记来源系统并签发证书', input: SourceRegister, errors: ['E_DENIED', 'E_DUPLICATE', 'E_SOURCE_HANDLER'], handle: sources.register }),
  'source.assign': route({ method: 'POST', summary: '变更功能、部门与归档责任人', input: SourceAssign, errors: [...CHANGED, 'E_SOURCE_HANDLER'], handle: sources.assign }),
  'source.renew': route({ method: 'POST', summary: '换发来源系统证书', input: SourceRenew, errors: CHANGED, handle: sources.renew }),
  'source.clear': route({ method: 'POST', summary: '核定来源系统密级', input: SourceClear, errors: [...CHANGED, 'E_CLS_OVER_SYSTEM_LEVEL'], handle: sources.clear }),
  'source.test': route({ method: 'POST', summary: '登记接口测试', input: SourceTest, errors: [...CHANGED, 'E_SOURCE_UNTESTED'], handle: sources.test }),
  'source.suspend': route({ method: 'POST', summary: '停用来源系统', input: SourceSuspend, errors: CHANGED, handle: sources.suspend }),
  'source.resume': route({ method: 'POST', summary: '恢复来源系统', input: SourceResume, errors: CHANGED, handle: sources.resume }),
});

/** 在线归档接口: no session; the signature of a registered system instead. Bodies are bytes, because their digest is what is signed. */
export const onlineRoutes = ({ online }: Pick<Services, 'online'>, { requestBytes, segmentBytes }: SourceSystemsPolicy): Routes => ({
  'online.capture': route({ method: 'PUT', summary: '在线归档：单件', input: OnlineCapture, open: true, limitBytes: requestBytes, errors: [...SIGNED, ...ITEM], handle: online.capture }),
  'online.submit': route({ method: 'PUT', summary: '在线归档：成批，逐件给出结果和批回执', input: OnlineSubmit, open: true, limitBytes: requestBytes, errors: SIGNED, handle: online.submit }),
  'online.upload': route({ method: 'PUT', summary: '在线归档：大文件分段', input: OnlineUpload, open: true, limitBytes: segmentBytes, errors: [...SIGNED, 'E_NOT_FOUND', 'E_UPLOAD_OFFSET', ...ITEM], handle: online.upload }),
  'online.receipt': route({ method: 'PUT', summary: '在线归档：取回执', input: OnlineReceipt, open: true, limitBytes: requestBytes, errors: SIGNED, handle: online.receipt }),
  'online.trial': route({ method: 'PUT', summary: '在线归档：试报，只检查不保存', input: OnlineTrial, open: true, limitBytes: requestBytes, errors: SIGNED, handle: online.trial }),
});
