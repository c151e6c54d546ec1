import { ArchiveError } from './errors.js';
import type { CalendarDate, Instant } from './ports.js';
import type { DestructionPolicy, DestructionPlace, Settlement } from '../policies/schemas/destruction.js';

export type { DestructionPlace } from '../policies/schemas/destruction.js';

/**
 * 销毁批次: state × event → state. An empty cell is `E_STATE_INVALID`. From `executing` on there is no way back: keys are gone, and what
 * is left of a copy is either removed or registered. @see 办法第三十九条
 */
export const DESTRUCTION_TRANSITIONS = {
  drafted: { submit: 'appraised', cancel: 'cancelled' },
  appraised: { submit: 'appraised', approve: 'approved', cancel: 'cancelled' },
  approved: { freeze: 'frozen', cancel: 'cancelled' },
  frozen: { sign: 'frozen', execute: 'executing', cancel: 'cancelled' },
  executing: { settle: 'executing', fail: 'partial_failed', verify: 'verified' },
  partial_failed: { settle: 'partial_failed', resume: 'executing' },
  verified: { sign: 'verified', close: 'closed' },
  closed: {},
  cancelled: {},
} as const satisfies Record<string, Readonly<Partial<Record<string, string>>>>;

export type DestructionState = keyof typeof DESTRUCTION_TRANSITIONS;
export const DESTRUCTION_STATES = Object.keys(DESTRUCTION_TRANSITIONS) as readonly DestructionState[];
export const DESTRUCTION_EVENTS = ['submit', 'approve', 'freeze', 'sign', 'execute', 'settle', 'fail', 'resume', 'verify', 'close', 'cancel'] as const;
export type DestructionEvent = (typeof DESTRUCTION_EVENTS)[number];

/** @throws ArchiveError `E_STATE_INVALID` with state and event */
export function nextDestruction(state: DestructionState, event: DestructionEvent): DestructionState {
  const row: Readonly<Partial<Record<string, DestructionState>>> = DESTRUCTION_TRANSITIONS[state];
  const next = row[event];
  if (next === undefined) throw new ArchiveError('E_STATE_INVALID', { state, event });
  return next;
}

/** Before anything was erased: the records can still be let go. */
export const isReversible = (state: DestructionState): boolean => ['drafted', 'appraised', 'approved', 'frozen'].includes(state);
/** 在用: a record is in one batch of these at a time. */
export const holdsItsRecords = (state: DestructionState): boolean => state !== 'closed' && state !== 'cancelled';

/** Who takes which part. Person ids. */
export interface DestructionParts { readonly applicant: string; readonly executor: string; readonly supervisors: readonly string[] }

/** One signature of the order (before) or of the certificate (after). */
export interface DestructionSignature {
  readonly person: string;
  readonly token: string;
  readonly certificateSerial: string;
  readonly signature: string;
  readonly at: Instant;
}

export interface DestructionBatch extends DestructionParts {
  readonly id: string;
  /** `XH-2026-4071`, drawn. */
  readonly number: string;
  readonly fonds: string;
  readonly state: DestructionState;
  readonly reason: string;
  readonly basis: string;
  readonly place: string;
  readonly draftedAt: Instant;
  readonly approval: string | null;
  readonly approver: string | null;
  readonly approvedAt: Instant | null;
  readonly frozenAt: Instant | null;
  /** 销毁清册 as all of them sign it before anything is erased: canonical JSON. */
  readonly order: string | null;
  readonly orderSignatures: readonly DestructionSignature[];
  readonly executedAt: Instant | null;
  readonly verifiedAt: Instant | null;
  /** 销毁证明 as all of them sign it after: canonical JSON, with the box's own signature (DER, base64). */
  readonly certificate: string | null;
  readonly boxSignature: string | null;
  readonly certificateSignatures: readonly DestructionSignature[];
  readonly closedAt: Instant | null;
  readonly cancelled: { readonly by: string; readonly at: Instant; readonly reason: string; readonly approval: string | null } | null;
}

/** `open` → `overwritten` → `done`; or `failed`, to be tried again; or `residue`, out of reach until it is settled. */
export type StepState = 'open' | 'overwritten' | 'done' | 'failed' | 'residue' | 'settled';

