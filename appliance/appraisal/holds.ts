import { liftHold } from '../../core/appraisal.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { HoldLift, HoldList, HoldPlace } from '../../policies/schemas/appraisal-acts.js';
import { highest } from '../../secrecy/level.js';
import type { ServerCall } from '../server/route.js';
import type { StoredHold } from '../store/repositories/legal-holds.js';
import { plainText } from './parts.js';
import type { AppraisalParts, ReadTx } from './parts.js';

/** 冻结登记: what a case, an audit or a petition still needs is not appraised away. Whoever froze a record does not thaw it. */
export function legalHoldService(parts: AppraisalParts) {
  const { store, gate, clock, ids, policy } = parts;

  async function shown(call: ServerCall, tx: ReadTx, { it, level, version }: StoredHold) {
    const { ceiling } = await gate.subjectOf(call);
    const record = await tx.records.get(it.record);
    const words = level <= ceiling ? it : { ...it, requestedBy: null, reason: null, lifted: it.lifted === null ? null : { ...it.lifted, reason: null } };
    return {
      ...words, kindName: policy.holdKinds.find(({ key }) => key === it.kind)?.name ?? it.kind, version, placedByName: await parts.nameOf(it.placedBy), liftedByName: it.lifted === null ? null : await parts.nameOf(it.lifted.by),
      archivalCode: record?.archivalCode ?? record?.electronicRecordCode ?? '', title: record?.description.title ?? '', level: record?.level ?? level, mark: record?.mark ?? null, state: record?.state ?? '',
    };
  }

  return {
    async list(call: ServerCall, input: HoldList) {
      const { page = 1, size = 50, open = false, record = null } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, 'record.show', 1);
        const { rows, total } = await tx.holds.list(visible, { open, record }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const lines = [];
        for (const row of rows) lines.push(await shown(call, tx, row));
        return { page, size, total, rows: lines, kinds: policy.holdKinds };
      });
    },

    async place(call: ServerCall, input: HoldPlace) {
      const [requestedBy, reason] = [plainText('/requestedBy', input.requestedBy), plainText('/reason', input.reason)];
      return store.write(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        const it = { id: ids.uuid(), record: record.id, kind: input.kind, requestedBy, reason, placedBy: call.person, placedAt: clock.now(), lifted: null };
        await tx.holds.add({ it, level: record.level, version: 1 });
        await tx.records.save({ ...record, legalHold: true }, record.version);
        await tx.records.addEvent(record.id, { activity: 'hold', at: it.placedAt, person: call.person, duty: call.duty, mandate: '办法第三十八条', detail: { hold: it.id, kind: it.kind } });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { hold: it.id, kind: it.kind } });
        return { hold: it.id, version: 1 };
      });
    },

    /** @throws ArchiveError `E_SOD_SELF_APPROVAL` for whoever placed it */
    async lift(call: ServerCall, input: HoldLift) {
      const reason = plainText('/reason', input.reason);
      return store.write(call, async (tx) => {
        const stored = await tx.holds.get(input.hold);
        const record = stored && await tx.records.get(stored.it.record);
        if (stored === undefined || record === undefined) throw new ArchiveError('E_NOT_FOUND');
        const token = (await tx.people.get(stored.it.placedBy))?.token ?? null;
        await tx.allow({ ...recordTarget(record), drafter: { person: stored.it.placedBy, tokens: token === null ? [] : [token] } });
        await tx.holds.save({ ...stored, it: liftHold(stored.it, call.person, clock.now(), reason), level: highest([stored.level, record.level]) }, input.seenVersion);
        const standing = await tx.holds.standing(record.id);
        await tx.records.save({ ...record, legalHold: standing > 0 }, record.version);
        await tx.records.addEvent(record.id, { activity: 'lift_hold', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第三十八条', detail: { hold: stored.it.id } });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { hold: stored.it.id, standing } });
        return { hold: stored.it.id, standing, version: input.seenVersion + 1 };
      });
    },
  };
}
