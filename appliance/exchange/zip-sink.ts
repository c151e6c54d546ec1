/** A ZIP that is written as it is sent: entries stored as they are, so that any program opens it and no byte waits on a disk. */
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { once } from 'node:events';
import { Zip, ZipPassThrough } from 'fflate';
import { ArchiveError } from '../../core/errors.js';
import type { PackageSink } from '../packages/store.js';

export interface SentZip { readonly sink: PackageSink; readonly out: Readable }

/** Without ZIP64 there is no more room than this. */
export const ZIP_BYTES = 0xf000_0000;
export const ZIP_ENTRIES = 65_000;

/** @param at what every entry is dated, so that the same contents make the same bytes */
export function zipSink(at: string): SentZip {
  const out = new PassThrough({ highWaterMark: 4 * 1024 * 1024 });
  const mtime = new Date(at);
  let bytes = 0;
  let entries = 0;
  let wait: Promise<unknown> | undefined;
  const zip = new Zip((error, piece, last) => {
    if (error !== null) {
      out.destroy(error);
      return;
    }
    if (!out.write(piece)) wait ??= once(out, 'drain').finally(() => { wait = undefined; });
    if (last) out.end();
  });
  return {
    out,
    sink: {
      async put(file, length, pieces) {
        bytes += length;
        entries += 1;
        if (bytes > ZIP_BYTES || entries > ZIP_ENTRIES) throw new ArchiveError('E_EXCHANGE_TOO_LARGE', { bytes: ZIP_BYTES });
        const entry = new ZipPassThrough(file);
        entry.mtime = mtime;
        zip.add(entry);
        for await (const piece of pieces) {
          entry.push(Uint8Array.from(piece));
          if (wait !== undefined) await wait;
          if (out.destroyed) throw new Error('nobody takes the rest');
        }
        entry.push(new Uint8Array(0), true);
      },
      async finish() { zip.end(); await Promise.resolve(); },
      async abort() { out.destroy(new Error('given up')); await Promise.resolve(); },
    },
  };
}
