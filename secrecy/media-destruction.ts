import { ArchiveError } from '../core/errors.js';
import type { CalendarDate, Instant } from '../core/ports.js';
import type { Rating } from '../policies/schemas/media-destruction.js';
import { needsEraseLog, ratingSuffices, requireMethod, type ChosenMethod, type DestructionPolicy, type MediumFacts } from './destruction-method.js';
import type { Level } from './level.js';
import { naturalPersons, samePerson, type Holder } from './separation.js';
import { canonical, checkSignature, holderOf, type Json, type Signature, type VerifySignature } from './signing.js';
import type { Step } from './step.js';

/**
 * 涉密载体销毁 (办法第四十三条): 清点 → 登记 → 审批 → 隔离 → 送销或自销 → 监销 → 注销. Every state carries only the facts it has.
 * If the power goes, the last whole step stands: state, lines and audit entry are one commit.
 */
interface Common {
  readonly id: string;
  readonly no: string;
  readonly level: Level;
  readonly openedBy: Holder;
  readonly openedOn: CalendarDate;
  /** Ids of 待销条目. */
  readonly lines: readonly string[];
  readonly reason: string;
  /** The last count that did not agree; gone with the next. */
  readonly differences: CountDifferences | null;
}
interface Counted0 extends Common { readonly count: { readonly by: Holder; readonly at: Instant; readonly opinion: string } }
interface Requested0 extends Counted0 { readonly plan: Plan; readonly approval: string }
interface Approved0 extends Requested0 { readonly approvers: readonly Holder[]; readonly approvedAt: Instant }
interface Isolated0 extends Approved0 { readonly isolation: { readonly place: string; readonly sealNo: string; readonly by: string; readonly at: Instant; readonly dueOn: CalendarDate } }
interface Released0 extends Isolated0 { readonly release: Release }
interface Executed0 extends Released0 { readonly result: Result; readonly signatures: readonly Signature[] }

export interface Drafted extends Common { readonly state: 'drafted' }
export interface Counted extends Counted0 { readonly state: 'counted' }
export interface Requested extends Requested0 { readonly state: 'requested' }
export interface Approved extends Approved0 { readonly state: 'approved' }
export interface Isolated extends Isolated0 { readonly state: 'isolated' }
export interface Released extends Released0 { readonly state: 'released' }
/** 已销毁, 待监销人签字: `signatures[0]` is the executor's. */
export interface Executed extends Executed0 { readonly state: 'executed' }
export interface Witnessed extends Executed0 { readonly state: 'witnessed' }
export interface Closed extends Executed0 { readonly state: 'closed'; readonly certificate: string; readonly closedBy: string; readonly closedAt: Instant }
export interface Cancelled extends Common { readonly state: 'cancelled'; readonly cancelled: { readonly by: string; readonly at: Instant; readonly reason: string } }
export type MediaDestruction = Drafted | Counted | Requested | Approved | Isolated | Released | Executed | Witnessed | Closed | Cancelled;
export type MediaDestructionState = MediaDestruction['state'];

export interface LineMethod extends ChosenMethod { readonly line: string; readonly devices: readonly string[] }
/** What is put before the approver: how, by whom, before whom. */
export interface Plan {
  readonly manner: 'send' | 'own';
  readonly urgency: string | null;
  readonly unit: string | null;
  /** 上级批准文号, for 绝密. */
  readonly consentNo: string | null;
  readonly applicant: Holder;
  readonly executor: Holder;
  readonly witnesses: readonly Holder[];
  readonly methods: readonly LineMethod[];
}
export interface Release { readonly channel: string; readonly escorts: readonly string[]; readonly sealNo: string; readonly destination: string; readonly by: string; readonly at: Instant }
export interface Result {
  readonly finishedAt: Instant;
  readonly place: string;
  /** 销毁人: of the destroying unit, or the executor's name. */
  readonly destroyedBy: string;
  readonly voucherNo: string | null;
  readonly remark: string | null;
  readonly failed: readonly { readonly line: string; readonly why: string }[];
  /** SM3 of every photograph and voucher, hex, sorted. */
  readonly evidence: readonly string[];
  /** What was destroyed and how, as it stood then. */
  readonly lines: readonly SignedLine[];
}
export interface SignedLine { readonly line: string; readonly no: string; readonly kind: string; readonly maxLevelEver: Level; readonly steps: readonly string[]; readonly outcome: string }

/** One line as the rules need it, looked up when it is asked. */
export interface LineFacts extends MediumFacts {
  readonly id: string; readonly no: string; readonly level: Level; readonly copyNo: number; readonly quantity: number;
  /** Of the erase log that names its serial number; null without one. */
  readonly rating: Rating | null;
}

