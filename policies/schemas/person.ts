import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const Id = Type.String({ format: 'uuid', description: '人员编号' });
const Reason = Type.String({ minLength: 2, maxLength: 200, description: '事由' });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });
const Day = Type.String({ format: 'date', description: '日期' });

/** Paging of every list: `page` from 1. */
export const paging = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: '页' })),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: '每页条数' })),
};

/** 名录: whom a 知悉范围 may name. */
export const PersonDirectory = Type.Object({}, { $id: 'person.directory', additionalProperties: false });
export type PersonDirectory = Static<typeof PersonDirectory>;

export const PersonList = Type.Object({
  ...paging,
  status: Type.Optional(Type.Union([Type.Literal('pending'), Type.Literal('active'), Type.Literal('disabled')], { description: '状态' })),
}, { $id: 'person.list', additionalProperties: false });
export type PersonList = Static<typeof PersonList>;

export const PersonCreate = Type.Object({
  account: Type.String({ pattern: '^[a-z][a-z0-9._-]{1,39}$', description: '账号' }),
  name: Type.String({ minLength: 1, maxLength: 40, description: '姓名' }),
  position: Type.String({ minLength: 1, maxLength: 60, description: '职务' }),
  department: Type.String({ minLength: 1, maxLength: 40, description: '部门' }),
  certificate: Type.String({ minLength: 100, maxLength: 8000, description: '证书（PEM）' }),
  /** Changed by the person at the first sign-in. */
  initialPassword: Type.String({ minLength: 1, maxLength: 200, description: '初始口令' }),
}, { $id: 'person.create', additionalProperties: false });
export type PersonCreate = Static<typeof PersonCreate>;

export const PersonDisable = Type.Object({ person: Id, reason: Reason, seenVersion: Version }, { $id: 'person.disable', additionalProperties: false });
export type PersonDisable = Static<typeof PersonDisable>;

export const PersonUnlock = Type.Object({ person: Id, reason: Reason, seenVersion: Version }, { $id: 'person.unlock', additionalProperties: false });
export type PersonUnlock = Static<typeof PersonUnlock>;

/** 涉密资格: level and until when; category and commitment (保密承诺书) stand in the register of 涉密人员. */
export const PersonClear = Type.Object({
  person: Id,
  clearance: Type.Integer({ minimum: 0, maximum: 4, description: '涉密资格密级' }),
  until: Type.Optional(Day),
  reason: Reason,
  seenVersion: Version,
}, { $id: 'person.clear', additionalProperties: false });
export type PersonClear = Static<typeof PersonClear>;

export const PersonGrant = Type.Object({
  person: Id,
  duty: Type.String({ minLength: 1, maxLength: 40, description: '岗位' }),
  fonds: Type.String({ pattern: '^(\\*|[A-Z]\\d{3})$', description: '全宗' }),
  until: Type.Optional(Day),
  reason: Reason,
}, { $id: 'person.grant', additionalProperties: false });
export type PersonGrant = Static<typeof PersonGrant>;

/** 任命空缺的三员. */
export const PersonAppoint = Type.Object({
  person: Id,
  duty: Type.Union([Type.Literal('sysadmin'), Type.Literal('secadmin'), Type.Literal('auditadmin')], { description: '三员' }),
  until: Day,
  reason: Reason,
}, { $id: 'person.appoint', additionalProperties: false });
export type PersonAppoint = Static<typeof PersonAppoint>;

export const PersonRevoke = Type.Object({ grant: Type.String({ format: 'uuid', description: '授权编号' }), reason: Reason }, { $id: 'person.revoke', additionalProperties: false });
export type PersonRevoke = Static<typeof PersonRevoke>;
