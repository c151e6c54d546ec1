import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const Batch = Type.String({ format: 'uuid', description: '批次' });
const Record = Type.String({ format: 'uuid', description: '件' });
const File = Type.String({ format: 'uuid', description: '计算机文件' });
const Upload = Type.String({ format: 'uuid', description: '上传' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
export const Reason = Type.String({ minLength: 2, maxLength: 200, description: '事由' });

export const FileRole = Type.Union([
  Type.Literal('main'), Type.Literal('attachment'), Type.Literal('process_sheet'), Type.Literal('draft'), Type.Literal('final'), Type.Literal('annotation'),
], { description: '文件角色' });

/** `policies/capture.json`: limits of taking in. */
export const CaptureLimits = Type.Object({
  version: Type.String(), source: Type.String(),
  /** Largest computer file. */
  fileBytes: Type.Integer({ minimum: 1 }),
  /** Bytes that the console sends at a time; the box takes any multiple of `alignBytes`. */
  segmentBytes: Type.Integer({ minimum: 65536 }),
  filesPerBatch: Type.Integer({ minimum: 1 }),
  /** Uploads of one batch begun and not ended. */
  openUploads: Type.Integer({ minimum: 1 }),
  catalogueBytes: Type.Integer({ minimum: 1 }),
  catalogueRows: Type.Integer({ minimum: 1 }),
  /** Entries of an offline package. */
  packageEntries: Type.Integer({ minimum: 1 }),
  /** What an offline package may unpack to. */
  packageBytes: Type.Integer({ minimum: 1 }),
  /** Unpacked bytes per packed byte, past which an entry is a bomb. */
  packageRatio: Type.Integer({ minimum: 1 }),
  /** Items that are taken in together: one commit. */
  packageStep: Type.Integer({ minimum: 1 }),
  /** Records in one exported workbook; JSON Lines take as many as `exportRows`. */
  exportSheetRows: Type.Integer({ minimum: 1 }),
  exportRows: Type.Integer({ minimum: 1 }),
  /** Items in one exported package. */
  exportItems: Type.Integer({ minimum: 1 }),
  /** Content up to this size is examined as it arrives, from memory; larger is read back through its seal. */
  inMemoryBytes: Type.Integer({ minimum: 0 }),
  /** Largest file that signatures are taken out of; it is held in memory whole. */
  stripBytes: Type.Integer({ minimum: 1 }),
  /** 保留签名原件: keep the signed bytes sealed beside the result. False: what is archived carries no signature data (办法第十九条三款). */
  keepSignedOriginal: Type.Boolean(),
}, { $id: 'policy.capture', additionalProperties: false });
export type CaptureLimits = Static<typeof CaptureLimits>;

export const CaptureOpen = Type.Object({
  fonds: Type.String({ pattern: '^[A-Z]\\d{3}$', description: '全宗' }),
  department: Type.String({ minLength: 1, maxLength: 40, description: '形成部门' }),
  method: Type.Union([Type.Literal('offline_upload'), Type.Literal('offline_package_import'), Type.Literal('paper_scan')], { description: '归档方式' }),
  offlineReason: Type.Optional(Type.String({ minLength: 2, maxLength: 500, description: '离线原因' })),
}, { $id: 'capture.open', additionalProperties: false });
export type CaptureOpen = Static<typeof CaptureOpen>;

export const CaptureList = Type.Object({ ...paging }, { $id: 'capture.list', additionalProperties: false });
export type CaptureList = Static<typeof CaptureList>;

export const CaptureShow = Type.Object({
  batch: Batch, ...paging, state: Type.Optional(Type.String({ pattern: '^[a-z_]{1,30}$', description: '状态' })),
}, { $id: 'capture.show', additionalProperties: false });
export type CaptureShow = Static<typeof CaptureShow>;

export const CaptureBeginUpload = Type.Object({
  batch: Batch,
  fileName: Type.String({ minLength: 1, maxLength: 1024, description: '计算机文件名' }),
  bytes: Type.Integer({ minimum: 0, description: '字节数' }),
  /** Given: the file joins this record, or replaces one of its files. */
  record: Type.Optional(Record),
  role: Type.Optional(FileRole),
}, { $id: 'capture.begin-upload', additionalProperties: false });
export type CaptureBeginUpload = Static<typeof CaptureBeginUpload>;

export const CaptureUpload = Type.Object({
  upload: Upload,
  offset: Type.Integer({ minimum: 0, description: '起点' }),
}, { $id: 'capture.upload', additionalProperties: false });
export type CaptureUpload = Static<typeof CaptureUpload>;

export const CaptureUploads = Type.Object({ batch: Batch }, { $id: 'capture.uploads', additionalProperties: false });
export type CaptureUploads = Static<typeof CaptureUploads>;

export const CaptureCatalogue = Type.Object({
  batch: Batch,
  fileName: Type.String({ minLength: 1, maxLength: 255, description: '目录文件名' }),
  /** False: a dry run, nothing changes. */
  apply: Type.Optional(Type.Boolean({ description: '写入' })),
}, { $id: 'capture.catalogue', additionalProperties: false });
export type CaptureCatalogue = Static<typeof CaptureCatalogue>;

export const CaptureDeclare = Type.Object({
  batch: Batch, seenVersion: Version,
  counts: Type.Array(Type.Object({
    category: Type.String({ pattern: '^[A-Z]{2}$', description: '门类' }),
    archivalYear: Type.Integer({ minimum: 1900, maximum: 2999, description: '年度' }),
    retention: Type.String({ pattern: '^(Y|D\\d{1,3})$', description: '保管期限' }),
    items: Type.Integer({ minimum: 0, maximum: 1_000_000, description: '件数' }),
    metadata: Type.Integer({ minimum: 0, maximum: 1_000_000, description: '元数据数量' }),
  }, { additionalProperties: false }), { minItems: 1, maxItems: 500 }),
}, { $id: 'capture.declare', additionalProperties: false });
export type CaptureDeclare = Static<typeof CaptureDeclare>;

/** Puts files of one batch together as one item; records left without files are withdrawn. */
export const CaptureCompose = Type.Object({
  batch: Batch, record: Record, seenVersion: Version,
  files: Type.Array(Type.Object({ file: File, role: FileRole }, { additionalProperties: false }), { minItems: 1, maxItems: 200 }),
}, { $id: 'capture.compose', additionalProperties: false });
export type CaptureCompose = Static<typeof CaptureCompose>;

export const CaptureWithdraw = Type.Object({ record: Record, reason: Reason, seenVersion: Version }, { $id: 'capture.withdraw', additionalProperties: false });
export type CaptureWithdraw = Static<typeof CaptureWithdraw>;

export const SealStrip = Type.Object({ file: File }, { $id: 'seal.strip', additionalProperties: false });
export type SealStrip = Static<typeof SealStrip>;
