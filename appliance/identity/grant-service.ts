import { ArchiveError } from '../../core/errors.js';
import type { Clock, Ids, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { PeopleFile } from '../../policies/schemas/people.js';
import type { PersonAppoint, PersonGrant, PersonRevoke } from '../../policies/schemas/person.js';
import type { Duty } from '../../policies/schemas/secrecy.js';
import type { Conflict } from '../../secrecy/duties.js';
import { grantEnd } from '../../secrecy/personnel.js';
import type { ApprovalTx } from '../../secrecy/ports.js';
import { checkGrant } from '../../secrecy/separation.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Person } from '../store/repositories/people.js';
import { heldOf, holders, inForceNow, notItsMaker } from './offices.js';

type Tx = Pick<ApprovalTx, 'approvals'> & Pick<Repositories, 'people' | 'personnel' | 'registers'>;

export interface GrantServiceParts {
  readonly store: UnitOfWork<Tx & WriteTools, Tx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly conflicts: readonly Conflict[];
  readonly duties: ReadonlyMap<string, { readonly name: string; readonly kind: string }>;
  readonly policy: PeopleFile;
  /** 授岗前的培训登记 (第十三条). @throws ArchiveError `E_TRAINING_REQUIRED` where the unit made a gap a bar */
  readonly requireTraining: (tx: Tx, person: Person, duty: string) => Promise<'trained' | 'untrained'>;
  readonly approvals: Pick<ApprovalService<Tx & WriteTools>, 'request' | 'carries'>;
}

type Appointment = { readonly grant: string; readonly person: string; readonly duty: string; readonly fonds: string; readonly reason: string; readonly until: string };

/** 授予与撤销岗位. A business duty is the security officer's to give; one of the three offices changes hands with another's signature. */
export function grantService(parts: GrantServiceParts) {
  const { store, clock, ids } = parts;
  const active = async (tx: Tx, id: string): Promise<Person> => {
    const person = await tx.people.get(id);
    if (person === undefined) throw new ArchiveError('E_NOT_FOUND');
    if (person.status !== 'active') throw new ArchiveError('E_STATE_INVALID', { state: person.status });
    return person;
  };
  const dutyOf = (key: string): { readonly name: string; readonly kind: string } => {
    const duty = parts.duties.get(key);
    if (!duty || duty.kind === 'implicit') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/duty', message: '没有这个岗位，请从列表中选择' }]);
    return duty;
  };

  /** Everything a grant must satisfy, when it is asked for and again when it is made. */
  async function check(tx: Tx, by: string, one: Omit<Appointment, 'grant' | 'reason'>): Promise<string> {
    const person = await active(tx, one.person);
    await notItsMaker(tx, person, by);
    const validUntil = new Date(`${one.until}T23:59:59.999+08:00`).toISOString();
    checkGrant(parts.conflicts, await holders(tx), (await tx.people.grants()).map(heldOf), { person: one.person, duty: one.duty as Duty, fonds: one.fonds, from: clock.now(), until: validUntil });
    return validUntil;
  }

  async function enter(tx: Tx & WriteTools, by: string, one: Appointment): Promise<void> {
    const validUntil = await check(tx, by, one);
    await tx.people.addGrant({
      id: one.grant, person: one.person, duty: one.duty, fonds: one.fonds, reason: one.reason, validFrom: clock.now(), validUntil, grantedBy: by, grantedAt: clock.now(), revokedBy: null, revokedAt: null,
    });
    tx.audit({ action: 'person.grant', object: one.person, objectType: 'person', detail: { grant: one.grant, duty: one.duty, fonds: one.fonds, until: validUntil } });
  }

  for (const act of ['person.grant', 'person.appoint'] as const) {
    parts.approvals.carries(act, async (tx, _call, granted, decided) => { await enter(tx, granted.requestedBy.person, decided as unknown as Appointment); });
  }
  parts.approvals.carries('person.revoke', async (tx, _call, granted) => {
    const grant = await tx.people.grant(granted.object);
    if (grant === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.people.revokeGrant(grant.id, granted.requestedBy.person, clock.now());
    tx.audit({ action: 'person.revoke', object: grant.person, objectType: 'person', detail: { grant: grant.id, duty: grant.duty } });
  });

  const request = async (tx: Tx & WriteTools, call: ServerCall, act: string, one: Appointment, name: string): Promise<string> => {
    const person = await active(tx, one.person);
    return (await parts.approvals.request(tx, call, {
      act, object: one.person, decided: { ...one }, about: [one.person],
      words: [`任命账号 ${person.account} 为${name}，任期至 ${one.until}`, `事由：${one.reason}`],
    })).id;
  };

  return {
    async grant(call: ServerCall, input: PersonGrant) {
      if (call.person === input.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { person: input.person });
      return store.write(call, async (tx) => {
        await tx.allow();
        const person = await active(tx, input.person);
        const duty = dutyOf(input.duty);
        const training = await parts.requireTraining(tx, person, input.duty);
        const until = grantEnd(parts.policy, duty.kind === 'box' ? 'box' : 'business', input.until, clock.today());
        const one: Appointment = { grant: ids.uuid(), person: input.person, duty: input.duty, fonds: input.fonds, reason: input.reason, until };
        if (duty.kind !== 'box') {
          await enter(tx, call.person, one);
          return { id: one.grant, approval: null, training };
        }
        await check(tx, call.person, one);
        return { id: one.grant, approval: await request(tx, call, call.act, one, duty.name), training };
      });
    },

    /** 任命空缺的三员 (单位负责人): the way back when an office ran out and nobody is left to grant it. @throws ArchiveError `E_STATE_INVALID` while it is held */
    async appoint(call: ServerCall, input: PersonAppoint) {
      if (call.person === input.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { person: input.person });
      return store.write(call, async (tx) => {
        await tx.allow();
        const duty = dutyOf(input.duty);
        for (const grant of await tx.people.grants()) {
          if (grant.duty !== input.duty || !inForceNow(grant, clock.now())) continue;
          if ((await tx.people.get(grant.person))?.status === 'active') throw new ArchiveError('E_STATE_INVALID', { duty: input.duty }, [{ at: '/duty', message: '该岗位有人在任，由安全保密管理员办理授权' }]);
        }
        const one: Appointment = { grant: ids.uuid(), person: input.person, duty: input.duty, fonds: '*', reason: input.reason, until: grantEnd(parts.policy, 'box', input.until, clock.today()) };
        await check(tx, call.person, one);
        return { id: one.grant, approval: await request(tx, call, call.act, one, duty.name) };
      });
    },

    async revoke(call: ServerCall, input: PersonRevoke) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const grant = await tx.people.grant(input.grant);
        if (!grant) throw new ArchiveError('E_NOT_FOUND');
        if (call.person === grant.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { person: grant.person });
        const duty = parts.duties.get(grant.duty);
        if (duty?.kind === 'box' && inForceNow(grant, clock.now())) {
          const account = (await tx.people.get(grant.person))?.account ?? '';
          const { id } = await parts.approvals.request(tx, call, {
            act: call.act, object: grant.id, decided: { grant: grant.id, person: grant.person, duty: grant.duty, reason: input.reason }, about: [grant.person],
            words: [`撤销账号 ${account} 的${duty.name}`, `事由：${input.reason}`, '三员缺一，业务即暂停，请同时安排接任'],
          });
          return { approval: id };
        }
        await tx.people.revokeGrant(grant.id, call.person, clock.now());
        tx.audit({ action: call.act, object: grant.person, objectType: 'person', detail: { grant: grant.id, duty: grant.duty } });
        return { approval: null };
      });
    },
  };
}
