/** The work on a run of chunks, the same in the main thread and in the workers. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { CHUNK_BYTES, chunkCounter, chunkPrefix, TAG_BYTES } from '../../secrecy/envelope.js';
import type { Ctr } from './ctr.js';

/** What a run of chunks needs to know of its object. */
export interface ChunkKeys {
  readonly enc: Uint8Array;
  readonly mac: Uint8Array;
  readonly counter: Uint8Array;
  readonly objectId: string;
  readonly headerDigest: Uint8Array;
}

export interface Run {
  /** Index of the first chunk. */
  readonly first: number;
  /** Bytes; whole chunks, except at the end of the content. */
  readonly length: number;
  /** Whether the run holds the content's last chunk. */
  readonly last: boolean;
}

/** An empty content still has one chunk. */
export const chunksIn = (run: Run): number => (run.last ? Math.max(1, Math.ceil(run.length / CHUNK_BYTES)) : run.length / CHUNK_BYTES);

/** The tag of one chunk as encrypted. */
export const chunkTag = (keys: ChunkKeys, index: number, cipher: Uint8Array, last: boolean): Uint8Array =>
  createHmac('sm3', keys.mac).update(chunkPrefix(keys.objectId, keys.headerDigest, index, cipher.length, last)).update(cipher).digest();

function tagOf(keys: ChunkKeys, run: Run, place: number, cipher: Uint8Array): Uint8Array {
  const from = place * CHUNK_BYTES;
  const chunk = cipher.subarray(from, Math.min(from + CHUNK_BYTES, run.length));
  const last = run.last && place === chunksIn(run) - 1;
  return chunkTag(keys, run.first + place, chunk, last);
}

/** Encrypts `plain` into `cipher` and writes one tag a chunk into `tags`. */
export function sealRun(ctr: Ctr, keys: ChunkKeys, run: Run, plain: Uint8Array, cipher: Uint8Array, tags: Uint8Array): void {
  ctr(keys.enc, chunkCounter(keys.counter, run.first), plain.subarray(0, run.length), cipher.subarray(0, run.length));
  for (let place = 0; place < chunksIn(run); place++) tags.set(tagOf(keys, run, place, cipher), place * TAG_BYTES);
}

/** Checks every tag. @returns `null`, or the index of the first chunk whose tag differs */
export function checkRun(keys: ChunkKeys, run: Run, cipher: Uint8Array, tags: Uint8Array): number | null {
  for (let place = 0; place < chunksIn(run); place++) {
    const given = tags.subarray(place * TAG_BYTES, (place + 1) * TAG_BYTES);
    if (given.length !== TAG_BYTES || !timingSafeEqual(given, tagOf(keys, run, place, cipher))) return run.first + place;
  }
  return null;
}

/**
 * Checks every tag, and only if all are right decrypts.
 * @returns `null`, or the index of the first chunk whose tag differs; then `plain` is untouched
 */
export function openRun(ctr: Ctr, keys: ChunkKeys, run: Run, cipher: Uint8Array, tags: Uint8Array, plain: Uint8Array): number | null {
  const bad = checkRun(keys, run, cipher, tags);
  if (bad !== null) return bad;
  ctr(keys.enc, chunkCounter(keys.counter, run.first), cipher.subarray(0, run.length), plain.subarray(0, run.length));
  return null;
}
