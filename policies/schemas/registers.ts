import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Words = Type.String({ minLength: 1 });
const Key = Type.String({ pattern: '^[a-z][A-Za-z0-9_-]*$' });
const Confidence = Type.Union([Type.Literal('V'), Type.Literal('K'), Type.Literal('P')]);

const Field = Type.Object({
  key: Key, label: Words,
  type: Type.Union(['text', 'long', 'date', 'year', 'amount', 'choice', 'choices'].map((one) => Type.Literal(one)), { description: '栏目种类' }),
  required: Type.Boolean(), max: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000 })), dictionary: Type.Optional(Key), hint: Type.Optional(Words),
  /** The name of an account may stand here: what the register says of that person counts for it. */
  account: Type.Optional(Type.Boolean()),
}, closed);
export type RegisterField = Static<typeof Field>;

/** One register: its columns, who keeps it, what it reminds of. */
const Kind = Type.Object({
  key: Key, name: Words, article: Words, source: Words, confidence: Confidence,
  prefix: Type.String({ pattern: '^[A-Z]{2,4}$' }),
  keepers: Type.Array(Words, { minItems: 1 }),
  /** Whoever may look at it; everybody with `register.list` where it is left out. */
  readers: Type.Optional(Type.Array(Words, { minItems: 1 })),
  /** At most one entry in force. */
  single: Type.Boolean(),
  columns: Type.Array(Key, { minItems: 1, maxItems: 6 }),
  fields: Type.Array(Field, { minItems: 1, maxItems: 20 }),
  reminders: Type.Array(Type.Object({ field: Key, name: Words, days: Type.Array(Type.Integer({ minimum: 0, maximum: 730 }), { minItems: 1 }) }, closed)),
}, closed);
export type RegisterKind = Static<typeof Kind>;

/** `policies/registers.json`: organisational registers as data. */
export const RegistersFile = Type.Object({
  version: Words, source: Type.Array(Words, { minItems: 1 }),
  responsibilityRequired: Type.Object({ roles: Type.Array(Key, { minItems: 1 }), article: Words, source: Words }, closed),
  trainingRequired: Type.Object({ duties: Type.Array(Words, { minItems: 1 }), validMonths: Type.Integer({ minimum: 1, maximum: 60 }), article: Words, source: Words }, closed),
  dictionaries: Type.Array(Type.Object({
    key: Key, name: Words, source: Words, confidence: Confidence, terms: Type.Array(Type.Object({ key: Words, label: Words }, closed), { minItems: 1 }),
  }, closed), { minItems: 1 }),
  kinds: Type.Array(Kind, { minItems: 1 }),
}, { $id: 'policies.registers', ...closed });
export type RegistersFile = Static<typeof RegistersFile>;

const Entry = Type.String({ format: 'uuid', description: '登记' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
/** Columns of the kind: texts and dates as text, amounts as numbers, 多选 as a list. Checked against the register's own fields. */
const Values = Type.Record(Key, Type.Union([Type.String({ maxLength: 2000 }), Type.Number({ minimum: 0, maximum: 1e12 }), Type.Array(Type.String({ maxLength: 40 }), { maxItems: 20 })]), { description: '栏目', maxProperties: 20 });
export type RegisterValues = Static<typeof Values>;

export const RegisterList = Type.Object({
  ...paging, kind: Type.Optional(Key), state: Type.Optional(Type.Union([Type.Literal('current'), Type.Literal('ended')], { description: '状态' })),
}, { $id: 'register.list', ...closed });
export type RegisterList = Static<typeof RegisterList>;

export const RegisterShow = Type.Object({ entry: Entry }, { $id: 'register.show', ...closed });
export type RegisterShow = Static<typeof RegisterShow>;

export const RegisterEnter = Type.Object({ kind: Key, values: Values }, { $id: 'register.enter', ...closed });
export type RegisterEnter = Static<typeof RegisterEnter>;

export const RegisterAmend = Type.Object({ entry: Entry, values: Values, seenVersion: Version }, { $id: 'register.amend', ...closed });
export type RegisterAmend = Static<typeof RegisterAmend>;

export const RegisterEnd = Type.Object({
  entry: Entry, on: Type.String({ format: 'date', description: '终止日期' }), reason: Type.String({ minLength: 2, maxLength: 300, description: '事由' }), seenVersion: Version,
}, { $id: 'register.end', ...closed });
export type RegisterEnd = Static<typeof RegisterEnd>;
