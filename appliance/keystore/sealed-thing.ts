/** 密件: a description as it rests in a row. Its layout is `sealed-thing.md`; the keys come from the keystore. */
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { concat } from '../crypto/der.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { PAIR_BYTES, SmallBox } from '../crypto/small-box.js';
import type { KeyTree } from './key-tree.js';

const MAGIC = new TextEncoder().encode('SZD2');
/** Magic ‖ epoch: compared as bytes, a thing of an earlier epoch or of version 1 comes before one of a later. */
export const PREFIX_BYTES = 8;
const WRAPPED_AT = PREFIX_BYTES + 1;
const WRAPPED_BYTES = 1 + 16 + PAIR_BYTES + 32;
/** Where the body begins, which a rotation never touches. */
export const BODY_AT = WRAPPED_AT + WRAPPED_BYTES;

/** The first bytes of everything closed in this epoch, for asking the database what is older. */
export function epochPrefix(epoch: number): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES);
  bytes.set(MAGIC);
  bytes.writeUInt32BE(epoch, MAGIC.length);
  return bytes;
}

const refuse = (what: string): never => {
  throw new ArchiveError('E_DECRYPT_FAILED', { what });
};
const isThing = (sealed: Uint8Array): boolean => sealed.length > BODY_AT && MAGIC.every((byte, at) => sealed[at] === byte);
const numberAt = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
const aboutHead = (level: Level): readonly (string | number)[] => ['sealed-thing', level];

/** Level and epoch that a thing says it was closed with. @returns null for version 1, whose level only its row knows */
export function headOf(sealed: Uint8Array): { readonly epoch: number; readonly level: number } | null {
  return isThing(sealed) ? { epoch: numberAt(sealed, MAGIC.length), level: sealed[PREFIX_BYTES] ?? 0 } : null;
}

export function closeThing(provider: CryptoProvider, tree: KeyTree, at: { readonly level: Level; readonly epoch: number }, plain: Uint8Array, about: readonly (string | number)[]): Uint8Array {
  const key = provider.random(PAIR_BYTES);
  const body = new SmallBox(provider, key);
  const wrapped = tree.box(at.level, 'meta', at.epoch).close(key, aboutHead(at.level));
  key.fill(0);
  const sealed = body.close(plain, ['meta', at.level, ...about]);
  body.wipe();
  return concat(epochPrefix(at.epoch), Uint8Array.of(at.level), wrapped, sealed);
}

/** @throws ArchiveError `E_DECRYPT_FAILED` */
export function openThing(provider: CryptoProvider, tree: KeyTree, level: Level, sealed: Uint8Array, about: readonly (string | number)[]): Uint8Array {
  const head = headOf(sealed);
  if (head === null) return openVersion1(tree, level, sealed, about);
  if (head.level !== level || !tree.knows(head.epoch)) return refuse(head.level === level ? 'epoch' : 'level');
  const key = tree.box(level, 'meta', head.epoch).open(sealed.subarray(WRAPPED_AT, BODY_AT), aboutHead(level));
  const body = new SmallBox(provider, key);
  key.fill(0);
  try {
    return body.open(sealed.subarray(BODY_AT), ['meta', level, ...about]);
  } finally {
    body.wipe();
  }
}

/** Version 1: `epoch 4 ‖ small box` under the level's key itself. */
function openVersion1(tree: KeyTree, level: Level, sealed: Uint8Array, about: readonly (string | number)[]): Uint8Array {
  const epoch = sealed.length < 4 ? 0 : numberAt(sealed, 0);
  if (!tree.knows(epoch)) return refuse('epoch');
  return tree.box(level, 'meta', epoch).open(sealed.subarray(4), ['meta', level, ...about]);
}

/**
 * 换期: the same data key under the present epoch's key; every byte from `BODY_AT` on stays.
 * @returns null when it is of this epoch already, or of version 1, which waits until its row is saved again
 * @throws ArchiveError `E_DECRYPT_FAILED`
 */
export function rewrapThing(tree: KeyTree, sealed: Uint8Array, epoch: number): Uint8Array | null {
  const head = headOf(sealed);
  if (head === null || head.epoch === epoch) return null;
  if (!tree.knows(head.epoch) || head.level > 4) return refuse('epoch');
  const level = head.level as Level;
  const key = tree.box(level, 'meta', head.epoch).open(sealed.subarray(WRAPPED_AT, BODY_AT), aboutHead(level));
  try {
    return concat(epochPrefix(epoch), Uint8Array.of(level), tree.box(level, 'meta', epoch).close(key, aboutHead(level)), sealed.subarray(BODY_AT));
  } finally {
    key.fill(0);
  }
}
