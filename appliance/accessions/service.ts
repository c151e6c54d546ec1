import { arrive, dismiss, open, refuse, signIn } from '../../core/accession.js';
import type { ArrivalForm } from '../../core/accession.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import type { AccessionArrive, AccessionDismiss, AccessionOpen, AccessionSignIn } from '../../policies/schemas/accession.js';
import type { ServerCall } from '../server/route.js';
import { accessionTarget } from '../store/repositories/accessions.js';
import { decidingOf } from './deciding.js';
import { deskOf } from './desk.js';
import type { AccessionParts } from './desk.js';
import { incomingOn, mountedAt } from './medium.js';
import { Unopened } from './opening.js';
import type { Progress } from './opening.js';
import { showingOf } from './showing.js';

/** 接收: the acts of the receivers, from the door to the receipt. */
export function accessionService(parts: AccessionParts) {
  const { store, clock, ids, unit } = parts;
  const desk = deskOf(parts);
  const { running, plain, found, idle, counterpartOf, signed, arrivalStatement, save, drop } = desk;
  const { bringIn, ...deciding } = decidingOf(parts, desk);

  return {
    ...showingOf(parts, desk), ...deciding,

    async arrive(call: ServerCall, input: AccessionArrive) {
      if (unit.mode !== 'repository') throw new ArchiveError('E_ACCESSION_MODE');
      const id = ids.uuid();
      return store.write(call, async (tx) => {
        const department = (await tx.people.departmentOf(call.person)) ?? '';
        await tx.allow({ type: 'accession', id: '', fonds: unit.fonds, level: input.level, state: 'arriving', department, scope: { persons: [], departments: [] }, owner: call.person });
        const counterpart = await counterpartOf(tx, input.counterpart);
        const today = clock.today();
        const number = await drawNumber(ids, `JS-${today.slice(0, 4)}-${today.slice(5, 7)}${today.slice(8)}-`, async (one) => tx.accessions.numbered(one));
        const form: ArrivalForm = {
          type: 'shouzang-arrival/v1', number, box: parts.box.serial, handoverNo: plain(input.handoverNo, '/handoverNo'), fromUnit: counterpart.card.unit, fromBox: counterpart.card.box, mediumNo: plain(input.mediumNo, '/mediumNo'),
          deviceNo: input.deviceNo === null ? null : plain(input.deviceNo, '/deviceNo'), quantity: input.quantity, level: input.level as Level, sealNos: input.sealNos.map((one) => plain(one, '/sealNos')), sealsIntact: input.sealsIntact,
          appearance: input.appearance, courier: plain(input.courier, '/courier'), arrivedAt: clock.now(), remark: input.remark === undefined ? '' : plain(input.remark, '/remark'),
        };
        const { next, audit } = arrive(id, form, { by: call.person, at: form.arrivedAt });
        await tx.accessions.add({ it: next, level: form.level, fonds: unit.fonds, department, counterpart: counterpart.id, lists: null, differences: [], batch: null, persons: [], body: null, receivers: [], version: 1 });
        tx.audit({ ...audit, objectLevel: form.level });
        return { accession: id, number, version: 1, statement: arrivalStatement(form) };
      });
    },

    async signIn(call: ServerCall, input: AccessionSignIn) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const by = await signed(tx, call.person, arrivalStatement(one.it.form), input.signature);
        const step = signIn(one.it, { person: by.person, token: by.token, certificateSerial: by.certificateSerial, signature: by.signature, at: by.at });
        const next = await save(tx, call, one, step, input.seenVersion);
        return { accession: one.it.id, state: next.it.state, version: next.version };
      });
    },

    /** 启封. A refusal is entered with its cause and the test it fails; nothing of the package stays. */
    async open(call: ServerCall, input: AccessionOpen) {
      const { one, counterpart } = await store.read(call, async (tx) => {
        const seen = await found(tx, input.accession);
        if (seen.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { accession: seen.it.id });
        if (seen.it.state !== 'signed_in' && seen.it.state !== 'refused') throw new ArchiveError('E_STATE_INVALID', { accession: seen.it.id, state: seen.it.state, event: 'open' });
        return { one: seen, counterpart: await counterpartOf(tx, seen.counterpart) };
      });
      idle(one.it.id);
      const directory = await mountedAt(input.directory, parts.data);
      const device = input.deviceDirectory === undefined ? directory : await mountedAt(input.deviceDirectory, parts.data);
      const incoming = await incomingOn(directory);
      const progress: Progress = { done: 0, total: 0 };
      const work = (async () => {
        try {
          const { opening, lists } = await parts.openPackage(call, one, counterpart, incoming, device, progress);
          return await store.write(call, async (tx) => {
            const act = { by: call.person, at: clock.now() };
            await tx.allow(accessionTarget(one));
            const next = await save(tx, call, one, open(one.it, { ...opening, ...act }), one.version, { lists, differences: [] });
            for (const { envelope } of opening.volumes) if (envelope !== null) await tx.accessions.seeEnvelope(envelope, one.it.id, act.at);
            return { accession: one.it.id, state: next.it.state, version: next.version, items: opening.items, packageNo: opening.packageNo };
          });
        } catch (error) {
          await store.write(call, async (tx) => {
            await tx.allow(accessionTarget(one));
            await drop(tx, one.it.id);
            if (error instanceof Unopened) await save(tx, call, one, refuse(one.it, { by: call.person, at: clock.now(), code: error.error.code, defects: error.defects, packageNo: error.packageNo, volumes: error.volumes }), one.version);
            else tx.audit({ action: call.act, object: one.it.id, objectType: 'accession', objectLevel: one.level, detail: { dropped: true } });
          });
          throw error instanceof Unopened ? error.error : error;
        }
      })();
      running.set(one.it.id, { what: 'open', progress, work: work.then(() => undefined, () => undefined) });
      return work.finally(() => { running.delete(one.it.id); });
    },

    async dismiss(call: ServerCall, input: AccessionDismiss) {
      idle(input.accession);
      return store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const next = await save(tx, call, one, dismiss(one.it, { by: call.person, at: clock.now() }), input.seenVersion);
        return { accession: one.it.id, state: next.it.state, version: next.version };
      });
    },

    /** At every unlocking: what was accepted comes in, what was half opened goes. */
    async resume(): Promise<void> {
      const call = parts.systemCall('accession.accept');
      const left = await store.read(call, async (tx) => { await tx.allow(); return tx.accessions.unfinished(); });
      for (const one of left) {
        if (running.has(one.it.id)) continue;
        if (one.it.state === 'accepted') await bringIn(call, one.it.id);
        else await store.write(call, async (tx) => {
          await tx.allow(accessionTarget(one));
          await drop(tx, one.it.id);
          tx.audit({ action: 'accession.open', object: one.it.id, objectType: 'accession', objectLevel: one.level, detail: { dropped: true, state: one.it.state } });
        });
      }
    },

    async settled(): Promise<void> { await Promise.all([...running.values()].map(async ({ work }) => work)); },
  };
}
export type AccessionService = ReturnType<typeof accessionService>;
