/**
 * 密钥分量: the root key cut so that any `threshold` of its shares give it back and fewer say nothing (Shamir).
 * The library reports neither a damaged share nor too few of them, the result is just wrong; so each share has a frame:
 * `SZS1 ‖ set 8 ‖ threshold 1 ‖ total 1 ‖ index 1 ‖ share 33 ‖ SM3 of all before, 8`. The set keeps a check value.
 */
import { combine, split } from 'shamir-secret-sharing';
import { ArchiveError } from '../../core/errors.js';
import { concat } from '../crypto/der.js';
import type { CryptoProvider } from '../crypto/provider.js';

const MAGIC = new TextEncoder().encode('SZS1');
const SECRET_BYTES = 32;
const SHARE_BYTES = SECRET_BYTES + 1;
/** Length of a set's id. */
export const SET_BYTES = 8;
const FRAME_BYTES = 4 + SET_BYTES + 3 + SHARE_BYTES + 8;

export interface Share {
  /** Hex; shares of different sets never mix. */
  readonly setId: string;
  readonly threshold: number;
  readonly total: number;
  /** 1 … total */
  readonly index: number;
  readonly share: Uint8Array;
}

/** What is kept of a set, all of it public. */
export interface ShareSet {
  readonly setId: string;
  readonly threshold: number;
  readonly total: number;
  /** HMAC-SM3(root, `shouzang root check` ‖ set), hex: tells a right root from a wrong one and nothing else. */
  readonly check: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const refuse = (why: string): never => {
  throw new ArchiveError('E_KEY_SHARE_INVALID', { why });
};

export function checkValue(provider: CryptoProvider, root: Uint8Array, setId: string): string {
  return hex(provider.hmacSm3(root, new TextEncoder().encode(`shouzang root check ${setId}`)));
}

/** @param setBytes id of the set, random @returns the set and the framed shares, index 1 first; the caller wipes them */
export async function splitRoot(provider: CryptoProvider, root: Uint8Array, total: number, threshold: number, setBytes = provider.random(SET_BYTES)): Promise<{ set: ShareSet; shares: Uint8Array[] }> {
  if (root.length !== SECRET_BYTES || setBytes.length !== SET_BYTES || threshold < 2 || total < threshold || total > 255) throw new ArchiveError('E_CRYPTO_INPUT', { what: 'shares', threshold, total });
  const setId = hex(setBytes);
  const raw = await split(Uint8Array.from(root), total, threshold);
  const shares = raw.map((share, place) => {
    const body = concat(MAGIC, setBytes, Uint8Array.of(threshold, total, place + 1), share);
    share.fill(0);
    return concat(body, provider.sm3(body).subarray(0, 8));
  });
  return { set: { setId, threshold, total, check: checkValue(provider, root, setId) }, shares };
}

/** @throws ArchiveError `E_KEY_SHARE_INVALID` for a damaged frame */
export function readShare(provider: CryptoProvider, frame: Uint8Array): Share {
  const body = frame.subarray(0, -8);
  const whole = frame.length === FRAME_BYTES && MAGIC.every((byte, at) => frame[at] === byte) && provider.equal(provider.sm3(body).subarray(0, 8), frame.subarray(-8));
  if (!whole) refuse('damaged');
  const [threshold = 0, total = 0, index = 0] = body.subarray(12, 15);
  if (threshold < 2 || total < threshold || index < 1 || index > total) refuse('numbers');
  return { setId: hex(body.subarray(4, 12)), threshold, total, index, share: body.slice(15) };
}

/** A share that belongs to this set. @throws ArchiveError `E_KEY_SHARE_INVALID` */
export function shareOf(provider: CryptoProvider, set: ShareSet, frame: Uint8Array): Share {
  const share = readShare(provider, frame);
  if (share.setId !== set.setId || share.threshold !== set.threshold || share.total !== set.total) refuse('another set');
  return share;
}

/** @throws ArchiveError `E_KEY_SHARE_TOO_FEW`; `E_KEY_SHARE_INVALID` when the result is not the root of the set */
export async function combineRoot(provider: CryptoProvider, set: ShareSet, frames: readonly Uint8Array[]): Promise<Uint8Array> {
  const shares = new Map(frames.map((frame) => shareOf(provider, set, frame)).map((share) => [share.index, share.share]));
  if (shares.size < set.threshold) throw new ArchiveError('E_KEY_SHARE_TOO_FEW', { have: shares.size, need: set.threshold });
  const root = await combine([...shares.values()]).catch(() => refuse('do not fit'));
  for (const share of shares.values()) share.fill(0);
  if (!provider.equal(Buffer.from(checkValue(provider, root, set.setId)), Buffer.from(set.check))) {
    root.fill(0);
    refuse('not the root of this set');
  }
  return root;
}
