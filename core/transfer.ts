import type { AuditDraft } from './audit.js';
import { ArchiveError, type ErrorCode } from './errors.js';
import type { CalendarDate, Instant, Level } from './ports.js';
import type { Act, Step } from './record.js';

/** 移交方式. There is no `internet`: whoever asks for it is refused by `requireRoad`. */
export type TransferMode = 'offline_medium' | 'dedicated_network';

/** 延期移交的同意 (第二十三条二款). */
export interface Extension { readonly basis: 'professional' | 'secrecy'; readonly approvedBy: string; readonly approvalNo: string; readonly newDueOn: CalendarDate }
/** 提前移交的同意与权责约定 (第二十三条三款). */
export interface EarlyTransfer {
  readonly consentNo: string;
  /** Who may use, convert and migrate until the term is over; empty where it was not agreed. */
  readonly rights: { readonly use: string; readonly convert: string; readonly migrate: string };
  /** 期满前政府信息公开由谁办理. */
  readonly foiHandler: string;
}
/** 移交介质的检测 (第二十二条二款). */
export interface MediumTest { readonly on: CalendarDate; readonly method: string; readonly qualified: boolean }

/** What is arranged before anything is written; it may be changed until the batch is inspected. */
export interface TransferPlan {
  /** 交接工作名称 */
  readonly taskName: string;
  readonly contentDescription: string;
  readonly mode: TransferMode;
  /** Of `policies/transfer.json`, for the dedicated network only. */
  readonly address: string | null;
  /** 对端单位, by the id under which its card was registered. */
  readonly counterpart: string;
  /** 载体, by its id in the register. */
  readonly carrier: string | null;
  /** 专用设备编号. */
  readonly device: string | null;
  readonly mediumTest: MediumTest | null;
  readonly overdueReason: string | null;
  readonly extension: Extension | null;
  readonly early: EarlyTransfer | null;
}

export interface TransferVolume {
  /** Name of the file or folder on the medium. */
  readonly name: string;
  /** Envelope id; `null` for a package that travels plain. */
  readonly envelope: string | null;
  /** SM3 of the sealed file, hex; of the manifest where nothing is sealed. */
  readonly digest: string;
  /** SM3 of 校验/manifest-sm3.txt, hex. */
  readonly manifestDigest: string;
  readonly bytes: number;
  readonly records: number;
}
/** 交接单号 is drawn when the package is sealed, for the envelope names it. */
export interface SealedPackage extends Act { readonly packageNo: string; readonly handoverNo: string; readonly volumes: readonly TransferVolume[]; readonly records: number; readonly files: number; readonly bytes: number }

/** What both persons sign when the medium leaves: structural only, so that it may be kept beside the batch for ever. */
export interface HandoverForm {
  readonly type: 'shouzang-handover/v1';
  readonly handoverNo: string;
  readonly batchNo: string;
  readonly packageNo: string;
  readonly box: string;
  readonly from: string;
  readonly to: string;
  readonly toBox: string;
  readonly mediumNo: string;
  readonly quantity: number;
  readonly setNo: string;
  readonly level: Level;
  readonly mark: string;
  readonly records: number;
  readonly volumes: readonly { readonly name: string; readonly digest: string }[];
  readonly sealNos: readonly string[];
  readonly packaging: string;
  readonly channel: string;
  /** 护送人, by person id and by name as printed. */
  readonly couriers: readonly { readonly person: string; readonly name: string }[];
  readonly dueOn: CalendarDate;
  readonly drawnUpAt: Instant;
  readonly remark: string;
}
export interface HandoverSignature { readonly person: string; readonly token: string; readonly certificateSerial: string; readonly signature: string; readonly at: Instant }
export interface Handover { readonly form: HandoverForm; readonly signatures: readonly HandoverSignature[] }

/** 回执, as far as the sender's life goes on by it; the signed file itself is kept beside the batch. */
export interface ReceiptNews extends Act { readonly receiptNo: string; readonly outcome: 'accepted' | 'returned'; readonly defects: readonly string[]; readonly decidedAt: Instant }

