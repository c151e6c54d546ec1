import { CompilationAdd, CompilationList, CompilationOpen, CompilationRegister, CompilationRemove, CompilationShow, ShareExport, ShareList, SuggestionList, SuggestionSettle, SuggestionTopics } from '../../../policies/schemas/compilation.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 编研、专题、词的建议与目录共享 */
export const compilationRoutes = ({ compilations, sharing }: Pick<Services, 'compilations' | 'sharing'>): Routes => ({
  'compilation.list': route({ method: 'GET', summary: '编研与专题', input: CompilationList, errors: ['E_DENIED'], handle: compilations.list }),
  'compilation.show': route({ method: 'GET', summary: '查看编研、专题', input: CompilationShow, errors: ['E_NOT_FOUND'], handle: compilations.show }),
  'compilation.open': route({ method: 'POST', summary: '建立编研、专题', input: CompilationOpen, errors: ['E_NOT_FOUND', 'E_MAC_WRITE_DOWN'], handle: compilations.open }),
  'compilation.add': route({ method: 'POST', summary: '收入档案', input: CompilationAdd, errors: ['E_NOT_FOUND', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: compilations.add }),
  'compilation.remove': route({ method: 'POST', summary: '移出档案', input: CompilationRemove, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: compilations.remove }),
  'compilation.register': route({ method: 'POST', summary: '登记编研成果', input: CompilationRegister, errors: ['E_NOT_FOUND', 'E_CLS_MARK_MISSING', 'E_CLS_MARK_ON_NON_SECRET', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: compilations.register }),
  'suggestion.list': route({ method: 'GET', summary: '建议的主题词、人名、地名', input: SuggestionList, errors: ['E_NOT_FOUND'], handle: compilations.suggestions }),
  'suggestion.topics': route({ method: 'GET', summary: '专题建议', input: SuggestionTopics, errors: ['E_DENIED'], handle: compilations.topics }),
  'suggestion.settle': route({ method: 'POST', summary: '采纳或不采纳建议的词', input: SuggestionSettle, errors: ['E_NOT_FOUND', 'E_DUPLICATE', 'E_MAC_WRITE_DOWN'], handle: compilations.settle }),
  'share.list': route({ method: 'GET', summary: '目录共享登记', input: ShareList, errors: ['E_DENIED'], handle: sharing.list }),
  'share.export': route({ method: 'POST', summary: '导出目录共享包', input: ShareExport, errors: ['E_NOT_FOUND', 'E_DENIED', 'E_SHARE_CLASSIFIED', 'E_CHANNEL_DISABLED'], handle: sharing.export }),
});
