/** 执行、复核、立碑: what the box does once the order is signed, beside the requests, and goes on with after every start. */
import { outcomeOf, requireSettled, nextDestruction, type DestructionBatch, type ErasureStep } from '../../core/destruction.js';
import { ArchiveError } from '../../core/errors.js';
import type { StoredRecord } from '../../core/holdings.js';
import { destroy, type PendingDestruction } from '../../core/record.js';
import type { DestructionPolicy } from '../../policies/schemas/destruction.js';
import type { Check, DestructionOrder } from '../../secrecy/erasure.js';
import type { Repositories } from '../store/repositories/index.js';
import { wipePruning } from './backups.js';
import { eraser, type ErasingBox } from './eraser.js';
import { lookForRemains } from './look.js';
import { certificateText, tombstoneOf } from './papers.js';
import { backupCopies, targetPaths } from './plan.js';
import { replayDestroyed } from './replay.js';
import { destructionRows, type StoredDestruction } from './rows.js';

export interface WorkParts {
  readonly box: ErasingBox;
  readonly policy: DestructionPolicy;
  readonly searchedKeys: readonly string[];
  readonly late: (error: unknown) => void;
}

/** What was found wrong at the last look, by batch; told to those who may see the batch. */
export interface Progress { readonly running: boolean; readonly done: number; readonly total: number; readonly checks: readonly Check[] }

export const lifeOf = (record: StoredRecord): PendingDestruction => ({
  state: 'pending_destruction', id: record.id, captured: { by: record.owner, at: record.capturedAt }, legalHold: record.legalHold,
  filing: { by: record.owner, at: record.filedAt ?? record.capturedAt, archivalCode: record.archivalCode ?? '', sequence: record.sequence ?? 0 },
  appraisal: { by: record.owner, at: record.filedAt ?? record.capturedAt, batch: record.appraisal ?? '' }, order: record.destructionOrder ?? '',
});

