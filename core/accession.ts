/** 接收 (办法第二十二至二十六条): from the medium at the door to the receipt that goes back. Pure steps; what is stored belongs together with its entry. */
import type { AuditDraft } from './audit.js';
import { ArchiveError } from './errors.js';
import type { Instant, Level } from './ports.js';
import type { Act, Step } from './record.js';

/** 签收单: what two receivers saw when the medium came, before anybody opened anything. */
export interface ArrivalForm {
  readonly type: 'shouzang-arrival/v1';
  /** `JS-2026-1123-4071`, drawn. */
  readonly number: string;
  /** 设备编号 of the receiving box. */
  readonly box: string;
  /** 交接单号 */
  readonly handoverNo: string;
  readonly fromUnit: string;
  readonly fromBox: string;
  /** 载体编号 as written on it. */
  readonly mediumNo: string;
  /** 专用设备编号; `null` where none is used. */
  readonly deviceNo: string | null;
  readonly quantity: number;
  readonly level: Level;
  readonly sealNos: readonly string[];
  readonly sealsIntact: boolean;
  readonly appearance: 'good' | 'damaged';
  readonly courier: string;
  readonly arrivedAt: Instant;
  readonly remark: string;
}
export interface ArrivalSignature { readonly person: string; readonly token: string; readonly certificateSerial: string; readonly signature: string; readonly at: Instant }

/** One volume as it was found on the medium. */
export interface ArrivedVolume { readonly envelope: string | null; readonly digest: string; readonly manifest: string | null }

/** Why the medium was not opened, or what came out of it not taken in. */
export interface Refusal extends Act {
  /** Catalogue code of the cause. */
  readonly code: string;
  /** 不合格项编号; empty for what was never meant for this archive. */
  readonly defects: readonly string[];
  readonly packageNo: string | null;
  readonly volumes: readonly ArrivedVolume[];
}
/** 启封: the road envelope is taken off and what was in it is plain (办法第二十五条). */
export interface Opening extends Act {
  readonly packageNo: string;
  readonly fonds: string;
  readonly unit: string;
  readonly volumes: readonly ArrivedVolume[];
  readonly items: number;
  readonly files: number;
  readonly bytes: number;
  /** 登记表 and list as they came. */
  readonly declared: { readonly items: number; readonly bytes: number };
  /** Highest level in it. */
  readonly level: Level;
}
export interface Inspection extends Act { readonly reportNo: string; readonly run: number; readonly conclusion: 'qualified' | 'unqualified' | 'conditional'; readonly defects: readonly string[]; readonly manualPending: readonly string[] }

interface Common { readonly id: string; readonly form: ArrivalForm; readonly arrived: Act }
interface InHand extends Common { readonly signatures: readonly ArrivalSignature[] }
interface Open extends InHand { readonly opening: Opening }
interface Tested extends Open { readonly inspection: Inspection }
export interface Arriving extends InHand { readonly state: 'arriving' }
export interface SignedIn extends InHand { readonly state: 'signed_in' }
export interface Refused extends InHand { readonly state: 'refused'; readonly refusal: Refusal }
export interface Opened extends Open { readonly state: 'opened' }
export interface Inspected extends Tested { readonly state: 'inspected' }
export interface AcceptedDecision extends Act { readonly outcome: 'accepted'; readonly receiptNo: string; readonly storageLocation: string }
export interface ReturnedDecision extends Act { readonly outcome: 'returned'; readonly receiptNo: string; readonly defects: readonly string[] }
export type Decision = AcceptedDecision | ReturnedDecision;
/** 准予接收: decided, and being taken into the holdings item by item. */
export interface Accepted extends Tested { readonly state: 'accepted'; readonly decision: AcceptedDecision }
export interface Stored extends Tested { readonly state: 'stored'; readonly decision: AcceptedDecision; readonly storedAt: Instant }
export interface Returned extends InHand { readonly state: 'returned'; readonly decision: ReturnedDecision; readonly opening: Opening | null; readonly inspection: Inspection | null; readonly refusal: Refusal | null }
interface Answered { readonly receiptedAt: Instant }
export interface Receipted extends InHand, Answered { readonly state: 'receipted'; readonly decision: Decision; readonly opening: Opening | null; readonly inspection: Inspection | null; readonly refusal: Refusal | null }
export interface Closed extends InHand, Answered { readonly state: 'closed'; readonly decision: Decision; readonly opening: Opening | null; readonly inspection: Inspection | null; readonly refusal: Refusal | null; readonly closed: Act }
/** 不予受理: it was never meant for this archive, or came a second time. Nothing of it was kept. */
export interface Dismissed extends InHand { readonly state: 'dismissed'; readonly refusal: Refusal | null; readonly dismissed: Act }

