import { Type, type Static } from '@sinclair/typebox';

/** 阶段: cap 捕获, arr 整理, fil 归档, tra 移交. An element once required stays required. */
export const Stage = Type.Union([Type.Literal('cap'), Type.Literal('arr'), Type.Literal('fil'), Type.Literal('tra')]);
export type Stage = Static<typeof Stage>;

/** 可信度: V checked against a public text, K general knowledge, P the product's choice. */
export const Confidence = Type.Union([Type.Literal('V'), Type.Literal('K'), Type.Literal('P')]);
export type Confidence = Static<typeof Confidence>;

const text = Type.String({ minLength: 1 });
const Place = Type.Union([
  Type.Literal('record'), Type.Literal('digitalObject'), Type.Literal('digitization'), Type.Literal('signature'), Type.Literal('storage'),
  Type.Literal('rights'), Type.Literal('agent'), Type.Literal('event'), Type.Literal('relation'), Type.Literal('group'),
]);

/** One row of the scheme: an element of DA/T 46 (`code` M1–M88) or a field of ours (`code` is `-`). */
export const MetadataElement = Type.Object({
  code: Type.String({ pattern: '^(M[1-9]\\d?|-)$' }),
  name: text,
  english: text,
  /** JSON key in the record. */
  key: Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }),
  place: Place,
  /** 约束性: M 必选, C 条件选, O 可选. */
  obligation: Type.Union([Type.Literal('M'), Type.Literal('C'), Type.Literal('O')]),
  kind: Type.Union([
    Type.Literal('container'), Type.Literal('text'), Type.Literal('term'), Type.Literal('integer'), Type.Literal('boolean'), Type.Literal('level'),
    Type.Literal('date'), Type.Literal('dateOrSpan'), Type.Literal('instant'), Type.Literal('id'), Type.Literal('digest'),
  ]),
  /** Where the value rests: a structural column, the sealed description, a register (全宗登记), or nowhere (a container). */
  home: Type.Union([Type.Literal('column'), Type.Literal('sealed'), Type.Literal('register'), Type.Literal('none')]),
  repeatable: Type.Optional(Type.Boolean()),
  maxLength: Type.Optional(Type.Integer({ minimum: 1 })),
  maxItems: Type.Optional(Type.Integer({ minimum: 1 })),
  minimum: Type.Optional(Type.Integer()),
  maximum: Type.Optional(Type.Integer()),
  pattern: Type.Optional(text),
  /** Usual shape; another one gives `W_META_PATTERN`, never a refusal. */
  usual: Type.Optional(text),
  dictionary: Type.Optional(text),
  requiredFrom: Type.Optional(Stage),
  /** Goes into the blind search index. */
  search: Type.Optional(Type.Boolean()),
  /** Only for these 门类. */
  categories: Type.Optional(Type.Array(text, { minItems: 1 })),
  note: Type.Optional(text),
  confidence: Confidence,
  source: text,
}, { additionalProperties: false });
export type MetadataElement = Static<typeof MetadataElement>;

const closed = { additionalProperties: false };
const When = Type.Object({ key: text, in: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Integer()]), { minItems: 1 })), present: Type.Optional(Type.Literal(true)) }, closed);

/** 条件必填: when all of `when` hold, from the stage on, what must or must not be there. */
export const MetadataCondition = Type.Object({
  id: text,
  from: Stage,
  when: Type.Array(When, { minItems: 1 }),
  /** Only for these 单位性质. */
  orgTypes: Type.Optional(Type.Array(text, { minItems: 1 })),
  /** Keys, or `place.key` for a key inside a group. */
  require: Type.Optional(Type.Array(text, { minItems: 1 })),
  requireEach: Type.Optional(Type.Object({ list: text, keys: Type.Array(text, { minItems: 1 }) }, closed)),
  eachAnyOf: Type.Optional(Type.Object({ list: text, facts: Type.Array(Type.Object({ key: text, value: Type.Boolean() }, closed), { minItems: 1 }) }, closed)),
  mustNotContain: Type.Optional(Type.Object({ key: text, text }, closed)),
  says: text,
  article: Type.Integer({ minimum: 1 }),
  source: text,
  confidence: Confidence,
}, closed);
export type MetadataCondition = Static<typeof MetadataCondition>;

export const MetadataScheme = Type.Object({
  id: Type.Literal('metadata'),
  version: text,
  title: text,
  source: text,
  notes: Type.Array(text),
  places: Type.Array(Type.Object({ place: Place, name: text, key: Type.Optional(text), repeatable: Type.Boolean(), requiredFrom: Type.Optional(Stage) }, closed)),
  elements: Type.Array(MetadataElement),
  fields: Type.Array(MetadataElement),
  conditions: Type.Array(MetadataCondition),
}, { ...closed, $id: 'policy.metadata' });
export type MetadataScheme = Static<typeof MetadataScheme>;
