import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import type { Call, Instant } from '../../core/ports.js';
import { requireTransfer, seal } from '../../core/transfer.js';
import type { Approved, SealedPackage, TransferVolume } from '../../core/transfer.js';
import { requireChecked, transferChecks } from '../../core/transfer-checklist.js';
import type { TransferSeal } from '../../policies/schemas/transfer.js';
import { loadCarrier } from '../../secrecy/carrier.js';
import { checkedTarget } from '../backup/targets.js';
import { removeFile, removeFolder } from '../content/file-ops.js';
import { certificatesOfCard } from '../counterparts/card.js';
import { parseCertificate } from '../crypto/certificate.js';
import type { DeviceService } from '../devices/service.js';
import type { PackageRoom } from '../packages/compose.js';
import type { EnvelopeSealing, PackagePlan } from '../packages/port.js';
import type { ServerCall } from '../call.js';
import { repositories } from '../store/repositories/index.js';
import type { SealJob, SealOrder, StoredTransfer } from '../store/repositories/transfers.js';
import type { Gathered } from './gathering.js';
import { codeOf } from './lists.js';
import { packagePlan } from './package-plan.js';
import { found } from './parts.js';
import type { Tx, TransferParts, WriteTx } from './parts.js';

export interface SealingParts extends TransferParts {
  readonly packages: Pick<PackageRoom, 'writePackage' | 'sealPackage'>;
  readonly devices: Pick<DeviceService, 'prove'>;
}
export interface SealProgress { done: number; total: number; phase: 'gathering' | 'writing' | 'finishing' }

/** A job that dies with the box again and again is not begun for ever. */
const ATTEMPTS = 5;
const DAY_MS = 86_400_000;
class Stopping extends Error {}

