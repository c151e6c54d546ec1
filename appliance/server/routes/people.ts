import { EmergencyEnd, EmergencyList, EmergencyRequest, EmergencyReview } from '../../../policies/schemas/emergency.js';
import { PersonnelEnter, PersonnelLeave, PersonnelList, PersonnelNote, PersonnelReturn, PersonnelShow } from '../../../policies/schemas/people.js';
import { PolicyShow, PolicyTighten } from '../../../policies/schemas/policy.js';
import { TerminalClear, TerminalList, TerminalRegister, TerminalRetire } from '../../../policies/schemas/terminal.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const SAVE = ['E_DENIED', 'E_NOT_FOUND', 'E_INPUT_INVALID', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SOD_SELF_APPROVAL'] as const;

/** 涉密人员、终端、应急访问、策略包. */
export const peopleRoutes = ({ personnel, terminal, emergency, policy }: Services): Routes => ({
  'personnel.list': route({ method: 'GET', summary: '涉密人员台账', input: PersonnelList, errors: ['E_DENIED'], handle: personnel.list }),
  'personnel.show': route({ method: 'GET', summary: '查看涉密人员及清退清单', input: PersonnelShow, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: personnel.show }),
  'personnel.enter': route({ method: 'POST', summary: '登记上岗审查与保密承诺', input: PersonnelEnter, errors: [...SAVE], handle: personnel.enter }),
  'personnel.note': route({ method: 'POST', summary: '登记培训、报告、复审', input: PersonnelNote, errors: [...SAVE], handle: personnel.note }),
  'personnel.leave': route({ method: 'POST', summary: '办理离岗', input: PersonnelLeave, errors: [...SAVE, 'E_DUPLICATE'], handle: personnel.leave }),
  'personnel.return': route({ method: 'POST', summary: '登记清退', input: PersonnelReturn, errors: [...SAVE], handle: personnel.giveBack }),
  'terminal.list': route({ method: 'GET', summary: '终端台账', input: TerminalList, errors: ['E_DENIED'], handle: terminal.list }),
  'terminal.register': route({ method: 'POST', summary: '登记终端', input: TerminalRegister, errors: ['E_DENIED', 'E_DUPLICATE', 'E_INPUT_INVALID'], handle: terminal.register }),
  'terminal.clear': route({ method: 'POST', summary: '核定终端密级与绑定人员', input: TerminalClear, errors: [...SAVE, 'E_CLS_OVER_SYSTEM_LEVEL'], handle: terminal.clear }),
  'terminal.retire': route({ method: 'POST', summary: '停用终端', input: TerminalRetire, errors: [...SAVE], handle: terminal.retire }),
  'emergency.list': route({ method: 'GET', summary: '应急访问登记', input: EmergencyList, errors: ['E_DENIED'], handle: emergency.list }),
  'emergency.request': route({ method: 'POST', summary: '申请应急访问', input: EmergencyRequest, errors: ['E_DENIED', 'E_INPUT_INVALID'], handle: emergency.request }),
  'emergency.end': route({ method: 'POST', summary: '终止应急访问', input: EmergencyEnd, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID'], handle: emergency.end }),
  'emergency.review': route({ method: 'POST', summary: '核查应急访问', input: EmergencyReview, errors: [...SAVE], handle: emergency.review }),
  'policy.show': route({ method: 'GET', summary: '口令与会话策略包', input: PolicyShow, errors: ['E_DENIED'], handle: policy.show }),
  'policy.tighten': route({ method: 'POST', summary: '加严口令与会话策略', input: PolicyTighten, errors: ['E_DENIED', 'E_POLICY_WEAKEN_FORBIDDEN', 'E_STALE_VERSION'], handle: policy.tighten }),
});
