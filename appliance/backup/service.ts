import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import { canonicalBytes } from '../../core/canonical.js';
import type { Level, ReadTools, WriteTools } from '../../core/ports.js';
import type { BackupCreate, BackupKind, BackupFile as BackupPolicy, BackupList, BackupRegisterTarget, BackupRetireTarget, BackupVerify } from '../../policies/schemas/backup.js';
import { loadCarrier } from '../../secrecy/carrier.js';
import type { ApprovalService } from '../../secrecy/services/approvals.js';
import type { AlarmEngine } from '../alarms/engine.js';
import type { Box } from '../box.js';
import { SmCryptoVerifier } from '../crypto/sm-crypto-adapter.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import { createBackup, highest, leftByStop } from './create.js';
import type { BackupBox, Progress } from './create.js';
import { chainOf, folderName } from './manifest.js';
import { backupRows, type BackupRow } from './rows.js';
import { wipeSnapshots } from './snapshot.js';
import { apart, checkedTarget } from './targets.js';
import { againstLive, verifyBackup } from './verify.js';
import type { BackupFault } from './verify.js';

type WriteTx = Repositories & WriteTools;

export interface BackupParts {
  readonly box: BackupBox & Pick<Box, 'systemCall' | 'checkpoint' | 'entries'>;
  readonly policy: BackupPolicy;
  readonly approvals: ApprovalService<Repositories & WriteTools, Repositories & ReadTools>;
  readonly engine: Pick<AlarmEngine, 'signal' | 'provide'>;
  readonly nameOf: (person: string) => Promise<string>;
}

interface Work { readonly kind: 'create' | 'verify' | 'drill'; readonly backup: string; readonly progress: Progress; readonly ended: Promise<void> }
interface Decided { readonly target: string; readonly keyTarget: string | null; readonly kind: BackupKind }
/** Under whose word a backup is made: a signed approval of its own, or the plan in force. */
interface Under { readonly approval: string | null; readonly plan: string | null }

const BUSY: Readonly<Record<Work['kind'], string>> = { create: '正在备份，请待完成后再办', verify: '正在核对备份，请待完成后再办', drill: '正在演练恢复，请待完成后再办' };

