import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';
import { Duty } from './secrecy.js';

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });
const Words = (description: string, maxLength = 500, minLength = 2) => Type.String({ minLength, maxLength, description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Day = (description: string) => Type.String({ format: 'date', description });
const Seen = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Seat = Type.Object({ name: Type.String({ minLength: 2 }), duties: Type.Array(Duty, { minItems: 1, uniqueItems: true }) }, closed);

export const OpeningDecision = Type.Union([Type.Literal('open'), Type.Literal('controlled'), Type.Literal('deferred')], { description: '开放、控制使用、延期开放' });
export type OpeningDecision = Static<typeof OpeningDecision>;
export const UseMode = Type.Union([Type.Literal('view'), Type.Literal('excerpt'), Type.Literal('print'), Type.Literal('copy')], { description: '阅览、摘录、打印、复制' });
export type UseMode = Static<typeof UseMode>;
export const UseChannel = Type.Union([Type.Literal('lan'), Type.Literal('government'), Type.Literal('internet')], { description: '局域网、政务网、互联网' });
export type UseChannel = Static<typeof UseChannel>;

/** `policies/use.json` */
export const UsePolicy = Type.Object({
  id: Type.Literal('use'), version: text, title: text, source: Type.Array(text, { minItems: 1 }),
  opening: Type.Object({ years: Type.Integer({ minimum: 1, maximum: 100 }), maxDeferYears: Type.Integer({ minimum: 1, maximum: 50 }), maxItems: Type.Integer({ minimum: 1, maximum: 500 }), source: text }, closed),
  channels: Type.Array(Type.Object({ key: UseChannel, name: text, enabled: Type.Boolean(), source: text }, closed), { minItems: 3, maxItems: 3 }),
  modes: Type.Array(Type.Object({ key: UseMode, name: text }, closed), { minItems: 4, maxItems: 4 }),
  /** By level: what may be asked for, who signs, how long it stays open. */
  levels: Type.Array(Type.Object({
    level: Type.Integer({ minimum: 0, maximum: 4 }), modes: Type.Array(UseMode, { minItems: 1, uniqueItems: true }), consent: Type.Boolean({ description: '摘录、打印、复制须登记同意文号' }),
    sessionMinutes: Type.Integer({ minimum: 5, maximum: 480 }), validDays: Type.Integer({ minimum: 1, maximum: 90 }), seats: Type.Array(Seat, { minItems: 1, maxItems: 4 }), source: text,
  }, closed), { minItems: 5, maxItems: 5 }),
  /** By content: whose signature is asked for besides. */
  contents: Type.Array(Type.Object({
    key: Type.String({ pattern: '^[a-z]+$' }), name: text, opening: Type.Array(OpeningDecision, { uniqueItems: true }), categories: Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), { uniqueItems: true }),
    seats: Type.Array(Seat, { minItems: 1, maxItems: 4 }), source: text,
  }, closed)),
  most: Type.Object({ records: Type.Integer({ minimum: 1, maximum: 200 }), openRequests: Type.Integer({ minimum: 1, maximum: 200 }) }, closed),
}, { $id: 'policies.use', ...closed });
export type UsePolicy = Static<typeof UsePolicy>;

/** 应审核的档案: due by today, or all that have no decision yet. */
export const OpeningDue = Type.Object({ ...paging, early: Type.Optional(Type.Boolean({ description: '连同未满年限的一并列出' })) }, { $id: 'opening.due', ...closed });
export type OpeningDue = Static<typeof OpeningDue>;
export const OpeningList = Type.Object({
  ...paging, record: Type.Optional(Id('档案')), decision: Type.Optional(OpeningDecision), state: Type.Optional(Type.Union([Type.Literal('proposed'), Type.Literal('approved'), Type.Literal('refused')], { description: '状态' })),
}, { $id: 'opening.list', ...closed });
export type OpeningList = Static<typeof OpeningList>;
export const OpeningPropose = Type.Object({
  records: Type.Array(Id('档案'), { minItems: 1, maxItems: 500, uniqueItems: true, description: '一并审核的档案，结论相同' }),
  decision: OpeningDecision, reason: Words('理由'), deferredUntil: Type.Optional(Day('下次审核日期')), secrecyReviewNo: Type.Optional(Words('信息公开保密审查文号', 80)),
}, { $id: 'opening.propose', ...closed });
export type OpeningPropose = Static<typeof OpeningPropose>;

const Code = Type.String({ minLength: 1, maxLength: 120, description: '档号或电子文件号' });
const UseState = Type.Union(['requested', 'submitted', 'approved', 'refused', 'expired', 'closed'].map((one) => Type.Literal(one)), { description: '状态' });

export const ChannelList = Type.Object({}, { $id: 'channel.list', ...closed });
export type ChannelList = Static<typeof ChannelList>;

export const UseList = Type.Object({ ...paging, state: Type.Optional(UseState) }, { $id: 'use.list', ...closed });
export type UseList = Static<typeof UseList>;
export const UseShow = Type.Object({ use: Id('利用单') }, { $id: 'use.show', ...closed });
export type UseShow = Static<typeof UseShow>;

/** 利用申请: codes as the applicant knows them, found or not; nobody is told here whether they exist. */
export const UseRequest = Type.Object({
  purpose: Words('利用目的', 300), mode: UseMode, channel: UseChannel,
  codes: Type.Array(Code, { maxItems: 200, uniqueItems: true, description: '申请的档号；不知道档号的可留空并在线索中说明' }),
  clue: Type.Optional(Words('查找线索', 500)), behalf: Type.Optional(Words('代何单位、何人申请', 200)),
}, { $id: 'use.request', ...closed });
export type UseRequest = Static<typeof UseRequest>;

/** 受理: which records are put before the signers. */
export const UseAssess = Type.Object({
  use: Id('利用单'), codes: Type.Array(Code, { minItems: 1, maxItems: 200, uniqueItems: true, description: '拟提供的档号' }), opinion: Words('受理意见'),
  consentNo: Type.Optional(Words('同意文号', 80)), consentBy: Type.Optional(Words('同意机关', 100)), seenVersion: Seen,
}, { $id: 'use.assess', ...closed });
export type UseAssess = Static<typeof UseAssess>;
export const UseRefuse = Type.Object({ use: Id('利用单'), reason: Words('理由'), seenVersion: Seen }, { $id: 'use.refuse', ...closed });
export type UseRefuse = Static<typeof UseRefuse>;
export const UseOpen = Type.Object({ use: Id('利用单') }, { $id: 'use.open', ...closed });
export type UseOpen = Static<typeof UseOpen>;
/** 结束阅览, or 办结 the request with what came of it. */
export const UseClose = Type.Object({ use: Id('利用单'), end: Type.Union([Type.Literal('session'), Type.Literal('request')], { description: '结束本次阅览、办结利用单' }), effect: Type.Optional(Words('利用效果', 500)) }, { $id: 'use.close', ...closed });
export type UseClose = Static<typeof UseClose>;
export const UseStatistics = Type.Object({ from: Day('起'), until: Day('止') }, { $id: 'use.statistics', ...closed });
export type UseStatistics = Static<typeof UseStatistics>;