interface Common {
  readonly id: string;
  /** `YJ-2026-1123-4071`, drawn: see `drawn-number.ts`. */
  readonly number: string;
  readonly level: Level;
  readonly plan: TransferPlan;
  readonly planned: Act;
}
interface Ready extends Common { readonly prepared: Act }
interface Checked extends Ready { readonly inspected: Act & { readonly reportNo: string } }
interface Agreed extends Checked { readonly approved: Act & { readonly approval: string; /** 保密员会签. */ readonly officer: boolean } }
interface Packed extends Agreed { readonly sealed: SealedPackage }
interface Gone extends Packed { readonly handover: Handover }
interface Answered extends Gone { readonly receipt: ReceiptNews }
export interface Planned extends Common { readonly state: 'planned' }
export interface Prepared extends Ready { readonly state: 'prepared' }
export interface Inspected extends Checked { readonly state: 'inspected' }
export interface Approved extends Agreed { readonly state: 'approved' }
/** `handover`: drawn up and signed by one of the two. */
export interface Sealed extends Packed { readonly state: 'sealed'; readonly handover: Handover | null }
export interface Dispatched extends Gone { readonly state: 'dispatched' }
export interface Received extends Answered { readonly state: 'received' }
export interface Accepted extends Answered { readonly state: 'accepted' }
export interface Returned extends Answered { readonly state: 'returned' }
export interface Closed extends Answered { readonly state: 'closed'; readonly closed: Act & { readonly note: string } }
/** 撤销: given up before the medium left. */
export interface Withdrawn extends Common { readonly state: 'withdrawn'; readonly withdrawn: Act & { readonly reason: string; readonly from: TransferState } }
export type TransferBatch = Planned | Prepared | Inspected | Approved | Sealed | Dispatched | Received | Accepted | Returned | Closed | Withdrawn;
export type TransferState = TransferBatch['state'];

/**
 * 状态机: state × event → state. Never back to `planned`: what is returned is put right in a new batch. `amend` is any
 * change of plan, records or attachments.
 */
export const TRANSFER_STEPS = {
  planned: { amend: 'planned', prepare: 'prepared', withdraw: 'withdrawn' },
  prepared: { amend: 'prepared', inspect: 'inspected', withdraw: 'withdrawn' },
  inspected: { amend: 'prepared', inspect: 'inspected', approve: 'approved', withdraw: 'withdrawn' },
  approved: { amend: 'prepared', seal: 'sealed', withdraw: 'withdrawn' },
  sealed: { dispatch: 'dispatched', withdraw: 'withdrawn' },
  dispatched: { receive: 'received' },
  received: { accept: 'accepted', return: 'returned' },
  accepted: { close: 'closed' },
  returned: { close: 'closed' },
  closed: {},
  withdrawn: {},
} as const satisfies Record<TransferState, Readonly<Partial<Record<string, TransferState>>>>;
export const TRANSFER_STATES = Object.keys(TRANSFER_STEPS) as readonly TransferState[];
export const TRANSFER_EVENTS = ['amend', 'prepare', 'inspect', 'approve', 'seal', 'dispatch', 'receive', 'accept', 'return', 'close', 'withdraw'] as const;
export type TransferEvent = (typeof TRANSFER_EVENTS)[number];

/** Under way: its records are in no other batch and go into no other. */
export const isUnderWay = (state: TransferState): boolean => !['accepted', 'returned', 'closed', 'withdrawn'].includes(state);

export function nextTransferState(state: TransferState, event: TransferEvent): TransferState | undefined {
  const row: Readonly<Partial<Record<string, TransferState>>> = TRANSFER_STEPS[state];
  return row[event];
}

