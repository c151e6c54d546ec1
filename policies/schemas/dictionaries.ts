import { Type, type Static } from '@sinclair/typebox';
import { Confidence } from './metadata.js';

const text = Type.String({ minLength: 1 });

/** One term of a value domain: `key` is stored, `label` is shown and exported, `aliases` are read on import. */
export const Term = Type.Object({
  key: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]*$' }),
  label: text,
  aliases: Type.Optional(Type.Array(text)),
  english: Type.Optional(text),
  group: Type.Optional(text),
  inverse: Type.Optional(text),
  statutory: Type.Optional(Type.Boolean()),
  /** 密级 only: its order, the value of DA/T 46, the code of GB/T 7156 and whether it is a state secret. */
  rank: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })),
  exported: Type.Optional(text),
  gb7156: Type.Optional(text),
  stateSecret: Type.Optional(Type.Boolean()),
}, { additionalProperties: false });
export type Term = Static<typeof Term>;

export const Dictionary = Type.Object({
  id: text,
  name: text,
  element: Type.Optional(text),
  source: text,
  confidence: Confidence,
  terms: Type.Array(Term, { minItems: 1 }),
}, { additionalProperties: false });
export type Dictionary = Static<typeof Dictionary>;

export const Dictionaries = Type.Object({
  id: Type.Literal('dictionaries'),
  version: text,
  title: text,
  source: text,
  dictionaries: Type.Array(Dictionary, { minItems: 1 }),
}, { additionalProperties: false, $id: 'policy.dictionaries' });
export type Dictionaries = Static<typeof Dictionaries>;
