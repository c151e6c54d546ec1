import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseCheckpoint } from '../../core/checkpoint.js';
import type { SignedCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import { verifyLedger } from '../audit/verify.js';
import { exists } from '../content/file-ops.js';
import type { Certificate } from '../crypto/certificate.js';
import { openResting } from '../maintenance/resting-box.js';
import { boxCertificates, chainFault, checkpointCheck, checkSignature } from '../reports/two-verifiers.js';
import type { BoxCertificates, TwoVerifiers } from '../reports/two-verifiers.js';
import { damagedRanges, digestFile } from './digest-file.js';
import { CERTIFICATES, chainOf, CHECKPOINT, folderName, MANIFEST, readManifest, SIGNATURE } from './manifest.js';
import type { BackupFile, Manifest } from './manifest.js';

export interface BackupFault {
  /** Path in the backup; empty for the backup as a whole. */
  readonly file: string;
  readonly text: string;
  /** Bytes that differ, `[from, to)`. */
  readonly ranges?: readonly (readonly [number, number])[];
}

export interface BackupVerdict {
  readonly path: string;
  readonly valid: boolean;
  readonly manifest: Manifest | null;
  readonly certificates: BoxCertificates | null;
  readonly checkpoint: SignedCheckpoint | null;
  readonly faults: readonly BackupFault[];
  /** 增量: where every inherited object lies, by its path in the backup. */
  readonly inherited: ReadonlyMap<string, string>;
}

export interface VerifyWish {
  readonly two: TwoVerifiers;
  /** The box's authority, kept aside. */
  readonly anchor: Certificate | null;
  readonly stopping?: () => boolean;
  /** Folders in which the earlier backups of an incremental are looked for, besides the one it lies in. */
  readonly chain?: readonly string[];
}

/** 备份核对: signature, every digest, nothing missing and nothing more. Needs no key and no box. */
export async function verifyBackup(folder: string, wish: VerifyWish): Promise<BackupVerdict> {
  const faults: BackupFault[] = [];
  const inherited = new Map<string, string>();
  const add = (file: string, text: string, ranges?: BackupFault['ranges']): void => { faults.push({ file, text, ...(ranges === undefined ? {} : { ranges }) }); };
  const done = (manifest: Manifest | null = null, certificates: BoxCertificates | null = null, checkpoint: SignedCheckpoint | null = null): BackupVerdict =>
    ({ path: folder, valid: faults.length === 0, manifest, certificates, checkpoint, faults, inherited });

  const names = await filesUnder(folder);
  if (!names.regular.has(MANIFEST) || folder.replace(/\/+$/u, '').endsWith('.part')) { add(MANIFEST, '备份没有做完，不能使用；重新备份时会自动清除'); return done(); }
  const bytes = await readFile(path.join(folder, MANIFEST));
  const manifest = readManifest(bytes);
  if (manifest === undefined) { add(MANIFEST, '清单不完整或被改动'); return done(); }
  for (const name of [CERTIFICATES, SIGNATURE]) if (!names.regular.has(name)) add(name, '文件缺失');
  if (faults.length > 0) return done(manifest);

  const certificates = certificatesIn(await readFile(path.join(folder, CERTIFICATES), 'utf8'));
  if (certificates === undefined) add(CERTIFICATES, '证书不完整或被改动');
  else {
    const { box, authority } = certificates;
    const fault = chainFault(wish.two, certificates, box.notBefore);
    if (fault !== undefined) add(CERTIFICATES, `本机证书不是所附根证书签发（${fault}）`);
    if (box.subject.commonName !== manifest.box) add(CERTIFICATES, '证书与清单所载设备编号不符：不是这台设备的备份');
    if (wish.anchor !== null && Buffer.compare(wish.anchor.der, authority.der) !== 0) add(CERTIFICATES, '根证书与另行保存的不一致：不是这台设备的备份');
    if (checkSignature(wish.two, bytes, await readFile(path.join(folder, SIGNATURE)), box.publicKey) !== 'good') { add(MANIFEST, '清单签名不符：清单或签名被改动'); add(SIGNATURE, '清单签名不符：清单或签名被改动'); }
  }

  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  for (const file of manifest.files) {
    if (wish.stopping?.() === true) throw new ArchiveError('E_BACKUP_INTERRUPTED', {});
    await checkFile(wish.two, folder, file, names.regular, add);
  }
  for (const name of names.regular) if (!listed.has(name) && name !== MANIFEST && name !== SIGNATURE) add(name, '清单之外的文件');
  for (const name of names.strange) add(name, '不是普通文件');
  for (const name of [manifest.sealed.path, CERTIFICATES, CHECKPOINT]) if (!listed.has(name)) add(name, '清单没有列出');

  if (certificates !== undefined) for (const [name, at] of await checkChain(folder, manifest, certificates, wish, add)) inherited.set(name, at);

  const checkpoint = names.regular.has(CHECKPOINT) ? parseCheckpoint(await readFile(path.join(folder, CHECKPOINT), 'utf8')) : undefined;
  if (checkpoint !== undefined && (checkpoint.size !== manifest.ledger.size || Buffer.from(checkpoint.root).toString('hex') !== manifest.ledger.root)) add(CHECKPOINT, '检查点与清单所载的审计位置不符');
  return done(manifest, certificates ?? null, checkpoint ?? null);
}

/**
 * 增量链: every earlier backup that is named is there, its manifest signed by the same box and listing the object with the same digest, and the
 * object's own bytes have that digest.
 */
async function checkChain(folder: string, manifest: Manifest, certificates: BoxCertificates, wish: VerifyWish, add: (file: string, text: string) => void): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const number of chainOf(manifest)) {
    const at = await linkOf([path.dirname(path.resolve(folder)), ...(wish.chain ?? [])], folderName(manifest.box, number, 'content'));
    const bytes = at === undefined ? undefined : await readFile(path.join(at, MANIFEST)).catch(() => undefined);
    const link = bytes === undefined ? undefined : readManifest(bytes);
    const signed = at !== undefined && bytes !== undefined && checkSignature(wish.two, bytes, await readFile(path.join(at, SIGNATURE)).catch(() => Buffer.alloc(0)), certificates.box.publicKey) === 'good';
    if (at === undefined || link?.number !== number || !signed) { add(number, at === undefined ? '所依据的备份不在：请接入载有它的介质' : '所依据的备份清单签名不符或不完整'); continue; }
    const listed = new Map(link.files.map((file) => [file.path, file]));
    for (const one of manifest.inherited ?? []) {
      if (one.in !== number) continue;
      if (wish.stopping?.() === true) throw new ArchiveError('E_BACKUP_INTERRUPTED', {});
      const file = path.join(at, one.path);
      const kept = listed.get(one.path);
      if (kept?.sm3 !== one.sm3 || !(await exists(file))) { add(one.path, `备份 ${number} 中没有这个对象`); continue; }
      const now = await digestFile(wish.two.native, file);
      if (now.sm3 !== one.sm3) { add(one.path, `备份 ${number} 中的内容与清单不符：第 ${damagedRanges(kept, now).map(([from, to]) => `${String(from)}–${String(to)}`).join('、')} 字节`); continue; }
      found.set(one.path, file);
    }
  }
  return found;
}

