import type { ReadTools, UnitOfWork, WriteTools, Clock, Level } from '../../core/ports.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { PeopleRepository } from '../store/repositories/people.js';

/** What every page of the console shows of the box it stands on. */
export interface BoxFacts {
  readonly mode: 'unit' | 'repository';
  /** 演练: nothing real may be kept here, and every page says so. */
  readonly rehearsal: boolean;
  readonly systemLevel: Level;
  readonly unitName: string;
  readonly fonds: string;
  /** 依据 of the design, e.g. the Measures and their version. */
  readonly regulation: string;
  readonly serial: string;
}

export interface DescribeParts {
  readonly store: UnitOfWork<{ readonly people: PeopleRepository } & WriteTools, { readonly people: PeopleRepository } & ReadTools>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly box: BoxFacts;
  readonly boxState: () => 'locked' | 'unlocked';
  readonly checkpoint: () => { readonly size: number; readonly at: string } | null;
  readonly idleMinutes: () => number;
  readonly dutyName: (key: string) => string;
  /** False on a real box for secrets without 系统审查 in force: it takes none in, and says so before anybody signs in. */
  readonly accredited: () => Promise<boolean>;
}

/** 本人会话: read often and by everyone, so it is not an act for the ledger. */
export const describeSession = (parts: DescribeParts) => async (call: ServerCall) => {
  const { gate, box } = parts;
  const boxState = parts.boxState();
  const common = {
    ...box, boxState, checkpoint: null, now: parts.clock.now(), today: parts.clock.today(), idleSeconds: parts.idleMinutes() * 60, accredited: await parts.accredited(),
  };
  const { session } = call;
  if (!session || boxState === 'locked') return { signedIn: false, ...common, abilities: [] };
  const found = await parts.store.read(call, async (tx) => {
    await tx.allow();
    const person = await tx.people.get(session.person);
    const department = person && (await tx.people.departments()).find((one) => one.id === person.department);
    return person && { person, department };
  });
  if (!found) return { signedIn: false, ...common, abilities: [] };
  const { person, department } = found;
  const who = await gate.subjectOf(call);
  const abilities = session.locked ? [] : await gate.abilities(call);
  return {
    signedIn: true, ...common,
    // How much was entered tells of work that others may not know of: only who looks after the ledger is told.
    checkpoint: abilities.includes('audit.checkpoints') ? parts.checkpoint() : null, csrfToken: session.csrf, locked: session.locked, absoluteUntil: session.absoluteUntil,
    person: {
      id: person.id, account: person.account, name: person.name, position: person.position, department: person.department, departmentName: department?.name ?? '',
      duties: who.grants.map(({ duty, fonds }) => ({ key: duty, name: parts.dutyName(duty), fonds })), clearance: who.clearance,
      currentLevel: who.ceiling, mustChangePassword: session.mustChangePassword,
    },
    abilities, terminalLevel: session.terminalLevel,
  };
};
