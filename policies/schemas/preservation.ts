import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1 });
const Months = Type.Integer({ minimum: 1, maximum: 120 });
const Rate = Type.Number({ exclusiveMinimum: 0, maximum: 1 });
const Text = (max: number, description: string) => Type.String({ minLength: 1, maxLength: max, description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Range = Type.Tuple([Type.Number(), Type.Number()]);
const Rule = Type.Object({ intervalMonths: Months, sampleRate: Rate, coverMonths: Months, leadDays: Type.Integer({ minimum: 0, maximum: 180 }), source: Source }, closed);

/** `policies/preservation.json`: 检测策略 (办法第三十条). */
export const PreservationFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Source, { minItems: 1 }),
  storage: Type.Object({ govCloudUpTo: Type.Integer({ minimum: 0, maximum: 1 }), source: Source }, closed),
  /** 固定性: each round looks at this share at least, and everything within `coverMonths`. */
  fixity: Rule,
  /** 可读性: opened and drawn. */
  readable: Type.Object({ ...Rule.properties, atMost: Type.Integer({ minimum: 1, maximum: 100_000 }), /** Formats that have a page view here: one that draws no page is not readable. */ views: Type.Array(Type.String({ minLength: 3 }), { minItems: 1 }) }, closed),
  environment: Type.Object({ intervalDays: Type.Integer({ minimum: 1, maximum: 31 }), temperature: Range, humidity: Range, source: Source }, closed),
  /** 介质: months by kind of carrier; a kind that is not named is not checked. */
  media: Type.Object({ months: Type.Record(Type.String(), Months), sampleRate: Rate, source: Source }, closed),
}, { $id: 'policies.preservation', ...closed });
export type PreservationFile = Static<typeof PreservationFile>;

export const RoundKind = Type.Union([Type.Literal('fixity'), Type.Literal('readable')], { description: '固定性或可读性' });
export type RoundKind = Static<typeof RoundKind>;

export const PreservationShow = Type.Object({}, { $id: 'preservation.show', ...closed });
export type PreservationShow = Static<typeof PreservationShow>;
export const PreservationStart = Type.Object({ kind: RoundKind, all: Type.Optional(Type.Boolean({ description: '全部检测,不按抽样' })) }, { $id: 'preservation.start', ...closed });
export type PreservationStart = Static<typeof PreservationStart>;
export const PreservationPause = Type.Object({ kind: RoundKind, on: Type.Boolean({ description: '真为暂停,假为继续' }) }, { $id: 'preservation.pause', ...closed });
export type PreservationPause = Static<typeof PreservationPause>;

export const PreservationCases = Type.Object({ ...paging, open: Type.Optional(Type.Boolean({ description: '只看未处置的' })) }, { $id: 'preservation.cases', ...closed });
export type PreservationCases = Static<typeof PreservationCases>;
export const PreservationHandle = Type.Object({
  case: Id('处置单'), handling: Type.Union([Type.Literal('restored'), Type.Literal('migrated'), Type.Literal('replaced'), Type.Literal('adjusted'), Type.Literal('no_fault')], { description: '处置方式' }),
  note: Text(500, '处置经过'), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
}, { $id: 'preservation.handle', ...closed });
export type PreservationHandle = Static<typeof PreservationHandle>;
export const PreservationMend = Type.Object({ case: Id('处置单'), backup: Id('备份编号'), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }) }, { $id: 'preservation.mend', ...closed });
export type PreservationMend = Static<typeof PreservationMend>;

export const PreservationLocations = Type.Object({}, { $id: 'preservation.locations', ...closed });
export type PreservationLocations = Static<typeof PreservationLocations>;
export const PreservationRegisterLocation = Type.Object({
  name: Text(80, '存储位置名称'), kind: Type.Union([Type.Literal('local_appliance'), Type.Literal('gov_cloud'), Type.Literal('other_cloud')], { description: '本机、电子政务云或其他云' }),
  level: Type.Integer({ minimum: 0, maximum: 4, description: '所存最高密级' }), responsibilityNo: Type.Optional(Text(80, '安全责任书编号')), responsibleUnit: Type.Optional(Text(80, '责任单位')),
}, { $id: 'preservation.register-location', ...closed });
export type PreservationRegisterLocation = Static<typeof PreservationRegisterLocation>;
export const PreservationRetireLocation = Type.Object({ location: Id('存储位置') }, { $id: 'preservation.retire-location', ...closed });
export type PreservationRetireLocation = Static<typeof PreservationRetireLocation>;

export const PreservationReadings = Type.Object({ ...paging }, { $id: 'preservation.readings', ...closed });
export type PreservationReadings = Static<typeof PreservationReadings>;
export const PreservationEnterReading = Type.Object({
  place: Text(60, '库房或机房'), temperature: Type.Number({ minimum: -40, maximum: 80, description: '温度,℃' }), humidity: Type.Number({ minimum: 0, maximum: 100, description: '相对湿度,%' }),
  takenAt: Type.String({ format: 'date-time', description: '读数时间' }),
}, { $id: 'preservation.enter-reading', ...closed });
export type PreservationEnterReading = Static<typeof PreservationEnterReading>;

export const PreservationMedia = Type.Object({ ...paging }, { $id: 'preservation.media', ...closed });
export type PreservationMedia = Static<typeof PreservationMedia>;
export const PreservationCheckMedium = Type.Object({
  carrier: Id('载体'), readable: Type.Boolean({ description: '能正常读取' }), sampled: Type.Integer({ minimum: 0, maximum: 1_000_000, description: '抽检份数' }), errors: Type.Integer({ minimum: 0, maximum: 1_000_000, description: '读出错误份数' }),
  appearance: Text(200, '外观'), on: Type.String({ format: 'date', description: '检测日期' }),
}, { $id: 'preservation.check-medium', ...closed });
export type PreservationCheckMedium = Static<typeof PreservationCheckMedium>;
