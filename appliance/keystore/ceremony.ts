/**
 * 密钥仪式: makes a box. The root key is drawn, cut into shares, each encrypted to one officer's certificate, and forgotten; the
 * box's own authority certifies the box and the officers. Nothing on the disk opens anything without two officers, except in a
 * rehearsal, whose unlock file says what it is.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import { type Certificate, issueCertificate, type KeyUsage } from '../crypto/certificate.js';
import { type KeyFile, makeKeyFile } from '../crypto/key-file.js';
import type { CryptoProvider, PrivateKey, PublicKey } from '../crypto/provider.js';
import { exists, makeFolder, replaceAndWipe, replaceFile } from '../content/file-ops.js';
import { type BoxFile, type HeldShare, identityContext, readBoxFile, writeBoxFile } from './box-file.js';
import { EPOCH_BYTES, KeyTree, SEARCH_BYTES } from './key-tree.js';
import { sealEpoch, sealSearch } from './epoch-box.js';
import type { Keyring } from './keyring.js';
import { type Holder, SoftwareKeyStore } from './software.js';
import { splitRoot } from './shares.js';

export interface Officer {
  /** Account id; becomes the common name. No personal name. */
  readonly holder: string;
  /** The officer's own public key (token), or a PIN for a key file that the ceremony makes. */
  readonly key: { readonly publicKey: PublicKey } | { readonly pin: string; readonly iterations?: number };
}

export interface CeremonyPlan {
  /** 设备编号 of the box, e.g. `SZ-5f3a…`: common name of its certificate, salt of its keys. */
  readonly boxId: string;
  /** 单位名称 in certificates, if it may be read by anyone. */
  readonly organization?: string;
  readonly officers: readonly Officer[];
  /** Shares needed to unlock. Default 2. */
  readonly threshold?: number;
  readonly rehearsal: boolean;
  readonly notBefore: Instant;
  /** End of the authority's and the box's certificates. */
  readonly notAfter: Instant;
  /** End of the officers' certificates. */
  readonly officersUntil: Instant;
  /** Hands the key files over (writes them to the officers' media) before the box exists: a ceremony that broke is begun anew. */
  readonly handOver?: (keyFiles: readonly KeyFile[]) => Promise<void>;
}

/** Where a keystore rests. */
export interface KeystorePlaces {
  /** Folder of `keystore.json`. */
  readonly box: string;
  /** Folder of `rehearsal-unlock.json`; only a rehearsal box has it. */
  readonly rehearsal: string;
}

export interface CeremonyResult {
  readonly keystore: SoftwareKeyStore;
  /** For each officer with a PIN: the key file to hand over. */
  readonly keyFiles: readonly KeyFile[];
  readonly certificates: readonly { readonly holder: string; readonly certificate: Certificate }[];
}

const OFFICER_USAGE: readonly KeyUsage[] = ['digitalSignature', 'nonRepudiation', 'keyEncipherment'];
const boxFilePath = (places: KeystorePlaces): string => join(places.box, 'keystore.json');
const unlockFilePath = (places: KeystorePlaces): string => join(places.rehearsal, 'rehearsal-unlock.json');

