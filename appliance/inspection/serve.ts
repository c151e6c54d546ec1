/**
 * The inside of a working process: reads bytes nobody trusts, in a heap of its own, without the box's environment. It asks its
 * parent for bytes and answers; when it dies, the parent says how.
 */
import type { ByteSource } from './format.js';
import { rangedSource } from './source.js';

export interface Job { readonly kind: 'job'; readonly id: number; readonly order: unknown; readonly size: number; readonly head: Uint8Array }
export interface Bytes { readonly kind: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
export interface Refusal { readonly kind: 'refusal'; readonly id: number }
export type ToWorker = Job | Bytes | Refusal;

export interface Want { readonly kind: 'want'; readonly id: number; readonly offset: number; readonly length: number }
export interface Done { readonly kind: 'done'; readonly id: number; readonly answer: unknown }
export type FromWorker = Want | Done | { readonly kind: 'failed'; readonly id: number } | { readonly kind: 'ready' };

const waiting = new Map<number, { resolve: (bytes: Buffer) => void; reject: (cause: Error) => void }>();
let nextWant = 1;

function send(message: FromWorker): void {
  process.send?.(message);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function fetchRange(offset: number, length: number): Promise<Buffer> {
  const id = nextWant++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    send({ kind: 'want', id, offset, length });
  });
}

async function run<Order>(job: Job, work: Work<Order>): Promise<void> {
  const head = asBuffer(job.head);
  const source = rangedSource(job.size, (offset, length) =>
    offset + length <= head.length ? Promise.resolve(head.subarray(offset, offset + length)) : fetchRange(offset, length));
  try {
    send({ kind: 'done', id: job.id, answer: await work(source, job.order as Order) });
  } catch {
    send({ kind: 'failed', id: job.id });
  }
}

/** Answers one order over one content. What it throws ends as the death `crash`. */
export type Work<Order> = (source: ByteSource, order: Order) => Promise<unknown>;

/** Turns this process into a worker of `openWorkers`. */
export function serve<Order>(work: Work<Order>): void {
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'job') return void run(message, work);
    const want = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'bytes') want?.resolve(asBuffer(message.bytes));
    else want?.reject(new Error('source unreadable'));
  });
  process.on('disconnect', () => process.exit(0));
  send({ kind: 'ready' });
}
