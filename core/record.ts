import type { AuditDraft } from './audit.js';
import { ArchiveError, type ErrorCode } from './errors.js';
import type { CalendarDate, Instant } from './ports.js';

/** Who did it and when. The person id, never a name. */
export interface Act { readonly by: string; readonly at: Instant }

/** One defect: nothing goes back without a reason (第二十三条, 归档退回单). */
export interface ReturnReason {
  /** Test number (GD-2-1) or catalogue code. */
  readonly code: string;
  /** What is wrong and how to mend it, in Chinese; no titles. */
  readonly message: string;
}

interface Common {
  readonly id: string;
  readonly captured: Act;
  /** 冻结 for a case or an audit; forbids appraisal for destruction in every state. */
  readonly legalHold: boolean;
}
interface Filing extends Act { readonly archivalCode: string; readonly sequence: number }
interface HasFiling extends Common { readonly filing: Filing }

export interface Captured extends Common { readonly state: 'captured' }
export interface Returned extends Common { readonly state: 'returned'; readonly returned: Act & { readonly reasons: readonly ReturnReason[] } }
export interface Inspected extends Common { readonly state: 'inspected'; readonly inspected: Act }
export interface ArrangedRecord extends Common { readonly state: 'arranged'; readonly inspected: Act; readonly arranged: Act }
export interface Filed extends HasFiling { readonly state: 'filed' }
export interface Transferred extends HasFiling { readonly state: 'transferred'; readonly transfer: Act & { readonly batch: string } }
export interface RetainedCopy extends HasFiling { readonly state: 'retained_copy'; readonly transfer: Act & { readonly batch: string }; readonly retainUntil: CalendarDate }
/** 鉴定为销毁; 续存 leads back to where it came from. */
export interface Appraised extends HasFiling { readonly state: 'appraised'; readonly appraisal: Act & { readonly batch: string } }
export interface PendingDestruction extends HasFiling { readonly state: 'pending_destruction'; readonly appraisal: Act & { readonly batch: string }; readonly order: string }
/** 墓碑: description, code and history stay for good. */
export interface Destroyed extends HasFiling { readonly state: 'destroyed'; readonly appraisal: Act & { readonly batch: string }; readonly order: string; readonly destroyed: Act }

export type RecordLife = Captured | Returned | Inspected | ArrangedRecord | Filed | Transferred | RetainedCopy | Appraised | PendingDestruction | Destroyed;
export type RecordState = RecordLife['state'];
export type RecordIn<S extends RecordState> = Extract<RecordLife, { readonly state: S }>;

/** What happened: the new life and the entry that belongs to it, to be stored together. */
export interface Step<T> { readonly next: T; readonly audit: AuditDraft }

/**
 * 状态机: state × event → state. An empty cell is `E_STATE_INVALID`.
 * If the power goes, the last whole step stands: state, facts and audit entry are one commit.
 */
export const TRANSITIONS = {
  captured: { inspect: 'inspected', return: 'returned', replace: 'captured' },
  returned: { replace: 'captured' },
  inspected: { arrange: 'arranged', return: 'returned', replace: 'captured' },
  arranged: { arrange: 'arranged', file: 'filed', return: 'returned' },
  filed: { transfer: 'transferred', appraise: 'appraised' },
  transferred: { retain: 'retained_copy' },
  retained_copy: { appraise: 'appraised' },
  appraised: { keep: 'filed', condemn: 'pending_destruction' },
  pending_destruction: { spare: 'appraised', destroy: 'destroyed' },
  destroyed: {},
} as const satisfies Record<RecordState, Readonly<Partial<Record<string, RecordState>>>>;

export const RECORD_STATES = Object.keys(TRANSITIONS) as readonly RecordState[];
export const RECORD_EVENTS = ['inspect', 'return', 'replace', 'arrange', 'file', 'transfer', 'retain', 'appraise', 'keep', 'condemn', 'spare', 'destroy'] as const;
export type RecordEvent = (typeof RECORD_EVENTS)[number];

/** 电子档案: only what has been filed is an archive (第三条). */
export const isArchived = (state: RecordState): boolean => !['captured', 'returned', 'inspected', 'arranged'].includes(state);
/** 可改著录: before filing; afterwards a change request. */
export const descriptionIsOpen = (state: RecordState): boolean => ['captured', 'returned', 'inspected', 'arranged'].includes(state);
/** 可换内容: a new version replaces what was captured, never what was filed. */
export const contentIsOpen = (state: RecordState): boolean => ['captured', 'returned', 'inspected'].includes(state);
export const isRecordState = (text: string): text is RecordState => Object.hasOwn(TRANSITIONS, text);

/** Events that a state allows, for the console and for `E_STATE_INVALID`. */
export const allowedEvents = (state: RecordState): readonly RecordEvent[] => RECORD_EVENTS.filter((event) => nextState(state, event) !== undefined);

/** `undefined` where the table has no cell. */
export function nextState(state: RecordState, event: RecordEvent): RecordState | undefined {
  const row: Readonly<Partial<Record<string, RecordState>>> = TRANSITIONS[state];
  return row[event];
}

/** @throws ArchiveError `E_STATE_INVALID` with state, event and what is allowed instead */
export function requireNext(state: RecordState, event: RecordEvent): RecordState {
  const next = nextState(state, event);
  if (next === undefined) throw new ArchiveError('E_STATE_INVALID', { state, event, allowed: allowedEvents(state) });
  return next;
}

/** Narrows a life to the states named. @throws ArchiveError `E_STATE_INVALID` */
export function inState<S extends RecordState>(life: RecordLife, ...states: readonly S[]): RecordIn<S> {
  if (!(states as readonly RecordState[]).includes(life.state)) throw new ArchiveError('E_STATE_INVALID', { record: life.id, state: life.state, allowed: states });
  return life as RecordIn<S>;
}

