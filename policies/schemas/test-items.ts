import { Type, type Static } from '@sinclair/typebox';
import { FourNature } from './inspection.js';

export const TestStage = Type.Union([
  Type.Literal('filing', { description: '归档' }), Type.Literal('transfer', { description: '移交与接收' }),
  Type.Literal('preservation', { description: '长期保存' }), Type.Literal('conversion', { description: '转换、迁移之后' }),
]);
export type TestStage = Static<typeof TestStage>;

export const TestLevel = Type.Union([
  Type.Literal('mandatory', { description: '必检，不通过即不合格' }),
  Type.Literal('advisory', { description: '告警' }),
  Type.Literal('manual', { description: '人工确认' }),
]);
export type TestLevel = Static<typeof TestLevel>;

/** 检测项: one numbered row of DA/T 70-2018 (GD, YJ), of preservation (CQ), of conversion (ZH), or one of the 办法 itself (KM). */
export const TestItem = Type.Object({
  code: Type.String({ pattern: '^((GD|CQ|ZH)-[1-4]-\\d+|KM-\\d{2})$' }),
  /** The number of the same item at 移交与接收; null where there is none of its own. */
  transferCode: Type.Union([Type.String({ pattern: '^YJ-[1-4]-\\d+$' }), Type.Null()]),
  name: Type.String({ minLength: 2 }),
  property: FourNature,
  stages: Type.Array(TestStage, { minItems: 1 }),
  level: TestLevel,
  /** V verified against a source, K trade knowledge, P decided by this product. */
  confidence: Type.Union([Type.Literal('V'), Type.Literal('K'), Type.Literal('P')]),
  /** Key of the check in core/four-natures. */
  method: Type.String({ pattern: '^[a-z][a-zA-Z]+$' }),
  /** `medium`: asked only of what came on a carrier (载体); otherwise it does not apply. */
  about: Type.Optional(Type.Literal('medium')),
  article: Type.String({ pattern: '^第' }),
  /** What the officer does about a failure, Chinese. */
  fix: Type.String({ minLength: 4 }),
}, { additionalProperties: false });
export type TestItem = Static<typeof TestItem>;

export const TestItems = Type.Object({
  version: Type.String(),
  source: Type.String(),
  limits: Type.Object({
    /** 保密期限上限, whole years by 密级序 (2 秘密, 3 机密, 4 绝密). 保密法实施条例; see domain table of secrecy. */
    secrecyYears: Type.Record(Type.String({ pattern: '^[234]$' }), Type.Integer({ minimum: 1 })),
    /** Days a virus library may be old. */
    virusLibraryDays: Type.Integer({ minimum: 1 }),
    /** Largest sum of bytes of one record. */
    recordBytes: Type.Integer({ minimum: 1 }),
    /** Slowest sequential reading of a medium, bytes per second. */
    readBytesPerSecond: Type.Integer({ minimum: 1 }),
    /** Least share of the text of a file that its converted copy must have, and of its pixels: 0 to 1. */
    textAlike: Type.Number({ minimum: 0, maximum: 1 }),
    imageAlike: Type.Number({ minimum: 0, maximum: 1 }),
    /** Months between two trials of restoring, and between two looks at the environment. */
    drillMonths: Type.Integer({ minimum: 1 }),
    environmentMonths: Type.Integer({ minimum: 1 }),
  }, { additionalProperties: false }),
  items: Type.Array(TestItem, { minItems: 1 }),
}, { $id: 'policy.test-items', additionalProperties: false });
export type TestItems = Static<typeof TestItems>;
