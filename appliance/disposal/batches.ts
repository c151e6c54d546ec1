import { ArchiveError } from '../../core/errors.js';
import type { CalendarDate, Level } from '../../core/ports.js';
import type {
  CarrierDestroy, DisposalAsk, DisposalCancel, DisposalCount, DisposalExecute, DisposalIsolate, DisposalOpen, DisposalPreview, DisposalRelease, DisposalWitness,
} from '../../policies/schemas/media-destruction.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import type { Granted } from '../../secrecy/approval.js';
import { moveCarrier } from '../../secrecy/carrier.js';
import { stepsWithoutDevice } from '../../secrecy/destruction-method.js';
import { levelName } from '../../secrecy/level.js';
import {
  approveDestruction, askDestruction, cancelDestruction, closeDestruction, countDestruction, executeDestruction, isolateDestruction, openDestruction, releaseDestruction, resultOf, resultStatement, witnessDestruction,
} from '../../secrecy/media-destruction.js';
import type { LineFacts, MediaDestruction, Plan, Result } from '../../secrecy/media-destruction.js';
import { requireNothingStranded } from '../../secrecy/medium-migration.js';
import type { Signature, VerifySignature } from '../../secrecy/signing.js';
import type { Step } from '../../secrecy/step.js';
import { inventorySince } from '../carriers/service.js';
import type { ServerCall } from '../server/route.js';
import { disposalTarget, lineTarget } from '../store/repositories/disposals.js';
import type { DisposalLine, StoredDisposal } from '../store/repositories/disposals.js';
import { contentsOf } from './copies.js';
import { factsOf } from './lines.js';
import type { LineService } from './lines.js';
import { addDays, cleared, holder, plain, signer, wrong } from './parts.js';
import type { DisposalParts, Tx, WriteTx } from './parts.js';

/** What the approval carries: the plan as it was asked for. */
export interface AskDecision { readonly disposal: string; readonly plan: Plan }
type Told = Omit<Result, 'lines'>;

