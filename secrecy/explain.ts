import { ArchiveError } from '../core/errors.js';
import { decide, mayKnowOf, type Decision } from './access.js';
import type { AccessPolicy } from './duties.js';
import type { Subject, SystemPolicy, Target } from './subject.js';

/**
 * 说明理由: every reason for whoever may know that the thing exists; a stranger is answered as if it did not.
 * The console asks this for its grey buttons, and shows what it gets.
 * @throws ArchiveError `E_NOT_FOUND`
 */
export function explain(policy: AccessPolicy, system: SystemPolicy, who: Subject, act: string, what: Target | null): Decision {
  if (what !== null && !mayKnowOf(policy, system, who, act, what)) throw new ArchiveError('E_NOT_FOUND', { act });
  return decide(policy, system, who, act, what);
}

/** 本人可办事项: the acts a person's duties let through, before any thing is in view. For navigation only; each act is decided again. */
export function abilities(policy: AccessPolicy, system: SystemPolicy, who: Subject): readonly string[] {
  return [...policy.acts.keys()].filter((act) => decide(policy, system, who, act, null).allowed);
}
