import { Type, type Static } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;
const Source = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '依据' });
const Version = Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' });

/** 岗位 keys; `anyone` is every signed-in person and is never granted. */
export const Duty = Type.Union([
  Type.Literal('sysadmin'), Type.Literal('secadmin'), Type.Literal('auditadmin'),
  Type.Literal('officer'), Type.Literal('class_authority'), Type.Literal('custodian'), Type.Literal('archivist'),
  Type.Literal('unit_head'), Type.Literal('repository'), Type.Literal('proposer'), Type.Literal('inspector'), Type.Literal('reader'),
  Type.Literal('anyone'),
], { description: '岗位' });
export type Duty = Static<typeof Duty>;

/** `policies/duties.json` */
export const DutiesFile = Type.Object({
  version: Version,
  source: Source,
  duties: Type.Array(Type.Object({
    key: Duty,
    name: Type.String({ minLength: 1 }),
    kind: Type.Union([Type.Literal('box'), Type.Literal('business'), Type.Literal('implicit')], { description: '三员 / 业务 / 不授予' }),
    summary: Type.String({ minLength: 1 }),
  }, closed), { minItems: 1 }),
}, { $id: 'policies.duties', ...closed });
export type DutiesFile = Static<typeof DutiesFile>;
export type DutyRow = DutiesFile['duties'][number];

const ActName = Type.String({ pattern: '^[a-z]+\\.[a-z]+(-[a-z]+)*$', description: 'capability.verb' });
const ObjectKind = Type.Union(
  [Type.Literal('record'), Type.Literal('capture'), Type.Literal('classification'), Type.Literal('report'), Type.Literal('accession'), Type.Literal('carrier'), Type.Literal('transfer'), Type.Literal('output'), Type.Literal('use'), Type.Literal('compilation'), Type.Literal('disposal'), Type.Literal('conversion'), Type.Literal('destruction')],
  { description: '客体种类' },
);
export type ObjectKind = Static<typeof ObjectKind>;

/** `policies/acts.json` */
export const ActsFile = Type.Object({
  version: Version,
  source: Source,
  shownBy: Type.Record(ObjectKind, ActName, { additionalProperties: false, description: '能办此事者方知该客体存在' }),
  acts: Type.Array(Type.Object({
    act: ActName,
    name: Type.String({ minLength: 1, description: '中文名称' }),
    object: Type.Union([Type.Literal('none'), ObjectKind], { description: '客体种类;none 表示无客体' }),
    many: Type.Boolean({ description: '清单类,由过滤条件限定' }),
    write: Type.Boolean({ description: '检查员不得办理' }),
    twoPerson: Type.Boolean({ description: '拟定人不得办理' }),
  }, closed), { minItems: 1 }),
}, { $id: 'policies.acts', ...closed });
export type ActsFile = Static<typeof ActsFile>;
export type ActRow = ActsFile['acts'][number];

const CalendarDate = Type.String({ format: 'date', description: '日期,如 2026-06-30' });
const Secret = Type.Union([Type.Literal(2), Type.Literal(3), Type.Literal(4)], { description: '秘密、机密、绝密' });

/** 保密期限 (国家秘密定密管理规定(2014)第二十二条); `unstated`: the mark gives none, so the cap of the level runs. */
export const Term = Type.Union([
  Type.Object({
    kind: Type.Literal('duration'),
    years: Type.Integer({ minimum: 0, maximum: 100, description: '年' }),
    months: Type.Integer({ minimum: 0, maximum: 1200, description: '月' }),
    days: Type.Integer({ minimum: 0, maximum: 36600, description: '日' }),
  }, { ...closed, description: '保密期限' }),
  Type.Object({ kind: Type.Literal('date'), on: CalendarDate }, { ...closed, description: '解密时间' }),
  Type.Object({
    kind: Type.Literal('condition'),
    condition: Type.String({ minLength: 2, maxLength: 100, description: '解密条件,须明确、具体' }),
    metOn: Type.Union([CalendarDate, Type.Null()], { description: '条件成就日' }),
  }, { ...closed, description: '解密条件' }),
  Type.Object({ kind: Type.Literal('long_term') }, { ...closed, description: '长期' }),
  Type.Object({ kind: Type.Literal('unstated') }, { ...closed, description: '未标明' }),
], { description: '保密期限' });
export type Term = Static<typeof Term>;

export const DeriveReason = Type.Union(
  [Type.Literal('identical'), Type.Literal('touches_point'), Type.Literal('derived_content'), Type.Literal('required_by_origin')],
  { description: '派生定密情形' },
);
export type DeriveReason = Static<typeof DeriveReason>;
export const ChangeReason = Type.Union(
  [Type.Literal('basis_changed'), Type.Literal('harm_changed'), Type.Literal('superior')],
  { description: '变更理由' },
);
export type ChangeReason = Static<typeof ChangeReason>;

const Named = <T extends typeof DeriveReason | typeof ChangeReason>(key: T) =>
  Type.Array(Type.Object({ key, name: Type.String({ minLength: 1 }) }, closed), { minItems: 1 });

