import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1, description: '依据' });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Mime = Type.String({ pattern: '^[a-z]+/[A-Za-z0-9.+-]+$', description: '格式' });
const Key = Type.String({ pattern: '^[a-z][a-z0-9-]{1,40}$' });

export const FormatRisk = Type.Union([Type.Literal('low'), Type.Literal('medium'), Type.Literal('high')], { description: '格式风险' });
export type FormatRisk = Static<typeof FormatRisk>;
const FormatAction = Type.Union([Type.Literal('keep'), Type.Literal('watch'), Type.Literal('convert'), Type.Literal('review')], { description: '处置' });

export const ConverterRow = Type.Object({
  key: Key, name: Type.String({ minLength: 2 }), tool: Type.Union([Type.Literal('libreoffice'), Type.Literal('sharp'), Type.Literal('builtin')]),
  /** `current`: takes the place of the original once it was reviewed. `derived`: lies beside it. */
  effect: Type.Union([Type.Literal('current'), Type.Literal('derived')]),
  compare: Type.Union([Type.Literal('text'), Type.Literal('exact-text'), Type.Literal('pixels'), Type.Literal('lossy-pixels'), Type.Literal('pages'), Type.Literal('none')]),
  from: Type.Array(Mime, { minItems: 1, uniqueItems: true }),
  /** Empty `mime` and `extension`: those of the source. `format`: what the name of the format as identified must match. */
  to: Type.Object({ mime: Type.String(), extension: Type.String(), format: Type.String() }, closed),
  source: Source,
}, closed);
export type ConverterRow = Static<typeof ConverterRow>;

export const RegisterRow = Type.Object({
  mime: Mime, format: Type.Optional(Type.String({ description: '格式名称须符合' })), risk: FormatRisk, action: FormatAction, why: Type.String({ minLength: 2 }), converter: Type.Union([Key, Type.Null()]), source: Source,
}, closed);
export type RegisterRow = Static<typeof RegisterRow>;

/** `policies/conversion.json`: converters, what is compared afterwards, and 格式风险登记. */
export const ConversionFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }), source: Type.Array(Source, { minItems: 1 }),
  limits: Type.Object({
    bytes: Type.Integer({ minimum: 1_000_000 }), seconds: Type.Integer({ minimum: 5, maximum: 3600 }), memoryMebibytes: Type.Integer({ minimum: 256 }), items: Type.Integer({ minimum: 1, maximum: 100_000 }), attempts: Type.Integer({ minimum: 1, maximum: 10 }),
  }, closed),
  approvalHours: Type.Integer({ minimum: 1, maximum: 720 }),
  risks: Type.Array(Type.Object({ key: Key, name: Type.String({ minLength: 2 }) }, closed), { minItems: 1 }),
  /** Likelihood × impact from which a measure is asked for. */
  measureFrom: Type.Integer({ minimum: 1, maximum: 9 }),
  /** Least share of the text that is found again; greatest mean difference of samples, of 255. */
  compare: Type.Object({ textRecall: Type.Number({ minimum: 0.5, maximum: 1 }), pixelMean: Type.Number({ minimum: 0, maximum: 16 }), lossyPixelMean: Type.Number({ minimum: 0, maximum: 32 }) }, closed),
  converters: Type.Array(ConverterRow, { minItems: 1 }),
  pageWidthPixels: Type.Integer({ minimum: 600, maximum: 4000 }),
  register: Type.Array(RegisterRow, { minItems: 1 }),
  unlisted: Type.Object({ risk: FormatRisk, action: FormatAction, why: Type.String({ minLength: 2 }) }, closed),
}, { $id: 'policy.conversion', ...closed });
export type ConversionFile = Static<typeof ConversionFile>;

export const ConversionFormats = Type.Object({}, { $id: 'conversion.formats', ...closed });
export type ConversionFormats = Static<typeof ConversionFormats>;

/** Holdings of one format, to choose from. */
export const ConversionFiles = Type.Object({ mime: Mime, format: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: '格式名称' })), level: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })), ...paging }, { $id: 'conversion.files', ...closed });
export type ConversionFiles = Static<typeof ConversionFiles>;

export const ConversionList = Type.Object({ ...paging, state: Type.Optional(Type.String({ pattern: '^[a-z_]{1,20}$', description: '状态' })) }, { $id: 'conversion.list', ...closed });
export type ConversionList = Static<typeof ConversionList>;
export const ConversionShow = Type.Object({ conversion: Id('转换个案'), ...paging }, { $id: 'conversion.show', ...closed });
export type ConversionShow = Static<typeof ConversionShow>;

const Assessed = Type.Object({
  risk: Key, likelihood: Type.Integer({ minimum: 1, maximum: 3, description: '可能性' }), impact: Type.Integer({ minimum: 1, maximum: 3, description: '影响' }), measure: Type.String({ maxLength: 500, description: '防范措施' }),
}, closed);
const Words = { need: Type.String({ maxLength: 2000, description: '需求分析' }), risks: Type.Array(Assessed, { maxItems: 20 }) };

/** 拟定: files of records at the level of the session. */
export const ConversionDraft = Type.Object({ converter: Key, files: Type.Array(Id('计算机文件'), { minItems: 1, maxItems: 10_000, uniqueItems: true }), ...Words }, { $id: 'conversion.draft', ...closed });
export type ConversionDraft = Static<typeof ConversionDraft>;
export const ConversionSave = Type.Object({ conversion: Id('转换个案'), seenVersion: Version, ...Words }, { $id: 'conversion.save', ...closed });
export type ConversionSave = Static<typeof ConversionSave>;
export const ConversionAsk = Type.Object({ conversion: Id('转换个案'), seenVersion: Version }, { $id: 'conversion.ask', ...closed });
export type ConversionAsk = Static<typeof ConversionAsk>;
export const ConversionStart = Type.Object({ conversion: Id('转换个案'), seenVersion: Version }, { $id: 'conversion.start', ...closed });
export type ConversionStart = Static<typeof ConversionStart>;
export const ConversionPause = Type.Object({ conversion: Id('转换个案'), seenVersion: Version }, { $id: 'conversion.pause', ...closed });
export type ConversionPause = Static<typeof ConversionPause>;
const Reason = Type.String({ minLength: 2, maxLength: 500, description: '意见或事由' });
export const ConversionAdopt = Type.Object({ conversion: Id('转换个案'), opinion: Reason, seenVersion: Version }, { $id: 'conversion.adopt', ...closed });
export type ConversionAdopt = Static<typeof ConversionAdopt>;
export const ConversionRollBack = Type.Object({ conversion: Id('转换个案'), reason: Reason, seenVersion: Version }, { $id: 'conversion.roll-back', ...closed });
export type ConversionRollBack = Static<typeof ConversionRollBack>;
export const ConversionCancel = Type.Object({ conversion: Id('转换个案'), reason: Reason, seenVersion: Version }, { $id: 'conversion.cancel', ...closed });
export type ConversionCancel = Static<typeof ConversionCancel>;
export const ConversionPrint = Type.Object({ conversion: Id('转换个案') }, { $id: 'conversion.print', ...closed });
export type ConversionPrint = Static<typeof ConversionPrint>;