/** 备份: targets, one backup or check at a time in the background, and what came of it. */
export function backupService(parts: BackupParts) {
  const { box, policy, approvals, engine } = parts;
  const { store, clock, ids } = box;
  let work: Work | undefined;
  let stopping = false;
  const lastFaults = new Map<string, readonly BackupFault[]>();
  engine.provide('backup');

  const idle = (): void => { if (work !== undefined) throw new ArchiveError('E_STATE_INVALID', { state: work.kind }, [{ at: '', message: BUSY[work.kind] }]); };
  const unlocked = (): void => { if (box.keys.state === 'locked') throw new ArchiveError('E_BOX_LOCKED'); };

  /** Runs one piece of work beside the requests. */
  function begin(kind: Work['kind'], backup: string, run: (progress: Progress) => Promise<void>): void {
    const progress: Progress = { done: 0, total: 0, reused: 0 };
    const ended = Promise.resolve().then(async () => run(progress)).catch(() => undefined).finally(() => { work = undefined; });
    work = { kind, backup, progress, ended };
  }

  async function placeOf(tx: Pick<Repositories, 'sql'>, id: string): Promise<string> {
    const row = await backupRows(tx.sql).target(id);
    if (row === undefined || row.retired_at !== null) throw new ArchiveError('E_NOT_FOUND', { target: id });
    return checkedTarget(row.path, box.paths.root, policy);
  }

  /** A restored box counts from where the backup left off: numbers that the media already carry are passed over. */
  async function nextNumber(tx: Pick<Repositories, 'sql'>, folders: readonly string[]): Promise<string> {
    const year = clock.today().slice(0, 4);
    let last = await backupRows(tx.sql).lastOf(year);
    for (const folder of folders) {
      for (const name of await readdir(folder)) {
        if (name.startsWith(`${box.identity.serial}-BF-${year}-`)) last = Math.max(last, Number(name.slice(`${box.identity.serial}-BF-${year}-`.length).slice(0, 4)) || 0);
      }
    }
    return `BF-${year}-${String(last + 1).padStart(4, '0')}`;
  }

  async function start(tx: WriteTx, person: string, decided: Decided, { approval, plan }: Under): Promise<{ readonly backup: string; readonly number: string }> {
    idle();
    unlocked();
    const target = await placeOf(tx, decided.target);
    const keyTarget = decided.keyTarget === null ? null : await placeOf(tx, decided.keyTarget);
    if (keyTarget !== null) apart(target, keyTarget);
    await loaded(tx, decided.target);
    const number = await nextNumber(tx, [target, ...(keyTarget === null ? [] : [keyTarget])]);
    const id = ids.uuid();
    await backupRows(tx.sql).begin({ id, number, target: decided.target, key_target: decided.keyTarget, started_by: person, started_at: clock.now(), approval, kind: decided.kind, plan });
    tx.audit({ action: 'backup.create', object: id, objectType: 'backup', ...(approval === null ? {} : { approval }), detail: { number, kind: decided.kind, plan, target: decided.target, keyTarget: decided.keyTarget } });
    tx.afterCommit(async () => {
      idle();
      begin('create', id, async (progress) => create({ id, number, target, keyTarget, incremental: decided.kind === 'incremental' }, progress));
      return Promise.resolve();
    });
    return { backup: id, number };
  }

  /** A target that is a registered carrier takes nothing above its cap, and its card shows what it carries from now on. */
  async function loaded(tx: WriteTx, id: string): Promise<void> {
    const carrier = (await backupRows(tx.sql).target(id))?.carrier;
    const one = carrier == null ? undefined : await tx.carriers.get(carrier);
    if (one === undefined) return;
    const { level } = await highest(box, tx.sql);
    const it = loadCarrier(one.it, level);
    if (it.level === one.it.level && it.maxLevelEver === one.it.maxLevelEver) return;
    await tx.carriers.save({ ...one, it }, one.version);
  }

  async function create({ id, number, target, keyTarget, incremental }: { readonly id: string; readonly number: string; readonly target: string; readonly keyTarget: string | null; readonly incremental: boolean }, progress: Progress): Promise<void> {
    try {
      await box.checkpoint();
      const made = await createBackup(box, { number, target, keyTarget, incremental }, progress, () => stopping);
      await store.write(box.systemCall('backup.create'), async (tx) => {
        await tx.allow();
        await backupRows(tx.sql).done(id, made, clock.now());
        tx.audit({ action: 'backup.finish', object: id, objectType: 'backup', objectLevel: made.level, detail: { number, kind: made.kind, chain: made.chain, manifest: made.manifest, objects: made.objects, reused: made.reused, ledgerSize: made.ledgerSize, keys: keyTarget !== null } });
      });
      await engine.signal('backup', false);
    } catch (error) {
      await failed(id, number, codeOf(error));
    }
  }

  /** 中断的备份: where its folder of contents has its name all of it lies there, and it is entered as done; otherwise nothing of it stays. */
  async function settle(row: BackupRow): Promise<void> {
    const pathOf = async (id: string | null): Promise<string | null> => (id === null ? null : (await backupRows(box.reader).target(id))?.path ?? null);
    const [target, keyTarget] = [await pathOf(row.target), await pathOf(row.key_target)];
    const manifest = await leftByStop(box.identity.serial, row.number, target, keyTarget);
    if (manifest === undefined || target === null) { await failed(row.id, row.number, 'E_BACKUP_INTERRUPTED'); return; }
    const digest = Buffer.from(box.sm3(canonicalBytes(manifest))).toString('hex');
    const chain = chainOf(manifest);
    await store.write(box.systemCall('backup.create'), async (tx) => {
      await tx.allow();
      const made = { kind: manifest.inherited === undefined ? 'full' as const : 'incremental' as const, chain, level: manifest.level as Level, mark: manifest.mark, objects: manifest.objects.count, bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0), manifest: digest, ledgerSize: manifest.ledger.size };
      await backupRows(tx.sql).done(row.id, made, clock.now());
      tx.audit({ action: 'backup.finish', object: row.id, objectType: 'backup', objectLevel: made.level, detail: { number: row.number, kind: made.kind, chain, manifest: digest, objects: made.objects, found: true } });
    });
  }

  /** Folders of a backup, by the targets of the register. */
  async function foldersOf(row: Pick<BackupRow, 'target' | 'key_target' | 'number'>): Promise<{ readonly content: string; readonly keys: string | null }> {
    const at = async (id: string): Promise<string> => (await backupRows(box.reader).target(id))?.path ?? '';
    return {
      content: path.join(await at(row.target), folderName(box.identity.serial, row.number, 'content')),
      keys: row.key_target === null ? null : path.join(await at(row.key_target), folderName(box.identity.serial, row.number, 'keys')),
    };
  }

  async function failed(id: string, number: string, reason: string): Promise<void> {
    await store.write(box.systemCall('backup.create'), async (tx) => {
      await tx.allow();
      await backupRows(tx.sql).failed(id, reason, clock.now());
      tx.audit({ action: 'backup.finish', object: id, objectType: 'backup', result: 'failed', reason, detail: { number } });
    });
    await engine.signal('backup', true, { number, reason });
  }

  async function verify(id: string, number: string, folders: readonly string[]): Promise<void> {
    const two = { native: box.crypto, second: new SmCryptoVerifier() };
    const faults: BackupFault[] = [];
    let reason: string | null = null;
    try {
      for (const folder of folders) {
        const verdict = await verifyBackup(folder, { two, anchor: box.keys.identity.authority, stopping: () => stopping });
        faults.push(...verdict.faults, ...verdict.valid ? await againstLive(verdict, box.paths.root, two) : []);
      }
    } catch (error) {
      reason = codeOf(error);
      if (reason === 'E_BACKUP_INTERRUPTED') return;
      faults.push({ file: '', text: '读不到备份：介质未挂载或目录已移走' });
    }
    lastFaults.set(id, faults.slice(0, 100));
    await store.write(box.systemCall('backup.verify'), async (tx) => {
      await tx.allow();
      await backupRows(tx.sql).verified(id, faults.length, clock.now());
      tx.audit({ action: 'backup.verified', object: id, objectType: 'backup', ...(faults.length === 0 ? {} : { result: 'failed' as const, reason: reason ?? 'E_BACKUP_INVALID' }), detail: { number, faults: faults.length } });
    });
    if (faults.length > 0) await engine.signal('backup', true, { number, faults: faults.length });
  }

  approvals.carries('backup.create', async (tx, _call, granted, decided) => { await start(tx, granted.requestedBy.person, decided as unknown as Decided, { approval: granted.id, plan: null }); });

  return {
    /** What was under way when the box stopped did not come to its end, and says so. */
    async begin(): Promise<void> {
      if (work !== undefined) return;
      await wipeSnapshots(box.paths);
      if (box.keys.state === 'locked') return;
      for (const row of await backupRows(box.reader).running()) await settle(row);
    },
    async stop(): Promise<void> {
      stopping = true;
      await work?.ended;
    },
    busy: (): boolean => work !== undefined,
    /** Begins a backup that the plan in force asks for; its adoption was signed by two. */
    planned: async (decided: Decided, plan: string, person: string): Promise<void> => {
      await store.write(box.systemCall('backup.create'), async (tx) => {
        await tx.allow();
        await start(tx, person, decided, { approval: null, plan });
      });
    },
    /** Another piece of work in the same single place: 恢复演练. */
    alone(id: string, run: (progress: Progress, stopping: () => boolean) => Promise<void>): void {
      idle();
      begin('drill', id, async (progress) => run(progress, () => stopping));
    },
    idle,
    foldersOf,
    /** For tests and the close of the box. */
    settled: async (): Promise<void> => { await work?.ended; },

    async list(call: ServerCall, { page = 1, size = 20 }: BackupList) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const register = backupRows(tx.sql);
        const { rows, total } = await register.list((page - 1) * size, size);
        return {
          targets: await Promise.all((await register.targets()).map(async (row) => ({ id: row.id, name: row.name, path: row.path, mediumType: row.medium_type, registeredAt: row.registered_at, there: (await stat(row.path).catch(() => undefined))?.isDirectory() ?? false }))),
          work: work === undefined ? null : { kind: work.kind, backup: work.backup, done: work.progress.done, total: work.progress.total },
          page, size, total,
          rows: await Promise.all(rows.map(async (row) => ({
            id: row.id, number: row.number, kind: row.kind, chain: JSON.parse(row.chain) as string[], planned: row.plan !== null, target: row.target_name, keyTarget: row.key_target_name, state: row.state, level: row.level, mark: row.mark, objects: row.objects, bytes: row.bytes, manifest: row.manifest,
            ledgerSize: row.ledger_size, startedBy: await parts.nameOf(row.started_by), startedAt: row.started_at, endedAt: row.ended_at, failure: row.failure, verifiedAt: row.verified_at, faults: row.faults, found: lastFaults.get(row.id) ?? [],
          }))),
        };
      });
    },

    async registerTarget(call: ServerCall, input: BackupRegisterTarget) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const folder = await checkedTarget(input.path, box.paths.root, policy);
        const register = backupRows(tx.sql);
        if (await register.named(input.name)) throw new ArchiveError('E_DUPLICATE', {}, [{ at: '/name', message: '已有同名的备份目标' }]);
        const carrier = input.carrierNo === undefined ? null : await tx.carriers.byNo(input.carrierNo);
        if (carrier === undefined) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: '/carrierNo', message: '载体台账中没有这个编号，请先登记载体' }]);
        const id = ids.uuid();
        await register.addTarget({ id, name: input.name, path: folder, registered_by: call.person, registered_at: clock.now(), retired_at: null, medium_type: input.mediumType ?? 'magnetic', carrier: carrier?.it.id ?? null });
        tx.audit({ action: call.act, object: id, objectType: 'backup-target' });
        return { target: id };
      });
    },

    async retireTarget(call: ServerCall, { target }: BackupRetireTarget) {
      return store.write(call, async (tx) => {
        await tx.allow();
        if ((await backupRows(tx.sql).retire(target, clock.now())) !== 1) throw new ArchiveError('E_NOT_FOUND', { target });
        tx.audit({ action: call.act, object: target, objectType: 'backup-target' });
        return { target };
      });
    },

    /** 备份; contents with state secrets and their keys leave the box together only when a second officer signs. */
    async create(call: ServerCall, input: BackupCreate) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const decided: Decided = { target: input.target, keyTarget: input.keyTarget ?? null, kind: input.kind ?? 'full' };
        const { level } = await highest(box, tx.sql);
        if (decided.keyTarget === null || level < policy.twoPersonFromLevel) return { approval: null, ...await start(tx, call.person, decided, { approval: null, plan: null }) };
        idle();
        unlocked();
        apart(await placeOf(tx, decided.target), await placeOf(tx, decided.keyTarget));
        const register = backupRows(tx.sql);
        const [target, keyTarget] = [await register.target(decided.target), await register.target(decided.keyTarget)];
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: decided.target, decided: { ...decided },
          words: [`备份到「${target?.name ?? ''}」，密钥部分到「${keyTarget?.name ?? ''}」`, '所备份的档案含国家秘密；内容与密钥均为密文，恢复须凭密钥分量', '签署后立即开始备份；两份介质须分人、分处保管并登记'],
        });
        return { approval: id, backup: null, number: null };
      });
    },

    async verify(call: ServerCall, input: BackupVerify) {
      return store.write(call, async (tx) => {
        await tx.allow();
        idle();
        const row = await backupRows(tx.sql).get(input.backup);
        if (row === undefined) throw new ArchiveError('E_NOT_FOUND', { backup: input.backup });
        if (row.state !== 'done') throw new ArchiveError('E_STATE_INVALID', { state: row.state }, [{ at: '/backup', message: '只有做完的备份可以核对' }]);
        const { content, keys } = await foldersOf(row);
        const folders = keys === null ? [content] : [content, keys];
        tx.audit({ action: call.act, object: row.id, objectType: 'backup', detail: { number: row.number } });
        tx.afterCommit(async () => {
          idle();
          begin('verify', row.id, async () => verify(row.id, row.number, folders));
          return Promise.resolve();
        });
        return { backup: row.id };
      });
    },
  };
}

export type BackupService = ReturnType<typeof backupService>;

const codeOf = (error: unknown): string => (error instanceof ArchiveError ? error.code : error instanceof Error && 'code' in error && error.code === 'ENOSPC' ? 'E_BACKUP_FULL' : 'E_INTERNAL');
