/**
 * 密钥库: who may open what is decided by keys that exist only while the box is unlocked.
 * Root key → level keys (one per 密级, purpose and epoch) → one data key per sealed object, kept wrapped in `keyring.db`.
 * Raising or lowering a level rewraps 49 bytes and never rewrites content; destroying a data key is the crypto-erase.
 */
import type { Level } from '../../core/ports.js';
import type { Certificate } from '../crypto/certificate.js';

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

export interface KeyStore {
  readonly state: 'locked' | 'unlocked';
  /** 演练: unlocks itself from a file that says so; every page and report must say it too. */
  readonly rehearsal: boolean;
  /** Certificates can be shown while locked. */
  readonly identity: Identity;
  /** Epoch of the level keys that new things are closed with, from 1. */
  readonly epoch: number;

  /** 32 bytes, a copy that the caller wipes. @throws ArchiveError `E_BOX_LOCKED` */
  levelKey(level: Level, purpose: Purpose, epoch?: number): Uint8Array;
  /**
   * Seals a small thing (a description) under the level's metadata key of the present epoch; the epoch travels inside.
   * @param about the context, e.g. `['record', id]`: it opens only with the same
   */
  sealUnderLevel(level: Level, plain: Uint8Array, about: readonly (string | number)[]): Uint8Array;
  /** @throws ArchiveError `E_DECRYPT_FAILED`, `E_BOX_LOCKED` */
  openUnderLevel(level: Level, sealed: Uint8Array, about: readonly (string | number)[]): Uint8Array;

  /** Makes, wraps and stores a fresh 32-byte data key. @param objectId uuid @throws ArchiveError `E_DUPLICATE`, `E_BOX_LOCKED` */
  newDataKey(objectId: string, level: Level): Promise<Uint8Array>;
  /** A copy that the caller wipes. @throws ArchiveError `E_KEY_DESTROYED` when there is none, `E_BOX_LOCKED` */
  dataKey(objectId: string): Promise<Uint8Array>;
  /** 变更密级: the same data key under another level's key. Idempotent. */
  rewrap(objectId: string, level: Level): Promise<void>;
  /** 密钥销毁: overwrites and removes the wrapped key. Works while locked; absent is success. */
  destroy(objectId: string): Promise<void>;
  /** Whether a wrapped key exists; for fsck. Works while locked. */
  holds(objectId: string): Promise<boolean>;
  /** Object ids with a wrapped key, in order; for fsck and recover. */
  objects(): AsyncIterable<string>;

  /** SM2 signature of the box, DER, default user id. @throws ArchiveError `E_BOX_LOCKED` */
  sign(message: Uint8Array): Uint8Array;

  /** 上锁: every key in memory is overwritten. */
  lock(): void;
  close(): Promise<void>;
}
