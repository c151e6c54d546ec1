import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 2, description: '依据' });
const Years = Type.Integer({ minimum: 1, maximum: 30, description: '年' });

export const Category = Type.Union([Type.Literal('core'), Type.Literal('important'), Type.Literal('general')], { description: '涉密人员分类' });
export type Category = Static<typeof Category>;

/** `policies/people.json` */
export const PeopleFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: '依据' }),
  categories: Type.Array(Type.Object({
    key: Category, name: Type.String({ minLength: 2 }),
    maxLevel: Type.Union([Type.Literal(2), Type.Literal(3), Type.Literal(4)], { description: '对应最高密级' }),
    coolOffYears: Type.Object({ min: Years, max: Years }, closed),
  }, closed), { minItems: 3, maxItems: 3 }),
  clearance: Type.Object({ maxYears: Years, source: Source }, closed),
  grants: Type.Object({ officerMaxYears: Years, businessMaxYears: Years, source: Source }, closed),
  training: Type.Object({ hoursPerYear: Type.Integer({ minimum: 1, maximum: 200, description: '学时' }), source: Source }, closed),
  emergency: Type.Object({ maxHours: Type.Integer({ minimum: 1, maximum: 72, description: '小时' }), maxRecords: Type.Integer({ minimum: 1, maximum: 100, description: '件' }), source: Source }, closed),
  withoutOfficers: Type.Object({ capabilities: Type.Array(Type.String({ pattern: '^[a-z]+$' }), { uniqueItems: true }), source: Source }, closed),
}, { $id: 'policies.people', ...closed });
export type PeopleFile = Static<typeof PeopleFile>;

const Id = Type.String({ format: 'uuid', description: '人员编号' });
const Day = Type.String({ format: 'date', description: '日期' });
const Reason = Type.String({ minLength: 2, maxLength: 200, description: '事由' });
const Version = Type.Integer({ minimum: 0, description: '页面上所见的版本;0 为尚未登记' });
const Number = Type.String({ minLength: 1, maxLength: 60, description: '编号' });

export const PersonnelList = Type.Object({
  ...paging,
  state: Type.Optional(Type.Union([Type.Literal('in_post'), Type.Literal('cooling'), Type.Literal('released')], { description: '状态' })),
}, { $id: 'personnel.list', ...closed });
export type PersonnelList = Static<typeof PersonnelList>;

export const PersonnelShow = Type.Object({ person: Id }, { $id: 'personnel.show', ...closed });
export type PersonnelShow = Static<typeof PersonnelShow>;

/** 上岗审查与保密承诺: without it no clearance for state secrets is given. */
export const PersonnelEnter = Type.Object({
  person: Id, category: Category,
  reviewedOn: Day, reviewNo: Number, reviewedBy: Type.String({ minLength: 2, maxLength: 60, description: '审查单位' }),
  committedOn: Day, commitmentNo: Number, seenVersion: Version,
}, { $id: 'personnel.enter', ...closed });
export type PersonnelEnter = Static<typeof PersonnelEnter>;

/** 教育培训, 重大事项报告, 复审, 因私出国(境). */
export const PersonnelNote = Type.Object({
  person: Id,
  kind: Type.Union([Type.Literal('training'), Type.Literal('major_matter'), Type.Literal('review'), Type.Literal('abroad')], { description: '登记种类' }),
  on: Day,
  hours: Type.Optional(Type.Number({ minimum: 0.5, maximum: 200, multipleOf: 0.5, description: '学时' })),
  text: Type.String({ minLength: 2, maxLength: 500, description: '内容' }),
}, { $id: 'personnel.note', ...closed });
export type PersonnelNote = Static<typeof PersonnelNote>;

/** 离岗: everything ends at once. `coolOffYears` within the category's range, by default the longest. */
export const PersonnelLeave = Type.Object({
  person: Id, reason: Reason, leftOn: Day,
  coolOffYears: Type.Optional(Years), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的账号版本' }),
}, { $id: 'personnel.leave', ...closed });
export type PersonnelLeave = Static<typeof PersonnelLeave>;

/** 清退: one item of the hand-back list is given back. */
export const PersonnelReturn = Type.Object({ item: Type.String({ format: 'uuid', description: '清退事项' }), note: Type.String({ minLength: 2, maxLength: 200, description: '清退情况' }) }, { $id: 'personnel.return', ...closed });
export type PersonnelReturn = Static<typeof PersonnelReturn>;
