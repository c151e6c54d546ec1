import { Type, type Static } from '@sinclair/typebox';
import { Confidence } from './metadata.js';

const closed = { additionalProperties: false };
const text = Type.String({ minLength: 1 });

export const CatalogueColumn = Type.Object({
  /** A key of `metadata.json`, or one of ours: `rowNumber`, `attachments`. */
  key: text,
  /** Headers that mean it; the code of DA/T 46 and the key itself are read as well. */
  headers: Type.Array(text, { minItems: 1 }),
  /** Known and left aside. */
  ignored: Type.Optional(Type.Literal(true)),
}, closed);
export type CatalogueColumn = Static<typeof CatalogueColumn>;

/** 离线目录列对照: how offices head their columns, and how large a catalogue may be. */
export const CatalogueColumns = Type.Object({
  id: Type.Literal('catalogue-columns'), version: text, title: text, source: text, confidence: Confidence,
  /** The header is looked for in so many rows from the top. */
  headerRows: Type.Integer({ minimum: 1 }),
  /** A header row has at least so many known columns, 题名 among them. */
  minHeaders: Type.Integer({ minimum: 1 }),
  listSeparators: text,
  totalWords: Type.Array(text),
  limits: Type.Object({
    bytes: Type.Integer({ minimum: 1 }), unpackedBytes: Type.Integer({ minimum: 1 }), rows: Type.Integer({ minimum: 1 }), columns: Type.Integer({ minimum: 1 }),
    cellCharacters: Type.Integer({ minimum: 1 }),
  }, closed),
  columns: Type.Array(CatalogueColumn, { minItems: 1 }),
}, { ...closed, $id: 'policy.catalogue-columns' });
export type CatalogueColumns = Static<typeof CatalogueColumns>;
