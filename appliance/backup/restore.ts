import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from '../../core/errors.js';
import type { ErrorDetail } from '../../core/errors.js';
import type { Ids, Level } from '../../core/ports.js';
import { destroyedFault, replay } from '../../secrecy/destroyed.js';
import type { SignedDestroyed } from '../../secrecy/destroyed.js';
import { verifyLedger } from '../audit/verify.js';
import { boxSignatureCheck, openBox } from '../box.js';
import type { Box } from '../box.js';
import type { MachineClock } from '../clock-guard.js';
import { Bulk } from '../content/bulk.js';
import { copyNew, exists, makeFolder, moveFile, removeFile, replaceFile, syncFolder } from '../content/file-ops.js';
import { openSealed } from '../content/open.js';
import { dataPaths, vaultPath } from '../content/paths.js';
import type { DataPaths } from '../content/paths.js';
import { NodeProvider } from '../crypto/node-provider.js';
import { readBoxFile } from '../keystore/box-file.js';
import type { BoxFile } from '../keystore/box-file.js';
import { unlockRehearsal } from '../keystore/ceremony.js';
import { openKeyring } from '../keystore/keyring.js';
import { SoftwareKeyStore } from '../keystore/software.js';
import { fsck } from '../maintenance/fsck.js';
import type { FsckFinding } from '../maintenance/fsck.js';
import { openDatabase } from '../store/database.js';
import { replayDestroyed } from '../destruction/replay.js';
import { migrate } from '../store/migrations/index.js';
import { sqlOn } from '../store/sql.js';
import { keepDestroyed, keepTombstone, listDestroyed } from './destroyed-list.js';
import type { CarriedTombstone } from './destroyed-list.js';
import { DATABASE, KEYRING, KEYSTORE, objectPath, REHEARSAL } from './manifest.js';
import type { Manifest, SealedPart } from './manifest.js';
import { aboutPart } from './snapshot.js';
import { pairFault, verifyBackup } from './verify.js';
import type { BackupVerdict, VerifyWish } from './verify.js';

export interface RestorePlan {
  readonly content: string;
  readonly keys: string;
  /** Does not exist, or is empty. */
  readonly to: string;
  /** 已销毁清单 of the live box; null: that box is lost, and the backup's own list is all there is. */
  readonly destroyed: readonly SignedDestroyed[] | null;
  /** 墓碑 that came with the list. */
  readonly tombstones?: readonly CarriedTombstone[];
  readonly wish: VerifyWish;
  /** Enough shares of the root, opened by their holders; a rehearsal asks for none. The caller wipes them. */
  readonly shares: (file: BoxFile) => Promise<readonly Uint8Array[]>;
  /** Instead of shares: 演练, by the running box that made the backup. */
  readonly unlock?: (keys: SoftwareKeyStore) => void;
  /** Looks at the restored box before it is closed. */
  readonly look?: (box: Box) => Promise<void>;
  readonly clock: MachineClock;
  readonly ids: Ids;
}

export interface Restored {
  readonly number: string;
  readonly box: string;
  readonly at: string;
  readonly objects: number;
  /** 回放: entries added, objects that were not brought back. */
  readonly replayed: { readonly entries: number; readonly erased: number };
  readonly fsck: readonly FsckFinding[];
  readonly ledger: { readonly entries: number; readonly faults: readonly { readonly seq: number; readonly text: string }[] };
}

const refusing = (details: readonly ErrorDetail[]): never => { throw new ArchiveError('E_BACKUP_INVALID', { faults: details.length }, details.slice(0, 50)); };

/**
 * 恢复 into an empty folder. Until everything lies there and the list of the destroyed is replayed, `founding-unfinished` stands in it
 * and no box opens it. Then the box itself recovers, enters the restore, and is checked through.
 * @throws ArchiveError `E_RESTORE_NOT_EMPTY`, `E_BACKUP_INVALID`, `E_DESTROYED_LIST`, `E_KEY_SHARE_INVALID`, `E_KEY_SHARE_TOO_FEW`
 */
