import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { NoInput } from './session.js';

const closed = { additionalProperties: false } as const;
const Strength = Type.Object({
  minLength: Type.Integer({ minimum: 4, maximum: 128, description: '最短长度,字' }),
  minClasses: Type.Integer({ minimum: 1, maximum: 4, description: '小写、大写、数字、其他,至少几类' }),
  maxAgeDays: Type.Integer({ minimum: 1, maximum: 90, description: '更换周期,天' }),
}, closed);

export const PolicyShow = Type.Object({ ...NoInput.properties }, { $id: 'policy.show', ...closed });
export type PolicyShow = Static<typeof PolicyShow>;

/** 加严口令与会话策略包: settings not named stay as they are; none may become weaker. */
export const PolicyTighten = Type.Object({
  change: Type.Object({
    tokenRequired: Type.Optional(Type.Boolean({ description: '不得单用口令' })),
    terminalRequired: Type.Optional(Type.Boolean({ description: '只能在已登记终端登录' })),
    alone: Type.Optional(Strength),
    withToken: Type.Optional(Strength),
    historyDepth: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: '近几次口令不可复用' })),
    maxFailures: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, description: '连续失败几次锁定' })),
    lockMinutes: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 1440 }), Type.Null()], { description: '锁定时长,分钟;null 为须人工解锁' })),
    idleMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, description: '空闲重鉴别,分钟' })),
    absoluteMinutes: Type.Optional(Type.Integer({ minimum: 10, maximum: 1440, description: '会话绝对时限,分钟' })),
    unusedDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 365, description: '未登录停用,天' })),
  }, { ...closed, minProperties: 1, description: '改动' }),
  reason: Type.String({ minLength: 2, maxLength: 200, description: '事由' }),
  /** 0: the shipped pack. */
  seenVersion: Type.Integer({ minimum: 0, description: '页面上所见的版本' }),
}, { $id: 'policy.tighten', ...closed });
export type PolicyTighten = Static<typeof PolicyTighten>;
