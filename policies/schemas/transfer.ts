import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1, description: '依据' });
const Text = (max: number, description: string, min = 1) => Type.String({ minLength: min, maxLength: max, description });
const Day = (description: string) => Type.String({ format: 'date', description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Level = Type.Integer({ minimum: 0, maximum: 4 });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const SignatureText = Type.String({ pattern: '^[A-Za-z0-9_-]{20,400}={0,2}$', description: '签名' });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Named = Type.Object({ key: Type.String({ pattern: '^[a-z_]+$' }), name: Type.String({ minLength: 1 }) }, closed);

const CompanionKind = Type.Union([Type.Literal('fonds_dossier'), Type.Literal('finding_aid'), Type.Literal('compilation'), Type.Literal('history')], { description: '资料种类' });
export type CompanionKind = Static<typeof CompanionKind>;
const OpenOpinionKey = Type.Union([Type.Literal('open'), Type.Literal('controlled'), Type.Literal('deferred')], { description: '开放意见' });
const FoiKey = Type.Union([Type.Literal('active'), Type.Literal('on_request'), Type.Literal('not_public'), Type.Literal('not_applicable')], { description: '公开状态' });

/** `policies/transfer.json` */
export const TransferPolicy = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Source, { minItems: 1 }),
  dueYears: Type.Integer({ minimum: 1, maximum: 5 }), dueSource: Source,
  openAfterYears: Type.Integer({ minimum: 1, maximum: 25 }), openSource: Source,
  /** 专用网络登记处: addresses that the competent body named; nothing else counts as a network. */
  dedicatedNetworks: Type.Array(Type.Object({ address: Type.String({ minLength: 1 }), name: Type.String({ minLength: 1 }), namedBy: Type.String({ minLength: 1 }), no: Type.String({ minLength: 1 }) }, closed)), networkSource: Source,
  companions: Type.Array(Type.Object({ key: CompanionKind, name: Type.String({ minLength: 1 }), required: Type.Boolean() }, closed), { minItems: 4, maxItems: 4 }), companionSource: Source,
  companionBytes: Type.Integer({ minimum: 1, maximum: 33_554_432 }), companionsAtMost: Type.Integer({ minimum: 1, maximum: 100 }), recordsAtMost: Type.Integer({ minimum: 1, maximum: 2000 }),
  mediumTestMonths: Type.Integer({ minimum: 1, maximum: 24 }), mediumTestSource: Source,
  officerFromLevel: Type.Integer({ minimum: 0, maximum: 2 }), deviceFromLevel: Type.Integer({ minimum: 0, maximum: 2 }), sealedFromLevel: Type.Integer({ minimum: 0, maximum: 2 }), secretSource: Source,
  envelopeValidDays: Type.Integer({ minimum: 1, maximum: 366 }), envelopeSource: Source,
  channels: Type.Array(Type.Object({ key: Type.String({ pattern: '^[a-z_]+$' }), name: Type.String({ minLength: 1 }), minLevel: Level }, closed), { minItems: 1 }), channelSource: Source,
  openOpinions: Type.Array(Named, { minItems: 3, maxItems: 3 }), foiStatuses: Type.Array(Named, { minItems: 4, maxItems: 4 }), checks: Type.Array(Named, { minItems: 5, maxItems: 5 }),
  counterpartYears: Type.Integer({ minimum: 1, maximum: 5 }), counterpartSource: Source,
}, { $id: 'policies.transfer', ...closed });
export type TransferPolicy = Static<typeof TransferPolicy>;

// 对端单位
export const CounterpartList = Type.Object({ ...paging }, { $id: 'counterpart.list', ...closed });
export type CounterpartList = Static<typeof CounterpartList>;
export const CounterpartShow = Type.Object({ counterpart: Id('对端单位') }, { $id: 'counterpart.show', ...closed });
export type CounterpartShow = Static<typeof CounterpartShow>;
/** 登记对端名片: the file as it came; two people compare the fingerprint before it is in force. */
export const CounterpartRegister = Type.Object({ card: Text(30_000, '对端名片（JSON 文本）', 100), reason: Text(300, '事由', 2) }, { $id: 'counterpart.register', ...closed });
export type CounterpartRegister = Static<typeof CounterpartRegister>;
export const CounterpartSuspend = Type.Object({ counterpart: Id('对端单位'), reason: Text(300, '事由', 2), seenVersion: Version }, { $id: 'counterpart.suspend', ...closed });
export type CounterpartSuspend = Static<typeof CounterpartSuspend>;

