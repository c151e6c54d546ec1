import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1, description: '依据' });
const Id = (description: string) => Type.String({ format: 'uuid', description });
export const ScanMode = Type.Union([Type.Literal('bitonal'), Type.Literal('gray'), Type.Literal('color')], { description: '色彩模式' });
export type ScanMode = Static<typeof ScanMode>;

/** `policies/scans.json`: what a scanned page must be like, and how it is recognised. */
export const ScansFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }), source: Type.Array(Source, { minItems: 1 }),
  formats: Type.Array(Type.String(), { minItems: 1, uniqueItems: true }),
  dpi: Type.Object({ least: Type.Integer({ minimum: 50 }), recommended: Type.Integer({ minimum: 50 }), most: Type.Integer({ minimum: 50 }) }, closed),
  modes: Type.Array(Type.Object({ mode: ScanMode, bits: Type.Array(Type.Integer({ minimum: 1, maximum: 16 }), { minItems: 1 }), compressions: Type.Array(Type.String(), { minItems: 1 }) }, closed), { minItems: 3, maxItems: 3 }),
  /** Whether pages of one file may differ in their colour mode. */
  mixedModes: Type.Boolean(),
  limits: Type.Object({ bytes: Type.Integer({ minimum: 1 }), pages: Type.Integer({ minimum: 1 }) }, closed),
  ocr: Type.Object({
    languages: Type.Array(Type.String({ pattern: '^[a-z_]{3,20}$' }), { minItems: 1 }), dpi: Type.Integer({ minimum: 150, maximum: 600 }), secondsPerPage: Type.Integer({ minimum: 5, maximum: 600 }), memoryMebibytes: Type.Integer({ minimum: 256 }),
    attempts: Type.Integer({ minimum: 1, maximum: 10 }), leastConfidence: Type.Integer({ minimum: 0, maximum: 100, description: '低于此值提示校对' }), characters: Type.Integer({ minimum: 1000 }),
  }, closed),
}, { $id: 'policy.scans', ...closed });
export type ScansFile = Static<typeof ScansFile>;

export const ScanList = Type.Object({ batch: Type.Optional(Id('收集批次')), faulty: Type.Optional(Type.Boolean({ description: '只看有问题的' })), ...paging }, { $id: 'scan.list', ...closed });
export type ScanList = Static<typeof ScanList>;
/** 测量并著录 every scan of an open batch. */
export const ScanMeasure = Type.Object({ batch: Id('收集批次') }, { $id: 'scan.measure', ...closed });
export type ScanMeasure = Static<typeof ScanMeasure>;
/** 手工著录 of what the file does not say. */
export const ScanDescribe = Type.Object({
  record: Id('件'), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }), scanDpi: Type.Integer({ minimum: 1, maximum: 10_000, description: '扫描分辨率' }), scanColorMode: ScanMode,
  physicalCharacteristics: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: '数字化对象形态' })),
}, { $id: 'scan.describe', ...closed });
export type ScanDescribe = Static<typeof ScanDescribe>;
export const ScanRecognise = Type.Object({ files: Type.Array(Id('计算机文件'), { minItems: 1, maxItems: 500, uniqueItems: true }) }, { $id: 'scan.recognise', ...closed });
export type ScanRecognise = Static<typeof ScanRecognise>;
export const ScanText = Type.Object({ file: Id('计算机文件') }, { $id: 'scan.text', ...closed });
export type ScanText = Static<typeof ScanText>;