export type Accession = Arriving | SignedIn | Refused | Opened | Inspected | Accepted | Stored | Returned | Receipted | Closed | Dismissed;
export type AccessionState = Accession['state'];

/** 状态机: state × event → state. An empty cell is `E_STATE_INVALID`. */
export const ACCESSION_STEPS = {
  arriving: { sign: 'signed_in', dismiss: 'dismissed' },
  signed_in: { open: 'opened', refuse: 'refused', dismiss: 'dismissed' },
  refused: { open: 'opened', refuse: 'refused', return: 'returned', dismiss: 'dismissed' },
  opened: { inspect: 'inspected' },
  inspected: { inspect: 'inspected', accept: 'accepted', return: 'returned' },
  accepted: { store: 'stored' },
  stored: { receipt: 'receipted' },
  returned: { receipt: 'receipted' },
  receipted: { close: 'closed' },
  closed: {},
  dismissed: {},
} as const satisfies Record<AccessionState, Readonly<Partial<Record<string, AccessionState>>>>;
export const ACCESSION_STATES = Object.keys(ACCESSION_STEPS) as readonly AccessionState[];
export const ACCESSION_EVENTS = ['sign', 'open', 'refuse', 'dismiss', 'inspect', 'accept', 'return', 'store', 'receipt', 'close'] as const;
export type AccessionEvent = (typeof ACCESSION_EVENTS)[number];

export function nextAccessionState(state: AccessionState, event: AccessionEvent): AccessionState | undefined {
  const row: Readonly<Partial<Record<string, AccessionState>>> = ACCESSION_STEPS[state];
  return row[event];
}

/** The accession, known to be where the event may happen. @throws ArchiveError `E_STATE_INVALID` with what is allowed instead */
function ready<S extends AccessionState>(it: Accession, event: AccessionEvent, ...states: readonly S[]): Extract<Accession, { readonly state: S }> {
  if (nextAccessionState(it.state, event) === undefined || !(states as readonly AccessionState[]).includes(it.state)) {
    throw new ArchiveError('E_STATE_INVALID', { accession: it.id, state: it.state, event, allowed: Object.keys(ACCESSION_STEPS[it.state]) });
  }
  return it as Extract<Accession, { readonly state: S }>;
}

const entry = (event: AccessionEvent | 'arrive' | 'sign-in', it: Common, detail: Readonly<Record<string, unknown>> = {}): AuditDraft =>
  ({ action: `accession.${event}`, object: it.id, objectType: 'accession', detail: { number: it.form.number, ...detail } });

/** 到馆登记: what the first receiver saw. @throws ArchiveError `E_INPUT_INVALID` for a classified medium without a tamper seal */
export function arrive(id: string, form: ArrivalForm, act: Act): Step<Arriving> {
  if (form.level >= 2 && form.sealNos.length === 0) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/sealNos', message: '涉密载体须有封签，请抄录封签号' }]);
  const next: Arriving = { state: 'arriving', id, form, arrived: act, signatures: [] };
  return { next, audit: entry('arrive', next, { handoverNo: form.handoverNo, sealsIntact: form.sealsIntact, appearance: form.appearance }) };
}

/**
 * 双人签收: the second of two people with two keys takes the medium in. One person cannot.
 * @throws ArchiveError `E_HANDOVER_TWO_PERSON` for the same person, key or certificate twice
 */
