import { contentsOf, planSteps } from './plan.js';
import { signersFor, orderText } from './papers.js';
import { checksOf, requireDestroyable } from './preconditions.js';
import { destructionRows, destructionTarget, DESTRUCTION_COLUMNS, type StoredDestruction } from './rows.js';
import { lifeOf, type DestructionWork } from './work.js';
import { holdsItsRecords, isReversible, isSettled, nextDestruction, requireOrderSigned, requireSupervisors, settleStep, signersOf, type DestructionBatch, type DestructionSignature, type ErasureStep } from '../../core/destruction.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget, type StoredRecord } from '../../core/holdings.js';
import type { CalendarDate, Level, ReadTools, WriteTools } from '../../core/ports.js';
import { condemn, spare } from '../../core/record.js';
import { cleanText } from '../../core/text.js';
import type { AppraisalPolicy } from '../../policies/schemas/appraisal.js';
import type {
  DestructionCancel, DestructionCandidates, DestructionDraft, DestructionExecute, DestructionFreeze, DestructionList, DestructionPolicy, DestructionPreview, DestructionResume, DestructionSettle, DestructionShow, DestructionSign, DestructionSubmit,
} from '../../policies/schemas/destruction.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import type { Granted } from '../../secrecy/approval.js';
import { paperFaults, requireSeparate, signPaper, type DestructionOrder } from '../../secrecy/erasure.js';
import { highest } from '../../secrecy/level.js';
import { clearanceToday } from '../../secrecy/personnel.js';
import { samePerson, type Holder } from '../../secrecy/separation.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { AccessGate } from '../access/gate.js';
import { enterDestroyed } from '../backup/destroyed-list.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../server/route.js';
import type { Repositories } from '../store/repositories/index.js';

type WriteTx = Repositories & WriteTools;
type Tx = Repositories & ReadTools;

export interface DestructionServiceParts {
  readonly box: Pick<Box, 'store' | 'clock' | 'ids' | 'sealing' | 'sm3' | 'identity' | 'systemCall' | 'reader'>;
  readonly gate: AccessGate;
  readonly policy: DestructionPolicy;
  readonly appraisal: AppraisalPolicy;
  readonly approvals: ApprovalService<WriteTx, Tx>;
  readonly work: DestructionWork;
  readonly nameOf: (person: string) => Promise<string>;
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
}

