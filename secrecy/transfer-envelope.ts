/**
 * 传输封套 version 1: the layout alone, as `transfer-envelope.md` has it. Signatures, keys and ciphers are outside.
 */
import { canonicalBytes } from '../core/canonical.js';
import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';
import type { Level } from './level.js';
import { uuidBytes } from './envelope.js';

export const TAIL_BYTES = 32;
/** Most that a label may take; a certificate chain is under 4 KiB. */
export const LABEL_LIMIT = 65_536;
const SIGNATURE_LIMIT = 128;
const VERSION = 1;
const TAIL_MAGIC = Uint8Array.of(0x53, 0x5a, 0x52, 0x4f, 0x41, 0x44, 0x0d, 0x0a);
const INFO = 'shouzang transfer envelope 1';
export const HALF_BYTES = 32;

export interface TransferLabel {
  readonly format: 'shouzang-transfer-envelope';
  readonly version: 1;
  /** UUID of the envelope and of the sealed object in it. */
  readonly envelope: string;
  readonly package: { readonly no: string; readonly kind: 'filing' | 'transfer'; readonly volume: number; readonly volumes: number };
  readonly level: Level;
  readonly mark: string | null;
  readonly handover: string | null;
  readonly sealedAt: Instant;
  readonly validUntil: Instant;
  /** PEM, leaf first, then the root. */
  readonly sender: { readonly box: string; readonly chain: readonly string[] };
  /** `key`: SM3 of the 65 bytes of the public key, hex. */
  readonly receiver: { readonly box: string; readonly key: string; readonly systemLevel: Level };
  readonly device: { readonly no: string; readonly key: string; readonly certifiedLevel: Level; readonly validTo: string };
  /** SM2 ciphertexts of the two halves, base64. */
  readonly halves: { readonly box: string; readonly device: string };
  readonly content: { readonly bytes: number; readonly sealedBytes: number; readonly root: string; readonly manifest: string };
}
/** What is known before a byte is sealed, and what the key is bound to. */
export type Address = Omit<TransferLabel, 'halves' | 'content'>;

/** Lengths of the three parts. */
export interface Tail { readonly sealedBytes: number; readonly labelBytes: number; readonly signatureBytes: number }

/** HKDF info of the content secret: a label with another address gives another key. @param sm3 SM3 of the canonical address */
export function secretInfo(sm3: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(INFO);
  const out = new Uint8Array(text.length + sm3.length);
  out.set(text);
  out.set(sm3, text.length);
  return out;
}

/** The part of a label that is bound into the key. */
export function addressBytes(label: Address): Uint8Array {
  const { format, version, envelope, level, mark, handover, sealedAt, validUntil, sender, receiver, device } = label;
  return canonicalBytes({ format, version, envelope, package: label.package, level, mark, handover, sealedAt, validUntil, sender, receiver, device } satisfies Address);
}

/** HKDF salt. */
export const secretSalt = (envelope: string): Uint8Array => uuidBytes(envelope);

export function encodeTail({ sealedBytes, labelBytes, signatureBytes }: Tail): Uint8Array {
  const out = new Uint8Array(TAIL_BYTES);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(sealedBytes));
  view.setUint32(8, labelBytes);
  view.setUint16(12, signatureBytes);
  view.setUint16(14, VERSION);
  out.set(TAIL_MAGIC, 24);
  return out;
}

/** Whether these are the last 32 bytes of an envelope. */
export const isTail = (bytes: Uint8Array): boolean => bytes.length === TAIL_BYTES && TAIL_MAGIC.every((byte, at) => bytes[24 + at] === byte);

/** @throws ArchiveError `E_ENVELOPE_TRUNCATED` without the magic, `E_ENVELOPE_VERSION`, `E_ENVELOPE_LABEL` */
export function decodeTail(bytes: Uint8Array): Tail {
  if (!isTail(bytes)) throw new ArchiveError('E_ENVELOPE_TRUNCATED', { why: 'no end' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, TAIL_BYTES);
  if (view.getUint16(14) !== VERSION) throw new ArchiveError('E_ENVELOPE_VERSION', { version: view.getUint16(14) });
  const [sealedBytes, labelBytes, signatureBytes] = [view.getBigUint64(0), view.getUint32(8), view.getUint16(12)];
  const sound = sealedBytes <= BigInt(Number.MAX_SAFE_INTEGER) && labelBytes > 0 && labelBytes <= LABEL_LIMIT && signatureBytes > 0 && signatureBytes <= SIGNATURE_LIMIT;
  if (!sound || bytes.subarray(16, 24).some((byte) => byte !== 0)) throw new ArchiveError('E_ENVELOPE_LABEL', { why: 'tail' });
  return { sealedBytes: Number(sealedBytes), labelBytes, signatureBytes };
}

/** 启封条件: what a box may refuse of a label whose signature is good, in this order. */
export interface OpeningFacts {
  readonly at: Instant;
  /** The calendar date in Asia/Shanghai at `at`. */
  readonly today: string;
  readonly box: { readonly serial: string; readonly key: string; readonly systemLevel: Level };
  readonly device: { readonly no: string; readonly key: string; readonly certifiedLevel: Level; readonly validTo: string };
}

/** @throws ArchiveError `E_ENVELOPE_FOREIGN`, `E_ENVELOPE_DEVICE`, `E_ENVELOPE_EXPIRED`, `E_ENVELOPE_LEVEL` */
export function requireOpenable(label: TransferLabel, facts: OpeningFacts): void {
  const { box, device } = facts;
  if (label.receiver.box !== box.serial || label.receiver.key !== box.key) throw new ArchiveError('E_ENVELOPE_FOREIGN', { envelope: label.envelope });
  if (label.device.key !== device.key) throw new ArchiveError('E_ENVELOPE_DEVICE', { envelope: label.envelope, device: label.device.no });
  const expired = (what: string): ArchiveError => new ArchiveError('E_ENVELOPE_EXPIRED', { envelope: label.envelope, what });
  if (facts.at < label.sealedAt || facts.at > label.validUntil) throw expired('封套');
  if (device.validTo < facts.today || label.device.validTo < facts.today) throw expired('专用设备');
  if (label.level > box.systemLevel || label.level > device.certifiedLevel || label.level > label.device.certifiedLevel) throw new ArchiveError('E_ENVELOPE_LEVEL', { envelope: label.envelope, level: label.level });
}