export function signIn(it: Accession, signature: ArrivalSignature): Step<Arriving | SignedIn> {
  const from = ready(it, 'sign', 'arriving');
  const again = from.signatures.some((one) => one.person === signature.person || one.token === signature.token || one.certificateSerial === signature.certificateSerial);
  if (again) throw new ArchiveError('E_HANDOVER_TWO_PERSON', { accession: it.id, by: signature.person });
  const signatures = [...from.signatures, signature];
  const state = signatures.length < 2 ? 'arriving' : 'signed_in';
  return { next: { ...from, signatures, state }, audit: entry('sign-in', it, { signed: signatures.length, certificate: signature.certificateSerial }) };
}

/** 启封: by whom and when is entered, for what is filed is plain (`envelopeRemovedBy/At`). */
export function open(it: Accession, opening: Opening): Step<Opened> {
  const { id, form, arrived, signatures } = ready(it, 'open', 'signed_in', 'refused');
  const next: Opened = { id, form, arrived, signatures, opening, state: 'opened' };
  return { next, audit: entry('open', it, { packageNo: opening.packageNo, items: opening.items, files: opening.files, bytes: opening.bytes, envelopes: opening.volumes.map(({ envelope }) => envelope), envelopeRemovedBy: opening.by, envelopeRemovedAt: opening.at }) };
}

/** 拒绝启封: nothing of it is kept but why. */
export function refuse(it: Accession, refusal: Refusal): Step<Refused> {
  const { id, form, arrived, signatures } = ready(it, 'refuse', 'signed_in', 'refused');
  const next: Refused = { id, form, arrived, signatures, refusal, state: 'refused' };
  return { next, audit: entry('refuse', it, { code: refusal.code, defects: refusal.defects }) };
}

/** 不予受理. @throws ArchiveError `E_STATE_INVALID` for a defective package: that goes back with its defects */
export function dismiss(it: Accession, act: Act): Step<Dismissed> {
  const from = ready(it, 'dismiss', 'arriving', 'signed_in', 'refused');
  const refusal = from.state === 'refused' ? from.refusal : null;
  if (refusal !== null && refusal.defects.length > 0) throw new ArchiveError('E_STATE_INVALID', { accession: it.id, state: it.state, event: 'dismiss', allowed: ['open', 'return'] });
  const { id, form, arrived, signatures } = from;
  const next: Dismissed = { id, form, arrived, signatures, refusal, dismissed: act, state: 'dismissed' };
  return { next, audit: entry('dismiss', it, { code: refusal?.code ?? null }) };
}

/** 四性检测 of the receiving stage; again as often as wanted until it is decided. */
export function inspect(it: Accession, inspection: Inspection): Step<Inspected> {
  const from = ready(it, 'inspect', 'opened', 'inspected');
  const next: Inspected = { ...from, inspection, state: 'inspected' };
  return { next, audit: entry('inspect', it, { reportNo: inspection.reportNo, conclusion: inspection.conclusion, defects: inspection.defects }) };
}

/**
 * 准予接收, of the package whole. @throws ArchiveError `E_4P_FAILED` with the test numbers; `E_STATE_INVALID` while a manual test is open
 * @see 办法第二十六条: 检测合格方可办理接收手续
 */
export function accept(it: Accession, decision: AcceptedDecision): Step<Accepted> {
  const from = ready(it, 'accept', 'inspected');
  const { conclusion, defects, manualPending } = from.inspection;
  if (conclusion === 'unqualified' || defects.length > 0) throw new ArchiveError('E_4P_FAILED', { items: defects });
  if (manualPending.length > 0) throw new ArchiveError('E_STATE_INVALID', { accession: it.id, manualPending }, manualPending.map((code) => ({ at: code, message: '人工检测项尚未填写，请重新检测并填写' })));
  const next: Accepted = { ...from, decision, state: 'accepted' };
  return { next, audit: entry('accept', it, { receiptNo: decision.receiptNo, reportNo: from.inspection.reportNo, items: from.opening.items }) };
}

/**
 * 退回, with the numbers of what failed and nothing else: a compliant batch cannot be sent back, and nobody's opinion is a reason.
 * @throws ArchiveError `E_RETURN_WITHOUT_DEFECT`
 * @see 办法第二十三条一款
 */
