import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import {
  consistencyProof, EMPTY_FRONTIER, frontierRoot, grow, inclusionProof, leafHash, nodeHash, rangeRoot, verifyConsistency, verifyInclusion,
} from '../../core/merkle.js';
import type { Hash, TreeReader } from '../../core/merkle.js';
import { checkpointText, formatCheckpoint, parseCheckpoint } from '../../core/checkpoint.js';
import { EMPTY_HEAD, followFault, headOf, link } from '../../core/audit.js';
import type { AuditEntry, ChainFault } from '../../core/audit.js';
import type { Sm3 } from '../../core/ports.js';

const sm3: Sm3 = (...parts) => { const hash = createHash('sm3'); for (const part of parts) hash.update(part); return new Uint8Array(hash.digest()); };
const leavesOf = (count: number): Hash[] => Array.from({ length: count }, (_, at) => leafHash(sm3, Buffer.from(`entry ${String(at)}`)));
const treeOf = (leaves: readonly Hash[]): TreeReader => ({ leaf: (at) => leaves[at] ?? new Uint8Array(32) });

/** RFC 6962 §2.1 to the letter, over the whole list. */
function naive(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return sm3();
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(sm3, naive(leaves.slice(0, k)), naive(leaves.slice(k)));
}

test('law: the growing edge gives the root that the whole list gives, and completes each subtree once', (t) => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 300 }), (count) => {
    const leaves = leavesOf(count);
    let frontier = EMPTY_FRONTIER;
    const completed = new Map<string, Hash>();
    for (const leaf of leaves) {
      const grown = grow(sm3, frontier, leaf);
      frontier = grown.frontier;
      for (const node of grown.completed) completed.set(`${String(node.level)}/${String(node.index)}`, node.hash);
    }
    const root = naive(leaves);
    const stored: TreeReader = { leaf: treeOf(leaves).leaf, stored: (level, index) => completed.get(`${String(level)}/${String(index)}`) };
    return Buffer.from(frontierRoot(sm3, frontier)).equals(root) && Buffer.from(rangeRoot(sm3, stored, 0, count)).equals(root);
  }), { numRuns: 60 });
  t.pass();
});

test('law: every inclusion proof verifies, and for no other leaf, place, size or root', (t) => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (count, pick) => {
    const leaves = leavesOf(count);
    const index = pick % count;
    const proof = inclusionProof(sm3, treeOf(leaves), index, count);
    const root = naive(leaves);
    const leaf = leaves[index] ?? new Uint8Array(32);
    const other = leafHash(sm3, Buffer.from('other'));
    return verifyInclusion(sm3, leaf, index, count, proof, root)
      && !verifyInclusion(sm3, other, index, count, proof, root)
      && !verifyInclusion(sm3, leaf, index, count, proof, other)
      && !verifyInclusion(sm3, leaf, index, count, [...proof, other], root)
      && (count === 1 || !verifyInclusion(sm3, leaf, index, count, proof.slice(1), root));
  }), { numRuns: 150 });
  t.pass();
});

test('law: every consistency proof verifies, and no rewritten prefix has one', (t) => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 0, max: 150 }), (older, more) => {
    const newer = older + more;
    const leaves = leavesOf(newer);
    const proof = consistencyProof(sm3, treeOf(leaves), older, newer);
    const [olderRoot, newerRoot] = [naive(leaves.slice(0, older)), naive(leaves)];
    const forged = naive([leafHash(sm3, Buffer.from('forged')), ...leaves.slice(1, older)]);
    return verifyConsistency(sm3, older, newer, olderRoot, newerRoot, proof) && !verifyConsistency(sm3, older, newer, forged, newerRoot, proof);
  }), { numRuns: 150 });
  t.pass();
});

test('a checkpoint is read back to the letter, and any other shape is not a checkpoint', (t) => {
  const signed = { origin: 'shouzang/SZ-0a1b', size: 42, root: sm3(Buffer.from('x')), at: '2026-11-23T07:04:05.000Z', signer: 'SZ-0a1b', signature: Uint8Array.of(0x30, 1, 2, 3) };
  const text = formatCheckpoint(signed);
  t.deepEqual(parseCheckpoint(text), signed);
  t.true(text.startsWith(checkpointText(signed)));
  for (const broken of [text.slice(0, -1), ` ${text}`, text.replace('42', '042'), text.replace('— ', '- '), text.replace('.000Z', 'Z'), `${text}\n`]) t.is(parseCheckpoint(broken), undefined, broken);
});

function chainOf(count: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  let head = EMPTY_HEAD;
  for (let at = 0; at < count; at += 1) {
    const entry = link(sm3, head, { person: 'p', duty: null, terminal: 't' }, `2026-11-23T00:00:0${String(at)}.000Z`, { action: 'test.act', object: String(at) });
    entries.push(entry);
    head = headOf(entry);
  }
  return entries;
}

const firstFault = (entries: readonly AuditEntry[]): ChainFault | undefined => {
  let head = EMPTY_HEAD;
  for (const entry of entries) {
    const fault = followFault(sm3, head, entry);
    if (fault) return fault;
    head = headOf(entry);
  }
  return undefined;
};

test('every field of an entry is under its hash; a gap, an exchange and a step back in time are named at their place', (t) => {
  const entries = chainOf(5);
  t.is(firstFault(entries), undefined);
  const [a, b, c, d, e] = entries as [AuditEntry, AuditEntry, AuditEntry, AuditEntry, AuditEntry];
  for (const change of [
    { actor: 'q' }, { duty: 'x' }, { terminal: 'u' }, { action: 'other.act' }, { objectType: 'record' }, { object: 'z' }, { objectLevel: 4 as const }, { result: 'refused' as const },
    { reason: 'E_DENIED' }, { approval: '1' }, { detail: { a: 1 } }, { at: '2026-11-23T00:00:02.500Z' },
  ]) t.deepEqual(firstFault([a, b, { ...c, ...change }, d, e]), { seq: 2, kind: 'altered' }, JSON.stringify(change));
  t.deepEqual(firstFault([a, b, d, e]), { seq: 2, kind: 'gap' });
  t.deepEqual(firstFault([a, b, { ...c, prevHash: a.hash }, d, e]), { seq: 2, kind: 'unlinked' });
  const earlier = link(sm3, headOf(b), { person: 'p', duty: null, terminal: 't' }, '2026-11-22T00:00:00.000Z', { action: 'test.act' });
  t.deepEqual(firstFault([a, b, earlier]), { seq: 2, kind: 'time' });
});