/** state × event → state; what is not here is refused. */
export const DESTRUCTION_STEPS: Readonly<Record<MediaDestructionState, Readonly<Partial<Record<string, MediaDestructionState>>>>> = {
  drafted: { count: 'counted', cancel: 'cancelled' },
  counted: { count: 'counted', ask: 'requested', cancel: 'cancelled' },
  requested: { ask: 'requested', approve: 'approved', cancel: 'cancelled' },
  approved: { isolate: 'isolated', cancel: 'cancelled' },
  isolated: { release: 'released', cancel: 'cancelled' },
  released: { execute: 'executed' },
  executed: { witness: 'witnessed' },
  witnessed: { close: 'closed' },
  closed: {},
  cancelled: {},
};

/** Before the approval whoever goes on is destroying without leave; afterwards it is only out of order. */
const UNAPPROVED: readonly MediaDestructionState[] = ['drafted', 'counted', 'requested'];
function at<S extends MediaDestructionState>(it: MediaDestruction, event: string, ...states: readonly S[]): Extract<MediaDestruction, { state: S }> {
  if ((states as readonly string[]).includes(it.state)) return it as Extract<MediaDestruction, { state: S }>;
  const early = UNAPPROVED.includes(it.state) && ['isolate', 'release', 'execute', 'witness', 'close'].includes(event);
  throw new ArchiveError(early ? 'E_DESTROY_UNAUTHORIZED' : 'E_STATE_INVALID', { disposal: it.id, state: it.state, event });
}
const step = <T extends MediaDestruction>(next: T, action: string, detail: Readonly<Record<string, unknown>> = {}): Step<T> =>
  ({ next, audit: { action, object: next.id, objectType: 'disposal', objectLevel: next.level, detail: { no: next.no, state: next.state, ...detail } } });

export function openDestruction(input: Omit<Drafted, 'state' | 'differences'>): Step<Drafted> {
  return step({ ...input, state: 'drafted', differences: null }, 'disposal.open', { lines: input.lines.length });
}

export interface FoundLine { readonly no: string; readonly level: number; readonly copyNo: number; readonly quantity: number }
export interface CountDifferences { readonly missing: readonly string[]; readonly unexpected: readonly string[]; readonly level: readonly string[]; readonly copies: readonly string[] }

/** 清点: number, level, copy and quantity of each, against the list. Every number counts once; twice found is unexpected. */
export function countDifferences(lines: readonly LineFacts[], found: readonly FoundLine[]): CountDifferences {
  const ought = new Map(lines.map((line) => [line.no, line]));
  const once = new Map<string, FoundLine>();
  const unexpected: string[] = [];
  for (const one of found) if (!ought.has(one.no) || once.has(one.no)) unexpected.push(one.no); else once.set(one.no, one);
  const pairs = [...once.values()].flatMap((one) => { const line = ought.get(one.no); return line === undefined ? [] : [[line, one] as const]; });
  return {
    missing: lines.filter(({ no }) => !once.has(no)).map(({ no }) => no).sort(), unexpected: unexpected.sort(),
    level: pairs.filter(([line, one]) => line.level !== one.level).map(([{ no }]) => no).sort(), copies: pairs.filter(([line, one]) => line.copyNo !== one.copyNo || line.quantity !== one.quantity).map(([{ no }]) => no).sort(),
  };
}
export const agrees = (it: CountDifferences): boolean => it.missing.length + it.unexpected.length + it.level.length + it.copies.length === 0;

/**
 * 账物相符 goes on; what differs stays a draft and is told at once.
 * @throws ArchiveError `E_SOD_CONFLICT` where the same person made the list
 */
export function countDestruction(it: MediaDestruction, lines: readonly LineFacts[], found: readonly FoundLine[], by: Counted['count']): Step<Drafted | Counted> {
  const open = at(it, 'count', 'drafted', 'counted');
  if (samePerson(open.openedBy, by.by)) throw new ArchiveError('E_SOD_CONFLICT', { disposal: it.id, by: by.by.person }, [{ at: '', message: '清点须由登记人以外的另一人核对' }]);
  const { id, no, level, openedBy, openedOn, reason } = open;
  const common: Common = { id, no, level, openedBy, openedOn, lines: open.lines, reason, differences: null };
  const differences = countDifferences(lines, found);
  const counts = Object.fromEntries(Object.entries(differences).map(([key, nos]) => [key, (nos as readonly string[]).length]));
  if (agrees(differences)) return step<Drafted | Counted>({ ...common, state: 'counted', count: by }, 'disposal.count', counts);
  const told = step<Drafted | Counted>({ ...common, state: 'drafted', differences }, 'disposal.count', { ...counts, nos: [...new Set(Object.values(differences).flat())] });
  return { ...told, audit: { ...told.audit, result: 'failed', reason: 'E_DESTROY_COUNT' } };
}

