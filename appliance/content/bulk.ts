/**
 * 批量密码运算: a few worker threads that seal and open 1 MiB runs of chunks, beside the serial SM3 of each content. Memory is
 * a fixed set of slots whatever the size of the files or their number; a slot is taken only by data that is complete, so a
 * slow upload holds none.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ArchiveError } from '../../core/errors.js';
import { CHUNK_BYTES, TAG_BYTES } from '../../secrecy/envelope.js';
import type { ChunkKeys, Run } from './chunk-crypto.js';
import { chooseCtr, type CtrChoice, type CtrName } from './ctr.js';

/** 16 chunks: big enough that a job's message costs nothing beside its work. */
export const RUN_BYTES = 16 * CHUNK_BYTES;

/** Shared with the workers. */
export interface Slot {
  readonly plain: Uint8Array;
  readonly cipher: Uint8Array;
  readonly tags: Uint8Array;
}

export type Job =
  | { readonly kind: 'seal' | 'open' | 'check'; readonly keys: ChunkKeys; readonly run: Run; readonly slot: Slot }
  | { readonly kind: 'hash'; readonly stream: number; readonly plain: Uint8Array }
  | { readonly kind: 'digest'; readonly stream: number };
export interface Answer { readonly ticket: number; readonly badChunk?: number | null; readonly digest?: Uint8Array; readonly error?: string }

interface Pending { readonly cost: number; resolve(answer: Answer): void; reject(error: Error): void }

class Hand {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #ticket = 0;
  #ended: Error | undefined;
  /** Estimated work given out and not answered yet. */
  load = 0;

  constructor(ctrName: CtrName) {
    this.#worker = new Worker(new URL('./bulk-worker.js', import.meta.url), { workerData: { ctrName }, name: 'bulk' });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('bulk worker ended')));
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  run(job: Job, cost: number): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const ticket = ++this.#ticket;
    return new Promise((resolve, reject) => {
      this.#pending.set(ticket, { cost, resolve, reject });
      this.load += cost;
      this.#worker.ref(); // the process must not end under a running job
      this.#worker.postMessage({ ticket, job });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: Answer): void {
    const waiting = this.#pending.get(answer.ticket);
    if (waiting === undefined) return;
    this.#pending.delete(answer.ticket);
    this.load -= waiting.cost;
    if (this.#pending.size === 0) this.#worker.unref();
    if (answer.error === undefined) waiting.resolve(answer);
    else waiting.reject(new ArchiveError('E_CRYPTO_UNAVAILABLE', { what: 'bulk', why: answer.error }));
  }

  #end(error: Error): void {
    this.#ended = new ArchiveError('E_CRYPTO_UNAVAILABLE', { what: 'bulk', why: error.message });
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

export interface BulkOptions {
  /** Default: the processors there are, at most 4. */
  readonly threads?: number;
  /** For measuring and tests. */
  readonly ctr?: CtrName;
}

export class Bulk {
  readonly choice: CtrChoice;
  readonly threads: number;
  readonly #hands: Hand[] = [];
  readonly #free: Slot[] = [];
  readonly #waiting: ((slot: Slot) => void)[] = [];
  #slots = 0;
  #streams = 0;

  constructor({ threads = Math.min(availableParallelism(), 4), ctr }: BulkOptions = {}) {
    this.choice = chooseCtr(ctr);
    this.threads = Math.max(1, threads);
  }

  /** A slot, sooner or later. Give it back with `release`. */
  slot(): Promise<Slot> {
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (this.#slots < 2 * this.threads + 2) {
      this.#slots++;
      const shared = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
      return Promise.resolve({ plain: shared(RUN_BYTES), cipher: shared(RUN_BYTES), tags: shared((RUN_BYTES / CHUNK_BYTES) * TAG_BYTES) });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(slot: Slot): void {
    slot.plain.fill(0);
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }

  async seal(keys: ChunkKeys, run: Run, slot: Slot): Promise<void> {
    await this.#idlest().run({ kind: 'seal', keys, run, slot }, this.#cipherCost(run.length));
  }

  /** @throws ArchiveError `E_ENVELOPE_CHUNK_TAG`; then nothing was decrypted */
  async open(keys: ChunkKeys, run: Run, slot: Slot): Promise<void> {
    const { badChunk } = await this.#idlest().run({ kind: 'open', keys, run, slot }, this.#cipherCost(run.length));
    if (badChunk !== null) throw new ArchiveError('E_ENVELOPE_CHUNK_TAG', { chunk: badChunk });
  }

  /** The tags alone: nothing is decrypted. @throws ArchiveError `E_ENVELOPE_CHUNK_TAG` */
  async check(keys: ChunkKeys, run: Run, slot: Slot): Promise<void> {
    const { badChunk } = await this.#idlest().run({ kind: 'check', keys, run, slot }, run.length);
    if (badChunk !== null) throw new ArchiveError('E_ENVELOPE_CHUNK_TAG', { chunk: badChunk });
  }

  /** A serial SM3 beside the runs; always by the same worker, so its order is the order of the calls. */
  digesting(): { update(plain: Uint8Array): Promise<void>; digest(): Promise<Uint8Array> } {
    const stream = ++this.#streams;
    const hand = this.#idlest();
    return {
      update: async (plain) => void (await hand.run({ kind: 'hash', stream, plain }, plain.length)),
      digest: async () => (await hand.run({ kind: 'digest', stream }, 0)).digest ?? new Uint8Array(0),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#hands.splice(0).map((hand) => hand.close()));
  }

  /** In bytes of SM3: the MAC costs one, the cipher what was measured. */
  #cipherCost(bytes: number): number {
    const rate = this.choice.rates[this.choice.name] ?? 100;
    return bytes * (1 + 340 / Math.max(rate, 1));
  }

  /** A worker that died is replaced; its jobs were refused. */
  #idlest(): Hand {
    for (const [place, hand] of this.#hands.entries()) if (!hand.alive) this.#hands.splice(place, 1);
    if (this.#hands.length < this.threads) {
      const idle = this.#hands.find(({ load }) => load === 0);
      if (idle !== undefined) return idle;
      const hand = new Hand(this.choice.name);
      this.#hands.push(hand);
      return hand;
    }
    return this.#hands.reduce((best, hand) => (hand.load < best.load ? hand : best));
  }
}
