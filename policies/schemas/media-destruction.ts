import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1, description: '依据' });
const Key = Type.String({ pattern: '^[a-z]+(_[a-z]+)*$', description: '键' });
const Name = Type.String({ minLength: 1, description: '名称' });
const Verified = Type.Boolean({ description: '是否已与公开文本核对' });
const Text = (max: number, description: string, min = 1) => Type.String({ minLength: min, maxLength: max, description });
const Day = (description: string) => Type.String({ format: 'date', description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Level = (description: string) => Type.Integer({ minimum: 0, maximum: 4, description });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' });

const MediumKind = Type.Union([
  Type.Literal('paper'), Type.Literal('optical'), Type.Literal('disk'), Type.Literal('solid_state'), Type.Literal('tape'), Type.Literal('microfilm'), Type.Literal('drum_ribbon'),
], { description: '载体种类' });
export type MediumKind = Static<typeof MediumKind>;
/** 绝、机、秘三档, and 非涉密. */
const MethodLevel = Type.Union([Type.Literal('ordinary'), Type.Literal(2), Type.Literal(3), Type.Literal(4)], { description: '曾存最高密级' });
const Steps = Type.Array(Key, { minItems: 1, maxItems: 6, uniqueItems: true, description: '方法步骤，须全部做到' });
const AllSteps = Type.Array(Key, { minItems: 1, maxItems: 20, uniqueItems: true, description: '可做的方法步骤' });
const Rating = Type.Union([Type.Literal('verified'), Type.Literal('reported'), Type.Literal('unknown')], { description: '日志评级' });
export type Rating = Static<typeof Rating>;

/** `policies/media-destruction.json` */
export const MediaDestructionFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Source, { minItems: 1 }),
  kinds: Type.Array(Type.Object({ key: MediumKind, name: Name, disk: Type.Boolean({ description: '故障时按最高密级' }) }, closed), { minItems: 1 }),
  steps: Type.Array(Type.Object({
    key: Key, name: Name, logical: Type.Boolean({ description: '逻辑清除:对涉密载体不构成销毁' }), device: Type.Boolean({ description: '自行销毁须用登记的设备' }),
    kinds: Type.Array(MediumKind, { minItems: 1, uniqueItems: true, description: '对哪些载体有效' }), covers: Type.Optional(Type.Array(Key, { minItems: 1, description: '同时满足的较低方法' })),
  }, closed), { minItems: 1 }),
  methods: Type.Array(Type.Object({ kind: MediumKind, level: MethodLevel, any: Type.Array(Steps, { minItems: 1, description: '任一组' }) }, closed), { minItems: 1 }),
  methodsSource: Source,
  figures: Type.Array(Type.Object({ kind: MediumKind, text: Name, verified: Verified }, closed)),
  broken: Type.Object({ asLevel: Type.Union([Type.Literal(3), Type.Literal(4)]), source: Source }, closed),
  reuse: Type.Object({ kinds: Type.Array(MediumKind), steps: Steps, source: Source }, closed),
  overwriteLog: Type.Object({ kinds: Type.Array(MediumKind), rating: Rating, source: Source }, closed),
  reasons: Type.Array(Type.Object({ key: Key, name: Name }, closed), { minItems: 1 }),
  isolation: Type.Object({ days: Type.Integer({ minimum: 1, maximum: 90 }), verified: Verified, source: Source }, closed),
  own: Type.Object({ maxLines: Type.Integer({ minimum: 0, maximum: 500 }), maxLevel: Level('自行销毁密级上限'), verified: Verified, source: Source }, closed),
  witnesses: Type.Object({ min: Type.Integer({ minimum: 2, maximum: 5 }), source: Source }, closed),
  escorts: Type.Object({ secret: Type.Integer({ minimum: 1, maximum: 5 }), topSecret: Type.Integer({ minimum: 2, maximum: 5 }), source: Source }, closed),
  consent: Type.Object({ level: Type.Integer({ minimum: 2, maximum: 4 }), source: Source }, closed),
  photos: Type.Object({ min: Type.Integer({ minimum: 0, maximum: 20 }), maxBytes: Type.Integer({ minimum: 1024, maximum: 104857600 }), source: Source }, closed),
  channels: Type.Array(Type.Object({ key: Key, name: Name, allowed: Type.Boolean() }, closed), { minItems: 1 }),
  channelsSource: Source,
  guard: Type.Object({ copies: Type.Integer({ minimum: 1, maximum: 5, description: '另有几份已核验副本' }), vaultCounts: Type.Boolean({ description: '在线内容是否计为一份' }), source: Source }, closed),
  deviceMonths: Type.Integer({ minimum: 1, maximum: 24 }),
  deviceMonthsSource: Source,
}, { $id: 'policies.media-destruction', ...closed });
export type MediaDestructionFile = Static<typeof MediaDestructionFile>;

