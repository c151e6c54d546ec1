import type { AuditDraft } from '../../core/audit.js';
import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Clock, Ids, Level } from '../../core/ports.js';
import type { DisposalEnter, DisposalPending, DisposalWithdraw, MediumKind } from '../../policies/schemas/media-destruction.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { moveCarrier } from '../../secrecy/carrier.js';
import { sufficientMethods } from '../../secrecy/destruction-method.js';
import type { LineFacts } from '../../secrecy/media-destruction.js';
import { isSecret } from '../../secrecy/level.js';
import type { ServerCall } from '../server/route.js';
import { carrierTarget } from '../store/repositories/carriers.js';
import type { StoredCarrier } from '../store/repositories/carriers.js';
import { LINE_COLUMNS, lineTarget } from '../store/repositories/disposals.js';
import type { DisposalLine, LineSheet } from '../store/repositories/disposals.js';
import { addDays, plain, wrong } from './parts.js';
import type { DisposalParts, Tx, WriteTx } from './parts.js';

/** A draft, a waste page, a copy called back, a medium used on the way: what another room knows of and hands over. */
export interface PendingWaste {
  /** What it came from, e.g. `output/<id>`: told twice, it is entered once. */
  readonly origin: string;
  readonly kind: MediumKind;
  readonly level: Level;
  /** At least `level`. */
  readonly maxLevelEver?: Level;
  readonly title: string;
  /** 过程稿、废页、复制件: a key of `reasons` in `media-destruction.json`. */
  readonly reason: string;
  readonly copyNo?: number;
  readonly totalCopies?: number;
  readonly quantity?: number;
  readonly secrecyPeriod?: string | null;
  readonly serial?: string | null;
  readonly place?: string;
  readonly fonds: string;
  readonly department: string;
  /** Who had it last. */
  readonly by: string;
  /** The carrier it is in the register, where it has a row there. */
  readonly carrier?: StoredCarrier;
}

const SOURCES: Readonly<Record<string, string>> = { carrier: '载体台账', output: '打印刻录台账', draft: '起草过程稿', derived: '派生介质', process: '过程载体' };

export type PendingWasteEntry = (tx: WriteTx, waste: PendingWaste) => Promise<{ readonly id: string; readonly no: string; readonly made: boolean }>;

/**
 * 过程载体转待销: called by other rooms inside their own unit of work. The line stands in a series of its level, and waits for a batch.
 */
export const pendingWasteOver = (clock: Clock, ids: Ids): PendingWasteEntry => async (tx, waste) => {
  const known = await tx.disposals.lineOfOrigin(waste.origin);
  if (known !== undefined && known.state !== 'withdrawn') return { id: known.id, no: known.no, made: false };
  // A line that was withdrawn stays so: the thing comes back under an origin of its own.
  const origin = known === undefined ? waste.origin : `${waste.origin}#${ids.uuid()}`;
  const series = `DX${String(waste.level)}-${clock.today().slice(0, 4)}-`;
  const no = `${series}${String(await tx.disposals.linesNumbered(series) + 1).padStart(4, '0')}`;
  const { carrier } = waste;
  const line: DisposalLine = {
    id: ids.uuid(), no, origin, carrier: carrier?.it.id ?? null, disposal: null, kind: waste.kind, state: 'pending', fonds: waste.fonds, department: waste.department, owner: waste.by, since: clock.today(), level: waste.level,
    maxLevelEver: Math.max(waste.level, waste.maxLevelEver ?? 0) as Level, version: 1,
    sheet: {
      title: waste.title, tag: carrier?.it.no ?? no, secrecyPeriod: waste.secrecyPeriod ?? null, copyNo: waste.copyNo ?? 1, totalCopies: waste.totalCopies ?? 1, issuedBy: carrier?.facts.receivedFrom ?? null,
      source: SOURCES[waste.origin.split('/')[0] ?? ''] ?? '过程载体', receivedOn: carrier?.facts.receivedOn ?? null, quantity: waste.quantity ?? 1, reason: waste.reason, broken: false, worm: carrier?.facts.worm ?? false, serial: waste.serial ?? null,
      place: waste.place ?? '待销柜', dismantledFrom: null, remark: null, log: null, failed: null,
    },
  };
  await tx.disposals.addLine(line);
  tx.audit(entered(line));
  return { id: line.id, no, made: true };
};

