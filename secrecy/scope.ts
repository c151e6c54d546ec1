import { ArchiveError } from '../core/errors.js';
import type { Level } from './level.js';

/**
 * 知悉范围: down to the person where possible, else to the department.
 * `requests` are the approved use requests that cover the record; `compartments` must all be held by whoever reads.
 * @see 保密法(2024)第二十一条
 */
export interface Scope {
  readonly persons: readonly string[];
  readonly departments: readonly string[];
  readonly requests: readonly string[];
  readonly compartments: readonly string[];
}

export const EMPTY_SCOPE: Scope = { persons: [], departments: [], requests: [], compartments: [] };
/** The kinds of row in `record_scope`, one for each part of a scope. */
export const SCOPE_KINDS = { persons: 'person', departments: 'department', requests: 'request', compartments: 'compartment' } as const;
const PARTS = ['persons', 'departments', 'requests', 'compartments'] as const;

const tidy = (words: readonly string[]) => [...new Set(words.filter((word) => word !== ''))].sort();

/** Sorted, without doubles or blanks, so that two equal scopes sign and compare the same. */
export function scopeOf(parts: Partial<Scope>): Scope {
  return {
    persons: tidy(parts.persons ?? []),
    departments: tidy(parts.departments ?? []),
    requests: tidy(parts.requests ?? []),
    compartments: tidy(parts.compartments ?? []),
  };
}

/** Named by person, by department, or by an approved request. Compartments are a matter of level and judged there. */
export function covers(scope: Scope, who: { readonly person: string; readonly departments: readonly string[]; readonly requests: readonly string[] }): boolean {
  return scope.persons.includes(who.person)
    || scope.departments.some((name) => who.departments.includes(name))
    || scope.requests.some((id) => who.requests.includes(id));
}

/** 多来源默认并集 (本产品决定): whoever knew one source may know the derived record; compartments of all sources bind. */
export function union(scopes: readonly Scope[]): Scope {
  return scopeOf({
    persons: scopes.flatMap((one) => one.persons),
    departments: scopes.flatMap((one) => one.departments),
    requests: scopes.flatMap((one) => one.requests),
    compartments: scopes.flatMap((one) => one.compartments),
  });
}

/** 交集: only whom every source names; compartments of all sources still bind. */
export function intersection(scopes: readonly Scope[]): Scope {
  const [first, ...rest] = scopes;
  if (first === undefined) return EMPTY_SCOPE;
  const common = (part: 'persons' | 'departments' | 'requests') => first[part].filter((word) => rest.every((one) => one[part].includes(word)));
  return scopeOf({ persons: common('persons'), departments: common('departments'), requests: common('requests'), compartments: union(scopes).compartments });
}

export interface ScopeChange { readonly added: Scope; readonly removed: Scope; readonly widens: boolean }

/** What a change of scope gives and takes. Widening needs approval and a detailed record. @see 保密法(2024)第二十一条 */
export function scopeChange(from: Scope, to: Scope): ScopeChange {
  const [a, b] = [scopeOf(from), scopeOf(to)];
  const minus = (x: Scope, y: Scope) => scopeOf(Object.fromEntries(PARTS.map((part) => [part, x[part].filter((word) => !y[part].includes(word))])));
  const [added, removed] = [minus(b, a), minus(a, b)];
  const widens = added.persons.length + added.departments.length + added.requests.length + removed.compartments.length > 0;
  return { added, removed, widens };
}

/**
 * A state secret names who may know it.
 * @throws ArchiveError `E_CLS_SCOPE_REQUIRED`
 * @see 保密法(2024)第二十一条
 */
export function requireScope(level: Level, scope: Scope): void {
  if (level >= 2 && scope.persons.length + scope.departments.length === 0) throw new ArchiveError('E_CLS_SCOPE_REQUIRED', { level });
}

/** 知悉机密级以上国家秘密的人员须作出记录; not switchable off. @see 保密法实施条例(2024)第二十条 */
export function needsKnowledgeLog(level: Level): boolean {
  return level >= 3;
}
