import { addYears, compareDates } from './calendar.js';
import { ArchiveError, type ErrorCode, type ErrorDetail } from './errors.js';
import type { CalendarDate, Instant } from './ports.js';
import { isAsLong, retentionExpiresOn } from './retention.js';
import type { AppraisalBasis, AppraisalPolicy, Opinion, PanelPart } from '../policies/schemas/appraisal.js';

export type { Opinion, PanelPart } from '../policies/schemas/appraisal.js';

/** 鉴定批次: state × event → state. An empty cell is `E_STATE_INVALID`. @see 办法第三十八条 */
export const APPRAISAL_TRANSITIONS = {
  drafted: { convene: 'opinions', cancel: 'cancelled' },
  opinions: { opine: 'opinions', report: 'reported', cancel: 'cancelled' },
  reported: { sign: 'reported', countersign: 'countersigned', reopen: 'opinions', cancel: 'cancelled' },
  countersigned: { submit: 'submitted', reopen: 'opinions', cancel: 'cancelled' },
  submitted: { approve: 'approved', reopen: 'opinions', cancel: 'cancelled' },
  approved: { close: 'closed' },
  closed: {},
  cancelled: {},
} as const satisfies Record<string, Readonly<Partial<Record<string, string>>>>;

export type AppraisalState = keyof typeof APPRAISAL_TRANSITIONS;
export const APPRAISAL_STATES = Object.keys(APPRAISAL_TRANSITIONS) as readonly AppraisalState[];
export const APPRAISAL_EVENTS = ['convene', 'opine', 'report', 'sign', 'countersign', 'reopen', 'submit', 'approve', 'close', 'cancel'] as const;
export type AppraisalEvent = (typeof APPRAISAL_EVENTS)[number];

/** @throws ArchiveError `E_STATE_INVALID` with state and event */
export function nextAppraisal(state: AppraisalState, event: AppraisalEvent): AppraisalState {
  const row: Readonly<Partial<Record<string, AppraisalState>>> = APPRAISAL_TRANSITIONS[state];
  const next = row[event];
  if (next === undefined) throw new ArchiveError('E_STATE_INVALID', { state, event });
  return next;
}

/** One member of the 鉴定小组, under which part. */
export interface PanelMember { readonly person: string; readonly part: PanelPart }

/** 鉴定意见 of one panel member on one item. */
export interface ItemOpinion {
  readonly opinion: Opinion;
  /** `Y`, `D30` …; with 存续 alone. */
  readonly newRetention: string | null;
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
}

export interface AppraisalBatch {
  readonly id: string;
  /** `JD-2026-4071`, drawn. */
  readonly number: string;
  readonly fonds: string;
  readonly state: AppraisalState;
  readonly asOf: CalendarDate;
  readonly basis: AppraisalBasis;
  readonly openedBy: string;
  readonly openedAt: Instant;
  readonly convenedBy: string | null;
  readonly members: readonly PanelMember[];
  /** The approval that carried it out. */
  readonly approval: string | null;
  /** 鉴定工作报告 (R15). */
  readonly report: string | null;
  readonly closedAt: Instant | null;
}

/** What an appraisal asks of a record. */
export interface Expiring { readonly id: string; readonly state: string; readonly retentionExpiresOn: CalendarDate | null }

/** 期满 (办法第三十八条): the last day of the period has come; 永久 never comes. */
export const isDueForAppraisal = (expiresOn: CalendarDate | null, asOf: CalendarDate): boolean => expiresOn !== null && compareDates(expiresOn, asOf) <= 0;

/** 期满清单 on a day, the longest due first. */
export function expiryList<T extends Expiring>(records: readonly T[], asOf: CalendarDate): readonly T[] {
  return records.filter((one) => (one.state === 'filed' || one.state === 'retained_copy') && isDueForAppraisal(one.retentionExpiresOn, asOf))
    .sort((one, other) => compareDates(one.retentionExpiresOn ?? '', other.retentionExpiresOn ?? '') || (one.id < other.id ? -1 : 1));
}