/** 封装: one job a batch, beside the requests; a box that was killed begins it again from nothing, and nothing half written stays. */
export function sealingService(parts: SealingParts) {
  const { box, clock, ids, policy } = parts;
  const { store } = box;
  const active = new Map<string, { readonly progress: SealProgress; readonly ended: Promise<void> }>();
  let stopping = false;

  async function target(directory: string): Promise<string> {
    try {
      return await checkedTarget(directory, box.paths.root, box.policies.content('backup.json'));
    } catch (error) {
      if (!(error instanceof ArchiveError) || error.code !== 'E_BACKUP_TARGET') throw error;
      throw new ArchiveError('E_TRANSFER_TARGET', {}, error.details.map(({ message }) => ({ at: '/directory', message })));
    }
  }

  const call = (): Call => box.systemCall('transfer.seal');
  const sealedFor = (plan: Pick<PackagePlan, 'level'>): boolean => plan.level >= policy.sealedFromLevel;

  function begin(batch: string): void {
    if (active.has(batch) || stopping) return;
    const progress: SealProgress = { done: 0, total: 0, phase: 'gathering' };
    const ended = Promise.resolve().then(async () => run(batch, progress)).catch(() => undefined).finally(() => { active.delete(batch); });
    active.set(batch, { progress, ended });
  }

  async function run(batch: string, progress: SealProgress): Promise<void> {
    const job = await repositoriesOf().transfers.job(batch);
    if (job?.state !== 'running') return;
    try {
      if (job.attempts > ATTEMPTS) throw new ArchiveError('E_INTERNAL', { attempts: job.attempts });
      const made = await write(job, progress);
      progress.phase = 'finishing';
      await store.write(call(), async (tx) => { await tx.allow(); await finish(tx, job, made); });
    } catch (error) {
      if (stopping || error instanceof Stopping) return;
      await clear(job.order);
      await failed(job, error instanceof ArchiveError ? error.code : 'E_INTERNAL');
    }
  }

  /** Over the reader, for what flows while no unit of work is open. */
  const repositoriesOf = () => repositories(box.reader, box.sealing, async () => Promise.resolve());

  async function write(job: SealJob, progress: SealProgress): Promise<Omit<SealedPackage, 'by' | 'at'>> {
    const { order } = job;
    const directory = await target(order.directory);
    await clear(order);
    const tx = repositoriesOf();
    const { stored, gathered } = await approved(tx, job.batch, false);
    const plan = metered(await packagePlan(box, tx, stored, gathered, order, parts.nameOf), progress);
    progress.phase = 'writing';
    const wish = order.volumeBytes === null ? {} : { volumeBytes: order.volumeBytes };
    const volumes: TransferVolume[] = sealedFor(plan)
      ? (await parts.packages.sealPackage(plan, directory, await envelopes(tx, stored, order), wish)).map(({ volume, envelope }) => ({ name: path.basename(envelope.path), envelope: envelope.label.envelope, digest: envelope.digest, manifestDigest: volume.manifest, bytes: envelope.bytes, records: volume.items }))
      : (await parts.packages.writePackage(plan, directory, wish)).map((volume) => ({ name: volume.folder, envelope: null, digest: volume.manifest, manifestDigest: volume.manifest, bytes: volume.bytes, records: volume.items }));
    return { packageNo: order.packageNo, handoverNo: order.handoverNo, volumes, records: plan.records.length, files: plan.records.reduce((sum, { files }) => sum + files.length, 0), bytes: volumes.reduce((sum, one) => sum + one.bytes, 0) };
  }

  /** The batch as it was approved, with nothing missing: looked at when the job begins and again when it ends. */
  async function approved(tx: Tx | WriteTx | ReturnType<typeof repositoriesOf>, batch: string, writing: boolean): Promise<{ readonly stored: StoredTransfer & { readonly it: Approved }; readonly gathered: Gathered }> {
    const stored = await tx.transfers.get(batch);
    if (stored?.it.state !== 'approved') throw new ArchiveError('E_STATE_INVALID', { batch, state: stored?.it.state ?? null });
    const gathered = await parts.gather(tx, stored, writing);
    requireChecked(transferChecks(gathered.facts, policy), 'seal');
    return { stored: { ...stored, it: stored.it }, gathered };
  }

  async function envelopes(tx: ReturnType<typeof repositoriesOf>, { it }: StoredTransfer, order: SealOrder): Promise<(volume: number) => EnvelopeSealing> {
    const counterpart = await tx.counterparts.get(it.plan.counterpart);
    const device = it.plan.device === null ? undefined : await tx.devices.byNo(it.plan.device);
    if (counterpart === undefined) throw new ArchiveError('E_COUNTERPART_NOT_IN_FORCE');
    if (device === undefined) throw new ArchiveError('E_DEVICE_NOT_CERTIFIED', { why: 'unknown' });
    const { authority, encryption } = certificatesOfCard(counterpart.card);
    const certificate = parseCertificate(device.certificate);
    const sealedAt = clock.now();
    const validUntil: Instant = [new Date(Date.parse(sealedAt) + policy.envelopeValidDays * DAY_MS).toISOString(), counterpart.validUntil, certificate.notAfter].sort()[0] ?? sealedAt;
    return () => ({
      envelopeId: ids.uuid(), sealedAt, validUntil, handoverNo: order.handoverNo, sender: box.identity,
      receiver: { serial: counterpart.box, chain: [encryption], anchor: authority, systemLevel: counterpart.card.systemLevel },
      device: { no: device.no, certificate, certifiedLevel: device.certifiedLevel, validTo: device.certValidTo },
    });
  }

  function metered(plan: PackagePlan, progress: SealProgress): PackagePlan {
    progress.total = plan.records.reduce((sum, { files }) => sum + files.reduce((all, one) => all + one.bytes, 0), 0);
    return {
      ...plan,
      records: plan.records.map((record) => ({
        ...record, files: record.files.map((file) => ({
          ...file,
          async* open() {
            for await (const piece of file.open()) {
              if (stopping) throw new Stopping();
              progress.done += piece.length;
              yield piece;
            }
          },
        })),
      })),
    };
  }

  /** What a dead or failed job left on the medium under its own number, and nothing else. */
  async function clear({ directory, packageNo }: SealOrder): Promise<void> {
    const names = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of names) {
      if (!entry.name.startsWith(packageNo) || !/^(-\d{2,})?(\.envelope)?(\.part)?(\.[a-z]+)?$/u.test(entry.name.slice(packageNo.length))) continue;
      if (entry.isDirectory()) await removeFolder(path.join(directory, entry.name));
      else await removeFile(path.join(directory, entry.name));
    }
  }

  async function finish(tx: WriteTx, job: SealJob, made: Omit<SealedPackage, 'by' | 'at'>): Promise<void> {
    const { stored, gathered } = await approved(tx, job.batch, true);
    const at = clock.now();
    const { next, audit } = seal(stored.it, { ...made, by: job.order.person, at });
    await tx.transfers.save({ ...stored, it: next }, stored.version);
    await tx.transfers.putJob({ ...job, state: 'done', endedAt: at }, next.level);
    const carrier = next.plan.carrier === null ? undefined : await tx.carriers.get(next.plan.carrier);
    if (carrier !== undefined) {
      const records = gathered.items.map(({ record }) => record.id);
      const loaded = { ...carrier, it: loadCarrier(carrier.it, gathered.facts.level) };
      await tx.carriers.save(loaded, carrier.version);
      await tx.carriers.put(carrier.it.id, records, at, job.order.person, 'use');
      await tx.carriers.note(loaded, { at, by: job.order.person, event: 'load', approval: next.approved.approval, told: { reason: `移交包 ${made.packageNo}`, count: records.length } });
      for (const one of await box.containers.put(tx.sql, { kind: 'medium', id: carrier.it.id }, records.map((id) => ({ kind: 'record', id })), at)) tx.audit(one);
    }
    tx.audit({ ...audit, action: 'transfer.sealed', detail: { ...audit.detail, by: job.order.person, records: gathered.items.map(({ record }) => codeOf(record)) } });
  }

  async function failed(job: SealJob, reason: string): Promise<void> {
    await store.write(call(), async (tx) => {
      await tx.allow();
      const stored = await tx.transfers.get(job.batch);
      await tx.transfers.putJob({ ...job, state: 'failed', endedAt: clock.now(), reason }, stored?.it.level ?? 4);
      tx.audit({ action: 'transfer.sealed', object: job.batch, objectType: 'transfer', objectLevel: stored?.it.level ?? 4, result: 'failed', reason, detail: { packageNo: job.order.packageNo } });
    });
  }

  return {
    progress: (batch: string): SealProgress | null => { const one = active.get(batch); return one === undefined ? null : { ...one.progress }; },
    /** For tests and the close of the box. */
    async settled(): Promise<void> { await Promise.all([...active.values()].map(async ({ ended }) => ended)); },

    async seal(asked: ServerCall, input: TransferSeal) {
      return store.write(asked, async (tx) => {
        const stored = await found(tx, input.batch);
        const { it } = stored;
        if (stored.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { batch: it.id });
        if (active.has(it.id) || (await tx.transfers.job(it.id))?.state === 'running') throw new ArchiveError('E_STATE_INVALID', { state: 'sealing' }, [{ at: '', message: '正在封装，请待完成' }]);
        const { facts } = await parts.gather(tx, stored, true);
        // Everything missing is named, whatever the state: that is what the checklist is for.
        requireChecked(transferChecks(facts, policy), 'seal');
        requireTransfer(it, 'seal');
        const directory = await target(input.directory);
        if (it.plan.device !== null && facts.level >= policy.deviceFromLevel) {
          if (input.proof === undefined) throw new ArchiveError('E_DEVICE_PROOF', { why: 'missing' }, [{ at: '/proof', message: '请接入专用设备并完成核验' }]);
          const device = await parts.devices.prove(tx, asked, { no: it.plan.device, ...input.proof, level: facts.level });
          await tx.devices.used(device.id, clock.now());
        }
        const stamp = `${clock.today().slice(0, 4)}-${clock.today().slice(5).replaceAll('-', '')}-`;
        const packageNo = await drawNumber(ids, `YJB-${stamp}`, async (no) => tx.transfers.named('package_no', no));
        const handoverNo = await drawNumber(ids, `JJ-${stamp}`, async (no) => tx.transfers.named('handover_no', no));
        const order: SealOrder = { directory, encoding: input.encoding, form: input.form, capacity: input.capacity, volumeBytes: input.volumeBytes ?? null, packageNo, handoverNo, person: asked.person, duty: asked.duty };
        await tx.transfers.putJob({ batch: it.id, state: 'running', startedAt: clock.now(), endedAt: null, reason: null, attempts: 1, order }, it.level);
        tx.audit({ action: asked.act, object: it.id, objectType: 'transfer', objectLevel: it.level, detail: { number: it.number, packageNo, device: it.plan.device } });
        tx.afterCommit(async () => { begin(it.id); return Promise.resolve(); });
        return { batch: it.id, packageNo, handoverNo };
      });
    },

    /** What was under way when the box stopped is begun again. Needs the keys. */
    async resume(): Promise<void> {
      if (box.keys.state === 'locked') return;
      for (const job of await repositoriesOf().transfers.running()) {
        if (active.has(job.batch)) continue;
        await store.write(call(), async (tx) => {
          await tx.allow();
          const stored = await tx.transfers.get(job.batch);
          await tx.transfers.putJob({ ...job, attempts: job.attempts + 1 }, stored?.it.level ?? 4);
          tx.audit({ action: 'transfer.resume', object: job.batch, objectType: 'transfer', objectLevel: stored?.it.level ?? 4, detail: { attempts: job.attempts + 1 } });
        });
        begin(job.batch);
      }
    },
    async stop(): Promise<void> {
      stopping = true;
      await Promise.all([...active.values()].map(async ({ ended }) => ended));
    },
  };
}
export type SealingService = ReturnType<typeof sealingService>;