// 移交批次
const TransferState = Type.Union([
  Type.Literal('planned'), Type.Literal('prepared'), Type.Literal('inspected'), Type.Literal('approved'), Type.Literal('sealed'), Type.Literal('dispatched'), Type.Literal('received'), Type.Literal('accepted'), Type.Literal('returned'), Type.Literal('closed'), Type.Literal('withdrawn'),
], { description: '状态' });
/** 到期清单 of records that may go. */
export const TransferDue = Type.Object({ ...paging, until: Type.Optional(Day('移交截止不晚于')) }, { $id: 'transfer.due', ...closed });
export type TransferDue = Static<typeof TransferDue>;
export const TransferList = Type.Object({ ...paging, state: Type.Optional(TransferState) }, { $id: 'transfer.list', ...closed });
export type TransferList = Static<typeof TransferList>;
const Batch = Id('移交批次');
export const TransferShow = Type.Object({ batch: Batch }, { $id: 'transfer.show', ...closed });
export type TransferShow = Static<typeof TransferShow>;

/** 移交方式: whatever is asked for besides the two is refused with `E_TRANSFER_OVER_INTERNET`. */
const Mode = Text(40, '移交方式');
export const TransferPlanning = Type.Object({
  records: Type.Array(Id('档案'), { minItems: 1, maxItems: 2000, uniqueItems: true, description: '档案' }),
  counterpart: Id('对端单位'), mode: Mode, address: Type.Optional(Text(200, '专用网络地址')), taskName: Text(120, '交接工作名称'), contentDescription: Text(1000, '内容描述'),
}, { $id: 'transfer.plan', ...closed });
export type TransferPlanning = Static<typeof TransferPlanning>;

const Extension = Type.Object({
  basis: Type.Union([Type.Literal('professional'), Type.Literal('secrecy')], { description: '延期理由' }), approvedBy: Text(100, '同意的档案主管部门'), approvalNo: Text(60, '批准文号'), newDueOn: Day('延期至'),
}, closed);
const Early = Type.Object({
  consentNo: Type.String({ maxLength: 60, description: '档案馆同意文号' }),
  rights: Type.Object({ use: Type.String({ maxLength: 200 }), convert: Type.String({ maxLength: 200 }), migrate: Type.String({ maxLength: 200 }) }, { ...closed, description: '期满前权责' }),
  foiHandler: Type.String({ maxLength: 200, description: '期满前政府信息公开由谁办理' }),
}, closed);
const MediumTest = Type.Object({ on: Day('检测日期'), method: Text(120, '检测方法'), qualified: Type.Boolean({ description: '合格' }) }, closed);
/** Any part of the plan; what is left out stays. `add` and `remove` change the list. */
export const TransferAmend = Type.Object({
  batch: Batch, seenVersion: Version,
  taskName: Type.Optional(Text(120, '交接工作名称')), contentDescription: Type.Optional(Text(1000, '内容描述')), counterpart: Type.Optional(Id('对端单位')),
  mode: Type.Optional(Mode), address: Type.Optional(nullable(Text(200, '专用网络地址'))),
  carrier: Type.Optional(nullable(Id('载体'))), device: Type.Optional(nullable(Text(30, '设备编号'))), mediumTest: Type.Optional(nullable(MediumTest)),
  overdueReason: Type.Optional(nullable(Text(500, '逾期原因'))), extension: Type.Optional(nullable(Extension)), early: Type.Optional(nullable(Early)),
  add: Type.Optional(Type.Array(Id('档案'), { maxItems: 2000, uniqueItems: true, description: '加入的档案' })), remove: Type.Optional(Type.Array(Id('档案'), { maxItems: 2000, uniqueItems: true, description: '移出的档案' })),
}, { $id: 'transfer.amend', ...closed });
export type TransferAmend = Static<typeof TransferAmend>;

export const OpenOpinion = Type.Object({ dueOpenYear: Type.Integer({ minimum: 1900, maximum: 2999 }), opinion: OpenOpinionKey, reason: Text(300, '理由'), opinionBy: Text(100, '审核人'), opinionOn: Day('审核日期') }, closed);
export type OpenOpinion = Static<typeof OpenOpinion>;
export const FoiStatus = Type.Object({ status: FoiKey, basis: Text(300, '依据'), publishedOn: nullable(Day('公开日期')), channel: nullable(Text(120, '公开渠道')) }, closed);
export type FoiStatus = Static<typeof FoiStatus>;
/** 三附件, record by record. 密级变更情况 is what the box knows; the officer confirms it and may add a remark. */
export const TransferAttach = Type.Object({
  batch: Batch, seenVersion: Version,
  rows: Type.Array(Type.Object({
    record: Id('档案'), openOpinion: Type.Optional(nullable(OpenOpinion)), foiStatus: Type.Optional(nullable(FoiStatus)),
    classificationChange: Type.Optional(nullable(Type.Object({ reviewer: Text(100, '核对人'), remark: Type.String({ maxLength: 300, description: '备注' }) }, closed))),
  }, closed), { minItems: 1, maxItems: 500 }),
}, { $id: 'transfer.attach', ...closed });
export type TransferAttach = Static<typeof TransferAttach>;