const entered = (line: DisposalLine): AuditDraft => ({ action: 'disposal.enter', object: line.id, objectType: 'disposal', objectLevel: line.level, detail: { no: line.no, kind: line.kind, maxLevelEver: line.maxLevelEver, origin: line.origin, carrier: line.carrier } });

/** As the rules need it: what the register of carriers knows now counts. */
export async function factsOf(tx: Tx | WriteTx, line: DisposalLine): Promise<LineFacts> {
  const carrier = line.carrier === null ? undefined : await tx.carriers.get(line.carrier);
  return {
    id: line.id, no: line.sheet.tag, kind: line.kind, level: carrier?.it.level ?? line.level, maxLevelEver: Math.max(line.maxLevelEver, carrier?.it.maxLevelEver ?? 0) as Level, broken: line.sheet.broken, worm: line.sheet.worm, copyNo: line.sheet.copyNo,
    quantity: line.sheet.quantity, rating: line.sheet.log?.rating ?? null,
  };
}

/** 待销条目: what is to be destroyed, one by one, drafts and waste copies too. */
export function lineService(parts: DisposalParts) {
  const { store, gate, clock, ids, policy, unit } = parts;
  const pendingWaste = pendingWasteOver(clock, ids);
  const overdueBefore = (): CalendarDate => addDays(clock.today(), -policy.isolation.days);
  const kindName = (key: string): string => policy.kinds.find((one) => one.key === key)?.name ?? key;
  const reasonName = (key: string): string => policy.reasons.find((one) => one.key === key)?.name ?? key;
  const knownReason = (key: string): void => { if (!policy.reasons.some((one) => one.key === key)) throw wrong('/reason', '请从列表中选择待销原因'); };

  async function shown(tx: Tx | WriteTx, line: DisposalLine) {
    const facts = await factsOf(tx, line);
    const keeper = line.carrier === null ? null : await tx.carriers.get(line.carrier);
    return {
      id: line.id, no: line.no, tag: line.sheet.tag, carrier: line.carrier, disposal: line.disposal, kind: line.kind, kindName: kindName(line.kind), state: line.state, level: line.level, maxLevelEver: facts.maxLevelEver, since: line.since,
      dueOn: addDays(line.since, policy.isolation.days), overdue: (line.state === 'pending' || line.state === 'batched') && line.since < overdueBefore(), reasonName: reasonName(line.sheet.reason), ownerName: await parts.nameOf(line.owner),
      sheet: line.sheet, lost: keeper?.it.state === 'lost', methods: sufficientMethods(policy, facts), version: line.version,
    };
  }

  return {
    pendingWaste, shown, kindName, reasonName, overdueBefore,

    async pending(call: ServerCall, input: DisposalPending) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, 'disposal.pending', 1, LINE_COLUMNS);
        const { rows, total } = await tx.disposals.pending(visible, { kind: input.kind ?? null, before: input.overdue === true ? overdueBefore() : null }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, kinds: policy.kinds.map(({ key, name }) => ({ key, name })), reasons: policy.reasons, systemLevel: unit.systemLevel, isolationDays: policy.isolation.days, rows: await Promise.all(rows.map(async (line) => shown(tx, line))) };
      });
    },

    /** 登记: a carrier of the register is set aside with it; a draft or waste copy stands by itself. */
    async enter(call: ServerCall, input: DisposalEnter) {
      knownReason(input.reason);
      return store.write(call, async (tx) => {
        if ('carrier' in input) {
          const one = await tx.carriers.get(input.carrier);
          if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
          await tx.allow(carrierTarget(one), 'carrier.show');
          await tx.allow({ ...carrierTarget(one), type: 'disposal', id: NOT_YET_MADE });
          if (one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { carrier: one.it.id });
          const { place } = plain({ place: input.place });
          const set = one.it.state === 'pending_destruction' ? one : { ...one, it: moveCarrier(one.it, { kind: 'condemn', place, since: clock.today() }).next };
          if (set !== one) {
            await tx.carriers.save(set, input.seenVersion);
            await tx.carriers.note(set, { at: clock.now(), by: call.person, event: 'condemn', approval: null, told: { place, reason: reasonName(input.reason) } });
          }
          const line = await of(tx, await pendingWaste(tx, carrierWaste(set, input.reason, place, call.person)));
          if (line.state !== 'pending') throw new ArchiveError('E_STATE_INVALID', { state: line.state, event: 'enter' });
          await tx.disposals.saveLine({ ...line, sheet: { ...line.sheet, ...sheetOf(input), place } }, line.version);
          return { line: line.id, no: line.no };
        }
        const given = plain(input);
        if (given.maxLevelEver < given.level) throw wrong('/maxLevelEver', '曾存最高密级不能低于现密级');
        if (isSecret(given.maxLevelEver as Level) && given.level < 2) throw wrong('/level', '曾存国家秘密的载体至少按秘密级管理');
        if (given.maxLevelEver > unit.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: given.maxLevelEver, systemLevel: unit.systemLevel });
        if (given.copyNo > given.totalCopies) throw wrong('/copyNo', '份号不能大于总份数');
        const department = await tx.people.departmentOf(call.person) ?? '';
        await tx.allow({ type: 'disposal', id: NOT_YET_MADE, level: given.level, fonds: unit.fonds, department, state: 'pending', scope: { persons: [], departments: [] }, owner: call.person });
        const made = await of(tx, await pendingWaste(tx, {
          origin: `entered/${ids.uuid()}`, kind: given.kind, level: given.level as Level, maxLevelEver: given.maxLevelEver as Level, title: given.title, reason: given.reason, copyNo: given.copyNo, totalCopies: given.totalCopies, quantity: given.quantity,
          secrecyPeriod: given.secrecyPeriod ?? null, serial: given.serial ?? null, place: given.place, fonds: unit.fonds, department, by: call.person,
        }));
        await tx.disposals.saveLine({ ...made, sheet: { ...made.sheet, ...sheetOf(given), issuedBy: given.issuedBy ?? null, dismantledFrom: given.dismantledFrom ?? null, source: '单独登记' } }, made.version);
        return { line: made.id, no: made.no };
      });
    },

    /** 撤销待销: the carrier goes back into custody. */
    async withdraw(call: ServerCall, input: DisposalWithdraw) {
      const { place, reason } = plain({ place: input.place, reason: input.reason });
      return store.write(call, async (tx) => {
        const line = await tx.disposals.line(input.line);
        if (line === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(lineTarget(line));
        if (line.state !== 'pending') throw new ArchiveError('E_STATE_INVALID', { state: line.state, event: 'withdraw' });
        await tx.disposals.saveLine({ ...line, state: 'withdrawn', sheet: { ...line.sheet, remark: reason } }, input.seenVersion);
        const one = line.carrier === null ? undefined : await tx.carriers.get(line.carrier);
        if (one?.it.state === 'pending_destruction') {
          const saved = { ...one, it: moveCarrier(one.it, { kind: 'spare', place, custodian: call.person }).next };
          await tx.carriers.save(saved, one.version);
          await tx.carriers.note(saved, { at: clock.now(), by: call.person, event: 'spare', approval: null, told: { place, reason } });
        }
        tx.audit({ action: call.act, object: line.id, objectType: 'disposal', objectLevel: line.level, detail: { no: line.no, carrier: line.carrier } });
        return { line: line.id };
      });
    },
  };

  async function of(tx: WriteTx, { id }: { readonly id: string }): Promise<DisposalLine> {
    const line = await tx.disposals.line(id);
    if (line === undefined) throw new ArchiveError('E_NOT_FOUND');
    return line;
  }
}

const sheetOf = ({ broken, quantity, remark, reason }: Pick<DisposalEnter, 'broken' | 'quantity' | 'remark' | 'reason'>): Pick<LineSheet, 'broken' | 'quantity' | 'remark' | 'reason'> => ({ broken, quantity, remark: remark ?? null, reason });

/** A carrier of the register that is set aside. */
export const carrierWaste = (one: StoredCarrier, reason: string, place: string, by: string): PendingWaste => ({
  origin: `carrier/${one.it.id}`, kind: one.kind, level: one.it.level, maxLevelEver: one.it.maxLevelEver, title: one.facts.title, reason, copyNo: one.facts.copyNo, totalCopies: one.facts.totalCopies, secrecyPeriod: one.facts.secrecyPeriod ?? null,
  serial: one.facts.serial ?? null, place, fonds: one.fonds, department: one.department, by, carrier: one,
});
export type LineService = ReturnType<typeof lineService>;
