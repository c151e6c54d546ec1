import type { Call } from '../../core/ports.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { transferTester } from '../../core/services/transfer-inspection.js';
import { approve, close, inspectTransfer, prepare, TRANSFER_STEPS, withdraw } from '../../core/transfer.js';
import type { TransferState } from '../../core/transfer.js';
import { requireChecked, transferChecks } from '../../core/transfer-checklist.js';
import type { TransferCheck } from '../../core/transfer-checklist.js';
import type { TransferApprove, TransferClose, TransferInspect, TransferList, TransferPrepare, TransferProgress, TransferShow, TransferWithdraw } from '../../policies/schemas/transfer.js';
import type { Granted, Seat } from '../../secrecy/approval.js';
import { levelName } from '../../secrecy/level.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import type { ServerCall } from '../call.js';
import { TRANSFER_COLUMNS } from '../store/repositories/transfers.js';
import type { StoredTransfer } from '../store/repositories/transfers.js';
import { itemsOf, suggested } from './gathering.js';
import type { Item } from './gathering.js';
import { found, plain } from './parts.js';
import type { Tx, TransferParts, WriteTx } from './parts.js';

/** What the head of the unit, and for secrets the officer, put their names to. */
interface Decided { readonly batch: string; readonly version: number; readonly basis: string; readonly officer: boolean; readonly by: string }

export interface StepParts extends TransferParts {
  readonly test: ReturnType<typeof transferTester>;
  /** How far a sealing under way has come; null where none is. */
  readonly sealing: (batch: string) => { readonly done: number; readonly total: number; readonly phase: string } | null;
}

/** Sealed or given up: nothing is to be prepared any more. */
const SETTLED: Readonly<Partial<Record<TransferState, true>>> = { sealed: true, dispatched: true, received: true, accepted: true, returned: true, closed: true, withdrawn: true };

/** 标志 of a batch: level and longest period of what lies in it. */
export async function markOf({ box }: Pick<TransferParts, 'box'>, tx: Tx | WriteTx, { it }: StoredTransfer): Promise<string> {
  const mark = await box.containers.get(tx.sql, { kind: 'transfer', id: it.id });
  return mark !== undefined && mark.held.level === it.level && it.level >= 2 ? rollUpMark(mark.held, box.policies.content('marking.json')) : levelName(it.level);
}