/** @throws ArchiveError `E_RETENTION_NOT_EXPIRED` (永久 included), `E_STATE_INVALID` */
export function requireDue(record: Expiring, asOf: CalendarDate): void {
  if (record.state !== 'filed' && record.state !== 'retained_copy') throw new ArchiveError('E_STATE_INVALID', { record: record.id, state: record.state });
  if (!isDueForAppraisal(record.retentionExpiresOn, asOf)) throw new ArchiveError('E_RETENTION_NOT_EXPIRED', { record: record.id, expiresOn: record.retentionExpiresOn });
}

/**
 * 鉴定小组: enough people, every required part there, each person once; a batch with classified records has its 保密员.
 * @throws ArchiveError `E_APPRAISAL_PANEL`, `E_APPRAISAL_SECRECY_MEMBER`
 */
export function requirePanel(members: readonly PanelMember[], classified: boolean, policy: AppraisalPolicy): void {
  const { minMembers, parts } = policy.panel;
  if (new Set(members.map(({ person }) => person)).size < members.length) throw new ArchiveError('E_APPRAISAL_PANEL', { why: 'twice' }, [{ at: '/members', message: '同一人员只能列一次' }]);
  if (members.length < minMembers) throw new ArchiveError('E_APPRAISAL_PANEL', { members: members.length, need: minMembers }, [{ at: '/members', message: `鉴定小组不得少于 ${String(minMembers)} 人` }]);
  const missing = parts.filter(({ key, required }) => required && !members.some(({ part }) => part === key));
  if (missing.length > 0) throw new ArchiveError('E_APPRAISAL_PANEL', { missing: missing.map(({ key }) => key) }, missing.map(({ name }): ErrorDetail => ({ at: '/members', message: `缺${name}成员` })));
  if (classified && !members.some(({ part }) => part === 'secrecy')) throw new ArchiveError('E_APPRAISAL_SECRECY_MEMBER', { members: members.length });
}

/** 现行保管期限: what the record is kept for, whatever its number says. */
export interface CurrentRetention { readonly archivalYear: number; readonly current: string }

/** Counted from the archival year like every period, so that a record has one start whatever was decided since. */
export const newExpiry = ({ archivalYear }: Pick<CurrentRetention, 'archivalYear'>, code: string): CalendarDate | null => retentionExpiresOn(archivalYear, code);

/**
 * The period that an opinion sets anew; `null` where it sets none. 存续延长 is longer than the one that ended and does not end before today.
 * @throws ArchiveError `E_RETENTION_REQUIRED`, `E_RETENTION_TOO_SHORT`, `E_INPUT_INVALID`
 */
export function newRetentionOf(opinion: Opinion, wanted: string | null, record: CurrentRetention, today: CalendarDate): { readonly code: string; readonly expiresOn: CalendarDate | null } | null {
  if (opinion === 'retain_permanent') {
    if (wanted !== null && wanted !== 'Y') throw new ArchiveError('E_INPUT_INVALID', { rule: 'newRetention' }, [{ at: '/newRetention', message: '改为永久的不另填年限' }]);
    return { code: 'Y', expiresOn: null };
  }
  if (opinion !== 'retain_extended') {
    if (wanted !== null) throw new ArchiveError('E_INPUT_INVALID', { rule: 'newRetention' }, [{ at: '/newRetention', message: '只有存续意见才填新的保管期限' }]);
    return null;
  }
  if (wanted === null || wanted === 'Y') throw new ArchiveError('E_RETENTION_REQUIRED', { rule: 'newRetention' }, [{ at: '/newRetention', message: '请填延长后的保管期限；永久请选“存续，改为永久”' }]);
  const expiresOn = newExpiry(record, wanted);
  if (wanted === record.current || !isAsLong(wanted, record.current) || isDueForAppraisal(expiresOn, today)) {
    throw new ArchiveError('E_RETENTION_TOO_SHORT', { required: record.current }, [{ at: '/newRetention', message: `自归档年度起算，${expiresOn ?? ''} 即已期满，请选更长的期限` }]);
  }
  return { code: wanted, expiresOn };
}