/** Makes the box, writes its files and leaves it unlocked. @throws ArchiveError `E_DUPLICATE` where a keystore already is */
export async function createKeystore(provider: CryptoProvider, places: KeystorePlaces, keyring: Keyring, plan: CeremonyPlan): Promise<CeremonyResult> {
  const { officers, threshold = 2 } = plan;
  if (await exists(boxFilePath(places))) throw new ArchiveError('E_DUPLICATE', { what: 'keystore' });
  if (new Set(officers.map(({ holder }) => holder)).size !== officers.length || officers.length < threshold) {
    throw new ArchiveError('E_CRYPTO_INPUT', { what: 'officers', count: officers.length, threshold });
  }
  const root = provider.random(32);
  const { set, shares } = await splitRoot(provider, root, officers.length, threshold);

  const [authorityKey, boxKey] = [provider.generateKeyPair(), provider.generateKeyPair()];
  const organization = plan.organization === undefined ? {} : { organization: plan.organization };
  const certify = (commonName: string, publicKey: PublicKey, until: Instant, keyUsage: readonly KeyUsage[], issuer: Certificate | 'self', ca = false): Certificate => issueCertificate(provider, {
    subject: { country: 'CN', ...organization, commonName }, publicKey, serial: provider.random(16), notBefore: plan.notBefore, notAfter: until, keyUsage,
    ...(ca ? { ca: { pathLength: 0 } } : {}), issuer: { certificate: issuer, key: authorityKey },
  });
  const authority = certify(`${plan.boxId} CA`, authorityKey.publicKey, plan.notAfter, ['keyCertSign', 'cRLSign'], 'self', true);
  const certificate = certify(plan.boxId, boxKey.publicKey, plan.notAfter, ['digitalSignature', 'nonRepudiation'], authority);

  const keyFiles: KeyFile[] = [];
  const held: HeldShare[] = [];
  for (const [place, { holder, key }] of officers.entries()) {
    const own = 'pin' in key ? provider.generateKeyPair() : undefined;
    const publicKey = own?.publicKey ?? ('publicKey' in key ? key.publicKey : new Uint8Array(0));
    const theirs = certify(holder, publicKey, plan.officersUntil, OFFICER_USAGE, authority);
    const share = shares[place] ?? new Uint8Array(0);
    held.push({ holder, index: place + 1, certificate: theirs, encrypted: provider.sm2Encrypt(share, publicKey) });
    share.fill(0);
    if (own !== undefined && 'pin' in key) {
      keyFiles.push(await makeKeyFile(provider, { holder, certificate: theirs, key: own, pin: key.pin, rehearsal: plan.rehearsal, ...(key.iterations === undefined ? {} : { iterations: key.iterations }) }));
    }
  }

  const tree = new KeyTree(provider, root, plan.boxId);
  const [epochKeys, searchKeys] = [provider.random(EPOCH_BYTES), provider.random(SEARCH_BYTES)];
  const open = {
    boxId: plan.boxId, rehearsal: plan.rehearsal, authority, certificate, set, shares: held,
    epochs: [{ epoch: 1, state: 'current' as const, madeAt: plan.notBefore, destroyedAt: null, sealed: sealEpoch(tree, plan.boxId, 1, epochKeys, true) }],
    sealedSearch: sealSearch(tree, plan.boxId, searchKeys),
  };
  const file: BoxFile = {
    ...open, sealedAuthorityKey: sealKey(provider, tree, 'authority', authorityKey, open), sealedBoxKey: sealKey(provider, tree, 'box', boxKey, open),
  };
  tree.wipe();
  await plan.handOver?.(keyFiles);
  await makeFolder(places.box);
  if (plan.rehearsal) await writeUnlockFile(places, plan.boxId, root);
  await replaceFile(boxFilePath(places), writeBoxFile(file));
  const keystore = new SoftwareKeyStore(provider, file, keyring);
  keystore.unlockWith(root);
  return { keystore, keyFiles, certificates: held.map(({ holder, certificate: theirs }) => ({ holder, certificate: theirs })) };
}

function sealKey(provider: CryptoProvider, tree: KeyTree, which: 'authority' | 'box', key: PrivateKey, file: Parameters<typeof identityContext>[1]): Uint8Array {
  const pkcs8 = provider.exportPrivateKey(key);
  const sealed = tree.identityBox().close(pkcs8, identityContext(which, file));
  pkcs8.fill(0);
  return sealed;
}

/** The keystore of a box, locked. @returns `undefined` where there was no ceremony yet */
export async function openKeystore(provider: CryptoProvider, places: KeystorePlaces, keyring: Keyring): Promise<SoftwareKeyStore | undefined> {
  if (!(await exists(boxFilePath(places)))) return undefined;
  return new SoftwareKeyStore(provider, readBoxFile(await readFile(boxFilePath(places), 'utf8')), keyring);
}