const refuse = (code: ErrorCode, life: RecordLife): never => { throw new ArchiveError(code, { record: life.id, state: life.state }); };
const entry = (action: string, life: Common, detail: Readonly<Record<string, unknown>> = {}): AuditDraft => ({ action, objectType: 'record', object: life.id, detail });
const common = ({ id, captured, legalHold }: RecordLife): Common => ({ id, captured, legalHold });

export function capture(id: string, act: Act): Step<Captured> {
  const next: Captured = { state: 'captured', id, captured: act, legalHold: false };
  return { next, audit: entry('record.capture', next) };
}

/** 四性检测合格. @see 办法第二十一条 */
export function inspect(life: Captured, act: Act): Step<Inspected> {
  return { next: { ...common(life), state: 'inspected', inspected: act }, audit: entry('record.inspect', life, { verdict: 'passed' }) };
}

/** 退回, with the defects found. @throws ArchiveError `E_RETURN_WITHOUT_DEFECT` */
export function sendBack(life: Captured | Inspected | ArrangedRecord, act: Act, reasons: readonly ReturnReason[]): Step<Returned> {
  if (reasons.length === 0) return refuse('E_RETURN_WITHOUT_DEFECT', life);
  return { next: { ...common(life), state: 'returned', returned: { ...act, reasons } }, audit: entry('record.return', life, { reasons: reasons.map((reason) => reason.code) }) };
}

/** 退回后补正: new content or description; everything is inspected again. */
export function replace(life: Captured | Returned | Inspected, act: Act): Step<Captured> {
  return { next: { ...common(life), state: 'captured', captured: act }, audit: entry('record.replace', life) };
}

/** 整理: 组件, 命名, 分类, 期限鉴定. @see 办法第十九条 */
export function arrange(life: Inspected | ArrangedRecord, act: Act): Step<ArrangedRecord> {
  return { next: { ...common(life), state: 'arranged', inspected: life.inspected, arranged: act }, audit: entry('record.arrange', life) };
}

/** 归档: the record gets its 档号 and is 电子档案 from here on. @see 办法第二十一条 */
export function file(life: ArrangedRecord, act: Act, number: { readonly archivalCode: string; readonly sequence: number }): Step<Filed> {
  return { next: { ...common(life), state: 'filed', filing: { ...act, ...number } }, audit: entry('record.file', life, { ...number }) };
}

export function transfer(life: Filed, act: Act, batch: string): Step<Transferred> {
  return { next: { ...life, state: 'transferred', transfer: { ...act, batch } }, audit: entry('record.transfer', life, { batch }) };
}

/** 移交后留存, at least five years. @see 办法第二十二条三款 */
export function retain(life: Transferred, retainUntil: CalendarDate): Step<RetainedCopy> {
  return { next: { ...life, state: 'retained_copy', retainUntil }, audit: entry('record.retain', life, { retainUntil }) };
}

/**
 * 鉴定为销毁.
 * @throws ArchiveError `E_LEGAL_HOLD`, `E_RETENTION_NOT_EXPIRED` (永久 included), `E_RETAINED_COPY_PROTECTED`
 * @see 办法第三十八条
 */
export function appraise(life: Filed | RetainedCopy, act: Act, batch: string, when: { readonly today: CalendarDate; readonly retentionExpiresOn: CalendarDate | null }): Step<Appraised> {
  if (life.legalHold) return refuse('E_LEGAL_HOLD', life);
  if (life.state === 'retained_copy' && when.today <= life.retainUntil) return refuse('E_RETAINED_COPY_PROTECTED', life);
  if (when.retentionExpiresOn === null || when.today <= when.retentionExpiresOn) return refuse('E_RETENTION_NOT_EXPIRED', life);
  return { next: { ...common(life), state: 'appraised', filing: life.filing, appraisal: { ...act, batch } }, audit: entry('record.appraise', life, { batch, conclusion: 'destroy' }) };
}

/** 鉴定为续存: a longer period is set by the caller; the record is filed again. */
export function keep(life: Appraised): Step<Filed> {
  return { next: { ...common(life), state: 'filed', filing: life.filing }, audit: entry('record.keep', life, { batch: life.appraisal.batch }) };
}

/** 列入销毁任务. @throws ArchiveError `E_LEGAL_HOLD` */
export function condemn(life: Appraised, order: string): Step<PendingDestruction> {
  if (life.legalHold) return refuse('E_LEGAL_HOLD', life);
  return { next: { ...life, state: 'pending_destruction', order }, audit: entry('record.condemn', life, { order }) };
}

/** 移出销毁任务. */
export function spare(life: PendingDestruction): Step<Appraised> {
  return { next: { ...common(life), state: 'appraised', filing: life.filing, appraisal: life.appraisal }, audit: entry('record.spare', life, { order: life.order }) };
}

/** 已销毁: key and bytes are gone, this stays. @throws ArchiveError `E_LEGAL_HOLD` @see 办法第三十九条 */
export function destroy(life: PendingDestruction, act: Act): Step<Destroyed> {
  if (life.legalHold) return refuse('E_LEGAL_HOLD', life);
  return { next: { ...life, state: 'destroyed', destroyed: act }, audit: entry('record.destroy', life, { order: life.order }) };
}

/** 冻结 or 解除冻结, in any state but the last. @throws ArchiveError `E_STATE_INVALID` */
export function hold<T extends Exclude<RecordLife, Destroyed>>(life: T, held: boolean, basis: string): Step<T> {
  return { next: { ...life, legalHold: held }, audit: entry(held ? 'record.hold' : 'record.unhold', life, { basis }) };
}
