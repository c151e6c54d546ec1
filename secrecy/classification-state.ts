import { ArchiveError } from '../core/errors.js';
import type { CalendarDate, Instant } from '../core/ports.js';
import type { ChangeReason } from '../policies/schemas/secrecy.js';
import type { Proposal } from './classification-rules.js';
import { highest, type Level, type SecretLevel } from './level.js';
import type { Scope } from './scope.js';
import type { Holder } from './separation.js';
import type { Signature } from './signing.js';
import type { Ending, Term } from './term.js';

/** A person's signed word on one event of one classified matter. */
export interface Signed extends Signature { readonly opinion: string }

/** One change of an active mark: the old one stays, crossed out, beside the new (国家秘密定密管理规定(2014)第二十九条). */
export interface Change {
  readonly kind: 'change' | 'extend' | 'confirm' | 'review' | 'partial';
  readonly from: Terms;
  readonly to: Terms;
  readonly reason: ChangeReason | null;
  /** 原定密机关或有权机关的文号. */
  readonly noticeNo: string | null;
  readonly on: CalendarDate;
  /** The form it was decided on, and the number of the decision. */
  readonly case: string | null;
  readonly no: string | null;
  /** 审核 of the law, as against a change for its own sake. */
  readonly reviewed: boolean;
  readonly proposer: Holder;
  readonly approval: Signed;
}

/** 密级、期限、知悉范围 with the mark and the end that follow from them. */
export interface Terms {
  readonly level: SecretLevel;
  readonly term: Term;
  readonly startOn: CalendarDate | null;
  readonly scope: Scope;
  readonly mark: string;
  readonly ending: Ending | null;
  /** 另有规定的依据 of this term, where it is longer than the cap. */
  readonly exceptionBasis?: string | null;
}

export interface Decided { readonly proposal: Proposal; readonly proposer: Holder; readonly proposed: Signed }
/** How a matter was kept before the competent body decided: for the yearly figures. */
export interface ProtectedAs { readonly why: 'unclear' | 'beyond' | 'disputed'; readonly reportedOn: CalendarDate | null; readonly since: Instant }
/** Facts of a mark in force. `current` is what counts; `proposal` is how it began. */
interface InForce extends Decided {
  readonly approved: Signed;
  readonly writtenRecordNo: string;
  readonly current: Terms;
  readonly changes: readonly Change[];
  readonly reviewDueOn: CalendarDate;
  readonly protectedAs?: ProtectedAs;
}
interface Id { readonly id: string }
export interface Draft extends Id { readonly state: 'draft'; readonly proposal: Proposal; readonly proposer: Holder }
export interface Proposed extends Id, Decided { readonly state: 'proposed' }
export interface Rejected extends Id, Decided { readonly state: 'rejected'; readonly rejected: Signed }
export interface Withdrawn extends Id { readonly state: 'withdrawn'; readonly proposal: Proposal; readonly proposer: Holder; readonly withdrawn: Signed; readonly noticeNo: string | null; readonly protectedAs?: ProtectedAs }
/** 先行保密: beyond our authority, or unclear; kept at the highest level anybody claims until the competent body decides. */
export interface TemporarilyProtected extends Id, Decided {
  readonly state: 'temporarily_protected';
  readonly claimed: readonly Level[];
  /** 10 working days from the day it was drawn up. 实施条例(2024)第二十五条. */
  readonly reportDueOn: CalendarDate;
  readonly reportedOn: CalendarDate | null;
  /** 不明确, 超权限, 有争议. */
  readonly why: ProtectedAs['why'];
  /** To whom it was reported, and under which number. */
  readonly reported: { readonly body: string; readonly no: string } | null;
}
export interface Active extends Id, InForce { readonly state: 'active' }
export interface LongTerm extends Id, InForce { readonly state: 'long_term' }
export interface ReviewDue extends Id, InForce { readonly state: 'review_due' }
export interface DeclassReview extends Id, InForce { readonly state: 'declass_review'; readonly trigger: ReviewTrigger; readonly openedOn: CalendarDate; readonly from: 'active' | 'long_term' | 'review_due' }
/** 自行解密, not yet confirmed: access stays as it was. */
export interface Expired extends Id, InForce { readonly state: 'expired'; readonly expiredOn: CalendarDate }
export interface Declassified extends Id, InForce { readonly state: 'declassified'; readonly how: DeclassKind; readonly on: CalendarDate; readonly noticeNo: string | null; readonly declassified: Signed; readonly case: string | null; readonly no: string | null }

