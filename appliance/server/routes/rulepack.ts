import { RulePackActivate, RulePackEnter, RulePackList, RulePackPreview, RulePackShow } from '../../../policies/schemas/rule-pack.js';
import { VirusRegister, VirusShow } from '../../../policies/schemas/virus.js';
import type { VirusService } from '../../inspection/virus-service.js';
import type { RulePacks } from '../../inspection/rule-packs.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const virusRoutes = (virus: VirusService): Routes => ({
  'virus.show': route({ method: 'GET', summary: '病毒引擎与病毒库', input: VirusShow, errors: ['E_DENIED'], handle: virus.show }),
  'virus.register': route({ method: 'POST', summary: '登记离线病毒库', input: VirusRegister, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_STATE_INVALID'], handle: virus.register }),
});

export const rulePackRoutes = (packs: RulePacks): Routes => ({
  'rulepack.list': route({ method: 'GET', summary: '检测规则包', input: RulePackList, errors: ['E_DENIED'], handle: packs.list }),
  'rulepack.show': route({ method: 'GET', summary: '查看规则包及其与另一版本的差别', input: RulePackShow, errors: ['E_NOT_FOUND', 'E_DENIED'], handle: packs.show }),
  'rulepack.preview': route({ method: 'POST', summary: '取待签的规则包登记原文', input: RulePackPreview, errors: ['E_DENIED', 'E_DUPLICATE', 'E_INPUT_INVALID'], handle: packs.preview }),
  'rulepack.enter': route({ method: 'POST', summary: '登记规则包', input: RulePackEnter, errors: ['E_DENIED', 'E_DUPLICATE', 'E_INPUT_INVALID', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'], handle: packs.enter }),
  'rulepack.activate': route({ method: 'POST', summary: '启用规则包', input: RulePackActivate, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_RULE_PACK_TAMPERED', 'E_SOD_SELF_APPROVAL', 'E_STATE_INVALID'], handle: packs.activate }),
});
