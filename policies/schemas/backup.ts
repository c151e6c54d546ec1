import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Target = Type.String({ format: 'uuid', description: '备份目标编号' });

/** 备份: `policies/backup.json`. */
export const BackupFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  /** 网络文件系统: never a target; `fuse.sshfs` and the like by their full name. */
  networkFileSystems: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true }),
  /** From this level on, contents and keys together are carried out of the box by two people only. */
  twoPersonFromLevel: Type.Integer({ minimum: 0, maximum: 4 }),
}, closed);
export type BackupFile = Static<typeof BackupFile>;

export const BackupList = Type.Object({ ...paging }, { $id: 'backup.list', ...closed });
export type BackupList = Static<typeof BackupList>;

export const BackupRegisterTarget = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 60, description: '目标名称' }),
  path: Type.String({ minLength: 2, maxLength: 400, description: '目录的绝对路径' }),
}, { $id: 'backup.register-target', ...closed });
export type BackupRegisterTarget = Static<typeof BackupRegisterTarget>;

export const BackupRetireTarget = Type.Object({ target: Target }, { $id: 'backup.retire-target', ...closed });
export type BackupRetireTarget = Static<typeof BackupRetireTarget>;

export const BackupCreate = Type.Object({
  target: Target,
  keyTarget: Type.Optional(Type.String({ format: 'uuid', description: '密钥部分的备份目标' })),
}, { $id: 'backup.create', ...closed });
export type BackupCreate = Static<typeof BackupCreate>;

export const BackupVerify = Type.Object({ backup: Type.String({ format: 'uuid', description: '备份编号' }) }, { $id: 'backup.verify', ...closed });
export type BackupVerify = Static<typeof BackupVerify>;
