import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;
const Secret = Type.Union([Type.Literal(2), Type.Literal(3), Type.Literal(4)], { description: '秘密、机密、绝密' });
const Day = Type.String({ format: 'date', description: '日期' });
const text = (description: string, maxLength = 200) => Type.String({ minLength: 2, maxLength, description });
/** 可定密的事项条目; `*` is all. */
const Matters = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 200, uniqueItems: true, description: '事项范围' });

/** 指定定密责任人: takes effect with the signature of the 单位负责人. @see 保密法实施条例(2024)第十四条 */
export const AppointAuthority = Type.Object({
  person: Type.String({ format: 'uuid', description: '人员' }),
  kind: Type.Union([Type.Literal('statutory'), Type.Literal('designated')], { description: '法定、指定' }),
  maxLevel: Secret, matterScope: Matters, expiresOn: Type.Union([Day, Type.Null()], { description: '截止日，含当日' }),
  trainedOn: Day, basis: text('指定文号或职务'),
}, { $id: 'classification.appoint-authority', ...closed });
export type AppointAuthority = Static<typeof AppointAuthority>;

export const EndAuthority = Type.Object({
  authority: Type.String({ format: 'uuid', description: '名单条目' }), seenVersion: Type.Integer({ minimum: 1 }), reason: text('事由'),
}, { $id: 'classification.end-authority', ...closed });
export type EndAuthority = Static<typeof EndAuthority>;

/** 定密授权 from another body; a unit that is authorised authorises nobody. @see 保密法实施条例(2024)第十六条 */
export const Authorise = Type.Object({
  fromOrg: text('授权机关', 100), maxLevel: Secret, matterScope: Matters, basis: text('授权依据'), validFrom: Day, validTo: Day, docNo: text('授权文号', 60),
}, { $id: 'classification.authorise', ...closed });
export type Authorise = Static<typeof Authorise>;

export const RevokeAuthorisation = Type.Object({
  authorisation: Type.String({ format: 'uuid', description: '授权' }), seenVersion: Type.Integer({ minimum: 1 }), on: Day, docNo: text('撤销文号', 60),
}, { $id: 'classification.revoke-authorisation', ...closed });
export type RevokeAuthorisation = Static<typeof RevokeAuthorisation>;

/** 定密统计 of a year. */
export const Statistics = Type.Object({ year: Type.Integer({ minimum: 2000, maximum: 2200, description: '年度' }) }, { $id: 'classification.statistics', ...closed });
export type Statistics = Static<typeof Statistics>;
export const StatisticsExport = Type.Object(Statistics.properties, { $id: 'classification.export-statistics', ...closed });
