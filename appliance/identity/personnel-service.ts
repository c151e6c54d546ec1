import { ArchiveError } from '../../core/errors.js';
import { cleanText } from '../../core/text.js';
import type { Clock, Ids, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { PeopleFile, PersonnelEnter, PersonnelLeave, PersonnelList, PersonnelNote, PersonnelReturn, PersonnelShow } from '../../policies/schemas/people.js';
import { clearanceToday, coolOffUntil, trainingMissing } from '../../secrecy/personnel.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { ServerCall } from '../call.js';
import type { Person } from '../store/repositories/people.js';
import type { RegisterEntry } from '../store/repositories/personnel.js';
import { leave } from './leave.js';
import type { HandBackSource, LeaveTx } from './leave.js';
import { ALL_PEOPLE, inForceNow, notItsMaker, OFFICES } from './offices.js';

export interface PersonnelServiceParts {
  readonly store: UnitOfWork<LeaveTx & WriteTools, LeaveTx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: PeopleFile;
  readonly sources: readonly HandBackSource[];
  readonly nameOf: (person: string) => Promise<string>;
  readonly dutyName: (duty: string) => string;
  readonly approvals: Pick<ApprovalService<LeaveTx & WriteTools>, 'request' | 'carries'>;
}

type Leaving = { readonly reason: string; readonly leftOn: string; readonly coolsOffUntil: string | null };

/** 涉密人员台账: review, commitment, training, reports, and leaving a post. */
export function personnelService(parts: PersonnelServiceParts) {
  const { store, clock, ids, policy } = parts;
  const plain = (text: string, at: string): string => {
    const cleaned = cleanText(text, false);
    if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
    return cleaned.text;
  };
  const notLater = (day: string, at: string): void => {
    if (day > clock.today()) throw new ArchiveError('E_INPUT_INVALID', { rule: 'date' }, [{ at, message: '日期不得晚于今日' }]);
  };
  const found = (person: Person | undefined): Person => {
    if (person === undefined) throw new ArchiveError('E_NOT_FOUND');
    return person;
  };
  const stateOf = (entry: RegisterEntry): RegisterEntry['state'] => (entry.state === 'cooling' && entry.coolsOffUntil !== null && entry.coolsOffUntil < clock.today() ? 'released' : entry.state);

  parts.approvals.carries('personnel.leave', async (tx, call, granted, decided) => {
    const { reason, leftOn, coolsOffUntil } = decided as unknown as Leaving;
    const person = found(await tx.people.get(granted.object));
    await leave(parts, tx, call, person, person.version, { reason, leftOn, coolsOffUntil, by: granted.requestedBy.person });
  });

  function line(person: Person, entry: RegisterEntry, hours: number, open: number, departmentName: string) {
    return {
      person: person.id, account: person.account, name: person.name, position: person.position, departmentName, status: person.status, personVersion: person.version,
      clearance: person.clearance, clearanceToday: clearanceToday(person.clearance, person.clearanceUntil, clock.today()), clearanceUntil: person.clearanceUntil,
      state: stateOf(entry), category: entry.category, reviewedOn: entry.reviewedOn, committedOn: entry.committedOn, leftOn: entry.leftOn, coolsOffUntil: entry.coolsOffUntil,
      trainingHours: hours, trainingMissing: entry.state === 'in_post' ? trainingMissing(policy, hours) : 0, openItems: open, version: entry.version,
    };
  }

  return {
    async list(call: ServerCall, input: PersonnelList) {
      const { page = 1, size = 50, state } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const people = new Map((await tx.people.list({ offset: 0, limit: ALL_PEOPLE })).rows.map((one) => [one.id, one]));
        const departments = new Map((await tx.people.departments()).map((one) => [one.id, one.name]));
        const [hours, open] = [await tx.personnel.hours(clock.today().slice(0, 4)), await tx.personnel.openItems()];
        const register = await tx.personnel.all();
        const entries = register.filter((one) => state === undefined || stateOf(one) === state);
        const rows = entries.flatMap((entry) => {
          const person = people.get(entry.person);
          return person === undefined ? [] : [line(person, entry, hours.get(entry.person) ?? 0, open.get(entry.person) ?? 0, departments.get(person.department) ?? '')];
        }).sort((a, b) => (a.account < b.account ? -1 : 1));
        tx.audit({ action: call.act, detail: { page, size } });
        return {
          page, size, total: rows.length, rows: rows.slice((page - 1) * size, page * size), year: clock.today().slice(0, 4), hoursPerYear: policy.training.hoursPerYear, categories: policy.categories,
          // Who may be entered yet: accounts without an entry.
          candidates: [...people.values()].filter((one) => one.status === 'active' && !register.some(({ person }) => person === one.id)).map(({ id, name, account }) => ({ id, name, account })),
        };
      });
    },

    async show(call: ServerCall, input: PersonnelShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const person = found(await tx.people.get(input.person));
        const entry = await tx.personnel.get(person.id);
        tx.audit({ action: call.act, object: person.id, objectType: 'person' });
        const departments = await tx.people.departments();
        const hours = (await tx.personnel.hours(clock.today().slice(0, 4))).get(person.id) ?? 0;
        const items = await tx.personnel.items(person.id);
        const notes = await tx.personnel.notes(person.id);
        return {
          ...(entry === undefined ? { person: person.id, account: person.account, name: person.name, position: person.position, status: person.status, personVersion: person.version, version: 0 }
            : line(person, entry, hours, items.filter(({ returnedAt }) => returnedAt === null).length, departments.find(({ id }) => id === person.department)?.name ?? '')),
          reviewNo: entry?.reviewNo ?? null, reviewedBy: entry?.reviewedBy ?? null, commitmentNo: entry?.commitmentNo ?? null, leaveReason: entry?.leaveReason ?? null,
          categories: policy.categories, hoursPerYear: policy.training.hoursPerYear,
          duties: (await tx.people.grants(person.id)).filter((grant) => inForceNow(grant, clock.now())).map(({ duty, fonds, validUntil }) => ({ duty, name: parts.dutyName(duty), fonds, until: validUntil })),
          notes: await Promise.all(notes.map(async (one) => ({ ...one, enteredByName: await parts.nameOf(one.enteredBy) }))),
          items: await Promise.all(items.map(async (one) => ({ ...one, returnedByName: one.returnedBy === null ? null : await parts.nameOf(one.returnedBy) }))),
        };
      });
    },

    /** 上岗审查与保密承诺. Entering again changes the category: a clearance above the new one ends at once. */
    async enter(call: ServerCall, input: PersonnelEnter) {
      notLater(input.reviewedOn, '/reviewedOn');
      notLater(input.committedOn, '/committedOn');
      return store.write(call, async (tx) => {
        await tx.allow();
        const person = found(await tx.people.get(input.person));
        await notItsMaker(tx, person, call.person);
        if (person.status !== 'active') throw new ArchiveError('E_STATE_INVALID', { state: person.status });
        const before = await tx.personnel.get(person.id);
        const next: RegisterEntry = {
          person: person.id, state: 'in_post', category: input.category, reviewedOn: input.reviewedOn, committedOn: input.committedOn, leftOn: null, coolsOffUntil: null, clearedBy: before?.clearedBy ?? null,
          enteredBy: call.person, reviewNo: plain(input.reviewNo, '/reviewNo'), reviewedBy: plain(input.reviewedBy, '/reviewedBy'), commitmentNo: plain(input.commitmentNo, '/commitmentNo'), leaveReason: null, version: 1,
        };
        if (before === undefined) {
          if (input.seenVersion !== 0) throw new ArchiveError('E_STALE_VERSION', { person: person.id });
          await tx.personnel.add(next);
        } else {
          await tx.personnel.save(next, input.seenVersion);
        }
        const top = policy.categories.find(({ key }) => key === input.category)?.maxLevel ?? 0;
        const lowered = person.clearance >= 2 && person.clearance > top;
        // The card carries category and commitment beside a clearance, as the register has them.
        if (lowered) await tx.people.save({ ...person, clearance: 0, clearanceUntil: null, clearanceCategory: null, commitmentNo: null }, person.version);
        else if (person.clearance >= 2) await tx.people.save({ ...person, clearanceCategory: input.category, commitmentNo: next.commitmentNo }, person.version);
        if (lowered) await tx.sessions.endAll(person.id, clock.now());
        await tx.personnel.addNote({ id: ids.uuid(), person: person.id, kind: 'review', on: input.reviewedOn, hours: null, text: `上岗审查 ${next.reviewNo}，保密承诺书 ${next.commitmentNo}`, enteredBy: call.person, enteredAt: clock.now() });
        tx.audit({ action: call.act, object: person.id, objectType: 'person', detail: { category: input.category, clearanceEnded: lowered } });
        return {};
      });
    },

    async note(call: ServerCall, input: PersonnelNote) {
      notLater(input.on, '/on');
      if (input.kind === 'training' && input.hours === undefined) throw new ArchiveError('E_INPUT_INVALID', { rule: 'training' }, [{ at: '/hours', message: '教育培训须填写学时' }]);
      const id = ids.uuid();
      await store.write(call, async (tx) => {
        await tx.allow();
        if (await tx.personnel.get(input.person) === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.personnel.addNote({ id, person: input.person, kind: input.kind, on: input.on, hours: input.kind === 'training' ? input.hours ?? null : null, text: plain(input.text, '/text'), enteredBy: call.person, enteredAt: clock.now() });
        tx.audit({ action: call.act, object: input.person, objectType: 'person', detail: { kind: input.kind, note: id } });
      });
      return { id };
    },

    /** 离岗. One of the three officers only with another person's signature. */
    async leave(call: ServerCall, input: PersonnelLeave) {
      notLater(input.leftOn, '/leftOn');
      if (call.person === input.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { person: input.person });
      return store.write(call, async (tx) => {
        await tx.allow();
        const person = found(await tx.people.get(input.person));
        const entry = await tx.personnel.get(person.id);
        const coolsOffUntil = entry === undefined ? null : coolOffUntil(policy, entry.category, input.leftOn, input.coolOffYears);
        const how: Leaving = { reason: plain(input.reason, '/reason'), leftOn: input.leftOn, coolsOffUntil };
        const office = (await tx.people.grants(person.id)).filter((grant) => inForceNow(grant, clock.now()) && (OFFICES as readonly string[]).includes(grant.duty)).map(({ duty }) => parts.dutyName(duty));
        if (office.length === 0) {
          const { items } = await leave(parts, tx, call, person, input.seenVersion, { ...how, by: call.person });
          return { approval: null, items };
        }
        if (person.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { person: person.id });
        const { id } = await parts.approvals.request(tx, call, {
          act: 'personnel.leave', object: person.id, decided: { ...how, person: person.id }, about: [person.id],
          words: [`账号 ${person.account}（${office.join('、')}）于 ${input.leftOn} 离岗`, `事由：${how.reason}`, '账号、会话、岗位、涉密资格、定密权限立即终止，并列出清退清单'],
        });
        return { approval: id, items: 0 };
      });
    },

    /** 清退. */
    async giveBack(call: ServerCall, input: PersonnelReturn) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const item = await tx.personnel.item(input.item);
        if (item === undefined || item.person === call.person) throw new ArchiveError('E_NOT_FOUND');
        await tx.personnel.returnItem(item, call.person, clock.now(), plain(input.note, '/note'));
        tx.audit({ action: call.act, object: item.person, objectType: 'person', detail: { item: item.id, kind: item.kind } });
        return {};
      });
    },
  };
}