async function linkOf(parents: readonly string[], name: string): Promise<string | undefined> {
  for (const parent of parents) if (await exists(path.join(parent, name))) return path.join(parent, name);
  return undefined;
}

async function checkFile(two: TwoVerifiers, folder: string, file: BackupFile, present: ReadonlySet<string>, add: (file: string, text: string, ranges?: BackupFault['ranges']) => void): Promise<void> {
  if (!present.has(file.path)) { add(file.path, '文件缺失'); return; }
  const found = await digestFile(two.native, path.join(folder, file.path));
  if (found.bytes === file.bytes && found.sm3 === file.sm3) return;
  const ranges = damagedRanges(file, found);
  add(file.path, `${found.bytes === file.bytes ? '内容' : '长度'}与清单不符：第 ${ranges.map(([from, to]) => `${String(from)}–${String(to)}`).join('、')} 字节`, ranges);
}

/** The keys kept apart belong to this content: the same box, and not older than it. */
export function pairFault(content: Manifest, keys: Manifest): string | undefined {
  if (content.part !== 'content') return '所给的不是备份的内容部分';
  if (keys.part !== 'keys') return '所给的不是备份的密钥部分';
  if (content.box !== keys.box) return '密钥部分属于另一台设备';
  if (keys.at < content.at) return `密钥部分（${keys.number}）早于内容部分（${content.number}），其后封存的内容打不开`;
  return undefined;
}

/** Held against the box as it is: whose backup it is, and whether both have one history. */
export async function againstLive(verdict: BackupVerdict, data: string, two: TwoVerifiers): Promise<readonly BackupFault[]> {
  const { manifest, checkpoint, certificates } = verdict;
  if (manifest === null || checkpoint === null || certificates === null) return [];
  const live = await openResting(data);
  try {
    if (Buffer.compare(live.file.authority.der, certificates.authority.der) !== 0 || live.identity.serial !== manifest.box) return [{ file: '', text: `是另一台设备（${manifest.box}）的备份` }];
    const ledger = await verifyLedger(live.sql, (...parts) => two.native.sm3(...parts), checkpointCheck(two, live.file.certificate), checkpoint);
    const faults: BackupFault[] = ledger.faults.map(({ kind, text }) => ({ file: CHECKPOINT, text: kind === 'rolled-back' ? '备份比本机新：本机被换成了旧副本' : `与本机审计链不是同一段历史：${text}` }));
    if (manifest.part === 'content') {
      const row = await live.sql.one<{ manifest: string | null }>('SELECT manifest FROM backup WHERE number = $1', manifest.number).catch(() => undefined);
      const digest = Buffer.from(two.native.sm3(await readFile(path.join(verdict.path, MANIFEST)))).toString('hex');
      if (row === undefined) faults.push({ file: MANIFEST, text: `本机没有登记过备份 ${manifest.number}` });
      else if (row.manifest !== null && row.manifest !== digest) faults.push({ file: MANIFEST, text: `不是本机登记的 ${manifest.number}：清单摘要不符` });
    }
    return faults;
  } finally {
    await live.close();
  }
}

function certificatesIn(pem: string): BoxCertificates | undefined {
  try {
    return boxCertificates(pem);
  } catch {
    return undefined;
  }
}

async function filesUnder(folder: string): Promise<{ readonly regular: Set<string>; readonly strange: string[] }> {
  if (!(await exists(folder))) throw new ArchiveError('E_CLI_FILE', {}, [{ at: 'path', message: folder }]);
  const [regular, strange] = [new Set<string>(), [] as string[]];
  const walk = async (under: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, under), { withFileTypes: true })) {
      const name = under === '' ? entry.name : `${under}/${entry.name}`;
      if (entry.isDirectory()) await walk(name);
      else if (entry.isFile()) regular.add(name);
      else strange.push(name);
    }
  };
  await walk('');
  return { regular, strange };
}
