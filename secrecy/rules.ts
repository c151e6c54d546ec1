import { covers } from './scope.js';
import type { Subject, Target } from './subject.js';

/** The named rules of `policies/access.csv`: pure, on validated values, used by Casbin, by the explanation and, compiled, by SQL. */
export type Rule = (who: Subject, what: Target) => boolean;

const holdsCompartments: Rule = (who, what) => what.scope.compartments.every((name) => who.compartments.includes(name));
const dominates: Rule = (who, what) => who.ceiling >= what.level && holdsCompartments(who, what);

/** 强制访问控制。保密法(2024)第二十一条;GB/T 22239-2019 8.1.4.2。 */
export const MAC = {
  '*': () => true,
  /** 不得上读. */
  dominates,
  /** 强星规则: writing only at exactly the session's level, neither down nor blindly up. */
  equals: (who, what) => who.currentLevel === what.level && dominates(who, what),
} as const satisfies Record<string, Rule>;

const own: Rule = (who, what) => what.owner !== null && what.owner === who.person;
const knows: Rule = (who, what) =>
  what.level === 0
  || (what.level === 1 && what.department !== null && who.departments.includes(what.department))
  || covers(what.scope, who)
  || who.emergencies.includes(what.id)
  || who.openings.includes(what.id);
const keeps: Rule = (who, what) => what.level <= 1 || knows(who, what);

/** 知悉范围。保密法(2024)第二十一条; 公开、内部件按部门与岗位为本产品决定。 */
export const SCOPE = {
  '*': () => true,
  /** 公开件; 本部门的内部件; 知悉范围列明的人员、部门; 已批准的利用单; 应急访问、阅览时限内所列的件. */
  knows,
  /** `knows`, and by custody every public or internal thing of the fonds. */
  keeps,
  /** `keeps`, or made by this person. */
  handles: (who, what) => own(who, what) || keeps(who, what),
  own,
  /** 经管: batches that departments hand in; what lies in them is shown by its own scope. */
  receives: () => true,
} as const satisfies Record<string, Rule>;

/** 生命周期 (design §2): which states a rule lets through; `null` is every state. */
export const STATE = {
  '*': null,
  open: ['draft', 'open', 'captured', 'inspected', 'returned', 'arranged'],
  filed: ['filed', 'transferred', 'retained_copy', 'appraised', 'pending_destruction'],
  described: ['filed', 'transferred', 'retained_copy', 'appraised', 'pending_destruction', 'destroyed'],
  draft: ['draft'],
  proposed: ['proposed'],
} as const satisfies Record<string, readonly string[] | null>;

export type MacRule = keyof typeof MAC;
export type ScopeRule = keyof typeof SCOPE;
export type StateRule = keyof typeof STATE;

export function stateAllows(rule: StateRule, what: Target): boolean {
  const states: readonly string[] | null = STATE[rule];
  return states === null || (what.state !== null && states.includes(what.state));
}

export const isMacRule = (word: string): word is MacRule => Object.hasOwn(MAC, word);
export const isScopeRule = (word: string): word is ScopeRule => Object.hasOwn(SCOPE, word);
export const isStateRule = (word: string): word is StateRule => Object.hasOwn(STATE, word);
