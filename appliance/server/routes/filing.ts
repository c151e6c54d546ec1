import { ArrangementChanges, ArrangementList, ArrangementPreview, ArrangementSave, ArrangementSet, ArrangementUndo, FilingFile, FilingReconcile, FilingRenumber, FilingReturn, FilingVoided, InspectionCompare, InspectionRerun, InspectionRun, InspectionShow } from '../../../policies/schemas/arranging.js';
import type { arrangementService } from '../../../core/services/arrangement.js';
import type { renumberingService } from '../../../core/services/renumbering.js';
import type { filingService } from '../../../core/services/filing.js';
import type { inspectionService } from '../../../core/services/inspection.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FOUND = ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID'] as const;

export const inspectionRoutes = (service: ReturnType<typeof inspectionService>): Routes => ({
  'inspection.run': route({ method: 'POST', summary: '运行四性检测', input: InspectionRun, errors: [...FOUND, 'E_RULE_PACK_TAMPERED'], handle: service.run }),
  'inspection.rerun': route({ method: 'POST', summary: '换规则包重新检测', input: InspectionRerun, errors: [...FOUND, 'E_RULE_PACK_TAMPERED'], handle: service.rerun }),
  'inspection.compare': route({ method: 'GET', summary: '比较两次检测', input: InspectionCompare, errors: ['E_NOT_FOUND'], handle: service.compare }),
  'inspection.show': route({ method: 'GET', summary: '查看四性检测结果', input: InspectionShow, errors: ['E_NOT_FOUND'], handle: service.show }),
});

export const arrangementRoutes = (service: ReturnType<typeof arrangementService>): Routes => ({
  'arrangement.list': route({ method: 'GET', summary: '整理编目清单', input: ArrangementList, errors: ['E_NOT_FOUND'], handle: service.list }),
  'arrangement.save': route({
    method: 'POST', summary: '保存整理', input: ArrangementSave, handle: service.save,
    errors: [...FOUND, 'E_MAC_WRITE_DOWN', 'E_META_INVALID', 'E_RETENTION_TOO_SHORT', 'E_SCOPE_NOT_IN_SCHEDULE', 'E_STALE_VERSION', 'E_ARRANGE_INCOMPLETE', 'E_ARRANGE_RELATION_BROKEN'],
  }),
  'arrangement.set': route({
    method: 'POST', summary: '批量整理', input: ArrangementSet, handle: service.set,
    errors: [...FOUND, 'E_INPUT_INVALID', 'E_ARRANGE_RELATION_BROKEN'],
  }),
  'arrangement.changes': route({ method: 'GET', summary: '本人的整理记录', input: ArrangementChanges, errors: ['E_NOT_FOUND'], handle: service.changes }),
  'arrangement.undo': route({ method: 'POST', summary: '撤销一次整理', input: ArrangementUndo, errors: [...FOUND, 'E_ARRANGE_RELATION_BROKEN'], handle: service.undo }),
  'arrangement.preview': route({ method: 'GET', summary: '预览档号', input: ArrangementPreview, errors: ['E_NOT_FOUND', 'E_CODE_FORMAT'], handle: service.preview }),
});

export const filingRoutes = (service: ReturnType<typeof filingService>, renumbering: ReturnType<typeof renumberingService>): Routes => ({
  'filing.renumber': route({ method: 'POST', summary: '作废重编档号', input: FilingRenumber, errors: [...FOUND, 'E_INPUT_INVALID', 'E_STATE_INVALID', 'E_RETENTION_TOO_SHORT', 'E_SCOPE_NOT_IN_SCHEDULE', 'E_STALE_VERSION'], handle: renumbering.renumber }),
  'filing.voided': route({ method: 'GET', summary: '作废号登记', input: FilingVoided, errors: ['E_DENIED'], handle: renumbering.voided }),
  'filing.reconcile': route({ method: 'GET', summary: '清点核对', input: FilingReconcile, errors: ['E_NOT_FOUND'], handle: service.reconcile }),
  'filing.file': route({
    method: 'POST', summary: '归档入库', input: FilingFile, handle: service.file,
    errors: [...FOUND, 'E_COUNT_MISMATCH', 'E_4P_FAILED', 'E_CLS_MARK_MISSING', 'E_OVERDUE_REASON_REQUIRED', 'E_RESPONSIBILITY_MISSING', 'E_SCHEDULE_NOT_APPROVED', 'E_STALE_VERSION', 'E_ARRANGE_INCOMPLETE', 'E_ARRANGE_RELATION_BROKEN'],
  }),
  'filing.return': route({ method: 'POST', summary: '退回', input: FilingReturn, errors: [...FOUND], handle: service.sendBack }),
});
