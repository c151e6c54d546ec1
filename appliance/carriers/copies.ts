import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Call, Clock, Ids, Level, WriteTools } from '../../core/ports.js';
import { loadCarrier, moveCarrier, registerCarrier, type CarrierEvent } from '../../secrecy/carrier.js';
import type { Containers } from '../containers/marks.js';
import { carrierWaste, pendingWasteOver } from '../disposal/lines.js';
import type { StoredCarrier } from '../store/repositories/carriers.js';
import type { Repositories } from '../store/repositories/index.js';
import { requireBearer } from './bearer.js';

type WriteTx = Repositories & WriteTools;

/** What is handed out on a carrier, and to whom. */
export interface HandedOut { readonly records: readonly string[]; readonly level: Level; readonly holder: string; readonly dueOn: CalendarDate; readonly reason: string }
export interface PaperCopy extends HandedOut { readonly fonds: string; readonly department: string; readonly title: string; readonly copyNo: number; readonly totalCopies: number; readonly remark: string }

/** 副本即载体 (保密法实施条例(2024)第二十七条): copies enter the register by themselves, in the unit of work that makes them, under its decision. */
export interface CopyCarriers {
  /** A paper copy: entered, loaded and in the hands of its holder. */
  paper(tx: WriteTx, call: Call, copy: PaperCopy): Promise<StoredCarrier>;
  /** A registered medium is written and handed out. @throws ArchiveError `E_DEVICE_LEVEL`, `E_STATE_INVALID`, `E_CLEARANCE_REQUIRED` */
  onto(tx: WriteTx, call: Call, carrier: StoredCarrier, out: HandedOut): Promise<StoredCarrier>;
  /** 归还入柜, or 交销. @throws ArchiveError `E_STATE_INVALID` */
  back(tx: WriteTx, call: Call, carrier: StoredCarrier, end: 'file' | 'condemn', place: string, reason: string): Promise<StoredCarrier>;
}

export function copyCarriers({ clock, ids, containers }: { readonly clock: Clock; readonly ids: Ids; readonly containers: Containers }): CopyCarriers {
  async function moved(tx: WriteTx, call: Call, one: StoredCarrier, event: CarrierEvent, reason: string, told: Readonly<Record<string, unknown>> = {}): Promise<StoredCarrier> {
    const { next, audit } = moveCarrier(one.it, event);
    const saved: StoredCarrier = { ...one, it: next };
    await tx.carriers.save(saved, one.version);
    await tx.carriers.note(saved, { at: clock.now(), by: call.person, event: event.kind, approval: null, told: { ...event, reason, ...told } });
    tx.audit(audit);
    return { ...saved, version: one.version + 1 };
  }

  async function loaded(tx: WriteTx, call: Call, one: StoredCarrier, { records, level }: HandedOut): Promise<StoredCarrier> {
    const saved: StoredCarrier = { ...one, it: loadCarrier(one.it, level) };
    await tx.carriers.save(saved, one.version);
    await tx.carriers.put(one.it.id, records, clock.now(), call.person, 'use');
    await tx.carriers.note(saved, { at: clock.now(), by: call.person, event: 'load', approval: null, told: { count: records.length } });
    tx.audit({ action: 'carrier.load', object: one.it.id, objectType: 'carrier', objectLevel: saved.it.level, detail: { records: [...records], level: saved.it.level, maxLevelEver: saved.it.maxLevelEver } });
    for (const draft of await containers.put(tx.sql, { kind: 'medium', id: one.it.id }, records.map((id) => ({ kind: 'record', id })), clock.now())) tx.audit(draft);
    // What follows the contents may have saved the row again.
    return await tx.carriers.get(one.it.id) ?? saved;
  }

  async function handed(tx: WriteTx, call: Call, one: StoredCarrier, out: HandedOut): Promise<StoredCarrier> {
    const holderName = await requireBearer(tx, clock.today(), out.holder, out.level, '/output');
    return moved(tx, call, await loaded(tx, call, one, out), { kind: 'lend', holder: out.holder, dueOn: out.dueOn }, out.reason, { holderName });
  }

  return {
    async paper(tx, call, copy) {
      const series = `ZT${String(copy.level)}-${clock.today().slice(0, 4)}-`;
      const no = `${series}${String(await tx.carriers.numbered(series) + 1).padStart(4, '0')}`;
      const one: StoredCarrier = {
        it: registerCarrier({ id: ids.uuid(), no, cap: copy.level, level: copy.level }), kind: 'paper', fonds: copy.fonds, department: copy.department, registeredBy: call.person, registeredAt: clock.now(), inventoriedOn: clock.today(), version: 1,
        facts: { title: copy.title, origin: 'own', copyNo: copy.copyNo, totalCopies: copy.totalCopies, worm: true, remark: copy.remark },
      };
      await tx.carriers.add(one);
      await tx.carriers.note(one, { at: clock.now(), by: call.person, event: 'register', approval: null, told: { reason: copy.reason } });
      tx.audit({ action: 'carrier.register', object: one.it.id, objectType: 'carrier', objectLevel: one.it.level, detail: { no, kind: one.kind, cap: one.it.cap } });
      return handed(tx, call, one, copy);
    },
    async onto(tx, call, carrier, out) {
      if (carrier.it.state === 'in_use') throw new ArchiveError('E_STATE_INVALID', { state: carrier.it.state, event: 'lend' });
      return handed(tx, call, carrier, out);
    },
    async back(tx, call, carrier, end, place, reason) {
      const home = carrier.it.state === 'in_use' ? await moved(tx, call, carrier, { kind: 'return', place, custodian: call.person }, reason) : carrier;
      if (end === 'condemn') {
        const set = await moved(tx, call, home, { kind: 'condemn', place, since: clock.today() }, reason);
        await pendingWasteOver(clock, ids)(tx, carrierWaste(set, 'copy', place, call.person));
        return set;
      }
      return home === carrier ? moved(tx, call, home, { kind: 'file', place, custodian: call.person }, reason) : home;
    },
  };
}
