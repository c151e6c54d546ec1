import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { canonicalBytes } from '../../core/canonical.js';
import { formatCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import { signCheckpoint } from '../audit/checkpoints.js';
import type { Box } from '../box.js';
import { copyNew, exists, linkNew, makeFolder, moveFile, removeFolder, replaceFile, syncFolder, wipeFile } from '../content/file-ops.js';
import { stagedPath, vaultPath } from '../content/paths.js';
import { packageVersion } from '../package-root.js';
import { openReadOnly } from '../store/read-only.js';
import type { Sql } from '../store/sql.js';
import { digestFile } from './digest-file.js';
import { CERTIFICATES, chainOf, CHECKPOINT, DATABASE, folderName, HOW_TO, howTo, KEYRING, KEYSTORE, MANIFEST, objectPath, readManifest, REHEARSAL, SIGNATURE } from './manifest.js';
import type { BackupFile, Inherited, Manifest, SealedPart } from './manifest.js';
import { aboutPart, openSnapshots, sealPart, snapshotFile, vacuumInto, wipeSnapshots } from './snapshot.js';

export type BackupBox = Pick<Box, 'paths' | 'keys' | 'crypto' | 'bulk' | 'sm3' | 'ledger' | 'clock' | 'identity' | 'store' | 'containers' | 'policies' | 'ids' | 'profile' | 'reader'>;

export interface CreatePlan {
  readonly number: string;
  /** Folder of the target. */
  readonly target: string;
  /** Folder of the other target, for the keys; null: contents alone. */
  readonly keyTarget: string | null;
  /** Objects that an earlier backup in the target holds unharmed are named, not copied; with nothing there, it is a full one. */
  readonly incremental?: boolean;
}

export interface Progress { done: number; total: number; reused: number }

export interface Created { readonly kind: 'full' | 'incremental'; readonly chain: readonly string[]; readonly level: Level; readonly mark: string; readonly objects: number; readonly bytes: number; readonly manifest: string; readonly ledgerSize: number; readonly reused: number }

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** 最高密级 and the mark rolled up of all that a database speaks of. */
export async function highest(box: Pick<Box, 'containers' | 'policies'>, sql: Sql): Promise<{ readonly level: Level; readonly mark: string }> {
  const row = await sql.one<{ level: Level | null }>('SELECT max(level) AS level FROM (SELECT max(level) AS level FROM record UNION ALL SELECT max(level) FROM stored_object UNION ALL SELECT max(level) FROM upload)');
  const secret = await sql.all<{ id: string }>('SELECT id FROM record WHERE level >= 2');
  const level = row?.level ?? 0;
  const sum = await box.containers.of(sql, secret.map(({ id }) => id));
  return { level, mark: sum.level >= level ? rollUpMark(sum, box.policies.content('marking.json')) : '' };
}

/**
 * 备份: snapshot under the writer's lock, objects after it, the signed manifest last; each folder gets its name only then. A run that was
 * killed leaves `….part`, which nothing takes for a backup and the next run removes.
 * @throws ArchiveError `E_BACKUP_CHANGED` when an object left while it ran
 */
export async function createBackup(box: BackupBox, plan: CreatePlan, progress: Progress, stopping: () => boolean): Promise<Created> {
  const serial = box.identity.serial;
  const folder = path.join(plan.target, folderName(serial, plan.number, 'content'));
  const keysFolder = plan.keyTarget === null ? null : path.join(plan.keyTarget, folderName(serial, plan.number, 'keys'));
  for (const one of [plan.target, ...(plan.keyTarget === null ? [] : [plan.keyTarget])]) await clearUnfinished(one, serial);
  await openSnapshots(box.paths);
  try {
    const { checkpoint, keystore } = await box.store.housekeep(async () => {
      const checkpoint = signCheckpoint(box.ledger, box.sm3, box.clock, box.identity);
      await vacuumInto(box.paths.database, snapshotFile(box.paths, 'database'));
      if (keysFolder !== null) await vacuumInto(box.paths.keyring, snapshotFile(box.paths, 'keyring'));
      // After the keyring: every epoch that it names is in the file.
      return { checkpoint, keystore: await readFile(path.join(box.paths.box, 'keystore.json')) };
    });
    const snapshot = await openReadOnly(snapshotFile(box.paths, 'database'));
    const { level, mark, objects } = await (async () => ({
      ...await highest(box, snapshot.sql), objects: (await snapshot.sql.all<{ id: string }>("SELECT id FROM stored_object WHERE state <> 'gone' ORDER BY id")).map(({ id }) => id),
    }))().finally(async () => snapshot.close());

    const common = {
      format: 'shouzang-backup' as const, number: plan.number, box: serial, release: packageVersion(), at: checkpoint.at, rehearsal: box.profile.rehearsal, level, mark,
      ledger: { size: checkpoint.size, root: hex(checkpoint.root) },
    };
    const small = new Map<string, Buffer>([[CHECKPOINT, Buffer.from(formatCheckpoint(checkpoint))], [CERTIFICATES, Buffer.from(box.identity.chain.join(''))]]);
    const part = `${folder}.part`;
    await makeFolder(part);
    const sealed = await seal(box, plan.number, 'database', path.join(part, DATABASE));
    progress.total = objects.length;
    const before = await heldBefore(plan.target, serial);
    const incremental = plan.incremental === true && before.size > 0;
    const { kept, inherited } = await copyObjects(box, { before, incremental }, part, objects, progress, stopping);
    const counted = { count: objects.length, bytes: [...kept, ...inherited].reduce((sum, { bytes }) => sum + bytes, 0) };
    const facts = { ...common, version: incremental ? 2 as const : 1 as const, part: 'content' as const, objects: counted, sealed, ...(incremental ? { inherited: [...inherited].sort((a, b) => (a.path < b.path ? -1 : 1)) } : {}) };
    const digest = await finishFolder(box, part, facts, small, kept);
    if (keysFolder !== null) {
      const keyPart = `${keysFolder}.part`;
      await makeFolder(keyPart);
      const ring = await seal(box, plan.number, 'keyring', path.join(keyPart, KEYRING));
      small.set(KEYSTORE, keystore);
      // A rehearsal opens itself, and a copy of it does so too.
      if (box.profile.rehearsal) for (const name of await readdir(box.paths.rehearsal)) small.set(`${REHEARSAL}/${name}`, await readFile(path.join(box.paths.rehearsal, name)));
      await finishFolder(box, keyPart, { ...common, version: 1, part: 'keys', objects: { count: 0, bytes: 0 }, sealed: ring }, small, []);
    }
    // The contents last: where their folder has its name, the backup is whole, and where it has not, there is none.
    if (keysFolder !== null) await moveFile(`${keysFolder}.part`, keysFolder);
    await moveFile(part, folder);
    return { kind: incremental ? 'incremental' : 'full', chain: chainOf({ ...facts, files: [] }), level, mark, objects: objects.length, bytes: kept.reduce((sum, { bytes }) => sum + bytes, sealed.bytes), manifest: digest, ledgerSize: checkpoint.size, reused: progress.reused };
  } finally {
    await wipeSnapshots(box.paths);
  }
}

async function seal(box: BackupBox, number: string, name: 'database' | 'keyring', to: string): Promise<SealedPart> {
  const made = await sealPart(
    { tools: { provider: box.crypto, bulk: box.bulk }, keys: box.keys, objectId: box.ids.uuid(), keyLevel: box.profile.systemLevel, about: aboutPart(box.identity.serial, number, name) },
    snapshotFile(box.paths, name), to,
  );
  return { path: path.basename(to), ...made };
}

/** Writes the small files, then the manifest over everything that lies there, then its signature. @returns SM3 of the manifest */
async function finishFolder(box: BackupBox, part: string, facts: Omit<Manifest, 'files'>, small: ReadonlyMap<string, Buffer>, objects: readonly BackupFile[]): Promise<string> {
  for (const [name, content] of [...small, [HOW_TO, Buffer.from(howTo(facts))] as const]) {
    await makeFolder(path.dirname(path.join(part, name)));
    await replaceFile(path.join(part, name), content);
  }
  const listed: BackupFile[] = [];
  for (const name of [facts.sealed.path, ...small.keys(), HOW_TO]) listed.push({ path: name, ...await digestFile(box.crypto, path.join(part, name)) });
  const bytes = canonicalBytes({ ...facts, files: [...listed, ...objects].sort((a, b) => (a.path < b.path ? -1 : 1)) });
  await replaceFile(path.join(part, SIGNATURE), box.identity.sign(bytes));
  await replaceFile(path.join(part, MANIFEST), bytes);
  return hex(box.sm3(bytes));
}

async function copyObjects(box: BackupBox, { before, incremental }: { readonly before: ReadonlyMap<string, HeldBefore>; readonly incremental: boolean }, part: string, objects: readonly string[], progress: Progress, stopping: () => boolean): Promise<{ readonly kept: readonly BackupFile[]; readonly inherited: readonly Inherited[] }> {
  const [kept, inherited]: [BackupFile[], Inherited[]] = [[], []];
  for (const object of objects) {
    if (stopping()) throw new ArchiveError('E_BACKUP_INTERRUPTED', {});
    const name = objectPath(object);
    const to = path.join(part, name);
    const known = before.get(name);
    const good = known !== undefined && await unharmed(box, known);
    progress.done += 1;
    if (good && incremental) {
      inherited.push({ path: name, bytes: known.bytes, sm3: known.sm3, in: known.in });
      progress.reused += 1;
      continue;
    }
    await makeFolder(path.dirname(to));
    const reused = good && await linkNew(known.at, to);
    if (!reused) await copyObject(box, object, to);
    else progress.reused += 1;
    kept.push({ path: name, ...(await digestFile(box.crypto, to)) });
  }
  await syncFolder(part);
  return { kept, inherited };
}

interface HeldBefore { readonly at: string; readonly in: string; readonly bytes: number; readonly sm3: string }

/** A sealed object never changes: one that an earlier backup holds unharmed need not be copied again. */
const unharmed = async (box: BackupBox, known: HeldBefore): Promise<boolean> => await exists(known.at) && (await digestFile(box.crypto, known.at)).sm3 === known.sm3;

async function copyObject(box: BackupBox, object: string, to: string): Promise<void> {
  // It may be moved from the one place to the other meanwhile.
  for (const from of [vaultPath(box.paths, object), stagedPath(box.paths, object), vaultPath(box.paths, object)]) {
    if (await exists(from)) return copyNew(from, to);
  }
  throw new ArchiveError('E_BACKUP_CHANGED', { object });
}

/** What the newest backup of this box in the target holds, itself or by its chain: its list is trusted for nothing but where to look. */
async function heldBefore(target: string, serial: string): Promise<ReadonlyMap<string, HeldBefore>> {
  const names = (await readdir(target)).filter((name) => name.startsWith(`${serial}-BF-`) && /-BF-\d{4}-\d{4}$/u.test(name)).sort();
  const newest = names.at(-1);
  if (newest === undefined) return new Map();
  const manifest = readManifest(await readFile(path.join(target, newest, MANIFEST)).catch(() => Buffer.alloc(0)));
  const lies = (number: string, { path: name, bytes, sm3 }: Pick<BackupFile, 'path' | 'bytes' | 'sm3'>): [string, HeldBefore] => [name, { at: path.join(target, folderName(serial, number, 'content'), name), in: number, bytes, sm3 }];
  return manifest === undefined ? new Map() : new Map([...manifest.files.map((one) => lies(manifest.number, one)), ...(manifest.inherited ?? []).map((one) => lies(one.in, one))]);
}

/** What a backup that was cut short left: contents under their own name make it whole; anything else of it goes, keys overwritten first. */
export async function leftByStop(serial: string, number: string, target: string | null, keyTarget: string | null): Promise<Manifest | undefined> {
  const content = target === null ? undefined : path.join(target, folderName(serial, number, 'content'));
  const manifest = content === undefined ? undefined : readManifest(await readFile(path.join(content, MANIFEST)).catch(() => Buffer.alloc(0)));
  if (manifest !== undefined) return manifest;
  const keys = keyTarget === null ? undefined : path.join(keyTarget, folderName(serial, number, 'keys'));
  for (const one of [content, keys]) {
    for (const folder of one === undefined ? [] : [one, `${one}.part`]) {
      if (!(await exists(folder))) continue;
      await wipeFile(path.join(folder, KEYRING));
      await removeFolder(folder);
    }
  }
  return undefined;
}

async function clearUnfinished(target: string, serial: string): Promise<void> {
  for (const name of await readdir(target)) {
    if (name.startsWith(`${serial}-BF-`) && /-BF-\d{4}-\d{4}(?:-keys)?\.part$/u.test(name)) await removeFolder(path.join(target, name));
  }
}