export async function restoreBackup(plan: RestorePlan): Promise<Restored> {
  if (await exists(plan.to) && (await readdir(plan.to)).length > 0) throw new ArchiveError('E_RESTORE_NOT_EMPTY', {});
  const [content, keys] = [await whole(plan.content, plan.wish), await whole(plan.keys, plan.wish)];
  const pair = pairFault(content.manifest, keys.manifest) ?? (Buffer.compare(content.authority, keys.authority) === 0 ? undefined : '密钥部分属于另一台设备');
  if (pair !== undefined) refusing([{ at: plan.keys, message: pair }]);
  const { manifest } = content;

  const provider = new NodeProvider();
  const boxFile = readBoxFile(await readFile(path.join(plan.keys, KEYSTORE), 'utf8'));
  const genuine = (message: Uint8Array, signature: string): boolean => provider.verify(message, Buffer.from(signature, 'base64'), boxFile.certificate.publicKey);
  const fault = plan.destroyed === null ? undefined : destroyedFault(plan.destroyed, (...parts) => provider.sm3(...parts), genuine);
  if (fault !== undefined) throw new ArchiveError('E_DESTROYED_LIST', { seq: fault.seq }, [{ at: `第 ${String(fault.seq)} 条`, message: fault.why === 'signature' ? '不是本机签名' : '清单断开或有缺失' }]);

  if (plan.tombstones?.some((one) => !provider.verify(Buffer.from(one.statement), Buffer.from(one.signature, 'base64'), boxFile.certificate.publicKey)) === true) throw new ArchiveError('E_DESTROYED_LIST', {}, [{ at: '', message: '墓碑不是本机签名' }]);

  const paths = dataPaths(plan.to);
  const shares = manifest.rehearsal || plan.unlock !== undefined ? [] : await plan.shares(boxFile);
  try {
    await makeFolder(paths.root);
    await replaceFile(paths.founding, `restore ${manifest.number}\n`);
    await layKeys(plan, paths, provider, boxFile, shares, { content: content.manifest, keys: keys.manifest });
    const replayed = await layContent(plan, paths, content);
    await removeFile(paths.founding);
    return { number: manifest.number, box: manifest.box, at: manifest.at, objects: manifest.objects.count, replayed, ...await firstStart(plan, manifest, content, replayed, shares) };
  } finally {
    for (const share of shares) share.fill(0);
  }
}

async function whole(folder: string, wish: VerifyWish): Promise<BackupVerdict & { readonly manifest: Manifest; readonly authority: Uint8Array }> {
  const verdict = await verifyBackup(folder, wish);
  const { manifest, certificates } = verdict;
  if (!verdict.valid || manifest === null || certificates === null) return refusing(verdict.faults.map(({ file, text }) => ({ at: file === '' ? folder : file, message: text })));
  return { ...verdict, manifest, authority: certificates.authority.der };
}

async function unlock(keys: SoftwareKeyStore, plan: RestorePlan, paths: DataPaths, shares: readonly Uint8Array[]): Promise<void> {
  if (plan.unlock !== undefined) { plan.unlock(keys); return; }
  if (keys.rehearsal) { await unlockRehearsal(keys, paths); return; }
  for (const share of shares) await keys.offerShare(share);
  if (keys.state === 'locked') throw new ArchiveError('E_KEY_SHARE_TOO_FEW', { have: keys.unlocking.offered.length, need: keys.unlocking.need });
}

/** Keystore, keyring and database: the database is opened with a key that the keystore of the keys' part opens. */
async function layKeys(plan: RestorePlan, paths: DataPaths, provider: NodeProvider, file: BoxFile, shares: readonly Uint8Array[], { content, keys }: { readonly content: Manifest; readonly keys: Manifest }): Promise<void> {
  await makeFolder(paths.box);
  await replaceFile(path.join(paths.box, KEYSTORE), await readFile(path.join(plan.keys, KEYSTORE)));
  for (const { path: name } of keys.files.filter((one) => one.path.startsWith(`${REHEARSAL}/`))) {
    await makeFolder(paths.rehearsal);
    await replaceFile(path.join(paths.rehearsal, path.basename(name)), await readFile(path.join(plan.keys, name)));
  }
  const scratch = await openKeyring(path.join(paths.root, 'scratch.db'));
  const keystore = new SoftwareKeyStore(provider, file, scratch);
  const bulk = new Bulk();
  try {
    await unlock(keystore, plan, paths, shares);
    const open = async (folder: string, name: string, sealed: SealedPart, number: string, what: string, to: string): Promise<void> => {
      const secret = keystore.openUnderLevel(sealed.keyLevel as Level, Buffer.from(sealed.key, 'base64'), aboutPart(file.boxId, number, what));
      try {
        await openInto({ provider, bulk }, path.join(folder, name), secret, sealed.objectId, to);
      } finally {
        secret.fill(0);
      }
    };
    await open(plan.keys, KEYRING, keys.sealed, keys.number, 'keyring', paths.keyring);
    await open(plan.content, DATABASE, content.sealed, content.number, 'database', paths.database);
  } finally {
    await bulk.close();
    await keystore.close();
    for (const end of ['', '-wal', '-shm']) await removeFile(path.join(paths.root, `scratch.db${end}`));
  }
}