/** 移交后留存至: at least so many years after the handover, never a day less. 29 February ends on 1 March. @see 办法第二十二条三款 */
export function retainedUntil(transferredOn: CalendarDate, years: number): CalendarDate {
  const plain = addYears(transferredOn, years);
  return plain.slice(5) === transferredOn.slice(5) ? plain : `${plain.slice(0, 4)}-03-01`;
}

/** Each opinion and how many items; every kind is listed. */
export function tally(opinions: readonly (Pick<ItemOpinion, 'opinion'> | null)[], policy: Pick<AppraisalPolicy, 'opinions'>): readonly { readonly opinion: Opinion; readonly name: string; readonly items: number }[] {
  return policy.opinions.map(({ key, name }) => ({ opinion: key, name, items: opinions.filter((one) => one?.opinion === key).length }));
}

export interface Conclusion { readonly opinion: Opinion; readonly newRetention: string | null }

/**
 * 件的鉴定结论 from what each member said: the most protective opinion stands, so that 销毁 needs everybody who looked; of several
 * longer periods the longest. An order of this product, in the policy. `null` while nobody said anything.
 */
export function concludeItem(opinions: readonly Pick<ItemOpinion, 'opinion' | 'newRetention'>[], policy: Pick<AppraisalPolicy, 'precedence'>): Conclusion | null {
  const opinion = policy.precedence.order.find((key) => opinions.some((one) => one.opinion === key));
  if (opinion === undefined) return null;
  if (opinion === 'retain_permanent') return { opinion, newRetention: 'Y' };
  if (opinion !== 'retain_extended') return { opinion, newRetention: null };
  const wanted = opinions.flatMap((one) => (one.opinion === opinion && one.newRetention !== null ? [one.newRetention] : []));
  return { opinion, newRetention: wanted.reduce<string | null>((longest, code) => (longest === null || isAsLong(code, longest) ? code : longest), null) };
}

/** Who of the panel still has to speak about an item: everybody who may see it. */
export const stillToSpeak = (mayLook: readonly string[], opinions: readonly Pick<ItemOpinion, 'by'>[]): readonly string[] => mayLook.filter((person) => !opinions.some(({ by }) => by === person));

/** 意见缺失不得汇总. @throws ArchiveError `E_APPRAISAL_INCOMPLETE` */
export function requireOpinions(opinions: readonly (Pick<ItemOpinion, 'opinion'> | null)[]): void {
  if (opinions.length === 0 || opinions.includes(null)) throw new ArchiveError('E_APPRAISAL_INCOMPLETE', {});
}

/** 会签齐: everybody of the panel has signed. */
export const isCountersigned = (batch: { readonly members: readonly PanelMember[]; readonly signatures: readonly { readonly person: string }[] }): boolean => batch.members.every(({ person }) => batch.signatures.some((one) => one.person === person));

/** 档案或审计冻结 (legal hold), a register of its own. */
export interface LegalHold {
  readonly id: string;
  readonly record: string;
  readonly kind: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly placedBy: string;
  readonly placedAt: Instant;
  readonly lifted: { readonly by: string; readonly at: Instant; readonly reason: string } | null;
}

/** 解除冻结. @throws ArchiveError `E_STATE_INVALID` once lifted */
export function liftHold(hold: LegalHold, by: string, at: Instant, reason: string): LegalHold {
  if (hold.lifted !== null) throw new ArchiveError('E_STATE_INVALID', { hold: hold.id, event: 'lift' });
  return { ...hold, lifted: { by, at, reason } };
}