export function sendBack(it: Accession, by: Act, receiptNo: string): Step<Returned> {
  const from = ready(it, 'return', 'refused', 'inspected');
  const defects = from.state === 'refused' ? from.refusal.defects : from.inspection.defects;
  if (defects.length === 0) throw new ArchiveError('E_RETURN_WITHOUT_DEFECT', { accession: it.id });
  const { id, form, arrived, signatures } = from;
  const next: Returned = {
    id, form, arrived, signatures, state: 'returned', decision: { ...by, outcome: 'returned', receiptNo, defects },
    opening: from.state === 'refused' ? null : from.opening, inspection: from.state === 'refused' ? null : from.inspection, refusal: from.state === 'refused' ? from.refusal : null,
  };
  return { next, audit: entry('return', it, { receiptNo, defects }) };
}

/** 入库完毕: every item stands in the holdings. */
export function store(it: Accession, at: Instant): Step<Stored> {
  const next: Stored = { ...ready(it, 'store', 'accepted'), storedAt: at, state: 'stored' };
  return { next, audit: entry('store', it, { items: next.opening.items }) };
}

/** 接收凭证 signed by two receivers and by the box. */
export function receipt(it: Accession, at: Instant): Step<Receipted> {
  const from = ready(it, 'receipt', 'stored', 'returned');
  const { id, form, arrived, signatures, decision, opening, inspection } = from;
  const next: Receipted = { id, form, arrived, signatures, decision, opening, inspection, refusal: from.state === 'returned' ? from.refusal : null, receiptedAt: at, state: 'receipted' };
  return { next, audit: entry('receipt', it, { receiptNo: decision.receiptNo, outcome: decision.outcome }) };
}

export function close(it: Accession, act: Act): Step<Closed> {
  const next: Closed = { ...ready(it, 'close', 'receipted'), closed: act, state: 'closed' };
  return { next, audit: entry('close', it) };
}

/** 件数核对: where catalogue, list, contents and counts do not say the same. */
export interface Difference { readonly defect: 'KM-04' | 'KM-05' | 'KM-07' | 'KM-08' | 'YJ-2-1' | 'YJ-2-2'; readonly archivalCode: string | null; readonly expected: string; readonly actual: string }
export interface Counted {
  readonly declared: { readonly items: number; readonly bytes: number };
  readonly found: { readonly items: number; readonly bytes: number };
  /** 档号 of 文件目录, of what lies in the package, of 移交清单 and of each of 三附件; `null`: not there at all. */
  readonly catalogue: readonly string[];
  readonly contents: readonly string[];
  readonly transferList: readonly string[] | null;
  readonly attachments: Readonly<Record<string, readonly string[] | null>>;
}

/** 清点: list against content against counts. Empty when everything agrees. */
export function reconcileAccession({ declared, found, catalogue, contents, transferList, attachments }: Counted): readonly Difference[] {
  const inside = new Set(contents);
  const against = (listed: readonly string[], name: string, defect: 'KM-04' | 'KM-05'): Difference[] => {
    const set = new Set(listed);
    return [
      ...contents.filter((code) => !set.has(code)).map((archivalCode): Difference => ({ defect, archivalCode, expected: name, actual: '未列' })),
      ...[...set].filter((code) => !inside.has(code)).map((archivalCode): Difference => ({ defect, archivalCode, expected: name, actual: '包内没有' })),
      ...(set.size === listed.length ? [] : [{ defect, archivalCode: null, expected: name, actual: '同一档号列了两次' }]),
    ];
  };
  return [
    ...(declared.items === found.items ? [] : [{ defect: 'YJ-2-1' as const, archivalCode: null, expected: `登记 ${String(declared.items)} 件`, actual: `实有 ${String(found.items)} 件` }]),
    ...(declared.bytes === found.bytes ? [] : [{ defect: 'YJ-2-2' as const, archivalCode: null, expected: `登记 ${String(declared.bytes)} 字节`, actual: `实有 ${String(found.bytes)} 字节` }]),
    ...against(catalogue, '文件目录', 'KM-05'),
    ...(transferList === null ? [{ defect: 'KM-05' as const, archivalCode: null, expected: '移交清单', actual: '没有' }] : against(transferList, '移交清单', 'KM-05')),
    ...Object.entries(attachments).flatMap(([name, codes]) => (codes === null ? [{ defect: 'KM-04' as const, archivalCode: null, expected: name, actual: '没有' }] : against(codes, name, 'KM-04'))),
  ];
}
