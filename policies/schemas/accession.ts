import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Text = (max: number, description: string, min = 1) => Type.String({ minLength: min, maxLength: max, description });
const Accession = Type.String({ format: 'uuid', description: '接收' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' });
const Directory = Text(400, '介质挂载目录');
const Defect = Type.String({ pattern: '^(YJ-[1-4]|KM)-\\d{1,2}$', description: '不合格项编号' });

/** `policies/accession.json` */
export const AccessionPolicy = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  recordsAtMost: Type.Integer({ minimum: 1, maximum: 20_000 }), filesAtMost: Type.Integer({ minimum: 1, maximum: 200_000 }), volumesAtMost: Type.Integer({ minimum: 1, maximum: 100 }),
  /** What was found wrong before a single item could be tested, by catalogue code: which test it fails. Empty: it was never meant for this archive. */
  causes: Type.Record(Type.String({ pattern: '^E_[A-Z0-9_]+$' }), Type.Array(Defect), { additionalProperties: false }), causesSource: Type.String({ minLength: 1 }),
  /** File under 其他/ in which each list lies, as it begins. */
  lists: Type.Object({ transferList: Type.String({ minLength: 1 }), attachments: Type.Array(Type.Object({ name: Type.String({ minLength: 1 }), file: Type.String({ minLength: 1 }) }, closed), { minItems: 1 }) }, closed), listsSource: Type.String({ minLength: 1 }),
}, { $id: 'policies.accession', ...closed });
export type AccessionPolicy = Static<typeof AccessionPolicy>;

const State = Type.Union([
  Type.Literal('arriving'), Type.Literal('signed_in'), Type.Literal('refused'), Type.Literal('opened'), Type.Literal('inspected'), Type.Literal('accepted'), Type.Literal('stored'), Type.Literal('returned'), Type.Literal('receipted'), Type.Literal('closed'), Type.Literal('dismissed'),
], { description: '状态' });
export const AccessionList = Type.Object({ ...paging, state: Type.Optional(State) }, { $id: 'accession.list', ...closed });
export type AccessionList = Static<typeof AccessionList>;
export const AccessionShow = Type.Object({ accession: Accession, ...paging }, { $id: 'accession.show', ...closed });
export type AccessionShow = Static<typeof AccessionShow>;
/** 接收登记: what was taken in, one line a package. */
export const AccessionRegister = Type.Object({ ...paging }, { $id: 'accession.register', ...closed });
export type AccessionRegister = Static<typeof AccessionRegister>;

/** 到馆登记, before anything is opened. */
export const AccessionArrive = Type.Object({
  counterpart: Type.String({ format: 'uuid', description: '移交单位' }), handoverNo: Text(80, '交接单号'), mediumNo: Text(60, '载体编号'), deviceNo: Type.Union([Text(30, '专用设备编号'), Type.Null()]),
  quantity: Type.Integer({ minimum: 1, maximum: 99, description: '数量' }), level: Type.Integer({ minimum: 0, maximum: 4, description: '密级' }),
  sealNos: Type.Array(Text(60, '封签号'), { maxItems: 20, uniqueItems: true, description: '封签号' }), sealsIntact: Type.Boolean({ description: '封签完好' }),
  appearance: Type.Union([Type.Literal('good'), Type.Literal('damaged')], { description: '载体外观' }), courier: Text(100, '护送人'), remark: Type.Optional(Text(300, '备注')),
}, { $id: 'accession.arrive', ...closed });
export type AccessionArrive = Static<typeof AccessionArrive>;

