/**
 * 密钥库: who may open what is decided by keys that exist only while the box is unlocked.
 * Root key ⊃ level keys (one per 密级, purpose and epoch) ⊃ one data key per sealed object, kept wrapped in `keyring.db`.
 * Raising or lowering a level rewraps 49 bytes and never rewrites content; destroying a data key is the crypto-erase.
 */
import type { Instant, Level } from '../../core/ports.js';
import type { Certificate, KeyUsage, Name } from '../crypto/certificate.js';
import type { PublicKey } from '../crypto/provider.js';
import type { HeldShare } from './box-file.js';

/** `meta` seals descriptions, `search` makes blind search words, `wrap` wraps data keys. */
export const PURPOSES = ['meta', 'search', 'wrap'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** 盒身份: who signs reports, checkpoints and packages for the box. */
export interface Identity {
  /** Box certificate, issued by the box's own authority. */
  readonly certificate: Certificate;
  /** 本机根证书. */
  readonly authority: Certificate;
}

/** 证书申请: for an officer, a device or a source system. */
export interface CertificateWish {
  readonly subject: Name;
  readonly publicKey: PublicKey;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly keyUsage: readonly KeyUsage[];
}

/** What one batch of a rotation did. */
export interface Moved {
  readonly done: number;
  /** Could not be opened: damaged, or of an epoch that is gone. */
  readonly failed: number;
  /** The object to go on behind; null at the end. */
  readonly last: string | null;
}

/** One epoch (期次) of the level keys. */
export interface EpochState {
  readonly epoch: number;
  /** `retiring`: it opens what still refers to it and closes nothing new. */
  readonly state: 'current' | 'retiring' | 'destroyed';
  readonly madeAt: Instant | null;
  readonly destroyedAt: Instant | null;
}

/** How far an unlocking has come. */
export interface Unlocking {
  readonly state: 'locked' | 'unlocked';
  /** Shares held now, by index; none once unlocked. */
  readonly offered: readonly number[];
  readonly need: number;
}

export interface KeyStore {
  readonly state: 'locked' | 'unlocked';
  /** 演练: unlocks itself from a file that says so; every page and report must say it too. */
  readonly rehearsal: boolean;
  /** Certificates can be shown while locked. */
  readonly identity: Identity;
  /** Shares as kept, each readable by its holder only; may be shown while locked. */
  readonly heldShares: readonly HeldShare[];
  /** Epoch of the level keys that new things are closed with, from 1. */
  readonly epoch: number;
  /** Every epoch there ever was, in order. */
  readonly epochs: readonly EpochState[];

  /** 32 bytes, a copy that the caller wipes. @throws ArchiveError `E_BOX_LOCKED` */
  levelKey(level: Level, purpose: Purpose, epoch?: number): Uint8Array;
  /**
   * Seals a small thing (a description) under the level's metadata key of the present epoch: `sealed-thing.md`.
   * @param about the context, e.g. `['record', id]`: it opens only with the same
   */
  sealUnderLevel(level: Level, plain: Uint8Array, about: readonly (string | number)[]): Uint8Array;
  /** @throws ArchiveError `E_DECRYPT_FAILED`, `E_BOX_LOCKED` */
  openUnderLevel(level: Level, sealed: Uint8Array, about: readonly (string | number)[]): Uint8Array;

  /**
   * 换期: the header of a sealed description under the present epoch; its body stays byte for byte.
   * @returns null where there is nothing to do @throws ArchiveError `E_DECRYPT_FAILED`, `E_BOX_LOCKED`
   */
  rewrapSealed(sealed: Uint8Array): Uint8Array | null;

  /** Makes, wraps and stores a fresh 32-byte data key. @param objectId uuid @throws ArchiveError `E_DUPLICATE`, `E_BOX_LOCKED` */
  newDataKey(objectId: string, level: Level): Promise<Uint8Array>;
  /** A copy that the caller wipes. @throws ArchiveError `E_KEY_DESTROYED` when there is none, `E_BOX_LOCKED` */
  dataKey(objectId: string): Promise<Uint8Array>;
  /** 变更密级: the same data key under another level's key. Idempotent. */
  rewrap(objectId: string, level: Level): Promise<void>;
  /**
   * 换期: up to so many data keys of earlier epochs under the present one, in order of the object behind `after`. A damaged key stays as it is
   * and is counted. @throws ArchiveError `E_BOX_LOCKED`
   */
  rewrapOlder(limit: number, after?: string): Promise<Moved>;
  /** How many data keys each epoch wraps. Works while locked. */
  keysByEpoch(): Promise<ReadonlyMap<number, number>>;
  /** Level and epoch that an object's data key is wrapped under, if it is there; for fsck. Works while locked. */
  placeOf(objectId: string): Promise<{ readonly level: Level; readonly epoch: number } | undefined>;
  /** 密钥销毁: overwrites and removes the wrapped key. Works while locked; absent is success. */
  destroy(objectId: string): Promise<void>;
  /** Whether a wrapped key exists; for fsck. Works while locked. */
  holds(objectId: string): Promise<boolean>;
  /** Object ids with a wrapped key, in order; for fsck and recover. */
  objects(): AsyncIterable<string>;

  /** SM2 signature of the box, DER, default user id. @throws ArchiveError `E_BOX_LOCKED` */
  sign(message: Uint8Array): Uint8Array;

  /** 签发证书 by the box's authority, serial random. @throws ArchiveError `E_BOX_LOCKED` */
  certify(wish: CertificateWish): Certificate;

  /**
   * 开锁: takes one holder's share (opened with the holder's key); with enough of them the box unlocks.
   * @throws ArchiveError `E_KEY_SHARE_INVALID`; when shares together give no root, all of them are forgotten
   */
  offerShare(frame: Uint8Array): Promise<Unlocking>;
  readonly unlocking: Unlocking;
  /** 上锁: every key in memory is overwritten, and shares offered so far with them. */
  lock(): void;
  close(): Promise<void>;
}
