import { Type, type Static } from '@sinclair/typebox';
import { paging } from './person.js';
import { Duty } from './secrecy.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 2, description: '依据' });

/** 处置: 只告知, 暂停该人会话, 停业务写入, 停止收集导入. */
export const Disposition = Type.Union(
  [Type.Literal('notify'), Type.Literal('pause-session'), Type.Literal('stop-writes'), Type.Literal('block-import')], { description: '处置' },
);
export type Disposition = Static<typeof Disposition>;

const Threshold = Type.Integer({ minimum: 1, maximum: 100_000, description: '达到几次' });
export const AlarmTrigger = Type.Union([
  Type.Object({
    kind: Type.Literal('entries'),
    results: Type.Array(Type.Union([Type.Literal('ok'), Type.Literal('refused'), Type.Literal('failed')]), { minItems: 1, description: '结果' }),
    actions: Type.Optional(Type.Array(Type.String({ minLength: 3 }), { minItems: 1, description: '操作' })),
    codes: Type.Optional(Type.Array(Type.String({ pattern: '^E_[A-Z_]+$' }), { minItems: 1, description: '真实原因码' })),
    distinct: Type.Optional(Type.Boolean({ description: '按不同客体计' })),
    threshold: Threshold,
    windowMinutes: Type.Integer({ minimum: 1, maximum: 1440, description: '时间窗,分钟' }),
  }, closed),
  Type.Object({ kind: Type.Literal('signal'), signal: Type.String({ pattern: '^[a-z]+(-[a-z]+)*$', description: '信号;没有来源的不启用' }) }, closed),
  Type.Object({ kind: Type.Literal('desk') }, { ...closed, description: '由到期台逐件提醒' }),
]);
export type AlarmTrigger = Static<typeof AlarmTrigger>;

export const AlarmRule = Type.Object({
  code: Type.String({ pattern: '^[AW]_[A-Z_]+$', description: '告警代码' }),
  severity: Type.Union([Type.Literal('notice'), Type.Literal('warning'), Type.Literal('critical')], { description: '轻重' }),
  per: Type.Union([Type.Literal('actor'), Type.Literal('record'), Type.Literal('box')], { description: '按何归并' }),
  disposition: Disposition,
  tell: Type.Array(Duty, { minItems: 1, uniqueItems: true, description: '告知岗位' }),
  triggers: Type.Array(AlarmTrigger, { minItems: 1 }),
  source: Source,
}, closed);
export type AlarmRule = Static<typeof AlarmRule>;

/** `policies/alarms.json` */
export const AlarmsFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '依据' }),
  clock: Type.Object({
    jitterSeconds: Type.Integer({ minimum: 0, maximum: 60, description: '容许回拨,秒' }),
    driftSeconds: Type.Integer({ minimum: 10, maximum: 3600, description: '与本机单调时钟相差多少即停,秒' }),
    offDays: Type.Integer({ minimum: 1, maximum: 3650, description: '停机多久须核对时间,天' }),
    source: Source,
  }, closed),
  storage: Type.Object({ warnPercent: Type.Integer({ minimum: 1, maximum: 99 }), stopPercent: Type.Integer({ minimum: 2, maximum: 100 }), source: Source }, closed),
  virusLibrary: Type.Object({ warnDays: Type.Integer({ minimum: 1, maximum: 365 }), stopDays: Type.Integer({ minimum: 1, maximum: 365 }), source: Source }, closed),
  exempt: Type.Array(Type.String({ pattern: '^[a-z]+$' }), { minItems: 1, uniqueItems: true, description: '停写期间仍可办理的能力' }),
  rules: Type.Array(AlarmRule, { minItems: 1 }),
}, { $id: 'policies.alarms', ...closed });
export type AlarmsFile = Static<typeof AlarmsFile>;

export const AlarmList = Type.Object({
  ...paging,
  state: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')], { description: '未处理 / 已处理' })),
}, { $id: 'alarm.list', ...closed });
export type AlarmList = Static<typeof AlarmList>;

const Opinion = Type.String({ minLength: 2, maxLength: 500, description: '核查意见' });
export const AlarmAcknowledge = Type.Object({
  alarm: Type.String({ format: 'uuid', description: '告警' }), opinion: Opinion, seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
}, { $id: 'alarm.acknowledge', ...closed });
export type AlarmAcknowledge = Static<typeof AlarmAcknowledge>;

/** 恢复写入: asked by the audit officer, signed by the other two. */
export const AlarmResume = Type.Object({ alarm: Type.String({ format: 'uuid', description: '告警' }), opinion: Opinion }, { $id: 'alarm.resume', ...closed });
export type AlarmResume = Static<typeof AlarmResume>;

/** 时间更正 */
export const ClockCorrect = Type.Object({
  trueTime: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?Z$', description: '标准时间,UTC' }), opinion: Opinion,
}, { $id: 'clock.correct', ...closed });
export type ClockCorrect = Static<typeof ClockCorrect>;
