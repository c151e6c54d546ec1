import {
  CarrierInventory, CarrierLabel, CarrierList, CarrierLoad, CarrierLose, CarrierMove, CarrierRegister, CarrierShow, DeviceChallenge, DeviceCheck, DeviceList, DeviceRegister, DeviceRenew, DeviceResume, DeviceScan, DeviceShow, DeviceSuspend,
} from '../../../policies/schemas/carrier.js';
import { CarrierLossReport } from '../../../policies/schemas/media-destruction.js';
import { NoInput } from '../../../policies/schemas/session.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

/** 涉密载体 and 专用设备 */
export const carrierRoutes = ({ carriers, devices }: Pick<Services, 'carriers' | 'devices'>): Routes => ({
  'carrier.list': route({ method: 'GET', summary: '载体台账', input: CarrierList, errors: ['E_DENIED'], handle: carriers.list }),
  'carrier.show': route({ method: 'GET', summary: '查看载体', input: CarrierShow, errors: ['E_NOT_FOUND'], handle: carriers.show }),
  'carrier.register': route({ method: 'POST', summary: '登记载体', input: CarrierRegister, errors: ['E_MAC_WRITE_DOWN', 'E_DEVICE_LEVEL', 'E_CLS_OVER_SYSTEM_LEVEL'], handle: carriers.register }),
  'carrier.move': route({ method: 'POST', summary: '载体流转；携带外出须经审批', input: CarrierMove, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_CLEARANCE_REQUIRED', 'E_HANDOVER_TWO_PERSON', 'E_DUPLICATE'], handle: carriers.move }),
  'carrier.load': route({ method: 'POST', summary: '登记载体所载档案', input: CarrierLoad, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_DEVICE_LEVEL', 'E_STALE_VERSION'], handle: carriers.load }),
  'carrier.inventory': route({ method: 'POST', summary: '载体盘点', input: CarrierInventory, errors: ['E_DENIED'], handle: carriers.inventory }),
  'carrier.label': route({ method: 'GET', summary: '载体标签', input: CarrierLabel, errors: ['E_NOT_FOUND'], handle: carriers.label }),
  'carrier.lose': route({ method: 'POST', summary: '载体报失', input: CarrierLose, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: carriers.lose }),
  'carrier.loss-report': route({ method: 'GET', summary: '丢失情况报告表', input: CarrierLossReport, errors: ['E_NOT_FOUND', 'E_STATE_INVALID'], handle: carriers.lossReport }),
  'device.list': route({ method: 'GET', summary: '专用设备台账', input: DeviceList, errors: ['E_DENIED'], handle: devices.list }),
  'device.show': route({ method: 'GET', summary: '查看专用设备', input: DeviceShow, errors: ['E_NOT_FOUND'], handle: devices.show }),
  'device.register': route({ method: 'POST', summary: '登记专用设备，签发证书', input: DeviceRegister, errors: ['E_DUPLICATE', 'E_CRYPTO_INPUT', 'E_DEVICE_NOT_CERTIFIED', 'E_CLS_OVER_SYSTEM_LEVEL'], handle: devices.register }),
  'device.renew': route({ method: 'POST', summary: '登记设备复检，换发证书', input: DeviceRenew, errors: ['E_NOT_FOUND', 'E_STALE_VERSION', 'E_DEVICE_NOT_CERTIFIED'], handle: devices.renew }),
  'device.challenge': route({ method: 'POST', summary: '取设备核验挑战', input: DeviceChallenge, errors: ['E_DENIED'], handle: devices.challenge }),
  'device.check': route({ method: 'POST', summary: '使用前核验设备', input: DeviceCheck, errors: ['E_DEVICE_PROOF', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_LEVEL', 'E_DEVICE_BOUND'], handle: devices.check }),
  'device.suspend': route({ method: 'POST', summary: '停用专用设备', input: DeviceSuspend, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: devices.suspend }),
  'device.resume': route({ method: 'POST', summary: '恢复专用设备', input: DeviceResume, errors: ['E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION'], handle: devices.resume }),
  'device.scan': route({ method: 'POST', summary: '核对接入本机的存储设备', input: DeviceScan, errors: ['E_DEVICE_PROOF', 'E_DEVICE_NOT_CERTIFIED', 'E_DEVICE_LEVEL'], handle: devices.scan }),
  'device.usbguard': route({ method: 'GET', summary: 'USBGuard 准入规则', input: NoInput, errors: ['E_DENIED'], handle: devices.usbguard }),
});