const step = { accession: Accession, seenVersion: Version };
export const AccessionSignIn = Type.Object({ ...step, signature: Signature }, { $id: 'accession.sign-in', ...closed });
export type AccessionSignIn = Static<typeof AccessionSignIn>;
/** 启封: the medium is mounted, and the dedicated device with it or at a directory of its own. */
export const AccessionOpen = Type.Object({ ...step, directory: Directory, deviceDirectory: Type.Optional(Text(400, '专用设备目录')) }, { $id: 'accession.open', ...closed });
export type AccessionOpen = Static<typeof AccessionOpen>;
export const AccessionInspect = Type.Object({
  ...step, manual: Type.Optional(Type.Array(Type.Object({ item: Defect, passed: Type.Boolean({ description: '合格' }) }, closed), { maxItems: 20, description: '人工检测结果' })),
}, { $id: 'accession.inspect', ...closed });
export type AccessionInspect = Static<typeof AccessionInspect>;
export const AccessionAccept = Type.Object({
  ...step, storageLocation: Text(120, '存放位置'),
  /** Who may know of the classified items here, besides who takes them in. */
  persons: Type.Array(Type.String({ format: 'uuid' }), { maxItems: 100, uniqueItems: true, description: '知悉人员' }),
}, { $id: 'accession.accept', ...closed });
export type AccessionAccept = Static<typeof AccessionAccept>;
/** 退回: with the defects that were found, which the box knows; nobody adds to them. */
export const AccessionReturn = Type.Object(step, { $id: 'accession.return', ...closed });
export type AccessionReturn = Static<typeof AccessionReturn>;
export const AccessionDismiss = Type.Object(step, { $id: 'accession.dismiss', ...closed });
export type AccessionDismiss = Static<typeof AccessionDismiss>;
export const AccessionSign = Type.Object({ ...step, signature: Signature }, { $id: 'accession.sign', ...closed });
export type AccessionSign = Static<typeof AccessionSign>;
export const AccessionReceipt = Type.Object({ accession: Accession }, { $id: 'accession.receipt', ...closed });
export type AccessionReceipt = Static<typeof AccessionReceipt>;
/** 办结: the receipt goes onto the medium where one is mounted. */
export const AccessionClose = Type.Object({ ...step, directory: Type.Optional(Directory) }, { $id: 'accession.close', ...closed });
export type AccessionClose = Static<typeof AccessionClose>;

const Bounded = (max: number) => Type.String({ maxLength: max });
const Free = Type.Unknown();
const Signed = Type.Object({ person: Bounded(100), token: Bounded(400), certificateSerial: Bounded(100), signature: Bounded(400), at: Type.String({ format: 'date-time' }), opinion: Bounded(1000) }, closed);
const Terms = Type.Object({
  level: Type.Integer({ minimum: 2, maximum: 4 }), term: Free, startOn: Type.Union([Type.String({ format: 'date' }), Type.Null()]), scope: Type.Object({}, { additionalProperties: true }), mark: Bounded(60), ending: Free,
}, { additionalProperties: true });
/** 标志.json of a state secret, as far as a reader must be sure of it before it looks closer (secrecy/travelling-mark.ts). */
export const TravellingMarkFile = Type.Object({
  type: Type.Literal('shouzang-travelling-mark/v1'), mark: Bounded(100), level: Type.Integer({ minimum: 1, maximum: 4 }), secrecyPeriod: Type.Union([Bounded(40), Type.Null()]), originOrg: Text(100, '原定密机关'),
  history: Type.Array(Type.Object({ on: Bounded(10), old: Bounded(100), text: Bounded(200), no: Type.Union([Bounded(60), Type.Null()]) }, closed), { maxItems: 500 }),
  matter: Type.Object({
    id: Bounded(60), state: Type.Union([Type.Literal('active'), Type.Literal('long_term'), Type.Literal('review_due'), Type.Literal('declass_review'), Type.Literal('expired'), Type.Literal('declassified')]),
    proposal: Type.Object({ id: Bounded(60), matterId: Bounded(60), recordIds: Type.Array(Bounded(60)), type: Bounded(20), originOrg: Bounded(100), level: Type.Integer({ minimum: 2, maximum: 4 }) }, { additionalProperties: true }),
    proposer: Type.Object({ person: Bounded(100), tokens: Type.Array(Bounded(400)) }, closed), proposed: Signed, approved: Signed, writtenRecordNo: Bounded(100), current: Terms,
    changes: Type.Array(Type.Object({ kind: Bounded(20), from: Terms, to: Terms, on: Bounded(10), approval: Signed }, { additionalProperties: true }), { maxItems: 500 }), reviewDueOn: Type.String({ format: 'date' }),
  }, { additionalProperties: true }),
  certificates: Type.Record(Type.String(), Bounded(8000)), names: Type.Record(Type.String(), Bounded(100)),
  /** 标志绑定 of the sending box. */
  binding: Type.Optional(Type.Union([Type.Object({ statement: Bounded(200_000), signature: Bounded(400) }, closed), Type.Null()])),
}, closed);
