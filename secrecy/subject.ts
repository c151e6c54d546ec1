import { ArchiveError } from '../core/errors.js';
import type { Instant, Target as StoredTarget } from '../core/ports.js';
import type { Duty } from '../policies/schemas/secrecy.js';
import { isLevel, protectiveLevel, type Level } from './level.js';
import { scopeOf, type Scope } from './scope.js';

declare const validated: unique symbol;

/** What the box is and demands. */
export interface SystemPolicy {
  /** 系统保护等级: 1 on an unclassified box, else 2–4. Nothing above it is stored or shown. */
  readonly level: Level;
  /** 终端须登记, and its level bounds what it shows (本产品决定). */
  readonly requireTerminal: boolean;
}

/** One duty held in one fonds (全宗); `*` is every fonds. */
export interface Grant { readonly duty: Duty; readonly fonds: string }

/** Who asks, after every value has been looked at. Made only by `subject()`. */
export interface Subject {
  readonly [validated]: 'subject';
  readonly person: string;
  /** Serials of the person's key files or tokens: two accounts with one token are one person. */
  readonly tokens: readonly string[];
  readonly clearance: Level;
  /** 会话密级. `null`: none that could be read, so nothing may be written. */
  readonly currentLevel: Level | null;
  /** What the session may be shown: the lower of clearance and session level, so that nothing flows down through the screen. */
  readonly ceiling: Level;
  readonly departments: readonly string[];
  readonly compartments: readonly string[];
  /** Ids of this person's approved use requests (利用审批单) still open. */
  readonly requests: readonly string[];
  /** Ids of things opened to this person by an emergency access in force (应急访问): need-to-know alone, and to read alone. */
  readonly emergencies: readonly string[];
  /** Ids of the records that a reading session of an approved use request (利用单) opens to this person now: need-to-know alone, and to read alone. */
  readonly openings: readonly string[];
  readonly grants: readonly Grant[];
  /** The grants as one word (`archivist@F001 reader@*`): the subject of Casbin's role link. */
  readonly held: string;
  readonly terminal: { readonly registered: boolean; readonly level: Level };
}

export interface SubjectInput {
  readonly person: string;
  readonly tokens?: readonly string[];
  readonly clearance: unknown;
  readonly currentLevel: unknown;
  readonly departments?: readonly string[];
  readonly compartments?: readonly string[];
  readonly requests?: readonly string[];
  readonly emergencies?: readonly string[];
  readonly openings?: readonly string[];
  readonly grants: readonly Grant[];
  readonly terminal?: { readonly registered: boolean; readonly level: unknown };
}

/** A fonds or duty with a blank, `@` or `*` in it cannot be written in `held`; such a grant is no grant. */
const nameable = (word: string) => /^[^\s@*]+$/u.test(word);

const worded = (words: readonly string[] = []) => words.filter((word) => word !== '');

/** Every doubtful value counts against the person: an unreadable clearance is none, an unreadable grant is no grant. @throws ArchiveError `E_INPUT_INVALID` for nobody */
export function subject(input: SubjectInput): Subject {
  if (input.person === '') throw new ArchiveError('E_INPUT_INVALID', { rule: 'subject' });
  const clearance: Level = isLevel(input.clearance) ? input.clearance : 0;
  const currentLevel = isLevel(input.currentLevel) && input.currentLevel <= clearance ? input.currentLevel : null;
  const grants = input.grants.filter(({ duty, fonds }) => duty !== 'anyone' && nameable(duty) && (fonds === '*' || nameable(fonds)));
  const terminal = input.terminal;
  return {
    person: input.person,
    tokens: input.tokens ?? [],
    clearance,
    currentLevel,
    ceiling: currentLevel ?? 0,
    departments: worded(input.departments),
    compartments: worded(input.compartments),
    requests: worded(input.requests),
    emergencies: worded(input.emergencies),
    openings: worded(input.openings),
    grants,
    held: [...new Set(grants.map(({ duty, fonds }) => `${duty}@${fonds}`)), 'anyone@*'].sort().join(' '),
    terminal: { registered: terminal?.registered === true, level: isLevel(terminal?.level) ? terminal.level : 0 },
  } as Omit<Subject, typeof validated> as Subject;
}

/** As the person stands for an act that changes something: neither an emergency nor a reading session opens anything for writing. */
export const asWriter = (who: Subject): Subject => (who.emergencies.length === 0 && who.openings.length === 0 ? who : { ...who, emergencies: [], openings: [] });

/** As the person stands in their own right, outside any reading session. */
export const ownRight = (who: Subject): Subject => (who.openings.length === 0 ? who : { ...who, openings: [] });

/** What is asked for, after every value has been looked at. Made only by `target()`. */
export interface Target {
  readonly [validated]: 'target';
  readonly id: string;
  readonly level: Level;
  /** False where the stored level could not be read and `level` is the system's highest instead. */
  readonly levelKnown: boolean;
  readonly fonds: string | null;
  readonly department: string | null;
  readonly state: string | null;
  /** 经办人: the person who made it. */
  readonly owner: string | null;
  readonly scope: Scope;
  /** 拟定人, for acts that another person must do. */
  readonly drafter: { readonly person: string; readonly tokens: readonly string[] } | null;
}

/** A stored target with what only some acts ask for. */
export interface TargetInput extends Omit<StoredTarget, 'scope'> {
  readonly scope: Partial<Scope>;
  readonly drafter?: { readonly person: string; readonly tokens: readonly string[] };
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

export function target(input: TargetInput, system: SystemPolicy): Target {
  return {
    id: input.id,
    level: protectiveLevel(input.level, system.level),
    levelKnown: isLevel(input.level),
    fonds: text(input.fonds),
    department: text(input.department),
    state: text(input.state),
    owner: text(input.owner),
    scope: scopeOf(input.scope),
    drafter: input.drafter ?? null,
  } as Omit<Target, typeof validated> as Target;
}

/** A grant as it is kept: with reason, grantor and dates. */
export interface DatedGrant extends Grant { readonly from: Instant; readonly until: Instant | null }

/** Grants in force at an instant: `from` counts, `until` no longer does. */
export function inForce<G extends DatedGrant>(grants: readonly G[], at: Instant): readonly G[] {
  return grants.filter(({ from, until }) => from <= at && (until === null || at < until));
}