const TITLE_MASKED = '（按规定不列题名）';
const UNSEEN = '（不在知悉范围内）';
const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const addDays = (day: CalendarDate, days: number): CalendarDate => new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** 电子档案销毁 (办法第三十九条): drawn up, approved by another, frozen, signed by those who watch, carried out, looked for, certified. */
export function destructionService(parts: DestructionServiceParts) {
  const { box, gate, policy, approvals, work } = parts;
  const { store, clock, ids, sealing } = box;
  const kept = (tx: Pick<Tx, 'sql'>) => destructionRows(tx.sql, sealing);

  function plain(at: string, text: string): string {
    const cleaned = cleanText(text, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
    return cleaned.text;
  }

  async function found(tx: Tx | WriteTx, id: string, act?: string): Promise<StoredDestruction> {
    const stored = await kept(tx).get(id);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(destructionTarget(stored), act);
    return stored;
  }

  const seen = (stored: StoredDestruction, version: number): StoredDestruction => {
    if (stored.version !== version) throw new ArchiveError('E_STALE_VERSION', { destruction: stored.it.id });
    return stored;
  };

  async function save(tx: WriteTx, stored: StoredDestruction, it: DestructionBatch, more: Partial<Pick<StoredDestruction, 'certificates'>> = {}): Promise<StoredDestruction> {
    return kept(tx).save({ ...stored, ...more, it }, stored.version);
  }

  const entry = (tx: WriteTx, act: string, { it, level }: StoredDestruction, detail: Readonly<Record<string, unknown>> = {}): void => {
    tx.audit({ action: act, object: it.id, objectType: 'destruction', objectLevel: level, ...(it.approval === null ? {} : { approval: it.approval }), detail: { number: it.number, ...detail } });
  };

  async function recordsFor(tx: Tx | WriteTx, wanted: readonly string[], at = true): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (const [n, id] of wanted.entries()) {
      const record = await tx.records.get(id);
      if (record === undefined) throw new ArchiveError('E_NOT_FOUND', {}, at ? [{ at: `/records/${String(n)}`, message: '没有这件档案' }] : []);
      records.push(record);
    }
    return records;
  }

  /** One of the people of a batch: in office, cleared for it, with a duty that may take the part. */
  async function taking(tx: Tx, person: string, level: Level, duties: readonly string[], at: string): Promise<Holder> {
    const one = await tx.people.get(person);
    if (one?.status !== 'active' || one.certificateSerial === null || one.token === null) throw wrong(at, '没有这个在用的账号，或没有签名证书，请从列表中选择');
    if (clearanceToday(one.clearance, one.clearanceUntil, clock.today()) < level) throw new ArchiveError('E_CLEARANCE_REQUIRED', { person, level }, [{ at, message: '该人员涉密等级低于本批最高密级' }]);
    const now = clock.now();
    const held = (await tx.people.grants(person)).some((grant) => duties.includes(grant.duty) && grant.revokedAt === null && grant.validFrom <= now && (grant.validUntil === null || now < grant.validUntil));
    if (!held) throw wrong(at, '该人员的岗位不能担任此项');
    return { person, tokens: [one.token] };
  }

  const holderOf = async (tx: Tx, person: string): Promise<Holder> => {
    const token = (await tx.people.get(person))?.token ?? null;
    return { person, tokens: token === null ? [] : [token] };
  };

  async function requireParts(tx: Tx, batch: Pick<DestructionBatch, 'applicant' | 'executor' | 'supervisors'>, level: Level): Promise<void> {
    requireSupervisors(batch.supervisors, policy);
    const holders = new Map<string, Holder>([[batch.applicant, await taking(tx, batch.applicant, level, policy.applicants, '/applicant')]]);
    for (const person of [batch.executor, ...batch.supervisors]) holders.set(person, await holderOf(tx, person));
    requireSeparate(batch, (person) => holders.get(person) ?? { person, tokens: [] });
    await taking(tx, batch.executor, level, policy.executors, '/executor');
    for (const [n, person] of batch.supervisors.entries()) await taking(tx, person, level, policy.supervisors, `/supervisors/${String(n)}`);
  }

  /** The part of whoever is not the one that the order names is never taken: what one drew up one does not carry out. @throws ArchiveError `E_SOD_CONFLICT`, `E_DENIED` */
  async function asExecutor(tx: Tx, call: ServerCall, { it }: StoredDestruction): Promise<void> {
    if (call.person === it.executor) return;
    const me = await holderOf(tx, call.person);
    const others = await Promise.all([it.applicant, ...it.supervisors, ...(it.approver === null ? [] : [it.approver])].map(async (person) => holderOf(tx, person)));
    throw new ArchiveError(others.some((one) => samePerson(one, me)) ? 'E_SOD_CONFLICT' : 'E_DENIED', { destruction: it.id, by: call.person }, [{ at: '', message: '须由清册所列的销毁执行人办理' }]);
  }

  async function signature(tx: Tx, call: ServerCall, text: string): Promise<{ readonly signed: (bytes: string) => DestructionSignature; readonly certificate: string; readonly serial: string; readonly verify: VerifySignature; readonly text: string }> {
    const person = await tx.people.get(call.person);
    if (!person || person.certificate === null || person.certificateSerial === null || person.token === null) throw new ArchiveError('E_CERT_INVALID', { person: call.person });
    const { certificate, certificateSerial: serial, token } = person;
    const at = clock.now();
    return { signed: (bytes) => ({ person: call.person, token, certificateSerial: serial, signature: bytes, at }), certificate, serial, verify: parts.verifierFor(certificate, at), text };
  }

  /** The paper that is open for signatures: the order before, the certificate after. */
  const openPaper = ({ it }: StoredDestruction): { readonly paper: 'order' | 'certificate'; readonly text: string } => {
    if (it.state === 'frozen' && it.order !== null) return { paper: 'order', text: it.order };
    if (it.state === 'verified' && it.certificate !== null) return { paper: 'certificate', text: it.certificate };
    throw new ArchiveError('E_STATE_INVALID', { destruction: it.id, state: it.state, event: 'sign' });
  };

  const verifyKept = (stored: StoredDestruction) => (one: DestructionSignature): VerifySignature => {
    const certificate = stored.certificates[one.certificateSerial];
    if (certificate === undefined) return () => false;
    try {
      return parts.verifierFor(certificate, one.at);
    } catch (error) {
      if (error instanceof ArchiveError) return () => false;
      throw error;
    }
  };

  /** Numbers and titles as far as the person may know of each record; those who have a part in the batch know its list. */
  async function itemsOf(call: ServerCall, tx: Tx, stored: StoredDestruction) {
    const partner = [stored.it.applicant, stored.it.executor, stored.it.approver, ...stored.it.supervisors].includes(call.person);
    const items = [];
    for (const id of await kept(tx).records(stored.it.id)) {
      const record = await tx.records.get(id);
      if (record === undefined) continue;
      const knows = await gate.knows(call, recordTarget(record));
      const contents = holdsItsRecords(stored.it.state) && isReversible(stored.it.state) ? await contentsOf(tx.sql, [id]) : [];
      items.push({
        record: knows ? id : null, code: knows || partner ? record.archivalCode ?? record.electronicRecordCode : UNSEEN, title: knows ? String(record.description['title'] ?? '') : partner ? TITLE_MASKED : UNSEEN,
        level: knows || partner ? record.level : null, retention: knows || partner ? record.currentRetention ?? record.retentionCode : null, state: record.state, files: contents.length, bytes: contents.reduce((sum, { bytes }) => sum + bytes, 0),
        checks: isReversible(stored.it.state) && (knows || partner) ? await checksOf(tx, record, clock.today(), parts.appraisal) : [], tombstone: record.state === 'destroyed',
      });
    }
    return items;
  }

  approvals.carries('destruction.submit', async (tx, _call, granted) => {
    const stored = await kept(tx).get(granted.object);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND', { destruction: granted.object });
    const [signed] = granted.signatures;
    const it: DestructionBatch = { ...stored.it, state: nextDestruction(stored.it.state, 'approve'), approval: granted.id, approver: signed?.person ?? null, approvedAt: clock.now() };
    await save(tx, stored, it);
    entry(tx, 'destruction.approve', { ...stored, it });
  });
  approvals.carries('destruction.cancel', async (tx, _call, granted, decided) => {
    const stored = await kept(tx).get(granted.object);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND', { destruction: granted.object });
    await cancelNow(tx, stored, granted.requestedBy.person, (decided as { reason: string }).reason, granted);
  });

  async function cancelNow(tx: WriteTx, stored: StoredDestruction, by: string, reason: string, granted: Granted | null): Promise<StoredDestruction> {
    const it: DestructionBatch = { ...stored.it, state: nextDestruction(stored.it.state, 'cancel'), cancelled: { by, at: clock.now(), reason, approval: granted?.id ?? null } };
    for (const record of await recordsFor(tx, await kept(tx).records(it.id), false)) {
      if (record.state !== 'pending_destruction') continue;
      const { next, audit } = spare(lifeOf(record));
      await tx.records.save({ ...record, state: next.state, destructionOrder: null }, record.version);
      tx.audit({ ...audit, objectLevel: record.level });
    }
    const after = await save(tx, stored, it);
    entry(tx, 'destruction.cancel', after, { from: stored.it.state });
    return after;
  }

  return {
    async list(call: ServerCall, input: DestructionList) {
      const { page = 1, size = 20 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await kept(tx).list(await gate.visible(call, 'destruction.list', 1, DESTRUCTION_COLUMNS), input.state ?? null, { offset: (page - 1) * size, limit: size });
        return {
          page, size, total, policy: { minSupervisors: policy.minSupervisors, maxItems: policy.maxItems, bases: policy.bases, applicants: policy.applicants, executors: policy.executors, supervisors: policy.supervisors },
          residueDue: await work.residueDue(),
          rows: await Promise.all(rows.map(async ({ it, level, items }) => ({
            id: it.id, number: it.number, state: it.state, level, items, draftedAt: it.draftedAt, applicantName: await parts.nameOf(it.applicant), executorName: await parts.nameOf(it.executor), executedAt: it.executedAt, closedAt: it.closedAt,
            mine: signersOf(it).includes(call.person),
          }))),
        };
      });
    },

    /** 可列入销毁: what an approved appraisal condemned and nobody drew up yet, each with its pre-conditions. */
    async candidates(call: ServerCall, { page = 1, size = 50 }: DestructionCandidates) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.appraisals.condemned(await gate.visible(call, 'record.search', 1), { offset: (page - 1) * size, limit: size });
        return {
          page, size, total,
          rows: await Promise.all(rows.map(async (record) => ({
            id: record.id, code: record.archivalCode ?? record.electronicRecordCode, title: String(record.description['title'] ?? ''), level: record.level, retention: record.currentRetention ?? record.retentionCode, retentionExpiresOn: record.retentionExpiresOn,
            appraisal: (await tx.appraisals.concluded([record.id])).get(record.id)?.number ?? null, taken: (await kept(tx).holding(record.id)) !== undefined, checks: await checksOf(tx, record, clock.today(), parts.appraisal),
          }))),
        };
      });
    },

    async show(call: ServerCall, input: DestructionShow) {
      const progress = await work.progress(input.batch);
      return store.read(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        tx.audit({ action: call.act, object: it.id, objectType: 'destruction', objectLevel: stored.level });
        const steps = await kept(tx).steps(it.id);
        const signers = await Promise.all([...new Set(signersOf(it))].map(async (person) => ({
          person, name: await parts.nameOf(person), part: person === it.executor ? '执行' : '监销', me: person === call.person,
          orderAt: it.orderSignatures.find((one) => one.person === person)?.at ?? null, certificateAt: it.certificateSignatures.find((one) => one.person === person)?.at ?? null,
        })));
        const pending = (await tx.approvals.ofObject('destruction.submit', it.id, ['requested']))[0] ?? (await tx.approvals.ofObject('destruction.cancel', it.id, ['requested']))[0];
        return {
          id: it.id, number: it.number, state: it.state, level: stored.level, version: stored.version, fonds: it.fonds, reason: it.reason, basis: policy.bases.find(({ key }) => key === it.basis)?.name ?? it.basis, place: it.place,
          draftedAt: it.draftedAt, approvedAt: it.approvedAt, frozenAt: it.frozenAt, executedAt: it.executedAt, verifiedAt: it.verifiedAt, closedAt: it.closedAt, cancelled: it.cancelled, approval: it.approval, pending: pending?.it.id ?? null,
          applicantName: await parts.nameOf(it.applicant), approverName: it.approver === null ? null : await parts.nameOf(it.approver), executorName: await parts.nameOf(it.executor),
          amApplicant: call.person === it.applicant, amExecutor: call.person === it.executor, signers, items: await itemsOf(call, tx, stored), progress,
          checks: it.certificate === null ? progress.checks : (JSON.parse(it.certificate) as { checks: typeof progress.checks }).checks,
          steps: await Promise.all(steps.map(async (step) => ({ ...step, placeName: policy.places.find(({ key }) => key === step.place)?.name ?? step.place, settledByName: step.settlement === null ? null : await parts.nameOf(step.settlement.by) }))),
          faults: paperFaults(it, verifyKept(stored)), residueMaxDays: policy.residue.maxDays,
        };
      });
    },

    async draft(call: ServerCall, input: DestructionDraft) {
      const [reason, place] = [plain('/reason', input.reason), plain('/place', input.place)];
      if (!policy.bases.some(({ key }) => key === input.basis)) throw wrong('/basis', '请从列表中选择依据');
      if (input.records.length > policy.maxItems) throw wrong('/records', `一批不超过 ${String(policy.maxItems)} 件`);
      return store.write(call, async (tx) => {
        const records = await recordsFor(tx, input.records);
        for (const [n, record] of records.entries()) if (!(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `/records/${String(n)}`, message: '没有这件档案' }]);
        const [fonds = ''] = [...new Set(records.map((record) => record.fonds))];
        if (records.some((record) => record.fonds !== fonds)) throw wrong('/records', '一批只列同一全宗的档案');
        const level = highest(records.map((record) => record.level));
        const it: DestructionBatch = {
          id: ids.uuid(), number: '', fonds, state: 'drafted', reason, basis: input.basis, place, applicant: call.person, executor: input.executor, supervisors: input.supervisors, draftedAt: clock.now(), approval: null, approver: null, approvedAt: null,
          frozenAt: null, order: null, orderSignatures: [], executedAt: null, verifiedAt: null, certificate: null, boxSignature: null, certificateSignatures: [], closedAt: null, cancelled: null,
        };
        await tx.allow({ ...destructionTarget({ it, level }), id: NOT_YET_MADE });
        await requireDestroyable(tx, records, clock.today(), parts.appraisal);
        await requireParts(tx, it, level);
        for (const [n, record] of records.entries()) if ((await kept(tx).holding(record.id)) !== undefined) throw new ArchiveError('E_DUPLICATE', { record: record.id }, [{ at: `/records/${String(n)}`, message: '该件已在另一销毁批次中' }]);
        const number = await drawNumber(ids, `XH-${clock.today().slice(0, 4)}-`, async (one) => kept(tx).numbered(one));
        const stored: StoredDestruction = { it: { ...it, number }, level, certificates: {}, version: 1 };
        await kept(tx).add(stored, input.records);
        entry(tx, call.act, stored, { records: records.length });
        return { batch: it.id, number, version: 1 };
      });
    },

    /** 鉴定核对 and 提请批准: every pre-condition again, then it lies before the unit head, whom none of the others can stand in for. */
    async submit(call: ServerCall, input: DestructionSubmit) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        if (call.person !== stored.it.applicant) throw new ArchiveError('E_DENIED', { destruction: stored.it.id }, [{ at: '', message: '须由申请人提请' }]);
        const records = await recordsFor(tx, await kept(tx).records(stored.it.id), false);
        await requireDestroyable(tx, records, clock.today(), parts.appraisal);
        await requireParts(tx, stored.it, stored.level);
        const it: DestructionBatch = { ...stored.it, state: nextDestruction(stored.it.state, 'submit') };
        const after = await save(tx, stored, it);
        const contents = await contentsOf(tx.sql, records.map(({ id }) => id));
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: it.id, level: stored.level, fonds: it.fonds, about: [it.executor, ...it.supervisors],
          decided: { number: it.number, records: records.map((record) => record.id), executor: it.executor, supervisors: [...it.supervisors], reason: it.reason, basis: it.basis },
          words: [
            `销毁电子档案 ${String(records.length)} 件、${String(contents.length)} 个文件（批次 ${it.number}），均经鉴定为销毁，前置条件逐件核对通过`, `理由：${it.reason}`,
            `执行：${await parts.nameOf(it.executor)}；监销：${(await Promise.all(it.supervisors.map(async (person) => parts.nameOf(person)))).join('、')}`, '销毁后内容不可恢复，依法留存元数据和墓碑',
          ],
        });
        entry(tx, call.act, after, { records: records.length, approval: id });
        return { batch: it.id, state: it.state, approval: id };
      });
    },

    /** 冻结: use stops, the list stands as it is, and the register lies ready for signatures. */
    async freeze(call: ServerCall, input: DestructionFreeze) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        await asExecutor(tx, call, stored);
        if (stored.it.approval === null) throw new ArchiveError('E_DESTROY_UNAUTHORIZED', { destruction: stored.it.id });
        const state = nextDestruction(stored.it.state, 'freeze');
        const records = await recordsFor(tx, await kept(tx).records(stored.it.id), false);
        await requireDestroyable(tx, records, clock.today(), parts.appraisal);
        await requireParts(tx, stored.it, stored.level);
        if (highest(records.map((record) => record.level)) > stored.level) throw new ArchiveError('E_STATE_INVALID', { destruction: stored.it.id, event: 'freeze' }, [{ at: '', message: '有件的密级已提高，请撤销本批后重新拟定' }]);
        const concluded = await tx.appraisals.concluded(records.map(({ id }) => id));
        const frozenAt = clock.now();
        for (const record of records) {
          const life = lifeOf({ ...record, appraisal: record.appraisal ?? '' });
          const { next, audit } = condemn({ ...life, state: 'appraised' }, stored.it.id);
          await tx.records.addEvent(record.id, { activity: 'freeze', at: frozenAt, person: call.person, duty: call.duty, mandate: '办法第三十九条', detail: { batch: stored.it.number } });
          await tx.records.save({ ...record, state: next.state, destructionOrder: stored.it.id }, record.version);
          tx.audit({ ...audit, objectLevel: record.level });
        }
        const contents = await contentsOf(tx.sql, records.map(({ id }) => id));
        const items = records.map((record) => ({ record, appraisal: concluded.get(record.id)?.number ?? null, contents: contents.filter((one) => one.record === record.id) }));
        const it: DestructionBatch = { ...stored.it, state, frozenAt, orderSignatures: [], order: orderText(box.identity, stored.it, stored.level, items, await signersFor(tx, stored.it), frozenAt) };
        const after = await save(tx, stored, it);
        entry(tx, call.act, after, { records: records.length, contents: contents.length, order: Buffer.from(box.sm3(Buffer.from(it.order ?? ''))).toString('hex') });
        return { batch: it.id, state, version: after.version };
      });
    },

    /** What the person is to sign now. */
    async preview(call: ServerCall, input: DestructionPreview) {
      return store.read(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { paper, text } = openPaper(stored);
        return { batch: stored.it.id, paper, statement: text, version: stored.version };
      });
    },

    /** 监销签字 before; everybody's signature after. The last one closes the batch. */
    async sign(call: ServerCall, input: DestructionSign) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        const { it } = stored;
        const { paper, text } = openPaper(stored);
        if (paper === 'order' && call.person === it.executor) throw new ArchiveError('E_SOD_CONFLICT', { destruction: it.id, by: call.person }, [{ at: '', message: '执行人在开始销毁时签字，不作监销' }]);
        const mine = await signature(tx, call, text);
        const signatures = signPaper(text, paper === 'order' ? it.orderSignatures : it.certificateSignatures, mine.signed(input.signature), mine.verify);
        const whole = paper === 'certificate' && signersOf(it).every((person) => signatures.some((one) => one.person === person));
        const next: DestructionBatch = {
          ...it, state: nextDestruction(it.state, whole ? 'close' : 'sign'), ...(paper === 'order' ? { orderSignatures: signatures } : { certificateSignatures: signatures }), ...(whole ? { closedAt: clock.now() } : {}),
        };
        const after = await save(tx, stored, next, { certificates: { ...stored.certificates, [mine.serial]: mine.certificate } });
        entry(tx, call.act, after, { paper, signed: signatures.length });
        if (whole) entry(tx, 'destruction.close', after);
        return { batch: it.id, state: next.state, signed: signatures.length, version: after.version };
      });
    },

    /**
     * 开始销毁: from here on there is no way back. The order, every content on the signed list of the destroyed and every place to be gone
     * through are one transaction; the bytes follow.
     */
    async execute(call: ServerCall, input: DestructionExecute) {
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        await asExecutor(tx, call, stored);
        const { it } = stored;
        if (it.state !== 'frozen' || it.order === null) throw new ArchiveError('E_STATE_INVALID', { destruction: it.id, state: it.state, event: 'execute' });
        requireOrderSigned(it);
        if ((await tx.sql.one("SELECT 1 AS running FROM backup WHERE state = 'running'")) !== undefined) throw new ArchiveError('E_STATE_INVALID', { state: 'backup' }, [{ at: '', message: '正在备份，请待备份结束后再开始销毁' }]);
        const mine = await signature(tx, call, it.order);
        const orderSignatures = signPaper(it.order, it.orderSignatures, mine.signed(input.signature), mine.verify);
        const certificates = { ...stored.certificates, [mine.serial]: mine.certificate };
        const faults = paperFaults({ ...it, orderSignatures }, verifyKept({ ...stored, certificates }));
        if (faults.length > 0) throw new ArchiveError('E_SIGNATURE_INVALID', { destruction: it.id, faults: faults.length });
        const records = await recordsFor(tx, await kept(tx).records(it.id), false);
        for (const record of records) if (record.legalHold) throw new ArchiveError('E_LEGAL_HOLD', { record: record.id });
        const contents = await contentsOf(tx.sql, records.map(({ id }) => id));
        const listed = new Set((JSON.parse(it.order) as DestructionOrder).items.flatMap((item) => item.contents.map(({ object }) => object)));
        if (contents.length !== listed.size || contents.some(({ object }) => !listed.has(object))) throw new ArchiveError('E_STATE_INVALID', { destruction: it.id, event: 'execute' }, [{ at: '', message: '签字后文件有变动，请撤销本批后重新冻结' }]);
        const at = clock.now();
        for (const one of contents) {
          await enterDestroyed(tx.sql, box.sm3, box.identity, { object: one.object, record: one.record, batch: it.number, digest: one.sm3, at });
          await tx.sql.run("UPDATE stored_object SET state = 'gone' WHERE id = $1", one.object);
        }
        for (const step of await planSteps(tx.sql, ids, records.map(({ id }) => id), contents, box.identity.serial)) await kept(tx).addStep(it.id, step);
        const next: DestructionBatch = { ...it, state: nextDestruction(it.state, 'execute'), orderSignatures, executedAt: at };
        const after = await save(tx, stored, next, { certificates });
        entry(tx, call.act, after, { records: records.length, contents: contents.length });
        tx.afterCommit(async () => { void work.start(it.id); return Promise.resolve(); });
        return { batch: it.id, state: next.state };
      });
    },

    /** 继续执行: after a fault, or once a medium is back. */
    async resume(call: ServerCall, input: DestructionResume) {
      await store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        await asExecutor(tx, call, stored);
        if (stored.it.state !== 'executing' && stored.it.state !== 'partial_failed') throw new ArchiveError('E_STATE_INVALID', { state: stored.it.state, event: 'resume' });
        entry(tx, call.act, stored);
      });
      await work.resume(input.batch);
      return { batch: input.batch };
    },

    /** 登记处置 of a copy that the box cannot reach. */
    async settle(call: ServerCall, input: DestructionSettle) {
      const how = { ...input.how, reference: plain('/how/reference', input.how.reference), note: plain('/how/note', input.how.note) };
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        await asExecutor(tx, call, stored);
        nextDestruction(stored.it.state, 'settle');
        const step = (await kept(tx).steps(stored.it.id)).find(({ id }) => id === input.step);
        if (step === undefined) throw new ArchiveError('E_NOT_FOUND', { step: input.step });
        const latest = addDays(clock.today(), policy.residue.maxDays);
        const next: ErasureStep = settleStep(step, how, { by: call.person, at: clock.now(), today: clock.today(), latest });
        if (!(await kept(tx).saveStep(next, step.state))) throw new ArchiveError('E_STALE_VERSION', { step: step.id });
        const after = await save(tx, stored, stored.it);
        entry(tx, call.act, after, { step: step.seq, place: step.place, ref: step.ref, kind: how.kind, residueUntil: how.residueUntil });
        tx.afterCommit(async () => { void work.start(stored.it.id); return Promise.resolve(); });
        const left = (await kept(tx).steps(stored.it.id)).filter((one) => !isSettled(one)).length;
        return { batch: stored.it.id, left };
      });
    },

    /** 撤销: freely while it is a draft, else by approval; never once anything was erased. */
    async cancel(call: ServerCall, input: DestructionCancel) {
      const reason = plain('/reason', input.reason);
      return store.write(call, async (tx) => {
        const stored = seen(await found(tx, input.batch), input.seenVersion);
        if (call.person !== stored.it.applicant) throw new ArchiveError('E_DENIED', { destruction: stored.it.id }, [{ at: '', message: '须由申请人撤销' }]);
        nextDestruction(stored.it.state, 'cancel');
        if (stored.it.state === 'drafted') return { batch: stored.it.id, state: (await cancelNow(tx, stored, call.person, reason, null)).it.state, approval: null };
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: stored.it.id, level: stored.level, fonds: stored.it.fonds, decided: { number: stored.it.number, reason }, words: [`撤销销毁批次 ${stored.it.number}，所列档案退回已鉴定状态`, `原因：${reason}`],
        });
        entry(tx, call.act, stored, { approval: id });
        return { batch: stored.it.id, state: stored.it.state, approval: id };
      });
    },
  };
}
export type DestructionService = ReturnType<typeof destructionService>;
