/** The keystore in software. A token or a card would hold the root and the box key instead; the interface stays. */
import { ArchiveError } from '../../core/errors.js';
import type { Instant, Level } from '../../core/ports.js';
import { type Certificate, issueCertificate } from '../crypto/certificate.js';
import type { CryptoProvider, PrivateKey } from '../crypto/provider.js';
import { type BoxFile, type HeldShare, identityContext, type KeptEpoch } from './box-file.js';
import { openEpochs, sealedNow, sealEpoch, sealSearch } from './epoch-box.js';
import { EPOCH_BYTES, KeyTree, SEARCH_EPOCH } from './key-tree.js';
import type { Keyring, WrappedKey } from './keyring.js';
import type { CertificateWish, EpochState, KeyStore, Moved, Purpose, Unlocking } from './keystore.js';
import { closeThing, openThing, rewrapThing } from './sealed-thing.js';
import { combineRoot, shareOf, type ShareSet } from './shares.js';

/** Who is to hold a share. */
export interface Holder { readonly holder: string; readonly certificate: Certificate }
/** Writes a box file, durably, before it is used. */
export type KeepFile = (file: BoxFile) => Promise<void>;

interface Unlocked {
  readonly tree: KeyTree;
  readonly boxKey: PrivateKey;
  readonly authorityKey: PrivateKey;
}

export class SoftwareKeyStore implements KeyStore {
  #unlocked: Unlocked | undefined;
  /** Frames of shares by index. */
  readonly #offered = new Map<number, Uint8Array>();

  constructor(private readonly provider: CryptoProvider, private box: BoxFile, private readonly keyring: Keyring) {}

