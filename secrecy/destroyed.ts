/**
 * 已销毁清单: what was destroyed, in a chain of entries that the box signs one by one. It outlives every backup: whoever restores one
 * replays the list, so that what was destroyed stays destroyed (第三十九条). No title, no name: ids and digests.
 */
import { canonicalBytes } from '../core/canonical.js';
import type { Instant, Sm3 } from '../core/ports.js';

export interface Destroyed {
  /** From 1, without gap. */
  readonly seq: number;
  /** Id of the sealed object. */
  readonly object: string;
  readonly record: string;
  /** 销毁批次 */
  readonly batch: string;
  /** SM3 of the content that was destroyed, hex. */
  readonly digest: string;
  readonly at: Instant;
  /** SM3 of the entry before it, hex; of the first one 64 zeros. */
  readonly previous: string;
}
/** @param signature SM2 of the box over `destroyedBytes`, DER, base64 */
export interface SignedDestroyed extends Destroyed { readonly signature: string }

export const NOTHING_BEFORE = '0'.repeat(64);
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** What is signed, and what the next entry names. */
export const destroyedBytes = ({ seq, object, record, batch, digest, at, previous }: Destroyed): Uint8Array =>
  canonicalBytes({ type: 'shouzang-destroyed/v1', seq, object, record, batch, digest, at, previous });

export const destroyedHash = (sm3: Sm3, one: Destroyed): string => hex(sm3(destroyedBytes(one)));

/** First entry at which the list does not hold; undefined for a whole one. @param genuine whether the box signed these bytes */
export function destroyedFault(list: readonly SignedDestroyed[], sm3: Sm3, genuine: (message: Uint8Array, signature: string) => boolean): { readonly seq: number; readonly why: 'gap' | 'unlinked' | 'signature' } | undefined {
  let previous = NOTHING_BEFORE;
  for (const [at, one] of list.entries()) {
    if (one.seq !== at + 1) return { seq: at + 1, why: 'gap' };
    if (one.previous !== previous) return { seq: one.seq, why: 'unlinked' };
    if (!genuine(destroyedBytes(one), one.signature)) return { seq: one.seq, why: 'signature' };
    previous = destroyedHash(sm3, one);
  }
  return undefined;
}

export interface Replay {
  /** Entries that the restored box does not know yet, in order. */
  readonly add: readonly SignedDestroyed[];
  /** Objects that must not come back. */
  readonly erase: readonly string[];
}

/**
 * 回放: what a restored box must do so that nothing destroyed since comes back. Replayed twice it changes nothing more.
 * @param list checked by `destroyedFault` @param known entries that the backup itself holds @param live objects it would bring back
 * @returns null where the two lists are not one history
 */
export function replay(list: readonly SignedDestroyed[], known: readonly SignedDestroyed[], live: ReadonlySet<string>): Replay | null {
  if (known.some((one, at) => list[at]?.signature !== one.signature)) return null;
  return { add: list.slice(known.length), erase: [...new Set(list.map(({ object }) => object))].filter((object) => live.has(object)) };
}
