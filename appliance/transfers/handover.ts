import { ArchiveError } from '../../core/errors.js';
import { drawUpHandover, signHandover } from '../../core/transfer.js';
import type { Dispatched, HandoverForm } from '../../core/transfer.js';
import type { Instant, Level } from '../../core/ports.js';
import type { TransferDrawHandover, TransferHandover, TransferPrint, TransferSignHandover } from '../../policies/schemas/transfer.js';
import { moveCarrier } from '../../secrecy/carrier.js';
import { handoverStatement } from '../../secrecy/handover.js';
import { levelName } from '../../secrecy/level.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import { checkSignature } from '../../secrecy/signing.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { StoredTransfer } from '../store/repositories/transfers.js';
import { attachmentForm, formFacts, handoverPaper, listForm, registrationForm } from './forms.js';
import { found, plain, wrong } from './parts.js';
import type { Tx, TransferParts, WriteTx } from './parts.js';
import { markOf } from './steps.js';

export interface HandoverParts extends TransferParts { readonly verifierFor: (certificate: string, at: Instant) => VerifySignature }

/** 载体交接: drawn up, signed by two, and off it goes. */
export function handoverService(parts: HandoverParts) {
  const { box, clock, policy } = parts;
  const { store, profile, identity } = box;

  async function mediumOf(tx: Tx | WriteTx, { it }: StoredTransfer) {
    const carrier = it.plan.carrier === null ? undefined : await tx.carriers.get(it.plan.carrier);
    if (carrier === undefined) throw new ArchiveError('E_TRANSFER_MEDIUM_UNREGISTERED');
    return carrier;
  }

  /** 护送人: of the unit, in office, cleared for what they carry. */
  async function courier(tx: WriteTx, id: string, level: Level, at: string): Promise<{ readonly person: string; readonly name: string }> {
    const person = await tx.people.get(id);
    if (person?.status !== 'active') throw wrong(at, '没有这个在用的账号，请从列表中选择');
    if (clearanceToday(person.clearance, person.clearanceUntil, clock.today()) < level) throw new ArchiveError('E_CLEARANCE_REQUIRED', { person: id, level }, [{ at, message: `该人员涉密等级低于载体密级（${levelName(level)}）` }]);
    return { person: id, name: person.name };
  }

  const carriedOut = (it: Pick<Dispatched, 'approved'>, form: HandoverForm) => {
    const [first, ...rest] = form.couriers.map(({ person }) => person);
    return { kind: 'carry-out' as const, holder: first ?? '', escorts: rest, destination: form.to, dueOn: form.dueOn, approval: it.approved.approval };
  };

  return {
    /** 拟交接单; again as long as nobody has signed it. */
    async draw(call: ServerCall, input: TransferDrawHandover) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        if (it.state !== 'sealed') throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, event: 'dispatch' });
        if ((it.handover?.signatures.length ?? 0) > 0) throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: 'signed' }, [{ at: '', message: '交接单已有人签署，不能再改' }]);
        const channel = policy.channels.find(({ key }) => key === input.channel);
        if (channel === undefined) throw wrong('/channel', '请从列表中选择传递方式');
        if (input.dueOn < clock.today()) throw wrong('/dueOn', '应送达日期不能早于今天');
        const carrier = await mediumOf(tx, stored);
        const counterpart = await tx.counterparts.get(it.plan.counterpart);
        if (counterpart === undefined || !parts.counterparts.inForce(counterpart)) throw new ArchiveError('E_COUNTERPART_NOT_IN_FORCE');
        const couriers = [];
        for (const [at, id] of input.couriers.entries()) couriers.push(await courier(tx, id, it.level, `/couriers/${String(at)}`));
        const form: HandoverForm = {
          type: 'shouzang-handover/v1', handoverNo: it.sealed.handoverNo, batchNo: it.number, packageNo: it.sealed.packageNo, box: identity.serial, from: profile.unitName, to: counterpart.card.unit, toBox: counterpart.box,
          mediumNo: carrier.it.no, quantity: input.quantity, setNo: plain(input.setNo, '/setNo'), level: it.level, mark: await markOf(parts, tx, stored), records: it.sealed.records,
          volumes: it.sealed.volumes.map(({ name, digest }) => ({ name, digest })), sealNos: input.sealNos.map((one, at) => plain(one, `/sealNos/${String(at)}`)), packaging: plain(input.packaging, '/packaging'), channel: channel.key, couriers,
          dueOn: input.dueOn, drawnUpAt: clock.now(), remark: input.remark === undefined ? '' : plain(input.remark, '/remark'),
        };
        const next = drawUpHandover(it, form);
        // Tried before anybody signs: the medium must be in our hands, and 绝密 needs its company.
        moveCarrier(carrier.it, carriedOut(it, form));
        await tx.transfers.save({ ...stored, it: next }, input.seenVersion);
        tx.audit({ action: call.act, object: it.id, objectType: 'transfer', objectLevel: it.level, detail: { handoverNo: form.handoverNo, medium: carrier.it.id, couriers: input.couriers } });
        return { batch: it.id, handoverNo: form.handoverNo, version: input.seenVersion + 1 };
      });
    },

    /** The form, who has signed it, and the text that this person would sign. */
    async show(call: ServerCall, input: TransferHandover) {
      return store.read(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        const handover = 'handover' in it ? it.handover : null;
        if (handover === null) throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, allowed: ['transfer.draw-handover'] });
        const { certificateSerial = null } = (await tx.people.get(call.person)) ?? {};
        tx.audit({ action: call.act, object: it.id, objectType: 'transfer', objectLevel: it.level });
        return {
          batch: it.id, version: stored.version, state: it.state, form: handover.form, channelName: policy.channels.find(({ key }) => key === handover.form.channel)?.name ?? handover.form.channel,
          signatures: await Promise.all(handover.signatures.map(async (one) => ({ person: one.person, name: await parts.nameOf(one.person), at: one.at, certificateSerial: one.certificateSerial }))),
          statement: certificateSerial === null || it.state !== 'sealed' ? null : handoverStatement(handover.form, { person: call.person, certificateSerial }),
        };
      });
    },

    /** 签署; the second of two people sends it off, and the medium is on the road in the register. */
    async sign(call: ServerCall, input: TransferSignHandover) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        const handover = 'handover' in it ? it.handover : null;
        if (it.state !== 'sealed' || handover === null) throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, event: 'dispatch', allowed: ['transfer.draw-handover'] });
        const by = await tx.people.get(call.person);
        if (by?.certificate == null || by.certificateSerial === null || by.token === null) throw new ArchiveError('E_CERT_INVALID', { person: call.person });
        const at = clock.now();
        const signature = { person: call.person, token: by.token, certificateSerial: by.certificateSerial, signature: input.signature, at };
        const { next, audit } = signHandover(it, signature);
        checkSignature(parts.verifierFor(by.certificate, at), handoverStatement(handover.form, signature), signature);
        await tx.transfers.save({ ...stored, it: next }, input.seenVersion);
        tx.audit({ ...audit, detail: { ...audit.detail, signature: input.signature, certificateSerial: by.certificateSerial } });
        if (next.state === 'dispatched') await sendOff(tx, call, { ...stored, it: next });
        return { batch: it.id, state: next.state, signed: next.handover?.signatures.length ?? 0 };
      });
    },

    async print(call: ServerCall, input: TransferPrint) {
      return store.read(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        const gathered = await parts.gather(tx, stored, false);
        // List and attachments name every record: they are for those who may know them all.
        for (const { record } of gathered.items) if (input.form !== 'handover' && !(await box.gate.knows(call, { type: 'record', id: record.id, fonds: record.fonds, level: record.level, state: record.state, department: record.department, scope: record.scope, owner: record.owner }))) throw new ArchiveError('E_NOT_FOUND');
        const carrier = it.plan.carrier === null ? undefined : await tx.carriers.get(it.plan.carrier);
        const facts = await formFacts(box, tx, stored, gathered, {
          order: (await tx.transfers.job(it.id))?.order ?? null, mediumNo: carrier?.it.no ?? '', mediumKind: carrier?.kind ?? '', mark: await markOf(parts, tx, stored), run: (await tx.transfers.lastRun(it.id)) ?? null, nameOf: parts.nameOf,
        });
        tx.audit({ action: call.act, object: it.id, objectType: 'transfer', objectLevel: it.level, detail: { form: input.form } });
        const handover = 'handover' in it ? it.handover : null;
        if (input.form === 'handover') {
          if (handover === null) throw new ArchiveError('E_STATE_INVALID', { batch: it.id, state: it.state, allowed: ['transfer.draw-handover'] });
          return bytes('application/pdf', await handoverPaper(box, facts, handover, policy.channels.find(({ key }) => key === handover.form.channel)?.name ?? ''), { fileName: `${handover.form.handoverNo}-交接单.pdf` });
        }
        const [name, made] = input.form === 'registration' ? ['移交与接收登记表', await registrationForm(box, facts)] as const : input.form === 'list' ? ['移交清单', await listForm(box, facts)] as const : ['移交附件', await attachmentForm(box, facts)] as const;
        return bytes('application/pdf', made, { fileName: `${it.number}-${name}.pdf` });
      });
    },
  };

  async function sendOff(tx: WriteTx, call: ServerCall, stored: StoredTransfer & { readonly it: Dispatched }): Promise<void> {
    const { it } = stored;
    const carrier = await mediumOf(tx, stored);
    const event = carriedOut(it, it.handover.form);
    const { next, audit } = moveCarrier(carrier.it, event);
    const saved = { ...carrier, it: next };
    await tx.carriers.save(saved, carrier.version);
    await tx.carriers.note(saved, { at: clock.now(), by: call.person, event: 'carry-out', approval: it.approved.approval, told: { reason: `移交，交接单 ${it.handover.form.handoverNo}`, destination: event.destination, dueOn: event.dueOn, holder: event.holder, holderName: await parts.nameOf(event.holder) } });
    tx.audit({ ...audit, approval: it.approved.approval });
  }
}