async function openInto(tools: { readonly provider: NodeProvider; readonly bulk: Bulk }, from: string, secret: Uint8Array, objectId: string, to: string): Promise<void> {
  const reader = await openSealed(tools, from, secret, objectId);
  try {
    await reader.verifyAll();
    await pipeline(reader.stream(), createWriteStream(`${to}.part`, { flags: 'wx', mode: 0o600, flush: true }));
    await moveFile(`${to}.part`, to);
  } finally {
    await reader.close();
  }
}

/** Objects, except what was destroyed since: that is never laid down, and its keys and rows go with it. */
async function layContent(plan: RestorePlan, paths: DataPaths, { manifest, inherited }: { readonly manifest: Manifest; readonly inherited: ReadonlyMap<string, string> }): Promise<Restored['replayed']> {
  const database = await openDatabase(paths.database);
  const keyring = await openKeyring(paths.keyring);
  try {
    await migrate(database.writer);
    const sql = sqlOn(database.writer);
    const known = await listDestroyed(sql);
    const live = new Set((await sql.all<{ id: string }>("SELECT id FROM stored_object WHERE state <> 'gone'")).map(({ id }) => id));
    const todo = replay(plan.destroyed ?? known, known, live);
    if (todo === null) throw new ArchiveError('E_DESTROYED_LIST', {}, [{ at: '', message: '清单与备份所载的不是同一段历史，或早于备份' }]);
    const erased = new Set(todo.erase);
    await sql.run('BEGIN IMMEDIATE');
    for (const one of todo.add) await keepDestroyed(sql, one);
    for (const one of plan.tombstones ?? []) await keepTombstone(sql, one);
    for (const object of erased) await sql.run("UPDATE stored_object SET state = 'gone' WHERE id = $1", object);
    await sql.run('COMMIT');
    for (const object of erased) await keyring.remove(object);
    await makeFolder(paths.vault);
    await makeFolder(paths.staging);
    const held = new Map([...inherited, ...manifest.files.map((file) => [file.path, path.join(plan.content, file.path)] as const)]);
    for (const object of live) {
      const name = objectPath(object);
      const from = held.get(name);
      if (erased.has(object) || from === undefined) continue;
      const to = vaultPath(paths, object);
      await makeFolder(path.dirname(to));
      await copyNew(from, to);
    }
    await syncFolder(paths.root);
    return { entries: todo.add.length, erased: erased.size };
  } finally {
    await keyring.close();
    await database.close();
  }
}

/** The restored box itself: recovery, the entry that it was restored, sessions ended, everything checked. */
async function firstStart(plan: RestorePlan, manifest: Manifest, content: BackupVerdict, replayed: Restored['replayed'], shares: readonly Uint8Array[]): Promise<Pick<Restored, 'fsck' | 'ledger'>> {
  const box = await openBox({ data: plan.to, clock: plan.clock, ids: plan.ids });
  try {
    if (box.keys.state === 'locked') await unlock(box.keys, plan, box.paths, shares);
    await box.whenUnlocked();
    // Records on the list go back into their graves before anybody is let in; a start does the same where this one is cut short.
    await replayDestroyed(box);
    await box.store.write(box.systemCall('backup.restore'), async (tx) => {
      await tx.allow();
      await tx.sql.run('UPDATE session SET ended_at = $1 WHERE ended_at IS NULL', box.clock.now());
      await tx.sql.run("UPDATE backup SET state = 'done', ended_at = $1 WHERE state = 'running' AND number = $2", box.clock.now(), manifest.number);
      tx.audit({ action: 'backup.restore', objectType: 'backup', objectLevel: manifest.level as Level, detail: { number: manifest.number, at: manifest.at, ledgerSize: manifest.ledger.size, destroyedList: plan.destroyed !== null, entries: replayed.entries, erased: replayed.erased } });
    });
    await box.checkpoint();
    const check = boxSignatureCheck(box.crypto, box.identity.chain[0] ?? '');
    const found = await fsck({ sql: box.reader, vault: box.vault, keys: box.keys, paths: box.paths, sm3: box.sm3, check, deep: true, bindings: box.bindings });
    const ledger = await verifyLedger(box.reader, box.sm3, check, content.checkpoint ?? undefined);
    await plan.look?.(box);
    return { fsck: found.findings, ledger: { entries: ledger.entries, faults: ledger.faults } };
  } finally {
    await box.close();
  }
}
