import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { AppraisalBasis, HoldKind, Opinion, PanelPart } from './appraisal.js';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;

const Batch = Type.String({ format: 'uuid', description: '鉴定批次' });
const RecordId = Type.String({ format: 'uuid', description: '档案' });
const Seen = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Words = (description: string, maxLength = 1000) => Type.String({ minLength: 2, maxLength, description });
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' });

export const AppraisalDue = Type.Object({ ...paging, asOf: Type.Optional(Type.String({ format: 'date', description: '截止日，不晚于今天' })), fonds: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: '全宗' })) }, { $id: 'appraisal.due', ...closed });
export type AppraisalDue = Static<typeof AppraisalDue>;

export const AppraisalList = Type.Object({
  ...paging, open: Type.Optional(Type.Boolean({ description: '只列在办的' })),
}, { $id: 'appraisal.list', ...closed });
export type AppraisalList = Static<typeof AppraisalList>;

export const AppraisalShow = Type.Object({ batch: Batch, ...paging }, { $id: 'appraisal.show', ...closed });
export type AppraisalShow = Static<typeof AppraisalShow>;

export const AppraisalDraft = Type.Object({
  records: Type.Array(RecordId, { minItems: 1, maxItems: 2000, uniqueItems: true, description: '列入鉴定的档案' }),
  members: Type.Array(Type.Object({ person: Type.String({ format: 'uuid', description: '成员' }), part: PanelPart }, closed), { minItems: 1, maxItems: 15, description: '鉴定小组' }),
  basis: AppraisalBasis,
}, { $id: 'appraisal.draft', ...closed });
export type AppraisalDraft = Static<typeof AppraisalDraft>;

export const AppraisalConvene = Type.Object({ batch: Batch, seenVersion: Seen }, { $id: 'appraisal.convene', ...closed });
export type AppraisalConvene = Static<typeof AppraisalConvene>;

export const AppraisalOpine = Type.Object({
  batch: Batch, opinion: Opinion,
  items: Type.Array(Type.Object({ record: RecordId, seenVersion: Type.Integer({ minimum: 0, description: '本人意见的版本；尚未提出为 0' }) }, closed), { minItems: 1, maxItems: 500, description: '所提意见的件' }),
  newRetention: Type.Optional(Type.String({ pattern: '^(Y|D[1-9]\\d{0,2})$', description: '重新划定的保管期限' })),
  reason: Words('理由', 500),
}, { $id: 'appraisal.opine', ...closed });
export type AppraisalOpine = Static<typeof AppraisalOpine>;

export const AppraisalReport = Type.Object({
  batch: Batch, process: Words('鉴定过程', 900), conclusion: Words('总的意见', 900), seenVersion: Seen,
}, { $id: 'appraisal.report', ...closed });
export type AppraisalReport = Static<typeof AppraisalReport>;

export const AppraisalPreview = Type.Object({ batch: Batch }, { $id: 'appraisal.preview', ...closed });
export type AppraisalPreview = Static<typeof AppraisalPreview>;

export const AppraisalSign = Type.Object({ batch: Batch, signature: Signature, seenVersion: Seen }, { $id: 'appraisal.sign', ...closed });
export type AppraisalSign = Static<typeof AppraisalSign>;

export const AppraisalReopen = Type.Object({ batch: Batch, seenVersion: Seen }, { $id: 'appraisal.reopen', ...closed });
export type AppraisalReopen = Static<typeof AppraisalReopen>;

export const AppraisalSubmit = Type.Object({ batch: Batch, seenVersion: Seen }, { $id: 'appraisal.submit', ...closed });
export type AppraisalSubmit = Static<typeof AppraisalSubmit>;

export const AppraisalClose = Type.Object({ batch: Batch, seenVersion: Seen }, { $id: 'appraisal.close', ...closed });
export type AppraisalClose = Static<typeof AppraisalClose>;

export const AppraisalCancel = Type.Object({ batch: Batch, reason: Words('撤销原因', 300), seenVersion: Seen }, { $id: 'appraisal.cancel', ...closed });
export type AppraisalCancel = Static<typeof AppraisalCancel>;

export const AppraisalDisposable = Type.Object({ ...paging }, { $id: 'appraisal.disposable', ...closed });
export type AppraisalDisposable = Static<typeof AppraisalDisposable>;

export const AppraisalKeep = Type.Object({ record: RecordId, reason: Words('理由', 500), seenVersion: Seen }, { $id: 'appraisal.keep', ...closed });
export type AppraisalKeep = Static<typeof AppraisalKeep>;

export const AppraisalCandidates = Type.Object({}, { $id: 'appraisal.candidates', ...closed });
export type AppraisalCandidates = Static<typeof AppraisalCandidates>;

export const AppraisalCheck = Type.Object({ record: RecordId }, { $id: 'appraisal.check', ...closed });
export type AppraisalCheck = Static<typeof AppraisalCheck>;

export const AppraisalConsent = Type.Object({ record: RecordId }, { $id: 'appraisal.consent', ...closed });
export type AppraisalConsent = Static<typeof AppraisalConsent>;

export const HoldList = Type.Object({ ...paging, record: Type.Optional(RecordId), open: Type.Optional(Type.Boolean({ description: '只列冻结中的' })) }, { $id: 'hold.list', ...closed });
export type HoldList = Static<typeof HoldList>;

export const HoldPlace = Type.Object({
  record: RecordId, kind: HoldKind, requestedBy: Words('申请冻结的部门', 100), reason: Words('原因', 500),
}, { $id: 'hold.place', ...closed });
export type HoldPlace = Static<typeof HoldPlace>;

export const HoldLift = Type.Object({ hold: Type.String({ format: 'uuid', description: '冻结登记' }), reason: Words('解除原因', 500), seenVersion: Seen }, { $id: 'hold.lift', ...closed });
export type HoldLift = Static<typeof HoldLift>;
