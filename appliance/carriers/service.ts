import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { CalendarDate, Clock, Ids, Level, ReadTools, WriteTools } from '../../core/ports.js';
import type { CarrierLossReport } from '../../policies/schemas/media-destruction.js';
import type { CarrierInventory, CarrierLabel, CarrierList, CarrierLoad, CarrierLose, CarrierMove, CarrierRegister, CarrierShow, CarriersFile } from '../../policies/schemas/carrier.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import type { Granted } from '../../secrecy/approval.js';
import { inventory, loadCarrier, moveCarrier, registerCarrier, type CarrierEvent } from '../../secrecy/carrier.js';
import { levelName } from '../../secrecy/level.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { AccessGate } from '../access/gate.js';
import type { Containers } from '../containers/marks.js';
import { carrierWaste } from '../disposal/lines.js';
import type { PendingWasteEntry } from '../disposal/lines.js';
import { addDays, plain, wrong } from '../disposal/parts.js';
import { localDay } from '../reports/document.js';
import { bytes } from '../server/route.js';
import type { ServerCall } from '../server/route.js';
import { CARRIER_COLUMNS, carrierTarget } from '../store/repositories/carriers.js';
import type { CarrierLine, StoredCarrier } from '../store/repositories/carriers.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import { requireBearer } from './bearer.js';
import { carrierLabel } from './label.js';
import { lossReport } from './loss-report.js';

type WriteTx = Repositories & WriteTools;
type Tx = Repositories & ReadTools;

export interface CarrierServiceParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: CarriersFile;
  readonly marks: MarkPolicy;
  readonly containers: Containers;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly nameOf: (person: string) => Promise<string>;
  readonly pendingWaste: PendingWasteEntry;
  /** Serial of this box. */
  readonly box: string;
  readonly unit: { readonly name: string; readonly fonds: string; readonly systemLevel: Level; readonly rehearsal: boolean };
}

/** What a 单位负责人 approves when a carrier is to be carried out. */
export interface CarryOutDecision { readonly carrier: string; readonly holder: string; readonly escorts: readonly string[]; readonly destination: string; readonly dueOn: CalendarDate; readonly reason: string; readonly by: string }