/**
 * 四方分离 and 二人监销, by natural persons: two accounts with one key are one.
 * @throws ArchiveError `E_SOD_CONFLICT`, `E_DESTROY_TWO_PERSON`
 */
export function checkParts(policy: Pick<DestructionPolicy, 'witnesses'>, parts: Pick<Plan, 'applicant' | 'executor' | 'witnesses'> & { readonly approvers?: readonly Holder[] }): void {
  const { applicant, executor, witnesses, approvers = [] } = parts;
  const natural = naturalPersons([applicant, executor, ...witnesses, ...approvers]);
  const who = ({ person }: Holder): string => natural.get(person) ?? person;
  const sides: readonly (readonly [string, readonly Holder[]])[] = [['申请人', [applicant]], ['执行人', [executor]], ['监销人', witnesses], ['审批人', approvers]];
  for (const [n, [name, people]] of sides.entries()) {
    for (const [other, others] of sides.slice(n + 1)) {
      const both = people.find((one) => others.some((two) => who(one) === who(two)));
      if (both !== undefined) throw new ArchiveError('E_SOD_CONFLICT', { person: both.person, parts: [name, other] }, [{ at: '', message: `${name}不得同时是${other}，申请、审批、执行、监销须由不同的人担任` }]);
    }
  }
  if (new Set(witnesses.map(who)).size < policy.witnesses.min) throw new ArchiveError('E_DESTROY_TWO_PERSON', { witnesses: new Set(witnesses.map(who)).size, need: policy.witnesses.min });
}

/**
 * 提请审批.
 * @throws ArchiveError `E_STATE_INVALID`, `E_SOD_CONFLICT`, `E_DESTROY_TWO_PERSON`, `E_DESTROY_METHOD_INSUFFICIENT`, `E_DESTROY_CONSENT` (绝密 without
 * the superior's number), `E_DESTROY_OWN_LIMIT`
 */
export function askDestruction(it: MediaDestruction, policy: DestructionPolicy, lines: readonly LineFacts[], plan: Plan, approval: string): Step<Requested> {
  const ready = at(it, 'ask', 'counted', 'requested');
  checkParts(policy, plan);
  checkMethods(policy, lines, plan.methods);
  const top = Math.max(...lines.map(({ maxLevelEver }) => maxLevelEver));
  if (top >= policy.consent.level && (plan.consentNo ?? '') === '') throw new ArchiveError('E_DESTROY_CONSENT', { disposal: it.id, level: top });
  if (plan.manner === 'own' && (lines.length > policy.own.maxLines || top > policy.own.maxLevel || (plan.urgency ?? '') === '')) throw new ArchiveError('E_DESTROY_OWN_LIMIT', { disposal: it.id, lines: lines.length, level: top, maxLines: policy.own.maxLines });
  return step({ ...common(ready), count: ready.count, state: 'requested', plan, approval }, 'disposal.ask', { manner: plan.manner, lines: lines.length, witnesses: plan.witnesses.length, approval });
}

/** Each line has one method that is enough for it. @throws ArchiveError `E_DESTROY_METHOD_INSUFFICIENT` */
export function checkMethods(policy: DestructionPolicy, lines: readonly LineFacts[], methods: readonly LineMethod[]): void {
  for (const line of lines) {
    const chosen = methods.filter((one) => one.line === line.id);
    requireMethod(policy, line, chosen.length === 1 && chosen[0] !== undefined ? chosen[0] : { steps: [], outcome: 'destroy' }, line);
  }
}
const common = ({ id, no, level, openedBy, openedOn, lines, reason, differences }: Common): Common => ({ id, no, level, openedBy, openedOn, lines, reason, differences });

/** The last signature of the approval. @throws ArchiveError `E_STATE_INVALID`, `E_SOD_CONFLICT` by one who has another part */
export function approveDestruction(it: MediaDestruction, policy: Pick<DestructionPolicy, 'witnesses'>, approval: string, approvers: readonly Holder[], when: Instant): Step<Approved> {
  const asked = at(it, 'approve', 'requested');
  if (asked.approval !== approval || approvers.length === 0) throw new ArchiveError('E_DESTROY_UNAUTHORIZED', { disposal: it.id, approval });
  checkParts(policy, { ...asked.plan, approvers });
  return step({ ...asked, state: 'approved', approvers, approvedAt: when }, 'disposal.ask', { approval });
}

