/** The keystore in software. A token or a card would hold the root and the box key instead; the interface stays. */
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { type Certificate, issueCertificate } from '../crypto/certificate.js';
import { concat } from '../crypto/der.js';
import type { CryptoProvider, PrivateKey } from '../crypto/provider.js';
import { type BoxFile, type HeldShare, identityContext } from './box-file.js';
import { KeyTree } from './key-tree.js';
import type { Keyring } from './keyring.js';
import type { CertificateWish, KeyStore, Purpose, Unlocking } from './keystore.js';
import { checkValue, combineRoot, shareOf } from './shares.js';

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
    return this.box.epoch;
  }
  get unlocking(): Unlocking {
    return { state: this.state, offered: [...this.#offered.keys()].sort((a, b) => a - b), need: this.box.set.threshold };
  }

  levelKey(level: Level, purpose: Purpose, epoch = this.epoch): Uint8Array {
    return this.#open().tree.levelKey(level, purpose, epoch).slice();
  }

  sealUnderLevel(level: Level, plain: Uint8Array, about: readonly (string | number)[]): Uint8Array {
    const epoch = new Uint8Array(4);
    new DataView(epoch.buffer).setUint32(0, this.epoch);
    return concat(epoch, this.#open().tree.box(level, 'meta', this.epoch).close(plain, ['meta', level, ...about]));
  }

  openUnderLevel(level: Level, sealed: Uint8Array, about: readonly (string | number)[]): Uint8Array {
    const { tree } = this.#open();
    const epoch = sealed.length < 4 ? 0 : new DataView(sealed.buffer, sealed.byteOffset, 4).getUint32(0);
    if (epoch < 1 || epoch > this.epoch) throw new ArchiveError('E_DECRYPT_FAILED', { what: 'epoch' });
    return tree.box(level, 'meta', epoch).open(sealed.subarray(4), ['meta', level, ...about]);
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
    return this.#open().tree.box(row.level, 'wrap', row.epoch).open(row.wrapped, aboutKey(objectId, row.level));
  }

  async rewrap(objectId: string, level: Level): Promise<void> {
    const key = await this.dataKey(objectId);
    try {
      const there = await this.keyring.replace(this.#wrap(objectId, level, key));
      if (!there) throw new ArchiveError('E_KEY_DESTROYED', { object: objectId });
    } finally {
      key.fill(0);
    }
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
    const right = this.provider.equal(Buffer.from(checkValue(this.provider, root, this.box.set.setId)), Buffer.from(this.box.set.check));
    const tree = new KeyTree(this.provider, root, this.box.boxId);
    root.fill(0);
    try {
      if (!right) throw new ArchiveError('E_KEY_SHARE_INVALID', { why: 'not the root of this box' });
      this.#unlocked = { tree, boxKey: this.#identityKey(tree, 'box'), authorityKey: this.#identityKey(tree, 'authority') };
    } catch (error) {
      tree.wipe();
      throw error;
    }
  }

  /**
   * 重分分量: new shares of the same root for these holders. The shares of the set before are refused from now on; who kept an old
   * `keystore.json` beside two of them could still use those, so they are to be destroyed.
   * @param keep writes the new box file, before it is used
   */
  async recut(holders: readonly { readonly holder: string; readonly certificate: Certificate }[], threshold: number, keep: (file: BoxFile) => Promise<void>): Promise<void> {
    const { set, shares: frames } = await this.#open().tree.cut(holders.length, threshold);
    const shares = frames.map((frame, place): HeldShare[] => {
      const to = holders[place];
      const encrypted = to === undefined ? [] : [{ ...to, index: place + 1, encrypted: this.provider.sm2Encrypt(frame, to.certificate.publicKey) }];
      frame.fill(0);
      return encrypted;
    }).flat();
    const file = { ...this.box, set, shares };
    await keep(file);
    this.box = file;
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
