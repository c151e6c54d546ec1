import { ArchiveError } from '../core/errors.js';
import type { CalendarDate, Instant, Level } from '../core/ports.js';
import type { Scope } from './scope.js';

/** 知悉范围内的人员、部门, or a body outside the unit by its name. */
export interface Recipient {
  readonly kind: 'person' | 'department' | 'outside';
  /** Id of the person or department, name of an outside body. */
  readonly ref: string;
  readonly method: string | null;
  readonly sentOn: CalendarDate | null;
  readonly deliveredOn: CalendarDate | null;
  readonly receiptOn: CalendarDate | null;
  readonly receiptBy: string | null;
}

/** 书面通知 of one decision, with what is known of its delivery. */
export interface Notice {
  readonly id: string;
  /** `密通〔2026〕3号` */
  readonly number: string;
  readonly kind: string;
  readonly classification: string;
  readonly case: string;
  readonly level: Level;
  readonly text: string;
  readonly recipients: readonly Recipient[];
  readonly madeAt: Instant;
  readonly madeOn: CalendarDate;
  /** 回执期限 */
  readonly dueOn: CalendarDate;
  readonly dueCovered: boolean;
  /** 届满前送达: the last day the old term still ran; `null` where no such day binds. */
  readonly deliverBy: CalendarDate | null;
}

/** Whoever knew, and whoever is to know. */
export function recipientsOf(scopes: readonly Scope[], outside: readonly string[]): readonly Recipient[] {
  const blank = { method: null, sentOn: null, deliveredOn: null, receiptOn: null, receiptBy: null };
  const all = (part: 'persons' | 'departments') => [...new Set(scopes.flatMap((one) => one[part]))].sort();
  return [
    ...all('persons').map((ref) => ({ kind: 'person' as const, ref, ...blank })), ...all('departments').map((ref) => ({ kind: 'department' as const, ref, ...blank })),
    ...outside.map((ref) => ({ kind: 'outside' as const, ref, ...blank })),
  ];
}

export type NoticeEvent = { readonly event: 'sent'; readonly on: CalendarDate; readonly method: string | null }
  | { readonly event: 'delivered'; readonly on: CalendarDate }
  | { readonly event: 'receipt'; readonly on: CalendarDate; readonly by: string | null };

/**
 * 送出 → 送达 → 回执, in that order, none before the day of the notice or after today.
 * @throws ArchiveError `E_NOT_FOUND`, `E_STATE_INVALID`, `E_INPUT_INVALID`
 */
export function enterDelivery(it: Notice, at: number, entered: NoticeEvent, today: CalendarDate): Notice {
  const one = it.recipients[at];
  if (one === undefined) throw new ArchiveError('E_INPUT_INVALID', { rule: 'recipient' }, [{ at: '/recipient', message: '没有这个收件者，请刷新后重试' }]);
  const before = entered.event === 'sent' ? it.madeOn : entered.event === 'delivered' ? one.sentOn : one.deliveredOn;
  const done = entered.event === 'sent' ? one.sentOn : entered.event === 'delivered' ? one.deliveredOn : one.receiptOn;
  if (before === null || done !== null) throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: done === null ? 'waiting' : 'entered', event: entered.event, allowed: next(one) });
  if (entered.on < before || entered.on > today) throw new ArchiveError('E_INPUT_INVALID', { rule: 'on' }, [{ at: '/on', message: '日期须不早于上一步，且不晚于今天' }]);
  const changed: Recipient = entered.event === 'sent' ? { ...one, sentOn: entered.on, method: entered.method }
    : entered.event === 'delivered' ? { ...one, deliveredOn: entered.on } : { ...one, receiptOn: entered.on, receiptBy: entered.by };
  return { ...it, recipients: it.recipients.map((recipient, n) => (n === at ? changed : recipient)) };
}

const next = (one: Recipient): readonly string[] => (one.sentOn === null ? ['sent'] : one.deliveredOn === null ? ['delivered'] : one.receiptOn === null ? ['receipt'] : []);

export const outstanding = (it: Notice): number => it.recipients.filter(({ receiptOn }) => receiptOn === null).length;
/** How many have not been reached, or only after the old term had ended. */
export const undelivered = (it: Notice): number => it.recipients.filter(({ deliveredOn }) => deliveredOn === null || (it.deliverBy !== null && deliveredOn > it.deliverBy)).length;
