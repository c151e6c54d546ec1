import path from 'node:path';
import { accept, arrive, close, dismiss, inspect, open, receipt, refuse, sendBack, signIn } from '../../core/accession.js';
import type { Accession, ArrivalForm, ArrivedVolume } from '../../core/accession.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import type { Call, Clock, Ids, Level, ReadTools, WriteTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import type {
  AccessionAccept, AccessionArrive, AccessionClose, AccessionDismiss, AccessionInspect, AccessionList, AccessionOpen, AccessionReceipt, AccessionRegister, AccessionReturn, AccessionShow, AccessionSign, AccessionSignIn,
} from '../../policies/schemas/accession.js';
import { levelName } from '../../secrecy/level.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import { canonical } from '../../secrecy/signing.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import { draftReceipt, receiptBytes, receiptStatement, writeReceipt } from '../../secrecy/transfer-receipt.js';
import type { ReceiptBody, ReceiverSignature } from '../../secrecy/transfer-receipt.js';
import type { AccessGate } from '../access/gate.js';
import type { BoxIdentity } from '../audit/identity.js';
import { exists, replaceFile } from '../content/file-ops.js';
import { bytes } from '../server/route.js';
import type { ServerCall } from '../server/route.js';
import { ACCESSION_COLUMNS, accessionTarget } from '../store/repositories/accessions.js';
import type { StoredAccession } from '../store/repositories/accessions.js';
import type { Counterpart } from '../store/repositories/counterparts.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import { incomingOn, mountedAt } from './medium.js';
import { Unopened } from './opening.js';
import type { openingOf, Progress } from './opening.js';
import type { receivingTester } from './testing.js';
import type { takingIn } from './taking-in.js';

type WriteTx = Repositories & WriteTools;
type Tx = Repositories & ReadTools;

export interface AccessionParts {
  readonly store: Store<Repositories>;
  readonly gate: AccessGate;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly box: BoxIdentity;
  readonly unit: { readonly name: string; readonly mode: 'unit' | 'repository'; readonly fonds: string; readonly systemLevel: Level };
  /** The data directory. */
  readonly data: string;
  readonly inForce: (one: Counterpart) => boolean;
  readonly openPackage: ReturnType<typeof openingOf>;
  readonly test: ReturnType<typeof receivingTester>;
  readonly takeIn: ReturnType<typeof takingIn>;
  readonly eraseObject: (object: string) => Promise<void>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
  readonly nameOf: (person: string) => Promise<string>;
  readonly systemCall: (act: string) => Call;
}

const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const RECEIPT_FILE = (no: string): string => `接收凭证-${no}.json`;

