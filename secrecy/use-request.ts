import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../core/errors.js';
import type { OpeningDecision } from '../core/opening.js';
import type { CalendarDate, Instant } from '../core/ports.js';
import type { UseChannel, UseMode, UsePolicy } from '../policies/schemas/use.js';
import type { Seat } from './approval.js';
import type { Level } from './level.js';
import type { Step } from './step.js';

/** 利用单 (办法第三十四条): requested → submitted → approved / refused → closed; an approved one runs out on its day. */
interface Common {
  readonly id: string;
  readonly no: string;
  readonly applicant: string;
  readonly mode: UseMode;
  readonly channel: UseChannel;
  readonly purpose: string;
  /** 档号 as the applicant gave them, found or not. */
  readonly codes: readonly string[];
  readonly clue: string | null;
  readonly behalf: string | null;
  readonly requestedAt: Instant;
  /** Of the words, then of the highest record that was put before the signers. */
  readonly level: Level;
}
interface Assessed { readonly assessedBy: string; readonly opinion: string; readonly consent: { readonly no: string; readonly by: string } | null; readonly approval: string }
export interface Requested extends Common { readonly state: 'requested' }
export interface Submitted extends Common, Assessed { readonly state: 'submitted' }
export interface Approved extends Common, Assessed { readonly state: 'approved'; readonly approvedAt: Instant; readonly validUntil: CalendarDate }
export interface Refused extends Common { readonly state: 'refused'; readonly refusedBy: string; readonly refusedAt: Instant; readonly reason: string }
export interface Closed extends Common, Assessed { readonly state: 'closed'; readonly approvedAt: Instant; readonly validUntil: CalendarDate; readonly closedAt: Instant; readonly effect: string | null }
export type UseCase = Requested | Submitted | Approved | Refused | Closed;

/** What the policy looks at of a record. */
export interface UseFacts { readonly level: Level; readonly categoryCode: string | null; readonly opening: OpeningDecision | null }

const entry = (it: UseCase, action: string, detail: Readonly<Record<string, unknown>> = {}) => ({ action, object: it.id, objectType: 'use', objectLevel: it.level, detail: { no: it.no, mode: it.mode, ...detail } });
const state = (it: UseCase, event: string): ArchiveError => new ArchiveError('E_STATE_INVALID', { use: it.id, state: it.state, event });

/** 一体机只实现局域网. @throws ArchiveError `E_CHANNEL_DISABLED` @see 办法第三十三条 */
export function requireChannel(policy: Pick<UsePolicy, 'channels'>, channel: UseChannel): void {
  if (policy.channels.find(({ key }) => key === channel)?.enabled !== true) throw new ArchiveError('E_CHANNEL_DISABLED', { channel }, [{ at: '/channel', message: '只开通局域网利用' }]);
}

/** @throws ArchiveError `E_POLICY_INVALID` where the policy says nothing of a level */
export function useRules(policy: UsePolicy, level: Level): UsePolicy['levels'][number] {
  const row = policy.levels.find((one) => one.level === level);
  if (row === undefined) throw new ArchiveError('E_POLICY_INVALID', { level }, [{ at: 'use.json', message: `没有密级 ${String(level)} 的利用规则` }]);
  return row;
}

/** 审批席位 by level and content, each seat once: what any record of the request asks for. */
export function seatsFor(policy: UsePolicy, level: Level, records: readonly UseFacts[]): readonly Seat[] {
  const asked = policy.contents.filter(({ opening, categories }) => records.some((one) => (one.opening !== null && opening.includes(one.opening)) || (one.categoryCode !== null && categories.includes(one.categoryCode))));
  const seats: Seat[] = [...useRules(policy, level).seats];
  for (const seat of asked.flatMap((one) => one.seats)) if (!seats.some((one) => one.duties.length === seat.duties.length && one.duties.every((duty) => seat.duties.includes(duty)))) seats.push(seat);
  return seats;
}

/**
 * @throws ArchiveError `E_COPY_NOT_AUTHORIZED` where the level does not let it, `E_COPY_FORBIDDEN_TOP_SECRET` for more than reading without the originator's consent
 * @see 保密法实施条例(2024)第二十九条
 */
export function requireMode(policy: UsePolicy, level: Level, mode: UseMode, consent: { readonly no: string } | null): void {
  const rules = useRules(policy, level);
  if (!rules.modes.includes(mode)) throw new ArchiveError('E_COPY_NOT_AUTHORIZED', { level, mode });
  if (mode !== 'view' && rules.consent && consent === null) throw new ArchiveError('E_COPY_FORBIDDEN_TOP_SECRET', { level, mode }, [{ at: '/consentNo', message: '请登记原定密机关或其上级机关的同意文号' }]);
}

export function requestUse(ask: Omit<Requested, 'state'>, policy: UsePolicy): Step<Requested> {
  requireChannel(policy, ask.channel);
  if (ask.codes.length > policy.most.records) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/codes', message: `一单不超过 ${String(policy.most.records)} 件，请分单申请` }]);
  if (ask.codes.length === 0 && ask.clue === null) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/codes', message: '请填写档号，或说明查找线索' }]);
  const next: Requested = { ...ask, state: 'requested' };
  return { next, audit: entry(next, 'use.request', { asked: next.codes.length, channel: next.channel }) };
}