/** `policies/marking.json` */
export const MarkingFile = Type.Object({
  version: Version,
  source: Source,
  caps: Type.Array(Type.Object({
    level: Secret, maxYears: Type.Integer({ minimum: 1, maximum: 30, description: '年' }), source: Type.String({ minLength: 1 }),
  }, closed), { minItems: 3, maxItems: 3 }),
  expiry: Type.Object({
    convention: Type.Union([Type.Literal('inclusive'), Type.Literal('exclusive')], { description: '届满日是否仍保密' }),
    needsConfirmation: Type.Literal(true, { description: '到期须由责任人确认' }),
    remindDays: Type.Array(Type.Integer({ minimum: 0, maximum: 3660 }), { minItems: 1, description: '提前提醒天数' }),
    source: Type.String({ minLength: 1 }),
  }, closed),
  review: Type.Object({ everyMonths: Type.Integer({ minimum: 1, maximum: 12 }), transferWithinMonths: Type.Integer({ minimum: 1, maximum: 12 }), source: Type.String({ minLength: 1 }) }, closed),
  temporary: Type.Object({ reportWithinWorkingDays: Type.Integer({ minimum: 1, maximum: 10 }), beyondWithinWorkingDays: Type.Integer({ minimum: 1, maximum: 10, description: '超权限的,立即报' }), source: Type.String({ minLength: 1 }) }, closed),
  mark: Type.Object({
    separator: Type.Literal('★'),
    separatorVariants: Type.Array(Type.String({ minLength: 1 })),
    longTerm: Type.String({ minLength: 1 }),
    internal: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    source: Type.String({ minLength: 1 }),
  }, closed),
  deriveReasons: Named(DeriveReason),
  changeReasons: Named(ChangeReason),
}, { $id: 'policies.marking', ...closed });
export type MarkingFile = Static<typeof MarkingFile>;

/** 定密责任人 (实施条例(2024)第十四条), as a box keeps its list. */
export const ClassAuthority = Type.Object({
  person: Type.String({ minLength: 1, description: '人员编号' }),
  kind: Type.Union([Type.Literal('statutory'), Type.Literal('designated')], { description: '法定 / 指定' }),
  maxLevel: Secret,
  matterScope: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '可定密的事项条目,* 为全部' }),
  grantedBy: Type.String({ minLength: 1 }),
  grantedOn: CalendarDate,
  expiresOn: Type.Union([CalendarDate, Type.Null()], { description: '截止日,含当日' }),
  trainedOn: Type.Union([CalendarDate, Type.Null()], { description: '定密培训日期' }),
}, { $id: 'classification.authority', ...closed });
export type ClassAuthority = Static<typeof ClassAuthority>;

/** 本单位原始定密权限: `null` where the unit has none and no authorisation. 保密法(2024)第十七条;实施条例(2024)第十六条。 */
export const UnitAuthority = Type.Object({
  org: Type.String({ minLength: 1, description: '本单位' }),
  maxOriginalLevel: Type.Union([Secret, Type.Null()], { description: '原始定密最高密级' }),
  source: Type.String({ minLength: 1, description: '法定权限或授权文号' }),
}, { $id: 'classification.unit', ...closed });
export type UnitAuthority = Static<typeof UnitAuthority>;

const PasswordStrength = Type.Object({
  minLength: Type.Integer({ minimum: 4, maximum: 128, description: '最短长度,字' }),
  minClasses: Type.Integer({ minimum: 1, maximum: 4, description: '小写、大写、数字、其他,至少几类' }),
  maxAgeDays: Type.Integer({ minimum: 1, maximum: 90, description: '更换周期,天' }),
}, closed);

/** 口令与会话策略包, one per system level. */
export const PasswordPack = Type.Object({
  systemLevel: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3), Type.Literal(4)], { description: '系统等级;1 为非涉密' }),
  name: Type.String({ minLength: 1 }),
  tokenRequired: Type.Boolean({ description: '不得单用口令' }),
  terminalRequired: Type.Boolean({ description: '只能在已登记终端登录;自第一台终端核定起生效,演练环境不要求' }),
  alone: PasswordStrength,
  withToken: PasswordStrength,
  historyDepth: Type.Integer({ minimum: 1, maximum: 50, description: '近几次口令不可复用' }),
  maxFailures: Type.Integer({ minimum: 1, maximum: 10, description: '连续失败几次锁定' }),
  lockMinutes: Type.Union([Type.Integer({ minimum: 1, maximum: 1440 }), Type.Null()], { description: '锁定时长,分钟;null 为须人工解锁' }),
  idleMinutes: Type.Integer({ minimum: 1, maximum: 60, description: '空闲重鉴别,分钟' }),
  absoluteMinutes: Type.Integer({ minimum: 10, maximum: 1440, description: '会话绝对时限,分钟' }),
  unusedDays: Type.Integer({ minimum: 1, maximum: 365, description: '未登录停用,天' }),
}, { $id: 'policies.password-pack', ...closed });
export type PasswordPack = Static<typeof PasswordPack>;

const { $id: _pack, ...Pack } = PasswordPack;
/** `policies/passwords.json` */
export const PasswordsFile = Type.Object({
  version: Version,
  source: Source,
  packs: Type.Array(Type.Unsafe<PasswordPack>(Pack), { minItems: 4, maxItems: 4 }),
}, { $id: 'policies.passwords', ...closed });
export type PasswordsFile = Static<typeof PasswordsFile>;