export function destructionWork({ box, policy, searchedKeys, late }: WorkParts) {
  const { store, clock, sealing, reader } = box;
  const engine = eraser(box, policy);
  const running = new Map<string, Promise<void>>();
  const looks = new Map<string, readonly Check[]>();
  let stopping = false;
  const system = (act = 'destruction.execute') => box.systemCall(act);
  const rows = () => destructionRows(reader, sealing);

  const recordsOf = async (tx: Pick<Repositories, 'records'>, ids: readonly string[]): Promise<StoredRecord[]> => {
    const found: StoredRecord[] = [];
    for (const id of ids) {
      const record = await tx.records.get(id);
      if (record === undefined) throw new ArchiveError('E_NOT_FOUND', { record: id });
      found.push(record);
    }
    return found;
  };

  async function batchOf(id: string): Promise<StoredDestruction> {
    const stored = await rows().get(id);
    if (stored === undefined) throw new ArchiveError('E_NOT_FOUND', { destruction: id });
    return stored;
  }

  /** Backups that were made or came into reach since the plan was drawn up have their own steps. */
  async function widen(it: DestructionBatch, steps: readonly ErasureStep[]): Promise<readonly ErasureStep[]> {
    const contents = await reader.all<{ storedAt: string }>(`SELECT stored_at AS storedAt FROM stored_object WHERE id IN (SELECT ref FROM destruction_step WHERE destruction = $1 AND place = 'key')`, it.id);
    const missing = (await backupCopies(reader, box.identity.serial, contents)).filter(({ place, ref }) => !steps.some((step) => step.place === place && step.ref === ref));
    if (missing.length === 0) return steps;
    await store.write(system(), async (tx) => {
      await tx.allow();
      const last = Math.max(...steps.map(({ seq }) => seq));
      for (const [n, { place, ref }] of missing.entries()) await destructionRows(tx.sql, sealing).addStep(it.id, { id: box.ids.uuid(), seq: last + n + 1, place, ref, record: null, state: 'open', before: null, told: null, at: null, settlement: null });
      tx.audit({ action: 'destruction.erase', object: it.id, objectType: 'destruction', detail: { more: missing.length } });
    });
    return rows().steps(it.id);
  }

  async function move(id: string, event: 'fail' | 'resume', detail: Readonly<Record<string, unknown>>): Promise<void> {
    await store.write(system(), async (tx) => {
      await tx.allow();
      const kept = destructionRows(tx.sql, sealing);
      const stored = await kept.get(id);
      if (stored === undefined) throw new ArchiveError('E_NOT_FOUND', { destruction: id });
      await kept.save({ ...stored, it: { ...stored.it, state: nextDestruction(stored.it.state, event) } }, stored.version);
      tx.audit({ action: `destruction.${event}`, object: id, objectType: 'destruction', objectLevel: stored.level, ...(event === 'fail' ? { result: 'failed' as const, reason: 'E_INTERNAL' } : {}), detail });
    });
  }

  async function lookAt(it: DestructionBatch, steps: readonly ErasureStep[]): Promise<readonly Check[]> {
    const records = await store.read(system('destruction.verify'), async (tx) => { await tx.allow(); return recordsOf(tx, await destructionRows(tx.sql, sealing).records(it.id)); });
    return lookForRemains(box, { records, steps, searchedKeys, targets: await targetPaths(reader) });
  }

  async function run(id: string): Promise<void> {
    const { it } = await batchOf(id);
    if (it.state !== 'executing') return;
    const records = await rows().records(id);
    const steps = await widen(it, await rows().steps(id));
    const after = await engine.run(it, steps, records, (_step, error) => { late(error); });
    const outcome = outcomeOf(after);
    if (outcome === 'residue' || outcome === 'open') return;
    if (outcome === 'failed') { await move(id, 'fail', { failed: after.filter(({ state }) => state === 'failed').length }); return; }
    const checks = await lookAt(it, after);
    looks.set(id, checks);
    if (checks.some(({ passed }) => !passed)) {
      await reopen(after);
      await move(id, 'fail', { checks: checks.filter(({ passed }) => !passed).map(({ what }) => what) });
      return;
    }
    await bury(id, after, checks);
  }

  /** 失败回到第 3 步: what the box itself erases is erased again. */
  async function reopen(steps: readonly ErasureStep[]): Promise<void> {
    const again = steps.filter(({ place, state }) => state === 'done' && policy.places.some((one) => one.key === place && one.reachable));
    await store.housekeep(async (sql) => { for (const step of again) await destructionRows(sql, sealing).saveStep({ ...step, state: 'open' }, 'done'); });
  }

  /** Tombstones, the records' last state and the certificate: one transaction, or none of it. */
  async function bury(id: string, steps: readonly ErasureStep[], checks: readonly Check[]): Promise<void> {
    requireSettled(steps);
    const { name, inPlace } = await engine.fileSystem();
    const sm3 = box.sm3;
    await store.write(system(), async (tx) => {
      await tx.allow();
      const kept = destructionRows(tx.sql, sealing);
      const stored = await kept.get(id);
      if (stored?.it.state !== 'executing' || stored.it.order === null) return;
      const { it } = stored;
      const order = JSON.parse(it.order ?? '') as DestructionOrder;
      const at = clock.now();
      const buried: { record: string; text: string }[] = [];
      for (const record of await recordsOf(tx, await kept.records(id))) {
        const { next, audit } = destroy(lifeOf(record), { by: it.executor, at });
        await tx.records.addEvent(record.id, { activity: 'destroy', at, person: it.executor, duty: null, mandate: '办法第三十九条', detail: { batch: it.number } });
        await tx.records.save({ ...record, state: next.state }, record.version);
        const item = order.items.find((one) => one.record === record.id);
        const tombstone = tombstoneOf(sm3, box.identity, record, await tx.records.events(record.id), {
          contents: (item?.contents ?? []).map(({ bytes, sm3: digest }) => ({ bytes, sm3: digest })), appraisal: item?.appraisal ?? null, batch: it.number, destroyedAt: at, applicant: it.applicant,
          approval: it.approval, executor: it.executor, supervisors: it.supervisors, places: [...new Set(steps.filter((step) => step.record === null || step.record === record.id).map(({ place }) => place))], origin: 'destroyed',
        });
        await kept.bury(record.id, it.number, at, tombstone);
        buried.push({ record: record.id, text: tombstone.statement });
        tx.audit({ ...audit, objectLevel: record.level, ...(it.approval === null ? {} : { approval: it.approval }), detail: { ...audit.detail, tombstone: buried.at(-1)?.text === undefined ? null : Buffer.from(sm3(Buffer.from(tombstone.statement))).toString('hex') } });
      }
      const list = await tx.sql.one<{ first: number; last: number }>('SELECT min(seq) AS first, max(seq) AS last FROM destroyed_object WHERE batch = $1', it.number);
      const text = certificateText(sm3, box.identity, it, { level: stored.level, steps, checks, verifiedAt: at, fileSystem: `${name === '' ? '未识别' : name}${inPlace ? '（就地写入）' : '（不保证就地写入）'}`, destroyedList: [list?.first ?? 0, list?.last ?? 0], tombstones: buried });
      await kept.save({ ...stored, it: { ...it, state: nextDestruction(it.state, 'verify'), verifiedAt: at, certificate: text, boxSignature: Buffer.from(box.identity.sign(Buffer.from(text))).toString('base64') } }, stored.version);
      tx.audit({ action: 'destruction.verify', object: id, objectType: 'destruction', objectLevel: stored.level, detail: { number: it.number, records: buried.length, places: steps.length, certificate: Buffer.from(sm3(Buffer.from(text))).toString('hex') } });
    });
  }

  /** One run a batch at a time, beside the requests. */
  function start(id: string): Promise<void> {
    const under = running.get(id);
    if (under !== undefined || stopping) return under ?? Promise.resolve();
    const begun = Promise.resolve().then(async () => run(id)).catch(late).finally(() => { running.delete(id); });
    running.set(id, begun);
    return begun;
  }

  return {
    start, recordsOf, lookAt,
    async progress(id: string): Promise<Progress> {
      const steps = await rows().steps(id);
      return { running: running.has(id), done: steps.filter(({ state }) => state === 'done' || state === 'settled').length, total: steps.length, checks: looks.get(id) ?? [] };
    },
    /** 恢复执行 after a fault. */
    resume: async (id: string): Promise<void> => {
      if ((await batchOf(id)).it.state === 'partial_failed') await move(id, 'resume', {});
      void start(id);
    },
    /** At every start and unlocking: what a restore learned is carried out, and what was under way goes on. */
    async begin(): Promise<void> {
      if (box.keys.state === 'locked') return;
      await wipePruning(box.paths);
      await replayDestroyed(box);
      for (const id of await rows().underWay()) void start(id);
    },
    settled: async (): Promise<void> => { await Promise.all([...running.values()]); },
    async stop(): Promise<void> {
      stopping = true;
      await Promise.all([...running.values()]);
    },
    residueDue: async (): Promise<number> => rows().residueDue(clock.today()),
  };
}
export type DestructionWork = ReturnType<typeof destructionWork>;
