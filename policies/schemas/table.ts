import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Text = (max: number, description: string, min = 1) => Type.String({ minLength: min, maxLength: max, description });
const Table = Type.String({ format: 'uuid', description: '版本' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Kind = Type.Union([Type.Literal('scheme'), Type.Literal('scope'), Type.Literal('retention')], { description: '分类方案、归档范围、保管期限表' });
const Label = Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z._-]{0,29}$', description: '版本号' });

export const TableList = Type.Object({}, { $id: 'table.list', ...closed });
export type TableList = Static<typeof TableList>;
export const TableShow = Type.Object({ table: Table }, { $id: 'table.show', ...closed });
export type TableShow = Static<typeof TableShow>;
/** Two versions of one table; without `against`, the one in force. */
export const TableCompare = Type.Object({ table: Table, against: Type.Optional(Table) }, { $id: 'table.compare', ...closed });
export type TableCompare = Static<typeof TableCompare>;
/** JSON of the whole table, or XLSX of its lines with the rest as it is in force. */
export const TableImport = Type.Object({ kind: Kind, fileName: Text(255, '文件名'), label: Type.Optional(Label), source: Type.Optional(Text(500, '来源与依据', 2)) }, { $id: 'table.import', ...closed });
export type TableImport = Static<typeof TableImport>;
export const TableRehearse = Type.Object({ table: Table, seenVersion: Version }, { $id: 'table.rehearse', ...closed });
export type TableRehearse = Static<typeof TableRehearse>;
export const TableEffects = Type.Object({
  table: Table, ...paging,
  effect: Type.Optional(Type.Union(['gone', 'category', 'short', 'differs', 'outside', 'inside', 'period', 'class', 'org', 'levels'].map((key) => Type.Literal(key)), { description: '变化' })),
  filed: Type.Optional(Type.Boolean({ description: '已归档的' })),
}, { $id: 'table.effects', ...closed });
export type TableEffects = Static<typeof TableEffects>;
/** 登记审核: the number under which the archives authority agreed, and the day from which the version counts (档案法实施条例(2024)第十九条). */
export const TableApprove = Type.Object({
  table: Table, approvalNo: Text(60, '审核文号', 2), approvedBy: Text(100, '审核机关', 2), approvedOn: Type.String({ format: 'date', description: '审核日期' }), effectiveFrom: Type.String({ format: 'date', description: '生效日期' }), seenVersion: Version,
}, { $id: 'table.approve', ...closed });
export type TableApprove = Static<typeof TableApprove>;
export const TableWithdraw = Type.Object({ table: Table, reason: Text(200, '事由', 2), seenVersion: Version }, { $id: 'table.withdraw', ...closed });
export type TableWithdraw = Static<typeof TableWithdraw>;
export const TableExport = Type.Object({ table: Table, form: Type.Union([Type.Literal('json'), Type.Literal('xlsx')], { description: '格式' }), against: Type.Optional(Table) }, { $id: 'table.export', ...closed });
export type TableExport = Static<typeof TableExport>;
