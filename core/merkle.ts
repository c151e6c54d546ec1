import type { Sm3 } from './ports.js';

/**
 * Merkle tree over the audit entries, shaped as RFC 6962 §2 with SM3 for the hash: leaf = H(0x00 ‖ bytes),
 * node = H(0x01 ‖ left ‖ right), and a tree of n leaves splits at the largest power of two below n.
 * All hashes are 32 bytes.
 */
export type Hash = Uint8Array;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (sm3: Sm3, bytes: Uint8Array): Hash => sm3(LEAF, bytes);
export const nodeHash = (sm3: Sm3, left: Hash, right: Hash): Hash => sm3(NODE, left, right);
export const emptyRoot = (sm3: Sm3): Hash => sm3();

/** Largest power of two strictly below `n` (n ≥ 2). */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Hash of the complete subtree of `2^level` leaves that starts at leaf `index · 2^level`; undefined where it is not stored. */
export type StoredNode = (level: number, index: number) => Hash | undefined;
/** Hash of one leaf. */
export type LeafAt = (index: number) => Hash;

export interface TreeReader {
  readonly leaf: LeafAt;
  readonly stored?: StoredNode;
}

/** Root of the leaves [from, to). */
export function rangeRoot(sm3: Sm3, tree: TreeReader, from: number, to: number): Hash {
  const count = to - from;
  if (count === 0) return emptyRoot(sm3);
  if (count === 1) return tree.leaf(from);
  const level = Math.log2(count);
  if (Number.isInteger(level) && from % count === 0) {
    const stored = tree.stored?.(level, from / count);
    if (stored) return stored;
  }
  const k = split(count);
  return nodeHash(sm3, rangeRoot(sm3, tree, from, from + k), rangeRoot(sm3, tree, from + k, to));
}

/** Audit path of leaf `index` in the tree of `size` leaves, nearest sibling first (RFC 6962 §2.1.1). */
export function inclusionProof(sm3: Sm3, tree: TreeReader, index: number, size: number): Hash[] {
  const path = (from: number, to: number): Hash[] => {
    if (to - from === 1) return [];
    const middle = from + split(to - from);
    return index < middle
      ? [...path(from, middle), rangeRoot(sm3, tree, middle, to)]
      : [...path(middle, to), rangeRoot(sm3, tree, from, middle)];
  };
  if (index < 0 || index >= size) throw new RangeError(`leaf ${String(index)} is not in a tree of ${String(size)}`);
  return path(0, size);
}

/** Proof that the tree of `older` leaves is a prefix of the tree of `newer` (RFC 6962 §2.1.2). */
export function consistencyProof(sm3: Sm3, tree: TreeReader, older: number, newer: number): Hash[] {
  const sub = (m: number, from: number, to: number, whole: boolean): Hash[] => {
    const n = to - from;
    if (m === n) return whole ? [] : [rangeRoot(sm3, tree, from, to)];
    const k = split(n);
    return m <= k
      ? [...sub(m, from, from + k, whole), rangeRoot(sm3, tree, from + k, to)]
      : [...sub(m - k, from + k, to, false), rangeRoot(sm3, tree, from, from + k)];
  };
  if (older < 0 || older > newer) throw new RangeError('the older tree must not be larger than the newer');
  return older === 0 || older === newer ? [] : sub(older, 0, newer, true);
}

const equal = (a: Hash, b: Hash): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** True when `proof` leads from `leaf` at `index` to `root` of a tree of `size` (RFC 9162 §2.1.3.2). */
export function verifyInclusion(sm3: Sm3, leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): boolean {
  if (index < 0 || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const step of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sm3, step, hash);
      while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else {
      hash = nodeHash(sm3, hash, step);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equal(hash, root);
}

/** True when `proof` shows that `olderRoot` (of `older` leaves) is a prefix of `newerRoot` (RFC 9162 §2.1.4.2). */
export function verifyConsistency(
  sm3: Sm3, older: number, newer: number, olderRoot: Hash, newerRoot: Hash, proof: readonly Hash[],
): boolean {
  if (older > newer) return false;
  if (older === newer) return proof.length === 0 && equal(olderRoot, newerRoot);
  if (older === 0) return proof.length === 0;
  const path = Number.isInteger(Math.log2(older)) ? [olderRoot, ...proof] : [...proof];
  const first = path.shift();
  if (!first) return false;
  let fn = older - 1;
  let sn = newer - 1;
  while (fn % 2 === 1) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
  let fr = first;
  let sr = first;
  for (const step of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(sm3, step, fr);
      sr = nodeHash(sm3, step, sr);
      while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else {
      sr = nodeHash(sm3, sr, step);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equal(fr, olderRoot) && equal(sr, newerRoot);
}

/**
 * The right edge of a growing tree: the roots of the complete subtrees of the current leaves, largest first. Appending one
 * leaf touches at most log2(n) of them; `completed` are the complete subtrees that this leaf finished, for storage.
 */
export interface Frontier {
  readonly size: number;
  readonly peaks: readonly { readonly level: number; readonly hash: Hash }[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, peaks: [] };

export function grow(sm3: Sm3, frontier: Frontier, leaf: Hash): { frontier: Frontier; completed: { level: number; index: number; hash: Hash }[] } {
  const peaks = [...frontier.peaks];
  const completed: { level: number; index: number; hash: Hash }[] = [];
  let level = 0;
  let hash = leaf;
  let index = frontier.size;
  for (let last = peaks.at(-1); last?.level === level; last = peaks.at(-1)) {
    peaks.pop();
    hash = nodeHash(sm3, last.hash, hash);
    level += 1;
    index = Math.floor(index / 2);
    completed.push({ level, index, hash });
  }
  peaks.push({ level, hash });
  return { frontier: { size: frontier.size + 1, peaks }, completed };
}

/** Root of the tree behind a frontier. */
export function frontierRoot(sm3: Sm3, frontier: Frontier): Hash {
  const [last, ...rest] = [...frontier.peaks].reverse();
  if (!last) return emptyRoot(sm3);
  return rest.reduce((right, peak) => nodeHash(sm3, peak.hash, right), last.hash);
}
