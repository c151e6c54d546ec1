import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Words = Type.String({ minLength: 1 });

export const ReportKind = Type.Union([Type.Literal('R07'), Type.Literal('R08'), Type.Literal('R09'), Type.Literal('R11'), Type.Literal('R13'), Type.Literal('R15'), Type.Literal('R17'), Type.Literal('R22'), Type.Literal('R23'), Type.Literal('R24')], { description: '报表' });
export type ReportKind = Static<typeof ReportKind>;

/** One column: its key in the rows, the Chinese heading, its share of the width. */
export const ReportColumn = Type.Object({
  key: Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }),
  heading: Words,
  width: Type.Number({ exclusiveMinimum: 0, maximum: 20, description: '占行宽的份数' }),
  align: Type.Optional(Type.Union([Type.Literal('left'), Type.Literal('right')])),
  /** `titles`: only where titles were asked for; `level`: only where the report stands at the level of what it speaks of. */
  when: Type.Optional(Type.Union([Type.Literal('titles'), Type.Literal('level')])),
}, closed);
export type ReportColumn = Static<typeof ReportColumn>;

const PlannedTable = Type.Object({
  key: Words, heading: Words, source: Words,
  /** False: in JSON and CSV only; a batch of thousands has tens of thousands of single results. */
  print: Type.Boolean(),
  newPage: Type.Optional(Type.Boolean()),
  columns: Type.Array(ReportColumn, { minItems: 1, maxItems: 20 }),
}, closed);

/** 报表目录: `policies/reports.json`. */
export const ReportsPolicy = Type.Object({
  version: Words,
  source: Words,
  /** 不列题名的报表的密级: it names codes and numbers and may circulate below what it speaks of. */
  withoutTitlesLevel: Type.Integer({ minimum: 0, maximum: 4 }),
  resultOrder: Type.Array(Words, { minItems: 1 }),
  reports: Type.Array(Type.Object({
    kind: ReportKind, key: Type.String({ pattern: '^[A-Z_]+$' }), act: Type.String({ pattern: '^report\\.[a-z-]+$' }), title: Words,
    orientation: Type.Union([Type.Literal('portrait'), Type.Literal('landscape')]), source: Words,
    signatures: Type.Array(Words, { maxItems: 4 }), notes: Type.Array(Words), tables: Type.Array(PlannedTable, { minItems: 1 }),
  }, closed), { minItems: 1 }),
}, closed);
export type ReportsPolicy = Static<typeof ReportsPolicy>;
export type PlannedReport = ReportsPolicy['reports'][number];

const Value = Type.Union([Type.String({ maxLength: 4000 }), Type.Number(), Type.Null()]);
export const ReportRow = Type.Record(Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }), Value);
export type ReportRow = Static<typeof ReportRow>;

const FactsSection = Type.Object({
  type: Type.Literal('facts'), heading: Words,
  items: Type.Array(Type.Object({ label: Words, value: Type.String({ maxLength: 1000 }) }, closed), { minItems: 1, maxItems: 60 }),
}, closed);

const TableSection = Type.Object({
  type: Type.Literal('table'), key: Words, heading: Words, source: Words, print: Type.Boolean(), newPage: Type.Boolean(),
  columns: Type.Array(ReportColumn, { minItems: 1 }),
  rows: Type.Array(ReportRow),
  /** What stands in the table when it has no rows. */
  empty: Words,
}, closed);
export type TableSection = Static<typeof TableSection>;

const Instant = Type.String({ format: 'date-time' });