export type ReviewTrigger = 'annual' | 'expiry' | 'disclosure' | 'transfer' | 'complaint' | 'request';
/** 自行解密 / 提前解密 / 正式公布. */
export type DeclassKind = 'self' | 'early' | 'published';
export type Classification = Draft | Proposed | Rejected | Withdrawn | TemporarilyProtected | Active | LongTerm | ReviewDue | DeclassReview | Expired | Declassified;
export type State = Classification['state'];

/** What a mark becomes. `noticeNo`: the decision of the original body or its superior, where the mark is not ours. */
export interface NewTerms {
  readonly level: SecretLevel;
  readonly term: Term;
  readonly startOn: CalendarDate | null;
  readonly scope: Scope;
  readonly reason: ChangeReason | null;
  readonly noticeNo: string | null;
  readonly scopeSaysLongTerm?: boolean;
  readonly exceptionBasis?: string | null;
}

/** Which states an event is for (本产品决定). Everything not here is refused with `E_STATE_INVALID`. */
export const EVENTS = {
  propose: ['draft'],
  protect: ['draft'],
  withdraw: ['draft', 'proposed', 'temporarily_protected'],
  dismiss: ['temporarily_protected'],
  report: ['temporarily_protected'],
  confirm: ['temporarily_protected'],
  approve: ['proposed'],
  reject: ['proposed'],
  fallDue: ['active', 'long_term'],
  review: ['active', 'long_term', 'review_due'],
  change: ['active', 'review_due', 'declass_review'],
  extend: ['active', 'review_due', 'declass_review'],
  openReview: ['active', 'review_due', 'long_term'],
  closeReview: ['declass_review'],
  continueSecrecy: ['declass_review'],
  declassifyPartly: ['active', 'review_due', 'declass_review'],
  declassify: ['active', 'long_term', 'review_due', 'declass_review'],
  expire: ['active', 'review_due', 'declass_review'],
  meet: ['active', 'review_due', 'declass_review'],
  confirmExpiry: ['expired'],
} as const satisfies Record<string, readonly State[]>;
export type Event = keyof typeof EVENTS;
export type Ready<E extends Event> = Extract<Classification, { state: (typeof EVENTS)[E][number] }>;
export const STATES: readonly State[] = ['draft', 'proposed', 'rejected', 'withdrawn', 'temporarily_protected', 'active', 'long_term', 'review_due', 'declass_review', 'expired', 'declassified'];

/** The classification, known to be where the event may happen. @throws ArchiveError `E_STATE_INVALID` with the events that are allowed */
export function ready<E extends Event>(it: Classification, event: E): Ready<E> {
  const states: readonly State[] = EVENTS[event];
  if (!states.includes(it.state)) {
    const allowed = Object.entries(EVENTS).filter(([, from]) => (from as readonly State[]).includes(it.state)).map(([name]) => name);
    throw new ArchiveError('E_STATE_INVALID', { id: it.id, state: it.state, event, allowed });
  }
  return it as Ready<E>;
}

/** Name under which each event is entered; those decided on a form carry the form's act instead. */
export const ACTIONS: Readonly<Record<Event, string>> = {
  propose: 'propose', protect: 'protect', withdraw: 'withdraw', dismiss: 'dismiss', report: 'report', confirm: 'confirm', approve: 'approve', reject: 'reject', fallDue: 'fall-due', review: 'review',
  change: 'change', extend: 'extend', openReview: 'open-review', closeReview: 'close-review', continueSecrecy: 'continue', declassifyPartly: 'declassify-partly', declassify: 'declassify', expire: 'expire',
  meet: 'meet', confirmExpiry: 'confirm-expiry',
};

/** The level that guards access now: the mark's while it holds or only seems to have ended; what anybody claims while it is open. */
export function protectiveLevelOf(it: Classification): Level {
  switch (it.state) {
    case 'draft': case 'proposed': return it.proposal.level;
    case 'rejected': case 'withdrawn': case 'declassified': return 1;
    case 'temporarily_protected': return highest(it.claimed);
    default: return it.current.level;
  }
}
