import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const Record = Type.String({ format: 'uuid', description: '件' });
const File = Type.String({ format: 'uuid', description: '计算机文件' });
const Day = Type.String({ format: 'date', description: '日期' });

export const RecordSearch = Type.Object({
  ...paging,
  q: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: '检索词' })),
  categoryCode: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: '门类' })),
  archivalYear: Type.Optional(Type.Integer({ minimum: 1900, maximum: 2999, description: '年度' })),
  retentionCode: Type.Optional(Type.String({ pattern: '^(Y|D\\d{1,3})$', description: '保管期限' })),
  fonds: Type.Optional(Type.String({ pattern: '^[A-Z]\\d{3}$', description: '全宗' })),
  department: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: '部门' })),
  level: Type.Optional(Type.Integer({ minimum: 0, maximum: 4, description: '密级' })),
  resourceType: Type.Optional(Type.Union([Type.Literal('born_digital'), Type.Literal('digitized')], { description: '资源类型:原生电子或数字化成果' })),
  codePrefix: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: '档号前缀' })),
  from: Type.Optional(Day), until: Type.Optional(Day),
  sort: Type.Optional(Type.Union([Type.Literal('newest'), Type.Literal('oldest'), Type.Literal('code')], { description: '排序' })),
}, { $id: 'record.search', additionalProperties: false });
export type RecordSearch = Static<typeof RecordSearch>;

export const RecordShow = Type.Object({ record: Record }, { $id: 'record.show', additionalProperties: false });
export type RecordShow = Static<typeof RecordShow>;

/** One page of one file as a picture, watermarked with who, when and the code that leads back to the ledger. */
export const RecordRead = Type.Object({
  file: File,
  page: Type.Integer({ minimum: 1, maximum: 100_000, description: '页' }),
  width: Type.Optional(Type.Integer({ minimum: 200, maximum: 2400, description: '像素宽' })),
}, { $id: 'record.read', additionalProperties: false });
export type RecordRead = Static<typeof RecordRead>;

export const RecordPages = Type.Object({ file: File }, { $id: 'record.pages', additionalProperties: false });
export type RecordPages = Static<typeof RecordPages>;

export const AccessExplain = Type.Object({
  act: Type.String({ pattern: '^[a-z]+\\.[a-z-]+$', maxLength: 60, description: '操作' }),
  record: Type.Optional(Record),
  batch: Type.Optional(Type.String({ format: 'uuid', description: '批次' })),
}, { $id: 'access.explain', additionalProperties: false });
export type AccessExplain = Static<typeof AccessExplain>;
