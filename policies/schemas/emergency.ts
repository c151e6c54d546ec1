import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Emergency = Type.String({ format: 'uuid', description: '应急访问' });

export const EmergencyList = Type.Object({
  ...paging,
  state: Type.Optional(Type.Union([Type.Literal('active'), Type.Literal('unreviewed'), Type.Literal('ended')], { description: '状态' })),
}, { $id: 'emergency.list', ...closed });
export type EmergencyList = Static<typeof EmergencyList>;

/** 应急访问: named by 档号, since whoever asks may not know of the thing itself. Nothing is told of whether a number exists. */
export const EmergencyRequest = Type.Object({
  codes: Type.Array(Type.String({ minLength: 3, maxLength: 120, description: '档号' }), { minItems: 1, maxItems: 100, uniqueItems: true, description: '档号' }),
  hours: Type.Integer({ minimum: 1, maximum: 72, description: '时长,小时' }),
  reason: Type.String({ minLength: 4, maxLength: 300, description: '事由;不得写入题名、密点' }),
}, { $id: 'emergency.request', ...closed });
export type EmergencyRequest = Static<typeof EmergencyRequest>;

export const EmergencyEnd = Type.Object({ emergency: Emergency }, { $id: 'emergency.end', ...closed });
export type EmergencyEnd = Static<typeof EmergencyEnd>;

/** 事后核查: by 保密员 and 安全审计员, each once. */
export const EmergencyReview = Type.Object({ emergency: Emergency, opinion: Type.String({ minLength: 2, maxLength: 300, description: '核查意见' }) }, { $id: 'emergency.review', ...closed });
export type EmergencyReview = Static<typeof EmergencyReview>;
