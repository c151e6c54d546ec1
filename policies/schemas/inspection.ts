import { Type, type Static } from '@sinclair/typebox';

/** 四性, in the order every report lists them. */
export const FourNature = Type.Union([
  Type.Literal('authenticity', { description: '真实性' }),
  Type.Literal('integrity', { description: '完整性' }),
  Type.Literal('usability', { description: '可用性' }),
  Type.Literal('security', { description: '安全性' }),
]);
export type FourNature = Static<typeof FourNature>;

export const Severity = Type.Union([Type.Literal('reject'), Type.Literal('warn'), Type.Literal('note')]);
export type Severity = Static<typeof Severity>;

export const Verdict = Type.Union([Type.Literal('accept'), Type.Literal('warn'), Type.Literal('reject')]);
export type Verdict = Static<typeof Verdict>;

/** One rule of `policies/observations.json`: what an observation means for a file offered as a record. */
export const ObservationRow = Type.Object({
  code: Type.String({ pattern: '^(GD|YJ|CQ|KM)-[0-9-]+$', description: '检测项编号, a row of test-items.json' }),
  property: FourNature,
  severity: Severity,
  message: Type.String({ minLength: 4, description: 'Chinese, says what to do next; {evidence} and {convertTo} are filled in' }),
  article: Type.String({ pattern: '^第', description: '办法条款' }),
  /** Facts whose own finding this one stands for, being more exact. */
  covers: Type.Optional(Type.Array(Type.String())),
}, { additionalProperties: false });
export type ObservationRow = Static<typeof ObservationRow>;

export const ObservationTable = Type.Object({
  source: Type.String(),
  /** The finding each measured fact gives by itself, unless an observation of the same code says it better. */
  facts: Type.Record(Type.String({ pattern: '^[a-zA-Z-]+$' }), ObservationRow),
  observations: Type.Record(Type.String({ pattern: '^[a-z0-9]+\\.[a-z0-9-]+$' }), ObservationRow),
}, { $id: 'policy.observations', additionalProperties: false });
export type ObservationTable = Static<typeof ObservationTable>;

/** One format of `policies/formats.json` and what 归档 makes of it. */
export const FormatRow = Type.Object({
  mime: Type.String({ pattern: '^[a-z]+/[a-zA-Z0-9.+-]+$' }),
  name: Type.String({ minLength: 1 }),
  puid: Type.Union([Type.String({ pattern: '^(x-)?fmt/\\d+$' }), Type.Null()]),
  extensions: Type.Array(Type.String({ pattern: '^[a-z0-9]+$' })),
  policy: Verdict,
  convertTo: Type.Union([Type.String(), Type.Null()]),
  source: Type.String({ description: '依据' }),
}, { additionalProperties: false });
export type FormatRow = Static<typeof FormatRow>;

export const FormatTable = Type.Object({
  source: Type.String(),
  formats: Type.Array(FormatRow, { minItems: 1 }),
}, { $id: 'policy.formats', additionalProperties: false });
export type FormatTable = Static<typeof FormatTable>;

const Tristate = Type.Union([Type.Boolean(), Type.Null()]);

/** 检测发现 */
export const Finding = Type.Object({
  code: Type.String(),
  property: FourNature,
  severity: Severity,
  message: Type.String(),
  article: Type.String(),
}, { additionalProperties: false });
export type Finding = Static<typeof Finding>;

/** One file of `inspect --json`: a contract that stays stable (design §8). */
export const FileInspection = Type.Object({
  path: Type.String(),
  bytes: Type.Integer({ minimum: 0 }),
  sm3: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  format: Type.Object({
    mime: Type.String(),
    name: Type.String(),
    version: Type.Union([Type.String(), Type.Null()]),
    puid: Type.Union([Type.String(), Type.Null()]),
  }, { additionalProperties: false }),
  facts: Type.Object({
    encrypted: Tristate,
    compressed: Tristate,
    signed: Tristate,
    sealImage: Tristate,
    activeContent: Tristate,
    extensionMismatch: Tristate,
    valid: Tristate,
    pages: Type.Optional(Type.Integer({ minimum: 0 })),
  }, { additionalProperties: false }),
  verdict: Verdict,
  findings: Type.Array(Finding),
}, { $id: 'inspection.file', additionalProperties: false });
export type FileInspection = Static<typeof FileInspection>;
