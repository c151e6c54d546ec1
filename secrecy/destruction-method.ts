import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { MediaDestructionFile, MediumKind, Rating } from '../policies/schemas/media-destruction.js';
import { isSecret, type Level } from './level.js';

export type DestructionPolicy = MediaDestructionFile;
export type Outcome = 'destroy' | 'reuse';

/** What rules how a medium ends: what it is, and the highest that ever lay on it. */
export interface MediumFacts {
  readonly kind: MediumKind;
  readonly maxLevelEver: Level;
  /** 故障、无法上电: nothing can be erased on it, and nothing can be known of it. */
  readonly broken: boolean;
  readonly worm: boolean;
}

export interface ChosenMethod { readonly steps: readonly string[]; readonly outcome: Outcome }

export type MethodFault =
  | 'unknown_step' | 'no_effect' | 'logical_only' | 'below_level' | 'once_secret' | 'not_reusable' | 'broken_not_physical';

const row = (policy: DestructionPolicy, kind: MediumKind, level: Level | 'ordinary') => policy.methods.find((one) => one.kind === kind && one.level === level)?.any ?? [];
type Rung = 'ordinary' | 2 | 3 | 4;
const RUNGS: readonly Rung[] = ['ordinary', 2, 3, 4];

/** The rung that binds: a broken disk that ever held a secret counts as the policy says (绝密). */
export function rungOf(policy: DestructionPolicy, it: MediumFacts): Rung {
  if (!isSecret(it.maxLevelEver)) return 'ordinary';
  const level = it.maxLevelEver as 2 | 3 | 4;
  const disk = policy.kinds.find(({ key }) => key === it.kind)?.disk === true;
  return it.broken && disk && level < policy.broken.asLevel ? policy.broken.asLevel : level;
}

/** Every set of steps that is enough for a medium: of its rung and of every higher one. */
export function sufficientMethods(policy: DestructionPolicy, it: MediumFacts): readonly (readonly string[])[] {
  const from = RUNGS.indexOf(rungOf(policy, it));
  const physical = isSecret(it.maxLevelEver) || it.broken || it.worm;
  const logical = (key: string): boolean => policy.steps.find((step) => step.key === key)?.logical === true;
  return RUNGS.slice(from).flatMap((rung) => row(policy, it.kind, rung)).filter((steps) => !physical || !steps.every(logical));
}

/**
 * 方法核对 against the table of kinds × highest-ever level. Overwriting never counts for what held a secret, degaussing never on
 * flash, and what once held a secret is never given out again as an ordinary medium.
 * @returns every reason why the choice is not enough; empty when it is
 * Sources stand beside each value in `media-destruction.json`.
 */
export function methodFaults(policy: DestructionPolicy, it: MediumFacts, chosen: ChosenMethod): readonly MethodFault[] {
  const steps = chosen.steps.map((key) => policy.steps.find((step) => step.key === key));
  if (chosen.steps.length === 0 || steps.some((step) => step === undefined)) return ['unknown_step'];
  const known = steps.flatMap((step) => (step === undefined ? [] : [step]));
  const faults: MethodFault[] = [];
  if (known.some(({ kinds }) => !kinds.includes(it.kind))) faults.push('no_effect');
  const secret = isSecret(it.maxLevelEver);
  if (chosen.outcome === 'reuse') {
    if (secret) faults.push('once_secret');
    if (it.worm || it.broken || !policy.reuse.kinds.includes(it.kind) || !policy.reuse.steps.every((key) => chosen.steps.includes(key))) faults.push('not_reusable');
    return faults;
  }
  if (known.every(({ logical }) => logical) && (secret || it.broken || it.worm)) faults.push(it.broken && !secret ? 'broken_not_physical' : 'logical_only');
  const met = new Set(known.flatMap(({ key, covers }) => [key, ...(covers ?? [])]));
  if (!sufficientMethods(policy, it).some((needed) => needed.every((key) => met.has(key)))) faults.push('below_level');
  return faults;
}

/** @throws ArchiveError `E_DESTROY_METHOD_INSUFFICIENT` naming the line and why */
export function requireMethod(policy: DestructionPolicy, it: MediumFacts, chosen: ChosenMethod, line: { readonly id: string; readonly no: string }): void {
  const why = methodFaults(policy, it, chosen);
  if (why.length > 0) throw new ArchiveError('E_DESTROY_METHOD_INSUFFICIENT', { line: line.id, why: why.join(',') }, [{ at: '/methods', message: `${line.no}：${why.map((one) => FAULT_WORDS[one]).join('；')}` }]);
}

export const FAULT_WORDS: Readonly<Record<MethodFault, string>> = {
  unknown_step: '没有选定方法', no_effect: '所选方法对该种载体无效', logical_only: '覆写、格式化、逻辑删除不构成销毁', below_level: '低于曾存最高密级的要求',
  once_secret: '曾存国家秘密的载体不得转作非涉密使用', not_reusable: '该种载体不能清除后再利用', broken_not_physical: '故障载体须物理销毁',
};

/** Whether the end of this line rests on erasing alone, so that a log must show it. */
export const needsEraseLog = (policy: DestructionPolicy, it: MediumFacts, chosen: ChosenMethod): boolean =>
  policy.overwriteLog.kinds.includes(it.kind) && chosen.steps.every((key) => policy.steps.find((step) => step.key === key)?.logical === true);

const RATINGS: readonly Rating[] = ['unknown', 'reported', 'verified'];
export const ratingSuffices = (policy: DestructionPolicy, rating: Rating | null): boolean => rating !== null && RATINGS.indexOf(rating) >= RATINGS.indexOf(policy.overwriteLog.rating);

/** 销毁设备: which steps its certificate covers, and until when. */
export interface DestroyDevice { readonly id: string; readonly steps: readonly string[]; readonly certifiedLevel: Level; readonly certValidTo: CalendarDate; readonly lastVerifyOn: CalendarDate }
/** 送销单位 set up or named by the secrecy authority. */
export interface DestroyUnit { readonly id: string; readonly steps: readonly string[]; readonly validTo: CalendarDate }

/** Steps of a line that need a certified device and have none. @param verifiedSince the first day on which a device must have been checked */
export function stepsWithoutDevice(policy: DestructionPolicy, it: MediumFacts, steps: readonly string[], devices: readonly DestroyDevice[], on: { readonly today: CalendarDate; readonly verifiedSince: CalendarDate }): readonly string[] {
  const fit = devices.filter((one) => one.certValidTo >= on.today && one.lastVerifyOn >= on.verifiedSince && one.certifiedLevel >= it.maxLevelEver);
  return steps.filter((key) => policy.steps.find((step) => step.key === key)?.device === true && !fit.some((one) => one.steps.includes(key)));
}