/** @throws ArchiveError `E_STATE_INVALID` with state, event and what is allowed instead */
export function requireTransfer(it: Pick<TransferBatch, 'id' | 'state'>, event: TransferEvent): TransferState {
  const next = nextTransferState(it.state, event);
  if (next === undefined) throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, event, allowed: Object.keys(TRANSFER_STEPS[it.state]) });
  return next;
}

function inState<S extends TransferState>(it: TransferBatch, event: TransferEvent, ...states: readonly S[]): Extract<TransferBatch, { readonly state: S }> {
  requireTransfer(it, event);
  if (!(states as readonly TransferState[]).includes(it.state)) throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, event });
  return it as Extract<TransferBatch, { readonly state: S }>;
}

const entry = (event: TransferEvent, it: Common, detail: Readonly<Record<string, unknown>> = {}): AuditDraft =>
  ({ action: `transfer.${event}`, object: it.id, objectType: 'transfer', objectLevel: it.level, detail: { number: it.number, ...detail } });
const common = ({ id, number, level, plan, planned }: TransferBatch): Common => ({ id, number, level, plan, planned });

export function planTransfer(given: Omit<Planned, 'state'>): Step<Planned> {
  const next: Planned = { ...given, state: 'planned' };
  return { next, audit: { ...entry('amend', next, { counterpart: given.plan.counterpart }), action: 'transfer.plan' } };
}

/** A change of anything that was agreed: what was inspected or approved is so no more. */
export function amend(it: TransferBatch, change: Partial<Pick<Common, 'plan' | 'level'>>): Step<Planned | Prepared> {
  const from = inState(it, 'amend', 'planned', 'prepared', 'inspected', 'approved');
  const changed = { ...common(from), ...change };
  const next: Planned | Prepared = from.state === 'planned' ? { ...changed, state: 'planned' } : { ...changed, prepared: from.prepared, state: 'prepared' };
  return { next, audit: entry('amend', next, { from: from.state }) };
}

export function prepare(it: TransferBatch, act: Act): Step<Prepared> {
  const next: Prepared = { ...common(inState(it, 'prepare', 'planned')), prepared: act, state: 'prepared' };
  return { next, audit: entry('prepare', next) };
}

/** 移交前四性检测合格. A run that failed changes nothing. */
export function inspectTransfer(it: TransferBatch, act: Act, reportNo: string): Step<Inspected> {
  const from = inState(it, 'inspect', 'prepared', 'inspected');
  const next: Inspected = { ...common(from), prepared: from.prepared, inspected: { ...act, reportNo }, state: 'inspected' };
  return { next, audit: entry('inspect', next, { reportNo }) };
}

export function approve(it: TransferBatch, act: Act, approval: string, officer: boolean): Step<Approved> {
  const next: Approved = { ...inState(it, 'approve', 'inspected'), approved: { ...act, approval, officer }, state: 'approved' };
  return { next, audit: { ...entry('approve', next), approval } };
}

export function seal(it: TransferBatch, made: SealedPackage): Step<Sealed> {
  const next: Sealed = { ...inState(it, 'seal', 'approved'), sealed: made, handover: null, state: 'sealed' };
  return { next, audit: entry('seal', next, { packageNo: made.packageNo, volumes: made.volumes.map(({ envelope, digest, manifestDigest }) => ({ envelope, digest, manifestDigest })) }) };
}

/** 绝密级载体: two people or more travel with it. */
const TOP_SECRET_COURIERS = 2;

/** 拟交接单. @throws ArchiveError `E_HANDOVER_TWO_PERSON` for 绝密 with one courier, `E_INPUT_INVALID` for one without courier or seal */
export function drawUpHandover(it: TransferBatch, form: HandoverForm): Sealed {
  const from = inState(it, 'dispatch', 'sealed');
  const couriers = new Set(form.couriers.map(({ person }) => person));
  if (couriers.size === 0) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/couriers', message: '请填写护送人' }]);
  if (form.level === 4 && couriers.size < TOP_SECRET_COURIERS) throw new ArchiveError('E_HANDOVER_TWO_PERSON', { batch: it.id }, [{ at: '/couriers', message: '绝密级载体须两人以上同行' }]);
  if (form.level >= 2 && form.sealNos.length === 0) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/sealNos', message: '涉密载体须密封，请填写封签号' }]);
  return { ...from, handover: { form, signatures: [] } };
}

