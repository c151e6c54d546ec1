import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Target = Type.String({ format: 'uuid', description: '备份目标编号' });

const Days = Type.Integer({ minimum: 1, maximum: 366 });
const Text = (max: number, description: string) => Type.String({ minLength: 1, maxLength: max, description });
const Day = (description: string) => Type.String({ format: 'date', description });

/** 第二十八条:磁、光、缩微三类介质. */
export const MediumType = Type.Union([Type.Literal('magnetic'), Type.Literal('optical'), Type.Literal('microfilm')], { description: '介质类别:磁、光、缩微胶片' });
export type MediumType = Static<typeof MediumType>;
export const BackupKind = Type.Union([Type.Literal('full'), Type.Literal('incremental')], { description: '完全或增量' });
export type BackupKind = Static<typeof BackupKind>;

/** 备份: `policies/backup.json`. */
export const BackupFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  /** 网络文件系统: never a target; `fuse.sshfs` and the like by their full name. */
  networkFileSystems: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true }),
  /** From this level on, contents and keys together are carried out of the box by two people only. */
  twoPersonFromLevel: Type.Integer({ minimum: 0, maximum: 4 }),
  /** 备份方案: what a plan may not fall short of. */
  plan: Type.Object({
    fullDaysAtMost: Days, incrementalDaysAtMost: Days, drillDaysAtMost: Days, setsAtLeast: Type.Integer({ minimum: 1, maximum: 9 }),
    /** A backup or drill this many days past its day is overdue. */
    graceDays: Type.Integer({ minimum: 0, maximum: 31 }), source: Type.String({ minLength: 1 }),
  }, closed),
  /** 恢复演练: objects opened and held against the live box, and how many of them at most. */
  drill: Type.Object({ sampleRate: Type.Number({ exclusiveMinimum: 0, maximum: 1 }), sampleAtMost: Type.Integer({ minimum: 1, maximum: 100_000 }), source: Type.String({ minLength: 1 }) }, closed),
  /** 异地: from this level on, the place has been looked at by the secrecy department. */
  offsite: Type.Object({ reviewFromLevel: Type.Integer({ minimum: 0, maximum: 4 }), reviewMonthsAtMost: Type.Integer({ minimum: 1, maximum: 120 }), source: Type.String({ minLength: 1 }) }, closed),
}, closed);
export type BackupFile = Static<typeof BackupFile>;

export const BackupList = Type.Object({ ...paging }, { $id: 'backup.list', ...closed });
export type BackupList = Static<typeof BackupList>;

export const BackupRegisterTarget = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 60, description: '目标名称' }),
  path: Type.String({ minLength: 2, maxLength: 400, description: '目录的绝对路径' }),
  mediumType: Type.Optional(MediumType),
  carrierNo: Type.Optional(Text(60, '已登记载体的编号')),
}, { $id: 'backup.register-target', ...closed });
export type BackupRegisterTarget = Static<typeof BackupRegisterTarget>;

export const BackupRetireTarget = Type.Object({ target: Target }, { $id: 'backup.retire-target', ...closed });
export type BackupRetireTarget = Static<typeof BackupRetireTarget>;

export const BackupCreate = Type.Object({
  target: Target,
  keyTarget: Type.Optional(Type.String({ format: 'uuid', description: '密钥部分的备份目标' })),
  kind: Type.Optional(BackupKind),
}, { $id: 'backup.create', ...closed });
export type BackupCreate = Static<typeof BackupCreate>;

export const BackupVerify = Type.Object({ backup: Type.String({ format: 'uuid', description: '备份编号' }) }, { $id: 'backup.verify', ...closed });
export type BackupVerify = Static<typeof BackupVerify>;

/** 一套: where one set of the plan goes. */
export const PlanSet = Type.Object({ target: Target, keyTarget: Type.String({ format: 'uuid', description: '密钥部分的备份目标' }) }, closed);
export type PlanSet = Static<typeof PlanSet>;

export const BackupPlans = Type.Object({}, { $id: 'backup.plans', ...closed });
export type BackupPlans = Static<typeof BackupPlans>;

export const BackupPlan = Type.Object({
  name: Text(80, '方案名称'),
  approvalNo: Text(80, '批准文号'),
  effectiveOn: Day('生效日期'),
  fullDays: Type.Integer({ minimum: 1, maximum: 366, description: '完全备份间隔,天' }),
  incrementalDays: Type.Integer({ minimum: 1, maximum: 366, description: '增量备份间隔,天' }),
  hour: Type.Integer({ minimum: 0, maximum: 23, description: '开始的整点,北京时间' }),
  drillDays: Type.Integer({ minimum: 1, maximum: 366, description: '恢复演练间隔,天' }),
  sets: Type.Array(PlanSet, { minItems: 1, maxItems: 9, description: '各套的内容与密钥目标' }),
}, { $id: 'backup.plan', ...closed });
export type BackupPlan = Static<typeof BackupPlan>;

export const BackupDrill = Type.Object({ backup: Type.String({ format: 'uuid', description: '备份编号' }) }, { $id: 'backup.drill', ...closed });
export type BackupDrill = Static<typeof BackupDrill>;

export const BackupDrills = Type.Object({ ...paging }, { $id: 'backup.drills', ...closed });
export type BackupDrills = Static<typeof BackupDrills>;

export const BackupDrillReport = Type.Object({ drill: Type.String({ format: 'uuid', description: '演练编号' }), file: Type.Optional(Type.Union([Type.Literal('pdf'), Type.Literal('zip')], { description: '表样或整套文件' })) }, { $id: 'backup.drill-report', ...closed });
export type BackupDrillReport = Static<typeof BackupDrillReport>;

export const BackupOffsites = Type.Object({ ...paging }, { $id: 'backup.offsites', ...closed });
export type BackupOffsites = Static<typeof BackupOffsites>;

export const BackupRegisterOffsite = Type.Object({
  backup: Type.String({ format: 'uuid', description: '备份编号' }),
  place: Text(120, '存放单位和地点'),
  kilometres: Type.Integer({ minimum: 0, maximum: 20_000, description: '与本地的距离,公里' }),
  mediumType: MediumType,
  mediumNo: Text(60, '介质编号'),
  keeper: Text(60, '保管责任人'),
  sentOn: Day('送存日期'),
  review: Type.Optional(Type.Object({ no: Text(80, '保密审核文号'), by: Text(80, '审核部门'), on: Day('审核日期'), until: Day('有效期至') }, closed)),
}, { $id: 'backup.register-offsite', ...closed });
export type BackupRegisterOffsite = Static<typeof BackupRegisterOffsite>;

export const BackupEndOffsite = Type.Object({
  offsite: Type.String({ format: 'uuid', description: '异地副本编号' }), outcome: Type.Union([Type.Literal('returned'), Type.Literal('destroyed')], { description: '收回或销毁' }),
  on: Day('日期'), note: Text(300, '经办与凭证'), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }),
}, { $id: 'backup.end-offsite', ...closed });
export type BackupEndOffsite = Static<typeof BackupEndOffsite>;
