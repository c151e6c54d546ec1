/**
 * What a backup keeps of what is destroyed: object files are overwritten and taken away, the wrapped keys are taken out of the snapshot of the
 * keyring, and the manifest is signed anew over what is left, so that the backup goes on being a good one of everything else.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { digestFile } from '../backup/digest-file.js';
import { KEYRING, MANIFEST, objectPath, readManifest, SIGNATURE } from '../backup/manifest.js';
import type { Manifest } from '../backup/manifest.js';
import { aboutPart, sealPart } from '../backup/snapshot.js';
import type { Box } from '../box.js';
import { eraseFile } from '../content/erase.js';
import { exists, makeFolder, moveFile, removeFile, removeFolder, replaceFile } from '../content/file-ops.js';
import type { DataPaths } from '../content/paths.js';
import { tagsPath } from '../content/seal.js';
import { openSealed } from '../content/open.js';
import { openKeyring } from '../keystore/keyring.js';

export type PruningBox = Pick<Box, 'paths' | 'keys' | 'crypto' | 'bulk' | 'sm3' | 'identity' | 'ids'>;

/** A folder of a backup of this box that some target holds. */
export interface FoundBackup { readonly folder: string; readonly number: string; readonly part: Manifest['part']; readonly whole: boolean }

export interface Pruned {
  /** Object files overwritten, or keys taken out. */
  readonly erased: number;
  readonly zeroed: boolean;
  /** SM3 of the manifest as it is now. */
  readonly manifest: string;
}

const [NEXT_MANIFEST, NEXT_SIGNATURE] = [`${MANIFEST}.next`, `${SIGNATURE}.next`];
const KEYRING_NEXT = `${KEYRING}.next`;
const EXTRA = new Set([NEXT_MANIFEST, NEXT_SIGNATURE, KEYRING_NEXT, `${NEXT_MANIFEST}.part`, `${NEXT_SIGNATURE}.part`]);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Backups of this box in a target, unfinished ones too; undefined where the folder is not there or not to be read. */
export async function backupsIn(target: string, serial: string): Promise<readonly FoundBackup[] | undefined> {
  const names = await readdir(target).catch(() => undefined);
  return names?.flatMap((name) => {
    const found = /^(?<serial>.+)-(?<number>BF-\d{4}-\d{4})(?<keys>-keys)?(?<part>\.part)?$/u.exec(name)?.groups;
    return found === undefined || found['serial'] !== serial ? [] : [{ folder: path.join(target, name), number: found['number'] ?? '', part: found['keys'] === undefined ? 'content' as const : 'keys' as const, whole: found['part'] === undefined }];
  });
}

/** @throws ArchiveError `E_BACKUP_INVALID` for a manifest that this box did not sign: it is not signed over */
async function genuine(box: PruningBox, folder: string): Promise<{ readonly manifest: Manifest; readonly bytes: Buffer }> {
  await finishPair(box, folder);
  const bytes = await readFile(path.join(folder, MANIFEST));
  const manifest = readManifest(bytes);
  const signature = await readFile(path.join(folder, SIGNATURE));
  if (manifest?.box !== box.identity.serial || !ours(box, bytes, signature)) throw new ArchiveError('E_BACKUP_INVALID', { number: manifest?.number ?? null }, [{ at: MANIFEST, message: '清单不是本机所签' }]);
  return { manifest, bytes };
}

const ours = (box: PruningBox, bytes: Uint8Array, signature: Uint8Array): boolean => box.crypto.verify(bytes, signature, box.keys.identity.certificate.publicKey);

/** Manifest and signature change together: both lie there whole before either takes its name. */
async function replacePair(box: PruningBox, folder: string, manifest: Manifest): Promise<string> {
  const bytes = canonicalBytes(manifest);
  await replaceFile(path.join(folder, NEXT_SIGNATURE), box.identity.sign(bytes));
  await replaceFile(path.join(folder, NEXT_MANIFEST), bytes);
  await finishPair(box, folder);
  return hex(box.sm3(bytes));
}

async function finishPair(box: PruningBox, folder: string): Promise<void> {
  const at = (name: string): string => path.join(folder, name);
  for (const name of [`${NEXT_MANIFEST}.part`, `${NEXT_SIGNATURE}.part`]) await removeFile(at(name));
  if (!(await exists(at(NEXT_MANIFEST)))) { await removeFile(at(NEXT_SIGNATURE)); return; }
  const bytes = await readFile(at(NEXT_MANIFEST));
  const signed = await readFile(at((await exists(at(NEXT_SIGNATURE))) ? NEXT_SIGNATURE : SIGNATURE));
  if (!ours(box, bytes, signed)) { await removeFile(at(NEXT_MANIFEST)); await removeFile(at(NEXT_SIGNATURE)); return; }
  await moveFile(at(NEXT_SIGNATURE), at(SIGNATURE));
  await moveFile(at(NEXT_MANIFEST), at(MANIFEST));
}