const HOUR_MS = 3_600_000;
const COUNTED_AT_MOST = 5000;
const STATE_WORDS: Readonly<Record<string, string>> = { registered: '待入柜', in_use: '借出', in_custody: '在管', in_transit: '外出', pending_destruction: '待销' };
/** The first day on which a carrier must have been looked at. @param months 盘点周期 */
export function inventorySince(today: CalendarDate, months: number): CalendarDate {
  const date = new Date(`${today}T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() - months);
  return date.toISOString().slice(0, 10);
}

/** 涉密载体台账: entered, moved, counted, labelled, reported lost; each act a line in the carrier's history and an entry in the ledger. */
export function carrierService(parts: CarrierServiceParts) {
  const { store, gate, clock, ids, policy, unit } = parts;
  const since = (): CalendarDate => inventorySince(clock.today(), policy.inventory.months);
  const kindName = (key: string): string => policy.kinds.find((kind) => kind.key === key)?.name ?? key;

  async function found(tx: Tx | WriteTx, id: string): Promise<StoredCarrier> {
    const one = await tx.carriers.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(carrierTarget(one));
    return one;
  }
  const held = ({ it }: StoredCarrier): boolean => it.state === 'registered' || it.state === 'in_custody' || it.state === 'pending_destruction';
  const placeOf = ({ it }: StoredCarrier): string | null => (it.state === 'in_custody' || it.state === 'pending_destruction' ? it.place : null);

  const bearer = async (tx: Tx | WriteTx, id: string, level: Level, at: string): Promise<string> => requireBearer(tx, clock.today(), id, level, at);

  async function shown(one: StoredCarrier) {
    const { it } = one;
    return {
      id: it.id, no: it.no, kind: one.kind, kindName: kindName(one.kind), state: it.state, level: it.level, cap: it.cap, maxLevelEver: it.maxLevelEver, overCap: it.level > it.cap, title: one.facts.title,
      copyNo: one.facts.copyNo, totalCopies: one.facts.totalCopies, place: placeOf(one), inventoriedOn: one.inventoriedOn, inventoryOverdue: held(one) && one.inventoriedOn < since(),
      holderName: it.state === 'in_use' || it.state === 'in_transit' ? await parts.nameOf(it.holder) : it.state === 'in_custody' ? await parts.nameOf(it.custodian) : null,
      dueOn: it.state === 'in_use' || it.state === 'in_transit' ? it.dueOn : null, late: (it.state === 'in_use' || it.state === 'in_transit') && it.dueOn < clock.today(),
      reportBy: it.state === 'lost' ? it.reportBy : null, reported: it.state === 'lost' ? it.report : null, reportLate: it.state === 'lost' && it.report === null && it.reportBy < clock.now(), version: one.version,
    };
  }

  /** What lies on it, as far as the person may know. */
  async function contents(call: ServerCall, tx: Tx | WriteTx, records: readonly string[]) {
    const rows = [];
    for (const id of records) {
      const record = await tx.records.get(id);
      if (record !== undefined && await gate.knows(call, recordTarget(record))) rows.push({ record: id, code: record.archivalCode ?? record.electronicRecordCode, level: record.level, state: record.state });
    }
    return rows;
  }

  const line = (call: ServerCall, event: string, told: CarrierLine['told'], approval: string | null = null): Omit<CarrierLine, 'seq'> => ({ at: clock.now(), by: call.person, event, approval, told });

  async function markOf(tx: Tx, one: StoredCarrier): Promise<string> {
    const mark = await parts.containers.get(tx.sql, { kind: 'medium', id: one.it.id });
    if (mark !== undefined && mark.held.level === one.it.level) return rollUpMark(mark.held, parts.marks);
    return one.it.level >= 2 && one.facts.secrecyPeriod !== undefined ? `${levelName(one.it.level)}★${one.facts.secrecyPeriod}` : levelName(one.it.level);
  }

  function dueDay(day: CalendarDate): void {
    if (day < clock.today()) throw wrong('/dueOn', '归还日期不能早于今天');
    if (day > addDays(clock.today(), policy.lending.maxDays)) throw wrong('/dueOn', `一次借出或外出不超过 ${String(policy.lending.maxDays)} 天`);
  }

  return {
    async list(call: ServerCall, input: CarrierList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, 'carrier.list', 1, CARRIER_COLUMNS);
        const { rows, total } = await tx.carriers.list(visible, { state: input.state ?? null, kind: input.kind ?? null, before: input.overdue === true ? since() : null }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, kinds: policy.kinds.map(({ key, name, worm }) => ({ key, name, worm })), systemLevel: unit.systemLevel, inventoryMonths: policy.inventory.months, rows: await Promise.all(rows.map(shown)) };
      });
    },

    async show(call: ServerCall, input: CarrierShow) {
      return store.read(call, async (tx) => {
        const one = await found(tx, input.carrier);
        tx.audit({ action: call.act, object: one.it.id, objectType: 'carrier', objectLevel: one.it.level });
        const { ceiling } = await gate.subjectOf(call);
        const history = await Promise.all((await tx.carriers.history(one.it.id, ceiling)).map(async (row) => ({ ...row, byName: await parts.nameOf(row.by) })));
        return {
          ...await shown(one), facts: one.facts, it: one.it, mark: await markOf(tx, one), registeredAt: one.registeredAt, registeredByName: await parts.nameOf(one.registeredBy), history, contents: await contents(call, tx, await tx.carriers.contents(one.it.id)), ended: await contents(call, tx, (await tx.media.ended(one.it.id)).map(({ record }) => record)),
          reportHours: policy.loss.reportHours, reportSource: policy.loss.source,
        };
      });
    },

    async register(call: ServerCall, input: CarrierRegister) {
      const { kind, level, cap, ...given } = input;
      const facts = plain(given);
      if (Math.max(cap, level) > unit.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: cap, systemLevel: unit.systemLevel });
      if (facts.copyNo > facts.totalCopies) throw wrong('/copyNo', '份号不能大于总份数');
      if (facts.origin === 'received' && facts.receivedFrom === undefined) throw wrong('/receivedFrom', '来文须填写来文单位');
      return store.write(call, async (tx) => {
        const department = await tx.people.departmentOf(call.person) ?? '';
        const about = { fonds: unit.fonds, department, registeredBy: call.person };
        const id = ids.uuid();
        // Numbers of a series of its own for each level: a gap tells nobody of what is above them.
        const series = `ZT${String(level)}-${clock.today().slice(0, 4)}-`;
        const draft = { id, no: '', cap: cap as Level, level: level as Level };
        await tx.allow({ ...carrierTarget({ it: registerCarrier({ ...draft, cap: level as Level }), ...about }), id: NOT_YET_MADE });
        const no = `${series}${String(await tx.carriers.numbered(series) + 1).padStart(4, '0')}`;
        const one: StoredCarrier = { it: registerCarrier({ ...draft, no }), kind, facts, ...about, registeredAt: clock.now(), inventoriedOn: clock.today(), version: 1 };
        await tx.carriers.add(one);
        await tx.carriers.note(one, line(call, 'register', {}));
        tx.audit({ action: call.act, object: id, objectType: 'carrier', objectLevel: one.it.level, detail: { no, kind, cap } });
        return { id, no };
      });
    },

    /** 流转. Carrying out waits for its approval; everything else is done at once. */
    async move(call: ServerCall, input: CarrierMove) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.carrier);
        if (one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { carrier: one.it.id });
        const { reason } = plain({ reason: input.reason });
        if (input.event === 'carry-out') {
          const { destination } = plain({ destination: input.destination });
          dueDay(input.dueOn);
          const names = [await bearer(tx, input.holder, one.it.level, '/holder')];
          for (const escort of input.escorts) names.push(await bearer(tx, escort, one.it.level, '/escorts'));
          const decided: CarryOutDecision = { carrier: one.it.id, holder: input.holder, escorts: input.escorts, destination, dueOn: input.dueOn, reason, by: call.person };
          // Tried before it is asked for, so that nobody signs what cannot be done.
          moveCarrier(one.it, { kind: 'carry-out', ...decided, approval: 'asked' });
          const { id, state } = await parts.approvals.request(tx, call, {
            act: call.act, object: one.it.id, decided: { ...decided, escorts: [...decided.escorts] }, level: one.it.level, fonds: one.fonds,
            words: [`携带载体外出：${one.it.no}（${kindName(one.kind)}，${levelName(one.it.level)}）`, `携带人：${names.join('、')}`, `目的地：${destination}，应于 ${input.dueOn} 前带回`, `事由：${reason}`],
          });
          return { carrier: one.it.id, state: one.it.state, approval: id, approvalState: state };
        }
        const event = await eventOf(call, tx, one, input);
        const { next, audit } = moveCarrier(one.it, event, call.act);
        const saved: StoredCarrier = { ...one, it: next, facts: 'sealNo' in input && input.sealNo !== undefined ? { ...one.facts, ...plain({ sealNo: input.sealNo }) } : one.facts };
        await tx.carriers.save(saved, input.seenVersion);
        await tx.carriers.note(saved, line(call, input.event, { reason, ...event }));
        tx.audit(audit);
        if (next.state === 'pending_destruction') await parts.pendingWaste(tx, carrierWaste(saved, 'obsolete', next.place, call.person));
        return { carrier: next.id, state: next.state };
      });
    },

    /** The last signature on a carrying out. */
    async carriedOut(tx: WriteTx, granted: Granted, decided: CarryOutDecision): Promise<void> {
      const one = await tx.carriers.get(decided.carrier);
      if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
      for (const person of [decided.holder, ...decided.escorts]) await bearer(tx, person, one.it.level, '/holder');
      const { next, audit } = moveCarrier(one.it, { kind: 'carry-out', holder: decided.holder, escorts: decided.escorts, destination: decided.destination, dueOn: decided.dueOn, approval: granted.id });
      const saved = { ...one, it: next };
      await tx.carriers.save(saved, one.version);
      await tx.carriers.note(saved, { at: clock.now(), by: decided.by, event: 'carry-out', approval: granted.id, told: { reason: decided.reason, destination: decided.destination, dueOn: decided.dueOn, holder: decided.holder, holderName: await parts.nameOf(decided.holder) } });
      tx.audit({ ...audit, approval: granted.id });
    },

    async load(call: ServerCall, input: CarrierLoad) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.carrier);
        const known = await tx.carriers.recordsOf(input.codes);
        let it = one.it;
        const records: string[] = [];
        for (const [at, code] of input.codes.entries()) {
          const id = known.get(code);
          const record = id === undefined ? undefined : await tx.records.get(id);
          if (id === undefined || record === undefined || !(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `/codes/${String(at)}`, message: '没有这个档号的档案' }]);
          it = loadCarrier(it, record.level);
          records.push(id);
        }
        const saved = { ...one, it };
        await tx.carriers.save(saved, input.seenVersion);
        await tx.carriers.put(it.id, records, clock.now(), call.person);
        await tx.carriers.note(saved, line(call, 'load', { count: records.length }));
        tx.audit({ action: call.act, object: it.id, objectType: 'carrier', objectLevel: it.level, detail: { records, level: it.level, maxLevelEver: it.maxLevelEver } });
        for (const draft of await parts.containers.put(tx.sql, { kind: 'medium', id: it.id }, records.map((id) => ({ kind: 'record', id })), clock.now())) tx.audit(draft);
        return { carrier: it.id, level: it.level, records: records.length };
      });
    },

    /** 盘点: everything this person may see in custody, or one place of it. */
    async inventory(call: ServerCall, input: CarrierInventory) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, call.act, 1, CARRIER_COLUMNS);
        const { rows } = await tx.carriers.list(visible, { state: null, kind: null, before: null }, { offset: 0, limit: COUNTED_AT_MOST });
        const looked = rows.filter((one) => held(one) && (input.place === undefined || placeOf(one) === input.place));
        const scanned = input.scanned.map(({ no, place }) => ({ no: no.trim(), place: place ?? input.place ?? null }));
        // What lies here and belongs to another place of ours is at the wrong place, not unknown.
        const strays = input.place === undefined ? [] : rows.filter((one) => held(one) && !looked.includes(one) && scanned.some(({ no }) => no === one.it.no));
        const differences = inventory([...looked, ...strays].map((one) => ({ no: one.it.no, place: placeOf(one), state: one.it.state })), scanned);
        for (const one of [...looked, ...strays]) {
          const present = differences.present.includes(one.it.no);
          const misplaced = differences.misplaced.find(({ no }) => no === one.it.no);
          const saved = present ? { ...one, inventoriedOn: clock.today() } : one;
          if (present) await tx.carriers.save(saved, one.version);
          await tx.carriers.note(saved, line(call, 'inventory', { result: !present ? 'missing' : misplaced === undefined ? 'present' : 'misplaced', ...(misplaced === undefined ? {} : { found: misplaced.found }) }));
        }
        const counts = { expected: looked.length + strays.length, present: differences.present.length, missing: differences.missing.length, unexpected: differences.unexpected.length, misplaced: differences.misplaced.length };
        tx.audit({ action: call.act, objectType: 'carrier', detail: { ...counts, missingNos: differences.missing } });
        return { ...counts, differences, on: clock.today() };
      });
    },

    async label(call: ServerCall, input: CarrierLabel) {
      return store.read(call, async (tx) => {
        const one = await found(tx, input.carrier);
        tx.audit({ action: call.act, object: one.it.id, objectType: 'carrier', objectLevel: one.it.level });
        const { facts, it } = one;
        return bytes('application/pdf', await carrierLabel({
          no: it.no, unit: unit.name, fonds: one.fonds, batch: facts.batch ?? null, copy: `${String(facts.copyNo)}/${String(facts.totalCopies)}`, mark: await markOf(tx, one), kind: kindName(one.kind),
          madeBy: facts.madeBy ?? unit.name, madeOn: facts.madeOn ?? localDay(one.registeredAt), rehearsal: unit.rehearsal, printedAt: clock.now(),
        }), { fileName: `${it.no}.pdf` });
      });
    },

    /** 报失: state, clock, affected records and alarm in one act. */
    async lose(call: ServerCall, input: CarrierLose) {
      const at = new Date(Date.parse(input.foundMissingAt)).toISOString();
      if (at > clock.now()) throw wrong('/foundMissingAt', '发现时间不能晚于现在');
      return store.write(call, async (tx) => {
        const one = await found(tx, input.carrier);
        const told = plain({ circumstances: input.circumstances, measures: input.measures });
        const reportBy = new Date(Date.parse(at) + policy.loss.reportHours * HOUR_MS).toISOString();
        const { next, audit } = moveCarrier(one.it, { kind: 'lose', at, reportBy }, call.act);
        const saved = { ...one, it: next };
        await tx.carriers.save(saved, input.seenVersion);
        await tx.carriers.note(saved, line(call, 'lose', { ...told, reportBy, from: one.it.state }));
        tx.audit({ ...audit, detail: { ...audit.detail, reportBy, records: await tx.carriers.contents(one.it.id) } });
        return { carrier: next.id, reportBy, source: policy.loss.source, affected: await contents(call, tx, await tx.carriers.contents(one.it.id)) };
      });
    },

    /** 丢失情况报告表, as the loss was told; codes of what this person may know of. */
    async lossReport(call: ServerCall, input: CarrierLossReport) {
      return store.read(call, async (tx) => {
        const one = await found(tx, input.carrier);
        const { it, facts } = one;
        if (it.state !== 'lost') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'loss-report' });
        const { ceiling } = await gate.subjectOf(call);
        const told = (await tx.carriers.history(it.id, ceiling)).find(({ event }) => event === 'lose');
        const words = (key: string): string => (typeof told?.told[key] === 'string' ? told.told[key] : '');
        const affected = await contents(call, tx, await tx.carriers.contents(it.id));
        tx.audit({ action: call.act, object: it.id, objectType: 'carrier', objectLevel: it.level });
        return bytes('application/pdf', await lossReport({
          head: { box: parts.box, generatedAt: clock.now(), level: it.level, mark: await markOf(tx, one), rehearsal: unit.rehearsal, unit: unit.name }, no: it.no, title: facts.title, kind: kindName(one.kind), copies: `${String(facts.copyNo)}/${String(facts.totalCopies)}`,
          secrecyPeriod: facts.secrecyPeriod ?? '', state: STATE_WORDS[words('from')] ?? words('from'), keeper: told === undefined ? '' : await parts.nameOf(told.by), lostAt: it.lostAt, reportBy: it.reportBy, circumstances: words('circumstances'), measures: words('measures'), report: it.report,
          records: affected.map(({ code, level }) => ({ code, level: levelName(level) })), source: policy.loss.source,
        }), { fileName: `${it.no}-丢失情况报告表.pdf` });
      });
    },

    /** Whether any carrier of the box is past its inventory. */
    async overdue(call: ServerCall | Parameters<Store<Repositories>['read']>[0]): Promise<boolean> {
      return store.read(call, async (tx) => { await tx.allow(); return tx.carriers.overdue(since()); });
    },
  };

  async function eventOf(call: ServerCall, tx: WriteTx, one: StoredCarrier, input: Exclude<CarrierMove, { event: 'carry-out' }>): Promise<CarrierEvent> {
    switch (input.event) {
      case 'file': case 'return': case 'arrive': case 'find': return { kind: input.event, ...plain({ place: input.place }), custodian: call.person };
      case 'lend': {
        dueDay(input.dueOn);
        await bearer(tx, input.holder, one.it.level, '/holder');
        return { kind: 'lend', holder: input.holder, dueOn: input.dueOn };
      }
      case 'give-back': return { kind: 'give-back', ...plain({ receiver: input.receiver, receipt: input.receipt }) };
      case 'condemn': return { kind: 'condemn', ...plain({ place: input.place }), since: clock.today() };
      case 'report': return { kind: 'report', ...plain({ to: input.to, no: input.no }), at: clock.now() };
    }
  }

}
export type CarrierService = ReturnType<typeof carrierService>;