/** 受理: who applies does not assess. A submission whose approval lapsed may be made again. @throws ArchiveError `E_STATE_INVALID`, `E_SOD_SAME_PERSON` */
export function assessUse(it: UseCase, by: Assessed, level: Level, records: number): Step<Submitted> {
  if (it.state !== 'requested' && it.state !== 'submitted') throw state(it, 'assess');
  if (it.applicant === by.assessedBy) throw new ArchiveError('E_SOD_SAME_PERSON', { use: it.id, by: by.assessedBy });
  const next: Submitted = { ...it, ...by, level, state: 'submitted' };
  return { next, audit: entry(next, 'use.assess', { records, ...(by.consent === null ? {} : { consent: by.consent.no }) }) };
}

/** 批准, by the last signature: valid for so many days, this one counted. @throws ArchiveError `E_STATE_INVALID` */
export function approveUse(it: UseCase, approval: string, at: Instant, today: CalendarDate, policy: UsePolicy): Step<Approved> {
  if (it.state !== 'submitted') throw state(it, 'approve');
  const validUntil = Temporal.PlainDate.from(today).add({ days: useRules(policy, it.level).validDays - 1 }).toString();
  const next: Approved = { ...it, approval, state: 'approved', approvedAt: at, validUntil };
  return { next, audit: { ...entry(next, 'use.approve', { validUntil }), approval } };
}

/** 不予提供. @throws ArchiveError `E_STATE_INVALID` */
export function refuseUse(it: UseCase, by: string, at: Instant, reason: string): Step<Refused> {
  if (it.state !== 'requested' && it.state !== 'submitted') throw state(it, 'refuse');
  const { id, no, applicant, mode, channel, purpose, codes, clue, behalf, requestedAt, level } = it;
  const next: Refused = { id, no, applicant, mode, channel, purpose, codes, clue, behalf, requestedAt, level, state: 'refused', refusedBy: by, refusedAt: at, reason };
  return { next, audit: entry(next, 'use.refuse') };
}

/** 办结, with what came of it. @throws ArchiveError `E_STATE_INVALID` */
export function closeUse(it: UseCase, at: Instant, effect: string | null): Step<Closed> {
  if (it.state !== 'approved') throw state(it, 'close');
  const next: Closed = { ...it, state: 'closed', closedAt: at, effect };
  return { next, audit: entry(next, 'use.close') };
}

export type UseStanding = UseCase['state'] | 'expired';
export const useStanding = (it: UseCase, today: CalendarDate): UseStanding => (it.state === 'approved' && it.validUntil < today ? 'expired' : it.state);

/**
 * 阅览: until when a session that begins now lasts, never past the last day of the approval.
 * @throws ArchiveError `E_ACCESS_NOT_APPROVED` for a request that is not approved, or no longer
 * @see 办法第三十四条
 */
export function readingUntil(it: UseCase, at: Instant, today: CalendarDate, policy: UsePolicy): Instant {
  if (it.state !== 'approved' || useStanding(it, today) !== 'approved') throw new ArchiveError('E_ACCESS_NOT_APPROVED', { use: it.id, state: useStanding(it, today) });
  const ends = Temporal.Instant.from(at).add({ minutes: useRules(policy, it.level).sessionMinutes });
  const lastMoment = Temporal.PlainDate.from(it.validUntil).add({ days: 1 }).toZonedDateTime('Asia/Shanghai').toInstant();
  return (Temporal.Instant.compare(ends, lastMoment) < 0 ? ends : lastMoment).toString({ smallestUnit: 'millisecond' });
}

/** What each kind of output asks of the approval. 摘录 is a print of chosen pages. */
const OUTPUT_OF: Readonly<Record<UseMode, readonly string[]>> = { view: [], excerpt: ['print'], print: ['print'], copy: ['print', 'burn', 'export'] };

/**
 * 复制 under a use request: of these records, in this way.
 * @throws ArchiveError `E_ACCESS_NOT_APPROVED`, `E_COPY_NOT_AUTHORIZED`
 * @see 办法第三十五条
 */
export function requireCopy(it: UseCase, ask: { readonly by: string; readonly kind: string; readonly excerpt: boolean; readonly records: readonly string[]; readonly approved: readonly string[]; readonly today: CalendarDate }): void {
  if (useStanding(it, ask.today) !== 'approved' || it.applicant !== ask.by) throw new ArchiveError('E_ACCESS_NOT_APPROVED', { use: it.id });
  const within = ask.records.every((id) => ask.approved.includes(id));
  if (!within || !OUTPUT_OF[it.mode].includes(ask.kind) || (it.mode === 'excerpt' && !ask.excerpt)) throw new ArchiveError('E_COPY_NOT_AUTHORIZED', { use: it.id, mode: it.mode, kind: ask.kind });
}
