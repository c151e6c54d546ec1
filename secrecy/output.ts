import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../core/errors.js';
import type { CalendarDate, Instant } from '../core/ports.js';
import type { OutputForm, OutputKind, OutputsFile } from '../policies/schemas/output.js';
import type { CarrierState } from './carrier.js';
import { highest, type Level } from './level.js';
import type { Step } from './step.js';

/** 打印、刻录、导出 (实施条例(2024)第二十七、二十九条): requested → approved / refused → issued, copy by copy → returned or destroyed → closed. */
export interface Consent { readonly no: string; readonly by: string }
/** Pages of a record, counted over its files in their order, both ends included. */
export interface Extract { readonly record: string; readonly from: number; readonly to: number }
interface Common {
  readonly id: string;
  /** 单号, on every page and every medium. */
  readonly no: string;
  readonly kind: OutputKind;
  readonly form: OutputForm;
  /** 内容最高密级. */
  readonly level: Level;
  readonly records: readonly { readonly record: string; readonly level: Level }[];
  readonly copies: number;
  readonly purpose: string;
  readonly keepUntil: CalendarDate;
  readonly consent: Consent | null;
  /** 利用单 under which it was asked for. */
  readonly use?: string;
  /** 摘录: only these pages. */
  readonly extracts?: readonly Extract[];
  readonly requestedBy: string;
  readonly requestedAt: Instant;
}
export interface Requested extends Common { readonly state: 'requested'; readonly lapsesAt: Instant }
export interface Refused extends Common { readonly state: 'refused'; readonly approval: string }
/** `issued` copies are out; the others may follow until the day. */
export interface Approved extends Common { readonly state: 'approved'; readonly approval: string; readonly issueBy: CalendarDate; readonly issued: number }
export interface Issued extends Common { readonly state: 'issued'; readonly approval: string; readonly issued: number }
export type Output = Requested | Refused | Approved | Issued;

export type OutputAsk = Omit<Common, 'level'> & { readonly lapsesAt: Instant; readonly today: CalendarDate };

const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const addDays = (day: CalendarDate, days: number): CalendarDate => Temporal.PlainDate.from(day).add({ days }).toString();

/** What the policy says of a level. @throws ArchiveError `E_POLICY_INVALID` where it says nothing */
export function rulesOf(policy: OutputsFile, level: Level): OutputsFile['levels'][number] {
  const row = policy.levels.find((one) => one.level === level);
  if (row === undefined) throw new ArchiveError('E_POLICY_INVALID', { level }, [{ at: 'outputs.json', message: `没有密级 ${String(level)} 的输出规则` }]);
  return row;
}

/**
 * 申请. The level is that of the highest thing in it.
 * @throws ArchiveError `E_COPY_FORBIDDEN_TOP_SECRET` where the level is closed, or asks for a consent that is not there; `E_INPUT_INVALID`
 * @see 保密法实施条例(2024)第二十七、二十九条
 */
export function requestOutput(ask: OutputAsk, policy: OutputsFile): Step<Requested> {
  const { today, ...given } = ask;
  const level = highest(given.records.map((one) => one.level));
  const rules = rulesOf(policy, level);
  if (!rules.open) throw new ArchiveError(level === 4 ? 'E_COPY_FORBIDDEN_TOP_SECRET' : 'E_COPY_NOT_AUTHORIZED', { level, why: 'closed' }, [{ at: '/codes', message: '本单位未开放该密级的打印、刻录、导出' }]);
  if (rules.consent && given.consent === null) throw new ArchiveError('E_COPY_FORBIDDEN_TOP_SECRET', { level, why: 'consent' }, [{ at: '/consentNo', message: '请登记原定密机关或其上级机关的同意文号' }]);
  if (given.records.length === 0 || given.records.length > policy.most.records) throw wrong('/codes', `一次申请 1 至 ${String(policy.most.records)} 件`);
  if (given.copies < 1 || given.copies > policy.most.copies) throw wrong('/copies', `份数为 1 至 ${String(policy.most.copies)}`);
  if (policy.kinds.find(({ key }) => key === given.kind)?.forms.includes(given.form) !== true) throw wrong('/form', '打印只出带水印的页面图像');
  for (const { from, to } of given.extracts ?? []) if (to < from) throw wrong('/extracts', '止页不得小于起页');
  if (given.extracts !== undefined && given.form !== 'pictures') throw wrong('/extracts', '摘录只出带水印的页面图像');
  if (given.keepUntil < today || given.keepUntil > addDays(today, policy.keepAtMostDays)) throw wrong('/keepUntil', `应还日期不早于今天，最长留用 ${String(policy.keepAtMostDays)} 天`);
  const next: Requested = { ...given, level, state: 'requested' };
  return { next, audit: entry(next, 'output.request', { no: next.no, kind: next.kind, form: next.form, copies: next.copies, records: next.records.map(({ record }) => record), ...(next.consent === null ? {} : { consent: next.consent.no }) }) };
}

