import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Clock, Ids, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import { registerKind, registerValues, remindersOf, valueText } from '../../core/register-entry.js';
import { cleanText } from '../../core/text.js';
import type { RegisterAmend, RegisterEnd, RegisterEnter, RegisterKind, RegisterList, RegisterShow, RegistersFile, RegisterValues } from '../../policies/schemas/registers.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { RegisterEntry } from '../store/repositories/registers.js';
import type { Repositories } from '../store/repositories/index.js';

type Tx = Pick<Repositories, 'registers'>;

export interface RegisterParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly file: RegistersFile;
  readonly nameOf: (person: string) => Promise<string>;
  readonly dutyName: (duty: string) => string;
}

/** 组织登记册: responsibility, rules, assets, plans, training, violations … entered, changed and ended by those who keep each. */
export function registerService(parts: RegisterParts) {
  const { store, gate, clock, ids, file } = parts;

  const dutiesOf = async (call: ServerCall): Promise<ReadonlySet<string>> => new Set((await gate.subjectOf(call)).grants.map(({ duty }): string => duty));
  const reads = (kind: RegisterKind, duties: ReadonlySet<string>): boolean => kind.readers?.some((duty) => duties.has(duty)) ?? true;
  const keeps = (kind: RegisterKind, duties: ReadonlySet<string>): boolean => kind.keepers.some((duty) => duties.has(duty));

  /** @throws ArchiveError `E_DENIED` naming who keeps the register */
  async function kept(call: ServerCall, key: string): Promise<RegisterKind> {
    const kind = registerKind(file, key);
    if (!keeps(kind, await dutiesOf(call))) throw new ArchiveError('E_DENIED', { kind: kind.key }, [{ at: '/kind', message: `“${kind.name}”由${kind.keepers.map(parts.dutyName).join('、')}登记` }]);
    return kind;
  }
  async function readable(call: ServerCall, key: string): Promise<RegisterKind> {
    const kind = registerKind(file, key);
    if (!reads(kind, await dutiesOf(call))) throw new ArchiveError('E_DENIED', { kind: kind.key });
    return kind;
  }
  async function found(tx: Tx, id: string): Promise<RegisterEntry> {
    const entry = await tx.registers.get(id);
    if (entry === undefined) throw new ArchiveError('E_NOT_FOUND');
    return entry;
  }
  const current = (entry: RegisterEntry): RegisterEntry => {
    if (entry.state !== 'current') throw new ArchiveError('E_STATE_INVALID', { state: entry.state });
    return entry;
  };

  const shown = (kind: RegisterKind, entry: RegisterEntry, keeper: boolean) => ({
    id: entry.id, no: entry.no, kind: entry.kind, state: entry.state, values: entry.values, texts: textsOf(kind, entry.values), version: entry.version, keeps: keeper,
    reminders: entry.state === 'current' ? remindersOf(kind, entry.values) : [], enteredAt: entry.enteredAt,
  });
  const textsOf = (kind: RegisterKind, values: RegisterValues): Readonly<Record<string, string>> => Object.fromEntries(kind.fields.map((field) => [field.key, valueText(file, field, values[field.key])]));

  return {
    /** The registers this person may look at, and the entries of one. */
    async list(call: ServerCall, input: RegisterList) {
      const { page = 1, size = 50, state } = input;
      const duties = await dutiesOf(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        const counts = await tx.registers.counts();
        const kinds = file.kinds.filter((kind) => reads(kind, duties)).map((kind) => ({
          ...kind, current: counts.get(kind.key) ?? 0, keeps: keeps(kind, duties), keeperNames: kind.keepers.map(parts.dutyName),
        }));
        const chosen = input.kind === undefined ? undefined : await readable(call, input.kind);
        const listed = chosen === undefined ? { rows: [], total: 0 } : await tx.registers.list(chosen.key, state ?? null, { offset: (page - 1) * size, limit: size });
        if (chosen !== undefined) tx.audit({ action: call.act, detail: { kind: chosen.key, rows: listed.rows.length } });
        return { page, size, total: listed.total, kinds, dictionaries: file.dictionaries, rows: chosen === undefined ? [] : listed.rows.map((entry) => shown(chosen, entry, keeps(chosen, duties))) };
      });
    },

    /** One entry with everything it ever said. */
    async show(call: ServerCall, input: RegisterShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const entry = await found(tx, input.entry);
        const kind = await readable(call, entry.kind);
        tx.audit({ action: call.act, object: entry.id, objectType: 'register', detail: { kind: kind.key } });
        const history = await tx.registers.history(entry.id);
        return {
          ...shown(kind, entry, keeps(kind, await dutiesOf(call))), kindName: kind.name, fields: kind.fields, enteredByName: await parts.nameOf(entry.enteredBy),
          ended: entry.ended === null ? null : { ...entry.ended, byName: await parts.nameOf(entry.ended.by) },
          history: await Promise.all(history.map(async (one) => ({ version: one.version, act: one.act, at: one.at, byName: await parts.nameOf(one.by), reason: one.reason, texts: textsOf(kind, one.values) }))),
        };
      });
    },

    async enter(call: ServerCall, input: RegisterEnter) {
      const kind = await kept(call, input.kind);
      const values = registerValues(file, kind, input.values);
      return store.write(call, async (tx) => {
        await tx.allow();
        const [before] = kind.single ? await tx.registers.current(kind.key) : [];
        if (before !== undefined) throw new ArchiveError('E_DUPLICATE', { entry: before.id }, [{ at: '/kind', message: `“${kind.name}”只有一份，请在原登记上更正` }]);
        const at = clock.now();
        const entry: RegisterEntry = { id: ids.uuid(), kind: kind.key, no: await tx.registers.next(`${kind.prefix}-${clock.today().slice(0, 4)}`), state: 'current', values, enteredBy: call.person, enteredAt: at, ended: null, version: 1 };
        await tx.registers.add(entry, { act: call.act, at, by: call.person, reason: null }, remindersOf(kind, values));
        tx.audit({ action: call.act, object: entry.id, objectType: 'register', detail: { kind: kind.key, no: entry.no } });
        return { entry: entry.id, no: entry.no };
      });
    },

    /** 更正或更新: what stood there before stays in the history. */
    async amend(call: ServerCall, input: RegisterAmend) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const entry = current(await found(tx, input.entry));
        const kind = await kept(call, entry.kind);
        const values = registerValues(file, kind, input.values);
        await tx.registers.save({ ...entry, values }, input.seenVersion, { act: call.act, at: clock.now(), by: call.person, reason: null }, remindersOf(kind, values));
        tx.audit({ action: call.act, object: entry.id, objectType: 'register', detail: { kind: kind.key, no: entry.no } });
        return { entry: entry.id, version: input.seenVersion + 1 };
      });
    },

    /** 终止: it stays in the register and reminds of nothing. */
    async end(call: ServerCall, input: RegisterEnd) {
      const reason = cleanText(input.reason, false);
      if (!reason.ok || reason.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/reason', message: '文字为空或含有不可见字符' }]);
      if (input.on > clock.today()) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/on', message: '终止日期不得晚于今日' }]);
      return store.write(call, async (tx) => {
        await tx.allow();
        const entry = current(await found(tx, input.entry));
        const kind = await kept(call, entry.kind);
        await tx.registers.save({ ...entry, state: 'ended', ended: { on: input.on, reason: reason.text, by: call.person } }, input.seenVersion, { act: call.act, at: clock.now(), by: call.person, reason: reason.text }, []);
        tx.audit({ action: call.act, object: entry.id, objectType: 'register', detail: { kind: kind.key, no: entry.no } });
        return { entry: entry.id, state: 'ended' as const };
      });
    },

    /** Registers this person may look at, by key, for what falls due in them. */
    async readableKinds(call: ServerCall): Promise<readonly RegisterKind[]> {
      const duties = await dutiesOf(call);
      return file.kinds.filter((kind) => reads(kind, duties));
    },
  };
}
export type RegisterService = ReturnType<typeof registerService>;

/** 单位登记 in force, as far as the box goes by it. */
export interface OrganisationRules { readonly responsibility: 'warn' | 'block'; readonly training: 'warn' | 'block'; readonly effectiveFrom: CalendarDate | null }

export async function organisationRules(tx: Tx): Promise<OrganisationRules> {
  const values = (await tx.registers.current('organization'))[0]?.values ?? {};
  const { effectiveFrom } = values;
  return { responsibility: values['responsibilityRule'] === 'block' ? 'block' : 'warn', training: values['trainingRule'] === 'block' ? 'block' : 'warn', effectiveFrom: typeof effectiveFrom === 'string' ? effectiveFrom : null };
}
