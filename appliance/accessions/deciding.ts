import path from 'node:path';
import { accept, close, inspect, receipt, sendBack } from '../../core/accession.js';
import type { ArrivedVolume } from '../../core/accession.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import type { AccessionAccept, AccessionClose, AccessionInspect, AccessionReceipt, AccessionReturn, AccessionSign } from '../../policies/schemas/accession.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import { draftReceipt, receiptBytes, receiptStatement, writeReceipt } from '../../secrecy/transfer-receipt.js';
import type { ReceiptBody, ReceiverSignature } from '../../secrecy/transfer-receipt.js';
import { exists, replaceFile } from '../content/file-ops.js';
import { bytes } from '../server/route.js';
import type { ServerCall } from '../server/route.js';
import type { StoredAccession } from '../store/repositories/accessions.js';
import type { Counterpart } from '../store/repositories/counterparts.js';
import { wrong } from './desk.js';
import type { AccessionDesk, AccessionParts, WriteTx } from './desk.js';
import { mountedAt } from './medium.js';
import type { Progress } from './opening.js';

const RECEIPT_FILE = (no: string): string => `接收凭证-${no}.json`;

/** Tested, decided, taken in or sent back, answered. */
export function decidingOf(parts: AccessionParts, { running, plain, found, idle, counterpartOf, signed, save, drop }: AccessionDesk) {
  const { store, clock, ids, unit } = parts;
  const bodyOf = (one: StoredAccession, counterpart: Counterpart, facts: Pick<ReceiptBody, 'receiptNo' | 'outcome' | 'records' | 'defects' | 'packageNo'> & { readonly volumes: readonly ArrivedVolume[] }): ReceiptBody => draftReceipt({
    ...facts, handoverNo: one.it.form.handoverNo, sender: { unit: counterpart.card.unit, box: counterpart.card.box }, receiver: { unit: unit.name, box: parts.box.serial },
    volumes: facts.volumes.map(({ envelope, digest, manifest }) => ({ envelope, envelopeDigest: digest, manifestDigest: manifest })), receivedAt: one.it.form.arrivedAt, decidedAt: clock.now(),
  });
  const receiptNo = async (tx: WriteTx): Promise<string> => {
    const today = clock.today();
    return drawNumber(ids, `HZ-${today.slice(0, 4)}-${today.slice(5, 7)}${today.slice(8)}-`, async (no) => tx.accessions.numbered(no));
  };

  async function bringIn(call: Call, accession: string): Promise<void> {
    const counted = await store.read(parts.systemCall('accession.accept'), async (tx) => { await tx.allow(); return tx.accessions.counts(accession); });
    const progress: Progress = { done: 0, total: counted.staged };
    const work = parts.takeIn(call, accession, (done) => { progress.done = done; });
    running.set(accession, { what: 'store', progress, work: work.catch(() => undefined) });
    await work.finally(() => { running.delete(accession); });
  }

  return {
    bringIn,

    async inspect(call: ServerCall, input: AccessionInspect) {
      idle(input.accession);
      return store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const manual = Object.fromEntries((input.manual ?? []).map(({ item, passed }) => [item.replace(/^YJ-/u, 'GD-'), passed]));
        const { inspection, differences, run } = await parts.test(tx, call.person, one, manual);
        const next = await save(tx, call, one, inspect(one.it, { ...inspection, by: call.person, at: clock.now() }), input.seenVersion, { differences });
        await tx.accessions.keepRun(one.it.id, one.level, run);
        return { accession: one.it.id, state: next.it.state, version: next.version, conclusion: inspection.conclusion, defects: inspection.defects, manualPending: inspection.manualPending };
      });
    },

    /** 准予接收: numbers are given, then the items come in one by one. Answers when all of them are in. */
    async accept(call: ServerCall, input: AccessionAccept) {
      idle(input.accession);
      await store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const counterpart = await counterpartOf(tx, one.counterpart);
        const persons = [...new Set([...one.it.signatures.map(({ person }) => person), call.person, ...input.persons])];
        const no = await receiptNo(tx);
        const step = accept(one.it, { by: call.person, at: clock.now(), outcome: 'accepted', receiptNo: no, storageLocation: plain(input.storageLocation, '/storageLocation') });
        const { opening } = step.next;
        const top = opening.level;
        for (const person of persons) {
          const who = await tx.people.get(person);
          if (who?.status !== 'active') throw wrong('/persons', '没有这个在用的账号，请从列表中选择');
          if (top >= 2 && clearanceToday(who.clearance, who.clearanceUntil, clock.today()) < top) throw new ArchiveError('E_CLEARANCE_REQUIRED', { person, level: top }, [{ at: '/persons', message: '知悉人员涉密等级不足' }]);
        }
        const records: { archivalCode: string; accessionNo: string }[] = [];
        for await (const item of tx.accessions.everyItem(one.it.id)) {
          const accessionNo = `${opening.fonds}-G${String(await tx.accessions.nextNumber(opening.fonds)).padStart(6, '0')}`;
          await tx.accessions.saveItem({ ...item, accessionNo });
          records.push({ archivalCode: item.archivalCode, accessionNo });
        }
        const batch = ids.uuid();
        await tx.batches.add({
          id: batch, number: one.it.form.number, fonds: opening.fonds, department: one.department, openedBy: call.person, method: 'offline_package_import', offlineReason: null, level: one.level, state: 'filed', declared: null,
          openedAt: one.it.form.arrivedAt, closedAt: clock.now(), version: 1,
        });
        const run = await tx.accessions.run(one.it.id);
        if (run !== undefined) await tx.runs.add({ ...run, batch });
        await save(tx, call, one, step, input.seenVersion, { batch, persons, body: bodyOf(one, counterpart, { receiptNo: no, outcome: 'accepted', packageNo: opening.packageNo, volumes: opening.volumes, records, defects: [] }) });
      });
      await bringIn(call, input.accession);
      return { accession: input.accession, state: 'stored' as const };
    },

    /** 退回, with the defects the box found and no others. */
    async sendBack(call: ServerCall, input: AccessionReturn) {
      idle(input.accession);
      return store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const counterpart = await counterpartOf(tx, one.counterpart);
        const no = await receiptNo(tx);
        const step = sendBack(one.it, { by: call.person, at: clock.now() }, no);
        const records: { archivalCode: string; accessionNo: null }[] = [];
        for await (const { archivalCode } of tx.accessions.everyItem(one.it.id)) records.push({ archivalCode, accessionNo: null });
        const { opening, refusal } = step.next;
        await drop(tx, one.it.id);
        const body = bodyOf(one, counterpart, { receiptNo: no, outcome: 'returned', packageNo: opening?.packageNo ?? refusal?.packageNo ?? '', volumes: opening?.volumes ?? refusal?.volumes ?? [], records, defects: step.next.decision.defects });
        const next = await save(tx, call, one, step, input.seenVersion, { body });
        return { accession: one.it.id, state: next.it.state, version: next.version, defects: step.next.decision.defects };
      });
    },

    /** 签署接收凭证: the second of two receivers brings the box's own signature with it. */
    async sign(call: ServerCall, input: AccessionSign) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const { body } = one;
        if (body === null || (one.it.state !== 'stored' && one.it.state !== 'returned')) throw new ArchiveError('E_STATE_INVALID', { accession: one.it.id, state: one.it.state, event: 'receipt' });
        const by = await signed(tx, call.person, receiptStatement(body), input.signature);
        if (one.receivers.some(({ person, token }) => person === by.person || token === by.token)) throw new ArchiveError('E_HANDOVER_TWO_PERSON', { accession: one.it.id, by: by.person });
        const receivers: readonly ReceiverSignature[] = [...one.receivers, { person: by.person, name: by.name, token: by.token, certificateSerial: by.certificateSerial, certificate: by.certificate, at: by.at, signature: by.signature }];
        if (receivers.length < 2) {
          await tx.accessions.save({ ...one, receivers }, input.seenVersion);
          tx.audit({ action: call.act, object: one.it.id, objectType: 'accession', objectLevel: one.level, detail: { receiptNo: body.receiptNo, signed: receivers.length } });
          return { accession: one.it.id, state: one.it.state, version: input.seenVersion + 1 };
        }
        const signature = Buffer.from(parts.box.sign(receiptBytes({ body, receivers }))).toString('base64url');
        await tx.accessions.keepReceipt(one.it.id, one.level, Buffer.from(writeReceipt({ body, receivers, box: { chain: parts.box.chain, signature } })));
        const next = await save(tx, call, one, receipt(one.it, clock.now()), input.seenVersion, { receivers });
        return { accession: one.it.id, state: next.it.state, version: next.version };
      });
    },

    async receipt(call: ServerCall, input: AccessionReceipt) {
      return store.read(call, async (tx) => {
        const one = await found(tx, input.accession);
        const file = await tx.accessions.receipt(one.it.id);
        if (file === undefined || one.body === null) throw new ArchiveError('E_ACCESSION_UNSIGNED', { missing: '接收凭证签名' });
        tx.audit({ action: call.act, object: one.it.id, objectType: 'accession', objectLevel: one.level, detail: { receiptNo: one.body.receiptNo } });
        return bytes('application/json', file, { fileName: RECEIPT_FILE(one.body.receiptNo) });
      });
    },

    /** 办结: the receipt on the medium that goes back, where one is mounted. */
    async close(call: ServerCall, input: AccessionClose) {
      const directory = input.directory === undefined ? null : await mountedAt(input.directory, parts.data);
      return store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const step = close(one.it, { by: call.person, at: clock.now() });
        const file = await tx.accessions.receipt(one.it.id);
        if (file === undefined || one.body === null) throw new ArchiveError('E_ACCESSION_UNSIGNED', { missing: '接收凭证签名' });
        if (directory !== null) {
          const place = path.join(directory, RECEIPT_FILE(one.body.receiptNo));
          if (!(await exists(place))) await replaceFile(place, file, 0o644);
        }
        const next = await save(tx, call, one, step, input.seenVersion);
        return { accession: one.it.id, state: next.it.state, version: next.version, written: directory !== null };
      });
    },
  };
}