const entry = (it: Output, action: string, detail: Readonly<Record<string, unknown>>) => ({ action, object: it.id, objectType: 'output', objectLevel: it.level, detail });

/** 批准: by the last signature. @throws ArchiveError `E_STATE_INVALID` */
export function approveOutput(it: Output, approval: string, today: CalendarDate, policy: OutputsFile): Step<Approved> {
  if (it.state !== 'requested') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'approve' });
  const { lapsesAt: _, ...common } = it;
  const next: Approved = { ...common, state: 'approved', approval, issueBy: addDays(today, policy.issueWithinDays), issued: 0 };
  return { next, audit: entry(next, 'output.approve', { no: next.no, issueBy: next.issueBy }) };
}

/** 不予批准. @throws ArchiveError `E_STATE_INVALID` */
export function refuseOutput(it: Output, approval: string): Step<Refused> {
  if (it.state !== 'requested') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'refuse' });
  const { lapsesAt: _, ...common } = it;
  const next: Refused = { ...common, state: 'refused', approval };
  return { next, audit: entry(next, 'output.refuse', { no: next.no }) };
}

export interface Issuing {
  readonly kind: OutputKind;
  readonly by: string;
  readonly today: CalendarDate;
  /** The contents as they stand now; `undefined` for what is no longer kept. */
  readonly now: readonly (Level | undefined)[];
}

/**
 * 出件, one numbered copy.
 * @throws ArchiveError `E_COPY_NOT_AUTHORIZED` before the approval, `E_APPROVAL_LAPSED` after its day, `E_STATE_INVALID` when every copy is
 * out, `E_SOD_SAME_PERSON` where who asked may not issue, `E_OUTPUT_CHANGED` where the contents stand higher than was approved
 */
export function issueCopy(it: Output, issuing: Issuing, policy: OutputsFile): Step<Approved | Issued> & { readonly copy: number } {
  if (it.kind !== issuing.kind) throw new ArchiveError('E_STATE_INVALID', { state: it.kind, event: issuing.kind });
  if (it.state === 'requested' || it.state === 'refused') throw new ArchiveError('E_COPY_NOT_AUTHORIZED', { output: it.id, state: it.state });
  if (it.state === 'issued') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: issuing.kind });
  if (it.issueBy < issuing.today) throw new ArchiveError('E_APPROVAL_LAPSED', { output: it.id });
  if (rulesOf(policy, it.level).otherIssuer && issuing.by === it.requestedBy) throw new ArchiveError('E_SOD_SAME_PERSON', { output: it.id, by: issuing.by });
  if (issuing.now.some((level) => level === undefined || level > it.level)) throw new ArchiveError('E_OUTPUT_CHANGED', { output: it.id });
  const copy = it.issued + 1;
  const { issueBy: _, ...common } = it;
  const next: Approved | Issued = copy === it.copies ? { ...common, state: 'issued', issued: copy } : { ...it, issued: copy };
  return { next, copy, audit: entry(next, `output.${it.kind}`, { no: next.no, copy, of: next.copies }) };
}

/** 副本: what became of it is told by the carrier it lies on; a copy of what is no secret has none and is not called back. */
export type CopyState = 'out' | 'returned' | 'to_destroy' | 'destroyed' | 'lost' | 'free';
const COPY_OF: Readonly<Record<CarrierState, CopyState>> = {
  registered: 'out', in_use: 'out', in_transit: 'out', in_custody: 'returned', returned: 'returned', lost: 'lost', pending_destruction: 'to_destroy', destroyed: 'destroyed',
};
export const copyState = (carrier: CarrierState | null): CopyState => (carrier === null ? 'free' : COPY_OF[carrier]);

export type OutputStanding = 'requested' | 'lapsed' | 'refused' | 'approved' | 'issued' | 'closed';
/** 闭环: closed when no further copy can come and every copy is back, destroyed or free. 待销 and lost copies keep it open. */
export function standing(it: Output, copies: readonly CopyState[], now: Instant, today: CalendarDate): OutputStanding {
  if (it.state === 'requested') return it.lapsesAt <= now ? 'lapsed' : 'requested';
  if (it.state === 'refused') return 'refused';
  const over = it.state === 'issued' || it.issueBy < today;
  if (!over) return 'approved';
  if (copies.length === 0) return 'lapsed';
  return copies.every((one) => one === 'returned' || one === 'destroyed' || one === 'free') ? 'closed' : 'issued';
}
