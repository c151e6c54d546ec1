import type { Readable } from 'node:stream';
import { ArchiveError } from '../../core/errors.js';
import { retainedUntil } from '../../core/appraisal.js';
import { requireNext } from '../../core/record.js';
import { receive, settle } from '../../core/transfer.js';
import type { Dispatched } from '../../core/transfer.js';
import type { TransferReceive } from '../../policies/schemas/transfer.js';
import { moveCarrier } from '../../secrecy/carrier.js';
import { readReceipt, RECEIPT_BYTES, receiptFaults } from '../../secrecy/transfer-receipt.js';
import type { ReceiptFault, SignedReceipt } from '../../secrecy/transfer-receipt.js';
import { receiptChecks } from '../accessions/receipt-checks.js';
import { certificatesOfCard } from '../counterparts/card.js';
import { SmCryptoVerifier } from '../crypto/sm-crypto-adapter.js';
import { localDay } from '../reports/document.js';
import type { ServerCall } from '../call.js';
import { codeOf } from './lists.js';
import { found } from './parts.js';
import type { TransferParts, WriteTx } from './parts.js';

const FAULTS: Readonly<Record<ReceiptFault, string>> = {
  package: '回执不是这个移交包的', handover: '回执不是这张交接单的', sender: '回执写的移交单位不是本机', receiver: '回执不是本批接收单位出具的', volumes: '封装件与交出的不一致', manifests: '包内清单摘要与交出的不一致',
  records: '回执所列档案与移交清单不一致', numbers: '馆编号缺少、重复或多出', defects: '接收却列有不合格项，或退回而没有不合格项', times: '回执时间早于交出或决定早于接收', order: '回执内列表次序不对', receivers: '接收方不是两名不同的人签署',
  'receiver-signature': '接收人签名或证书不成立', 'box-signature': '接收方设备签名或证书不成立',
};

/** 回执: only a receipt that holds makes records 已移交. */
export function receiptService(parts: TransferParts) {
  const { box, clock } = parts;
  const second = new SmCryptoVerifier();

  async function read(body: Readable): Promise<{ readonly file: Buffer; readonly receipt: SignedReceipt }> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of body) {
      pieces.push(piece as Buffer);
      length += (piece as Buffer).length;
      if (length >= RECEIPT_BYTES) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: RECEIPT_BYTES });
    }
    const file = Buffer.concat(pieces);
    const receipt = readReceipt(file);
    if (receipt === undefined) throw new ArchiveError('E_TRANSFER_RECEIPT', { faults: ['shape'] }, [{ at: '', message: '不是本系统的接收凭证，或文件被改动过' }]);
    return { file, receipt };
  }

  return {
    async receive(call: ServerCall, input: TransferReceive, body: Readable) {
      const { file, receipt } = await read(body);
      return box.store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        if (it.state !== 'dispatched') throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, event: 'receive' });
        const counterpart = await tx.counterparts.get(it.plan.counterpart);
        if (counterpart === undefined) throw new ArchiveError('E_COUNTERPART_NOT_IN_FORCE');
        const records = await recordsOf(tx, it);
        const faults = receiptFaults(receipt, {
          packageNo: it.sealed.packageNo, handoverNo: it.sealed.handoverNo, senderBox: box.identity.serial, receiverBox: counterpart.box,
          volumes: it.sealed.volumes.map(({ envelope, digest, manifestDigest }) => ({ envelope, envelopeDigest: digest, manifestDigest })), records: records.map(({ code }) => code),
          dispatchedAt: it.handover.signatures.at(-1)?.at ?? it.sealed.at,
        }, receiptChecks(box.crypto, second, certificatesOfCard(counterpart.card).authority));
        if (faults.length > 0) throw new ArchiveError('E_TRANSFER_RECEIPT', { faults }, faults.map((fault) => ({ at: fault, message: FAULTS[fault] })));
        const { body: said } = receipt;
        const at = clock.now();
        const first = receive(it, { by: call.person, at, receiptNo: said.receiptNo, outcome: said.outcome, defects: said.defects, decidedAt: said.decidedAt });
        const then = settle(first.next);
        await tx.transfers.save({ ...stored, it: then.next }, input.seenVersion);
        await tx.transfers.putReceipt(it.id, it.level, said.receiptNo, call.person, at, file);
        tx.audit({ ...first.audit, detail: { ...first.audit.detail, outcome: said.outcome, sm3: Buffer.from(box.sm3(file)).toString('hex') } });
        tx.audit(then.audit);
        const moved = said.outcome === 'accepted' ? await handOver(tx, call, it, receipt, records) : 0;
        if (said.outcome === 'accepted') await leaveMedium(tx, call, it, said.receiptNo, said.receiver.unit);
        return { batch: it.id, state: then.next.state, receiptNo: said.receiptNo, outcome: said.outcome, defects: said.defects, records: moved };
      });
    },
  };

  async function recordsOf(tx: WriteTx, it: Dispatched): Promise<readonly { readonly record: string; readonly code: string }[]> {
    const found: { record: string; code: string }[] = [];
    for (const { record } of await tx.transfers.records(it.id)) {
      const one = await tx.records.get(record);
      if (one !== undefined) found.push({ record, code: codeOf(one) });
    }
    return found;
  }

  /** 已移交, 留存: what was meanwhile taken into an appraisal stays where it is, and only the handover is entered. */
  async function handOver(tx: WriteTx, call: ServerCall, it: Dispatched, receipt: SignedReceipt, records: readonly { readonly record: string; readonly code: string }[]): Promise<number> {
    const { decidedAt, receiptNo, records: given } = receipt.body;
    const retainUntil = retainedUntil(localDay(decidedAt), box.policies.content('appraisal.json').retainedCopyYears);
    const numbers = new Map(given.map(({ archivalCode, accessionNo }) => [archivalCode, accessionNo]));
    let moved = 0;
    for (const { record: id, code } of records) {
      const record = await tx.records.get(id);
      if (record === undefined) continue;
      await tx.transfers.handedOver(it.id, id, decidedAt, numbers.get(code) ?? null, retainUntil);
      await tx.records.addEvent(id, { activity: 'transfer', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第二十二条', detail: { batch: it.number, receiptNo, accessionNo: numbers.get(code) ?? null, retainUntil } });
      if (record.state !== 'filed') continue;
      const state = requireNext(requireNext(record.state, 'transfer'), 'retain');
      await tx.records.save({ ...record, state, transferBatch: it.id, retainUntil }, record.version);
      tx.audit({ action: 'record.transfer', object: id, objectType: 'record', objectLevel: record.level, detail: { batch: it.id, receiptNo } });
      tx.audit({ action: 'record.retain', object: id, objectType: 'record', objectLevel: record.level, detail: { retainUntil } });
      moved += 1;
    }
    return moved;
  }

  /** The medium stays with the archive. */
  async function leaveMedium(tx: WriteTx, call: ServerCall, it: Dispatched, receiptNo: string, unit: string): Promise<void> {
    const carrier = it.plan.carrier === null ? undefined : await tx.carriers.get(it.plan.carrier);
    if (carrier?.it.state !== 'in_transit') return;
    const { next, audit } = moveCarrier(carrier.it, { kind: 'give-back', receiver: unit, receipt: receiptNo });
    const saved = { ...carrier, it: next };
    await tx.carriers.save(saved, carrier.version);
    await tx.carriers.note(saved, { at: clock.now(), by: call.person, event: 'give-back', approval: it.approved.approval, told: { reason: `移交接收，凭证 ${receiptNo}`, receiver: unit, receipt: receiptNo } });
    tx.audit(audit);
  }
}