/** 销毁批次: from the list to the certificate. Each act is one step of `secrecy/media-destruction.ts`, its lines and its entry in one commit. */
export function batchService(parts: DisposalParts, lines: LineService) {
  const { store, clock, ids, policy, unit, approvals } = parts;
  const equipmentSince = (): CalendarDate => inventorySince(clock.today(), policy.deviceMonths);

  async function found(tx: Tx | WriteTx, id: string): Promise<StoredDisposal> {
    const one = await tx.disposals.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(disposalTarget(one));
    return one;
  }
  /** By the ids of the batch itself: what failed or was cancelled has left it and still belongs to its story. */
  const ofBatch = async (tx: Tx | WriteTx, it: MediaDestruction): Promise<{ readonly rows: readonly DisposalLine[]; readonly facts: readonly LineFacts[] }> => {
    const rows = (await Promise.all(it.lines.map(async (id) => tx.disposals.line(id)))).flatMap((line) => (line === undefined ? [] : [line]));
    return { rows, facts: await Promise.all(rows.map(async (line) => factsOf(tx, line))) };
  };
  /** The step, its history line and its entry. */
  async function take<T extends MediaDestruction>(tx: WriteTx, call: Pick<ServerCall, 'person' | 'act'>, one: StoredDisposal, { next, audit }: Step<T>, seenVersion: number, more: Partial<StoredDisposal> & { readonly approval?: string } = {}): Promise<T> {
    const { approval = null, ...changed } = more;
    await tx.disposals.save({ ...one, ...changed, it: next }, seenVersion);
    await tx.disposals.note(next.id, { at: clock.now(), by: call.person, event: audit.action, approval });
    tx.audit(approval === null ? audit : { ...audit, approval });
    return next;
  }

  /** Each carrier lies where it was set aside, and nothing that is still needed goes with it. */
  async function guard(tx: Tx | WriteTx, rows: readonly DisposalLine[]): Promise<void> {
    for (const line of rows) {
      if (line.carrier === null) continue;
      const carrier = await tx.carriers.get(line.carrier);
      if (carrier?.it.state !== 'pending_destruction') throw new ArchiveError('E_STATE_INVALID', { carrier: line.carrier, state: carrier?.it.state ?? null }, [{ at: '/lines', message: `${line.sheet.tag} 不在待销状态，请核实后从批次中移出` }]);
      requireNothingStranded(policy, carrier.it, await contentsOf(parts, tx, line.carrier));
    }
  }

  /** 送销单位 with the qualification, or devices certified for each step, on the day. @throws ArchiveError `E_DESTROY_DEVICE` */
  async function equipped(tx: Tx | WriteTx, plan: Pick<Plan, 'manner' | 'unit' | 'methods'>, facts: readonly LineFacts[]): Promise<void> {
    const all = await tx.media.destroyers();
    const today = clock.today();
    if (plan.manner === 'send') {
      const chosen = all.find(({ id, kind }) => kind === 'unit' && id === plan.unit);
      const lacking = plan.methods.flatMap(({ steps }) => steps).filter((key) => chosen?.facts.steps.includes(key) !== true && policy.steps.find((step) => step.key === key)?.device === true);
      if (chosen === undefined || chosen.validTo < today || lacking.length > 0) throw new ArchiveError('E_DESTROY_DEVICE', { unit: plan.unit, why: chosen === undefined ? 'unknown' : chosen.validTo < today ? 'expired' : 'steps' }, [{ at: '/unit', message: chosen === undefined ? '请选择已登记的送销单位' : chosen.validTo < today ? '送销单位资质已过期' : '送销单位的资质不含所选方法' }]);
      return;
    }
    const devices = all.filter(({ kind }) => kind === 'device').map((one) => ({ id: one.id, steps: one.facts.steps, certifiedLevel: one.facts.certifiedLevel, certValidTo: one.validTo, lastVerifyOn: one.facts.lastVerifyOn }));
    for (const line of facts) {
      const method = plan.methods.find((one) => one.line === line.id);
      const without = stepsWithoutDevice(policy, line, method?.steps ?? [], devices.filter(({ id }) => method?.devices.includes(id)), { today, verifiedSince: equipmentSince() });
      if (without.length > 0) throw new ArchiveError('E_DESTROY_DEVICE', { line: line.id, steps: without }, [{ at: '/methods', message: `${line.no}：「${without.map(stepName).join('、')}」没有证书有效、密级足够、按期校验的设备，只能送销` }]);
    }
  }
  const stepName = (key: string): string => policy.steps.find((step) => step.key === key)?.name ?? key;

  async function told(tx: Tx | WriteTx, one: StoredDisposal, input: Extract<DisposalPreview, { event: 'execute' }> | DisposalExecute): Promise<{ readonly told: Told; readonly photos: number }> {
    const given = plain({ place: input.place, destroyedBy: input.destroyedBy, ...(input.voucherNo === undefined ? {} : { voucherNo: input.voucherNo }), ...(input.remark === undefined ? {} : { remark: input.remark }) });
    const finishedAt = new Date(Date.parse(input.finishedAt)).toISOString();
    if (finishedAt > clock.now()) throw wrong('/finishedAt', '销毁时间不能晚于现在');
    const evidence = await tx.disposals.evidenceOf(one.it.id);
    const failed = input.failed.map(({ line, why }) => ({ line, ...plain({ why }) }));
    if (failed.some(({ line }) => !one.it.lines.includes(line))) throw wrong('/failed', '所列条目不在本批次');
    return {
      photos: evidence.filter(({ kind }) => kind === 'photo').length,
      told: { finishedAt, place: given.place, destroyedBy: given.destroyedBy, voucherNo: given.voucherNo ?? null, remark: given.remark ?? null, failed, evidence: evidence.map(({ sm3 }) => sm3) },
    };
  }

  /** Checks each kept signature with the certificate kept beside it. */
  const verifyKept = ({ certificates }: StoredDisposal): VerifySignature => (text, signature) => {
    const certificate = certificates[signature.certificateSerial];
    if (certificate === undefined) return false;
    try {
      return parts.verifierFor(certificate, signature.at)(text, signature);
    } catch (error) {
      if (error instanceof ArchiveError) return false;
      throw error;
    }
  };
  async function signing(tx: WriteTx, call: ServerCall, signature: string): Promise<{ readonly made: Signature; readonly certificate: string }> {
    const by = await signer(tx, call.person);
    return { certificate: by.certificate, made: { person: call.person, token: by.token, certificateSerial: by.certificateSerial, signature, at: clock.now() } };
  }

  return {
    found, ofBatch, stepName, verifyKept,

    /** 组成批次: lines of one level, so that each is packed with its own (分类封装). */
    async open(call: ServerCall, input: DisposalOpen) {
      const { reason } = plain({ reason: input.reason });
      return store.write(call, async (tx) => {
        const rows: DisposalLine[] = [];
        for (const id of input.lines) {
          const line = await tx.disposals.line(id);
          if (line === undefined) throw new ArchiveError('E_NOT_FOUND');
          await tx.allow(lineTarget(line));
          if (line.state !== 'pending') throw new ArchiveError('E_STATE_INVALID', { line: id, state: line.state }, [{ at: '/lines', message: `${line.no} 已在其他批次或已办结` }]);
          rows.push(line);
        }
        const level = Math.max(...rows.map((line) => line.level)) as Level;
        if (rows.some((line) => line.level !== level)) throw wrong('/lines', '一个批次只放同一密级的条目，请按密级分别组批');
        const series = `XH${String(level)}-${clock.today().slice(0, 4)}-`;
        const no = `${series}${String(await tx.disposals.numbered(series) + 1).padStart(4, '0')}`;
        const { next, audit } = openDestruction({ id: ids.uuid(), no, level, openedBy: await holder(tx, call.person), openedOn: clock.today(), lines: rows.map(({ id }) => id), reason });
        const department = await tx.people.departmentOf(call.person) ?? '';
        const one: StoredDisposal = { it: next, fonds: rows[0]?.fonds ?? unit.fonds, department, openedAt: clock.now(), persons: [call.person], certificates: {}, version: 1 };
        await tx.allow({ ...disposalTarget(one), id: NOT_YET_MADE });
        await tx.disposals.add(one);
        for (const line of rows) await tx.disposals.saveLine({ ...line, state: 'batched', disposal: next.id }, line.version);
        await tx.disposals.note(next.id, { at: clock.now(), by: call.person, event: call.act, approval: null });
        tx.audit(audit);
        return { disposal: next.id, no };
      });
    },

    async count(call: ServerCall, input: DisposalCount) {
      const { opinion } = plain({ opinion: input.opinion });
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const { facts } = await ofBatch(tx, one.it);
        const next = await take(tx, call, one, countDestruction(one.it, facts, input.found.map((each) => ({ ...each, no: each.no.trim() })), { by: await holder(tx, call.person), at: clock.now(), opinion }), input.seenVersion);
        return { disposal: next.id, state: next.state, differences: next.differences };
      });
    },

    /** 提请审批: tried whole before it is asked for, so that nobody signs what cannot be done. */
    async ask(call: ServerCall, input: DisposalAsk) {
      const given = plain({ reason: input.reason, ...(input.urgency === undefined ? {} : { urgency: input.urgency }), ...(input.consentNo === undefined ? {} : { consentNo: input.consentNo }) });
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const { rows, facts } = await ofBatch(tx, one.it);
        const named = async (id: string, at: string) => cleared(tx, id, one.it.level, clock.today(), at);
        const executor = await named(input.executor, '/executor');
        const witnesses = await Promise.all(input.witnesses.map(async (id) => named(id, '/witnesses')));
        const bare = ({ person, tokens }: { readonly person: string; readonly tokens: readonly string[] }) => ({ person, tokens });
        const plan: Plan = {
          manner: input.manner, urgency: given.urgency ?? null, unit: input.unit ?? null, consentNo: given.consentNo ?? null, applicant: await holder(tx, call.person), executor: bare(executor), witnesses: witnesses.map(bare),
          methods: input.methods.map(({ line, steps, outcome, devices }) => ({ line, steps, outcome, devices })),
        };
        // The rules first, with no approval yet; then whether anything would be lost with it.
        askDestruction(one.it, policy, facts, plan, NOT_YET_MADE);
        await equipped(tx, plan, facts);
        await guard(tx, rows);
        const where = plan.manner === 'send' ? (await tx.media.destroyer(plan.unit ?? ''))?.facts.name ?? '' : '自行销毁';
        const counted = [...new Set(rows.map(({ kind }) => kind))].map((kind) => `${lines.kindName(kind)} ${String(rows.filter((line) => line.kind === kind).length)} 件`).join('、');
        const decided = { disposal: one.it.id, plan: JSON.parse(JSON.stringify(plan)) as Record<string, never> };
        const asked = await approvals.request(tx, call, {
          act: call.act, object: one.it.id, decided, level: one.it.level, fonds: one.fonds, about: [executor.person, ...witnesses.map(({ person }) => person)],
          words: [
            `销毁${levelName(one.it.level)}载体：${one.it.no}，共 ${String(rows.length)} 件（${counted}），编号 ${rows.slice(0, 20).map(({ sheet }) => sheet.tag).join('、')}${rows.length > 20 ? ' 等' : ''}`,
            `方式：${plan.manner === 'send' ? `送销，${where}` : `自行销毁，急需理由：${plan.urgency ?? ''}`}；方法：${[...new Set(plan.methods.map(({ steps, outcome }) => `${steps.map(stepName).join('＋')}${outcome === 'reuse' ? '（清除后再利用）' : ''}`))].join('；')}`,
            `执行人：${executor.name}；监销人：${witnesses.map(({ name }) => name).join('、')}`, ...(plan.consentNo === null ? [] : [`上级批准文号：${plan.consentNo}`]), `事由：${given.reason}`,
          ],
        });
        const next = await take(tx, call, one, askDestruction(one.it, policy, facts, plan, asked.id), input.seenVersion, { persons: [...new Set([...one.persons, call.person, executor.person, ...witnesses.map(({ person }) => person)])] });
        return { disposal: next.id, state: next.state, approval: asked.id };
      });
    },

    /** The last signature of 主管领导. */
    async approved(tx: WriteTx, granted: Granted, decided: AskDecision): Promise<void> {
      const one = await tx.disposals.get(decided.disposal);
      if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
      const approvers = granted.signatures.map(({ person, token }) => ({ person, tokens: [token] }));
      await take(tx, { person: granted.signatures.at(-1)?.person ?? '', act: 'disposal.ask' }, one, approveDestruction(one.it, policy, granted.id, approvers, clock.now()), one.version, { approval: granted.id });
    },

    async isolate(call: ServerCall, input: DisposalIsolate) {
      const given = plain({ place: input.place, sealNo: input.sealNo });
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const oldest = (await tx.disposals.linesOf(one.it.id)).map(({ since }) => since).sort()[0] ?? clock.today();
        const next = await take(tx, call, one, isolateDestruction(one.it, { ...given, by: call.person, at: clock.now(), dueOn: addDays(oldest, policy.isolation.days) }), input.seenVersion);
        return { disposal: next.id, state: next.state, dueOn: next.isolation.dueOn };
      });
    },

    async release(call: ServerCall, input: DisposalRelease) {
      const given = plain({ sealNo: input.sealNo, destination: input.destination });
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const { rows, facts } = await ofBatch(tx, one.it);
        for (const escort of input.escorts) await cleared(tx, escort, one.it.level, clock.today(), '/escorts');
        const step = releaseDestruction(one.it, policy, facts, { channel: input.channel, escorts: input.escorts, ...given, by: call.person, at: clock.now() });
        await equipped(tx, step.next.plan, facts);
        await guard(tx, rows);
        const next = await take(tx, call, one, step, input.seenVersion, { persons: [...new Set([...one.persons, ...input.escorts])] });
        return { disposal: next.id, state: next.state };
      });
    },

    async preview(call: ServerCall, input: DisposalPreview) {
      return store.read(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const by = await signer(tx, call.person);
        if (input.event === 'witness') {
          if (one.it.state !== 'executed') throw new ArchiveError('E_STATE_INVALID', { state: one.it.state, event: 'witness' });
          return { disposal: one.it.id, statement: resultStatement(one.it, one.it.result, { person: call.person, ...by }, 'witness'), version: one.version };
        }
        if (one.it.state !== 'released') throw new ArchiveError(one.it.state === 'drafted' || one.it.state === 'counted' || one.it.state === 'requested' ? 'E_DESTROY_UNAUTHORIZED' : 'E_STATE_INVALID', { state: one.it.state, event: 'execute' });
        const { facts } = await ofBatch(tx, one.it);
        return { disposal: one.it.id, statement: resultStatement(one.it, resultOf(one.it.plan, facts, (await told(tx, one, input)).told), { person: call.person, ...by }, 'executor'), version: one.version };
      });
    },

    async execute(call: ServerCall, input: DisposalExecute) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const { facts } = await ofBatch(tx, one.it);
        const result = await told(tx, one, input);
        const { made, certificate } = await signing(tx, call, input.signature);
        const next = await take(tx, call, one, executeDestruction(one.it, policy, facts, result.told, result.photos, made, parts.verifierFor(certificate, made.at)), input.seenVersion, { certificates: { ...one.certificates, [made.certificateSerial]: certificate } });
        return { disposal: next.id, state: next.state };
      });
    },

    async witness(call: ServerCall, input: DisposalWitness) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const { made, certificate } = await signing(tx, call, input.signature);
        const next = await take(tx, call, one, witnessDestruction(one.it, policy, made, parts.verifierFor(certificate, made.at)), input.seenVersion, { certificates: { ...one.certificates, [made.certificateSerial]: certificate } });
        return { disposal: next.id, state: next.state };
      });
    },

    async cancel(call: ServerCall, input: DisposalCancel) {
      const { reason } = plain({ reason: input.reason });
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const next = await take(tx, call, one, cancelDestruction(one.it, { by: call.person, at: clock.now(), reason }), input.seenVersion);
        for (const line of await tx.disposals.linesOf(one.it.id)) await tx.disposals.saveLine({ ...line, state: 'pending', disposal: null }, line.version);
        return { disposal: next.id, state: next.state };
      });
    },

    /** 注销: carriers end in the register, and nothing lies on them any more. What failed waits again. */
    async close(call: ServerCall, input: CarrierDestroy) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.disposal);
        const { next, audit } = closeDestruction(one.it, { person: call.person, at: clock.now() });
        const failed = new Map(next.result.failed.map(({ line, why }) => [line, why]));
        const ended: string[] = [];
        for (const line of await tx.disposals.linesOf(one.it.id)) {
          const why = failed.get(line.id);
          if (why !== undefined) { await tx.disposals.saveLine({ ...line, state: 'pending', disposal: null, sheet: { ...line.sheet, failed: why } }, line.version); continue; }
          const reused = next.plan.methods.find((method) => method.line === line.id)?.outcome === 'reuse';
          await tx.disposals.saveLine({ ...line, state: reused ? 'reused' : 'destroyed' }, line.version);
          if (line.carrier === null) continue;
          await endCarrier(tx, call, line, reused, next.certificate, next.plan.witnesses.map(({ person }) => person));
          ended.push(line.carrier);
        }
        await take(tx, call, one, { next, audit: { ...audit, detail: { ...audit.detail, carriers: ended } } }, input.seenVersion, { approval: next.approval });
        return { disposal: next.id, state: next.state, certificate: next.certificate, carriers: ended.length };
      });
    },
  };

  async function endCarrier(tx: WriteTx, call: ServerCall, line: DisposalLine, reused: boolean, certificate: string, witnesses: readonly string[]): Promise<void> {
    const one = await tx.carriers.get(line.carrier ?? '');
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    const { next, audit } = moveCarrier(one.it, reused ? { kind: 'spare', place: line.sheet.place, custodian: call.person } : { kind: 'destroy', certificate, witnesses }, 'carrier.destroy');
    const saved = { ...one, it: next };
    await tx.carriers.save(saved, one.version);
    await tx.carriers.note(saved, { at: clock.now(), by: call.person, event: reused ? 'reuse' : 'destroy', approval: null, told: { certificate, disposal: line.disposal } });
    await tx.media.endContents(one.it.id, clock.now(), line.disposal ?? '');
    tx.audit({ ...audit, detail: { ...audit.detail, certificate, reused } });
  }
}

export type BatchService = ReturnType<typeof batchService>;
