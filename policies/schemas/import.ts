import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const Import = Type.String({ format: 'uuid', description: '导入任务' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const closed = { additionalProperties: false };

export const ImportList = Type.Object({ ...paging }, { $id: 'import.list', ...closed });
export type ImportList = Static<typeof ImportList>;

export const ImportShow = Type.Object({ import: Import }, { $id: 'import.show', ...closed });
export type ImportShow = Static<typeof ImportShow>;

/** A package sent in as one file, or one that lies on a mounted medium. */
export const ImportBegin = Type.Object({
  fonds: Type.String({ pattern: '^[A-Z]\\d{3}$', description: '全宗' }),
  department: Type.String({ minLength: 1, maxLength: 40, description: '形成部门' }),
  /** Asked for always; the box says so itself, with the article. */
  offlineReason: Type.Optional(Type.String({ maxLength: 500, description: '离线原因' })),
  source: Type.Union([
    Type.Object({ kind: Type.Literal('file'), fileName: Type.String({ minLength: 1, maxLength: 1024, description: '包的文件名' }), bytes: Type.Integer({ minimum: 1, description: '字节数' }) }, closed),
    Type.Object({ kind: Type.Literal('medium'), place: Type.String({ minLength: 2, maxLength: 1024, description: '介质上的文件夹或文件' }) }, closed),
  ], { description: '来源' }),
}, { $id: 'import.begin', ...closed });
export type ImportBegin = Static<typeof ImportBegin>;

export const ImportUpload = Type.Object({ import: Import, offset: Type.Integer({ minimum: 0, description: '起点' }) }, { $id: 'import.upload', ...closed });
export type ImportUpload = Static<typeof ImportUpload>;

export const ImportTake = Type.Object({ import: Import, seenVersion: Version }, { $id: 'import.take', ...closed });
export type ImportTake = Static<typeof ImportTake>;

export const ImportAbandon = Type.Object({ import: Import, seenVersion: Version }, { $id: 'import.abandon', ...closed });
export type ImportAbandon = Static<typeof ImportAbandon>;