const Disposal = Id('销毁批次');
const Reason = Text(300, '事由', 2);

/** 待销条目 in no batch yet, or of one. */
export const DisposalPending = Type.Object({ ...paging, kind: Type.Optional(MediumKind), overdue: Type.Optional(Type.Boolean({ description: '只列滞留超期的' })) }, { $id: 'disposal.pending', ...closed });
export type DisposalPending = Static<typeof DisposalPending>;

const DisposalState = Type.Union([
  Type.Literal('drafted'), Type.Literal('counted'), Type.Literal('requested'), Type.Literal('approved'), Type.Literal('isolated'), Type.Literal('released'), Type.Literal('executed'), Type.Literal('witnessed'), Type.Literal('closed'), Type.Literal('cancelled'),
], { description: '状态' });
export const DisposalList = Type.Object({ ...paging, state: Type.Optional(DisposalState) }, { $id: 'disposal.list', ...closed });
export type DisposalList = Static<typeof DisposalList>;
export const DisposalShow = Type.Object({ disposal: Disposal }, { $id: 'disposal.show', ...closed });
export type DisposalShow = Static<typeof DisposalShow>;

const sheet = {
  reason: Key, broken: Type.Boolean({ description: '故障、无法上电' }), quantity: Type.Integer({ minimum: 1, maximum: 100000, description: '数量，页或盘' }), place: Text(100, '存放位置'), remark: Type.Optional(Text(300, '备注')),
};
/** 登记待销: a carrier of the register, or a draft or waste copy by itself. */
export const DisposalEnter = Type.Union([
  Type.Object({ ...sheet, carrier: Id('载体'), seenVersion: Version }, closed),
  Type.Object({
    ...sheet, kind: MediumKind, level: Level('密级'), maxLevelEver: Level('曾存最高密级'), title: Text(200, '名称、文号'), copyNo: Type.Integer({ minimum: 1, maximum: 9999, description: '份号' }), totalCopies: Type.Integer({ minimum: 1, maximum: 9999, description: '总份数' }),
    secrecyPeriod: Type.Optional(Text(60, '保密期限')), issuedBy: Type.Optional(Text(100, '制发单位')), serial: Type.Optional(Text(60, '序列号')), dismantledFrom: Type.Optional(Text(100, '拆自何设备')),
  }, closed),
], { $id: 'disposal.enter' });
export type DisposalEnter = Static<typeof DisposalEnter>;
/** 撤销待销: back into custody. */
export const DisposalWithdraw = Type.Object({ line: Id('待销条目'), place: Text(100, '存放位置'), reason: Reason, seenVersion: Version }, { $id: 'disposal.withdraw', ...closed });
export type DisposalWithdraw = Static<typeof DisposalWithdraw>;

const Lines = Type.Array(Id('待销条目'), { minItems: 1, maxItems: 500, uniqueItems: true, description: '待销条目' });
export const DisposalOpen = Type.Object({ lines: Lines, reason: Reason }, { $id: 'disposal.open', ...closed });
export type DisposalOpen = Static<typeof DisposalOpen>;

