import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';
import { Duty } from './secrecy.js';

const closed = { additionalProperties: false } as const;
const Approval = Type.String({ format: 'uuid', description: '审批编号' });
const Opinion = Type.String({ minLength: 2, maxLength: 500, description: '意见' });
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });

/** One act that nobody does alone: who must sign beside the person who asks, and by when. */
export const ApprovalRow = Type.Object({
  act: Type.String({ pattern: '^[a-z]+\\.[a-z]+(-[a-z]+)*$', description: 'capability.verb' }),
  name: Type.String({ minLength: 2, description: '审批事项' }),
  seats: Type.Array(Type.Object({
    name: Type.String({ minLength: 2, description: '席位' }),
    duties: Type.Array(Duty, { minItems: 1, uniqueItems: true, description: '可签岗位' }),
  }, closed), { minItems: 1, maxItems: 4 }),
  hours: Type.Integer({ minimum: 1, maximum: 720, description: '有效时限,小时:逾期未签齐、未办理即失效' }),
  source: Type.String({ minLength: 2, description: '依据' }),
}, closed);
export type ApprovalRow = Static<typeof ApprovalRow>;

/** `policies/approvals.json` */
export const ApprovalsFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '依据' }),
  approvals: Type.Array(ApprovalRow, { minItems: 1 }),
}, { $id: 'policies.approvals', ...closed });
export type ApprovalsFile = Static<typeof ApprovalsFile>;

export const ApprovalList = Type.Object({
  ...paging,
  /** `mine`: waits for this person's signature. `asked`: this person asked for it. */
  state: Type.Optional(Type.Union([
    Type.Literal('mine'), Type.Literal('asked'), Type.Literal('requested'), Type.Literal('granted'), Type.Literal('done'), Type.Literal('refused'), Type.Literal('lapsed'),
  ], { description: '状态' })),
}, { $id: 'approval.list', ...closed });
export type ApprovalList = Static<typeof ApprovalList>;

export const ApprovalShow = Type.Object({ approval: Approval }, { $id: 'approval.show', ...closed });
export type ApprovalShow = Static<typeof ApprovalShow>;

/** The very text that would be signed. Changes nothing. */
export const ApprovalPreview = Type.Object({
  approval: Approval,
  verdict: Type.Union([Type.Literal('grant'), Type.Literal('refuse')], { description: '签署结论' }),
  opinion: Opinion,
}, { $id: 'approval.preview', ...closed });
export type ApprovalPreview = Static<typeof ApprovalPreview>;

const signed = { approval: Approval, opinion: Opinion, signature: Signature, seenVersion: Version };
export const ApprovalSign = Type.Object(signed, { $id: 'approval.sign', ...closed });
export type ApprovalSign = Static<typeof ApprovalSign>;
export const ApprovalRefuse = Type.Object(signed, { $id: 'approval.refuse', ...closed });
export type ApprovalRefuse = Static<typeof ApprovalRefuse>;
