import { RelationDeclare, RelationEnd, RelationList, RelationPart } from '../../../policies/schemas/relation.js';
import type { RelationService } from '../../../core/services/relations.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const relationRoutes = (service: RelationService): Routes => ({
  'relation.list': route({ method: 'GET', summary: '一件的文件关系', input: RelationList, errors: ['E_NOT_FOUND'], handle: service.list }),
  'relation.declare': route({ method: 'POST', summary: '登记正文与附件、请示与批复等关系', input: RelationDeclare, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_DUPLICATE', 'E_INPUT_INVALID', 'E_ARRANGE_RELATION_BROKEN'], handle: service.declare }),
  'relation.end': route({ method: 'POST', summary: '撤销登记有误的关系', input: RelationEnd, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_MAC_WRITE_DOWN'], handle: service.end }),
  'relation.part': route({ method: 'POST', summary: '登记分开办理的原因', input: RelationPart, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_ARRANGE_RELATION_BROKEN', 'E_MAC_WRITE_DOWN'], handle: service.part }),
});