/** One place at which copies may lie, and what became of it (销毁证据). One a place: evidence cannot double. */
export interface ErasureStep {
  readonly id: string;
  readonly seq: number;
  readonly place: DestructionPlace;
  /** Object, backup part or carrier; empty where the place is the whole box. */
  readonly ref: string;
  readonly record: string | null;
  readonly state: StepState;
  /** What there was: bytes and SM3 of the content. No title, no name. */
  readonly before: { readonly bytes: number; readonly sm3: string } | null;
  readonly told: Evidence | null;
  readonly at: Instant | null;
  readonly settlement: (Settlement & { readonly by: string; readonly at: Instant }) | null;
}

/** What was done, what looking for it found, and how far that can be believed. Chinese, for the certificate. */
export interface Evidence {
  readonly method: string;
  readonly result: string;
  readonly proves: string;
  readonly cannot: string;
}

const SETTLED: readonly StepState[] = ['done', 'settled'];
export const isSettled = (step: Pick<ErasureStep, 'state'>): boolean => SETTLED.includes(step.state);

/** What the run may do next. `residue`: all that the box can reach is done, and copies are left that it cannot. */
export function outcomeOf(steps: readonly Pick<ErasureStep, 'state'>[]): 'open' | 'failed' | 'residue' | 'settled' {
  if (steps.some(({ state }) => state === 'open' || state === 'overwritten')) return 'open';
  if (steps.some(({ state }) => state === 'failed')) return 'failed';
  return steps.some(({ state }) => state === 'residue') ? 'residue' : 'settled';
}

/** 无法定位或未处置的副本阻断 (本产品决定). @throws ArchiveError `E_DESTROY_BACKUP_RESIDUE` */
export function requireSettled(steps: readonly Pick<ErasureStep, 'state' | 'place' | 'ref'>[]): void {
  const left = steps.filter((step) => !isSettled(step));
  if (left.length > 0) throw new ArchiveError('E_DESTROY_BACKUP_RESIDUE', { copies: left.length, places: [...new Set(left.map(({ place }) => place))] });
}

/**
 * 登记残留: what the box cannot reach is answered for by a person. Whoever only names a day must name one ahead, not further off than the policy lets.
 * @throws ArchiveError `E_STATE_INVALID` for a step that needs none, `E_INPUT_INVALID`
 */
export function settleStep(step: ErasureStep, how: Settlement, act: { readonly by: string; readonly at: Instant; readonly today: CalendarDate; readonly latest: CalendarDate }): ErasureStep {
  if (step.state !== 'residue') throw new ArchiveError('E_STATE_INVALID', { step: step.id, state: step.state, event: 'settle' });
  const wrong = (message: string): never => { throw new ArchiveError('E_INPUT_INVALID', { rule: 'residueUntil' }, [{ at: '/residueUntil', message }]); };
  if (how.kind === 'residue' && how.residueUntil === null) return wrong('登记残留须填复核日期');
  if (how.kind !== 'residue' && how.residueUntil !== null) return wrong('只有登记残留才填复核日期');
  if (how.residueUntil !== null && (how.residueUntil <= act.today || how.residueUntil > act.latest)) return wrong(`复核日期须在今天之后，且不晚于 ${act.latest}`);
  return { ...step, state: 'settled', settlement: { ...how, by: act.by, at: act.at } };
}

/** @throws ArchiveError `E_DESTROY_TWO_PERSON` @see 办法第三十九条; 两人以上监销 */
export function requireSupervisors(supervisors: readonly string[], policy: Pick<DestructionPolicy, 'minSupervisors'>): void {
  if (new Set(supervisors).size < policy.minSupervisors || new Set(supervisors).size < supervisors.length) throw new ArchiveError('E_DESTROY_TWO_PERSON', { supervisors: new Set(supervisors).size, need: policy.minSupervisors });
}

/** Everyone who has to sign: 销毁执行人 and all 监销人. */
export const signersOf = ({ executor, supervisors }: DestructionParts): readonly string[] => [executor, ...supervisors];

/** The order may be carried out only when every supervisor signed it. @throws ArchiveError `E_DESTROY_TWO_PERSON` */
export function requireOrderSigned(batch: Pick<DestructionBatch, 'supervisors' | 'orderSignatures'>): void {
  const missing = batch.supervisors.filter((person) => !batch.orderSignatures.some((one) => one.person === person));
  if (missing.length > 0) throw new ArchiveError('E_DESTROY_TWO_PERSON', { signed: batch.supervisors.length - missing.length, need: batch.supervisors.length });
}
