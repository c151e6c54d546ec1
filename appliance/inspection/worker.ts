/**
 * The examining process: reads bytes nobody trusts, in a heap of its own, without the box's environment. It asks its parent for
 * bytes and answers with facts; when it dies, the parent turns the death into a finding.
 */
import { EXAMINE_LIMITS } from './limits.js';
import { examineContent } from './identify.js';
import type { Examination } from './format.js';
import { rangedSource } from './source.js';

export interface Job { readonly kind: 'job'; readonly id: number; readonly name: string; readonly size: number; readonly head: Uint8Array }
export interface Bytes { readonly kind: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
export interface Refusal { readonly kind: 'refusal'; readonly id: number }
export type ToWorker = Job | Bytes | Refusal;

export interface Want { readonly kind: 'want'; readonly id: number; readonly offset: number; readonly length: number }
export interface Done { readonly kind: 'done'; readonly id: number; readonly examination: Examination }
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

async function run(job: Job): Promise<void> {
  const head = asBuffer(job.head);
  const source = rangedSource(job.size, (offset, length) =>
    offset + length <= head.length ? Promise.resolve(head.subarray(offset, offset + length)) : fetchRange(offset, length));
  try {
    send({ kind: 'done', id: job.id, examination: await examineContent(source, job.name, EXAMINE_LIMITS) });
  } catch {
    send({ kind: 'failed', id: job.id });
  }
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'job') return void run(message);
  const want = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.kind === 'bytes') want?.resolve(asBuffer(message.bytes));
  else want?.reject(new Error('source unreadable'));
});
process.on('disconnect', () => process.exit(0));
send({ kind: 'ready' });
