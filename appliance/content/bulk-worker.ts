/** A bulk worker: seals and opens runs of chunks and keeps the serial SM3 of the streams given to it. Started by `bulk.ts`. */
import { createHash, type Hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Job } from './bulk.js';
import { checkRun, openRun, sealRun } from './chunk-crypto.js';
import { ctrNamed, type CtrName } from './ctr.js';

const { ctrName } = workerData as { ctrName: CtrName };
const ctr = ctrNamed(ctrName);
const hashes = new Map<number, Hash>();

function work(job: Job): Omit<Answer, 'ticket'> {
  switch (job.kind) {
    case 'seal':
      sealRun(ctr, job.keys, job.run, job.slot.plain, job.slot.cipher, job.slot.tags);
      return {};
    case 'open':
      return { badChunk: openRun(ctr, job.keys, job.run, job.slot.cipher, job.slot.tags, job.slot.plain) };
    case 'check':
      return { badChunk: checkRun(job.keys, job.run, job.slot.cipher, job.slot.tags) };
    case 'hash': {
      const hash = hashes.get(job.stream) ?? createHash('sm3');
      hashes.set(job.stream, hash.update(job.plain));
      return {};
    }
    case 'digest': {
      const hash = hashes.get(job.stream) ?? createHash('sm3');
      hashes.delete(job.stream);
      return { digest: hash.digest() };
    }
  }
}

parentPort?.on('message', ({ ticket, job }: { ticket: number; job: Job }) => {
  try {
    parentPort?.postMessage({ ticket, ...work(job) } satisfies Answer);
  } catch (error) {
    parentPort?.postMessage({ ticket, error: error instanceof Error ? error.message : 'unknown' } satisfies Answer);
  }
});