/** Contents: every file of the objects goes, in place and by name; then the manifest without them. Done again, it changes nothing more. */
export async function pruneContents(box: PruningBox, folder: string, objects: readonly string[]): Promise<Pruned> {
  const { manifest } = await genuine(box, folder);
  const names = new Set(objects.map(objectPath));
  let erased = 0;
  let zeroed = true;
  for (const name of names) {
    const file = path.join(folder, name);
    if (!(await exists(file))) continue;
    const one = await eraseFile(file);
    erased += 1;
    zeroed &&= one.zeroed;
  }
  const files = manifest.files.filter(({ path: name }) => !names.has(name));
  const gone = manifest.files.filter(({ path: name }) => names.has(name));
  const inherited = manifest.inherited?.filter(({ path: name }) => !names.has(name));
  const passed = manifest.inherited?.filter(({ path: name }) => names.has(name)) ?? [];
  if (gone.length + passed.length === 0) return { erased, zeroed, manifest: hex(box.sm3(canonicalBytes(manifest))) };
  const counted = { count: manifest.objects.count - gone.length - passed.length, bytes: manifest.objects.bytes - [...gone, ...passed].reduce((sum, { bytes }) => sum + bytes, 0) };
  return { erased: Math.max(erased, gone.length), zeroed, manifest: await replacePair(box, folder, { ...manifest, files, objects: counted, ...(inherited === undefined ? {} : { inherited }) }) };
}

/** An unfinished backup is nobody's: it is overwritten whole. */
export async function eraseUnfinished(folder: string): Promise<number> {
  let erased = 0;
  const walk = async (under: string): Promise<void> => {
    for (const entry of await readdir(under, { withFileTypes: true })) {
      const file = path.join(under, entry.name);
      if (entry.isDirectory()) await walk(file);
      else if (entry.isFile()) { await eraseFile(file); erased += 1; }
    }
  };
  await walk(folder);
  return erased;
}

/**
 * Keys: the snapshot of the keyring is opened, the keys are taken out, and it is sealed anew under a key of its own.
 * @throws ArchiveError `E_DECRYPT_FAILED` where the key of the snapshot opens no more: its epoch is destroyed
 */
export async function pruneKeys(box: PruningBox, folder: string, objects: readonly string[]): Promise<Pruned> {
  const next = path.join(folder, KEYRING_NEXT);
  const kept = path.join(folder, KEYRING);
  const { manifest } = await genuine(box, folder);
  const listed = manifest.files.find(({ path: name }) => name === KEYRING);
  if (await exists(next)) {
    // Stopped after the manifest was signed for the new snapshot: it takes the old one's place now. Before that it is nobody's.
    if (listed !== undefined && (await digestFile(box.crypto, next)).sm3 === listed.sm3) {
      await eraseFile(kept);
      await moveFile(next, kept);
    } else await eraseFile(next);
  }
  await eraseFile(tagsPath(next));
  await wipePruning(box.paths);
  await makeFolder(pruning(box.paths));
  const plain = path.join(pruning(box.paths), 'keyring');
  try {
    const secret = box.keys.openUnderLevel(manifest.sealed.keyLevel as Level, Buffer.from(manifest.sealed.key, 'base64'), aboutPart(manifest.box, manifest.number, 'keyring'));
    try {
      const reader = await openSealed({ provider: box.crypto, bulk: box.bulk }, kept, secret, manifest.sealed.objectId);
      try {
        await reader.verifyAll();
        await pipeline(reader.stream(), createWriteStream(plain, { mode: 0o600, flush: true }));
      } finally {
        await reader.close();
      }
    } finally {
      secret.fill(0);
    }
    const keyring = await openKeyring(plain);
    let erased = 0;
    try {
      for (const object of objects) {
        if ((await keyring.get(object)) === undefined) continue;
        await keyring.remove(object);
        erased += 1;
      }
    } finally {
      await keyring.close();
    }
    if (erased === 0) return { erased, zeroed: true, manifest: hex(box.sm3(canonicalBytes(manifest))) };
    const sealed = await sealPart({ tools: { provider: box.crypto, bulk: box.bulk }, keys: box.keys, objectId: box.ids.uuid(), keyLevel: manifest.sealed.keyLevel as Level, about: aboutPart(manifest.box, manifest.number, 'keyring') }, plain, next);
    const digest = await digestFile(box.crypto, next);
    const files = manifest.files.map((file) => (file.path === KEYRING ? { path: KEYRING, ...digest } : file));
    const now = await replacePair(box, folder, { ...manifest, files, sealed: { path: KEYRING, ...sealed } });
    const { zeroed } = await eraseFile(kept);
    await moveFile(next, kept);
    return { erased, zeroed, manifest: now };
  } finally {
    await wipePruning(box.paths);
  }
}

const pruning = (paths: DataPaths): string => path.join(paths.root, 'pruning');

/** The opened keyring of a backup holds wrapped keys: overwritten after use, and at every start. Absent is success. */
export async function wipePruning(paths: DataPaths): Promise<void> {
  for (const end of ['', '-journal', '-wal', '-shm']) await eraseFile(path.join(pruning(paths), `keyring${end}`));
  await removeFolder(pruning(paths));
}

/** Whether anything of the objects is left in a folder of contents: files by name, lines of the manifest. */
export async function leftIn(folder: string, objects: readonly string[]): Promise<number> {
  const names = new Set(objects.map(objectPath));
  let left = 0;
  for (const name of names) if ((await stat(path.join(folder, name)).catch(() => undefined)) !== undefined) left += 1;
  const manifest = readManifest(await readFile(path.join(folder, MANIFEST)).catch(() => Buffer.alloc(0)));
  return left + [...manifest?.files ?? [], ...manifest?.inherited ?? []].filter((file) => names.has(file.path)).length + (await readdir(folder)).filter((name) => EXTRA.has(name)).length;
}