/** 销毁前置条件 (办法第三十八、三十九、四十三条), as the box knows them of one record on one day. */
export interface DestructionFacts {
  readonly state: string;
  readonly conclusion: Opinion | null;
  readonly retentionExpiresOn: CalendarDate | null;
  /** 现行保管期限. */
  readonly retention: string | null;
  /** Last protected day of a copy kept after the handover; `null` where none was handed over. */
  readonly retainUntil: CalendarDate | null;
  readonly held: boolean;
  /** 在期的国家秘密: 解密审核 not concluded, or the term still runs. */
  readonly secret: 'none' | 'in_term' | 'unreviewed';
  /** 保密员 and 定密责任人 both agreed in writing. */
  readonly consented: boolean;
  /** Matters derived from this one. */
  readonly derived: number;
}

export interface Precondition { readonly code: ErrorCode | 'W_DERIVED_EXISTS'; readonly passed: boolean; readonly text: string; readonly article: string; readonly blocks: boolean }

/** Every pre-condition of §2.1 in order, passed or not; the destruction order is drawn up only where none that blocks has failed. */
export function destructionChecks(facts: DestructionFacts, today: CalendarDate, policy: Pick<AppraisalPolicy, 'transferObliged'>): readonly Precondition[] {
  const one = (code: Precondition['code'], passed: boolean, good: string, bad: string, article: string, blocks = true): Precondition => ({ code, passed, text: passed ? good : bad, article, blocks });
  const obliged = facts.retention !== null && policy.transferObliged.includes(facts.retention) && facts.retainUntil === null;
  const kept = facts.retainUntil !== null && compareDates(today, facts.retainUntil) <= 0;
  const expired = facts.retentionExpiresOn !== null && compareDates(today, facts.retentionExpiresOn) > 0;
  return [
    one('E_APPRAISAL_REQUIRED', facts.state === 'appraised' && facts.conclusion === 'destroy', '已鉴定，结论为销毁', '尚未经批准的鉴定结论为销毁，请先列入鉴定批次', '第三十八条'),
    one('E_RETENTION_NOT_EXPIRED', expired, '保管期限已满', facts.retentionExpiresOn === null ? '永久保管，不得销毁' : `保管至 ${facts.retentionExpiresOn}，未满`, '第三十八条'),
    one('E_RETAINED_COPY_PROTECTED', !obliged && !kept, '不在移交义务和留存期内', kept ? `移交后留存至 ${facts.retainUntil ?? ''}` : '应移交档案馆而尚未移交，请先办理移交', '第二十二条'),
    one('E_LEGAL_HOLD', !facts.held, '没有冻结', '已被冻结，请先由申请冻结的部门解除', '第三十八条'),
    one('E_DESTROY_SECRECY_CONSENT', facts.secret === 'none' || (facts.secret === 'in_term' && facts.consented), '不属于在期的国家秘密，或已取得书面同意',
      facts.secret === 'unreviewed' ? '解密审核未结，请先办结' : '仍在保密期限内，须保密员和定密责任人书面同意', '第四十三条'),
    one('W_DERIVED_EXISTS', facts.derived === 0, '没有派生定密的文件', `有 ${String(facts.derived)} 项由本件派生定密，请先核对其依据`, '第四十一条', false),
  ];
}

export const destructionFaults = (facts: DestructionFacts, today: CalendarDate, policy: Pick<AppraisalPolicy, 'transferObliged'>): readonly Precondition[] =>
  destructionChecks(facts, today, policy).filter(({ passed, blocks }) => !passed && blocks);

/** What a record must satisfy before the panel may say 销毁: everything but what only the conclusion itself or the consent after it can give. */
export function requireCondemnable(facts: DestructionFacts, today: CalendarDate, policy: Pick<AppraisalPolicy, 'transferObliged'>): void {
  const [fault] = destructionFaults(facts, today, policy).filter(({ code }) => code !== 'E_APPRAISAL_REQUIRED' && code !== 'E_DESTROY_SECRECY_CONSENT');
  if (fault !== undefined && fault.code !== 'W_DERIVED_EXISTS') throw new ArchiveError(fault.code, { expiresOn: facts.retentionExpiresOn, retainUntil: facts.retainUntil }, [{ at: '/opinion', message: fault.text }]);
}