/** 清点: number, level and copies as they are found, against the list. */
export const DisposalCount = Type.Object({
  disposal: Disposal, seenVersion: Version, opinion: Text(300, '核对意见', 2),
  found: Type.Array(Type.Object({ no: Text(40, '编号'), level: Level('密级'), copyNo: Type.Integer({ minimum: 1, maximum: 9999, description: '份号' }), quantity: Type.Integer({ minimum: 1, maximum: 100000, description: '数量' }) }, closed), { maxItems: 500, description: '清点所见' }),
}, { $id: 'disposal.count', ...closed });
export type DisposalCount = Static<typeof DisposalCount>;

/** 提请审批: how, by whom, before whom. */
export const DisposalAsk = Type.Object({
  disposal: Disposal, seenVersion: Version,
  manner: Type.Union([Type.Literal('send'), Type.Literal('own')], { description: '送销、自销' }),
  urgency: Type.Optional(Text(300, '自销的急需理由', 2)),
  unit: Type.Optional(Id('送销单位')),
  consentNo: Type.Optional(Text(60, '上级批准文号')),
  executor: Id('执行人'), witnesses: Type.Array(Id('监销人'), { minItems: 1, maxItems: 6, uniqueItems: true, description: '监销人' }),
  methods: Type.Array(Type.Object({ line: Id('待销条目'), steps: Steps, outcome: Type.Union([Type.Literal('destroy'), Type.Literal('reuse')], { description: '销毁、清除后再利用' }), devices: Type.Array(Id('销毁设备'), { maxItems: 6, uniqueItems: true, description: '销毁设备' }) }, closed), { minItems: 1, maxItems: 500, description: '逐件方法' }),
  reason: Reason,
}, { $id: 'disposal.ask', ...closed });
export type DisposalAsk = Static<typeof DisposalAsk>;

export const DisposalIsolate = Type.Object({ disposal: Disposal, seenVersion: Version, place: Text(100, '隔离存放场所'), sealNo: Text(60, '封签号') }, { $id: 'disposal.isolate', ...closed });
export type DisposalIsolate = Static<typeof DisposalIsolate>;

/** 送出, or taken out for own destruction. */
export const DisposalRelease = Type.Object({
  disposal: Disposal, seenVersion: Version, channel: Key, escorts: Type.Array(Id('护送人'), { maxItems: 8, uniqueItems: true, description: '护送人' }), sealNo: Text(60, '封签号'), destination: Text(100, '销毁地点'),
}, { $id: 'disposal.release', ...closed });
export type DisposalRelease = Static<typeof DisposalRelease>;

const Result = {
  finishedAt: Type.String({ format: 'date-time', description: '销毁时间' }), place: Text(100, '销毁地点'), destroyedBy: Text(100, '销毁人'), voucherNo: Type.Optional(Text(60, '销毁凭证号')), remark: Type.Optional(Text(300, '备注')),
  failed: Type.Array(Type.Object({ line: Id('待销条目'), why: Text(200, '未销毁的原因', 2) }, closed), { maxItems: 500, description: '未能销毁的' }),
};
/** The very text that would be signed by the executor or by a witness. Changes nothing. */
export const DisposalPreview = Type.Union([
  Type.Object({ event: Type.Literal('execute'), disposal: Disposal, ...Result }, closed),
  Type.Object({ event: Type.Literal('witness'), disposal: Disposal }, closed),
], { $id: 'disposal.preview' });
export type DisposalPreview = Static<typeof DisposalPreview>;
export const DisposalExecute = Type.Object({ disposal: Disposal, seenVersion: Version, ...Result, signature: Signature }, { $id: 'disposal.execute', ...closed });
export type DisposalExecute = Static<typeof DisposalExecute>;
export const DisposalWitness = Type.Object({ disposal: Disposal, seenVersion: Version, signature: Signature }, { $id: 'disposal.witness', ...closed });
export type DisposalWitness = Static<typeof DisposalWitness>;
export const DisposalCancel = Type.Object({ disposal: Disposal, seenVersion: Version, reason: Reason }, { $id: 'disposal.cancel', ...closed });
export type DisposalCancel = Static<typeof DisposalCancel>;
/** 销毁注销: the carriers leave the register of what is there. */
export const CarrierDestroy = Type.Object({ disposal: Disposal, seenVersion: Version }, { $id: 'carrier.destroy', ...closed });
export type CarrierDestroy = Static<typeof CarrierDestroy>;

