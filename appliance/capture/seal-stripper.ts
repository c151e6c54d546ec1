import { fileURLToPath } from 'node:url';
import { ArchiveError } from '../../core/errors.js';
import type { SealStripper } from '../../core/services/seal.js';
import type { Vault } from '../content/vault.js';
import { openWorkers } from '../inspection/pool.js';
import type { StripResult } from '../seals/report.js';
import { valueOf, type WorkerAnswer } from './refusal.js';
import type { StripOrder } from './seal-worker.js';

export interface StripWorkers {
  over(vault: Vault): SealStripper;
  close(): Promise<void>;
}

const MILLISECONDS = 60_000;

/**
 * 去签 of sealed files: read through the seal, taken apart in a process of its own, sealed again under a fresh key. Nothing readable rests on the way.
 * @param limitBytes largest file taken (`policies/capture.json`): the whole file is held in memory
 */
export function openStripWorkers(limitBytes: number): StripWorkers {
  const workers = openWorkers<StripOrder, WorkerAnswer<StripResult>>({ size: 1, milliseconds: MILLISECONDS, worker: fileURLToPath(new URL('./seal-worker.js', import.meta.url)) });
  return {
    over: (vault) => ({
      async strip(file, into) {
        const source = await vault.source(file.object);
        let answer: Awaited<ReturnType<typeof workers.run>>;
        try {
          if (source.size > limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes });
          answer = await workers.run(source, { mime: file.mime, limitBytes });
        } finally {
          await source.close();
        }
        if (typeof answer === 'string') throw new ArchiveError('E_FMT_UNREADABLE', { format: file.mime, death: answer });
        const { output, report } = valueOf(answer);
        const outcome = { signatures: report.signaturesFound.map((one) => ({ ...one })), sealImagesKept: report.sealImagesKept, sm3Before: report.sm3Before };
        if (report.signaturesRemoved === 0) return { ...outcome, bytes: source.size, sm3After: report.sm3Before };
        await vault.begin(into, file.level);
        await vault.append(into, 0, inPieces(output), output.length);
        const { bytes, sm3 } = await vault.finish(into);
        if (sm3 !== report.sm3After) {
          await vault.discard(into);
          throw new ArchiveError('E_FIXITY_FAILED', { registered: report.sm3After, found: sm3 });
        }
        return { ...outcome, bytes, sm3After: sm3 };
      },
    }),
    close: async () => workers.close(),
  };
}

const PIECE_BYTES = 4 * 1024 * 1024;

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield await Promise.resolve(bytes.subarray(at, at + PIECE_BYTES));
}