/**
 * 双人签字: the second of two different people, with two different keys, sends the medium off. One person cannot.
 * @throws ArchiveError `E_HANDOVER_TWO_PERSON` for the same person or key twice, `E_STATE_INVALID` before it was drawn up
 */
export function signHandover(it: TransferBatch, signature: HandoverSignature): Step<Sealed | Dispatched> {
  const from = inState(it, 'dispatch', 'sealed');
  if (from.handover === null) throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, event: 'dispatch', allowed: ['transfer.draw-handover'] });
  const { form, signatures } = from.handover;
  const again = signatures.some((one) => one.person === signature.person || one.token === signature.token || one.certificateSerial === signature.certificateSerial);
  if (again) throw new ArchiveError('E_HANDOVER_TWO_PERSON', { batch: it.id, by: signature.person });
  const handover: Handover = { form, signatures: [...signatures, signature] };
  const detail = { handoverNo: form.handoverNo, signed: handover.signatures.length };
  if (handover.signatures.length < 2) return { next: { ...from, handover }, audit: { ...entry('dispatch', it, detail), action: 'transfer.sign-handover' } };
  return { next: { ...from, handover, state: 'dispatched' }, audit: entry('dispatch', it, detail) };
}

/** 回执已核验: first that there is an answer, then what it says. */
export function receive(it: TransferBatch, news: ReceiptNews): Step<Received> {
  const next: Received = { ...inState(it, 'receive', 'dispatched'), receipt: news, state: 'received' };
  return { next, audit: entry('receive', next, { receiptNo: news.receiptNo }) };
}

/** @throws ArchiveError `E_RETURN_WITHOUT_DEFECT`: a compliant batch cannot be sent back (第二十三条一款) */
export function settle(it: TransferBatch): Step<Accepted | Returned> {
  const from = inState(it, it.state === 'received' && it.receipt.outcome === 'returned' ? 'return' : 'accept', 'received');
  if (from.receipt.outcome === 'accepted') return { next: { ...from, state: 'accepted' }, audit: entry('accept', from, { receiptNo: from.receipt.receiptNo }) };
  if (from.receipt.defects.length === 0) throw new ArchiveError('E_RETURN_WITHOUT_DEFECT', { batch: it.id });
  return { next: { ...from, state: 'returned' }, audit: entry('return', from, { receiptNo: from.receipt.receiptNo, defects: from.receipt.defects }) };
}

export function close(it: TransferBatch, act: Act, note: string): Step<Closed> {
  const next: Closed = { ...inState(it, 'close', 'accepted', 'returned'), closed: { ...act, note }, state: 'closed' };
  return { next, audit: entry('close', next) };
}

export function withdraw(it: TransferBatch, act: Act, reason: string): Step<Withdrawn> {
  requireTransfer(it, 'withdraw');
  const next: Withdrawn = { ...common(it), withdrawn: { ...act, reason, from: it.state }, state: 'withdrawn' };
  return { next, audit: entry('withdraw', next, { from: it.state }) };
}

/**
 * 通道: offline, or a network that the competent body named and this box was told of. Everything else is the internet.
 * @throws ArchiveError `E_TRANSFER_OVER_INTERNET` always, whatever the settings say
 * @see 办法第二十二条二款
 */
export function requireRoad(mode: string, address: string | null, registered: readonly string[]): asserts mode is TransferMode {
  const refuse: ErrorCode = 'E_TRANSFER_OVER_INTERNET';
  if (mode === 'offline_medium' && address === null) return;
  if (mode !== 'dedicated_network' || address === null || !registered.includes(address)) throw new ArchiveError(refuse, { mode });
}