const EvidenceKind = Type.Union([Type.Literal('photo'), Type.Literal('voucher'), Type.Literal('other')], { description: '证据种类' });
export const DisposalAttach = Type.Object({ disposal: Disposal, kind: EvidenceKind, fileName: Text(120, '文件名') }, { $id: 'disposal.attach', ...closed });
export type DisposalAttach = Static<typeof DisposalAttach>;
export const DisposalImportLog = Type.Object({ disposal: Disposal, fileName: Text(120, '文件名') }, { $id: 'disposal.import-log', ...closed });
export type DisposalImportLog = Static<typeof DisposalImportLog>;
export const DisposalEvidence = Type.Object({ disposal: Disposal, evidence: Id('证据') }, { $id: 'disposal.evidence', ...closed });
export type DisposalEvidence = Static<typeof DisposalEvidence>;
export const DisposalPrint = Type.Object({ disposal: Disposal, form: Type.Union([Type.Literal('register'), Type.Literal('certificate'), Type.Literal('signatures')], { description: '登记审批表、销毁证明、签名原文' }) }, { $id: 'disposal.print', ...closed });
export type DisposalPrint = Static<typeof DisposalPrint>;

const certified = { certNo: Text(60, '检测证书编号'), certValidTo: Day('证书有效期至'), reason: Reason };
/** 登记销毁设备; with `device`, a new certificate of one that is there. */
export const DisposalEnterDevice = Type.Object({
  device: Type.Optional(Id('销毁设备')), seenVersion: Type.Optional(Version), no: Type.String({ pattern: '^[A-Z0-9][A-Z0-9-]{1,29}$', description: '设备编号' }), model: Text(80, '型号'), steps: AllSteps, certifiedLevel: Level('检测认定的密级'), ...certified, lastVerifyOn: Day('上次校验日期'),
}, { $id: 'disposal.enter-device', ...closed });
export type DisposalEnterDevice = Static<typeof DisposalEnterDevice>;
export const DisposalEnterUnit = Type.Object({
  unit: Type.Optional(Id('送销单位')), seenVersion: Type.Optional(Version), name: Text(100, '单位名称'), qualificationNo: Text(60, '资质编号'), validTo: Day('资质有效期至'), designatedBy: Text(100, '设立或指定机关'), steps: AllSteps, reason: Reason,
}, { $id: 'disposal.enter-unit', ...closed });
export type DisposalEnterUnit = Static<typeof DisposalEnterUnit>;

export const MigrationList = Type.Object({ ...paging, carrier: Type.Optional(Id('载体')) }, { $id: 'migration.list', ...closed });
export type MigrationList = Static<typeof MigrationList>;
/** 迁移: which records go from which carrier to which; all that are live unless named. */
export const MigrationPlan = Type.Object({ from: Id('原载体'), to: Id('新载体'), risk: Text(1000, '需求分析与风险评估', 4) }, { $id: 'migration.plan', ...closed });
export type MigrationPlan = Static<typeof MigrationPlan>;
/** Copies and measures. Without `source` the content is taken from this box. */
export const MigrationPerform = Type.Object({ migration: Id('迁移'), source: Type.Optional(Text(400, '原载体挂载目录')), target: Text(400, '新载体挂载目录'), seenVersion: Version }, { $id: 'migration.perform', ...closed });
export type MigrationPerform = Static<typeof MigrationPerform>;
/** A second person has it read again. */
export const MigrationVerify = Type.Object({ migration: Id('迁移'), target: Text(400, '新载体挂载目录'), seenVersion: Version }, { $id: 'migration.verify', ...closed });
export type MigrationVerify = Static<typeof MigrationVerify>;

export const CarrierLossReport = Type.Object({ carrier: Id('载体') }, { $id: 'carrier.loss-report', ...closed });
export type CarrierLossReport = Static<typeof CarrierLossReport>;
