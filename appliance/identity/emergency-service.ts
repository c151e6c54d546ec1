import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from '../../core/errors.js';
import type { Call, Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { EmergencyEnd, EmergencyList, EmergencyRequest, EmergencyReview } from '../../policies/schemas/emergency.js';
import type { PeopleFile } from '../../policies/schemas/people.js';
import { levelName } from '../../secrecy/level.js';
import type { ApprovalTx } from '../../secrecy/ports.js';
import { samePerson } from '../../secrecy/separation.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { Subject } from '../../secrecy/subject.js';
import type { ServerCall } from '../call.js';
import type { Emergency, EmergencyRepository } from '../store/repositories/emergencies.js';
import type { PeopleRepository } from '../store/repositories/people.js';
import { holders } from './offices.js';

type Tx = Pick<ApprovalTx, 'approvals'> & { readonly people: PeopleRepository; readonly emergencies: EmergencyRepository };

export interface EmergencyServiceParts {
  readonly store: UnitOfWork<Tx & WriteTools, Tx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: PeopleFile['emergency'];
  readonly systemLevel: Level;
  readonly subjectOf: (call: Call) => Promise<Subject>;
  readonly nameOf: (person: string) => Promise<string>;
  readonly approvals: Pick<ApprovalService<Tx & WriteTools>, 'request' | 'carries'>;
}

type Decided = { readonly codes: readonly string[]; readonly hours: number; readonly person: string; readonly reason: string };

/** Who looks over an emergency afterwards. */
const REVIEWERS = { officer: 'officerBy', auditadmin: 'auditorBy' } as const;
const OVERSEERS = ['secadmin', 'officer', 'auditadmin'] as const;

/**
 * 应急访问: for a short time some records may be read by one who is outside their 知悉范围, when two key holders sign. It gives
 * need-to-know alone: clearance, session level, system level, terminal and duty bind as ever, and nothing may be written under it.
 */
export function emergencyService(parts: EmergencyServiceParts) {
  const { store, clock, ids, policy } = parts;
  const holds = (who: Subject, duty: string): boolean => who.grants.some((grant) => grant.duty === duty);
  const stateOf = (one: Emergency): 'active' | 'unreviewed' | 'ended' =>
    one.endedAt === null && clock.now() < one.untilAt ? 'active' : one.officerBy === null || one.auditorBy === null ? 'unreviewed' : 'ended';

  parts.approvals.carries('emergency.request', async (tx, _call, granted, decided) => {
    const { codes, hours, person, reason } = decided as unknown as Decided;
    const who = await tx.people.get(person);
    if (who?.status !== 'active') throw new ArchiveError('E_STATE_INVALID', { person });
    const cleared = who.clearanceUntil === null || clock.today() <= who.clearanceUntil ? who.clearance : 0;
    const level = Math.min(cleared, parts.systemLevel) as Level;
    const at = clock.now();
    const records = await tx.emergencies.known(codes, level);
    const opened: Emergency = {
      id: granted.object, person, approval: granted.id, level, fromAt: at, untilAt: Temporal.Instant.from(at).add({ hours }).toString({ smallestUnit: 'millisecond' }),
      endedAt: null, endedBy: null, officerBy: null, auditorBy: null, reason, codes, officerOpinion: null, auditorOpinion: null,
    };
    await tx.emergencies.open(opened, records);
    tx.audit({ action: 'emergency.open', object: opened.id, objectType: 'emergency', objectLevel: level, detail: { person, asked: codes.length, opened: records.length, until: opened.untilAt } });
  });

  async function shown(tx: Tx, one: Emergency, overseer: boolean) {
    const records = overseer ? await tx.emergencies.recordsOf(one.id) : [];
    return {
      id: one.id, person: one.person, personName: await parts.nameOf(one.person), state: stateOf(one), fromAt: one.fromAt, untilAt: one.untilAt, endedAt: one.endedAt,
      reason: one.reason, codes: one.codes, approval: one.approval,
      // Whether a number exists is told to nobody here; how often it was read, to who looks it over.
      reads: overseer ? await tx.emergencies.uses(one, records) : null,
      officerName: one.officerBy === null ? null : await parts.nameOf(one.officerBy), officerOpinion: one.officerOpinion,
      auditorName: one.auditorBy === null ? null : await parts.nameOf(one.auditorBy), auditorOpinion: one.auditorOpinion,
    };
  }

  return {
    async list(call: ServerCall, input: EmergencyList) {
      const { page = 1, size = 50, state } = input;
      const who = await parts.subjectOf(call);
      const overseer = OVERSEERS.some((duty) => holds(who, duty));
      return store.read(call, async (tx) => {
        await tx.allow();
        const found = (await tx.emergencies.list(overseer ? null : call.person)).filter((one) => state === undefined || stateOf(one) === state);
        return {
          page, size, total: found.length, maxHours: policy.maxHours, maxRecords: policy.maxRecords,
          rows: await Promise.all(found.slice((page - 1) * size, page * size).map(async (one) => shown(tx, one, overseer))),
        };
      });
    },

    /** @throws ArchiveError `E_INPUT_INVALID` beyond the limits of the policy */
    async request(call: ServerCall, input: EmergencyRequest) {
      if (input.hours > policy.maxHours) throw new ArchiveError('E_INPUT_INVALID', { rule: 'emergency.hours' }, [{ at: '/hours', message: `应急访问最长 ${String(policy.maxHours)} 小时` }]);
      if (input.codes.length > policy.maxRecords) throw new ArchiveError('E_INPUT_INVALID', { rule: 'emergency.codes' }, [{ at: '/codes', message: `一次最多 ${String(policy.maxRecords)} 件` }]);
      const who = await parts.subjectOf(call);
      return store.write(call, async (tx) => {
        await tx.allow();
        const person = await tx.people.get(call.person);
        const decided: Decided = { codes: [...input.codes].sort(), hours: input.hours, person: call.person, reason: input.reason };
        const { id } = await parts.approvals.request(tx, call, {
          act: 'emergency.request', object: ids.uuid(), decided: { ...decided }, about: [call.person],
          words: [
            `准许账号 ${person?.account ?? ''} 在 ${String(input.hours)} 小时内阅览下列档案，期满自行终止`, `档号：${decided.codes.join('；')}`, `事由：${input.reason}`,
            `只放宽知悉范围，不超过本人涉密等级（${levelName(who.clearance)}）；不得修改；每次阅览登记，事后由保密员和安全审计员核查`,
          ],
        });
        return { approval: id };
      });
    },

    async end(call: ServerCall, input: EmergencyEnd) {
      const who = await parts.subjectOf(call);
      return store.write(call, async (tx) => {
        await tx.allow();
        const one = await tx.emergencies.get(input.emergency);
        if (one === undefined || (one.person !== call.person && !holds(who, 'secadmin'))) throw new ArchiveError('E_NOT_FOUND');
        await tx.emergencies.end(one.id, clock.now(), call.person);
        tx.audit({ action: call.act, object: one.id, objectType: 'emergency', detail: { person: one.person } });
        return {};
      });
    },

    /** 事后核查, each reviewer once and nobody their own. @throws ArchiveError `E_STATE_INVALID` while it is open */
    async review(call: ServerCall, input: EmergencyReview) {
      const who = await parts.subjectOf(call);
      return store.write(call, async (tx) => {
        await tx.allow();
        const one = await tx.emergencies.get(input.emergency);
        if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
        const all = await holders(tx);
        const of = (person: string) => all.find((row) => row.person === person) ?? { person, tokens: [] };
        if (samePerson(of(one.person), of(call.person))) throw new ArchiveError('E_SOD_SELF_APPROVAL', { emergency: one.id });
        const as = (Object.keys(REVIEWERS) as (keyof typeof REVIEWERS)[]).find((duty) => holds(who, duty) && one[REVIEWERS[duty]] === null);
        if (stateOf(one) !== 'unreviewed' || as === undefined) throw new ArchiveError('E_STATE_INVALID', { state: stateOf(one) });
        await tx.emergencies.review(as === 'officer' ? { ...one, officerBy: call.person, officerOpinion: input.opinion } : { ...one, auditorBy: call.person, auditorOpinion: input.opinion });
        tx.audit({ action: call.act, object: one.id, objectType: 'emergency', detail: { as, person: one.person } });
        return {};
      });
    },

    /** Closes what time has ended already. Returns how many. */
    async close(call: Call): Promise<number> {
      const due = await store.read(call, async (tx) => { await tx.allow(); return tx.emergencies.overdue(clock.now()); });
      for (const one of due) {
        await store.write(call, async (tx) => {
          await tx.allow();
          await tx.emergencies.end(one.id, one.untilAt, 'system');
          tx.audit({ action: 'emergency.end', object: one.id, objectType: 'emergency', detail: { person: one.person, at: one.untilAt } });
        });
      }
      return due.length;
    },
  };
}