  get state(): 'locked' | 'unlocked' {
    return this.#unlocked === undefined ? 'locked' : 'unlocked';
  }
  get rehearsal(): boolean {
    return this.box.rehearsal;
  }
  get identity() {
    return { certificate: this.box.certificate, authority: this.box.authority };
  }
  get heldShares() {
    return this.box.shares;
  }
  get epoch(): number {
    return this.box.epochs.find(({ state }) => state === 'current')?.epoch ?? 1;
  }
  get epochs(): readonly EpochState[] {
    return this.box.epochs.map(({ epoch, state, madeAt, destroyedAt }) => ({ epoch, state, madeAt, destroyedAt }));
  }
  get shareSet(): ShareSet {
    return this.box.set;
  }
  get unlocking(): Unlocking {
    return { state: this.state, offered: [...this.#offered.keys()].sort((a, b) => a - b), need: this.box.set.threshold };
  }

  levelKey(level: Level, purpose: Purpose, epoch = purpose === 'search' ? SEARCH_EPOCH : this.epoch): Uint8Array {
    return Uint8Array.from(this.#open().tree.levelKey(level, purpose, epoch));
  }

  sealUnderLevel(level: Level, plain: Uint8Array, about: readonly (string | number)[]): Uint8Array {
    return closeThing(this.provider, this.#open().tree, { level, epoch: this.epoch }, plain, about);
  }

  openUnderLevel(level: Level, sealed: Uint8Array, about: readonly (string | number)[]): Uint8Array {
    return openThing(this.provider, this.#open().tree, level, sealed, about);
  }

  rewrapSealed(sealed: Uint8Array): Uint8Array | null {
    return rewrapThing(this.#open().tree, sealed, this.epoch);
  }

  async newDataKey(objectId: string, level: Level): Promise<Uint8Array> {
    this.#open();
    const key = this.provider.random(32);
    try {
      await this.keyring.add(this.#wrap(objectId, level, key));
      return key;
    } catch (error) {
      key.fill(0);
      throw error;
    }
  }

  async dataKey(objectId: string): Promise<Uint8Array> {
    this.#open();
    const row = await this.keyring.get(objectId);
    if (row === undefined) throw new ArchiveError('E_KEY_DESTROYED', { object: objectId });
    return this.#unwrap(row);
  }

  async rewrap(objectId: string, level: Level): Promise<void> {
    for (;;) {
      const row = await this.keyring.get(objectId);
      if (row === undefined) throw new ArchiveError('E_KEY_DESTROYED', { object: objectId });
      if ((await this.keyring.exchange([{ seen: row, key: this.#wrappedAnew(row, level) }])) > 0) break;
    }
    await this.keyring.settle();
  }

  async rewrapOlder(limit: number, after = ''): Promise<Moved> {
    this.#open();
    const rows = await this.keyring.older(this.epoch, limit, after);
    const pairs = rows.flatMap((row) => {
      try {
        return [{ seen: row, key: this.#wrappedAnew(row, row.level) }];
      } catch (error) {
        if (error instanceof ArchiveError && error.code !== 'E_BOX_LOCKED') return [];
        throw error;
      }
    });
    const done = await this.keyring.exchange(pairs);
    await this.keyring.settle();
    return { done, failed: rows.length - pairs.length, last: rows.length < limit ? null : (rows.at(-1)?.objectId ?? null) };
  }

  keysByEpoch(): Promise<ReadonlyMap<number, number>> {
    return this.keyring.countByEpoch();
  }

  async placeOf(objectId: string): Promise<{ readonly level: Level; readonly epoch: number } | undefined> {
    const row = await this.keyring.get(objectId);
    return row && { level: row.level, epoch: row.epoch };
  }

  destroy(objectId: string): Promise<void> {
    return this.keyring.remove(objectId);
  }

  async holds(objectId: string): Promise<boolean> {
    return (await this.keyring.get(objectId)) !== undefined;
  }

  objects(): AsyncIterable<string> {
    return this.keyring.objects();
  }

  sign(message: Uint8Array): Uint8Array {
    return this.provider.sign(message, this.#open().boxKey);
  }

  certify(wish: CertificateWish): Certificate {
    const { authorityKey } = this.#open();
    return issueCertificate(this.provider, { ...wish, serial: this.provider.random(16), issuer: { certificate: this.box.authority, key: authorityKey } });
  }

  async offerShare(frame: Uint8Array): Promise<Unlocking> {
    if (this.#unlocked !== undefined) return this.unlocking;
    const { index } = shareOf(this.provider, this.box.set, frame);
    this.#offered.set(index, Uint8Array.from(frame));
    if (this.#offered.size >= this.box.set.threshold) {
      try {
        const root = await combineRoot(this.provider, this.box.set, [...this.#offered.values()]);
        this.unlockWith(root);
      } finally {
        this.#forgetShares();
      }
    }
    return this.unlocking;
  }

  /** With the root itself: the end of a ceremony, or a rehearsal. Wipes `root`. @throws ArchiveError `E_KEY_SHARE_INVALID` for a root of another box */
  unlockWith(root: Uint8Array): void {
    const tree = new KeyTree(this.provider, root, this.box.boxId);
    root.fill(0);
    try {
      if (!tree.isRootOf(this.box.set)) throw new ArchiveError('E_KEY_SHARE_INVALID', { why: 'not the root of this box' });
      openEpochs(tree, this.box);
      this.#unlocked = { tree, boxKey: this.#identityKey(tree, 'box'), authorityKey: this.#identityKey(tree, 'authority') };
    } catch (error) {
      tree.wipe();
      throw error;
    }
  }

  /**
   * 换期: from now on everything new is closed with this epoch's keys. Done before is success.
   * @param keep writes the new box file, before it is used
   * @throws ArchiveError `E_BOX_LOCKED`, `E_STATE_INVALID` when it is not the next epoch
   */
  async beginEpoch(epoch: number, at: Instant, keep: KeepFile): Promise<void> {
    const { tree } = this.#open();
    if (this.box.epochs.some((one) => one.epoch === epoch)) return;
    if (epoch !== this.box.epochs.length + 1) throw new ArchiveError('E_STATE_INVALID', { epoch });
    const keys = this.provider.random(EPOCH_BYTES);
    const made: KeptEpoch = { epoch, state: 'current', madeAt: at, destroyedAt: null, sealed: sealEpoch(tree, this.box.boxId, epoch, keys) };
    const before = sealedNow(tree, this.box).epochs.map((one): KeptEpoch => (one.state === 'current' ? { ...one, state: 'retiring' } : one));
    await this.#keep({ ...sealedNow(tree, this.box), epochs: [...before, made] }, keep);
    tree.addEpoch(epoch, keys);
  }

  /**
   * 销毁旧期密钥, in the file and in memory; whoever calls has counted that nothing refers to it. Done before is success.
   * @throws ArchiveError `E_BOX_LOCKED`, `E_STATE_INVALID` for the present epoch or while data keys are wrapped under it
   */
  async destroyEpoch(epoch: number, at: Instant, keep: KeepFile): Promise<void> {
    const { tree } = this.#open();
    const found = this.box.epochs.find((one) => one.epoch === epoch);
    if (found?.state === 'destroyed') return;
    const left = (await this.keyring.countByEpoch()).get(epoch) ?? 0;
    if (found?.state !== 'retiring' || left > 0) throw new ArchiveError('E_STATE_INVALID', { epoch, left });
    const file = sealedNow(tree, this.box);
    await this.#keep({ ...file, epochs: file.epochs.map((one) => (one.epoch === epoch ? { ...one, state: 'destroyed', sealed: null, destroyedAt: at } : one)) }, keep);
    tree.forget(epoch);
  }

  /**
   * 重分分量, 换根: a new root under which the same keys rest, and shares of it for these holders. The shares before are of another root:
   * with the present box file they open nothing. With a copy of an older file they open the epochs of that time, which is why a rotation
   * follows.
   * @param keep writes the new box file, before it is used; with the new root for the rehearsal
   */
  async renewRoot(holders: readonly Holder[], threshold: number, setId: string | undefined, keep: (file: BoxFile, root: Uint8Array) => Promise<void>): Promise<void> {
    const open = this.#open();
    const [root, former] = [this.provider.random(32), sealedNow(open.tree, this.box)];
    const tree = new KeyTree(this.provider, root, this.box.boxId);
    try {
      openEpochs(tree, former, open.tree);
      const resealed: BoxFile = {
        ...former, sealedSearch: sealSearch(tree, former.boxId, open.tree.exportSearch()),
        epochs: former.epochs.map((one) => (one.sealed === null ? one : { ...one, sealed: sealEpoch(tree, former.boxId, one.epoch, tree.exportEpoch(one.epoch), true) })),
        sealedBoxKey: this.#resealed(tree, 'box', open.boxKey), sealedAuthorityKey: this.#resealed(tree, 'authority', open.authorityKey),
        ...(await this.#cut(tree, holders, threshold, setId)),
      };
      await keep(resealed, root);
      this.box = resealed;
      this.#unlocked = { ...open, tree };
      open.tree.wipe();
    } catch (error) {
      tree.wipe();
      throw error;
    } finally {
      root.fill(0);
    }
  }

  /**
   * 重分分量: new shares of the same root for these holders. The shares of the set before are refused from now on; who kept an old
   * `keystore.json` beside two of them could still use those, so they are to be destroyed.
   * @param keep writes the new box file, before it is used
   */
  async recut(holders: readonly Holder[], threshold: number, keep: KeepFile): Promise<void> {
    const { tree } = this.#open();
    await this.#keep({ ...this.box, ...(await this.#cut(tree, holders, threshold)) }, keep);
  }

  /**
   * 恢复演练: opens a store of this box as it was backed up, so that nobody's share leaves its holder for it.
   * @throws ArchiveError `E_BOX_LOCKED`, `E_KEY_SHARE_INVALID` where the root was exchanged since
   */
  openOther(other: SoftwareKeyStore): void {
    other.unlockWith(this.#open().tree.exportRoot());
  }

  lock(): void {
    this.#unlocked?.tree.wipe();
    this.#unlocked = undefined;
    this.#forgetShares();
  }

  async close(): Promise<void> {
    this.lock();
    await this.keyring.close();
  }

  #identityKey(tree: KeyTree, which: 'box' | 'authority'): PrivateKey {
    const pkcs8 = tree.identityBox().open(which === 'box' ? this.box.sealedBoxKey : this.box.sealedAuthorityKey, identityContext(which, this.box));
    const key = this.provider.loadPrivateKey(pkcs8);
    pkcs8.fill(0);
    const certificate = which === 'box' ? this.box.certificate : this.box.authority;
    if (!this.provider.equal(key.publicKey, certificate.publicKey)) throw new ArchiveError('E_CERT_INVALID', { which });
    return key;
  }

  async #cut(tree: KeyTree, holders: readonly Holder[], threshold: number, setId?: string): Promise<Pick<BoxFile, 'set' | 'shares'>> {
    const { set, shares: frames } = await tree.cut(holders.length, threshold, setId);
    const shares = frames.map((frame, place): HeldShare[] => {
      const to = holders[place];
      const encrypted = to === undefined ? [] : [{ ...to, index: place + 1, encrypted: this.provider.sm2Encrypt(frame, to.certificate.publicKey) }];
      frame.fill(0);
      return encrypted;
    }).flat();
    return { set, shares };
  }

  #resealed(tree: KeyTree, which: 'box' | 'authority', key: PrivateKey): Uint8Array {
    const pkcs8 = this.provider.exportPrivateKey(key);
    const sealed = tree.identityBox().close(pkcs8, identityContext(which, this.box));
    pkcs8.fill(0);
    return sealed;
  }

  async #keep(file: BoxFile, keep: KeepFile): Promise<void> {
    await keep(file);
    this.box = file;
  }

  #unwrap(row: WrappedKey): Uint8Array {
    const { tree } = this.#open();
    if (!tree.knows(row.epoch)) throw new ArchiveError('E_KEY_DESTROYED', { object: row.objectId, epoch: row.epoch });
    return tree.box(row.level, 'wrap', row.epoch).open(row.wrapped, aboutKey(row.objectId, row.level));
  }

  #wrappedAnew(row: WrappedKey, level: Level): WrappedKey {
    const key = this.#unwrap(row);
    try {
      return this.#wrap(row.objectId, level, key);
    } finally {
      key.fill(0);
    }
  }

  #wrap(objectId: string, level: Level, key: Uint8Array) {
    return { objectId, level, epoch: this.epoch, wrapped: this.#open().tree.box(level, 'wrap', this.epoch).close(key, aboutKey(objectId, level)) };
  }

  #forgetShares(): void {
    for (const frame of this.#offered.values()) frame.fill(0);
    this.#offered.clear();
  }

  #open(): Unlocked {
    if (this.#unlocked === undefined) throw new ArchiveError('E_BOX_LOCKED');
    return this.#unlocked;
  }
}

const aboutKey = (objectId: string, level: Level): readonly (string | number)[] => ['data-key', objectId, level];
