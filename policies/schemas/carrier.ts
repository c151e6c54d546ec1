import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1, description: '依据' });
const Text = (max: number, description: string, min = 1) => Type.String({ minLength: min, maxLength: max, description });
const Day = (description: string) => Type.String({ format: 'date', description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Level = (description: string) => Type.Integer({ minimum: 0, maximum: 4, description });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Reason = Text(300, '事由', 2);

const CarrierKind = Type.Union([Type.Literal('paper'), Type.Literal('optical'), Type.Literal('disk'), Type.Literal('solid_state'), Type.Literal('tape'), Type.Literal('microfilm')], { description: '载体种类' });
export type CarrierKind = Static<typeof CarrierKind>;
const DeviceKind = Type.Union([
  Type.Literal('dedicated_usb'), Type.Literal('one_way_importer'), Type.Literal('transfer_unit'), Type.Literal('burner'), Type.Literal('printer'), Type.Literal('terminal'), Type.Literal('crypto'),
], { description: '设备种类' });
export type DeviceKind = Static<typeof DeviceKind>;

/** `policies/carriers.json` */
export const CarriersFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Source, { minItems: 1 }),
  kinds: Type.Array(Type.Object({ key: CarrierKind, name: Type.String({ minLength: 1 }), worm: Type.Boolean({ description: '通常一次写入' }), electronic: Type.Boolean() }, closed), { minItems: 1 }),
  inventory: Type.Object({ months: Type.Integer({ minimum: 1, maximum: 12 }), source: Source }, closed),
  loss: Type.Object({ reportHours: Type.Integer({ minimum: 1, maximum: 24 }), source: Source }, closed),
  lending: Type.Object({ maxDays: Type.Integer({ minimum: 1, maximum: 366 }), source: Source }, closed),
  devices: Type.Object({
    kinds: Type.Array(Type.Object({ key: DeviceKind, name: Type.String({ minLength: 1 }), storage: Type.Boolean(), keyed: Type.Boolean({ description: '有自己的密钥,使用时自证' }) }, closed), { minItems: 1 }),
    checkMonths: Type.Integer({ minimum: 1, maximum: 24 }), source: Source,
  }, closed),
}, { $id: 'policies.carriers', ...closed });
export type CarriersFile = Static<typeof CarriersFile>;

const CarrierState = Type.Union([
  Type.Literal('registered'), Type.Literal('in_use'), Type.Literal('in_custody'), Type.Literal('in_transit'), Type.Literal('returned'), Type.Literal('lost'), Type.Literal('pending_destruction'), Type.Literal('destroyed'),
], { description: '状态' });

export const CarrierList = Type.Object({
  ...paging, state: Type.Optional(CarrierState), kind: Type.Optional(CarrierKind),
  overdue: Type.Optional(Type.Boolean({ description: '只列盘点逾期的' })),
}, { $id: 'carrier.list', ...closed });
export type CarrierList = Static<typeof CarrierList>;

export const CarrierShow = Type.Object({ carrier: Id('载体') }, { $id: 'carrier.show', ...closed });
export type CarrierShow = Static<typeof CarrierShow>;

/** 登记载体: entered at the level of the session; its number is given by the box, in a series of its level. */
export const CarrierRegister = Type.Object({
  kind: CarrierKind,
  level: Level('密级'),
  cap: Level('密级上限'),
  title: Text(200, '名称'),
  origin: Type.Union([Type.Literal('own'), Type.Literal('received')], { description: '自产、来文' }),
  receivedFrom: Type.Optional(Text(100, '来文单位')),
  receivedOn: Type.Optional(Day('收到日期')),
  formerNo: Type.Optional(Text(60, '原编号、文号')),
  copyNo: Type.Integer({ minimum: 1, maximum: 9999, description: '份号' }),
  totalCopies: Type.Integer({ minimum: 1, maximum: 9999, description: '总份数' }),
  batch: Type.Optional(Text(60, '批次')),
  secrecyPeriod: Type.Optional(Text(60, '保密期限')),
  expiresOn: Type.Optional(Day('保密期限届满日')),
  brand: Type.Optional(Text(60, '品牌型号')),
  serial: Type.Optional(Text(60, '序列号')),
  capacity: Type.Optional(Text(30, '容量')),
  worm: Type.Boolean({ description: '一次写入' }),
  sealNo: Type.Optional(Text(60, '封签号')),
  madeBy: Type.Optional(Text(100, '制作单位')),
  madeOn: Type.Optional(Day('制作日期')),
  remark: Type.Optional(Text(300, '备注')),
}, { $id: 'carrier.register', ...closed });
export type CarrierRegister = Static<typeof CarrierRegister>;

const moved = { carrier: Id('载体'), reason: Reason, seenVersion: Version };
const Place = Text(100, '存放位置');
/** 流转: custody, lending, carrying out (asks for an approval), return, giving back, setting aside for destruction. */
export const CarrierMove = Type.Union([
  Type.Object({ ...moved, event: Type.Union([Type.Literal('file'), Type.Literal('return'), Type.Literal('arrive'), Type.Literal('find')], { description: '入柜、归还、带回、找回' }), place: Place, sealNo: Type.Optional(Text(60, '封签号')) }, closed),
  Type.Object({ ...moved, event: Type.Literal('lend'), holder: Id('借用人'), dueOn: Day('应还日期') }, closed),
  Type.Object({ ...moved, event: Type.Literal('carry-out'), holder: Id('携带人'), escorts: Type.Array(Id('同行人'), { maxItems: 8, uniqueItems: true, description: '同行人' }), destination: Text(100, '目的地'), dueOn: Day('应带回日期') }, closed),
  Type.Object({ ...moved, event: Type.Literal('give-back'), receiver: Text(100, '接收单位'), receipt: Text(60, '签收凭证号') }, closed),
  Type.Object({ ...moved, event: Type.Literal('condemn'), place: Place }, closed),
  Type.Object({ ...moved, event: Type.Literal('report'), to: Text(100, '报告的部门'), no: Text(60, '报告编号') }, closed),
], { $id: 'carrier.move' });
export type CarrierMove = Static<typeof CarrierMove>;