export function isolateDestruction(it: MediaDestruction, isolation: Isolated['isolation']): Step<Isolated> {
  return step({ ...at(it, 'isolate', 'approved'), state: 'isolated', isolation }, 'disposal.isolate', { dueOn: isolation.dueOn });
}

/**
 * 送出, or taken out for own destruction. What is known now counts: a level raised since the approval asks for its own method.
 * @throws ArchiveError `E_DESTROY_UNAUTHORIZED` by a way that is forbidden, `E_HANDOVER_TWO_PERSON`, `E_DESTROY_METHOD_INSUFFICIENT`
 */
export function releaseDestruction(it: MediaDestruction, policy: DestructionPolicy, lines: readonly LineFacts[], release: Release): Step<Released> {
  const ready = at(it, 'release', 'isolated');
  const channel = policy.channels.find(({ key }) => key === release.channel);
  if (channel?.allowed !== true) throw new ArchiveError('E_DESTROY_UNAUTHORIZED', { disposal: it.id, channel: release.channel }, [{ at: '/channel', message: `不得以「${channel?.name ?? release.channel}」方式处置涉密载体` }]);
  checkMethods(policy, lines, ready.plan.methods);
  const top = Math.max(...lines.map(({ maxLevelEver }) => maxLevelEver));
  const need = ready.plan.manner === 'own' || top < 2 ? 0 : top >= 4 ? policy.escorts.topSecret : policy.escorts.secret;
  if (new Set(release.escorts).size < need) throw new ArchiveError('E_HANDOVER_TWO_PERSON', { disposal: it.id, escorts: release.escorts.length, need }, [{ at: '/escorts', message: `须由 ${String(need)} 人以上护送` }]);
  return step({ ...ready, state: 'released', release }, 'disposal.release', { manner: ready.plan.manner, channel: release.channel, escorts: release.escorts.length });
}

/** The result with its lines, as it is put before executor and witnesses. */
export function resultOf(plan: Plan, lines: readonly LineFacts[], told: Omit<Result, 'lines'>): Result {
  const failed = new Set(told.failed.map(({ line }) => line));
  const signed = lines.filter(({ id }) => !failed.has(id)).map((line): SignedLine => {
    const method = plan.methods.find((one) => one.line === line.id);
    return { line: line.id, no: line.no, kind: line.kind, maxLevelEver: line.maxLevelEver, steps: method?.steps ?? [], outcome: method?.outcome ?? 'destroy' };
  });
  return { ...told, evidence: [...told.evidence].sort(), lines: signed.sort((a, b) => (a.no < b.no ? -1 : 1)) };
}

/** What executor and witnesses sign: one and the same result, each under the own name and part. */
export function resultStatement(it: Pick<Executed, 'id' | 'no' | 'plan' | 'release' | 'approval'>, result: Result, signer: Pick<Signature, 'person' | 'certificateSerial'>, part: 'executor' | 'witness'): string {
  return canonical({
    type: 'shouzang-media-destruction/v1', id: it.id, no: it.no, approval: it.approval, manner: it.plan.manner, unit: it.plan.unit, release: { channel: it.release.channel, sealNo: it.release.sealNo, destination: it.release.destination },
    result: result as unknown as Json, part, person: signer.person, certificateSerial: signer.certificateSerial,
  });
}

/**
 * 执行: the executor says what was done and signs it.
 * @throws ArchiveError `E_STATE_INVALID`, `E_DESTROY_UNAUTHORIZED`, `E_DENIED` by anyone but the executor, `E_DESTROY_EVIDENCE` without voucher, photographs or erase log,
 * `E_DESTROY_METHOD_INSUFFICIENT`, `E_SIGNATURE_INVALID`
 */