/** 重分分量: when an officer leaves or loses a key. The box must be unlocked. @throws ArchiveError `E_BOX_LOCKED`, `E_CRYPTO_INPUT` */
export async function recutShares(keystore: SoftwareKeyStore, places: KeystorePlaces, holders: readonly Holder[], threshold = 2): Promise<void> {
  await keystore.recut(holders, threshold, (file) => replaceFile(boxFilePath(places), writeBoxFile(file)));
}

/** A holder's share in the clear, to be offered to `KeyStore.offerShare`. The browser does the same with the officer's key. */
export const openShare = (provider: CryptoProvider, share: HeldShare, key: PrivateKey): Uint8Array => provider.sm2Decrypt(share.encrypted, key);

/** 换期 and 销毁旧期: the box file is replaced and its old bytes overwritten. */
export async function beginEpoch(keystore: SoftwareKeyStore, places: KeystorePlaces, epoch: number, at: Instant): Promise<void> {
  await keystore.beginEpoch(epoch, at, (file) => replaceAndWipe(boxFilePath(places), writeBoxFile(file)));
}
export async function destroyEpoch(keystore: SoftwareKeyStore, places: KeystorePlaces, epoch: number, at: Instant): Promise<void> {
  await keystore.destroyEpoch(epoch, at, (file) => replaceAndWipe(boxFilePath(places), writeBoxFile(file)));
}

/** 换根重分: the unlock file of a rehearsal names both roots while the box file is exchanged, so that a stop at any step opens again. */
export async function renewRoot(keystore: SoftwareKeyStore, places: KeystorePlaces, holders: readonly Holder[], setId?: string, threshold = 2): Promise<void> {
  await keystore.renewRoot(holders, threshold, setId, async (file, root) => {
    if (keystore.rehearsal) await writeUnlockFile(places, file.boxId, root, await readUnlockFile(places));
    await replaceAndWipe(boxFilePath(places), writeBoxFile(file));
    if (keystore.rehearsal) await writeUnlockFile(places, file.boxId, root);
  });
}

/** 演练: the one file that unlocks a box by itself. It is not written for a real box, and a real box does not read it. */
async function writeUnlockFile(places: KeystorePlaces, boxId: string, root: Uint8Array, former: readonly string[] = []): Promise<void> {
  await makeFolder(places.rehearsal);
  await replaceAndWipe(unlockFilePath(places), `${JSON.stringify({
    format: 'shouzang-rehearsal-unlock', version: 1, warning: '演练专用：本文件可直接开锁，严禁用于存放真实档案的设备', boxId, rootKey: Buffer.from(root).toString('hex'),
    ...(former.length === 0 ? {} : { formerRootKey: former[0] }),
  }, null, 2)}\n`);
}

/** @returns the root in hex, and the one before while they are being exchanged */
async function readUnlockFile(places: KeystorePlaces): Promise<readonly string[]> {
  const text = await readFile(unlockFilePath(places), 'utf8');
  return [...text.matchAll(/"(?:r|formerR)ootKey": "([0-9a-f]{64})"/gu)].map(([, root = '']) => root);
}

/** @throws ArchiveError `E_BOX_LOCKED` when the box is not a rehearsal; `E_KEY_SHARE_INVALID` for another box's file */
export async function unlockRehearsal(keystore: SoftwareKeyStore, places: KeystorePlaces): Promise<void> {
  if (!keystore.rehearsal) throw new ArchiveError('E_BOX_LOCKED', { why: 'not a rehearsal' });
  const roots = await readUnlockFile(places);
  if (roots.length === 0) throw new ArchiveError('E_KEY_SHARE_INVALID', { why: 'unlock file' });
  for (const [at, root] of roots.entries()) {
    try {
      keystore.unlockWith(Uint8Array.from(Buffer.from(root, 'hex')));
      return;
    } catch (error) {
      if (at === roots.length - 1 || !(error instanceof ArchiveError) || error.code !== 'E_KEY_SHARE_INVALID') throw error;
    }
  }
}