/** 登记所载档案, by 档号 or number of the electronic record. */
export const CarrierLoad = Type.Object({ carrier: Id('载体'), codes: Type.Array(Text(120, '档号'), { minItems: 1, maxItems: 500, uniqueItems: true, description: '档号' }), seenVersion: Version }, { $id: 'carrier.load', ...closed });
export type CarrierLoad = Static<typeof CarrierLoad>;

/** 盘点: of one place, or of everything in custody that the person may see. */
export const CarrierInventory = Type.Object({
  place: Type.Optional(Place),
  scanned: Type.Array(Type.Object({ no: Text(40, '载体编号'), place: Type.Optional(Place) }, closed), { maxItems: 5000, description: '扫到的编号' }),
}, { $id: 'carrier.inventory', ...closed });
export type CarrierInventory = Static<typeof CarrierInventory>;

export const CarrierLabel = Type.Object({ carrier: Id('载体') }, { $id: 'carrier.label', ...closed });
export type CarrierLabel = Static<typeof CarrierLabel>;

export const CarrierLose = Type.Object({
  carrier: Id('载体'), foundMissingAt: Type.String({ format: 'date-time', description: '发现时间' }), circumstances: Text(1000, '经过', 4), measures: Text(1000, '已采取的补救措施', 2), seenVersion: Version,
}, { $id: 'carrier.lose', ...closed });
export type CarrierLose = Static<typeof CarrierLose>;

export const DeviceList = Type.Object({ ...paging, kind: Type.Optional(DeviceKind) }, { $id: 'device.list', ...closed });
export type DeviceList = Static<typeof DeviceList>;
export const DeviceShow = Type.Object({ device: Id('设备') }, { $id: 'device.show', ...closed });
export type DeviceShow = Static<typeof DeviceShow>;

const certified = { certNo: Text(60, '检测证书编号'), certValidTo: Day('证书有效期至'), certifiedLevel: Level('检测认定的密级'), lastCheckOn: Day('上次检查日期') };
const UsbId = (description: string) => Type.Optional(Type.String({ pattern: '^[0-9a-f]{4}$', description }));
/** 登记专用设备: the key is made in the device, only its public half comes here; the box answers with a certificate. */
export const DeviceRegister = Type.Object({
  kind: DeviceKind, no: Type.String({ pattern: '^[A-Z0-9][A-Z0-9-]{1,29}$', description: '设备编号' }), model: Text(80, '型号'), serial: Text(60, '序列号'),
  publicKey: Type.Optional(Type.String({ minLength: 100, maxLength: 1000, description: '设备公钥（PEM）；打印机、刻录机没有密钥的不填' })),
  ...certified,
  boundUser: Type.Union([Id('绑定人员'), Type.Null()], { description: '绑定人员' }),
  boundDepartment: Type.Union([Text(40, '绑定部门'), Type.Null()], { description: '绑定部门' }),
  boundSystem: Type.Optional(Text(80, '绑定系统')), place: Text(100, '放置地点'), sealNo: Type.Optional(Text(60, '封签号')),
  usbVendor: UsbId('USB 厂商号'), usbProduct: UsbId('USB 产品号'), reason: Reason,
}, { $id: 'device.register', ...closed });
export type DeviceRegister = Static<typeof DeviceRegister>;

/** 复检: a new certificate of the testing body, and with it a new one of the box for the same key. */
export const DeviceRenew = Type.Object({ device: Id('设备'), ...certified, reason: Reason, seenVersion: Version }, { $id: 'device.renew', ...closed });
export type DeviceRenew = Static<typeof DeviceRenew>;

export const DeviceChallenge = Type.Object({ no: Text(30, '设备编号') }, { $id: 'device.challenge', ...closed });
export type DeviceChallenge = Static<typeof DeviceChallenge>;
/** 使用核验: the device signs the challenge; nothing is used that does not. */
export const DeviceCheck = Type.Object({
  no: Text(30, '设备编号'), challenge: Text(100, '挑战值'), signature: Type.String({ pattern: '^[A-Za-z0-9_-]{20,400}={0,2}$', description: '设备签名' }), level: Level('数据密级'),
}, { $id: 'device.check', ...closed });
export type DeviceCheck = Static<typeof DeviceCheck>;

const standing = { device: Id('设备'), reason: Reason, seenVersion: Version };
export const DeviceSuspend = Type.Object(standing, { $id: 'device.suspend', ...closed });
export type DeviceSuspend = Static<typeof DeviceSuspend>;
export const DeviceResume = Type.Object(standing, { $id: 'device.resume', ...closed });
export type DeviceResume = Static<typeof DeviceResume>;

/** 核对接入设备: everything plugged in that stores, against the register, for data of this level. */
export const DeviceScan = Type.Object({ level: Level('数据密级') }, { $id: 'device.scan', ...closed });
export type DeviceScan = Static<typeof DeviceScan>;
