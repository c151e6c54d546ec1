import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { ArrangementFacts } from './arranging.js';
import { FileRole } from './capture.js';
import { Description } from './description.js';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Text = (max: number, description: string, min = 1) => Type.String({ minLength: min, maxLength: max, description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Day = (description: string) => Type.String({ format: 'date', description });
const Level = Type.Integer({ minimum: 0, maximum: 4, description: '密级序' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SM3 摘要' });

export const SourceCapability = Type.Union([Type.Literal('collect'), Type.Literal('arrange'), Type.Literal('file')], { description: '功能' });
export type SourceCapability = Static<typeof SourceCapability>;

/** `policies/source-systems.json`: how systems hand in online. */
export const SourceSystemsPolicy = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }), source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  /** How far the clock of a system may be off; a nonce is remembered twice as long. */
  windowSeconds: Type.Integer({ minimum: 10, maximum: 3600 }),
  certificateYears: Type.Integer({ minimum: 1, maximum: 5 }),
  itemsPerSubmit: Type.Integer({ minimum: 1, maximum: 5000 }),
  /** Largest JSON request, with the files it carries. */
  requestBytes: Type.Integer({ minimum: 65536, maximum: 268_435_456 }),
  /** Largest part of a file sent on its own. */
  segmentBytes: Type.Integer({ minimum: 65536, maximum: 67_108_864 }),
  filesPerItem: Type.Integer({ minimum: 1, maximum: 200 }),
  /** 办理过程: terms of `activity` that count as business events, and how many a record brings at least (办法第十四条). */
  processGroup: Type.String({ minLength: 1 }), processEventsAtLeast: Type.Integer({ minimum: 1, maximum: 20 }),
  /** A test is entered only upon a trial that passed this lately. */
  trialDays: Type.Integer({ minimum: 1, maximum: 366 }),
  capabilities: Type.Array(Type.Object({ key: SourceCapability, name: Text(20, '名称'), summary: Text(200, '说明'), required: Type.Boolean() }, closed), { minItems: 3, maxItems: 3 }),
  testItems: Type.Array(Type.Object({ key: Type.String({ pattern: '^[a-z]+$' }), name: Text(200, '项目'), capability: Type.Union([SourceCapability, Type.Null()]) }, closed), { minItems: 1 }),
}, { $id: 'policies.source-systems', ...closed });
export type SourceSystemsPolicy = Static<typeof SourceSystemsPolicy>;

const Code = Type.String({ pattern: '^[A-Z][A-Z0-9-]{1,19}$', description: '系统代码' });
const Handlers = Type.Array(Type.Object({ department: Text(40, '形成部门'), person: Id('归档责任人') }, closed), { minItems: 1, maxItems: 100, description: '形成部门与归档责任人' });
const Capabilities = Type.Array(SourceCapability, { minItems: 1, maxItems: 3, uniqueItems: true, description: '已具备的归档功能' });

export const SourceList = Type.Object({ ...paging }, { $id: 'source.list', ...closed });
export type SourceList = Static<typeof SourceList>;
export const SourceShow = Type.Object({ system: Id('来源系统') }, { $id: 'source.show', ...closed });
export type SourceShow = Static<typeof SourceShow>;
export const SourceReceipts = Type.Object({ system: Id('来源系统'), ...paging }, { $id: 'source.receipts', ...closed });
export type SourceReceipts = Static<typeof SourceReceipts>;
/** 登记: the system made its key pair itself and hands in the public half. */
export const SourceRegister = Type.Object({
  code: Code, name: Text(60, '系统名称', 2), supplier: Text(100, '承建单位'), fonds: Type.String({ pattern: '^[A-Z]\\d{3}$', description: '全宗' }),
  capabilities: Capabilities, handlers: Handlers, publicKey: Text(2000, 'SM2 公钥（PEM）', 50), contact: Text(60, '技术联系人'),
}, { $id: 'source.register', ...closed });
export type SourceRegister = Static<typeof SourceRegister>;
/** 指定: other departments, handlers or capabilities; capabilities added want another test. */
export const SourceAssign = Type.Object({ system: Id('来源系统'), capabilities: Capabilities, handlers: Handlers, reason: Text(200, '事由', 2), seenVersion: Version }, { $id: 'source.assign', ...closed });
export type SourceAssign = Static<typeof SourceAssign>;
export const SourceRenew = Type.Object({ system: Id('来源系统'), publicKey: Text(2000, 'SM2 公钥（PEM）', 50), reason: Text(200, '事由', 2), seenVersion: Version }, { $id: 'source.renew', ...closed });
export type SourceRenew = Static<typeof SourceRenew>;
/** 核定: the highest level that the system may hand in at. */
export const SourceClear = Type.Object({ system: Id('来源系统'), level: Level, basis: Text(200, '核定依据', 2), seenVersion: Version }, { $id: 'source.clear', ...closed });
export type SourceClear = Static<typeof SourceClear>;
/** 接口测试记录 (办法第十四条二款). */
export const SourceTest = Type.Object({
  system: Id('来源系统'), testedOn: Day('测试日期'), testers: Text(200, '测试人员', 2), reportNo: Text(60, '测试报告编号', 2),
  items: Type.Array(Type.Object({ key: Type.String({ pattern: '^[a-z]{1,20}$' }), passed: Type.Boolean(), note: Type.Optional(Text(200, '说明')) }, closed), { minItems: 1, maxItems: 50 }),
  seenVersion: Version,
}, { $id: 'source.test', ...closed });
export type SourceTest = Static<typeof SourceTest>;
export const SourceSuspend = Type.Object({ system: Id('来源系统'), reason: Text(200, '事由', 2), seenVersion: Version }, { $id: 'source.suspend', ...closed });
export type SourceSuspend = Static<typeof SourceSuspend>;
export const SourceResume = Type.Object({ system: Id('来源系统'), reason: Text(200, '事由', 2), seenVersion: Version }, { $id: 'source.resume', ...closed });
export type SourceResume = Static<typeof SourceResume>;