export function executeDestruction(it: MediaDestruction, policy: DestructionPolicy, lines: readonly LineFacts[], told: Omit<Result, 'lines'>, photos: number, signature: Signature, verify: VerifySignature): Step<Executed> {
  const out = at(it, 'execute', 'released');
  if (signature.person !== out.plan.executor.person) throw new ArchiveError('E_DENIED', { disposal: it.id, by: signature.person, part: 'executor' });
  const result = resultOf(out.plan, lines, told);
  const done = lines.filter(({ id }) => !result.failed.some(({ line }) => line === id));
  checkMethods(policy, done, out.plan.methods);
  const missing = [...(out.plan.manner === 'send' && (result.voucherNo ?? '') === '' ? ['voucher'] : []), ...(done.length > 0 && photos < policy.photos.min ? ['photo'] : []), ...(done.some((line) => unproven(policy, out.plan, line)) ? ['log'] : [])];
  if (missing.length > 0) throw new ArchiveError('E_DESTROY_EVIDENCE', { disposal: it.id, missing });
  if (result.finishedAt < out.release.at) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/finishedAt', message: '销毁时间不能早于送出时间' }]);
  checkSignature(verify, resultStatement(out, result, signature, 'executor'), signature);
  return step({ ...out, state: 'executed', result, signatures: [signature] }, 'disposal.execute', { done: done.length, failed: result.failed.length, evidence: result.evidence.length });
}

/** Rests on erasing alone, and no log good enough says so. */
function unproven(policy: DestructionPolicy, plan: Plan, line: LineFacts): boolean {
  const method = plan.methods.find((one) => one.line === line.id);
  return method !== undefined && needsEraseLog(policy, line, method) && !ratingSuffices(policy, line.rating);
}

/**
 * 监销: each of those named signs; with the last it is witnessed.
 * @throws ArchiveError `E_STATE_INVALID`, `E_SOD_CONFLICT` by the executor, `E_DENIED` by anyone not named, `E_SOD_SAME_PERSON` a second time, `E_SIGNATURE_INVALID`
 */
export function witnessDestruction(it: MediaDestruction, policy: Pick<DestructionPolicy, 'witnesses'>, signature: Signature, verify: VerifySignature): Step<Executed | Witnessed> {
  const done = at(it, 'witness', 'executed');
  const me = holderOf(signature);
  if (samePerson(done.plan.executor, me) || done.signatures.slice(0, 1).some((one) => samePerson(holderOf(one), me))) throw new ArchiveError('E_SOD_CONFLICT', { disposal: it.id, by: me.person }, [{ at: '', message: '执行人不得同时是监销人' }]);
  if (!done.plan.witnesses.some(({ person }) => person === me.person)) throw new ArchiveError('E_DENIED', { disposal: it.id, by: me.person, part: 'witness' });
  if (done.signatures.some((one) => samePerson(holderOf(one), me))) throw new ArchiveError('E_SOD_SAME_PERSON', { disposal: it.id, by: me.person });
  checkSignature(verify, resultStatement(done, done.result, signature, 'witness'), signature);
  const signatures = [...done.signatures, signature];
  const complete = signatures.length - 1 === done.plan.witnesses.length && signatures.length - 1 >= policy.witnesses.min;
  return step<Executed | Witnessed>(complete ? { ...done, state: 'witnessed', signatures } : { ...done, signatures }, 'disposal.witness', { signed: signatures.length - 1, of: done.plan.witnesses.length });
}

/** 注销: from here on the register shows them as destroyed. */
export function closeDestruction(it: MediaDestruction, by: { readonly person: string; readonly at: Instant }): Step<Closed> {
  const seen = at(it, 'close', 'witnessed');
  return step({ ...seen, state: 'closed', certificate: `${seen.no}-ZM`, closedBy: by.person, closedAt: by.at }, 'carrier.destroy', { certificate: `${seen.no}-ZM`, failed: seen.result.failed.length });
}

/** Before anything left the house. */
export function cancelDestruction(it: MediaDestruction, cancelled: Cancelled['cancelled']): Step<Cancelled> {
  const open = at(it, 'cancel', 'drafted', 'counted', 'requested', 'approved', 'isolated');
  return step({ ...common(open), state: 'cancelled', cancelled }, 'disposal.cancel', { from: it.state });
}

/** Everything wrong with a finished destruction, years later; empty when it holds. @param verify the check for one kept signature */
export function destructionFaults(it: Executed | Witnessed | Closed, policy: Pick<DestructionPolicy, 'witnesses'>, verify: VerifySignature): readonly string[] {
  const faults = it.signatures.flatMap((one, n) => (verify(resultStatement(it, it.result, one, n === 0 ? 'executor' : 'witness'), one) ? [] : [`第${String(n + 1)}个签名校验未通过`]));
  if (it.state === 'executed') return faults;
  const people = it.signatures.map(holderOf);
  if (people.some((one, n) => people.slice(0, n).some((other) => samePerson(one, other)))) faults.push('执行、监销签名不是不同的人');
  if (it.signatures.length - 1 < policy.witnesses.min) faults.push('监销签名不足');
  return faults;
}
