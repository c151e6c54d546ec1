import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { Description } from './description.js';
import { paging } from './person.js';

const Batch = Type.String({ format: 'uuid', description: '批次' });
const Day = Type.String({ format: 'date', description: '日期' });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const ArrangementList = Type.Object({
  batch: Batch, ...paging, state: Type.Optional(Type.String({ pattern: '^[a-z_]{1,30}$', description: '状态' })),
}, { $id: 'arrangement.list', additionalProperties: false });
export type ArrangementList = Static<typeof ArrangementList>;

/** Structural fields of the grid; `null` empties one. */
export const ArrangementFacts = Type.Object({
  categoryCode: Type.Optional(nullable(Type.String({ pattern: '^[A-Z]{2}$', description: '门类' }))),
  archivalYear: Type.Optional(nullable(Type.Integer({ minimum: 1900, maximum: 2999, description: '年度' }))),
  retentionCode: Type.Optional(nullable(Type.String({ pattern: '^(Y|D[1-9]\\d{0,2})$', description: '保管期限' }))),
  scheduleItemId: Type.Optional(nullable(Type.String({ pattern: '^\\d+(\\.\\d+)*$', description: '保管期限表条目' }))),
  orgOrFunction: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 12, description: '机构（问题）' }))),
  documentDate: Type.Optional(nullable(Day)),
  completedOn: Type.Optional(nullable(Day)),
}, { additionalProperties: false });
export type ArrangementFacts = Static<typeof ArrangementFacts>;

/** One changed row: only the fields that changed. The description's keys are those of `description`. */
export const ArrangementRow = Type.Object({
  record: Type.String({ format: 'uuid', description: '件' }),
  seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
  facts: Type.Optional(ArrangementFacts),
  description: Type.Optional(Type.Partial(Type.Omit(Description, ['parentId'], { additionalProperties: false }), { additionalProperties: false })),
}, { additionalProperties: false });
export type ArrangementRow = Static<typeof ArrangementRow>;

/** All rows or none. */
export const ArrangementSave = Type.Object({
  batch: Batch, rows: Type.Array(ArrangementRow, { minItems: 1, maxItems: 500 }),
}, { $id: 'arrangement.save', additionalProperties: false });
export type ArrangementSave = Static<typeof ArrangementSave>;

export const ArrangementPreview = Type.Object({ batch: Batch }, { $id: 'arrangement.preview', additionalProperties: false });
export type ArrangementPreview = Static<typeof ArrangementPreview>;

export const FilingReconcile = Type.Object({ batch: Batch }, { $id: 'filing.reconcile', additionalProperties: false });
export type FilingReconcile = Static<typeof FilingReconcile>;

export const FilingFile = Type.Object({
  batch: Batch,
  seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
  /** 逾期原因, where any item is past its filing deadline (办法第二十条). */
  overdueReason: Type.Optional(Type.String({ minLength: 2, maxLength: 500, description: '逾期原因' })),
}, { $id: 'filing.file', additionalProperties: false });
export type FilingFile = Static<typeof FilingFile>;

export const FilingReturn = Type.Object({
  batch: Batch,
  records: Type.Array(Type.Object({
    record: Type.String({ format: 'uuid', description: '件' }),
    reasons: Type.Array(Type.Object({
      /** Of a test item or the catalogue: it is entered in the ledger, where no free text may stand. */
      code: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]{1,39}$', description: '检测项或代码' }),
      message: Type.String({ minLength: 2, maxLength: 200, description: '退回原因' }),
    }, { additionalProperties: false }), { minItems: 1, maxItems: 20 }),
  }, { additionalProperties: false }), { minItems: 1, maxItems: 200 }),
}, { $id: 'filing.return', additionalProperties: false });
export type FilingReturn = Static<typeof FilingReturn>;

/** 作废重编: what was wrong about the record's place in the sequences, and why. */
export const FilingRenumber = Type.Object({
  record: Type.String({ format: 'uuid', description: '件' }),
  facts: Type.Object({
    archivalYear: Type.Optional(Type.Integer({ minimum: 1900, maximum: 9999, description: '归属年度' })),
    scheduleItemId: Type.Optional(Type.String({ minLength: 1, maxLength: 20, description: '保管期限表条目' })),
    retentionCode: Type.Optional(Type.String({ pattern: '^(Y|D[1-9]\\d{0,2})$', description: '保管期限' })),
    orgOrFunction: Type.Optional(Type.String({ pattern: '^[A-Z0-9]{1,20}$', description: '机构（问题）' })),
  }, { additionalProperties: false, minProperties: 1 }),
  reason: Type.String({ minLength: 2, maxLength: 300, description: '作废原因' }),
  seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
}, { $id: 'filing.renumber', additionalProperties: false });
export type FilingRenumber = Static<typeof FilingRenumber>;

export const FilingVoided = Type.Object({ ...paging }, { $id: 'filing.voided', additionalProperties: false });
export type FilingVoided = Static<typeof FilingVoided>;

export const InspectionRun = Type.Object({ batch: Batch }, { $id: 'inspection.run', additionalProperties: false });
export type InspectionRun = Static<typeof InspectionRun>;

export const InspectionShow = Type.Object({ batch: Batch, run: Type.Optional(Type.Integer({ minimum: 1, description: '第几次检测' })) }, { $id: 'inspection.show', additionalProperties: false });
export type InspectionShow = Static<typeof InspectionShow>;

/** 批量整理: the same values into many rows. A row that somebody else changed since is left alone and named. */
export const ArrangementSet = Type.Object({
  batch: Batch,
  rows: Type.Array(Type.Object({ record: Type.String({ format: 'uuid', description: '件' }), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }) }, { additionalProperties: false }), { minItems: 1, maxItems: 1000 }),
  facts: Type.Optional(ArrangementFacts),
  description: Type.Optional(ArrangementRow.properties.description),
}, { $id: 'arrangement.set', additionalProperties: false });
export type ArrangementSet = Static<typeof ArrangementSet>;

export const ArrangementChanges = Type.Object({ batch: Batch }, { $id: 'arrangement.changes', additionalProperties: false });
export type ArrangementChanges = Static<typeof ArrangementChanges>;

export const ArrangementUndo = Type.Object({ change: Type.String({ format: 'uuid', description: '哪一次整理' }) }, { $id: 'arrangement.undo', additionalProperties: false });
export type ArrangementUndo = Static<typeof ArrangementUndo>;

const PackVersion = Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$', description: '规则包版本' });
/** The records as they stand, by another version of the rules; kept as a run of its own. */
export const InspectionRerun = Type.Object({ batch: Batch, pack: PackVersion }, { $id: 'inspection.rerun', additionalProperties: false });
export type InspectionRerun = Static<typeof InspectionRerun>;

export const InspectionCompare = Type.Object({
  batch: Batch, left: Type.Integer({ minimum: 1, description: '第几次检测' }), right: Type.Integer({ minimum: 1, description: '第几次检测' }),
}, { $id: 'inspection.compare', additionalProperties: false });
export type InspectionCompare = Static<typeof InspectionCompare>;
