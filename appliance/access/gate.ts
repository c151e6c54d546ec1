import { ArchiveError } from '../../core/errors.js';
import type { Call, Clock, Decision, Level, Target as CoreTarget } from '../../core/ports.js';
import { authorize, decide } from '../../secrecy/access.js';
import type { AccessPolicy } from '../../secrecy/duties.js';
import { abilities, explain } from '../../secrecy/explain.js';
import { compileFilter, RECORD_COLUMNS } from '../../secrecy/filter.js';
import type { FilterColumns } from '../../secrecy/filter.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import { asWriter, inForce, ownRight, subject, target } from '../../secrecy/subject.js';
import type { Subject, SystemPolicy, Target } from '../../secrecy/subject.js';
import type { SessionView } from '../call.js';
import type { Brake } from '../alarms/brake.js';
import { MATTER_COLUMNS } from '../store/repositories/matters.js';
import type { Person, Grant } from '../store/repositories/people.js';
import type { SqlValue } from '../store/sql.js';
import type { Gate } from '../store/unit-of-work.js';

/** Acts reached before anyone is known: signing in is itself the decision. */
const BEFORE_SIGN_IN: ReadonlySet<string> = new Set(['session.challenge', 'session.sign-in', 'rehearsal.people']);
/** What does not hold against its binding is in no list: its level and scope are not to be believed. */
const HELD = {
  // Asked once whether there is any fault at all, and of each row only where there is.
  record: 'NOT (EXISTS (SELECT 1 FROM mark_fault) AND EXISTS (SELECT 1 FROM mark_fault WHERE mark_fault.record = record.id))',
  matter: 'NOT EXISTS (SELECT 1 FROM mark_fault JOIN classification_record ON classification_record.record = mark_fault.record WHERE classification_record.classification = classification.id)',
};
/** The box's own person: recovery, checkpoints, jobs and the command line on the box. */
export const SYSTEM = 'system';

