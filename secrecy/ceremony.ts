import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';
import { canonical, checkSignature, type Json, type Signature, type VerifySignature } from './signing.js';
import type { Step } from './step.js';

/** 密钥仪式: what is done to keys is done by several people, who sign one and the same record of it (GB/T 39786-2021 附录 B 形态,K). */
export const CEREMONY_KINDS = ['generate', 'backup', 'restore', 'rotate', 'reissue', 'destroy'] as const;
export type CeremonyKind = (typeof CEREMONY_KINDS)[number];

/** Kinds of what the register knows; never a value of one. */
export const KEY_KINDS = ['root', 'share-set', 'level-keys', 'search-keys', 'box', 'authority'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** One who was there. Accounts, not names: the record may be shown. */
export interface Present {
  readonly person: string;
  readonly account: string;
  readonly certificateSerial: string;
  /** 提请, 会签, 持有人, 办理. */
  readonly part: string;
}

/** What happened to one key. */
export interface KeyEvent {
  readonly kind: KeyKind;
  readonly epoch: number | null;
  /** Share set id or certificate serial. */
  readonly reference: string | null;
  readonly event: 'made' | 'retiring' | 'replaced' | 'destroyed' | 'copied' | 'restored';
}

/** What all present sign, as canonical JSON (RFC 8785). */
export interface CeremonyRecord {
  readonly type: 'shouzang-ceremony/v1';
  /** 如 `YS-2026-0003`. */
  readonly number: string;
  readonly kind: CeremonyKind;
  /** 设备编号 */
  readonly box: string;
  readonly at: Instant;
  /** Approval under which it was done, where one was needed. */
  readonly approval: string | null;
  readonly reason: string;
  readonly present: readonly Present[];
  readonly keys: readonly KeyEvent[];
  readonly shares: { readonly setId: string; readonly threshold: number; readonly holders: readonly { readonly index: number; readonly account: string; readonly certificateSerial: string }[] } | null;
  /** What was counted and checked, in words (中文). */
  readonly checks: readonly string[];
}

export interface CeremonySignature extends Signature { readonly account: string }

export interface Ceremony {
  readonly record: CeremonyRecord;
  readonly state: 'open' | 'complete';
  readonly signatures: readonly CeremonySignature[];
}

/** @throws ArchiveError `E_INPUT_INVALID` for fewer than two different people and keys */
export function openCeremony(record: CeremonyRecord): Ceremony {
  const different = (of: (one: Present) => string): boolean => new Set(record.present.map(of)).size === record.present.length;
  if (record.present.length < 2 || !different((one) => one.person) || !different((one) => one.certificateSerial)) throw new ArchiveError('E_INPUT_INVALID', { rule: 'ceremony.present' }, [{ at: '/present', message: '密钥仪式须有两名以上不同的人员在场，每人用本人的钥匙签字' }]);
  return { record, state: 'open', signatures: [] };
}

export const ceremonyText = (record: CeremonyRecord): string => canonical(record as unknown as Json);

/**
 * One of those present signs the record; with the last signature it is complete.
 * @throws ArchiveError `E_DENIED` for who was not there, `E_STATE_INVALID` once signed, `E_SIGNATURE_INVALID`
 */
export function signCeremony(it: Ceremony, by: CeremonySignature, verify: VerifySignature): Step<Ceremony> {
  const { record } = it;
  if (!record.present.some((one) => one.person === by.person && one.certificateSerial === by.certificateSerial)) throw new ArchiveError('E_DENIED', { ceremony: record.number });
  if (it.state === 'complete' || it.signatures.some((one) => one.person === by.person)) throw new ArchiveError('E_STATE_INVALID', { ceremony: record.number, state: it.state });
  checkSignature(verify, ceremonyText(record), by);
  const signatures = [...it.signatures, by];
  const state = signatures.length === record.present.length ? 'complete' : 'open';
  return { next: { ...it, signatures, state }, audit: { action: 'ceremony.sign', object: record.number, objectType: 'ceremony', detail: { kind: record.kind, signed: signatures.length, of: record.present.length } } };
}

/** Everything wrong with a kept record, years later. */
export function ceremonyFaults(it: Ceremony, verify: (signature: CeremonySignature) => VerifySignature): readonly string[] {
  const text = ceremonyText(it.record);
  const faults = it.signatures.filter((one) => !verify(one)(text, one)).map((one) => `${one.account} 的签名校验未通过`);
  const missing = it.record.present.filter((one) => !it.signatures.some((signed) => signed.person === one.person && signed.certificateSerial === one.certificateSerial)).map(({ account }) => account);
  return [...faults, ...(it.state === 'complete' && missing.length > 0 ? [`签字不齐而标为已签齐：缺 ${missing.join('、')}`] : [])];
}