export const TransferCompanion = Type.Object({ batch: Batch, kind: CompanionKind, name: Text(120, '文件名'), seenVersion: Version }, { $id: 'transfer.put-companion', ...closed });
export type TransferCompanion = Static<typeof TransferCompanion>;
export const TransferDropCompanion = Type.Object({ batch: Batch, seq: Type.Integer({ minimum: 1 }), seenVersion: Version }, { $id: 'transfer.drop-companion', ...closed });
export type TransferDropCompanion = Static<typeof TransferDropCompanion>;

const step = { batch: Batch, seenVersion: Version };
export const TransferPrepare = Type.Object(step, { $id: 'transfer.prepare', ...closed });
export type TransferPrepare = Static<typeof TransferPrepare>;
export const TransferInspect = Type.Object(step, { $id: 'transfer.inspect', ...closed });
export type TransferInspect = Static<typeof TransferInspect>;
/** 提请审批; the last signature approves. */
export const TransferApprove = Type.Object({ ...step, reason: Text(300, '事由', 2) }, { $id: 'transfer.approve', ...closed });
export type TransferApprove = Static<typeof TransferApprove>;
/** 封装: into the mounted medium; the dedicated device proves itself where one is asked for. */
export const TransferSeal = Type.Object({
  ...step, directory: Text(400, '介质挂载目录'), encoding: Type.Union([Type.Literal('UTF-8'), Type.Literal('GB18030')], { description: '说明文件编码' }), form: Type.Union([Type.Literal('folder'), Type.Literal('eep')], { description: '包形式' }),
  capacity: Text(40, '载体容量'), volumeBytes: Type.Optional(Type.Integer({ minimum: 1_048_576, description: '单盘容量（字节）' })),
  proof: Type.Optional(Type.Object({ challenge: Text(100, '挑战值'), signature: SignatureText }, { ...closed, description: '设备核验' })),
}, { $id: 'transfer.seal', ...closed });
export type TransferSeal = Static<typeof TransferSeal>;
export const TransferProgress = Type.Object({ batch: Batch }, { $id: 'transfer.progress', ...closed });
export type TransferProgress = Static<typeof TransferProgress>;

/** 拟交接单 */
export const TransferDrawHandover = Type.Object({
  ...step, couriers: Type.Array(Id('护送人'), { minItems: 1, maxItems: 6, uniqueItems: true, description: '护送人' }), sealNos: Type.Array(Text(60, '封签号'), { maxItems: 20, uniqueItems: true, description: '封签号' }), packaging: Text(120, '包装'),
  channel: Type.String({ pattern: '^[a-z_]+$', description: '传递方式' }), dueOn: Day('应送达日期'), quantity: Type.Integer({ minimum: 1, maximum: 99, description: '数量' }), setNo: Text(20, '套次'), remark: Type.Optional(Text(300, '备注')),
}, { $id: 'transfer.draw-handover', ...closed });
export type TransferDrawHandover = Static<typeof TransferDrawHandover>;
/** What is to be signed. */
export const TransferHandover = Type.Object({ batch: Batch }, { $id: 'transfer.handover', ...closed });
export type TransferHandover = Static<typeof TransferHandover>;
export const TransferSignHandover = Type.Object({ ...step, signature: SignatureText }, { $id: 'transfer.sign-handover', ...closed });
export type TransferSignHandover = Static<typeof TransferSignHandover>;
/** 导入回执: the file itself is the body. */
export const TransferReceive = Type.Object({ batch: Batch, seenVersion: Version }, { $id: 'transfer.receive', ...closed });
export type TransferReceive = Static<typeof TransferReceive>;
export const TransferClose = Type.Object({ ...step, note: Text(300, '办结说明', 2) }, { $id: 'transfer.close', ...closed });
export type TransferClose = Static<typeof TransferClose>;
export const TransferWithdraw = Type.Object({ ...step, reason: Text(300, '撤销原因', 2) }, { $id: 'transfer.withdraw', ...closed });
export type TransferWithdraw = Static<typeof TransferWithdraw>;
export const TransferPrint = Type.Object({ batch: Batch, form: Type.Union([Type.Literal('handover'), Type.Literal('registration'), Type.Literal('list'), Type.Literal('attachments')], { description: '表单' }) }, { $id: 'transfer.print', ...closed });
export type TransferPrint = Static<typeof TransferPrint>;