/**
 * A signed request of a source system: the query is signed (SM2 over the canonical JSON of `act` and the query without `signature`),
 * and holds the SM3 of the body, so that nothing is read of anyone unknown.
 */
const signed = {
  source: Code,
  at: Type.String({ format: 'date-time', maxLength: 30, description: '请求时间（UTC）' }),
  nonce: Type.String({ pattern: '^[A-Za-z0-9_-]{16,64}$', description: '随机数，不得重复' }),
  sm3: Digest,
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{20,400}={0,2}$', description: '来源系统证书的 SM2 签名（DER，base64url）' }),
};
/** Chosen by the system; told to nobody but itself. */
const Key = Type.String({ pattern: '^[\\x21-\\x7e]{1,120}$', description: '源系统件号' });

export const OnlineCapture = Type.Object(signed, { $id: 'online.capture', ...closed });
export type OnlineCapture = Static<typeof OnlineCapture>;
export const OnlineSubmit = Type.Object(signed, { $id: 'online.submit', ...closed });
export type OnlineSubmit = Static<typeof OnlineSubmit>;
export const OnlineTrial = Type.Object(signed, { $id: 'online.trial', ...closed });
export type OnlineTrial = Static<typeof OnlineTrial>;
export const OnlineReceipt = Type.Object(signed, { $id: 'online.receipt', ...closed });
export type OnlineReceipt = Static<typeof OnlineReceipt>;
export const OnlineUpload = Type.Object({ ...signed, key: Key, position: Type.Integer({ minimum: 1, maximum: 200, description: '第几个文件' }), offset: Type.Integer({ minimum: 0, description: '起点' }) }, { $id: 'online.upload', ...closed });
export type OnlineUpload = Static<typeof OnlineUpload>;

/** 办理过程: who did what when in the source system (M80–M84). */
export const OnlineEvent = Type.Object({
  activity: Type.String({ pattern: '^[a-z_]{1,40}$', description: '业务行为' }), status: Type.Union([Type.Literal('historical'), Type.Literal('planned')], { description: '业务状态' }),
  at: Type.String({ format: 'date-time', maxLength: 30, description: '行为时间' }), by: Text(100, '办理人'),
  mandate: Type.Optional(Text(500, '行为依据')), description: Type.Optional(Text(1000, '行为描述')),
}, closed);
export type OnlineEvent = Static<typeof OnlineEvent>;

/** The first file is 正文 unless roles say otherwise. Without `content` its bytes follow by `online.upload`. */
export const OnlineFile = Type.Object({
  name: Text(1024, '计算机文件名'), role: Type.Optional(FileRole), bytes: Type.Integer({ minimum: 0, maximum: 68_719_476_736, description: '字节数' }), sm3: Digest,
  content: Type.Optional(Type.String({ contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$', description: '内容（base64）' })),
}, closed);
export type OnlineFile = Static<typeof OnlineFile>;

/** 一件: the body of `online.capture` and `online.trial`. */
export const OnlineItem = Type.Object({
  key: Key, department: Text(40, '形成部门'), level: Level,
  facts: Type.Optional(ArrangementFacts),
  description: Type.Omit(Description, ['parentId'], { additionalProperties: false, description: '著录' }),
  events: Type.Array(OnlineEvent, { maxItems: 200, description: '办理过程' }),
  files: Type.Array(OnlineFile, { minItems: 1, maxItems: 200 }),
}, { $id: 'online.item', ...closed });
export type OnlineItem = Static<typeof OnlineItem>;
/** The body of `online.submit`. */
export const OnlineItems = Type.Object({ items: Type.Array(OnlineItem, { minItems: 1, maxItems: 5000 }) }, { $id: 'online.items', ...closed });
export type OnlineItems = Static<typeof OnlineItems>;
/** The body of `online.receipt`. */
export const OnlineKeys = Type.Object({ keys: Type.Array(Key, { minItems: 1, maxItems: 5000, uniqueItems: true }) }, { $id: 'online.keys', ...closed });
export type OnlineKeys = Static<typeof OnlineKeys>;
