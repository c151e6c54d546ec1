import { AlarmAcknowledge, AlarmList, AlarmResume, ClockCorrect } from '../../../policies/schemas/alarms.js';
import { AccessRehearse, AuditTrace, BindingPause, ContainerList, ContainerLower, KnowledgeExport, KnowledgeList, PersonRehearse } from '../../../policies/schemas/guarding.js';
import { NoInput } from '../../../policies/schemas/session.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 标志绑定, 知悉登记, 访问预演, 溯源, 告警, 时钟 */
export const guardingRoutes = (services: Services): Routes => ({
  'binding.show': route({ method: 'GET', summary: '标志绑定校验情况', input: NoInput, errors: ['E_DENIED'], handle: services.binding.show }),
  'binding.verify': route({ method: 'POST', summary: '立即校验标志绑定', input: NoInput, errors: ['E_DENIED'], handle: services.binding.verify }),
  'binding.pause': route({ method: 'POST', summary: '暂停或继续标志绑定校验', input: BindingPause, errors: ['E_DENIED'], handle: services.binding.pause }),
  'mark.list': route({ method: 'GET', summary: '标志四处核对情况', input: NoInput, errors: ['E_DENIED'], handle: services.places.list }),
  'mark.check': route({ method: 'POST', summary: '立即核对标志四处', input: NoInput, errors: ['E_DENIED'], handle: services.places.check }),
  'knowledge.list': route({ method: 'GET', summary: '知悉登记', input: KnowledgeList, errors: ['E_DENIED'], handle: services.knowledge.list }),
  'knowledge.export': route({ method: 'GET', summary: '导出知悉登记簿', input: KnowledgeExport, errors: ['E_DENIED'], handle: services.knowledge.export }),
  'access.rehearse': route({ method: 'POST', summary: '预演密级或知悉范围的变化', input: AccessRehearse, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: services.rehearsal.record }),
  'person.rehearse': route({ method: 'POST', summary: '预演涉密等级的变化', input: PersonRehearse, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: services.rehearsal.clearance }),
  'audit.trace': route({ method: 'GET', summary: '按溯源码查阅览', input: AuditTrace, errors: ['E_DENIED', 'E_INPUT_INVALID'], handle: services.audit.trace }),
  'alarm.list': route({ method: 'GET', summary: '告警', input: AlarmList, errors: ['E_DENIED'], handle: services.alarms.list }),
  'alarm.rules': route({ method: 'GET', summary: '告警规则', input: NoInput, errors: ['E_DENIED'], handle: services.alarms.rules }),
  'alarm.acknowledge': route({ method: 'POST', summary: '核查并关闭告警', input: AlarmAcknowledge, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SOD_SELF_APPROVAL', 'E_APPROVAL_REQUIRED'], handle: services.alarms.acknowledge }),
  'alarm.resume': route({ method: 'POST', summary: '提请恢复写入', input: AlarmResume, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_DUPLICATE'], handle: services.alarms.resume }),
  'clock.show': route({ method: 'GET', summary: '本机时间', input: NoInput, errors: ['E_DENIED'], handle: services.clockActs.show }),
  'clock.correct': route({ method: 'POST', summary: '提请更正本机时间', input: ClockCorrect, errors: ['E_DENIED', 'E_CLOCK_BACKWARD', 'E_DUPLICATE'], handle: services.clockActs.correct }),
  'container.list': route({ method: 'GET', summary: '待降密的容器', input: ContainerList, errors: ['E_DENIED'], handle: services.containers.list }),
  'container.lower': route({ method: 'POST', summary: '提请降低容器密级', input: ContainerLower, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_DUPLICATE'], handle: services.containers.lower }),
});
