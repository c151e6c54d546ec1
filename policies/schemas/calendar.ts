import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Words = Type.String({ minLength: 1 });

/** 期限种类: those of records first, then those of the box. */
export const RECORD_OBLIGATIONS = ['filing', 'transfer', 'retention', 'opening', 'secrecy', 'confirm', 'review'] as const;
export const BOX_OBLIGATIONS = [
  'residue', 'disposal', 'lent', 'inventory', 'device', 'backup', 'drill', 'offsite', 'training', 'clearance', 'grant', 'counterpart', 'accreditation', 'self-check', 'responsibility', 'register',
] as const;
export type RecordObligation = (typeof RECORD_OBLIGATIONS)[number];
export type BoxObligation = (typeof BOX_OBLIGATIONS)[number];
export const ObligationKind = Type.Union([...RECORD_OBLIGATIONS, ...BOX_OBLIGATIONS].map((one) => Type.Literal(one)), { description: '期限种类' });
export type ObligationKind = RecordObligation | BoxObligation;

/** `policies/calendar.json`: what the calendar lists, under which article, and where it is dealt with. */
export const CalendarFile = Type.Object({
  version: Words, source: Type.Array(Words, { minItems: 1 }),
  windows: Type.Array(Type.Integer({ minimum: 0, maximum: 366 }), { minItems: 2, description: '提前提醒天数,由大到小' }),
  selfCheckMonths: Type.Integer({ minimum: 1, maximum: 12 }), selfCheckSource: Words,
  kinds: Type.Array(Type.Object({
    key: ObligationKind, name: Words, article: Type.String({ pattern: '^第[一二三四五六七八九十]+条$' }), rule: Words, source: Words, owners: Type.Array(Words, { minItems: 1 }), page: Type.String({ pattern: '^/' }),
  }, closed), { minItems: 1 }),
}, { $id: 'policies.calendar', ...closed });
export type CalendarFile = Static<typeof CalendarFile>;

export const CalendarList = Type.Object({
  ...paging,
  kind: Type.Optional(ObligationKind),
  /** 按某日查看: what the calendar will say on that day of what is here now; today unless said. */
  on: Type.Optional(Type.String({ format: 'date', description: '查看日' })),
  window: Type.Optional(Type.Union(['overdue', 'today', 'ahead', 'all'].map((one) => Type.Literal(one)), { description: '已逾期、当日、临近、全部' })),
}, { $id: 'calendar.list', ...closed });
export type CalendarList = Static<typeof CalendarList>;