/** 报表数据: what every view (PDF, CSV) is drawn from, and nothing else. Format version 1: appliance/reports/report-format.md. */
export const ReportDocument = Type.Object({
  format: Type.Literal('shouzang-report'),
  version: Type.Literal(1),
  kind: ReportKind,
  key: Words,
  reportNo: Type.String({ pattern: '^R\\d{2}-\\d{8}-(\\d{4}|\\d{8})$', description: '报表号' }),
  title: Words,
  unit: Words,
  box: Words,
  generatedAt: Instant,
  /** Person id, or `system`; the account stands beside it for the eye. */
  generatedBy: Type.Object({ person: Words, account: Type.String() }, closed),
  level: Type.Integer({ minimum: 0, maximum: 4 }),
  /** Banner text: `机密★20年`, `内部`, `公开`. */
  mark: Words,
  titles: Type.Boolean({ description: '是否列题名' }),
  systemLevel: Type.Integer({ minimum: 0, maximum: 4 }),
  rehearsal: Type.Boolean(),
  orientation: Type.Union([Type.Literal('portrait'), Type.Literal('landscape')]),
  source: Words,
  policyVersion: Words,
  filters: Type.Array(Type.Object({ label: Words, value: Words }, closed)),
  conclusion: Type.Union([Type.Null(), Type.Object({ text: Words, tone: Type.Union([Type.Literal('good'), Type.Literal('warn'), Type.Literal('bad')]) }, closed)]),
  sections: Type.Array(Type.Union([FactsSection, TableSection]), { minItems: 1 }),
  notes: Type.Array(Words),
  signatures: Type.Array(Words),
  /** Signed checkpoint of the ledger right before the report, whole. */
  checkpoint: Type.String({ minLength: 80, maxLength: 2000 }),
}, closed);
export type ReportDocument = Static<typeof ReportDocument>;
export type ReportSection = ReportDocument['sections'][number];

const Report = Type.String({ format: 'uuid', description: '报表' });

export const ReportCreate = Type.Object({
  kind: ReportKind,
  /** R08: the test by its number, or the batch and which of its runs (the last unless said). */
  reportNo: Type.Optional(Type.String({ pattern: '^4P-[a-z]+-\\d{8}-(\\d{4}|\\d{8})$', description: '检测编号' })),
  batch: Type.Optional(Type.String({ format: 'uuid', description: '批次' })),
  run: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: '第几次检测' })),
  /** R08: another run of the batch to hold it against. */
  against: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: '对比第几次检测' })),
  titles: Type.Optional(Type.Boolean({ description: '列出题名' })),
  /** R22, R23: fonds and year, category and period where one wants less. */
  fonds: Type.Optional(Type.String({ pattern: '^[A-Z0-9]{1,10}$', description: '全宗' })),
  archivalYear: Type.Optional(Type.Integer({ minimum: 1900, maximum: 9999, description: '归属年度' })),
  category: Type.Optional(Type.String({ pattern: '^[A-Z0-9·-]{1,20}$', description: '门类' })),
  retention: Type.Optional(Type.String({ pattern: '^(Y|D[1-9]\\d{0,2})$', description: '保管期限' })),
  /** R07: the 移交批次. */
  transfer: Type.Optional(Type.String({ format: 'uuid', description: '移交批次' })),
  /** R24: the record by its 档号. */
  archivalCode: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: '档号' })),
  /** R15: the 鉴定批次 it is about. */
  appraisal: Type.Optional(Type.String({ format: 'uuid', description: '鉴定批次' })),
}, { $id: 'report.create', ...closed });
export type ReportCreate = Static<typeof ReportCreate>;

export const ReportList = Type.Object({ ...paging, kind: Type.Optional(ReportKind) }, { $id: 'report.list', ...closed });
export type ReportList = Static<typeof ReportList>;

export const ReportShow = Type.Object({ report: Report }, { $id: 'report.show', ...closed });
export type ReportShow = Static<typeof ReportShow>;

/** `sig` is the signature over the PDF; `zip` is the whole set. */
export const ReportRead = Type.Object({
  report: Report,
  format: Type.Union(
    ['pdf', 'csv', 'json', 'sig', 'pdf.sig', 'csv.sig', 'json.sig', 'manifest', 'manifest.sig', 'pem', 'zip'].map((one) => Type.Literal(one)), { description: '文件' },
  ),
}, { $id: 'report.read', ...closed });
export type ReportRead = Static<typeof ReportRead>;