/** A predicate for `WHERE`, its places numbered from where the caller's own end. */
export interface Visibility {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export interface AccessGate extends Gate {
  subjectOf(call: Call): Promise<Subject>;
  /** Whether a duty has a row that allows the act: under which of several duties a person comes. */
  mayHold(act: string, duty: string): boolean;
  /** What the person may try, for navigation. */
  abilities(call: Call): Promise<readonly string[]>;
  explain(call: Call, act: string, aim: CoreTarget | undefined): Promise<Decision>;
  /** True when the act would be allowed; nothing is entered or refused. For greying buttons in lists. */
  would(call: Call, act: string, aim: CoreTarget): Promise<boolean>;
  /** `would` in the person's own right: what only a reading session opens does not count. */
  wouldAlone(call: Call, act: string, aim: CoreTarget): Promise<boolean>;
  /** The decision for somebody else, at their full clearance: for rehearsals, which change and enter nothing. */
  imagine(person: string, as: Imagined, act: string, aim: CoreTarget): Promise<Decision>;
  /** `visible` for somebody else, at their full clearance. */
  visibleTo(person: string, as: Imagined, act: string, from: number): Promise<Visibility>;
  /** Whether the person may learn that the thing exists at all. */
  knows(call: Call, aim: CoreTarget): Promise<boolean>;
  /** The things of a list that this person may see, as a predicate whose first place is `$from`. */
  visible(call: Call, act: string, from: number, columns?: FilterColumns): Promise<Visibility>;
}

/** A person as they would be. */
export interface Imagined {
  readonly clearance?: Level;
  /** With these records opened by an approved use request. */
  readonly openings?: readonly string[];
}

/** A record opened to somebody for a time, and the approval by which it is. */
interface Opened { readonly record: string; readonly approval: string }

export interface GateParts {
  readonly policy: AccessPolicy;
  readonly system: SystemPolicy;
  readonly clock: Clock;
  /** What open alarms stop comes before everything. */
  readonly brake: Pick<Brake, 'check'>;
  /** The person, the grants and what an emergency or a reading session opened, as they stand now. */
  load(person: string): Promise<{ person: Person; grants: readonly Grant[]; emergencies: readonly Opened[]; openings: readonly Opened[] } | undefined>;
  /** Whether each of the three offices is held now. */
  officers(): Promise<boolean>;
  /** Capabilities that go on without them. */
  withoutOfficers: readonly string[];
  /** Whether somebody must sit at a registered terminal. */
  terminalRequired(): Promise<boolean>;
}

/** A call with its session, as the server makes them. */
type SessionCall = Call & { readonly session?: SessionView | undefined };

/** The one decision point: loads who asks, looks at every value, and lets `secrecy/access.ts` decide. */
export function accessGate(parts: GateParts): AccessGate {
  const { policy, system, clock } = parts;
  const known = new WeakMap<Call, Promise<Subject>>();
  const appointed = new WeakMap<Call, Promise<boolean>>();
  const opened = new WeakMap<Subject, ReadonlyMap<string, string>>();
  const officers = async (call: Call): Promise<boolean> => {
    const remembered = appointed.get(call) ?? parts.officers();
    appointed.set(call, remembered);
    return remembered;
  };

  async function load(call: Pick<SessionCall, 'person' | 'session'>, as: Imagined = {}): Promise<Subject> {
    const found = await parts.load(call.person);
    if (found?.person.status !== 'active') throw new ArchiveError('E_SESSION_REQUIRED', { person: call.person });
    const { person } = found;
    const cleared = as.clearance ?? clearanceToday(person.clearance, person.clearanceUntil, clock.today());
    const terminal = call.session?.terminalLevel ?? null;
    const grants = inForce(
      found.grants.filter((grant) => grant.revokedAt === null)
        .map((grant) => ({ duty: grant.duty as Subject['grants'][number]['duty'], fonds: grant.fonds, from: grant.validFrom, until: grant.validUntil })),
      clock.now(),
    );
    const made = subject({
      person: person.id, tokens: person.token === null ? [] : [person.token], clearance: cleared,
      // Work outside a session (the command line on the box) is done at the clearance itself.
      currentLevel: call.session?.currentLevel ?? cleared,
      departments: [person.department], grants, emergencies: found.emergencies.map(({ record }) => record),
      openings: [...found.openings.map(({ record }) => record), ...as.openings ?? []],
      // A terminal that proved itself bounds what it shows; without one the box shows all, or nothing where one is asked for.
      terminal: terminal !== null ? { registered: true, level: terminal } : { registered: true, level: call.session !== undefined && (await parts.terminalRequired()) ? 0 : system.level },
    });
    opened.set(made, new Map([...found.openings, ...found.emergencies].map(({ record, approval }) => [record, approval])));
    return made;
  }

  const subjectOf = async (call: Call): Promise<Subject> => {
    const remembered = known.get(call) ?? load(call);
    known.set(call, remembered);
    return remembered;
  };

  const aimed = (aim: CoreTarget | undefined): Target | null => {
    if (aim === undefined) return null;
    const { requests = [], compartments = [] } = aim.scope;
    return target({ ...aim, scope: { ...aim.scope, requests, compartments } }, system);
  };

  function seen(who: Subject, act: string, from: number, columns: FilterColumns): Visibility {
    const filter = compileFilter(policy, system, who, act, columns);
    let place = from;
    const sql = filter.sql.replace(/\?/gu, () => `$${String(place++)}`);
    const held = columns === RECORD_COLUMNS ? HELD.record : columns === MATTER_COLUMNS ? HELD.matter : null;
    return { sql: held === null ? sql : `(${sql} AND ${held})`, values: filter.parameters };
  }

  return {
    subjectOf,
    async decide(call, act, aim) {
      parts.brake.check(call, act);
      if (call.person === SYSTEM || BEFORE_SIGN_IN.has(act)) return { allowed: true, reasons: [] };
      if (!parts.withoutOfficers.includes(act.split('.')[0] ?? '') && !(await officers(call))) throw new ArchiveError('E_OFFICERS_MISSING', { act });
      const who = await subjectOf(call);
      const decision = authorize(policy, system, who, act, aimed(aim));
      // An emergency or a reading session is the ground only where there is no other.
      const ground = aim === undefined ? undefined : opened.get(who)?.get(aim.id);
      const approval = ground !== undefined && !decide(policy, system, asWriter(who), act, aimed(aim)).allowed ? ground : null;
      const duties = (policy.rows.get(act) ?? []).filter(({ text, duty }) => duty !== 'anyone' && decision.matched.includes(text)).map(({ duty }): string => duty);
      return { ...decision, approval, duty: call.duty !== null && duties.includes(call.duty) ? call.duty : duties[0] ?? call.duty };
    },
    mayHold: (act, duty) => (policy.rows.get(act) ?? []).some((row) => row.duty === duty && row.effect === 'allow'),
    abilities: async (call) => abilities(policy, system, await subjectOf(call)),
    explain: async (call, act, aim) => explain(policy, system, await subjectOf(call), act, aimed(aim)),
    would: async (call, act, aim) => decide(policy, system, await subjectOf(call), act, aimed(aim)).allowed,
    wouldAlone: async (call, act, aim) => decide(policy, system, ownRight(await subjectOf(call)), act, aimed(aim)).allowed,
    async knows(call, aim) {
      if (call.person === SYSTEM) return true;
      const show = policy.shownBy[aim.type as keyof typeof policy.shownBy];
      return show !== undefined && decide(policy, system, await subjectOf(call), show, aimed(aim)).allowed;
    },
    imagine: async (person, as, act, aim) => decide(policy, system, await load({ person, session: undefined }, as), act, aimed(aim)),
    visibleTo: async (person, as, act, from) => seen(await load({ person, session: undefined }, as), act, from, RECORD_COLUMNS),
    visible: async (call, act, from, columns = RECORD_COLUMNS) => seen(await subjectOf(call), act, from, columns),
  };
}