export function stepService(parts: StepParts) {
  const { box, clock, policy, approvals } = parts;
  const { store, gate } = box;

  const seats = (officer: boolean): readonly Seat[] => {
    const row = approvals.policy.approvals.find(({ act }) => act === 'transfer.approve');
    return (row?.seats ?? []).filter(({ duties }) => officer || !duties.includes('officer'));
  };

  async function checksOf(tx: Tx | WriteTx, stored: StoredTransfer, writing: boolean, call?: Call) {
    const gathered = await parts.gather(tx, stored, writing, call === undefined ? undefined : await gate.visible(call, 'record.show', 1));
    return { gathered, checks: transferChecks(gathered.facts, policy) };
  }

  approvals.carries('transfer.approve', async (tx: WriteTx, call, granted: Granted, decided) => {
    const { batch, version, basis, officer, by } = decided as unknown as Decided;
    const stored = await tx.transfers.get(batch);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND');
    const { gathered, checks } = await checksOf(tx, stored, true, call);
    if (stored.version !== version || gathered.basis !== basis) throw new ArchiveError('E_STALE_VERSION', { batch });
    requireChecked(checks, 'approve');
    const { next, audit } = approve(stored.it, { by, at: clock.now() }, granted.id, officer);
    await tx.transfers.save({ ...stored, it: next }, stored.version);
    tx.audit({ ...audit, detail: { ...audit.detail, signed: call.person } });
  });

  return {
    async list(call: ServerCall, input: TransferList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, call.act, 1, TRANSFER_COLUMNS);
        const { rows, total } = await tx.transfers.list(visible, input.state ?? null, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return {
          page, size, total, rows: await Promise.all(rows.map(async ({ it, version, records, fonds }) => ({
            id: it.id, number: it.number, state: it.state, level: it.level, fonds, taskName: it.plan.taskName, counterpart: (await tx.counterparts.get(it.plan.counterpart))?.card.unit ?? '', records,
            plannedAt: it.planned.at, plannedByName: await parts.nameOf(it.planned.by), version,
          }))),
        };
      });
    },

    /** One batch with its checklist. Records that this person may not know are not named. */
    async show(call: ServerCall, input: TransferShow) {
      return store.read(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        const { gathered, checks } = await checksOf(tx, stored, false, call);
        const known: Item[] = [];
        for (const item of gathered.items) if (await gate.knows(call, recordTarget(item.record))) known.push(item);
        const ids = new Set(known.map(({ record }) => record.id));
        const counterpart = await tx.counterparts.get(it.plan.counterpart);
        const carrier = it.plan.carrier === null ? undefined : await tx.carriers.get(it.plan.carrier);
        const device = it.plan.device === null ? undefined : await tx.devices.byNo(it.plan.device);
        const run = await tx.transfers.lastRun(it.id);
        const { ceiling } = await gate.subjectOf(call);
        const open = (await tx.approvals.ofObject('transfer.approve', it.id, ['requested'])).filter(({ it: one, level }) => level <= ceiling && clock.now() < one.lapsesAt);
        const job = await tx.transfers.job(it.id);
        tx.audit({ action: call.act, object: it.id, objectType: 'transfer', objectLevel: it.level });
        return {
          it, version: stored.version, fonds: stored.fonds, mark: await markOf(parts, tx, stored), events: Object.keys(TRANSFER_STEPS[it.state]), today: clock.today(), plannedByName: await parts.nameOf(it.planned.by),
          counterpart: counterpart === undefined ? null : { id: counterpart.id, unit: counterpart.card.unit, box: counterpart.box, systemLevel: counterpart.card.systemLevel, inForce: parts.counterparts.inForce(counterpart), validUntil: counterpart.validUntil },
          carrier: carrier === undefined || carrier.it.level > ceiling ? null : { id: carrier.it.id, no: carrier.it.no, kind: carrier.kind, state: carrier.it.state, cap: carrier.it.cap, level: carrier.it.level },
          device: device === undefined ? null : { no: device.no, certifiedLevel: device.certifiedLevel, certValidTo: device.certValidTo, state: device.state },
          items: known.map((item) => ({
            record: item.record.id, code: item.record.archivalCode, title: item.record.description.title ?? '', level: item.record.level, mark: item.record.mark, state: item.record.state, dueOn: item.record.transferDueOn, documentDate: item.record.documentDate,
            files: item.files.length, bytes: item.files.reduce((sum, file) => sum + file.bytes, 0), openOpinion: item.row.openOpinion, foiStatus: item.row.foiStatus, classificationChange: item.row.classificationChange,
            suggested: suggested(item, policy, clock.today()), accessionNo: item.row.accessionNo, retainUntil: item.row.retainUntil,
          })),
          records: gathered.items.length + gathered.broken.length,
          // What was sealed had all of it; afterwards the records move on and the list would say so.
          checks: (SETTLED[it.state] === true ? [] : checks).map((one): TransferCheck & { readonly count: number } => ({ ...one, count: one.records.length, records: one.records.filter((record) => ids.has(record)) })),
          companions: await tx.transfers.companions(it.id),
          run: run === undefined ? null : {
            reportNo: run.reportNo, run: run.run, conclusion: run.conclusion, finishedAt: run.finishedAt, summary: run.content.summary, stale: run.basis !== gathered.basis,
            wrong: run.content.results.filter(({ result }) => result === 'fail' || result === 'warn').filter(({ objectRef }) => speakable(objectRef, known, gathered.items)).slice(0, 200),
          },
          approval: open[0] === undefined ? null : { id: open[0].it.id, lapsesAt: open[0].it.lapsesAt, signed: open[0].it.signatures.length, seats: open[0].it.seats.length },
          job: job === undefined ? null : { state: job.state, startedAt: job.startedAt, endedAt: job.endedAt, reason: job.reason, attempts: job.attempts, packageNo: job.order.packageNo, progress: parts.sealing(it.id) },
          // Choices of the forms, as data.
          choices: { companions: policy.companions, openOpinions: policy.openOpinions, foiStatuses: policy.foiStatuses, channels: policy.channels, networks: policy.dedicatedNetworks, sealedFromLevel: policy.sealedFromLevel, companionBytes: policy.companionBytes },
        };
      });
    },

    async progress(call: ServerCall, input: TransferProgress) {
      return store.read(call, async (tx) => {
        const { it } = await found(tx, input.batch);
        const job = await tx.transfers.job(it.id);
        return { batch: it.id, state: it.state, job: job === undefined ? null : { state: job.state, reason: job.reason, attempts: job.attempts }, progress: parts.sealing(it.id) };
      });
    },

    /** 准备完成: everything that can be arranged is arranged. */
    async prepare(call: ServerCall, input: TransferPrepare) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { next, audit } = prepare(stored.it, { by: call.person, at: clock.now() });
        const { checks } = await checksOf(tx, stored, true, call);
        requireChecked(checks, 'prepare');
        await tx.transfers.save({ ...stored, it: next }, input.seenVersion);
        tx.audit(audit);
        return { batch: next.id, state: next.state, version: input.seenVersion + 1 };
      });
    },

    /** 移交前四性检测. What fails is kept and said; the batch stays where it is. */
    async inspect(call: ServerCall, input: TransferInspect) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        if (stored.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { batch: it.id });
        const { gathered, checks } = await checksOf(tx, stored, true, call);
        requireChecked(checks, 'prepare');
        const startedAt = clock.now();
        const { reportNo, outcome, content } = await parts.test(tx, it.number, await itemsOf(tx, gathered.items), async (no) => (await tx.transfers.runNumbered(no)) || (await tx.runs.byReportNo(no)) !== undefined);
        const { next, audit } = inspectTransfer(it, { by: call.person, at: clock.now() }, reportNo);
        const run = ((await tx.transfers.lastRun(it.id))?.run ?? 0) + 1;
        await tx.transfers.addRun({ id: box.ids.uuid(), reportNo, batch: it.id, run, level: it.level, conclusion: outcome.conclusion, operator: call.person, startedAt, finishedAt: clock.now(), basis: gathered.basis, content });
        const passed = outcome.conclusion !== 'unqualified';
        await tx.transfers.save({ ...stored, it: passed ? next : it }, input.seenVersion);
        tx.audit({ ...audit, detail: { ...audit.detail, conclusion: outcome.conclusion } });
        return { batch: it.id, state: passed ? next.state : it.state, reportNo, conclusion: outcome.conclusion, summary: outcome.summary, version: input.seenVersion + 1 };
      });
    },

    /** 提请审批: by the head of the unit, for secrets by the officer as well. */
    async approve(call: ServerCall, input: TransferApprove) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        if (stored.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { batch: it.id });
        const officer = it.level >= policy.officerFromLevel;
        // Tried before it is asked for, so that nobody signs what cannot be done.
        approve(it, { by: call.person, at: clock.now() }, 'asked', officer);
        const { gathered, checks } = await checksOf(tx, stored, true, call);
        requireChecked(checks, 'approve');
        const counterpart = await tx.counterparts.get(it.plan.counterpart);
        const carrier = it.plan.carrier === null ? undefined : await tx.carriers.get(it.plan.carrier);
        const reason = plain(input.reason, '/reason');
        const decided: Decided = { batch: it.id, version: stored.version, basis: gathered.basis, officer, by: call.person };
        const { id, state } = await approvals.request(tx, call, {
          act: call.act, object: it.id, decided: { ...decided }, level: it.level, fonds: stored.fonds, seats: seats(officer),
          words: [
            `移交批次 ${it.number}：${it.plan.taskName}（${String(gathered.items.length)} 件，${await markOf(parts, tx, stored)}）`, `接收单位：${counterpart?.card.unit ?? ''}（设备 ${counterpart?.box ?? ''}）`,
            `介质：${carrier?.it.no ?? ''}${it.plan.device === null ? '' : `，专用设备 ${it.plan.device}`}；四性检测 ${'inspected' in it ? it.inspected.reportNo : ''}`, `事由：${reason}`,
          ],
        });
        return { batch: it.id, approval: id, approvalState: state };
      });
    },

    async withdraw(call: ServerCall, input: TransferWithdraw) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        if ((await tx.transfers.job(stored.it.id))?.state === 'running') throw new ArchiveError('E_STATE_INVALID', { state: 'sealing' }, [{ at: '', message: '正在封装，请待完成后再撤销' }]);
        const { next, audit } = withdraw(stored.it, { by: call.person, at: clock.now() }, plain(input.reason, '/reason'));
        await tx.transfers.save({ ...stored, it: next }, input.seenVersion);
        tx.audit(audit);
        return { batch: next.id, state: next.state };
      });
    },

    async close(call: ServerCall, input: TransferClose) {
      return store.write(call, async (tx) => {
        const stored = await found(tx, input.batch);
        const { next, audit } = close(stored.it, { by: call.person, at: clock.now() }, plain(input.note, '/note'));
        await tx.transfers.save({ ...stored, it: next }, input.seenVersion);
        tx.audit(audit);
        return { batch: next.id, state: next.state };
      });
    },
  };
}

/** A result names a record by its code or a file by its id: those of records that this person may not know are left out. */
function speakable(ref: string, known: readonly { readonly record: { readonly archivalCode: string | null; readonly electronicRecordCode: string }; readonly files: readonly { readonly id: string }[] }[], all: typeof known): boolean {
  const names = (one: (typeof known)[number]): boolean => one.record.archivalCode === ref || one.record.electronicRecordCode === ref || one.files.some(({ id }) => id === ref);
  return known.some(names) || !all.some(names);
}
