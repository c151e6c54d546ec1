import { AuditCheckpoints, AuditConsistency, AuditList, AuditProve, AuditVerify } from '../../../policies/schemas/audit.js';
import { NoInput } from '../../../policies/schemas/session.js';
import type { auditService } from '../../audit/service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const auditRoutes = (service: ReturnType<typeof auditService>): Routes => ({
  'audit.list': route({ method: 'GET', summary: '查询审计日志', input: AuditList, errors: ['E_DENIED'], handle: service.list }),
  'audit.prove': route({ method: 'GET', summary: '出具一条记录的包含证明', input: AuditProve, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: service.prove }),
  'audit.consistency': route({ method: 'GET', summary: '出具两个检查点的一致性证明', input: AuditConsistency, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: service.consistency }),
  'audit.checkpoints': route({ method: 'GET', summary: '查看检查点', input: AuditCheckpoints, errors: ['E_DENIED'], handle: service.checkpoints }),
  'audit.checkpoint': route({ method: 'POST', summary: '签发检查点', input: NoInput, errors: ['E_DENIED', 'E_BOX_LOCKED'], handle: service.checkpoint }),
  'audit.verify': route({ method: 'POST', summary: '校验审计链', input: AuditVerify, errors: ['E_DENIED'], handle: service.verify }),
  'audit.export': route({ method: 'GET', summary: '导出审计日志', input: NoInput, errors: ['E_DENIED', 'E_BOX_LOCKED'], handle: service.export }),
});
