import { Type, type Static } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;
const Source = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '依据' });
const Version = Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' });

/** 岗位 keys (domain/07 §4); `anyone` is every signed-in person and is never granted. */
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
  [Type.Literal('record'), Type.Literal('capture'), Type.Literal('classification'), Type.Literal('report')],
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