/** 接收: the acts of the receivers, from the door to the receipt. */
export function accessionService(parts: AccessionParts) {
  const { store, clock, ids, unit } = parts;
  /** What is under way in this run of the box; a restart begins where the rows stand. */
  const running = new Map<string, { readonly what: 'open' | 'store'; readonly progress: Progress; readonly work: Promise<void> }>();

  const plain = (given: string, at: string): string => {
    const cleaned = cleanText(given, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
    return cleaned.text;
  };
  async function found(tx: Tx | WriteTx, id: string): Promise<StoredAccession> {
    const one = await tx.accessions.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(accessionTarget(one));
    return one;
  }
  function idle(id: string): void {
    if (running.has(id)) throw new ArchiveError('E_ACCESSION_RUNNING', { accession: id });
  }
  async function counterpartOf(tx: Tx | WriteTx, id: string): Promise<Counterpart> {
    const one = await tx.counterparts.get(id);
    if (one === undefined || !parts.inForce(one)) throw wrong('/counterpart', '没有这个在用的对端单位，请先登记对方名片');
    return one;
  }
  async function signer(tx: Tx | WriteTx, person: string) {
    const officer = await tx.people.get(person);
    const { certificate = null, certificateSerial = null, token = null, name = '' } = officer ?? {};
    if (certificate === null || certificateSerial === null || token === null) throw new ArchiveError('E_CERT_INVALID', { person });
    return { certificate, certificateSerial, token, name };
  }
  /** @throws ArchiveError `E_SIGNATURE_INVALID` */
  async function signed(tx: WriteTx, person: string, statement: string, signature: string) {
    const by = await signer(tx, person);
    const at = clock.now();
    if (!parts.verifierFor(by.certificate, at)(statement, { person, token: by.token, certificateSerial: by.certificateSerial, signature, at })) throw new ArchiveError('E_SIGNATURE_INVALID', { person, certificate: by.certificateSerial });
    return { ...by, person, signature, at };
  }
  const arrivalStatement = (form: ArrivalForm): string => canonical({ ...form, sealNos: [...form.sealNos] });
  async function save(tx: WriteTx, call: Call, one: StoredAccession, step: { readonly next: Accession; readonly audit: Parameters<WriteTx['audit']>[0] }, seenVersion: number, more: Partial<StoredAccession> = {}): Promise<StoredAccession> {
    const next = { ...one, ...more, it: step.next };
    await tx.accessions.save(next, seenVersion);
    tx.audit({ ...step.audit, objectLevel: one.level, ...(step.audit.action === call.act ? {} : { detail: { ...step.audit.detail, act: call.act } }) });
    return { ...next, version: seenVersion + 1 };
  }
  /** Objects and rows of an opening that is not taken in. */
  async function drop(tx: WriteTx, id: string): Promise<void> {
    const objects = await tx.accessions.objectsOf(id);
    await tx.accessions.dropItems(id);
    for (const object of objects) await tx.objects.erase(object, clock.now());
    tx.afterCommit(async () => { for (const object of objects) await parts.eraseObject(object); });
  }
  const bodyOf = (one: StoredAccession, counterpart: Counterpart, facts: Pick<ReceiptBody, 'receiptNo' | 'outcome' | 'records' | 'defects' | 'packageNo'> & { readonly volumes: readonly ArrivedVolume[] }): ReceiptBody => draftReceipt({
    ...facts, handoverNo: one.it.form.handoverNo, sender: { unit: counterpart.card.unit, box: counterpart.card.box }, receiver: { unit: unit.name, box: parts.box.serial },
    volumes: facts.volumes.map(({ envelope, digest, manifest }) => ({ envelope, envelopeDigest: digest, manifestDigest: manifest })), receivedAt: one.it.form.arrivedAt, decidedAt: clock.now(),
  });
  const receiptNo = async (tx: WriteTx): Promise<string> => {
    const today = clock.today();
    return drawNumber(ids, `HZ-${today.slice(0, 4)}-${today.slice(5, 7)}${today.slice(8)}-`, async (no) => tx.accessions.numbered(no));
  };

  async function shown(one: StoredAccession) {
    const { it } = one;
    const { form } = it;
    const job = running.get(it.id);
    return {
      id: it.id, number: form.number, state: it.state, level: one.level, levelName: levelName(one.level), counterpart: one.counterpart, fromUnit: form.fromUnit, handoverNo: form.handoverNo, mediumNo: form.mediumNo, arrivedAt: form.arrivedAt, arrivedByName: await parts.nameOf(it.arrived.by),
      packageNo: 'opening' in it && it.opening !== null ? it.opening.packageNo : 'refusal' in it ? it.refusal?.packageNo ?? null : null, items: 'opening' in it && it.opening !== null ? it.opening.items : null,
      outcome: 'decision' in it ? it.decision.outcome : null, running: job === undefined ? null : { what: job.what, done: job.progress.done, total: job.progress.total }, version: one.version,
    };
  }

  return {
    async list(call: ServerCall, input: AccessionList) {
      const { page = 1, size = 50 } = input;
      const visible = await parts.gate.visible(call, call.act, 1, ACCESSION_COLUMNS);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.accessions.list(visible, input.state === undefined ? null : [input.state], { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const { rows: counterparts } = await tx.counterparts.list({ offset: 0, limit: 200 });
        return { page, size, total, mode: unit.mode, rows: await Promise.all(rows.map(shown)), counterparts: counterparts.filter(parts.inForce).map(({ id, card }) => ({ id, unit: card.unit, box: card.box })) };
      });
    },

    /** 接收登记: what stands in the holdings, a line a package. */
    async register(call: ServerCall, input: AccessionRegister) {
      const { page = 1, size = 50 } = input;
      const visible = await parts.gate.visible(call, call.act, 1, ACCESSION_COLUMNS);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.accessions.list(visible, ['stored', 'receipted', 'closed'], { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const lines = await Promise.all(rows.map(async (one) => {
          const { it, body } = one;
          const numbers = (body?.records ?? []).flatMap(({ accessionNo }) => accessionNo ?? []).sort();
          const decision = 'decision' in it ? it.decision : null;
          return {
            ...(await shown(one)), fonds: 'opening' in it ? it.opening?.fonds ?? null : null, bytes: 'opening' in it ? it.opening?.bytes ?? null : null, firstNo: numbers[0] ?? null, lastNo: numbers.at(-1) ?? null, receiptNo: decision?.receiptNo ?? null,
            storageLocation: decision?.outcome === 'accepted' ? decision.storageLocation : null, decidedAt: decision?.at ?? null, decidedByName: decision === null ? null : await parts.nameOf(decision.by), receivers: one.receivers.map(({ name }) => name),
          };
        }));
        return { page, size, total, rows: lines };
      });
    },

    async show(call: ServerCall, input: AccessionShow) {
      const { page = 1, size = 100 } = input;
      const ceiling = (await parts.gate.subjectOf(call)).ceiling;
      return store.read(call, async (tx) => {
        const one = await found(tx, input.accession);
        const { it } = one;
        tx.audit({ action: call.act, object: it.id, objectType: 'accession', objectLevel: one.level });
        const named = async <T extends { readonly by: string }>(act: T) => ({ ...act, byName: await parts.nameOf(act.by) });
        const run = await tx.accessions.run(it.id);
        const items = (await tx.accessions.items(it.id, ceiling, { offset: (page - 1) * size, limit: size })).map(({ seq, level, archivalCode, accessionNo, record, state, content }) => ({
          seq, level, archivalCode, accessionNo, record, state, title: typeof content?.metadata['title'] === 'string' ? content.metadata['title'] : null, mark: content?.mark ?? null, files: content?.files.length ?? null, markFaults: content?.markFaults ?? [],
          verdict: content === null ? null : content.files.some(({ judgement }) => judgement.verdict === 'reject') ? 'reject' : content.files.some(({ judgement }) => judgement.verdict === 'warn') ? 'warn' : 'accept',
        }));
        return {
          ...(await shown(one)), form: it.form, statement: it.state === 'arriving' ? arrivalStatement(it.form) : null,
          signatures: await Promise.all(it.signatures.map(async ({ person, at, certificateSerial }) => ({ person, name: await parts.nameOf(person), at, certificateSerial }))),
          refusal: 'refusal' in it && it.refusal !== null ? await named(it.refusal) : null, opening: 'opening' in it && it.opening !== null ? await named(it.opening) : null, inspection: 'inspection' in it && it.inspection !== null ? await named(it.inspection) : null,
          results: run?.content.results.filter(({ result }) => result === 'fail' || result === 'warn' || result === 'manual').slice(0, 500) ?? [], summary: run?.content.summary ?? [], differences: one.differences, others: one.lists?.others ?? [],
          decision: 'decision' in it ? await named(it.decision) : null, receiptStatement: one.body !== null && (it.state === 'stored' || it.state === 'returned') ? receiptStatement(one.body) : null,
          receivers: one.receivers.map(({ person, name, at }) => ({ person, name, at })), closed: it.state === 'closed' ? await named(it.closed) : null, page, size, items, counts: await tx.accessions.counts(it.id),
        };
      });
    },

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

    async dismiss(call: ServerCall, input: AccessionDismiss) {
      idle(input.accession);
      return store.write(call, async (tx) => {
        const one = await found(tx, input.accession);
        const next = await save(tx, call, one, dismiss(one.it, { by: call.person, at: clock.now() }), input.seenVersion);
        return { accession: one.it.id, state: next.it.state, version: next.version };
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

  async function bringIn(call: Call, accession: string): Promise<void> {
    const counted = await store.read(parts.systemCall('accession.accept'), async (tx) => { await tx.allow(); return tx.accessions.counts(accession); });
    const progress: Progress = { done: 0, total: counted.staged };
    const work = parts.takeIn(call, accession, (done) => { progress.done = done; });
    running.set(accession, { what: 'store', progress, work: work.catch(() => undefined) });
    await work.finally(() => { running.delete(accession); });
  }
}
export type AccessionService = ReturnType<typeof accessionService>;
