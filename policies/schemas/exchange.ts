import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const closed = { additionalProperties: false };
/** What is exported: of what the person may see, only what is no state secret. */
const selection = {
  batch: Type.Optional(Type.String({ format: 'uuid', description: '批次' })),
  records: Type.Optional(Type.Array(Type.String({ format: 'uuid' }), { minItems: 1, maxItems: 1000, uniqueItems: true, description: '件' })),
  fonds: Type.Optional(Type.String({ pattern: '^[A-Z]\\d{3}$', description: '全宗' })),
  archivalYear: Type.Optional(Type.Integer({ minimum: 1900, maximum: 2999, description: '年度' })),
  categoryCode: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: '门类' })),
  retentionCode: Type.Optional(Type.String({ pattern: '^(Y|D\\d{1,3})$', description: '保管期限' })),
};

export const ExchangeMetadata = Type.Object({
  format: Type.Union([Type.Literal('xlsx'), Type.Literal('jsonl')], { description: '格式' }), ...selection,
}, { $id: 'exchange.metadata', ...closed });
export type ExchangeMetadata = Static<typeof ExchangeMetadata>;

export const ExchangePackage = Type.Object({
  form: Type.Union([Type.Literal('bagit'), Type.Literal('eep'), Type.Literal('filing')], { description: '包的形式' }), ...selection,
}, { $id: 'exchange.package', ...closed });
export type ExchangePackage = Static<typeof ExchangePackage>;
